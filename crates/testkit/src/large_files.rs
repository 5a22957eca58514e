//! The large files of a server, in a directory or in a bucket: what tests look up or change there behind its back.

use super::Server;
use super::setup::BUCKET_PREFIX;
use std::path::{Path, PathBuf};

impl Server {
    /// Returns the number of files of unfinished uploads, at all replicas.
    pub fn unfinished_uploads(&self) -> usize {
        let place = if self.bucket().is_some() {
            "spool/incoming"
        } else {
            "blobs/incoming"
        };
        let directories = self.data_dirs();
        let directories = directories.into_iter().map(|data| data.join(place));
        directories.map(|directory| names(&directory).count()).sum()
    }

    /// Returns the names of the stored large files. Each name contains the file's SHA-256.
    pub fn large_files(&self) -> Vec<String> {
        if let Some(bucket) = self.bucket() {
            let mut objects = nbcourier_testbuckets::shared().objects(bucket);
            // The others are no files of people.
            let ours = format!("{BUCKET_PREFIX}/nbcourier-");
            objects.retain(|name| !name.starts_with(&ours));
            return objects;
        }
        let blobs = self.data_dir().join("blobs");
        let parts = names(&blobs).filter(|name| name != "incoming" && blobs.join(name).is_dir());
        let files = parts.flat_map(|part| {
            let directory = blobs.join(&part);
            names(&directory).map(move |name| format!("{part}/{name}"))
        });
        files.collect()
    }

    /// Returns the stored bytes of the large file with this SHA-256.
    pub fn large_file(&self, sha256: &str) -> Vec<u8> {
        let name = self.name_of(sha256);
        match self.bucket() {
            Some(bucket) => nbcourier_testbuckets::shared().read(bucket, &name),
            None => std::fs::read(self.path_of(&name)).expect("a file"),
        }
    }

    /// Removes the large file with this SHA-256.
    pub fn remove_large_file(&self, sha256: &str) {
        let name = self.name_of(sha256);
        match self.bucket() {
            Some(bucket) => nbcourier_testbuckets::shared().remove(bucket, &name),
            None => std::fs::remove_file(self.path_of(&name)).expect("a file"),
        }
    }

    fn name_of(&self, sha256: &str) -> String {
        let mut stored = self.large_files().into_iter();
        let found = stored.find(|name| name.contains(sha256));
        found.expect("a large file with this checksum")
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.data_dir().join("blobs").join(name)
    }
}

fn names(directory: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    entries.map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("a name of ours")
    })
}
