//! `nbcourier dates`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::{When, shown};
use nbcourier_api::Dates;
use nbcourier_client::{Client, Error};
use nbcourier_domain::{AssignmentId, CourseId};
use std::process::ExitCode;

/// Shows or sets the opening time, due time and cut-off of an assignment
#[derive(clap::Args)]
#[command(
    after_help = "A time is \"2026-12-01 23:59\", in the time zone of this computer, or 2026-12-01T23:59:00+01:00; \"none\" \
                  removes a time. A time that is not given stays as it is. Submissions after the due time are marked as \
                  late. Submissions after the cut-off are refused."
)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// The assignment. It need not be released yet
    #[arg(value_parser = crate::cli::assignment_id)]
    assignment: AssignmentId,
    /// Opening time: students see the assignment from then on
    #[arg(long, value_name = "TIME")]
    opens: Option<When>,
    /// Due time: later submissions are marked as late
    #[arg(long, value_name = "TIME")]
    due: Option<When>,
    /// Cut-off: later submissions are refused
    #[arg(long, value_name = "TIME")]
    cut_off: Option<When>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let Arguments {
        asking,
        course,
        assignment,
        opens,
        due,
        cut_off,
    } = arguments;
    let sets = opens.is_some() || due.is_some() || cut_off.is_some();
    let dates = asking.ask(async |exchange| {
        let known = known(exchange, course, assignment).await?;
        if !sets {
            return known.ok_or_else(|| Error::Refused {
                status: 404,
                sentence: "Assignment not found".to_owned(),
            });
        }
        let known = known.unwrap_or_default();
        let changed = |given: &Option<When>, known| given.map_or(known, When::time);
        let dates = Dates {
            opens_at: changed(opens, known.opens_at),
            due_at: changed(due, known.due_at),
            cutoff_at: changed(cut_off, known.cutoff_at),
        };
        exchange.set_dates(course, assignment, &dates.into()).await
    })?;
    asking.show(&dates, || table(&dates))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the dates of an assignment: a student's own for a student, the general ones for an instructor.
async fn known(
    exchange: &Client,
    course: &CourseId,
    assignment: &AssignmentId,
) -> Result<Option<Dates>, Error> {
    let listed = match exchange.overview(course).await {
        Ok(overview) => overview
            .assignments
            .into_iter()
            .map(|found| (found.dates(), found.assignment))
            .collect(),
        Err(Error::Refused { status: 403, .. }) => exchange
            .assignments(course)
            .await?
            .into_iter()
            .map(|found| (found.dates(), found.assignment))
            .collect::<Vec<_>>(),
        Err(error) => return Err(error),
    };
    let mut listed = listed.into_iter();
    let found = listed.find(|(_, name)| name == assignment.as_str());
    Ok(found.map(|(dates, _)| dates))
}

fn table(dates: &Dates) -> Table {
    let row = vec![
        shown(dates.opens_at),
        shown(dates.due_at),
        shown(dates.cutoff_at),
    ];
    Table::new(&["OPENS", "DUE", "CUT-OFF"], "").rows([row])
}
