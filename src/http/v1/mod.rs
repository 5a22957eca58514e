//! Our own API below `v1/`: what the protocol of ngshare has no words for.

mod assignments;
mod collect;
mod courses;
mod dates;
mod events;
mod feedback;
mod files;
mod history;
mod overview;
mod releases;
mod roster;
mod submissions;
mod trash;

use super::ngshare::Entry;
use actix_web::web;

/// Every address of it.
pub const ROUTES: &[Entry] = &[
    ("GET", "v1/courses/{course}/submissions", || {
        web::get().to(submissions::list)
    }),
    ("GET", "v1/courses", || web::get().to(courses::list)),
    ("GET", "v1/courses/{course}/roster", || {
        web::get().to(roster::list)
    }),
    ("PUT", "v1/courses/{course}/roster", || {
        web::put().to(roster::put)
    }),
    ("DELETE", "v1/courses/{course}/roster/{user}", || {
        web::delete().to(roster::remove)
    }),
    ("GET", "v1/courses/{course}/assignments", || {
        web::get().to(assignments::list)
    }),
    (
        "GET",
        "v1/courses/{course}/assignments/{assignment}/tree",
        || web::get().to(releases::tree),
    ),
    (
        "GET",
        "v1/courses/{course}/assignments/{assignment}/collect",
        || web::get().to(collect::collect),
    ),
    ("GET", "v1/courses/{course}/submissions/{id}/tree", || {
        web::get().to(submissions::tree)
    }),
    (
        "GET",
        "v1/courses/{course}/submissions/{id}/feedback",
        || web::get().to(feedback::tree),
    ),
    ("GET", "v1/courses/{course}/feedback", || {
        web::get().to(feedback::of_course)
    }),
    (
        "PUT",
        "v1/courses/{course}/assignments/{assignment}/dates",
        || web::put().to(dates::set),
    ),
    (
        "GET",
        "v1/courses/{course}/assignments/{assignment}/extensions",
        || web::get().to(dates::list),
    ),
    (
        "PUT",
        "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
        || web::put().to(dates::extend),
    ),
    (
        "DELETE",
        "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
        || web::delete().to(dates::remove),
    ),
    (
        "DELETE",
        "v1/courses/{course}/assignments/{assignment}",
        || web::delete().to(trash::delete_assignment),
    ),
    ("DELETE", "v1/courses/{course}/submissions/{id}", || {
        web::delete().to(trash::delete_submission)
    }),
    (
        "DELETE",
        "v1/courses/{course}/submissions/{id}/feedback",
        || web::delete().to(trash::delete_feedback),
    ),
    ("GET", "v1/courses/{course}/events", || {
        web::get().to(events::list)
    }),
    ("GET", "v1/courses/{course}/overview", || {
        web::get().to(overview::show)
    }),
    (
        "GET",
        "v1/courses/{course}/assignments/{assignment}/history",
        || web::get().to(history::releases),
    ),
    (
        "GET",
        "v1/courses/{course}/submissions/{id}/history",
        || web::get().to(history::feedback),
    ),
    ("GET", "v1/courses/{course}/trash", || {
        web::get().to(trash::list)
    }),
    ("POST", "v1/courses/{course}/trash/assignments/{id}", || {
        web::post().to(trash::restore_assignment)
    }),
    ("POST", "v1/courses/{course}/trash/submissions/{id}", || {
        web::post().to(trash::restore_submission)
    }),
    ("POST", "v1/courses/{course}/trash/feedback/{id}", || {
        web::post().to(trash::restore_feedback)
    }),
    ("GET", "v1/trash", || web::get().to(trash::list_courses)),
    ("POST", "v1/trash/{id}", || {
        web::post().to(trash::restore_course)
    }),
];
