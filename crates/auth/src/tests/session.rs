//! Requests of a browser after a login.

use super::support::AskedHub as _;
use super::support::LogsIn as _;
use crate::{AuthError, Authenticator, Caller, SigningKey};
use actix_web::cookie::Cookie;
use actix_web::http::Method;
use nbcourier_testkit::Cookies;
use nbcourier_testkit::{FakeHub, HubBehaviour};

#[actix_web::test]
async fn neither_cookie_serves_as_the_other() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let mut browser = Cookies::logged_in(&hub, &authenticator).await;
    let session = browser.0[0].value().to_owned();
    let location = browser.begins(&authenticator, "/");
    let query = hub.logs_in(&location, "token-of-sam");
    let login = browser.0.pop().unwrap();
    browser.0 = vec![Cookie::new("nbcourier-session", login.value().to_owned())];
    let nobody = browser.opens(&authenticator).await.err();
    assert_eq!(nobody, Some(AuthError::Anonymous));
    browser.0 = vec![Cookie::new(login.name().to_owned(), session)];
    let refused = browser.returns(&authenticator, &query).await;
    assert_eq!(refused, Err(AuthError::BadState));
}

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn asks(
    browser: &Cookies,
    authenticator: &Authenticator,
    method: &Method,
    headers: Headers<'_>,
) -> Result<Caller, AuthError> {
    let mut request = browser.request(method.clone(), "/");
    for header in headers {
        request = request.append_header(*header);
    }
    authenticator
        .authenticate(&request.to_http_request(), None)
        .await
}

const READING: [Method; 3] = [Method::GET, Method::HEAD, Method::OPTIONS];
const WRITING: [Method; 4] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

#[actix_web::test]
async fn by_session_reading_and_changing_each_need_their_own_token_and_by_token_neither() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let browser = Cookies::logged_in(&hub, &authenticator).await;
    let caller = browser.opens(&authenticator).await.unwrap();
    let tokens = caller.page_tokens().unwrap();
    let uses = [
        (&READING[..], &tokens.reading, &tokens.writing),
        (&WRITING[..], &tokens.writing, &tokens.reading),
    ];
    for (methods, right, other) in uses {
        for method in methods {
            let right = ("x-csrf-token", right.as_str());
            for headers in [
                &[][..],
                &[("x-csrf-token", "guessed")],
                &[("x-csrf-token", other)],
                &[right, right],
                // The browser's own statement proves nothing.
                &[("sec-fetch-site", "same-origin")],
                &[("sec-fetch-site", "none")],
                &[("origin", "http://hub.example")],
                &[
                    ("sec-fetch-dest", "document"),
                    ("sec-fetch-mode", "navigate"),
                ],
                // The statement can only lead to a refusal.
                &[right, ("sec-fetch-site", "cross-site")],
                &[right, ("sec-fetch-site", "same-site")],
                &[right, ("origin", "http://evil.example")],
                &[right, ("origin", "null")],
            ] {
                let refused = asks(&browser, &authenticator, method, headers).await.err();
                assert!(
                    matches!(refused, Some(AuthError::NoProof | AuthError::CrossSite)),
                    "{method} {headers:?}: {refused:?}"
                );
            }
            for headers in [
                &[right][..],
                &[right, ("sec-fetch-site", "same-origin")],
                &[right, ("origin", "http://hub.example")],
                &[("authorization", "token token-of-sam")],
                &[
                    ("authorization", "token token-of-sam"),
                    ("sec-fetch-site", "cross-site"),
                ],
            ] {
                let caller = asks(&browser, &authenticator, method, headers).await;
                assert!(caller.is_ok(), "{method} {headers:?}: {:?}", caller.err());
            }
        }
    }
}

#[actix_web::test]
async fn a_form_proves_itself_by_its_field() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let browser = Cookies::logged_in(&hub, &authenticator).await;
    let caller = browser.opens(&authenticator).await.unwrap();
    let tokens = caller.page_tokens().unwrap();
    let send = async |field: Option<&str>, headers: Headers<'_>| {
        let mut request = browser.request(Method::POST, "/");
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        authenticator.end_session(&request, field).await.err()
    };
    for field in [None, Some("guessed"), Some(tokens.reading.as_str())] {
        let refused = send(field, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(refused, Some(AuthError::NoProof));
    }
    let foreign = [("origin", "http://evil.example")];
    let foreign = send(Some(&tokens.writing), &foreign).await;
    assert_eq!(foreign, Some(AuthError::CrossSite));
    assert_eq!(send(Some(&tokens.writing), &[]).await, None);
}

#[actix_web::test]
async fn tokens_are_of_one_session_and_look_different_each_time() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let [one, other] = [
        Cookies::logged_in(&hub, &authenticator).await,
        Cookies::logged_in(&hub, &authenticator).await,
    ];
    let first = one.opens(&authenticator).await.unwrap();
    let second = one.opens(&authenticator).await.unwrap();
    let [first, second] = [&first, &second].map(|caller| caller.page_tokens().unwrap());
    assert_ne!(first.reading, second.reading);
    assert_ne!(first.writing, second.writing);
    for tokens in [first, second] {
        for (method, token) in [
            (Method::GET, &tokens.reading),
            (Method::POST, &tokens.writing),
        ] {
            let header: Headers<'_> = &[("x-csrf-token", token)];
            assert!(asks(&one, &authenticator, &method, header).await.is_ok());
            let refused = asks(&other, &authenticator, &method, header).await.err();
            assert_eq!(refused, Some(AuthError::NoProof), "{method}");
        }
    }
}

#[actix_web::test]
async fn a_page_is_given_to_a_browser_that_shows_it_and_to_nothing_else() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let browser = Cookies::logged_in(&hub, &authenticator).await;
    let opens = async |headers: Headers<'_>| {
        let mut request = browser.request(Method::GET, "/services/x/");
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        authenticator.authenticate_page(&request).await.err()
    };
    assert_eq!(opens(&[("sec-fetch-dest", "document")]).await, None);
    // A link in a mail.
    let linked: Headers<'_> = &[
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-dest", "document"),
    ];
    assert_eq!(opens(linked).await, None);
    for dest in ["empty", "iframe", "object", "embed", "script", "image", ""] {
        let refused = opens(&[("sec-fetch-dest", dest), ("sec-fetch-site", "same-origin")]).await;
        assert_eq!(refused, Some(AuthError::NotOpenedAsPage), "{dest}");
    }
    let by_token: Headers<'_> = &[
        ("sec-fetch-dest", "empty"),
        ("authorization", "token token-of-sam"),
    ];
    assert_eq!(opens(by_token).await, None);
}

#[actix_web::test]
async fn a_bad_token_is_an_error_even_beside_a_good_cookie() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.authenticator();
    let browser = Cookies::logged_in(&hub, &authenticator).await;
    for authorization in ["token unknown", "Bearer", "token a b"] {
        let request = browser
            .request(Method::GET, "/")
            .insert_header(("authorization", authorization));
        let error = authenticator
            .authenticate(&request.to_http_request(), None)
            .await
            .err();
        assert_eq!(error, Some(AuthError::UnknownToken), "{authorization}");
    }
    let request = browser
        .request(Method::GET, "/")
        .insert_header(("authorization", "Basic abc"));
    assert!(
        authenticator
            .authenticate_page(&request.to_http_request())
            .await
            .is_ok()
    );
}

#[actix_web::test]
async fn administrators_are_looked_up_at_each_request_of_a_session() {
    let hub = FakeHub::with_sam();
    let browser = Cookies::logged_in(&hub, &hub.authenticator()).await;
    let mut settings = hub.settings();
    settings.admins = vec!["sam".into()];
    let restarted = Authenticator::hub(settings).unwrap();
    assert!(browser.opens(&restarted).await.unwrap().is_admin());
    let before = browser.opens(&hub.authenticator()).await;
    assert!(!before.unwrap().is_admin());
}

#[actix_web::test]
async fn a_session_outlives_the_hubs_outage_and_not_its_own_key() {
    let hub = FakeHub::with_sam();
    let browser = Cookies::logged_in(&hub, &hub.authenticator()).await;
    hub.feels(HubBehaviour::Status(500));
    assert!(browser.opens(&hub.authenticator()).await.is_ok());
    let mut settings = hub.settings();
    settings.signing_key = SigningKey::from_bytes([8; 32]);
    let other = Authenticator::hub(settings).unwrap();
    let nobody = browser.opens(&other).await.err();
    assert_eq!(nobody, Some(AuthError::Anonymous));
    // While keys are exchanged, sessions of the earlier key stay.
    let mut settings = hub.settings();
    settings.signing_key = SigningKey::from_bytes([8; 32]).with_earlier([7; 32]);
    let rotated = Authenticator::hub(settings).unwrap();
    assert!(browser.opens(&rotated).await.is_ok());
}
