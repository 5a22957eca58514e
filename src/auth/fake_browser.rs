//! A browser for tests: it keeps cookies and goes where it is sent.

use super::fake_hub::FakeHub;
use super::{AuthError, Authenticator, Caller, Redirect};
use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::SignedDuration;
use actix_web::http::Method;
use actix_web::test::TestRequest;

/// The cookies that a browser holds.
#[derive(Clone, Default)]
pub(crate) struct Browser(pub(crate) Vec<Cookie<'static>>);

impl Browser {
    pub(crate) fn keep(&mut self, cookies: Vec<Cookie<'static>>) {
        for cookie in cookies {
            self.0.retain(|kept| kept.name() != cookie.name());
            if cookie.max_age().is_some_and(SignedDuration::is_positive) {
                self.0.push(cookie);
            }
        }
    }

    pub(crate) fn request(&self, method: Method, uri: &str) -> TestRequest {
        let mut request = TestRequest::default().method(method).uri(uri);
        for cookie in &self.0 {
            request = request.append_header(("cookie", cookie.stripped().to_string()));
        }
        request.append_header(("host", "hub.example"))
    }

    pub(crate) fn get(&self, uri: &str) -> HttpRequest {
        self.request(Method::GET, uri).to_http_request()
    }

    pub(crate) fn begins(&mut self, authenticator: &Authenticator, next: &str) -> String {
        let redirect = authenticator
            .begin_login(&self.get("/"), Some(next))
            .unwrap();
        self.keep(redirect.cookies);
        redirect.location
    }

    pub(crate) async fn returns(
        &mut self,
        authenticator: &Authenticator,
        query: &str,
    ) -> Result<String, AuthError> {
        let request = self.get(&format!("/services/x/oauth_callback?{query}"));
        let (redirect, _) = authenticator.finish_login(&request).await?;
        let Redirect { location, cookies } = redirect;
        self.keep(cookies);
        Ok(location)
    }

    pub(crate) async fn logged_in(hub: &FakeHub, authenticator: &Authenticator) -> Self {
        let mut browser = Self::default();
        let location = browser.begins(authenticator, "/services/x/");
        let query = hub.logs_in(&location, "token-of-sam");
        browser.returns(authenticator, &query).await.unwrap();
        browser
    }

    /// Opens a page.
    pub(crate) async fn opens(&self, authenticator: &Authenticator) -> Result<Caller, AuthError> {
        authenticator
            .authenticate_page(&self.get("/services/x/"))
            .await
    }
}
