//! Secrets in files. They are never values of flags, since every user of the machine can see those.

use super::{ConfigError, read_file};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The permission to read for users who are neither the owner nor in the group of the file.
const OTHERS_READ: u32 = 0o004;

/// Returns the whole content of the file without the blanks around it.
pub fn read(path: &Path) -> Result<String, ConfigError> {
    let text = read_file(path)?;
    let secret = text.trim();
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        // The content is not repeated, since it may be secret.
        return Err(ConfigError(format!(
            "The file {} should contain a token and nothing else: one word of ASCII characters",
            path.display()
        )));
    }
    Ok(secret.to_owned())
}

/// Returns a warning if every user of the machine can read the file with the secret.
pub fn warning(path: &Path) -> Option<String> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & OTHERS_READ != 0).then(|| {
        format!(
            "Every user of this machine can read the secret in {path}: chmod 600 {path}",
            path = path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn a_file_with_a_secret_holds_one_word_and_is_for_few() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("token");
        fs::write(&path, " s3cret\n").unwrap();
        assert_eq!(read(&path).unwrap(), "s3cret");
        for bad in ["", "\n", "two words", "t\u{f6}ken"] {
            fs::write(&path, bad).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("token and nothing else"), "{error}");
            assert!(bad.trim().is_empty() || !error.contains(bad), "{error}");
        }
        for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(warning(&path).is_some(), warned, "{mode:o}");
        }
    }
}
