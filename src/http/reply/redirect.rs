//! The redirect after a form, and from one page to another.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// Returns the beginning of a reply that makes a browser get this address. It is never stored.
pub fn see_other(address: &str) -> HttpResponseBuilder {
    let mut reply = HttpResponse::SeeOther();
    reply
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"));
    reply
}
