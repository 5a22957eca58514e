//! Secrets come from files and the environment, and are never shown.

use super::numbers::port;
use nbcourier_testkit::Finish as _;
use nbcourier_testkit::{ADMIN, Call, FakeHub, SERVICE_TOKEN, Setup, isolate, program};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use unicode_width::UnicodeWidthStr;

const OF_METRICS: &str = "metrics-token-8d1c";
const OF_A_PERSON: &str = "person-token-51aa";

/// Returns whether the program succeeded, and its standard output and error together.
fn printed(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    isolate(&mut command, home.path());
    command.args(arguments).envs(environment.iter().copied());
    let output = command.finish().unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn file(place: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = place.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[test]
fn a_server_with_all_its_secrets_in_files_tells_none() {
    let hub = FakeHub::start();
    hub.gives(OF_A_PERSON, nbcourier_testkit::hub::user_model(ADMIN));
    let place = tempfile::tempdir().unwrap();
    let ours = file(&place, "ours", &format!("{SERVICE_TOKEN}\n"));
    let metrics = file(&place, "metrics", OF_METRICS);
    let server = Setup::behind(&hub)
        .env("RUST_LOG", "trace")
        .env("JUPYTERHUB_API_TOKEN", "")
        .env("NBCOURIER_JUPYTERHUB_API_TOKEN_FILE", &ours)
        .args(&["--metrics-token-file", &metrics])
        .args(&["--metrics-address", "127.0.0.1:0"])
        .start();
    let mut texts = Vec::new();
    for token in [OF_A_PERSON, OF_METRICS, SERVICE_TOKEN] {
        for target in ["courses", "nowhere", "v1/courses/x/roster", "login", ""] {
            let reply = server.send(&server.call("GET", target).token(token));
            texts.push(reply.text());
        }
        let bearer = format!("Bearer {token}");
        let call = Call::new("GET", "/metrics").header("Authorization", &bearer);
        let reply = call.send(port(&server)).unwrap();
        assert_eq!(reply.status == 200, token == OF_METRICS);
        texts.push(reply.text());
    }
    texts.push(server.log());
    let line = fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
    texts.push(String::from_utf8_lossy(&line).into_owned());
    assert!(server.log().contains("Settings: "), "{}", server.log());
    for secret in [OF_A_PERSON, OF_METRICS, SERVICE_TOKEN] {
        for text in &texts {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn the_settings_are_printed_with_where_they_come_from_and_without_secrets() {
    let place = tempfile::tempdir().unwrap();
    let metrics = file(&place, "metrics", OF_METRICS);
    let toml = format!("max-files = 7\nretention = \"14d\"\nmetrics-token-file = \"{metrics}\"\n");
    let toml = file(&place, "nbcourier.toml", &toml);
    let environment = [
        ("JUPYTERHUB_API_URL", "http://someone:hub-password@hub/api"),
        ("JUPYTERHUB_API_TOKEN", SERVICE_TOKEN),
        ("JUPYTERHUB_SERVICE_PREFIX", "/services/nbcourier/"),
        ("NBCOURIER_HUB_GRACE", "1h"),
        ("NBCOURIER_RETENTION", "13d"),
    ];
    let arguments = ["config", "--config", &toml, "--admins", "root,kim"];
    let (well, text) = printed(&arguments, &environment);
    assert!(well, "{text}");
    let origin = |setting: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once("  # "));
        let found = lines.find(|(line, _)| line.trim_end() == setting);
        found.map(|(_, origin)| origin.to_owned())
    };
    for (setting, from) in [
        ("max-files = 7", toml.as_str()),
        ("retention = \"13d\"", "NBCOURIER_RETENTION"),
        ("hub-grace = \"1h\"", "NBCOURIER_HUB_GRACE"),
        ("admins = [\"root\", \"kim\"]", "--admins"),
        (
            "prefix = \"/services/nbcourier/\"",
            "JUPYTERHUB_SERVICE_PREFIX",
        ),
        ("max-request-size = \"1 GiB\"", "default"),
        (
            "JUPYTERHUB_API_TOKEN = \"(not shown)\"",
            "JUPYTERHUB_API_TOKEN",
        ),
        (
            "jupyterhub-api-url = \"http://(not shown)@hub/api\"",
            "JUPYTERHUB_API_URL",
        ),
    ] {
        assert_eq!(
            origin(setting).as_deref(),
            Some(from),
            "{setting} in\n{text}"
        );
    }
    for secret in [OF_METRICS, SERVICE_TOKEN, "hub-password"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[test]
fn the_origins_of_settings_are_in_one_column_of_the_terminal() {
    // Each of the letters of this name takes two columns.
    let arguments = ["config", "--standalone", "--admins", "王芳,李雷,韩梅梅"];
    let long = [
        "--data-dir",
        "/数据/nbcourier",
        "--storage",
        "/数据/很长很长的目录的名字",
    ];
    let (well, text) = printed(&[&arguments[..], &long].concat(), &[]);
    assert!(well && text.contains("王芳"), "{text}");
    let columns: BTreeSet<usize> = text
        .lines()
        .filter_map(|line| Some(line.rsplit_once("  # ")?.0.width()))
        .collect();
    assert_eq!(columns.len(), 1, "{text}");
}

#[test]
fn setting_errors_repeat_no_secrets() {
    let place = tempfile::tempdir().unwrap();
    let wrong_line = file(
        &place,
        "a.toml",
        "port = 1\njupyterhub-api-token = \"s3cret\"\n",
    );
    let wrong_key = wrong_line.clone();
    let wrong_line = file(&place, "b.toml", "port = 1\nadmins = s3cret\n");
    let two_words = file(&place, "two", "s3cret and more");
    let empty = file(&place, "empty", "\n");
    let url = "http://someone:s3cret@hub/api";
    for (arguments, environment, says) in [
        (
            vec!["serve", "--config", &wrong_key],
            vec![],
            "unknown field `jupyterhub-api-token`",
        ),
        (vec!["serve", "--config", &wrong_line], vec![], "line 2: "),
        (
            vec!["serve", "--jupyterhub-api-token-file", &two_words],
            vec![("JUPYTERHUB_API_URL", "http://hub/api")],
            "one word",
        ),
        (
            vec!["serve", "--standalone", "--metrics-token-file", &empty],
            vec![],
            "should contain a token",
        ),
        (
            vec!["serve", "--database", "postgresql://u:s3cret@db/x"],
            vec![
                ("JUPYTERHUB_API_URL", "http://hub"),
                ("JUPYTERHUB_API_TOKEN", "t"),
            ],
            "--database-password-file",
        ),
        (
            vec!["serve", "--standalone"],
            vec![("NBCOURIER_DATABASE", "postgresql://u:s3cret@127.0.0.1:1/x")],
            "cannot be reached",
        ),
        (
            vec!["serve", "--port", "0"],
            vec![("JUPYTERHUB_API_URL", url), ("JUPYTERHUB_API_TOKEN", "t")],
            "no user name or password",
        ),
        (
            vec!["course", "list", "--url", url],
            vec![("JUPYTERHUB_API_TOKEN", "t")],
            "user name or password",
        ),
    ] {
        let data = place.path().join("data").display().to_string();
        let environment = [environment, vec![("NBCOURIER_DATA_DIR", data.as_str())]].concat();
        let (well, text) = printed(&arguments, &environment);
        assert!(!well && text.contains(says), "{arguments:?}: {text}");
        assert!(!text.contains("s3cret"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_secret_that_everybody_on_the_machine_can_read_is_warned_of() {
    let place = tempfile::tempdir().unwrap();
    let path = file(&place, "metrics", OF_METRICS);
    let arguments = ["config", "--standalone", "--metrics-token-file", &path];
    assert!(!printed(&arguments, &[]).1.contains("chmod"));
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let (_, text) = printed(&arguments, &[]);
    assert!(text.contains(&format!("chmod 600 {path}")), "{text}");
    let arguments = [
        "course",
        "list",
        "--url",
        "http://127.0.0.1:1",
        "--token-file",
        &path,
    ];
    let (_, text) = printed(&arguments, &[]);
    assert!(text.contains(&format!("chmod 600 {path}")), "{text}");
}

#[test]
fn no_flag_takes_the_value_of_a_secret() {
    for command in ["serve", "config", "course", "doctor"] {
        let (_, help) = printed(&[command, "--help"], &[]);
        for word in help
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            let named = ["token", "secret", "password", "key"];
            let flag = word.trim_end_matches([',', '.', ':', ')']);
            let takes_one = named.iter().any(|name| flag.contains(name));
            assert!(!takes_one || flag.ends_with("-file"), "{command} {flag}");
        }
    }
}
