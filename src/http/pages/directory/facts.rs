//! The fields that name and describe a directory, in the forms of a new directory and of its settings.

use crate::http::error::{Error, Result};
use crate::http::pages::form::Fields;
use crate::http::pages::view::View;
use nbcourier_domain::DirectoryName;
use nbcourier_exchange::directories::{DirectoryFacts, DirectoryView, parse_name};

/// Returns the name of a directory in a field.
pub fn name(field: &str, view: &View) -> Result<DirectoryName> {
    if field.is_empty() {
        return Err(Error::bad(view.say("directory-name-missing")));
    }
    parse_name(field).map_err(|_| Error::bad(view.say("directory-name-wrong")))
}

/// The fields, as they stand in the form.
#[derive(Default)]
pub struct Given {
    pub name: String,
    pub description: String,
    pub deliver: String,
    pub at_start: bool,
}

impl Given {
    /// Returns the fields for a directory as it is.
    pub fn of_directory(directory: &DirectoryView) -> Self {
        Self {
            name: directory.name.as_str().to_owned(),
            description: directory.description.clone().unwrap_or_default(),
            deliver: directory.deliver.clone().unwrap_or_default(),
            at_start: directory.deliver_at_start,
        }
    }

    /// Returns the fields that were sent.
    pub fn of_form(fields: &Fields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            description: fields.text("description").replace("\r\n", "\n"),
            deliver: fields.text("deliver").to_owned(),
            at_start: fields.has("at-start"),
        }
    }

    /// Returns the name.
    pub fn name(&self, view: &View) -> Result<DirectoryName> {
        name(&self.name, view)
    }

    /// Returns the other facts.
    pub fn facts(&self) -> DirectoryFacts {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        DirectoryFacts {
            description: given(&self.description),
            deliver: given(&self.deliver),
            deliver_at_start: self.at_start,
        }
    }
}
