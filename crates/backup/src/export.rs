//! Exports a course as one tar archive that is readable without nbcourier.
//!
//! `README.txt`, `manifest.json` and `submissions.csv` come first, then every file under its own name. Large files
//! with the same bytes are stored once; the others are hard links to that one.

use super::ProgressEvent;
use super::error::{Error, Result, on};
use flate2::{Compression, write::GzEncoder};
use nbcourier_codec::TarEncoder;
use nbcourier_domain::{CourseId, Sha256Sum, Timestamp, above};
use nbcourier_exchange::archive::{Assignment, Course, Reader, Submission, TreeOf, plain};
use nbcourier_exchange::{self as exchange, Exchange, Thing, archive};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The text of `README.txt`.
const README: &str = include_str!("export.txt");
/// The columns of `submissions.csv`.
const COLUMNS: [&str; 10] = [
    "student",
    "assignment",
    "submitted_at",
    "late",
    "submitted_by",
    "files",
    "bytes",
    "feedback_at",
    "directory",
    "tree",
];

/// The result of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportedCourse {
    /// The number of assignments.
    pub assignments: usize,
    /// The number of submissions.
    pub submissions: usize,
    /// The number of files in all trees.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// The bytes of the manifest. An import limits them.
    pub manifest_bytes: u64,
}

/// Writes the archive of a course to a new file. The suffix of its name selects the compression: `.gz`, `.zst`.
pub async fn export(
    exchange: &Exchange,
    course: CourseId,
    file: &Path,
    mut watch: impl FnMut(ProgressEvent) + Send + 'static,
) -> Result<ExportedCourse> {
    let (place, name) = (file.to_owned(), course.to_string());
    if place.exists() {
        return Err(Error::Refused(format!(
            "{} exists already. Name another file with --output",
            place.display()
        )));
    }
    let written = archive::read(exchange, course, move |course, reader| {
        write_file(course, reader, &place, &mut watch)
    });
    written.await.map_err(|error| match error {
        exchange::Error::NotFound(Thing::Course) => {
            Error::Refused(format!("There is no course {name:?}"))
        }
        exchange::Error::Damaged(sum, damage) => Error::Refused(format!(
            "The blob {sum} {damage}. Run `nbcourier fsck`, which says what to do. No archive was written"
        )),
        other => other.into(),
    })?
}

/// Writes the archive. Errors of the file are the inner result.
fn write_file(
    course: &Course,
    reader: &mut Reader<'_>,
    place: &Path,
    watch: &mut dyn FnMut(ProgressEvent),
) -> exchange::Result<Result<ExportedCourse>> {
    let directory = above(place);
    let temporary = match tempfile::NamedTempFile::new_in(directory) {
        Ok(temporary) => temporary,
        Err(error) => return Ok(Err(on(place, "written")(error))),
    };
    let (file, temporary) = temporary.into_parts();
    let packed = match Packed::new(file, place) {
        Ok(packed) => packed,
        Err(error) => return Ok(Err(on(place, "written")(error))),
    };
    let mut archive = Archive {
        root: plain(&course.course),
        made_at: time(&course.made_at),
        output: packed,
        tar: TarEncoder::new(),
        first: HashMap::new(),
        exported: ExportedCourse::default(),
    };
    watch(ProgressEvent::Begin(
        "Exporting",
        course
            .trees()
            .flat_map(|tree| &tree.files)
            .map(|file| file.bytes)
            .sum(),
    ));
    if let Err(error) = archive.course(course, reader, watch)? {
        return Ok(Err(on(place, "written")(error)));
    }
    let kept = archive.finish().and_then(|exported| {
        temporary
            .persist_noclobber(place)
            .map_err(|failed| failed.error)?;
        File::open(directory)?.sync_all()?;
        Ok(exported)
    });
    Ok(kept.map_err(on(place, "written")))
}

struct Archive {
    root: String,
    made_at: Timestamp,
    output: Packed,
    tar: TarEncoder,
    /// The path of each large content that is already in the archive.
    first: HashMap<Sha256Sum, String>,
    exported: ExportedCourse,
}

impl Archive {
    fn course(
        &mut self,
        course: &Course,
        reader: &mut Reader<'_>,
        watch: &mut dyn FnMut(ProgressEvent),
    ) -> exchange::Result<io::Result<()>> {
        if let Err(error) = self.about(course) {
            return Ok(Err(error));
        }
        self.exported.assignments = course.assignments.len();
        for assignment in &course.assignments {
            for version in &assignment.versions {
                let at = time(&version.released_at);
                if let Err(error) = self.tree(&version.tree, at, reader, watch)? {
                    return Ok(Err(error));
                }
            }
            self.exported.submissions += assignment.submissions.len();
            for submission in &assignment.submissions {
                let at = time(&submission.submitted_at);
                if let Err(error) = self.tree(&submission.tree, at, reader, watch)? {
                    return Ok(Err(error));
                }
                for given in &submission.feedback {
                    let at = time(&given.returned_at);
                    if let Err(error) = self.tree(&given.tree, at, reader, watch)? {
                        return Ok(Err(error));
                    }
                }
            }
        }
        for directory in &course.directories {
            for version in &directory.versions {
                let at = time(&version.made_at);
                if let Err(error) = self.tree(&version.tree, at, reader, watch)? {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Writes the files that describe the archive.
    fn about(&mut self, course: &Course) -> io::Result<()> {
        let readme = README
            .replace("{COURSE}", &course.course)
            .replace("{WHEN}", &course.made_at)
            .replace("{PROGRAM}", &course.made_by);
        self.small("README.txt", readme.as_bytes())?;
        let manifest = serde_json::to_vec_pretty(course)?;
        self.exported.manifest_bytes = manifest.len() as u64;
        self.small("manifest.json", &manifest)?;
        self.small("submissions.csv", &table(course)?)
    }

    fn small(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = Vec::new();
        let path = format!("{}/{name}", self.root);
        self.tar
            .begin(&path, bytes.len() as u64, self.made_at, &mut header);
        header.extend_from_slice(bytes);
        self.tar.end(&mut header);
        self.output.write_all(&header)
    }

    fn tree(
        &mut self,
        tree: &TreeOf,
        at: Timestamp,
        reader: &mut Reader<'_>,
        watch: &mut dyn FnMut(ProgressEvent),
    ) -> exchange::Result<io::Result<()>> {
        for entry in &tree.files {
            let path = format!("{}/{}", self.root, tree.place(entry));
            let Some(sum) = Sha256Sum::parse(&entry.sha256) else {
                continue;
            };
            let written = match self.first.get(&sum) {
                Some(first) => {
                    let mut link = Vec::new();
                    self.tar.link(&path, first, at, &mut link);
                    self.output.write_all(&link)
                }
                None => self.file(path, sum, entry.bytes, at, reader)?,
            };
            if let Err(error) = written {
                return Ok(Err(error));
            }
            self.exported.files += 1;
            self.exported.bytes += entry.bytes;
            watch(ProgressEvent::Done(entry.bytes));
        }
        Ok(Ok(()))
    }

    fn file(
        &mut self,
        path: String,
        sum: Sha256Sum,
        size: u64,
        at: Timestamp,
        reader: &mut Reader<'_>,
    ) -> exchange::Result<io::Result<()>> {
        let mut frame = Vec::new();
        self.tar.begin(&path, size, at, &mut frame);
        if let Err(error) = self.output.write_all(&frame) {
            return Ok(Err(error));
        }
        let output = &mut self.output;
        if let Err(error) = reader.content(sum, &mut |bytes| output.write_all(bytes))? {
            return Ok(Err(error));
        }
        frame.clear();
        self.tar.end(&mut frame);
        if reader.is_large(sum) {
            self.first.insert(sum, path);
        }
        Ok(self.output.write_all(&frame))
    }

    fn finish(mut self) -> io::Result<ExportedCourse> {
        let mut end = Vec::new();
        self.tar.finish(&mut end);
        self.output.write_all(&end)?;
        self.output.finish()?;
        Ok(self.exported)
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("the manifest has the times that we printed")
}

/// Returns the table of submissions for a spreadsheet.
fn table(course: &Course) -> io::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for assignment in &course.assignments {
        for submission in &assignment.submissions {
            table.write_record(line(course, assignment, submission))?;
        }
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn line(course: &Course, assignment: &Assignment, submission: &Submission) -> [String; 10] {
    let dates = course.dates_of(assignment, &submission.student);
    let is_late = Timestamp::parse(&submission.submitted_at).is_ok_and(|time| dates.is_late(time));
    let files = &submission.tree.files;
    let feedback = submission.feedback.last();
    [
        harmless(&submission.student),
        harmless(&assignment.assignment),
        submission.submitted_at.clone(),
        if is_late { "late" } else { "" }.to_owned(),
        harmless(submission.submitted_by.as_deref().unwrap_or_default()),
        files.len().to_string(),
        files.iter().map(|file| file.bytes).sum::<u64>().to_string(),
        feedback
            .map(|given| given.returned_at.clone())
            .unwrap_or_default(),
        submission.tree.directory.clone(),
        submission.tree.tree.clone(),
    ]
}

/// Escapes a cell that a spreadsheet would take for a formula. People choose the names in the table.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

enum Packed {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Packed {
    fn new(file: File, name: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 20, file);
        let ending = name
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        Ok(match ending.as_str() {
            "gz" | "tgz" => Self::Gzip(GzEncoder::new(file, Compression::default())),
            "zst" => Self::Zstd(zstd::Encoder::new(file, 0)?),
            _ => Self::Plain(file),
        })
    }

    /// Writes the remaining bytes and flushes the file to the disk.
    fn finish(self) -> io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
