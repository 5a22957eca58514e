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

/// The settings of a course. An absent or `null` setting is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenCourseSettings")]
pub struct NewCourseSettings {
    /// The title that people see beside the name: one line of at most 200 bytes.
    pub title: Option<String>,
    /// The IANA name of the time zone in which the dates of the course are meant.
    pub time_zone: Option<String>,
    /// The widest audience for pages that members share by links. Without it, `off`: nobody shares.
    #[serde(default)]
    pub sharing: Option<Sharing>,
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
}

/// A course, with the role of the caller.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Course {
    pub course: String,
    /// The caller's role. `null` for an administrator or registrar who is not in the course.
    pub role: Option<Role>,
}
