//! Reading a course for its archive, in one snapshot.

use super::directories;
use super::manifest::{
    Assignment, Course, Entry, Event, Extension, Feedback, Fetch, Person, Sightings,
    StudentAllowance, Submission, TreeOf, VERSION, Version,
};
use super::names;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_blobs::{Blobs, Damage, Fault};
use nbcourier_domain::{CourseId, RelativePath, Sha256Sum, Timestamp, Tree};
use nbcourier_storage::trees::FilesOfTrees;
use nbcourier_storage::{self as store, Connection, Portion, archive, blobs::Row};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read as _};

/// Number of bytes read at a time.
const CHUNK: usize = 256 * 1024;

/// Reads a course completely and passes it to `take`, with a reader of its bytes. No clean-up runs meanwhile. It checks
/// no permission: it is for operators with access to the data directory.
pub async fn read<T: Send + 'static>(
    exchange: &Exchange,
    course: CourseId,
    take: impl FnOnce(&Course, &mut Reader<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let blobs = exchange.blobs.clone();
    exchange
        .without_policy()
        .read(move |conn| {
            let _hold = blobs.hold()?;
            let mut rows = Rows::new();
            let read = gather(conn, &course, &mut rows)?;
            take(
                &read,
                &mut Reader {
                    conn,
                    blobs: &blobs,
                    rows,
                },
            )
        })
        .await
}

/// The rows of contents, by their checksums.
pub(super) type Rows = HashMap<Sha256Sum, Row>;

/// Reads contents by their checksums.
pub struct Reader<'a> {
    conn: &'a mut Connection,
    blobs: &'a Blobs,
    rows: Rows,
}

impl Reader<'_> {
    /// Whether the bytes are in a file instead of the database.
    pub fn is_large(&self, sum: Sha256Sum) -> bool {
        self.rows.get(&sum).is_some_and(|row| !row.in_database)
    }

    /// Passes all bytes to the sink, piece by piece. The inner result is the sink's. Returns `Damaged` if the bytes do
    /// not match their checksum.
    pub fn content(
        &mut self,
        sum: Sha256Sum,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<io::Result<()>> {
        let damaged = |damage| Error::Damaged(sum, damage);
        let row = *self.rows.get(&sum).ok_or(damaged(Damage::Missing))?;
        if row.in_database {
            let content = store::blobs::contents(self.conn, &[row.id])?.remove(&row.id);
            let content = content.ok_or(damaged(Damage::Missing))?;
            if Sha256::digest(&content).as_slice() != sum.0 {
                return Err(damaged(Damage::WrongBytes));
            }
            return Ok(sink(&content));
        }
        let mut file = self.blobs.read(row.id, &row.blob)?.map_err(damaged)?;
        let (mut hasher, mut buffer) = (Sha256::new(), vec![0; CHUNK]);
        loop {
            let count = file.read(&mut buffer).map_err(|error| {
                if Fault::inside(&error).is_some() {
                    return Error::Disk(error);
                }
                damaged(Damage::Unreadable)
            })?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            if let Err(error) = sink(&buffer[..count]) {
                return Ok(Err(error));
            }
        }
        if hasher.finalize().as_slice() == sum.0 {
            Ok(Ok(()))
        } else {
            Err(damaged(Damage::WrongBytes))
        }
    }
}

fn gather(conn: &mut Connection, name: &CourseId, rows: &mut Rows) -> Result<Course> {
    let (id, created_at) = archive::course(conn, name)?.ok_or(Error::NotFound(Thing::Course))?;
    let settings = store::courses::settings(conn, id)?;
    let assignments = archive::assignments(conn, id)?
        .into_iter()
        .map(|assignment| gather_assignment(conn, &assignment, rows));
    Ok(Course {
        archive_version: VERSION,
        made_by: concat!("nbcourier ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at: Timestamp::now().to_rfc3339(),
        course: name.to_string(),
        created_at: created_at.to_rfc3339(),
        title: settings.title,
        time_zone: settings.time_zone,
        sharing: settings.sharing,
        assignments: assignments.collect::<Result<_>>()?,
        exchange: store::snapshot::exchange_id(conn)?,
        roster: store::members::list(conn, id)?
            .into_iter()
            .map(|(_, role, person)| Person {
                username: person.username.to_string(),
                role: role.word().to_owned(),
                first_name: person.first_name,
                last_name: person.last_name,
                email: person.email,
            })
            .collect(),
        allowances: store::allowances::page(conn, id, "", Portion::ALL)?
            .0
            .into_iter()
            .map(|(student, noted)| StudentAllowance {
                student,
                hours: noted.allowance.hours(),
                note: noted.note,
            })
            .collect(),
        by_group: store::hub_members::list(conn, name)?
            .into_iter()
            .map(|(username, role)| Person {
                username,
                role: role.word().to_owned(),
                first_name: None,
                last_name: None,
                email: None,
            })
            .collect(),
        directories: directories::gather(conn, id, rows)?,
        events: archive::events(conn, id)?.into_iter().map(event).collect(),
    })
}

fn gather_assignment(
    conn: &mut Connection,
    assignment: &archive::Assignment,
    rows: &mut Rows,
) -> Result<Assignment> {
    let name = &assignment.name;
    let releases = archive::releases(conn, assignment.id)?;
    let submissions = archive::submissions(conn, assignment.id)?;
    let given = archive::feedback(conn, assignment.id)?;
    let trees = releases.iter().map(|(_, tree)| *tree);
    let trees = trees.chain(submissions.iter().map(|submission| submission.tree_id));
    let trees = trees.chain(given.iter().map(|given| given.tree_id));
    let files = store::trees::files_of_all(conn, trees)?;
    let mut tree = |tree, directory| tree_of(&files, tree, directory, rows);

    let mut feedback: BTreeMap<i64, Vec<archive::Feedback>> = BTreeMap::new();
    for each in given {
        feedback.entry(each.submission_id).or_default().push(each);
    }
    let mut handed_in = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let (student, at) = (
            submission.student,
            Timestamp::from_micros(submission.submitted_at),
        );
        let given = feedback.remove(&submission.id).unwrap_or_default();
        let given = (1..).zip(given).map(|(number, given)| {
            Ok(Feedback {
                returned_at: given.returned_at.to_rfc3339(),
                returned_by: given.returned_by,
                read: given.read.map(times),
                tree: tree(given.tree_id, names::feedback(name, &student, at, number))?,
            })
        });
        let feedback = given.collect::<Result<_>>()?;
        handed_in.push(Submission {
            number: submission.id,
            submitted_at: at.to_rfc3339(),
            submitted_by: submission.submitted_by,
            tree: tree(submission.tree_id, names::submission(name, &student, at))?,
            student,
            feedback,
        });
    }
    let mut fetched: BTreeMap<i64, Vec<Fetch>> = BTreeMap::new();
    for fetch in store::seen::fetches(conn, assignment.id, ("", 0), Portion::ALL)?.0 {
        fetched.entry(fetch.version).or_default().push(Fetch {
            student: fetch.student,
            times: times(fetch.times),
        });
    }
    let (dates, text) = (assignment.dates, |time: Option<Timestamp>| {
        time.map(Timestamp::to_rfc3339)
    });
    Ok(Assignment {
        released: releases
            .iter()
            .find(|(release, _)| release.is_current)
            .map(|(release, _)| release.version),
        versions: releases
            .into_iter()
            .map(|(release, id)| {
                Ok(Version {
                    version: release.version,
                    released_at: release.released_at.to_rfc3339(),
                    released_by: release.released_by,
                    fetched: fetched.remove(&release.version).unwrap_or_default(),
                    tree: tree(id, names::release(name, release.version))?,
                })
            })
            .collect::<Result<_>>()?,
        opens_at: text(dates.opens_at),
        due_at: text(dates.due_at),
        cutoff_at: text(dates.cutoff_at),
        extensions: store::dates::extensions(conn, assignment.id, "", Portion::ALL)?
            .0
            .into_iter()
            .map(|(student, noted)| Extension {
                student,
                due_at: text(noted.extension.due_at),
                cutoff_at: text(noted.extension.cutoff_at),
                note: noted.note,
            })
            .collect(),
        submissions: handed_in,
        assignment: assignment.name.clone(),
    })
}

fn times(times: store::seen::Times) -> Sightings {
    Sightings {
        first_at: times.first_at.to_rfc3339(),
        last_at: times.last_at.to_rfc3339(),
        times: times.number,
    }
}

fn tree_of(files: &FilesOfTrees, id: i64, directory: String, rows: &mut Rows) -> Result<TreeOf> {
    let mut named = Tree::default();
    let mut entries = Vec::new();
    for file in files.of(id)?.iter() {
        entries.push(entry(&file.path, file.blob, rows));
        named.entries.push(nbcourier_domain::TreeEntry {
            path: file.path.clone(),
            blob: file.blob.blob,
        });
    }
    Ok(tree(&named, directory, entries))
}

/// Returns the description of a file, and notes the row of its bytes.
pub(super) fn entry(path: &RelativePath, bytes: Row, rows: &mut Rows) -> Entry {
    let blob = bytes.blob;
    rows.insert(blob.sha256, bytes);
    Entry {
        path: path.to_string(),
        stored_as: names::file(path.as_str()),
        bytes: blob.size,
        sha256: blob.sha256.to_string(),
    }
}

/// Returns the description of a tree with these files, in that directory of the archive.
pub(super) fn tree(named: &Tree, directory: String, files: Vec<Entry>) -> TreeOf {
    TreeOf {
        tree: named.digest().to_string(),
        directory,
        files,
    }
}

fn event(event: store::events::RecordedEvent) -> Event {
    let detail = event
        .detail
        .map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)));
    Event {
        at: Timestamp::from_micros(event.at).to_rfc3339(),
        action: event.action,
        actor: event.actor,
        subject: event.subject,
        assignment: event.assignment,
        submission: event.submission_id,
        detail,
        request_id: event.request_id,
    }
}
