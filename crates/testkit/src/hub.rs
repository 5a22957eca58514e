//! A hub for tests. It gives the answers that a test chooses, over a real socket, and counts the questions.

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The API token of the service `x`.
pub const API_TOKEN: &str = "very-secret-api-token";
/// The path to which the hub sends browsers after a login.
pub const CALLBACK_URL: &str = "/services/x/oauth_callback";

/// The behaviour of the hub.
#[derive(Clone)]
pub enum Mood {
    /// The hub answers.
    Well,
    /// The hub answers after this time.
    Slow(Duration),
    /// The hub answers with this status and no body.
    Status(u16),
    /// The hub answers 200 with this body.
    Says(Vec<u8>),
}

struct State {
    mood: Mutex<Mood>,
    asked: AtomicUsize,
    users: Mutex<HashMap<String, Value>>,
    /// The accounts that the service is shown, by name, and the number of its questions about them.
    accounts: Mutex<HashMap<String, Value>>,
    asked_accounts: AtomicUsize,
    /// The challenge and the access token of each unused code.
    codes: Mutex<HashMap<String, (String, String)>>,
}

/// A running hub.
pub struct FakeHub {
    /// The URL of the hub's API.
    pub api_url: String,
    state: web::Data<State>,
}

impl FakeHub {
    /// Starts a hub that knows sam, an ordinary user, by the token `token-of-sam`.
    pub fn start() -> Self {
        let state = web::Data::new(State {
            mood: Mutex::new(Mood::Well),
            asked: AtomicUsize::new(0),
            users: Mutex::default(),
            accounts: Mutex::default(),
            asked_accounts: AtomicUsize::new(0),
            codes: Mutex::default(),
        });
        let shared = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .route("/hub/api/user", web::get().to(user))
                .route("/hub/api/users/{name}", web::get().to(account))
                .route("/hub/api/oauth2/token", web::post().to(token))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0];
        rt::spawn(server.run());
        let hub = Self {
            api_url: format!("http://{address}/hub/api"),
            state,
        };
        hub.knows(
            "token-of-sam",
            json!({"kind": "user", "name": "sam", "admin": false,
            "groups": ["nbgrader-algebra"], "scopes": ["access:servers!server=sam/"]}),
        );
        hub
    }

    /// Gives the token to this user.
    pub fn knows(&self, token: &str, user: Value) {
        let mut users = self.state.users.lock().unwrap();
        users.insert(token.to_owned(), user);
    }

    /// Gives the service the scope `read:users`, and sets when that account was created.
    pub fn tells(&self, name: &str, created: &str) {
        let model = json!({"kind": "user", "name": name, "created": created});
        let mut accounts = self.state.accounts.lock().unwrap();
        accounts.insert(name.to_owned(), model);
    }

    /// Returns how often the hub was asked when an account was created.
    pub fn asked_accounts(&self) -> usize {
        self.state.asked_accounts.load(Ordering::SeqCst)
    }

    /// Removes the token.
    pub fn forgets(&self, token: &str) {
        self.state.users.lock().unwrap().remove(token);
    }

    /// Sets the behaviour of the hub.
    pub fn is(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
    }

    /// Returns how often the hub was asked who owns a token.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// Plays the hub's part for a browser that we sent to it. Returns the query with which the browser comes back.
    pub fn logs_in(&self, location: &str, access_token: &str) -> String {
        let (path, query) = location.split_once('?').unwrap();
        assert_eq!(path, "/hub/api/oauth2/authorize");
        let fields = web::Query::<HashMap<String, String>>::from_query(query).unwrap();
        assert_eq!(fields["client_id"], "service-x");
        assert_eq!(fields["redirect_uri"], CALLBACK_URL);
        assert_eq!(fields["response_type"], "code");
        assert_eq!(fields["code_challenge_method"], "S256");
        let mut codes = self.state.codes.lock().unwrap();
        let code = format!("secret-code-{}", codes.len());
        let grant = (fields["code_challenge"].clone(), access_token.to_owned());
        codes.insert(code.clone(), grant);
        format!("code={code}&state={}", fields["state"])
    }
}

async fn user(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    state.asked.fetch_add(1, Ordering::SeqCst);
    let mood = state.mood.lock().unwrap().clone();
    match mood {
        Mood::Well => {}
        Mood::Slow(time) => rt::time::sleep(time).await,
        Mood::Status(status) => {
            return HttpResponse::build(StatusCode::from_u16(status).unwrap())
                .insert_header(("location", "/elsewhere"))
                .finish();
        }
        Mood::Says(body) => return HttpResponse::Ok().body(body),
    }
    let authorization = request.headers().get("authorization").unwrap();
    let token = authorization
        .to_str()
        .unwrap()
        .strip_prefix("token ")
        .unwrap();
    match state.users.lock().unwrap().get(token) {
        Some(user) => HttpResponse::Ok().json(user),
        None => HttpResponse::Forbidden().json(json!({"status": 403, "message": "Forbidden"})),
    }
}

async fn account(
    name: web::Path<String>,
    request: HttpRequest,
    state: web::Data<State>,
) -> HttpResponse {
    state.asked_accounts.fetch_add(1, Ordering::SeqCst);
    let own = format!("token {API_TOKEN}");
    assert_eq!(request.headers().get("authorization").unwrap(), &*own);
    let accounts = state.accounts.lock().unwrap();
    match accounts.get(name.as_str()) {
        Some(account) => HttpResponse::Ok().json(account),
        None if accounts.is_empty() => HttpResponse::Forbidden().finish(),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn token(form: web::Form<HashMap<String, String>>, state: web::Data<State>) -> HttpResponse {
    if let Mood::Status(status) = *state.mood.lock().unwrap() {
        return HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish();
    }
    if form["client_id"] != "service-x" || form["client_secret"] != API_TOKEN {
        return HttpResponse::Unauthorized().finish();
    }
    let grant = state.codes.lock().unwrap().remove(&form["code"]);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    match grant {
        Some((expected, access_token))
            if expected == challenge
                && form["grant_type"] == "authorization_code"
                && form["redirect_uri"] == CALLBACK_URL =>
        {
            HttpResponse::Ok().json(json!({"access_token": access_token, "token_type": "Bearer"}))
        }
        _ => HttpResponse::BadRequest().json(json!({"error": "invalid_grant"})),
    }
}
