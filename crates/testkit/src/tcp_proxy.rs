//! A proxy between a client and a server, which fails in the ways in which networks fail.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
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
    /// It passes bytes with this text on, and closes the connection before the server's answer.
    CutAfter(Vec<u8>),
    /// It closes the connection instead of passing bytes with this text on.
    CutBefore(Vec<u8>),
    /// It closes each connection.
    Refuse,
}

/// A proxy on a port of this machine. It ends with the process.
pub struct TcpProxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    behaviour: Mutex<(Behaviour, usize)>,
    changed: Condvar,
}

impl TcpProxy {
    /// Starts a proxy to a port of this machine.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            behaviour: Mutex::new((Behaviour::Pass, 0)),
            changed: Condvar::new(),
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

impl State {
    /// Decides about bytes of a client. Returns whether to pass them on, and whether to close the connection then.
    fn decide(&self, bytes: &[u8]) -> (bool, bool) {
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        let mut now = self.behaviour.lock().expect("no panic while it is held");
        let (pass, close) = match &now.0 {
            Behaviour::Refuse => (false, true),
            Behaviour::CutAfter(text) if has(text) => (true, true),
            Behaviour::CutBefore(text) if has(text) => (false, true),
            Behaviour::HoldOne(text) if now.1 == 0 && has(text) => {
                now.1 += 1;
                self.changed.notify_all();
                let held = now.0.clone();
                let now = self
                    .changed
                    .wait_while(now, |(behaviour, _)| *behaviour == held);
                drop(now.expect("no panic while it is held"));
                return (true, false);
            }
            _ => return (true, false),
        };
        now.1 += 1;
        self.changed.notify_all();
        (pass, close)
    }
}

fn connect(client: &TcpStream, server: u16, state: &State) -> std::io::Result<()> {
    let upstream = TcpStream::connect(("127.0.0.1", server))?;
    let (mut from, mut to) = (upstream.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut client, mut upstream) = (client, &upstream);
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = client.read(&mut bytes)?;
        let (pass, close) = state.decide(&bytes[..read]);
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
