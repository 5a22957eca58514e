//! Directories that were mirrored once, and would not be mirrored now. They stay here until somebody wants them
//! removed.

use super::access::Access;
use super::place::InCourse;
use super::report::{Outcome, Report};
use super::round::Round;
use crate::words::reason;
use nbcourier_client::{DirectoryAddress, Error};
use nbcourier_domain::{CourseId, DirectoryOwner};
use std::collections::BTreeSet;

impl Round<'_> {
    /// Reports about a directory that is not open to everybody. If it was once, nobody else may enter it any more.
    pub(super) fn closed(
        &mut self,
        course: &str,
        name: &str,
        shown: String,
        link: String,
    ) -> Report {
        let known = if self.place.has(course) {
            self.open(course).and_then(|course| course.shown(name))
        } else {
            Ok(None)
        };
        let Ok(Some(known)) = known else {
            let report = Report::new(shown, None, Outcome::Skipped);
            return report.ended(
                Outcome::Skipped,
                format!(
                    "It is not mirrored, since it is not open to everybody. `nbcourier dir share {course}:{name} \
                     --everybody` opens it, and --group {course}=GROUP mirrors the course for a group"
                ),
            );
        };
        let mut report = Report::new(shown, Some(link), Outcome::Kept);
        report.version = Some(known.head.version);
        let is_pruning = self.wishes.is_pruning;
        let result = self.open(course).and_then(|course| {
            if is_pruning {
                return remove(course, name);
            }
            let closed = course.set_access(name, Access::Nobody);
            closed.map_err(|error| format!("It could not be closed: {}", reason(&error)))
        });
        match result {
            Err(sentence) => report.ended(Outcome::Failed, sentence),
            Ok(()) if is_pruning => Report {
                outcome: Outcome::Removed,
                ..report
            },
            Ok(()) => report.ended(
                Outcome::Kept,
                "It is no longer open to everybody, so only you can read it here. --prune removes it".to_owned(),
            ),
        }
    }

    /// Reports about the directories that the caller cannot read any more, and removes them if that is wanted.
    pub(super) async fn gone(&mut self, found: &BTreeSet<(String, String)>) -> Vec<Report> {
        let mut reports = Vec::new();
        for course in self.place.courses() {
            let wanted = &self.wishes.courses;
            let is_wanted = wanted.is_empty() || wanted.iter().any(|it| it.as_str() == course);
            if !is_wanted || !self.place.has(&course) {
                continue;
            }
            let Ok(id) = CourseId::parse(course.clone()) else {
                continue;
            };
            let owner = DirectoryOwner::Course(id);
            for name in self.mirrored(&course) {
                if found.contains(&(owner.to_string(), name.clone())) {
                    continue;
                }
                let address = DirectoryAddress {
                    owner: owner.clone(),
                    name,
                };
                reports.extend(self.gone_one(&course, &address, found.is_empty()).await);
            }
        }
        reports
    }

    /// Returns the names of the directories of a course that were mirrored.
    fn mirrored(&mut self, course: &str) -> BTreeSet<String> {
        let Ok(course) = self.open(course) else {
            return BTreeSet::new();
        };
        let lists = course.manifests.all().into_iter();
        lists.map(|version| version.name).collect()
    }

    async fn gone_one(
        &mut self,
        course: &str,
        address: &DirectoryAddress,
        is_none_left: bool,
    ) -> Option<Report> {
        let known = self
            .open(course)
            .and_then(|it| it.shown(&address.name))
            .ok()??;
        let shown = format!("{}/{}", address.owner, address.name);
        let link = format!("{course}/{}", address.name);
        let mut report = Report::new(shown, Some(link), Outcome::Kept);
        report.version = Some(known.head.version);
        if !self.wishes.is_pruning {
            let why = "It was deleted on the exchange, or you can no longer read it. It stays here as it is. --prune \
                       removes it";
            return Some(report.ended(Outcome::Kept, why.to_owned()));
        }
        if is_none_left {
            // A wrong token, or an exchange that lost its data, empties no mirror.
            let why = "The exchange shows you no directory at all, so nothing is removed. If that is right, remove the \
                       folder yourself";
            return Some(report.ended(Outcome::Kept, why.to_owned()));
        }
        Some(match self.exchange.directory(address).await {
            Err(Error::Refused { status: 404, .. }) => {
                match self.open(course).and_then(|it| remove(it, &address.name)) {
                    Ok(()) => Report {
                        outcome: Outcome::Removed,
                        ..report
                    },
                    Err(sentence) => report.ended(Outcome::Failed, sentence),
                }
            }
            Err(error) => report.ended(Outcome::Failed, error.to_string()),
            Ok(_) => report.ended(
                Outcome::Kept,
                "The exchange left it out of its list. The next run looks again".to_owned(),
            ),
        })
    }
}

fn remove(course: &InCourse, name: &str) -> Result<(), String> {
    let removed = course.remove(name);
    removed.map_err(|error| format!("It could not be removed: {}", reason(&error)))
}
