//! Rules that map the hub's groups to roles in courses.

use super::{CourseId, Role};
use std::fmt;

/// nbgrader's convention: members of a group with this prefix are instructors of the course named after it.
const INSTRUCTORS: &str = "formgrade-";
/// Our convention, like nbgrader's: members of a group with this prefix are assistants of the course named after it.
const ASSISTANTS: &str = "assist-";
/// nbgrader's convention: members of a group with this prefix are students of the course named after it.
const STUDENTS: &str = "nbgrader-";
/// The prefixes of groups that give a role in a course, by convention.
pub const COURSE_GROUPS: [&str; 3] = [INSTRUCTORS, ASSISTANTS, STUDENTS];
/// The placeholder for the course in patterns.
const COURSE: &str = "{course}";

/// Returns the prefix of the groups that give the role by convention.
const fn prefix(role: Role) -> &'static str {
    match role {
        Role::Student => STUDENTS,
        Role::Assistant => ASSISTANTS,
        Role::Instructor => INSTRUCTORS,
    }
}

/// A group of the hub, as the hub lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Deserialize))]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// The names of the group's members.
    #[cfg_attr(feature = "json", serde(default))]
    pub users: Vec<String>,
}

/// An unusable rule. The sentence says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IllegalRule(String);

/// A rule that gives the members of matching groups a role in a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    group: Text,
    course: Text,
    role: Role,
}

/// A literal text, or the text around the placeholder for the course.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    Literal(String),
    Around(String, String),
}

impl Text {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(COURSE) {
            None => Some(Self::Literal(text.to_owned())),
            Some((_, after)) if after.contains(COURSE) => None,
            Some((before, after)) => Some(Self::Around(before.to_owned(), after.to_owned())),
        }
    }

    fn fill(&self, course: &str) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Around(before, after) => format!("{before}{course}{after}"),
        }
    }

    /// Returns the text in the place of the course if `text` matches, or `None` for a literal.
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Literal(literal) => (literal == text).then_some(""),
            Self::Around(before, after) => text
                .strip_prefix(before.as_str())?
                .strip_suffix(after.as_str()),
        }
    }
}

/// Returns the first word in braces that is not the placeholder for the course.
fn other_placeholder(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(begin) = rest.find('{') {
        rest = &rest[begin..];
        let end = rest.find('}')? + 1;
        let word = &rest[..end];
        let is_word = word[1..end - 1]
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic());
        if is_word && word != COURSE {
            return Some(word);
        }
        rest = &rest[1..];
    }
    None
}

impl GroupRule {
    /// Creates a rule for matching groups, in which `{course}` is the placeholder for the course. `course` names the
    /// course if `group` does not contain the placeholder, and may extend the name if it does.
    pub fn new(group: &str, course: Option<&str>, role: Role) -> Result<Self, IllegalRule> {
        let wrong = |what: &str| IllegalRule(format!("The rule for the group {group:?} {what}"));
        let twice = || wrong("has {course} more than once");
        if group.is_empty() {
            return Err(wrong("names no group"));
        }
        for text in [Some(group), course].into_iter().flatten() {
            if let Some(other) = other_placeholder(text) {
                return Err(wrong(&format!(
                    "has {other}, which stands for nothing: write {COURSE}"
                )));
            }
        }
        let group_text = Text::parse(group).ok_or_else(twice)?;
        let is_open = matches!(group_text, Text::Around(..));
        let course = match (course, is_open) {
            (Some(course), _) => Text::parse(course).ok_or_else(twice)?,
            (None, true) => Text::Around(String::new(), String::new()),
            (None, false) => {
                return Err(wrong(
                    "names no course: add `course`, or {course} to `group`",
                ));
            }
        };
        if matches!(course, Text::Around(..)) && !is_open {
            return Err(wrong("has {course} in `course` and not in `group`"));
        }
        if CourseId::parse(course.fill("x")).is_err() {
            return Err(wrong("names a course that cannot be one"));
        }
        Ok(Self {
            group: group_text,
            course,
            role,
        })
    }

    fn place(&self, group: &str) -> Option<(CourseId, Role)> {
        let found = self.group.find(group)?;
        if found.is_empty() && matches!(self.group, Text::Around(..)) {
            return None;
        }
        Some((CourseId::parse(self.course.fill(found)).ok()?, self.role))
    }

    /// Returns the group whose members this rule puts into the course, if there is one.
    fn group_of(&self, course: &CourseId, role: Role) -> Option<String> {
        let found = self.course.find(course.as_str())?;
        (role == self.role).then(|| self.group.fill(found))
    }
}

/// All rules: the group of registrars, those of the operator in their order, then the convention.
#[derive(Debug, Clone, Default)]
pub struct GroupRules {
    rules: Vec<GroupRule>,
    registrars: Option<String>,
}

impl GroupRules {
    /// Returns the convention alone.
    pub fn convention() -> &'static Self {
        static CONVENTION: GroupRules = GroupRules {
            rules: Vec::new(),
            registrars: None,
        };
        &CONVENTION
    }

    /// Returns the operator's rules, followed by the convention.
    pub fn new(rules: Vec<GroupRule>) -> Self {
        Self {
            rules,
            registrars: None,
        }
    }

    /// Returns the same rules. Members of this group keep the rosters of all courses.
    #[must_use]
    pub fn with_registrars(self, group: Option<String>) -> Self {
        Self {
            registrars: group,
            ..self
        }
    }

    /// Returns the group whose members keep the rosters of all courses.
    pub fn registrars(&self) -> Option<&str> {
        self.registrars.as_deref()
    }

    /// Whether members of the group keep the rosters of all courses.
    pub fn is_of_registrars(&self, group: &str) -> bool {
        self.registrars() == Some(group)
    }

    /// Returns the course and the role of a group's members. The first matching rule decides.
    pub fn place(&self, group: &str) -> Option<(CourseId, Role)> {
        self.rules
            .iter()
            .find_map(|rule| rule.place(group))
            .or_else(|| Self::by_convention(group))
    }

    fn by_convention(group: &str) -> Option<(CourseId, Role)> {
        let (course, role) = Role::ALL
            .into_iter()
            .find_map(|role| Some((group.strip_prefix(prefix(role))?, role)))?;
        Some((CourseId::parse(course).ok()?, role))
    }

    /// Returns the names of the groups that give this role in the course, as words of a sentence.
    pub fn names(&self, course: &CourseId, role: Role) -> String {
        let convention = format!("{}{course}", prefix(role));
        let mut names: Vec<String> = self
            .rules
            .iter()
            .filter_map(|rule| rule.group_of(course, role))
            .collect();
        names.push(convention);
        names.join(" or ")
    }
}

/// Prints the rules in the syntax of the configuration file.
impl fmt::Display for GroupRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<String> = self.rules.iter().map(ToString::to_string).collect();
        write!(f, "[{}]", rules.join(", "))
    }
}

impl fmt::Display for GroupRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &Text| serde_json::Value::from(text.fill(COURSE)).to_string();
        write!(
            f,
            "{{ group = {}, course = {}, role = \"{}\" }}",
            text(&self.group),
            text(&self.course),
            self.role
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(&str, Option<&str>, Role)]) -> GroupRules {
        let rules = rules
            .iter()
            .map(|(group, course, role)| GroupRule::new(group, *course, *role).unwrap());
        GroupRules::new(rules.collect())
    }

    #[track_caller]
    fn assert_place(rules: &GroupRules, group: &str, place: Option<(&str, Role)>) {
        let found = rules.place(group);
        let found = found
            .as_ref()
            .map(|(course, role)| (course.as_str(), *role));
        assert_eq!(found, place, "{group}");
    }

    #[test]
    fn groups_of_the_convention_need_no_rule() {
        let none = GroupRules::default();
        assert_place(&none, "formgrade-a-b", Some(("a-b", Role::Instructor)));
        assert_place(&none, "nbgrader-a", Some(("a", Role::Student)));
        assert_place(&none, "assist-a-b", Some(("a-b", Role::Assistant)));
        for group in [
            "formgrade-",
            "assist-",
            "nbgrader",
            "FORMGRADE-a",
            "/courses/a/instructors",
            "",
        ] {
            assert_place(&none, group, None);
        }
    }

    #[test]
    fn groups_as_identity_providers_write_them_are_mapped() {
        let some = rules(&[
            ("/courses/{course}/instructors", None, Role::Instructor),
            ("/courses/{course}", None, Role::Student),
            (
                "CN={course},OU=Lectures",
                Some("uni-{course}"),
                Role::Student,
            ),
            ("staff of maths", Some("maths"), Role::Instructor),
            ("tutors:{course}", None, Role::Assistant),
        ]);
        assert_place(
            &some,
            "/courses/algebra/instructors",
            Some(("algebra", Role::Instructor)),
        );
        assert_place(&some, "/courses/algebra", Some(("algebra", Role::Student)));
        assert_place(&some, "/courses/a/b", None);
        assert_place(&some, "/courses/", None);
        assert_place(
            &some,
            "CN=ana,OU=Lectures",
            Some(("uni-ana", Role::Student)),
        );
        assert_place(&some, "staff of maths", Some(("maths", Role::Instructor)));
        assert_place(&some, "staff of mathsx", None);
        assert_place(&some, "tutors:maths", Some(("maths", Role::Assistant)));
        assert_place(&some, "nbgrader-algebra", Some(("algebra", Role::Student)));
    }

    #[test]
    fn a_misspelt_placeholder_is_refused() {
        let new = |group, course| GroupRule::new(group, course, Role::Student);
        for (group, course, named) in [
            ("/c/{course}", Some("ws-{curse}"), "{curse}"),
            ("/c/{Course}/x", Some("maths"), "{Course}"),
            ("{x{corse}", Some("maths"), "{corse}"),
            ("{}", Some("maths"), "{}"),
        ] {
            let refused = new(group, course).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
            assert!(refused.contains("write {course}"), "{refused}");
        }
        for (group, course) in [
            ("{1}", Some("maths")),
            ("a{b", Some("maths")),
            ("a}b{course}", None),
            ("{not a word}", Some("maths")),
        ] {
            assert!(new(group, course).is_ok(), "{group}");
        }
    }

    #[test]
    fn a_refusal_names_the_groups_that_are_meant() {
        let some = rules(&[
            ("/c/{course}/staff", None, Role::Instructor),
            ("old", Some("maths"), Role::Instructor),
        ]);
        let course = CourseId::parse("algebra").unwrap();
        assert_eq!(
            some.names(&course, Role::Instructor),
            "/c/algebra/staff or formgrade-algebra"
        );
        assert_eq!(some.names(&course, Role::Student), "nbgrader-algebra");
    }

    #[test]
    fn a_rule_without_sense_is_refused() {
        for (group, course) in [
            ("", Some("a")),
            ("staff", None),
            ("staff", Some("{course}")),
            ("{course}/{course}", None),
            ("{course}", Some("{course}-{course}")),
            ("staff", Some("a/b")),
            ("staff", Some("")),
        ] {
            assert!(
                GroupRule::new(group, course, Role::Student).is_err(),
                "{group}"
            );
        }
    }
}
