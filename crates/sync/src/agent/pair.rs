//! A pair: a folder, the directory that it is kept equal with, and the way. It is written into the folder, so that a folder
//! without it is recognised: an empty disk is no emptied folder.

use crate::decide::Mode;
use crate::folder::{Directory, Root, text_of, write_beside};
use nbcourier_client::DirectoryAddress;
use nbcourier_domain::DirectoryOwner;
use serde::{Deserialize, Serialize};
use std::io;

const NAME: &str = "pair.json";
/// The form that this program writes.
const FORM: u32 = 1;
/// The maximum size that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// The maximum size of a file that is synced, if nothing else is wanted, in bytes.
pub const DEFAULT_MAX_FILE: u64 = 100 * 1000 * 1000;
/// The maximum length of the name of a device, in letters.
const LONGEST_DEVICE: usize = 64;

/// A folder's directory, and the way in which both are kept equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    form: u32,
    /// The directory.
    pub directory: Directory,
    /// The way in which contents move.
    pub mode: Mode,
    /// The name of this device.
    pub device: String,
    /// The maximum size of a file that is synced, in bytes.
    pub max_file: u64,
}

impl Pair {
    /// Returns a pair.
    pub fn new(directory: Directory, mode: Mode, device: String, max_file: u64) -> Self {
        Self {
            form: FORM,
            directory,
            mode,
            device,
            max_file,
        }
    }

    /// Reads the pair of a folder from the folder of its state. Returns `None` for a file in another form.
    pub fn read(own: &Root) -> io::Result<Option<Self>> {
        let text = text_of(own, NAME, MAX_BYTES)?;
        let pair: Option<Self> = text.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(pair.filter(|pair| pair.form == FORM))
    }

    /// Writes the pair.
    pub fn write(&self, own: &Root) -> io::Result<()> {
        write_beside(own, NAME, &serde_json::to_vec_pretty(self)?)
    }

    /// Removes the pair and what both sides agreed on. Logs and kept files stay.
    pub fn remove(own: &Root) -> io::Result<()> {
        for name in [NAME, "state.json", "status.json"] {
            match own.remove(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        own.flush()
    }

    /// Returns the address of the directory, or a sentence.
    pub fn address(&self) -> Result<DirectoryAddress, String> {
        let owner = DirectoryOwner::parse(&self.directory.owner);
        Ok(DirectoryAddress {
            owner: owner.map_err(|error| format!("{NAME} names no directory: {error}"))?,
            name: self.directory.name.clone(),
        })
    }

    /// Returns the directory, as addresses have it.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.directory.owner, self.directory.name)
    }
}

/// Returns a name for this device: that of the host, with nothing in it that an exchange refuses.
pub fn device_of_host() -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let host = host.split('.').next().unwrap_or_default();
    let letters = host.chars().take(LONGEST_DEVICE);
    let device: String = letters
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    if device.is_empty() {
        "device".to_owned()
    } else {
        device
    }
}
