//! The work on notebooks as pages, tables and commands show it.

use super::activity::{NOTEBOOK, counting, counts, item, turn};
use super::client::algebra;
use nbcourier_testkit::Setup;
use nbcourier_testkit::person::Person;
use serde_json::json;

#[test]
fn the_page_shows_figures_and_takes_no_path_for_markup_or_a_formula() {
    let server = counting();
    let odd = "=1+1<script>alert(1)</script>&quot.ipynb".replace("</", "<");
    let work = json!([item(NOTEBOOK, "open", 3), item(&odd, "save", 1)]);
    counts(&server, "eric", &work, 2);
    for target in ["", "?by=notebook", "?by=day", "?by=notebook&student=eric"] {
        let shown = server.page(&format!("c/algebra/notebooks{target}"), "kevin");
        let shown = shown.ok().text();
        assert!(!shown.contains("<script>alert"), "{target}");
        assert!(shown.contains("proves nothing"), "{target}");
        assert_eq!(shown.contains("lawrence"), target.is_empty(), "{target}");
    }
    let table = server
        .page("c/algebra/notebooks.csv?by=notebook", "kevin")
        .ok();
    assert!(
        table
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment"),
        "{table:?}"
    );
    let table = table.text();
    let lines: Vec<&str> = table.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "notebook,students,notebooks,days,opens,saves,minutes,last_day"
    );
    assert!(lines[1].starts_with("'=1+1<script>"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("algebra/ps1/p1.ipynb,1,1,1,3,0,0,20"),
        "{}",
        lines[2]
    );
    assert_eq!(lines.len(), 3);

    // A student reads that it is on, and sees only their own.
    let course = server.page("c/algebra", "lawrence").ok().text();
    assert!(
        course.contains("The work on notebooks is counted in this course"),
        "{course}"
    );
    let own = server.page("c/algebra/notebooks", "lawrence").ok().text();
    assert!(
        own.contains("Instructors and assistants of the course see these figures"),
        "{own}"
    );
    assert!(!own.contains("p1.ipynb"), "{own}");
    let own = server
        .page("c/algebra/notebooks.csv?by=notebook", "lawrence")
        .ok();
    assert_eq!(own.text().lines().count(), 1);
    assert_eq!(
        server
            .page("c/algebra/notebooks?student=eric", "lawrence")
            .status,
        403
    );
    assert_eq!(
        server.page("c/algebra/notebooks.csv", "stranger").status,
        403
    );
    turn(&server, false).ok();
    let off = server.page("c/algebra/notebooks", "eric").ok().text();
    assert!(off.contains("not counted in this course"), "{off}");
    let course = server.page("c/algebra", "eric").ok().text();
    assert!(!course.contains("notebooks is counted"), "{course}");
}

#[test]
fn the_command_shows_figures_and_turns_the_switch() {
    let server = Setup::standalone().args(&["--activity"]).start();
    algebra(&server);
    let (kevin, eric) = (Person::at(&server, "kevin"), Person::at(&server, "eric"));
    let said = kevin.run(&["activity", "algebra"]);
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("--activity on"), "{}", said.err);
    let set = kevin.json(&["course", "settings", "algebra", "--activity", "on"]);
    assert_eq!(set["activity"], true);
    let shown = kevin.json(&["course", "settings", "algebra", "--title", "Algebra"]);
    assert_eq!(shown["activity"], true, "it stays as it is");
    counts(&server, "eric", &json!([item(NOTEBOOK, "open", 2)]), 1);
    let shown = kevin.does(&["activity", "algebra"]);
    assert!(
        shown.contains("lawrence") && shown.contains("OPENED"),
        "{shown}"
    );
    let shown = kevin.does(&["activity", "algebra", "--by", "notebook", "--csv"]);
    assert!(
        shown.contains("algebra/ps1/p1.ipynb,1,1,1,2,0,0,20"),
        "{shown}"
    );
    let found = kevin.json(&["activity", "algebra", "--by", "day", "--student", "eric"]);
    assert_eq!(found["activity"][0]["opens"], 2);
    let found = kevin.json(&[
        "activity",
        "algebra",
        "--path",
        NOTEBOOK,
        "--since",
        "2026-01-01",
    ]);
    assert_eq!(found["activity"].as_array().unwrap().len(), 2);
    let own = eric.json(&["activity", "algebra"]);
    assert_eq!(own["activity"].as_array().unwrap().len(), 1);
    assert_ne!(
        eric.run(&["activity", "algebra", "--student", "lawrence"])
            .code,
        Some(0)
    );
}
