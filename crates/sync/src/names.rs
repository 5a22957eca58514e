//! Names for a second file beside the first.

use nbcourier_domain::RelativePath;

/// The maximum length of a file's name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The reason why there is a second file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside<'a> {
    /// It is the directory's newer one.
    New,
    /// It is the one of the folder's owner.
    Mine,
    /// Both sides changed it. The device is that of this one.
    Conflict(&'a str),
}

impl Beside<'_> {
    fn word(self) -> String {
        match self {
            Self::New => "new".to_owned(),
            Self::Mine => "mine".to_owned(),
            Self::Conflict(device) => format!("conflict-{}", plain(device)),
        }
    }
}

/// Returns the device with nothing in it that cannot be part of a name.
fn plain(device: &str) -> String {
    let letters = device.chars().take(64);
    letters
        .map(|letter| match letter {
            '/' | '\\' | '.' => '-',
            letter if letter.is_control() || letter.is_whitespace() => '-',
            letter => letter,
        })
        .collect()
}

/// Returns the path of the second file: `lesson.new-2027-02-01.ipynb` for `lesson.ipynb`. A number follows where
/// `is_taken` says so.
pub fn beside(
    path: &RelativePath,
    reason: Beside<'_>,
    day: &str,
    is_taken: impl Fn(&RelativePath) -> bool,
) -> Option<RelativePath> {
    (1..1000)
        .filter_map(|number| numbered(path, reason, day, number))
        .find(|candidate| !is_taken(candidate))
}

/// Returns the path of the second file with that number. The first has none.
pub fn numbered(
    path: &RelativePath,
    reason: Beside<'_>,
    day: &str,
    number: u32,
) -> Option<RelativePath> {
    let (folder, name) = match path.as_str().rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), path.as_str()),
    };
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    };
    let number = if number == 1 {
        String::new()
    } else {
        format!("-{number}")
    };
    let added = format!(".{}-{day}{number}{extension}", reason.word());
    let room = MAX_NAME_BYTES.saturating_sub(added.len());
    let stem = &stem[..stem.floor_char_boundary(room)];
    RelativePath::parse_stored(format!("{folder}{stem}{added}")).ok()
}

/// Whether a file is a copy that a conflict made.
pub fn is_conflict_copy(path: &RelativePath) -> bool {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    name.contains(".conflict-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, reason: Beside<'_>, taken: &[&str]) -> String {
        let path = RelativePath::parse(path).unwrap();
        let is_taken = |path: &RelativePath| taken.contains(&path.as_str());
        let found = beside(&path, reason, "2027-02-01", is_taken).unwrap();
        found.as_str().to_owned()
    }

    #[test]
    fn a_second_file_is_named_after_the_first() {
        let named = |path, reason| named(path, reason, &["b.new-2027-02-01"]);
        assert_eq!(named("a.ipynb", Beside::New), "a.new-2027-02-01.ipynb");
        assert_eq!(
            named("u/a.b.txt", Beside::Mine),
            "u/a.b.mine-2027-02-01.txt"
        );
        assert_eq!(
            named("a", Beside::Conflict("my laptop/..")),
            "a.conflict-my-laptop----2027-02-01"
        );
        assert_eq!(named(".env", Beside::Mine), ".env.mine-2027-02-01");
        assert_eq!(named("b", Beside::New), "b.new-2027-02-01-2");
    }

    #[test]
    fn a_long_name_becomes_no_longer_than_a_name_may_be() {
        let long = format!("d/{}.ipynb", "ü".repeat(124));
        let second = named(&long, Beside::New, &[]);
        let name = second.strip_prefix("d/").unwrap();
        assert!(name.len() <= MAX_NAME_BYTES, "{}", name.len());
        assert!(name.ends_with("ü.new-2027-02-01.ipynb"), "{name}");
    }
}
