//! The agent that goes on: a round whenever something may have changed on either side.

use super::notebooks::OpenNotebooks;
use super::pair::Pair;
use super::report::{Outcome, Report};
use super::round::{Agent, News, Spans};
use super::watch::Watch;
use super::wishes;
use crate::folder::{Lock, Locked, OWN, own_of};
use nbcourier_api::ChangedPath;
use nbcourier_client::{Client, DirectoryAddress, Error};
use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::sleep;

/// The lock of an agent that goes on. Single rounds need another one.
const LOCK: &str = "agent.lock";
/// The number of seconds for which the exchange holds a request until something changes.
const WAIT: u8 = 25;
/// The time that a request without news takes at least. An exchange with many waiting requests answers at once.
const EVEN: Duration = Duration::from_secs(10);
/// The first pause after a failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// The number of waits in a row after which the pauses between them grow no more.
const LONGEST_WAITS: u32 = 5;

/// The times of an agent that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The times for which changes must last.
    pub spans: Spans,
    /// The time between two looks at the folder.
    pub look: Duration,
    /// The same after an hour in which nothing happened.
    pub quiet_look: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            spans: Spans::default(),
            look: Duration::from_secs(30),
            quiet_look: Duration::from_mins(5),
        }
    }
}

/// The time without a change after which a folder is looked at less often.
const QUIET: Duration = Duration::from_hours(1);

/// The wish that the program ends.
#[derive(Debug, Default)]
pub struct Ending {
    is_wanted: Cell<bool>,
    notify: Notify,
}

impl Ending {
    /// Asks for the end.
    pub fn want(&self) {
        self.is_wanted.set(true);
        self.notify.notify_waiters();
    }

    /// Whether the end is wanted.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted.get()
    }

    /// Waits for the wish.
    pub async fn wanted(&self) {
        while !self.is_wanted() {
            let notified = self.notify.notified();
            if self.is_wanted() {
                return;
            }
            notified.await;
        }
    }
}

type Reply = Result<(i64, Vec<ChangedPath>), Error>;
type Poll<'a> = Pin<Box<dyn Future<Output = Reply> + 'a>>;

/// The reason for the next round.
enum Reason {
    Ending,
    Time,
    Reply(Reply),
}

/// Keeps a folder and its directory equal until the end is wanted, or until nothing more can be done. Returns the last
/// report. `say` gets those that say something new. Open notebooks are left alone.
pub async fn follow(
    exchange: &Client,
    folder: &Path,
    times: Times,
    ending: &Ending,
    notebooks: &OpenNotebooks,
    say: &dyn Fn(&Report),
) -> Report {
    let is_ending = || ending.is_wanted();
    let agent = Agent::new(exchange, folder, times.spans, &is_ending);
    let mut agent = agent.beside(notebooks.clone());
    let mut watch = Watch::new();
    let mut lock = None;
    let mut poll: Option<((DirectoryAddress, i64), Poll<'_>)> = None;
    let (mut news, mut failures, mut waits) = (News::Unknown, 0, 0);
    let mut last = None::<Report>;
    let mut moved_at = Instant::now();
    loop {
        let report = if lock.is_none()
            && let Some(holder) = take(folder, &mut lock)
        {
            Report::new(folder, None).ended(
                Outcome::Busy,
                format!("Another agent looks after it already ({holder})"),
            )
        } else {
            agent
                .round(std::mem::replace(&mut news, News::Nothing))
                .await
        };
        if is_new(&report, last.as_ref()) {
            say(&report);
        }
        if report.is_moving() {
            moved_at = Instant::now();
        }
        let outcome = report.outcome;
        last = Some(report.clone());
        if outcome == Outcome::Paused {
            // Nothing of the folder is held open, so that its disk can be taken away.
            lock = None;
        }
        if outcome == Outcome::Stopped || ending.is_wanted() {
            return report;
        }
        failures = match outcome {
            Outcome::Failed | Outcome::Incomplete | Outcome::Busy => failures + 1,
            _ => 0,
        };
        waits = if outcome == Outcome::Waiting && !report.is_moving() {
            LONGEST_WAITS.min(waits + 1)
        } else {
            0
        };
        watch.on(folder, &watched(&agent));
        let idle = if moved_at.elapsed() < QUIET {
            times.look
        } else {
            times.quiet_look
        };
        let time = match outcome {
            Outcome::Failed | Outcome::Incomplete | Outcome::Busy => pause(failures),
            // A file that is written all the time is looked at less and less often.
            Outcome::Waiting => agent.pause().saturating_mul(1 << waits).min(idle),
            _ => idle,
        };
        let is_polled = !matches!(outcome, Outcome::Failed | Outcome::Busy | Outcome::Paused);
        let known = agent.known().filter(|_| is_polled);
        if poll.as_ref().map(|(for_, _)| for_) != known.as_ref() {
            poll = known.map(|known| (known.clone(), poll_of(exchange, known)));
        }
        let hint = async {
            let (changed, other) = (watch.changed(times.spans.settle), agent.notebooks_changed());
            futures_util::future::select(Box::pin(changed), Box::pin(other)).await;
        };
        let reason = wait(&mut poll, hint, time, ending).await;
        match reason {
            Reason::Ending => return report,
            // Without a request on its way, nothing is known of the directory.
            Reason::Time => {
                news = if poll.is_some() {
                    News::Nothing
                } else {
                    News::Unknown
                };
            }
            Reason::Reply(reply) => {
                poll = None;
                news = match reply {
                    Ok((version, changes)) => News::Changes(version, changes),
                    // The round asks again, and reports the failure.
                    Err(_) => News::Unknown,
                };
            }
        }
    }
}

/// Takes the lock of an agent. Returns the holder, if another agent has it.
fn take(folder: &Path, lock: &mut Option<Lock>) -> Option<String> {
    let own = own_of(folder).ok()?;
    // Without a pair, the round says why nothing happens.
    Pair::read(&own).ok()??;
    match Lock::named(&own, LOCK).ok()? {
        Locked::Ours(ours) => {
            *lock = Some(ours);
            None
        }
        Locked::By(holder) => Some(holder),
    }
}

/// Whether a report says something that the last one did not.
fn is_new(report: &Report, last: Option<&Report>) -> bool {
    if report.is_moving() || !report.new.is_empty() {
        return true;
    }
    let Some(last) = last else {
        return true;
    };
    let is_quiet = |it: &Report| {
        matches!(
            it.outcome,
            Outcome::Equal | Outcome::Synced | Outcome::Waiting
        )
    };
    if is_quiet(report) && is_quiet(last) {
        return false;
    }
    (report.outcome, &report.failures, &report.asked) != (last.outcome, &last.failures, &last.asked)
}

/// Returns the folders to be watched, with that of the wishes.
fn watched(agent: &Agent<'_>) -> Vec<String> {
    let mut folders = agent.folders().to_vec();
    folders.push(format!("{OWN}/{}", wishes::FOLDER));
    folders
}

/// Waits for changes there, and takes at least a while without any.
fn poll_of(exchange: &Client, known: (DirectoryAddress, i64)) -> Poll<'_> {
    Box::pin(async move {
        let (address, version) = known;
        loop {
            let begun = Instant::now();
            let reply = exchange.changes_within(&address, version, WAIT).await?;
            if reply.0 != version || !reply.1.is_empty() {
                return Ok(reply);
            }
            sleep(EVEN.saturating_sub(begun.elapsed())).await;
        }
    })
}

/// Waits for a reason for the next round, at most for a time or until the hint that something has changed.
async fn wait(
    poll: &mut Option<((DirectoryAddress, i64), Poll<'_>)>,
    hint: impl Future<Output = ()>,
    time: Duration,
    ending: &Ending,
) -> Reason {
    let reply = async {
        match poll {
            Some((_, poll)) => poll.as_mut().await,
            None => std::future::pending().await,
        }
    };
    let time = async {
        let _ = tokio::time::timeout(time, hint).await;
    };
    let any = futures_util::future::select(
        Box::pin(ending.wanted()),
        futures_util::future::select(Box::pin(reply), Box::pin(time)),
    );
    match any.await {
        futures_util::future::Either::Left(_) => Reason::Ending,
        futures_util::future::Either::Right((inner, _)) => match inner {
            futures_util::future::Either::Left((reply, _)) => Reason::Reply(reply),
            futures_util::future::Either::Right(_) => Reason::Time,
        },
    }
}

/// Returns the pause after so many failures in a row. Part of it is left to chance, so that not all agents come back at
/// once.
fn pause(failures: u32) -> Duration {
    let (first, longest) = PAUSES;
    let whole = first.saturating_mul(1 << failures.min(10)).min(longest);
    let chance = RandomState::new().build_hasher().finish() % 1000;
    let chance = u32::try_from(chance).unwrap_or(0);
    whole / 2 + whole / 2 * chance / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes_and_are_not_the_same_for_all() {
        let longest = PAUSES.1;
        for failures in 0..100 {
            let pause = pause(failures);
            assert!(pause >= Duration::from_millis(500) && pause <= longest);
        }
        assert!(pause(1) <= Duration::from_secs(2) && pause(50) >= longest / 2);
        let several: std::collections::BTreeSet<_> = (0..20).map(|_| pause(9)).collect();
        assert!(several.len() > 1);
    }
}
