//! `nbcourier events`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::data_dir::{open_rows, operator, runtime};
use crate::cli::table::Table;
use crate::cli::when::{When, shown};
use crate::config::PlaceArgs;
use crate::http::event;
use nbcourier_api::Event;
use nbcourier_domain::{CourseId, Timestamp};
use nbcourier_exchange::events::{self, EventFilter};
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows who did what, newest first
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course. Without it, show all events. For administrators
    #[arg(value_parser = crate::cli::course_id)]
    course: Option<CourseId>,
    /// Leave out events before this time: "2026-12-01 23:59", or RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// Show at most this many events
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Read this data directory instead of asking the exchange. The server need not be running
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// With --data-dir: the value of the server's --database, if set
    #[arg(
        long,
        env = "NBCOURIER_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<String>,
    /// With --data-dir: the value of the server's --database-password-file, if set
    #[arg(long, env = "NBCOURIER_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    database_password_file: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Outcome {
    let at_most = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let since = arguments.since.and_then(|when| when.0);
    let found = match arguments.data_dir {
        Some(directory) => {
            let places = PlaceArgs {
                data_dir: Some(directory),
                database: arguments.database,
                database_password_file: arguments.database_password_file,
                ..PlaceArgs::default()
            };
            let question = EventFilter {
                course: arguments.course,
                since,
                ..EventFilter::default()
            };
            stored(&places, question, at_most)?
        }
        None => arguments.asking.ask(async |exchange| {
            let since = since.map(Timestamp::to_rfc3339);
            let course = arguments.course.as_ref();
            exchange.events(course, since.as_deref(), at_most).await
        })?,
    };
    arguments.asking.show(&found, || table(&found))?;
    Ok(ExitCode::SUCCESS)
}

fn stored(
    places: &PlaceArgs,
    mut question: EventFilter,
    at_most: usize,
) -> Result<Vec<Event>, Box<dyn std::error::Error>> {
    let (exchange, operator) = (open_rows(places)?, operator()?);
    let runtime = runtime()?;
    let mut found = Vec::new();
    // A page ends early if its events are long.
    while found.len() < at_most {
        let rest = at_most - found.len();
        let page = events::page(&exchange, &operator, question.clone(), rest);
        let page = runtime.block_on(page)?;
        found.extend(page.events.into_iter().map(event));
        if page.next.is_none() {
            break;
        }
        question.before = page.next;
    }
    Ok(found)
}

fn table(events: &[Event]) -> Table {
    let rows = events.iter().map(|event| {
        let detail = event.detail.as_ref();
        vec![
            shown(Some(event.at)),
            event.actor.clone(),
            event.action.clone(),
            event.subject.clone().unwrap_or_default(),
            event.course.clone().unwrap_or_default(),
            event.assignment.clone().unwrap_or_default(),
            detail.map_or_else(String::new, |detail| {
                serde_json::Value::from(detail.clone()).to_string()
            }),
        ]
    });
    let head = ["WHEN", "WHO", "DID", "TO", "COURSE", "ASSIGNMENT", "MORE"];
    Table::new(&head, "Nothing happened.").rows(rows)
}
