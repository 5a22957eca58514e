//! The API of nbcourier below `v1/`, for all that the ngshare protocol cannot express.

mod assignments;
mod collect;
mod courses;
mod dates;
mod events;
mod feedback;
mod files;
mod history;
mod openapi;
mod overview;
mod receipts;
mod releases;
mod roster;
mod submissions;
mod submit;
mod trash;

use super::openapi::May::{Admins, Everybody, Instructors, Members, SelfOrInstructors};
use super::openapi::{Operation, delete, get, post, put};

/// Returns all operations. The document takes their arguments and replies from the signatures of the handlers.
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
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/roster",
            roster::list,
            Instructors,
            "Everybody in the course",
        )
        .fails(400, "Illegal cursor"),
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
        get(
            "v1/courses/{course}/events",
            events::list,
            Instructors,
            "Who did what, the last first",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect"),
        get(
            "v1/events",
            events::list_all,
            Admins,
            "Who did what in all courses, in those that are gone, and beside them",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect"),
    ]
}

fn releases() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/assignments",
            assignments::list,
            Members,
            "The released assignments",
        )
        .fails(400, "Illegal cursor"),
        delete(
            "v1/courses/{course}/assignments/{assignment}",
            trash::delete_assignment,
            Instructors,
            "Put an assignment with all that was handed in to it into the trash",
        ),
        put(
            "v1/courses/{course}/assignments/{assignment}/dates",
            dates::set,
            Instructors,
            "Set when an assignment opens, is due and is cut off",
        )
        .details("The assignment need not be released yet. A date that is not given is none.")
        .fails(400, "Time format incorrect")
        .fails(
            400,
            "An assignment opens first, then is due, then is cut off",
        ),
        get(
            "v1/courses/{course}/assignments/{assignment}/history",
            history::releases,
            Instructors,
            "The versions that were released",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/extensions",
            dates::list,
            Instructors,
            "The students with dates of their own",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
            dates::extend,
            Instructors,
            "Give a student dates of their own",
        )
        .fails(400, "Time format incorrect")
        .fails(400, "Please supply due_at or cutoff_at")
        .fails(
            400,
            "An assignment opens first, then is due, then is cut off",
        ),
        delete(
            "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
            dates::remove,
            Instructors,
            "Take a student's own dates back",
        )
        .fails(404, "Extension not found"),
        get(
            "v1/courses/{course}/assignments/{assignment}/gradebook",
            dates::for_gradebook,
            Instructors,
            "What a gradebook takes over: dates, extensions, and the names of the students",
        )
        .fails(400, "Illegal cursor"),
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
        .details("Handing in for somebody else is for instructors, whom no cut-off stops.")
        .fails(404, "Student not found")
        .fails(409, "Too late: the cut-off is over")
        .fails(409, "The student has handed in as often as is allowed"),
        get(
            "v1/courses/{course}/assignments/{assignment}/collect",
            collect::collect,
            Instructors,
            "Each student's latest submission",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/submissions",
            submissions::list,
            Members,
            "What was handed in, with feedback",
        )
        .details("Submissions to assignments that are not released now are not listed.")
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found")
        .fails(404, "Student not found"),
        delete(
            "v1/courses/{course}/submissions/{id}",
            trash::delete_submission,
            Instructors,
            "Put a submission into the trash",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/history",
            history::feedback,
            SelfOrInstructors,
            "The feedback that was given on a submission",
        )
        .fails(400, "Illegal cursor"),
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
        delete(
            "v1/courses/{course}/submissions/{id}/feedback",
            trash::delete_feedback,
            Instructors,
            "Put all feedback on a submission into the trash",
        )
        .fails(404, "Feedback not found"),
        post(
            "v1/courses/{course}/assignments/{assignment}/feedback",
            feedback::give_all,
            Instructors,
            "Give feedback on many submissions, on all or on none",
        )
        .details("The files of each are below the number of its submission: `ID/PATH`.")
        .fails(404, "Submission 17 not found"),
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
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found"),
    ]
}

fn trash() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/overview",
            overview::show,
            Instructors,
            "Who has handed in what, and who has not",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/trash",
            trash::list,
            Instructors,
            "What was deleted in the course and can be restored",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/courses/{course}/trash/assignments/{id}",
            trash::restore_assignment,
            Instructors,
            "Bring a deleted assignment back",
        )
        .fails(404, "Assignment not found")
        .fails(409, "Assignment already exists"),
        post(
            "v1/courses/{course}/trash/submissions/{id}",
            trash::restore_submission,
            Instructors,
            "Bring a deleted submission back",
        ),
        post(
            "v1/courses/{course}/trash/feedback/{id}",
            trash::restore_feedback,
            Instructors,
            "Bring the deleted feedback on a submission back",
        )
        .fails(404, "Feedback not found"),
        get(
            "v1/trash",
            trash::list_courses,
            Admins,
            "The deleted courses that can be restored",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/trash/{id}",
            trash::restore_course,
            Admins,
            "Bring a deleted course back with all that was in it",
        )
        .fails(404, "Course not found")
        .fails(409, "Course already exists"),
    ]
}
