//! Our own API below `v1/`: what the protocol of ngshare has no words for.

mod assignments;
mod collect;
mod courses;
mod feedback;
mod files;
mod openapi;
mod receipts;
mod releases;
mod roster;
mod submissions;
mod submit;
mod trash;

use super::openapi::May::{Admins, Everybody, Instructors, Members, SelfOrInstructors};
use super::openapi::{Operation, delete, get, post, put};

/// Every address of it. What a handler takes and replies, the document knows from its signature.
pub fn operations() -> Vec<Operation> {
    let parts = [courses(), releases(), submissions(), feedback(), trash()];
    parts.into_iter().flatten().collect()
}

fn courses() -> Vec<Operation> {
    vec![
        get("v1/openapi.json", openapi::show, Everybody, "This document"),
        get(
            "v1/courses",
            courses::list,
            Everybody,
            "The courses the caller is in, for an admin all",
        ),
        get(
            "v1/courses/{course}/roster",
            roster::list,
            Instructors,
            "Everybody in the course",
        ),
        put(
            "v1/courses/{course}/roster",
            roster::put,
            Instructors,
            "Add people or update their details, all or none",
        )
        .details("Only an admin makes or changes instructors, but for their own details.")
        .fails(400, "Illegal user id")
        .fails(409, "Cannot add instructor as student"),
        delete(
            "v1/courses/{course}/roster/{user}",
            roster::remove,
            Instructors,
            "Take somebody off the course; their work stays",
        )
        .details("Only an admin takes off instructors.")
        .fails(409, "A member by a group of JupyterHub"),
    ]
}

fn releases() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/assignments",
            assignments::list,
            Members,
            "The released assignments with their files",
        ),
        get(
            "v1/courses/{course}/assignments/{assignment}/tree",
            releases::tree,
            Members,
            "The files of a released assignment",
        )
        .details("Another version than the released one is for instructors.")
        .fails(400, "The version is a number")
        .fails(404, "Version not found"),
        put(
            "v1/courses/{course}/assignments/{assignment}/tree",
            releases::put,
            Instructors,
            "Release the next version of an assignment",
        )
        .details("The files of the version that is released already make no new one.")
        .fails(409, "Assignment already exists"),
        delete(
            "v1/courses/{course}/assignments/{assignment}/release",
            releases::unrelease,
            Instructors,
            "Take a release back; versions, submissions and feedback are kept",
        ),
    ]
}

fn submissions() -> Vec<Operation> {
    vec![
        post(
            "v1/courses/{course}/assignments/{assignment}/submissions",
            submit::submit,
            Members,
            "Hand in",
        )
        .details("Handing in for somebody else is for instructors.")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/assignments/{assignment}/collect",
            collect::collect,
            Instructors,
            "Each student's latest submission",
        )
        .fails(400, "Time format incorrect")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/submissions",
            submissions::list,
            Members,
            "What was handed in, with files and feedback",
        )
        .details("Submissions to assignments that are not released now are not listed.")
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/submissions/{id}/tree",
            submissions::tree,
            SelfOrInstructors,
            "The files of a submission",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/receipt",
            receipts::show,
            SelfOrInstructors,
            "What proves that something was handed in",
        ),
        post(
            "v1/receipts/verify",
            receipts::verify,
            Everybody,
            "Whether a receipt is genuine",
        ),
    ]
}

fn feedback() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/submissions/{id}/feedback",
            feedback::tree,
            SelfOrInstructors,
            "The files of the feedback on a submission",
        )
        .fails(404, "Feedback not found"),
        post(
            "v1/courses/{course}/submissions/{id}/feedback",
            feedback::give,
            Instructors,
            "Give feedback on a submission",
        )
        .fails(404, "Assignment not found"),
        get(
            "v1/courses/{course}/feedback",
            feedback::of_course,
            Members,
            "The feedback on everything handed in, a student's own",
        )
        .fails(404, "Assignment not found"),
    ]
}

fn trash() -> Vec<Operation> {
    vec![
        get(
            "v1/trash",
            trash::list,
            Admins,
            "The deleted courses that can be restored",
        ),
        post(
            "v1/trash/{id}",
            trash::restore,
            Admins,
            "Bring a deleted course back with all that was in it",
        )
        .fails(404, "Course not found")
        .fails(409, "Course already exists"),
    ]
}
