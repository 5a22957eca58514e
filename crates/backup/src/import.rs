//! Imports the archive of a course. It uses constant memory and compares every file with the manifest. The course
//! becomes visible all at once or not at all.

use super::ProgressEvent;
use super::error::{Error, Result, on};
use nbcourier_codec::{Packing, TarDecoder, TarEvent, Unpacker};
use nbcourier_domain::{BlobRef, ByteSize, CourseId, Sha256Sum};
use nbcourier_exchange::archive::{self, ArchiveImport, Course, VERSION};
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::{self as exchange, Exchange, Thing};
use nbcourier_identity::Caller;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The number of bytes read at a time.
const CHUNK: usize = 128 * 1024;
const MANIFEST: &str = "manifest.json";
/// The files beside the manifest that are made from it.
const BESIDE: [&str; 3] = [MANIFEST, "README.txt", "submissions.csv"];

/// The result of an import.
#[derive(Debug, Clone)]
pub struct ImportedCourse {
    /// The name of the course.
    pub course: String,
    /// The number of its submissions.
    pub submissions: usize,
    /// Whether this call imported the course. Otherwise the same course was already here.
    pub is_new: bool,
    /// Notes on names that are easily confused.
    pub notes: Vec<String>,
}

/// The default maximum size of an archive's manifest, in bytes. It fits a course with 200,000 files. The manifest is
/// held in memory, and a well compressed one takes almost no disk space.
pub const MAX_MANIFEST: u64 = 32 * 1024 * 1024;

/// Imports the course in an archive. Refuses it if a different course of that name exists, or if its manifest has
/// more bytes than `max_manifest`.
pub async fn import(
    exchange: &Exchange,
    caller: &Caller,
    file: &Path,
    max_manifest: u64,
    watch: &mut dyn FnMut(ProgressEvent),
) -> Result<ImportedCourse> {
    let (prefix, course) = find_manifest(file, max_manifest)?;
    let notes = archive::look_alikes(exchange, &course).await?;
    let mut brought = ImportedCourse {
        course: course.course.clone(),
        submissions: course
            .assignments
            .iter()
            .map(|each| each.submissions.len())
            .sum(),
        is_new: false,
        notes,
    };
    if is_here(exchange, &course).await? {
        return Ok(brought);
    }
    let size = std::fs::metadata(file).map_err(on(file, "read"))?.len();
    watch(ProgressEvent::Begin("Importing", size));

    let expected: HashMap<String, Option<Sha256Sum>> = course
        .trees()
        .flat_map(|tree| tree.files.iter().map(move |entry| (tree, entry)))
        .map(|(tree, entry)| {
            (
                format!("{prefix}{}", tree.place(entry)),
                Sha256Sum::parse(&entry.sha256),
            )
        })
        .collect();
    let mut taking = Taking {
        prefix: &prefix,
        expected,
        intake: Intake::new(exchange),
        blobs: HashMap::new(),
        open: None,
    };
    let mut reading = Reading::open(file)?;
    while let Some(read) = reading.step(&mut |event| taking.take(&event))? {
        watch(ProgressEvent::Done(read));
        if let Some(overflow) = taking.intake.take_overflow() {
            overflow.store().await?;
        }
    }
    let bringing = ArchiveImport::new(course, taking.blobs)
        .map_err(|impossible| refused(file, &impossible))?;
    let bytes = taking.intake.finish()?;
    archive::insert(exchange, caller, bringing, bytes).await?;
    brought.is_new = true;
    Ok(brought)
}

fn refused(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::Refused(format!(
        "{} is not an archive that can be imported: {why}. Nothing was changed",
        file.display()
    ))
}

/// Whether the exchange has the same course.
async fn is_here(exchange: &Exchange, course: &Course) -> Result<bool> {
    let Ok(name) = CourseId::parse(&course.course) else {
        return Ok(false);
    };
    let here = match archive::read(exchange, name, |here, _| Ok(here.clone())).await {
        Err(exchange::Error::NotFound(Thing::Course)) => return Ok(false),
        here => here?,
    };
    let same = |failed: serde_json::Error| Error::Refused(failed.to_string());
    if here.essence().map_err(same)? == course.essence().map_err(same)? {
        return Ok(true);
    }
    Err(Error::Refused(format!(
        "The course {:?} exists already and differs from the one in the archive. Nothing was changed. Delete the \
         existing course, or import the archive into another exchange",
        course.course
    )))
}

/// Returns the prefix of all names in the archive, and the parsed manifest.
fn find_manifest(file: &Path, at_most: u64) -> Result<(String, Course)> {
    let mut found: Option<String> = None;
    let (mut text, mut is_whole) = (Vec::new(), false);
    let mut reading = Reading::open(file)?;
    while !is_whole {
        let read = reading.step(&mut |event| {
            match event {
                TarEvent::Begin(path, size) if found.is_none() => {
                    let prefix = path.as_str().strip_suffix(MANIFEST);
                    let prefix = prefix.filter(|prefix| prefix.matches('/').count() <= 1);
                    found = prefix
                        .filter(|prefix| prefix.is_empty() || prefix.ends_with('/'))
                        .map(str::to_owned);
                    if found.is_some() && size > at_most {
                        return Err(refused(file, &too_large(size, at_most)));
                    }
                }
                TarEvent::Content(bytes) if found.is_some() && !is_whole => {
                    text.extend_from_slice(bytes);
                }
                TarEvent::End if found.is_some() => is_whole = true,
                _ => {}
            }
            Ok(())
        })?;
        if read.is_none() {
            break;
        }
    }
    let prefix = found.filter(|_| is_whole);
    let prefix = prefix.ok_or_else(|| refused(file, &"it contains no manifest.json"))?;
    let course: Course = serde_json::from_slice(&text).map_err(|why| refused(file, &why))?;
    if course.archive_version > VERSION {
        let made_by = format!("a newer program made it ({})", course.made_by);
        return Err(refused(file, &made_by));
    }
    Ok((prefix, course))
}

fn too_large(size: u64, at_most: u64) -> String {
    format!(
        "its manifest.json has {size} bytes, and at most {at_most} are read into memory. If you trust the archive, \
         allow more with --max-manifest-size {}",
        ByteSize(size).enough()
    )
}

/// The state of an import.
struct Taking<'a> {
    prefix: &'a str,
    /// The checksums of the files that the manifest names, by their paths in the archive.
    expected: HashMap<String, Option<Sha256Sum>>,
    intake: Intake,
    blobs: HashMap<Sha256Sum, BlobRef>,
    /// The path and checksum of the file that is currently read.
    open: Option<(String, Option<Sha256Sum>)>,
}

impl Taking<'_> {
    fn take(&mut self, event: &TarEvent<'_>) -> Result<()> {
        match event {
            TarEvent::Begin(path, size) => {
                let path = path.as_str();
                let Some(sum) = self.expected.get(path) else {
                    return match path.strip_prefix(self.prefix) {
                        Some(name) if BESIDE.contains(&name) => Ok(()),
                        _ => Err(Error::Refused(format!(
                            "{path:?} is in the archive but not in its manifest. Nothing was changed"
                        ))),
                    };
                };
                self.open = Some((path.to_owned(), *sum));
                self.intake.begin_sized(*size)?;
            }
            TarEvent::Content(bytes) if self.open.is_some() => self.intake.write(bytes)?,
            TarEvent::Content(_) => {}
            TarEvent::End => {
                let Some((path, sum)) = self.open.take() else {
                    return Ok(());
                };
                let Some(blob) = self.intake.end_unplaced() else {
                    return Ok(());
                };
                if Some(blob.sha256) != sum {
                    return Err(Error::Refused(format!(
                        "{path:?} in the archive does not match its manifest: the archive was modified. Nothing was \
                         changed here"
                    )));
                }
                self.blobs.insert(blob.sha256, blob);
            }
        }
        Ok(())
    }
}

/// An archive that is unpacked while it is read.
struct Reading {
    file: File,
    path: std::path::PathBuf,
    unpacker: Option<Unpacker>,
    decoder: TarDecoder,
    buffer: Vec<u8>,
}

impl Reading {
    fn open(path: &Path) -> Result<Self> {
        let read = on(path, "read");
        let open = || -> std::io::Result<(File, Packing)> {
            let mut file = File::open(path)?;
            let mut mark = Vec::new();
            (&mut file).take(4).read_to_end(&mut mark)?;
            file.seek(SeekFrom::Start(0))?;
            let packing = match mark.as_slice() {
                [0x1f, 0x8b, ..] => Packing::Gzip,
                [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
                _ => Packing::Plain,
            };
            Ok((file, packing))
        };
        let (file, packing) = open().map_err(read)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            unpacker: Some(Unpacker::new(packing).map_err(on(path, "unpacked"))?),
            decoder: TarDecoder::passing_over_links(),
            buffer: vec![0; CHUNK],
        })
    }

    /// Reads the next bytes and passes the events in them to `sink`. Returns the number of bytes; `None` at the end.
    fn step(&mut self, sink: &mut impl FnMut(TarEvent<'_>) -> Result<()>) -> Result<Option<u64>> {
        let count = self
            .file
            .read(&mut self.buffer)
            .map_err(on(&self.path, "read"))?;
        let decoder = &mut self.decoder;
        let mut decode = |bytes: &[u8]| decoder.feed(bytes, sink);
        if count > 0 {
            if let Some(unpacker) = &mut self.unpacker {
                let mut rest = &self.buffer[..count];
                while !rest.is_empty() {
                    let taken = unpacker.feed(rest, &mut decode)?;
                    rest = &rest[taken..];
                }
            }
            return Ok(Some(count as u64));
        }
        if let Some(unpacker) = self.unpacker.take() {
            unpacker.finish(&mut decode)?;
            std::mem::take(&mut self.decoder).finish()?;
        }
        Ok(None)
    }
}
