//! `nbcourier import`

use super::import_archive;
use crate::cli::Outcome;
use crate::cli::course_id;
use crate::cli::data_dir::{claim, open_blobs, runtime, unbounded};
use crate::cli::new_user_name;
use crate::cli::output::print_json;
use crate::cli::progress::Progress;
use crate::config::{PlaceArgs, Places, ngshare_database, operator_account};
use clap::Subcommand;
use nbcourier_domain::{CourseId, UserName};
use nbcourier_exchange::imports::Importer;
use nbcourier_identity::Caller;
use nbcourier_import::directory::{Directory, Times};
use nbcourier_import::ngshare::Ngshare;
use nbcourier_import::{Mover, Names, Problem, Report, Rules, Summary};
use nbcourier_storage::{Opening, Store};
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
    let names = options.names()?;
    let times = Times::new(
        arguments.timestamp_format.clone(),
        arguments.timezone.as_deref(),
    )?;
    let source = Directory::open(&arguments.directory, &options.courses)?;
    let files = source.count_files();
    move_in(
        options,
        &arguments.places,
        "a shared directory",
        files,
        async |mover| {
            source
                .bring(mover, &arguments.instructors, (&names, &times))
                .await
        },
    )
}

fn from_ngshare(arguments: NgshareArguments) -> Outcome {
    let names = arguments.options.names()?;
    let mut source = Ngshare::open(&ngshare_database(&arguments.database)?, &arguments.storage)?;
    let files = source.count_files()?;
    let places = PlaceArgs {
        data_dir: arguments.data_dir,
        storage: arguments.own_storage,
        database: arguments.own_database,
        database_password_file: arguments.own_database_password_file,
        database_connections: None,
    };
    let options = arguments.options;
    move_in(&options, &places, "ngshare", files, async |mover| {
        source.bring(mover, &options.courses, &names).await
    })
}

/// Imports everything from the source into the data directory, or nowhere in a dry run, and prints the report.
fn move_in(
    options: &ImportOptions,
    places: &PlaceArgs,
    from: &'static str,
    files: u64,
    bring: impl AsyncFnOnce(&mut Mover<'_>) -> nbcourier_import::Result<()>,
) -> Outcome {
    let places = Places::new(places)?;
    let (_lock, importer) = if options.dry_run {
        (None, None)
    } else {
        // Before anything is created beside a foreign database.
        Store::inspect(&places.database, Opening::Migrate)?;
        let lock = claim(&places)?;
        let store = Store::open(&places.database, Opening::Migrate)?;
        let exchange = unbounded(store, open_blobs(&places)?);
        let operator = Caller::operator(&operator_account())?;
        (Some(lock), Some(Importer::new(&exchange, &operator, from)?))
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
    conclude(options, &report?)
}

fn conclude(options: &ImportOptions, report: &Report) -> Outcome {
    if options.json {
        print_json(report)?;
    } else {
        print_report(options, report);
    }
    Ok(if report.is_complete() {
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
            "There are {}; {} files of {} bytes were read. Nothing was written.",
            report.added, report.files, report.bytes
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
