//! Logins with the hub, permitted and forged ones.

use super::support::AskedHub as _;
use super::support::LogsIn as _;
use crate::{AuthError, Authenticator, Credential};
use actix_web::cookie::Cookie;
use actix_web::http::Method;
use nbcourier_testkit::Cookies;
use nbcourier_testkit::{FakeHub, HubBehaviour, Logged, SERVICE_TOKEN};
use serde_json::json;

#[actix_web::test]
async fn a_login_ends_at_the_page_asked_for_with_a_session() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    let location = browser.begins(&authenticator, "/services/x/courses?page=2");
    let query = hub.logs_in(&location, "token-of-sam");
    let next = browser.returns(&authenticator, &query).await;
    assert_eq!(next, Ok("/services/x/courses?page=2".into()));
    let names: Vec<_> = browser.0.iter().map(Cookie::name).collect();
    assert_eq!(
        names,
        ["nbcourier-session"],
        "the login's own cookie is gone"
    );
    let caller = browser.opens(&authenticator).await.unwrap();
    assert_eq!(caller.name().as_str(), "sam");
    assert_eq!(caller.groups(), ["nbgrader-algebra"]);
    assert_eq!(caller.via(), Credential::Session);
}

#[actix_web::test]
async fn a_login_never_ends_at_another_site() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    for evil in [
        "//evil.example",
        "https://evil.example/services/x/",
        "/services/x/\\..\\y",
    ] {
        let mut browser = Cookies::default();
        let location = browser.begins(&authenticator, evil);
        let query = hub.logs_in(&location, "token-of-sam");
        let next = browser.returns(&authenticator, &query).await;
        assert_eq!(next, Ok("/services/x/".into()), "{evil}");
    }
}

#[actix_web::test]
async fn two_tabs_log_in_at_once() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    let one = browser.begins(&authenticator, "/services/x/1");
    let two = browser.begins(&authenticator, "/services/x/2");
    let [one, two] = [one, two].map(|location| hub.logs_in(&location, "token-of-sam"));
    let two = browser.returns(&authenticator, &two).await;
    assert_eq!(two, Ok("/services/x/2".into()));
    let one = browser.returns(&authenticator, &one).await;
    assert_eq!(one, Ok("/services/x/1".into()));
}

#[actix_web::test]
async fn logins_that_nobody_ends_do_not_pile_up() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    for _ in 0..50 {
        browser.begins(&authenticator, "/services/x/");
        assert!(browser.0.len() <= 8);
    }
}

#[actix_web::test]
async fn a_login_without_or_with_a_foreign_state_is_refused() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut victim = Cookies::default();
    let mut attacker = Cookies::default();
    victim.begins(&authenticator, "/services/x/");
    let location = attacker.begins(&authenticator, "/services/x/");
    let query = hub.logs_in(&location, "token-of-sam");
    let (code, state) = query.split_once('&').unwrap();
    let own_cookie = victim.0[0]
        .name()
        .trim_start_matches("nbcourier-login-")
        .to_owned();
    for query in [
        "",
        code,
        state,
        &query,
        &format!("{code}&state="),
        &format!("{code}&state=%00%3B"),
        &format!("{code}&state={own_cookie}"),
        &format!("{query}&{state}"),
    ] {
        let refused = victim.returns(&authenticator, query).await;
        assert_eq!(refused, Err(AuthError::BadState), "{query}");
    }
    assert!(
        Cookies::default()
            .returns(&authenticator, &query)
            .await
            .is_err()
    );
    assert!(attacker.returns(&authenticator, &query).await.is_ok());
}

#[actix_web::test]
async fn a_code_for_another_login_is_refused_by_its_verifier() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let [mut one, mut two] = [Cookies::default(), Cookies::default()];
    let stolen = hub.logs_in(&one.begins(&authenticator, "/"), "token-of-sam");
    let own = hub.logs_in(&two.begins(&authenticator, "/"), "token-of-sam");
    let code = stolen.split_once('&').unwrap().0;
    let state = own.split_once('&').unwrap().1;
    let refused = two
        .returns(&authenticator, &format!("{code}&{state}"))
        .await;
    assert!(matches!(refused, Err(AuthError::Refused(_))));
}

#[actix_web::test]
async fn a_login_that_comes_back_twice_is_refused() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    let query = hub.logs_in(&browser.begins(&authenticator, "/"), "token-of-sam");
    let mut with_old_cookies = browser.clone();
    assert!(browser.returns(&authenticator, &query).await.is_ok());
    let again = browser.returns(&authenticator, &query).await;
    assert_eq!(again, Err(AuthError::BadState));
    let again = with_old_cookies.returns(&authenticator, &query).await;
    assert_eq!(again, Err(AuthError::BadState));
}

#[actix_web::test]
async fn the_cookie_of_a_login_that_has_ended_begins_no_other() {
    let hub = FakeHub::with_sam();
    hub.gives("token-of-kim", json!({"kind": "user", "name": "kim"}));
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    let location = browser.begins(&authenticator, "/");
    let [own, another] =
        ["token-of-sam", "token-of-kim"].map(|token| hub.logs_in(&location, token));
    let mut copy = browser.clone();
    assert!(browser.returns(&authenticator, &own).await.is_ok());
    // This code has not been used at the hub yet.
    let again = copy.returns(&authenticator, &another).await;
    assert_eq!(again, Err(AuthError::BadState));
}

#[actix_web::test]
async fn a_login_begins_a_new_session_whatever_cookie_was_there() {
    let hub = FakeHub::with_sam();
    hub.gives("token-of-kim", json!({"kind": "user", "name": "kim"}));
    let authenticator = hub.authenticator();
    let mut browser = Cookies::logged_in(&hub, &authenticator).await;
    let before = browser.opens(&authenticator).await.unwrap();
    let query = hub.logs_in(&browser.begins(&authenticator, "/"), "token-of-kim");
    browser.returns(&authenticator, &query).await.unwrap();
    let after = browser.opens(&authenticator).await.unwrap();
    assert_eq!(after.name().as_str(), "kim");
    let old = &before.page_tokens().unwrap().writing;
    let change = browser.request(Method::POST, "/");
    let change = change.insert_header(("x-csrf-token", old.as_str()));
    let change = change.to_http_request();
    let refused = authenticator.authenticate(&change, None).await.err();
    assert_eq!(refused, Some(AuthError::NoProof));
}

#[actix_web::test]
async fn the_hubs_no_is_told_without_repeating_what_stands_in_the_address() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    for (error, is_named) in [("access_denied", true), ("%3Cscript%3E", false)] {
        let query = format!("error={error}&state=abc");
        let refused = Cookies::default().returns(&authenticator, &query).await;
        let sentence = refused.err().unwrap().to_string();
        assert!(
            sentence.starts_with("The hub did not log you in"),
            "{sentence}"
        );
        assert_eq!(sentence.contains("access_denied"), is_named);
        assert!(!sentence.contains('<'), "{sentence}");
    }
}

#[actix_web::test]
async fn services_do_not_log_in_and_a_demanded_scope_counts_here_too() {
    let hub = FakeHub::with_sam();
    hub.gives("service", json!({"kind": "service", "name": "sam"}));
    hub.gives(
        "good",
        json!({"kind": "user", "name": "sam", "scopes": ["access:services!service=x"]}),
    );
    let mut settings = hub.settings();
    settings.require_service_scope = true;
    let strict = Authenticator::hub(settings).unwrap();
    for (authenticator, token, good) in [
        (&hub.authenticator(), "service", false),
        (&strict, "token-of-sam", false),
        (&strict, "good", true),
    ] {
        let mut browser = Cookies::default();
        let query = hub.logs_in(&browser.begins(authenticator, "/"), token);
        let result = browser.returns(authenticator, &query).await;
        assert_eq!(result.is_ok(), good, "{token}");
        if !good {
            assert!(matches!(result, Err(AuthError::Refused(_))), "{token}");
        }
    }
}

#[actix_web::test]
async fn a_hub_that_fails_in_the_middle_of_a_login_is_unavailable_and_no_secret_is_shown() {
    let logged = Logged::start();
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::default();
    let query = hub.logs_in(
        &browser.begins(&authenticator, "/"),
        "very-secret-access-token",
    );
    let unknown = browser.clone().returns(&authenticator, &query).await;
    assert!(matches!(unknown, Err(AuthError::Refused(_))));
    hub.feels(HubBehaviour::Status(503));
    let error = browser.returns(&authenticator, &query).await.err().unwrap();
    assert!(matches!(error, AuthError::HubUnavailable { .. }), "{error}");
    let texts = format!("{error} {error:?} {:?}", unknown.err());
    let verifier_or_cookie = browser.0[0].value();
    for secret in [
        "secret-code",
        "very-secret-access-token",
        SERVICE_TOKEN,
        verifier_or_cookie,
    ] {
        assert!(!texts.contains(secret));
        assert_eq!(logged.count(secret), 0);
    }
}
