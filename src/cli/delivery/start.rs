//! `nbcourier start`: brings the folders up to date that courses deliver at the start of servers. It never stops a
//! server from starting.

use super::home;
use crate::cli::Outcome;
use crate::config::ClientArgs;
use clap::builder::BoolishValueParser;
use nbcourier_client::{Client, Error};
use nbcourier_domain::{Span, Timestamp};
use nbcourier_sync::deliver::{Wanted, deliver, is_nothing_new};
use nbcourier_sync::folder::{OWN, Root};
use nbcourier_sync::starts::{Reported, told};
use nbcourier_sync::{Report, journal, script};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The pause between two looks at the work in the background.
const LOOK: Duration = Duration::from_millis(50);
/// The time after which a report to the exchange is given up.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    client: ClientArgs,

    /// End after this time at the latest, and continue in the background
    #[arg(long, value_name = "TIME")]
    within: Option<Span>,
    /// Run the script start.sh at the top of each folder that is up to date, as you and never as root
    #[arg(long, env = "NBCOURIER_START_SCRIPT", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    script: Option<bool>,
    /// End a script after this time
    #[arg(long, value_name = "TIME", default_value = "60s")]
    script_limit: Span,
}

pub fn run(arguments: &Arguments) -> Outcome {
    if let Some(within) = arguments.within {
        return in_background(arguments, within.0);
    }
    let home = home()?;
    let began = Instant::now();
    let wanted = Wanted {
        is_at_start: true,
        ..Wanted::default()
    };
    let asked = crate::cli::asking::ask(&arguments.client, async |exchange| {
        let mut reports = deliver(exchange, &home, &wanted).await?;
        if arguments.script == Some(true) {
            for report in &mut reports {
                script::run(&home, report, arguments.script_limit.0);
            }
        }
        if !is_nothing_new(&reports) {
            note(&home, &sentences(&reports, began.elapsed()));
        }
        let said = timeout(PATIENCE, tell(exchange, &home, &reports, began.elapsed()));
        let failure = match said.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not answer in time".to_owned(),
        };
        note(
            &home,
            &[format!(
                "The exchange was not told of this start: {failure}"
            )],
        );
        Ok(())
    });
    if let Err(error) = asked {
        note(&home, &[format!("Nothing was received: {error}")]);
    }
    // A failure is in the log. The server that starts is to start.
    Ok(ExitCode::SUCCESS)
}

/// Tells the exchange of the deliveries of which it is to know. What it refuses is not told again until something new
/// happens.
async fn tell(
    exchange: &Client,
    home: &Path,
    reports: &[Report],
    took: Duration,
) -> Result<(), Error> {
    let (mut reported, now) = (Reported::read(home), Timestamp::now());
    let due = reports.iter().filter(|report| reported.is_due(report, now));
    let due: Vec<&Report> = due.collect();
    let mut ended = Ok(());
    for report in &due {
        let Some((course, new)) = told(report, took) else {
            continue;
        };
        match exchange.report_start(&course, &new).await {
            Ok(()) => reported.note(report, now),
            Err(error) => {
                let is_final = matches!(
                    error,
                    Error::TooOld(_)
                        | Error::Refused {
                            status: 400..=428,
                            ..
                        }
                );
                ended = Err(error);
                if !is_final {
                    break;
                }
                reported.note(report, now);
            }
        }
    }
    if !due.is_empty() {
        reported.write(home, reports);
    }
    ended
}

fn sentences(reports: &[Report], took: Duration) -> Vec<String> {
    let mut all: Vec<String> = reports.iter().flat_map(Report::sentences).collect();
    all.push(format!("That took {} ms.", took.as_millis()));
    all
}

/// Adds lines to the log in the home.
fn note(home: &Path, lines: &[String]) {
    if let Ok(own) = Root::open(home).and_then(|home| home.make_folder(OWN)) {
        journal::add(&own, lines);
    }
    for line in lines {
        eprintln!("nbcourier: {line}");
    }
}

/// Starts the work as a process of its own, and waits for it no longer than that.
fn in_background(arguments: &Arguments, within: Duration) -> Outcome {
    let client = &arguments.client;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("start");
    let settings = [
        ("--url", client.url.as_deref()),
        ("--service-name", client.service_name.as_deref()),
    ];
    for (flag, value) in settings {
        if let Some(value) = value {
            command.args([flag, value]);
        }
    }
    if let Some(file) = &client.token_file {
        command.arg("--token-file").arg(file);
    }
    if let Some(script) = arguments.script {
        command.arg(format!("--script={script}"));
    }
    let limit = arguments.script_limit.to_string();
    command.args(["--script-limit", &limit]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn()?;
    let end = Instant::now() + within;
    while Instant::now() < end && child.try_wait()?.is_none() {
        std::thread::sleep(LOOK);
    }
    Ok(ExitCode::SUCCESS)
}
