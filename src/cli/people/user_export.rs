//! `nbcourier user export`: an archive that is readable without nbcourier.

use super::footprint::{FootprintJson, summary};
use crate::cli::Outcome;
use crate::cli::output::print;
use crate::cli::private;
use nbcourier_codec::TarEncoder;
use nbcourier_domain::{Day, DirectoryOwner, Rfc3339, Timestamp, UserName};
use nbcourier_exchange::directories::{self, DirectoryFilter, DirectoryView, contents};
use nbcourier_exchange::dossier::{self, AssignmentOf, Dossier, Feedback, Submission};
use nbcourier_exchange::files::trees::{Contents, Piece, TreeFiles, TreeId};
use nbcourier_exchange::seen::Times;
use nbcourier_exchange::shares;
use nbcourier_exchange::{DirectoryAddress, Exchange};
use nbcourier_identity::Caller;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// The text that a reader of the archive sees first. `{}` is the name.
const README: &str = "\
This is all that the exchange of assignments, nbcourier, has stored about {} and by them.

person.json      the courses they are in, as what, with the details its roster has, and their own dates;
                 the hours that they always have more; the versions of assignments they fetched; the starts of their servers; their work on notebooks, a sum for
                 each day; what they released as an instructor, and the feedback they gave others
submissions.json what they handed in, with its files and their SHA-256, and the feedback on it with the times at which
                 they read it
events.jsonl     what is noted that they did or that was done for or to them, a line each, the last first
submissions/     the files they handed in:     COURSE/ASSIGNMENT/NUMBER-TIME/
feedback/        the files they got back:      COURSE/ASSIGNMENT/NUMBER-TIME of the submission/NUMBER-TIME/
directories.json the directories that they own, with the numbers of their current versions
directories/     the files that these have now: DIRECTORY/
shares.json      the pages that they share by links
shares/          these pages and the notebooks with them: NUMBER/

Times are in UTC. Something that is `deleted` can be restored for a while and is removed for good after that.
";

/// Number of directories that are listed at a time.
const DIRECTORIES: usize = 1000;

/// Writes the archive. An existing file is not replaced.
pub fn run(
    runtime: &Runtime,
    exchange: &Exchange,
    operator: &Caller,
    person: &UserName,
    output: Option<PathBuf>,
) -> Outcome {
    let dossier = runtime.block_on(dossier::open(exchange, operator, person.clone()))?;
    let said = summary(&dossier.footprint);
    let work = |out: Box<dyn Write>| {
        let archive = Archive {
            exchange,
            operator,
            root: person.to_string(),
            now: Timestamp::now(),
            out,
        };
        runtime.block_on(archive.write(&dossier))
    };
    let path = output.unwrap_or_else(|| PathBuf::from(format!("{person}.tar")));
    if path == Path::new("-") {
        work(Box::new(io::stdout().lock()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(stream) = private::stream(&path) {
        work(Box::new(BufWriter::new(stream?)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let file = private::create_new(&path).map_err(|error| {
        format!(
            "{} cannot be written: {error}. Name another file with --output",
            path.display()
        )
    })?;
    let written = file
        .try_clone()
        .map_err(Into::into)
        .and_then(|copy| work(Box::new(BufWriter::new(copy))))
        .and_then(|()| Ok(private::keep(&file, &path)?));
    if let Err(error) = written {
        // An incomplete archive must not look complete.
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    print(&format!("Wrote {}: {said}.\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

struct Archive<'a> {
    exchange: &'a Exchange,
    operator: &'a Caller,
    root: String,
    now: Timestamp,
    out: Box<dyn Write + 'a>,
}

impl Archive<'_> {
    async fn write(mut self, dossier: &Dossier) -> Result<(), Box<dyn Error>> {
        let readme = README.replace("{}", &self.root);
        self.text("README.txt", &readme)?;
        self.text("person.json", &pretty(&person(dossier))?)?;
        let (listed, trees) = self.list(dossier).await?;
        self.text("submissions.json", &pretty(&listed)?)?;
        self.events(&dossier.footprint.name).await?;
        for tree in trees {
            self.tree(tree).await?;
        }
        self.directories(&dossier.footprint.name).await?;
        self.shares(&dossier.footprint.name).await?;
        let mut end = Vec::new();
        TarEncoder::new().finish(&mut end);
        self.out.write_all(&end)?;
        Ok(self.out.flush()?)
    }

    /// Returns the submissions and the feedback, and their trees.
    async fn list(&self, dossier: &Dossier) -> Result<(Value, Vec<Tree>), Box<dyn Error>> {
        let (mut listed, mut trees) = (Vec::new(), Vec::new());
        for submission in &dossier.submissions {
            let directory = format!("{}/{}", directory_of(&submission.of), name_of(submission));
            let feedback = dossier.feedback.iter();
            let mut given = Vec::new();
            for feedback in feedback.filter(|feedback| feedback.submission == submission.id) {
                let time = feedback.returned_at;
                let inner = format!("feedback/{directory}/{}", numbered(feedback.id, time));
                let files = dossier::files(self.exchange, self.operator, feedback.tree).await?;
                given.push(shown_feedback(feedback, &inner, &files));
                trees.push(Tree {
                    directory: inner,
                    id: feedback.tree,
                    time,
                });
            }
            let outer = format!("submissions/{directory}");
            let files = dossier::files(self.exchange, self.operator, submission.tree).await?;
            listed.push(shown_submission(submission, &outer, &files, &given));
            trees.push(Tree {
                directory: outer,
                id: submission.tree,
                time: submission.submitted_at,
            });
        }
        Ok((listed.into(), trees))
    }

    /// An archive gives the length of a file before the file. So the events are first written to a temporary file.
    async fn events(&mut self, person: &UserName) -> Result<(), Box<dyn Error>> {
        let mut lines = BufWriter::new(tempfile::tempfile()?);
        let mut before = None;
        loop {
            let page =
                dossier::events(self.exchange, self.operator, person.clone(), before).await?;
            let Some(last) = page.last() else {
                break;
            };
            before = Some(last.id);
            for event in page {
                let event = crate::http::event(event);
                writeln!(lines, "{}", serde_json::to_string(&event)?)?;
            }
        }
        let mut file = lines.into_inner()?;
        let size = file.stream_position()?;
        file.rewind()?;
        let mut tar = self.begin("events.jsonl", size, self.now)?;
        io::copy(&mut file.take(size), &mut self.out)?;
        self.end(&mut tar)
    }

    /// Writes the current versions of the directories that the person owns.
    async fn directories(&mut self, person: &UserName) -> Result<(), Box<dyn Error>> {
        let (exchange, operator) = (self.exchange, self.operator);
        let owner = DirectoryOwner::Person(person.clone());
        let (mut found, mut after) = (Vec::new(), Some(0));
        while let Some(number) = after {
            let filter = DirectoryFilter {
                owner: Some(owner.clone()),
                after: number,
                ..DirectoryFilter::default()
            };
            let page = directories::list(exchange, operator, filter, DIRECTORIES).await?;
            found.extend(page.directories);
            after = page.next;
        }
        let listed: Vec<Value> = found.iter().map(shown_directory).collect();
        self.text("directories.json", &pretty(&listed.into())?)?;
        for directory in found {
            let address = DirectoryAddress {
                owner: owner.clone(),
                name: directory.name.clone(),
            };
            let mut archive = contents::archive(exchange, operator, address, None, None).await?;
            let place = format!("directories/{}", directory.name);
            while let Some((files, _)) = archive.files.next().await? {
                self.files(files, &place, archive.made_at).await?;
            }
        }
        Ok(())
    }

    /// Writes the pages that the person shares by links.
    async fn shares(&mut self, person: &UserName) -> Result<(), Box<dyn Error>> {
        let found = shares::of_person(self.exchange, self.operator, person.clone()).await?;
        let listed = found.iter().map(|(share, _)| {
            let mut listed = json!(crate::http::share(share.clone()));
            listed["deleted"] = share.is_deleted.into();
            listed
        });
        let listed = listed.collect::<Vec<_>>();
        self.text("shares.json", &pretty(&json!(listed))?)?;
        for (share, files) in found {
            let place = format!("shares/{}", share.id);
            self.files(files, &place, share.made_at).await?;
        }
        Ok(())
    }

    async fn tree(&mut self, tree: Tree) -> Result<(), Box<dyn Error>> {
        let files = dossier::files(self.exchange, self.operator, tree.id).await?;
        self.files(files, &tree.directory, tree.time).await
    }

    /// Writes files below a directory of the archive.
    async fn files(
        &mut self,
        files: TreeFiles,
        directory: &str,
        time: Timestamp,
    ) -> Result<(), Box<dyn Error>> {
        let mut contents = Contents::open(self.exchange, files.clone()).await?;
        let mut tar = TarEncoder::new();
        loop {
            let pieces = contents.next().await?;
            if pieces.is_empty() {
                return Ok(());
            }
            for piece in pieces {
                match piece {
                    Piece::Begin(number) => {
                        let file = files.get(number).ok_or("a file of a tree is not listed")?;
                        let path = format!("{directory}/{}", file.path.as_str());
                        tar = self.begin(&path, file.blob.size, time)?;
                    }
                    Piece::Bytes(bytes) => self.out.write_all(&bytes)?,
                    Piece::End => self.end(&mut tar)?,
                }
            }
        }
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let mut tar = self.begin(path, text.len() as u64, self.now)?;
        self.out.write_all(text.as_bytes())?;
        self.end(&mut tar)
    }

    fn begin(&mut self, path: &str, size: u64, time: Timestamp) -> io::Result<TarEncoder> {
        let (mut tar, mut header) = (TarEncoder::new(), Vec::new());
        tar.begin(&format!("{}/{path}", self.root), size, time, &mut header);
        self.out.write_all(&header)?;
        Ok(tar)
    }

    fn end(&mut self, tar: &mut TarEncoder) -> Result<(), Box<dyn Error>> {
        let mut padding = Vec::new();
        tar.end(&mut padding);
        Ok(self.out.write_all(&padding)?)
    }
}

/// A tree in the archive.
struct Tree {
    directory: String,
    id: TreeId,
    time: Timestamp,
}

fn directory_of(of: &AssignmentOf) -> String {
    format!("{}/{}", of.course, of.assignment)
}

/// Returns a name such as `17-2026-11-25T103047`. Every file system accepts it as a directory, and it sorts by time.
fn numbered(id: i64, time: Timestamp) -> String {
    format!("{id}-{}", time.to_rfc3339()[..19].replace(':', ""))
}

fn name_of(submission: &Submission) -> String {
    numbered(submission.id, submission.submitted_at)
}

fn pretty(value: &Value) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn person(dossier: &Dossier) -> Value {
    let extensions = dossier.extensions.iter().map(|(of, noted)| {
        let extension = noted.extension;
        json!({
            "course": of.course,
            "assignment": of.assignment,
            "due_at": extension.due_at.map(Rfc3339),
            "cutoff_at": extension.cutoff_at.map(Rfc3339),
            "note": noted.note,
        })
    });
    let allowances = dossier.allowances.iter().map(|(course, noted)| {
        json!({
            "course": course,
            "hours": noted.allowance.hours(),
            "note": noted.note,
        })
    });
    let fetched = dossier.fetches.iter().map(|fetched| {
        let mut shown = shown_times(fetched.times);
        shown["course"] = json!(fetched.of.course);
        shown["assignment"] = json!(fetched.of.assignment);
        shown["version"] = json!(fetched.version);
        shown
    });
    let starts = dossier.starts.iter().map(|(course, start)| {
        let report = start.report.as_deref();
        let report = report.and_then(|text| serde_json::from_str::<Value>(text).ok());
        json!({
            "course": course,
            "directory": start.directory,
            "at": Rfc3339(start.at),
            "outcome": start.outcome,
            "millis": start.millis,
            "version": start.version,
            "report": report,
        })
    });
    let activity = dossier.activity.iter().map(|sum| {
        json!({
            "course": sum.course,
            "day": Day::from_number(sum.day).to_string(),
            "path": sum.path,
            "opens": sum.opens,
            "saves": sum.saves,
            "minutes": sum.minutes,
        })
    });
    let released = dossier.releases.iter().map(|release| {
        json!({
            "course": release.of.course,
            "assignment": release.of.assignment,
            "version": release.version,
            "released_at": Rfc3339(release.released_at),
        })
    });
    // The export does not say to whom the person gave feedback.
    let given = dossier.given_feedback.iter().map(|feedback| {
        json!({
            "course": feedback.of.course,
            "assignment": feedback.of.assignment,
            "submission": feedback.submission,
            "returned_at": Rfc3339(feedback.returned_at),
        })
    });
    json!({
        "person": FootprintJson::from(&dossier.footprint),
        "extensions": extensions.collect::<Vec<_>>(),
        "allowances": allowances.collect::<Vec<_>>(),
        "fetched": fetched.collect::<Vec<_>>(),
        "starts": starts.collect::<Vec<_>>(),
        "activity": activity.collect::<Vec<_>>(),
        "released": released.collect::<Vec<_>>(),
        "feedback_given": given.collect::<Vec<_>>(),
    })
}

fn shown_submission(
    submission: &Submission,
    directory: &str,
    files: &TreeFiles,
    feedback: &[Value],
) -> Value {
    json!({
        "id": submission.id,
        "course": submission.of.course,
        "assignment": submission.of.assignment,
        "submitted_at": Rfc3339(submission.submitted_at),
        "submitted_by": submission.submitted_by,
        "deleted": submission.is_deleted,
        "tree": submission.digest,
        "directory": directory,
        "files": shown_files(files),
        "feedback": feedback,
    })
}

fn shown_feedback(feedback: &Feedback, directory: &str, files: &TreeFiles) -> Value {
    json!({
        "returned_at": Rfc3339(feedback.returned_at),
        "returned_by": feedback.returned_by,
        "deleted": feedback.is_deleted,
        "tree": feedback.digest,
        "read": feedback.read.map(shown_times),
        "directory": directory,
        "files": shown_files(files),
    })
}

fn shown_directory(directory: &DirectoryView) -> Value {
    json!({
        "name": directory.name,
        "description": directory.description,
        "version": directory.head.number,
        "changed_at": Rfc3339(directory.head.made_at),
        "files": directory.head.files,
        "bytes": directory.head.bytes,
        "directory": format!("directories/{}", directory.name),
    })
}

fn shown_times(times: Times) -> Value {
    json!({
        "first_at": Rfc3339(times.first_at),
        "last_at": Rfc3339(times.last_at),
        "times": times.number,
    })
}

fn shown_files(files: &TreeFiles) -> Vec<Value> {
    let shown = files.iter().map(|file| {
        json!({
            "path": file.path,
            "size": file.blob.size,
            "sha256": file.blob.sha256,
        })
    });
    shown.collect()
}
