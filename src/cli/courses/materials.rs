//! `nbcourier materials`

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use crate::config::secret;
use nbcourier_api::{NewDirectory, NewSource, PatchedText, Source, SourceRun};
use nbcourier_client::{Client, DirectoryAddress, Error};
use nbcourier_domain::{CourseId, DirectoryOwner};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The name of the directory, unless another one is given.
const USUAL: &str = "materials";
/// Time between two questions whether a run has ended.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(1);
/// Number of questions before the command gives up.
const QUESTIONS: u32 = 1200;

/// Makes directories of a course follow folders of git repositories
#[derive(clap::Args)]
#[command(after_help = "\
The server fetches the branch after `set`, after each call of the hook, at regular times, and with `pull`. Students \
get the files of the directory and need no git. Only instructors of the course can set, pull and remove. Assistants \
can show and log.\n\n\
The flags --url and --token-file of `set` are about the repository. NBCOURIER_URL names the exchange. Its token is in \
JUPYTERHUB_API_TOKEN, or in the file that NBCOURIER_TOKEN_FILE names.")]
pub struct Arguments {
    #[command(subcommand)]
    what: Command,
}

/// A directory of a course
#[derive(clap::Args)]
struct Place {
    /// The course
    #[arg(value_parser = crate::cli::course_id)]
    course: CourseId,
    /// The directory of the course
    #[arg(default_value = USUAL)]
    name: String,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a directory follow a repository. Create the directory if the course has none of that name
    Set(Box<Set>),
    /// Show the repository that a directory follows
    Show {
        #[command(flatten)]
        asking: Asking,
        #[command(flatten)]
        place: Place,
    },
    /// Look at the repository now, and wait for the outcome
    Pull {
        #[command(flatten)]
        asking: Asking,
        #[command(flatten)]
        place: Place,
    },
    /// List the last looks at the repository
    Log {
        #[command(flatten)]
        asking: Asking,
        #[command(flatten)]
        place: Place,
    },
    /// Stop following a repository. The files of the directory stay
    Remove {
        #[command(flatten)]
        asking: Asking,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct Set {
    #[command(flatten)]
    place: Place,
    /// Follow the repository at this https address
    #[arg(long)]
    url: String,
    /// Follow this branch [default: the default branch of the repository]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Follow only this folder of the repository
    #[arg(long, value_name = "FOLDER")]
    folder: Option<String>,
    /// Leave out files that match, such as .solutions/ or *_solution.ipynb. Repeatable
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Look this often: a number with m, h or d [default: 1h]
    #[arg(long, value_name = "TIME")]
    every: Option<String>,
    /// Read the token for a private repository from this file: TOKEN, or NAME:TOKEN. Without it, a stored token stays if the
    /// address is the same
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Also deliver files with solutions or hidden tests for nbgrader
    #[arg(long)]
    allow_solutions: bool,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub fn run(Arguments { what }: Arguments) -> Outcome {
    match what {
        Command::Set(given) => set(&Asking::of_environment(given.json), *given),
        Command::Show { asking, place } => {
            let source =
                asking.ask(async |exchange| exchange.source(&place.course, &place.name).await)?;
            asking.show(&source, || table(&source))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Pull { asking, place } => pull(&asking, &place),
        Command::Log { asking, place } => {
            let runs = asking
                .ask(async |exchange| exchange.source_runs(&place.course, &place.name).await)?;
            asking.show(&json!({ "runs": runs }), || log(&runs))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Remove { asking, place } => {
            asking
                .ask(async |exchange| exchange.remove_source(&place.course, &place.name).await)?;
            let sentence = format!(
                "{} of {} follows nothing now. Its files stay",
                place.name, place.course
            );
            asking.confirm(&json!({ "removed": true }), &sentence)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn set(asking: &Asking, given: Set) -> Outcome {
    let Place { course, name } = given.place;
    let token = match &given.token_file {
        None => PatchedText::Kept,
        Some(file) => {
            if let Some(warning) = secret::warning(file) {
                eprintln!("nbcourier: {warning}");
            }
            PatchedText::Set(secret::read(file)?)
        }
    };
    let new = NewSource {
        url: given.url,
        branch: given.branch,
        folder: given.folder,
        exclude: given.exclude,
        every: given.every,
        token,
        allow_solutions: given.allow_solutions,
    };
    let source =
        asking.ask(
            async |exchange| match exchange.set_source(&course, &name, &new).await {
                Err(Error::Refused {
                    status: 404,
                    sentence,
                }) if sentence == "Directory not found" => {
                    create(exchange, &course, &name).await?;
                    exchange.set_source(&course, &name, &new).await
                }
                other => other,
            },
        )?;
    asking.show(&source, || {
        table(&source).foot(format!(
            "The server looks at the repository now. `nbcourier materials log {course} {name}` shows the outcome."
        ))
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn create(exchange: &Client, course: &CourseId, name: &str) -> Result<(), Error> {
    let address = DirectoryAddress {
        owner: DirectoryOwner::Course(course.clone()),
        name: name.to_owned(),
    };
    let new = NewDirectory {
        owner: Some(address.owner.to_string()),
        name: address.name,
        ..NewDirectory::default()
    };
    exchange.create_directory(&new).await.map(drop)
}

fn pull(asking: &Asking, Place { course, name }: &Place) -> Outcome {
    let run = asking.ask(async |exchange| {
        let number = exchange.pull_source(course, name).await?;
        for _ in 0..QUESTIONS {
            let runs = exchange.source_runs(course, name).await?;
            let found = runs.into_iter().find(|run| run.id == number);
            let found = found.ok_or_else(|| {
                Error::Impossible("The source was removed meanwhile. Nothing was fetched".to_owned())
            })?;
            if found.outcome.is_some() {
                return Ok(found);
            }
            actix_web::rt::time::sleep(BETWEEN_QUESTIONS).await;
        }
        Err(Error::Impossible(format!(
            "The look has not ended yet. `nbcourier materials log {course} {name}` shows when it has"
        )))
    })?;
    asking.confirm(&run, &sentence(&run))?;
    let is_well = matches!(run.outcome.as_deref(), Some("updated" | "unchanged"));
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn sentence(run: &SourceRun) -> String {
    let outcome = match (run.outcome.as_deref(), run.version) {
        (Some("updated"), Some(version)) => format!("Version {version}"),
        (Some("unchanged"), _) => "Nothing new".to_owned(),
        (Some("refused"), _) => "Refused".to_owned(),
        _ => "Failed".to_owned(),
    };
    let report = run.report.as_deref().filter(|report| !report.is_empty());
    match (report, &run.commit) {
        (Some(report), _) => format!("{outcome}: {report}"),
        (None, Some(commit)) => format!("{outcome}: commit {commit}"),
        (None, None) => outcome,
    }
}

fn table(source: &Source) -> Table {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let mut rows = vec![
        vec!["url".to_owned(), source.url.clone()],
        vec!["branch".to_owned(), or_none(&source.branch)],
        vec!["folder".to_owned(), or_none(&source.folder)],
        vec!["exclude".to_owned(), source.exclude.join(", ")],
        vec!["every".to_owned(), source.every.clone()],
        vec!["token".to_owned(), yes(source.token)],
        vec!["solutions allowed".to_owned(), yes(source.allow_solutions)],
        vec!["commit".to_owned(), or_none(&source.commit)],
        vec!["last look".to_owned(), shown(source.checked_at)],
        vec!["next look".to_owned(), shown(Some(source.next_at))],
        vec!["failures".to_owned(), source.failures.to_string()],
        vec!["hook".to_owned(), source.hook.clone()],
    ];
    if let Some(secret) = &source.hook_secret {
        rows.push(vec![
            "secret of the hook, shown once".to_owned(),
            secret.clone(),
        ]);
    }
    Table::new(&["SETTING", "VALUE"], "").rows(rows)
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn log(runs: &[SourceRun]) -> Table {
    let rows = runs.iter().map(|run| {
        let commit = run.commit.as_deref().unwrap_or("–");
        vec![
            run.id.to_string(),
            shown(Some(run.began_at)),
            run.cause.clone(),
            run.outcome
                .clone()
                .unwrap_or_else(|| "in progress".to_owned()),
            commit.get(..12).unwrap_or(commit).to_owned(),
            run.version
                .map_or_else(|| "–".to_owned(), |version| version.to_string()),
            run.report
                .as_deref()
                .unwrap_or_default()
                .replace('\n', "; "),
        ]
    });
    let head = [
        "RUN", "BEGAN", "CAUSE", "OUTCOME", "COMMIT", "VERSION", "REPORT",
    ];
    Table::new(&head, "No look at the repository yet.").rows(rows)
}
