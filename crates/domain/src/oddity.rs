//! Names that look like other names. Existing names may stay, but new ones are refused.

use super::{CourseId, IllegalName, UserName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// The reason why a name looks like another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// A blank at the beginning or the end.
    OuterBlank,
    /// An unusual kind of blank.
    OtherBlank(char),
    /// An invisible character, or one that changes the order in which others are shown.
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

/// Returns the first oddity of a name, if there is one.
pub fn oddity(name: &str) -> Option<Oddity> {
    if name.trim() != name {
        return Some(Oddity::OuterBlank);
    }
    let mut before = None;
    for c in name.chars() {
        // Scripts of Asia join letters with these characters, and emoji are made with them.
        let joins = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}');
        if is_invisible(c) && !(joins && before.is_some_and(|before: char| !before.is_ascii())) {
            return Some(Oddity::Invisible(c));
        }
        // This blank is as wide as the letters of Chinese or Japanese around it.
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

/// Names that people confuse with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The names, in order.
    pub names: BTreeSet<String>,
    /// Whether the names differ in upper and lower case only.
    pub by_case: bool,
}

impl Alike {
    /// Returns the groups of names that look like one another.
    pub fn among<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in names {
            groups
                .entry(look(name))
                .or_default()
                .insert(name.to_owned());
        }
        let groups = groups.into_values().filter(|names| names.len() > 1);
        let alike = groups.map(|names| {
            let caseless: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            Self {
                by_case: caseless.len() == 1,
                names,
            }
        });
        alike.collect()
    }
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.names.iter().enumerate() {
            if place > 0 {
                f.write_str(if place + 1 == self.names.len() {
                    " and "
                } else {
                    ", "
                })?;
            }
            write!(f, "{name:?}")?;
            let others: Vec<_> = name
                .chars()
                .filter(|c| !c.is_ascii() && !self.by_case)
                .map(|c| format!("U+{:04X}", u32::from(c)))
                .collect();
            if !others.is_empty() {
                write!(f, " ({})", others.join(" "))?;
            }
        }
        Ok(())
    }
}

/// Returns what people see of a name: without case, invisible characters and outer blanks, and with letters of the
/// alphabet in place of those that look like them (Unicode Technical Standard 39). ASCII letters stay as they are,
/// since identifiers such as `s10` and `sl0` are common.
fn look(name: &str) -> String {
    let mut look = String::new();
    for c in name.trim().nfd().filter(|c| !is_invisible(*c)) {
        if c.is_ascii() {
            look.push(c.to_ascii_lowercase());
        } else if c.is_whitespace() {
            look.push(' ');
        } else {
            // This comes before case folding: a Greek capital may look like one of ours when the small letter does
            // not.
            let seen: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
            look.push_str(&seen.to_lowercase());
        }
    }
    look
}

impl CourseId {
    /// Parses the text as a new name. Fails with `IllegalName` also when it looks like another name.
    pub fn parse_new(text: impl Into<String>) -> Result<Self, IllegalName> {
        let name = Self::parse(text)?;
        match oddity(name.as_str()) {
            None => Ok(name),
            Some(_) => Err(IllegalName("course id")),
        }
    }
}

/// The reason why nobody can be enrolled under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitName {
    /// The name cannot be a directory.
    #[error("cannot be the name of a directory")]
    Illegal,
    /// The name looks like another one.
    #[error("{0}")]
    Odd(Oddity),
    /// Only the exchange itself gives this name.
    #[error("begins as the names of operators and former users do, which nobody is enrolled by")]
    OfExchange,
}

impl From<UnfitName> for IllegalName {
    fn from(_: UnfitName) -> Self {
        Self("user id")
    }
}

impl UserName {
    /// Parses the text as the name of somebody who is to be enrolled.
    pub fn parse_new(text: impl Into<String>) -> Result<Self, UnfitName> {
        let name = Self::parse(text).map_err(|_| UnfitName::Illegal)?;
        if let Some(oddity) = oddity(name.as_str()) {
            return Err(UnfitName::Odd(oddity));
        }
        if name.is_given_by_exchange() {
            return Err(UnfitName::OfExchange);
        }
        Ok(name)
    }
}

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
    fn nobody_is_enrolled_under_a_reserved_name() {
        for name in [
            "operator:root",
            "former:ada:2026-11-25",
            "Former:17",
            "OPERATOR:x",
        ] {
            assert_eq!(
                UserName::parse_new(name),
                Err(UnfitName::OfExchange),
                "{name}"
            );
        }
        for name in [
            "service:grader",
            "operator",
            "former",
            "a operator:b",
            "form:er",
        ] {
            assert!(UserName::parse_new(name).is_ok(), "{name}");
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

    #[test]
    fn names_that_look_like_one_another_are_found() {
        for (one, other, by_case) in [
            ("Ada", "ada", true),
            ("Émile", "émile", true),
            ("zo\u{eb}", "zoe\u{308}", false),
            ("ada", "\u{430}d\u{430}", false),
            ("ADA", "\u{410}da", false),
            ("olga", "\u{3bf}lga", false),
            ("ada", "ada ", false),
            ("ada", "\u{a0}ada", false),
            ("ada", "a\u{200b}da", false),
            ("ada", "\u{ff41}da", false),
            ("\u{cd}\u{f1}igo", "i\u{301}n\u{303}igo", false),
            ("Beth", "\u{392}eth", false),
            ("a b", "a\u{2003}b", false),
            ("Zo\u{eb}", "zoe\u{308}", false),
        ] {
            let found = Alike::among([one, "bob", other, one]);
            assert_eq!(found.len(), 1, "{one:?} {other:?}");
            assert_eq!(found[0].by_case, by_case, "{one:?} {other:?}");
            assert_eq!(found[0].names.len(), 2);
        }
        let different = [
            "ada", "adá", "s10", "sl0", "so1", "modern", "modem", "a.b", "a-b", "ab", "数学",
            "数字",
        ];
        assert_eq!(Alike::among(different), []);
        let found = Alike::among(["ada", "\u{430}da"]);
        assert_eq!(found[0].to_string(), "\"ada\" and \"аda\" (U+0430)");
    }
}
