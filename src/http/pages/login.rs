//! The login with the hub, the way back from it, and the logout. Without a hub, people say who they are.

#![allow(clippy::unused_async, reason = "actix-web takes async handlers only")]

use super::view::{Head, View};
use crate::http::error::{Error, Result};
use crate::http::middleware::authenticate;
use crate::http::reply::redirect::see_other;
use crate::http::state::Prefix;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
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

#[derive(Template)]
#[template(path = "claim.html")]
struct Claim<'a> {
    view: &'a View,
    head: Head,
    next: &'a str,
    /// The names of the administrators, who see most.
    admins: Vec<&'a str>,
    error: Option<String>,
    given: &'a str,
}

#[derive(Template)]
#[template(path = "logged_out.html")]
struct LoggedOut<'a> {
    view: &'a View,
    head: Head,
}

/// Handles `GET login`: sends the browser to the hub. Afterwards it goes to `next`, if that is below the prefix. Without
/// a hub, returns the page on which a person says who they are.
pub async fn login(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    query: Option<web::Query<LoginQuery>>,
) -> Result<HttpResponse> {
    let next = query.and_then(|query| query.into_inner().next);
    if authenticator.has_login() {
        let redirect = authenticator.begin_login(&request, next.as_deref())?;
        return Ok(respond(redirect));
    }
    let next = next.unwrap_or_default();
    claim_page(&request, &authenticator, &next, None, "")
}

fn claim_page(
    request: &HttpRequest,
    authenticator: &Authenticator,
    next: &str,
    error: Option<String>,
    given: &str,
) -> Result<HttpResponse> {
    let view = View::of(request, None)?;
    view.page(&Claim {
        head: Head::new(view.say("claim-title")),
        next,
        admins: authenticator.admins(),
        error,
        given,
        view: &view,
    })
}

/// The name that a person claims without a hub.
#[derive(Deserialize)]
pub struct ClaimForm {
    name: String,
    #[serde(default)]
    next: String,
}

/// Handles `POST login`, which exists without a hub: the browser keeps the name. It needs no proof, since everybody may
/// claim every name.
pub async fn claim(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    prefix: web::Data<Prefix>,
    form: Option<web::Form<ClaimForm>>,
) -> Result<HttpResponse> {
    authenticator.check_own_page(&request)?;
    let form = form.ok_or_else(|| Error::bad("Please supply name"))?;
    let ClaimForm { name, next } = form.into_inner();
    match authenticator.claim(&request, &name, &prefix.0) {
        Ok(cookie) => {
            let next = nbcourier_auth::page_below(&prefix.0, &next);
            Ok(see_other(&next).cookie(cookie).finish())
        }
        Err(AuthError::Refused(_)) => {
            let view = View::of(&request, None)?;
            let error = Some(view.say("claim-refused"));
            claim_page(&request, &authenticator, &next, error, &name)
        }
        Err(error) => Err(error.into()),
    }
}

/// Handles `GET oauth_callback`: the browser returns from the hub and gets a session.
pub async fn oauth_callback(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
) -> Result<HttpResponse> {
    let (redirect, caller) = authenticator.finish_login(&request).await?;
    // The hub's answer is fresh only now. Later requests take it from the session.
    authenticate::welcome(&request, caller).await?;
    Ok(respond(redirect))
}

/// Handles `POST logout`: ends the session here. The session of the hub goes on.
pub async fn logout(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    form: Option<web::Form<LogoutForm>>,
) -> Result<HttpResponse> {
    let csrf_token = form.and_then(|form| form.into_inner().csrf_token);
    let cookie = authenticator
        .end_session(&request, csrf_token.as_deref())
        .await?;
    let view = View::of(&request, None)?;
    let mut response = view.page(&LoggedOut {
        head: Head::new(view.say("logged-out-title")),
        view: &view,
    })?;
    response
        .add_cookie(&cookie)
        .map_err(|_| AuthError::Failed("a cookie cannot be sent"))?;
    Ok(response)
}

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
                    .route("/services/x/login", web::post().to(claim))
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

    fn standalone(directory: &std::path::Path) -> Authenticator {
        let key = SigningKey::load_or_create(directory).unwrap();
        Authenticator::standalone(["kevin".to_owned()], &key)
    }

    #[actix_web::test]
    async fn without_a_hub_there_is_no_session() {
        let directory = tempfile::tempdir().unwrap();
        let authenticator = standalone(directory.path());
        assert!(!authenticator.has_login());
        let pages = pages!(directory, authenticator.clone());
        for (method, page) in [
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

    #[actix_web::test]
    async fn without_a_hub_people_say_who_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let pages = pages!(directory, standalone(directory.path()));
        let page = TestRequest::get().uri("/services/x/login?next=%2Fservices%2Fx%2Fhelp");
        let response = call_service(&pages, page.to_request()).await;
        assert_eq!(response.status(), 200);
        let html = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        assert!(html.contains("value=\"/services/x/help\""), "{html}");
        let claims = |name: &str, next: &str| {
            TestRequest::post()
                .uri("/services/x/login")
                .set_form([("name", name), ("next", next)])
        };
        for (next, expected) in [
            ("/services/x/help", "/services/x/help"),
            ("https://evil.example/", "/services/x/"),
            ("", "/services/x/"),
        ] {
            let response = call_service(&pages, claims("zoë", next).to_request()).await;
            assert_eq!(response.status(), 303);
            assert_eq!(header(&response, "location"), expected);
            let cookie = header(&response, "set-cookie").to_owned();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
                "{cookie}"
            );
        }
        let refused = call_service(&pages, claims("former:x", "").to_request()).await;
        assert_eq!(refused.status(), 200);
        assert!(refused.headers().get("set-cookie").is_none());
        let foreign = claims("zoë", "").insert_header(("sec-fetch-site", "cross-site"));
        let foreign = call_service(&pages, foreign.to_request()).await;
        assert_eq!(foreign.status(), 403);
    }
}
