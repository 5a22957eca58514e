//! What an archive says of the course in it, as JSON that people can read, too. Times are RFC 3339, in UTC.

use serde::{Deserialize, Serialize};

/// The form of archive that this program makes and knows.
pub const VERSION: u32 = 1;

/// A course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Course {
    /// The form of this.
    pub archive_version: u32,
    /// The program that made it,
    pub made_by: String,
    /// and when.
    pub made_at: String,
    /// What tells the exchange it was made at from others.
    pub exchange: String,
    /// The course's name.
    pub course: String,
    /// When it was made.
    pub created_at: String,
    /// Who was added to it by hand.
    pub roster: Vec<Person>,
    /// Who is in it by a group of the hub, as far as they were seen. For the record only.
    pub by_group: Vec<Person>,
    /// Its assignments, in the order in which they were made.
    pub assignments: Vec<Assignment>,
    /// What happened in it, in order.
    pub events: Vec<Event>,
}

/// Somebody in the course.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The name at the hub.
    pub username: String,
    /// `instructor` or `student`.
    pub role: String,
    /// What is known besides.
    pub first_name: Option<String>,
    /// What is known besides.
    pub last_name: Option<String>,
    /// What is known besides.
    pub email: Option<String>,
}

/// An assignment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// Its name.
    pub assignment: String,
    /// The version that is released; none while it is not.
    pub released: Option<i64>,
    /// Not shown to students before this,
    pub opens_at: Option<String>,
    /// late after this,
    pub due_at: Option<String>,
    /// and refused after this.
    pub cutoff_at: Option<String>,
    /// Who has other dates.
    pub extensions: Vec<Extension>,
    /// All that were ever released, the first one first.
    pub versions: Vec<Version>,
    /// What was handed in, oldest first.
    pub submissions: Vec<Submission>,
}

/// Dates of one student.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extension {
    /// Whose.
    pub student: String,
    /// Late after this,
    pub due_at: Option<String>,
    /// and refused after this.
    pub cutoff_at: Option<String>,
}

/// A version of an assignment.
#[allow(clippy::struct_field_names, reason = "the names are those of the JSON")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    /// 1 for the first.
    pub version: i64,
    /// When,
    pub released_at: String,
    /// and by whom.
    pub released_by: String,
    /// What.
    #[serde(flatten)]
    pub tree: TreeOf,
}

/// Something that was handed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    /// Its number at the exchange, which receipts and events name.
    pub number: i64,
    /// Whose.
    pub student: String,
    /// When,
    pub submitted_at: String,
    /// and by whom, where that was not the student.
    pub submitted_by: Option<String>,
    /// What.
    #[serde(flatten)]
    pub tree: TreeOf,
    /// What was given back on it, the first one first.
    pub feedback: Vec<Given>,
}

/// Feedback.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    /// When,
    pub returned_at: String,
    /// and by whom.
    pub returned_by: String,
    /// What.
    #[serde(flatten)]
    pub tree: TreeOf,
}

/// Files, and where they are in the archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TreeOf {
    /// Names them as a whole, as a receipt does.
    pub tree: String,
    /// Where they are.
    pub directory: String,
    /// The files.
    pub files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// Where it is in the directory, where its own path would do harm there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl TreeOf {
    /// Where a file of it is in the archive.
    pub fn place(&self, entry: &Entry) -> String {
        let name = entry.stored_as.as_ref().unwrap_or(&entry.path);
        format!("{}/{name}", self.directory)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: String,
    /// What, in a word or two.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// For or to whom, where that is not the actor.
    pub subject: Option<String>,
    /// With which assignment.
    pub assignment: Option<String>,
    /// With which submission, by its number.
    pub submission: Option<i64>,
    /// More about it.
    pub detail: Option<serde_json::Value>,
    /// The id of the request in the server's log.
    pub request_id: Option<String>,
}

impl Course {
    /// All its trees: releases, submissions, feedback.
    pub fn trees(&self) -> impl Iterator<Item = &TreeOf> {
        self.assignments.iter().flat_map(|assignment| {
            let released = assignment.versions.iter().map(|version| &version.tree);
            let handed_in = assignment.submissions.iter().flat_map(|submission| {
                let given = submission.feedback.iter().map(|given| &given.tree);
                std::iter::once(&submission.tree).chain(given)
            });
            released.chain(handed_in)
        })
    }

    /// What it holds, without what differs when the same is at two exchanges or was taken away twice: numbers, and the
    /// record of what happened.
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
        // Nobody's order.
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
