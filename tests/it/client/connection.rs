//! Finding the exchange, logging in to it, and reporting what is wrong.

use nbcourier_testkit::person::Person;
use nbcourier_testkit::{FakeHub, Setup, free_port};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

#[test]
fn behind_a_hub_one_is_who_the_token_says() {
    let hub = FakeHub::start();
    hub.knows("root").knows("ira");
    let server = Setup::behind(&hub).start();
    let root = Person::at(&server, "root");
    root.does(&["course", "create", "algebra", "ira"]);
    assert_eq!(
        Person::at(&server, "ira").json(&["course", "list"]),
        json!([{ "course": "algebra", "role": "instructor" }])
    );
    let stranger = Person::at(&server, "of-no-hub");
    let said = stranger.fails(&["course", "list"]);
    assert!(said.contains("JUPYTERHUB_API_TOKEN"), "{said}");
    let file = stranger.file("token", "ira\n");
    let path = file.to_str().unwrap();
    let cut = Person::at(&server, "0123456789abcdef0123456789abcde").fails(&["course", "list"]);
    assert!(cut.contains("The token has 31 characters"), "{cut}");
    assert!(!cut.contains("0123456789abcde"), "{cut}");
    assert!(!said.contains("characters"), "{said}");
    let by_file = stranger.does(&["course", "list", "--token-file", path]);
    assert!(by_file.contains("algebra"));
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let server = Setup::standalone().start();
    let url = format!("http://127.0.0.1:{}/api", server.port());
    let person = Person::unconfigured()
        .env("NBCOURIER_URL", "http://127.0.0.1:1/")
        .env("JUPYTERHUB_API_TOKEN", "sam");
    person.does(&["course", "list", "--url", &url]);
    person.does(&["course", "--url", &url, "list"]);
}

#[test]
fn missing_settings_are_reported_before_any_request() {
    let said = Person::unconfigured().fails(&["course", "list"]);
    assert!(said.contains("NBCOURIER_URL"), "{said}");
    let person = Person::unconfigured().env("NBCOURIER_URL", "http://127.0.0.1:1");
    assert!(
        person
            .fails(&["course", "list"])
            .contains("JUPYTERHUB_API_TOKEN")
    );
    let person = person.env("NBCOURIER_URL", "the exchange");
    assert!(person.fails(&["course", "list"]).contains("http://"));
}

#[test]
fn silent_and_foreign_servers_are_reported() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let person = Person::unconfigured().env("JUPYTERHUB_API_TOKEN", "sam");
    let person = person.env("NBCOURIER_URL", &nobody);
    let said = person.fails(&["course", "list"]);
    assert!(
        said.contains("does not answer") && said.contains(&nobody),
        "{said}"
    );
    // A hub knows neither our own API nor the protocol of ngshare, which identifies the service.
    let hub = FakeHub::start();
    let person = person.env("NBCOURIER_URL", &format!("http://127.0.0.1:{}", hub.port()));
    let said = person.fails(&["course", "list"]);
    assert!(
        said.contains("is not an exchange") && said.contains("404"),
        "{said}"
    );
    let said = person.fails(&["course", "create", "algebra"]);
    assert!(
        said.contains("is not an exchange") && said.contains("404"),
        "{said}"
    );
}

#[test]
fn a_token_is_in_no_message() {
    let server = Setup::standalone().args(&["--debug"]).start();
    let url = format!("http://127.0.0.1:{}{}", server.port(), server.prefix());
    for url in [url.as_str(), "http://127.0.0.1:1", "nonsense", ""] {
        let person = Person::unconfigured()
            .env("JUPYTERHUB_API_TOKEN", "secret-of-sam")
            .env("NBCOURIER_URL", url);
        let ended = person.run(&["roster", "list", "algebra"]);
        assert_ne!(ended.code, Some(0));
        assert!(!ended.err.contains("secret-of-sam"), "{}", ended.err);
        let help = person.run(&["roster", "--help"]).out;
        assert!(!help.contains("secret-of-sam"), "{help}");
    }
}

#[test]
fn no_proxy_gets_a_token_for_this_machine_and_one_that_is_wanted_is_named() {
    let server = Setup::standalone().start();
    let proxy = format!("http://127.0.0.1:{}", free_port());
    let person = Person::at(&server, "sam")
        .env("http_proxy", &proxy)
        .env("HTTPS_PROXY", &proxy);
    person.does(&["course", "list"]);
    let person = person.env("NBCOURIER_URL", "http://exchange.example.org/api");
    let said = person.fails(&["course", "list"]);
    assert!(
        said.contains(&format!("through the proxy {proxy}")),
        "{said}"
    );
}

#[test]
fn a_refusal_names_who_one_is_to_the_exchange() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    root.does(&["course", "create", "algebra", "ira"]);
    let said = Person::at(&server, "zoë").fails(&["roster", "list", "algebra"]);
    assert!(said.contains("knows you as 'zoë'"), "{said}");
}

#[test]
fn a_derived_address_is_named_with_the_setting_that_corrects_it() {
    let hub = format!("http://127.0.0.1:{}/hub/api", free_port());
    let public = format!("http://127.0.0.1:{}", free_port());
    let person = Person::unconfigured()
        .env("JUPYTERHUB_API_TOKEN", "sam")
        .env("JUPYTERHUB_API_URL", &hub)
        .env("JUPYTERHUB_PUBLIC_HUB_URL", &format!("{public}/hub/"));
    let said = person.fails(&["course", "list"]);
    assert!(
        said.contains(&format!("{public}/services/nbcourier")),
        "{said}"
    );
    assert!(
        said.contains("derived from JUPYTERHUB_PUBLIC_HUB_URL"),
        "{said}"
    );
    assert!(said.contains("set NBCOURIER_URL"), "{said}");
}

#[test]
fn a_listing_without_an_end_is_given_up() {
    let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    thread::spawn(move || {
        let mut number = 0;
        for client in server.incoming().flatten() {
            let mut bytes = [0; 4096];
            // Each page has another cursor.
            while let Ok(1..) = (&client).read(&mut bytes) {
                number += 1;
                let page = format!("{{\"courses\":[],\"next\":\"{number}\"}}");
                let reply = format!(
                    "HTTP/1.1 200 OK\r\nX-NbCourier: exchange\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\n\r\n{page}",
                    page.len()
                );
                if (&client).write_all(reply.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    let person = Person::unconfigured()
        .env("JUPYTERHUB_API_TOKEN", "sam")
        .env("NBCOURIER_URL", &url);
    let said = person.fails(&["course", "list"]);
    assert!(said.contains("its answer does not end"), "{said}");
}
