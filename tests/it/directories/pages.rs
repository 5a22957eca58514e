//! The pages of directories: what they show, what their forms do, and what they refuse.

use super::client::{Directory, put};
use nbcourier_testkit::browser::{Browser, PageTokens};
use nbcourier_testkit::hub::user_model;
use nbcourier_testkit::{Call, Course, FakeHub, Form, Reply, Server, Setup, percent_encode};
use serde_json::json;

/// Returns a POST of this user of a stand-alone server, and the token of their pages.
fn by_page(server: &Server, target: &str, user: &str) -> (Call, String) {
    let token = PageTokens::of(&server.page("me", user).ok()).writing;
    (server.call("POST", target).browser(user), token)
}

/// Sends a form of a page.
pub fn post(server: &Server, target: &str, user: &str, fields: &[(&str, &str)]) -> Reply {
    let (call, token) = by_page(server, target, user);
    let form = Form::new().field("csrf_token", &token);
    let fields = fields.iter();
    let form = fields.fold(form, |form, (name, value)| form.field(name, value));
    server.send(&call.form(&form))
}

/// Sends a form of a page with files.
pub fn upload(server: &Server, target: &str, user: &str, parts: &[(&str, &str)]) -> Reply {
    let (call, token) = by_page(server, target, user);
    let boundary = Form::BOUNDARY;
    let token = [("csrf_token", token.as_str())];
    let parts = token.iter().chain(parts);
    let parts = parts.map(|(name, value)| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        format!("--{boundary}\r\n{head}\r\n\r\n{value}\r\n")
    });
    let body = parts.collect::<String>() + &format!("--{boundary}--\r\n");
    let kind = format!("multipart/form-data; boundary={boundary}");
    server.send(&call.body(&kind, body))
}

#[track_caller]
pub fn is_redirect(reply: &Reply, to: &str) {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let location = reply.header("location").unwrap_or_default();
    assert!(location.ends_with(to), "{location}");
}

#[test]
fn an_instructor_publishes_material_and_a_student_reads_it() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let made = [
        ("owner", "course:algebra"),
        ("name", "data"),
        ("description", "Rain & sun"),
        ("deliver", "algebra"),
        ("at-start", "on"),
    ];
    let reply = post(&server, "d/new", "kevin", &made);
    is_redirect(&reply, "d/course%3Aalgebra/data?done=created#done");
    let files = [
        ("path", "week 1"),
        ("message", "First week"),
        ("files\"; filename=\"rain.csv", "1,2"),
        ("files\"; filename=\"sun.csv", "3,4"),
        ("folder\"; filename=\"all/deep/x.txt", "deep"),
    ];
    let at = "d/course:algebra/data";
    let reply = upload(&server, &format!("{at}/upload"), "kevin", &files);
    is_redirect(
        &reply,
        "d/course%3Aalgebra/data/in/week%201?done=uploaded#done",
    );
    let again = upload(&server, &format!("{at}/upload"), "kevin", &files);
    is_redirect(&again, "?done=same#done");
    let directory = Directory::of(&server, "course:algebra", "data", "kevin");
    let paths = [
        "week 1/",
        "week 1/deep/",
        "week 1/deep/x.txt",
        "week 1/rain.csv",
        "week 1/sun.csv",
    ];
    assert_eq!(directory.paths(""), paths);
    assert_eq!(directory.version(), 2);
    let facts = directory.get("").ok().json();
    assert_eq!(facts["deliver_at_start"], true);

    let page = server.get("c/algebra", "lawrence").ok().text();
    assert!(page.contains("/d/course%3Aalgebra/data\""), "{page}");
    assert!(page.contains("Rain &#38; sun"), "{page}");
    let page = server.get(at, "lawrence").ok().text();
    assert!(page.contains("/in/week%201\""), "{page}");
    assert!(page.contains("First week"), "{page}");
    assert!(!page.contains("type=\"file\""), "a reader uploads nothing");
    let page = server.get(&format!("{at}/in/week%201"), "lawrence").ok();
    assert!(page.text().contains("/files/week%201/rain.csv\""));
    let file = server.get(&format!("{at}/files/week%201/rain.csv"), "lawrence");
    assert_eq!(file.ok().text(), "1,2");
    let zip = server
        .get(&format!("{at}/zip?path=week%201"), "lawrence")
        .ok();
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    assert!(
        zip.header("content-disposition")
            .unwrap()
            .contains("week 1-2.zip")
    );
    let whole = server.get(&format!("{at}/zip?version=1"), "lawrence").ok();
    assert!(whole.body.starts_with(b"PK\x05\x06"), "an empty archive");
}

#[test]
fn an_upload_is_stored_whole_or_refused_with_a_sentence() {
    let server = Setup::standalone().start();
    let data = Directory::make(&server, "ada", "data", "ada");
    data.change(&json!([{ "op": "mkdir", "path": "rain" }]))
        .ok();
    let send = |parts: &[(&str, &str)]| upload(&server, "d/ada/data/upload", "ada", parts);
    let clash = send(&[
        ("files\"; filename=\"new.txt", "1"),
        ("files\"; filename=\"rain", "2"),
    ]);
    assert_eq!(clash.status, 400);
    assert!(
        clash.text().contains("rain cannot be both"),
        "{}",
        clash.text()
    );
    assert_eq!(send(&[("path", "")]).status, 400);
    for path in ["..", "a/../b", "/x/../y", "a\u{7}"] {
        let refused = send(&[("path", path), ("files\"; filename=\"new.txt", "1")]);
        assert_eq!(refused.status, 400, "{path:?}");
    }
    let long = "x".repeat(256);
    let refused = send(&[(&format!("files\"; filename=\"{long}"), "1")]);
    assert_eq!(refused.status, 400);
    assert_eq!(data.paths(""), ["rain/"]);
    assert_eq!(data.version(), 2);
}

#[test]
fn forms_make_folders_label_restore_copy_and_remove() {
    let server = Setup::standalone().start();
    let data = Directory::make(&server, "ada", "data", "ada");
    data.put("a.txt", "1").ok();
    data.put("b.txt", "2").ok();
    let send = |rest: &str, fields: &[(&str, &str)]| {
        post(&server, &format!("d/ada/data/{rest}"), "ada", fields)
    };
    is_redirect(
        &send("folder", &[("name", "unit")]),
        "/in/unit?done=folder#done",
    );
    is_redirect(
        &send("remove", &[("what", "a.txt"), ("what", "unit")]),
        "?done=removed#done",
    );
    assert_eq!(data.paths(""), ["b.txt"]);
    let label = [("step", "label"), ("version", "3"), ("label", "as taught")];
    is_redirect(&send("versions", &label), "?done=labelled#done");
    let restore = [("step", "restore"), ("version", "3")];
    is_redirect(&send("versions", &restore), "?done=restored#done");
    is_redirect(&send("versions", &restore), "?done=same#done");
    assert_eq!(data.paths(""), ["a.txt", "b.txt"]);
    let page = server.get("d/ada/data/versions", "ada").ok().text();
    assert!(page.contains("value=\"as taught\""), "{page}");
    let earlier = server.get("d/ada/data?version=2", "ada").ok().text();
    assert!(!earlier.contains("b.txt"), "{earlier}");
    assert!(earlier.contains("the files of version 2"), "{earlier}");
    is_redirect(
        &send("copy", &[("name", "mine"), ("version", "3")]),
        "?done=copied#done",
    );
    is_redirect(&send("delete", &[]), "d/trash?done=deleted#done");
    let page = server.get("d/trash", "ada").ok().text();
    let id = page.split("name=\"what\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    assert_eq!(post(&server, "d/trash", "eve", &[("what", id)]).status, 404);
    let back = post(&server, "d/trash", "ada", &[("what", id)]);
    is_redirect(&back, "d/ada/data?done=untrashed#done");
    let saved = send(
        "settings",
        &[("name", "measured"), ("description", "Rain\r\nSun")],
    );
    is_redirect(&saved, "d/ada/measured/settings?done=saved#done");
    let facts = Directory::of(&server, "ada", "measured", "ada")
        .get("")
        .ok()
        .json();
    assert_eq!(facts["description"], "Rain\nSun");
    for (rest, fields) in [
        ("versions", &[("step", "label"), ("version", "99")][..]),
        ("versions", &[("step", "label"), ("version", "x")]),
        ("versions", &[("step", "nonsense"), ("version", "1")]),
        ("remove", &[]),
        ("folder", &[("name", "../x")]),
        ("copy", &[("name", "")]),
        ("settings", &[("name", "")]),
    ] {
        let refused = post(&server, &format!("d/ada/measured/{rest}"), "ada", fields);
        assert!(matches!(refused.status, 400 | 404), "{rest} {fields:?}");
    }
}

#[test]
fn a_form_grants_access_to_one_receiver_and_leaves_the_others() {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let data = Directory::make(&server, "ada", "data", "ada");
    data.grant(&json!([{ "kind": "user", "name": "ben", "level": "read" }]));
    let grant = |kind: &str, name: &str, level: &str| {
        let fields = [("kind", kind), ("name", name), ("level", level)];
        post(&server, "d/ada/data/sharing", "ada", &fields)
    };
    is_redirect(&grant("members", "algebra", "write"), "?done=shared#done");
    is_redirect(&grant("group", "guests", "read"), "?done=shared#done");
    is_redirect(&grant("everybody", "", "read"), "?done=shared#done");
    is_redirect(&grant("user", "ben", "admin"), "?done=shared#done");
    is_redirect(&grant("group", "guests", "none"), "?done=unshared#done");
    let given = data.get("/grants").ok().json();
    let given: Vec<String> = given["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| {
            format!("{} {} {}", grant["kind"], grant["name"], grant["level"]).replace('"', "")
        })
        .collect();
    for expected in [
        "user ben admin",
        "course algebra write",
        "everybody null read",
    ] {
        assert!(given.iter().any(|grant| grant == expected), "{given:?}");
    }
    assert_eq!(given.len(), 3, "{given:?}");
    let page = server.get("d/ada/data/sharing", "ada").ok().text();
    assert!(page.contains("the members of algebra"), "{page}");
    // A reader sees only what was granted to them.
    let page = server.get("d/ada/data/sharing", "lawrence").ok().text();
    assert!(!page.contains("ben"), "{page}");
    for (kind, name, level) in [
        ("everybody", "", "admin"),
        ("user", "", "read"),
        ("nonsense", "x", "read"),
        ("user", "ben", "nonsense"),
        ("user", "a/b", "read"),
        ("members", "nothing", "read"),
    ] {
        let refused = grant(kind, name, level);
        assert!(matches!(refused.status, 400 | 404), "{kind} {name} {level}");
    }
    let by_reader = post(
        &server,
        "d/ada/data/sharing",
        "lawrence",
        &[("kind", "everybody"), ("level", "none")],
    );
    assert_eq!(by_reader.status, 403);
}

#[test]
fn a_directory_without_access_and_no_directory_have_the_same_pages() {
    let server = Setup::standalone().start();
    Directory::make(&server, "ada", "data", "ada")
        .put("a.txt", "1")
        .ok();
    let without_name = |reply: &Reply| {
        assert_eq!(reply.status, 404, "{}", reply.text());
        let text = reply.steady_text();
        text.replace("none", "data").replace("nobody-here", "ada")
    };
    for rest in [
        "",
        "/in/a",
        "/files/a.txt",
        "/look/a.txt",
        "/zip",
        "/versions",
        "/sharing",
        "/settings",
        "?version=1",
    ] {
        let here = server.get(&format!("d/ada/data{rest}"), "eve");
        for other in ["d/ada/none", "d/nobody-here/data", "d/course:none/data"] {
            let there = server.get(&format!("{other}{rest}"), "eve");
            let there = without_name(&there).replace("course%3Adata", "ada");
            assert_eq!(without_name(&here), there, "{other}{rest}");
        }
    }
    for rest in [
        "folder", "remove", "copy", "versions", "sharing", "settings", "delete",
    ] {
        let reply = post(&server, &format!("d/ada/data/{rest}"), "eve", &[]);
        assert_eq!(reply.status, 404, "{rest}");
    }
    let sent = upload(
        &server,
        "d/ada/data/upload",
        "eve",
        &[("files\"; filename=\"x", "1")],
    );
    assert_eq!(sent.status, 404);
    for all in [
        "d",
        "d?owner=ada",
        "d?reach=everybody",
        "d?q=data",
        "d?owner=course:none",
    ] {
        let page = server.get(all, "eve").ok().text();
        assert!(!page.contains("/d/ada/data"), "{all}");
    }
}

#[test]
fn names_on_the_page_of_a_directory_are_text() {
    let server = Setup::standalone().start();
    let data = Directory::make(&server, "ada", "data", "ada");
    let hostile = "<img src=x onerror=alert(1)>\"'&.txt";
    let folder = "<script>alert(2)<";
    data.put(&percent_encode(hostile), "1").ok();
    data.put(&percent_encode(&format!("{folder}/x")), "1").ok();
    let label = [("step", "label"), ("version", "2"), ("label", hostile)];
    post(&server, "d/ada/data/versions", "ada", &label);
    let facts = json!({ "description": hostile });
    data.send("PATCH", "", &facts).ok();
    let below = format!("d/ada/data/in/{}", percent_encode(folder));
    for target in [
        "d",
        "d/ada/data",
        "d/ada/data?version=2",
        "d/ada/data/versions",
        "d/ada/data/settings",
        &below,
    ] {
        let page = server.get(target, "ada").ok();
        let text = page.text();
        assert!(
            !text.contains("<img") && !text.contains("<script>"),
            "{target}: {text}"
        );
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'")
        );
    }
    let file = server.get(
        &format!("d/ada/data/files/{}", percent_encode(hostile)),
        "ada",
    );
    assert_eq!(file.ok().text(), "1");
}

#[test]
fn a_page_in_a_directory_is_saved_or_shown_as_text() {
    let server = Setup::standalone().start();
    let data = Directory::make(&server, "ada", "data", "ada");
    let html = "<script>document.title='hit'</script>";
    data.put("page.html", html).ok();
    data.put("page.md", html).ok();
    for name in ["page.html", "page.md"] {
        let file = server.get(&format!("d/ada/data/files/{name}"), "ada").ok();
        assert!(
            file.header("content-disposition")
                .unwrap()
                .starts_with("attachment")
        );
        assert_eq!(
            file.header("content-type"),
            Some("application/octet-stream")
        );
        let policy = file.header("content-security-policy").unwrap();
        assert!(policy.starts_with("sandbox"), "{policy}");
        let look = server.get(&format!("d/ada/data/look/{name}"), "ada");
        assert_eq!(look.status, 303);
        let ticket = look.header("location").unwrap().to_owned();
        let shown = server.send(&Call::new("GET", &ticket)).ok();
        assert_eq!(
            shown.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        let policy = shown.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("sandbox; default-src 'none'"),
            "{policy}"
        );
        assert_eq!(shown.text(), html);
        let (place, _) = ticket.rsplit_once('/').unwrap();
        for other in ["nothing", "..%2fx", "%00"] {
            let reply = server.send(&Call::new("GET", &format!("{place}/{other}")));
            assert!(matches!(reply.status, 400 | 404), "{other}");
        }
    }
    let look = server.get("d/ada/data/look/page.md", "ada");
    let ticket = look.header("location").unwrap().to_owned();
    server.send(&data.call("DELETE", ""));
    // Nothing of a deleted directory is shown any more.
    let gone = server.send(&Call::new("GET", &ticket));
    assert_eq!(gone.status, 404);
}

#[test]
fn a_form_that_no_page_of_ours_held_changes_no_directory() {
    let hub = FakeHub::start();
    hub.gives("ada", user_model("ada"));
    let server = Setup::behind(&hub).start();
    let new = server.call("POST", "v1/directories").token("ada");
    let new = new.body("application/json", json!({ "name": "data" }).to_string());
    assert_eq!(server.send(&new).status, 201);
    let browser = Browser::logged_in(&server, &hub, "ada");
    let tokens = browser.tokens(&server);
    let post = |rest: &str, token: &str, headers: &[(&str, &str)]| {
        let form = Form::new().field("name", "x").field("csrf_token", token);
        let mut call = server.call("POST", rest).form(&form);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        server.send(&browser.with_cookies(call)).status
    };
    let own = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ];
    let foreign = [
        ("Origin", "https://elsewhere.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    for rest in [
        "d/new",
        "d/trash",
        "d/ada/data/folder",
        "d/ada/data/remove",
        "d/ada/data/copy",
        "d/ada/data/versions",
        "d/ada/data/sharing",
        "d/ada/data/settings",
        "d/ada/data/delete",
    ] {
        assert_eq!(post(rest, "guessed", &own), 403, "{rest}");
        assert_eq!(post(rest, &tokens.reading, &own), 403, "{rest}");
        assert_eq!(post(rest, &tokens.writing, &foreign), 403, "{rest}");
    }
    for token in ["guessed", &tokens.reading] {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"files\"; filename=\"x\"\r\n\r\n1\r\n--b--\r\n"
        );
        let call = server.call("POST", "d/ada/data/upload");
        let call = call.body("multipart/form-data; boundary=b", body);
        assert_eq!(server.send(&browser.with_cookies(call)).status, 403);
    }
    let listed = server.call("GET", "v1/directories/ada/data").token("ada");
    assert_eq!(server.send(&listed).ok().json()["version"], 1);
    assert_eq!(post("d/ada/data/folder", &tokens.writing, &own), 303);
    // A script or a frame gets no page of a directory.
    let framed = server
        .call("GET", "d/ada/data")
        .header("Sec-Fetch-Dest", "iframe");
    let framed = framed
        .header("Sec-Fetch-Mode", "navigate")
        .header("Sec-Fetch-Site", "same-origin");
    assert_eq!(server.send(&browser.with_cookies(framed)).status, 403);
}

#[test]
fn a_directory_with_many_files_has_bounded_pages() {
    let server = Setup::standalone().start();
    let data = Directory::make(&server, "ada", "data", "ada");
    for part in 0..4 {
        let puts: Vec<_> = (0..5000)
            .map(|n| put(&format!("f{part}-{n:04}"), "1"))
            .collect();
        data.change_with(&json!(puts), &["1"]).ok();
    }
    let mut target = "d/ada/data".to_owned();
    let (mut pages, mut files) = (0, 0);
    loop {
        let page = server.get(&target, "ada").ok();
        assert!(page.body.len() < 512 * 1024, "{}", page.body.len());
        let text = page.text();
        files += text.matches("/files/f").count();
        pages += 1;
        let next = text.split("class=\"button\" href=\"").skip(1);
        let mut next = next.filter_map(|rest| rest.split('"').next());
        let Some(next) = next.find(|href| href.contains("after=")) else {
            break;
        };
        let next = next.replace("&#38;", "&").replace("&amp;", "&");
        target = next.strip_prefix(server.prefix()).unwrap().to_owned();
        assert!(pages < 100);
        if pages == 3 {
            break;
        }
    }
    assert_eq!((pages, files), (3, 1500));
    let last = server.get("d/ada/data?after=f3-4990", "ada").ok().text();
    assert_eq!(last.matches("/files/f").count(), 9);
}
