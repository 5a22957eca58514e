//! Directories: their facts, grants, versions and contents.

use super::files::Source;
use super::http::Body;
use super::{Client, Result};
use nbcourier_api::{
    ChangedPath, Committed, Directories, Directory, DirectoryChanges, DirectoryEntries,
    DirectoryEntry, DirectoryPatch, DirectoryVersion, DirectoryVersions, Grant, Grants, NewChanges,
    NewCopy, NewDirectory, NewGrants, NewLabel,
};
use nbcourier_domain::DirectoryOwner;
use reqwest::{Method, Response};
use serde_json::json;
use std::io;

/// The owner and the name of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryAddress {
    /// The owner.
    pub owner: DirectoryOwner,
    /// The name.
    pub name: String,
}

/// The entries that are wanted of a version.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter<'a> {
    /// The version, or `None` for the current one.
    pub version: Option<i64>,
    /// Only those below this directory, or only this file.
    pub path: Option<&'a str>,
    /// Only those directly in the directory.
    pub is_flat: bool,
    /// Only those whose paths match.
    pub glob: Option<&'a str>,
}

/// The parts of a path below the address of a directory.
struct Below<'a> {
    owner: String,
    directory: &'a DirectoryAddress,
}

impl<'a> Below<'a> {
    fn of(directory: &'a DirectoryAddress) -> Self {
        Self {
            owner: directory.owner.to_string(),
            directory,
        }
    }

    fn names<'b>(&'b self, rest: &[&'b str]) -> Vec<&'b str> {
        let begin = ["v1", "directories", &self.owner, &self.directory.name];
        begin.into_iter().chain(rest.iter().copied()).collect()
    }
}

/// A file of a version.
#[derive(Debug, Clone, Copy)]
pub struct RemoteFile<'a> {
    /// The path.
    pub path: &'a str,
    /// The version.
    pub version: i64,
    /// The size in bytes, as the exchange lists it.
    pub size: u64,
}

impl Client {
    /// Returns the directories that the caller can read, with these arguments of the query.
    pub async fn directories(&self, arguments: &[(&str, &str)]) -> Result<Vec<Directory>> {
        let mut all = Vec::new();
        let take = |mut page: Directories| {
            all.append(&mut page.directories);
            page.next
        };
        self.pages_with(&["v1", "directories"], arguments, take)
            .await?;
        Ok(all)
    }

    /// Returns the directories that courses deliver to the caller, with the entity tag of the list, or `None` if the list
    /// still has the tag that is given.
    pub async fn deliveries(
        &self,
        is_at_start: bool,
        known: Option<&str>,
    ) -> Result<Option<(Vec<Directory>, Option<String>)>> {
        let deliver = if is_at_start { "start" } else { "any" };
        let arguments = [("reach", "granted"), ("deliver", deliver)];
        let names = ["v1", "directories"];
        let Some((page, tag)) = self.get_if_new(&names, &arguments, known).await? else {
            return Ok(None);
        };
        let page: Directories = page;
        if page.next.is_none() {
            return Ok(Some((page.directories, tag)));
        }
        // The tag is that of the first page only.
        Ok(Some((self.directories(&arguments).await?, None)))
    }

    /// Returns the current version, and the paths that have changed after a version.
    pub async fn changes_since(
        &self,
        directory: &DirectoryAddress,
        version: i64,
    ) -> Result<(i64, Vec<ChangedPath>)> {
        self.changes_within(directory, version, 0).await
    }

    /// Returns the same. If nothing has changed, the exchange waits for so many seconds, and at most 25.
    pub async fn changes_within(
        &self,
        directory: &DirectoryAddress,
        version: i64,
        seconds: u8,
    ) -> Result<(i64, Vec<ChangedPath>)> {
        let (below, version) = (Below::of(directory), version.to_string());
        let seconds = seconds.to_string();
        let (mut number, mut all) = (0, Vec::new());
        let take = |mut page: DirectoryChanges| {
            number = page.version;
            all.append(&mut page.changes);
            page.next
        };
        let arguments = [("since", version.as_str()), ("wait", seconds.as_str())];
        self.pages_with(&below.names(&["changes"]), &arguments, take)
            .await?;
        Ok((number, all))
    }

    /// Creates a directory.
    pub async fn create_directory(&self, new: &NewDirectory) -> Result<Directory> {
        let body = json!(new);
        self.send(Method::POST, &["v1", "directories"], Body::Json(&body))
            .await
    }

    /// Returns a directory.
    pub async fn directory(&self, directory: &DirectoryAddress) -> Result<Directory> {
        self.get(&Below::of(directory).names(&[])).await
    }

    /// Changes the name, the description or the delivery of a directory.
    pub async fn change_directory(
        &self,
        directory: &DirectoryAddress,
        patch: &DirectoryPatch,
    ) -> Result<Directory> {
        let below = Below::of(directory);
        self.send(Method::PATCH, &below.names(&[]), Body::Json(&json!(patch)))
            .await
    }

    /// Moves a directory to the trash.
    pub async fn delete_directory(&self, directory: &DirectoryAddress) -> Result<()> {
        self.delete(&Below::of(directory).names(&[])).await
    }

    /// Returns the deleted directories that the caller can restore.
    pub async fn deleted_directories(&self) -> Result<Vec<Directory>> {
        let parts = |page: Directories| (page.directories, page.next);
        self.listed(&["v1", "trash", "directories"], parts).await
    }

    /// Restores a deleted directory.
    pub async fn restore_directory(&self, id: i64) -> Result<Directory> {
        let id = id.to_string();
        let names = ["v1", "trash", "directories", &id];
        self.send(Method::POST, &names, Body::Nothing).await
    }

    /// Returns the grants of a directory that the caller may see.
    pub async fn grants(&self, directory: &DirectoryAddress) -> Result<Vec<Grant>> {
        let grants: Grants = self.get(&Below::of(directory).names(&["grants"])).await?;
        Ok(grants.grants)
    }

    /// Replaces all grants of a directory.
    pub async fn set_grants(
        &self,
        directory: &DirectoryAddress,
        grants: &NewGrants,
    ) -> Result<Vec<Grant>> {
        let below = Below::of(directory);
        let body = json!(grants);
        let set: Grants = self
            .send(Method::PUT, &below.names(&["grants"]), Body::Json(&body))
            .await?;
        Ok(set.grants)
    }

    /// Copies a version to a new directory of the caller.
    pub async fn copy_directory(
        &self,
        directory: &DirectoryAddress,
        copy: &NewCopy,
    ) -> Result<Directory> {
        let below = Below::of(directory);
        let body = json!(copy);
        self.send(Method::POST, &below.names(&["copies"]), Body::Json(&body))
            .await
    }

    /// Returns the kept versions of a directory, or with a path, those in which it changed.
    pub async fn directory_versions(
        &self,
        directory: &DirectoryAddress,
        path: Option<&str>,
    ) -> Result<Vec<DirectoryVersion>> {
        let below = Below::of(directory);
        let mut all = Vec::new();
        let take = |mut page: DirectoryVersions| {
            all.append(&mut page.versions);
            page.next
        };
        match path {
            None => self.pages(&below.names(&["versions"]), take).await?,
            Some(path) => {
                let names = below.names(&["history"]);
                self.pages_with(&names, &[("path", path)], take).await?;
            }
        }
        Ok(all)
    }

    /// Sets or removes the label of a version.
    pub async fn label_version(
        &self,
        directory: &DirectoryAddress,
        version: i64,
        label: Option<String>,
    ) -> Result<DirectoryVersion> {
        let (below, version) = (Below::of(directory), version.to_string());
        let body = json!(NewLabel { label });
        let names = below.names(&["versions", &version, "label"]);
        self.send(Method::PUT, &names, Body::Json(&body)).await
    }

    /// Makes a version with the files of an earlier one.
    pub async fn restore_version(
        &self,
        directory: &DirectoryAddress,
        version: i64,
    ) -> Result<Committed> {
        let (below, version) = (Below::of(directory), version.to_string());
        let names = below.names(&["versions", &version, "restore"]);
        self.send(Method::POST, &names, Body::Nothing).await
    }

    /// Returns the files and directories of a version, and its number.
    pub async fn entries(
        &self,
        directory: &DirectoryAddress,
        filter: &EntryFilter<'_>,
    ) -> Result<(i64, Vec<DirectoryEntry>)> {
        let below = Below::of(directory);
        let version = filter.version.map(|version| version.to_string());
        let arguments = [
            ("version", version.as_deref()),
            ("path", filter.path),
            ("depth", filter.is_flat.then_some("1")),
            ("glob", filter.glob),
        ];
        let arguments: Vec<(&str, &str)> = arguments
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let (mut number, mut all) = (0, Vec::new());
        let take = |mut page: DirectoryEntries| {
            number = page.version;
            all.append(&mut page.entries);
            page.next
        };
        self.pages_with(&below.names(&["entries"]), &arguments, take)
            .await?;
        Ok((number, all))
    }

    /// Applies operations whose bytes are in reach of the caller.
    pub async fn commit(
        &self,
        directory: &DirectoryAddress,
        changes: &NewChanges,
    ) -> Result<Committed> {
        let below = Below::of(directory);
        let body = json!(changes);
        self.send(Method::POST, &below.names(&["changes"]), Body::Json(&body))
            .await
    }

    /// Applies operations if that version is the current one.
    pub async fn commit_to(
        &self,
        directory: &DirectoryAddress,
        changes: &NewChanges,
        version: i64,
    ) -> Result<Committed> {
        let (below, tag) = (Below::of(directory), format!("\"v{version}\""));
        let body = json!(changes);
        let body = Body::JsonIf(&body, &tag);
        self.send(Method::POST, &below.names(&["changes"]), body)
            .await
    }

    /// Applies operations with the bytes that they name, as an archive.
    pub async fn commit_with_bytes(
        &self,
        directory: &DirectoryAddress,
        archive: &Source,
    ) -> Result<Committed> {
        let below = Below::of(directory);
        let body = Body::Source("application/vnd.nbcourier.changes+x-tar", archive);
        self.send(Method::POST, &below.names(&["changes"]), body)
            .await
    }

    /// Receives all files below a folder of a version as a tar archive, piece by piece. The inner error is that of `take`,
    /// which ends the transfer.
    pub async fn directory_files(
        &self,
        directory: &DirectoryAddress,
        version: i64,
        folder: &str,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        let (below, version) = (Below::of(directory), version.to_string());
        let mut arguments = vec![("version", version.as_str())];
        arguments.extend((!folder.is_empty()).then_some(("path", folder)));
        let reply = self.receive(&below.names(&["tree"]), &arguments).await?;
        self.pour(reply, take).await
    }

    /// Begins to receive a file.
    async fn get_file(
        &self,
        directory: &DirectoryAddress,
        path: &str,
        version: i64,
    ) -> Result<Response> {
        let (below, version) = (Below::of(directory), version.to_string());
        let parts: Vec<&str> = ["files"].into_iter().chain(path.split('/')).collect();
        self.receive(&below.names(&parts), &[("version", &version)])
            .await
    }

    /// Receives a file piece by piece. The inner error is that of `take`, or says that the reply is longer than the file.
    /// It ends the transfer.
    pub async fn download(
        &self,
        directory: &DirectoryAddress,
        file: RemoteFile<'_>,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        let reply = self.get_file(directory, file.path, file.version).await?;
        let mut left = file.size;
        self.pour(reply, |bytes| {
            // A reply without an end does not fill the disk.
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| io::Error::other("it is longer than the exchange said"))?;
            take(bytes)
        })
        .await
    }
}
