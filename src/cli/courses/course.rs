//! `nbcourier course`

use super::roster::MEMBER;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::selection::Selection;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{Assignment, Course, Member, NewCourseSettings};
use nbcourier_domain::{CourseId, Role, Sharing, UserName};
use serde::Serialize;
use std::process::ExitCode;

/// Lists, creates, shows and deletes courses of an exchange
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List your courses. Administrators see all courses
    List,
    /// Show the members and the releases of a course
    Show {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
    },
    /// Create a course. For administrators
    Create {
        /// ID of the course, as in `c.CourseDirectory.course_id`
        #[arg(value_parser = crate::cli::new_course_id)]
        course: CourseId,
        /// Instructors of the course
        #[arg(value_parser = crate::cli::new_user_name)]
        instructors: Vec<UserName>,
    },
    /// Show or change the settings of a course. A setting without its option stays as it is
    #[command(after_help = "An empty text removes the title or the time zone.")]
    Settings {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// Title that people see beside the name
        #[arg(long, value_name = "TITLE")]
        title: Option<String>,
        /// Time zone in which the dates are meant, such as Europe/Berlin
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// Let members share pages by links with nobody (off), with members (course) or with everybody (hub)
        #[arg(long, value_name = "AUDIENCE", value_parser = sharing)]
        sharing: Option<Sharing>,
        /// Count the work of students on notebooks (on), or stop counting it (off)
        #[arg(long, value_name = "SWITCH", value_enum)]
        activity: Option<Switch>,
    },
    /// Delete a course with everything in it. For administrators. `nbcourier trash` restores it
    Delete {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
    },
}

/// The positions of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    /// On
    On,
    /// Off
    Off,
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List => {
            let courses = asking.ask(async |exchange| exchange.courses().await)?;
            asking.show(&courses, || list(&courses))?;
        }
        Command::Show { course } => show(&asking, &course)?,
        Command::Create {
            course,
            instructors,
        } => {
            asking.ask(async |exchange| exchange.create_course(&course, &instructors).await)?;
            let answer = serde_json::json!({ "course": course, "instructors": instructors });
            asking.confirm(&answer, &format!("Created the course {course}."))?;
        }
        Command::Settings {
            course,
            title,
            time_zone,
            sharing,
            activity,
        } => {
            let given = Given {
                title,
                time_zone,
                sharing,
                activity,
            };
            settings(&asking, &course, &given)?;
        }
        Command::Delete { course } => {
            asking.ask(async |exchange| {
                // ngshare would delete the course for good. ngshare does not know this request, so the command fails
                // there.
                exchange.courses().await?;
                exchange.delete_course(&course).await
            })?;
            let answer = serde_json::json!({ "course": course });
            asking.confirm(
                &answer,
                &format!(
                    "Deleted the course {course}. `nbcourier trash` can restore it until it is removed for good."
                ),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(courses: &[Course]) -> Table {
    let rows = courses.iter().map(|course| {
        let role = course.role.map_or("-", Role::word);
        vec![course.course.clone(), role.to_owned()]
    });
    Table::new(&["COURSE", "YOU ARE"], "You are not in any course.").rows(rows)
}

/// Parses the widest audience for shared pages.
fn sharing(text: &str) -> Result<Sharing, &'static str> {
    Sharing::of_word(text).ok_or("use off, course or hub")
}

/// The settings on the command line.
struct Given {
    title: Option<String>,
    time_zone: Option<String>,
    sharing: Option<Sharing>,
    activity: Option<Switch>,
}

impl Given {
    fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.time_zone.is_none()
            && self.sharing.is_none()
            && self.activity.is_none()
    }
}

fn settings(
    asking: &Asking,
    course: &CourseId,
    given: &Given,
) -> Result<(), Box<dyn std::error::Error>> {
    let settings = asking.ask(async |exchange| {
        let known = exchange.course_settings(course).await?;
        if given.is_empty() {
            return Ok(known);
        }
        let changed = |given: &Option<String>, known| match given {
            Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            None => known,
        };
        let settings = NewCourseSettings {
            title: changed(&given.title, known.title),
            time_zone: changed(&given.time_zone, known.time_zone),
            sharing: given.sharing,
            activity: given.activity.map(|switch| switch == Switch::On),
        };
        exchange.set_course_settings(course, &settings).await
    })?;
    let text = |setting: &Option<String>| setting.clone().unwrap_or_else(|| "-".to_owned());
    asking.show(&settings, || {
        let row = vec![
            text(&settings.title),
            text(&settings.time_zone),
            settings.sharing.to_string(),
            if settings.activity { "on" } else { "off" }.to_owned(),
        ];
        Table::new(&["TITLE", "TIME ZONE", "SHARING", "ACTIVITY"], "").rows([row])
    })?;
    Ok(())
}

/// A course as it is printed.
struct CourseDetails {
    course: Course,
    /// The members. A student does not see them.
    people: Option<Vec<Member>>,
    assignments: Vec<Assignment>,
}

/// The members of an assignment that are printed as JSON.
const ASSIGNMENT: &[&str] = &[
    "assignment",
    "version",
    "released_at",
    "opens_at",
    "due_at",
    "cutoff_at",
];

impl CourseDetails {
    /// Returns the course as JSON.
    fn json(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Json<'a> {
            #[serde(flatten)]
            course: &'a Course,
            #[serde(skip_serializing_if = "Option::is_none")]
            people: Option<Vec<Selection<'a, Member>>>,
            assignments: Vec<Selection<'a, Assignment>>,
        }
        let people = self.people.as_deref();
        Json {
            course: &self.course,
            people: people.map(|people| Selection::of_each(people, MEMBER)),
            assignments: Selection::of_each(&self.assignments, ASSIGNMENT),
        }
    }
}

fn show(asking: &Asking, course: &CourseId) -> Result<(), Box<dyn std::error::Error>> {
    let details = asking.ask(async |exchange| {
        let assignments = exchange.assignments(course).await?;
        let courses = exchange.courses().await?;
        let found = courses
            .into_iter()
            .find(|found| found.course == course.as_str());
        let role = found.and_then(|found| found.role);
        let people = match role {
            Some(Role::Student) => None,
            Some(Role::Assistant | Role::Instructor) | None => Some(exchange.roster(course).await?),
        };
        Ok(CourseDetails {
            course: Course {
                course: course.to_string(),
                role,
            },
            people,
            assignments,
        })
    })?;
    asking.show(&details.json(), || table(&details))?;
    Ok(())
}

fn table(course: &CourseDetails) -> Table {
    let rows = course.assignments.iter().map(|released| {
        vec![
            released.assignment.clone(),
            released.version.to_string(),
            shown(Some(released.released_at)),
            shown(released.due_at),
        ]
    });
    let table = Table::new(
        &["ASSIGNMENT", "VERSION", "RELEASED", "DUE"],
        "Nothing is released.",
    )
    .rows(rows);
    let Some(people) = &course.people else {
        return table;
    };
    let count = |role| people.iter().filter(|member| member.role == role).count();
    table.foot(format!(
        "Instructors: {}. Assistants: {}. Students: {}.",
        count(Role::Instructor),
        count(Role::Assistant),
        count(Role::Student)
    ))
}
