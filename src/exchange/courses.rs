//! Courses: listed, made, deleted, restored.

use super::audit::{self, About, Action};
use super::{Error, Exchange, Result, Thing};
use crate::auth::Caller;
use crate::domain::{CourseId, Person, Role, Timestamp, UserName};
use crate::store;
use std::time::Duration;

/// A course the caller can see, and as what.
#[derive(Debug, Clone)]
pub struct Visible {
    /// Its name.
    pub name: String,
    /// What the caller is in it; `None` for an admin who is not in it.
    pub role: Option<Role>,
}

/// A deleted course that can be restored.
#[derive(Debug, Clone)]
pub struct Trashed {
    /// The number by which to restore it.
    pub id: i64,
    /// The name it had.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
}

/// The courses the caller teaches or takes, for an admin all, sorted by name.
pub async fn list(exchange: &Exchange, caller: &Caller) -> Result<Vec<Visible>> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let groups = policy.groups(&caller);
            let own = store::courses::of_person(conn, caller.name(), &groups)?;
            if !caller.is_admin() {
                return Ok(own
                    .into_iter()
                    .map(|(name, role)| Visible {
                        name,
                        role: Some(role),
                    })
                    .collect());
            }
            let roles: std::collections::HashMap<_, _> = own.into_iter().collect();
            let all = store::courses::all(conn)?.into_iter();
            Ok(all
                .map(|name| Visible {
                    role: roles.get(&name).copied(),
                    name,
                })
                .collect())
        })
        .await
}

/// Whether the caller may make a course of that name: the checks that need no request body.
pub async fn may_create(exchange: &Exchange, caller: &Caller, course: &CourseId) -> Result<()> {
    exchange.policy.require_admin(caller)?;
    let (course, person) = (course.clone(), caller.name().clone());
    let taken = exchange
        .store
        .read(move |conn| store::courses::find(conn, &course, &person))
        .await?;
    if taken.is_some() {
        Err(Error::AlreadyExists(Thing::Course))
    } else {
        Ok(())
    }
}

/// Makes a course with its first instructors.
pub async fn create(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    mut instructors: Vec<UserName>,
) -> Result<()> {
    exchange.policy.require_admin(caller)?;
    instructors.sort();
    instructors.dedup();
    let people: Vec<_> = instructors.into_iter().map(Person::named).collect();
    let caller = caller.clone();
    exchange
        .store
        .write(move |conn| {
            let id = store::courses::create(conn, &course, Timestamp::now())?
                .ok_or(Error::AlreadyExists(Thing::Course))?;
            store::members::put(conn, id, Role::Instructor, &people)?;
            let names: Vec<&str> = people.iter().map(|each| each.username.as_str()).collect();
            let detail = serde_json::json!({ "instructors": names });
            audit::note(
                conn,
                &caller,
                Action::CourseCreated,
                About::course(&course),
                Some(&detail),
            )
        })
        .await
}

/// Deletes a course: it is gone from every listing, and stays restorable until [`super::gc`] removes it.
pub async fn delete(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<()> {
    let policy = exchange.policy;
    policy.require_admin(caller)?;
    let caller = caller.clone();
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?;
            store::courses::mark_deleted(conn, standing.course, Timestamp::now())?;
            let about = About::course(&course);
            audit::note(conn, &caller, Action::CourseDeleted, about, None)?;
            quota.shrunk();
            Ok(())
        })
        .await
}

/// The deleted courses that can still be restored, the last deleted first.
pub async fn trash(
    exchange: &Exchange,
    caller: &Caller,
    retention: Duration,
) -> Result<Vec<Trashed>> {
    exchange.policy.require_admin(caller)?;
    let limit = super::gc::limit(retention);
    let rows = exchange.store.read(store::courses::deleted).await?;
    let trashed = rows.into_iter().filter_map(|row| {
        let deleted_at = Timestamp::from_micros(row.deleted_at?);
        Some(Trashed {
            id: row.id,
            name: row.name,
            deleted_at,
        })
    });
    Ok(trashed
        .filter(|course| course.deleted_at >= limit)
        .collect())
}

/// Brings a deleted course back with all that was in it. `None` is the number of nothing.
pub async fn restore(exchange: &Exchange, caller: &Caller, id: Option<i64>) -> Result<()> {
    exchange.policy.require_admin(caller)?;
    let id = id.ok_or(Error::NotFound(Thing::Course))?;
    let caller = caller.clone();
    let quota = exchange.quota.clone();
    exchange
        .store
        .write(move |conn| {
            let deleted = store::courses::deleted(conn)?;
            let Some(course) = deleted.iter().find(|course| course.id == id) else {
                return Err(Error::NotFound(Thing::Course));
            };
            store::courses::restore(conn, id)?.ok_or(Error::AlreadyExists(Thing::Course))?;
            let name = CourseId::parse(course.name.clone()).ok();
            let about = About {
                course: name.as_ref(),
                ..About::default()
            };
            audit::note(conn, &caller, Action::CourseRestored, about, None)?;
            quota.grown();
            Ok(())
        })
        .await
}
