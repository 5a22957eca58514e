//! Garbage collection: removes items deleted longer ago than the retention time, and the bytes that only they named.
//!
//! An upload may be sending bytes that no row names yet, so recently stored bytes (`GRACE`) are kept. If a shorter time
//! is requested, bytes stored since the oldest unfinished upload began are kept as well. An upload announces itself
//! before it stores anything (`blobs/in_use.rs`).
//!
//! A file is removed only inside a writing transaction that finds no row naming it, and an upload looks for its files
//! inside the transaction that names them. So no row ever names a removed file, and no upload loses bytes before it can
//! name them.
//!
//! No file is removed while a process copies the directory.
//!
//! The regular clean-up looks at the rows that are new, and at those that lost a row which named them. It looks at all rows
//! once a month, as the command does each time.

use super::objects;
use super::runs::{self, Task};
use crate::audit::{self, About, Action};
use crate::directories::thinning;
use crate::{Exchange, Mode, Result, shares, starts};
use nbcourier_blobs::{Blobs, StoredFile};
use nbcourier_domain::{Count, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Connection};
use nbcourier_work::blocking;
use std::time::{Duration, SystemTime};

/// The time for which unnamed bytes are kept for an upload that may be about to name them.
pub const GRACE: Duration = Duration::from_hours(24);

/// The time after which a regular clean-up looks at all rows again.
const WHOLE_EVERY: Duration = Duration::from_hours(30 * 24);

/// Number of rows checked in one transaction, so that submissions do not wait long.
const CHUNK: i64 = 200;
/// Number of files checked in one transaction.
const FILES_AT_ONCE: usize = 200;

/// The rows that a clean-up looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All rows.
    Whole,
    /// New rows and rows that lost a name. Once a month, all rows.
    Regular,
}

/// The items that were removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Number of courses deleted longer ago than the retention time.
    pub courses: usize,
    /// Number of assignments in other courses, with everything that belongs to them.
    pub assignments: usize,
    /// Number of submissions to other assignments, with their feedback.
    pub submissions: usize,
    /// Number of times that feedback on other submissions was removed.
    pub feedback: usize,
    /// Number of directories.
    pub directories: usize,
    /// Number of versions of other directories that thin their history.
    pub versions: usize,
    /// Number of trees that only those items named.
    pub trees: usize,
    /// Number of contents that only those items named, small and large.
    pub blobs: usize,
    /// Number of files removed: those of the contents, and others that no row names.
    pub files: usize,
    /// Bytes freed in the database and on the disk.
    pub bytes: u64,
    /// Whether files were kept because a process copies the directory.
    pub held: bool,
    /// The reason why the run could not be recorded, if it could not.
    pub unnoted: Option<String>,
}

impl std::fmt::Display for GcReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}, {}, {} and feedback on {} from the trash, and {} and {} that only they named, with {} and {} in all",
            Count(self.courses, "course"),
            Count(self.assignments, "assignment"),
            Count(self.submissions, "submission"),
            Count(self.feedback, "submission"),
            Count(self.trees, "tree"),
            Count(self.blobs, "blob"),
            Count(self.files, "file"),
            Count(self.bytes, "byte")
        )?;
        if self.directories > 0 {
            let plural = if self.directories == 1 { "y" } else { "ies" };
            write!(f, ", {} deleted director{plural}", self.directories)?;
        }
        if self.versions > 0 {
            write!(f, ", {} of directories", Count(self.versions, "version"))?;
        }
        Ok(())
    }
}

/// Returns the time before which deleted items have passed a retention time of `age`.
pub(crate) fn limit(age: Duration) -> Timestamp {
    Timestamp::now().before(age)
}

/// Removes items past their retention time, and unnamed bytes stored longer ago than `grace`. It is safe during
/// uploads.
pub async fn collect(
    exchange: &Exchange,
    caller: &Caller,
    retention: Duration,
    grace: Duration,
    extent: Extent,
) -> Result<GcReport> {
    let mut report = clear(exchange, caller, retention, grace, extent).await;
    // Removed items stay removed, and the run's own error matters more than a failure to record the run.
    let well = report.is_ok();
    let note = exchange
        .without_policy()
        .write(move |conn| runs::record(conn, Task::Gc, well));
    if let Err(error) = note.await {
        log::error!("The time of the clean-up could not be recorded: {error}");
        if let Ok(report) = &mut report {
            report.unnoted = Some(error.to_string());
        }
    }
    report
}

async fn clear(
    exchange: &Exchange,
    caller: &Caller,
    retention: Duration,
    grace: Duration,
    extent: Extent,
) -> Result<GcReport> {
    let (deleted_before, caller) = (limit(retention), caller.clone());
    let blobs = exchange.blobs.clone();
    let arrived_before = blocking(move || Arrival::before(&blobs, grace)).await??;
    let mut report = exchange
        .without_policy()
        .write(move |conn| {
            note_expired(conn, &caller, deleted_before)?;
            store::ended_sessions::purge_expired(conn, Timestamp::now())?;
            starts::forget(conn)?;
            shares::clear(conn)?;
            purge(conn, deleted_before)
        })
        .await?;
    report.versions = thinning::thin(exchange, retention).await?.versions;
    remove_unnamed(exchange, arrived_before, extent, &mut report).await?;
    remove_unclaimed_files(exchange, arrived_before, &mut report).await?;
    objects::delete_removed(exchange, &mut report).await?;
    Ok(report)
}

/// Records an event in each course that is about to lose items for good.
fn note_expired(conn: &mut Connection, caller: &Caller, deleted_before: Timestamp) -> Result<()> {
    for expired in store::trash::expired(conn, deleted_before)? {
        let detail = serde_json::json!({
            "course": expired.is_whole,
            "assignments": expired.assignments,
            "submissions": expired.submissions,
            "feedback": expired.feedback,
        });
        let (action, about) = (Action::TrashEmptied, About::default());
        let course = Some((expired.id, expired.course.as_str()));
        audit::note_in(conn, caller, action, about, course, &detail)?;
    }
    Ok(())
}

/// Removes the events older than `age`, and records an event about it. Returns the number of removed events, without
/// those that record such a removal themselves.
pub async fn forget_events(exchange: &Exchange, caller: &Caller, age: Duration) -> Result<usize> {
    let (limit, caller) = (limit(age), caller.clone());
    exchange
        .without_policy()
        .write(move |conn| {
            let action = Action::EventsForgotten;
            store::events::purge_of(conn, limit, action.word())?;
            let forgotten = store::events::purge_before(conn, limit)?;
            if forgotten > 0 {
                let detail = serde_json::json!({
                    "events": forgotten,
                    "before": nbcourier_domain::Rfc3339(limit),
                });
                audit::note(conn, &caller, action, About::default(), Some(&detail))?;
            }
            Ok(forgotten)
        })
        .await
}

/// Removes only the files that no row names and that were stored longer ago than `grace`. Returns their number and
/// bytes.
pub async fn remove_files(exchange: &Exchange, grace: Duration) -> Result<(usize, u64)> {
    let mut report = GcReport::default();
    let arrived_before = Arrival::before(&exchange.blobs, grace)?;
    remove_unclaimed_files(exchange, arrived_before, &mut report).await?;
    Ok((report.files, report.bytes))
}

/// Returns what `collect` and `forget_events` would remove now. It does the work in one transaction and rolls it back.
pub async fn rehearse(
    exchange: &Exchange,
    retention: Duration,
    grace: Duration,
    event_age: Duration,
) -> Result<(GcReport, usize)> {
    let (deleted_before, forgotten_before) = (limit(retention), limit(event_age));
    let arrived_before = Arrival::before(&exchange.blobs, grace)?;
    let files = old_files(exchange, arrived_before).await?;
    let blobs = exchange.blobs.clone();
    let rehearsal = exchange
        .without_policy()
        .try_out(Mode::DryRun, move |conn| {
            let mut report = purge(conn, deleted_before)?;
            shares::clear(conn)?;
            report.versions = thinning::rehearse(conn, retention)?.versions;
            objects::rehearse(conn, &blobs, &mut report)?;
            rehearse_unnamed(conn, arrived_before, &mut report)?;
            let claimed = store::blobs::ids(conn, files.iter().map(|file| file.sha256))?;
            for file in files
                .iter()
                .filter(|file| !claimed.contains_key(&file.sha256))
            {
                report.files += 1;
                report.bytes += file.size;
            }
            let events = store::events::purge_before(conn, forgotten_before)?;
            Ok((report, events))
        });
    rehearsal.await
}

/// The time before which bytes must have been stored to be removed, in the form of rows and of files.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    row: Timestamp,
    file: SystemTime,
}

impl Arrival {
    fn before(blobs: &Blobs, grace: Duration) -> Result<Self> {
        // The time is read first. An upload that announces itself after this also stores its bytes after it.
        let now = SystemTime::now();
        let before = |age: Duration| now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let file = match blobs.oldest_upload()? {
            // If the clock was set back meanwhile, the upload's bytes look older than they are.
            Some(began) => began.min(before(grace.max(GRACE))),
            None => before(grace),
        };
        let since_1970 = file
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Ok(Self {
            row: Timestamp::from_micros(micros),
            file,
        })
    }
}

fn purge(conn: &mut Connection, deleted_before: Timestamp) -> Result<GcReport> {
    let courses = store::courses::purge_deleted_before(conn, deleted_before)?;
    let directories = store::directories::purge_deleted_before(conn, deleted_before)?;
    let purged = store::trash::purge_before(conn, deleted_before)?;
    Ok(GcReport {
        courses,
        assignments: purged.assignments,
        submissions: purged.submissions,
        feedback: purged.feedback,
        directories,
        ..GcReport::default()
    })
}

/// Whether large contents are objects in a bucket.
type IsRemote = bool;

/// Rows that may have lost the last row that named them.
#[derive(Debug, Clone, Copy)]
enum Unnamed {
    /// Trees.
    Trees,
    /// Contents stored before this time. If large ones are objects, the objects are noted for their deletion.
    Blobs(Timestamp, IsRemote),
    /// Trees that lost a row which named them.
    LooseTrees,
    /// Contents that lost a row which named them, with the same times.
    LooseBlobs(Timestamp, IsRemote),
}

impl Unnamed {
    /// Returns the kinds in the order of their removal: a tree names contents.
    fn all(arrived_before: Arrival, is_remote: IsRemote) -> [Self; 2] {
        [Self::Trees, Self::Blobs(arrived_before.row, is_remote)]
    }

    /// Returns the next rows with an ID above `after` that nothing names, by ID.
    fn find(self, conn: &mut Connection, after: i64) -> store::Result<Vec<i64>> {
        match self {
            Self::Trees => store::trees::unnamed(conn, after, CHUNK),
            Self::Blobs(before, _) => store::blobs::unnamed(conn, before, after, CHUNK),
            Self::LooseTrees => store::loose::trees(conn, after, CHUNK),
            Self::LooseBlobs(..) => store::loose::blobs(conn, after, CHUNK),
        }
    }

    /// Removes those of these rows that nothing names. Returns their number, and the bytes that were in the database.
    fn remove(self, conn: &mut Connection, found: &[i64]) -> store::Result<(usize, u64)> {
        match self {
            Self::Trees => Ok((store::trees::remove_unnamed(conn, found)?, 0)),
            Self::LooseTrees => {
                let removed = store::trees::remove_unnamed(conn, found)?;
                store::loose::settle_trees(conn, found)?;
                Ok((removed, 0))
            }
            Self::Blobs(before, is_remote) | Self::LooseBlobs(before, is_remote) => {
                let objects_at = is_remote.then(Timestamp::now);
                let removed = store::blobs::remove_unnamed(conn, before, found, objects_at)?;
                if matches!(self, Self::LooseBlobs(..)) {
                    store::loose::settle_blobs(conn, found)?;
                }
                Ok(removed)
            }
        }
    }

    fn count(self, (rows, bytes): (usize, u64), report: &mut GcReport) {
        match self {
            Self::Trees | Self::LooseTrees => report.trees += rows,
            Self::Blobs(..) | Self::LooseBlobs(..) => report.blobs += rows,
        }
        report.bytes += bytes;
    }
}

/// Removes the rows that nothing names. It looks for them on snapshots, so that submissions do not wait while it passes
/// over all rows, and asks again in the transactions that remove them.
async fn remove_unnamed(
    exchange: &Exchange,
    arrived_before: Arrival,
    extent: Extent,
    report: &mut GcReport,
) -> Result<()> {
    let (now, before) = (Timestamp::now(), arrived_before.row);
    // Rows that are younger may not be visible yet.
    let visible = before.min(limit(GRACE));
    let begun = exchange
        .without_policy()
        .read(move |conn| {
            let progress = store::loose::progress(conn)?;
            let up_to = store::loose::arrived_up_to(conn, progress.blobs_up_to, visible)?;
            Ok((progress, up_to))
        })
        .await?;
    let (progress, blobs_up_to) = begun;
    let is_whole = extent == Extent::Whole || progress.whole_at < limit(WHOLE_EVERY);
    let is_remote = exchange.blobs.remote().is_some();
    let loose = [Unnamed::LooseTrees, Unnamed::LooseBlobs(before, is_remote)];
    let [trees, blobs] = Unnamed::all(arrived_before, is_remote);
    let kinds = if is_whole {
        vec![(loose[0], 0), (trees, 0), (loose[1], 0), (blobs, 0)]
    } else {
        vec![(loose[0], 0), (loose[1], 0), (blobs, progress.blobs_up_to)]
    };
    for (kind, mut after) in kinds {
        loop {
            let look = move |conn: &mut Connection| Ok(kind.find(conn, after)?);
            let found = exchange.without_policy().read(look).await?;
            let Some(last) = found.last() else { break };
            after = *last;
            let remove = move |conn: &mut Connection| Ok(kind.remove(conn, &found)?);
            let removed = exchange.without_policy().write(remove).await?;
            kind.count(removed, report);
        }
    }
    let progress = store::loose::Progress {
        blobs_up_to,
        whole_at: if is_whole { now } else { progress.whole_at },
    };
    let note = move |conn: &mut Connection| Ok(store::loose::note(conn, progress)?);
    exchange.without_policy().write(note).await
}

/// Removes the same rows within one transaction.
fn rehearse_unnamed(
    conn: &mut Connection,
    arrived_before: Arrival,
    report: &mut GcReport,
) -> Result<()> {
    // What is noted for its deletion is undone with the rest.
    for kind in Unnamed::all(arrived_before, false) {
        let mut after = 0;
        loop {
            let found = kind.find(conn, after)?;
            let Some(last) = found.last() else { break };
            after = *last;
            kind.count(kind.remove(conn, &found)?, report);
        }
    }
    Ok(())
}

async fn old_files(exchange: &Exchange, arrived_before: Arrival) -> Result<Vec<StoredFile>> {
    let Some(blobs) = exchange.blobs.local().cloned() else {
        return Ok(Vec::new());
    };
    blocking(move || {
        let mut old = Vec::new();
        blobs.walk(|file| {
            if file.modified < arrived_before.file {
                old.push(file);
            }
        })?;
        Ok(old)
    })
    .await?
}

async fn remove_unclaimed_files(
    exchange: &Exchange,
    arrived_before: Arrival,
    report: &mut GcReport,
) -> Result<()> {
    let Some(directory) = exchange.blobs.local() else {
        return Ok(());
    };
    let old = old_files(exchange, arrived_before).await?;
    for chunk in old.chunks(FILES_AT_ONCE) {
        let (files, blobs) = (chunk.to_vec(), directory.clone());
        let removed = exchange
            .without_policy()
            .write(move |conn| {
                let Some(_clearing) = blobs.try_clear()? else {
                    return Ok(None);
                };
                let claimed = store::blobs::ids(conn, files.iter().map(|file| file.sha256))?;
                let (mut count, mut bytes) = (0, 0);
                for sum in files.iter().map(|file| file.sha256) {
                    let file = blobs
                        .look(sum)?
                        .filter(|file| file.modified < arrived_before.file);
                    if let Some(file) = file.filter(|_| !claimed.contains_key(&sum))
                        && blobs.remove(sum)?
                    {
                        count += 1;
                        bytes += file.size;
                    }
                }
                Ok(Some((count, bytes)))
            })
            .await?;
        let Some((files, bytes)) = removed else {
            report.held = true;
            return Ok(());
        };
        report.files += files;
        report.bytes += bytes;
    }
    Ok(())
}
