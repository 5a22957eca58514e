//! A bare repository on the disk of the server, and what is asked of it and of its origin.

use crate::access::{Access, Token};
use crate::child::{Git, Way, size_of, too_large};
use crate::failure::Failure;
use crate::listing::{self, Entry};
use crate::objects::Objects;
use nbcourier_domain::{BranchName, ObjectName, RelativePath, RepositoryUrl};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;

/// Maximum length of the reply about a branch in bytes.
const SHORT: u64 = 64 * 1024;
/// The name of the fetched commit.
const HEAD: &str = "refs/nbcourier/head";
/// Maximum length of all paths of a listing, as a multiple of the number of entries.
const PATH_BYTES: u64 = 400;

/// A repository elsewhere.
#[derive(Debug, Clone)]
pub struct Remote {
    /// The address.
    pub url: RepositoryUrl,
    /// The branch. Without one, the repository's own choice.
    pub branch: Option<BranchName>,
    /// The token.
    pub token: Option<Token>,
}

/// The copy of a repository on the disk of the server. All functions block.
pub struct Repository<'a> {
    access: &'a Access,
    directory: PathBuf,
}

impl<'a> Repository<'a> {
    /// Returns the copy with that number. It need not exist.
    pub fn new(access: &'a Access, number: i64) -> Self {
        Self {
            access,
            directory: access.directory.join(format!("{number}.git")),
        }
    }

    /// Returns the commit at the end of the branch, without fetching anything.
    pub fn look(&self, remote: &Remote) -> Result<ObjectName, Failure> {
        self.make()?;
        let addresses = self.access.look_up(&remote.url)?;
        let name = reference(remote);
        let arguments = ["ls-remote", "--quiet", "--", remote.url.as_str(), &name];
        let output = self.git(remote, &addresses).run(&arguments, SHORT)?;
        let text = String::from_utf8_lossy(&output);
        let found = text.lines().find_map(|line| {
            let (object, found) = line.split_once('\t')?;
            (found == name).then_some(object)
        });
        found.and_then(ObjectName::parse).ok_or_else(|| {
            Failure::failed(match &remote.branch {
                Some(branch) => {
                    format!("The repository has no branch {branch}. Check the name of the branch")
                }
                None => "The repository is empty. Push a branch first".to_owned(),
            })
        })
    }

    /// Fetches the last commit of the branch. Returns its name. A failure leaves nothing behind.
    pub fn fetch(&self, remote: &Remote) -> Result<ObjectName, Failure> {
        // What earlier commits left counts as well.
        if size_of(&self.directory) > self.access.max_repository / 2 {
            self.remove()?;
        }
        let fetched = self.try_fetch(remote);
        if fetched.is_err() {
            self.remove()?;
        }
        fetched
    }

    fn try_fetch(&self, remote: &Remote) -> Result<ObjectName, Failure> {
        self.make()?;
        let addresses = self.access.look_up(&remote.url)?;
        let reference = format!("+{}:{HEAD}", reference(remote));
        let git = self.git(remote, &addresses);
        git.run(
            &[
                "fetch",
                "--quiet",
                "--no-tags",
                "--depth=1",
                "--update-shallow",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--no-recurse-submodules",
                "--",
                remote.url.as_str(),
                &reference,
            ],
            SHORT,
        )?;
        // The watch may have looked before the last bytes came.
        if size_of(&self.directory) > self.access.max_repository {
            return Err(too_large(self.access.max_repository));
        }
        let commit = format!("{HEAD}^{{commit}}");
        let output = self
            .own()
            .run(&["rev-parse", "--verify", "--quiet", &commit], SHORT)?;
        let text = String::from_utf8_lossy(&output);
        ObjectName::parse(text.trim())
            .ok_or_else(|| Failure::failed("The branch does not lead to a commit"))
    }

    /// Returns the files of the fetched commit, or those in a folder, of which there may be so many.
    pub fn entries(
        &self,
        commit: &ObjectName,
        folder: Option<&RelativePath>,
        most: usize,
    ) -> Result<Vec<Entry>, Failure> {
        let below = folder.map(|folder| format!("{folder}/"));
        let mut arguments = vec!["ls-tree", "-r", "-l", "-z", "--full-tree", commit.as_str()];
        if let Some(below) = &below {
            arguments.extend(["--", below.as_str()]);
        }
        let mut running = self.own().start(&arguments, Stdio::null())?;
        let Some(output) = running.stdout() else {
            return Err(running.fail(Failure::failed("git was started without pipes")));
        };
        match listing::read(output, most, most as u64 * PATH_BYTES) {
            Ok(entries) => {
                running.end()?;
                Ok(entries)
            }
            Err(failure) => Err(running.fail(failure)),
        }
    }

    /// Begins to read files of the fetched commit.
    pub fn objects(&self) -> Result<Objects, Failure> {
        let running = self.own().start(&["cat-file", "--batch"], Stdio::piped())?;
        Objects::new(running)
    }

    /// Removes the copy.
    pub fn remove(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unwritable(&error)),
            _ => Ok(()),
        }
    }

    fn own(&self) -> Git<'_> {
        Git {
            access: self.access,
            directory: &self.directory,
            way: None,
        }
    }

    fn git<'b>(&'b self, remote: &'b Remote, addresses: &'b [IpAddr]) -> Git<'b> {
        Git {
            way: Some(Way {
                url: &remote.url,
                addresses,
                token: remote.token.as_ref(),
            }),
            ..self.own()
        }
    }

    /// Makes an empty repository, unless there is one.
    fn make(&self) -> Result<(), Failure> {
        if self.directory.join("HEAD").exists() {
            return Ok(());
        }
        let made = fs::create_dir_all(&self.access.directory);
        made.map_err(|error| self.unwritable(&error))?;
        self.own()
            .run(&["init", "--quiet", "--bare", "--template="], SHORT)
            .map(drop)
    }

    fn unwritable(&self, error: &io::Error) -> Failure {
        Failure::failed(format!(
            "The directory {} cannot be written: {error}. Tell the operator of the exchange",
            self.access.directory.display()
        ))
    }
}

fn reference(remote: &Remote) -> String {
    match &remote.branch {
        Some(branch) => format!("refs/heads/{branch}"),
        None => "HEAD".to_owned(),
    }
}
