//! Notebooks that are open in a Jupyter server.

use super::desk::Desk;
use super::running::{Running, has, said};
use nbcourier_testkit::eventually;
use std::path::PathBuf;

const WAITS: &str = "is open in JupyterLab, and a change from elsewhere waits";

/// Returns the path of a file of the folder at school without links.
fn at_school(desk: &Desk, path: &str) -> PathBuf {
    desk.school.at_path("").canonicalize().unwrap().join(path)
}

fn status(desk: &Desk) -> String {
    desk.school.ada.does(&["sync", "status"])
}

/// Both machines have the same notebooks, and the one at school is open.
fn opened(names: &[&str], open: &str) -> (Desk, Running) {
    let desk = Desk::new();
    for name in names {
        desk.school.write(name, "first");
    }
    desk.school.sync();
    desk.home.sync();
    let mut agent = Running::attached(&desk.school);
    agent.tell_open(&[&at_school(&desk, open)]);
    eventually("it looked once", || said(&desk.school).contains("equal"));
    (desk, agent)
}

#[test]
fn an_open_notebook_is_replaced_once_it_is_closed() {
    let (desk, mut agent) = opened(&["plan.ipynb", "other.ipynb"], "plan.ipynb");
    for name in ["plan.ipynb", "other.ipynb"] {
        desk.home.write(name, "home");
    }
    desk.home.sync();
    eventually("the other comes", || {
        has(&desk.school, "other.ipynb", "home")
    });
    eventually("it says why", || said(&desk.school).contains(WAITS));
    assert!(has(&desk.school, "plan.ipynb", "first"));
    assert!(status(&desk).contains(WAITS), "{}", status(&desk));
    // The same again says nothing, and other notebooks hold nothing up.
    agent.tell_open(&[&at_school(&desk, "plan.ipynb")]);
    desk.home.write("third.ipynb", "home");
    desk.home.sync();
    eventually("the third comes", || {
        has(&desk.school, "third.ipynb", "home")
    });
    assert_eq!(said(&desk.school).matches(WAITS).count(), 1);
    agent.tell_open(&[&at_school(&desk, "other.ipynb")]);
    eventually("it comes", || has(&desk.school, "plan.ipynb", "home"));
    assert!(!status(&desk).contains(WAITS), "{}", status(&desk));
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn work_in_an_open_notebook_is_sent_and_its_removal_elsewhere_waits() {
    // A removal of most files would wait for a confirmation.
    let others = ["1.ipynb", "2.ipynb", "3.ipynb", "4.ipynb"];
    let (desk, agent) = opened(&[&others[..], &["plan.ipynb"]].concat(), "plan.ipynb");
    desk.school.write("plan.ipynb", "second");
    eventually("it is sent", || {
        desk.directory().text("plan.ipynb") == "second"
    });
    desk.home.sync();
    desk.home.remove("plan.ipynb");
    desk.home.sync();
    eventually("it waits", || said(&desk.school).contains(WAITS));
    assert!(has(&desk.school, "plan.ipynb", "second"));
    // Work after the removal is not lost: it comes back to the directory.
    desk.school.write("plan.ipynb", "third");
    let is_back = || desk.names().contains(&"plan.ipynb".to_owned());
    eventually("it is back", is_back);
    assert_eq!(desk.directory().text("plan.ipynb"), "third");
    assert!(has(&desk.school, "plan.ipynb", "third"));
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn a_conflict_in_an_open_notebook_is_resolved_once_it_is_closed() {
    let (desk, mut agent) = opened(&["unit/plan.ipynb"], "unit/plan.ipynb");
    desk.school.ada.does(&["sync", "pause"]);
    eventually("it rests", || said(&desk.school).contains("is paused"));
    desk.school.write("unit/plan.ipynb", "school");
    desk.home.write("unit/plan.ipynb", "home");
    desk.home.sync();
    desk.school.ada.does(&["sync", "resume"]);
    eventually("it waits", || said(&desk.school).contains(WAITS));
    assert!(has(&desk.school, "unit/plan.ipynb", "school"));
    agent.tell_open(&[]);
    eventually("both are there", || desk.names().len() == 2);
    let texts: Vec<_> = desk
        .names()
        .iter()
        .map(|name| desk.directory().text(name))
        .collect();
    assert!(texts.contains(&"school".to_owned()) && texts.contains(&"home".to_owned()));
    assert_eq!(agent.end(), Some(0));
}

#[test]
fn the_agent_ends_with_the_input_and_nonsense_there_holds_nothing_up() {
    let (desk, mut agent) = opened(&["plan.ipynb"], "plan.ipynb");
    for line in [
        "",
        "nonsense",
        "{\"open\": 1}",
        "[]",
        "{\"open\": [\"\\u0000\", \"relative\", \"/\"]}",
    ] {
        use std::io::Write as _;
        writeln!(agent.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
    desk.home.write("plan.ipynb", "home");
    desk.home.sync();
    eventually("it comes", || has(&desk.school, "plan.ipynb", "home"));
    drop(agent.0.stdin.take());
    eventually("it ends", || agent.0.try_wait().unwrap().is_some());
}
