//! The signing key. It is created once and kept in a file that only the service may read, so that sessions and
//! receipts survive a restart. Servers that share a database keep it there. Or an operator gives it in a file.

use hmac::{Hmac, KeyInit, Mac};
use nbcourier_domain::Sha256Sum;
use sha2::Sha256;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file in the data directory that holds the key.
pub const KEY_FILE: &str = "session.key";
const KEY_BYTES: usize = 32;
const OWNER_ONLY: u32 = 0o600;
const GROUP_AND_OTHERS: u32 = 0o077;

/// The minimum length of a key that an operator gives, in characters.
const SHORTEST: usize = 32;
/// The maximum number of keys that an operator gives.
const MOST: usize = 8;

/// The secret behind session cookies, CSRF tokens and receipts. It cannot be printed.
///
/// The first key signs. Signatures of the others, which were first earlier, are still accepted.
#[derive(Clone)]
pub struct SigningKey {
    first: [u8; KEY_BYTES],
    earlier: Vec<[u8; KEY_BYTES]>,
}

/// The reason why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Other accounts could have read the key, and could log in as anybody with it.
    #[error("The signing key {path} is open to other users of this machine: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The file does not hold one of our keys, or only half of one.
    #[error(
        "The signing key {path} is not {KEY_BYTES} bytes long: restore it, or delete it to have a new one made (everybody then logs in again, and the receipts given so far are no longer known for ours)"
    )]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// The file of the operator does not hold usable keys.
    #[error(
        "The file of --signing-key-file {path} {why}. Write one key per line, each of at least {SHORTEST} random ASCII characters without blanks, as of: openssl rand -hex 32"
    )]
    Given {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: &'static str,
    },
    /// The database does not hold one of our keys.
    #[error(
        "The signing key in the database is not {KEY_BYTES} bytes long: restore the table signing_keys, or delete its row to have a new key made (everybody then logs in again, and the receipts given so far are no longer known for ours)"
    )]
    Stored,
    /// The file cannot be read or created.
    #[error("The signing key {path} cannot be read or made: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl SigningKey {
    /// Returns the key in `session.key` of this directory. Creates it with mode 0600 when it does not exist.
    ///
    /// If several processes create it at the same time, one of them wins, and all get that key.
    pub fn load_or_create(directory: &Path) -> Result<Self, KeyError> {
        let path = directory.join(KEY_FILE);
        let io_error = |source| KeyError::Io {
            path: path.clone(),
            source,
        };
        match File::open(&path) {
            Ok(file) => return Self::read(file, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(error)),
        }
        create(directory, &path).map_err(io_error)?;
        let file = File::open(&path).map_err(io_error)?;
        Self::read(file, &path)
    }

    /// Returns the bytes of a key to store in a database: those of `session.key` in this directory, with which an earlier
    /// version signed, or new ones.
    pub fn to_store(directory: &Path) -> Result<[u8; KEY_BYTES], KeyError> {
        let path = directory.join(KEY_FILE);
        match File::open(&path) {
            Ok(file) => Ok(Self::read(file, &path)?.first),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                random().map_err(|source| KeyError::Io { path, source })
            }
            Err(source) => Err(KeyError::Io { path, source }),
        }
    }

    /// Returns the key with these bytes, which come from a database.
    pub fn stored(bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(Self {
            first: bytes.try_into().map_err(|_| KeyError::Stored)?,
            earlier: Vec::new(),
        })
    }

    /// Reads the keys from a file of the operator, one per line. The first signs, and signatures of all are accepted.
    ///
    /// A line of 64 hexadecimal digits is a key of 32 bytes, such as the one in `session.key`. Any other line stands for
    /// its SHA-256.
    pub fn read_given(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::Io {
            path: path.to_owned(),
            source,
        })?;
        let refused = |why| KeyError::Given {
            path: path.to_owned(),
            why,
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = Vec::new();
        for line in lines {
            if line.len() < SHORTEST {
                return Err(refused("has a line that is too short"));
            }
            if !line.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(refused("has a line with other characters"));
            }
            keys.push(given_key(line));
        }
        if keys.is_empty() {
            return Err(refused("is empty"));
        }
        if keys.len() > MOST {
            return Err(refused("has more than 8 lines"));
        }
        let earlier = keys.split_off(1);
        Ok(Self {
            first: keys[0],
            earlier,
        })
    }

    /// Derives the secret that signs for one use, so that no two uses share a key.
    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        keyed_hash(&self.first, label)
    }

    /// Derives the secrets of the earlier keys for one use.
    pub(super) fn derive_earlier(&self, label: &str) -> Vec<[u8; 32]> {
        let earlier = self.earlier.iter();
        earlier.map(|key| keyed_hash(key, label)).collect()
    }

    #[cfg(test)]
    pub(super) fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self {
            first: bytes,
            earlier: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn with_earlier(self, bytes: [u8; KEY_BYTES]) -> Self {
        Self {
            earlier: vec![bytes],
            ..self
        }
    }

    fn read(mut file: File, path: &Path) -> Result<Self, KeyError> {
        let io_error = |source| KeyError::Io {
            path: path.to_owned(),
            source,
        };
        let metadata = file.metadata().map_err(io_error)?;
        if metadata.permissions().mode() & GROUP_AND_OTHERS != 0 {
            return Err(KeyError::Open {
                path: path.to_owned(),
            });
        }
        let length = || KeyError::Length {
            path: path.to_owned(),
        };
        if metadata.len() != KEY_BYTES as u64 {
            return Err(length());
        }
        let mut bytes = [0; KEY_BYTES];
        file.read_exact(&mut bytes).map_err(|_| length())?;
        Ok(Self {
            first: bytes,
            earlier: Vec::new(),
        })
    }
}

/// Returns the key that a line of the operator's file stands for.
fn given_key(line: &str) -> [u8; KEY_BYTES] {
    use sha2::Digest;
    match Sha256Sum::parse(line) {
        Some(bytes) => bytes.0,
        None => Sha256::digest(line.as_bytes()).into(),
    }
}

/// Returns the HMAC-SHA-256 of the text under the key.
pub(super) fn keyed_hash(key: &[u8; KEY_BYTES], text: &str) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(text).finalize().into_bytes().into()
}

fn random() -> io::Result<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

// The file is first written under another name. Nobody ever sees half a key, and a later creator finds the first
// one's key.
fn create(directory: &Path, path: &Path) -> io::Result<()> {
    let bytes = random()?;
    let mut file = tempfile::Builder::new()
        .prefix(KEY_FILE)
        .permissions(Permissions::from_mode(OWNER_ONLY))
        .tempfile_in(directory)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => File::open(directory)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn key_in(directory: &Path) -> [u8; 32] {
        SigningKey::load_or_create(directory).unwrap().first
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_only_and_used_again() {
        let directory = tempfile::tempdir().unwrap();
        let key = key_in(directory.path());
        assert_ne!(key, [0; 32]);
        assert_eq!(key_in(directory.path()), key);
        let file = directory.path().join("session.key");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, 1, "nothing is left over");
    }

    #[test]
    fn the_key_to_store_is_that_of_the_directory_or_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let new = || SigningKey::to_store(directory.path()).unwrap();
        assert_ne!(new(), new());
        let key = key_in(directory.path());
        assert_eq!(new(), key);
        assert_eq!(SigningKey::stored(&key).unwrap().first, key);
        assert!(matches!(
            SigningKey::stored(&key[1..]),
            Err(KeyError::Stored)
        ));
    }

    #[test]
    fn the_keyed_hash_is_hmac_sha_256() {
        // A key shorter than a block counts as padded with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..KEY_BYTES].fill(7);
        let padded = Hmac::<Sha256>::new(&block.into());
        let padded: [u8; 32] = padded.chain_update("x").finalize().into_bytes().into();
        assert_eq!(keyed_hash(&[7; KEY_BYTES], "x"), padded);
    }

    #[test]
    fn many_who_start_at_once_get_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| key_in(path))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_remedy() {
        let directory = tempfile::tempdir().unwrap();
        key_in(directory.path());
        let file = directory.path().join("session.key");
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let error = SigningKey::load_or_create(directory.path()).err().unwrap();
            let remedy = format!("chmod 600 {}", file.display());
            assert!(error.to_string().contains(&remedy), "{error}");
        }
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused_and_left_alone() {
        for length in [0, 31, 33] {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("session.key");
            fs::write(&file, vec![1; length]).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            let error = SigningKey::load_or_create(directory.path()).err().unwrap();
            assert!(matches!(error, KeyError::Length { .. }), "{error}");
            assert_eq!(fs::read(&file).unwrap().len(), length);
        }
    }

    #[test]
    fn keys_of_an_operator_are_lines_of_which_the_first_signs() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys");
        let given = |text: &str| {
            fs::write(&file, text).unwrap();
            SigningKey::read_given(&file)
        };
        let word = "a-long-random-word-of-the-operator";
        let hex = "07".repeat(32);
        let keys = given(&format!("{word}\n\n {hex} \r\n")).unwrap();
        assert_eq!(
            keys.first,
            <[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(word))
        );
        assert_eq!(keys.earlier, [[7; 32]]);
        assert_eq!(given(&hex).unwrap().first, [7; 32]);
        for (text, why) in [
            ("", "is empty"),
            ("\n \n", "is empty"),
            ("short", "too short"),
            (
                "a long random word of the operator with blanks",
                "other characters",
            ),
            (&format!("{word}\n").repeat(9), "more than 8"),
        ] {
            let error = given(text).err().unwrap().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains(word), "{error}");
        }
        assert!(SigningKey::read_given(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn a_directory_that_is_not_there_is_named_in_the_error() {
        let error = SigningKey::load_or_create(Path::new("/nowhere/at/all"));
        assert!(error.err().unwrap().to_string().contains("/nowhere/at/all"));
    }
}
