//! A proxy between a client and a server, which fails in the ways in which networks fail.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// The behaviour of a proxy towards what a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// It passes everything on.
    Pass,
    /// It holds back the first bytes with this text, and everything after them on that connection, until the behaviour
    /// changes.
    HoldOne(Vec<u8>),
    /// It holds back everything, until the behaviour changes.
    HoldAll,
    /// It passes bytes with this text on, and closes the connection before the server's answer.
    CutAfter(Vec<u8>),
    /// It closes the connection instead of passing bytes with this text on.
    CutBefore(Vec<u8>),
    /// It closes each connection.
    Refuse,
    /// It answers one in so many requests of HTTP with these bytes, and closes the connection.
    Answer(usize, &'static [u8]),
    /// It answers requests with this text with these bytes, and closes the connection.
    AnswerTo(&'static [u8], &'static [u8]),
    /// It closes a connection after that many bytes of the server, counted from the last bytes of the client.
    CutReplies(usize),
}

/// A proxy on a port of this machine. It ends with the process.
pub struct TcpProxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// Connections on which a client has sent this text are passed on as they are.
    exempt: Option<&'static [u8]>,
    behaviour: Mutex<(Behaviour, usize)>,
    changed: Condvar,
    /// The first lines of all requests of HTTP.
    requests: Mutex<Vec<String>>,
    /// The number of requests, to choose some of them.
    counted: AtomicUsize,
}

/// The methods at the beginning of requests of HTTP.
const METHODS: [&str; 5] = ["GET ", "PUT ", "POST ", "HEAD ", "DELETE "];

impl TcpProxy {
    /// Starts a proxy to a port of this machine.
    pub fn to(server: u16) -> Self {
        Self::start(server, None)
    }

    /// Starts the same, which passes everything on of connections on which the client has sent that text.
    pub fn sparing(server: u16, text: &'static [u8]) -> Self {
        Self::start(server, Some(text))
    }

    fn start(server: u16, exempt: Option<&'static [u8]>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            exempt,
            behaviour: Mutex::new((Behaviour::Pass, 0)),
            changed: Condvar::new(),
            requests: Mutex::default(),
            counted: AtomicUsize::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || drop(connect(&client, server, &state)));
            }
        });
        Self { port, state }
    }

    /// Returns the port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the behaviour. Bytes that were held back are passed on.
    pub fn behave(&self, behaviour: Behaviour) {
        let mut now = self
            .state
            .behaviour
            .lock()
            .expect("no panic while it is held");
        *now = (behaviour, 0);
        self.state.changed.notify_all();
    }

    /// Returns the first lines of the requests of HTTP so far.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.state.requests.lock();
        requests.expect("no panic while it is held").clone()
    }

    /// Waits until the behaviour has affected a connection.
    pub fn wait_for_effect(&self) {
        let now = self
            .state
            .behaviour
            .lock()
            .expect("no panic while it is held");
        let (now, timeout) = self
            .state
            .changed
            .wait_timeout_while(now, super::http::PATIENCE, |(_, effects)| *effects == 0)
            .expect("no panic while it is held");
        drop(now);
        assert!(!timeout.timed_out(), "the proxy had nothing to do");
    }
}

/// The treatment of the bytes of a client.
struct Decision {
    pass: bool,
    close: bool,
    answer: &'static [u8],
}

impl Decision {
    const PASS: Self = Self {
        pass: true,
        close: false,
        answer: b"",
    };
}

impl State {
    /// Notes the first line if the bytes begin a request of HTTP. Returns whether they do. A client sends no request
    /// before it has the answer to the one before, so none begins within what is read at once.
    fn note(&self, bytes: &[u8]) -> bool {
        let is_request = METHODS
            .iter()
            .any(|method| bytes.starts_with(method.as_bytes()));
        if is_request {
            let line = bytes
                .split(|byte| *byte == b'\r')
                .next()
                .unwrap_or_default();
            let line = String::from_utf8_lossy(line).into_owned();
            self.requests
                .lock()
                .expect("no panic while it is held")
                .push(line);
        }
        is_request
    }

    /// Returns the number of bytes of a reply that are passed on.
    fn reply_limit(&self) -> Option<usize> {
        let mut now = self.behaviour.lock().expect("no panic while it is held");
        let Behaviour::CutReplies(limit) = now.0 else {
            return None;
        };
        now.1 += 1;
        self.changed.notify_all();
        Some(limit)
    }

    /// Decides about bytes of a client.
    fn decide(&self, bytes: &[u8]) -> Decision {
        let is_request = self.note(bytes);
        let decision = |pass, close, answer| Decision {
            pass,
            close,
            answer,
        };
        let has = |text: &[u8]| contains(bytes, text);
        let mut now = self.behaviour.lock().expect("no panic while it is held");
        let decided = match &now.0 {
            Behaviour::Refuse => decision(false, true, b""),
            Behaviour::CutAfter(text) if has(text) => decision(true, true, b""),
            Behaviour::CutBefore(text) if has(text) => decision(false, true, b""),
            Behaviour::Answer(one_in, answer)
                if is_request
                    && self
                        .counted
                        .fetch_add(1, Ordering::Relaxed)
                        .is_multiple_of(*one_in) =>
            {
                decision(false, true, answer)
            }
            Behaviour::AnswerTo(text, answer) if is_request && has(text) => {
                decision(false, true, answer)
            }
            Behaviour::HoldOne(text) if now.1 > 0 || !has(text) => {
                return decision(true, false, b"");
            }
            Behaviour::HoldOne(_) | Behaviour::HoldAll => {
                now.1 += 1;
                self.changed.notify_all();
                let held = now.0.clone();
                let now = self
                    .changed
                    .wait_while(now, |(behaviour, _)| *behaviour == held);
                drop(now.expect("no panic while it is held"));
                return decision(true, false, b"");
            }
            _ => return decision(true, false, b""),
        };
        now.1 += 1;
        self.changed.notify_all();
        decided
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Passes on what the server sends, until the end or until the behaviour cuts it. `answered` counts the bytes.
fn pass_replies(
    mut from: &TcpStream,
    mut to: &TcpStream,
    answered: &AtomicUsize,
    state: &State,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        let before = answered.fetch_add(read, Ordering::Relaxed);
        match state.reply_limit() {
            Some(limit) if before + read > limit => {
                return to.write_all(&bytes[..limit.saturating_sub(before)]);
            }
            _ => to.write_all(&bytes[..read])?,
        }
    }
}

fn connect(client: &TcpStream, server: u16, state: &Arc<State>) -> std::io::Result<()> {
    let upstream = TcpStream::connect(("127.0.0.1", server))?;
    let (from, to) = (upstream.try_clone()?, client.try_clone()?);
    let (answered, replies) = (Arc::new(AtomicUsize::new(0)), Arc::clone(state));
    let counted = Arc::clone(&answered);
    thread::spawn(move || {
        let _ = pass_replies(&from, &to, &counted, &replies);
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
    let (mut client, mut upstream) = (client, &upstream);
    let mut bytes = vec![0; 64 * 1024];
    let mut is_exempt = false;
    loop {
        let read = client.read(&mut bytes)?;
        answered.store(0, Ordering::Relaxed);
        is_exempt |= state
            .exempt
            .is_some_and(|text| contains(&bytes[..read], text));
        let Decision {
            pass,
            close,
            answer,
        } = if is_exempt {
            Decision::PASS
        } else {
            state.decide(&bytes[..read])
        };
        client.write_all(answer)?;
        if close {
            client.shutdown(Shutdown::Both)?;
        }
        if pass && read > 0 {
            upstream.write_all(&bytes[..read])?;
        }
        if close || read == 0 {
            // The server reads what was passed on before it sees the end.
            return upstream.shutdown(Shutdown::Write);
        }
    }
}
