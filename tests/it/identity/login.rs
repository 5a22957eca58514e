//! Browsers log in through the hub.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nbcourier_testkit::browser::{Browser, location_of};
use nbcourier_testkit::hub::{service_model, user_model};
use nbcourier_testkit::{Call, FakeHub, Form, Reply, Server, Setup, percent_encode};

fn start() -> (FakeHub, Server) {
    let hub = FakeHub::start();
    hub.knows("root").knows("kevin");
    let server = Setup::behind(&hub).start();
    (hub, server)
}

fn home(server: &Server, browser: &Browser) -> Reply {
    server.send(&browser.with_cookies(server.call("GET", server.prefix())))
}

/// Returns the attributes of the cookies that a reply sets, without names and values.
fn cookie_attributes(reply: &Reply) -> Vec<Vec<String>> {
    let cookies = reply.headers("set-cookie").into_iter();
    cookies
        .map(|cookie| {
            cookie
                .split(';')
                .skip(1)
                .map(|part| part.trim().to_lowercase())
                .collect()
        })
        .collect()
}

#[track_caller]
fn assert_not_logged_in(server: &Server, browser: &Browser) {
    browser.clone().sent_away(server, server.prefix());
    let api = server.send(&browser.with_cookies(server.call("GET", "courses")));
    assert_eq!(api.status, 401, "{}", api.text());
}

#[test]
fn somebody_logs_in_and_sees_who_they_are() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    let page = home(&server, &browser).ok();
    assert!(
        page.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    );
    assert!(page.text().contains("kevin"));
    assert_eq!(hub.oauth_complaints(), [""; 0]);
    browser.reads(&server, "courses").ok();
}

#[test]
fn the_page_runs_no_script_of_others() {
    let (hub, server) = start();
    let name = "<img src=x onerror=alert(1)>";
    hub.gives("evil", user_model(name));
    let browser = Browser::logged_in(&server, &hub, "evil");
    let page = home(&server, &browser).ok();
    assert!(!page.text().contains(name));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src"), "{policy}");
    assert!(!policy.contains("'unsafe-inline'"), "{policy}");
    // On a hub with one domain, every user's server is on our origin.
    for kind in ["default-src", "script-src", "style-src"] {
        let (_, rest) = policy.split_once(kind).expect("a rule");
        let rule = rest.split(';').next().expect("its end");
        assert!(!rule.contains("'self'"), "{kind}{rule}");
    }
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let again = home(&server, &browser).ok();
    assert_ne!(
        again.header("content-security-policy"),
        Some(policy),
        "a nonce is used once"
    );
    for (name, value) in [
        ("cross-origin-opener-policy", "noopener-allow-popups"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=()",
        ),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn cookies_are_for_this_service_and_for_no_script() {
    let (hub, server) = start();
    let mut browser = Browser::default();
    let login = format!("{}login", server.prefix());
    let begun = browser.get(&server, &login);
    let back = hub.authorize(&location_of(&begun), "kevin");
    let finished = browser.get(&server, &back);
    let path = format!("path={}", server.prefix());
    for reply in [begun, finished] {
        let cookies = cookie_attributes(&reply);
        assert!(!cookies.is_empty());
        for attributes in cookies {
            for wanted in ["httponly", "samesite=lax", path.as_str()] {
                assert!(
                    attributes.iter().any(|is| is == wanted),
                    "{wanted} is not in {attributes:?}"
                );
            }
            assert!(
                !attributes.iter().any(|is| is == "secure"),
                "plain HTTP: {attributes:?}"
            );
        }
    }
}

#[test]
fn behind_tls_cookies_are_for_tls_only() {
    let (_hub, server) = start();
    let call = server
        .call("GET", server.prefix())
        .header("X-Forwarded-Proto", "https");
    for attributes in cookie_attributes(&server.send(&call)) {
        assert!(attributes.iter().any(|is| is == "secure"), "{attributes:?}");
    }
}

#[test]
fn a_login_ends_in_the_browser_that_began_it() {
    let (hub, server) = start();
    let mut of_kevin = Browser::default();
    let back = of_kevin.go_to_hub(&server, &hub, "kevin");
    let mut of_another = Browser::default();
    of_another.go_to_hub(&server, &hub, "root");
    for mut browser in [Browser::default(), of_another] {
        let before = browser.clone();
        let reply = browser.get(&server, &back);
        assert!((400..500).contains(&reply.status), "{}", reply.status);
        assert_not_logged_in(&server, &browser);
        assert_not_logged_in(&server, &before);
    }
    let landed = of_kevin.get(&server, &back);
    assert_eq!(landed.status, 302);
    home(&server, &of_kevin).ok();
}

#[test]
fn a_reply_that_is_not_from_the_hub_ends_no_login() {
    let (hub, server) = start();
    let mut browser = Browser::default();
    let back = browser.go_to_hub(&server, &hub, "kevin");
    let (path, query) = back.split_once('?').expect("a query");
    let code = query
        .split('&')
        .find(|pair| pair.starts_with("code="))
        .expect("a code");
    let state = query
        .split('&')
        .find(|pair| pair.starts_with("state="))
        .expect("a state");
    let forged = [
        path.to_owned(),
        format!("{path}?{code}"),
        format!("{path}?{state}"),
        format!("{path}?{code}&state="),
        format!("{path}?{code}&state=guessed"),
        format!("{path}?code=guessed&{state}"),
        format!("{path}?error=access_denied&{state}"),
    ];
    for target in forged {
        let mut browser = browser.clone();
        let reply = browser.get(&server, &target);
        assert!(
            (400..500).contains(&reply.status),
            "{} to {target}",
            reply.status
        );
        assert_not_logged_in(&server, &browser);
    }
}

#[test]
fn a_code_is_used_once() {
    let (hub, server) = start();
    let mut browser = Browser::default();
    let back = browser.go_to_hub(&server, &hub, "kevin");
    let mut again = browser.clone();
    assert_eq!(browser.get(&server, &back).status, 302);
    let reply = again.get(&server, &back);
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    assert_not_logged_in(&server, &again);
}

#[test]
fn every_login_has_a_state_and_a_challenge_of_its_own() {
    let (_hub, server) = start();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let location = Browser::default().sent_away(&server, server.prefix());
        let (_, query) = location.split_once('?').expect("a query");
        for pair in query.split('&') {
            if pair.starts_with("state=") || pair.starts_with("code_challenge=") {
                assert!(pair.len() > 30, "{pair} is short");
                assert!(!seen.contains(&pair.to_owned()), "{pair} comes twice");
                seen.push(pair.to_owned());
            }
        }
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn a_tampered_session_is_refused() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    let (name, jwt) = session_of(&browser);
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("not a JWT: {jwt}");
    };
    let as_root = encode(&decode(claims).replace("kevin", "root"));
    assert_ne!(as_root, claims, "the claims name nobody");
    let unsigned = [r#"{"alg":"none"}"#, r#"{"alg":"None","typ":"JWT"}"#].map(encode);
    let other = encode(&decode(header).replace("HS256", "HS512"));
    let mut flipped = signature.to_owned().into_bytes();
    flipped[0] = if flipped[0] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).expect("ASCII");
    let forged = [
        format!("{header}.{as_root}.{signature}"),
        format!("{header}.{claims}.{flipped}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{}.{as_root}.", unsigned[0]),
        format!("{}.{as_root}.{signature}", unsigned[0]),
        format!("{}.{claims}.", unsigned[1]),
        format!("{other}.{claims}.{signature}"),
        String::new(),
        "..".to_owned(),
    ];
    for value in forged {
        let mut browser = Browser::default();
        browser.cookies.insert(name.clone(), value.clone());
        let reply = server.send(&browser.with_cookies(server.call("GET", "courses")));
        assert_eq!(reply.status, 401, "{value}");
    }
    home(&server, &browser).ok();
}

#[test]
fn a_session_outlives_the_process_and_its_key_is_secret() {
    use std::os::unix::fs::PermissionsExt;
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    let setup = server.kill();
    let server = setup.start();
    home(&server, &browser).ok();
    let (_, jwt) = session_of(&browser);
    let signature = jwt.rsplit('.').next().expect("a signature").to_owned();
    let mut keys = 0;
    for entry in std::fs::read_dir(setup.data_dir()).expect("the data directory") {
        let entry = entry.expect("an entry");
        if entry.file_name().to_string_lossy().contains("key") {
            let mode = entry.metadata().expect("its mode").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            keys += 1;
        }
    }
    // With PostgreSQL, it is in the database.
    let expected = usize::from(server.postgres().is_none());
    assert_eq!(
        keys, expected,
        "the signing key is kept in a file of its own"
    );
    // Another installation has another key.
    let elsewhere = Setup::behind(&hub).start();
    let reply = elsewhere.send(&browser.with_cookies(elsewhere.call("GET", "courses")));
    assert_eq!(reply.status, 401);
    assert!(!signature.is_empty());
}

#[test]
fn a_service_does_not_log_in() {
    let (hub, server) = start();
    hub.gives("service", service_model("kevin"));
    let mut browser = Browser::default();
    let back = browser.go_to_hub(&server, &hub, "service");
    let reply = browser.get(&server, &back);
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    assert_not_logged_in(&server, &browser);
}

#[test]
fn a_cookie_without_a_page_token_changes_nothing() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "root");
    let another = Browser::logged_in(&server, &hub, "root").tokens(&server);
    let tokens = browser.tokens(&server);
    let own = ("Origin", "http://localhost");
    let make = |id: &str, headers: &[(&str, &str)]| {
        let form = Form::new()
            .field("instructors", "[]")
            .field("csrf_token", "guessed");
        let mut call = Call::new("POST", &format!("{}course/{id}", server.prefix())).form(&form);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        server.send(&browser.with_cookies(call)).status
    };
    let token = ("X-CSRF-Token", tokens.writing.as_str());
    for (n, headers) in [
        &[][..],
        &[("Origin", "https://elsewhere.example")],
        &[("Origin", "null")],
        &[own, ("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("X-CSRF-Token", "guessed")],
        &[("X-CSRF-Token", "")],
        &[("Referer", "http://localhost/")],
        // A page on our origin is not necessarily our page.
        &[own],
        &[own, ("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "none")],
        &[own, ("X-CSRF-Token", &tokens.reading)],
        &[own, ("X-CSRF-Token", &another.writing)],
        // The token does not override the browser's headers.
        &[token, ("Origin", "https://elsewhere.example")],
        &[token, ("Sec-Fetch-Site", "cross-site")],
        &[token, token],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(make(&format!("no{n}"), headers), 403, "{headers:?}");
    }
    assert_eq!(make("bare", &[token]), 200);
    assert_eq!(
        make("ours", &[token, own, ("Sec-Fetch-Site", "same-origin")]),
        200
    );
    let listed = browser.reads(&server, "courses").ok().json();
    assert_eq!(listed["courses"], serde_json::json!(["bare", "ours"]));
}

#[test]
fn a_cookie_without_a_page_token_reads_nothing() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "root");
    let another = Browser::logged_in(&server, &hub, "root").tokens(&server);
    let tokens = browser.tokens(&server);
    let read = |target: &str, headers: &[(&str, &str)]| {
        let mut call = server.call("GET", target);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        server.send(&browser.with_cookies(call)).status
    };
    let token = ("X-CSRF-Token", tokens.reading.as_str());
    let navigation = [
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
    ];
    for target in [
        "courses",
        "v1/courses",
        "v1/openapi.json",
        "v1/events",
        "nowhere",
    ] {
        for headers in [
            &[][..],
            &navigation,
            &[("Sec-Fetch-Site", "same-origin")],
            &[("X-CSRF-Token", "guessed")],
            &[("X-CSRF-Token", &tokens.writing)],
            &[("X-CSRF-Token", &another.reading)],
            &[token, token],
            &[token, ("Sec-Fetch-Site", "cross-site")],
            &[token, ("Origin", "https://elsewhere.example")],
        ] {
            assert_eq!(read(target, headers), 403, "{target} {headers:?}");
        }
        let expected = if target == "nowhere" { 404 } else { 200 };
        assert_eq!(read(target, &[token]), expected, "{target}");
    }
    let with_token = server
        .call("GET", "courses")
        .header("Sec-Fetch-Site", "cross-site")
        .token("root");
    server.send(&browser.with_cookies(with_token)).ok();
}

#[test]
fn a_page_is_sent_to_a_browser_that_shows_it_and_to_no_script_frame_or_worker() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    let open = |browser: &Browser, headers: &[(&str, &str)]| {
        let mut call = server.call("GET", server.prefix());
        for (name, value) in headers {
            call = call.header(name, value);
        }
        server.send(&browser.with_cookies(call))
    };
    let document = ("Sec-Fetch-Dest", "document");
    open(&browser, &[]).ok();
    open(&browser, &[document, ("Sec-Fetch-Site", "cross-site")]).ok();
    for headers in [
        &[("Sec-Fetch-Dest", "empty")][..],
        &[("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "navigate")],
        &[("Sec-Fetch-Dest", "iframe")],
        &[("Sec-Fetch-Dest", "object")],
        &[("Sec-Fetch-Dest", "")],
        &[document, document],
        &[document, ("Sec-Fetch-Mode", "cors")],
        &[document, ("Service-Worker-Navigation-Preload", "true")],
    ] {
        let refused = open(&browser, headers);
        assert_eq!(refused.status, 403, "{headers:?}");
        assert!(!refused.text().contains("csrf_token"), "{headers:?}");
        // Nothing is looked up: the answer without a session is the same.
        let nobody = open(&Browser::default(), headers);
        assert_eq!(
            (nobody.status, nobody.steady_text()),
            (403, refused.steady_text())
        );
    }
    let by_token = server
        .call("GET", server.prefix())
        .header("Sec-Fetch-Dest", "empty")
        .token("kevin");
    let page = server.send(&by_token).ok();
    assert!(
        !page.text().contains("reading-token"),
        "a token needs no tokens"
    );
}

#[test]
fn the_tokens_of_a_page_look_different_each_time_and_all_are_good() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "root");
    let pages = [(); 3].map(|()| browser.tokens(&server));
    for (n, page) in pages.iter().enumerate() {
        for other in &pages[..n] {
            assert_ne!(page.reading, other.reading);
            assert_ne!(page.writing, other.writing);
        }
        let read = server
            .call("GET", "courses")
            .header("X-CSRF-Token", &page.reading);
        server.send(&browser.with_cookies(read)).ok();
        let make = server
            .call("POST", &format!("course/c{n}"))
            .header("X-CSRF-Token", &page.writing)
            .form(&Form::new().field("instructors", "[]"));
        server.send(&browser.with_cookies(make)).ok();
    }
}

#[test]
fn a_logout_ends_the_session_for_every_copy_of_its_cookie() {
    let (hub, server) = start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    let other = Browser::logged_in(&server, &hub, "kevin");
    let tokens = browser.tokens(&server);
    let copy = browser.clone();
    let log_out = |token: &str| {
        let form = Form::new().field("csrf_token", token);
        let call = server.call("POST", "logout").form(&form);
        server.send(&browser.with_cookies(call))
    };
    for wrong in ["", "guessed", tokens.reading.as_str()] {
        assert_eq!(log_out(wrong).status, 403, "{wrong}");
    }
    home(&server, &copy).ok();
    let page = log_out(&tokens.writing).ok();
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_not_logged_in(&server, &copy);
    let read = server
        .call("GET", "v1/courses")
        .header("X-CSRF-Token", &tokens.reading);
    assert_eq!(server.send(&copy.with_cookies(read)).status, 401);
    // The person's other session continues.
    home(&server, &other).ok();
}

#[test]
fn the_home_page_counts_and_is_logged_like_every_other_request() {
    let hub = FakeHub::start();
    hub.knows("kevin");
    let server = Setup::behind(&hub)
        .args(&["--max-request-rate", "1"])
        .start();
    let browser = Browser::logged_in(&server, &hub, "kevin");
    home(&server, &browser).ok();
    // The line is written after the reply.
    nbcourier_testkit::eventually("a line with the caller", || {
        server
            .log()
            .lines()
            .any(|line| line.contains("caller=kevin") && line.contains(server.prefix()))
    });
    let refused = (0..200).any(|_| home(&server, &browser).status == 429);
    assert!(refused, "the page is free of the rate");
}

#[test]
fn after_the_login_nobody_is_sent_elsewhere() {
    let (hub, server) = start();
    let login = format!("{}login", server.prefix());
    let elsewhere = [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "/hub/home",
        "javascript:alert(1)",
    ];
    for next in elsewhere {
        let mut browser = Browser::default();
        let target = format!("{login}?next={}", percent_encode(next));
        let authorize = browser.sent_away(&server, &target);
        let landed = browser.get(&server, &hub.authorize(&authorize, "kevin"));
        assert_eq!(location_of(&landed), server.prefix(), "{next}");
    }
    let mut browser = Browser::default();
    let ours = format!("{}courses", server.prefix());
    let authorize = browser.sent_away(&server, &format!("{login}?next={}", percent_encode(&ours)));
    let landed = browser.get(&server, &hub.authorize(&authorize, "kevin"));
    assert_eq!(location_of(&landed), ours);
}

/// Returns the session cookie by name and value.
fn session_of(browser: &Browser) -> (String, String) {
    let mut cookies = browser.cookies.iter();
    let (name, value) = cookies.next().expect("a cookie");
    assert!(
        cookies.next().is_none(),
        "more than one cookie is left: {browser:?}"
    );
    (name.clone(), value.clone())
}

fn decode(part: &str) -> String {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .expect("base64 without padding");
    String::from_utf8(bytes).expect("JSON")
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
