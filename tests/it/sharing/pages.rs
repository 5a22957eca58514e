//! The pages about links: one's own list, that of a course, and the setting of the course.

use super::{Link, course};
use nbcourier_testkit::browser::PageTokens;
use nbcourier_testkit::{Form, Reply, Server, Setup};

/// Sends a form of a page.
fn post(server: &Server, target: &str, user: &str, fields: &[(&str, &str)]) -> Reply {
    let cookie = format!("nbcourier-trial={user}");
    let page = server.call("GET", "me").header("Cookie", &cookie);
    let token = PageTokens::of(&server.send(&page).ok()).writing;
    let form = Form::new().field("csrf_token", &token);
    let fields = fields.iter();
    let form = fields.fold(form, |form, (name, value)| form.field(name, value));
    let call = server.call("POST", target).header("Cookie", &cookie);
    server.send(&call.form(&form))
}

#[test]
fn a_person_lists_and_revokes_their_own_links() {
    let server = course(&Setup::standalone(), "course");
    let (link, other) = (
        Link::make(&server, "ada", ""),
        Link::make(&server, "bob", ""),
    );
    assert!(
        server
            .get("me", "ada")
            .ok()
            .text()
            .contains("My shared pages")
    );
    let list = server.get("shared", "ada").ok().text();
    assert!(
        list.contains("A plot") && list.contains("algebra"),
        "{list}"
    );
    assert_eq!(list.matches("name=\"share\"").count(), 1);
    let id = link.id.to_string();
    let done = post(&server, "shared", "ada", &[("share", &id)]);
    assert_eq!(done.status, 303, "{}", done.text());
    let list = server.get("shared?done=revoked", "ada").ok().text();
    assert!(
        list.contains("The link was revoked") && list.contains("Revoked by ada"),
        "{list}"
    );
    assert!(!list.contains("name=\"share\""), "{list}");
    let id = other.id.to_string();
    assert_eq!(
        post(&server, "shared", "ada", &[("share", &id)]).status,
        404
    );
    assert_eq!(
        post(&server, "shared", "ada", &[("share", "x")]).status,
        400
    );
    other.open(&server, "ada").ok();
    // A request that no page of ours sent revokes nothing.
    let cookie = "nbcourier-trial=bob";
    let forged = server.call("POST", "shared").header("Cookie", cookie);
    let forged = server.send(&forged.form(&Form::new().field("share", &id)));
    assert_eq!(forged.status, 403, "{}", forged.text());
    other.open(&server, "ada").ok();
    for (language, words) in [
        ("de", "Meine geteilten Seiten"),
        ("fr", "Mes pages partagées"),
    ] {
        let call = server
            .call("GET", "shared?user=ada")
            .header("Accept-Language", language);
        let page = server.send(&call).ok().text();
        assert!(page.contains(words), "{page}");
    }
}

#[test]
fn those_who_teach_see_the_pages_of_their_course_and_revoke_them() {
    let server = course(&Setup::standalone(), "course");
    let link = Link::make(&server, "ada", "");
    let home = server.get("c/algebra", "kevin").ok().text();
    assert!(home.contains("c/algebra/shares"), "{home}");
    let home = server.get("c/algebra", "bob").ok().text();
    assert!(!home.contains("c/algebra/shares"), "{home}");
    let list = server.get("c/algebra/shares", "kevin").ok().text();
    assert!(list.contains("A plot") && list.contains("ada"), "{list}");
    assert_eq!(server.get("c/algebra/shares", "bob").status, 403);
    // They look at a page without its link, in the sandbox.
    let look = format!("c/algebra/shares/{}", link.id);
    let leads = server.get(&look, "kevin");
    assert_eq!(leads.status, 303, "{}", leads.text());
    let place = leads.header("location").unwrap();
    let place = place.strip_prefix(server.prefix()).unwrap();
    let shown = server.send(&server.call("GET", place)).ok();
    assert_eq!(shown.text(), super::PAGE);
    assert!(
        shown
            .header("content-security-policy")
            .unwrap()
            .starts_with("sandbox; default-src 'none'")
    );
    assert_eq!(server.get(&look, "bob").status, 404);
    assert_eq!(server.get(&look, "ada").status, 303);
    assert_eq!(server.get("c/ethics/shares/1", "kevin").status, 404);
    let id = link.id.to_string();
    assert_eq!(
        post(&server, "c/algebra/shares", "bob", &[("share", &id)]).status,
        403
    );
    let done = post(&server, "c/algebra/shares", "kevin", &[("share", &id)]);
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(server.get(&look, "kevin").status, 410);
    let activity = server.get("c/algebra/activity", "kevin").ok().text();
    assert!(
        activity.contains("revoked the link to a page that"),
        "{activity}"
    );
}

#[test]
fn an_instructor_allows_links_on_the_page_of_the_settings() {
    let server = course(&Setup::standalone(), "off");
    let page = server.get("c/algebra/settings", "kevin").ok().text();
    assert!(page.contains("<option value=\"off\" selected>"), "{page}");
    let fields = [("sharing", "course"), ("sharing-was", "off")];
    let done = post(&server, "c/algebra/settings", "kevin", &fields);
    assert_eq!(done.status, 303, "{}", done.text());
    Link::make(&server, "ada", "");
    let page = server.get("c/algebra/settings", "kevin").ok().text();
    assert!(
        page.contains("<option value=\"course\" selected>"),
        "{page}"
    );
    // Somebody else has changed it meanwhile.
    let done = post(&server, "c/algebra/settings", "kevin", &fields);
    assert_eq!(done.status, 409, "{}", done.text());
    let odd = [("sharing", "world"), ("sharing-was", "course")];
    assert_eq!(
        post(&server, "c/algebra/settings", "kevin", &odd).status,
        400
    );
}

#[test]
fn titles_and_names_on_the_page_are_text() {
    let server = course(&Setup::standalone(), "course");
    let title = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%20onload%3D%22x";
    let arguments = format!("course=algebra&title={title}");
    let reply = super::send(&server, "ada", &arguments, &[super::HTML, super::SOURCE]);
    let made = reply.json();
    let token = made["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    for page in [
        "shared".to_owned(),
        format!("shared/{token}"),
        "c/algebra/shares".to_owned(),
    ] {
        let user = if page == "shared" { "ada" } else { "kevin" };
        let text = server.get(&page, user).ok().text();
        assert!(
            !text.contains("<script>alert") && !text.contains("onload=\"x"),
            "{text}"
        );
        assert!(
            text.contains("&lt;script&gt;") || text.contains("&#60;script"),
            "{text}"
        );
    }
    let source = server.get(&format!("shared/{token}/source"), "bob").ok();
    let saved = source.header("content-disposition").unwrap();
    assert!(saved.starts_with("attachment; filename=\""), "{saved}");
}
