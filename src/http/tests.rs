//! Tests of the whole application, with addresses whose handlers fail.

use super::compute::COMPUTED;
use super::error::Error;
use super::handler::any;
use super::materials::Materials;
use super::routes::{Access, Address, Reply, Served};
use super::server::{Settings, application};
use super::state::AppState;
use actix_web::body::{BodyStream, MessageBody};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, Route};
use bytes::Bytes;
use futures_util::stream;
use nbcourier_auth::{Authenticator, Instance, ReceiptSigner, SigningKey, Tickets, Vault};
use nbcourier_blobs::LocalBlobs;
use nbcourier_domain::GroupRules;
use nbcourier_exchange::{self as exchange, Exchange, Limits, Policy, Reused};
use nbcourier_fetching::Access as GitAccess;
use nbcourier_storage::{Opening, Store};
use nbcourier_testkit::Logged;
use nbcourier_work::{Bug, blocking};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

struct Parts {
    settings: Settings,
    state: Data<AppState>,
    directory: tempfile::TempDir,
}

/// Returns an exchange without courses.
pub(super) fn empty_exchange(directory: &Path) -> Exchange {
    let store = Store::open(
        &directory.join("nbcourier.db").as_path().into(),
        Opening::Migrate,
    )
    .unwrap();
    let blobs = LocalBlobs::open(&directory.join("blobs")).unwrap();
    let policy = Policy {
        hub_groups: false,
        group_rules: GroupRules::convention(),
        explain: false,
        reused: Reused::Keep,
    };
    let limits = Limits {
        file_bytes: 1024,
        files: 10,
        tree_bytes: 10_240,
    };
    Exchange::new(store, blobs.into(), policy, limits)
}

fn parts() -> Parts {
    let directory = tempfile::tempdir().unwrap();
    let key = SigningKey::load_or_create(directory.path()).unwrap();
    let settings = Settings {
        exchange: empty_exchange(directory.path()),
        authenticator: Authenticator::standalone(["root".to_owned()], &key),
        receipts: ReceiptSigner::new(&key),
        tickets: Tickets::new(&key, "/api/"),
        instance: Instance::new(&key),
        materials: Materials {
            vault: Vault::new(&key),
            access: Arc::new(GitAccess {
                directory: directory.path().join("git"),
                launcher: None,
                search_path: "/usr/bin:/bin".into(),
                hosts: Vec::new(),
                own_hosts: Vec::new(),
                certificates: None,
                max_repository: 1024 * 1024,
                time: Duration::from_mins(1),
            }),
        },
        prefix: "/api/".to_owned(),
        max_request_size: 1024 * 1024,
        max_request_rate: None,
        max_open_requests: None,
        max_uploads: None,
        max_connections: 10,
        pages: super::pages::PageSettings::default(),
        debug: true,
        retention: Duration::from_mins(1),
        idle_timeout: Duration::from_mins(1),
        shutdown_timeout: Duration::from_mins(1),
    };
    let (exchange, authenticator) = (settings.exchange.clone(), settings.authenticator.clone());
    let state = AppState::unlimited(exchange, authenticator, "/api/");
    Parts {
        settings,
        state: Data::new(state),
        directory,
    }
}

type Routes<const N: usize> = [(&'static str, fn() -> Route); N];

/// Returns addresses whose handlers fail in every way, below the ngshare protocol and below `v1/`.
fn going_wrong() -> Vec<Address> {
    let routes: Routes<7> = [
        ("panics", || web::get().to(any(panics))),
        ("panics-at-work", || web::get().to(any(panics_at_work))),
        ("panics-in-a-query", || {
            web::get().to(any(panics_in_a_query))
        }),
        ("panics-in-a-change", || {
            web::get().to(any(panics_in_a_change))
        }),
        ("has-a-bug", || web::get().to(any(has_a_bug))),
        ("v1/panics", || web::get().to(any(panics))),
        ("v1/panics-at-work", || web::get().to(any(panics_at_work))),
    ];
    let one = |(path, route): (&'static str, fn() -> Route)| Address {
        method: "GET",
        path,
        access: Access::Caller,
        reply: Reply::Short,
        served: Served::Always,
        route: route(),
    };
    routes.map(one).into()
}

async fn panics() -> HttpResponse {
    panic!("the handler fell over")
}

async fn panics_at_work() -> Result<HttpResponse, Error> {
    blocking(|| assert!(std::hint::black_box(false), "the worker fell over")).await?;
    Ok(HttpResponse::Ok().finish())
}

async fn panics_in_a_query(store: Data<Store>) -> Result<HttpResponse, Error> {
    let done: nbcourier_storage::Result<()> = store.read(|_| panic!("the query fell over")).await;
    done.map_err(exchange::Error::from)?;
    Ok(HttpResponse::Ok().finish())
}

async fn panics_in_a_change(store: Data<Store>) -> Result<HttpResponse, Error> {
    let done: nbcourier_storage::Result<()> = store.write(|_| panic!("the change fell over")).await;
    done.map_err(exchange::Error::from)?;
    Ok(HttpResponse::Ok().finish())
}

async fn has_a_bug() -> Result<HttpResponse, Error> {
    Err(exchange::Error::from(Bug::new("two and two are five")).into())
}

#[actix_web::test]
async fn a_bug_is_an_internal_error_with_the_id_of_the_request_and_its_cause_in_the_log() {
    let logged = Logged::start();
    let parts = parts();
    let database = parts.directory.path().join("another.db");
    let store = Store::open(&database.as_path().into(), Opening::Migrate).unwrap();
    let service = init_service(
        application(&parts.settings, false, going_wrong())
            .app_data(parts.state.clone())
            .app_data(Data::new(store)),
    )
    .await;
    for (path, cause) in [
        ("panics", "the handler fell over"),
        ("panics-at-work", "the worker fell over"),
        ("panics-in-a-query", "the query fell over"),
        ("panics-in-a-change", "the change fell over"),
        ("has-a-bug", "two and two are five"),
        ("v1/panics", "the handler fell over"),
        ("v1/panics-at-work", "the worker fell over"),
    ] {
        let id = format!("id-of-{}", path.replace('/', "-"));
        let request = TestRequest::get()
            .uri(&format!("/api/{path}?user=root"))
            .insert_header(("x-request-id", id.clone()))
            .insert_header(("host", "localhost"));
        let response = call_service(&service, request.to_request()).await;
        assert_eq!(
            response.status(),
            StatusCode::INTERNAL_SERVER_ERROR,
            "{path}"
        );
        assert_eq!(response.headers().get("x-request-id").unwrap(), id.as_str());
        let body = read_body(response).await;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let message = if path.starts_with("v1/") {
            assert_eq!(body["status"], 500);
            body["detail"].as_str().unwrap()
        } else {
            assert_eq!(body["success"], false);
            body["message"].as_str().unwrap()
        };
        assert!(message.starts_with("Internal error"), "{message}");
        assert!(message.contains(&id), "{message}");
        assert!(
            !message.contains(cause) && !message.contains("storage"),
            "{message}"
        );
        let lines = logged.lines(&id);
        let access = lines.iter().find(|line| line.contains("status=500"));
        let access = access.unwrap_or_else(|| panic!("{lines:?}"));
        assert!(
            access.contains("error=") && access.contains(cause),
            "{access}"
        );
        assert!(access.contains("caller=root"), "{access}");
    }
}

#[actix_web::test]
async fn an_application_without_its_state_answers_nothing_but_500() {
    let parts = parts();
    let service = init_service(application(&parts.settings, false, Vec::new())).await;
    let requests = [
        TestRequest::get().uri("/healthz"),
        TestRequest::get().uri("/api/"),
        TestRequest::get().uri("/api/courses?user=root"),
        TestRequest::get().uri("/api/v1/courses?user=root"),
        TestRequest::get().uri("/api/no/such/path"),
        TestRequest::post()
            .uri("/api/course/algebra")
            .set_form([("user", "root")]),
    ];
    for request in requests {
        let request = request.insert_header(("host", "evil.example"));
        let response = call_service(&service, request.to_request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = read_body(response).await;
        assert!(
            body.starts_with(br#"{"message":"Internal error"#),
            "{body:?}"
        );
    }
}

#[actix_web::test]
async fn a_form_of_tiny_pieces_is_decoded_in_blocks() {
    let parts = parts();
    let service =
        init_service(application(&parts.settings, false, Vec::new()).app_data(parts.state.clone()))
            .await;
    // Each piece could begin a boundary, so the form parser returns it separately.
    let tiny = "\r\n--".repeat(100_000);
    let multipart = format!(
        "--between\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{tiny}\r\n--between--\r\n"
    );
    let urlencoded = format!("x={}", "%0A".repeat(100_000));
    for (number, kind, body) in [
        (1, "multipart/form-data; boundary=between", multipart),
        (2, "application/x-www-form-urlencoded", urlencoded),
    ] {
        let blocks = body.len() / (128 * 1024) + 3;
        // In small pieces, as a network may deliver it.
        let pieces: Vec<_> = body
            .into_bytes()
            .chunks(100)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>> =
            Box::pin(stream::iter(pieces));
        let mut request = TestRequest::post()
            .uri(&format!("/api/course/algebra{number}?user=root"))
            .insert_header(("content-type", kind))
            .insert_header(("host", "localhost"))
            .to_request();
        request = request
            .replace_payload(actix_web::dev::Payload::from(pieces))
            .0;
        let before = COMPUTED.get();
        let response = call_service(&service, request).await;
        assert_eq!(response.status(), StatusCode::OK, "{kind}");
        let decoded = COMPUTED.get() - before;
        assert!((1..=blocks).contains(&decoded), "{kind}: {decoded} blocks");
    }
}

#[actix_web::test]
async fn a_reply_that_breaks_off_is_logged_with_the_id_of_its_request() {
    let logged = Logged::start();
    let parts = parts();
    let routes: Routes<2> = [
        ("breaks-off", || web::get().to(any(breaks_off))),
        ("panics-on-the-way", || {
            web::get().to(any(panics_on_the_way))
        }),
    ];
    let more = routes.map(|(path, route)| Address {
        method: "GET",
        path,
        access: Access::Caller,
        reply: Reply::Short,
        served: Served::Always,
        route: route(),
    });
    let service = init_service(
        application(&parts.settings, false, more.into()).app_data(parts.state.clone()),
    )
    .await;
    for (path, cause) in [
        ("breaks-off", "the bytes on the disk are others"),
        ("panics-on-the-way", "the encoder fell over"),
    ] {
        let id = format!("stream-{path}");
        let request = TestRequest::get()
            .uri(&format!("/api/{path}?user=root"))
            .insert_header(("x-request-id", id.clone()))
            .insert_header(("host", "localhost"));
        let response = call_service(&service, request.to_request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = Box::pin(response.into_body());
        let mut pieces = Vec::new();
        while let Some(piece) =
            std::future::poll_fn(|context| body.as_mut().poll_next(context)).await
        {
            let ended = piece.is_err();
            pieces.push(piece.ok());
            if ended {
                break;
            }
        }
        assert_eq!(pieces, [Some(Bytes::from_static(b"begun")), None]);
        drop(body);
        let lines = logged.lines(&id);
        let broken_off = lines
            .iter()
            .find(|line| line.contains("A reply was broken off"));
        assert!(
            broken_off.is_some_and(|line| line.contains(cause)),
            "{lines:?}"
        );
        let access = lines.iter().find(|line| line.contains("status=200"));
        assert!(access.is_some_and(|line| line.contains(cause)), "{lines:?}");
    }
}

async fn breaks_off() -> HttpResponse {
    let pieces = [
        Ok(Bytes::from_static(b"begun")),
        Err(std::io::Error::other("the bytes on the disk are others")),
    ];
    HttpResponse::Ok().body(BodyStream::new(stream::iter(pieces)))
}

async fn panics_on_the_way() -> HttpResponse {
    let pieces = stream::unfold(true, |begins| async move {
        assert!(begins, "the encoder fell over");
        Some((Ok::<_, Error>(Bytes::from_static(b"begun")), false))
    });
    HttpResponse::Ok().body(BodyStream::new(Box::pin(pieces)))
}
