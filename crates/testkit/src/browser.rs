//! A browser that logs in to the service through the hub.

use super::{Call, FakeHub, Reply, Server};
use std::collections::BTreeMap;

/// A browser with its cookies for the service.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Opens the home page of a server as the person with this token of the hub, and follows every redirect.
    pub fn logged_in(server: &Server, hub: &FakeHub, token: &str) -> Self {
        let mut browser = Self::default();
        let back = browser.go_to_hub(server, hub, token);
        let landed = browser.get(server, &back);
        assert_eq!(landed.status, 302, "{}", landed.text());
        browser
    }

    /// Opens the home page, goes to the hub, and returns the path to which the hub sends the browser back.
    pub fn go_to_hub(&mut self, server: &Server, hub: &FakeHub, token: &str) -> String {
        let authorize = self.sent_away(server, server.prefix());
        hub.authorize(&authorize, token)
    }

    /// Opens a page and follows redirects within the service; returns the path at the hub to which they lead.
    pub fn sent_away(&mut self, server: &Server, target: &str) -> String {
        let mut target = target.to_owned();
        for _ in 0..5 {
            let reply = self.get(server, &target);
            assert_eq!(reply.status, 302, "{}", reply.text());
            target = location_of(&reply);
            if let Some(from) = target.find("/hub/api/oauth2/authorize") {
                return target[from..].to_owned();
            }
        }
        panic!("no redirect to the hub's authorize page");
    }

    /// Sends a GET with the cookies, and keeps the cookies of the reply.
    pub fn get(&mut self, server: &Server, target: &str) -> Reply {
        let reply = server.send(&self.with_cookies(server.call("GET", target)));
        for cookie in reply.headers("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// Adds the cookies of this browser to the request.
    pub fn with_cookies(&self, call: Call) -> Call {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if pairs.is_empty() {
            call
        } else {
            call.header("Cookie", &pairs.join("; "))
        }
    }
}

/// The tokens that a page gives to its scripts and forms, so that the service recognises their requests.
#[derive(Clone, Debug)]
pub struct PageTokens {
    pub reading: String,
    pub writing: String,
}

impl PageTokens {
    /// Returns the tokens in a page.
    pub fn of(page: &Reply) -> Self {
        let html = page.text();
        let between = |start: &str| {
            let (_, rest) = html.split_once(start).expect("a token in the page");
            let (token, _) = rest.split_once('"').expect("its end");
            token.to_owned()
        };
        Self {
            reading: between("<meta name=\"reading-token\" content=\""),
            writing: between("name=\"csrf_token\" value=\""),
        }
    }
}

impl Browser {
    /// Opens the home page and returns its tokens.
    pub fn tokens(&self, server: &Server) -> PageTokens {
        let page = self.with_cookies(server.call("GET", server.prefix()));
        PageTokens::of(&server.send(&page).ok())
    }

    /// Sends a GET as a script of our own page does.
    pub fn reads(&self, server: &Server, target: &str) -> Reply {
        let token = self.tokens(server).reading;
        let call = server.call("GET", target).header("X-CSRF-Token", &token);
        server.send(&self.with_cookies(call))
    }
}

/// Returns the target of a redirect.
pub fn location_of(reply: &Reply) -> String {
    let location = reply.header("location").expect("a Location");
    location.to_owned()
}
