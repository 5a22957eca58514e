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
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// The names that Windows keeps for devices, with any ending ("Naming Files, Paths, and Namespaces", Microsoft).
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// The file that lists names that were changed.
const README: &str = "README.txt";

/// Returns a reply with a tree as `name`, which a browser saves.
pub async fn tree(
    exchange: &Exchange,
    name: &str,
    time: Timestamp,
    files: TreeFiles,
) -> Result<HttpResponse> {
    let mut sender = Sender::new(exchange, Vec::new()).await?;
    sender.list(files.iter(), "", time);
    sender.contents = Contents::open(exchange, files).await?;
    send(Box::new(sender), name).await
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

    /// Adds files to those that are sent next.
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

    async fn next(mut self: Box<Self>) -> Result<Option<(Box<Self>, Bytes)>> {
        if self.is_ended {
            return Ok(None);
        }
        let mut pieces = self.contents.next().await?;
        while pieces.is_empty() {
            let more = self.rest.next().await?;
            if more.is_empty() {
                break;
            }
            self.entries.clear();
            for (directory, time, files) in &more {
                self.list(files.iter(), directory, *time);
            }
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

    fn end(&mut self, output: &mut Vec<u8>) {
        if let Some(readme) = self.names.readme() {
            let size = readme.len() as u64;
            self.zip.begin(README, size, Timestamp::now(), output);
            self.zip.write(readme.as_bytes(), output);
            self.zip.end(output);
        }
        self.zip.finish(output);
        self.is_ended = true;
    }
}

/// Names for an archive, each unique where case makes no difference.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    changed: Vec<(String, String)>,
}

impl Names {
    /// Returns the path with names that every system can write.
    fn portable(&mut self, path: &str) -> String {
        let parts: Vec<String> = path.split('/').map(portable).collect();
        let mut name = parts.join("/");
        let mut number = 2;
        while name == README || !self.taken.insert(name.to_lowercase()) {
            let (stem, ending) = match parts.join("/").rsplit_once('.') {
                Some((stem, ending)) if !ending.contains('/') => {
                    (stem.to_owned(), format!(".{ending}"))
                }
                _ => (parts.join("/"), String::new()),
            };
            name = format!("{stem} ({number}){ending}");
            number += 1;
        }
        if name != path {
            self.changed.push((path.to_owned(), name.clone()));
        }
        name
    }

    /// Returns the text that lists the changed names, if there are some.
    fn readme(&self) -> Option<String> {
        if self.changed.is_empty() {
            return None;
        }
        let mut text = String::from(
            "Some files have other names here, because not every system can write their own:\r\n\r\n",
        );
        for (own, here) in &self.changed {
            // Writing to memory does not fail.
            let _ = write!(text, "{here} = {own:?}\r\n");
        }
        Some(text)
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
        assert_eq!(Names::default().readme(), None);
    }
}
