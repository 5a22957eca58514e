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

/// The reader of an archive of one tree.
pub struct Files {
    archive: TarDecoder,
    intake: Intake,
    open: Option<RelativePath>,
}

impl Files {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake: Intake::counted(exchange, account),
            open: None,
        }
    }
}

impl Reader for Files {
    type Output = Parcel;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            match event {
                TarEvent::Begin(path, size) => {
                    intake.begin_sized(size)?;
                    *open = Some(path.clone());
                }
                TarEvent::Content(bytes) => intake.write(bytes)?,
                TarEvent::End => {
                    if let Some(path) = open.take() {
                        intake.end(path)?;
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
        Ok(self.intake.finish()?)
    }
}

/// The reader of a manifest whose bytes should all be stored already.
pub struct Told {
    text: Vec<u8>,
    intake: Intake,
}

impl Told {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            text: Vec::new(),
            intake: Intake::counted(exchange, account),
        }
    }
}

impl Reader for Told {
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
pub struct ToldWithBytes {
    archive: TarDecoder,
    intake: Intake,
    text: Vec<u8>,
    told: Option<ToldFiles>,
    open: Option<Sha256Sum>,
}

/// The files of a manifest, and the size that it gives for each blob.
struct ToldFiles {
    claims: Vec<Claim>,
    sizes: HashMap<Sha256Sum, u64>,
}

impl ToldWithBytes {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake: Intake::counted(exchange, account),
            text: Vec::new(),
            told: None,
            open: None,
        }
    }
}

impl Reader for ToldWithBytes {
    type Output = Parcel;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            text,
            told,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            let Some(told) = told else {
                *told = take_manifest(&event, text)?;
                return Ok(());
            };
            match event {
                TarEvent::Begin(path, size) => {
                    *open = Some(expected(path, size, told)?);
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
        let told = self.told.ok_or_else(without_manifest)?;
        Ok(self.intake.finish_claimed(told.claims)?)
    }
}

fn without_manifest() -> Error {
    Error::bad(format!("The first entry is not {}", manifest::NAME))
}

/// Reads the first entry. Returns the manifest once it is complete.
fn take_manifest(event: &TarEvent<'_>, text: &mut Vec<u8>) -> Result<Option<ToldFiles>> {
    match event {
        TarEvent::Begin(path, _) if path.as_str() != manifest::NAME => Err(without_manifest()),
        TarEvent::Begin(..) => Ok(None),
        TarEvent::Content(bytes) => extend(text, bytes).map(|()| None),
        TarEvent::End => {
            let claims = manifest::parse(&std::mem::take(text))?;
            let sizes = claims.iter().map(|claim| (claim.sha256, claim.size));
            Ok(Some(ToldFiles {
                sizes: sizes.collect(),
                claims,
            }))
        }
    }
}

/// Returns the checksum that an entry is named by. Fails if the manifest does not have it, or has another size for it.
fn expected(path: &RelativePath, size: u64, told: &ToldFiles) -> Result<Sha256Sum> {
    let name = Sha256Sum::parse(path.as_str());
    let known = name.and_then(|name| Some((name, told.sizes.get(&name)?)));
    match known {
        Some((name, expected)) if *expected == size => Ok(name),
        Some(_) => Err(Error::bad(format!(
            "{path} has another size than the manifest says"
        ))),
        None => Err(Error::bad(format!("{path} is not in the manifest"))),
    }
}

/// The reader of an archive of many trees, each below the ID of a submission.
pub struct Numbered {
    archive: TarDecoder,
    intake: BatchIntake,
    open: Option<(i64, RelativePath)>,
}

impl Numbered {
    /// Returns a reader that has read nothing.
    pub fn new(exchange: &Exchange, account: Account) -> Self {
        Self {
            archive: TarDecoder::new(),
            intake: BatchIntake::counted(exchange, account),
            open: None,
        }
    }
}

impl Reader for Numbered {
    type Output = Batch;

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Self {
            archive,
            intake,
            open,
        } = self;
        archive.feed(bytes, &mut |event| {
            match event {
                TarEvent::Begin(path, size) => {
                    intake.files.begin_sized(size)?;
                    *open = Some(split(path)?);
                }
                TarEvent::Content(bytes) => intake.files.write(bytes)?,
                TarEvent::End => {
                    if let Some((submission, path)) = open.take() {
                        intake.end(submission, path)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn overflow(&mut self) -> Option<Overflow> {
        self.intake.files.take_overflow()
    }

    fn finish(self) -> Result<Batch> {
        self.archive.finish()?;
        Ok(self.intake.finish()?)
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
