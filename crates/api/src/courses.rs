//! Courses.

use nbcourier_domain::{Role, Sharing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Courses, sorted by name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Courses {
    pub courses: Vec<Course>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The settings of a course. An absent or `null` title or time zone is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenCourseSettings")]
pub struct NewCourseSettings {
    /// The title that people see beside the name: one line of at most 200 bytes.
    pub title: Option<String>,
    /// The IANA name of the time zone in which the dates of the course are meant.
    pub time_zone: Option<String>,
    /// The widest audience for pages that members share by links. If it is absent or `null`, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
    /// Whether the work of students on notebooks is counted. If it is absent or `null`, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<bool>,
}

/// The settings of a course.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShownCourseSettings")]
pub struct CourseSettings {
    /// The title that people see beside the name: one line of at most 200 bytes.
    pub title: Option<String>,
    /// The IANA name of the time zone in which the dates of the course are meant.
    pub time_zone: Option<String>,
    /// The widest audience for pages that members share by links.
    #[serde(default)]
    pub sharing: Sharing,
    /// Whether the work of students on notebooks is counted.
    #[serde(default)]
    pub activity: bool,
}

/// A course, with the role of the caller.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    pub course: String,
    /// The caller's role. `null` for an administrator or registrar who is not in the course.
    pub role: Option<Role>,
}
