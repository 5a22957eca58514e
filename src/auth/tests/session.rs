//! What a browser that has logged in may do.

use crate::auth::fake_browser::Browser;
use crate::auth::fake_hub::{FakeHub, Mood};
use crate::auth::{AuthError, Authenticator, SigningKey};
use actix_web::cookie::Cookie;
use actix_web::http::Method;

#[actix_web::test]
async fn neither_cookie_serves_as_the_other() {
    let hub = FakeHub::start();
    let authenticator = hub.authenticator();
    let mut browser = Browser::logged_in(&hub, &authenticator).await;
    let session = browser.0[0].value().to_owned();
    let location = browser.begins(&authenticator, "/");
    let query = hub.logs_in(&location, "token-of-sam");
    let login = browser.0.pop().unwrap();
    browser.0 = vec![Cookie::new("nbcourier-session", login.value().to_owned())];
    let nobody = browser.asks(&authenticator, Method::GET).await.err();
    assert_eq!(nobody, Some(AuthError::Anonymous));
    browser.0 = vec![Cookie::new(login.name().to_owned(), session)];
    let refused = browser.returns(&authenticator, &query).await;
    assert_eq!(refused, Err(AuthError::BadState));
}

#[actix_web::test]
async fn a_change_by_session_needs_proof_and_one_by_token_does_not() {
    let hub = FakeHub::start();
    let authenticator = hub.authenticator();
    let browser = Browser::logged_in(&hub, &authenticator).await;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        assert!(browser.asks(&authenticator, method).await.is_ok());
    }
    let csrf_token = browser.asks(&authenticator, Method::GET).await.unwrap();
    let csrf_token = csrf_token.csrf_token().unwrap();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let bare = browser.asks(&authenticator, method.clone()).await.err();
        assert_eq!(bare, Some(AuthError::CrossSite), "{method}");
        for (name, value, good) in [
            ("x-csrf-token", csrf_token, true),
            ("x-csrf-token", "guessed", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "cross-site", false),
            ("origin", "http://hub.example", true),
            ("origin", "http://evil.example", false),
            ("authorization", "token token-of-sam", true),
        ] {
            let request = browser
                .request(method.clone(), "/")
                .insert_header((name, value));
            let caller = authenticator
                .authenticate(&request.to_http_request(), None)
                .await;
            assert_eq!(caller.is_ok(), good, "{method} {name}: {value}");
        }
        let request = browser.request(method, "/").to_http_request();
        assert!(
            authenticator
                .authenticate_form(&request, Some(csrf_token))
                .await
                .is_ok()
        );
        assert!(
            authenticator
                .authenticate_form(&request, Some("guessed"))
                .await
                .is_err()
        );
    }
}

#[actix_web::test]
async fn a_bad_token_is_an_error_even_beside_a_good_cookie() {
    let hub = FakeHub::start();
    let authenticator = hub.authenticator();
    let browser = Browser::logged_in(&hub, &authenticator).await;
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
            .authenticate(&request.to_http_request(), None)
            .await
            .is_ok()
    );
}

#[actix_web::test]
async fn who_administers_is_looked_up_at_each_request_of_a_session() {
    let hub = FakeHub::start();
    let browser = Browser::logged_in(&hub, &hub.authenticator()).await;
    let mut settings = hub.settings();
    settings.admins = vec!["sam".into()];
    let restarted = Authenticator::hub(settings).unwrap();
    assert!(
        browser
            .asks(&restarted, Method::GET)
            .await
            .unwrap()
            .is_admin()
    );
    let before = browser.asks(&hub.authenticator(), Method::GET).await;
    assert!(!before.unwrap().is_admin());
}

#[actix_web::test]
async fn a_session_outlives_the_hubs_outage_and_not_its_own_key() {
    let hub = FakeHub::start();
    let browser = Browser::logged_in(&hub, &hub.authenticator()).await;
    hub.is(Mood::Status(500));
    assert!(
        browser
            .asks(&hub.authenticator(), Method::GET)
            .await
            .is_ok()
    );
    let mut settings = hub.settings();
    settings.signing_key = SigningKey::from_bytes([8; 32]);
    let other = Authenticator::hub(settings).unwrap();
    let nobody = browser.asks(&other, Method::GET).await.err();
    assert_eq!(nobody, Some(AuthError::Anonymous));
}
