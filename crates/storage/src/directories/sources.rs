//! The repositories that directories of courses follow, and the runs that look at them.

use super::{Directory, by_id, is_there};
use crate::backend::prelude::*;
use crate::schema::{courses, directories, source_runs, sources};
use crate::{Error, Result};
use diesel::dsl::auto_type;
use diesel::sql_types::{BigInt, Nullable, Text};
use nbcourier_domain::{BranchName, ObjectName, RelativePath, RepositoryUrl, Timestamp};

/// Number of runs of a source that are kept.
const KEPT_RUNS: usize = 50;
/// The number of failures in a row from which on a source is in trouble.
pub const MANY_FAILURES: i64 = 3;

/// A repository that a directory follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The row of the directory.
    pub directory: i64,
    /// The settings: repository, branch, folder, and the times of looks.
    pub settings: Settings,
    /// The sealed token for the repository.
    pub token: Option<Vec<u8>>,
    /// The ID in the address of the hook.
    pub hook: String,
    /// The sealed secret of the hook.
    pub hook_secret: Vec<u8>,
    /// The commit of the last version that was made, or that had the same files.
    pub commit: Option<ObjectName>,
    /// The time of the last look at the repository.
    pub checked_at: Option<Timestamp>,
    /// The time of the next look.
    pub next_at: Timestamp,
    /// The number of runs that failed since the last one that did not.
    pub failures: i64,
    /// The run in progress, and the time at which it counts as lost.
    pub running: Option<(i64, Timestamp)>,
}

/// The settings of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The repository.
    pub url: RepositoryUrl,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<BranchName>,
    /// The folder of the repository. Without one, all of it.
    pub folder: Option<RelativePath>,
    /// Patterns of paths that are left out.
    pub exclude: Vec<String>,
    /// The number of seconds between two looks.
    pub every: i64,
    /// Whether files with solutions may be in a version.
    pub allow_solutions: bool,
}

/// The repository that a directory follows, as everybody sees it who can read the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The address.
    pub url: RepositoryUrl,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<BranchName>,
    /// The folder of the repository. Without one, all of it.
    pub folder: Option<RelativePath>,
    /// The commit of the last version that was made, or that had the same files.
    pub commit: Option<ObjectName>,
}

pub(super) type RepositoryRow = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);
pub(super) type RepositoryColumns = (
    diesel::dsl::Nullable<sources::url>,
    diesel::dsl::Nullable<sources::branch>,
    diesel::dsl::Nullable<sources::folder>,
    diesel::dsl::Nullable<sources::commit_id>,
);

/// Returns the columns of a [`RepositoryRow`].
pub(super) fn repository() -> RepositoryColumns {
    (
        sources::url.nullable(),
        sources::branch.nullable(),
        sources::folder.nullable(),
        sources::commit_id.nullable(),
    )
}

impl Repository {
    /// Returns the repository with these columns of a source.
    pub(super) fn parse(
        url: &str,
        branch: Option<String>,
        folder: Option<String>,
        commit: Option<String>,
    ) -> Result<Self> {
        let branch = branch.map(|branch| BranchName::parse(&branch)).transpose();
        let folder = folder.map(RelativePath::parse_stored).transpose();
        let commit = commit.map(|commit| ObjectName::parse(&commit).ok_or(()));
        Ok(Self {
            url: RepositoryUrl::parse(url)
                .map_err(|_| Error::Damaged("an illegal address of a repository"))?,
            branch: branch.map_err(|_| Error::Damaged("an illegal branch of a source"))?,
            folder: folder.map_err(|_| Error::Damaged("an illegal folder of a source"))?,
            commit: commit
                .transpose()
                .map_err(|()| Error::Damaged("an illegal commit of a source"))?,
        })
    }
}

type Row = (
    (
        i64,
        String,
        Option<String>,
        Option<String>,
        String,
        i64,
        bool,
    ),
    (Option<Vec<u8>>, String, Vec<u8>),
    (
        Option<String>,
        Option<i64>,
        i64,
        i64,
        Option<i64>,
        Option<i64>,
    ),
);
type Columns = (
    (
        sources::directory_id,
        sources::url,
        sources::branch,
        sources::folder,
        sources::exclude,
        sources::every_seconds,
        sources::allow_solutions,
    ),
    (sources::token, sources::hook_id, sources::hook_secret),
    (
        sources::commit_id,
        sources::checked_at,
        sources::next_at,
        sources::failures,
        sources::running,
        sources::running_until,
    ),
);
const COLUMNS: Columns = (
    (
        sources::directory_id,
        sources::url,
        sources::branch,
        sources::folder,
        sources::exclude,
        sources::every_seconds,
        sources::allow_solutions,
    ),
    (sources::token, sources::hook_id, sources::hook_secret),
    (
        sources::commit_id,
        sources::checked_at,
        sources::next_at,
        sources::failures,
        sources::running,
        sources::running_until,
    ),
);

fn parse(row: Row) -> Result<Source> {
    let (settings, (token, hook, hook_secret), state) = row;
    let (directory, url, branch, folder, exclude, every, allow_solutions) = settings;
    let (commit, checked_at, next_at, failures, running, until) = state;
    let repository = Repository::parse(&url, branch, folder, commit)?;
    Ok(Source {
        directory,
        settings: Settings {
            url: repository.url,
            branch: repository.branch,
            folder: repository.folder,
            exclude: serde_json::from_str(&exclude)
                .map_err(|_| Error::Damaged("illegal patterns of a source"))?,
            every,
            allow_solutions,
        },
        token,
        hook,
        hook_secret,
        commit: repository.commit,
        checked_at: checked_at.map(Timestamp::from_micros),
        next_at: Timestamp::from_micros(next_at),
        failures,
        running: running.zip(until.map(Timestamp::from_micros)),
    })
}

/// The sources of directories that are not deleted.
#[auto_type]
fn of_directories() -> _ {
    sources::table
        .inner_join(directories::table)
        .left_join(courses::table.on(courses::id.nullable().eq(directories::course_id)))
        .filter(is_there())
}

/// The condition that no run has a source at that time.
#[auto_type]
fn is_free(now: i64) -> _ {
    sources::running_until
        .is_null()
        .or(sources::running_until.lt(now))
}

/// Returns the source of a directory.
pub fn find(conn: &mut Connection, directory: i64) -> Result<Option<Source>> {
    let row = sources::table
        .find(directory)
        .select(COLUMNS)
        .get_result::<Row>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Returns the source with that hook, unless its directory is deleted.
pub fn by_hook(conn: &mut Connection, hook: &str) -> Result<Option<Source>> {
    let row = of_directories()
        .filter(sources::hook_id.eq(hook))
        .select(COLUMNS)
        .get_result::<Row>(conn)
        .optional()?;
    row.map(parse).transpose()
}

/// Stores the source of a directory, in the place of an earlier one.
pub fn put(conn: &mut Connection, source: &Source) -> Result<()> {
    let settings = &source.settings;
    let exclude = serde_json::to_string(&settings.exclude).map_err(nbcourier_work::Bug::new)?;
    diesel::delete(sources::table.find(source.directory)).execute(conn)?;
    diesel::insert_into(sources::table)
        .values((
            sources::directory_id.eq(source.directory),
            sources::url.eq(settings.url.as_str()),
            sources::branch.eq(settings.branch.as_ref().map(BranchName::as_str)),
            sources::folder.eq(settings.folder.as_ref().map(RelativePath::as_str)),
            sources::exclude.eq(exclude),
            sources::every_seconds.eq(settings.every),
            sources::allow_solutions.eq(settings.allow_solutions),
            sources::token.eq(source.token.as_deref()),
            sources::hook_id.eq(source.hook.as_str()),
            sources::hook_secret.eq(source.hook_secret.as_slice()),
            sources::commit_id.eq(source.commit.as_ref().map(ObjectName::as_str)),
            sources::checked_at.eq(source.checked_at.map(Timestamp::micros)),
            sources::next_at.eq(source.next_at.micros()),
            sources::failures.eq(source.failures),
            sources::running.eq(source.running.map(|(run, _)| run)),
            sources::running_until.eq(source.running.map(|(_, until)| until.micros())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Removes the source of a directory with its runs. Returns whether there was one.
pub fn remove(conn: &mut Connection, directory: i64) -> Result<bool> {
    let runs = source_runs::table.filter(source_runs::directory_id.eq(directory));
    diesel::delete(runs).execute(conn)?;
    Ok(diesel::delete(sources::table.find(directory)).execute(conn)? > 0)
}

/// Makes the next look at a repository happen at that time at the latest.
pub fn hasten(conn: &mut Connection, directory: i64, at: Timestamp) -> Result<()> {
    let later = sources::table
        .find(directory)
        .filter(sources::next_at.gt(at.micros()));
    diesel::update(later)
        .set(sources::next_at.eq(at.micros()))
        .execute(conn)?;
    Ok(())
}

/// Returns the sources whose look is due and that no run has, the one that has waited longest first.
pub fn due(conn: &mut Connection, now: Timestamp, limit: usize) -> Result<Vec<i64>> {
    Ok(of_directories()
        .filter(sources::next_at.le(now.micros()))
        .filter(is_free(now.micros()))
        .order(sources::next_at)
        .select(sources::directory_id)
        .at_most(limit)
        .load(conn)?)
}

/// Returns the directories of the course that has this one.
pub fn beside(conn: &mut Connection, directory: i64) -> Result<Vec<i64>> {
    let course = directories::table
        .find(directory)
        .select(directories::course_id)
        .get_result::<Option<i64>>(conn)
        .optional()?
        .flatten();
    let Some(course) = course else {
        return Ok(Vec::new());
    };
    Ok(directories::table
        .filter(directories::course_id.eq(course))
        .filter(directories::deleted_at.is_null())
        .select(directories::id)
        .load(conn)?)
}

/// Returns the time at which the next look is due, apart from the sources that runs have.
pub fn next_time(conn: &mut Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let first = of_directories()
        .filter(is_free(now.micros()))
        .order(sources::next_at)
        .select(sources::next_at)
        .at_most(1)
        .get_result::<i64>(conn)
        .optional()?;
    Ok(first.map(Timestamp::from_micros))
}

/// Takes a source whose look is due for a run, until that time. Returns the directory, the source and the run, or `None` if
/// another process was quicker or the look is not due any more.
pub fn take(
    conn: &mut Connection,
    directory: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<(Directory, Source, i64)>> {
    let free = sources::table
        .find(directory)
        .filter(sources::next_at.le(now.micros()))
        .filter(is_free(now.micros()));
    let taken = diesel::update(free)
        .set(sources::running_until.eq(until.micros()))
        .execute(conn)?;
    let Some(source) = find(conn, directory)?.filter(|_| taken == 1) else {
        return Ok(None);
    };
    if let Some((lost, _)) = source.running {
        let report = "The server stopped during this run";
        end(conn, lost, now, &Ended::failed(report))?;
    }
    let Some(owned) = by_id(conn, directory)?.filter(|found| found.deleted_at.is_none()) else {
        diesel::update(sources::table.find(directory))
            .set((
                sources::running.eq(None::<i64>),
                sources::running_until.eq(None::<i64>),
            ))
            .execute(conn)?;
        return Ok(None);
    };
    let run = match waiting(conn, directory)? {
        Some(run) => run,
        None => begin(conn, directory, now, "schedule")?,
    };
    diesel::update(source_runs::table.find(run))
        .set(source_runs::began_at.eq(now.micros()))
        .execute(conn)?;
    diesel::update(sources::table.find(directory))
        .set(sources::running.eq(run))
        .execute(conn)?;
    let source = Source {
        running: Some((run, until)),
        ..source
    };
    Ok(Some((owned, source, run)))
}

/// Whether that run still has the source. A run that was thought lost has not.
pub fn has(conn: &mut Connection, directory: i64, run: i64) -> Result<bool> {
    let found = sources::table
        .find(directory)
        .select(sources::running)
        .get_result::<Option<i64>>(conn)
        .optional()?;
    Ok(found.flatten() == Some(run))
}

/// Frees the sources that runs of this process had when it ended. No other process may run.
pub fn free_all(conn: &mut Connection, now: Timestamp) -> Result<()> {
    diesel::update(sources::table.filter(sources::running_until.is_not_null()))
        .set(sources::running_until.eq(now.micros().saturating_sub(1)))
        .execute(conn)?;
    Ok(())
}

/// The facts that a run leaves about its source.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The time of the look.
    pub at: Timestamp,
    /// The time of the next one.
    pub next_at: Timestamp,
    /// The number of runs that failed since the last one that did not.
    pub failures: i64,
    /// The commit, if the directory has its files now.
    pub commit: Option<ObjectName>,
}

/// Notes the end of a run about its source, which is free again. A look that somebody asked for meanwhile stays due.
pub fn settle(conn: &mut Connection, directory: i64, looked: &Looked) -> Result<()> {
    let next_at = match waiting(conn, directory)? {
        Some(_) => looked.at,
        None => looked.next_at,
    };
    diesel::update(sources::table.find(directory))
        .set((
            sources::checked_at.eq(looked.at.micros()),
            sources::next_at.eq(next_at.micros()),
            sources::failures.eq(looked.failures),
            sources::running.eq(None::<i64>),
            sources::running_until.eq(None::<i64>),
        ))
        .execute(conn)?;
    if let Some(commit) = &looked.commit {
        diesel::update(sources::table.find(directory))
            .set(sources::commit_id.eq(commit.as_str()))
            .execute(conn)?;
    }
    Ok(())
}

/// Returns the number of sources of directories that are not deleted whose last so many runs all failed.
pub fn number(conn: &mut Connection, failures: i64) -> Result<i64> {
    Ok(of_directories()
        .filter(sources::failures.ge(failures))
        .count()
        .get_result(conn)?)
}

/// A directory whose repository could not be followed lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The course.
    pub course: String,
    /// The name of the directory.
    pub directory: String,
    /// The number of runs that failed since the last one that did not.
    pub failures: i64,
    /// The sentences about the last run that ended.
    pub report: Option<String>,
}

/// The sources of directories that are not deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Their number.
    pub sources: i64,
    /// The number of those whose last runs all failed.
    pub failing: i64,
    /// The first of these, those with the most failures first.
    pub named: Vec<Failing>,
}

/// A row of [`FOLLOWED`]. Only failing directories have the last columns.
#[derive(QueryableByName)]
struct FollowedRow {
    #[diesel(sql_type = BigInt)]
    sources: i64,
    #[diesel(sql_type = BigInt)]
    failing: i64,
    #[diesel(sql_type = Nullable<Text>)]
    course: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    directory: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    failures: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    report: Option<String>,
}

// `$1` is the number of failures, `$2` the number of directories.
const FOLLOWED: &str = "
    WITH followed AS (
        SELECT c.name AS course, d.name AS directory, source.directory_id, source.failures
            FROM sources source JOIN directories d ON d.id = source.directory_id JOIN courses c ON c.id = d.course_id
            WHERE d.deleted_at IS NULL AND c.deleted_at IS NULL)
    SELECT numbers.sources, numbers.failing, bad.course, bad.directory, bad.failures,
            (SELECT run.report FROM source_runs run WHERE run.directory_id = bad.directory_id AND run.outcome IS NOT NULL
                ORDER BY run.id DESC LIMIT 1) AS report
        FROM (SELECT count(*) AS sources, coalesce(sum(CASE WHEN failures >= $1 THEN 1 ELSE 0 END), 0) AS failing
                FROM followed) AS numbers
            LEFT JOIN (SELECT * FROM followed WHERE failures >= $1
                ORDER BY failures DESC, directory_id LIMIT $2) AS bad ON TRUE
        ORDER BY bad.failures DESC, bad.directory_id";

/// Returns the numbers of sources, and the first directories whose last so many runs all failed.
pub fn followed(conn: &mut Connection, at_least: i64, at_most: usize) -> Result<Followed> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let rows = diesel::sql_query(FOLLOWED)
        .bind::<BigInt, _>(at_least)
        .bind::<BigInt, _>(at_most)
        .load::<FollowedRow>(conn)?;
    let mut followed = Followed::default();
    for row in rows {
        (followed.sources, followed.failing) = (row.sources, row.failing);
        let found = (row.course, row.directory, row.failures);
        if let (Some(course), Some(directory), Some(failures)) = found {
            followed.named.push(Failing {
                course,
                directory,
                failures,
                report: row.report,
            });
        }
    }
    Ok(followed)
}

/// A look at a repository.
#[derive(Debug, Clone)]
pub struct Run {
    /// The number.
    pub id: i64,
    /// The time at which it began, or was asked for.
    pub began_at: Timestamp,
    /// The time at which it ended.
    pub ended_at: Option<Timestamp>,
    /// The cause, in a word.
    pub cause: String,
    /// The outcome, in a word. A run that waits or is in progress has none.
    pub outcome: Option<String>,
    /// The commit that was found.
    pub commit: Option<String>,
    /// The version that was made.
    pub version: Option<i64>,
    /// Sentences about it.
    pub report: Option<String>,
}

type RunRow = (
    i64,
    i64,
    Option<i64>,
    String,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
);

/// Returns the kept runs of a source, the newest first.
pub fn runs(conn: &mut Connection, directory: i64) -> Result<Vec<Run>> {
    let rows = source_runs::table
        .filter(source_runs::directory_id.eq(directory))
        .order(source_runs::id.desc())
        .select((
            source_runs::id,
            source_runs::began_at,
            source_runs::ended_at,
            source_runs::cause,
            source_runs::outcome,
            source_runs::commit_id,
            source_runs::version,
            source_runs::report,
        ))
        .at_most(KEPT_RUNS)
        .load::<RunRow>(conn)?;
    let runs = rows.into_iter().map(|row| {
        let (id, began_at, ended_at, cause, outcome, commit, version, report) = row;
        Run {
            id,
            began_at: Timestamp::from_micros(began_at),
            ended_at: ended_at.map(Timestamp::from_micros),
            cause,
            outcome,
            commit,
            version,
            report,
        }
    });
    Ok(runs.collect())
}

/// Returns the run that waits for its turn.
pub fn waiting(conn: &mut Connection, directory: i64) -> Result<Option<i64>> {
    let running = sources::table.find(directory).select(sources::running);
    let running = running.get_result::<Option<i64>>(conn).optional()?;
    let row = source_runs::table
        .filter(source_runs::directory_id.eq(directory))
        .filter(source_runs::outcome.is_null())
        .filter(source_runs::id.ne(running.flatten().unwrap_or(0)))
        .order(source_runs::id)
        .select(source_runs::id)
        .at_most(1)
        .get_result::<i64>(conn);
    Ok(row.optional()?)
}

/// Adds a run and removes the oldest ones. Returns its number.
pub fn begin(conn: &mut Connection, directory: i64, now: Timestamp, cause: &str) -> Result<i64> {
    let id = diesel::insert_into(source_runs::table)
        .values((
            source_runs::directory_id.eq(directory),
            source_runs::began_at.eq(now.micros()),
            source_runs::cause.eq(cause),
        ))
        .returning(source_runs::id)
        .get_result::<i64>(conn)?;
    let kept = source_runs::table
        .filter(source_runs::directory_id.eq(directory))
        .order(source_runs::id.desc())
        .select(source_runs::id)
        .at_most(KEPT_RUNS)
        .load::<i64>(conn)?;
    if let Some(oldest) = kept.last() {
        let older = source_runs::table
            .filter(source_runs::directory_id.eq(directory))
            .filter(source_runs::id.lt(*oldest));
        diesel::delete(older).execute(conn)?;
    }
    Ok(id)
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The outcome, in a word.
    pub outcome: &'static str,
    /// The commit that was found.
    pub commit: Option<ObjectName>,
    /// The version that was made.
    pub version: Option<i64>,
    /// Sentences about it.
    pub report: String,
}

impl Ended {
    /// Returns the end of a run that failed before it found a commit.
    pub fn failed(report: &str) -> Self {
        Self {
            outcome: "failed",
            commit: None,
            version: None,
            report: report.to_owned(),
        }
    }
}

/// Notes the end of a run.
pub fn end(conn: &mut Connection, run: i64, now: Timestamp, ended: &Ended) -> Result<()> {
    diesel::update(source_runs::table.find(run))
        .set((
            source_runs::ended_at.eq(now.micros()),
            source_runs::outcome.eq(ended.outcome),
            source_runs::commit_id.eq(ended.commit.as_ref().map(ObjectName::as_str)),
            source_runs::version.eq(ended.version),
            source_runs::report.eq(ended.report.as_str()),
        ))
        .execute(conn)?;
    Ok(())
}
