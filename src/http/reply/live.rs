//! The live part of a page, which its script requests again and puts into the page.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};

/// Returns 304 if the page has the part with this tag.
pub fn unchanged(request: &HttpRequest, tag: &str) -> Option<HttpResponse> {
    let known = request.headers().get(IF_NONE_MATCH)?;
    (known.as_bytes() == tag.as_bytes()).then(|| {
        HttpResponse::NotModified()
            .insert_header((ETAG, tag))
            .finish()
    })
}

/// Returns the part with its tag.
pub fn part(html: String, tag: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .body(html)
}
