//! The columns that contain names of people.

use crate::sql::Sql;
use nbcourier_testkit::Setup;

/// The columns of text without names of people.
const NO_NAMES: &[&str] = &[
    "activity.path",
    "assignments.name",
    "courses.name",
    "courses.sharing",
    "courses.time_zone",
    "courses.title",
    "directories.deliver",
    "directories.description",
    "directories.name",
    "directory_entries.path",
    "directory_grants.hub_group",
    "directory_versions.device",
    "directory_versions.label",
    "directory_versions.message",
    "directory_versions.origin",
    "ended_sessions.id",
    "events.action",
    "events.assignment",
    "events.course",
    "events.request_id",
    "hub_members.course",
    "identity.bucket",
    "identity.id",
    "replicas.host",
    "replicas.id",
    "replicas.place",
    "replicas.version",
    "runs.task",
    "shares.audience",
    "shares.title",
    "source_runs.cause",
    "source_runs.commit_id",
    "source_runs.outcome",
    "source_runs.report",
    "sources.branch",
    "sources.commit_id",
    "sources.exclude",
    "sources.folder",
    "sources.hook_id",
    "sources.url",
    "starts.directory",
    "starts.outcome",
    "starts.report",
    "submission_keys.idempotency",
    "tree_files.path",
];

/// The columns with details of a person, which are in the same row as the name.
const DETAILS: &[&str] = &[
    "allowances.note",
    "extensions.note",
    "members.email",
    "members.first_name",
    "members.last_name",
];

/// The columns with names. Renaming and removing people changes all of them.
const NAMES: &[&str] = &[
    "activity.person",
    "allowances.student",
    "directories.created_by",
    "directories.owner",
    "directory_grants.granted_by",
    "directory_grants.person",
    "directory_versions.made_by",
    "event_people.person",
    "events.actor",
    "events.detail",
    "events.subject",
    "extensions.student",
    "fetches.student",
    "feedback.returned_by",
    "hub_members.username",
    "members.username",
    "people.username",
    "releases.released_by",
    "starts.person",
    "shares.made_by",
    "shares.revoked_by",
    "submission_keys.student",
    "submissions.student",
    "submissions.submitted_by",
];

#[test]
fn every_text_column_is_classified_by_whether_it_holds_names() {
    let server = Setup::standalone().start();
    let columns = Sql::of(&server).columns();
    let texts = columns.into_iter().filter(|(.., is_text)| *is_text);
    let mut found: Vec<String> = texts
        .map(|(table, column, _)| format!("{table}.{column}"))
        .collect();
    found.sort();
    let mut known: Vec<&str> = [NO_NAMES, DETAILS, NAMES].concat();
    known.sort_unstable();
    assert_eq!(
        found, known,
        "does the new one hold names? Then store/renaming.rs has to know of it, and this list"
    );
}
