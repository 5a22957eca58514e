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

pub use events::event;

use super::openapi::May::{Admins, Everybody, Instructors, Members, SelfOrInstructors};
use super::openapi::{Operation, delete, get, post, put};

/// Returns all operations. The document takes their arguments and replies from the signatures of the handlers.
pub fn operations() -> Vec<Operation> {
    let parts = [courses(), releases(), submissions(), feedback(), trash()];
    parts.into_iter().flatten().collect()
}

fn courses() -> Vec<Operation> {
    vec![
        get(
            "v1/openapi.json",
            openapi::show,
            Everybody,
            "Get this document",
        ),
        get(
            "v1/courses",
            courses::list,
            Everybody,
            "List the caller's courses, or all courses for an administrator",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/roster",
            roster::list,
            Instructors,
            "List the members of a course",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/roster",
            roster::put,
            Instructors,
            "Add people or update their details, all or none",
        )
        .details("Only an admin adds instructors, or changes the details of other instructors.")
        .fails(400, "Illegal user id")
        .fails(409, "Cannot add instructor as student"),
        delete(
            "v1/courses/{course}/roster/{user}",
            roster::remove,
            Instructors,
            "Remove a person from the roster. Their submissions stay",
        )
        .details("Only an admin removes instructors.")
        .fails(409, "A member by a group of JupyterHub"),
        get(
            "v1/courses/{course}/events",
            events::list,
            Instructors,
            "List the events of a course, the last first",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect"),
        get(
            "v1/events",
            events::list_all,
            Admins,
            "List the events of all courses, deleted courses, and of no course",
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
            "List the released assignments",
        )
        .fails(400, "Illegal cursor"),
        delete(
            "v1/courses/{course}/assignments/{assignment}",
            trash::delete_assignment,
            Instructors,
            "Move an assignment with all its submissions to the trash",
        ),
        put(
            "v1/courses/{course}/assignments/{assignment}/dates",
            dates::set,
            Instructors,
            "Set the opening time, due time and cut-off of an assignment",
        )
        .details("The assignment need not be released yet. An absent date is removed.")
        .fails(400, "Time format incorrect")
        .fails(
            400,
            "An assignment opens first, then is due, then is cut off",
        ),
        get(
            "v1/courses/{course}/assignments/{assignment}/history",
            history::releases,
            Instructors,
            "List the released versions",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/extensions",
            dates::list,
            Instructors,
            "List the extensions of an assignment",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
            dates::extend,
            Instructors,
            "Set a student's extension",
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
            "Remove a student's extension",
        )
        .fails(404, "Extension not found"),
        get(
            "v1/courses/{course}/assignments/{assignment}/gradebook",
            dates::for_gradebook,
            Instructors,
            "Get the data for a gradebook: dates, extensions and students",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/tree",
            releases::tree,
            Members,
            "Get the files of a released assignment",
        )
        .details("Only instructors get other versions than the released one.")
        .fails(400, "The version is a number")
        .fails(404, "Version not found"),
        put(
            "v1/courses/{course}/assignments/{assignment}/tree",
            releases::put,
            Instructors,
            "Release the next version of an assignment",
        )
        .details("The files of the current version make no new version.")
        .fails(409, "Assignment already exists"),
        delete(
            "v1/courses/{course}/assignments/{assignment}/release",
            releases::unrelease,
            Instructors,
            "Withdraw a release. Versions, submissions and feedback stay",
        ),
    ]
}

fn submissions() -> Vec<Operation> {
    vec![
        post(
            "v1/courses/{course}/assignments/{assignment}/submissions",
            submit::submit,
            Members,
            "Submit",
        )
        .details("Only instructors submit for other people. No cut-off applies to them.")
        .fails(404, "Student not found")
        .fails(409, "Too late: the cut-off is over")
        .fails(409, "The student has submitted as often as allowed"),
        get(
            "v1/courses/{course}/assignments/{assignment}/collect",
            collect::collect,
            Instructors,
            "Get each student's latest submission",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/submissions",
            submissions::list,
            Members,
            "List submissions and their feedback",
        )
        .details("Submissions to assignments that are not released now are not listed.")
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found")
        .fails(404, "Student not found"),
        delete(
            "v1/courses/{course}/submissions/{id}",
            trash::delete_submission,
            Instructors,
            "Move a submission to the trash",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/history",
            history::feedback,
            SelfOrInstructors,
            "List all feedback on a submission",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/submissions/{id}/tree",
            submissions::tree,
            SelfOrInstructors,
            "Get the files of a submission",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/receipt",
            receipts::show,
            SelfOrInstructors,
            "Get the receipt of a submission",
        ),
        post(
            "v1/receipts/verify",
            receipts::verify,
            Everybody,
            "Verify a receipt",
        ),
    ]
}

fn feedback() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/submissions/{id}/feedback",
            feedback::tree,
            SelfOrInstructors,
            "Get the files of the feedback on a submission",
        )
        .fails(404, "Feedback not found"),
        delete(
            "v1/courses/{course}/submissions/{id}/feedback",
            trash::delete_feedback,
            Instructors,
            "Move all feedback on a submission to the trash",
        )
        .fails(404, "Feedback not found"),
        post(
            "v1/courses/{course}/assignments/{assignment}/feedback",
            feedback::give_all,
            Instructors,
            "Give feedback on many submissions, all or none",
        )
        .details("The files for a submission are below its number: `ID/PATH`.")
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
            "Get the feedback of a course, or a student's own",
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
            "Show who has submitted and who has not",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/trash",
            trash::list,
            Instructors,
            "List the trash of a course",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/courses/{course}/trash/assignments/{id}",
            trash::restore_assignment,
            Instructors,
            "Restore a deleted assignment",
        )
        .fails(404, "Assignment not found")
        .fails(409, "Assignment already exists"),
        post(
            "v1/courses/{course}/trash/submissions/{id}",
            trash::restore_submission,
            Instructors,
            "Restore a deleted submission",
        ),
        post(
            "v1/courses/{course}/trash/feedback/{id}",
            trash::restore_feedback,
            Instructors,
            "Restore the deleted feedback on a submission",
        )
        .fails(404, "Feedback not found"),
        get(
            "v1/trash",
            trash::list_courses,
            Admins,
            "List the deleted courses",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/trash/{id}",
            trash::restore_course,
            Admins,
            "Restore a deleted course with all its content",
        )
        .fails(404, "Course not found")
        .fails(409, "Course already exists"),
    ]
}
