//! The names and other facts of directories, parsed.

use crate::{Error, Result};
use nbcourier_domain::{DirectoryName, DirectoryOwner, delivery_folder, oddity};
use nbcourier_storage::directories::{Directory, Facts};

/// Maximum length of a description in bytes.
const LONGEST_DESCRIPTION: usize = 1000;

/// Parses the name of a directory to be made. Names that look like others are refused.
pub fn parse_name(text: &str) -> Result<DirectoryName> {
    if oddity(text).is_some() {
        return Err(unusable("Illegal directory name"));
    }
    DirectoryName::parse(text).map_err(|error| unusable(&error.to_string()))
}

fn unusable(sentence: &str) -> Error {
    Error::UnusableFact(sentence.to_owned())
}

/// The facts of a directory besides its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryFacts {
    /// The description.
    pub description: Option<String>,
    /// The folder in which members of the course get it.
    pub deliver: Option<String>,
    /// Whether they get it whenever their servers start.
    pub deliver_at_start: bool,
}

impl DirectoryFacts {
    /// Checks that a directory of that owner can have these facts.
    pub(crate) fn check(&self, owner: &DirectoryOwner) -> Result<()> {
        if let Some(description) = &self.description {
            if description.len() > LONGEST_DESCRIPTION {
                return Err(unusable(&format!(
                    "The description is longer than {LONGEST_DESCRIPTION} bytes. Shorten it"
                )));
            }
            let is_illegal = |letter: char| letter.is_control() && letter != '\n';
            if description.contains(is_illegal) {
                return Err(unusable(
                    "The description contains a control character. Remove it",
                ));
            }
        }
        let Some(folder) = &self.deliver else {
            if self.deliver_at_start {
                return Err(unusable(
                    "A directory is delivered at the start of a server only with a folder. Give one in deliver",
                ));
            }
            return Ok(());
        };
        if !matches!(owner, DirectoryOwner::Course(_)) {
            return Err(unusable(
                "Only the directories of a course are delivered. Leave out deliver",
            ));
        }
        match delivery_folder(folder) {
            Ok(_) => Ok(()),
            Err(why) => Err(unusable(&format!(
                "The folder in deliver {why}. Name one such as algebra"
            ))),
        }
    }

    pub(crate) fn row(&self) -> Facts {
        Facts {
            description: self.description.clone(),
            deliver: self.deliver.clone(),
            deliver_at_start: self.deliver_at_start,
        }
    }
}

/// A change of a fact that may be absent.
#[derive(Debug, Clone, Default)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this, or is removed.
    To(Option<T>),
}

impl<T: Clone> Change<T> {
    fn of(&self, now: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => now.cloned(),
            Self::To(new) => new.clone(),
        }
    }
}

/// Changes of the facts of a directory.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// The new name.
    pub name: Option<DirectoryName>,
    /// The new description.
    pub description: Change<String>,
    /// The new folder of delivery. Without one, the directory is not delivered at the start of servers either.
    pub deliver: Change<String>,
    /// Whether members get it whenever their servers start.
    pub deliver_at_start: Option<bool>,
}

impl Patch {
    /// Returns the name and the facts of the directory after the changes.
    pub(super) fn of(&self, directory: &Directory) -> (DirectoryName, DirectoryFacts) {
        let name = self.name.clone().unwrap_or_else(|| directory.name.clone());
        let deliver = self.deliver.of(directory.deliver.as_ref());
        let at_start = self.deliver_at_start;
        let facts = DirectoryFacts {
            description: self.description.of(directory.description.as_ref()),
            deliver_at_start: at_start.unwrap_or(directory.deliver_at_start && deliver.is_some()),
            deliver,
        };
        (name, facts)
    }
}
