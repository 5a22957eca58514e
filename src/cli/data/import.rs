//! `nbcourier import`

use super::import_archive;
use crate::cli::Outcome;
use crate::cli::course_id;
use crate::cli::data_dir::{Lock, claim, open_blobs, operator, runtime, unbounded};
use crate::cli::new_user_name;
use crate::cli::output::print_json;
use crate::cli::progress::Progress;
use crate::config::{BucketArgs, PlaceArgs, Places, ngshare_database};
use clap::Subcommand;
use nbcourier_domain::{Count, CourseId, Timestamp, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::imports::Importer;
use nbcourier_exchange::upkeep::runs::{self, Task};
use nbcourier_import::directory::{Directory, Times};
use nbcourier_import::ngshare::Ngshare;
use nbcourier_import::{Mover, Names, Problem, Report, Rules, Summary};
use nbcourier_storage::{Opening, Store};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Imports courses from another exchange, which is only read. The server here must be stopped
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand)]
enum From {
    /// Import from ngshare 0.5 or 0.6: courses, rosters, assignments, submissions and feedback
    Ngshare(NgshareArguments),
    /// Import from nbgrader's own exchange, a shared directory: assignments, submissions and feedback
    Exchange(ExchangeArguments),
    /// Import a course from an archive of nbcourier export
    Archive(import_archive::Arguments),
}

#[derive(clap::Args)]
struct ExchangeArguments {
    /// The directory, as in nbgrader's Exchange.root
    directory: PathBuf,
    /// Make this user an instructor of the courses, because the directory names none. Can be repeated
    #[arg(long = "instructor", value_name = "USER", value_parser = new_user_name)]
    instructors: Vec<UserName>,
    /// Read times without a zone, or with an ambiguous one such as IST or CST, in this zone. Use Exchange.timezone of
    /// nbgrader's configuration, for example Asia/Tokyo, or an offset such as +09:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<String>,
    /// Read times in this format, the setting of the same name in nbgrader's configuration. Not needed if times begin
    /// with year, month and day
    #[arg(long, value_name = "FORMAT")]
    timestamp_format: Option<String>,
    #[command(flatten)]
    options: ImportOptions,
    #[command(flatten)]
    places: PlaceArgs,
}

#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(clap::Args)]
struct NgshareArguments {
    /// ngshare's database: the file, or the value of ngshare's --database, sqlite:////ABSOLUTE/PATH
    #[arg(long, value_name = "PATH")]
    database: String,
    /// The directory with ngshare's files, the value of ngshare's --storage
    #[arg(long, value_name = "DIR")]
    storage: PathBuf,
    #[command(flatten)]
    options: ImportOptions,
    #[command(flatten)]
    bucket: BucketArgs,
    /// Do nothing if an import from ngshare has succeeded here before. For containers, which start again
    #[arg(long, conflicts_with_all = ["courses", "dry_run"])]
    once: bool,
    /// Do nothing if ngshare's database does not exist
    #[arg(long)]
    if_exists: bool,
    /// nbcourier's data directory, created if it is missing
    /// [default: /srv/nbcourier if it is writable, else ./nbcourier-data]
    #[arg(long, env = "NBCOURIER_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The value of nbcourier's own --storage, if set
    #[arg(long, env = "NBCOURIER_STORAGE", value_name = "DIR")]
    own_storage: Option<PathBuf>,
    /// The value of nbcourier's own --database, if set
    #[arg(
        long,
        env = "NBCOURIER_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    own_database: Option<String>,
    /// The value of nbcourier's own --database-password-file, if set
    #[arg(long, env = "NBCOURIER_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    own_database_password_file: Option<PathBuf>,
}

/// Options of every import.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(clap::Args)]
struct ImportOptions {
    /// Import only this course. Can be repeated
    #[arg(long = "course", value_name = "NAME", value_parser = course_id)]
    courses: Vec<CourseId>,
    /// Rename people by this CSV file with two columns: name in the source, name at the hub
    #[arg(long, value_name = "FILE")]
    user_map: Option<PathBuf>,
    /// Remove this prefix from user names: jupyter- for a source on The Littlest JupyterHub
    #[arg(long, value_name = "PREFIX")]
    strip_prefix: Option<String>,
    /// Treat this name in the source as a service of the hub, here service:NAME. Can be repeated
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// Read everything and report what would be imported and what is damaged, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Import the remaining files of trees with lost or changed files, instead of leaving the trees behind
    #[arg(long)]
    damaged: bool,
    /// Succeed although something was left behind. Read the report of an import without this option first
    #[arg(long, conflicts_with = "dry_run")]
    incomplete: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl ImportOptions {
    fn names(&self) -> Result<Names, String> {
        let names = Names::new(self.strip_prefix.clone(), self.services.iter().cloned());
        match &self.user_map {
            Some(file) => names.with_map(file),
            None => Ok(names),
        }
    }
}

pub fn run(arguments: Arguments) -> Outcome {
    match arguments.from {
        From::Ngshare(arguments) => from_ngshare(arguments),
        From::Exchange(arguments) => from_directory(&arguments),
        From::Archive(arguments) => import_archive::run(&arguments),
    }
}

fn from_directory(arguments: &ExchangeArguments) -> Outcome {
    let options = &arguments.options;
    let places = Places::new(&arguments.places)?;
    let names = options.names()?;
    let times = Times::new(
        arguments.timestamp_format.clone(),
        arguments.timezone.as_deref(),
    )?;
    let source = Directory::open(&arguments.directory, &options.courses)?;
    let files = source.count_files();
    let moved = move_in(
        options,
        &places,
        "a shared directory",
        files,
        async |mover| {
            source
                .bring(mover, &arguments.instructors, (&names, &times))
                .await
        },
    )?;
    conclude(options, &moved.report)
}

fn from_ngshare(arguments: NgshareArguments) -> Outcome {
    let database = ngshare_database(&arguments.database)?;
    let places = Places::new(&PlaceArgs {
        data_dir: arguments.data_dir,
        storage: arguments.own_storage,
        bucket: arguments.bucket,
        database: arguments.own_database,
        database_password_file: arguments.own_database_password_file,
        database_connections: None,
    })?;
    if arguments.if_exists && !database.try_exists()? {
        println!(
            "There is no database of ngshare at {}. Nothing was imported.",
            database.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.once
        && let Some(at) = imported_before(&places)?
    {
        println!("The data of ngshare was imported at {at}. Nothing was imported now.");
        return Ok(ExitCode::SUCCESS);
    }
    let options = arguments.options;
    let names = options.names()?;
    let mut source = Ngshare::open(&database, &arguments.storage)?;
    let files = source.count_files()?;
    let moved = move_in(&options, &places, "ngshare", files, async |mover| {
        source.bring(mover, &options.courses, &names).await
    })?;
    // An import of single courses says nothing about the others.
    if options.courses.is_empty()
        && let Some((_lock, exchange)) = &moved.target
    {
        let well = is_enough(&options, &moved.report);
        let noted = runs::note_in(exchange, Task::ImportNgshare, well);
        if let Err(error) = runtime()?.block_on(noted) {
            eprintln!(
                "The import was made, but its time could not be recorded, so --once imports again: {error}"
            );
        }
    }
    conclude(&options, &moved.report)
}

/// Returns the time of the last successful import from ngshare.
fn imported_before(places: &Places) -> Result<Option<Timestamp>, Box<dyn Error>> {
    if let Some(file) = places.database.file()
        && !file.try_exists()?
    {
        return Ok(None);
    }
    let runs = runs::examine(&places.database)?.unwrap_or_default();
    let word = Task::ImportNgshare.word();
    let run = runs.into_iter().find(|run| run.task == word);
    Ok(run.and_then(|run| run.succeeded_at))
}

/// The result of an import.
struct Moved {
    report: Report,
    /// The exchange that was imported into, and its lock. `None` after a dry run.
    target: Option<(Lock, Exchange)>,
}

/// Imports everything from the source into the data directory, or nowhere in a dry run.
fn move_in(
    options: &ImportOptions,
    places: &Places,
    from: &'static str,
    files: u64,
    bring: impl AsyncFnOnce(&mut Mover<'_>) -> nbcourier_import::Result<()>,
) -> Result<Moved, Box<dyn Error>> {
    let (importer, target) = if options.dry_run {
        (None, None)
    } else {
        // Before anything is created beside a foreign database.
        Store::inspect(&places.database, Opening::Migrate)?;
        let lock = claim(places)?;
        let store = Store::open(&places.database, Opening::Migrate)?;
        let exchange = unbounded(store, open_blobs(places)?);
        let operator = operator()?;
        let importer = Importer::new(&exchange, &operator, from)?;
        (Some(importer), Some((lock, exchange)))
    };
    let bar = Progress::of_things(
        if options.dry_run {
            "Checking"
        } else {
            "Bringing over"
        },
        files,
    );
    let add = |files| bar.add(files);
    let report = runtime()?.block_on(async {
        let mut mover = Mover::new(
            importer,
            Rules {
                damaged: options.damaged,
            },
            &add,
        );
        bring(&mut mover).await?;
        mover.finish().await
    });
    drop(bar);
    Ok(Moved {
        report: report?,
        target,
    })
}

/// Whether as much came over as the operator asks for.
fn is_enough(options: &ImportOptions, report: &Report) -> bool {
    options.incomplete || report.is_complete()
}

fn conclude(options: &ImportOptions, report: &Report) -> Outcome {
    if options.json {
        print_json(report)?;
    } else {
        print_report(options, report);
    }
    Ok(if is_enough(options, report) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print_report(options: &ImportOptions, report: &Report) {
    print_summaries("note", &report.notes);
    print_summaries("left behind", &report.problems);
    if options.dry_run {
        println!(
            "Found {}. Read {} of {}. Nothing was written.",
            report.added,
            Count(report.files, "file"),
            Count(report.bytes, "byte")
        );
    } else {
        println!("Imported: {}.", report.added);
        println!("Already here: {}.", report.known);
    }
    match report.problems.len() {
        0 if options.dry_run => println!("Everything can be imported."),
        0 => println!("Everything is here."),
        1 => println!("There is one problem; see above."),
        many => println!("There are {many} problems; see above. --json lists each of them."),
    }
}

/// Prints a line for each reason, with the number of things that it applies to.
fn print_summaries(kind: &str, problems: &[Problem]) {
    for summary in Summary::of(problems) {
        match summary.about.len() {
            1 => println!("{kind}: {summary}."),
            many => println!("{kind} ({many}): {summary}."),
        }
    }
}
