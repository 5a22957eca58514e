//! The people who see a shared page, the time until its link ends, and the headers of its reply.

use super::{HTML, Link, NOTEBOOK, PAGE, allow, course, send};
use crate::sql::Sql;
use nbcourier_testkit::{Course, Setup, eventually};

#[test]
fn members_see_what_one_of_them_shares_and_strangers_do_not_learn_that_it_exists() {
    let server = course(&Setup::standalone(), "course");
    let link = Link::make(&server, "ada", "");
    for reader in ["ada", "bob", "kevin", "root"] {
        let frame = link.open(&server, reader).ok();
        let text = frame.text();
        for part in [
            "A plot",
            "ada",
            "a copy",
            "For members of the course algebra",
            "<iframe",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(
            text.contains("sandbox referrerpolicy=\"no-referrer\""),
            "{text}"
        );
        let policy = frame.header("content-security-policy").unwrap();
        let frames = format!("; frame-src http://localhost{}shared/", server.prefix());
        assert!(policy.ends_with(&frames), "{policy}");
    }
    let unknown = server.get(&format!("shared/{}", "0".repeat(32)), "eve");
    let stranger = link.open(&server, "eve");
    assert_eq!((unknown.status, stranger.status), (404, 404));
    let shown = |text: String| text.split("<main").nth(1).map(str::to_owned);
    let said = |reply: &nbcourier_testkit::Reply| {
        let text = shown(reply.text()).unwrap();
        text.split("<footer")
            .next()
            .unwrap()
            .split("Request")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(said(&unknown), said(&stranger));

    // Once revoked, those who might see it learn that it is over, and others nothing.
    link.revoke_ok(&server, "ada");
    for (reader, status) in [("bob", 410), ("ada", 410), ("eve", 404)] {
        assert_eq!(link.open(&server, reader).status, status, "{reader}");
        let source = format!("shared/{}/source", link.token);
        assert_eq!(server.get(&source, reader).status, status, "{reader}");
    }
    link.revoke_ok(&server, "ada");
    let events = server.get("v1/courses/algebra/events", "kevin").ok().json();
    let of = |word: &str| {
        let all = events["events"].as_array().unwrap().iter();
        all.filter(|event| event["action"] == word).count()
    };
    assert_eq!((of("page shared"), of("share revoked")), (1, 1));
}

#[test]
fn the_contents_are_sent_in_a_sandbox_and_only_with_a_ticket() {
    let server = course(&Setup::standalone(), "course");
    let link = Link::make(&server, "ada", "");
    let contents = link.contents(&server, "bob");
    let call = server.call("GET", &contents);
    let page = server.send(&call).ok();
    assert_eq!(page.text(), PAGE);
    let headers = [
        (
            "content-security-policy",
            "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; \
             form-action 'none'",
        ),
        ("content-type", "text/html; charset=utf-8"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-store"),
    ];
    for (name, value) in headers {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    // No cookie and no name counts for the contents.
    let bare = format!("shared/{}/page", link.token);
    for call in [
        server.call("GET", &bare),
        server.call("GET", &format!("{bare}?user=ada")),
        server
            .call("GET", &bare)
            .header("Cookie", "nbcourier-trial=ada"),
        server.call("GET", &format!("{bare}?ticket=forged")),
    ] {
        let reply = server.send(&call);
        assert_eq!(reply.status, 403);
        assert!(!reply.text().contains("42"));
    }
    // A ticket for one page opens no other one.
    let other = Link::make(&server, "ada", "");
    let crossed = contents.replace(&link.token, &other.token);
    assert_eq!(server.send(&server.call("GET", &crossed)).status, 404);
    let unknown = contents.replace(&link.token, &"0".repeat(32));
    assert_eq!(server.send(&server.call("GET", &unknown)).status, 404);
    // A ticket ends with the link.
    link.revoke_ok(&server, "kevin");
    assert_eq!(server.send(&server.call("GET", &contents)).status, 410);
}

#[test]
fn the_notebook_is_saved_if_it_was_sent() {
    let server = course(&Setup::standalone(), "course");
    let link = Link::make(&server, "ada", "");
    let source = server
        .get(&format!("shared/{}/source", link.token), "bob")
        .ok();
    assert_eq!(source.text(), NOTEBOOK);
    assert_eq!(
        source.header("content-disposition"),
        Some("attachment; filename=\"A plot.ipynb\"")
    );
    assert_eq!(
        source.header("content-type"),
        Some("application/octet-stream")
    );
    let alone = send(&server, "ada", "course=algebra&title=alone", &[HTML]).json();
    let url = alone["url"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    assert_eq!(
        server.get(&format!("shared/{token}/source"), "bob").status,
        404
    );
    let frame = server.get(&format!("shared/{token}"), "bob").ok().text();
    assert!(!frame.contains("/source"), "{frame}");
}

#[test]
fn a_page_for_the_hub_is_for_everybody_who_can_log_in() {
    let server = course(&Setup::standalone(), "hub");
    let link = Link::make(&server, "ada", "&audience=hub");
    let frame = link.open(&server, "eve").ok().text();
    assert!(frame.contains("For everybody on this hub"), "{frame}");
    let anonymous = server.call("GET", &format!("shared/{}", link.token));
    let reply = server.send(&anonymous);
    assert_eq!(reply.status, 302, "{}", reply.text());
    assert!(reply.header("location").unwrap().contains("login?next="));
    link.revoke_ok(&server, "ada");
    assert_eq!(link.open(&server, "eve").status, 410);
}

#[test]
fn links_rest_while_the_course_does_not_allow_their_readers() {
    let server = course(&Setup::standalone(), "hub");
    let wide = Link::make(&server, "ada", "&audience=hub");
    let narrow = Link::make(&server, "ada", "");
    let contents = wide.contents(&server, "eve");
    allow(&server, "course");
    assert_eq!(wide.open(&server, "eve").status, 410);
    assert_eq!(server.send(&server.call("GET", &contents)).status, 410);
    narrow.open(&server, "bob").ok();
    allow(&server, "off");
    assert_eq!(narrow.open(&server, "bob").status, 410);
    let states = |user| {
        let listed = server.get("v1/shares", user).ok().json();
        let all = listed["shares"].as_array().unwrap().clone();
        let states = all
            .iter()
            .map(|share| share["state"].as_str().unwrap().to_owned());
        states.collect::<Vec<_>>()
    };
    assert_eq!(states("ada"), ["off", "off"]);
    assert_eq!(states("bob"), [""; 0]);
    allow(&server, "hub");
    wide.open(&server, "eve").ok();
    assert_eq!(states("ada"), ["live", "live"]);
}

#[test]
fn a_link_expires() {
    let server = course(&Setup::standalone(), "course");
    let link = Link::make(&server, "ada", "&days=1");
    let contents = link.contents(&server, "bob");
    let mut sql = Sql::of(&server);
    let lives = sql.count("expires_at - made_at", "shares");
    assert_eq!(lives, 24 * 3600 * 1_000_000);
    sql.execute("UPDATE shares SET expires_at = made_at");
    assert_eq!(link.open(&server, "bob").status, 410);
    assert_eq!(link.open(&server, "eve").status, 404);
    assert_eq!(server.send(&server.call("GET", &contents)).status, 410);
    let listed = server.get("v1/shares", "ada").ok().json();
    assert_eq!(listed["shares"][0]["state"], "expired");
}

#[test]
fn those_who_teach_list_and_revoke_the_links_of_their_course() {
    let server = course(&Setup::standalone(), "course");
    Course::of(&server, "ethics").make(&["abigail"], &["ada"]);
    let link = Link::make(&server, "ada", "");
    let listing = "v1/courses/algebra/shares";
    for (reader, status) in [("bob", 403), ("abigail", 403), ("eve", 403), ("kevin", 200)] {
        assert_eq!(server.get(listing, reader).status, status, "{reader}");
    }
    let share = server.get(listing, "kevin").ok().json()["shares"][0].clone();
    let expected = [
        ("id", link.id.into()),
        ("course", "algebra".into()),
        ("title", "A plot".into()),
        ("audience", "course".into()),
        ("made_by", "ada".into()),
        ("source", true.into()),
        ("state", "live".into()),
        ("revoked_by", serde_json::Value::Null),
    ];
    for (name, value) in expected {
        assert_eq!(share[name], value, "{name}");
    }
    assert!(!share.to_string().contains(&link.token));
    // For others it is as if it did not exist.
    for reader in ["bob", "abigail", "eve"] {
        assert_eq!(link.revoke(&server, reader).status, 404, "{reader}");
    }
    link.open(&server, "bob").ok();
    link.revoke_ok(&server, "kevin");
    let share = server.get("v1/shares", "ada").ok().json()["shares"][0].clone();
    assert_eq!(
        (&share["state"], &share["revoked_by"]),
        (&"revoked".into(), &"kevin".into())
    );
    for id in ["999", "x", "-1"] {
        assert_eq!(
            server.delete(&format!("v1/shares/{id}"), "root").status,
            404,
            "{id}"
        );
    }
}

#[test]
fn a_list_comes_in_pages_the_newest_first() {
    let server = course(&Setup::standalone(), "course");
    let ids: Vec<i64> = (0..3).map(|_| Link::make(&server, "ada", "").id).collect();
    for listing in ["v1/shares", "v1/courses/algebra/shares"] {
        let user = if listing == "v1/shares" {
            "ada"
        } else {
            "kevin"
        };
        let first = server.get(&format!("{listing}?limit=2"), user).ok().json();
        let numbers = |page: &serde_json::Value| {
            let all = page["shares"].as_array().unwrap().iter();
            all.map(|share| share["id"].as_i64().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&first), [ids[2], ids[1]]);
        let cursor = first["next"].as_str().unwrap();
        let rest = server
            .get(&format!("{listing}?cursor={cursor}"), user)
            .ok()
            .json();
        assert_eq!(
            (numbers(&rest), rest["next"].is_null()),
            (vec![ids[0]], true)
        );
        assert_eq!(server.get(&format!("{listing}?cursor=x"), user).status, 400);
    }
}

#[test]
fn the_secret_of_a_link_is_not_logged() {
    let server = course(&Setup::standalone().env("RUST_LOG", "trace"), "course");
    let link = Link::make(&server, "ada", "");
    let contents = link.contents(&server, "bob");
    server.send(&server.call("GET", &contents)).ok();
    for path in ["source", "elsewhere", "page"] {
        server.get(&format!("shared/{}/{path}", link.token), "bob");
    }
    let anonymous = format!("shared/{}", link.token);
    for method in ["GET", "PUT"] {
        server.send(&server.call(method, &anonymous));
    }
    link.revoke_ok(&server, "ada");
    link.open(&server, "bob");
    eventually("the last request is in the log", || {
        server.log().contains("status=410")
    });
    let log = server.log();
    assert!(log.contains("/shared/…/page"), "{log}");
    let leak = log.lines().find(|line| line.contains(&link.token));
    assert_eq!(leak, None);
}

#[test]
fn a_guessed_link_is_limited_by_the_rate_of_requests() {
    let setup = Setup::standalone().args(&["--max-request-rate", "1"]);
    let server = setup.start();
    let guess = |number: u32| server.get(&format!("shared/{number:032x}"), "eve").status;
    let replies: Vec<u16> = (0..100).map(guess).collect();
    assert!(replies.contains(&404), "{replies:?}");
    assert!(replies.contains(&429), "{replies:?}");
    let odd = format!("shared/{}", "a".repeat(5000));
    for address in ["shared/%00", "shared/..%2f..", "shared/%ff", &odd] {
        let status = server.get(address, "sam").status;
        assert!((400..500).contains(&status), "{address}: {status}");
    }
}

#[test]
fn a_page_of_the_largest_size_is_shared_and_a_larger_one_is_not() {
    let server = course(&Setup::standalone(), "course");
    let page = |size| "x".repeat(size);
    let whole = page(20 * 1024 * 1024);
    let part = ("page", "a.html", "text/html", whole.as_str());
    let made = send(&server, "ada", "course=algebra&title=large", &[part]);
    assert_eq!(made.status, 201, "{}", made.text());
    let larger = page(20 * 1024 * 1024 + 1);
    let part = ("page", "a.html", "text/html", larger.as_str());
    let refused = send(&server, "ada", "course=algebra&title=large", &[part]);
    assert_eq!(refused.status, 413, "{}", refused.text());
    let part = ("source", "a.ipynb", "text/plain", larger.as_str());
    let refused = send(&server, "ada", "course=algebra&title=large", &[HTML, part]);
    assert_eq!(refused.status, 413, "{}", refused.text());
}
