//! Commands about rosters, for single people and for files.

use nbcourier_testkit::person::Person;
use nbcourier_testkit::{Course, Server, Setup};
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
fn a_missing_person_does_not_prevent_the_removal_of_others() {
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
        let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(
            ended.out, "Added: 1. Updated: 0.\n",
            "{name}: {}",
            ended.err
        );
        let unused = match name {
            "nbgrader" => "nbcourier: Ignored columns: lms_user_id\n",
            "spreadsheet" => "nbcourier: Ignored columns: notes\n",
            _ => "",
        };
        assert_eq!(ended.err, unused, "{name}");
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
    let files: [(&[u8], &str); 19] = [
        (
            b"username,role\nnew,student\nn2,king\n",
            "Line 3: the role \"king\"",
        ),
        (b"username,role\nnew,student\na/b,\n", "Line 3: \"a/b\""),
        (
            b"username,role\r\nnew,student\r\na/b,\r\n",
            "Line 3: \"a/b\"",
        ),
        (b"username,role\rnew,student\ra/b,\r", "Line 3: \"a/b\""),
        (b"username,email\nnew,e\n,e\n", "Line 3: \"\""),
        (b"username,email\nnew,e\nn2\n", "Line 3 of"),
        (b"username,email\nnew,e\nn2,e,more\n", "Line 3 of"),
        (b"name,email\nnew,e\n", "no column `username`"),
        (b"name;email\nnew;e\n", "its columns are name, email"),
        (b"username,email\nnew,\x81\n", "UTF-8"),
        (b"u\0s\0e\0r\0n\0a\0m\0e\0\n\0x\0\n\0", "UTF-8"),
        (
            b"username,email\nnew,e\nUsername,E-Mail\n",
            "Line 3: it repeats the names of the columns",
        ),
        (
            b"username\nnew\nusername\n",
            "Line 3: it repeats the names of the columns",
        ),
        (
            b"username,email,E-Mail\nnew,e,f\n",
            "two columns with the same meaning: email and E-Mail",
        ),
        (
            "username\nnew\nzw\u{200b}sp\n".as_bytes(),
            "holds the invisible character U+200B",
        ),
        (
            "username\nnew\n\u{202e}abc\n".as_bytes(),
            "the invisible character U+202E",
        ),
        (
            "username\nnew\na\u{a0}b\n".as_bytes(),
            "the unusual blank U+00A0",
        ),
        (b"sep=;\nusername;email\nnew;e\na/b;e\n", "Line 4: \"a/b\""),
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

#[test]
fn a_roster_longer_than_a_page_is_imported_and_shown_whole() {
    let (_server, kevin) = algebra();
    let lines = (0..10_001).map(|number| format!("student-{number}\n"));
    let content = format!("username\n{}", lines.collect::<String>());
    let file = kevin.file("roster.csv", content);
    let said = kevin.does(&["roster", "import", "algebra", file.to_str().unwrap()]);
    assert_eq!(said, "Added: 10001. Updated: 0.\n");
    assert_eq!(names(&kevin).len(), 10_003);
}

#[test]
fn files_of_spreadsheets_and_campus_systems_are_understood_in_several_languages() {
    let (_server, kevin) = algebra();
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let files: [(&str, Vec<u8>); 8] = [
        ("n1", b"username;First Name;Last name;E-mail\r\nn1;Zo\xeb;M\xfcller;z@u\r\n".to_vec()),
        ("n2", "\u{feff}Benutzername;Vorname;Name;E-Mail-Adresse\r\nn2;Zo\u{eb};M\u{fc}ller;z@u\r\n".into()),
        ("n3", utf16("Nom d\u{2019}utilisateur\tPr\u{e9}nom\tNom\tAdresse de courriel\r\nn3\tZo\u{eb}\tM\u{fc}ller\tz@u\r\n")),
        ("n4", "sep=;\nUsuario;Nombre;Apellido(s);Direcci\u{f3}n de correo\nn4;Zo\u{eb};\"M\u{fc}ller\";z@u\n".into()),
        ("n5", "\"SEP=|\"\r\nusername|firstname|lastname|email\r\nn5|Zo\u{eb}|M\u{fc}ller|z@u\r\n".into()),
        ("n6", "Student,ID,SIS Login ID,First name,Surname,Email\n\"M\u{fc}ller, Zo\u{eb}\",17,n6,Zo\u{eb},M\u{fc}ller,z@u\n".into()),
        ("n7", "Vorname,Nachname,Anmeldename,Mail,Rolle\nZo\u{eb},M\u{fc}ller,n7,z@u,Student\n".into()),
        ("n8", " USERNAME ;\"First;Name\";Familienname;EMAIL\nn8;Zo\u{eb};M\u{fc}ller;z@u\n".into()),
    ];
    for (name, content) in files {
        let file = kevin.file("class.csv", content);
        let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(
            ended.out, "Added: 1. Updated: 0.\n",
            "{name}: {}",
            ended.err
        );
        let people = kevin.json(&["roster", "list", "algebra"]);
        let people = people.as_array().unwrap();
        let found = people.iter().find(|person| person["username"] == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {people:?}"));
        assert_eq!(
            (&found["first_name"], &found["last_name"], &found["email"]),
            (&json!("Zo\u{eb}"), &json!("M\u{fc}ller"), &json!("z@u")),
            "{name}"
        );
        assert_eq!(
            ended.err.contains("Windows-1252"),
            name == "n1",
            "{}",
            ended.err
        );
        assert_eq!(
            ended.err.contains("Ignored columns: Student, ID"),
            name == "n6",
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_column_of_another_name_can_be_named_and_is_asked_for() {
    let (_server, kevin) = algebra();
    let moodle = "First name,Last name,ID number,Email address\nAda,Lovelace,n1,ada@u\n";
    let file = kevin.file("class.csv", moodle);
    let import = ["roster", "import", "algebra", file.to_str().unwrap()];
    let said = kevin.fails(&import);
    assert!(
        said.contains("First name, Last name, ID number, Email address"),
        "{said}"
    );
    assert!(said.contains("--user-column"), "{said}");
    let said = kevin.fails(&[&import[..], &["--user-column", "Matrikel"]].concat());
    assert!(said.contains("no column \"Matrikel\""), "{said}");
    kevin.does(&[&import[..], &["--user-column", "ID number"]].concat());
    assert_eq!(names(&kevin)[2..], ["n1"]);
}

#[test]
fn users_who_are_there_twice_or_differ_by_case_alone_are_named() {
    let (_server, kevin) = algebra();
    let file = kevin.file(
        "class.csv",
        "username,first_name\nada,A\nbob,B\nada,Ada\nBob,C\n",
    );
    let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "Added: 3. Updated: 0.\n")
    );
    assert!(
        ended
            .err
            .contains("Line 4: \"ada\" is also in line 2; the later line counts"),
        "{}",
        ended.err
    );
    assert!(
        ended
            .err
            .contains("\"Bob\" and \"bob\" differ by upper and lower case"),
        "{}",
        ended.err
    );
    let ended = kevin.run(&["roster", "add", "algebra", "ADA"]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended
            .err
            .contains("\"ADA\" and \"ada\" differ by upper and lower case"),
        "{}",
        ended.err
    );
}

#[test]
fn a_name_that_looks_like_another_is_trimmed_or_refused() {
    let (server, kevin) = algebra();
    kevin.does(&["roster", "add", "algebra", " ada\u{a0}"]);
    assert_eq!(names(&kevin)[2..], ["ada"]);
    for odd in [
        " ",
        "\u{feff}bom",
        "x\u{202e}y",
        "zw\u{200b}sp",
        "a\u{2009}b",
    ] {
        let ended = kevin.run(&["roster", "add", "algebra", odd]);
        assert_eq!(ended.code, Some(2), "{odd:?}: {}", ended.out);
    }
    let root = Person::at(&server, "root");
    assert_eq!(
        root.run(&["course", "create", "geo\u{200b}metry"]).code,
        Some(2)
    );
    assert_eq!(
        root.run(&["course", "create", "fine", "ki\u{ad}m"]).code,
        Some(2)
    );
    root.does(&["course", "create", " geometry "]);
    root.does(&["course", "show", "geometry"]);
    assert_eq!(names(&kevin)[2..], ["ada"]);
}

#[test]
fn lists_of_more_systems_are_understood_and_what_they_leave_out_is_said() {
    let (server, kevin) = algebra();
    let root = Person::at(&server, "root");
    let canvas = "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n\"L, Ada\",4711,s1,n1,A\n\
                  \"Student, Test\",12,,,A\n";
    let files: [(&str, &str, &str); 13] = [
        (
            "canvas",
            canvas,
            "Line 2 is skipped: it holds the possible points",
        ),
        (
            "the test student",
            canvas,
            "Line 4 is skipped: it is the test student of Canvas",
        ),
        (
            "Stud.IP",
            "\"Titel\";\"Vorname\";\"Nachname\";\"Nutzernamen\";\"E-Mail\";\"Matrikelnummer\"\r\n\"\";\"A\";\"L\";\"n1\";\"\";\"1\"\r\n",
            "Ignored columns: Titel, Matrikelnummer",
        ),
        (
            "HISinOne",
            "Nachname;Vorname;Matrikelnummer;RZ-Kennung;E-Mail (Hochschule)\nL;A;1;n1;e\n",
            "Ignored columns: Matrikelnummer",
        ),
        (
            "ILIAS",
            "\"Login\";\"Vorname\";\"Rolle\"\n\"n1\";\"A\";\"Kursmitglied\"\n",
            "",
        ),
        ("a Mac", "sep=;\rusername;email\rn1;e\r", ""),
        (
            "empty lines above",
            "\r\n;;\r\nusername;email;\r\nn1;e;\r\n",
            "",
        ),
        ("the end of a text", "username,email\nn1,e\n\u{1a}", ""),
        ("texts as formulas", "username,email\n=\"n1\",e\n", ""),
        ("line ends of two kinds", "username,email\r\nn1,e\n\r\n", ""),
        (
            "no letter in the header that is seen",
            "\u{200b}user\u{a0}name,E\u{ad}mail\nn1,e\n",
            "",
        ),
        (
            "blanks inside quotes",
            "username;email\n\" n1 \"; \"e\"\n",
            "",
        ),
        (
            "one line of two says more",
            "username,first_name,email\nn1,Ada,e\nn1,,\n",
            "Line 3: \"n1\" is also in line 2",
        ),
    ];
    for (number, (name, content, note)) in files.into_iter().enumerate() {
        let course = format!("course {number}");
        root.does(&["course", "create", &course]);
        let file = kevin.file("class.csv", content);
        let ended = root.run(&["roster", "import", &course, file.to_str().unwrap()]);
        assert_eq!(
            ended.out, "Added: 1. Updated: 0.\n",
            "{name}: {}",
            ended.err
        );
        assert!(ended.err.contains(note), "{name}: {}", ended.err);
        assert!(
            !note.is_empty() || ended.err.is_empty(),
            "{name}: {}",
            ended.err
        );
        let people = root.json(&["roster", "list", &course]);
        assert_eq!(people[0]["username"], "n1", "{name}");
        if content.contains("first_name") {
            assert_eq!(
                (&people[0]["first_name"], &people[0]["email"]),
                (&json!("Ada"), &json!("e"))
            );
        }
    }
}

#[test]
fn files_that_would_be_misread_are_refused_with_the_line() {
    let (_server, kevin) = algebra();
    let files: [(&str, &str); 12] = [
        ("username,email\nnew,\"e\nn2,f\nn3,g\n", "Line 2 of"),
        ("username,email\nnew,e\nn2,\"f\nn3,\"g\"\n", "Line 3 of"),
        ("sep=;\nusername;email\nnew;\"e\n", "Line 3 of"),
        ("username,email\n1.23E+05,e\n", "a spreadsheet shortened"),
        ("username\n4,56E+11\n", "Line 2"),
        ("'username','email'\n'new','e'\n", "single quotes"),
        ("username\nnew;n2\n", "holds a separator"),
        ("username,email\n=A1&B1,e\n", "a formula"),
        (
            "username,email,username\nnew,e,n2\n",
            "two columns \"username\"",
        ),
        (
            "Student,ID,SIS User ID,Section\n\"L, Ada\",4711,s1,A\n",
            "no column `username`",
        ),
        ("username,role\nnew,?\n", "the role \"?\""),
        ("username,role\nnew,Dean\n", "the role \"Dean\""),
    ];
    for (content, sentence) in files {
        let file = kevin.file("class.csv", content);
        let said = kevin.fails(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert!(said.contains(sentence), "{content}: {said}");
        assert_eq!(names(&kevin), ["kevin", "lawrence"], "{said}");
    }
}

#[test]
fn a_name_written_with_other_characters_than_one_it_looks_like_is_warned_of() {
    let (_server, kevin) = algebra();
    kevin.does(&["roster", "add", "algebra", "zo\u{eb}"]);
    for (name, words) in [
        ("zoe\u{308}", "(U+0308)"),
        ("\u{43e}lga", ""),
        ("olga", "(U+043E)"),
        ("l\u{430}wrence", "(U+0430)"),
        ("\u{ff4b}evin", "(U+FF4B)"),
    ] {
        let ended = kevin.run(&["roster", "add", "algebra", name]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.err);
        assert!(ended.err.contains(words), "{name}: {}", ended.err);
        assert_eq!(
            words.is_empty(),
            ended.err.is_empty(),
            "{name}: {}",
            ended.err
        );
    }
}

#[test]
fn columns_are_understood_in_the_languages_of_campus_systems() {
    let (_server, kevin) = algebra();
    let headers = [
        "Username;First name;Last name;E-mail",
        "Matrikel;Vorname;Nachname;E-Mail",
        "Matrikelnr.;Rufname;Name;E-Mail-Adresse",
        "Korisni\u{10d}ko ime;Ime;Prezime;Adresa e-po\u{161}te",
        "Nom d'usuari;Nom;Cognoms;Adre\u{e7}a electr\u{f2}nica",
        "Num\u{e9}ro \u{e9}tudiant;Pr\u{e9}nom;Nom;Courriel",
        "MATRICOLA;NOME;COGNOME;EMAIL",
        "Nome de utilizador;Nome;Apelido;Correio eletr\u{f3}nico",
        "Gebruikersnaam;Voornaam;Achternaam;E-mailadres",
        "Nr albumu;Imi\u{119};Nazwisko;Adres e-mail",
        "U\u{17e}ivatelsk\u{e9} jm\u{e9}no;Jm\u{e9}no;P\u{159}\u{ed}jmen\u{ed};E-mailov\u{e1} adresa",
        "Anv\u{e4}ndarnamn;F\u{f6}rnamn;Efternamn;E-postadress",
        "Brugernavn;Fornavn;Efternavn;E-mail",
        "K\u{e4}ytt\u{e4}j\u{e4}tunnus;Etunimi;Sukunimi;S\u{e4}hk\u{f6}posti",
        "KULLANICI ADI;AD;SOYAD;E-POSTA",
        "Neptun k\u{f3}d;Keresztn\u{e9}v;Vezet\u{e9}kn\u{e9}v;E-mail c\u{ed}m",
        "Nume de utilizator;Prenume;Nume;Adres\u{103} de e-mail",
        "\u{39f}\u{39d}\u{39f}\u{39c}\u{391} \u{3a7}\u{3a1}\u{397}\u{3a3}\u{3a4}\u{397};\u{38c}\u{3bd}\u{3bf}\u{3bc}\u{3b1};\u{395}\u{3c0}\u{3ce}\u{3bd}\u{3c5}\u{3bc}\u{3bf};E-mail",
        "\u{41b}\u{43e}\u{433}\u{438}\u{43d};\u{418}\u{43c}\u{44f};\u{424}\u{430}\u{43c}\u{438}\u{43b}\u{438}\u{44f};\u{41f}\u{43e}\u{447}\u{442}\u{430}",
        "\u{41b}\u{43e}\u{433}\u{456}\u{43d};\u{406}\u{43c}'\u{44f};\u{41f}\u{440}\u{456}\u{437}\u{432}\u{438}\u{449}\u{435};E-mail",
        "\u{30e6}\u{30fc}\u{30b6}\u{540d};\u{540d};\u{59d3};\u{30e1}\u{30fc}\u{30eb}",
        "\u{5b66}\u{53f7};\u{540d};\u{59d3};\u{90ae}\u{7bb1}",
        "\u{c544}\u{c774}\u{b514};\u{c774}\u{b984};\u{c131};\u{c774}\u{ba54}\u{c77c}",
    ];
    for (number, header) in headers.into_iter().enumerate() {
        let name = format!("n{number}");
        let file = kevin.file("class.csv", format!("{header}\n{name};Zo\u{eb};M;z@u\n"));
        let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(
            ended.out, "Added: 1. Updated: 0.\n",
            "{header}: {}",
            ended.err
        );
        assert!(!ended.err.contains("Ignored"), "{header}: {}", ended.err);
        let people = kevin.json(&["roster", "list", "algebra"]);
        let people = people.as_array().unwrap();
        let found = people.iter().find(|person| person["username"] == name);
        let found = found.unwrap_or_else(|| panic!("{header}: {people:?}"));
        assert_eq!(
            (&found["first_name"], &found["last_name"], &found["email"]),
            (&json!("Zo\u{eb}"), &json!("M"), &json!("z@u")),
            "{header}"
        );
    }
    // Numbers of students are used only if no column holds user names, and the command says so.
    let file = kevin.file("class.csv", "Matrikel;Login\n7;login\n");
    let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
    assert_eq!(ended.err, "nbcourier: Ignored columns: Matrikel\n");
    let file = kevin.file("class.csv", "Matrikel\n77\n");
    let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
    assert!(
        ended.err.contains("the numbers in \"Matrikel\" are used"),
        "{}",
        ended.err
    );
    let all = names(&kevin);
    assert!(all.contains(&"login".to_owned()) && all.contains(&"77".to_owned()));
    assert!(!all.contains(&"7".to_owned()));
}

#[test]
fn a_total_below_the_list_is_skipped_and_named_and_a_person_is_not() {
    let (_server, kevin) = algebra();
    let files = [
        "login;email;points\nn1;;3\n;;\nGesamt;;3\n\n",
        "login;email;points\nn1;;3\n;Total: 1;3\n",
        "login;email;points\nn1;;3\n;;Overall average\n",
    ];
    for content in files {
        let file = kevin.file("class.csv", content);
        let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{content}: {}", ended.err);
        assert!(
            ended.err.contains("is skipped: it is a total of the list"),
            "{content}: {}",
            ended.err
        );
    }
    assert_eq!(names(&kevin)[2..], ["n1"]);
    for (content, name) in [
        ("login;first name\nn1;\nsum;Ada\n", "sum"),
        ("login;first name\ntotal;\nn1;\n", "total"),
        ("login\nn1\nmedia\n", "media"),
        ("login;first name\n12;Sum\n", "12"),
    ] {
        let file = kevin.file("class.csv", content);
        kevin.does(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert!(names(&kevin).contains(&name.to_owned()), "{content}");
    }
}

#[test]
fn the_marks_of_brightspace_are_no_parts_of_names() {
    let (_server, kevin) = algebra();
    let files = [
        "OrgDefinedId,Username,Last Name,End-of-Line Indicator\n#4711,#n1,Doe,#\n",
        "Username,Last Name,End-of-Line Indicator\n#n1,Doe,#\n",
        "OrgDefinedId,Last Name\n#n1,Doe\n",
    ];
    for content in files {
        let file = kevin.file("class.csv", content);
        let ended = kevin.run(&["roster", "import", "algebra", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert_eq!(names(&kevin)[2..], ["n1"], "{content}");
    }
    let file = kevin.file("class.csv", "Username,Last Name\n#n1,Doe\n");
    kevin.does(&["roster", "import", "algebra", file.to_str().unwrap()]);
    assert!(names(&kevin).contains(&"#n1".to_owned()));
}

/// Names of one language, in the encoding that spreadsheets of its country write.
const FOREIGN: [(&str, &str, &str); 11] = [
    (
        "windows-1252",
        "Windows-1252",
        "Günther Groß;Änne Öztürk-Weiß;Zoé Châtelain;Conan O’Brien",
    ),
    (
        "windows-1252",
        "Windows-1252",
        "Íñigo Peña;João Gonçalves;Åsa Öberg;Søren Kjær",
    ),
    (
        "windows-1250",
        "Windows-1250",
        "Łukasz Żółkiewski;Małgorzata Wiśniewska;Paweł Dąbrowski",
    ),
    (
        "windows-1250",
        "Windows-1250",
        "Jiří Dvořák;Šárka Žižková;Božena Němcová;Ľubomír Štúr",
    ),
    (
        "windows-1254",
        "Windows-1254",
        "Özgür Yıldız;İbrahim Güneş;Doğan Işık;Şule Öztürk",
    ),
    (
        "windows-1258",
        "Windows-1258",
        "Nguyễn Văn Anh;Trần Thị Hương;Phạm Quỳnh Như",
    ),
    (
        "windows-1251",
        "Windows-1251",
        "Иван Петров;Наталья Королёва;Сергей Щукин",
    ),
    (
        "windows-1253",
        "Windows-1253",
        "Γιώργος Παπαδόπουλος;Ελένη Νικολάου",
    ),
    (
        "macintosh",
        "Mac Roman",
        "Björn Schröder;Käthe Müller;Günther Groß",
    ),
    (
        "macintosh",
        "Mac Roman",
        "René Lefèvre;François Noël;Élodie Desprès",
    ),
    (
        "macintosh",
        "Mac Roman",
        "João Gonçalves;Inês Simões;Bjørn Ødegård;Åse Næss",
    ),
];

/// Returns the text in an encoding. Windows-1258 has the tones of Vietnamese only as characters of their own.
fn encoded(text: &str, name: &str) -> Vec<u8> {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    for letter in text.chars() {
        let one = letter.to_string();
        let (whole, _, is_lossy) = encoding.encode(&one);
        if !is_lossy {
            bytes.extend_from_slice(&whole);
            continue;
        }
        let is_tone = |c: &char| is_combining_mark(*c) && !"\u{302}\u{306}\u{31b}".contains(*c);
        let (tones, base): (Vec<char>, Vec<char>) = one.nfd().partition(is_tone);
        let parts: String = base.into_iter().nfc().chain(tones).collect();
        let (parts, _, is_lossy) = encoding.encode(&parts);
        assert!(!is_lossy, "{letter} in {name}");
        bytes.extend_from_slice(&parts);
    }
    bytes
}

/// Returns a class with these names, and the first and last names.
fn class_of(names: &str) -> (String, Vec<(String, String)>) {
    let names: Vec<(String, String)> = names
        .split(';')
        .map(|name| name.split_once(' ').unwrap())
        .map(|(first, last)| (first.to_owned(), last.to_owned()))
        .collect();
    let lines = names.iter().zip(1..).map(|((first, last), number)| {
        format!("n{number};{first};{last};n{number}@example.org\r\n")
    });
    let text = format!(
        "username;first_name;last_name;email\r\n{}",
        lines.collect::<String>()
    );
    (text, names)
}

fn names_in(kevin: &Person) -> Vec<(String, String)> {
    let people = kevin.json(&["roster", "list", "algebra"]);
    let text = |person: &serde_json::Value, key: &str| person[key].as_str().unwrap().to_owned();
    let people = people.as_array().unwrap().iter();
    people
        .filter(|person| person["username"].as_str().unwrap().starts_with('n'))
        .map(|person| (text(person, "first_name"), text(person, "last_name")))
        .collect()
}

#[test]
fn names_in_encodings_of_spreadsheets_are_read_and_shown_as_a_guess() {
    let (_server, kevin) = algebra();
    for (encoding, told, names) in FOREIGN {
        let (text, names) = class_of(names);
        let file = kevin.file("class.csv", encoded(&text, encoding));
        let import = ["roster", "import", "algebra", file.to_str().unwrap()];
        let ended = kevin.run(&import);
        assert_eq!(ended.code, Some(0), "{text}: {}", ended.err);
        assert_eq!(names_in(&kevin)[..names.len()], names, "{encoding}");
        let note = format!("was read as {told}, which is a guess. Check the names ");
        assert!(ended.err.contains(&note), "{}", ended.err);
        for part in names.iter().flat_map(|(first, last)| [first, last]) {
            assert_eq!(
                ended.err.contains(part.as_str()),
                !part.is_ascii(),
                "{}",
                ended.err
            );
        }
        assert!(ended.err.contains("--encoding"), "{}", ended.err);
        // An encoding that is given is not a guess.
        let ended = kevin.run(&[&import[..], &["--encoding", encoding]].concat());
        assert_eq!(
            (ended.code, ended.err.as_str()),
            (Some(0), ""),
            "{encoding}"
        );
        assert_eq!(names_in(&kevin)[..names.len()], names, "{encoding}");
    }
}

#[test]
fn a_class_in_an_encoding_that_is_not_certain_is_refused() {
    let (_server, kevin) = algebra();
    let head = b"username,first_name\n";
    let files: [(&[u8], &str); 6] = [
        // M\u{fc}ller, Sch\u{f6}n and Gro\u{df} as old Windows programs for the terminal write them.
        (b"n1,M\x81ller\n", "unknown encoding"),
        (b"n1,Bj\x94rn Gro\xe1\nn2,G\x81nther\n", "unknown encoding"),
        // \u{141}ukasz \u{17b}\u{f3}\u{142}kiewski on an old Mac in Poland.
        (b"n1,\xfcukasz \xfb\x97\xb8kiewski\n", "unknown encoding"),
        // Symbols or letters of other scripts inside of words, in every encoding.
        (b"n1,A\xa4\xa6b\xa9c\n", "unknown encoding"),
        (
            b"n1,Ada\nM\xfcller,Ben\n",
            "is a guess, because the file is not UTF-8",
        ),
        (
            b"\xe9mile,Ada\n",
            "is a guess, because the file is not UTF-8",
        ),
    ];
    for (lines, sentence) in files {
        let file = kevin.file("class.csv", [head, lines].concat());
        let import = ["roster", "import", "algebra", file.to_str().unwrap()];
        let said = kevin.fails(&import);
        assert!(said.contains(sentence), "{lines:?}: {said}");
        assert!(
            said.contains("CSV UTF-8") && said.contains("--encoding"),
            "{said}"
        );
        assert_eq!(names(&kevin), ["kevin", "lawrence"], "{said}");
    }
    let file = kevin.file("class.csv", b"username\nm\xfcller\n");
    let import = ["roster", "import", "algebra", file.to_str().unwrap()];
    for (wrong, code) in [("klingon", 2), ("", 2), ("utf8", 1), ("utf-16", 1)] {
        let ended = kevin.run(&[&import[..], &["--encoding", wrong]].concat());
        assert_eq!(ended.code, Some(code), "{wrong}: {}", ended.err);
        assert!(
            ended.err.contains("encoding") || ended.err.contains("column"),
            "{}",
            ended.err
        );
    }
    assert_eq!(names(&kevin), ["kevin", "lawrence"]);
    kevin.does(&[&import[..], &["--encoding", "Latin1"]].concat());
    assert!(names(&kevin).contains(&"m\u{fc}ller".to_owned()));
}

/// A file of a class, with the people in it or the words of the refusal. The plugin reads the same files.
#[derive(serde::Deserialize)]
struct ClassFile {
    what: String,
    content: String,
    #[serde(default)]
    encoding: String,
    /// The students: user name, first name, last name, e-mail address.
    people: Option<Vec<[Option<String>; 4]>>,
    #[serde(default)]
    instructors: Vec<String>,
    #[serde(default)]
    assistants: Vec<String>,
    /// Words of the notes.
    #[serde(default)]
    noted: Vec<String>,
    #[serde(default)]
    refused: Vec<String>,
}

impl ClassFile {
    fn bytes(&self) -> Vec<u8> {
        let utf16 = || self.content.encode_utf16().flat_map(u16::to_le_bytes);
        match self.encoding.as_str() {
            "utf-16-le" => [0xff, 0xfe].into_iter().chain(utf16()).collect(),
            "utf-16-le-bare" => utf16().collect(),
            "utf-32-le" => {
                let all = std::iter::once('\u{feff}').chain(self.content.chars());
                all.flat_map(|c| u32::from(c).to_le_bytes()).collect()
            }
            _ => self.content.clone().into_bytes(),
        }
    }
}

#[test]
fn a_class_file_is_read_as_by_the_plugin() {
    let cases: Vec<ClassFile> =
        serde_json::from_str(include_str!("../../class_files.json")).unwrap();
    let (server, _kevin) = algebra();
    let root = Person::at(&server, "root");
    for (number, case) in cases.iter().enumerate() {
        let course = format!("course {number}");
        root.does(&["course", "create", &course]);
        let file = root.file("class.csv", case.bytes());
        let ended = root.run(&["roster", "import", &course, file.to_str().unwrap()]);
        let told = format!("{}: {}{}", case.what, ended.out, ended.err);
        assert_eq!(ended.code == Some(0), case.people.is_some(), "{told}");
        for words in case.refused.iter().chain(&case.noted) {
            assert!(ended.err.contains(words), "{words}: {told}");
        }
        let members = root.json(&["roster", "list", &course]);
        let of = |role: &str| -> Vec<Value> {
            let members = members.as_array().unwrap().iter();
            members
                .filter(|each| each["role"] == role)
                .cloned()
                .collect()
        };
        let people: Vec<Value> = of("student")
            .iter()
            .map(|each| {
                let keys = ["username", "first_name", "last_name", "email"];
                keys.map(|key| each[key].clone()).into_iter().collect()
            })
            .collect();
        let expected = case.people.as_deref().unwrap_or_default();
        assert_eq!(json!(people), json!(expected), "{told}");
        for (role, expected) in [
            ("instructor", &case.instructors),
            ("assistant", &case.assistants),
        ] {
            let found = of(role);
            let found: Vec<&Value> = found.iter().map(|each| &each["username"]).collect();
            assert_eq!(json!(found), json!(expected), "{role}: {told}");
        }
    }
}
