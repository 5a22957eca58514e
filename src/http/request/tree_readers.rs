//! Readers that make trees from the bytes of a body.

use crate::http::error::{Error, Result};
use crate::http::request::manifest;
use nbcourier_codec::{TarDecoder, TarEvent};
use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_exchange::Account;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::intake::{BatchIntake, Intake, Overflow};
use nbcourier_exchange::files::parcel::{Batch, Claim, Parcel};
use std::collections::HashMap;

/// Maximum length of a manifest, in bytes.
const MAX_MANIFEST: usize = 8 * 1024 * 1024;

/// Builds a value from the bytes of a body.
pub trait Reader: Sized + Send + 'static {
    /// The value.
    type Output: Send + 'static;

    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<()>;

    /// Returns the bytes that should be stored now.
    fn overflow(&mut self) -> Option<Overflow>;

    /// Returns the value after the last bytes.
    fn finish(self) -> Result<Self::Output>;
}

/// The trees that an archive becomes: one, or many.
pub trait Archived: Send + 'static {
    /// The place of a file, by its path in the archive.
    type Destination: Send + 'static;
    /// The received trees.
    type Output: Send + 'static;

    /// Returns the place of the file with that path in the archive.
    fn place(path: &RelativePath) -> Result<Self::Destination>;

    /// Returns the intake of the files.
    fn files(&mut self) -> &mut Intake;

    /// Ends the current file at its place.
    fn end(&mut self, place: Self::Destination) -> Result<()>;

    /// Returns the trees after the last file.
    fn finish(self) -> Result<Self::Output>;
}

impl Archived for Intake {
    type Destination = RelativePath;
    type Output = Parcel;

    fn place(path: &RelativePath) -> Result<RelativePath> {
        Ok(path.clone())
    }

    fn files(&mut self) -> &mut Intake {
        self
    }

    fn end(&mut self, path: RelativePath) -> Result<()> {
        Ok(Intake::end(self, path)?)
    }

    fn finish(self) -> Result<Parcel> {
        Ok(Intake::finish(self)?)
    }
}

/// Many trees, each below the ID of a submission.
impl Archived for BatchIntake {
    type Destination = (i64, RelativePath);
    type Output = Batch;

    fn place(path: &RelativePath) -> Result<(i64, RelativePath)> {
        split(path)
    }

    fn files(&mut self) -> &mut Intake {
        &mut self.files
    }

    fn end(&mut self, (submission, path): (i64, RelativePath)) -> Result<()> {
        Ok(BatchIntake::end(self, submission, path)?)
    }

    fn finish(self) -> Result<Batch> {
        Ok(BatchIntake::finish(self)?)
    }
}

/// The reader of an archive of files.
pub struct ArchiveReader<I: Archived> {
    archive: TarDecoder,
    intake: I,
    open: Option<I::Destination>,
}

impl<I: Archived> ArchiveReader<I> {
    /// Returns a reader that has read nothing.
    pub fn new(intake: I) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake,
            open: None,
        }
    }
}

impl<I: Archived> Reader for ArchiveReader<I> {
    type Output = I::Output;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            match event {
                TarEvent::Begin(path, size) => {
                    intake.files().begin_sized(size)?;
                    *open = Some(I::place(path)?);
                }
                TarEvent::Content(bytes) => intake.files().write(bytes)?,
                TarEvent::End => {
                    if let Some(place) = open.take() {
                        intake.end(place)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn overflow(&mut self) -> Option<Overflow> {
        self.intake.files().take_overflow()
    }

    fn finish(self) -> Result<I::Output> {
        self.archive.finish()?;
        self.intake.finish()
    }
}

/// The reader of a manifest whose bytes should all be stored already.
pub struct ManifestReader {
    text: Vec<u8>,
    intake: Intake,
}

impl ManifestReader {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            text: Vec::new(),
            intake: Intake::counted(exchange, account),
        }
    }
}

impl Reader for ManifestReader {
    type Output = Parcel;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        extend(&mut self.text, bytes)
    }

    fn overflow(&mut self) -> Option<Overflow> {
        None
    }

    fn finish(self) -> Result<Parcel> {
        let claims = manifest::parse(&self.text)?;
        Ok(self.intake.finish_claimed(claims)?)
    }
}

fn extend(text: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    if text.len() + bytes.len() > MAX_MANIFEST {
        return Err(Error::FieldTooLarge(MAX_MANIFEST));
    }
    text.extend_from_slice(bytes);
    Ok(())
}

/// The reader of an archive with a manifest and the bytes sent along with it.
pub struct ManifestWithBytesReader {
    archive: TarDecoder,
    intake: Intake,
    text: Vec<u8>,
    files: Option<ManifestFiles>,
    open: Option<Sha256Sum>,
}

/// The files of a manifest, and the size that it gives for each blob.
struct ManifestFiles {
    claims: Vec<Claim>,
    sizes: HashMap<Sha256Sum, u64>,
}

impl ManifestWithBytesReader {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake: Intake::counted(exchange, account),
            text: Vec::new(),
            files: None,
            open: None,
        }
    }
}

impl Reader for ManifestWithBytesReader {
    type Output = Parcel;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            text,
            files,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            let Some(files) = files else {
                *files = take_manifest(&event, text)?;
                return Ok(());
            };
            match event {
                TarEvent::Begin(path, size) => {
                    *open = Some(expected(path, size, files)?);
                    intake.begin_sized(size)?;
                }
                TarEvent::Content(bytes) => intake.write(bytes)?,
                TarEvent::End => {
                    let blob = intake.end_unplaced();
                    if let (Some(name), Some(blob)) = (open.take(), blob)
                        && name != blob.sha256
                    {
                        let sentence = format!("The bytes of {name} are not those of that name");
                        return Err(Error::bad(sentence));
                    }
                }
            }
            Ok(())
        })
    }

    fn overflow(&mut self) -> Option<Overflow> {
        self.intake.take_overflow()
    }

    fn finish(self) -> Result<Parcel> {
        self.archive.finish()?;
        let files = self.files.ok_or_else(without_manifest)?;
        Ok(self.intake.finish_claimed(files.claims)?)
    }
}

fn without_manifest() -> Error {
    Error::bad(format!("The first entry is not {}", manifest::NAME))
}

/// Reads the first entry. Returns the manifest once it is complete.
fn take_manifest(event: &TarEvent<'_>, text: &mut Vec<u8>) -> Result<Option<ManifestFiles>> {
    match event {
        TarEvent::Begin(path, _) if path.as_str() != manifest::NAME => Err(without_manifest()),
        TarEvent::Begin(..) => Ok(None),
        TarEvent::Content(bytes) => extend(text, bytes).map(|()| None),
        TarEvent::End => {
            let claims = manifest::parse(&std::mem::take(text))?;
            let sizes = claims.iter().map(|claim| (claim.sha256, claim.size));
            Ok(Some(ManifestFiles {
                sizes: sizes.collect(),
                claims,
            }))
        }
    }
}

/// Returns the checksum that an entry is named by. Fails if the manifest does not have it, or has another size for it.
fn expected(path: &RelativePath, size: u64, files: &ManifestFiles) -> Result<Sha256Sum> {
    let name = Sha256Sum::parse(path.as_str());
    let known = name.and_then(|name| Some((name, files.sizes.get(&name)?)));
    match known {
        Some((name, expected)) if *expected == size => Ok(name),
        Some(_) => Err(Error::bad(format!(
            "{path} has another size than the manifest says"
        ))),
        None => Err(Error::bad(format!("{path} is not in the manifest"))),
    }
}

/// Splits `ID/PATH`. Only one spelling of the ID is accepted, so that two entries never mean the same path.
fn split(path: &RelativePath) -> Result<(i64, RelativePath)> {
    let parts = path.as_str().split_once('/').and_then(|(number, rest)| {
        let id: i64 = number.parse().ok()?;
        let rest = RelativePath::parse(rest).ok()?;
        (id.to_string() == number).then_some((id, rest))
    });
    parts.ok_or_else(|| Error::bad(format!("{path} is not below the number of a submission")))
}
