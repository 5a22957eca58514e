//! `v1/shares` and `v1/courses/{course}/shares`: pages that people share by links.

use crate::http::error::{Error, Result};
use crate::http::openapi::NoContent;
use crate::http::reply::created::Created;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::Paging;
use crate::http::request::own_address::address_below;
use crate::http::request::path::{InCourse, OfShare};
use crate::http::request::query::Query;
use crate::http::request::share_body::ShareBody;
use actix_web::{HttpRequest, web};
use nbcourier_api::{Share, ShareState, SharedPage, Shares};
use nbcourier_auth::{Caller, Vault};
use nbcourier_domain::{Audience, CourseId, MOST_SHARED_DAYS, Rfc3339, USUAL_SHARED_DAYS};
use nbcourier_exchange::shares::{self, NewShare, SharePage, ShareTitle, ShareView};
use nbcourier_exchange::{Error as Refusal, Exchange, ShareEnd, Thing};
use schemars::JsonSchema;
use serde::Deserialize;

/// The facts of a page to be shared.
#[derive(Deserialize, JsonSchema)]
pub struct ShareQuery {
    /// The course.
    course: String,
    /// The title: one line of at most 200 bytes.
    title: String,
    /// The people who may see the page: the members of the course, or everybody on the hub. Without it, the members.
    #[schemars(with = "Option<Audience>")]
    audience: Option<String>,
    /// The number of days until the link ends. Without it, 30.
    #[schemars(with = "Option<u32>", range(min = 1, max = MOST_SHARED_DAYS))]
    days: Option<String>,
}

/// `POST v1/shares`
pub async fn create(
    exchange: web::Data<Exchange>,
    caller: Caller,
    request: HttpRequest,
    Query(wanted): Query<ShareQuery>,
    body: ShareBody,
) -> Result<Created<SharedPage>> {
    let course = CourseId::parse(wanted.course);
    let course = course.map_err(|_| Refusal::NotFound(Thing::Course))?;
    let audience = match wanted.audience.as_deref() {
        None => Audience::Course,
        Some(word) => {
            Audience::of_word(word).ok_or_else(|| Error::bad("The audience is course or hub"))?
        }
    };
    let days = match wanted.days.as_deref() {
        None => USUAL_SHARED_DAYS,
        Some(text) => text.parse().map_err(|_| {
            Error::bad(format!("A page is shared for 1 to {MOST_SHARED_DAYS} days"))
        })?,
    };
    let new = NewShare {
        title: ShareTitle::parse(&wanted.title)?,
        audience,
        days,
    };
    let ready = shares::ready(&exchange, &caller, course, new).await?;
    let sent = body.read(&exchange).await?;
    let token = Vault::random_text::<16>()?;
    let url = address_below(&request, &format!("shared/{token}"))?;
    let id = ready.share(&token, sent).await?;
    Ok(Created(SharedPage { id, url }))
}

/// `GET v1/shares`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Shares>> {
    let (below, at_most) = (wanted.after(|text| text.parse().ok())?, wanted.limit()?);
    shown(shares::own(&exchange, &caller, below, at_most).await?).await
}

/// `GET v1/courses/{course}/shares`
pub async fn of_course(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InCourse(course): InCourse,
    Query(wanted): Query<Paging>,
) -> Result<Listing<Shares>> {
    let (below, at_most) = (wanted.after(|text| text.parse().ok())?, wanted.limit()?);
    shown(shares::of_course(&exchange, &caller, course, below, at_most).await?).await
}

/// `DELETE v1/shares/{id}`
pub async fn revoke(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfShare(id): OfShare,
) -> Result<NoContent> {
    shares::revoke(&exchange, &caller, id).await?;
    Ok(NoContent)
}

async fn shown(page: SharePage) -> Result<Listing<Shares>> {
    Listing::of(page.shares.len(), move || Shares {
        shares: page.shares.into_iter().map(share).collect(),
        next: page.next.map(|id| id.to_string()),
    })
    .await
}

/// Returns a link as JSON.
pub fn share(view: ShareView) -> Share {
    let (revoked_at, revoked_by) = view.revoked.unzip();
    Share {
        id: view.id,
        course: view.course.to_string(),
        title: view.title,
        audience: view.audience,
        made_by: view.made_by.to_string(),
        made_at: Rfc3339(view.made_at),
        expires_at: Rfc3339(view.expires_at),
        source: view.has_source,
        state: match view.end {
            None => ShareState::Live,
            Some(ShareEnd::Expired) => ShareState::Expired,
            Some(ShareEnd::Revoked) => ShareState::Revoked,
            Some(ShareEnd::SwitchedOff) => ShareState::Off,
        },
        revoked_at: revoked_at.map(Rfc3339),
        revoked_by,
    }
}
