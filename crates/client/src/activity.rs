//! The work on notebooks.

use super::{Client, Result};
use nbcourier_api::{Activity, ActivityFigures};
use nbcourier_domain::{ActivityBy, CourseId, Day, RelativePath, UserName};

/// The figures that are wanted.
#[derive(Debug, Clone, Copy)]
pub struct WantedActivity<'a> {
    /// The unit for which work is summed up.
    pub by: ActivityBy,
    /// Only that of this student.
    pub student: Option<&'a UserName>,
    /// Only that on this notebook.
    pub path: Option<&'a RelativePath>,
    /// Only that of this day and later ones.
    pub since: Option<Day>,
}

impl Client {
    /// Returns the figures of a course, and whether work is counted in it now.
    pub async fn activity(
        &self,
        course: &CourseId,
        wanted: WantedActivity<'_>,
    ) -> Result<(Vec<ActivityFigures>, bool)> {
        let names = ["v1", "courses", course.as_str(), "activity"];
        let since = wanted.since.map(|day| day.to_string());
        let mut arguments = vec![("by", wanted.by.word())];
        arguments.extend(wanted.student.map(|name| ("student", name.as_str())));
        arguments.extend(wanted.path.map(|path| ("path", path.as_str())));
        arguments.extend(since.as_deref().map(|day| ("since", day)));
        let (mut found, mut is_on) = (Vec::new(), false);
        let take = |mut page: Activity| {
            is_on = page.on;
            found.append(&mut page.activity);
            page.next
        };
        self.pages_with(&names, &arguments, take).await?;
        Ok((found, is_on))
    }
}
