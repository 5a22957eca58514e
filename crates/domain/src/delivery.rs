//! The folders of a home to which courses may deliver. The exchange refuses others when they are set, and the program of a
//! student refuses them whatever an exchange says.

use super::RelativePath;

/// The folder of a person's own programs. Debian's `.profile` puts it before all others in which the shell looks for programs.
const PROGRAMS: &str = "bin";

/// The reason why a course delivers nothing to a folder. The sentence goes on after the name of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// It is not a path that stays below a home.
    #[error("is not a relative path below a home")]
    Outside,
    /// Hidden folders hold settings and keys, which are not a course's business.
    #[error("is a hidden folder, and a course delivers nothing there")]
    Hidden,
    /// A file there would run instead of a program of the machine.
    #[error("is the folder of people's own programs, and a course delivers nothing there")]
    Programs,
}

/// Parses the folder below a home in which members of a course get a directory.
pub fn delivery_folder(text: &str) -> Result<RelativePath, Undeliverable> {
    let folder = RelativePath::parse(text).map_err(|_| Undeliverable::Outside)?;
    if text.chars().any(char::is_control) {
        return Err(Undeliverable::Outside);
    }
    let mut names = text.split('/');
    if names.clone().any(|name| name.starts_with('.')) {
        return Err(Undeliverable::Hidden);
    }
    let is_of_programs = |name: &str| name.eq_ignore_ascii_case(PROGRAMS);
    if names.next().is_some_and(is_of_programs) {
        return Err(Undeliverable::Programs);
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courses_deliver_to_visible_folders_without_programs() {
        for text in ["algebra", "courses/algebra", "my/bin", "binary", "a b"] {
            assert!(delivery_folder(text).is_ok(), "{text}");
        }
        for (text, why) in [
            ("", Undeliverable::Outside),
            ("/etc", Undeliverable::Outside),
            ("a/../b", Undeliverable::Outside),
            ("a\nb", Undeliverable::Outside),
            (".ssh", Undeliverable::Hidden),
            ("x/.ipython/startup", Undeliverable::Hidden),
            ("bin", Undeliverable::Programs),
            ("BIN/tools", Undeliverable::Programs),
        ] {
            assert_eq!(delivery_folder(text), Err(why), "{text:?}");
        }
    }
}
