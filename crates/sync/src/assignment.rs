//! The original of a file in the folder of an assignment: the one that was released.
//!
//! nbgrader hands in all files of such a folder. So nothing is kept there but the owner's own file, beside the original.

use super::folder::{Root, parts, read_file, ready};
use super::revert::{Reverted, free_name};
use super::words::reason;
use nbcourier_client::{Client, Error};
use nbcourier_codec::{TarDecoder, TarError, TarEvent};
use nbcourier_domain::{AssignmentId, CourseId, RelativePath, Timestamp};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

/// A file in the folder of an assignment.
#[derive(Debug)]
pub struct InAssignment {
    course: CourseId,
    assignment: AssignmentId,
    folder: PathBuf,
    path: RelativePath,
    /// The size of all files that were released.
    bytes: u64,
}

/// Returns the assignment whose folder a file is in: a folder with the name of an assignment below one with the name of its
/// course, or a folder with the name of an assignment that only one of the caller's courses has.
pub async fn of(exchange: &Client, file: &Path) -> Result<Option<InAssignment>, Error> {
    let Ok(file) = std::path::absolute(file) else {
        return Ok(None);
    };
    let names: Vec<&str> = file
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_str().unwrap_or_default())
        .collect();
    let mut released = Vec::new();
    for course in exchange.courses().await? {
        if course.role.is_none() {
            continue;
        }
        let Ok(course) = CourseId::parse(course.course) else {
            continue;
        };
        for assignment in exchange.assignments(&course).await? {
            let bytes = u64::try_from(assignment.bytes).unwrap_or(0);
            if let Ok(assignment) = AssignmentId::parse(assignment.assignment) {
                released.push((course.clone(), assignment, bytes));
            }
        }
    }
    // The last name is that of the file.
    let folders = 0..names.len().saturating_sub(1);
    let of_course = folders.clone().skip(1).find_map(|at| {
        let mut all = released.iter();
        all.find(|(course, assignment, _)| {
            course.as_str() == names[at - 1] && assignment.as_str() == names[at]
        })
        .map(|found| (at, found))
    });
    let of_one = || {
        folders.clone().find_map(|at| {
            let mut having = released
                .iter()
                .filter(|(_, assignment, _)| assignment.as_str() == names[at]);
            match (having.next(), having.next()) {
                (Some(only), None) => Some((at, only)),
                _ => None,
            }
        })
    };
    let Some((at, (course, assignment, bytes))) = of_course.or_else(of_one) else {
        return Ok(None);
    };
    let folder = Path::new("/").join(names[..=at].join("/"));
    Ok(RelativePath::parse(names[at + 1..].join("/"))
        .ok()
        .map(|path| InAssignment {
            course: course.clone(),
            assignment: assignment.clone(),
            folder,
            path,
            bytes: *bytes,
        }))
}

/// Puts the released file in the place of the one that is there. The owner's own is beside it afterwards. Fails with a
/// sentence.
pub async fn revert(exchange: &Client, file: &InAssignment) -> Result<Reverted, String> {
    let shown = file.folder.join(file.path.as_str()).display().to_string();
    let wrong = |error: io::Error| format!("{shown} was not changed: {}", reason(&error));
    let root = Root::open(&file.folder).map_err(wrong)?;
    let received = format!(".nbcourier-{}.part", std::process::id());
    let mut taken = Taken {
        wanted: &file.path,
        file: root.create(&received).map_err(wrong)?,
        left: file.bytes,
        is_in: false,
        was_found: false,
    };
    let got = receive(exchange, file, &mut taken).await;
    let placed = match got {
        Ok(()) if taken.was_found => place(&root, &received, &file.path).map_err(wrong),
        Ok(()) => Err(format!(
            "{shown} was not changed, since the assignment {} of {} has no such file",
            file.assignment, file.course
        )),
        Err(sentence) => Err(format!("{shown} was not changed: {sentence}")),
    };
    // It is gone if it has become the original.
    let _ = root.remove(&received);
    let (was_original, mine) = placed?;
    Ok(Reverted {
        file: shown,
        was_original,
        mine: mine.map(|path| file.folder.join(path).display().to_string()),
        version: None,
    })
}

/// The file that is taken out of the archive of all files.
struct Taken<'a> {
    wanted: &'a RelativePath,
    file: File,
    /// The bytes that may still come.
    left: u64,
    is_in: bool,
    was_found: bool,
}

impl Taken<'_> {
    fn take(&mut self, event: &TarEvent<'_>) -> io::Result<()> {
        match event {
            TarEvent::Begin(path, _) => {
                self.is_in = *path == self.wanted;
                self.was_found |= self.is_in;
            }
            TarEvent::Content(bytes) => {
                // A reply without an end does not fill the disk.
                self.left = self
                    .left
                    .checked_sub(bytes.len() as u64)
                    .ok_or_else(|| io::Error::other("it is longer than the exchange said"))?;
                if self.is_in {
                    self.file.write_all(bytes)?;
                }
            }
            TarEvent::End => self.is_in = false,
        }
        Ok(())
    }
}

/// Receives the archive of the released files, and flushes the wanted one.
async fn receive(
    exchange: &Client,
    file: &InAssignment,
    taken: &mut Taken<'_>,
) -> Result<(), String> {
    let mut decoder = TarDecoder::new();
    let odd = |error: TarError| io::Error::new(io::ErrorKind::InvalidData, error);
    let take = |bytes: &[u8]| {
        decoder
            .feed(bytes, &mut |event| taken.take(&event).map_err(Broken::Disk))
            .map_err(|broken| match broken {
                Broken::Disk(error) => error,
                Broken::Archive(error) => odd(error),
            })
    };
    let got = exchange
        .released_files(&file.course, &file.assignment, take)
        .await;
    let written = got.map_err(|error| error.to_string())?;
    let ended = written
        .and_then(|()| decoder.finish().map_err(odd))
        .and_then(|()| taken.file.set_permissions(ready()))
        .and_then(|()| taken.file.sync_all());
    ended.map_err(|error| reason(&error))
}

/// A reason to stop reading an archive.
enum Broken {
    Archive(TarError),
    Disk(io::Error),
}

impl From<TarError> for Broken {
    fn from(error: TarError) -> Self {
        Self::Archive(error)
    }
}

/// Puts the received file into its place. Returns whether the same was there, and the path of the owner's own.
fn place(root: &Root, received: &str, path: &RelativePath) -> io::Result<(bool, Option<String>)> {
    let (above, name) = parts(path.as_str());
    let folder = root.make_folder(above)?;
    if folder.stat(name)?.is_none() {
        root.rename(received, &folder, name)?;
        folder.flush()?;
        return Ok((false, None));
    }
    if read_file(&folder, name)?.sum == read_file(root, received)?.sum {
        return Ok((true, None));
    }
    let mine = free_name(&folder, path, &Timestamp::now().to_rfc3339())?;
    // The original goes beside first, and then both change their names in one step.
    root.rename(received, &folder, &mine)?;
    if !folder.exchange(name, &folder, &mine)? {
        folder.rename(&mine, root, received)?;
        folder.rename(name, &folder, &mine)?;
        root.rename(received, &folder, name)?;
    }
    folder.flush()?;
    let mine = match above {
        "" => mine,
        above => format!("{above}/{mine}"),
    };
    Ok((false, Some(mine)))
}
