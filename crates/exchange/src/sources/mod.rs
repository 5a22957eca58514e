//! Repositories that directories of courses follow. The server makes the versions of such a directory, and nobody else
//! writes it.
//!
//! Secrets are sealed before they get here. No operation returns them to a person.

mod deliver;
mod exclude;
mod runs;
mod settings;

pub use deliver::{Delivered, Material};
pub use exclude::Exclude;
pub(crate) use runs::failing;
pub use runs::{Job, Looking, RunView, due_in, fail, free, take, unchanged};
pub use settings::{GivenSource, SourceSettings};

use super::audit::{About, Action};
use super::directories::DirectoryView;
use super::op::{CourseOp, Need, Place, lock_directory};
use super::policy::{DirectoryAddress, Right};
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{
    BranchName, CourseId, DirectoryName, DirectoryOwner, ObjectName, RelativePath, Timestamp,
};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::sources::{self as rows, Ended, Repository, Source};
use nbcourier_storage::directories::{self, Owner};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The time between two looks that hooks ask for.
const BETWEEN_CALLS: Duration = Duration::from_secs(10);

/// Wakes the task that looks at repositories. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Makes the task look for due sources.
    pub fn rouse(&self) {
        self.0.notify_one();
    }

    /// Waits until somebody has asked for a look in this process.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

impl Exchange {
    /// Whether other servers work on the same database.
    pub fn is_shared(&self) -> bool {
        self.rows.is_shared()
    }

    /// Returns what wakes the task that looks at repositories.
    pub fn source_wake(&self) -> Wake {
        self.wake.clone()
    }
}

/// A directory of a course.
#[derive(Debug, Clone)]
pub struct CourseDirectory {
    /// The course.
    pub course: CourseId,
    /// The name of the directory.
    pub name: DirectoryName,
}

impl CourseDirectory {
    fn address(&self) -> DirectoryAddress {
        DirectoryAddress {
            owner: DirectoryOwner::Course(self.course.clone()),
            name: self.name.clone(),
        }
    }
}

/// The facts of a source that the readers of its directory may know.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// The address of the repository.
    pub url: String,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<BranchName>,
    /// The folder of the repository. Without one, all of it.
    pub folder: Option<RelativePath>,
    /// The commit whose files the directory has.
    pub commit: Option<ObjectName>,
}

impl From<Repository> for SourceFacts {
    fn from(repository: Repository) -> Self {
        Self {
            url: repository.url.as_str().to_owned(),
            branch: repository.branch,
            folder: repository.folder,
            commit: repository.commit,
        }
    }
}

/// A source, as those see it who read all work of the course.
#[derive(Debug, Clone)]
pub struct SourceView {
    /// The settings.
    pub settings: SourceSettings,
    /// The commit whose files the directory has.
    pub commit: Option<ObjectName>,
    /// Whether there is a token.
    pub has_token: bool,
    /// The ID in the address of the hook.
    pub hook: String,
    /// The time of the last look.
    pub checked_at: Option<Timestamp>,
    /// The time of the next look.
    pub next_at: Timestamp,
    /// The number of looks that failed since the last one that did not.
    pub failures: i64,
    /// Whether a run looks at the repository now.
    pub is_running: bool,
}

impl SourceView {
    fn new(source: &Source) -> Result<Self> {
        Ok(Self {
            settings: SourceSettings::of_row(&source.settings)?,
            commit: source.commit.clone(),
            has_token: source.token.is_some(),
            hook: source.hook.clone(),
            checked_at: source.checked_at,
            next_at: source.next_at,
            failures: source.failures,
            is_running: source
                .running
                .is_some_and(|(_, until)| until > Timestamp::now()),
        })
    }
}

/// The sealed secrets of a source to be set.
#[derive(Clone)]
pub struct NewSecrets {
    /// The token. `None` keeps the stored one if the address of the repository stays the same.
    pub token: Option<Option<Vec<u8>>>,
    /// The ID of the hook, if the source has none yet.
    pub hook: String,
    /// The secret of the hook, if the source has none yet.
    pub hook_secret: Vec<u8>,
}

/// A source that was set.
#[derive(Debug, Clone)]
pub struct SourceSet {
    /// The source.
    pub view: SourceView,
    /// Whether it has the new hook. Otherwise it keeps the one that it had.
    pub is_hook_new: bool,
}

/// Checks that the caller may set the source of that directory, before the body of the request is read.
pub async fn ready_to_set(exchange: &Exchange, caller: &Caller, at: CourseDirectory) -> Result<()> {
    let CourseDirectory { course, name } = at;
    let check = exchange.read_in(caller, course, Need::May(Right::ShareFiles), move |op| {
        directory(op, &name).map(drop)
    });
    check.await
}

/// Makes a directory follow a repository. The next look happens at once.
pub async fn set(
    exchange: &Exchange,
    caller: &Caller,
    at: CourseDirectory,
    settings: SourceSettings,
    secrets: NewSecrets,
) -> Result<SourceSet> {
    let address = at.address();
    let set = exchange.write_in(caller, at.course, Need::May(Right::ShareFiles), move |op| {
        lock_directory(op.conn, &address)?;
        let id = directory(op, &address.name)?;
        let now = Timestamp::now();
        let before = rows::find(op.conn, id)?;
        if let Some((run, _)) = before.as_ref().and_then(|before| before.running) {
            let ended = Ended::failed("The settings were changed during this run");
            rows::end(op.conn, run, now, &ended)?;
        }
        let row = settings.row();
        // A stored token goes to the address that it was given for, and to no other.
        let kept = before
            .as_ref()
            .filter(|before| before.settings.url == row.url);
        let token = match secrets.token.clone() {
            Some(token) => token,
            None => kept.and_then(|before| before.token.clone()),
        };
        let is_same = |before: &&Source| before.settings == row;
        let hook = before
            .as_ref()
            .map(|before| (before.hook.clone(), before.hook_secret.clone()));
        let is_hook_new = hook.is_none();
        let (hook, hook_secret) =
            hook.unwrap_or_else(|| (secrets.hook.clone(), secrets.hook_secret.clone()));
        let source = Source {
            directory: id,
            token,
            hook,
            hook_secret,
            commit: before
                .as_ref()
                .filter(is_same)
                .and_then(|same| same.commit.clone()),
            checked_at: before.as_ref().and_then(|before| before.checked_at),
            next_at: now,
            failures: 0,
            running: None,
            settings: row,
        };
        rows::put(op.conn, &source)?;
        if rows::waiting(op.conn, id)?.is_none() {
            rows::begin(op.conn, id, now, "set")?;
        }
        let detail = json!({
            "directory": address.name,
            "url": source.settings.url.as_str(),
            "branch": source.settings.branch.as_ref().map(BranchName::as_str),
            "folder": source.settings.folder.as_ref().map(RelativePath::as_str),
            "token": source.token.is_some(),
        });
        op.note(Action::SourceSet, About::default(), Some(&detail))?;
        Ok(SourceSet {
            view: SourceView::new(&source)?,
            is_hook_new,
        })
    });
    let set = set.await?;
    exchange.wake.rouse();
    Ok(set)
}

/// Returns the source of a directory, for those who read all work of the course.
pub async fn show(exchange: &Exchange, caller: &Caller, at: CourseDirectory) -> Result<SourceView> {
    let CourseDirectory { course, name } = at;
    let show = exchange.read_in(caller, course, Need::May(Right::SeeActivity), move |op| {
        SourceView::new(&source(op, &name)?)
    });
    show.await
}

/// Returns what [`show`] and [`runs`] return, for a directory that the caller has read in the same request.
pub async fn with_runs(
    exchange: &Exchange,
    caller: &Caller,
    place: Place,
    directory: &DirectoryView,
) -> Result<(SourceView, Vec<RunView>)> {
    if directory.owner != DirectoryOwner::Course(place.course().clone()) {
        return Err(Error::NotFound(Thing::Directory));
    }
    let directory = directory.id;
    let read = exchange.read_in(caller, place, Need::May(Right::SeeActivity), move |op| {
        let source = rows::find(op.conn, directory)?.ok_or(Error::NotFound(Thing::Source))?;
        let runs = rows::runs(op.conn, directory)?;
        let runs = runs.into_iter().map(RunView::new);
        Ok((SourceView::new(&source)?, runs.collect()))
    });
    read.await
}

/// Makes a directory follow nothing. Its files stay, and people write it again.
pub async fn remove(exchange: &Exchange, caller: &Caller, at: CourseDirectory) -> Result<()> {
    let address = at.address();
    let remove = exchange.write_in(caller, at.course, Need::May(Right::ShareFiles), move |op| {
        lock_directory(op.conn, &address)?;
        let id = directory(op, &address.name)?;
        if !rows::remove(op.conn, id)? {
            return Err(Error::NotFound(Thing::Source));
        }
        let detail = json!({ "directory": address.name });
        op.note(Action::SourceRemoved, About::default(), Some(&detail))
    });
    remove.await
}

/// Makes the server look at the repository now. Returns the number of the run.
pub async fn pull(exchange: &Exchange, caller: &Caller, at: CourseDirectory) -> Result<i64> {
    let address = at.address();
    let pull = exchange.write_in(caller, at.course, Need::May(Right::ShareFiles), move |op| {
        lock_directory(op.conn, &address)?;
        let source = source(op, &address.name)?;
        let now = Timestamp::now();
        let run = match rows::waiting(op.conn, source.directory)? {
            Some(run) => run,
            None => rows::begin(op.conn, source.directory, now, "asked")?,
        };
        rows::hasten(op.conn, source.directory, now)?;
        let detail = json!({ "directory": address.name });
        op.note(Action::SourcePulled, About::default(), Some(&detail))?;
        Ok(run)
    });
    let run = pull.await?;
    exchange.wake.rouse();
    Ok(run)
}

/// Returns the last runs of a source, the newest first, for those who read all work of the course.
pub async fn runs(
    exchange: &Exchange,
    caller: &Caller,
    at: CourseDirectory,
) -> Result<Vec<RunView>> {
    let CourseDirectory { course, name } = at;
    let read = exchange.read_in(caller, course, Need::May(Right::SeeActivity), move |op| {
        let source = source(op, &name)?;
        let runs = rows::runs(op.conn, source.directory)?;
        Ok(runs.into_iter().map(RunView::new).collect())
    });
    read.await
}

fn directory(op: &mut CourseOp<'_>, name: &DirectoryName) -> Result<i64> {
    let owner = Owner::Course(op.standing.course);
    let found = directories::find(op.conn, owner, name)?;
    Ok(found.ok_or(Error::NotFound(Thing::Directory))?.id)
}

fn source(op: &mut CourseOp<'_>, name: &DirectoryName) -> Result<Source> {
    let id = directory(op, name)?;
    rows::find(op.conn, id)?.ok_or(Error::NotFound(Thing::Source))
}

/// A hook that was called.
#[derive(Clone)]
pub struct Hook {
    directory: i64,
    /// The sealed secret that the caller has to know.
    pub secret: Vec<u8>,
}

/// Returns the hook with that ID. Nobody is asked for permission: the secret of the hook is the permission.
pub async fn hook(exchange: &Exchange, id: String) -> Result<Option<Hook>> {
    let find = exchange.without_policy().read(move |conn| {
        let found = rows::by_hook(conn, &id)?;
        Ok(found.map(|source| Hook {
            directory: source.directory,
            secret: source.hook_secret,
        }))
    });
    find.await
}

/// Makes the server look soon, after the caller of the hook has proved to know its secret. Calls in quick succession make
/// one look.
pub async fn called(exchange: &Exchange, hook: Hook) -> Result<()> {
    let note = exchange.without_policy().write(move |conn| {
        let Some(source) = rows::find(conn, hook.directory)? else {
            return Ok(());
        };
        let now = Timestamp::now();
        if rows::waiting(conn, hook.directory)?.is_none() {
            rows::begin(conn, hook.directory, now, "hook")?;
        }
        let earliest = source
            .checked_at
            .map_or(now, |checked| checked.after(BETWEEN_CALLS));
        Ok(rows::hasten(conn, hook.directory, now.max(earliest))?)
    });
    note.await?;
    exchange.wake.rouse();
    Ok(())
}
