//! `nbcourier submissions`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{AssignmentOverview, CourseOverview, FeedbackState, StudentOverview};
use nbcourier_domain::{AssignmentId, CourseId, Rfc3339};
use serde::Serialize;
use std::process::ExitCode;

/// Shows who has submitted and who has not, who was late, and who has feedback
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// The assignment
    #[arg(value_parser = crate::cli::assignment_id)]
    assignment: AssignmentId,
    /// Show only students who have not submitted
    #[arg(long)]
    missing: bool,
}

/// A student in the output of this command, with their submissions to one assignment.
#[derive(Serialize)]
struct StudentWork<'a> {
    student: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    enrolled: bool,
    /// The time of the latest submission, in RFC 3339.
    submitted_at: Option<Rfc3339>,
    late: bool,
    submissions: usize,
    feedback: FeedbackState,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let Arguments {
        asking,
        course,
        assignment,
        missing,
    } = arguments;
    let overview = asking.ask(async |exchange| exchange.overview(course).await)?;
    let about = find(&overview, assignment)?;
    let lines: Vec<StudentWork<'_>> = overview
        .students
        .iter()
        .map(|student| line(student, assignment))
        .filter(|line| !(*missing && line.submitted_at.is_some()))
        // A person who left the course without submitting is not missing.
        .filter(|line| line.enrolled || line.submitted_at.is_some())
        .collect();
    asking.show(&lines, || table(&lines, about))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the overview of an assignment. The error says where to find the names of assignments.
pub fn find<'a>(
    overview: &'a CourseOverview,
    assignment: &AssignmentId,
) -> Result<&'a AssignmentOverview, String> {
    let mut assignments = overview.assignments.iter();
    let found = assignments.find(|found| found.assignment == assignment.as_str());
    found.ok_or_else(|| {
        let names = overview.assignments.iter();
        let names: Vec<&str> = names.map(|found| found.assignment.as_str()).collect();
        format!(
            "Assignment not found. The course has: {}",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        )
    })
}

fn line<'a>(student: &'a StudentOverview, assignment: &AssignmentId) -> StudentWork<'a> {
    let mut work = student.work.iter();
    let work = work.find(|work| work.assignment == assignment.as_str());
    StudentWork {
        student: &student.student,
        first_name: student.first_name.as_deref(),
        last_name: student.last_name.as_deref(),
        enrolled: student.enrolled,
        submitted_at: work.map(|work| work.submitted_at),
        late: work.is_some_and(|work| work.late),
        submissions: work.map_or(0, |work| work.submissions),
        feedback: work.map_or(FeedbackState::None, |work| work.feedback),
    }
}

fn table(lines: &[StudentWork<'_>], about: &AssignmentOverview) -> Table {
    let rows = lines.iter().map(|line| {
        let names = [line.first_name, line.last_name].into_iter().flatten();
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let submitted = match line.submitted_at {
            Some(time) => shown(Some(time)),
            None => "missing".to_owned(),
        };
        let late = if line.late { "late" } else { "" };
        let feedback = match line.feedback {
            FeedbackState::None => "-",
            state => state.as_str(),
        };
        let left = if line.enrolled { "" } else { "not enrolled" };
        vec![
            line.student.to_owned(),
            names.join(" "),
            submitted,
            late.to_owned(),
            line.submissions.to_string(),
            feedback.to_owned(),
            left.to_owned(),
        ]
    });
    Table::new(
        &[
            "STUDENT",
            "NAME",
            "SUBMITTED",
            "LATE",
            "TIMES",
            "FEEDBACK",
            "",
        ],
        "Nobody.",
    )
    .rows(rows)
    .foot(format!(
        "Submitted: {}. Missing: {}. Late: {}. With feedback: {}.{}",
        about.submitted,
        about.missing,
        about.late,
        about.feedback,
        about
            .due_at
            .map(|due| format!(" Due: {}.", shown(Some(due))))
            .unwrap_or_default()
    ))
}
