//! The page of a directory's repository.

use super::course::Algebra;
use super::git_server::{GitServer, TOKEN, file};
use crate::directories::pages::{is_redirect, post};
use nbcourier_testkit::{Reply, eventually};

const PAGE: &str = "d/course:algebra/materials/source";

fn page(algebra: &Algebra, user: &str) -> Reply {
    algebra.server.page(PAGE, user)
}

fn set(algebra: &Algebra, fields: &[(&str, &str)]) -> Reply {
    post(&algebra.server, PAGE, "kevin", fields)
}

fn step(algebra: &Algebra, user: &str, step: &str) -> Reply {
    let target = format!("{PAGE}/steps");
    post(&algebra.server, &target, user, &[("step", step)])
}

#[test]
fn an_instructor_makes_a_directory_follow_a_repository_on_its_page() {
    let git = GitServer::start();
    let repository = git.repository("lecture");
    repository.commit(vec![("a", file("1")), ("left.out", file("1"))]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let empty = page(&algebra, "kevin").ok().text();
    assert!(empty.contains("follows no repository"), "{empty}");
    let url = git.url("private/lecture");
    let fields = [
        ("url", url.as_str()),
        ("exclude", "*.out\r\nx/"),
        ("every", "2h"),
        ("token", TOKEN),
    ];
    let first = set(&algebra, &fields).ok().text();
    let secret = first.split("It is shown only now").nth(1).unwrap();
    let secret = secret.split("<code>").nth(1).unwrap();
    let secret = secret.split("</code>").next().unwrap();
    assert_eq!(secret.len(), 64, "{first}");
    let outcome = algebra.outcome(None);
    assert_eq!(outcome.word, "updated", "{outcome:?}");
    let shown = page(&algebra, "kevin").ok().text();
    for part in [
        &format!("value=\"{url}\""),
        "*.out\nx/</textarea>",
        "value=\"2h\"",
        "There is a token",
        "/hooks/",
        "new version",
        "materials?version=2\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // The token is never shown, and the secret of the hook once.
    for text in [&first, &shown] {
        assert!(!text.contains(TOKEN));
    }
    assert!(!shown.contains(secret));
    assert_eq!(algebra.materials().text("a"), "1");
    // Without a token in the form, the stored one stays. The secret of the hook is the same.
    let kept = set(&algebra, &[("url", &url), ("every", "1h")]);
    is_redirect(
        &kept,
        "d/course%3Aalgebra/materials/source?done=source#done",
    );
    repository.commit(vec![("a", file("2"))]);
    is_redirect(
        &step(&algebra, "kevin", "pull"),
        "d/course%3Aalgebra/materials/source?done=pulling#done",
    );
    eventually("the commit is a version", || {
        algebra.materials().text("a") == "2"
    });
    let removed = set(&algebra, &[("url", &url), ("remove-token", "on")]);
    is_redirect(&removed, "done=source#done");
    assert!(
        page(&algebra, "kevin")
            .ok()
            .text()
            .contains("Only if the repository")
    );
    is_redirect(
        &step(&algebra, "kevin", "remove"),
        "d/course%3Aalgebra/materials/source?done=unfollowed#done",
    );
    let after = page(&algebra, "kevin").ok().text();
    assert!(after.contains("follows no repository"), "{after}");
    assert_eq!(algebra.materials().text("a"), "2", "its files stay");
}

#[test]
fn a_form_that_is_wrong_comes_back_as_it_was_with_the_reason() {
    let git = GitServer::start();
    let algebra = Algebra::start(&Algebra::setup(&git));
    let url = git.url("lecture");
    for (field, value, reason) in [
        ("url", "http://git.example.org/a", "https://"),
        ("url", "https://169.254.169.254/a", "inside this network"),
        ("branch", "--upload-pack=x", "branch"),
        ("folder", "../up", "The folder is a path"),
        ("exclude", "[", "exclude"),
        ("every", "soon", "every is a number of seconds"),
        ("every", "1s", "from 5m to 30d"),
        ("token", "two words", "The token is one word"),
    ] {
        let mut fields = vec![("url", url.as_str()), ("folder", "x\"><script>1")];
        if field != "folder" {
            fields[1].1 = "week/1";
        }
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let reply = set(&algebra, &fields);
        let text = reply.text();
        assert_eq!(reply.status, 400, "{field}: {text}");
        assert!(text.contains("Nothing was changed"), "{field}: {text}");
        assert!(text.contains(reason), "{reason}: {text}");
        if field == "token" {
            assert!(!text.contains("two words"));
        } else {
            assert!(text.contains(value), "{field}: {text}");
        }
        if field != "folder" {
            assert!(text.contains("value=\"week/1\""), "{field}: {text}");
        }
        let shown = page(&algebra, "kevin").ok().text();
        assert!(shown.contains("follows no repository"), "{field}");
    }
    let reply = set(
        &algebra,
        &[("url", &url), ("branch", "\"><script>alert(1)</script>")],
    );
    assert_eq!(reply.status, 400);
    assert!(!reply.text().contains("<script>alert"));
}

#[test]
fn only_instructors_change_a_repository_and_only_staff_see_it() {
    let git = GitServer::start();
    git.repository("lecture").commit(vec![("a", file("1"))]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    set(&algebra, &[("url", &git.url("lecture"))]).ok();
    algebra.outcome(None);
    let before = algebra.runs().len();
    assert_eq!(page(&algebra, "lawrence").status, 403);
    assert_eq!(page(&algebra, "stranger").status, 404);
    for user in ["lawrence", "stranger"] {
        for what in ["pull", "remove"] {
            let reply = step(&algebra, user, what);
            assert!(matches!(reply.status, 403 | 404), "{}", reply.text());
        }
        let wrong = post(
            &algebra.server,
            PAGE,
            user,
            &[("url", "https://a.example/b")],
        );
        assert!(matches!(wrong.status, 403 | 404), "{}", wrong.text());
    }
    assert_eq!(step(&algebra, "kevin", "dance").status, 400);
    assert_eq!(algebra.runs().len(), before);
    // The tab is there for staff only.
    let tab = "/materials/source\"";
    let directory = |user: &str| {
        let page = algebra.server.page("d/course:algebra/materials", user);
        page.ok().text()
    };
    assert!(directory("kevin").contains(tab));
    assert!(!directory("lawrence").contains(tab));
}
