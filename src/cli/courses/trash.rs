//! `nbcourier trash`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::selection::Selection;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{CourseTrash, DeletedAssignment, DeletedCourse, DeletedSubmission};
use nbcourier_client::Kind;
use nbcourier_domain::CourseId;
use serde::Serialize;
use std::process::ExitCode;

/// Lists deleted data and restores it
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List deleted courses, or deleted data of one course
    List {
        /// The course. Without it, list deleted courses. For administrators
        #[arg(value_parser = crate::cli::course_id)]
        course: Option<CourseId>,
    },
    /// Restore a deleted course, by its number in the list. For administrators
    RestoreCourse {
        /// The number in the list
        number: i64,
    },
    /// Restore deleted data of a course, by its number in the list
    Restore {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// The kind of data
        #[arg(value_enum)]
        kind: Kind,
        /// The number in the list
        number: i64,
    },
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List { course: None } => {
            let courses = asking.ask(async |exchange| exchange.deleted_courses().await)?;
            asking.show(&courses, || list_of_courses(&courses))?;
        }
        Command::List {
            course: Some(course),
        } => {
            let trash = asking.ask(async |exchange| exchange.trash(&course).await)?;
            asking.show(&json(&trash), || list(&trash))?;
        }
        Command::RestoreCourse { number } => {
            asking.ask(async |exchange| exchange.restore_course(number).await)?;
            asking.confirm(
                &serde_json::json!({}),
                "Restored the course with everything in it.",
            )?;
        }
        Command::Restore {
            course,
            kind,
            number,
        } => {
            asking.ask(async |exchange| exchange.restore(&course, kind, number).await)?;
            asking.confirm(&serde_json::json!({}), "Restored.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list_of_courses(courses: &[DeletedCourse]) -> Table {
    let rows = courses.iter().map(|course| {
        vec![
            course.id.to_string(),
            course.course.clone(),
            shown(Some(course.deleted_at)),
        ]
    });
    Table::new(
        &["NUMBER", "COURSE", "DELETED"],
        "No course can be restored.",
    )
    .rows(rows)
}

/// Returns the trash as JSON.
fn json(trash: &CourseTrash) -> impl Serialize {
    #[derive(Serialize)]
    struct Json<'a> {
        assignments: Vec<Selection<'a, DeletedAssignment>>,
        submissions: Vec<Selection<'a, DeletedSubmission>>,
        feedback: Vec<Selection<'a, DeletedSubmission>>,
    }
    let submission = &["id", "assignment", "student", "deleted_at"];
    Json {
        assignments: Selection::of_each(&trash.assignments, &["id", "assignment", "deleted_at"]),
        submissions: Selection::of_each(&trash.submissions, submission),
        feedback: Selection::of_each(&trash.feedback, submission),
    }
}

fn list(trash: &CourseTrash) -> Table {
    let assignments = trash.assignments.iter().map(|deleted| {
        vec![
            "assignment".to_owned(),
            deleted.id.to_string(),
            deleted.assignment.clone(),
            String::new(),
            shown(Some(deleted.deleted_at)),
        ]
    });
    let kinds = [
        ("submission", &trash.submissions),
        ("feedback", &trash.feedback),
    ];
    let submissions = kinds.into_iter().flat_map(|(kind, all)| {
        all.iter().map(move |deleted| {
            vec![
                kind.to_owned(),
                deleted.id.to_string(),
                deleted.assignment.clone(),
                deleted.student.clone(),
                shown(Some(deleted.deleted_at)),
            ]
        })
    });
    Table::new(
        &["WHAT", "NUMBER", "ASSIGNMENT", "STUDENT", "DELETED"],
        "Nothing can be restored.",
    )
    .rows(assignments.chain(submissions))
}
