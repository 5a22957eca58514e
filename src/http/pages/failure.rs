//! Refusals and failures as pages: what happened, and what the reader can do.

use super::shared::end_key;
use super::view::{Head, Link, View};
use crate::http::error::{Error, Result};
use crate::http::middleware::rate_limit;
use crate::http::request_id;
use crate::http::state::AppState;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use nbcourier_auth::{AuthError, Caller, SentForm};
use nbcourier_domain::ByteSize;
use nbcourier_exchange::{self as exchange, QuotaOwner, Thing};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure<'a> {
    view: &'a View,
    head: Head,
    sentence: String,
    help: String,
    request: Option<String>,
    links: Vec<Link>,
    /// The seconds after which the browser tries again by itself.
    again_after: Option<u64>,
}

/// Middleware of pages: shows the errors of a handler as pages. An unknown person is sent to the login.
pub async fn shown<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?;
    let Some(error) = response.response().error() else {
        return Ok(response.map_into_boxed_body());
    };
    let anonymous = is_anonymous(error);
    let page = match (anonymous, error.as_error::<Error>()) {
        (true, _) => to_login(response.request()),
        (false, Some(error)) => page(response.request(), error),
        (false, None) => match error.as_error::<AuthError>() {
            Some(error) => page(response.request(), &Error::Auth(error.clone())),
            None => Ok(None),
        },
    };
    let Some(page) = page? else {
        return Ok(response.map_into_boxed_body());
    };
    // The log reads the error of the response, so the response stays and gets the page's status, headers and body.
    let (status, headers) = (page.status(), page.headers().clone());
    let body = page.into_body();
    let mut response = response.map_body(|_, replaced| rate_limit::keeping(body, replaced));
    *response.response_mut().status_mut() = status;
    let own = response.headers_mut();
    own.remove(header::CONTENT_LENGTH);
    own.remove(header::CONTENT_ENCODING);
    own.remove(header::WWW_AUTHENTICATE);
    for (name, value) in headers {
        own.insert(name, value);
    }
    Ok(response)
}

fn is_anonymous(error: &actix_web::Error) -> bool {
    matches!(
        error.as_error::<Error>(),
        Some(Error::Auth(AuthError::Anonymous))
    ) || matches!(error.as_error::<AuthError>(), Some(AuthError::Anonymous))
}

/// Returns the redirect to the login, which leads back to the requested page. A form that was sent leads to the first
/// page, since its address may be no page.
fn to_login(request: &HttpRequest) -> Result<Option<HttpResponse>> {
    let state = AppState::of(request)?;
    let prefix = &state.prefix.0;
    let next = if *request.method() == Method::GET {
        request.uri().to_string()
    } else {
        prefix.clone()
    };
    let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
    let login = format!("{prefix}login?next={next}");
    let reply = HttpResponse::Found()
        .insert_header((LOCATION, login))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish();
    Ok(Some(reply))
}

/// Returns the page for an error.
fn page(request: &HttpRequest, error: &Error) -> Result<Option<HttpResponse>> {
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.or_else(|| Some(SentForm::of(request)?.sender().clone()));
    let view = View::of(request, caller.as_ref())?;
    let status = error.status_code();
    let said = Said::of(error, &view);
    let mut links = vec![view.link(view.prefix.clone(), &view.say("nav-courses"))];
    if let Some(course) = request.match_info().get("course")
        && !matches!(
            error,
            Error::Exchange(exchange::Error::NotFound(Thing::Course))
        )
    {
        let course = percent_encoding::percent_decode_str(course).decode_utf8_lossy();
        links.insert(0, view.link(view.course(&course), &course));
    }
    if let Some(directory) = directory(request, &view)
        && !matches!(
            error,
            Error::Exchange(exchange::Error::NotFound(Thing::Directory))
        )
    {
        links.insert(0, directory);
    }
    let template = Failure {
        head: Head {
            title: view.say(said.title),
            ..Head::default()
        },
        sentence: said.sentence,
        help: said.help.map_or_else(String::new, |key| view.say(key)),
        request: request_id::current_id(),
        links,
        again_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(10),
        view: &view,
    };
    let mut page = view.page_with(status, &template)?;
    if let Some(seconds) = error
        .error_response()
        .headers()
        .get(header::RETRY_AFTER)
        .cloned()
    {
        page.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    page.headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(Some(page))
}

/// Returns a link to the directory that the request is about, if it is about one.
fn directory(request: &HttpRequest, view: &View) -> Option<Link> {
    let part = |name: &str| {
        let part = request.match_info().get(name)?;
        let part = percent_encoding::percent_decode_str(part);
        Some(part.decode_utf8_lossy().into_owned())
    };
    let (owner, name) = (part("owner")?, part("directory")?);
    Some(view.link(view.at(&["d", &owner, &name]), &name))
}

/// Returns the reason why a form comes back to the reader. An error that other fields cannot avoid stays an error, and so
/// does one about the size of files, which a browser does not choose again.
pub fn reason(error: Error, view: &View) -> Result<String> {
    use exchange::Error as E;
    let is_about_fields = match &error {
        Error::BadRequest(_) | Error::FieldTooLarge(_) | Error::TooManyItems(_) => true,
        Error::Exchange(error) => matches!(
            error,
            E::AlreadyExists(_)
                | E::Conflicts { .. }
                | E::IntoItself(_)
                | E::MemberByGroup(_)
                | E::TeacherAsStudent(_)
                | E::TooManyDirectories { .. }
                | E::UnusableFact(_)
        ),
        _ => false,
    };
    if !is_about_fields {
        return Err(error);
    }
    Ok(Said::of(&error, view).sentence)
}

/// The words for an error.
pub struct Said {
    /// The key of the title.
    title: &'static str,
    /// What happened.
    pub sentence: String,
    /// The key of the sentence that says what to do.
    help: Option<&'static str>,
}

impl Said {
    fn new(title: &'static str, sentence: String) -> Self {
        Self {
            title,
            sentence,
            help: None,
        }
    }

    fn with_help(self, help: &'static str) -> Self {
        Self {
            help: Some(help),
            ..self
        }
    }

    /// Returns the words for an error, in the reader's language.
    pub fn of(error: &Error, view: &View) -> Self {
        let refused = |key| Self::new("failure-refused", view.say(key));
        match error {
            Error::Exchange(error) => Self::of_exchange(error, view),
            Error::Auth(error) => Self::of_auth(error, view),
            Error::Bug(_) => Self::internal(view),
            Error::BadRequest(sentence) => Self::new("failure-form", sentence.clone().into_owned()),
            Error::UnsupportedMediaType(_) => Self::new("failure-form", view.say("failure-media")),
            Error::RequestTooLarge(limit) => too_large(view, *limit),
            Error::FieldTooLarge(limit) => {
                let size = ByteSize(*limit as u64).to_string();
                let sentence = view.say_with("failure-field-size", "size", &size);
                Self::new("failure-form", sentence)
            }
            Error::PartHeadersTooLong(_)
            | Error::TooManyPartHeaders(_)
            | Error::PackedTooWell(_) => refused("failure-odd-form"),
            Error::TooManyItems(limit) => Self::new(
                "failure-refused",
                view.say_with("failure-too-many-items", "n", *limit),
            ),
            Error::BodyTimeout => refused("failure-timeout").with_help("failure-help-again"),
            Error::TooManyRequests { .. } => refused("failure-rate").with_help("failure-help-wait"),
            Error::TooManyUploads(_) | Error::TooManyOpen(_) => {
                refused("failure-open").with_help("failure-help-wait")
            }
            Error::NoSuchPath | Error::NoSuchMethod => {
                Self::new("failure-nothing", view.say("failure-no-page"))
            }
            Error::NoMetricsToken | Error::DebugOff | Error::PagesReadOnly => {
                refused("failure-read-only")
            }
            Error::NoSuchRange(_) => refused("failure-no-path"),
        }
    }

    fn internal(view: &View) -> Self {
        Self::new("failure-internal", view.say("failure-bug")).with_help("failure-help-operator")
    }

    fn of_auth(error: &AuthError, view: &View) -> Self {
        let refused = |key| Self::new("failure-refused", view.say(key));
        match error {
            AuthError::Anonymous | AuthError::UnknownToken => {
                refused("failure-unknown").with_help("failure-help-login")
            }
            AuthError::Refused(sentence) => Self::new("failure-refused", sentence.clone()),
            AuthError::HubUnavailable { .. } => {
                Self::new("failure-later", view.say("failure-hub")).with_help("failure-help-again")
            }
            AuthError::SessionsUnavailable { .. } => {
                Self::new("failure-later", view.say("failure-storage"))
                    .with_help("failure-help-again")
            }
            AuthError::TooManyUnknownTokens { .. } => {
                refused("failure-rate").with_help("failure-help-wait")
            }
            AuthError::CrossSite => refused("failure-other-site").with_help("failure-help-reload"),
            AuthError::NoProof => refused("failure-session").with_help("failure-help-reload"),
            AuthError::NotOpenedAsPage => {
                refused("failure-not-opened").with_help("failure-help-tab")
            }
            AuthError::ForeignHost => refused("failure-host"),
            AuthError::BadState => refused("failure-login").with_help("failure-help-login"),
            AuthError::NoLogin => Self::new("failure-nothing", view.say("failure-no-login")),
            AuthError::Failed(_) => Self::internal(view),
        }
    }

    fn of_share(error: &exchange::Error, view: &View) -> Self {
        use exchange::Error as E;
        let (what, sentence) = match error {
            E::ShareOver(end) => ("failure-nothing", view.say(end_key(*end))),
            E::WorkedOn(assignment) => {
                let name = assignment.as_str();
                let sentence = view.say_with("failure-worked-on", "assignment", name);
                ("failure-refused", sentence)
            }
            E::TooManyShares { .. } => ("failure-refused", view.say("failure-shares")),
            _ => ("failure-refused", view.say("failure-sharing-off")),
        };
        Self::new(what, sentence)
    }

    fn of_exchange(error: &exchange::Error, view: &View) -> Self {
        use exchange::Error as E;
        let refused = |sentence| Self::new("failure-refused", sentence);
        let nothing = |sentence| Self::new("failure-nothing", sentence);
        match error {
            E::NotFound(thing) => nothing(view.say(not_found(*thing))),
            E::NoSuchSubmission(id) => {
                nothing(view.say_with("failure-no-submission-number", "number", id.to_string()))
            }
            E::AlreadyExists(thing) => refused(view.say(match thing {
                Thing::Course => "failure-course-exists",
                Thing::Directory => "failure-directory-exists",
                _ => "failure-assignment-exists",
            })),
            E::Denied(_) | E::InstructorsAreForAdmins { .. } => {
                let name = view.name.clone().unwrap_or_default();
                let key = if matches!(error, E::InstructorsAreForAdmins { .. }) {
                    "failure-instructors"
                } else {
                    "failure-denied"
                };
                refused(view.say_with(key, "name", &name)).with_help("failure-help-instructor")
            }
            E::TeacherAsStudent(_) => refused(view.say("failure-instructor-as-student")),
            E::ChangedMeanwhile => {
                refused(view.say("failure-changed-meanwhile")).with_help("failure-help-reload")
            }
            E::MemberByGroup(group) => {
                refused(view.say_with("failure-by-group", "group", group.as_str()))
            }
            E::TooLate { cutoff_at, .. } => {
                let time = view.times.minute(*cutoff_at);
                refused(view.say_with("failure-too-late", "time", time.text()))
                    .with_help("failure-help-instructor-time")
            }
            E::DatesOutOfOrder => refused(view.say("failure-dates")),
            E::FileTooLarge(limit) => {
                let size = ByteSize(*limit).to_string();
                refused(view.say_with("failure-file-size", "size", &size))
                    .with_help("failure-help-leave-out")
            }
            E::TooManyFiles(limit) => refused(view.say_with("failure-files", "n", *limit))
                .with_help("failure-help-leave-out"),
            E::PathsTooLong(_) | E::TooManyPaths => refused(view.say("failure-paths")),
            E::TreeTooLarge(limit) => too_large(view, *limit),
            E::TooManySubmissions { limit, .. } => {
                refused(view.say_with("failure-submissions", "n", *limit))
                    .with_help("failure-help-instructor-time")
            }
            E::OverQuota { whose, limit, .. } => {
                let size = ByteSize(*limit).rounded();
                let key = match whose {
                    QuotaOwner::Student(_) | QuotaOwner::Person(_) => "failure-own-quota",
                    QuotaOwner::Course => "failure-course-quota",
                };
                refused(view.say_with(key, "size", &size)).with_help("failure-help-leave-out")
            }
            E::NoSpace { .. } => Self::new("failure-later", view.say("failure-space"))
                .with_help("failure-help-operator"),
            E::WrongSize(_) | E::MissingBlobs(_) => {
                refused(view.say("failure-changed")).with_help("failure-help-again")
            }
            E::FormerAccount(name) => {
                refused(view.say_with("failure-former", "name", name.as_str()))
                    .with_help("failure-help-login")
            }
            E::Conflicts { .. }
            | E::OtherVersion(_)
            | E::ChangesTooOld(_)
            | E::NoSuchVersion { .. } => {
                refused(view.say("failure-directory-changed")).with_help("failure-help-reload")
            }
            E::TooManyEntries(_) => refused(view.say("failure-directory-entries")),
            E::TooManyDirectories { .. } => refused(view.say("failure-directories")),
            E::SharingOff { .. } | E::WorkedOn(_) | E::TooManyShares { .. } | E::ShareOver(_) => {
                Self::of_share(error, view)
            }
            E::FromSource(url) => refused(view.say_with("failure-from-source", "url", url)),
            E::NothingStored(_)
            | E::IntoItself(_)
            | E::UnusableFact(_)
            | E::NothingSetAside(_)
            | E::NameInUse(_)
            | E::ActivityNotAllowed
            | E::SameName(_)
            | E::ReservedName(_) => refused(error.to_string()),
            E::Bug(_) => Self::internal(view),
            error if error.may_be_done() => {
                Self::new("failure-later", view.say("failure-maybe-done"))
                    .with_help("failure-help-look")
            }
            E::Damaged(..) | E::Store(_) if error.is_damage() => {
                Self::new("failure-internal", view.say("failure-damage"))
                    .with_help("failure-help-operator")
            }
            E::Damaged(..) | E::Disk(_) | E::Store(_) => {
                Self::new("failure-later", view.say("failure-storage"))
                    .with_help("failure-help-again")
            }
        }
    }
}

fn too_large(view: &View, limit: u64) -> Said {
    let size = ByteSize(limit).to_string();
    Said::new(
        "failure-refused",
        view.say_with("failure-request-size", "size", &size),
    )
    .with_help("failure-help-leave-out")
}

const fn not_found(thing: Thing) -> &'static str {
    match thing {
        Thing::Course => "failure-no-course",
        Thing::Assignment => "failure-no-assignment",
        Thing::Instructor | Thing::Assistant | Thing::Student => "failure-no-person",
        Thing::Version | Thing::DirectoryVersion => "failure-no-version",
        Thing::Submission => "failure-no-submission",
        Thing::Feedback => "failure-no-feedback",
        Thing::Extension => "failure-no-extension",
        Thing::Allowance => "failure-no-allowance",
        Thing::Directory => "failure-no-directory",
        Thing::Path => "failure-no-path",
        Thing::Source => "failure-no-source",
        Thing::Share => "failure-no-share",
    }
}

/// Handles every address below those of pages that is none.
pub async fn no_such_page() -> Result<HttpResponse> {
    Err(Error::NoSuchPath)
}
