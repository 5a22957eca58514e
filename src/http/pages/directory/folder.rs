//! A folder of a directory in one of its versions, and the files in it.

use super::{Place, address_of, folder_address, level, number, parse_folder, sentence};
use crate::http::error::Result;
use crate::http::pages::contents::is_text;
use crate::http::pages::form::Fields;
use crate::http::pages::reader::Reader;
use crate::http::pages::student::submission::to_contents;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::paging;
use crate::http::reply::{download, zip};
use crate::http::request::directory_path::{FileIn, InDirectory};
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Place as Where, Showing, Ticket, Tickets};
use nbcourier_domain::{AccessLevel, RelativePath, Timestamp};
use nbcourier_exchange::directories::browsing::{self, Folder, FolderQuery};
use nbcourier_exchange::directories::contents::{self, EntryView};
use nbcourier_exchange::{DirectoryAddress, Exchange};

/// Maximum number of entries on the page.
const ENTRIES: usize = 500;

#[derive(Template)]
#[template(path = "directory/folder.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    /// The address of the directory.
    at: String,
    folder: &'a Folder,
    /// The path of the folder; empty for the directory itself.
    path: String,
    entries: Vec<Entry>,
    level: String,
    /// Whether the reader may change the files that are shown.
    may_write: bool,
    next: Option<String>,
    done: Option<String>,
    /// The form that comes back.
    wrong: Option<Wrong>,
}

/// A form of the page that comes back with its fields.
pub(super) struct Wrong {
    /// The form, by the last word of its address.
    pub form: &'static str,
    /// The fields.
    pub fields: Fields,
    /// The reason.
    pub problem: String,
}

/// A line of the folder.
struct Entry {
    name: String,
    path: String,
    href: String,
    /// The size of a file.
    size: Option<u64>,
    is_executable: bool,
    /// The address of its text, if it can be shown.
    text: Option<String>,
    since: i64,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn is_current(&self) -> bool {
        self.folder.version.number == self.folder.directory.head.number
    }

    /// Returns the reason why that form comes back, if it does.
    fn problem_of(&self, form: &str) -> Option<&str> {
        let wrong = self.wrong.as_ref()?;
        (wrong.form == form).then_some(wrong.problem.as_str())
    }

    /// Returns the content of a field of that form, if the form comes back.
    fn given(&self, form: &str, field: &str) -> &str {
        let wrong = self.wrong.as_ref().filter(|wrong| wrong.form == form);
        wrong.map_or("", |wrong| wrong.fields.text(field))
    }

    fn files(&self) -> String {
        let files = self.folder.version.files;
        self.view.say_with("file-count", "n", files)
    }
}

/// The version and the part of the folder that are wanted.
#[derive(serde::Deserialize, Default)]
pub struct FolderArguments {
    version: Option<String>,
    after: Option<String>,
    done: Option<String>,
}

/// `GET d/{owner}/{directory}`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    Query(query): Query<FolderArguments>,
) -> Result<HttpResponse> {
    page(reader, &exchange, address, None, query, None).await
}

/// `GET d/{owner}/{directory}/in/{path}`
pub async fn below(
    reader: Reader,
    exchange: web::Data<Exchange>,
    FileIn(address, path): FileIn,
    Query(query): Query<FolderArguments>,
) -> Result<HttpResponse> {
    page(reader, &exchange, address, Some(path), query, None).await
}

/// Returns the page of the folder to which a form belongs. The form comes back with its fields and the reason.
pub(super) async fn with_form(
    reader: Reader,
    exchange: &Exchange,
    address: DirectoryAddress,
    wrong: Wrong,
) -> Result<HttpResponse> {
    let text = |name: &str| Some(wrong.fields.text(name)).filter(|text| !text.is_empty());
    let path = parse_folder(text("path").unwrap_or_default())?;
    let query = FolderArguments {
        version: text("version").map(str::to_owned),
        ..FolderArguments::default()
    };
    page(reader, exchange, address, path, query, Some(wrong)).await
}

async fn page(
    reader: Reader,
    exchange: &Exchange,
    address: DirectoryAddress,
    path: Option<RelativePath>,
    query: FolderArguments,
    wrong: Option<Wrong>,
) -> Result<HttpResponse> {
    let wanted = FolderQuery {
        version: number(query.version.as_deref())?,
        path: path.clone(),
        after: paging::cursor(query.after.as_deref(), paging::parse_name)?,
    };
    let folder = browsing::folder(exchange, &reader.caller, address, wanted, ENTRIES).await?;
    let (reader, place) = Place::of(reader, exchange, &folder.directory).await?;
    let view = &reader.view;
    let is_current = folder.version.number == folder.directory.head.number;
    let pinned = if is_current {
        String::new()
    } else {
        format!("?version={}", folder.version.number)
    };
    let entries = folder.entries.iter();
    let entries = entries.map(|entry| shown(view, &place.at, &pinned, entry));
    let here = folder_address(view, &place.at, path.as_ref());
    let next = folder.next.as_deref().map(|after| {
        let after = view.segment(&paging::encode_name(after));
        let version = folder.version.number;
        format!("{here}?version={version}&after={after}")
    });
    let page = Page {
        head: head(view, &place, path.as_ref(), &pinned),
        entries: entries.collect(),
        path: path.map_or_else(String::new, |path| path.to_string()),
        level: level(view, place.may),
        may_write: is_current
            && place.may >= AccessLevel::Write
            && folder.directory.source.is_none(),
        next,
        done: sentence(view, query.done.as_deref()),
        wrong,
        folder: &folder,
        at: place.at,
        view,
    };
    view.page_of_form(&page, page.wrong.is_some())
}

/// Returns the head of a folder's page, with the folders above it.
fn head(view: &View, place: &Place, path: Option<&RelativePath>, pinned: &str) -> Head {
    let Some(path) = path else {
        return Head {
            title: place.name.clone(),
            crumbs: place.crumbs.clone(),
            tabs: place.tabs(view, "files"),
            ..Head::default()
        };
    };
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut head = place.head(view, last(path.as_str()), "files");
    if let Some(own) = head.crumbs.last_mut() {
        own.href.push_str(pinned);
    }
    for above in path.directories() {
        let segments: Vec<&str> = above.split('/').collect();
        let href = view.below(&place.at, "in", &segments) + pinned;
        head.crumbs.push(view.link(href, &last(above)));
    }
    head
}

fn shown(view: &View, at: &str, pinned: &str, entry: &EntryView) -> Entry {
    let path = entry.path.as_str().to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    let link = |word: &str| view.below(at, word, &segments) + pinned;
    let size = entry.file.map(|file| file.blob.size);
    Entry {
        name: segments.last().copied().unwrap_or_default().to_owned(),
        href: link(if size.is_some() { "files" } else { "in" }),
        text: size
            .is_some_and(|size| is_text(&path, size))
            .then(|| link("look")),
        is_executable: entry.file.is_some_and(|file| file.executable),
        size,
        since: entry.since,
        path,
    }
}

/// The wanted version, and the folder of an archive.
#[derive(serde::Deserialize)]
pub struct VersionQuery {
    version: Option<String>,
    path: Option<String>,
}

/// Handles `GET d/{owner}/{directory}/files/{path}`: a file, which a browser saves.
pub async fn file(
    reader: Reader,
    exchange: web::Data<Exchange>,
    FileIn(address, path): FileIn,
    Query(query): Query<VersionQuery>,
) -> Result<HttpResponse> {
    let version = number(query.version.as_deref())?;
    let found = contents::file(&exchange, &reader.caller, address, version, path.clone()).await?;
    download::file(&exchange, path.as_str(), found.contents).await
}

/// Handles `GET d/{owner}/{directory}/look/{path}`: leads to the text of a file, in the sandbox.
pub async fn look(
    reader: Reader,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    FileIn(address, path): FileIn,
    Query(query): Query<VersionQuery>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let version = number(query.version.as_deref())?;
    let found = contents::file(&exchange, &caller, address, version, path.clone()).await?;
    let ticket = Ticket {
        place: Where::Directory(found.directory, found.version),
        reader: caller.name().to_string(),
        showing: Showing::Text,
    };
    to_contents(&view, &tickets, &ticket, path.as_str())
}

/// Handles `GET d/{owner}/{directory}/zip`: the files of a version, or those below a folder.
pub async fn as_zip(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    Query(query): Query<VersionQuery>,
) -> Result<HttpResponse> {
    let version = number(query.version.as_deref())?;
    let folder = parse_folder(query.path.as_deref().unwrap_or_default())?;
    let name = match &folder {
        Some(folder) => folder.as_str().replace('/', "-"),
        None => address.name.as_str().to_owned(),
    };
    let found = contents::archive(&exchange, &reader.caller, address, version, folder).await?;
    let name = format!("{name}-{}.zip", found.version);
    zip::directory(&exchange, &name, found).await
}

/// Returns the address of a folder's page for the redirect after a change.
pub(super) fn address(
    view: &View,
    address: &DirectoryAddress,
    path: Option<&RelativePath>,
) -> String {
    folder_address(view, &address_of(view, address), path)
}
