//! What an operator sees of repositories that cannot be followed, and of folders that members do not receive.

use crate::materials::course::{Algebra, settings};
use crate::materials::git_server::{GitServer, file};
use nbcourier_testkit::person::Person;
use nbcourier_testkit::run;
use serde_json::{Value, json};
use std::fs;

/// Returns the findings of doctor about the areas, as level, sentence and advice.
fn findings(algebra: &Algebra) -> Vec<(String, String, String)> {
    let data = algebra.server.data_dir().display().to_string();
    let output = run(&["doctor", "--json", "--standalone", "--data-dir", &data]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = said["findings"].as_array().unwrap().iter();
    let ours = all.filter(|one| one["area"] == "Repositories" || one["area"] == "Deliveries");
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    ours.map(|one| (word(one, "level"), word(one, "message"), word(one, "todo")))
        .collect()
}

/// Returns the page of administrators, without the notation of apostrophes.
fn state(algebra: &Algebra) -> String {
    let page = algebra.server.get("admin", "root").ok().text();
    page.replace("&#39;", "'")
}

#[test]
fn doctor_and_the_page_name_repositories_that_fail_and_folders_that_lack_files() {
    let git = GitServer::start();
    let repo = git.repository("lecture");
    repo.commit(vec![("a", file("1"))]);
    let algebra = Algebra::start(&Algebra::setup(&git));
    let delivered = json!({ "deliver": "algebra", "deliver_at_start": true });
    algebra.materials().send("PATCH", "", &delivered).ok();
    algebra.follow(&settings(&git.url("lecture")));
    let student = Person::at(&algebra.server, "lawrence");
    assert_eq!(student.run(&["start"]).code, Some(0));
    let levels = |all: &[(String, String, String)]| -> Vec<String> {
        all.iter().map(|(level, ..)| level.clone()).collect()
    };
    let well = findings(&algebra);
    assert_eq!(levels(&well), ["ok", "ok"], "{well:?}");

    // The repository is gone, and a file of the student has the name of the folder.
    let away = repo.directory.with_extension("away");
    fs::rename(&repo.directory, &away).unwrap();
    for _ in 0..3 {
        assert_eq!(algebra.pull().word, "failed");
    }
    let folder = student.home().join("algebra");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "hers").unwrap();
    student.run(&["start"]);
    let ill = findings(&algebra);
    assert_eq!(levels(&ill), ["warning", "warning"], "{ill:?}");
    let page = state(&algebra);
    for ((_, sentence, advice), [begin, reason, command]) in ill.iter().zip([
        [
            "The repository that course:algebra/materials follows could not be followed 3 times in a row. The last reason: ",
            "The repository was not found, or is private",
            "nbcourier materials log algebra materials",
        ],
        [
            "course:algebra/materials did not arrive whole at the last starts of the servers of 1 person. The last reason: ",
            "The folder cannot be used",
            "nbcourier starts algebra",
        ],
    ]) {
        let rest = sentence.strip_prefix(begin);
        assert!(rest.is_some_and(|rest| rest.starts_with(reason)), "{sentence}");
        assert!(advice.ends_with(command), "{advice}");
        assert!(page.contains(sentence) && page.contains(advice), "{page}");
    }

    // Both are well again.
    fs::rename(&away, &repo.directory).unwrap();
    assert_eq!(algebra.pull().word, "unchanged");
    fs::remove_file(&folder).unwrap();
    assert_eq!(student.run(&["start"]).code, Some(0));
    assert_eq!(findings(&algebra), well);
    assert!(!state(&algebra).contains("did not arrive whole"));
}
