//! The places where a person's name is stored, as a table and as JSON.

use crate::cli::table::Table;
use nbcourier_domain::{Count, Rfc3339, Role, UserName};
use nbcourier_exchange::people::{CourseFootprint, Footprint};
use serde::Serialize;

/// The places for scripts.
#[derive(Serialize)]
pub struct FootprintJson<'a> {
    user: &'a UserName,
    account_made_at: Option<Rfc3339>,
    courses: Vec<CourseFootprintJson<'a>>,
    /// Number of rows that name the person and belong to no course.
    elsewhere: i64,
    former: &'a [UserName],
}

#[derive(Serialize)]
struct CourseFootprintJson<'a> {
    course: &'a str,
    deleted: bool,
    role: Option<Role>,
    role_by_group: Option<Role>,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    email: Option<&'a str>,
    submissions: i64,
    feedback: i64,
    extensions: i64,
    allowances: i64,
    fetched: i64,
    starts: i64,
    activity: i64,
    released: i64,
    handed_in_for_others: i64,
    feedback_given: i64,
    events: i64,
}

impl<'a> From<&'a Footprint> for FootprintJson<'a> {
    fn from(footprint: &'a Footprint) -> Self {
        Self {
            user: &footprint.name,
            account_made_at: footprint.account_made_at.map(Rfc3339),
            courses: footprint
                .courses
                .iter()
                .map(CourseFootprintJson::from)
                .collect(),
            elsewhere: footprint.elsewhere,
            former: &footprint.former,
        }
    }
}

impl<'a> From<&'a CourseFootprint> for CourseFootprintJson<'a> {
    fn from(course: &'a CourseFootprint) -> Self {
        Self {
            course: &course.course,
            deleted: course.is_deleted,
            role: course.role,
            role_by_group: course.by_group,
            first_name: course.first_name.as_deref(),
            last_name: course.last_name.as_deref(),
            email: course.email.as_deref(),
            submissions: course.submissions,
            feedback: course.feedback,
            extensions: course.extensions,
            allowances: course.allowances,
            fetched: course.fetched,
            starts: course.starts,
            activity: course.activity,
            released: course.releases,
            handed_in_for_others: course.submitted_for_others,
            feedback_given: course.feedback_given,
            events: course.events,
        }
    }
}

/// Returns the places as a table for people.
pub fn table(footprint: &Footprint) -> Table {
    let rows = footprint.courses.iter().map(|course| {
        let deleted = if course.is_deleted { " (deleted)" } else { "" };
        let role = course.role.max(course.by_group);
        vec![
            format!("{}{deleted}", course.course),
            role.map_or("-", Role::word).to_owned(),
            course.submissions.to_string(),
            course.feedback.to_string(),
            course.extensions.to_string(),
            course.allowances.to_string(),
            course.fetched.to_string(),
            course.starts.to_string(),
            course.activity.to_string(),
            course.releases.to_string(),
            course.feedback_given.to_string(),
            course.events.to_string(),
        ]
    });
    let head = [
        "COURSE",
        "ROLE",
        "HANDED IN",
        "FEEDBACK",
        "EXTENSIONS",
        "ALLOWANCES",
        "FETCHED",
        "STARTS",
        "ACTIVITY",
        "RELEASED",
        "GAVE FEEDBACK",
        "EVENTS",
    ];
    let nothing = format!("{} is in no course.", footprint.name);
    let table = Table::new(&head, nothing).rows(rows);
    let foot = foot(footprint);
    if foot.is_empty() {
        table
    } else {
        table.foot(foot.join(" "))
    }
}

fn foot(footprint: &Footprint) -> Vec<String> {
    let mut foot = Vec::new();
    if footprint.elsewhere > 0 {
        foot.push(format!(
            "{} rows outside of courses name them.",
            footprint.elsewhere
        ));
    }
    if !footprint.former.is_empty() {
        let names: Vec<&str> = footprint.former.iter().map(UserName::as_str).collect();
        foot.push(format!(
            "Data of former owners of the name: {}.",
            names.join(", ")
        ));
    }
    foot
}

/// Summarizes the places in a few words.
pub fn summary(footprint: &Footprint) -> String {
    format!(
        "{}, {} with feedback on {}, {}, {}, feedback for others on {}, {}",
        Count(footprint.courses.len(), "course"),
        Count(footprint.total(|course| course.submissions), "submission"),
        footprint.total(|course| course.feedback),
        Count(footprint.total(|course| course.extensions), "extension"),
        Count(footprint.total(|course| course.releases), "release"),
        footprint.total(|course| course.feedback_given),
        Count(
            footprint.total(|course| course.events) + footprint.elsewhere,
            "event"
        ),
    )
}
