//! Rounds of the agent: until both sides are equal, or until the program is asked to end.

use super::Run;
use super::attached::{Tell, listen};
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::delivery::home;
use crate::cli::output::print_json;
use crate::cli::progress::Progress as Bar;
use actix_web::rt::signal::unix::{SignalKind, signal};
use futures_util::future::{Either, join_all, select};
use nbcourier_client::Client;
use nbcourier_sync::agent::{
    Agent, Ending, News, OpenNotebooks, Outcome as Ended, Pairs, Progress, Report, Spans, Times,
    Work, follow,
};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The number of rounds after which a folder that changes all the time is left to the next run.
const ROUNDS: usize = 12;
/// The number of further rounds after something could not be done.
const RETRIES: usize = 3;
/// The pause between two looks at the list of pairs.
const LOOK: Duration = Duration::from_secs(30);

pub fn run(asking: &Asking, run: &Run) -> Outcome {
    let wanted = wanted(run)?;
    if wanted.is_empty() {
        if asking.is_json() {
            print_json(&wanted)?;
        } else {
            println!("No folder is synced. `nbcourier sync add FOLDER` adds one.");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let times = Times {
        spans: Spans {
            settle: run.settle.0,
            agree: run.agree.0,
        },
        look: run.look.0,
        ..Times::default()
    };
    let is_json = asking.is_json();
    let ending = Ending::default();
    let (tell, notebooks) = OpenNotebooks::new();
    let reports = asking.ask(async |exchange| {
        let work = async {
            if run.once {
                Ok(once(exchange, &wanted, times.spans, &ending).await)
            } else {
                let going = Going {
                    exchange,
                    run,
                    times,
                    ending: &ending,
                    notebooks: &notebooks,
                    is_json,
                };
                going.on(wanted.clone()).await
            }
        };
        let stop = stopped(&ending, run.attached.then_some(tell));
        match select(Box::pin(stop), Box::pin(work)).await {
            Either::Left(((), work)) => work.await,
            Either::Right((reports, _)) => reports,
        }
    })?;
    if run.once {
        if is_json {
            print_json(&reports)?;
        } else {
            reports.iter().for_each(say);
        }
    }
    let is_failure = |report: &Report| {
        let is_asked = !run.once && ending.is_wanted();
        report.outcome.is_failure() && !is_asked
    };
    Ok(if reports.iter().any(is_failure) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Returns the folders that are wanted.
fn wanted(run: &Run) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    if run.folders.is_empty() {
        return super::folders(None);
    }
    let mut all = Vec::new();
    for folder in &run.folders {
        all.extend(super::folders(Some(folder))?);
    }
    Ok(all)
}

/// Ends when somebody asks the program to end. The batch in hand is finished then. `attached` is there if the Jupyter server
/// tells which notebooks are open.
async fn stopped(ending: &Ending, attached: Option<Tell>) {
    let both = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    let (Ok(mut terminate), Ok(mut interrupt)) = both else {
        // Without the signals, the program ends at once.
        return std::future::pending().await;
    };
    let signals = select(Box::pin(terminate.recv()), Box::pin(interrupt.recv()));
    match attached {
        Some(tell) => drop(select(signals, Box::pin(listen(tell))).await),
        None => drop(signals.await),
    }
    ending.want();
}

/// Does rounds in each folder until both sides are equal.
async fn once(
    exchange: &Client,
    folders: &[PathBuf],
    spans: Spans,
    ending: &Ending,
) -> Vec<Report> {
    let mut all = Vec::new();
    for folder in folders {
        all.push(until_equal(exchange, folder, spans, ending).await);
    }
    all
}

async fn until_equal(exchange: &Client, folder: &Path, spans: Spans, ending: &Ending) -> Report {
    let is_ending = || ending.is_wanted();
    let bar = RefCell::new(None::<(Work, u64, Bar)>);
    let progress = |now| show(&mut bar.borrow_mut(), now);
    let mut agent = Agent::new(exchange, folder, spans, &is_ending).telling(&progress);
    let mut report = agent.round(News::Unknown).await;
    let mut left = RETRIES;
    for _ in 1..ROUNDS {
        let pause = match report.outcome {
            Ended::Waiting => agent.pause(),
            Ended::Incomplete if left > 0 => {
                left -= 1;
                Duration::ZERO
            }
            _ => break,
        };
        if ending.is_wanted() {
            break;
        }
        let pause = actix_web::rt::time::sleep(pause);
        select(Box::pin(pause), Box::pin(ending.wanted())).await;
        let mut next = agent.round(News::Unknown).await;
        next.add(report);
        report = next;
    }
    report
}

/// Shows how far long work is, on a terminal.
fn show(bar: &mut Option<(Work, u64, Bar)>, now: Progress) {
    if bar.as_ref().is_none_or(|(work, ..)| *work != now.work) {
        // The previous progress bar must disappear first.
        *bar = None;
        let what = match now.work {
            Work::Reading => "Reading",
            Work::Receiving => "Receiving",
            Work::Sending => "Sending",
        };
        let new = match now.of {
            Some(all) => Bar::of_bytes(what, all),
            None => Bar::without_end(what),
        };
        *bar = Some((now.work, 0, new));
    }
    if let Some((_, done, bar)) = bar {
        bar.add(now.done.saturating_sub(*done));
        *done = now.done;
    }
}

/// An agent that goes on in all folders.
struct Going<'a> {
    exchange: &'a Client,
    run: &'a Run,
    times: Times,
    ending: &'a Ending,
    notebooks: &'a OpenNotebooks,
    is_json: bool,
}

impl Going<'_> {
    /// Goes on until the end is wanted. The list of pairs is looked at again now and then.
    async fn on(&self, mut folders: Vec<PathBuf>) -> Result<Vec<Report>, nbcourier_client::Error> {
        let tell = |report: &Report| {
            if self.is_json {
                // One line for each report.
                let line = serde_json::to_string(report).unwrap_or_default();
                println!("{line}");
            } else {
                say(report);
            }
        };
        loop {
            let others = Ending::default();
            let all = folders.iter().map(|folder| {
                let (exchange, notebooks) = (self.exchange, self.notebooks);
                follow(exchange, folder, self.times, &others, notebooks, &tell)
            });
            let all = Box::pin(join_all(all));
            let change = Box::pin(changed(self.run, &folders, self.ending));
            let (reports, new) = match select(all, change).await {
                Either::Left((reports, _)) => (reports, None),
                Either::Right((new, all)) => {
                    others.want();
                    (all.await, new)
                }
            };
            match new {
                Some(new) if !self.ending.is_wanted() => folders = new,
                _ => return Ok(reports),
            }
        }
    }
}

/// Returns the folders when the list of pairs has changed, or none when the end is wanted.
async fn changed(run: &Run, folders: &[PathBuf], ending: &Ending) -> Option<Vec<PathBuf>> {
    loop {
        let pause = actix_web::rt::time::sleep(LOOK);
        select(Box::pin(pause), Box::pin(ending.wanted())).await;
        if ending.is_wanted() {
            return None;
        }
        // A list that cannot be read now may be readable later.
        let known = home().ok().and_then(|home| Pairs::of(&home).ok());
        if let Some(known) = known.filter(|known| run.folders.is_empty() && known != folders) {
            return Some(known);
        }
    }
}

fn say(report: &Report) {
    for sentence in report.sentences() {
        println!("{sentence}");
    }
}
