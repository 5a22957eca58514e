//! The pages of administrators.

use crate::people::desk::{ADA, BOB, Desk, IRA};
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::{
    Call, Course, FakeHub, Form, Reply, SERVICE_TOKEN, Sent, Server, Setup, eventually,
    percent_encode, run,
};
use std::process::Command;

/// A name that would be a script if a page did not escape it.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// Returns the text of a page of administrators.
#[track_caller]
fn page(server: &Server, target: &str) -> String {
    let reply = server.get(target, "root");
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    let text = reply.text();
    assert!(!text.contains("<img"), "{target}: {text}");
    text
}

/// Sends a form with the token of a page.
fn send(server: &Server, target: &str, form: &Form) -> Reply {
    let cookie = "nbcourier-trial=root";
    let page = server.send(&server.call("GET", "me").header("Cookie", cookie));
    let page = page.text();
    let token = page.split("name=\"csrf_token\" value=\"").nth(1);
    let token = token.and_then(|rest| rest.split('"').next());
    let form = form.clone().field("csrf_token", token.unwrap_or_default());
    let call = server.call("POST", target).header("Cookie", cookie);
    server.send(&call.form(&form))
}

/// Returns the address to which a form leads, below the prefix.
#[track_caller]
fn leads_to(reply: &Reply, server: &Server) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let place = reply.header("location").unwrap();
    let below = place.strip_prefix(server.prefix()).unwrap();
    below.split('#').next().unwrap().to_owned()
}

#[test]
fn the_state_has_the_sentences_of_doctor_and_the_numbers_of_now() {
    let desk = Desk::new();
    let server = &desk.server;
    let state = page(server, "admin");
    let data = server.data_dir().display().to_string();
    let said = run(&["doctor", "--standalone", "--data-dir", &data]);
    // Doctor wraps lines.
    let said = String::from_utf8(said.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "There is no hub: the server believes the name that each caller gives",
        "For a course, run nbcourier as a service of a JupyterHub, without --standalone",
        "Nobody&#39;s work is set aside",
    ] {
        assert!(state.contains(sentence), "{state}");
        let plain = sentence.replace("&#39;", "'");
        assert!(said.contains(&plain), "{said}");
    }
    assert!(state.contains("A submission can be stored now"), "{state}");
    // The submissions of the last five minutes: two of Ada, and one for Bob.
    assert!(
        state.contains("<b>3</b> submissions in five minutes"),
        "{state}"
    );
    assert!(state.contains("<b>2</b> Courses"), "{state}");
    desk.hand_in(BOB, "late idea");
    assert!(page(server, "admin").contains("<b>4</b> submissions in five minutes"));
    desk.does(&["retire", ADA]);
    let state = page(server, "admin");
    assert!(
        state.contains(&format!("nbcourier user adopt {ADA}"))
            || state.contains("The work of people without an account is set aside"),
        "{state}"
    );
}

#[test]
fn the_live_part_of_the_state_is_sent_again_only_if_it_changed() {
    let desk = Desk::new();
    let server = &desk.server;
    page(server, "admin");
    let call = |tag: Option<&str>| -> Call {
        let call = server.call("GET", "live/state?user=root");
        match tag {
            Some(tag) => call.header("If-None-Match", tag),
            None => call,
        }
    };
    let first = server.send(&call(None));
    assert_eq!(first.status, 200);
    assert!(!first.text().contains("<html"));
    let tag = first.header("etag").unwrap().to_owned();
    // Free space may change between two requests, and with it the tag.
    let unchanged = (0..10).any(|_| {
        let tag = server.send(&call(None)).header("etag").unwrap().to_owned();
        server.send(&call(Some(&tag))).status == 304
    });
    assert!(unchanged);
    desk.hand_in(BOB, "new");
    let changed = server.send(&call(Some(&tag)));
    assert_eq!(changed.status, 200);
    assert_eq!(server.get("live/state", IRA).status, 403);
}

#[test]
fn a_course_is_made_found_and_sorted_and_unknown_names_are_said() {
    let desk = Desk::new();
    let server = &desk.server;
    let form = Form::new()
        .field("course", HOSTILE)
        .field("instructors", &format!("{IRA}\r\nirrade, {HOSTILE}"));
    let made = send(server, "admin/courses", &form);
    let back = page(server, &leads_to(&made, server));
    assert!(back.contains("&#60;img src=x"), "{back}");
    assert!(back.contains("has not seen these names before"), "{back}");
    let unknown = back.split("names before:").nth(1).unwrap();
    let unknown = unknown.split("</p>").next().unwrap();
    assert!(unknown.contains("irrade") && unknown.contains("&#60;img"));
    assert!(!unknown.contains(IRA), "{unknown}");
    let again = send(server, "admin/courses", &form);
    assert_eq!(again.status, 400);
    assert!(
        again
            .text()
            .contains("A course of this name exists already")
    );
    for (course, instructors, says) in [
        ("", "", "cannot be the name of a course"),
        ("a/b", "", "cannot be the name of a course"),
        ("new", "operator:me", "cannot be a user name"),
        ("new", "a/b", "cannot be a user name"),
    ] {
        let form = Form::new()
            .field("course", course)
            .field("instructors", instructors);
        let refused = send(server, "admin/courses", &form);
        assert_eq!(refused.status, 400, "{course:?}");
        assert!(refused.text().contains(says), "{}", refused.text());
    }
    let found = page(server, "admin/courses?find=ALG");
    assert!(found.contains("1 course<") && found.contains(">algebra<"));
    assert!(!found.contains(">maths<"));
    let sorted = |by: &str| {
        let text = page(server, &format!("admin/courses?sort={by}"));
        let at = |name: &str| text.find(&format!(">{name}<")).unwrap();
        at("algebra") < at("maths")
    };
    assert!(sorted("name") && sorted("students") && sorted("submissions"));
    let nothing = page(
        server,
        &format!("admin/courses?find={}", percent_encode(HOSTILE)),
    );
    assert!(nothing.contains("1 course<"), "{nothing}");
    let nothing = page(server, "admin/courses?find=zzz&sort=nonsense&page=-7");
    assert!(nothing.contains("No course has this text"), "{nothing}");
}

#[test]
fn courses_come_in_pages_of_a_hundred() {
    let server = Setup::standalone().start();
    for number in 0..101 {
        Course::of(&server, &format!("course-{number:03}")).make(&["kevin"], &[]);
    }
    let first = page(&server, "admin/courses");
    assert!(first.contains("101 courses") && first.contains(">course-099<"));
    assert!(!first.contains(">course-100<"));
    let second = page(&server, "admin/courses?page=2");
    assert!(second.contains(">course-100<") && !second.contains(">course-099<"));
    assert!(second.contains("previous courses") && !second.contains("next courses"));
    let beyond = server.get("admin/courses?page=999999999999999999999", "root");
    assert_eq!(beyond.status, 200);
}

#[test]
fn a_person_is_shown_with_courses_and_commands_to_copy() {
    let desk = Desk::new();
    let server = &desk.server;
    let ada = page(server, &format!("admin/people?name={ADA}"));
    for text in [
        ">algebra<",
        ">maths<",
        "student",
        "instructor",
        "Ada L. &#60;ada@example.org&#62;",
        &format!("nbcourier user rename {ADA} NEW-NAME"),
        &format!("nbcourier user purge {ADA}"),
    ] {
        assert!(ada.contains(text), "{text} is not in {ada}");
    }
    // Commands that are shown exist.
    for line in ada.split("<pre>").skip(1) {
        let command = line.split("</pre>").next().unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        let help = run(&[words[1], words[2], "--help"]);
        assert!(help.status.success(), "{command}");
    }
    let similar = page(server, "admin/people?name=ADEL");
    assert!(similar.contains("Nothing is stored under the name ADEL"));
    assert!(similar.contains(&format!("name={ADA}")), "{similar}");
    let by_address = page(server, "admin/people?name=ada%40example");
    assert!(by_address.contains(&format!("name={ADA}")));
    let nobody = page(
        server,
        &format!("admin/people?name={}", percent_encode(HOSTILE)),
    );
    assert!(nobody.contains("Nothing is stored"));
    desk.does(&["retire", ADA]);
    let ada = page(server, &format!("admin/people?name={ADA}"));
    assert!(ada.contains(&format!("former:{ADA}:")), "{ada}");
    assert!(ada.contains(&format!("nbcourier user adopt {ADA} --yes")));
}

#[test]
fn a_name_in_a_command_to_copy_is_one_word_of_the_shell() {
    let desk = Desk::new();
    let server = &desk.server;
    for name in ["-rf 'x'; $(id) `id` \"$HOME\" & | > *", "--help", "a\\' ;b"] {
        let encoded = percent_encode(name);
        let fields = [
            ("first_name", HOSTILE),
            ("last_name", ""),
            ("email", HOSTILE),
        ];
        let roster = format!("student/algebra/{encoded}");
        server.post(&roster, IRA, &fields).ok();
        let shown = page(server, &format!("admin/people?name={encoded}"));
        let commands: Vec<_> = shown.split("<pre>").skip(1).collect();
        assert_eq!(commands.len(), 5);
        for command in commands {
            let command = command.split("</pre>").next().unwrap();
            let command = ["&#39;'", "&#34;\"", "&#60;<", "&#62;>", "&#38;&"]
                .iter()
                .fold(command.to_owned(), |text, code| {
                    let (code, character) = code.split_at(5);
                    text.replace(code, character)
                });
            let words = command.strip_prefix("nbcourier ").unwrap();
            let shell = Command::new("sh")
                .args(["-c", &format!("printf '[%s]' {words}")])
                .finish()
                .unwrap();
            let said = String::from_utf8(shell.stdout).unwrap();
            assert!(said.contains(&format!("[{name}]")), "{command}: {said}");
            let before = if name.starts_with('-') { "[--]" } else { "" };
            assert!(said.contains(&format!("{before}[{name}]")), "{said}");
        }
    }
}

#[test]
fn the_storage_shows_the_trash_and_the_largest_courses_and_people() {
    let desk = Desk::new();
    let server = &desk.server;
    let course = Course::of(server, "large");
    course.make(&[IRA], &[]);
    course.release("ps1", IRA, &[]).ok();
    let fields = [("first_name", ""), ("last_name", ""), ("email", "")];
    let student = format!("student/large/{}", percent_encode(HOSTILE));
    server.post(&student, IRA, &fields).ok();
    let work = [Sent::new("work", "x".repeat(300 * 1024))];
    course.submit("ps1", HOSTILE, &work).ok();
    let first = page(server, "admin/storage");
    assert!(first.contains("The sizes are being counted"), "{first}");
    assert!(first.contains("0 courses are in the trash"));
    eventually("the sizes are counted", || {
        page(server, "admin/storage").contains("Largest courses")
    });
    let storage = page(server, "admin/storage");
    let after = storage.split("Largest courses").nth(1).unwrap();
    let large = after.find(">large<").unwrap();
    assert!(large < after.find(">algebra<").unwrap(), "{after}");
    assert!(after.contains("300.0 KiB"), "{after}");
    let people = after.split("People with the most").nth(1).unwrap();
    assert!(people.contains("&#60;img src=x"), "{people}");
    assert!(page(server, "admin/courses").contains("300.0 KiB"));
    server.delete("course/large", "root").ok();
    let storage = page(server, "admin/storage");
    assert!(storage.contains("1 course is in the trash"), "{storage}");
    assert!(storage.contains("Their files have 300.0 KiB"), "{storage}");
    assert!(storage.contains("frees nothing of the trash"), "{storage}");
}

#[test]
fn a_clean_up_frees_what_is_over_its_time() {
    let server = Setup::standalone().args(&["--retention", "1s"]).start();
    let course = Course::of(&server, "algebra");
    course.make(&["kevin"], &["lawrence"]);
    course.release("ps1", "kevin", &[]).ok();
    let work = [Sent::new("work", "x".repeat(300 * 1024))];
    course.submit("ps1", "lawrence", &work).ok();
    server.delete("course/algebra", "root").ok();
    eventually("the time of the course is over", || {
        page(&server, "admin/storage").contains("frees at most 300.0 KiB")
    });
}

#[test]
fn events_name_their_course_and_no_account_of_the_machine() {
    let desk = Desk::new();
    let server = &desk.server;
    desk.does(&["rename", BOB, "robert"]);
    let events = page(server, "admin/events");
    assert!(!events.contains("operator:"), "{events}");
    for text in [
        format!("An operator renamed {BOB} to robert"),
        format!("{IRA} released ps1"),
        ">maths<".to_owned(),
        "root created the course".to_owned(),
    ] {
        assert!(events.contains(&text), "{text} is not in {events}");
    }
    let activity = page(server, "c/algebra/activity");
    assert!(activity.contains(&format!("An operator renamed {BOB} to robert")));
    assert!(activity.contains(">Submission 1</a>"), "{activity}");
    assert!(!activity.contains("operator:"), "{activity}");
    let link = activity.split("/s/1\">").next().unwrap();
    assert!(link.ends_with("c/algebra"), "{link}");
}

#[test]
fn a_deleted_course_is_restored_on_a_page() {
    let desk = Desk::new();
    let server = &desk.server;
    server.delete("course/algebra", "root").ok();
    let trash = page(server, "admin/trash");
    assert!(trash.contains(">algebra<"), "{trash}");
    let id = trash.split("name=\"course\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let restored = send(server, "admin/trash", &Form::new().field("course", id));
    let back = page(server, &leads_to(&restored, server));
    assert!(back.contains("It was restored.") && !back.contains(">algebra<"));
    server.get("assignments/algebra", IRA).ok();
    let again = send(server, "admin/trash", &Form::new().field("course", id));
    assert_eq!(again.status, 404);
    for nonsense in ["", "x", "-1", "99999999999999999999"] {
        let reply = send(
            server,
            "admin/trash",
            &Form::new().field("course", nonsense),
        );
        let status = if nonsense.is_empty() { 400 } else { 404 };
        assert_eq!(reply.status, status, "{nonsense:?}");
    }
    server.delete("course/algebra", "root").ok();
    Course::of(server, "algebra").make(&[IRA], &[]);
    let taken = send(server, "admin/trash", &Form::new().field("course", id));
    assert_eq!(taken.status, 409);
    assert!(
        taken
            .text()
            .contains("A course of this name exists already")
    );
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let hub = FakeHub::start();
    hub.gives("root", nbcourier_testkit::hub::user_model("root"));
    let server = Setup::behind(&hub)
        .args(&["--registrars-group", HOSTILE, "--max-files", "77"])
        .start();
    let read = |target: &str| {
        let reply = server.send(&server.call("GET", target).token("root"));
        assert_eq!(reply.status, 200, "{target}");
        reply.text()
    };
    let settings = read("admin/settings");
    assert!(!settings.contains(SERVICE_TOKEN));
    assert!(settings.contains("<code>77</code>"), "{settings}");
    assert!(settings.contains("<code>--max-files</code>"), "{settings}");
    assert!(settings.contains("(not shown)"), "{settings}");
    assert!(!settings.contains("<img"));
    let registrars = read("admin/registrars");
    assert!(
        registrars.contains("Members of the group &#60;img"),
        "{registrars}"
    );
    let state = read("admin");
    assert!(state.contains("one domain"), "{state}");
    assert!(!state.contains(SERVICE_TOKEN));
    let standalone = Setup::standalone().start();
    let registrars = page(&standalone, "admin/registrars");
    assert!(registrars.contains("--registrars-group GROUP"));
}

#[test]
fn only_administrators_find_the_way_to_their_pages() {
    let desk = Desk::new();
    let server = &desk.server;
    let link = format!("href=\"{}admin\"", server.prefix());
    assert!(page(server, "").contains(&link));
    let of_teacher = server.get("", IRA).ok().text();
    assert!(!of_teacher.contains(&link));
    for place in ["", "/courses", "/people?name=x", "/storage", "/events"] {
        let refused = server.get(&format!("admin{place}"), IRA);
        assert_eq!(refused.status, 403, "{place}");
        assert!(refused.text().contains("You may not see or do this"));
    }
    for place in ["/trash", "/settings", "/registrars"] {
        assert_eq!(server.get(&format!("admin{place}"), IRA).status, 403);
    }
    assert_eq!(server.get("admin/nothing", "root").status, 404);
}
