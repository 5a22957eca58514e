//! Calls of services that host repositories.

use super::course::{Algebra, settings};
use super::git_server::{GitServer, file};
use nbcourier_testkit::{Call, Finish as _, Reply};
use serde_json::{Value, json};

fn call(algebra: &Algebra, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let call: Call = algebra.server.call("POST", path);
    let call = call.body("application/json", body);
    let call = headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    algebra.server.send(&call)
}

/// Returns the HMAC-SHA-256 of the body in hexadecimal digits.
fn signature(secret: &str, body: &str) -> String {
    use std::process::Command;
    let output = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", secret, "-r"])
        .finish_with(body.as_bytes())
        .unwrap()
        .stdout;
    String::from_utf8(output).unwrap()[..64].to_owned()
}

#[test]
fn a_signed_call_makes_the_server_look_and_every_other_one_is_no_address() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![("a", file("1"))]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let set: Value = algebra.set(&settings(&git.url("lecture"))).ok().json();
    assert_eq!(algebra.outcome(None).word, "updated");
    let (hook, secret) = (
        set["hook"].as_str().unwrap(),
        set["hook_secret"].as_str().unwrap(),
    );
    let path = format!("hooks/{}", hook.rsplit('/').next().unwrap());
    assert!(hook.ends_with(&format!("/api/{path}")), "{hook}");
    let again = algebra.set(&settings(&git.url("lecture"))).ok().json();
    assert_eq!(
        (&again["hook"], &again["hook_secret"]),
        (&set["hook"], &Value::Null)
    );
    algebra.outcome(None);
    let body = "{\"ref\": \"refs/heads/main\"}";
    let signed = signature(secret, body);
    let hub = format!("sha256={signed}");
    let looks = || {
        algebra
            .runs()
            .iter()
            .filter(|run| run["cause"] == "hook")
            .count()
    };
    let long = "x".repeat(1024 * 1024 + 1);
    for (path, headers, body) in [
        (path.as_str(), vec![], body),
        (
            path.as_str(),
            vec![("X-Hub-Signature-256", signature("other", body))],
            body,
        ),
        (
            path.as_str(),
            vec![("X-Hub-Signature-256", hub.clone())],
            "{}",
        ),
        (
            path.as_str(),
            vec![("X-Gitlab-Token", "other".to_owned())],
            body,
        ),
        (path.as_str(), vec![("X-Gitlab-Token", String::new())], body),
        (
            path.as_str(),
            vec![("X-Hub-Signature-256", signature(secret, &long))],
            long.as_str(),
        ),
        (
            "hooks/0123456789abcdef0123456789abcdef",
            vec![("X-Hub-Signature-256", hub.clone())],
            body,
        ),
        ("hooks/x", vec![("X-Hub-Signature-256", hub.clone())], body),
        ("hooks/..%2f", vec![], body),
    ] {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let reply = call(&algebra, path, &headers, body);
        assert_eq!(reply.status, 404, "{path} {headers:?}");
    }
    assert_eq!(looks(), 0);
    repo.commit(vec![("a", file("2"))]);
    for headers in [
        [("X-Hub-Signature-256", hub.as_str())],
        [("X-Gitea-Signature", signed.as_str())],
        [("X-Gitlab-Token", secret)],
    ] {
        assert_eq!(
            call(&algebra, &path, &headers, body).status,
            202,
            "{headers:?}"
        );
    }
    // Three calls at once make one look, ten seconds after the last one.
    assert_eq!(algebra.outcome(None).word, "updated");
    assert_eq!(looks(), 1);
    assert_eq!(algebra.materials().text("a"), "2");
    let removed = algebra.send("DELETE", super::course::SOURCE, "kevin", &json!(null));
    assert_eq!(removed.status, 204);
    assert_eq!(
        call(&algebra, &path, &[("X-Gitlab-Token", secret)], body).status,
        404
    );
}
