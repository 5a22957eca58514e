//! Tokens, cookies and contents are not logged at any level.

use nbcourier_testkit::browser::Browser;
use nbcourier_testkit::{Course, FakeHub, HubBehaviour, SERVICE_TOKEN, Sent, Setup, base64_lines};

#[test]
fn no_secret_is_logged_at_any_level() {
    for format in ["text", "json"] {
        log_no_secret(format);
    }
}

fn log_no_secret(format: &str) {
    let hub = FakeHub::start();
    let known = "known-token-5b1f0c";
    let unknown = "unknown-token-77aa01";
    hub.knows("root").knows("kevin");
    hub.gives(known, nbcourier_testkit::hub::user_model("root"));
    let server = Setup::behind(&hub)
        .env("RUST_LOG", "trace")
        .args(&["--log-format", format])
        .start();
    let content = "what somebody wrote for nobody else to read";

    for scheme in ["token", "Bearer", "Basic"] {
        for token in [known, unknown] {
            let call = server.call("GET", "courses");
            server.send(&call.header("Authorization", &format!("{scheme} {token}")));
        }
    }
    hub.feels(HubBehaviour::Status(500));
    server.send(&server.call("GET", "courses").token("token-in-an-outage-3c"));
    hub.feels(HubBehaviour::Well);
    let browser = Browser::logged_in(&server, &hub, known);
    server
        .send(&browser.with_cookies(server.call("GET", server.prefix())))
        .ok();
    let course = Course::of(&server, "course1").by_token();
    course.make(&["kevin"], &[]);
    course
        .release("challenge", "kevin", &[Sent::new("a", content)])
        .ok();
    course.get("assignment/course1/challenge", "kevin").ok();

    let log = server.log();
    assert!(log.contains("course1"), "nothing is logged:\n{log}");
    let encoded = base64_lines(content.as_bytes());
    let mut secrets = vec![
        known,
        unknown,
        SERVICE_TOKEN,
        "token-in-an-outage-3c",
        content,
        encoded.trim(),
    ];
    secrets.extend(browser.cookies.values().map(String::as_str));
    secrets.extend(["code-1&", "code_verifier=", "client_secret="]);
    for secret in secrets {
        let leak = log.lines().find(|line| line.contains(secret));
        assert!(
            leak.is_none(),
            "{secret} in the log: {}",
            leak.unwrap_or_default()
        );
    }
}
