//! The directories that a reader may read, and the form for a new one.

use super::facts::Given;
use super::{above, address_of, done, level, sentence};
use crate::http::error::Result;
use crate::http::pages::failure::reason;
use crate::http::pages::form::Form;
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::reply::paging;
use crate::http::request::query::Query;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_domain::{DirectoryOwner, Timestamp};
use nbcourier_exchange::directories::{self, DirectoryFilter, DirectoryView, Reach, parse_name};
use nbcourier_exchange::{DirectoryAddress, Exchange, Thing};

/// Maximum number of directories on the page.
const DIRECTORIES: usize = 200;

#[derive(Template)]
#[template(path = "directory/all.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    found: &'a [DirectoryView],
    /// The given arguments, to be shown in the form.
    text: String,
    reach: String,
    owner: Option<String>,
    /// The address of the form for a new directory, if the reader may make one here.
    new: Option<String>,
    next: Option<String>,
    done: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn address(&self, directory: &DirectoryView) -> String {
        address_of(
            self.view,
            &DirectoryAddress {
                owner: directory.owner.clone(),
                name: directory.name.clone(),
            },
        )
    }

    fn level(&self, directory: &DirectoryView) -> String {
        level(self.view, directory.may)
    }
}

/// The wanted directories.
#[derive(serde::Deserialize)]
pub struct AllQuery {
    owner: Option<String>,
    reach: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
    done: Option<String>,
}

fn parse_reach(text: Option<&str>) -> Option<Reach> {
    match text? {
        "own" => Some(Reach::Own),
        "granted" => Some(Reach::Granted),
        "everybody" => Some(Reach::Everybody),
        _ => None,
    }
}

fn parse_owner(text: &str) -> Result<DirectoryOwner> {
    let owner = DirectoryOwner::parse(text);
    Ok(owner.map_err(|_| nbcourier_exchange::Error::NotFound(Thing::Directory))?)
}

/// `GET d`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<AllQuery>,
) -> Result<HttpResponse> {
    let owner = query.owner.as_deref().map(parse_owner).transpose()?;
    let reach = parse_reach(query.reach.as_deref());
    let text = query.q.filter(|text| !text.contains('\0'));
    let filter = DirectoryFilter {
        owner: owner.clone(),
        reach,
        deliver: None,
        text: text.clone(),
        after: paging::cursor(query.cursor.as_deref(), |text| text.parse().ok())?.unwrap_or(0),
    };
    let page = directories::list(&exchange, &reader.caller, filter, DIRECTORIES).await?;
    let is_own = owner.as_ref().is_none_or(|owner| is_of(owner, &reader));
    let (reader, crumbs, may_make) = surroundings(reader, &exchange, owner.as_ref()).await?;
    let view = &reader.view;
    let all = view.at(&["d"]);
    let owner = owner.map(|owner| owner.to_string());
    let new = match &owner {
        Some(owner) if !is_own => format!("{all}/new?owner={}", view.segment(owner)),
        _ => format!("{all}/new"),
    };
    let text = text.unwrap_or_default();
    let next = page.next.map(|next| {
        let owner = owner.as_deref().unwrap_or_default();
        let reach = query.reach.as_deref().unwrap_or_default();
        let [owner, reach, text] = [owner, reach, &text].map(|text| view.segment(text));
        format!("{all}?owner={owner}&reach={reach}&q={text}&cursor={next}")
    });
    view.page(&Page {
        head: Head {
            title: view.say("directories-title"),
            aside: owner.clone().unwrap_or_default(),
            crumbs,
            ..Head::default()
        },
        found: &page.directories,
        text,
        reach: query.reach.unwrap_or_default(),
        new: may_make.then_some(new),
        next,
        done: sentence(view, query.done.as_deref()),
        owner,
        view,
    })
}

/// Whether the owner is the reader.
fn is_of(owner: &DirectoryOwner, reader: &Reader) -> bool {
    matches!(owner, DirectoryOwner::Person(person) if person == reader.caller.name())
}

/// Returns the pages above the directories of an owner, and whether the reader may make one there.
async fn surroundings(
    mut reader: Reader,
    exchange: &Exchange,
    owner: Option<&DirectoryOwner>,
) -> Result<(Reader, Vec<crate::http::pages::view::Link>, bool)> {
    let Some(owner) = owner else {
        return Ok((reader, Vec::new(), true));
    };
    if let DirectoryOwner::Course(course) = owner {
        // A course that is not there and one without directories for the reader look alike.
        if reader.enter(exchange, course).await.is_err() {
            return Ok((reader, Vec::new(), false));
        }
        let view = &reader.view;
        if view.may.see_teachers {
            let crumbs = vec![view.home_crumb(), view.course_link(course.as_str())];
            let may_make = view.may.share_files;
            return Ok((reader, crumbs, may_make));
        }
    }
    let may_make = is_of(owner, &reader) || reader.caller.is_admin();
    let all = reader.view.at(&["d"]);
    let all = reader.view.link(all, &reader.view.say("nav-directories"));
    Ok((reader, vec![all], may_make))
}

#[derive(Template)]
#[template(path = "directory/new.html")]
struct New<'a> {
    view: &'a View,
    head: Head,
    owner: String,
    is_of_course: bool,
    given: Given,
    problem: Option<String>,
}

/// The owner of the new directory.
#[derive(serde::Deserialize)]
pub struct NewQuery {
    owner: Option<String>,
}

fn owner_or_reader(owner: &str, reader: &Reader) -> Result<DirectoryOwner> {
    if owner.is_empty() {
        return Ok(DirectoryOwner::Person(reader.caller.name().clone()));
    }
    parse_owner(owner)
}

/// `GET d/new`
pub async fn ask(
    reader: Reader,
    exchange: web::Data<Exchange>,
    Query(query): Query<NewQuery>,
) -> Result<HttpResponse> {
    let owner = owner_or_reader(query.owner.as_deref().unwrap_or_default(), &reader)?;
    new_page(reader, &exchange, &owner, Given::default(), None).await
}

/// Returns the page with the form, and the reason why it comes back, if the reader may make a directory there.
async fn new_page(
    reader: Reader,
    exchange: &Exchange,
    owner: &DirectoryOwner,
    given: Given,
    problem: Option<String>,
) -> Result<HttpResponse> {
    let address = DirectoryAddress {
        owner: owner.clone(),
        name: parse_name("new")?,
    };
    directories::ready_to_create(exchange, &reader.caller, address).await?;
    let (reader, crumbs) = above(reader, exchange, owner).await?;
    let view = &reader.view;
    let page = New {
        head: Head {
            title: view.say("directory-new"),
            crumbs,
            ..Head::default()
        },
        is_of_course: matches!(owner, DirectoryOwner::Course(_)),
        owner: owner.to_string(),
        given,
        problem,
        view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// Handles `POST d/new`: makes an empty directory.
pub async fn make(exchange: web::Data<Exchange>, form: Form) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let owner = owner_or_reader(fields.text("owner"), &reader)?;
    let given = Given::of_form(&fields);
    match create(&exchange, &reader, &owner, &given).await {
        Ok(address) => Ok(done(&address_of(&reader.view, &address), "created")),
        Err(error) => {
            let problem = Some(reason(error, &reader.view)?);
            new_page(reader, &exchange, &owner, given, problem).await
        }
    }
}

async fn create(
    exchange: &Exchange,
    Reader { caller, view }: &Reader,
    owner: &DirectoryOwner,
    given: &Given,
) -> Result<DirectoryAddress> {
    let address = DirectoryAddress {
        owner: owner.clone(),
        name: given.name(view)?,
    };
    let ready = directories::ready_to_create(exchange, caller, address.clone()).await?;
    ready.create(given.facts()).await?;
    Ok(address)
}
