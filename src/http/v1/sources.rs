//! `v1/courses/{course}/directories/{name}/source`: the repository that a directory of a course follows.

use crate::http::error::Result;
use crate::http::materials::{Materials, hook_address, parse_every};
use crate::http::openapi::NoContent;
use crate::http::reply::created::Accepted;
use crate::http::reply::listing::Listing;
use crate::http::request::directory_path::InCourseDirectory;
use crate::http::request::json::JsonBody;
use actix_web::{HttpRequest, web};
use nbcourier_api::{NewSource, PatchedText, PullAsked, Source, SourceRun, SourceRuns};
use nbcourier_auth::Caller;
use nbcourier_domain::{BranchName, ObjectName, RelativePath, Rfc3339, Span};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::sources::{self, GivenSource, RunView, SourceView};

/// `PUT v1/courses/{course}/directories/{name}/source`
pub async fn set(
    (exchange, materials): (web::Data<Exchange>, web::Data<Materials>),
    caller: Caller,
    InCourseDirectory(at): InCourseDirectory,
    request: HttpRequest,
    body: JsonBody<NewSource>,
) -> Result<web::Json<Source>> {
    sources::ready_to_set(&exchange, &caller, at.clone()).await?;
    let new = body.read().await?;
    let token = match new.token {
        PatchedText::Kept => None,
        PatchedText::Removed => Some(None),
        PatchedText::Set(text) => Some(Some(text)),
    };
    let given = GivenSource {
        url: new.url,
        branch: new.branch,
        folder: new.folder,
        exclude: new.exclude,
        every: parse_every(new.every.as_deref())?,
        allow_solutions: new.allow_solutions,
    };
    let followed = materials.follow(&exchange, &caller, at, given, token);
    let followed = followed.await?;
    let mut reply = shown(followed.view, &request)?;
    reply.hook_secret = followed.hook_secret;
    Ok(web::Json(reply))
}

/// `GET v1/courses/{course}/directories/{name}/source`
pub async fn show(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourseDirectory(at): InCourseDirectory,
    request: HttpRequest,
) -> Result<Listing<Source>> {
    let view = sources::show(&exchange, &caller, at).await?;
    let source = shown(view, &request)?;
    Listing::of(1, move || source).await
}

/// `DELETE v1/courses/{course}/directories/{name}/source`
pub async fn remove(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourseDirectory(at): InCourseDirectory,
) -> Result<NoContent> {
    sources::remove(&exchange, &caller, at).await?;
    Ok(NoContent)
}

/// `POST v1/courses/{course}/directories/{name}/source/pull`
pub async fn pull(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourseDirectory(at): InCourseDirectory,
) -> Result<Accepted<PullAsked>> {
    let run = sources::pull(&exchange, &caller, at).await?;
    Ok(Accepted(PullAsked { run }))
}

/// `GET v1/courses/{course}/directories/{name}/source/runs`
pub async fn runs(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourseDirectory(at): InCourseDirectory,
) -> Result<Listing<SourceRuns>> {
    let runs = sources::runs(&exchange, &caller, at).await?;
    Listing::of(runs.len(), move || SourceRuns {
        runs: runs.into_iter().map(shown_run).collect(),
    })
    .await
}

fn shown(view: SourceView, request: &HttpRequest) -> Result<Source> {
    let settings = view.settings;
    let exclude = settings.exclude.iter();
    Ok(Source {
        url: settings.url.as_str().to_owned(),
        branch: settings.branch.as_ref().map(BranchName::to_string),
        folder: settings.folder.as_ref().map(RelativePath::to_string),
        exclude: exclude.map(|pattern| pattern.as_str().to_owned()).collect(),
        every: Span(settings.every).to_string(),
        allow_solutions: settings.allow_solutions,
        token: view.has_token,
        commit: view.commit.as_ref().map(ObjectName::to_string),
        hook: hook_address(request, &view.hook)?,
        hook_secret: None,
        checked_at: view.checked_at.map(Rfc3339),
        next_at: Rfc3339(view.next_at),
        failures: view.failures,
        running: view.is_running,
    })
}

fn shown_run(run: RunView) -> SourceRun {
    SourceRun {
        id: run.id,
        began_at: Rfc3339(run.began_at),
        ended_at: run.ended_at.map(Rfc3339),
        cause: run.cause,
        outcome: run.outcome,
        commit: run.commit,
        version: run.version,
        report: run.report,
    }
}
