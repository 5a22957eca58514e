//! How nbgrader's own exchange names what was handed in: `USER+ASSIGNMENT+TIME`, and after another `+` a few random
//! characters (nbgrader's `exchange/default/submit.py`).

use super::time::{Times, Written};
use crate::domain::{AssignmentId, UserName};
use std::collections::BTreeSet;

/// What the name of a directory in `inbound` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundName {
    /// Whose it is,
    pub student: UserName,
    /// to which assignment,
    pub assignment: AssignmentId,
    /// and the time as it stands there, or in `timestamp.txt` where the name's cannot be read.
    pub time: String,
}

impl InboundName {
    /// Understands the name. Users, assignments and times may all have a `+`: the time is what can be read as one, and of
    /// several ways to divide the rest the one with an assignment that is released counts.
    pub fn parse(
        name: &str,
        released: &BTreeSet<AssignmentId>,
        times: &Times,
    ) -> Option<(Self, Written)> {
        let parts: Vec<&str> = name.split('+').collect();
        let last = parts.len();
        for end in [last, last.saturating_sub(1)] {
            for begin in 2..end {
                let time = parts[begin..end].join("+");
                if let Some(written) = times.read(&time) {
                    let (student, assignment) = divided(&parts[..begin], released)?;
                    let name = Self {
                        student,
                        assignment,
                        time,
                    };
                    return Some((name, written));
                }
            }
        }
        None
    }

    /// Understands a name of which the time cannot be read, where `timestamp.txt` has one.
    pub fn with_time(
        name: &str,
        released: &BTreeSet<AssignmentId>,
        time: &str,
        times: &Times,
    ) -> Option<(Self, Written)> {
        let written = times.read(time)?;
        let parts: Vec<&str> = name.split('+').collect();
        let heads = (2..parts.len()).map(|end| &parts[..end]);
        let is_released = |of: &(UserName, AssignmentId)| released.contains(&of.1);
        let (student, assignment) = heads
            .clone()
            .filter_map(|head| divided(head, released))
            .find(is_released)
            .or_else(|| heads.clone().find_map(|head| divided(head, released)))?;
        let name = Self {
            student,
            assignment,
            time: time.trim().to_owned(),
        };
        Some((name, written))
    }
}

/// User and assignment from what stands before the time.
fn divided(
    parts: &[&str],
    released: &BTreeSet<AssignmentId>,
) -> Option<(UserName, AssignmentId)> {
    let at = |place: usize| {
        let student = UserName::parse(parts[..place].join("+")).ok()?;
        let assignment = AssignmentId::parse(parts[place..].join("+")).ok()?;
        Some((student, assignment))
    };
    (1..parts.len())
        .filter_map(at)
        .find(|(_, assignment)| released.contains(assignment))
        .or_else(|| at(parts.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(released: &[&str]) -> BTreeSet<AssignmentId> {
        let released = released.iter();
        released
            .map(|name| AssignmentId::parse(*name).unwrap())
            .collect()
    }

    fn told((name, _): (InboundName, Written)) -> [String; 3] {
        [
            name.student.to_string(),
            name.assignment.to_string(),
            name.time,
        ]
    }

    fn parsed(name: &str, released: &[&str]) -> Option<[String; 3]> {
        InboundName::parse(name, &set(released), &Times::default()).map(told)
    }

    fn of(student: &str, assignment: &str, time: &str) -> Option<[String; 3]> {
        Some([student, assignment, time].map(str::to_owned))
    }

    const TIME: &str = "2026-01-30 10:30:47.524219 UTC";

    #[test]
    fn the_name_tells_whose_to_what_and_when() {
        assert_eq!(parsed(&format!("ada+ps1+{TIME}"), &[]), of("ada", "ps1", TIME));
        let random = format!("ada+ps1+{TIME}+aZ-_4rTt9x1Q");
        assert_eq!(parsed(&random, &["ps1"]), of("ada", "ps1", TIME));
        for name in ["ada", "ada+ps1", "ada+ps1+yesterday", "+ps1+", "", "++", "+++"] {
            assert_eq!(parsed(name, &["ps1"]), None, "{name}");
        }
    }

    #[test]
    fn a_plus_belongs_to_the_user_unless_an_assignment_is_called_so() {
        let name = format!("ada+x+ps1+{TIME}+aZ");
        assert_eq!(parsed(&name, &["ps1"]), of("ada+x", "ps1", TIME));
        assert_eq!(parsed(&name, &["x+ps1"]), of("ada", "x+ps1", TIME));
        assert_eq!(parsed(&name, &[]), of("ada+x", "ps1", TIME));
    }

    #[test]
    fn a_plus_before_an_offset_belongs_to_the_time() {
        for zone in ["+01", "+0530", "+05:30", "+04", "-05", "-0300", "CET", "UTC+01:00"] {
            let time = format!("2026-01-30 10:30:47.524219 {zone}");
            for random in ["", "+aZ-_4rTt9x1Q", "+r1"] {
                let name = format!("ada+ps1+{time}{random}");
                assert_eq!(parsed(&name, &[]), of("ada", "ps1", &time), "{name}");
                let name = format!("ada+x+ps+1+{time}{random}");
                assert_eq!(parsed(&name, &["ps+1"]), of("ada+x", "ps+1", &time), "{name}");
            }
        }
    }

    #[test]
    fn a_name_without_a_readable_time_takes_the_one_in_the_file() {
        let parsed = |name: &str, released: &[&str], time: &str| {
            let (released, times) = (set(released), Times::default());
            InboundName::with_time(name, &released, time, &times).map(told)
        };
        let written = format!("{TIME}\n");
        assert_eq!(parsed("ada+ps1+30 Jan+r1", &[], &written), of("ada", "ps1", TIME));
        assert_eq!(parsed("ada+ps+1+30 Jan", &["ps+1"], TIME), of("ada", "ps+1", TIME));
        for name in ["ada", "ada+ps1", "nonsense"] {
            assert_eq!(parsed(name, &["ps1"], TIME), None, "{name}");
        }
        assert_eq!(parsed("ada+ps1+30 Jan", &[], "yesterday"), None);
    }
}
