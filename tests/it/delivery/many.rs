//! A directory with as many files as a data set has.

use super::lesson::Lesson;
use crate::watching::numbers::Numbers;
use nbcourier_testkit::hex_sha256;
use serde_json::{Value, json};
use std::fs;

const FILES: usize = 50_000;
/// The operations of one batch.
const AT_ONCE: usize = 10_000;
/// The number of different contents.
const CONTENTS: usize = 100;

#[test]
fn fifty_thousand_files_arrive_and_a_correction_of_two_costs_four_requests() {
    let lesson = Lesson::with_metrics();
    let texts: Vec<String> = (0..CONTENTS).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let put = |number: usize| -> Value {
        let text = texts[number % CONTENTS];
        json!({
            "op": "put", "path": format!("data/{}/{number}.csv", number % 250), "size": text.len(),
            "sha256": hex_sha256(text.as_bytes()),
        })
    };
    let puts: Vec<Value> = (0..FILES).map(put).collect();
    for some in puts.chunks(AT_ONCE) {
        let done = lesson.materials().change_with(&json!(some), &texts);
        done.ok();
    }
    let report = lesson.pull(&[]);
    assert_eq!(
        (&report["outcome"], &report["received"]),
        (&json!("updated"), &json!(FILES))
    );
    let folder = |number: usize| lesson.at(&format!("data/{number}"));
    let found = (0..250).map(|number| fs::read_dir(folder(number)).unwrap().count());
    assert_eq!(found.sum::<usize>(), FILES);
    assert_eq!(lesson.read("data/249/49999.csv"), "99");

    lesson.write("data/7/7.csv", "hers");
    lesson.teach("data/8/8.csv", "corrected");
    lesson.teach("data/7/7.csv", "corrected, too");
    let all = || Numbers::of(&lesson.server).sum("nbcourier_http_requests_total");
    let before = all();
    let report = lesson.pull(&[]);
    // The list of deliveries, the changes of the directory, and the two files. The numbers themselves are elsewhere.
    assert_eq!((all() - before).to_string(), "4", "{report}");
    assert_eq!(report["received"], 2, "{report}");
    assert_eq!(lesson.read("data/8/8.csv"), "corrected");
    assert_eq!(lesson.read("data/7/7.csv"), "hers");
    assert_eq!(report["beside"][0]["path"], "data/7/7.csv");
}
