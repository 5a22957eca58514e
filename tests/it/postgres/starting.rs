//! A PostgreSQL server that cannot be used is named at the start, with the reason and the next step.

use super::prepare;
use nbcourier_testdb::{Cluster, Stop, USER, shared};
use nbcourier_testkit::run;
use nbcourier_testkit::{Course, Finish as _, Sent, Server, Setup};
use std::path::Path;
use std::process::Command;
use std::thread;

/// Runs `serve` with that database, which must fail. Returns its message.
fn refusal(arguments: &[&str]) -> String {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data").display().to_string();
    let mut all = vec!["serve", "--standalone", "--port", "0", "--data-dir", &data];
    all.extend(arguments);
    let output = run(&all);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    let last = text.lines().last().unwrap_or_default();
    last.to_owned()
}

pub fn assert_refused(arguments: &[&str], parts: &[&str]) {
    let refusal = refusal(arguments);
    for part in parts {
        assert!(refusal.contains(part), "{refusal}\nlacks {part:?}");
    }
}

#[test]
fn each_wrong_address_has_its_sentence() {
    let port = shared().port();
    let url = |rest: &str| format!("postgres://{USER}@127.0.0.1:{rest}");
    assert_refused(
        &["--database", &url("1/x")],
        &[
            "127.0.0.1:1/x cannot be reached",
            "Check that the server runs",
        ],
    );
    assert_refused(
        &["--database", &url(&format!("{port}/nowhere"))],
        &["nowhere", "Create the database first"],
    );
    assert_refused(
        &[
            "--database",
            &format!("postgres://nobody@127.0.0.1:{port}/postgres"),
        ],
        &["nobody", "Check the user in --database"],
    );
    assert_refused(
        &[
            "--database",
            &url(&format!("{port}/postgres?sslmode=require")),
        ],
        &["cannot be reached", "TLS", "sslmode"],
    );
    assert_refused(
        &[
            "--database",
            &format!("postgres://{USER}:s3cret@127.0.0.1:{port}/x"),
        ],
        &["--database-password-file", "PGPASSWORD"],
    );
    assert_refused(
        &["--database-password-file", "/nowhere"],
        &["--database-password-file is for PostgreSQL"],
    );
    assert_refused(
        &[
            "--database",
            &url(&format!("{port}/x")),
            "--database-password-file",
            "/nowhere",
        ],
        &["/nowhere", "--database-password-file"],
    );
    assert_refused(
        &["--database", "mysql://ann:s3cret@host/x"],
        &["SQLite file or one of PostgreSQL"],
    );
}

#[test]
fn a_foreign_a_newer_or_another_servers_database_is_refused_and_unchanged() {
    for (tables, maker) in [
        ("CREATE TABLE alembic_version (x int)", "ngshare"),
        ("CREATE TABLE x (y int)", "another program"),
    ] {
        let database = shared().create();
        shared().sql(&database, tables);
        assert_refused(
            &["--database", &shared().url(&database)],
            &[&format!("was made by {maker}"), "Nothing was changed"],
        );
        let count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(shared().sql(&database, count), "1");
    }
    let database = shared().create();
    let url = shared().url(&database);
    let server = Setup::standalone().on_postgres(&url).start();
    assert_refused(&["--database", &url], &["Another nbcourier is serving"]);
    server.kill();
    shared().sql(
        &database,
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
    );
    assert_refused(
        &["--database", &url],
        &["newer nbcourier", "29990101000000"],
    );
}

#[test]
fn a_standby_is_refused() {
    let cluster = Cluster::start(&[]);
    let url = cluster.url(&cluster.create());
    cluster.stop(Stop::Fast);
    std::fs::write(cluster.data().join("standby.signal"), "").unwrap();
    cluster.resume();
    assert_refused(&["--database", &url], &["standby", "primary"]);
}

#[test]
fn servers_that_start_together_migrate_once() {
    let url = shared().url(&shared().create());
    let started: Vec<Server> = thread::scope(|scope| {
        let starting: Vec<_> = (0..3)
            .map(|_| {
                let setup = Setup::standalone().on_postgres(&url);
                scope.spawn(move || setup.try_start())
            })
            .collect();
        let started = starting.into_iter().map(|one| one.join().unwrap());
        started.flatten().collect()
    });
    let [server] = started.as_slice() else {
        panic!("{} of them serve", started.len());
    };
    prepare(server, &["ann"]);
}

#[test]
fn a_password_comes_from_a_file_or_the_environment() {
    let cluster = Cluster::start(&["password_encryption=scram-sha-256"]);
    let database = cluster.create();
    cluster.sql(
        &database,
        &format!(
            "CREATE ROLE keeper LOGIN PASSWORD 's3cret'; ALTER DATABASE {database} OWNER TO keeper"
        ),
    );
    let rules = cluster.data().join("pg_hba.conf");
    let others = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(
        &rules,
        format!("host all keeper 127.0.0.1/32 scram-sha-256\n{others}"),
    )
    .unwrap();
    cluster.sql(&database, "SELECT pg_reload_conf()");
    let url = format!("postgres://keeper@127.0.0.1:{}/{database}", cluster.port());
    assert_refused(&["--database", &url], &["password"]);

    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("password");
    std::fs::write(&file, "wrong\n").unwrap();
    let named = file.display().to_string();
    assert_refused(
        &["--database", &url, "--database-password-file", &named],
        &["Check the user in --database, and the password"],
    );
    std::fs::write(&file, "s3cret\n").unwrap();
    let setup = Setup::standalone().on_postgres(&url);
    let server = setup
        .clone()
        .args(&["--database-password-file", &named])
        .start();
    prepare(&server, &["ann"]);
    server.kill();
    let server = setup.clone().env("PGPASSWORD", "s3cret").start();
    let course = Course::of(&server, "algebra");
    course.submit("ps1", "ann", &[Sent::new("a", "b")]).ok();
    assert!(!server.log().contains("s3cret"), "{}", server.log());
}

/// Creates a certificate authority, and a certificate of it for that host. The files are `ca.pem`, `server.pem` and
/// `server.key`.
fn certify(place: &Path, host: &str) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(place)
            .finish()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ];
    let authority = [
        "req",
        "-x509",
        "-days",
        "2",
        "-subj",
        "/CN=authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    openssl(&[&authority[..], &key].concat());
    let request = [
        "req",
        "-subj",
        "/CN=server",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
    ];
    openssl(&[&request[..], &key].concat());
    std::fs::write(place.join("names"), format!("subjectAltName=DNS:{host}")).unwrap();
    openssl(&[
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ]);
}

#[test]
fn the_certificate_of_the_server_is_verified() {
    let cluster = Cluster::start(&[]);
    let place = tempfile::tempdir().unwrap();
    certify(place.path(), "localhost");
    cluster.encrypt(
        &place.path().join("server.pem"),
        &place.path().join("server.key"),
    );
    let database = cluster.create();
    let port = cluster.port();
    let url =
        |host: &str, options: &str| format!("postgres://{USER}@{host}:{port}/{database}?{options}");
    let roots = format!("sslrootcert={}", place.path().join("ca.pem").display());

    let verified = url("localhost", &format!("sslmode=verify-full&{roots}"));
    let setup = Setup::standalone();
    let server = setup.clone().on_postgres(&verified).start();
    prepare(&server, &["ann"]);
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'nbcourier'";
    assert_eq!(cluster.sql(&database, encrypted), "t");
    server.kill();

    // The certificate is for another name.
    let other = url("127.0.0.1", &format!("sslmode=verify-full&{roots}"));
    assert_refused(&["--database", &other], &["certificate", "sslrootcert"]);
    // Nobody vouches for it.
    let unknown = url("localhost", "sslmode=verify-full");
    assert_refused(&["--database", &unknown], &["certificate", "sslrootcert"]);
    for weaker in [
        format!("sslmode=verify-ca&{roots}"),
        "sslmode=require".to_owned(),
    ] {
        let server = setup
            .clone()
            .on_postgres(&url("127.0.0.1", &weaker))
            .start();
        assert_eq!(cluster.sql(&database, encrypted), "t");
        server.kill();
    }
}
