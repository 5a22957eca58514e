//! `nbcourier trash`

use super::Outcome;
use super::asking::Asking;
use super::table::Table;
use super::when::shown;
use crate::client::{DeletedCourse, Kind, Trash};
use crate::domain::CourseId;
use std::process::ExitCode;

/// Lists what was deleted, and brings it back
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the deleted courses, or what was deleted in a course
    List {
        /// The course; without one, the deleted courses, for administrators
        #[arg(value_parser = super::course_id)]
        course: Option<CourseId>,
    },
    /// Bring a deleted course back, by its number in the list; for administrators
    RestoreCourse {
        /// Its number
        number: i64,
    },
    /// Bring something back into its course, by its number in the list
    Restore {
        /// The course
        #[arg(value_parser = super::course_id)]
        course: CourseId,
        /// What it is
        #[arg(value_enum)]
        kind: Kind,
        /// Its number
        number: i64,
    },
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        What::List { course: None } => {
            let courses = asking.ask(async |exchange| exchange.deleted_courses().await)?;
            asking.show(&courses, || list_of_courses(&courses))?;
        }
        What::List {
            course: Some(course),
        } => {
            let trash = asking.ask(async |exchange| exchange.trash(&course).await)?;
            asking.show(&trash, || list(&trash))?;
        }
        What::RestoreCourse { number } => {
            asking.ask(async |exchange| exchange.restore_course(number).await)?;
            asking.tell(
                &serde_json::json!({}),
                "The course is back with all that was in it.",
            )?;
        }
        What::Restore {
            course,
            kind,
            number,
        } => {
            asking.ask(async |exchange| exchange.restore(&course, kind, number).await)?;
            asking.tell(&serde_json::json!({}), "It is back.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list_of_courses(courses: &[DeletedCourse]) -> Table {
    let rows = courses.iter().map(|course| {
        vec![
            course.id.to_string(),
            course.course.clone(),
            shown(Some(&course.deleted_at)),
        ]
    });
    Table::new(
        &["NUMBER", "COURSE", "DELETED"],
        "No course can be brought back.",
    )
    .rows(rows)
}

fn list(trash: &Trash) -> Table {
    let kinds = [
        ("assignment", &trash.assignments),
        ("submission", &trash.submissions),
        ("feedback", &trash.feedback),
    ];
    let rows = kinds.into_iter().flat_map(|(kind, all)| {
        all.iter().map(move |deleted| {
            vec![
                kind.to_owned(),
                deleted.id.to_string(),
                deleted.assignment.clone(),
                deleted.student.clone().unwrap_or_default(),
                shown(Some(&deleted.deleted_at)),
            ]
        })
    });
    Table::new(
        &["WHAT", "NUMBER", "ASSIGNMENT", "STUDENT", "DELETED"],
        "Nothing can be brought back.",
    )
    .rows(rows)
}
