//! The directories of a course, as the pages of the course show them.

use super::address_of;
use crate::http::error::Result;
use crate::http::pages::view::View;
use nbcourier_auth::Caller;
use nbcourier_domain::{CourseId, DirectoryOwner};
use nbcourier_exchange::directories::{self, DirectoryFilter};
use nbcourier_exchange::{DirectoryAddress, Exchange};

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
        let filter = DirectoryFilter {
            owner: Some(owner.clone()),
            ..DirectoryFilter::default()
        };
        let page = directories::list(exchange, caller, filter, NAMED).await?;
        let all = view.at(&["d"]);
        let owner = view.segment(&owner.to_string());
        let is_any = !page.directories.is_empty();
        let found = page.directories.into_iter().map(|directory| {
            let address = DirectoryAddress {
                owner: directory.owner,
                name: directory.name,
            };
            let name = address.name.as_str().to_owned();
            (address_of(view, &address), name, directory.description)
        });
        Ok(Self {
            found: found.collect(),
            all: is_any.then(|| format!("{all}?owner={owner}")),
            new: may_make.then(|| format!("{all}/new?owner={owner}")),
        })
    }
}
