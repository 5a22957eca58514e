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

/// Maximum number of names in one group of names that look alike.
const MOST_ALIKE: usize = 10;

/// Names that people confuse with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The first ten names, in order.
    pub names: BTreeSet<String>,
    /// Whether there are more such names.
    pub more: bool,
    /// Whether the names differ in upper and lower case only.
    pub by_case: bool,
}

impl Alike {
    fn add(&mut self, name: &str) {
        if self.names.contains(name) {
            return;
        }
        if let Some(first) = self.names.first() {
            self.by_case &= first.to_lowercase() == name.to_lowercase();
        }
        if self.names.len() < MOST_ALIKE {
            self.names.insert(name.to_owned());
        } else {
            self.more = true;
        }
    }
}

/// The names that look like some given ones. Its memory depends on the given names only, however many others are
/// compared with them.
#[derive(Debug, Clone)]
pub struct LookAlikes(BTreeMap<String, Alike>);

impl LookAlikes {
    /// Groups the given names by their look.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut groups: BTreeMap<String, Alike> = BTreeMap::new();
        for name in names {
            let group = groups.entry(look(name)).or_insert_with(|| Alike {
                names: BTreeSet::new(),
                more: false,
                by_case: true,
            });
            group.add(name);
        }
        Self(groups)
    }

    /// Compares another name with the given ones.
    pub fn compare(&mut self, name: &str) {
        if let Some(group) = self.0.get_mut(&look(name)) {
            group.add(name);
        }
    }

    /// Returns the groups of more than one name. Each has a given name.
    pub fn found(self) -> impl Iterator<Item = Alike> {
        let groups = self.0.into_values();
        groups.filter(|group| group.names.len() > 1)
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
        if self.more {
            f.write_str(", and others")?;
        }
        Ok(())
    }
}

/// Returns what people see of a name: without case, invisible characters and outer blanks, and with letters of the
/// alphabet in place of those that look like them (Unicode Technical Standard 39). ASCII letters stay as they are,
/// since identifiers such as `s10` and `sl0` are common.
pub(crate) fn look(name: &str) -> String {
    if name.is_ascii() {
        return name.trim().to_ascii_lowercase();
    }
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
    /// The name looks like one that is reserved for operators, former users and services.
    #[error(
        "begins like the names of operators, former users and services, so nobody can be enrolled under it; a service is \
         `service:NAME`"
    )]
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
            "Service:x",
            "SERVICE:x",
            "\u{455}ervice:x",
            "service\u{ff1a}x",
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
            let mut alike = LookAlikes::of([one, "bob"]);
            for name in [other, "carol", one] {
                alike.compare(name);
            }
            let found: Vec<Alike> = alike.found().collect();
            let together = LookAlikes::of([one, "bob", other, one]).found();
            assert_eq!(together.collect::<Vec<_>>(), found);
            assert_eq!(found.len(), 1, "{one:?} {other:?}");
            assert_eq!(found[0].by_case, by_case, "{one:?} {other:?}");
            assert_eq!(found[0].names.len(), 2);
        }
        let different = [
            "ada", "adá", "s10", "sl0", "so1", "modern", "modem", "a.b", "a-b", "ab", "数学",
            "数字",
        ];
        assert_eq!(LookAlikes::of(different).found().next(), None);
        let found = LookAlikes::of(["ada", "\u{430}da"]).found().next();
        let said = found.map(|alike| alike.to_string());
        assert_eq!(said.as_deref(), Some("\"ada\" and \"аda\" (U+0430)"));
    }

    #[test]
    fn few_of_very_many_names_that_look_alike_are_held() {
        let mut alike = LookAlikes::of(["a".repeat(10).as_str(), "bob"]);
        for number in 0..1024 {
            let name = (0..10).map(|bit| if number >> bit & 1 == 0 { 'a' } else { 'A' });
            alike.compare(&name.collect::<String>());
            alike.compare(&format!("nobody-{number}"));
        }
        let found: Vec<Alike> = alike.found().collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].names.len(), MOST_ALIKE);
        assert!(found[0].by_case && found[0].more);
        assert!(found[0].to_string().ends_with(", and others"));
    }
}
