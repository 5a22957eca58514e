//! Listings: JSON that grows with a course, compressed where that pays.

use super::error::Error;
use crate::domain::{Bug, Sha256Sum};
use actix_web::http::header::{self, ContentType, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

/// Shorter than this a listing goes out as it is: compressing would cost more than it saves, in bytes.
const WORTH_COMPRESSING: usize = 16 * 1024;

/// A listing as a reply. The addresses in [`ADDRESSES`] go through the compressing middleware, which leaves a reply
/// that names its encoding alone.
pub fn reply(listing: &impl serde::Serialize) -> HttpResponse {
    match serde_json::to_vec(listing) {
        Ok(body) => reply_with(body),
        // Only maps with keys that are no strings fail to be JSON, and no listing has one.
        Err(error) => HttpResponse::from_error(Error::from(Bug::new(error))),
    }
}

/// The same for a listing that is JSON already.
pub fn reply_with(body: Vec<u8>) -> HttpResponse {
    whole(HttpResponse::Ok(), body)
}

/// The same with a tag of its content: a client that has that already is told so instead (RFC 9110, section 13.1.2).
/// The tag is a weak one, as the reply may go out compressed in several ways.
pub fn reply_unless_known(request: &HttpRequest, listing: &impl serde::Serialize) -> HttpResponse {
    let body = match serde_json::to_vec(listing) {
        Ok(body) => body,
        Err(error) => return HttpResponse::from_error(Error::from(Bug::new(error))),
    };
    let tag = EntityTag::new_weak(Sha256Sum(Sha256::digest(&body).into()).to_string());
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let caching = [
        (header::ETAG, tag.to_string()),
        // To be kept by the one who asked, and asked about each time.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    for line in caching {
        response.insert_header(line);
    }
    if is_known {
        return response
            .insert_header((header::CONTENT_ENCODING, "identity"))
            .finish();
    }
    whole(response, body)
}

fn whole(mut response: HttpResponseBuilder, body: Vec<u8>) -> HttpResponse {
    if body.len() < WORTH_COMPRESSING {
        response.insert_header((header::CONTENT_ENCODING, "identity"));
    }
    response.insert_header(ContentType::json()).body(body)
}

/// The addresses of the protocol that answer with listings; those of `v1/` say so by the type of their replies. Files are never compressed: they are base64 of what mostly is compressed
/// already, and it costs more time than the network takes.
pub const ADDRESSES: [&str; 6] = [
    "courses",
    "instructors/{course}",
    "students/{course}",
    "assignments/{course}",
    "submissions/{course}/{assignment}",
    "submissions/{course}/{assignment}/{user}",
];
