//! `nbcourier share`: a read-only page of a notebook, for people who get its link.

use super::notebook::{check_size, read, render};
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use nbcourier_client::{NewShare, SentFile};
use nbcourier_domain::{Audience, CourseId, MOST_SHARED_DAYS, USUAL_SHARED_DAYS};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Shares a notebook as a read-only page, and prints its link. The link is shown only once
#[derive(clap::Args)]
#[command(
    after_help = "jupyter nbconvert makes the page. No cell runs. The page contains the images of the notebook. Later \
                  changes of the notebook do not change the page."
)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The notebook
    file: PathBuf,
    /// The course. You can leave it out if you are in only one course
    #[arg(long, value_parser = crate::cli::course_id)]
    course: Option<CourseId>,
    /// The people who may see the page: course for members of the course, hub for everybody on the hub
    #[arg(long, default_value_t = Audience::Course, value_parser = audience)]
    audience: Audience,
    /// The number of days until the link ends, at most 90
    #[arg(long, default_value_t = USUAL_SHARED_DAYS,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_SHARED_DAYS)))]
    days: u32,
    /// The title that readers see [default: the name of the notebook]
    #[arg(long)]
    title: Option<String>,
    /// Let readers also download the notebook
    #[arg(long)]
    with_notebook: bool,
}

fn audience(text: &str) -> Result<Audience, &'static str> {
    Audience::of_word(text).ok_or("use course or hub")
}

pub fn run(arguments: &Arguments) -> Outcome {
    let file = &arguments.file;
    let notebook = read(file)?;
    let course = match &arguments.course {
        Some(course) => course.clone(),
        None => only_course(&arguments.asking)?,
    };
    let rendered = render(file)?;
    for note in &rendered.notes {
        eprintln!("nbcourier: {note}");
    }
    check_size("The page", rendered.html.len() as u64)?;
    let stem = name_of(file.file_stem());
    let title = arguments.title.as_deref().unwrap_or(&stem);
    let source = arguments.with_notebook.then(|| SentFile {
        name: name_of(file.file_name()),
        bytes: notebook,
    });
    let page = SentFile {
        name: format!("{stem}.html"),
        bytes: rendered.html,
    };
    let shared = arguments.asking.ask(async |exchange| {
        let new = NewShare {
            course: &course,
            title,
            audience: arguments.audience,
            days: Some(arguments.days),
            page,
            source,
        };
        exchange.share(new).await
    })?;
    arguments.asking.confirm(&shared, &shared.url)?;
    if !arguments.asking.is_json() {
        eprintln!(
            "nbcourier: The link works for {} days. End it earlier: nbcourier shares --revoke {}",
            arguments.days, shared.id
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn name_of(part: Option<&std::ffi::OsStr>) -> String {
    let part = part.map(Path::new);
    part.map_or_else(String::new, |part| part.display().to_string())
}

/// Returns the only course of the caller.
fn only_course(asking: &Asking) -> Result<CourseId, Box<dyn std::error::Error>> {
    let courses = asking.ask(async |exchange| exchange.courses().await)?;
    let mut own: Vec<String> = courses
        .into_iter()
        .filter(|course| course.role.is_some())
        .map(|course| course.course)
        .collect();
    match own.len() {
        0 => Err("You are in no course. Only members of a course share pages".into()),
        1 => Ok(CourseId::parse(own.remove(0))?),
        _ => Err(format!(
            "You are in several courses. Name the course of the page: --course {}",
            own.join(", or --course ")
        )
        .into()),
    }
}
