//! The operation of the service, and what it reveals about itself.

use nbcourier_testkit::{Course, FakeHub, Reply, Sent, Setup};

#[test]
fn hole_05_there_is_no_debug_page_behind_a_hub() {
    let hub = FakeHub::start();
    hub.knows("root").knows("eric");
    let server = Setup::behind(&hub).args(&["--debug"]).start();
    Course::of(&server, "algebra")
        .by_token()
        .make(&["root"], &[]);
    for who in ["root", "eric"] {
        for path in [
            "initialize-Data6ase",
            "initialize-Data6ase?action=clear",
            "initialize-Data6ase?action=init",
            "dump",
            "debug",
            "healthz/../initialize-Data6ase?action=clear",
        ] {
            let reply = server.send(&server.call("GET", path).token(who));
            assert_eq!(reply.status, 404, "{path}: {}", reply.text());
            for secret in ["JUPYTERHUB", "PATH", "environ"] {
                assert!(!reply.text().contains(secret), "{path}: {}", reply.text());
            }
        }
    }
    let courses = server
        .send(&server.call("GET", "courses").token("root"))
        .ok();
    assert_eq!(courses.json()["courses"], serde_json::json!(["algebra"]));
}

#[test]
fn hole_19_nobody_reads_metrics_or_passwords_of_the_service() {
    let hub = FakeHub::start();
    hub.knows("eric");
    let server = Setup::behind(&hub).env("RUST_LOG", "trace").start();
    for path in ["metrics", "/metrics", "v1/metrics"] {
        let anonymous = server.send(&server.call("GET", path));
        assert!(
            matches!(anonymous.status, 401 | 404),
            "{path}: {}",
            anonymous.text()
        );
        let reply = server.send(&server.call("GET", path).token("eric"));
        assert!(
            matches!(reply.status, 403 | 404),
            "{path}: {}",
            reply.text()
        );
    }
    let log = server.log();
    assert!(!log.contains(nbcourier_testkit::SERVICE_TOKEN));
    drop(server);

    // If metrics are served, then only with the token for them, which no user of the hub has.
    let place = tempfile::tempdir().unwrap();
    let token = place.path().join("token");
    std::fs::write(&token, "of-prometheus").unwrap();
    let token = ["--metrics-token-file", token.to_str().unwrap()];
    let server = Setup::behind(&hub).args(&token).start();
    for path in ["metrics", "/metrics"] {
        let call = server.call("GET", path);
        assert_eq!(server.send(&call).status, 401, "{path}");
        for wrong in ["eric", nbcourier_testkit::SERVICE_TOKEN] {
            let reply = server.send(&server.call("GET", path).token(wrong));
            assert_eq!(reply.status, 401, "{path}: {}", reply.text());
        }
        server
            .send(&call.header("Authorization", "Bearer of-prometheus"))
            .ok();
    }
}

#[test]
fn hole_21_nothing_that_comes_in_is_an_argument_of_a_program() {
    // The server starts one program, git, which `materials::hostile` attacks. No other part starts any.
    let mut files = Vec::new();
    for directory in ["src/http", "crates"] {
        collect(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(directory),
            &mut files,
        );
    }
    assert!(files.len() > 150);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("process::Command"), "{}", file.display());
    }
}

fn collect(directory: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if ["tests", "testkit", "fetching"]
            .iter()
            .any(|name| path.ends_with(name))
        {
            continue; // these may start programs
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn hole_23_no_name_makes_a_line_of_its_own_in_the_log() {
    for format in ["text", "json"] {
        let server = Setup::standalone().args(&["--log-format", format]).start();
        let forged = "2026-11-21T00:00:00.000000Z INFO  forged by a name";
        for name in [
            format!("kevin\n{forged}"),
            format!("kevin\r{forged}"),
            format!("kevin\u{2028}{forged}"),
            format!("\u{1b}[2K{forged}"),
        ] {
            server.get("courses", &name);
            let in_path = nbcourier_testkit::percent_encode(&name);
            server.get(&format!("assignments/{in_path}"), "kevin");
        }
        server.get("courses", "the-last").ok();
        let log = server.log();
        assert!(!log.contains('\u{1b}'), "{log}");
        let lines = log.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        let made = lines.filter(|line| line.starts_with(forged)).count();
        assert_eq!(made, 0, "{log}");
    }
}

#[test]
fn hole_24_there_is_a_limit_to_everything_that_one_caller_can_ask_for() {
    type Ask<'a> = Box<dyn Fn(Course<'_>) -> Reply + 'a>;
    let large = [Sent::new("large", vec![b'x'; 10_000])];
    let submit = |course: Course<'_>, files: &[Sent]| course.submit("ps1", "lawrence", files);
    let once: Ask = Box::new(|course| submit(course, &large));
    let twice: Ask = Box::new(|course| {
        submit(course, &[]).ok();
        submit(course, &[])
    });
    let many: Ask = Box::new(|course| submit(course, &["a", "b"].map(|path| Sent::new(path, ""))));
    let often: Ask = Box::new(|course| {
        let refused = (0..1000).map(|_| course.get("courses", "lawrence"));
        let mut refused = refused.skip_while(|reply| reply.status == 200);
        refused.next().unwrap()
    });
    for (setting, value, ask, status) in [
        ("--max-request-size", "9 kB", &once, 413),
        ("--max-file-size", "9 kB", &once, 413),
        ("--max-files", "1", &many, 413),
        ("--max-submissions", "1", &twice, 409),
        ("--max-user-size", "9 kB", &once, 413),
        ("--max-course-size", "9 kB", &once, 413),
        ("--min-free-space", "1000000 TiB", &once, 507),
        ("--max-request-rate", "1", &often, 429),
    ] {
        let setup = Setup::standalone();
        let server = setup.start();
        let course = Course::of(&server, "algebra");
        course.make(&["kevin"], &["lawrence"]);
        course.release("ps1", "kevin", &[]).ok();
        server.kill();
        let server = setup.args(&[setting, value]).start();
        let reply = ask(Course::of(&server, "algebra"));
        assert_eq!(reply.status, status, "{setting}: {}", reply.text());
        assert!(!reply.message().is_empty(), "{setting}");
        assert!(server.is_healthy(), "{setting}");
    }
}
