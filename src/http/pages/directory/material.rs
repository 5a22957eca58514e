//! The directories of a course, as the pages of the course show them.

use super::address_of;
use crate::http::error::Result;
use crate::http::pages::view::View;
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, DirectoryOwner};
use nbcourier_exchange::{DirectoryAddress, Exchange, directories};

/// Maximum number of directories that the page of a course names.
const NAMED: usize = 20;

/// The directories of a course.
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
        let place = view.place(course);
        let named = directories::of_course(exchange, caller, place, NAMED).await?;
        let owner = DirectoryOwner::Course(course.clone());
        let all = view.at(&["d"]);
        let is_any = !named.is_empty();
        let found = named.into_iter().map(|(name, description)| {
            let address = DirectoryAddress {
                owner: owner.clone(),
                name,
            };
            let name = address.name.as_str().to_owned();
            (address_of(view, &address), name, description)
        });
        let found = found.collect();
        let owner = view.segment(&owner.to_string());
        Ok(Self {
            found,
            all: is_any.then(|| format!("{all}?owner={owner}")),
            new: may_make.then(|| format!("{all}/new?owner={owner}")),
        })
    }
}
