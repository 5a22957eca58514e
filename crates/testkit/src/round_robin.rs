//! A proxy in front of several servers, which gives each connection to the next one.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy on a port of this machine. It ends with the process.
pub struct RoundRobin {
    port: u16,
    servers: Arc<Mutex<Servers>>,
}

struct Servers {
    ports: Vec<u16>,
    next: usize,
}

impl RoundRobin {
    /// Starts a proxy in front of the servers on these ports.
    pub fn over(ports: Vec<u16>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let servers = Arc::new(Mutex::new(Servers { ports, next: 0 }));
        let shared = Arc::clone(&servers);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let servers = Arc::clone(&shared);
                thread::spawn(move || drop(pass_on(client, &servers)));
            }
        });
        Self { port, servers }
    }

    /// Returns the port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives later connections to these servers. The present ones stay.
    pub fn set(&self, ports: Vec<u16>) {
        let mut servers = self.servers.lock().expect("no panic while it is held");
        servers.ports = ports;
    }
}

/// Passes bytes on in both directions. A server that accepts no connection is passed over.
fn pass_on(client: TcpStream, servers: &Mutex<Servers>) -> io::Result<()> {
    let mut ports = {
        let mut servers = servers.lock().expect("no panic while it is held");
        servers.next = servers.next.wrapping_add(1);
        let mut ports = servers.ports.clone();
        let first = servers.next % ports.len();
        ports.rotate_left(first);
        ports
    }
    .into_iter();
    let server = ports
        .find_map(|port| TcpStream::connect(("127.0.0.1", port)).ok())
        .ok_or(io::ErrorKind::ConnectionRefused)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || copy(from_client, to_server));
    copy(server, client);
    Ok(())
}

/// Copies until one side ends, and hands its end on.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let ended = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    if ended.is_err() {
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    /// Starts a server that answers each connection with this text.
    fn server(text: &'static str) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let _ = client.write_all(text.as_bytes());
            }
        });
        port
    }

    #[test]
    fn connections_go_to_the_servers_in_turn_and_never_to_one_that_is_gone() {
        let gone = {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap().port()
        };
        let (one, other) = (server("one "), server("other "));
        let proxy = RoundRobin::over(vec![one, other, gone]);
        let ask = || {
            let mut text = String::new();
            let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        let answers: String = (0..6).map(|_| ask()).collect();
        assert_eq!(
            answers.matches("one").count() + answers.matches("other").count(),
            6
        );
        assert!(answers.contains("one") && answers.contains("other"));
        proxy.set(vec![other]);
        assert_eq!((ask() + &ask()).as_str(), "other other ");
    }
}
