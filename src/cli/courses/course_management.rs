//! `ngshare-course-management`: the commands of `ngshare_exchange` under their own names, as in its version 0.5.3.
//!
//! The command uses only the ngshare protocol, so it works against ngshare as well. It differs where scripts benefit:
//! any failure makes the exit code 1, and a refused student does not keep others from being added or removed.

use super::gradebook;
use crate::cli::Outcome;
use crate::cli::asking::ask;
use crate::cli::course_id;
use crate::cli::output::print;
use crate::cli::table_file::{self, SAVE_AS_UTF8};
use crate::cli::user_name;
use crate::config::ClientArgs;
use clap::{CommandFactory, Parser};
use nbcourier_client::{Client, Details};
use nbcourier_domain::{CourseId, Role, UserName};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The name of the program.
pub const NAME: &str = "ngshare-course-management";
const COLUMNS: [&str; 4] = ["student_id", "first_name", "last_name", "email"];

/// Creates courses and changes their rosters with ngshare's commands
#[derive(Parser)]
#[command(name = NAME, version, infer_long_args = true)]
pub struct Arguments {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    what: Option<Command>,
}

#[derive(clap::Subcommand)]
#[command(rename_all = "snake_case")]
enum Command {
    /// Create a course
    CreateCourse {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// Instructors of the course
        #[arg(value_name = "INSTRUCTOR", value_parser = user_name)]
        instructors: Vec<UserName>,
    },
    /// Add or update one instructor of a course
    AddInstructor {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// Username of the instructor
        #[arg(value_name = "INSTRUCTOR_ID", value_parser = user_name)]
        instructor: UserName,
        #[command(flatten)]
        names: Names,
    },
    /// Remove one instructor from a course
    RemoveInstructor {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// Username of the instructor
        #[arg(value_name = "INSTRUCTOR_ID", value_parser = user_name)]
        instructor: UserName,
    },
    /// Add or update one student of a course
    AddStudent {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// Username of the student
        #[arg(value_name = "STUDENT_ID", value_parser = user_name)]
        student: UserName,
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        gradebook: Gradebook,
    },
    /// Add or update the students in a CSV file
    AddStudents {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// A CSV file with the columns `student_id,first_name,last_name,email`
        #[arg(value_name = "CSV_FILE")]
        file: PathBuf,
        #[command(flatten)]
        gradebook: Gradebook,
    },
    /// Remove students from a course
    RemoveStudents {
        /// ID of the course
        #[arg(value_name = "COURSE_ID", value_parser = course_id)]
        course: CourseId,
        /// Usernames of the students
        #[arg(value_name = "STUDENT", value_parser = user_name, required = true)]
        students: Vec<UserName>,
        #[command(flatten)]
        gradebook: Gradebook,
        /// Remove them from the gradebook even if that deletes their grades
        #[arg(long)]
        force: bool,
    },
}

#[derive(clap::Args)]
struct Names {
    /// First name
    #[arg(short, long = "first_name", alias = "first-name", value_name = "NAME")]
    first_name: Option<String>,
    /// Last name
    #[arg(short, long = "last_name", alias = "last-name", value_name = "NAME")]
    last_name: Option<String>,
    /// E-mail address
    #[arg(short, long, value_name = "ADDRESS")]
    email: Option<String>,
}

#[derive(clap::Args)]
struct Gradebook {
    /// Leave nbgrader's gradebook unchanged. Otherwise run `nbgrader db student` in the current directory
    #[arg(long)]
    no_gb: bool,
}

pub fn run(Arguments { client, what }: Arguments) -> Outcome {
    let Some(what) = what else {
        print(&Arguments::command().render_help().to_string())?;
        return Ok(ExitCode::SUCCESS);
    };
    match what {
        Command::CreateCourse {
            course,
            instructors,
        } => {
            ask(&client, async |exchange| {
                exchange.create_course(&course, &instructors).await
            })?;
            print(&format!("Successfully created {course}\n"))?;
        }
        Command::AddInstructor {
            course,
            instructor,
            names,
        } => {
            let details = names.details();
            ask(&client, async |exchange| {
                exchange
                    .put_member(&course, Role::Instructor, &instructor, &details)
                    .await
            })?;
            print(&format!(
                "Successfully added {instructor} as an instructor to {course}\n"
            ))?;
        }
        Command::RemoveInstructor { course, instructor } => {
            ask(&client, async |exchange| {
                exchange
                    .remove_member(&course, Role::Instructor, &instructor)
                    .await
            })?;
            print(&format!(
                "Successfully deleted instructor {instructor} from {course}\n"
            ))?;
        }
        Command::AddStudent {
            course,
            student,
            names,
            gradebook,
        } => {
            let details = names.of_student();
            ask(&client, async |exchange| {
                exchange
                    .put_member(&course, Role::Student, &student, &details)
                    .await
            })?;
            print(&format!(
                "Successfully added/updated {student} on {course}\n"
            ))?;
            if !gradebook.no_gb {
                gradebook::add(&student, &details)?;
            }
        }
        Command::AddStudents {
            course,
            file,
            gradebook,
        } => return add_students(&client, &course, &file, &gradebook),
        Command::RemoveStudents {
            course,
            students,
            gradebook,
            force,
        } => {
            return ask(&client, async |exchange| {
                let mut all_well = true;
                for student in &students {
                    all_well &= remove_student(exchange, &course, student, &gradebook, force).await;
                }
                Ok(exit_code(all_well))
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Names {
    /// Returns the details as given. If one is missing, the exchange asks for it.
    fn details(self) -> Details {
        Details {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
        }
    }

    /// Returns the details of a student, with empty texts for the missing ones.
    fn of_student(self) -> Details {
        Details {
            first_name: Some(self.first_name.unwrap_or_default()),
            last_name: Some(self.last_name.unwrap_or_default()),
            email: Some(self.email.unwrap_or_default()),
        }
    }
}

fn add_students(
    client: &ClientArgs,
    course: &CourseId,
    file: &Path,
    gradebook: &Gradebook,
) -> Outcome {
    let (students, mut all_well) = read(file)?;
    let enrolled = ask(client, async |exchange| {
        exchange.put_students(course, &students).await
    })?;
    for (enrolment, (student, details)) in enrolled.iter().zip(&students) {
        if !enrolment.success {
            let reason = enrolment.message.as_deref().unwrap_or("no reason");
            complain(&format!(
                "There was an error adding {student} to {course}: {reason}"
            ));
            all_well = false;
            continue;
        }
        print(&format!("{student} was successfully added to {course}\n"))?;
        if gradebook.no_gb {
            continue;
        }
        if let Err(sentence) = gradebook::add(student, details) {
            complain(&sentence);
            all_well = false;
        }
    }
    Ok(exit_code(all_well))
}

/// Returns the students in the file, and whether every line names one.
fn read(file: &Path) -> Result<(Vec<(UserName, Details)>, bool), String> {
    let table = table_file::read(file, None, SAVE_AS_UTF8)?;
    if table.is_empty() {
        return Err(format!("{} is empty", file.display()));
    }
    for column in COLUMNS {
        if !table.has(column) {
            return Err(format!("Missing column {column} in {}.", file.display()));
        }
    }
    if let Some(encoding) = table.guessed() {
        complain(&format!(
            "{} is not UTF-8 and was read as {encoding}, which is a guess. If the names are wrong, save it as UTF-8 \
             and try again",
            file.display()
        ));
    }
    let mut students = Vec::new();
    let mut all_well = true;
    for (row, number) in table.rows().zip(1..) {
        let detail = |column| Some(row.get(column).to_owned());
        let details = Details {
            first_name: detail("first_name"),
            last_name: detail("last_name"),
            email: detail("email"),
        };
        match (
            row.get("student_id"),
            UserName::parse_new(row.get("student_id")),
        ) {
            ("", _) => complain(&format!("Student ID cannot be empty (row {number})")),
            (id, Ok(student)) => {
                let Some(why) = table_file::uncertain(&table, id, SAVE_AS_UTF8) else {
                    students.push((student, details));
                    continue;
                };
                complain(&format!("{id:?} (row {number}) {why}"));
            }
            (id, Err(why)) => complain(&format!("{id:?} {why} (row {number})")),
        }
        all_well = false;
    }
    Ok((students, all_well))
}

/// Removes a student from the gradebook and then from the course, in the order of ngshare's command.
async fn remove_student(
    exchange: &Client,
    course: &CourseId,
    student: &UserName,
    gradebook: &Gradebook,
    force: bool,
) -> bool {
    let mut all_well = true;
    if !gradebook.no_gb
        && let Err(sentence) = gradebook::remove(student, force)
    {
        complain(&sentence);
        all_well = false;
    }
    match exchange.remove_member(course, Role::Student, student).await {
        Ok(()) => {
            let sentence = format!("Successfully deleted {student} from {course}\n");
            print(&sentence).is_ok() && all_well
        }
        Err(error) => {
            complain(&format!("{student}: {error}"));
            false
        }
    }
}

fn complain(sentence: &str) {
    eprintln!("{NAME}: {sentence}");
}

fn exit_code(all_well: bool) -> ExitCode {
    if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
