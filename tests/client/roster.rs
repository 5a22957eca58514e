//! Rosters, one by one and as files.

use crate::person::Person;
use crate::support::{Course, Server, Setup};
use serde_json::{Value, json};

fn algebra() -> (Server, Person) {
    let server = Setup::standalone().start();
    Course::of(&server, "algebra").make(&["kevin"], &["lawrence"]);
    let kevin = Person::at(&server, "kevin");
    (server, kevin)
}

fn names(person: &Person) -> Vec<String> {
    let people = person.json(&["roster", "list", "algebra"]);
    let people = people.as_array().unwrap().iter();
    people
        .map(|line| line["username"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn somebody_is_added_updated_and_removed() {
    let (_server, kevin) = algebra();
    let said = kevin.does(&["roster", "add", "algebra", "sam", "--first-name", "Sam"]);
    assert_eq!(said, "Added: 1. Updated: 0.\n");
    kevin.does(&["roster", "add", "algebra", "sam", "--email", "s@x"]);
    let sam = &kevin.json(&["roster", "list", "algebra"])[2];
    assert_eq!(
        (&sam["first_name"], &sam["email"], &sam["role"]),
        (&json!("Sam"), &json!("s@x"), &json!("student")),
        "what was not given stayed"
    );
    assert_eq!(
        kevin.does(&["roster", "remove", "algebra", "sam"]),
        "Removed: 1.\n"
    );
    assert_eq!(names(&kevin), ["kevin", "lawrence"]);
    let refused = kevin.fails(&["roster", "add", "algebra", "abby", "--role", "instructor"]);
    assert!(refused.contains("administrator"), "{refused}");
}

#[test]
fn who_is_not_there_does_not_keep_others_from_being_removed() {
    let (_server, kevin) = algebra();
    let ended = kevin.run(&["roster", "remove", "algebra", "nobody", "lawrence"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.contains("nobody: Student not found"),
        "{}",
        ended.err
    );
    assert_eq!(names(&kevin), ["kevin"]);
}

#[test]
fn a_roster_that_was_exported_is_imported_as_it_was() {
    let (server, kevin) = algebra();
    let odd = "Größe, \"the\"\nsecond";
    kevin.does(&["roster", "add", "algebra", "sam (2)", "--last-name", odd]);
    let file = kevin.home().join("roster.csv");
    let path = file.to_str().unwrap();
    kevin.does(&["roster", "export", "algebra", path]);
    let printed = kevin.does(&["roster", "export", "algebra"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed);
    assert!(printed.starts_with("username,role,first_name,last_name,email\n"));
    let root = Person::at(&server, "root");
    root.does(&["course", "create", "geometry"]);
    let said = root.does(&["roster", "import", "geometry", path]);
    assert_eq!(said, "Added: 3. Updated: 0.\n");
    assert_eq!(root.does(&["roster", "export", "geometry"]), printed);
}

#[test]
fn files_of_spreadsheets_and_of_other_programs_are_understood() {
    let (_server, kevin) = algebra();
    let files: [(&str, &[u8]); 4] = [
        (
            "ngshare",
            b"student_id,first_name,last_name,email\nn1,F,L,e\n",
        ),
        ("nbgrader", b"id,last_name,lms_user_id\nn2,L,7\n"),
        (
            "spreadsheet",
            b"\xef\xbb\xbfemail,username,notes\r\n e , n3 ,\"a,\nb\"\r\n,,\r\n\r\n",
        ),
        ("names", b"username\nn4\n"),
    ];
    for (name, content) in files {
        let file = kevin.file(name, content);
        let said = kevin.does(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(said, "Added: 1. Updated: 0.\n", "{name}");
    }
    assert_eq!(names(&kevin)[2..], ["n1", "n2", "n3", "n4"]);
    let people = kevin.json(&["roster", "list", "algebra"]);
    assert_eq!(
        (
            &people[3]["last_name"],
            &people[3]["first_name"],
            &people[4]["email"]
        ),
        (&json!("L"), &Value::Null, &json!("e"))
    );
}

#[test]
fn a_file_that_is_wrong_anywhere_changes_nothing_and_the_line_is_named() {
    let (_server, kevin) = algebra();
    let files: [(&[u8], &str); 9] = [
        (
            b"username,role\nnew,student\nn2,king\n",
            "Line 3: the role \"king\"",
        ),
        (b"username,role\nnew,student\na/b,\n", "Line 3: \"a/b\""),
        (b"username,email\nnew,e\n,e\n", "Line 3: \"\""),
        (b"username,email\nnew,e\nn2\n", "Line 3 of"),
        (b"username,email\nnew,e\nn2,e,more\n", "Line 3 of"),
        (b"name,email\nnew,e\n", "no column `username`"),
        (b"username;email\nnew;e\n", "separated by commas"),
        (b"username,email\nnew,\xfc\n", "UTF-8"),
        (b"", "no column `username`"),
    ];
    for (content, sentence) in files {
        let file = kevin.file("roster.csv", content);
        let said = kevin.fails(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert!(said.contains(sentence), "{said}");
        assert_eq!(names(&kevin), ["kevin", "lawrence"], "{said}");
    }
    let refused = kevin.file("roster.csv", "username\nnew\nkevin\n");
    let said = kevin.fails(&["roster", "import", "algebra", refused.to_str().unwrap()]);
    assert_eq!(said, "Cannot add instructor as student");
    assert_eq!(names(&kevin), ["kevin", "lawrence"]);
    let said = kevin.fails(&["roster", "import", "algebra", "no-such-file"]);
    assert!(said.contains("no-such-file cannot be read"), "{said}");
}
