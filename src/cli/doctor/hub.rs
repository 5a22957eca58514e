//! Checks the hub: whether it responds, whether it knows the service, and what the service's token permits.

use super::database::UNREADABLE;
use crate::config::{Config, HubPlace, without_password};
use crate::findings::Findings;
use nbcourier_auth::{CallerKind, GroupList, HubSays, check_up};
use nbcourier_client::oddity_of_token;
use nbcourier_domain::{CourseId, Role, Span, shell_word};
use nbcourier_storage as store;
use std::time::Duration;

/// Scopes with which a hub says when an account was created.
const TELLS_ACCOUNTS: [&str; 2] = ["read:users", "admin:users"];
/// Tolerated difference of the clocks, in seconds. A `Date` header has whole seconds and takes time to arrive.
const CLOCK_DIFFERS: u64 = 5;
const CLOCK_WRONG: u64 = 60;
/// Maximum number of missing courses that are named.
const NAMED: usize = 20;
const SLOW: Duration = Duration::from_secs(1);

pub async fn examine(hub: &HubPlace, config: &Config, findings: &mut Findings) {
    let url = without_password(&hub.api_url);
    let checkup = match check_up(&hub.api_url, &hub.api_token, &hub.client_id).await {
        Ok(checkup) => checkup,
        Err(error) => {
            findings.wrong(
                error.to_string(),
                "Correct JUPYTERHUB_API_URL, --jupyterhub-api-url or the token",
            );
            return;
        }
    };
    let took = checkup.took;
    match &checkup.says {
        HubSays::Known { name, kind, scopes } => {
            let version = checkup.version.as_deref().unwrap_or("of an unknown version");
            let took = Span(took).rounded();
            findings.ok(format!(
                "The hub at {url} ({version}) knows our token. It responded in {took}"
            ));
            examine_ourselves(name, *kind, hub, findings);
            examine_scopes(scopes, hub, config, findings);
            examine_domain(hub, findings);
            if config.hub_groups {
                examine_groups(checkup.groups.as_ref(), hub, config, findings);
            }
        }
        HubSays::UnknownToken => {
            // Operators often make tokens of 64 digits, as JupyterHub's documentation shows.
            let odd = oddity_of_token(&hub.api_token, &[64]);
            let odd = odd.map_or_else(String::new, |odd| format!(". {odd}"));
            findings.wrong(
                format!(
                    "The hub at {url} does not know our token, so nobody can log in with a browser{odd}"
                ),
                "JUPYTERHUB_API_TOKEN, or the file of --jupyterhub-api-token-file, must contain the api_token of the \
                 service in jupyterhub_config.py. Restart the hub after changing it",
            );
        }
        HubSays::NoSense(why) => findings.wrong(
            format!("The server at {url} is not a hub, or the hub fails: {why}"),
            "JUPYTERHUB_API_URL should be the hub's own address followed by /hub/api, such as \
             http://HUB:8081/hub/api. Read the hub's log",
        ),
        HubSays::Silent(why) => findings.wrong(
            format!("The hub at {url} does not respond: {why}"),
            "Check that it is running and that this machine can reach it. Recent callers can continue for the time \
             of --hub-grace. Others get 503",
        ),
    }
    if took > SLOW {
        findings.warning(
            format!("The hub took {} to respond", Span(took).rounded()),
            "Each caller's first request per minute waits for it (--hub-cache-ttl). Check the hub's CPU",
        );
    }
    match checkup.accepts_login {
        Some(true) => findings.ok(format!("It accepts us as its OAuth client {}", hub.client_id)),
        Some(false) => findings.wrong(
            format!("It does not accept us as its OAuth client {}: no browser can log in", hub.client_id),
            "JUPYTERHUB_CLIENT_ID should be service-NAME with the service's name in jupyterhub_config.py, and the \
             token should be its api_token. A service without a url there is not an OAuth client",
        ),
        None => {}
    }
    if let Some(seconds) = checkup.clock_ahead {
        examine_clock(seconds, findings);
    }
}

fn examine_ourselves(name: &str, kind: CallerKind, hub: &HubPlace, findings: &mut Findings) {
    if kind != CallerKind::Service {
        findings.warning(
            format!("The token belongs to the user {name}, not to a service"),
            "Browsers cannot log in with it, and it expires with that user. Give the service an api_token of its own",
        );
    } else if name != hub.service_name {
        findings.warning(
            format!(
                "The hub knows this service as {name}, but the settings say {}",
                hub.service_name
            ),
            format!("Set JUPYTERHUB_SERVICE_NAME={name}. Scopes are granted to that name"),
        );
    }
}

fn examine_scopes(scopes: &[String], hub: &HubPlace, config: &Config, findings: &mut Findings) {
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    if TELLS_ACCOUNTS.into_iter().any(has) {
        findings.ok("The hub reports when accounts were created (read:users), so a reused name inherits nothing");
    } else {
        let name = &hub.service_name;
        findings.warning(
            "Our token lacks the scope read:users. nbcourier cannot notice when the hub gives a former user's name \
             to somebody else"
                .into(),
            format!(
                "In jupyterhub_config.py: c.JupyterHub.load_roles += [{{\"name\": \"{name}-reads-users\", \"scopes\": \
                 [\"read:users\"], \"services\": [\"{name}\"]}}]"
            ),
        );
    }
    if config.require_service_scope {
        findings.ok(format!(
            "Only tokens with access:services!service={} are accepted (--require-service-scope). The tokens of \
             notebook servers have this scope if c.JupyterHub.load_roles gives it to the role \"server\"",
            hub.service_name
        ));
    }
}

/// Checks whether browsers keep the pages of this service apart from those of users' servers.
pub fn examine_domain(hub: &HubPlace, findings: &mut Findings) {
    if hub.has_own_domain() {
        findings.ok("The service has its own domain (subdomain_host), so the pages of users' servers have another \
                     origin");
        return;
    }
    findings.warning(
        "The hub seems to serve everything on one domain. Then the pages of all users' servers have the same origin \
         as this service"
            .into(),
        "If people can publish pages that others visit, set c.JupyterHub.subdomain_host. SECURITY.md lists the \
         attacks that only this prevents. For a service that the hub does not start, set JUPYTERHUB_HOST and \
         JUPYTERHUB_OAUTH_CALLBACK_URL",
    );
}

/// Checks whether members of groups are known before their first request, and whether every group has its course.
fn examine_groups(
    groups: Option<&GroupList>,
    hub: &HubPlace,
    config: &Config,
    findings: &mut Findings,
) {
    let mut named = Vec::new();
    match groups {
        Some(GroupList::All(groups)) => {
            findings.ok(
                "The hub lists its groups (list:groups, read:groups), so their members are in rosters before their \
                 first request",
            );
            let places = groups
                .iter()
                .filter_map(|group| config.group_rules.place(&group.name));
            named.extend(places.map(|(course, _)| course.to_string()));
        }
        Some(GroupList::TooMany) => findings.warning(
            "The hub has more groups or members than are read. Members of groups are in no roster before their first \
             request".into(),
            "Remove unneeded groups, or enrol people by hand: nbcourier roster import COURSE FILE",
        ),
        Some(GroupList::Unavailable(why)) => findings.warning(
            format!("The hub cannot list its groups now: {why}"),
            "Read the hub's log",
        ),
        Some(GroupList::Withheld) | None => {
            let name = &hub.service_name;
            findings.warning(
                "Our token lacks the scopes list:groups and read:groups for all groups. Members of the hub's groups \
                 are in no roster before their first request, so lists of missing submissions lack them"
                    .into(),
                format!(
                    "In jupyterhub_config.py: c.JupyterHub.load_roles += [{{\"name\": \"{name}-reads-groups\", \
                     \"scopes\": [\"list:groups\", \"read:groups\"], \"services\": [\"{name}\"]}}]. If courses use \
                     rosters only, --no-hub-groups removes this warning"
                ),
            );
        }
    }
    examine_courses(named, config, findings);
}

/// Reports groups without a course. A group does not create a course, which surprises people.
fn examine_courses(mut named: Vec<String>, config: &Config, findings: &mut Findings) {
    let database = &config.places.database;
    let is_there = database
        .file()
        .is_none_or(|path| std::fs::metadata(path).is_ok_and(|file| file.len() > 0));
    let known = if is_there {
        store::examine_courses(database)
    } else {
        Ok(Some((Vec::new(), Vec::new())))
    };
    let (courses, by_group) = match known {
        Ok(Some(known)) => known,
        Ok(None) => return,
        Err(error) => {
            findings.wrong(
                format!("The courses cannot be read from {database}: {error}"),
                UNREADABLE,
            );
            return;
        }
    };
    named.extend(by_group);
    named.sort();
    named.dedup();
    named.retain(|course| !courses.contains(course));
    let rest = named.len().saturating_sub(NAMED);
    for course in named.iter().take(NAMED) {
        let id = CourseId::parse(course.as_str());
        let groups = id.map_or_else(
            |_| course.clone(),
            |id| {
                let roles = [Role::Instructor, Role::Assistant, Role::Student];
                roles
                    .map(|role| config.group_rules.names(&id, role))
                    .join(" or ")
            },
        );
        findings.warning(
            format!("The hub has a group for the course {course:?} ({groups}), but the course does not exist"),
            format!(
                "As an administrator, run nbcourier course create {}{}. Or remove the group",
                if course.starts_with('-') { "-- " } else { "" },
                shell_word(course)
            ),
        );
    }
    if rest > 0 {
        findings.warning(
            format!("The hub has groups for {rest} more courses that do not exist"),
            "Create the wanted courses with nbcourier course create",
        );
    }
}

/// Reports the difference of the clocks. `seconds` is how far the hub's clock is ahead.
fn examine_clock(seconds: i64, findings: &mut Findings) {
    let differ = seconds.unsigned_abs();
    let way = if seconds > 0 { "behind" } else { "ahead of" };
    let shown = Span(Duration::from_secs(differ)).rounded();
    let says = format!("Our clock is {shown} {way} the hub's");
    let todo = "Submissions and cut-offs use the clock of this machine. Let NTP set the clocks of both machines \
                (timedatectl set-ntp true)";
    if differ > CLOCK_WRONG {
        findings.wrong(says, todo);
    } else if differ > CLOCK_DIFFERS {
        findings.warning(says, todo);
    } else {
        findings.ok("Our clock agrees with the hub's");
    }
}
