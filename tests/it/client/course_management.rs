//! The commands of ngshare's course management.

use nbcourier_testkit::person::{Ended, Person};
use nbcourier_testkit::{Server, Setup, program};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// Replaces nbgrader, and records its arguments.
const NBGRADER: &str = "#!/bin/sh\nprintf '%s|' \"$@\" >> \"$HOME/recorded\"\necho >> \"$HOME/recorded\"\n\
                        case \"$*\" in *stubborn*) exit 1;; esac\n";

fn with_nbgrader(server: &Server, name: &str) -> Person {
    let person = Person::at(server, name);
    let file = person.file("nbgrader", NBGRADER);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", person.home().display());
    person.env("PATH", &path)
}

fn recorded(person: &Person) -> Vec<String> {
    let text = std::fs::read_to_string(person.home().join("recorded")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn manage(person: &Person, arguments: &[&str]) -> Ended {
    person.run(&[&["ngshare-course-management"], arguments].concat())
}

#[track_caller]
fn well(person: &Person, arguments: &[&str]) -> String {
    let ended = manage(person, arguments);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    ended.out
}

fn roster(server: &Server, role: &str) -> Value {
    let reply = server.get(&format!("{role}/algebra"), "root").ok().json();
    let people = reply[role].as_array().unwrap().iter();
    people
        .map(|person| json!([person["username"], person["first_name"], person["email"]]))
        .collect()
}

#[test]
fn a_course_is_made_and_looked_after_by_the_names_ngshares_users_know() {
    let server = Setup::standalone().start();
    let root = with_nbgrader(&server, "root");
    let said = well(&root, &["create_course", "algebra", "ira", "kim"]);
    assert_eq!(said, "Successfully created algebra\n");
    let names = ["-f", "Ira", "--last_name", "I", "--email", "i@x"];
    let add = [&["add_instructor", "algebra", "ira"], &names[..]].concat();
    well(&root, &add);
    well(&root, &["remove_instructor", "algebra", "kim"]);
    assert_eq!(
        roster(&server, "instructors"),
        json!([["ira", "Ira", "i@x"]])
    );
    well(&root, &["add_student", "-f", "Ada", "algebra", "ada"]);
    assert_eq!(roster(&server, "students"), json!([["ada", "Ada", ""]]));
    assert_eq!(recorded(&root), ["db|student|add|--first-name=Ada|ada|"]);
    well(&root, &["remove_students", "algebra", "ada", "--force"]);
    assert_eq!(roster(&server, "students"), json!([]));
    assert_eq!(recorded(&root)[1], "db|student|remove|--force|ada|");
}

#[test]
fn a_link_of_its_name_is_the_program() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    let link = root.home().join("ngshare-course-management");
    std::os::unix::fs::symlink(program(), &link).unwrap();
    let made = root.run_as(&link, &["create_course", "algebra"]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let again = root.run_as(&link, &["create_course", "algebra"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (
            Some(1),
            "ngshare-course-management: Course already exists\n"
        )
    );
    let help = root.run_as(&link, &[]);
    assert_eq!(help.code, Some(0));
    assert!(help.out.contains("add_students"), "{}", help.out);
}

#[test]
fn an_instructor_without_names_is_asked_for_them() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    well(&root, &["create_course", "algebra"]);
    let refused = manage(&root, &["add_instructor", "algebra", "ira"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("Please supply first name"));
}

#[test]
fn students_of_a_file_are_enrolled_but_for_those_who_cannot_be_and_that_is_a_failure() {
    let server = Setup::standalone().start();
    let root = with_nbgrader(&server, "root");
    well(&root, &["create_course", "algebra", "ira"]);
    let file = root.file(
        "class.csv",
        "email,student_id,last_name,first_name\na@x,ada,L,Ada\n,,,\n,ira,I,Ira\n,,Nobody,At all\n,bob,,\n",
    );
    let path = file.to_str().unwrap();
    let ended = manage(&root, &["add_students", "algebra", path]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.out,
        "ada was successfully added to algebra\nbob was successfully added to algebra\n"
    );
    assert!(
        ended.err.contains("Cannot add instructor as student"),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("Student ID cannot be empty (row 3)"),
        "{}",
        ended.err
    );
    let students = json!([["ada", "Ada", "a@x"], ["bob", "", ""]]);
    assert_eq!(roster(&server, "students"), students);
    assert_eq!(
        recorded(&root),
        [
            "db|student|add|--first-name=Ada|--last-name=L|--email=a@x|ada|",
            "db|student|add|bob|"
        ]
    );
    well(&root, &["remove_students", "--no-gb", "algebra", "bob"]);
    assert_eq!(
        recorded(&root).len(),
        2,
        "--no-gb leaves the gradebook alone"
    );
}

#[test]
fn a_file_that_is_no_table_of_students_changes_nothing() {
    let server = Setup::standalone().start();
    let root = Person::at(&server, "root");
    well(&root, &["create_course", "algebra"]);
    let files = [
        (
            "student_id,first_name,last_name\na,b,c\n",
            "Missing column email",
        ),
        ("student_id,first_name,last_name,email\na,b\n", "Line 2"),
        (
            "student_id,first_name,last_name,email\n",
            "Please supply students",
        ),
        ("", "empty"),
    ];
    for (content, sentence) in files {
        let file = root.file("class.csv", content);
        let path = file.to_str().unwrap();
        let ended = manage(&root, &["add_students", "--no-gb", "algebra", path]);
        assert_eq!(ended.code, Some(1), "{content}");
        assert!(ended.err.contains(sentence), "{}", ended.err);
    }
    assert_eq!(roster(&server, "students"), json!([]));
}

#[test]
fn a_refusal_of_the_gradebook_is_a_failure_but_the_roster_changes() {
    let server = Setup::standalone().start();
    let root = with_nbgrader(&server, "root");
    well(&root, &["create_course", "algebra"]);
    for student in ["stubborn", "--config=evil.py"] {
        let ended = manage(&root, &["add_student", "algebra", "--", student]);
        assert_eq!(ended.code, Some(1), "{student}");
        assert!(
            ended.err.contains("gradebook was not changed"),
            "{}",
            ended.err
        );
    }
    assert_eq!(roster(&server, "students").as_array().unwrap().len(), 2);
    assert!(recorded(&root).iter().all(|line| !line.contains("evil")));
    let ended = manage(&root, &["remove_students", "algebra", "stubborn", "nobody"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out, "Successfully deleted stubborn from algebra\n");
    assert!(
        ended.err.contains("nobody: Student not found"),
        "{}",
        ended.err
    );
}
