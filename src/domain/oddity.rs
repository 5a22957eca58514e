//! What makes a name another one than it looks like. Names that are there already keep it; new ones must not have it.

use super::{CourseId, IllegalName, UserName};
use std::fmt;

/// Why a name looks like another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// A blank at the beginning or the end.
    OuterBlank,
    /// A blank that is not the usual one.
    OtherBlank(char),
    /// A character that nobody sees, or that changes the order in which others are shown.
    Invisible(char),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OuterBlank => f.write_str("begins or ends with a blank"),
            Self::OtherBlank(c) => write!(f, "holds the unusual blank U+{:04X}", u32::from(*c)),
            Self::Invisible(c) => {
                write!(f, "holds the invisible character U+{:04X}", u32::from(*c))
            }
        }
    }
}

/// The first oddity of a name, if there is one.
pub fn oddity(name: &str) -> Option<Oddity> {
    if name.trim() != name {
        return Some(Oddity::OuterBlank);
    }
    let mut before = None;
    for c in name.chars() {
        // Scripts of Asia join letters with these, and emoji are made with them.
        let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}');
        if is_invisible(c) && !(joins && before.is_some_and(|before: char| !before.is_ascii())) {
            return Some(Oddity::Invisible(c));
        }
        // That one is as wide as a letter of Chinese or Japanese, between which it stands.
        if c.is_whitespace() && !matches!(c, ' ' | '\u{3000}') {
            return Some(Oddity::OtherBlank(c));
        }
        before = Some(c);
    }
    None
}

/// The characters that Unicode lets no font show (`Default_Ignorable_Code_Point`), and those that annotate text.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0xe0000..=0xe0fff)
}

/// A name in which upper and lower case are one.
pub fn caseless(name: &str) -> String {
    name.to_lowercase()
}

macro_rules! new_name {
    ($type:ident, $what:literal) => {
        impl $type {
            /// Takes the text as a name that is to be made: `IllegalName` also when it looks like another one.
            pub fn parse_new(text: impl Into<String>) -> Result<Self, IllegalName> {
                let name = Self::parse(text)?;
                match oddity(name.as_str()) {
                    None => Ok(name),
                    Some(_) => Err(IllegalName($what)),
                }
            }
        }
    };
}

new_name!(CourseId, "course id");
new_name!(UserName, "user id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_others_are_odd() {
        use Oddity::{Invisible, OtherBlank, OuterBlank};
        for (name, what) in [
            (" ", OuterBlank),
            ("ada ", OuterBlank),
            ("\u{a0}ada", OuterBlank),
            ("a\u{a0}b", OtherBlank('\u{a0}')),
            ("a\u{2009}b", OtherBlank('\u{2009}')),
            ("ada\u{200b}", Invisible('\u{200b}')),
            ("\u{feff}ada", Invisible('\u{feff}')),
            ("a\u{202e}da", Invisible('\u{202e}')),
            ("a\u{2066}da", Invisible('\u{2066}')),
            ("a\u{ad}da", Invisible('\u{ad}')),
            ("a\u{200d}da", Invisible('\u{200d}')),
            ("a\u{e0041}", Invisible('\u{e0041}')),
        ] {
            assert_eq!(oddity(name), Some(what), "{name:?}");
            assert!(UserName::parse_new(name).is_err());
        }
    }

    #[test]
    fn names_in_use_are_not_odd() {
        for name in [
            "ada",
            "a b",
            "Größe (2)",
            "数学　I",
            "dom\\user",
            "a+b@uni.example",
            "می\u{200c}خواهم",
            "👩\u{200d}🏫",
            "✈\u{fe0f}",
        ] {
            assert_eq!(oddity(name), None, "{name:?}");
        }
    }
}
