//! The repository that a directory of a course follows, for those who read all work of the course, and the form that
//! sets it.

use super::{Place, address_of, done, sentence};
use crate::http::error::{Error, Result};
use crate::http::materials::{Materials, hook_address, parse_every};
use crate::http::pages::failure::reason;
use crate::http::pages::form::{Fields, Form};
use crate::http::pages::reader::Reader;
use crate::http::pages::times::Moment;
use crate::http::pages::view::{Head, View};
use crate::http::request::directory_path::InDirectory;
use crate::http::request::query::Query;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Caller;
use nbcourier_domain::{AccessLevel, BranchName, DirectoryOwner, RelativePath, Span, Timestamp};
use nbcourier_exchange::directories::browsing;
use nbcourier_exchange::sources::{
    self, CourseDirectory, Exclude, GivenSource, RunView, SourceView,
};
use nbcourier_exchange::{DirectoryAddress, Error as Refusal, Exchange, Thing};

/// Maximum number of runs on the page.
const RUNS: usize = 20;

/// The fields of the form, without the token.
#[derive(Default)]
struct Given {
    url: String,
    branch: String,
    folder: String,
    /// The patterns, one on a line.
    exclude: String,
    every: String,
    allow_solutions: bool,
}

impl Given {
    fn of_source(source: &SourceView) -> Self {
        let settings = &source.settings;
        let branch = settings.branch.as_ref().map(BranchName::to_string);
        let folder = settings.folder.as_ref().map(RelativePath::to_string);
        let exclude = settings.exclude.iter().map(Exclude::as_str);
        Self {
            url: settings.url.as_str().to_owned(),
            branch: branch.unwrap_or_default(),
            folder: folder.unwrap_or_default(),
            exclude: exclude.collect::<Vec<_>>().join("\n"),
            every: Span(settings.every).to_string(),
            allow_solutions: settings.allow_solutions,
        }
    }

    fn of_form(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            url: text("url"),
            branch: text("branch"),
            folder: text("folder"),
            exclude: text("exclude").replace("\r\n", "\n"),
            every: text("every"),
            allow_solutions: fields.has("allow-solutions"),
        }
    }

    fn read(&self) -> Result<GivenSource> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let lines = self.exclude.lines().map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty());
        Ok(GivenSource {
            url: self.url.clone(),
            branch: given(&self.branch),
            folder: given(&self.folder),
            exclude: patterns.map(str::to_owned).collect(),
            every: parse_every(given(&self.every).as_deref())?,
            allow_solutions: self.allow_solutions,
        })
    }
}

#[derive(Template)]
#[template(path = "directory/source.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    at: String,
    source: Option<&'a SourceView>,
    runs: &'a [RunView],
    given: Given,
    /// The address of the hook.
    hook: String,
    /// The secret of the hook, which is shown once.
    secret: Option<String>,
    may_set: bool,
    problem: Option<String>,
    done: Option<String>,
}

impl Page<'_> {
    fn minute(&self, at: &Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn runs(&self) -> &[RunView] {
        &self.runs[..self.runs.len().min(RUNS)]
    }

    /// Returns the time of the first of the looks that failed since the last one that did not.
    fn failing_since(&self) -> Option<Moment> {
        let ended = self.runs.iter().filter(|run| run.outcome.is_some());
        let failed = ended.take_while(|run| is_bad(run));
        failed.last().map(|run| self.minute(&run.began_at))
    }

    fn outcome(&self, run: &RunView) -> String {
        self.view.say(match run.outcome.as_deref() {
            Some("updated") => "run-updated",
            Some("unchanged") => "run-unchanged",
            Some("refused") => "run-refused",
            Some(_) => "run-failed",
            None => "run-waits",
        })
    }

    fn cause(&self, run: &RunView) -> String {
        self.view.say(match run.cause.as_str() {
            "schedule" => "cause-schedule",
            "hook" => "cause-hook",
            "set" => "cause-set",
            _ => "cause-asked",
        })
    }

    fn has_token(&self) -> bool {
        self.source.is_some_and(|source| source.has_token)
    }
}

fn is_bad(run: &RunView) -> bool {
    matches!(run.outcome.as_deref(), Some("failed" | "refused"))
}

/// What the page shows besides the source: what was done, or the form that was wrong.
#[derive(Default)]
struct Shown {
    done: Option<String>,
    secret: Option<String>,
    wrong: Option<(Given, String)>,
}

/// What was done before.
#[derive(serde::Deserialize)]
pub struct SourceQuery {
    done: Option<String>,
}

/// Returns the directory as one of a course. Only those follow repositories.
fn of_course(address: &DirectoryAddress) -> Result<CourseDirectory> {
    match &address.owner {
        DirectoryOwner::Course(course) => Ok(CourseDirectory {
            course: course.clone(),
            name: address.name.clone(),
        }),
        DirectoryOwner::Person(_) => Err(Refusal::NotFound(Thing::Source).into()),
    }
}

/// Checks that the caller can read the directory, since to others it is not there.
async fn enter(
    exchange: &Exchange,
    caller: &Caller,
    address: &DirectoryAddress,
) -> Result<CourseDirectory> {
    let need = AccessLevel::Read;
    browsing::directory(exchange, caller, address.clone(), need).await?;
    of_course(address)
}

/// `GET d/{owner}/{directory}/source`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    Query(query): Query<SourceQuery>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let shown = Shown {
        done: sentence(&reader.view, query.done.as_deref()),
        ..Shown::default()
    };
    page(reader, &exchange, &request, address, shown).await
}

async fn page(
    reader: Reader,
    exchange: &Exchange,
    request: &HttpRequest,
    address: DirectoryAddress,
    shown: Shown,
) -> Result<HttpResponse> {
    let (caller, need) = (&reader.caller, AccessLevel::Read);
    let directory = browsing::directory(exchange, caller, address.clone(), need).await?;
    let course = of_course(&address)?.course;
    let (reader, place) = Place::of(reader, exchange, &directory).await?;
    let (caller, visited) = (&reader.caller, reader.view.place(&course));
    let (source, runs) = match sources::with_runs(exchange, caller, visited, &directory).await {
        Ok((source, runs)) => (Some(source), runs),
        Err(Refusal::NotFound(Thing::Source)) => (None, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let hook = source.as_ref();
    let hook = hook.map(|source| hook_address(request, &source.hook));
    let view = &reader.view;
    let (given, problem) = match shown.wrong {
        Some((given, reason)) => {
            let problem = view.say_with("source-wrong", "reason", &reason);
            (given, Some(problem))
        }
        None => (
            source.as_ref().map(Given::of_source).unwrap_or_default(),
            None,
        ),
    };
    let page = Page {
        head: place.head(view, view.say("source-title"), "source"),
        may_set: view.may.share_files,
        at: place.at,
        source: source.as_ref(),
        runs: &runs,
        given,
        hook: hook.transpose()?.unwrap_or_default(),
        secret: shown.secret,
        problem,
        done: shown.done,
        view,
    };
    view.page_of_form(&page, page.problem.is_some())
}

/// Handles `POST d/{owner}/{directory}/source`: makes the directory follow a repository. A form that is wrong comes back
/// without the token, which is never shown.
pub async fn set(
    (exchange, materials): (web::Data<Exchange>, web::Data<Materials>),
    InDirectory(address): InDirectory,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let caller = &reader.caller;
    let at = enter(&exchange, caller, &address).await?;
    sources::ready_to_set(&exchange, caller, at.clone()).await?;
    let token = match fields.text("token") {
        _ if fields.has("remove-token") => Some(None),
        "" => None,
        token => Some(Some(token.to_owned())),
    };
    let given = Given::of_form(&fields);
    let followed = match given.read() {
        Ok(source) => {
            let follow = materials.follow(&exchange, caller, at, source, token);
            follow.await
        }
        Err(error) => Err(error),
    };
    match followed {
        Ok(followed) if followed.hook_secret.is_some() => {
            // The secret of the hook is shown this once, so no redirect follows.
            let shown = Shown {
                done: Some(reader.view.say("source-set")),
                secret: followed.hook_secret,
                wrong: None,
            };
            page(reader, &exchange, &request, address, shown).await
        }
        Ok(_) => {
            let place = address_of(&reader.view, &address);
            Ok(done(&format!("{place}/source"), "source"))
        }
        Err(error) => {
            let shown = Shown {
                wrong: Some((given, reason(error, &reader.view)?)),
                ..Shown::default()
            };
            page(reader, &exchange, &request, address, shown).await
        }
    }
}

/// Handles `POST d/{owner}/{directory}/source/steps`: looks at the repository now, or follows it no more.
pub async fn step(
    exchange: web::Data<Exchange>,
    InDirectory(address): InDirectory,
    form: Form,
) -> Result<HttpResponse> {
    let Form { reader, fields } = form;
    let caller = &reader.caller;
    let at = enter(&exchange, caller, &address).await?;
    let what = match fields.text("step") {
        "pull" => {
            sources::pull(&exchange, caller, at).await?;
            "pulling"
        }
        "remove" => {
            sources::remove(&exchange, caller, at).await?;
            "unfollowed"
        }
        _ => return Err(Error::bad(reader.view.say("nothing-chosen"))),
    };
    let place = address_of(&reader.view, &address);
    Ok(done(&format!("{place}/source"), what))
}
