//! A fake hub that answers a service as JupyterHub does, and that can be faulty in several ways.

use super::http::Call;
use super::hub_wire::{HubReply, HubRequest, read_request};
use super::oauth::{HUB_COOKIE, Oauth};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// The path below which the hub describes users.
const USERS: &str = "/hub/api/users/";

/// The maximum number of groups or users in one answer.
const AT_ONCE: usize = 2;

/// The state of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubBehaviour {
    /// Answers correctly.
    Well,
    /// Answers correctly, after that time.
    Slow(Duration),
    /// Accepts requests and answers none of them until the mood changes.
    Stuck,
    /// Answers everything with this status and an empty body.
    Status(u16),
    /// Answers everything with 200 and this body.
    Says(Vec<u8>),
    /// Redirects to another server.
    Redirecting,
    /// Sends the head of an answer, and then one byte a second.
    Dripping,
    /// Closes every connection without an answer.
    Closed,
}

impl HubBehaviour {
    /// Answers 200 with something that is not JSON.
    pub fn no_json() -> Self {
        Self::Says(b"<p>Bad gateway, sort of</p>".into())
    }

    /// Answers 200 with JSON of something else.
    pub fn other_json() -> Self {
        Self::Says(br#"[{"name":["kevin"]}]"#.into())
    }

    /// Answers 200 with very many bytes.
    pub fn huge() -> Self {
        Self::Says(vec![b' '; 32 << 20])
    }
}

/// The hub, listening on a port of its own until it is dropped.
pub struct FakeHub {
    port: u16,
    state: Arc<State>,
}

/// The name of a group, and its members.
type Group = (String, Vec<String>);

struct State {
    holders: Mutex<HashMap<String, Value>>,
    accounts: Mutex<HashMap<String, String>>,
    /// The groups with their members; `None` if the service may not list them.
    groups: Mutex<Option<Vec<Group>>>,
    /// The users as `GET /users` lists them; `None` if the service may not list them.
    users: Mutex<Option<Vec<Value>>>,
    mood: Mutex<HubBehaviour>,
    mood_changed: Condvar,
    requests: Mutex<Vec<HubRequest>>,
    oauth: Mutex<Oauth>,
    over: AtomicBool,
    clock_ahead: AtomicI64,
}

impl FakeHub {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(State {
            holders: Mutex::default(),
            accounts: Mutex::default(),
            groups: Mutex::default(),
            users: Mutex::default(),
            mood: Mutex::new(HubBehaviour::Well),
            mood_changed: Condvar::new(),
            requests: Mutex::default(),
            oauth: Mutex::default(),
            over: AtomicBool::new(false),
            clock_ahead: AtomicI64::new(0),
        });
        let kept = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if kept.over.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&kept);
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { port, state }
    }

    /// Starts a hub that knows sam, an ordinary user in a group, by the token `token-of-sam`.
    pub fn with_sam() -> Self {
        let hub = Self::start();
        let sam = json!({"kind": "user", "name": "sam", "admin": false,
            "groups": ["nbgrader-algebra"], "scopes": ["access:servers!server=sam/"]});
        hub.gives("token-of-sam", sam);
        hub
    }

    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}/hub/api", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Adds a person whose token is their name.
    pub fn knows(&self, user: &str) -> &Self {
        self.gives(user, user_model(user))
    }

    /// Adds a token and the hub's description of its owner.
    pub fn gives(&self, token: &str, model: Value) -> &Self {
        self.state
            .holders
            .lock()
            .expect("holders")
            .insert(token.to_owned(), model);
        self
    }

    /// Grants the service the scope `read:users`, and sets the creation time of the account.
    pub fn made(&self, name: &str, created: &str) -> &Self {
        let mut accounts = self.state.accounts.lock().expect("accounts");
        accounts.insert(name.to_owned(), created.to_owned());
        self
    }

    /// Grants the service the scopes `list:groups` and `read:groups`, and sets the hub's groups.
    pub fn lists(&self, groups: &[(&str, &[&str])]) -> &Self {
        self.lists_to(&["list:groups", "read:groups"], groups)
    }

    /// Lets the service list these users. The hub shows of each what the scopes of the service cover.
    pub fn lists_users(&self, users: &[Value]) -> &Self {
        *self.state.users.lock().expect("users") = Some(users.to_vec());
        self
    }

    /// Grants the service these scopes, and sets the hub's groups.
    pub fn lists_to(&self, scopes: &[&str], groups: &[(&str, &[&str])]) -> &Self {
        let mut model = service_model("nbcourier");
        model["scopes"] = json!(scopes);
        self.gives(super::setup::SERVICE_TOKEN, model);
        let groups = groups.iter().map(|(name, users)| {
            let users = users.iter().map(|user| (*user).to_owned());
            ((*name).to_owned(), users.collect())
        });
        *self.state.groups.lock().expect("groups") = Some(groups.collect());
        self
    }

    pub fn forgets(&self, token: &str) {
        self.state.holders.lock().expect("holders").remove(token);
    }

    pub fn feels(&self, mood: HubBehaviour) {
        *self.state.mood.lock().expect("mood") = mood;
        self.state.mood_changed.notify_all();
    }

    /// Sets the hub's clock this many seconds ahead of this machine's.
    pub fn clock_is_ahead(&self, seconds: i64) {
        self.state.clock_ahead.store(seconds, Ordering::SeqCst);
    }

    /// Requests the authorize page as a person who is logged in to the hub. Returns the address of its redirect.
    pub fn authorize(&self, authorize: &str, token: &str) -> String {
        let reply = Call::new("GET", authorize)
            .header("Cookie", &format!("{HUB_COOKIE}={token}"))
            .send(self.port)
            .expect("the hub answers");
        assert_eq!(reply.status, 302, "{}", reply.text());
        reply.header("location").expect("a Location").to_owned()
    }

    /// Returns all requests so far.
    pub fn requests(&self) -> Vec<HubRequest> {
        self.state.requests.lock().expect("requests").clone()
    }

    /// Returns the number of requests for the owner of a token.
    pub fn questions(&self) -> usize {
        let asked = |request: &&HubRequest| request.target == "/hub/api/user";
        self.requests().iter().filter(asked).count()
    }

    /// Returns the number of requests about accounts.
    pub fn questions_about_accounts(&self) -> usize {
        let asked = |request: &&HubRequest| request.target.starts_with(USERS);
        self.requests().iter().filter(asked).count()
    }

    /// Opens the hub's authorize page as the person with this token, and returns the query with which the browser comes
    /// back to the service.
    pub fn logs_in(&self, authorize: &str, token: &str) -> String {
        let back = self.authorize(authorize, token);
        assert_eq!(self.oauth_complaints(), [""; 0]);
        let (_, query) = back.split_once('?').expect("a query");
        query.to_owned()
    }

    /// Returns the faults in requests to the OAuth endpoints.
    pub fn oauth_complaints(&self) -> Vec<String> {
        self.state.oauth.lock().expect("oauth").complaints.clone()
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        self.feels(HubBehaviour::Closed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Returns the description that JupyterHub 5 and 6 give for a user's own notebook token.
pub fn user_model(name: &str) -> Value {
    json!({
        "kind": "user",
        "name": name,
        "admin": false,
        "groups": [],
        "session_id": null,
        "token_id": "a1",
        "scopes": [
            format!("access:servers!server={name}/"),
            format!("read:users:groups!user={name}"),
            format!("read:users:name!user={name}"),
            format!("users:activity!user={name}"),
        ],
    })
}

/// Returns the description for the token of a service.
pub fn service_model(name: &str) -> Value {
    json!({
        "kind": "service",
        "name": name,
        "admin": false,
        "session_id": null,
        "token_id": "a2",
        "scopes": [format!("read:services:name!service={name}")],
    })
}

impl State {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Ok(request) = read_request(&mut reader) {
            let requests = request.clone();
            self.requests.lock().expect("requests").push(requests);
            if *self.mood.lock().expect("mood") == HubBehaviour::Dripping {
                return self.drip(reader.get_mut());
            }
            let Some(answer) = self.answer(&request) else {
                return;
            };
            let answer = answer.header("Date", &self.date());
            if reader.get_mut().write_all(&answer.to_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &HubRequest) -> Option<HubReply> {
        let mood = self.mood.lock().expect("mood").clone();
        match mood {
            HubBehaviour::Well => {}
            HubBehaviour::Slow(time) => thread::sleep(time),
            HubBehaviour::Stuck => self.wait_while_stuck(),
            HubBehaviour::Status(status) => {
                return Some(HubReply::new(status, "").header("Location", "/elsewhere"));
            }
            HubBehaviour::Says(body) => return Some(HubReply::of_bytes(200, body)),
            HubBehaviour::Redirecting => {
                let elsewhere = HubReply::new(302, "");
                return Some(elsewhere.header("Location", "http://127.0.0.1:9/hub/api/user"));
            }
            HubBehaviour::Closed | HubBehaviour::Dripping => return None,
        }
        let (path, _) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        Some(match path {
            "/hub/api/" => HubReply::json(200, &json!({"version": "6.1.0"})),
            "/hub/api/user" => self.who(request),
            "/hub/api/groups" => self.groups(request),
            "/hub/api/users" => self.users(request),
            "/hub/api/oauth2/authorize" => self.oauth().authorize(request),
            "/hub/api/oauth2/token" => self.oauth().token(request),
            _ if path.starts_with(USERS) => self.account(&path[USERS.len()..], request),
            _ => HubReply::json(404, &json!({"status": 404, "message": "Not Found"})),
        })
    }

    fn date(&self) -> String {
        let ahead = chrono::TimeDelta::seconds(self.clock_ahead.load(Ordering::SeqCst));
        let time = chrono::Utc::now() + ahead;
        time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn drip(&self, line: &mut TcpStream) {
        let mut sent = line.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{");
        while sent.is_ok() && *self.mood.lock().expect("mood") == HubBehaviour::Dripping {
            thread::sleep(Duration::from_secs(1));
            sent = line.write_all(b" ");
        }
    }

    fn oauth(&self) -> std::sync::MutexGuard<'_, Oauth> {
        self.oauth.lock().expect("oauth")
    }

    fn who(&self, request: &HubRequest) -> HubReply {
        let header = request.header("authorization");
        let token = header
            .strip_prefix("token ")
            .or_else(|| header.strip_prefix("Bearer "))
            .unwrap_or_default();
        let holders = self.holders.lock().expect("holders");
        match holders.get(token) {
            Some(model) => HubReply::json(200, model),
            None => HubReply::json(403, &json!({"status": 403, "message": "Forbidden"})),
        }
    }

    /// Returns the hub's answer about a user: the account with the scope `read:users`; without it, a refusal.
    fn account(&self, name: &str, request: &HubRequest) -> HubReply {
        let own = format!("token {}", super::setup::SERVICE_TOKEN);
        assert_eq!(request.header("authorization"), own);
        let accounts = self.accounts.lock().expect("accounts");
        match accounts.get(name) {
            Some(created) => HubReply::json(
                200,
                &json!({"kind": "user", "name": name, "admin": false, "created": created}),
            ),
            None if accounts.is_empty() => HubReply::json(403, &json!({"status": 403})),
            None => HubReply::json(404, &json!({"status": 404})),
        }
    }

    /// Returns a page of the groups in the form of JupyterHub's `GET /groups`.
    fn groups(&self, request: &HubRequest) -> HubReply {
        let groups = self.groups.lock().expect("groups");
        let models = groups.as_ref().map(|groups| {
            let model = |(name, users): &Group| {
                json!({"kind": "group", "name": name, "users": users, "roles": [], "properties": {}})
            };
            groups.iter().map(model).collect()
        });
        page(request, models)
    }

    /// Returns a page of the users in the form of JupyterHub's `GET /users`.
    fn users(&self, request: &HubRequest) -> HubReply {
        page(request, self.users.lock().expect("users").clone())
    }

    fn wait_while_stuck(&self) {
        let mut mood = self.mood.lock().expect("mood");
        while *mood == HubBehaviour::Stuck {
            mood = self.mood_changed.wait(mood).expect("mood");
        }
    }
}

/// Returns a page of a listing for the service; without a list, a refusal.
fn page(request: &HubRequest, all: Option<Vec<Value>>) -> HubReply {
    let own = format!("token {}", super::setup::SERVICE_TOKEN);
    assert_eq!(request.header("authorization"), own);
    let Some(all) = all else {
        return HubReply::json(403, &json!({"status": 403}));
    };
    let number = |key: &str| {
        let (_, query) = request.target.split_once('?').expect("a query");
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(name, _)| *name == key).expect("a number");
        found.1.parse::<usize>().expect("a number")
    };
    // The hub limits the size of a page.
    let (offset, limit) = (number("offset"), number("limit").min(AT_ONCE));
    let page: Vec<_> = all.iter().skip(offset).take(limit).collect();
    let end = offset + page.len();
    let next = (end < all.len()).then(|| json!({"offset": end, "limit": limit, "url": "/"}));
    let pagination = json!({"offset": offset, "limit": limit, "total": all.len(), "next": next});
    HubReply::json(200, &json!({"items": page, "_pagination": pagination}))
}
