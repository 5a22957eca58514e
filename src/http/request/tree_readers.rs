//! Readers that make trees from the bytes of a body.

use crate::http::error::{Error, Result};
use nbcourier_codec::{TarDecoder, TarEvent};
use nbcourier_domain::{BlobRef, RelativePath, Sha256Sum};
use nbcourier_exchange::files::intake::{BatchIntake, Intake, Overflow};
use nbcourier_exchange::files::parcel::{Batch, Claim, Parcel};
use nbcourier_work::Bug;
use std::collections::HashMap;
use std::marker::PhantomData;

/// Maximum length of a manifest or another document, in bytes.
const MAX_DOCUMENT: usize = 8 * 1024 * 1024;

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

/// A document that names the bytes that a body brings, or that should be stored already.
pub trait Document: Sized + Send + 'static {
    /// Its name as the first entry of an archive.
    const NAME: &'static str;

    /// Parses the document.
    fn parse(text: &[u8]) -> Result<Self>;

    /// Takes the files out of the document.
    fn take_claims(&mut self) -> Vec<Claim>;
}

/// The reader of a document whose bytes should all be stored already.
pub struct DocumentReader<D> {
    text: Vec<u8>,
    intake: Intake,
    of: PhantomData<fn() -> D>,
}

impl<D> DocumentReader<D> {
    /// Returns a reader that has read nothing.
    pub fn new(intake: Intake) -> Self {
        Self {
            text: Vec::new(),
            intake,
            of: PhantomData,
        }
    }
}

impl<D: Document> Reader for DocumentReader<D> {
    type Output = (D, Parcel);

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        extend(&mut self.text, bytes)
    }

    fn overflow(&mut self) -> Option<Overflow> {
        None
    }

    fn finish(self) -> Result<(D, Parcel)> {
        let mut document = D::parse(&self.text)?;
        let claims = document.take_claims();
        Ok((document, self.intake.finish_claimed(claims)?))
    }
}

fn extend(text: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    if text.len() + bytes.len() > MAX_DOCUMENT {
        return Err(Error::FieldTooLarge(MAX_DOCUMENT));
    }
    text.extend_from_slice(bytes);
    Ok(())
}

/// The reader of an archive with a document and the bytes sent along with it.
pub struct DocumentWithBytesReader<D> {
    archive: TarDecoder,
    intake: Intake,
    text: Vec<u8>,
    named: Option<Named<D>>,
    open: Option<Sha256Sum>,
}

/// A document, its files, and the size that it gives for each blob.
struct Named<D> {
    document: D,
    claims: Vec<Claim>,
    sizes: HashMap<Sha256Sum, u64>,
}

impl<D> DocumentWithBytesReader<D> {
    /// Returns a reader that has read nothing.
    pub fn new(intake: Intake) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake,
            text: Vec::new(),
            named: None,
            open: None,
        }
    }
}

impl<D: Document> Reader for DocumentWithBytesReader<D> {
    type Output = (D, Parcel);

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            text,
            named,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            let Some(named) = named else {
                *named = take_document(&event, text)?;
                return Ok(());
            };
            match event {
                TarEvent::Begin(path, size) => {
                    *open = Some(expected(path, size, &named.sizes, D::NAME)?);
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

    fn finish(self) -> Result<(D, Parcel)> {
        self.archive.finish()?;
        let named = self.named.ok_or_else(without_document::<D>)?;
        let parcel = self.intake.finish_claimed(named.claims)?;
        Ok((named.document, parcel))
    }
}

fn without_document<D: Document>() -> Error {
    Error::bad(format!("The first entry is not {}", D::NAME))
}

/// Reads the first entry. Returns the document once it is complete.
fn take_document<D: Document>(
    event: &TarEvent<'_>,
    text: &mut Vec<u8>,
) -> Result<Option<Named<D>>> {
    match event {
        TarEvent::Begin(path, _) if path.as_str() != D::NAME => Err(without_document::<D>()),
        TarEvent::Begin(..) => Ok(None),
        TarEvent::Content(bytes) => extend(text, bytes).map(|()| None),
        TarEvent::End => {
            let mut document = D::parse(&std::mem::take(text))?;
            let claims = document.take_claims();
            let sizes = claims.iter().map(|claim| (claim.sha256, claim.size));
            Ok(Some(Named {
                sizes: sizes.collect(),
                document,
                claims,
            }))
        }
    }
}

/// Returns the checksum that an entry is named by. Fails if the document does not have it, or has another size for it.
fn expected(
    path: &RelativePath,
    size: u64,
    sizes: &HashMap<Sha256Sum, u64>,
    document: &str,
) -> Result<Sha256Sum> {
    let what = document.trim_end_matches(".json");
    let name = Sha256Sum::parse(path.as_str());
    let known = name.and_then(|name| Some((name, sizes.get(&name)?)));
    match known {
        Some((name, expected)) if *expected == size => Ok(name),
        Some(_) => Err(Error::bad(format!(
            "{path} has another size than the {what} says"
        ))),
        None => Err(Error::bad(format!("{path} is not in the {what}"))),
    }
}

/// The reader of the bytes of one file.
pub struct FileReader(Intake);

impl FileReader {
    /// Returns a reader that has read nothing.
    pub fn new(mut intake: Intake) -> Result<Self> {
        intake.begin()?;
        Ok(Self(intake))
    }
}

impl Reader for FileReader {
    type Output = (BlobRef, Intake);

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write(bytes)?)
    }

    fn overflow(&mut self) -> Option<Overflow> {
        self.0.take_overflow()
    }

    fn finish(mut self) -> Result<(BlobRef, Intake)> {
        let blob = self.0.end_unplaced();
        let blob = blob.ok_or_else(|| Bug::new("a file that was begun does not end"))?;
        Ok((blob, self.0))
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
