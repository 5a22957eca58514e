//! The directories of a course, as the pages of the course show them.

use super::address_of;
use crate::http::error::Result;
use crate::http::pages::view::View;
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, DirectoryOwner};
use nbcourier_exchange::{Exchange, directories};

/// Maximum number of directories that the page of a course names.
const NAMED: usize = 20;

/// The directories of a course that the reader may read.
#[derive(Default)]
pub struct Material {
    /// The addresses, names and descriptions of the first ones.
    pub found: Vec<(String, String, Option<String>)>,
    /// The address of the list of all, if it has more to show.
    pub all: Option<String>,
    /// The address of the form for a new one, if the reader may make one.
    pub new: Option<String>,
}

impl Material {
    /// Returns the material of a course.
    pub async fn of(
        exchange: &Exchange,
        caller: &Caller,
        view: &View,
        course: &CourseId,
        may_make: bool,
    ) -> Result<Self> {
        let owner = DirectoryOwner::Course(course.clone());
        let named = directories::named(exchange, caller, owner.clone(), NAMED).await?;
        let all = view.at(&["d"]);
        let owner = view.segment(&owner.to_string());
        let is_any = !named.is_empty();
        let found = named.into_iter().map(|(address, description)| {
            let name = address.name.as_str().to_owned();
            (address_of(view, &address), name, description)
        });
        Ok(Self {
            found: found.collect(),
            all: is_any.then(|| format!("{all}?owner={owner}")),
            new: may_make.then(|| format!("{all}/new?owner={owner}")),
        })
    }
}
