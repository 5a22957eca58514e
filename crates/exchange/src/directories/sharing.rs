//! The grants of a directory.

use super::{DirectoryView, course_row};
use crate::audit::Action;
use crate::op::DirectoryOp;
use crate::policy::{DirectoryAddress, is_to};
use crate::{Error, Exchange, Result};
use nbcourier_domain::{AccessLevel, Principal, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::directories::grants::{self, Grant};
use serde_json::json;
use std::collections::BTreeSet;

/// Maximum number of grants of a directory.
const MAX_GRANTS: usize = 1000;
/// Maximum length of the name of a group in bytes.
const LONGEST_GROUP: usize = 255;

/// A grant of a directory, as it is shown.
#[derive(Debug, Clone)]
pub struct GrantView {
    /// The receiver.
    pub to: Principal,
    /// The granted level.
    pub level: AccessLevel,
    /// The person who granted it.
    pub by: String,
    /// The time.
    pub at: Timestamp,
}

impl GrantView {
    fn new(row: Grant) -> Self {
        Self {
            to: row.to,
            level: row.level,
            by: row.by,
            at: row.at,
        }
    }
}

/// Returns a directory with its grants, or for a caller who is not an admin of it, only with those to the caller.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
) -> Result<(DirectoryView, Vec<GrantView>)> {
    let read = exchange.read_directory(caller, address, AccessLevel::Read, |op| {
        let standing = &op.standing;
        let mut shown = standing.grants.clone();
        if standing.level < AccessLevel::Admin {
            shown.retain(|grant| is_to(grant, &standing.reader));
        }
        let directory = DirectoryView::of(standing.directory.clone(), standing.level)?;
        Ok((directory, shown.into_iter().map(GrantView::new).collect()))
    });
    read.await
}

/// Grants one receiver this level of access to a directory in the place of an earlier one. `None` takes the access back.
/// All other grants stay.
pub async fn set(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    to: Principal,
    level: Option<AccessLevel>,
) -> Result<()> {
    let set = exchange.write_directory(caller, address, AccessLevel::Admin, move |op| {
        let known = op.standing.grants.iter();
        let others = known.filter(|grant| grant.to != to);
        let wanted: Vec<_> = others
            .map(|grant| (grant.to.clone(), grant.level))
            .chain(level.map(|level| (to.clone(), level)))
            .collect();
        let is_same = |(to, level): &(Principal, AccessLevel)| {
            let mut known = op.standing.grants.iter();
            known.any(|grant| grant.to == *to && grant.level == *level)
        };
        if wanted.len() == op.standing.grants.len() && wanted.iter().all(is_same) {
            return Ok(());
        }
        check(&wanted)?;
        replace_in(op, &wanted).map(drop)
    });
    set.await
}

/// Replaces all grants of a directory. A grant that was there keeps its time.
pub async fn replace(
    exchange: &Exchange,
    caller: &Caller,
    address: DirectoryAddress,
    wanted: Vec<(Principal, AccessLevel)>,
) -> Result<Vec<GrantView>> {
    check(&wanted)?;
    let replace = exchange.write_directory(caller, address, AccessLevel::Admin, move |op| {
        let rows = replace_in(op, &wanted)?;
        Ok(rows.into_iter().map(GrantView::new).collect())
    });
    replace.await
}

fn replace_in(op: &mut DirectoryOp<'_>, wanted: &[(Principal, AccessLevel)]) -> Result<Vec<Grant>> {
    let rows = wanted.iter().map(|(to, level)| row(op, to, *level));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    grants::replace(op.conn, op.standing.directory.id, &rows)?;
    let people: Vec<&UserName> = wanted
        .iter()
        .filter_map(|(to, _)| match to {
            Principal::Person(person) => Some(person),
            _ => None,
        })
        .collect();
    op.note(
        Action::DirectoryShared,
        json!({ "grants": wanted.len(), "people": people }),
    )?;
    Ok(rows)
}

fn row(op: &mut DirectoryOp<'_>, to: &Principal, level: AccessLevel) -> Result<Grant> {
    let known = &op.standing.grants;
    if let Some(known) = known
        .iter()
        .find(|known| known.to == *to && known.level == level)
    {
        return Ok(known.clone());
    }
    let course = match to {
        Principal::Course(course, _) => Some(course_row(op.conn, course)?),
        _ => None,
    };
    Ok(Grant {
        directory: op.standing.directory.id,
        to: to.clone(),
        course,
        level,
        by: op.caller.name().as_str().to_owned(),
        at: Timestamp::now(),
    })
}

/// Checks grants that shall replace all others.
pub(crate) fn check(wanted: &[(Principal, AccessLevel)]) -> Result<()> {
    let unusable = |sentence: String| Err(Error::UnusableFact(sentence));
    if wanted.len() > MAX_GRANTS {
        return unusable(format!(
            "A directory has at most {MAX_GRANTS} grants. Grant it to a group or to a role in a course"
        ));
    }
    let mut seen = BTreeSet::new();
    for (to, level) in wanted {
        match to {
            Principal::Person(person) if person.is_reserved() && !person.is_service() => {
                return unusable(format!("{person} cannot be the name of a user"));
            }
            Principal::Group(group)
                if group.is_empty()
                    || group.len() > LONGEST_GROUP
                    || group.chars().any(char::is_control) =>
            {
                return unusable("A group has a name of 1 to 255 bytes in one line".to_owned());
            }
            Principal::Everybody if *level > AccessLevel::Write => {
                return unusable("Nobody can make everybody an admin of a directory".to_owned());
            }
            _ => {}
        }
        if !seen.insert(to) {
            return unusable("Two grants have the same receiver. Leave one of them out".to_owned());
        }
    }
    Ok(())
}
