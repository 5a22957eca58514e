//! What was brought over, what was there already, and what was not brought over, and why.

use nbcourier_exchange::imports::Outcome;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// How much of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Courses.
    pub courses: u64,
    /// Lines of rosters.
    pub people: u64,
    /// Assignments.
    pub assignments: u64,
    /// Submissions.
    pub submissions: u64,
    /// Submissions with feedback.
    pub feedback: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.courses, "course", "courses"),
            (self.people, "person", "people"),
            (self.assignments, "assignment", "assignments"),
            (self.submissions, "submission", "submissions"),
            (self.feedback, "feedback", "feedbacks"),
        ];
        for (place, (count, one, many)) in parts.into_iter().enumerate() {
            let before = match place {
                0 => "",
                4 => " and ",
                _ => ", ",
            };
            write!(f, "{before}{count} {}", if count == 1 { one } else { many })?;
        }
        Ok(())
    }
}

/// Something that was not brought over, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it is about: `algebra / ps1 / ada at 2026-01-30 10:30:47.524219`.
    pub about: String,
    /// What is wrong with it and what became of it, as a sentence.
    pub says: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.says)
    }
}

/// What is true of several things at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The things, in their order.
    pub about: Vec<&'a str>,
    /// What is true of each of them.
    pub says: &'a str,
}

impl<'a> Summary<'a> {
    /// The things that are named; of the others there is only the number.
    const NAMED: usize = 3;

    /// Puts together what is said of several things, in the order in which it is said first.
    pub fn of(problems: &'a [Problem]) -> Vec<Self> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut summaries: Vec<Self> = Vec::new();
        for problem in problems {
            let place = *places.entry(&problem.says).or_insert_with(|| {
                summaries.push(Self {
                    about: Vec::new(),
                    says: &problem.says,
                });
                summaries.len() - 1
            });
            summaries[place].about.push(&problem.about);
        }
        summaries
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.about.len().min(Self::NAMED);
        f.write_str(&self.about[..named].join("; "))?;
        match self.about.len() - named {
            0 => {}
            others => write!(f, "; and {others} more")?,
        }
        write!(f, ": {}", self.says)
    }
}

/// What came of moving in.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What was brought over; in a dry run what would be.
    pub added: Counts,
    /// What was there already.
    pub known: Counts,
    /// The files that were read,
    pub files: u64,
    /// and their bytes.
    pub bytes: u64,
    /// What was not brought over, or not whole.
    pub problems: Vec<Problem>,
    /// What is worth knowing besides.
    pub notes: Vec<Problem>,
}

impl Report {
    /// Whether everything is here now.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Counts something as added or as known. What is different is a problem, which has a sentence of its own.
    pub(super) fn count(&mut self, outcome: Outcome, kind: impl Fn(&mut Counts) -> &mut u64) {
        match outcome {
            Outcome::Added => *kind(&mut self.added) += 1,
            Outcome::Known => *kind(&mut self.known) += 1,
            Outcome::Different => {}
        }
    }

    /// Adds something that was not brought over.
    pub fn problem(&mut self, about: impl Into<String>, says: impl Into<String>) {
        self.problems.push(Problem {
            about: about.into(),
            says: says.into(),
        });
    }

    /// Adds something that is worth knowing.
    pub fn note(&mut self, about: impl Into<String>, says: impl Into<String>) {
        self.notes.push(Problem {
            about: about.into(),
            says: says.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_many_is_one_line() {
        let mut report = Report::default();
        for number in 0..300 {
            report.problem(format!("submission {number}"), "has no time");
        }
        report.problem("ps1", "is lost");
        let lines: Vec<_> = Summary::of(&report.problems)
            .iter()
            .map(ToString::to_string)
            .collect();
        let first = "submission 0; submission 1; submission 2; and 297 more: has no time";
        assert_eq!(lines, [first, "ps1: is lost"]);
    }
}
