//! The roles and the rows of the table.

/// A column of the table: its head, the token sent, and the name whose data are the caller's own.
pub struct Role {
    pub head: &'static str,
    pub token: Option<&'static str>,
    pub own: &'static str,
}

pub const ROLES: [Role; 10] = [
    role("anonymous", None, "lawrence"),
    role("stranger", Some("stranger"), "stranger"),
    role("student", Some("lawrence"), "lawrence"),
    role("student elsewhere", Some("eric"), "eric"),
    role("assistant", Some("alex"), "alex"),
    role("instructor", Some("kevin"), "kevin"),
    role("instructor elsewhere", Some("abigail"), "abigail"),
    role("registrar", Some(REGISTRAR), REGISTRAR),
    role("admin", Some("root"), "root"),
    // A service of the hub with the same name as the instructor.
    role("service", Some(SERVICE), "kevin"),
];

/// A person in the group of the hub that `--registrars-group` names.
pub const REGISTRAR: &str = "regina";

pub const SERVICE: &str = "token-of-a-service-called-kevin";

const fn role(head: &'static str, token: Option<&'static str>, own: &'static str) -> Role {
    Role { head, token, own }
}

/// The rows: method and path as `nbcourier routes` prints them, a description, and the name for `{user}` if it is not
/// the caller's own.
const ROWS: &str = include_str!("rows.txt");

/// A row of [`ROWS`].
pub struct Row {
    pub route: &'static str,
    pub about: &'static str,
    /// The name for `{user}`; `None` for the caller's own.
    pub user: Option<&'static str>,
}

impl Row {
    /// Whether the request changes nothing, so that all roles can be asked about one course.
    pub fn only_reads(&self) -> bool {
        self.route.starts_with("GET ") || self.route.starts_with("HEAD ")
    }

    /// Whether a permitted request needs an assignment with submissions and feedback.
    pub fn needs_work(&self) -> bool {
        // An allowance is given to students, and to people who have submitted.
        let words = [
            "assignment",
            "submission",
            "feedback",
            "trash",
            "/a/",
            "allowance",
        ];
        words.iter().any(|word| self.route.contains(word))
    }
}

pub fn rows() -> Vec<Row> {
    let lines = ROWS.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.split('|').map(str::trim);
            Row {
                route: parts.next().unwrap_or_default(),
                about: parts.next().unwrap_or_default(),
                user: parts.next(),
            }
        })
        .collect()
}
