//! Compares the OpenAPI document of our own API with the one in the repository, where reviews see its changes.
//!
//! After an intended change, `UPDATE_SNAPSHOT=1 cargo test --test it openapi` rewrites it. Every test that sends requests
//! below `v1/` compares the replies with it: `crates/testkit/src/document.rs`.

use nbcourier_testkit::hub::FakeHub;
use nbcourier_testkit::{Setup, document};
use serde_json::Value;
use std::collections::BTreeSet;

fn served() -> Value {
    let server = Setup::standalone().start();
    server.get("v1/openapi.json", "sam").ok().json()
}

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let text = serde_json::to_string_pretty(&served()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(document::path(), &text).unwrap();
    }
    let reviewed = std::fs::read_to_string(document::path()).unwrap_or_default();
    let first = reviewed.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        reviewed == text,
        "openapi.json is another one: {first:?}; UPDATE_SNAPSHOT=1 cargo test --test it openapi writes it anew"
    );
}

#[test]
fn every_address_below_v1_is_described() {
    let document = served();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert(format!("{} {}", method.to_uppercase(), &path[1..]));
        }
    }
    let routes = nbcourier_testkit::routes();
    let ours = routes.into_iter().filter(|route| route.contains(" v1/"));
    assert_eq!(described, ours.collect());
}

#[test]
fn every_operation_says_what_it_is_for_and_every_part_of_its_path() {
    let document = served();
    for (path, item) in document["paths"].as_object().unwrap() {
        let in_path: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let described = parameters.iter().filter(|it| it["in"] == "path");
            let described: BTreeSet<_> = described.filter_map(|it| it["name"].as_str()).collect();
            assert_eq!(described, in_path, "{method} {path}");
            for text in ["summary", "description"] {
                assert_ne!(operation[text].as_str().unwrap(), "", "{method} {path}");
            }
        }
    }
}

#[test]
fn no_name_stands_for_two_schemas() {
    // schemars appends a number to the name of the second of two types.
    let document = served();
    let names = document["components"]["schemas"].as_object().unwrap();
    let twice: Vec<_> = names
        .keys()
        .filter(|name| name.ends_with(|c: char| ('2'..='9').contains(&c)))
        .collect();
    assert!(
        twice.is_empty(),
        "namesakes, or a type that requests and replies see differently: {twice:?}"
    );
}

#[test]
fn the_document_names_the_place_where_it_is_served_and_is_for_those_with_a_token() {
    let hub = FakeHub::start();
    hub.knows("sam");
    let server = Setup::behind(&hub).start();
    let call = server.call("GET", "v1/openapi.json");
    assert_eq!(server.send(&call).status, 401);
    let document = server.send(&call.token("sam")).ok().json();
    assert_eq!(document["servers"][0]["url"], "/services/nbcourier");
}
