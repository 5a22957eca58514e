//! Checks the database, and when its maintenance last ran.

use crate::findings::Findings;
use nbcourier_domain::{ByteSize, Span, UserName};
use nbcourier_exchange::accounts::adopt_command;
use nbcourier_exchange::upkeep::runs::{self, Run, Task};
use nbcourier_storage::{self as store, Database, Examined, Replica, SetAside};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Size of the write-ahead log above which something keeps its changes out of the database, in bytes.
const LARGE_LOG: u64 = 256 << 20;
/// The age above which a backup is reported as old.
const OLD_BACKUP: Duration = Duration::from_hours(7 * 24);

/// The advice if a part of the database cannot be read.
pub const UNREADABLE: &str = "Start the server, which brings the database up to date; the other findings about the \
                              database are above";

/// Maximum number of people named in one sentence.
const MOST_NAMED: usize = 20;

/// Checks the database. Returns whether it exists.
pub fn examine(database: &Database, findings: &mut Findings) -> bool {
    let shown = database;
    let examined = match store::examine(database) {
        Ok(Some(examined)) => examined,
        Ok(None) => {
            findings.ok(format!(
                "There is no database at {shown} yet. The first start creates it"
            ));
            return false;
        }
        Err(error) => {
            findings.wrong(
                error.to_string(),
                "Name the right place with --data-dir or --database, or restore the file from a backup",
            );
            return false;
        }
    };
    examine_versions(&examined, findings);
    let Some(path) = database.file() else {
        return examine_server(database, &examined, findings);
    };
    if examined.findings.is_empty() {
        findings.ok(format!("{shown} is sound (quick_check)"));
    } else {
        findings.wrong(
            format!("{shown} is damaged: {}", examined.findings.join("; ")),
            "Stop the server, keep a copy of the damaged file, and restore the last backup",
        );
    }
    if let Some(why) = &examined.locked {
        findings.wrong(
            format!("{shown} cannot be written to for several seconds: {why}"),
            "Find the program that locks it (fuser -v on the file), such as a database shell, or a backup that \
             copies it without nbcourier",
        );
    }
    report_log(path, findings);
    true
}

/// Reports a write-ahead log that is too large.
pub fn report_log(path: &Path, findings: &mut Findings) {
    let log = store::database_files(path).map_or(0, |files| files.write_ahead_log);
    if log > LARGE_LOG {
        findings.warning(
            format!("Its write-ahead log is {} large", ByteSize(log).rounded()),
            "A reader prevents that it is emptied, perhaps a database shell. It shrinks when the server restarts",
        );
    }
}

/// Checks a database of PostgreSQL, which exists.
fn examine_server(database: &Database, examined: &Examined, findings: &mut Findings) -> bool {
    match &examined.locked {
        None => findings.ok(format!("{database} accepts changes")),
        Some(why) => findings.wrong(
            format!("{database} accepts no changes: {why}"),
            "Look into the log of the server, and for a long transaction in pg_stat_activity",
        ),
    }
    true
}

/// Reports the servers that run on a database of PostgreSQL, and the differences of their clocks and versions.
pub fn examine_replicas(database: &Database, findings: &mut Findings) {
    let replicas = match store::examine_replicas(database) {
        Ok(Some(replicas)) => replicas,
        Ok(None) => return,
        Err(error) => {
            findings.wrong(
                format!("The list of servers cannot be read: {error}"),
                UNREADABLE,
            );
            return;
        }
    };
    report_replicas(&replicas, findings);
}

/// Reports servers that run on one database.
pub fn report_replicas(replicas: &[Replica], findings: &mut Findings) {
    let named: Vec<String> = replicas.iter().map(ToString::to_string).collect();
    if named.is_empty() {
        findings.ok("No server has used this database in the last seconds");
    } else {
        findings.ok(format!(
            "Servers that use this database, or ended a moment ago: {}",
            named.join(", ")
        ));
    }
    let versions: BTreeSet<&str> = replicas.iter().map(|one| one.version.as_str()).collect();
    if versions.len() > 1 {
        findings.warning(
            format!("Servers of different versions run: {}", named.join(", ")),
            "End the update: stop the older ones",
        );
    }
    for one in replicas {
        if one.clock_ahead.saturating_abs() > store::CLOCKS_DIFFER {
            findings.warning(
                format!(
                    "The clock of {} is {} ms ahead of the database's, so it judges lateness differently",
                    one.host,
                    one.clock_ahead / 1000
                ),
                "Set the clocks of all machines by NTP",
            );
        }
    }
}

fn examine_versions(examined: &Examined, findings: &mut Findings) {
    if let Some(newer) = &examined.newer {
        findings.wrong(
            format!("A newer nbcourier wrote it, which applied {newer}"),
            "Install that version again. This one does not open the database",
        );
    }
    if !examined.pending.is_empty() {
        findings.warning(
            format!(
                "It comes from an older nbcourier and lacks {}",
                examined.pending.join(", ")
            ),
            "The next start of the server brings it up to date, and sets a copy aside first. Make a backup before",
        );
    }
}

/// Reports the last runs of backup and check from the database.
pub fn examine_runs(database: &Database, findings: &mut Findings) {
    let examined = match runs::examine(database) {
        Ok(Some(examined)) => examined,
        Ok(None) => return,
        Err(error) => {
            findings.wrong(
                format!("The times of the last runs cannot be read: {error}"),
                UNREADABLE,
            );
            return;
        }
    };
    report_runs(&examined, database.file().is_none(), findings);
}

/// Reports the last runs of backup and check. `has_own_backup` is whether the database has backups that nbcourier does not
/// see.
pub fn report_runs(runs: &[Run], has_own_backup: bool, findings: &mut Findings) {
    let age = |task: Task| {
        let run = runs.iter().find(|run| run.task == task.word())?;
        let micros = u64::try_from(run.succeeded_at?.micros()).ok()?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
        SystemTime::now().duration_since(at).ok()
    };
    let backup = "Run nbcourier backup every night";
    match age(Task::Backup) {
        None if has_own_backup => findings.ok(
            "Its backups are those of PostgreSQL, together with a copy of the blobs; nbcourier does not see them",
        ),
        None => findings.warning("nbcourier knows of no backup".into(), backup),
        Some(age) if age > OLD_BACKUP => {
            findings.warning(
                format!("The last backup is {} old", Span(age).rounded()),
                backup,
            );
        }
        Some(age) => findings.ok(format!("The last backup is {} old", Span(age).rounded())),
    }
    let fsck = runs.iter().find(|run| run.task == Task::Fsck.word());
    match fsck {
        None => findings.ok("The stored files were never checked. Run nbcourier fsck"),
        Some(run) if run.succeeded_at == Some(run.ended_at) => findings.ok(format!(
            "All stored files were sound {} ago",
            age(Task::Fsck).map_or_else(String::new, |age| Span(age).rounded())
        )),
        Some(_) => findings.wrong(
            "The last nbcourier fsck found damage".into(),
            "Run it again, and restore the named data from a backup",
        ),
    }
}

/// Reports people whose work is set aside under another name, since the hub created their account anew.
pub fn examine_people(database: &Database, findings: &mut Findings) {
    let set_aside = match store::examine_set_aside(database) {
        Ok(set_aside) => set_aside,
        Err(error) => {
            findings.wrong(
                format!("The list of people whose work is set aside cannot be read: {error}"),
                UNREADABLE,
            );
            return;
        }
    };
    report_set_aside(set_aside, findings);
}

/// Reports names from which work is set aside.
pub fn report_set_aside(set_aside: Vec<SetAside>, findings: &mut Findings) {
    let (reused, left): (Vec<_>, Vec<_>) = set_aside.into_iter().partition(|one| one.reused);
    if !reused.is_empty() {
        let all: Vec<&str> = reused.iter().map(|one| one.name.as_str()).collect();
        let first: Vec<UserName> = reused
            .iter()
            .take(MOST_NAMED)
            .map(|one| one.name.clone())
            .collect();
        let rest = reused.len().saturating_sub(MOST_NAMED);
        let every = if rest > 0 {
            " Or all at once: nbcourier user adopt --all --yes."
        } else {
            ""
        };
        findings.warning(
            format!(
                "The hub created accounts again, and the work of the former owners is set aside: {}",
                named(&all)
            ),
            format!(
                "If both accounts belong to one person, give it back: {}.{every} Otherwise leave it, or remove it \
                 with nbcourier user purge",
                adopt_command(&first)
            ),
        );
    }
    if !left.is_empty() {
        let all: Vec<&str> = left.iter().map(|one| one.name.as_str()).collect();
        findings.ok(format!(
            "The work of people without an account is set aside: {}. nbcourier user adopt NAME gives it back",
            named(&all)
        ));
    }
    if reused.is_empty() && left.is_empty() {
        findings.ok("Nobody's work is set aside");
    }
}

fn named(names: &[&str]) -> String {
    let shown = names[..names.len().min(MOST_NAMED)].join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
