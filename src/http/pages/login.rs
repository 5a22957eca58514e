//! The login with the hub, the way back from it, and the logout.

#![allow(clippy::unused_async, reason = "actix-web takes async handlers only")]

use super::Page;
use crate::http::error::Error;
use crate::http::middleware::authenticate;
use crate::http::state::Prefix;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::{AuthError, Authenticator, Redirect};
use serde::Deserialize;

/// The page to show after the login.
#[derive(Deserialize)]
pub struct LoginQuery {
    next: Option<String>,
}

/// The form that logs out.
#[derive(Deserialize)]
pub struct LogoutForm {
    csrf_token: Option<String>,
}

/// Handles `GET login`: sends the browser to the hub. Afterwards it goes to `next`, if that is below the prefix.
pub async fn login(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    query: Option<web::Query<LoginQuery>>,
) -> Result<HttpResponse, Error> {
    let next = query.and_then(|query| query.into_inner().next);
    let redirect = authenticator.begin_login(&request, next.as_deref())?;
    Ok(respond(redirect))
}

/// Handles `GET oauth_callback`: the browser returns from the hub and gets a session.
pub async fn oauth_callback(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
) -> Result<HttpResponse, Error> {
    let (redirect, caller) = authenticator.finish_login(&request).await?;
    // The hub's answer is fresh only now. Later requests take it from the session.
    authenticate::welcome(&request, caller).await?;
    Ok(respond(redirect))
}

/// Handles `POST logout`: ends the session here. The session of the hub goes on.
pub async fn logout(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    prefix: web::Data<Prefix>,
    form: Option<web::Form<LogoutForm>>,
) -> Result<HttpResponse, Error> {
    let csrf_token = form.and_then(|form| form.into_inner().csrf_token);
    let cookie = authenticator
        .end_session(&request, csrf_token.as_deref())
        .await?;
    let page = Page {
        title: "Logged out",
        prefix: &prefix.0,
        reading_token: None,
    };
    let mut response = page.around(LOGGED_OUT)?;
    response
        .add_cookie(&cookie)
        .map_err(|_| AuthError::Failed("a cookie cannot be sent"))?;
    Ok(response)
}

const LOGGED_OUT: &str = "<h1>Logged out</h1>\n\
    <p>You are logged out here. The hub still knows you: log out there as well if others use this browser.</p>\n";

fn respond(redirect: Redirect) -> HttpResponse {
    let mut response = HttpResponse::Found();
    response
        .insert_header((LOCATION, redirect.location))
        .insert_header((CACHE_CONTROL, "no-store"));
    for cookie in redirect.cookies {
        response.cookie(cookie);
    }
    response.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::state::AppState;
    use crate::http::tests::empty_exchange;
    use actix_web::App;
    use actix_web::cookie::Cookie;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use nbcourier_auth::{HubSettings, SigningKey};
    use nbcourier_testkit::{CLIENT_ID, Cookies, FakeHub, SERVICE_TOKEN};

    fn header<'a>(response: &'a ServiceResponse, name: &str) -> &'a str {
        response.headers().get(name).unwrap().to_str().unwrap()
    }

    fn settings(hub: &FakeHub, directory: &std::path::Path) -> HubSettings {
        let key = SigningKey::load_or_create(directory).unwrap();
        HubSettings {
            client_id: CLIENT_ID.into(),
            ..HubSettings::usual(hub.api_url(), SERVICE_TOKEN.into(), "x", key)
        }
    }

    macro_rules! pages {
        ($directory:expr, $authenticator:expr) => {
            init_service(
                App::new()
                    .app_data(web::Data::new(AppState::unlimited(
                        empty_exchange($directory.path()),
                        $authenticator,
                        "/services/x/",
                    )))
                    .app_data(web::Data::new($authenticator))
                    .app_data(web::Data::new(Prefix("/services/x/".into())))
                    .route("/services/x/login", web::get().to(login))
                    .route("/services/x/oauth_callback", web::get().to(oauth_callback))
                    .route("/services/x/logout", web::post().to(logout)),
            )
            .await
        };
    }

    #[actix_web::test]
    async fn the_pages_lead_through_login_and_logout() {
        let hub = FakeHub::with_sam();
        let directory = tempfile::tempdir().unwrap();
        let authenticator = Authenticator::hub(settings(&hub, directory.path())).unwrap();
        let pages = pages!(directory, authenticator.clone());
        let mut browser = Cookies::default();
        let kept = |response: &ServiceResponse| -> Vec<_> {
            response
                .response()
                .cookies()
                .map(Cookie::into_owned)
                .collect()
        };

        let uri = "/services/x/login?next=%2Fservices%2Fx%2Fcourses";
        let request = browser
            .request(Method::GET, uri)
            .insert_header(("x-forwarded-proto", "https"));
        let response = call_service(&pages, request.to_request()).await;
        assert_eq!(response.status(), 302);
        assert!(
            kept(&response)
                .iter()
                .all(|cookie| cookie.secure() == Some(true))
        );
        browser.keep(kept(&response));
        let location = header(&response, "location");
        let query = hub.logs_in(location, "token-of-sam");

        let uri = format!("/services/x/oauth_callback?{query}");
        let response = call_service(&pages, browser.request(Method::GET, &uri).to_request()).await;
        assert_eq!(response.status(), 302);
        assert_eq!(header(&response, "location"), "/services/x/courses");
        assert_eq!(header(&response, "cache-control"), "no-store");
        browser.keep(kept(&response));

        let logout = || browser.request(Method::POST, "/services/x/logout");
        let foreign = call_service(&pages, logout().to_request()).await;
        assert_eq!(foreign.status(), 403);
        let caller = authenticator
            .authenticate_page(&browser.get("/services/x/"))
            .await
            .unwrap();
        let reading = [("csrf_token", &caller.page_tokens().unwrap().reading)];
        let refused = call_service(&pages, logout().set_form(reading).to_request()).await;
        assert_eq!(refused.status(), 403);
        let form = [("csrf_token", &caller.page_tokens().unwrap().writing)];
        let response = call_service(&pages, logout().set_form(form).to_request()).await;
        assert_eq!(response.status(), 200);
        let policy = header(&response, "content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        browser.keep(kept(&response));
        assert!(browser.0.is_empty());
        assert!(read_body(response).await.starts_with(b"<!doctype html>"));
    }

    #[actix_web::test]
    async fn without_a_hub_there_is_no_login() {
        let authenticator = Authenticator::standalone(["kevin".to_owned()]);
        assert!(!authenticator.has_login());
        let directory = tempfile::tempdir().unwrap();
        let pages = pages!(directory, authenticator.clone());
        for (method, page) in [
            (Method::GET, "login"),
            (Method::GET, "oauth_callback?code=a&state=b"),
            (Method::POST, "logout"),
        ] {
            let request = TestRequest::default()
                .method(method)
                .uri(&format!("/services/x/{page}"));
            let response = call_service(&pages, request.to_request()).await;
            assert_eq!(response.status(), 404, "{page}");
        }
    }
}
