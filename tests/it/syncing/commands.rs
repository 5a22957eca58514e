//! The commands about pairs.

use super::desk::Desk;
use nbcourier_testkit::Course;
use nbcourier_testkit::machine::AT_ONCE;
use nbcourier_testkit::person::Person;
use serde_json::json;
use std::fs;

#[test]
fn a_pair_is_added_shown_paused_and_removed() {
    let desk = Desk::new();
    let ada = &desk.school.ada;
    let folder = desk.school.at_path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let status = ada.json(&["sync", "status"]);
    assert_eq!(
        (
            &status[0]["folder"],
            &status[0]["directory"],
            &status[0]["mode"]
        ),
        (&json!(folder), &json!("ada/thesis"), &json!("two-way"))
    );
    desk.school.write("a.txt", "1");
    desk.school.sync();
    let status = ada.json(&["sync", "status"]);
    assert_eq!(status[0]["last"]["outcome"], "synced", "{status}");
    let log = ada.does(&["sync", "log"]);
    assert!(
        log.contains("1 received, 0 sent") || log.contains("0 received, 1 sent"),
        "{log}"
    );
    ada.does(&["sync", "pause", "thesis"]);
    desk.school.write("b.txt", "1");
    assert_eq!(desk.school.sync()["outcome"], "paused");
    assert_eq!(desk.names(), ["a.txt"]);
    assert!(ada.does(&["sync", "status"]).contains("paused"));
    ada.does(&["sync", "resume"]);
    desk.school.sync();
    assert_eq!(desk.names(), ["a.txt", "b.txt"]);
    ada.does(&["sync", "remove", "thesis"]);
    assert_eq!(desk.school.names(), ["a.txt", "b.txt"]);
    assert_eq!(desk.names(), ["a.txt", "b.txt"]);
    assert_eq!(ada.json(&["sync", "status"]), json!([]));
    assert!(
        ada.fails(&["sync", "remove", "thesis"])
            .contains("is not synced")
    );
    let said = ada.does(&["sync", "run"]);
    assert!(said.contains("nbcourier sync add FOLDER"), "{said}");
    // It may be a pair again, and both sides are compared.
    ada.does(&["sync", "add", "thesis", "--device", "school"]);
    assert_eq!(desk.school.sync()["outcome"], "equal");
}

#[test]
fn a_folder_that_cannot_be_one_of_a_pair_is_refused_with_a_sentence() {
    let desk = Desk::new();
    let ada = &desk.school.ada;
    ada.file("note", "");
    for (arguments, said) in [
        (vec!["note"], "is a file"),
        (vec!["/"], "The root of all folders"),
        (vec!["other", "--device", "a/b"], "The name of a device"),
        (
            vec!["other", "--directory", "eve/secret"],
            "eve/secret does not exist, or you",
        ),
        (vec!["other", "--mode", "pull"], "other"),
        (
            vec!["thesis", "--directory", "ada/second"],
            "is a pair with ada/thesis already",
        ),
    ] {
        let sentence = ada.fails(&[&["sync", "add"], arguments.as_slice()].concat());
        assert!(sentence.contains(said), "{arguments:?}: {sentence}");
        assert!(!ada.home().join("other").exists());
    }
    let ended = ada.run(&["sync", "add", "x", "--mode", "sideways"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ada.fails(&["sync", "status", "elsewhere"])
            .contains("is not synced")
    );
}

#[test]
fn who_may_only_read_pulls_and_a_delivered_folder_is_no_pair() {
    let desk = Desk::new();
    Course::of(&desk.server, "algebra").make(&["kevin"], &["ada"]);
    let kevin = Person::at(&desk.server, "kevin");
    kevin.does(&["dir", "create", "algebra:material", "--deliver", "algebra"]);
    let note = kevin.file("note", "1");
    kevin.does(&["dir", "put", note.to_str().unwrap(), "algebra:material"]);
    let ada = &desk.school.ada;
    let add = ["sync", "add", "copy", "--directory", "algebra:material"];
    let said = ada.fails(&add);
    assert!(
        said.contains("may only read course:algebra/material"),
        "{said}"
    );
    ada.does(&[&add[..], &["--mode", "pull"]].concat());
    ada.does(&["pull"]);
    let said = ada.fails(&["sync", "add", "algebra"]);
    assert!(said.contains("which a course delivers"), "{said}");
    ada.does(&[&["sync", "run", "--once", "copy"], AT_ONCE.as_slice()].concat());
    assert_eq!(
        fs::read_to_string(ada.home().join("copy/note")).unwrap(),
        "1"
    );
    // The right to read is taken away.
    kevin.does(&["roster", "remove", "algebra", "ada"]);
    let run = [
        &["sync", "run", "--once", "copy", "--json"],
        AT_ONCE.as_slice(),
    ]
    .concat();
    let ended = ada.run(&run);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("\"stopped\""), "{}", ended.out);
    assert_eq!(
        fs::read_to_string(ada.home().join("copy/note")).unwrap(),
        "1"
    );
}

#[test]
fn a_token_that_does_not_count_any_more_stops_the_pair() {
    let desk = Desk::new();
    desk.school.write("a.txt", "1");
    desk.school.sync();
    let folder = desk.school.at_path("");
    let eve = Person::at(&desk.server, "eve");
    eve.does(&["sync", "add", "mine"]);
    // Her folder has the pair of somebody else now.
    let pair = fs::read(folder.join(".nbcourier/pair.json")).unwrap();
    fs::write(eve.home().join("mine/.nbcourier/pair.json"), pair).unwrap();
    let ended = eve.run(&[&["sync", "run", "--once", "--json"], AT_ONCE.as_slice()].concat());
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("\"stopped\""), "{}", ended.out);
}

#[test]
fn the_unit_runs_this_program_and_names_the_exchange_without_the_token() {
    let desk = Desk::new();
    let ada = &desk.school.ada;
    let file = ada.file("token", "ada");
    let unit = ada.does(&["sync", "unit", "--token-file", file.to_str().unwrap()]);
    let program = nbcourier_testkit::program();
    for line in [
        format!("ExecStart=\"{}\" sync run", program.display()),
        format!("Environment=\"NBCOURIER_TOKEN_FILE={}\"", file.display()),
        "NoNewPrivileges=yes".to_owned(),
        "UMask=0077".to_owned(),
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}: {unit}");
    }
    assert!(
        unit.contains("Environment=\"NBCOURIER_URL=http://127.0.0.1:"),
        "{unit}"
    );
    assert!(!unit.contains("TOKEN=ada"));
}

#[test]
fn the_unit_knows_what_this_terminal_knows_and_no_password() {
    let url = "https://hub.example.org/services/nbcourier";
    let laptop = || Person::unconfigured().env("NBCOURIER_URL", url);
    let said = laptop()
        .env("JUPYTERHUB_API_TOKEN", "secret")
        .fails(&["sync", "unit"]);
    assert!(said.contains("give --token-file"), "{said}");
    let unit = laptop()
        .env("NBCOURIER_TOKEN_FILE", "/home/ada/token")
        .env("SSL_CERT_FILE", "/home/ada/hub.pem")
        .env("https_proxy", "http://ada:secret@proxy:3128")
        .env("no_proxy", "localhost")
        .does(&["sync", "unit"]);
    for line in [
        "Environment=\"SSL_CERT_FILE=/home/ada/hub.pem\"",
        "Environment=\"no_proxy=localhost\"",
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}: {unit}");
    }
    assert!(unit.contains("# https_proxy holds a password"), "{unit}");
    assert!(!unit.contains("secret"), "{unit}");
}
