//! The files and folders in a version of a directory.

use super::versions::{self, digest_in};
use crate::files::trees::TreeFiles;
use crate::op::DirectoryWay;
use crate::policy::DirectoryAddress;
use crate::{Error, Exchange, PORTION, Result, Thing};
use nbcourier_domain::{AccessLevel, BlobRef, Md5Sum, RelativePath, Sha256Sum, Timestamp};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::entries::{self, Entry, Filter};
use nbcourier_storage::trees::File;
use nbcourier_storage::{Connection, Portion};
use std::collections::HashMap;

/// Maximum number of entries that one page of a listing with a pattern looks at.
const LOOKED_AT: usize = 20_000;

/// A file or folder in a version.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// The path.
    pub path: RelativePath,
    /// The file, or `None` for a folder.
    pub file: Option<FileView>,
    /// The version with which it has had its content.
    pub since: i64,
}

/// A file in a version.
#[derive(Debug, Clone, Copy)]
pub struct FileView {
    /// Its size and checksums.
    pub blob: BlobRef,
    /// Whether it can be executed.
    pub executable: bool,
}

impl EntryView {
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            path: entry.path,
            file: entry.file.map(|file| FileView {
                blob: file.blob.blob,
                executable: file.executable,
            }),
            since: entry.since,
        }
    }
}

/// A pattern of paths: `*` and `?` match within a name, `**` matches any number of folders, `[ab]` one of the letters.
#[derive(Debug, Clone)]
pub struct PathPattern(glob::Pattern);

impl PathPattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::UnusableFact("The pattern in glob is not a legal one".to_owned());
        // A path is no longer than that, and each `**` of a longer pattern would cost time.
        if text.len() > 1024 || text.matches("**").count() > 4 || text.matches('*').count() > 16 {
            return Err(wrong());
        }
        glob::Pattern::new(text).map(Self).map_err(|_| wrong())
    }

    fn matches(&self, path: &RelativePath) -> bool {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        self.0.matches_with(path.as_str(), options)
    }
}

/// The entries that a caller wants to see.
#[derive(Debug, Clone, Default)]
pub struct EntryQuery {
    /// The version, or `None` for the current one.
    pub version: Option<i64>,
    /// Only those below this folder, or only this file.
    pub below: Option<RelativePath>,
    /// Only those directly in the folder.
    pub is_flat: bool,
    /// Only those whose paths match. The pattern is for whole paths.
    pub pattern: Option<PathPattern>,
    /// Only those after this path.
    pub after: Option<String>,
}

/// A page of entries.
#[derive(Debug, Clone)]
pub struct EntryPage {
    /// The version.
    pub version: i64,
    /// The entries by path.
    pub entries: Vec<EntryView>,
    /// The path after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// Bytes of files whose MD5 is computed for one page. Files beyond that have none until a page lists them alone.
const HASHED: u64 = 64 * 1024 * 1024;

/// Returns at most `at_most` entries of a version. A page with a pattern may have fewer, and another page after it.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    query: EntryQuery,
    at_most: usize,
) -> Result<EntryPage> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, move |op| {
        let version = versions::find(op, query.version)?.number;
        let place = (op.directory().id, version);
        if let Some(path) = &query.below {
            let entry = entries::find(op.conn, place, path.as_str())?;
            let entry = entry.ok_or(Error::NotFound(Thing::Path))?;
            if entry.file.is_some() {
                let is_wanted = query.after.is_none()
                    && query.pattern.as_ref().is_none_or(|it| it.matches(path));
                return Ok(FoundPage {
                    version,
                    entries: is_wanted.then_some(entry).into_iter().collect(),
                    next: None,
                });
            }
        }
        page(op.conn, place, &query, at_most)
    });
    with_md5(exchange, read.await?).await
}

/// A page as it is stored.
struct FoundPage {
    version: i64,
    entries: Vec<Entry>,
    next: Option<String>,
}

/// Returns the page with the MD5 of its files, as far as it is known or quickly computed.
async fn with_md5(exchange: &Exchange, page: FoundPage) -> Result<EntryPage> {
    let files = page.entries.iter().filter_map(|entry| {
        let blob = entry.file?.blob;
        Some(File {
            path: entry.path.clone(),
            blob,
        })
    });
    let mut bytes = 0_u64;
    let files = files.take_while(|file| {
        if file.blob.blob.md5.is_none() {
            bytes = bytes.saturating_add(file.blob.blob.size);
        }
        bytes <= HASHED
    });
    let files: Vec<File> = files.collect();
    let computed = TreeFiles::new(files.into()).checksummed(exchange).await?;
    let md5: HashMap<Sha256Sum, Md5Sum> = computed
        .iter()
        .filter(|(_, md5)| *md5 != Md5Sum::UNKNOWN)
        .map(|(file, md5)| (file.blob.sha256, md5))
        .collect();
    let entries = page.entries.into_iter().map(|entry| {
        let mut view = EntryView::new(entry);
        if let Some(file) = &mut view.file {
            file.blob.md5 = md5.get(&file.blob.sha256).copied().or(file.blob.md5);
        }
        view
    });
    Ok(EntryPage {
        version: page.version,
        entries: entries.collect(),
        next: page.next,
    })
}

fn page(
    conn: &mut Connection,
    place: (i64, i64),
    query: &EntryQuery,
    at_most: usize,
) -> Result<FoundPage> {
    let filter = Filter {
        below: query.below.as_ref().map(RelativePath::as_str),
        is_flat: query.is_flat,
        after: query.after.as_deref(),
    };
    let portion = match query.pattern {
        Some(_) => Portion::of(LOOKED_AT),
        None => Portion::of(at_most),
    };
    let (found, mut is_more) = entries::list(conn, place, filter, portion)?;
    let mut last = None;
    let mut shown = Vec::new();
    for entry in found {
        let is_wanted = query
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.matches(&entry.path));
        if is_wanted && shown.len() == at_most {
            is_more = true;
            break;
        }
        last = Some(entry.path.as_str().to_owned());
        if is_wanted {
            shown.push(entry);
        }
    }
    Ok(FoundPage {
        version: place.1,
        entries: shown,
        next: last.filter(|_| is_more),
    })
}

/// A file that a request names.
#[derive(Debug, Clone)]
pub struct FoundFile {
    /// The number of the directory.
    pub directory: i64,
    /// The version.
    pub version: i64,
    /// Its size, its checksums and its mode.
    pub file: FileView,
    /// A tree of only this file.
    pub contents: TreeFiles,
}

/// Returns a file of a version.
pub async fn file(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    version: Option<i64>,
    path: RelativePath,
) -> Result<FoundFile> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, move |op| {
        let version = versions::find(op, version)?.number;
        let entry = entries::find(op.conn, (op.directory().id, version), path.as_str())?;
        let entry = entry.ok_or(Error::NotFound(Thing::Path))?;
        let file = entry.file.ok_or_else(|| {
            Error::UnusableFact(format!(
                "{path} is a directory. List it with entries, or get it with tree"
            ))
        })?;
        let contents = [File {
            path: entry.path,
            blob: file.blob,
        }];
        Ok(FoundFile {
            directory: op.directory().id,
            version,
            file: FileView {
                blob: file.blob.blob,
                executable: file.executable,
            },
            contents: TreeFiles::new(contents.into()),
        })
    });
    read.await
}

/// The files of a version, to be sent one after the other.
pub struct FoundArchive {
    /// The number of the version.
    pub version: i64,
    /// The digest of all files of the version.
    pub digest: Sha256Sum,
    /// The time of the version.
    pub made_at: Timestamp,
    /// The files.
    pub files: ArchiveFiles,
}

/// The files of a version below a folder, in portions.
pub struct ArchiveFiles {
    way: DirectoryWay,
    version: i64,
    below: Option<RelativePath>,
    after: Option<String>,
    is_ended: bool,
}

/// Returns the files of a version, or only those below a folder.
pub async fn archive(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    version: Option<i64>,
    below: Option<RelativePath>,
) -> Result<FoundArchive> {
    let way = exchange.enter_directory(caller, address, AccessLevel::Read);
    let folder = below.clone();
    let read = way.read(move |op| {
        let version = versions::find(op, version)?;
        if let Some(folder) = &folder {
            let place = (op.directory().id, version.number);
            let entry = entries::find(op.conn, place, folder.as_str())?;
            if entry.is_none_or(|entry| entry.file.is_some()) {
                return Err(Error::NotFound(Thing::Path));
            }
        }
        let digest = digest_in(op, version.number, version.digest)?;
        Ok((version.number, digest, version.made_at))
    });
    let (version, digest, made_at) = read.await?;
    Ok(FoundArchive {
        version,
        digest,
        made_at,
        files: ArchiveFiles {
            way,
            version,
            below,
            after: None,
            is_ended: false,
        },
    })
}

impl ArchiveFiles {
    /// Returns the next files and whether each can be executed, or `None` at the end. Fails if the version was removed
    /// meanwhile, or if the caller lost access to the directory.
    pub async fn next(&mut self) -> Result<Option<(TreeFiles, Vec<bool>)>> {
        while !self.is_ended {
            let (version, below, after) = (self.version, self.below.clone(), self.after.clone());
            let read = self.way.read(move |op| {
                versions::find(op, Some(version))?;
                let filter = Filter {
                    below: below.as_ref().map(RelativePath::as_str),
                    is_flat: false,
                    after: after.as_deref(),
                };
                let place = (op.directory().id, version);
                Ok(entries::list(op.conn, place, filter, PORTION)?)
            });
            let (found, is_more) = read.await?;
            self.is_ended = !is_more;
            self.after = found.last().map(|entry| entry.path.as_str().to_owned());
            let (mut files, mut modes) = (Vec::new(), Vec::new());
            for entry in found {
                if let Some(file) = entry.file {
                    files.push(File {
                        path: entry.path,
                        blob: file.blob,
                    });
                    modes.push(file.executable);
                }
            }
            if !files.is_empty() {
                return Ok(Some((TreeFiles::new(files.into()), modes)));
            }
        }
        Ok(None)
    }
}
