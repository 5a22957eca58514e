//! The command line, with one file for each subcommand.

// First, because its macros replace those of the standard library in the modules below.
#[macro_use]
mod output;

mod asking;
mod courses;
mod data;
mod data_dir;
mod delivery;
mod directories;
mod doctor;
mod folders;
mod late;
mod mirror;
mod people;
mod private;
mod progress;
mod selection;
mod server;
mod sharing;
mod sync;
mod table;
mod table_file;
mod when;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use courses::{
    activity, allowance, course, course_management, dates, events, extension, feedback, materials,
    presence, receipt, roster, starts, submissions, trash,
};
use data::{backup, demo, export, fsck, gc, import, move_data, restore};
use delivery::{pull, revert, start};
use late::Late;
use nbcourier_domain::{AssignmentId, CourseId, IllegalName, UserName, oddity};
use people::user;
use server::{config, routes, serve};
use sharing::{share, shares};
use std::path::Path;
use std::process::ExitCode;

/// The exchange service for nbgrader on a JupyterHub without a shared file system
#[derive(Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Each flag has an environment variable. The file named by --config can hold the settings of `serve`. \
                  A flag wins over a variable, and a variable wins over the file.\n\n\
                  Commands about courses ask a running exchange, as the owner of JUPYTERHUB_API_TOKEN. On a notebook \
                  server of JupyterHub they find the exchange. Elsewhere, set NBCOURIER_URL.\n\n\
                  To try it out: nbcourier serve --standalone --admins root"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the exchange, behind a JupyterHub or without one
    Serve(Late<serve::Arguments>),
    /// Back up all data incrementally
    Backup(Late<backup::Arguments>),
    /// Restore a backup to an empty place
    Restore(Late<restore::Arguments>),
    /// Move all data to another database, to a bucket, or back
    Move(Late<move_data::Arguments>),
    /// Print all settings and the origin of each
    Config(Late<config::Arguments>),
    /// Find problems and say how to solve them
    Doctor(Late<doctor::Arguments>),
    /// Create a demonstration course in an empty data directory
    Demo(Late<demo::Arguments>),
    /// Export a course into one archive
    Export(Late<export::Arguments>),
    /// Check that every stored file is there and unchanged
    Fsck(Late<fsck::Arguments>),
    /// Remove deleted data for good after its retention time, and free the disk space
    Gc(Late<gc::Arguments>),
    /// Import courses from another exchange
    Import(Late<import::Arguments>),
    /// Show, rename, merge, export and remove people
    User(Late<user::Arguments>),
    /// List, create, show and delete courses
    Course(Late<course::Arguments>),
    /// List and change the roster of a course
    Roster(Late<roster::Arguments>),
    /// Show who has submitted and who has not
    Submissions(Late<submissions::Arguments>),
    /// Show or set the opening time, due time and cut-off of an assignment
    Dates(Late<dates::Arguments>),
    /// List and change extensions of single students
    Extension(Late<extension::Arguments>),
    /// List and change the hours that single students always have more in a course
    Allowance(Late<allowance::Arguments>),
    /// Remove feedback that students can fetch
    Feedback(Late<feedback::Arguments>),
    /// Share, read and change directories, which keep their versions
    Dir(Late<directories::Arguments>),
    /// Bring the folders that courses deliver to your home up to date
    Pull(Late<pull::Arguments>),
    /// Replace files with their originals, and put yours beside them
    Revert(Late<revert::Arguments>),
    /// Bring delivered folders up to date at the start of your server
    Start(Late<start::Arguments>),
    /// Keep folders of this machine and directories equal
    Sync(Late<sync::Arguments>),
    /// Share a notebook as a read-only page, and print its link
    Share(Late<share::Arguments>),
    /// List or revoke the links to pages that you share
    Shares(Late<shares::Arguments>),
    /// Keep the directories of courses on this machine, once for all its users
    Mirror(Late<mirror::Arguments>),
    /// Make directories of a course follow folders of git repositories
    Materials(Late<materials::Arguments>),
    /// Show who did what, in one course or in all
    Events(Late<events::Arguments>),
    /// Show when the students of a course were last seen
    Presence(Late<presence::Arguments>),
    /// Show the work of students on the notebooks of a course
    Activity(Late<activity::Arguments>),
    /// Show the reports of starts of servers of a course's members
    Starts(Late<starts::Arguments>),
    /// List deleted data and restore it
    Trash(Late<trash::Arguments>),
    /// Verify receipts of submissions
    Receipt(Late<receipt::Arguments>),
    /// Run ngshare's course management commands under their own names
    #[command(name = course_management::NAME)]
    CourseManagement(Late<course_management::Arguments>),
    /// Print the addresses of the exchange
    #[command(hide = true)]
    Routes,
}

/// Runs the command. The exit code is 0 if it succeeded, 1 if it failed, with the reason on standard error, and 2 if
/// the command line is wrong.
pub fn run() -> ExitCode {
    // A link with the name of ngshare's program makes this program behave like it.
    if called_as() == Some(course_management::NAME.into()) {
        let arguments = course_management::Arguments::parse();
        return ended(course_management::NAME, course_management::run(arguments));
    }
    // The child in which the server runs git. Only the server calls it.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == nbcourier_fetching::LAUNCH)
    {
        return ended("nbcourier", server::become_git());
    }
    let matches = CommandLine::command().get_matches();
    let command = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // There is always a subcommand. Its matches say which settings were given.
    let empty = ArgMatches::default();
    let given = matches.subcommand().map_or(&empty, |(_, given)| given);
    if let Err(error) = crate::config::refuse_visible_password(&matches) {
        return ended("nbcourier", Err(error.into()));
    }
    // That command writes no file itself. It runs nbgrader, and the owner of the gradebook decides who can read it.
    if !matches!(command.command, Command::CourseManagement(_)) {
        private::from_now_on();
    }
    let result = match command.command {
        Command::Serve(Late(arguments)) => serve::run(*arguments, given),
        Command::Config(Late(arguments)) => config::run(*arguments, given),
        Command::Doctor(Late(arguments)) => doctor::run(*arguments),
        Command::Backup(Late(arguments)) => backup::run(&arguments),
        Command::Restore(Late(arguments)) => restore::run(&arguments),
        Command::Move(Late(arguments)) => move_data::run(&arguments),
        Command::Demo(Late(arguments)) => demo::run(&arguments),
        Command::Export(Late(arguments)) => export::run(*arguments),
        Command::Fsck(Late(arguments)) => fsck::run(&arguments),
        Command::Gc(Late(arguments)) => gc::run(&arguments),
        Command::Import(Late(arguments)) => import::run(*arguments),
        Command::User(Late(arguments)) => user::run(*arguments),
        Command::Course(Late(arguments)) => course::run(*arguments),
        Command::Roster(Late(arguments)) => roster::run(*arguments),
        Command::Submissions(Late(arguments)) => submissions::run(&arguments),
        Command::Dates(Late(arguments)) => dates::run(&arguments),
        Command::Extension(Late(arguments)) => extension::run(*arguments),
        Command::Allowance(Late(arguments)) => allowance::run(*arguments),
        Command::Feedback(Late(arguments)) => feedback::run(*arguments),
        Command::Dir(Late(arguments)) => directories::run(*arguments),
        Command::Pull(Late(arguments)) => pull::run(*arguments),
        Command::Revert(Late(arguments)) => revert::run(&arguments),
        Command::Start(Late(arguments)) => start::run(&arguments),
        Command::Sync(Late(arguments)) => sync::run(*arguments),
        Command::Share(Late(arguments)) => share::run(&arguments),
        Command::Shares(Late(arguments)) => shares::run(&arguments),
        Command::Mirror(Late(arguments)) => mirror::run(*arguments),
        Command::Materials(Late(arguments)) => materials::run(*arguments),
        Command::Events(Late(arguments)) => events::run(*arguments),
        Command::Presence(Late(arguments)) => presence::run(&arguments),
        Command::Activity(Late(arguments)) => activity::run(&arguments),
        Command::Starts(Late(arguments)) => starts::run(&arguments),
        Command::Trash(Late(arguments)) => trash::run(*arguments),
        Command::Receipt(Late(arguments)) => receipt::run(*arguments),
        Command::CourseManagement(Late(arguments)) => {
            return ended(course_management::NAME, course_management::run(*arguments));
        }
        Command::Routes => Ok(routes::run()),
    };
    ended("nbcourier", result)
}

fn ended(program: &str, result: Outcome) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("{program}: {error}");
        ExitCode::FAILURE
    })
}

/// Returns the name by which the program was started, without its directory.
fn called_as() -> Option<String> {
    let path = std::env::args_os().next()?;
    Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned())
}

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

fn course_id(text: &str) -> Result<CourseId, IllegalName> {
    CourseId::parse(text)
}

fn assignment_id(text: &str) -> Result<AssignmentId, IllegalName> {
    AssignmentId::parse(text)
}

/// Parses the ID of a course to be created. Blanks around it are removed.
fn new_course_id(text: &str) -> Result<CourseId, String> {
    let text = text.trim();
    refuse_oddity(text)?;
    CourseId::parse(text).map_err(|error| error.to_string())
}

/// Parses the name of a user to be stored.
fn new_user_name(text: &str) -> Result<UserName, String> {
    UserName::parse_new(text.trim())
        .map_err(|why| format!("it {why}. Type the name as the hub spells it"))
}

fn refuse_oddity(text: &str) -> Result<(), String> {
    match oddity(text) {
        None => Ok(()),
        Some(oddity) => Err(format!(
            "it {oddity}, so it looks like another name. Type it again"
        )),
    }
}

fn user_name(text: &str) -> Result<UserName, IllegalName> {
    UserName::parse(text)
}
