//! Callers with tokens, and hubs that answer, fail or stay silent.

use super::support::AskedHub as _;
use crate::cache::Lifetimes;
use crate::clock::Clock;
use crate::hub::{HubClient, TimeLimits};
use crate::{AuthError, Authenticator, Caller, CallerKind, Credential};
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use nbcourier_testkit::{FakeHub, HubBehaviour, Logged};
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_mins(1);

async fn ask(authenticator: &Authenticator, token: &str) -> Result<Caller, AuthError> {
    let request = TestRequest::post()
        .insert_header(("authorization", format!("token {token}")))
        .to_http_request();
    authenticator.authenticate(&request, Some("eve")).await
}

async fn ask_sam(authenticator: &Authenticator) -> Result<String, AuthError> {
    let caller = ask(authenticator, "token-of-sam").await?;
    Ok(caller.name().to_string())
}

fn lifetimes() -> Lifetimes {
    Lifetimes {
        clock: Clock::default(),
        known: LONG,
        unknown: LONG,
        outage: LONG,
        grace: LONG,
    }
}

fn unavailable<T>(result: &Result<T, AuthError>) -> bool {
    matches!(result, Err(AuthError::HubUnavailable { retry_after, .. }) if *retry_after >= 1000 * MS)
}

#[actix_web::test]
async fn the_owner_of_a_token_is_the_caller_whoever_the_body_names() {
    let hub = FakeHub::with_sam();
    let caller = ask(&hub.authenticator(), "token-of-sam").await.unwrap();
    assert_eq!(caller.name().as_str(), "sam");
    assert_eq!(caller.kind(), CallerKind::User);
    assert_eq!(caller.groups(), ["nbgrader-algebra"]);
    assert_eq!(caller.via(), Credential::Token);
    assert!(!caller.is_admin());
    assert!(caller.page_tokens().is_none());
}

#[actix_web::test]
async fn a_missing_token_is_anonymous_without_a_question_to_the_hub() {
    let hub = FakeHub::with_sam();
    let request = TestRequest::get().uri("/?user=sam").to_http_request();
    let nobody = hub
        .authenticator()
        .authenticate(&request, Some("sam"))
        .await;
    assert_eq!(nobody.err(), Some(AuthError::Anonymous));
    assert_eq!(hub.questions(), 0);
}

#[actix_web::test]
async fn a_service_is_never_the_user_of_that_name() {
    let hub = FakeHub::with_sam();
    hub.gives(
        "t",
        json!({"kind": "service", "name": "sam", "admin": true, "scopes": []}),
    );
    let mut settings = hub.settings();
    settings.admins = vec!["sam".into(), String::new()];
    settings.hub_admins = true;
    let authenticator = Authenticator::hub(settings).unwrap();
    let caller = ask(&authenticator, "t").await.unwrap();
    assert_eq!(caller.name().as_str(), "service:sam");
    assert_eq!(caller.kind(), CallerKind::Service);
    assert!(!caller.is_admin());
    assert!(
        ask(&authenticator, "token-of-sam")
            .await
            .unwrap()
            .is_admin()
    );
}

#[actix_web::test]
async fn a_user_named_like_a_service_or_like_no_directory_is_refused() {
    let hub = FakeHub::with_sam();
    for name in ["service:sam", "a/b", "..", "a\nb"] {
        let token = "named-so";
        hub.gives(token, json!({"kind": "user", "name": name}));
        let refused = ask(&hub.authenticator(), token).await;
        assert!(matches!(refused, Err(AuthError::Refused(_))), "{name:?}");
    }
}

#[actix_web::test]
async fn the_hubs_administrators_are_ours_only_when_asked_for() {
    let hub = FakeHub::with_sam();
    hub.gives("t", json!({"kind": "user", "name": "kim", "admin": true}));
    assert!(!ask(&hub.authenticator(), "t").await.unwrap().is_admin());
    let mut settings = hub.settings();
    settings.hub_admins = true;
    let authenticator = Authenticator::hub(settings).unwrap();
    assert!(ask(&authenticator, "t").await.unwrap().is_admin());
    assert!(
        !ask(&authenticator, "token-of-sam")
            .await
            .unwrap()
            .is_admin()
    );
}

#[actix_web::test]
async fn a_demanded_scope_must_be_there_and_be_for_this_service() {
    let hub = FakeHub::with_sam();
    let mut settings = hub.settings();
    settings.require_service_scope = true;
    let authenticator = Authenticator::hub(settings).unwrap();
    for (scope, good) in [
        ("access:services", true),
        ("access:services!service=x", true),
        ("access:services!service=xy", false),
        ("access:servers!server=sam/", false),
    ] {
        hub.gives(
            scope,
            json!({"kind": "user", "name": "sam", "scopes": ["self", scope]}),
        );
        match ask(&authenticator, scope).await {
            Ok(_) => assert!(good, "{scope}"),
            Err(error) => {
                assert!(!good, "{scope}");
                assert!(
                    error.to_string().contains("access:services!service=x:"),
                    "{error}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn many_who_ask_at_once_cost_the_hub_one_question() {
    let hub = FakeHub::with_sam();
    hub.feels(HubBehaviour::Slow(100 * MS));
    let authenticator = hub.impatient(
        Lifetimes {
            known: Duration::ZERO,
            ..lifetimes()
        },
        LONG,
    );
    let answers = join_all((0..50).map(|_| ask_sam(&authenticator))).await;
    assert!(answers.iter().all(|answer| *answer == Ok("sam".into())));
    assert_eq!(hub.questions(), 1);
}

#[actix_web::test]
async fn one_who_gives_up_waiting_does_not_spoil_it_for_the_others() {
    let hub = FakeHub::with_sam();
    hub.feels(HubBehaviour::Slow(100 * MS));
    let authenticator = hub.authenticator();
    let first = actix_web::rt::time::timeout(20 * MS, ask_sam(&authenticator));
    let (first, second) = futures_util::join!(first, ask_sam(&authenticator));
    assert!(first.is_err());
    assert_eq!(second, Ok("sam".into()));
}

#[actix_web::test]
async fn an_answer_counts_for_its_time_and_then_is_asked_for_again() {
    let hub = FakeHub::with_sam();
    let times = lifetimes();
    let authenticator = hub.impatient(times.clone(), LONG);
    for _ in 0..3 {
        assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    }
    assert_eq!(hub.questions(), 1);
    hub.forgets("token-of-sam");
    times.clock.advance(LONG / 2);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    assert_eq!(hub.questions(), 1);
    times.clock.advance(LONG / 2);
    assert_eq!(ask_sam(&authenticator).await, Err(AuthError::UnknownToken));
    assert_eq!(hub.questions(), 2);
}

#[actix_web::test]
async fn without_a_time_to_live_every_request_asks() {
    let hub = FakeHub::with_sam();
    let authenticator = hub.impatient(
        Lifetimes {
            known: Duration::ZERO,
            ..lifetimes()
        },
        LONG,
    );
    for asked in 1..=3 {
        assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
        assert_eq!(hub.questions(), asked);
    }
}

#[actix_web::test]
async fn an_unknown_token_is_not_asked_about_again_for_a_moment() {
    let hub = FakeHub::with_sam();
    let times = lifetimes();
    let authenticator = hub.impatient(times.clone(), LONG);
    for _ in 0..3 {
        let error = ask(&authenticator, "new").await.err();
        assert_eq!(error, Some(AuthError::UnknownToken));
    }
    assert_eq!(hub.questions(), 1);
    hub.gives("new", json!({"kind": "user", "name": "kim"}));
    times.clock.advance(LONG);
    assert!(ask(&authenticator, "new").await.is_ok());
}

#[actix_web::test]
async fn the_hubs_refusals_are_unknown_tokens() {
    for status in [401, 403] {
        let hub = FakeHub::with_sam();
        hub.feels(HubBehaviour::Status(status));
        let error = ask_sam(&hub.authenticator()).await;
        assert_eq!(error, Err(AuthError::UnknownToken), "{status}");
    }
}

#[actix_web::test]
async fn in_an_outage_those_lately_known_are_let_in_and_others_told_to_come_back() {
    let hub = FakeHub::with_sam();
    let times = Lifetimes {
        outage: 2 * LONG,
        grace: 10 * LONG,
        ..lifetimes()
    };
    let authenticator = hub.impatient(times.clone(), LONG);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    hub.feels(HubBehaviour::Status(502));
    times.clock.advance(LONG);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    assert!(unavailable(&ask(&authenticator, "somebody-else").await));
    hub.feels(HubBehaviour::Well);
    hub.forgets("token-of-sam");
    times.clock.advance(2 * LONG);
    assert_eq!(ask_sam(&authenticator).await, Err(AuthError::UnknownToken));
}

#[actix_web::test]
async fn the_grace_time_ends() {
    let hub = FakeHub::with_sam();
    let times = Lifetimes {
        grace: 3 * LONG,
        ..lifetimes()
    };
    let authenticator = hub.impatient(times.clone(), LONG);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    hub.feels(HubBehaviour::Status(500));
    for _ in 0..3 {
        times.clock.advance(LONG);
        assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    }
    times.clock.advance(LONG);
    assert!(unavailable(&ask_sam(&authenticator).await));
}

#[actix_web::test]
async fn without_a_grace_time_no_caller_is_remembered() {
    let hub = FakeHub::with_sam();
    let times = Lifetimes {
        grace: Duration::ZERO,
        ..lifetimes()
    };
    let authenticator = hub.impatient(times.clone(), LONG);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    hub.feels(HubBehaviour::Status(500));
    times.clock.advance(LONG);
    assert!(unavailable(&ask_sam(&authenticator).await));
}

#[actix_web::test]
async fn a_token_that_the_hub_has_refused_is_not_let_in_by_memory() {
    let hub = FakeHub::with_sam();
    let times = Lifetimes {
        grace: 10 * LONG,
        ..lifetimes()
    };
    let authenticator = hub.impatient(times.clone(), LONG);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    hub.forgets("token-of-sam");
    times.clock.advance(LONG);
    assert_eq!(ask_sam(&authenticator).await, Err(AuthError::UnknownToken));
    hub.feels(HubBehaviour::Status(500));
    times.clock.advance(LONG);
    assert!(unavailable(&ask_sam(&authenticator).await));
}

#[actix_web::test]
async fn a_silent_hub_is_waited_for_once_and_not_by_every_call() {
    let hub = FakeHub::with_sam();
    hub.gives("token-of-kim", json!({"kind": "user", "name": "kim"}));
    let times = lifetimes();
    let authenticator = hub.impatient(times.clone(), 300 * MS);
    assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
    assert!(ask(&authenticator, "token-of-kim").await.is_ok());
    times.clock.advance(LONG);
    hub.feels(HubBehaviour::Slow(LONG));
    let asked = hub.questions();
    for _ in 0..20 {
        assert_eq!(ask_sam(&authenticator).await, Ok("sam".into()));
        assert!(ask(&authenticator, "token-of-kim").await.is_ok());
    }
    assert_eq!(hub.questions(), asked + 1, "kim need not wait when sam has");
    for _ in 0..20 {
        assert!(unavailable(&ask(&authenticator, "somebody-else").await));
    }
    assert_eq!(hub.questions(), asked + 2);
}

#[actix_web::test]
async fn answers_that_make_no_sense_are_no_answers() {
    let large = json!({"kind": "user", "name": "sam", "groups": ["x".repeat(2 << 20)]});
    let bodies = [
        Vec::new(),
        b"null".to_vec(),
        b"{}".to_vec(),
        b"<html>sam</html>".to_vec(),
        b"{\"kind\": \"user\", \"name\": \"sam\"".to_vec(),
        b"{\"kind\": \"user\", \"name\": \"\"}".to_vec(),
        b"{\"kind\": \"user\", \"name\": 7}".to_vec(),
        b"{\"kind\": \"user\"}".to_vec(),
        b"{\"name\": \"sam\"}".to_vec(),
        b"{\"kind\": \"group\", \"name\": \"sam\"}".to_vec(),
        b"{\"kind\": \"user\", \"name\": \"\xff\"}".to_vec(),
        Value::to_string(&large).into_bytes(),
    ];
    let hub = FakeHub::with_sam();
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        hub.feels(HubBehaviour::Says(body));
        let answer = ask_sam(&hub.authenticator()).await;
        assert!(unavailable(&answer), "{start}: {answer:?}");
    }
    for status in [204, 302, 400, 418, 429, 500, 503] {
        hub.feels(HubBehaviour::Status(status));
        assert!(
            unavailable(&ask_sam(&hub.authenticator()).await),
            "{status}"
        );
    }
}

#[actix_web::test]
async fn a_hub_that_is_gone_or_hangs_up_is_unavailable() {
    let hub = FakeHub::with_sam();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = hub.settings();
    settings.api_url = format!("http://{}/hub/api/", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().unwrap();
            let _ = connection.read(&mut [0; 1024]);
        }
    });
    let hung_up = ask_sam(&Authenticator::hub(settings).unwrap()).await;
    assert!(unavailable(&hung_up), "{hung_up:?}");
    thread.join().unwrap();
    let mut settings = hub.settings();
    settings.api_url = "http://127.0.0.1:1/hub/api".into();
    let gone = ask_sam(&Authenticator::hub(settings).unwrap()).await;
    assert!(unavailable(&gone), "{gone:?}");
}

#[actix_web::test]
async fn an_outage_is_told_once_and_no_token_ever() {
    let logged = Logged::start();
    let hub = FakeHub::with_sam();
    hub.feels(HubBehaviour::Status(599));
    let authenticator = hub.impatient(
        Lifetimes {
            outage: Duration::ZERO,
            ..lifetimes()
        },
        LONG,
    );
    for n in 0..5 {
        let error = ask(&authenticator, &format!("very-secret-{n}"))
            .await
            .err()
            .unwrap();
        assert!(!format!("{error} {error:?}").contains("very-secret"));
    }
    assert_eq!(hub.questions(), 5);
    assert_eq!(logged.count("status 599"), 1);
    hub.feels(HubBehaviour::Well);
    let unknown = ask(&authenticator, "very-secret-9").await.err();
    assert_eq!(unknown, Some(AuthError::UnknownToken));
    assert_eq!(logged.count("very-secret"), 0);
}

#[test]
fn a_hub_behind_tls_can_be_asked_and_senseless_settings_are_refused() {
    let client = |url: &str| HubClient::new(url, TimeLimits::default()).map(|_| ());
    assert!(client("https://hub.example/hub/api").is_ok());
    for url in [
        "",
        "hub/api",
        "ftp://hub/api",
        "http://a:b@hub/api",
        "http://",
    ] {
        assert!(client(url).is_err(), "{url}");
    }
}

#[actix_web::test]
async fn when_an_account_was_made_is_asked_once_for_a_token() {
    let hub = FakeHub::with_sam();
    hub.made("sam", "2026-09-01T08:00:00.000001Z");
    let seldom = Lifetimes {
        known: Duration::ZERO,
        ..lifetimes()
    };
    let authenticator = hub.impatient(seldom, LONG);
    for _ in 0..3 {
        let caller = ask(&authenticator, "token-of-sam").await.unwrap();
        let made = caller.account_made_at().unwrap().to_rfc3339();
        assert_eq!(made, "2026-09-01T08:00:00.000001Z");
    }
    assert_eq!((hub.questions(), hub.questions_about_accounts()), (3, 1));
    let knows = json!({"kind": "user", "name": "kim", "created": "2026-09-02T08:00:00Z"});
    hub.gives("token-of-kim", knows);
    let kim = ask(&authenticator, "token-of-kim").await.unwrap();
    assert!(kim.account_made_at().is_some());
    assert_eq!(
        hub.questions_about_accounts(),
        1,
        "the token itself may know"
    );
}

#[actix_web::test]
async fn an_account_whose_time_nobody_knows_hides_the_time_of_no_other() {
    let hub = FakeHub::with_sam();
    hub.gives("token-of-kim", json!({"kind": "user", "name": "kim"}));
    hub.made("kim", "never");
    hub.made("sam", "2026-09-01T08:00:00.000001Z");
    let authenticator = hub.authenticator();
    let kim = ask(&authenticator, "token-of-kim").await.unwrap();
    assert_eq!(kim.account_made_at(), None);
    let sam = ask(&authenticator, "token-of-sam").await.unwrap();
    assert!(sam.account_made_at().is_some());
}

#[actix_web::test]
async fn a_hub_that_does_not_tell_when_accounts_were_made_is_left_in_peace() {
    let hub = FakeHub::with_sam();
    hub.gives(
        "token-of-kim",
        json!({"kind": "user", "name": "kim", "created": null}),
    );
    let authenticator = hub.authenticator();
    for token in ["token-of-sam", "token-of-kim"] {
        let caller = ask(&authenticator, token).await.unwrap();
        assert_eq!(caller.account_made_at(), None);
    }
    assert_eq!(hub.questions_about_accounts(), 1);
}
