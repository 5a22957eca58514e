//! `nbcourier gc`

use crate::cli::Outcome;
use crate::cli::data_dir::{open_exchange, operator, runtime};
use crate::config::{ACTIVITY_RETENTION, EVENT_RETENTION, PlaceArgs, RETENTION};
use nbcourier_domain::{Count, Span};
use nbcourier_exchange::upkeep::gc;
use nbcourier_exchange::upkeep::turn::Turn;
use nbcourier_exchange::{Mode, activity};
use std::process::ExitCode;

/// Removes deleted data for good after its retention time. The server does the same every hour and may keep running
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Keep data that was deleted within this time: seconds, or a number with s, m, h or d [default: 30d]
    #[arg(long, env = "NBCOURIER_RETENTION", value_name = "TIME")]
    retention: Option<Span>,
    /// Keep events that are younger than this [default: 730d]
    #[arg(long, env = "NBCOURIER_EVENT_RETENTION", value_name = "TIME")]
    event_retention: Option<Span>,
    /// Keep daily sums of activity that are younger than this [default: 180d]
    #[arg(long, env = "NBCOURIER_ACTIVITY_RETENTION", value_name = "TIME")]
    activity_retention: Option<Span>,
    /// Keep bytes that arrived within this time, because an upload may still need them [default: 1d]
    #[arg(long, value_name = "TIME")]
    grace: Option<Span>,
    /// Show what would be removed, and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let (exchange, operator) = (open_exchange(&arguments.places)?, operator()?);
    let retention = arguments.retention.map_or(RETENTION, |span| span.0);
    let grace = arguments.grace.map_or(gc::GRACE, |span| span.0);
    let event_retention = arguments
        .event_retention
        .map_or(EVENT_RETENTION, |span| span.0);
    let activity_age = arguments
        .activity_retention
        .map_or(ACTIVITY_RETENTION, |span| span.0);
    let runtime = runtime()?;
    if arguments.dry_run {
        let rehearsal = gc::rehearse(&exchange, retention, grace, event_retention);
        let (report, events) = runtime.block_on(rehearsal)?;
        let sums = activity::forget(&exchange, activity_age, Mode::DryRun);
        let sums = runtime.block_on(sums)?;
        say(&report, events, sums, ["Would remove", "would forget"]);
        println!("Nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let Some(turn) = runtime.block_on(Turn::take(&exchange))? else {
        return Err(
            "Another nbcourier is cleaning up this exchange. Wait until it has ended, and repeat the command".into(),
        );
    };
    let report = runtime.block_on(gc::collect(
        &exchange,
        &operator,
        retention,
        grace,
        gc::Extent::Whole,
    ))?;
    let events = runtime.block_on(gc::forget_events(&exchange, &operator, event_retention))?;
    let sums = runtime.block_on(activity::forget(&exchange, activity_age, Mode::Apply))?;
    runtime.block_on(turn.end());
    say(&report, events, sums, ["Removed", "forgot"]);
    if let Some(why) = &report.unnoted {
        eprintln!("The clean-up was done, but its time could not be recorded: {why}");
    }
    if report.held {
        println!("A backup or an export is running, so files stay until the next run.");
    }
    Ok(ExitCode::SUCCESS)
}

fn say(report: &gc::GcReport, events: usize, sums: usize, [remove, forget]: [&str; 2]) {
    let events = Count(events, "event");
    if sums > 0 {
        let sums = Count(sums, "daily sum");
        println!("{remove} {report}; {forget} {events} and {sums} of activity.");
    } else {
        println!("{remove} {report}; {forget} {events}.");
    }
}
