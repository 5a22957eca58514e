//! `v1/courses/{course}/assignments/{assignment}/history` and `v1/courses/{course}/submissions/{id}/history`.

use super::seen::reading;
use crate::http::error::Result;
use crate::http::reply::listing::Listing;
use crate::http::reply::paging::{Paging, encode_numbers, parse_numbers};
use crate::http::request::path::{InAssignment, OfSubmission};
use crate::http::request::query::Query;
use actix_web::web;
use nbcourier_api::{FeedbackHistory, PastFeedback, PastRelease, ReleaseHistory};
use nbcourier_auth::Caller;
use nbcourier_domain::Rfc3339;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::history::{self, Position};

/// `GET v1/courses/{course}/assignments/{assignment}/history`
pub async fn releases(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(wanted): Query<Paging>,
) -> Result<Listing<ReleaseHistory>> {
    let after = wanted.after(|text| text.parse().ok())?;
    let at_most = wanted.limit()?;
    let page = history::releases(&exchange, &caller, course, assignment, after, at_most).await?;
    Listing::of(page.releases.len(), move || ReleaseHistory {
        releases: page.releases.into_iter().map(past_release).collect(),
        next: page.next.map(|version| version.to_string()),
    })
    .await
}

fn past_release(release: history::PastRelease) -> PastRelease {
    PastRelease {
        version: release.version,
        released_at: Rfc3339(release.released_at),
        released_by: release.released_by,
        tree: release.digest,
        current: release.is_current,
    }
}

/// `GET v1/courses/{course}/submissions/{id}/history`
pub async fn feedback(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfSubmission(course, submission): OfSubmission,
    Query(wanted): Query<Paging>,
) -> Result<Listing<FeedbackHistory>> {
    let (after, at_most) = (wanted.after(parse_position)?, wanted.limit()?);
    let page = history::feedback(&exchange, &caller, course, submission, after, at_most).await?;
    let next = page.next;
    Listing::of(page.feedback.len(), move || FeedbackHistory {
        feedback: page.feedback.into_iter().map(past_feedback).collect(),
        next: next.map(|position| encode_numbers(position.number, position.id)),
    })
    .await
}

fn past_feedback(past: history::PastFeedback) -> PastFeedback {
    PastFeedback {
        number: past.number,
        returned_at: Rfc3339(past.returned_at),
        returned_by: past.returned_by,
        tree: past.digest,
        deleted: past.is_deleted,
        current: past.is_current,
        read: past.read.map(reading),
    }
}

fn parse_position(text: &str) -> Option<Position> {
    let (number, id) = parse_numbers(text)?;
    Some(Position { number, id })
}
