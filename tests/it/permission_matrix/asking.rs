//! The request of a row in a role.

use super::bodies::{fields_of, json_of, replacement, roster_of};
use super::changes::Changes;
use super::prepared::Prepared;
use super::rows::{Role, Row};
use nbcourier_testkit::{Form, Reply, percent_encode};

/// Routes that note something for a while and change nothing in the course, so no event describes it.
const NO_EVENTS: [&str; 1] = ["POST v1/courses/{course}/starts"];

impl Prepared<'_> {
    /// Returns the target in the directory that the row is about, which is deleted first if the row restores it.
    fn in_directory(&self, target: String, role: &Role, row: &Row) -> String {
        if row.route == "GET d/new" && row.about == "of the course" {
            return format!("{target}?owner=course%3A{}", self.id);
        }
        if target.contains("{name}") {
            self.follow();
            return target.replace("{name}", "followed");
        }
        let is_trash = row.route == "POST v1/trash/directories/{id}";
        if !target.contains("{owner}") && !is_trash {
            return target;
        }
        let (owner, name) = self.directory(role, row);
        let at = format!("v1/directories/{}/{name}", percent_encode(&owner));
        if is_trash {
            let call = self.course.server.call("GET", &at).token("root");
            let id = self.course.server.send(&call).ok().json()["id"].to_string();
            self.delete(&at);
            return target.replace("{id}", &id);
        }
        let query = if target.ends_with("/history") {
            "?path=task"
        } else {
            ""
        };
        let page = format!("d/{}/{name}", percent_encode(&owner));
        if target.ends_with("/source/steps") {
            self.follow_in(&name);
        }
        let target = target.replace("v1/directories/{owner}/{directory}", &at);
        let target = target.replace("d/{owner}/{directory}", &page);
        target.replace("{version}", "1") + query
    }

    /// Returns the target with the shared page that the row is about. Rows that need none allow sharing only.
    fn in_shares(&self, target: String, row: &Row, user: &str) -> String {
        if !row.route.contains("shares") && !row.route.contains(" shared") {
            return target;
        }
        let audience = if row.about == "for the hub" {
            "hub"
        } else {
            "course"
        };
        let (id, token) = self.share(user, audience);
        if row.route == "POST v1/shares" {
            return format!("{target}?course={}&title=plot", self.id);
        }
        target.replace("{id}", &id).replace("{token}", &token)
    }

    /// Sends the request of the row in the role.
    pub fn ask(&self, role: &Role, row: &Row) -> Reply {
        let (method, path) = row.route.split_once(' ').expect("METHOD path");
        let user = row.user.unwrap_or(role.own);
        let is_new = method == "POST" && path.starts_with("course/");
        let course = if is_new {
            format!("new-{}", self.id)
        } else {
            self.id.clone()
        };
        let releases = method == "POST" && path.starts_with("assignment/");
        let assignment = if releases { "new" } else { "challenge" };
        let mut target = of_pages(path)
            .replace("{course}", &course)
            .replace("{assignment}", assignment)
            .replace("{user}", user)
            .replace("{prefix}", self.course.server.prefix());
        self.give_time(row, &course, user);
        target = self.in_directory(target, role, row);
        target = self.in_shares(target, row, user);
        if target.contains("{id}") {
            target = target.replace("{id}", &self.number(path, user));
        }
        let time = self.times.get(user);
        let time = time.map_or("2020-01-01 00:00:00", String::as_str);
        match path {
            "v1/courses/{course}/submissions" if row.about != "all one may see" => {
                target = format!("{target}?student={user}");
            }
            "v1/courses/{course}/activity" | "c/{course}/a/{assignment}" if row.user.is_some() => {
                target = format!("{target}?student={user}");
            }
            "c/{course}/a/{assignment}/submit" if method == "GET" && row.user.is_some() => {
                target = format!("{target}?for={user}");
            }
            "c/{course}/a/{assignment}/submit" | "c/{course}/import" => {}
            _ if row.about == "for another" => target = format!("{target}?student={user}"),
            _ if row.about == "an earlier version" => target.push_str("?version=1"),
            "initialize-Data6ase" => target.push_str("?action=dump"),
            _ if row.route.starts_with("GET feedback/") => {
                target = format!("{target}?timestamp={}", percent_encode(time));
            }
            _ => {}
        }
        let server = self.course.server;
        let mut call = server.call(method, &target);
        if let Some(token) = role.token {
            call = call.token(token);
        }
        let takes_tree = [
            "/tree",
            "/submissions",
            "/{id}/feedback",
            "/{assignment}/feedback",
        ];
        if path.starts_with("v1/directories") || path.starts_with("v1/trash/directories") {
            let (kind, body) = self.body_of_directory(role, row);
            if !matches!(method, "GET" | "HEAD" | "DELETE") {
                call = call.body(kind, body);
            }
        } else if method == "POST"
            && let Some(body) = self.parts_of_page(path, row, user)
        {
            let kind = format!("multipart/form-data; boundary={}", Form::BOUNDARY);
            call = call.body(&kind, body);
        } else if let Some(body) = json_of(row.route) {
            call = call.body("application/json", body);
        } else if method != "GET" && takes_tree.iter().any(|end| path.ends_with(end)) {
            call = call.body("application/x-tar", nbcourier_testkit::tar::archive(&[]));
        } else if method == "PUT" && path.ends_with("/roster") {
            call = call.body("application/json", roster_of(user, row.about));
        } else if method == "PUT" {
            call = call.body("application/json", replacement(path));
        } else if method == "POST" {
            let form = self.form_of_page(role, row, user);
            call = call.form(&form.unwrap_or_else(|| fields_of(path, user, time)));
        }
        if method == "GET" || method == "HEAD" {
            return server.send(&call);
        }
        let changes = Changes::of(server);
        let id = format!(
            "{}-{}-{}",
            role.head.replace(' ', "-"),
            self.id,
            row.about.len()
        );
        let reply = server.send(&call.header("X-Request-Id", &id));
        // Clients recognise the exchange by this header, on every address and for every caller.
        assert_eq!(reply.header("x-nbcourier"), Some("exchange"), "{id}");
        if (200..300).contains(&reply.status) && changes.happened() {
            let described = NO_EVENTS.contains(&row.route) || changes.has_event_of(&id);
            assert!(
                described,
                "{} {} by {}: a change and no event",
                row.route, row.about, role.head
            );
        }
        reply
    }
}

/// Returns the path with the parameters that only pages have.
fn of_pages(path: &str) -> String {
    let is_release = path.starts_with("c/{course}/a/");
    let is_directory = path.starts_with("v1/directories/") || path.starts_with("d/{owner}/");
    let path = path.replace("/in/{path}", "/in/folder");
    let is_task = is_release || is_directory;
    path.replace("{path}", if is_task { "task" } else { "work" })
        .replace("{file}", "nothing.css")
        .replace("{tag}", "de")
        .replace("{ticket}", "forged")
}
