//! `nbcourier gc`

use super::Outcome;
use super::data_dir::{open_exchange, operator, runtime};
use crate::config::{EVENT_RETENTION, PlaceArgs, RETENTION, Span};
use crate::exchange::gc;
use std::process::ExitCode;

/// Removes for good what nobody can ask for any more. The server, which does the same every hour, may go on serving
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
    /// Keep what was deleted less long ago, in seconds or with s, m, h, d [default: 30d]
    #[arg(long, env = "NBCOURIER_RETENTION", value_name = "TIME")]
    retention: Option<Span>,
    /// Keep the record of who did what that is younger [default: 730d]
    #[arg(long, env = "NBCOURIER_EVENT_RETENTION", value_name = "TIME")]
    event_retention: Option<Span>,
    /// Leave bytes alone that came in less long ago, for an upload may be about to name them [default: 1d]
    #[arg(long, value_name = "TIME")]
    grace: Option<Span>,
    /// Only say what would go, and change nothing
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
    let runtime = runtime()?;
    if arguments.dry_run {
        let rehearsal = gc::rehearse(&exchange, retention, grace, event_retention);
        let (report, events) = runtime.block_on(rehearsal)?;
        say(&report, events, ["Would remove", "would forget"]);
        println!("Nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let report = runtime.block_on(gc::collect(&exchange, &operator, retention, grace))?;
    let events = runtime.block_on(gc::forget_events(&exchange, &operator, event_retention))?;
    say(&report, events, ["Removed", "forgot"]);
    if report.held {
        println!(
            "A backup or an export is going on, so files stay where they are until the next time."
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn say(report: &gc::Report, events: usize, [remove, forget]: [&str; 2]) {
    println!("{remove} {report}; {forget} {events} events.");
}
