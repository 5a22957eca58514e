//! The directories that courses deliver to a person, into the person's home.

use super::folder::{OWN, Root};
use super::pull::{Delivery, Wishes, pull};
use super::report::{Outcome, Report};
use nbcourier_api::{Directory, OwnerKind};
use nbcourier_client::{Client, DirectoryAddress, Result};
use nbcourier_domain::{CourseId, DirectoryOwner, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// The deliveries of the last start, in the folder of the state in the home.
const KNOWN: &str = "deliveries.json";
/// The maximum size of a file of the state that is read, in bytes.
const MAX_KEPT: u64 = 16 * 1024 * 1024;

/// The deliveries that are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only those of this course.
    pub course: Option<CourseId>,
    /// Only those at the start of servers.
    pub is_at_start: bool,
    /// The wishes for the pull.
    pub wishes: Wishes,
}

/// The deliveries that are known, with the entity tag of the list.
#[derive(Serialize, Deserialize)]
struct Known {
    tag: String,
    is_at_start: bool,
    deliveries: Vec<Written>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    id: i64,
    owner: String,
    name: String,
    version: i64,
    folder: String,
}

/// Brings the folders below the home up to date. Returns a report for each, in the order of the directories' numbers.
/// With nothing new, that is one request whose reply has no body.
pub async fn deliver(exchange: &Client, home: &Path, wanted: &Wanted) -> Result<Vec<Report>> {
    let day: String = Timestamp::now().to_rfc3339().chars().take(10).collect();
    let known =
        read_kept::<Known>(home, KNOWN).filter(|known| known.is_at_start == wanted.is_at_start);
    let tag = known.as_ref().map(|known| known.tag.as_str());
    let deliveries = match exchange.deliveries(wanted.is_at_start, tag).await? {
        None => known.map_or_else(Vec::new, |known| {
            known
                .deliveries
                .into_iter()
                .filter_map(Written::parsed)
                .collect()
        }),
        Some((directories, tag)) => {
            let deliveries: Vec<_> = directories.into_iter().filter_map(parsed).collect();
            // Nothing appears in homes to which nothing is delivered.
            let is_noted = !wanted.wishes.is_dry && !deliveries.is_empty();
            if let Some(tag) = tag.filter(|_| is_noted) {
                let known = Known {
                    tag,
                    is_at_start: wanted.is_at_start,
                    deliveries: deliveries.iter().map(Written::of).collect(),
                };
                keep(home, KNOWN, &known);
            }
            deliveries
        }
    };
    let mut reports: Vec<Report> = Vec::new();
    for delivery in &deliveries {
        let is_wanted = wanted
            .course
            .as_ref()
            .is_none_or(|course| delivery.address.owner == DirectoryOwner::Course(course.clone()));
        let earlier = deliveries.iter().find(|other| {
            other.id < delivery.id && other.folder.to_lowercase() == delivery.folder.to_lowercase()
        });
        if !is_wanted {
            continue;
        }
        if let Some(earlier) = earlier {
            let report = delivery.report().failed(format!(
                "{}/{} is delivered to the same folder. Tell an instructor of the course",
                earlier.address.owner, earlier.address.name
            ));
            reports.push(report);
            continue;
        }
        reports.push(pull(exchange, home, delivery, wanted.wishes, &day).await);
    }
    Ok(reports)
}

/// Whether all reports say that everything was up to date before.
pub fn is_nothing_new(reports: &[Report]) -> bool {
    let mut reports = reports.iter();
    reports.all(|report| report.outcome == Outcome::Current && report.failures.is_empty())
}

fn parsed(directory: Directory) -> Option<Delivery> {
    let owner = match directory.owner.kind {
        OwnerKind::Course => CourseId::parse(&directory.owner.name).ok()?,
        // Only courses deliver.
        OwnerKind::User => return None,
    };
    Some(Delivery {
        address: DirectoryAddress {
            owner: DirectoryOwner::Course(owner),
            name: directory.name,
        },
        id: directory.id,
        version: directory.version,
        folder: directory.deliver?,
    })
}

impl Written {
    fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id,
            owner: delivery.address.owner.to_string(),
            name: delivery.address.name.clone(),
            version: delivery.version,
            folder: delivery.folder.clone(),
        }
    }

    fn parsed(self) -> Option<Delivery> {
        Some(Delivery {
            address: DirectoryAddress {
                owner: DirectoryOwner::parse(&self.owner).ok()?,
                name: self.name,
            },
            id: self.id,
            version: self.version,
            folder: self.folder,
        })
    }
}

/// Reads a file of the state in the home.
pub(super) fn read_kept<T: DeserializeOwned>(home: &Path, name: &str) -> Option<T> {
    let own = Root::open(&home.join(OWN)).ok()?;
    let mut text = Vec::new();
    let file = own.file(name).ok()?;
    file.take(MAX_KEPT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes a file of the state in the home, in one step. Without it, the next start asks or says more.
pub(super) fn keep(home: &Path, name: &str, content: &impl Serialize) {
    let write = || -> std::io::Result<()> {
        let own = Root::open(home)?.make_folder(OWN)?;
        let beside = format!("{name}.{}", std::process::id());
        let mut file = own.create(&beside)?;
        file.write_all(&serde_json::to_vec(content)?)?;
        file.sync_all()?;
        own.replace(&beside, &own, name)?;
        own.flush()
    };
    let _ = write();
}
