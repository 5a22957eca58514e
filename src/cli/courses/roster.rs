//! `nbcourier roster`

use super::roster_file;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print_data;
use crate::cli::private;
use crate::cli::selection::Selection;
use crate::cli::table::Table;
use encoding_rs::Encoding;
use nbcourier_api::{Member, RosterEntry};
use nbcourier_domain::{CourseId, Role, UserName};
use std::path::PathBuf;
use std::process::ExitCode;

/// Lists and changes the roster of a course
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    what: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the members of a course
    List {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
    },
    /// Add a person to a course, or update their details. Details that are not given stay as they are
    Add {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// The person's name at JupyterHub
        #[arg(value_parser = crate::cli::new_user_name)]
        user: UserName,
        /// The person's role in the course. Instructors appoint assistants, and administrators appoint instructors
        #[arg(long, value_enum, default_value = "student")]
        role: RoleWord,
        /// First name
        #[arg(long, value_name = "NAME")]
        first_name: Option<String>,
        /// Last name
        #[arg(long, value_name = "NAME")]
        last_name: Option<String>,
        /// E-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Add or update everybody in a CSV file, or nobody if one line is refused
    #[command(
        long_about = "Add or update everybody in a CSV file, or nobody if one line is refused.\n\nThe first line names \
                      the columns, in any order: `username` (or `student_id`, or `id`), and optionally `role` (student, \
                      assistant or instructor; student if it is empty), `first_name`, `last_name` and `email`. The usual English, German, \
                      French and Spanish names are recognised as well. Other columns are reported and ignored. An empty \
                      cell leaves that detail unchanged. Cells are separated by commas, semicolons or tabs."
    )]
    Import {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// The CSV file, or - for standard input
        #[arg(value_name = "CSV")]
        file: PathBuf,
        /// Name of the column that holds the names at JupyterHub
        #[arg(long, value_name = "COLUMN")]
        user_column: Option<String>,
        /// Encoding of the file, such as windows-1250 or macintosh. By default, one that is not UTF-8 or UTF-16 is guessed
        #[arg(long, value_name = "NAME", value_parser = crate::tables::encoding)]
        encoding: Option<&'static Encoding>,
    },
    /// Write the roster as a CSV file that `import` reads
    Export {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// Write to this file, readable by you alone; - is standard output [default: -]
        #[arg(value_name = "CSV")]
        file: Option<PathBuf>,
    },
    /// Remove people from a course. Their submissions stay
    Remove {
        /// The course
        #[arg(value_parser = crate::cli::course_id)]
        course: CourseId,
        /// The people's names at JupyterHub
        #[arg(value_parser = crate::cli::user_name, required = true)]
        users: Vec<UserName>,
    },
}

/// A role on the command line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleWord {
    Student,
    Assistant,
    Instructor,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Student => Self::Student,
            RoleWord::Assistant => Self::Assistant,
            RoleWord::Instructor => Self::Instructor,
        }
    }
}

pub fn run(Arguments { asking, what }: Arguments) -> Outcome {
    match what {
        Command::List { course } => {
            let people = asking.ask(async |exchange| exchange.roster(&course).await)?;
            let json = Selection::of_each(&people, MEMBER);
            asking.show(&json, || list(&course, &people))?;
        }
        Command::Add {
            course,
            user,
            role,
            first_name,
            last_name,
            email,
        } => {
            let entry = RosterEntry {
                username: user.as_str().to_owned(),
                role: role.into(),
                first_name,
                last_name,
                email,
            };
            put(&asking, &course, vec![entry])?;
        }
        Command::Import {
            course,
            file,
            user_column,
            encoding,
        } => {
            let read = roster_file::read(&file, user_column.as_deref(), encoding)?;
            for note in read.notes {
                eprintln!("nbcourier: {note}");
            }
            put(&asking, &course, read.entries)?;
        }
        Command::Export { course, file } => {
            let people = asking.ask(async |exchange| exchange.roster(&course).await)?;
            let text = roster_file::write(people)?;
            match file {
                Some(file) if file.as_os_str() != "-" => private::write(&file, text.as_bytes())
                    .map_err(|error| format!("{} cannot be written: {error}", file.display()))?,
                _ => print_data(&text)?,
            }
        }
        Command::Remove { course, users } => return remove(&asking, &course, &users),
    }
    Ok(ExitCode::SUCCESS)
}

/// The members of a [`Member`] that are printed as JSON.
pub const MEMBER: &[&str] = &[
    "username",
    "role",
    "first_name",
    "last_name",
    "email",
    "by_group",
];

fn list(course: &CourseId, people: &[Member]) -> Table {
    let rows = people.iter().map(|member| {
        let text = |detail: &Option<String>| detail.clone().unwrap_or_default();
        let by_group = if member.by_group { "group" } else { "" };
        vec![
            member.person.username.to_string(),
            member.role.word().to_owned(),
            text(&member.person.first_name),
            text(&member.person.last_name),
            text(&member.person.email),
            by_group.to_owned(),
        ]
    });
    Table::new(
        &["USER", "ROLE", "FIRST NAME", "LAST NAME", "E-MAIL", "BY"],
        format!("{course} has no members."),
    )
    .rows(rows)
}

fn put(
    asking: &Asking,
    course: &CourseId,
    people: Vec<RosterEntry>,
) -> Result<(), Box<dyn std::error::Error>> {
    let changes = asking.ask(async |exchange| exchange.put_roster(course, people).await)?;
    asking.confirm(
        &changes,
        &format!("Added: {}. Updated: {}.", changes.added, changes.updated),
    )?;
    for warning in &changes.warnings {
        eprintln!("nbcourier: {warning}");
    }
    Ok(())
}

/// Removes all people it can. A person who is not on the roster does not stop it.
fn remove(asking: &Asking, course: &CourseId, users: &[UserName]) -> Outcome {
    let results = asking.ask(async |exchange| {
        let mut results = Vec::new();
        for user in users {
            let result = exchange.remove_from_roster(course, user).await;
            results.push((user.as_str(), result.err().map(|error| error.to_string())));
        }
        Ok(results)
    })?;
    let removed = results.iter().filter(|(_, error)| error.is_none()).count();
    let answer: Vec<_> = results
        .iter()
        .map(|(user, error)| serde_json::json!({ "username": user, "error": error }))
        .collect();
    asking.confirm(&answer, &format!("Removed: {removed}."))?;
    for (user, error) in &results {
        if let Some(error) = error {
            eprintln!("nbcourier: {user}: {error}");
        }
    }
    Ok(if removed == users.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
