//! Replies with trees as zip archives, which are made while they are sent. All names can be written by every system.

use super::download;
use crate::http::compute::compute;
use crate::http::error::Result;
use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_codec::ZipEncoder;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::contents::{ArchiveFiles, FoundArchive};
use nbcourier_exchange::files::trees::{
    Bundle, Contents, Piece, SubmissionTree, TreeFile, TreeFiles,
};
use nbcourier_work::Bug;
use std::collections::{HashMap, hash_map};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

/// The names that Windows keeps for devices, with any ending ("Naming Files, Paths, and Namespaces", Microsoft).
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// The file that lists names that were changed, and directories that were left out.
const README: &str = "README.txt";
/// Maximum length of the list of changed names, in bytes.
const LONGEST_README: usize = 256 * 1024;
/// Maximum length in bytes of the directory of an archive of many trees. It is held in memory until the archive ends.
/// Names of usual length leave room for more than a hundred thousand files.
const LONGEST_DIRECTORY: u64 = 16 * 1024 * 1024;
/// Size in bytes of the entry of a file in that directory, without its name.
const DIRECTORY_ENTRY: u64 = 80;

/// Returns a reply with a tree as `name`, which a browser saves.
pub async fn tree(
    exchange: &Exchange,
    name: &str,
    time: Timestamp,
    files: TreeFiles,
) -> Result<HttpResponse> {
    let mut sender = Box::new(Sender::new(exchange, Vec::new()).await?);
    sender = sender
        .listed(vec![(String::new(), time, files.clone())])
        .await?;
    sender.contents = Contents::open(exchange, files).await?;
    send(sender, name).await
}

/// Returns a reply with many trees as `name`, each below the directory beside it, which a browser saves.
pub async fn trees(
    exchange: &Exchange,
    name: &str,
    trees: Vec<(String, SubmissionTree)>,
) -> Result<HttpResponse> {
    send(Box::new(Sender::new(exchange, trees).await?), name).await
}

/// Returns a reply with the files of a version of a directory as `name`, which a browser saves. They are listed in
/// portions while it is sent.
pub async fn directory(
    exchange: &Exchange,
    name: &str,
    found: FoundArchive,
) -> Result<HttpResponse> {
    let mut sender = Sender::new(exchange, Vec::new()).await?;
    sender.rest = Rest::Directory(found.files, found.made_at);
    send(Box::new(sender), name).await
}

async fn send(mut sender: Box<Sender>, name: &str) -> Result<HttpResponse> {
    // Damage in a short tree still shows in the status.
    let ahead = sender.contents.ahead().await?;
    let (sender, first) = if ahead.is_empty() {
        match sender.next().await? {
            Some((sender, bytes)) => (sender, bytes),
            None => return Err(Bug::new("an archive has no end").into()),
        }
    } else {
        sender.written(ahead).await?
    };
    let rest = stream::try_unfold(sender, |sender| async move {
        let next = sender.next().await?;
        Ok::<_, crate::http::error::Error>(next.map(|(sender, bytes)| (bytes, sender)))
    });
    let body = stream::iter([Ok(first)]).chain(rest);
    let body = body.map(|part| part.map_err(Box::<dyn std::error::Error>::from));
    let mut reply = HttpResponse::Ok();
    download::as_file(&mut reply, name);
    Ok(reply
        .content_type("application/zip")
        .body(BodyStream::new(body)))
}

/// A file of an archive.
struct Entry {
    name: String,
    size: u64,
    time: Timestamp,
}

/// The files that follow those that are being sent.
enum Rest {
    /// Trees of submissions, and the directory in the archive for each submission.
    Trees(Bundle, HashMap<i64, String>),
    /// The contents of a version of a directory, and its time.
    Directory(ArchiveFiles, Timestamp),
}

impl Rest {
    /// Returns the next files, each with their directory in the archive and their time; none at the end.
    async fn next(&mut self) -> Result<Vec<(String, Timestamp, TreeFiles)>> {
        Ok(match self {
            Self::Trees(bundle, directories) => {
                let more = bundle.next().await?.into_iter();
                let more = more.map(|(tree, files)| {
                    let directory = directories.get(&tree.submission).cloned();
                    (directory.unwrap_or_default(), tree.time, files)
                });
                more.collect()
            }
            Self::Directory(files, time) => {
                let more = files.next().await?.into_iter();
                more.map(|(files, _)| (String::new(), *time, files))
                    .collect()
            }
        })
    }
}

/// An archive that is being sent.
struct Sender {
    exchange: Exchange,
    zip: ZipEncoder,
    names: Names,
    /// The files that are being sent.
    entries: Vec<Entry>,
    /// The contents of these files.
    contents: Contents,
    rest: Rest,
    is_ended: bool,
}

impl Sender {
    async fn new(exchange: &Exchange, trees: Vec<(String, SubmissionTree)>) -> Result<Self> {
        let (directories, trees): (Vec<_>, Vec<_>) = trees
            .into_iter()
            .map(|(directory, tree)| ((tree.submission, directory), tree))
            .unzip();
        Ok(Self {
            zip: ZipEncoder::new(),
            names: Names::default(),
            entries: Vec::new(),
            contents: Contents::open(exchange, TreeFiles::default()).await?,
            rest: Rest::Trees(
                Bundle::new(exchange, trees),
                directories.into_iter().collect(),
            ),
            exchange: exchange.clone(),
            is_ended: false,
        })
    }

    /// Makes these the files that are sent next. Finding names for many files takes a while.
    async fn listed(
        mut self: Box<Self>,
        trees: Vec<(String, Timestamp, TreeFiles)>,
    ) -> Result<Box<Self>> {
        compute(move || {
            self.entries.clear();
            for (directory, time, files) in &trees {
                self.list(files.iter(), directory, *time);
            }
            Ok(self)
        })
        .await
    }

    fn list<'a>(
        &mut self,
        files: impl Iterator<Item = TreeFile<'a>>,
        directory: &str,
        time: Timestamp,
    ) {
        for file in files {
            let path = if directory.is_empty() {
                file.path.as_str().to_owned()
            } else {
                format!("{directory}/{}", file.path)
            };
            self.entries.push(Entry {
                name: self.names.portable(&path),
                size: file.blob.size,
                time,
            });
        }
    }

    /// Returns the trees whose names fit into the archive beside those of all trees before. The others are left out, so
    /// that one student with odd names keeps nobody else's files from coming.
    fn fitting(
        &mut self,
        trees: Vec<(String, Timestamp, TreeFiles)>,
    ) -> Vec<(String, Timestamp, TreeFiles)> {
        let mut promised = self.zip.directory_bytes();
        let mut fitting = Vec::new();
        for (directory, time, files) in trees {
            let bytes = files.iter().map(|file| {
                let path = directory.len() + 1 + file.path.as_str().len();
                DIRECTORY_ENTRY + path as u64
            });
            let bytes = bytes.sum::<u64>();
            if promised + bytes <= LONGEST_DIRECTORY {
                promised += bytes;
                fitting.push((directory, time, files));
            } else {
                self.names.left_out.push(directory);
            }
        }
        fitting
    }

    async fn next(mut self: Box<Self>) -> Result<Option<(Box<Self>, Bytes)>> {
        if self.is_ended {
            return Ok(None);
        }
        let mut pieces = self.contents.next().await?;
        while pieces.is_empty() {
            let mut more = self.rest.next().await?;
            if more.is_empty() {
                break;
            }
            if matches!(self.rest, Rest::Trees(..)) {
                more = self.fitting(more);
            }
            self = self.listed(more.clone()).await?;
            let files = more.into_iter().map(|(_, _, files)| files);
            self.contents = Contents::open_many(&self.exchange, files).await?;
            pieces = self.contents.next().await?;
        }
        Ok(Some(self.written(pieces).await?))
    }

    /// Returns the bytes for these pieces; without pieces, those of the end.
    async fn written(mut self: Box<Self>, pieces: Vec<Piece>) -> Result<(Box<Self>, Bytes)> {
        compute(move || {
            let mut output = Vec::new();
            if pieces.is_empty() {
                self.end(&mut output);
            }
            for piece in &pieces {
                match piece {
                    Piece::Begin(place) => {
                        let Entry { name, size, time } = &self.entries[*place];
                        self.zip.begin(name, *size, *time, &mut output);
                    }
                    Piece::Bytes(bytes) => self.zip.write(bytes, &mut output),
                    Piece::End => self.zip.end(&mut output),
                }
            }
            Ok((self, output.into()))
        })
        .await
    }

    /// Writes the next part of the end.
    fn end(&mut self, output: &mut Vec<u8>) {
        if let Some(readme) = self.names.readme() {
            let size = readme.len() as u64;
            self.zip.begin(README, size, Timestamp::now(), output);
            self.zip.write(readme.as_bytes(), output);
            self.zip.end(output);
        }
        self.is_ended = self.zip.finish(output);
    }
}

/// Names for an archive, each unique where case makes no difference.
#[derive(Default)]
struct Names {
    hasher: RandomState,
    /// The hash of each taken name in small letters, with the number after which a next file of that name looks for a free
    /// one. Two names with one hash are taken for the same, so the later one gets a number.
    taken: HashMap<u64, u32>,
    /// The lines about changed names, as far as they fit.
    changed: String,
    /// The number of changed names that do not fit.
    more: usize,
    /// The directories that are left out.
    left_out: Vec<String>,
}

impl Names {
    /// Returns the path with names that every system can write.
    fn portable(&mut self, path: &str) -> String {
        let parts: Vec<String> = path.split('/').map(portable).collect();
        let whole = parts.join("/");
        let mut name = whole.clone();
        let key = self.key(&whole);
        if whole == README || self.taken.contains_key(&key) {
            let (stem, ending) = match whole.rsplit_once('.') {
                Some((stem, ending)) if !ending.contains('/') => (stem, format!(".{ending}")),
                _ => (whole.as_str(), String::new()),
            };
            // Each look begins behind the last, since all files may have the same name here.
            let mut number = self.taken.get(&key).copied().unwrap_or(1);
            loop {
                number += 1;
                name = format!("{stem} ({number}){ending}");
                let found = self.key(&name);
                if let hash_map::Entry::Vacant(free) = self.taken.entry(found) {
                    free.insert(1);
                    break;
                }
            }
            self.taken.insert(key, number);
        } else {
            self.taken.insert(key, 1);
        }
        if name != path {
            self.note(path, &name);
        }
        name
    }

    fn key(&self, name: &str) -> u64 {
        self.hasher.hash_one(name.to_lowercase())
    }

    fn note(&mut self, own: &str, here: &str) {
        if self.changed.len() > LONGEST_README {
            self.more += 1;
            return;
        }
        // Writing to memory does not fail.
        let _ = write!(self.changed, "{here} = {own:?}\r\n");
    }

    /// Returns the text that lists the changed names and the directories that are left out, if there are some. It is
    /// returned once.
    fn readme(&mut self) -> Option<String> {
        let changed = std::mem::take(&mut self.changed);
        let left_out = std::mem::take(&mut self.left_out);
        let more = std::mem::take(&mut self.more);
        let mut text = String::new();
        if !left_out.is_empty() {
            text.push_str(
                "The names of these files are too long together, so they are not here. nbgrader collect brings them:\r\n\r\n",
            );
            for directory in left_out {
                text.push_str(&directory);
                text.push_str("\r\n");
            }
            text.push_str("\r\n");
        }
        if !changed.is_empty() {
            text.push_str(
                "Some files have other names here, because not every system can write their own:\r\n\r\n",
            );
            text.push_str(&changed);
        }
        if more > 0 {
            // Writing to memory does not fail.
            let _ = write!(text, "and {more} more\r\n");
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Returns the name without what Windows cannot write: control characters and some signs, a dot or blank at the end,
/// and the names of devices.
fn portable(name: &str) -> String {
    let mut changed: String = name
        .chars()
        .map(|character| match character {
            '<' | '>' | ':' | '"' | '\\' | '|' | '?' | '*' => '_',
            other if other.is_control() => '_',
            other => other,
        })
        .collect();
    if changed.ends_with(['.', ' ']) {
        changed.pop();
        changed.push('_');
    }
    let stem = changed.split('.').next().unwrap_or_default().trim();
    if DEVICES.contains(&stem.to_ascii_lowercase().as_str()) {
        changed.insert(0, '_');
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_can_write_the_names() {
        let mut names = Names::default();
        for (path, portable) in [
            ("problem1.ipynb", "problem1.ipynb"),
            ("PROBLEM1.ipynb", "PROBLEM1 (2).ipynb"),
            ("data/a:b?.csv", "data/a_b_.csv"),
            ("data/a_b_.csv", "data/a_b_ (2).csv"),
            ("nul", "_nul"),
            ("dir/Con.txt", "dir/_Con.txt"),
            ("end. ", "end._"),
            ("back\\slash", "back_slash"),
            ("tab\there", "tab_here"),
            ("README.txt", "README (2).txt"),
            ("a.b/c", "a.b/c"),
            ("A.b/C", "A.b/C (2)"),
        ] {
            assert_eq!(names.portable(path), portable, "{path}");
        }
        let readme = names.readme().unwrap();
        assert!(readme.contains("_nul = \"nul\"\r\n"), "{readme}");
        assert!(!readme.contains("problem1.ipynb = "), "{readme}");
        assert_eq!((names.readme(), Names::default().readme()), (None, None));
    }

    #[test]
    fn very_many_files_of_one_name_here_get_numbers_and_a_short_list() {
        const FILES: u32 = 100_000;
        let signs = ['<', '>', ':', '"', '|', '?', '*', '\u{1}', '\u{2}', '\u{3}'];
        let mut names = Names::default();
        // A look through all earlier numbers for each of them would take hours.
        for number in 0..FILES {
            let digits = format!("{number:05}");
            let own = digits.bytes().map(|digit| signs[usize::from(digit - b'0')]);
            let own: String = own.collect();
            let here = names.portable(&own);
            let expected = match number {
                0 => "_____".to_owned(),
                later => format!("_____ ({})", later + 1),
            };
            assert_eq!(here, expected);
        }
        let readme = names.readme().unwrap();
        assert!(readme.len() < 2 * LONGEST_README, "{}", readme.len());
        assert!(readme.ends_with(" more\r\n"));
        assert_eq!(names.readme(), None);
    }
}
