//! The cookies of a browser, for tests that call handlers without a server.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::SignedDuration;
use actix_web::http::Method;
use actix_web::test::TestRequest;

/// The cookies that a browser holds.
#[derive(Clone, Default)]
pub struct Cookies(pub Vec<Cookie<'static>>);

impl Cookies {
    /// Keeps the cookies of a reply, and drops those that it ends.
    pub fn keep(&mut self, cookies: Vec<Cookie<'static>>) {
        for cookie in cookies {
            self.0.retain(|kept| kept.name() != cookie.name());
            if cookie.max_age().is_some_and(SignedDuration::is_positive) {
                self.0.push(cookie);
            }
        }
    }

    /// Returns a request with all cookies.
    pub fn request(&self, method: Method, uri: &str) -> TestRequest {
        let mut request = TestRequest::default().method(method).uri(uri);
        for cookie in &self.0 {
            request = request.append_header(("cookie", cookie.stripped().to_string()));
        }
        request.append_header(("host", "hub.example"))
    }

    /// Returns a GET with all cookies.
    pub fn get(&self, uri: &str) -> HttpRequest {
        self.request(Method::GET, uri).to_http_request()
    }
}
