//! `nbcourier activity`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print_data;
use crate::cli::table::Table;
use crate::tables::figures;
use nbcourier_api::{Activity, ActivityFigures};
use nbcourier_client::WantedActivity;
use nbcourier_domain::{ActivityBy, CourseId, Day, RelativePath, UserName};
use std::process::ExitCode;

/// Shows the work of students on the notebooks of a course. Students see their own work
#[derive(clap::Args)]
#[command(after_help = "The students' own servers report the work. The figures prove nothing.")]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// Sum up the work by this unit
    #[arg(long, value_name = "UNIT", value_enum, default_value = "student")]
    by: Unit,
    /// Show only the work of this student
    #[arg(long, value_name = "NAME", value_parser = crate::cli::user_name)]
    student: Option<UserName>,
    /// Show only the work on this notebook
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Option<RelativePath>,
    /// Show only the work since this day, such as 2026-11-30
    #[arg(long, value_name = "DAY", value_parser = Day::parse)]
    since: Option<Day>,
    /// Print a table for spreadsheets
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// The units for which work is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Unit {
    /// Each student
    Student,
    /// Each notebook
    Notebook,
    /// Each day
    Day,
}

impl From<Unit> for ActivityBy {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Student => Self::Student,
            Unit::Notebook => Self::Notebook,
            Unit::Day => Self::Day,
        }
    }
}

fn path(text: &str) -> Result<RelativePath, String> {
    RelativePath::parse(text).map_err(|error| error.to_string())
}

pub fn run(arguments: &Arguments) -> Outcome {
    let by = ActivityBy::from(arguments.by);
    let wanted = WantedActivity {
        by,
        student: arguments.student.as_ref(),
        path: arguments.path.as_ref(),
        since: arguments.since,
    };
    let course = &arguments.course;
    let ask = arguments
        .asking
        .ask(async |exchange| exchange.activity(course, wanted).await);
    let (activity, on) = ask?;
    let found = Activity {
        on,
        by,
        activity,
        next: None,
    };
    if arguments.csv {
        print_data(&(figures::head(by)? + &figures::rows(&found.activity)?))?;
    } else {
        arguments.asking.show(&found, || table(&found))?;
    }
    if !on {
        eprintln!(
            "Work on notebooks is not counted in this course. If the operator allows it, an instructor turns it on \
             with nbcourier course settings {course} --activity on"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn table(found: &Activity) -> Table {
    let rows = found.activity.iter().map(|line| row(found.by, line));
    let head = match found.by {
        ActivityBy::Student => ["STUDENT", "NOTEBOOKS", "DAYS"],
        ActivityBy::Notebook => ["NOTEBOOK", "STUDENTS", "DAYS"],
        ActivityBy::Day => ["DAY", "STUDENTS", "NOTEBOOKS"],
    };
    let head = [&head[..], &["OPENED", "SAVED", "MINUTES"]].concat();
    let last = ["LAST DAY"];
    let last = if found.by == ActivityBy::Day {
        &[]
    } else {
        &last[..]
    };
    Table::new(&[&head, last].concat(), "There was no work.").rows(rows)
}

fn row(by: ActivityBy, line: &ActivityFigures) -> Vec<String> {
    let others = match by {
        ActivityBy::Student => [line.notebooks, line.days],
        ActivityBy::Notebook => [line.students, line.days],
        ActivityBy::Day => [line.students, line.notebooks],
    };
    let numbers = [&others[..], &[line.opens, line.saves, line.minutes]].concat();
    let mut row = vec![line.of().to_owned()];
    row.extend(numbers.iter().map(i64::to_string));
    if by != ActivityBy::Day {
        row.push(line.last_day.clone().unwrap_or_default());
    }
    row
}
