//! The Unix group that may read the directories of a course.

use nbcourier_domain::CourseId;
use std::process::{Command, Stdio};

/// A course with a Unix group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfCourse {
    pub course: CourseId,
    /// The number of the group.
    pub group: u32,
}

impl OfCourse {
    /// Parses `COURSE=GROUP`, with the name or the number of a group of this machine.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (course, group) = text
            .rsplit_once('=')
            .ok_or("write COURSE=GROUP, such as algebra=students-algebra")?;
        Ok(Self {
            course: CourseId::parse(course).map_err(|error| error.to_string())?,
            group: number(group)?,
        })
    }
}

fn number(group: &str) -> Result<u32, String> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    let unknown =
        || format!("this machine has no group {group}. `getent group` lists those that it has");
    // An option of the program below is no name of a group, and neither is a line of its output.
    if group.is_empty() || group.starts_with('-') || group.contains([':', '\n']) {
        return Err(unknown());
    }
    // Groups of a directory service are in no file.
    let asked = Command::new("getent")
        .args(["group", group])
        .stdin(Stdio::null())
        .output();
    let known = match asked {
        Ok(known) => known.stdout,
        // Some images do not have the program.
        Err(_) => std::fs::read("/etc/group").map_err(|error| {
            format!(
                "the groups of this machine cannot be read: {error}. Give the number of the group"
            )
        })?,
    };
    in_lines(&String::from_utf8_lossy(&known), group).ok_or_else(unknown)
}

/// Returns the number of a group in lines such as `users:x:100:ada,bob`.
fn in_lines(lines: &str, group: &str) -> Option<u32> {
    let mut lines = lines.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let is_it = fields.next() == Some(group);
        fields.nth(1).filter(|_| is_it)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_its_name_or_its_number() {
        let lines = "root:x:0:\nusers:x:100:ada,bob\nodd\nodd:x:y:\n";
        assert_eq!(in_lines(lines, "users"), Some(100));
        for other in ["user", "x", "ada", "odd", ""] {
            assert_eq!(in_lines(lines, other), None, "{other}");
        }
        let parsed = OfCourse::parse("a=b=100").unwrap();
        assert_eq!((parsed.course.as_str(), parsed.group), ("a=b", 100));
        assert_eq!(OfCourse::parse("algebra=root").unwrap().group, 0);
        for text in [
            "algebra",
            "=100",
            "algebra=",
            "algebra=-s",
            "algebra=no such group",
            "a=-1",
        ] {
            assert!(OfCourse::parse(text).is_err(), "{text}");
        }
    }
}
