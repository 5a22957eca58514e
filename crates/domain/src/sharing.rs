//! The people who may see a shared page, and the choice of a course about them.

use std::fmt;

/// The number of days after which a link to a shared page ends, if nothing else is wanted.
pub const USUAL_SHARED_DAYS: u32 = 30;
/// The maximum number of days until a link to a shared page ends.
pub const MOST_SHARED_DAYS: u32 = 90;
/// The maximum size of a shared page, and of a notebook that comes with one, in bytes.
pub const LONGEST_SHARED: u64 = 20 * 1024 * 1024;

/// The people who may see a shared page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum Audience {
    /// The members of the course.
    Course,
    /// Everybody who can log in.
    Hub,
}

impl Audience {
    /// All audiences, the smaller one first.
    pub const ALL: [Self; 2] = [Self::Course, Self::Hub];

    /// Returns the word for the audience in requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::Hub => "hub",
        }
    }

    /// Returns the audience for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|audience| audience.word() == word)
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The widest audience that a course allows for pages that its members share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "lowercase")
)]
pub enum Sharing {
    /// None: nobody shares.
    #[default]
    Off,
    /// The members of the course.
    Course,
    /// Everybody who can log in.
    Hub,
}

impl Sharing {
    /// All choices, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::Off, Self::Course, Self::Hub];

    /// Returns the word for the choice in requests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Course => "course",
            Self::Hub => "hub",
        }
    }

    /// Returns the choice for a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sharing| sharing.word() == word)
    }

    /// Whether the course allows pages for that audience.
    pub const fn allows(self, audience: Audience) -> bool {
        match (self, audience) {
            (Self::Off, _) | (Self::Course, Audience::Hub) => false,
            (Self::Course, Audience::Course) | (Self::Hub, _) => true,
        }
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_allows_an_audience_and_the_narrower_ones() {
        let allowed = |sharing: Sharing| Audience::ALL.map(|audience| sharing.allows(audience));
        assert_eq!(allowed(Sharing::default()), [false, false]);
        assert_eq!(allowed(Sharing::Course), [true, false]);
        assert_eq!(allowed(Sharing::Hub), [true, true]);
    }

    #[test]
    fn words_are_read_as_they_print() {
        for sharing in Sharing::ALL {
            assert_eq!(Sharing::of_word(&sharing.to_string()), Some(sharing));
        }
        for audience in Audience::ALL {
            assert_eq!(Audience::of_word(&audience.to_string()), Some(audience));
        }
        assert_eq!(Sharing::of_word("world"), None);
        assert_eq!(Audience::of_word("off"), None);
    }
}
