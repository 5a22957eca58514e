//! Listings: JSON that grows with a course, compressed where that pays.

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType};

/// Shorter than this a listing goes out as it is: compressing would cost more than it saves, in bytes.
const WORTH_COMPRESSING: usize = 16 * 1024;

/// A listing as a reply. The addresses in [`ADDRESSES`] go through the compressing middleware, which leaves a reply
/// that names its encoding alone.
pub fn reply(listing: &impl serde::Serialize) -> HttpResponse {
    match serde_json::to_vec(listing) {
        Ok(body) => reply_with(body),
        // Only maps with keys that are no strings fail to be JSON, and no listing has one.
        Err(error) => HttpResponse::from_error(error),
    }
}

/// The same for a listing that is JSON already.
pub fn reply_with(body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if body.len() < WORTH_COMPRESSING {
        response.insert_header((header::CONTENT_ENCODING, "identity"));
    }
    response.insert_header(ContentType::json()).body(body)
}

/// The addresses that answer with listings. Files are never compressed: they are base64 of what mostly is compressed
/// already, and it costs more time than the network takes.
pub const ADDRESSES: [&str; 9] = [
    "courses",
    "instructors/{course}",
    "students/{course}",
    "assignments/{course}",
    "submissions/{course}/{assignment}",
    "submissions/{course}/{assignment}/{user}",
    "v1/courses",
    "v1/courses/{course}/roster",
    "v1/courses/{course}/assignments",
];
