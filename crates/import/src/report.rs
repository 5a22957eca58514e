//! The report of an import: what was added, what was already there, what was left behind, and why.

use nbcourier_domain::Count;
use nbcourier_exchange::imports::Outcome;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// The numbers of things, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Courses.
    pub courses: u64,
    /// Members of courses.
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
        write!(
            f,
            "{}, {}, {}, {} and feedback on {}",
            Count(self.courses, "course"),
            Count(self.people, "member"),
            Count(self.assignments, "assignment"),
            Count(self.submissions, "submission"),
            Count(self.feedback, "submission"),
        )
    }
}

/// Something that was left behind, or imported only in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The thing: `algebra / ps1 / ada at 2026-01-30 10:30:47.524219`.
    pub about: String,
    /// A sentence about the problem and its outcome.
    pub says: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.says)
    }
}

/// A sentence that applies to several things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The things, in order.
    pub about: Vec<&'a str>,
    /// The sentence that applies to each of them.
    pub says: &'a str,
}

impl<'a> Summary<'a> {
    /// The maximum number of things to name. The others are only counted.
    const NAMED: usize = 3;

    /// Groups things by their sentence, in the order in which the sentences first occur.
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

/// The result of an import.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The added things; in a dry run, those that would be added.
    pub added: Counts,
    /// The things that were already there.
    pub known: Counts,
    /// The number of files that were read.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// Things that were left behind, or imported only in part.
    pub problems: Vec<Problem>,
    /// Further remarks.
    pub notes: Vec<Problem>,
}

impl Report {
    /// Whether everything is in the exchange now.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Counts a thing as added or as known. A different one is a problem, which the caller reports with a sentence of
    /// its own.
    pub(super) fn count(&mut self, outcome: Outcome, kind: impl Fn(&mut Counts) -> &mut u64) {
        match outcome {
            Outcome::Added => *kind(&mut self.added) += 1,
            Outcome::Known => *kind(&mut self.known) += 1,
            Outcome::Different => {}
        }
    }

    /// Adds a thing that was left behind.
    pub fn problem(&mut self, about: impl Into<String>, says: impl Into<String>) {
        self.problems.push(Problem {
            about: about.into(),
            says: says.into(),
        });
    }

    /// Adds a remark.
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
    fn a_sentence_about_many_things_is_one_line() {
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
