//! The description of a course in its archive, as JSON that people can also read. Times are RFC 3339, in UTC.

use nbcourier_domain::{Allowance, Dates, OwnTime, Sharing, Timestamp};
use serde::{Deserialize, Serialize};

/// The version of the archive format that this program writes and reads.
pub const VERSION: u32 = 1;

/// A course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Course {
    /// The version of the archive format.
    pub archive_version: u32,
    /// The program that made the archive.
    pub made_by: String,
    /// The time at which the archive was made.
    pub made_at: String,
    /// The identity of the exchange that made the archive.
    pub exchange: String,
    /// The course's name.
    pub course: String,
    /// The time at which the course was created.
    pub created_at: String,
    /// The title that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The IANA name of its time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The widest audience for pages that members share. The pages themselves are in no archive.
    #[serde(default)]
    pub sharing: Sharing,
    /// The members added by hand.
    pub roster: Vec<Person>,
    /// The members through a group of the hub whom the exchange has seen. For the record only.
    pub by_group: Vec<Person>,
    /// The students' allowances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowances: Vec<StudentAllowance>,
    /// Its assignments, in the order they were created.
    pub assignments: Vec<Assignment>,
    /// Its directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<Directory>,
    /// Its events, oldest first.
    pub events: Vec<Event>,
}

/// A member of the course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The user name at the hub.
    pub username: String,
    /// `instructor`, `assistant` or `student`.
    pub role: String,
    /// First name, if known.
    pub first_name: Option<String>,
    /// Last name, if known.
    pub last_name: Option<String>,
    /// Email address, if known.
    pub email: Option<String>,
}

/// The allowance of one student.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StudentAllowance {
    /// The student.
    pub student: String,
    /// The hours that the student always has more.
    pub hours: i64,
    /// The note of its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// Its name.
    pub assignment: String,
    /// The version that is released, if one is.
    pub released: Option<i64>,
    /// The opening time.
    pub opens_at: Option<String>,
    /// The due time.
    pub due_at: Option<String>,
    /// The cut-off.
    pub cutoff_at: Option<String>,
    /// The students' extensions.
    pub extensions: Vec<Extension>,
    /// All versions that were ever released, oldest first.
    pub versions: Vec<Version>,
    /// Its submissions, oldest first.
    pub submissions: Vec<Submission>,
}

/// The extension of one student.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extension {
    /// The student.
    pub student: String,
    /// The due time.
    pub due_at: Option<String>,
    /// The cut-off.
    pub cutoff_at: Option<String>,
    /// The note of its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A version of an assignment.
#[allow(clippy::struct_field_names, reason = "the names are those of the JSON")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    /// Its number. The first is 1.
    pub version: i64,
    /// The time of the release.
    pub released_at: String,
    /// The person who released it.
    pub released_by: String,
    /// The students who have fetched it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetched: Vec<Fetch>,
    /// Its files.
    #[serde(flatten)]
    pub tree: TreeOf,
}

/// The fetches of a version by a student.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fetch {
    /// The student.
    pub student: String,
    /// The times.
    #[serde(flatten)]
    pub times: Sightings,
}

/// The times at which a student saw something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sightings {
    /// The first time.
    pub first_at: String,
    /// The last time that was noted.
    pub last_at: String,
    /// The number of times that were noted.
    pub times: i64,
}

/// A submission.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    /// Its number at the exchange, which receipts and events use.
    pub number: i64,
    /// The student.
    pub student: String,
    /// The time of the submission.
    pub submitted_at: String,
    /// The person who submitted it, if that was not the student.
    pub submitted_by: Option<String>,
    /// Its files.
    #[serde(flatten)]
    pub tree: TreeOf,
    /// The feedback on it, oldest first.
    pub feedback: Vec<Feedback>,
}

/// Feedback.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Feedback {
    /// The time at which it was given.
    pub returned_at: String,
    /// The person who gave it.
    pub returned_by: String,
    /// The times at which the student has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Sightings>,
    /// Its files.
    #[serde(flatten)]
    pub tree: TreeOf,
}

/// The files of a tree with their location in the archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TreeOf {
    /// The digest of the tree, as in a receipt.
    pub tree: String,
    /// The directory of the files in the archive.
    pub directory: String,
    /// The files.
    pub files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// The path below that directory, if the file's own path would be unsafe there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl TreeOf {
    /// Returns the path of a file of this tree in the archive.
    pub fn place(&self, entry: &Entry) -> String {
        let name = entry.stored_as.as_ref().unwrap_or(&entry.path);
        format!("{}/{name}", self.directory)
    }
}

/// A directory of the course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Directory {
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The folder in which members of the course get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<String>,
    /// Whether they get it whenever their servers start.
    #[serde(default)]
    pub deliver_at_start: bool,
    /// The time at which it was made.
    pub created_at: String,
    /// The person who made it.
    pub created_by: String,
    /// Its grants, without those to members of other courses.
    pub grants: Vec<Grant>,
    /// Its current version, and those with a label, oldest first.
    pub versions: Vec<DirectoryVersion>,
}

/// A grant of a directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// `user`, `group`, `course` (this one) or `everybody`.
    pub kind: String,
    /// The name of the user or of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The least role in the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `read`, `write` or `admin`.
    pub level: String,
    /// The person who granted it.
    pub granted_by: String,
    /// The time.
    pub granted_at: String,
}

/// A version of a directory.
#[allow(clippy::struct_field_names, reason = "the names are those of the JSON")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DirectoryVersion {
    /// Its number.
    pub version: i64,
    /// The time at which it was made.
    pub made_at: String,
    /// The person who made it.
    pub made_by: String,
    /// The device on which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The message of its maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The commit that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<serde_json::Value>,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The folders that contain nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_folders: Vec<String>,
    /// The paths of the files that can be executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub executable: Vec<String>,
    /// Its files.
    #[serde(flatten)]
    pub tree: TreeOf,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The time of the event.
    pub at: String,
    /// The action, in a word or two.
    pub action: String,
    /// The person who did it.
    pub actor: String,
    /// The person it concerned, if that was not the actor.
    pub subject: Option<String>,
    /// The assignment.
    pub assignment: Option<String>,
    /// The number of the submission.
    pub submission: Option<i64>,
    /// Further facts.
    pub detail: Option<serde_json::Value>,
    /// The ID of the request in the server's log.
    pub request_id: Option<String>,
}

impl Course {
    /// Returns the dates of an assignment for a student. Times that cannot be read are absent.
    pub fn dates_of(&self, assignment: &Assignment, student: &str) -> Dates {
        let time = |text: &Option<String>| Timestamp::parse(text.as_deref()?).ok();
        let mut extensions = assignment.extensions.iter();
        let mut allowances = self.allowances.iter();
        let allowance = allowances.find(|given| given.student == student);
        let of_all = Dates {
            opens_at: time(&assignment.opens_at),
            due_at: time(&assignment.due_at),
            cutoff_at: time(&assignment.cutoff_at),
        };
        of_all.of_student(OwnTime {
            extension: extensions
                .find(|extension| extension.student == student)
                .map(|extension| nbcourier_domain::Extension {
                    due_at: time(&extension.due_at),
                    cutoff_at: time(&extension.cutoff_at),
                }),
            allowance: allowance.and_then(|given| Allowance::of_hours(given.hours)),
        })
    }

    /// Returns all trees of the course: releases, submissions, feedback and versions of directories.
    pub fn trees(&self) -> impl Iterator<Item = &TreeOf> {
        let assignments = self.assignments.iter().flat_map(|assignment| {
            let released = assignment.versions.iter().map(|version| &version.tree);
            let handed_in = assignment.submissions.iter().flat_map(|submission| {
                let given = submission.feedback.iter().map(|given| &given.tree);
                std::iter::once(&submission.tree).chain(given)
            });
            released.chain(handed_in)
        });
        let directories = self.directories.iter();
        let versions = directories.flat_map(|directory| &directory.versions);
        assignments.chain(versions.map(|version| &version.tree))
    }

    /// Returns the contents without the parts that differ between two exchanges or two exports of the same course:
    /// numbers, events, members by group and the origin of the archive.
    pub fn essence(&self) -> serde_json::Result<serde_json::Value> {
        let mut essence = serde_json::to_value(Self {
            made_by: String::new(),
            made_at: String::new(),
            exchange: String::new(),
            by_group: Vec::new(),
            events: Vec::new(),
            assignments: self
                .assignments
                .iter()
                .map(Assignment::without_numbers)
                .collect(),
            ..self.clone()
        })?;
        // The order of the roster has no meaning.
        if let Some(roster) = essence["roster"].as_array_mut() {
            roster.sort_by_key(|person| person["username"].to_string());
        }
        Ok(essence)
    }
}

impl Assignment {
    fn without_numbers(&self) -> Self {
        let submissions = self.submissions.iter().map(|submission| Submission {
            number: 0,
            ..submission.clone()
        });
        Self {
            submissions: submissions.collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_dates_of_a_student_count_extensions_and_allowances() {
        let assignment = json!({
            "assignment": "ps1", "released": null, "opens_at": null,
            "due_at": "2027-02-01T00:00:00.000000Z", "cutoff_at": null,
            "extensions": [{ "student": "ada", "due_at": "2027-02-02T00:00:00.000000Z", "cutoff_at": null }],
            "versions": [], "submissions": [],
        });
        let course: Course = serde_json::from_value(json!({
            "archive_version": VERSION, "made_by": "", "made_at": "", "exchange": "", "course": "algebra",
            "created_at": "", "roster": [], "by_group": [], "assignments": [assignment], "events": [],
            "allowances": [{ "student": "ada", "hours": 48 }, { "student": "bob", "hours": 1 }],
        }))
        .unwrap();
        let due = |student| {
            let dates = course.dates_of(&course.assignments[0], student);
            dates.due_at.unwrap().to_rfc3339()
        };
        assert_eq!(due("ada"), "2027-02-03T00:00:00.000000Z");
        assert_eq!(due("bob"), "2027-02-01T01:00:00.000000Z");
        assert_eq!(due("eve"), "2027-02-01T00:00:00.000000Z");
    }
}
