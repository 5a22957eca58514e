//! Shared pages that are kept: the clean-up, quotas, people, courses, and copies of all data.

use super::{Link, course, send};
use crate::keeping::place::{command, done};
use crate::sql::Sql;
use nbcourier_testkit::{Server, Setup};
use std::path::Path;

/// A page that is too large for the database.
fn large(letter: &str) -> String {
    letter.repeat(100_000)
}

fn share_large(server: &Server, user: &str, letter: &str) -> Link {
    let page = large(letter);
    let part = ("page", "a.html", "text/html", page.as_str());
    let made = send(server, user, "course=algebra&title=large", &[part]);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let token = made["url"].as_str().unwrap().rsplit('/').next();
    Link {
        id: made["id"].as_i64().unwrap(),
        token: token.unwrap().to_owned(),
    }
}

fn read(server: &Server, link: &Link, user: &str) -> String {
    let contents = link.contents(server, user);
    server.send(&server.call("GET", &contents)).ok().text()
}

#[test]
fn the_clean_up_keeps_what_links_show_and_removes_what_none_shows() {
    let server = course(&Setup::standalone(), "course");
    let (kept, revoked) = (
        Link::make(&server, "ada", ""),
        share_large(&server, "ada", "r"),
    );
    let (expired, large_one) = (
        share_large(&server, "ada", "e"),
        share_large(&server, "ada", "l"),
    );
    let mut sql = Sql::of(&server);
    let clean = || done(&server.data_dir(), &["gc", "--grace", "0"]);
    clean();
    assert_eq!(sql.count("count(*)", "blobs"), 5);
    revoked.revoke_ok(&server, "ada");
    sql.execute(&format!(
        "UPDATE shares SET expires_at = 1 WHERE id = {}",
        expired.id
    ));
    sql.execute(&format!(
        "UPDATE shares SET revoked_at = 1 WHERE id = {}",
        revoked.id
    ));
    clean();
    assert_eq!(sql.count("count(*)", "blobs"), 3);
    assert_eq!(read(&server, &large_one, "bob"), large("l"));
    kept.open(&server, "bob").ok();
    // Links that ended long ago are forgotten.
    assert_eq!(sql.count("count(*)", "shares"), 2);
    assert_eq!(expired.open(&server, "ada").status, 404);
    done(&server.data_dir(), &["fsck"]);
}

#[test]
fn shared_pages_count_for_the_quota_of_their_maker() {
    let setup = Setup::standalone().args(&["--max-user-size", "250000"]);
    let server = course(&setup, "course");
    let first = share_large(&server, "ada", "a");
    share_large(&server, "ada", "b");
    let page = large("c");
    let part = ("page", "a.html", "text/html", page.as_str());
    let refused = || send(&server, "ada", "course=algebra&title=large", &[part]);
    let reply = refused();
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(reply.text().contains("shared pages"), "{}", reply.text());
    share_large(&server, "bob", "c");
    first.revoke_ok(&server, "ada");
    assert_eq!(refused().status, 201);
}

#[test]
fn a_backup_and_a_restored_exchange_have_the_pages() {
    let setup = Setup::standalone();
    let server = course(&setup, "course");
    let small = Link::make(&server, "ada", "");
    let large_one = share_large(&server, "ada", "x");
    let backup = setup.beside("backup");
    let restored = Setup::standalone();
    done(&server.data_dir(), &["backup", backup.to_str().unwrap()]);
    drop(server);
    let place = restored.data_dir();
    done(&place, &["restore", backup.to_str().unwrap()]);
    done(&place, &["fsck"]);
    let server = restored.start();
    assert_eq!(read(&server, &large_one, "bob"), large("x"));
    small.open(&server, "bob").ok();
}

/// Runs a command about a person on the data.
fn user(data: &Path, arguments: &[&str]) {
    let place = ["--data-dir", data.to_str().unwrap()];
    let (code, printed) = command(&[&["user"], &arguments[..1], &place, &arguments[1..]].concat());
    assert_eq!(code, 0, "{arguments:?}: {printed}");
}

#[test]
fn pages_go_with_the_names_of_people() {
    let server = course(&Setup::standalone(), "course");
    let (adas, bobs) = (
        Link::make(&server, "ada", ""),
        Link::make(&server, "bob", ""),
    );
    Link::make(&server, "ada", "").revoke_ok(&server, "kevin");
    let directory = server.data_dir();
    let exported = directory.join("ada.tar");
    user(
        &directory,
        &["export", "ada", "--output", exported.to_str().unwrap()],
    );
    let archive = String::from_utf8_lossy(&std::fs::read(&exported).unwrap()).into_owned();
    for part in [
        "shares.json",
        "A plot",
        "shares/",
        super::PAGE,
        super::NOTEBOOK,
    ] {
        assert!(archive.contains(part), "{part}");
    }
    user(&directory, &["rename", "ada", "countess"]);
    user(&directory, &["rename", "kevin", "kev"]);
    let listed = server.get("v1/shares", "countess").ok().json();
    assert_eq!(listed["shares"].as_array().unwrap().len(), 2);
    assert_eq!(listed["shares"][0]["revoked_by"], "kev");
    adas.open(&server, "countess").ok();
    user(&directory, &["merge", "countess", "bob", "--yes"]);
    let listed = server.get("v1/shares", "bob").ok().json();
    assert_eq!(listed["shares"].as_array().unwrap().len(), 3);
    user(&directory, &["purge", "bob", "--yes"]);
    for link in [adas, bobs] {
        assert_eq!(link.open(&server, "kev").status, 404);
    }
    assert_eq!(Sql::of(&server).count("count(*)", "shares"), 0);
}

#[test]
fn pages_go_into_the_trash_and_back_with_their_course() {
    let server = course(&Setup::standalone(), "hub");
    let link = Link::make(&server, "ada", "&audience=hub");
    server.delete("course/algebra", "root").ok();
    for reader in ["ada", "eve"] {
        assert_eq!(link.open(&server, reader).status, 404, "{reader}");
    }
    assert_eq!(
        server.get("v1/shares", "ada").ok().json()["shares"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(link.revoke(&server, "ada").status, 404);
    // They are still ada's.
    let exported = server.data_dir().join("ada.tar");
    let arguments = ["export", "ada", "--output", exported.to_str().unwrap()];
    user(&server.data_dir(), &arguments);
    let archive = String::from_utf8_lossy(&std::fs::read(&exported).unwrap()).into_owned();
    for part in ["\"deleted\": true", super::PAGE] {
        assert!(archive.contains(part), "{part}");
    }
    let trash = server.get("v1/trash", "root").ok().json();
    let id = trash["courses"][0]["id"].to_string();
    server
        .send(&server.call("POST", &format!("v1/trash/{id}?user=root")))
        .ok();
    link.open(&server, "eve").ok();
}
