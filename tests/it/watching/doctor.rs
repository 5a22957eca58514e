//! `nbcourier doctor`, without any problem and with one problem at a time.

use nbcourier_testkit::Finish as _;
use nbcourier_testkit::http::read_headers;
use nbcourier_testkit::{FakeHub, HubBehaviour, SERVICE_TOKEN, Server, Setup, isolate, program};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The findings of doctor, and whether it reports no problem.
struct Diagnosis {
    well: bool,
    json: Value,
}

impl Diagnosis {
    fn of(data: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        isolate(&mut command, home.path());
        command
            .args(["doctor", "--json", "--data-dir"])
            .arg(data)
            .args(arguments)
            .envs(environment.iter().copied());
        let output = command.finish().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{output:?}"));
        Self {
            well: output.status.success(),
            json,
        }
    }

    /// Runs doctor behind that hub.
    fn behind(hub: &FakeHub, data: &Path, arguments: &[&str]) -> Self {
        let environment = [
            ("JUPYTERHUB_API_URL", hub.api_url()),
            ("JUPYTERHUB_API_TOKEN", SERVICE_TOKEN.to_owned()),
            ("JUPYTERHUB_SERVICE_PREFIX", "/services/nbcourier/".into()),
        ];
        let environment = environment.each_ref().map(|(k, v)| (*k, v.as_str()));
        Self::of(data, &environment, arguments)
    }

    /// Returns the finding with this text, as level and advice.
    #[track_caller]
    fn finding(&self, says: &str) -> (String, String) {
        let all = self.json["findings"].as_array().unwrap();
        let found = all
            .iter()
            .find(|finding| finding["message"].as_str().unwrap().contains(says));
        let found = found.unwrap_or_else(|| panic!("{says:?} is not in\n{:#}", self.json));
        let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (word("level"), word("todo"))
    }

    #[track_caller]
    fn is(&self, level: &str, says: &str) {
        assert_eq!(self.finding(says).0, level, "{:#}", self.json);
        assert!(level != "wrong" || !self.well);
    }
}

/// Returns a hub that knows the service, with the recommended scope.
fn hub() -> FakeHub {
    let hub = FakeHub::start();
    let mut model = nbcourier_testkit::hub::service_model("nbcourier");
    model["scopes"] = json!(["read:users", "read:services:name!service=nbcourier"]);
    hub.gives(SERVICE_TOKEN, model);
    hub.lists_to(&["read:users", "list:groups", "read:groups"], &[]);
    hub
}

fn private(place: &tempfile::TempDir) -> std::path::PathBuf {
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    data
}

#[test]
fn a_running_exchange_is_well_and_a_proxy_that_refuses_large_bodies_is_not() {
    let hub = hub();
    let port = nbcourier_testkit::free_port().to_string();
    let setup = Setup::behind(&hub).args(&["--port", &port]);
    fs::create_dir(setup.data_dir()).unwrap();
    fs::set_permissions(setup.data_dir(), Permissions::from_mode(0o700)).unwrap();
    let server = setup.start();
    let other = Setup::standalone().start();
    let here = |server: &Server| format!("http://127.0.0.1:{}{}", server.port(), server.prefix());
    let examine = |url: &str| {
        let arguments = [
            "--port",
            &port,
            "--public-url",
            url,
            "--max-request-size",
            "16MiB",
        ];
        Diagnosis::behind(&hub, &server.data_dir(), &arguments)
    };
    let diagnosis = examine(&here(&server));
    for well in [
        "They are valid",
        "per caller 300 requests a second, 100 open requests and 8 uploads at a time; uploads are refused while less than 256 MiB is free",
        "it is writable",
        "cannot read it",
        "The signing key is valid",
        "is sound (quick_check)",
        "The server is running and responds at",
        "(6.1.0) knows our token",
        "accepts us as its OAuth client service-nbcourier",
        "when accounts were created (read:users)",
        "Our clock agrees",
        "reaches this exchange",
        "Requests of 12 MiB arrive",
    ] {
        diagnosis.is("ok", well);
    }
    diagnosis.is("warning", "knows of no backup");
    // The disk of the machine that runs the tests may be nearly full.
    let (level, _) = diagnosis.finding("free on the disk");
    assert!(["ok", "warning"].contains(&level.as_str()), "{level}");
    assert!(diagnosis.well, "{:#}", diagnosis.json);

    let front = front(server.port(), 1 << 20, REFUSAL_OF_A_PROXY);
    let diagnosis = examine(&format!("http://127.0.0.1:{front}{}", server.prefix()));
    diagnosis.is("ok", "reaches this exchange");
    let (level, todo) = diagnosis
        .finding("1500 KiB is refused on its way with status 413 by nginx/1.22.1; 900 KiB arrive");
    assert_eq!(level, "wrong");
    assert!(todo.contains("client_max_body_size"), "{todo}");

    examine(&here(&other)).is("wrong", "reaches another exchange");
    examine(&format!("http://127.0.0.1:{front}/elsewhere/"))
        .is("wrong", "does not reach this exchange");
}

/// Stands for no refusal, and for replies without the mark of an exchange.
const UNMARKED: &str = "";
const REFUSAL_OF_A_PROXY: &str = "HTTP/1.1 413 Request Entity Too Large\r\nServer: nginx/1.22.1\r\nContent-Length: 6\r\n\
                                  Connection: close\r\n\r\n<html>";
/// A refusal in the form of an exchange's, by a server that is none.
const REFUSAL_OF_A_STRANGER: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\
                                     Connection: close\r\n\r\n{\"success\": false}";

#[test]
fn a_refusal_in_the_form_of_an_exchanges_is_not_believed_without_its_mark() {
    let hub = hub();
    let server = Setup::behind(&hub).start();
    let examine = |front: u16| {
        let url = format!("http://127.0.0.1:{front}{}", server.prefix());
        let arguments = ["--public-url", &url, "--max-request-size", "2MiB"];
        Diagnosis::behind(&hub, &server.data_dir(), &arguments)
    };
    let diagnosis = examine(front(server.port(), 1 << 20, REFUSAL_OF_A_STRANGER));
    diagnosis.is("ok", "reaches this exchange");
    diagnosis.is("wrong", "not by an exchange; 900 KiB arrive");

    let diagnosis = examine(front(server.port(), 1 << 20, UNMARKED));
    diagnosis.is("ok", "reaches this exchange");
    diagnosis.is("warning", "Whether large requests arrive is not known");
}

/// Starts a proxy like nginx that refuses bodies by their announced length and forwards the rest; returns its port.
/// With `UNMARKED` as the refusal it forwards all of them, and removes the mark of the exchange from the replies.
fn front(to: u16, limit: usize, refusal: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass_on(client, to, limit, refusal));
        }
    });
    port
}

fn pass_on(client: TcpStream, to: u16, limit: usize, refusal: &str) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let headers = read_headers(&mut reader).ok()?;
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut client = client;
    if length > limit && !refusal.is_empty() {
        client.write_all(refusal.as_bytes()).ok()?;
        // It reads on for a while, so that the answer is not lost when the connection closes.
        std::io::copy(&mut reader, &mut std::io::sink()).ok()?;
        return None;
    }
    let mut server = TcpStream::connect(("127.0.0.1", to)).ok()?;
    let mut head = format!("{first}Connection: close\r\n");
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("connection"))
    {
        head += &format!("{name}: {value}\r\n");
    }
    server.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    std::io::copy(&mut reader.take(length as u64), &mut server).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    if refusal == UNMARKED {
        let mark = b"x-nbcourier: exchange";
        let place = reply
            .windows(mark.len())
            .position(|part| part.eq_ignore_ascii_case(mark))?;
        reply[place..place + mark.len()].copy_from_slice(b"x-another-h: exchange");
    }
    client.write_all(&reply).ok()?;
    Some(())
}

#[test]
fn faults_of_the_hub_are_distinguished() {
    let place = tempfile::tempdir().unwrap();
    let data = private(&place);
    let well = hub();
    let examine = |hub: &FakeHub| Diagnosis::behind(hub, &data, &[]);
    let diagnosis = examine(&well);
    assert!(diagnosis.well, "{:#}", diagnosis.json);

    well.clock_is_ahead(120);
    examine(&well).is("wrong", "seconds behind the hub's");
    well.clock_is_ahead(-20);
    examine(&well).is("warning", "seconds ahead of the hub's");
    well.clock_is_ahead(0);
    well.feels(HubBehaviour::no_json());
    examine(&well).is("wrong", "is not a hub, or the hub fails");
    well.feels(HubBehaviour::Status(500));
    examine(&well).is("wrong", "status 500");
    well.feels(HubBehaviour::Closed);
    examine(&well).is("wrong", "does not respond");
    well.feels(HubBehaviour::Well);
    well.forgets(SERVICE_TOKEN);
    let (level, todo) = examine(&well).finding("does not know our token");
    assert_eq!(level, "wrong");
    assert!(todo.contains("JUPYTERHUB_API_TOKEN"), "{todo}");

    well.gives(
        SERVICE_TOKEN,
        nbcourier_testkit::hub::service_model("courier"),
    );
    let diagnosis = examine(&well);
    diagnosis.is("warning", "The hub knows this service as courier");
    let (level, todo) = diagnosis.finding("lacks the scope read:users");
    assert_eq!(level, "warning");
    assert!(todo.contains("load_roles"), "{todo}");
    well.gives(SERVICE_TOKEN, nbcourier_testkit::hub::user_model("kim"));
    examine(&well).is("warning", "belongs to the user kim");
    let url = well.api_url();
    drop(well);
    let environment = [
        ("JUPYTERHUB_API_URL", url.as_str()),
        ("JUPYTERHUB_API_TOKEN", "t"),
    ];
    Diagnosis::of(&data, &environment, &[]).is("wrong", "Connection refused");
    let diagnosis = Diagnosis::of(&data, &[], &[]);
    diagnosis.is("wrong", "The hub is unknown");
}

#[test]
fn a_token_of_an_odd_length_is_named_by_its_length_only() {
    let place = tempfile::tempdir().unwrap();
    let data = private(&place);
    let well = hub();
    let url = well.api_url();
    let whole = "0123456789abcdef0123456789abcdef";
    for (token, is_odd) in [(&whole[..31], true), (&whole[..8], true), (whole, false)] {
        let environment = [
            ("JUPYTERHUB_API_URL", url.as_str()),
            ("JUPYTERHUB_API_TOKEN", token),
        ];
        let diagnosis = Diagnosis::of(&data, &environment, &[]);
        diagnosis.is("wrong", "does not know our token");
        let reported = diagnosis.json.to_string();
        let odd = format!("The token has {} characters", token.len());
        assert_eq!(reported.contains(&odd), is_odd, "{reported}");
        assert!(!reported.contains(token), "{reported}");
    }
}

#[test]
fn faults_of_the_data_are_distinguished() {
    let setup = Setup::standalone();
    let server = setup.start();
    let data = server.data_dir();
    let examine = || Diagnosis::of(&data, &[], &["--standalone", "--port", "0"]);
    let above = data.parent().unwrap();
    fs::set_permissions(above, Permissions::from_mode(0o700)).unwrap();
    examine().is("ok", "cannot read it");
    for directory in [above, &data] {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    let (level, todo) = examine().finding("Other users of this machine can read");
    assert_eq!(level, "warning");
    assert_eq!(todo, format!("chmod 700 {}", data.display()));
    examine().is(
        "ok",
        "A server is running on this data directory, on a port",
    );
    fs::set_permissions(data.join("session.key"), Permissions::from_mode(0o644)).unwrap();
    examine().is("wrong", "open to other users");
    let full = ["--standalone", "--min-free-space", "1000 TiB"];
    Diagnosis::of(&data, &[], &full).is("wrong", "all submissions are refused");
    server.kill();
    examine().is("ok", "No server is running");

    // A database that another program holds, one of a newer version, and a file that is not a database.
    let database = data.join("nbcourier.db");
    let mut conn = open(&database);
    diesel::connection::SimpleConnection::batch_execute(&mut conn, "BEGIN IMMEDIATE").unwrap();
    examine().is("wrong", "cannot be written to");
    diesel::connection::SimpleConnection::batch_execute(
        &mut conn,
        "ROLLBACK; INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
    )
    .unwrap();
    drop(conn);
    examine().is("wrong", "A newer nbcourier wrote it");
    fs::remove_file(&database).unwrap();
    let _ = fs::remove_file(data.join("nbcourier.db-wal"));
    examine().is("ok", "There is no database at");
    fs::write(
        &database,
        "no database at all, but long enough to be looked at",
    )
    .unwrap();
    examine().is("wrong", "cannot be read as a SQLite database");
}

fn open(path: &Path) -> diesel::SqliteConnection {
    diesel::Connection::establish(path.to_str().unwrap()).unwrap()
}

#[test]
fn findings_are_printed_in_lines_that_end_with_a_sum() {
    let place = tempfile::tempdir().unwrap();
    let data = private(&place).display().to_string();
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    isolate(&mut command, home.path());
    let output = command
        .args(["doctor", "--standalone", "--data-dir", &data])
        .finish()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(
        text.starts_with("Settings\n  ok       They are valid"),
        "{text}"
    );
    // The disk of the machine that runs the tests may be nearly full, which is a second warning.
    let sum = match text.matches("\n  warning ").count() {
        1 => "1 warning".to_owned(),
        more => format!("{more} warnings"),
    };
    assert!(
        text.ends_with(&format!("\nNothing is wrong; {sum}.\n")),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn people_with_work_set_aside_are_reported_with_the_command_that_returns_it() {
    let hub = hub();
    hub.knows("root").made("ada", "2025-09-01T08:00:00.000000Z");
    let server = Setup::behind(&hub).start();
    let data = server.data_dir();
    Diagnosis::behind(&hub, &data, &[]).is("ok", "Nobody's work is set aside");
    let course = nbcourier_testkit::Course::of(&server, "algebra").by_token();
    hub.gives("ada-then", nbcourier_testkit::hub::user_model("ada"));
    course.make(&[], &["ada"]);
    course.get("courses", "ada-then").ok();
    hub.made("ada", "2026-09-01T08:00:00.000000Z");
    hub.gives("ada-now", nbcourier_testkit::hub::user_model("ada"));
    course.get("courses", "ada-now").ok();
    let diagnosis = Diagnosis::behind(&hub, &data, &[]);
    let (level, todo) = diagnosis.finding("is set aside: ada");
    assert_eq!(level, "warning");
    assert!(todo.contains("nbcourier user adopt ada --yes"), "{todo}");
}

#[test]
fn a_hub_that_serves_all_on_one_domain_is_told_from_one_that_does_not() {
    let hub = hub();
    let place = tempfile::tempdir().unwrap();
    let data = private(&place);
    let with = |more: &[(&str, &str)]| {
        let url = hub.api_url();
        let mut environment = vec![
            ("JUPYTERHUB_API_URL", url.as_str()),
            ("JUPYTERHUB_API_TOKEN", SERVICE_TOKEN),
            ("JUPYTERHUB_SERVICE_PREFIX", "/services/nbcourier/"),
        ];
        environment.extend(more);
        Diagnosis::of(&data, &environment, &[])
    };
    let path = "/services/nbcourier/oauth_callback";
    let same = format!("https://hub.example{path}");
    let own = format!("https://nbcourier.hub.example{path}");
    // The variables of a hub: without subdomain_host, with public_url only, and with subdomain_host.
    for one_domain in [
        &[][..],
        &[
            ("JUPYTERHUB_HOST", ""),
            ("JUPYTERHUB_OAUTH_CALLBACK_URL", path),
        ],
        &[
            ("JUPYTERHUB_HOST", "https://hub.example"),
            ("JUPYTERHUB_OAUTH_CALLBACK_URL", path),
        ],
        &[
            ("JUPYTERHUB_HOST", "https://hub.example"),
            ("JUPYTERHUB_OAUTH_CALLBACK_URL", &same),
        ],
    ] {
        let (level, todo) = with(one_domain).finding("on one domain");
        assert_eq!(level, "warning", "{one_domain:?}");
        assert!(todo.contains("subdomain_host"), "{todo}");
    }
    let separate = [
        ("JUPYTERHUB_HOST", "https://hub.example"),
        ("JUPYTERHUB_OAUTH_CALLBACK_URL", own.as_str()),
    ];
    with(&separate).is("ok", "its own domain");
}

#[test]
fn groups_without_a_course_are_named_with_the_command_that_makes_it() {
    let hub = FakeHub::start();
    hub.knows("root");
    hub.lists(&[
        ("formgrade-algebra", &["kevin"]),
        ("nbgrader-algebra", &["eric"]),
        ("nbgrader-o'clock (b)", &["eric"]),
        ("nbgrader-there", &["eric"]),
        ("staff", &["root"]),
    ]);
    let setup = Setup::behind(&hub);
    let server = setup.start();
    let call = server.call("POST", "course/there").token("root");
    server.send(&call).ok();
    let diagnosis = Diagnosis::behind(&hub, &server.data_dir(), &[]);
    diagnosis.is("ok", "The hub lists its groups");
    let says = "a group for the course \"algebra\" (formgrade-algebra or assist-algebra or nbgrader-algebra)";
    let (level, todo) = diagnosis.finding(says);
    assert_eq!(level, "warning");
    assert!(todo.contains("nbcourier course create algebra."), "{todo}");
    let (_, todo) = diagnosis.finding("\"o'clock (b)\"");
    assert!(
        todo.contains(r"nbcourier course create 'o'\''clock (b)'"),
        "{todo}"
    );
    let text = diagnosis.json.to_string();
    assert!(
        !text.contains("\\\"there\\\"") && !text.contains("staff"),
        "{text}"
    );
    let quiet = Diagnosis::behind(&hub, &server.data_dir(), &["--no-hub-groups"]);
    assert!(
        !quiet.json.to_string().contains("group"),
        "{:#}",
        quiet.json
    );
}

#[test]
fn without_the_scopes_doctor_says_which_and_names_the_groups_that_were_seen() {
    let hub = FakeHub::start();
    let service = nbcourier_testkit::hub::service_model("nbcourier");
    hub.gives(SERVICE_TOKEN, service);
    hub.knows("root");
    let mut model = nbcourier_testkit::hub::user_model("eric");
    model["groups"] = json!(["nbgrader-algebra"]);
    hub.gives("eric", model);
    let server = Setup::behind(&hub).start();
    server
        .send(&server.call("GET", "courses").token("eric"))
        .ok();
    let diagnosis = Diagnosis::behind(&hub, &server.data_dir(), &[]);
    let (level, todo) = diagnosis.finding("lacks the scopes list:groups and read:groups");
    assert_eq!(level, "warning");
    assert!(
        todo.contains(r#""scopes": ["list:groups", "read:groups"]"#),
        "{todo}"
    );
    diagnosis.is("warning", "a group for the course \"algebra\"");
}

#[test]
fn a_part_of_the_database_that_cannot_be_read_is_an_error_and_not_nothing() {
    let hub = hub();
    hub.lists(&[("formgrade-algebra", &["ira"])]);
    let setup = Setup::behind(&hub);
    setup.start().kill();
    let data = setup.data_dir();
    for (change, says) in [
        (
            "ALTER TABLE runs RENAME COLUMN succeeded_at TO other",
            "The times of the last runs cannot be read",
        ),
        (
            "ALTER TABLE hub_members RENAME COLUMN course TO other",
            "The courses cannot be read",
        ),
        (
            "ALTER TABLE courses RENAME COLUMN name TO other",
            "The courses cannot be read",
        ),
    ] {
        let back = change.split(' ').collect::<Vec<_>>();
        let [.., from, _, to] = back[..] else {
            panic!("{change}")
        };
        let undo = change.replace(&format!("{from} TO {to}"), &format!("{to} TO {from}"));
        let mut conn = open(&data.join("nbcourier.db"));
        diesel::connection::SimpleConnection::batch_execute(&mut conn, change).unwrap();
        let diagnosis = Diagnosis::behind(&hub, &data, &[]);
        diagnosis.is("wrong", says);
        assert!(!diagnosis.well);
        diesel::connection::SimpleConnection::batch_execute(&mut conn, &undo).unwrap();
    }
}

#[test]
fn a_port_that_kubernetes_sets_beside_a_service_called_nbcourier_is_no_setting() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").display().to_string();
    for (value, port) in [
        ("tcp://10.0.0.1:8080", "port = 12121"),
        ("4711", "port = 4711"),
    ] {
        for name in ["config", "doctor"] {
            let mut command = Command::new(program());
            isolate(&mut command, home.path());
            command.args([name, "--standalone", "--data-dir", &data]);
            command.env("NBCOURIER_PORT", value);
            let output = command.finish().unwrap();
            let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_ne!(output.status.code(), Some(2), "{name} {value}: {printed}");
            assert!(
                name != "config" || printed.contains(port),
                "{value}: {printed}"
            );
        }
    }
}

#[test]
fn a_variable_that_is_no_text_is_named_instead_of_counted_as_unset() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let home = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("JUPYTERHUB_SERVICE_PREFIX", &["config", "--standalone"][..]),
        ("JUPYTERHUB_SERVICE_URL", &["serve", "--standalone"]),
        ("JUPYTERHUB_API_TOKEN", &["doctor", "--standalone"]),
        ("JUPYTERHUB_API_TOKEN", &["course", "list"]),
        ("HTTPS_PROXY", &["course", "list"]),
        ("PROXY_PUBLIC_SERVICE_HOST", &["course", "list"]),
    ] {
        let mut command = Command::new(program());
        isolate(&mut command, home.path());
        command
            .args(arguments)
            .env("LANGUAGE", OsStr::from_bytes(b"\xff"));
        command.env(name, OsStr::from_bytes(b"odd \xff value"));
        let output = command.finish().unwrap();
        let reported = [output.stdout, output.stderr].concat();
        let reported = String::from_utf8_lossy(&reported);
        assert!(!output.status.success(), "{arguments:?}: {reported}");
        let says = format!("The environment variable {name} is not valid UTF-8");
        assert!(reported.contains(&says), "{arguments:?}: {reported}");
    }
}
