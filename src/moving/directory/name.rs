//! How nbgrader's own exchange names what was handed in: `USER+ASSIGNMENT+TIME`, and after another `+` a few random
//! characters (nbgrader's `exchange/default/submit.py`).

use crate::domain::{AssignmentId, Timestamp, UserName};
use std::collections::BTreeSet;

/// What the name of a directory in `inbound` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundName {
    /// Whose it is,
    pub student: UserName,
    /// to which assignment,
    pub assignment: AssignmentId,
    /// and the time as it stands there.
    pub time: String,
}

impl InboundName {
    /// Understands the name; of several ways to divide it takes the one with an assignment that is released, since both
    /// users and assignments may have a `+` in theirs.
    pub fn parse(name: &str, released: &BTreeSet<AssignmentId>) -> Option<Self> {
        let parts: Vec<&str> = name.split('+').collect();
        // The last part but the random one, if there is one.
        let last = parts.len().checked_sub(1)?;
        let time = [last, last.saturating_sub(1)]
            .into_iter()
            .find(|at| *at >= 2 && parse_time(parts[*at]).is_some())?;
        let divided = |at: usize| {
            let student = UserName::parse(parts[..at].join("+")).ok()?;
            let assignment = AssignmentId::parse(parts[at..time].join("+")).ok()?;
            Some(Self {
                student,
                assignment,
                time: parts[time].to_owned(),
            })
        };
        (1..time)
            .filter_map(divided)
            .find(|one| released.contains(&one.assignment))
            .or_else(|| divided(time - 1))
    }
}

/// Understands a time as nbgrader writes it: `2026-01-30 10:30:47.524219 UTC`, or, where its time zone was set otherwise,
/// with an offset or with another name, of which only UTC's are known here.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let (time, zone) = text.rsplit_once(' ')?;
    if matches!(zone, "GMT" | "Z") {
        return Timestamp::parse(time).ok();
    }
    let (hours, minutes) = zone.split_at_checked(3)?;
    let minutes = minutes.trim_start_matches(':');
    Timestamp::parse(&format!("{}{hours}:{minutes}", time.replacen(' ', "T", 1))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str, released: &[&str]) -> Option<(String, String, String)> {
        let released = released.iter();
        let released = released.map(|name| AssignmentId::parse(*name).unwrap());
        InboundName::parse(name, &released.collect()).map(|name| {
            let InboundName {
                student,
                assignment,
                time,
            } = name;
            (student.to_string(), assignment.to_string(), time)
        })
    }

    fn of(student: &str, assignment: &str) -> (String, String, String) {
        let time = "2026-01-30 10:30:47.524219 UTC".to_owned();
        (student.to_owned(), assignment.to_owned(), time)
    }

    #[test]
    fn the_name_tells_whose_to_what_and_when() {
        let time = "2026-01-30 10:30:47.524219 UTC";
        assert_eq!(
            parsed(&format!("ada+ps1+{time}"), &[]),
            Some(of("ada", "ps1"))
        );
        let random = format!("ada+ps1+{time}+aZ-_4rTt9x1Q");
        assert_eq!(parsed(&random, &["ps1"]), Some(of("ada", "ps1")));
        for name in ["ada", "ada+ps1", "ada+ps1+yesterday", "+ps1+", ""] {
            assert_eq!(parsed(name, &["ps1"]), None, "{name}");
        }
    }

    #[test]
    fn a_plus_belongs_to_the_user_unless_an_assignment_is_called_so() {
        let name = "ada+x+ps1+2026-01-30 10:30:47.524219 UTC+aZ";
        assert_eq!(parsed(name, &["ps1"]), Some(of("ada+x", "ps1")));
        assert_eq!(parsed(name, &["x+ps1"]), Some(of("ada", "x+ps1")));
        assert_eq!(parsed(name, &[]), Some(of("ada+x", "ps1")));
    }

    #[test]
    fn times_in_other_zones_are_understood_where_they_say_how_far_away() {
        let noon = Timestamp::parse("2026-01-30 12:00:00.5").ok();
        for text in [
            "2026-01-30 12:00:00.500000 UTC",
            "2026-01-30 12:00:00.500000 GMT",
            "2026-01-30 12:00:00.500000 ",
            "2026-01-30 13:00:00.500000 +0100",
            "2026-01-30 06:30:00.500000 -05:30",
        ] {
            assert_eq!(parse_time(text), noon, "{text}");
        }
        for text in ["", "yesterday", "2026-01-30 12:00:00.500000 PST", "a é"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
