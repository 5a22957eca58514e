//! Warnings about people in an archive who are easily mistaken for others.

use super::Course;
use crate::{Exchange, Result};
use nbcourier_domain::{LookAlikes, oddity};
use nbcourier_storage as store;
use std::collections::BTreeSet;

/// Returns a sentence for each name of the archive's people that looks like another one in the archive or here, or that
/// contains invisible characters.
pub async fn look_alikes(exchange: &Exchange, course: &Course) -> Result<Vec<String>> {
    let roster = course.roster.iter().map(|person| person.username.as_str());
    let students = course.assignments.iter().flat_map(|assignment| {
        let submissions = assignment.submissions.iter();
        submissions.map(|submission| submission.student.as_str())
    });
    let brought: BTreeSet<&str> = roster.chain(students).collect();
    let mut alike = LookAlikes::of(brought.iter().copied());
    let alike = exchange
        .without_policy()
        .read(move |conn| {
            store::members::each_of_all(conn, |name| alike.compare(name))?;
            Ok(alike)
        })
        .await?;
    let alike = alike.found().map(|alike| {
            let how = if alike.by_case {
                "differ by upper and lower case alone"
            } else {
                "look alike and are written with other characters"
            };
            format!("{alike} {how}, and are different people here. If they are one, use `nbcourier user merge`")
        });
    let odd = brought.iter().filter_map(|name| {
        let oddity = oddity(name)?;
        Some(format!(
            "The user name {name:?} {oddity}. If it stands for somebody else, use `nbcourier user rename`"
        ))
    });
    Ok(alike.chain(odd).collect())
}
