//! Pages of directories: their folders and files, versions, grants and facts.

pub mod all;
pub mod change;
mod facts;
pub mod folder;
pub mod material;
pub mod settings;
pub mod sharing;
pub mod source;
pub mod trash;
pub mod versions;

use super::reader::Reader;
use super::view::{Head, Link, View};
use crate::http::error::{Error, Result};
use crate::http::reply::redirect::see_other;
use crate::http::request::changes_body::parse_path;
use actix_web::HttpResponse;
use nbcourier_domain::{AccessLevel, DirectoryOwner, RelativePath};
use nbcourier_exchange::directories::DirectoryView;
use nbcourier_exchange::{DirectoryAddress, Exchange};

/// The pages about one directory, for a reader who may read it.
struct Place {
    /// The address of its first page.
    at: String,
    /// The name.
    name: String,
    /// The pages above it.
    crumbs: Vec<Link>,
    /// The reader's level of access.
    may: AccessLevel,
}

impl Place {
    /// Returns the pages about a directory, and the reader with the times of its course.
    async fn of(
        reader: Reader,
        exchange: &Exchange,
        directory: &DirectoryView,
    ) -> Result<(Reader, Self)> {
        let owner = directory.owner.clone();
        let (reader, crumbs) = above(reader, exchange, &owner).await?;
        let address = DirectoryAddress {
            owner,
            name: directory.name.clone(),
        };
        let place = Self {
            at: address_of(&reader.view, &address),
            name: address.name.as_str().to_owned(),
            crumbs,
            may: directory.may,
        };
        Ok((reader, place))
    }

    /// Returns the head of the page with that title below the directory's own.
    fn head(&self, view: &View, title: String, current: &str) -> Head {
        let mut crumbs = self.crumbs.clone();
        crumbs.push(view.link(self.at.clone(), &self.name));
        Head {
            title,
            crumbs,
            tabs: self.tabs(view, current),
            ..Head::default()
        }
    }

    fn tabs(&self, view: &View, current: &str) -> Vec<Link> {
        let is_admin = self.may == AccessLevel::Admin;
        let tab = |name: &str, below: &str, text: String| Link {
            href: format!("{}{below}", self.at),
            text,
            is_current: name == current,
        };
        let mut tabs = vec![
            tab("files", "", view.say("files")),
            tab("versions", "/versions", view.say("directory-versions")),
        ];
        if view.may.see_activity {
            tabs.push(tab("source", "/source", view.say("source-title")));
        }
        if is_admin {
            tabs.push(tab("sharing", "/sharing", view.say("sharing-title")));
            tabs.push(tab("settings", "/settings", view.say("settings-title")));
        }
        tabs
    }
}

/// Returns the pages above those of an owner's directories, and the reader in the course that owns them.
async fn above(
    mut reader: Reader,
    exchange: &Exchange,
    owner: &DirectoryOwner,
) -> Result<(Reader, Vec<Link>)> {
    if let DirectoryOwner::Course(course) = owner {
        reader = reader.in_course(exchange, course).await?;
        let view = &reader.view;
        if view.may.see_teachers {
            let crumbs = vec![view.home_crumb(), view.course_link(course.as_str())];
            return Ok((reader, crumbs));
        }
    }
    let view = &reader.view;
    let all = view.at(&["d"]);
    let owner = owner.to_string();
    let of_owner = format!("{all}?owner={}", view.segment(&owner));
    let crumbs = vec![
        view.link(all, &view.say("nav-directories")),
        view.link(of_owner, &owner),
    ];
    Ok((reader, crumbs))
}

/// Returns the address of the first page of a directory.
pub fn address_of(view: &View, address: &DirectoryAddress) -> String {
    view.at(&["d", &address.owner.to_string(), address.name.as_str()])
}

/// Returns the address of the page of a folder, or of the directory itself.
fn folder_address(view: &View, at: &str, path: Option<&RelativePath>) -> String {
    path.map_or_else(
        || at.to_owned(),
        |path| {
            let segments: Vec<&str> = path.as_str().split('/').collect();
            view.below(at, "in", &segments)
        },
    )
}

/// Returns the path in a field or an argument; an empty text is the directory itself.
fn parse_folder(text: &str) -> Result<Option<RelativePath>> {
    let text = text.trim_matches('/');
    (!text.is_empty()).then(|| parse_path(text)).transpose()
}

/// Returns the redirect to a page that says what was done.
fn done(address: &str, what: &str) -> HttpResponse {
    see_other(&format!("{address}?done={what}#done")).finish()
}

/// Returns the sentence about what was done.
fn sentence(view: &View, done: Option<&str>) -> Option<String> {
    let key = match done? {
        "created" => "directory-created",
        "uploaded" => "directory-uploaded",
        "removed" => "directory-removed",
        "folder" => "directory-folder-made",
        "same" => "directory-same",
        "copied" => "directory-copied",
        "labelled" => "directory-labelled",
        "restored" => "directory-version-restored",
        "shared" => "directory-shared",
        "unshared" => "directory-unshared",
        "saved" => "saved",
        "deleted" => "directory-deleted",
        "untrashed" => "directory-untrashed",
        "source" => "source-set",
        "pulling" => "source-pulling",
        "unfollowed" => "source-unfollowed",
        _ => return None,
    };
    Some(view.say(key))
}

/// Returns the words for a level of access.
fn level(view: &View, level: AccessLevel) -> String {
    view.say(match level {
        AccessLevel::Read => "level-read",
        AccessLevel::Write => "level-write",
        AccessLevel::Admin => "level-admin",
    })
}

/// Returns the version that a field or an argument names, if it names one.
fn number(text: Option<&str>) -> Result<Option<i64>> {
    let number = text.map(str::parse).transpose();
    number.map_err(|_| Error::bad("The version is a number"))
}
