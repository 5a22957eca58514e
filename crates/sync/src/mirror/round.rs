//! A run of a mirror over the directories of courses that the caller can read.

use super::access::Access;
use super::names::objection;
use super::place::{InCourse, Place};
use super::report::{Outcome, Report};
use super::update::{Look, Update};
use super::{Failure, Step, Wishes};
use crate::folder::Incoming;
use crate::journal;
use nbcourier_api::{Directory, OwnerKind};
use nbcourier_client::{Client, DirectoryAddress, Error};
use nbcourier_domain::{CourseId, DirectoryName, DirectoryOwner, Sha256Sum};
use std::collections::{BTreeMap, BTreeSet};

/// Brings the mirror up to date. Fails if the exchange does not list the directories.
pub async fn mirror(
    exchange: &Client,
    place: &Place,
    wishes: &Wishes,
    progress: &dyn Fn(Step),
) -> Result<Vec<Report>, Error> {
    let found = found(exchange, wishes).await?;
    let mut round = Round {
        exchange,
        place,
        wishes,
        progress,
        courses: BTreeMap::new(),
        incoming: None,
        wanted: BTreeSet::new(),
        away: None,
        is_whole: true,
    };
    let mut reports = Vec::new();
    let mut seen = BTreeSet::new();
    for (directory, access) in &found {
        let Some(address) = address(directory) else {
            let name = format!("{}/{}", directory.owner.address(), directory.name);
            let report = Report::new(name, None, Outcome::Failed);
            reports.push(report.ended(Outcome::Failed, "The exchange sent an illegal name".into()));
            continue;
        };
        if seen.insert((address.owner.to_string(), address.name.clone())) {
            reports.push(round.directory(directory, &address, *access).await);
        }
    }
    reports.extend(round.gone(&seen).await);
    let named: BTreeSet<_> = wishes.courses.iter().chain(wishes.groups.keys()).collect();
    for course in named {
        let begin = format!("{}/", DirectoryOwner::Course(course.clone()));
        let mut of_course = reports.iter().filter(|it| it.directory.starts_with(&begin));
        if of_course.all(|report| report.outcome == Outcome::Skipped) {
            let reason = format!(
                "No directory of the course {course} is mirrored. Ask its instructors to grant one to the name of your token"
            );
            let report = Report::new(
                begin.trim_end_matches('/').to_owned(),
                None,
                Outcome::Failed,
            );
            reports.push(report.ended(Outcome::Failed, reason));
        }
    }
    round.clear();
    let said = |report: &&Report| report.is_change() || report.is_failure();
    let lines: Vec<String> = reports
        .iter()
        .filter(said)
        .flat_map(Report::sentences)
        .collect();
    if !lines.is_empty() {
        journal::add(&place.own, &lines);
    }
    Ok(reports)
}

/// Returns the directories of courses that the caller can read, with the people who may enter each. A directory without
/// them is not mirrored.
async fn found(
    exchange: &Client,
    wishes: &Wishes,
) -> Result<Vec<(Directory, Option<Access>)>, Error> {
    let owners: Vec<Option<String>> = match wishes.courses.as_slice() {
        [] => vec![None],
        courses => {
            let owners = courses.iter().cloned().map(DirectoryOwner::Course);
            owners.map(|owner| Some(owner.to_string())).collect()
        }
    };
    let mut all = Vec::new();
    for owner in owners {
        let owner = owner.as_deref().map(|owner| ("owner", owner));
        let wanted: Vec<_> = owner.into_iter().collect();
        let mut found = exchange.directories(&wanted).await?;
        found.retain(|directory| directory.owner.kind == OwnerKind::Course);
        let group = |directory: &Directory| {
            let course = CourseId::parse(directory.owner.name.clone()).ok()?;
            wishes
                .groups
                .get(&course)
                .map(|group| Access::Group(*group))
        };
        let mut open = BTreeSet::new();
        if found.iter().any(|directory| group(directory).is_none()) {
            let wanted = [wanted.as_slice(), &[("reach", "everybody")]].concat();
            let found = exchange.directories(&wanted).await?;
            open.extend(found.into_iter().map(|directory| directory.id));
        }
        all.extend(found.into_iter().map(|directory| {
            let is_open = open.contains(&directory.id);
            let access = group(&directory).or(is_open.then_some(Access::Everybody));
            (directory, access)
        }));
    }
    Ok(all)
}

/// Parses the names that the exchange sent, since they become names of folders.
fn address(directory: &Directory) -> Option<DirectoryAddress> {
    let owner = DirectoryOwner::parse(&directory.owner.address()).ok()?;
    let name = DirectoryName::parse(directory.name.clone()).ok()?;
    (directory.version >= 0).then(|| DirectoryAddress {
        owner,
        name: name.as_str().to_owned(),
    })
}

/// A run.
pub(super) struct Round<'a> {
    pub exchange: &'a Client,
    pub place: &'a Place,
    pub wishes: &'a Wishes,
    progress: &'a dyn Fn(Step),
    courses: BTreeMap<String, InCourse>,
    incoming: Option<Incoming>,
    /// The reason why the exchange is not asked any more.
    away: Option<String>,
    /// The contents of all versions that were to be received.
    wanted: BTreeSet<Sha256Sum>,
    /// Whether all of them are here.
    is_whole: bool,
}

impl Round<'_> {
    /// Mirrors a directory. The report has the reason if it is not mirrored.
    async fn directory(
        &mut self,
        directory: &Directory,
        address: &DirectoryAddress,
        access: Option<Access>,
    ) -> Report {
        let course = &directory.owner.name;
        let shown = format!("{}/{}", address.owner, address.name);
        let link = format!("{course}/{}", address.name);
        if let Some(why) = objection(course, &address.name) {
            let report = Report::new(shown, None, Outcome::Skipped);
            return report.ended(Outcome::Skipped, format!("It is not mirrored, since {why}"));
        }
        let Some(access) = access else {
            return self.closed(course, &address.name, shown, link);
        };
        let mut report = Report::new(shown, Some(link), Outcome::Failed);
        let updated = self.update(directory, address, access, &mut report).await;
        match updated {
            Ok(()) => report,
            Err(failure) => {
                self.is_whole = false;
                match &failure {
                    // A full disk is not kept full by files that nobody sees.
                    Failure::Disk(_) => drop(self.incoming.take().map(Incoming::clear)),
                    Failure::Exchange(
                        error @ (Error::Unreachable { .. }
                        | Error::Before { .. }
                        | Error::Refused { status: 401, .. }),
                    ) => self.away = Some(error.to_string()),
                    _ => {}
                }
                report.ended(Outcome::Failed, failure.sentence())
            }
        }
    }

    async fn update(
        &mut self,
        directory: &Directory,
        address: &DirectoryAddress,
        access: Access,
        report: &mut Report,
    ) -> Result<(), Failure> {
        self.open(&directory.owner.name)?;
        let Some(course) = self.courses.get(&directory.owner.name) else {
            return Ok(());
        };
        let update = Update {
            exchange: self.exchange,
            course,
            directory,
            address,
            access,
            progress: self.progress,
        };
        let Look::Missing(known) = update.look(report)? else {
            return Ok(());
        };
        if let Some(away) = &self.away {
            return Err(away.clone().into());
        }
        let mut incoming = match self.incoming.take() {
            Some(incoming) => incoming,
            None => Incoming::open(&self.place.own)?,
        };
        let result = update
            .run(known, &mut incoming, &mut self.wanted, report)
            .await;
        self.incoming = Some(incoming);
        result
    }

    /// Removes received files that the next run does not need.
    fn clear(&mut self) {
        if self.away.is_some() {
            // The needs of the next run are not known.
            return;
        }
        if self.is_whole {
            self.wanted.clear();
            if self.incoming.is_none() && Incoming::is_any(&self.place.own) {
                self.incoming = Incoming::open(&self.place.own).ok();
            }
        }
        if let Some(incoming) = self.incoming.take() {
            incoming.clear_but(&self.wanted);
        }
    }

    /// Opens the folder of a course, once in a run.
    pub(super) fn open(&mut self, course: &str) -> Result<&InCourse, String> {
        match self.courses.entry(course.to_owned()) {
            std::collections::btree_map::Entry::Occupied(found) => Ok(found.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => {
                Ok(free.insert(self.place.course(course)?))
            }
        }
    }
}
