//! The work on notebooks.

use nbcourier_domain::{ActivityBy, ActivityKind, Rfc3339};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The courses in which work of the caller is counted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CountingCourses {
    /// Their names, sorted. Reports about other courses are not counted.
    pub courses: Vec<String>,
}

/// A report of work by the caller's own program.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewActivity {
    /// At most 200 pieces of work.
    #[schemars(length(max = 200))]
    pub items: Vec<ActivityItem>,
}

/// A piece of work on a notebook.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ActivityItem {
    pub course: String,
    /// The path of the notebook: at most 512 bytes.
    pub path: String,
    pub kind: ActivityKind,
    /// How often it was done, or the number of minutes. `null` means once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// The time by the clock of the reporter. A time in the future, and `null`, mean now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Rfc3339>,
}

/// The result of a report.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct ActivityCounted {
    /// The number of items that were counted. An item is not counted if the caller does not take the course, if the
    /// course does not count work, or if the path is illegal. Items older than seven days and items beyond 50 notebooks
    /// of a day are not counted either.
    pub counted: usize,
}

/// Figures of the work on the notebooks of a course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// Whether work is counted in the course now.
    pub on: bool,
    /// The unit of each line.
    pub by: ActivityBy,
    /// Students in the order of the roster, notebooks by path, or days with the last one first.
    pub activity: Vec<ActivityFigures>,
    /// The `cursor` with which the same request gets the next page.
    pub next: Option<String>,
}

/// The work of a student, on a notebook, or of a day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ActivityFigures {
    /// The student, if the line is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    /// The path of the notebook, if the line is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The day, such as `2026-11-30`, if the line is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The number of students.
    pub students: i64,
    /// The number of notebooks.
    pub notebooks: i64,
    /// The number of days.
    pub days: i64,
    /// The number of times that a notebook was opened.
    pub opens: i64,
    /// The number of times that a notebook was saved.
    pub saves: i64,
    /// The number of minutes in which a notebook was run or saved, summed over notebooks.
    pub minutes: i64,
    /// The last day. `null` if there was no work.
    pub last_day: Option<String>,
}

impl ActivityFigures {
    /// Returns the name, the path or the day.
    pub fn of(&self) -> &str {
        let of = [&self.student, &self.path, &self.day];
        of.into_iter().flatten().next().map_or("", String::as_str)
    }
}
