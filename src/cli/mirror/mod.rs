//! `nbcourier mirror`: the directories of courses once on a machine, for all its users.

mod group;

use super::asking::Asking;
use super::output::print_json;
use super::progress::Progress;
use super::{Outcome, course_id};
use group::OfCourse;
use nbcourier_domain::{CourseId, Span};
use nbcourier_sync::mirror::{Outcome as Ended, Place, Report, Step, Wishes, mirror};
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Keeps the directories of courses on this machine, once for all its users
#[derive(clap::Args)]
#[command(after_help = "\
The link FOLDER/COURSE/DIRECTORY points to the current version. It changes over in one step. The version before stays \
for programs that have its files open. Versions share files that did not change. The command mirrors directories that \
are open to everybody, and all directories of courses with a --group.

nbcourier mirror --to /srv/courses
nbcourier mirror --to /srv/courses --group algebra=students-algebra --every 5m")]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,

    /// The folder of the mirror. The command makes it if it is missing
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    /// Mirror only directories of these courses [default: all that you can read]
    #[arg(value_name = "COURSE", value_parser = course_id)]
    courses: Vec<CourseId>,

    /// Mirror all directories of the course, and let only this Unix group read them. Repeat it for several courses
    #[arg(long = "group", value_name = "COURSE=GROUP", value_parser = OfCourse::parse)]
    groups: Vec<OfCourse>,

    /// Remove directories that were deleted or are no longer open. Without it, they stay and are named
    #[arg(long)]
    prune: bool,

    /// Do not end, and look again each time after this pause
    #[arg(long, value_name = "TIME", value_parser = at_least_a_second)]
    every: Option<Span>,
}

fn at_least_a_second(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0 < Duration::from_secs(1) {
        return Err("use at least 1s".to_owned());
    }
    Ok(span)
}

pub fn run(arguments: Arguments) -> Outcome {
    let Arguments {
        asking,
        to,
        courses,
        groups,
        prune,
        every,
    } = arguments;
    let groups = groups.into_iter();
    let wishes = Wishes {
        courses,
        groups: groups.map(|of| (of.course, of.group)).collect(),
        is_pruning: prune,
    };
    let place = Place::open(&to)?;
    let Some(pause) = every else {
        let reports = once(&asking, &place, &wishes)?;
        if asking.is_json() {
            print_json(&reports)?;
        } else if reports.is_empty() {
            println!(
                "You can read no directory of a course. Ask instructors to grant one to the name of your token."
            );
        } else {
            reports.iter().for_each(say);
        }
        return Ok(if reports.iter().any(Report::is_failure) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        });
    };
    let mut last = Vec::new();
    loop {
        match once(&asking, &place, &wishes) {
            Ok(reports) => {
                let is_new = |report: &&Report| {
                    let is_quiet = report.outcome == Ended::Current && !report.is_failure();
                    report.is_change() || !is_quiet && !last.contains(*report)
                };
                for report in reports.iter().filter(is_new) {
                    if asking.is_json() {
                        // One line for each report.
                        println!("{}", serde_json::to_string(report)?);
                    } else {
                        say(report);
                    }
                }
                last = reports;
            }
            // The exchange may be back at the next look.
            Err(error) => eprintln!("nbcourier: {error}"),
        }
        std::thread::sleep(pause.0);
    }
}

/// Brings the mirror up to date. The token is read again each time.
fn once(
    asking: &Asking,
    place: &Place,
    wishes: &Wishes,
) -> Result<Vec<Report>, Box<dyn std::error::Error>> {
    let bar = RefCell::new(None);
    let progress = |step| match step {
        Step::Begin(bytes) => {
            // The previous progress bar must disappear first.
            bar.replace(None);
            bar.replace((bytes > 0).then(|| Progress::of_bytes("Receiving", bytes)));
        }
        Step::Received(bytes) => {
            if let Some(bar) = &*bar.borrow() {
                bar.add(bytes);
            }
        }
    };
    asking.ask(async |exchange| mirror(exchange, place, wishes, &progress).await)
}

fn say(report: &Report) {
    for sentence in report.sentences() {
        println!("{sentence}");
    }
}
