//! Listing, creating, deleting and restoring courses.

use super::audit::{About, Action};
use super::op::Need;
use super::trash::Position;
use super::{Error, Exchange, Result, Thing};
use nbcourier_domain::{CourseId, Person, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Portion};
use std::time::Duration;

/// A deleted course.
#[derive(Debug, Clone)]
pub struct DeletedCourse {
    /// The number by which the course can be restored.
    pub id: i64,
    /// The name of the course when it was deleted.
    pub name: String,
    /// The time of deletion.
    pub deleted_at: Timestamp,
}

impl DeletedCourse {
    fn new(row: store::courses::DeletedCourse) -> Self {
        Self {
            id: row.id,
            name: row.name,
            deleted_at: row.deleted_at,
        }
    }
}

/// A course that the caller can see, with their role.
#[derive(Debug, Clone)]
pub struct Visible {
    /// The name of the course.
    pub name: String,
    /// The caller's role, or `None` for an administrator or registrar who is not a member.
    pub role: Option<Role>,
}

/// A page of courses.
#[derive(Debug, Clone)]
pub struct CoursePage {
    /// The courses, sorted by name.
    pub courses: Vec<Visible>,
    /// The name after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// A page of the deleted courses, last deleted first.
#[derive(Debug, Clone)]
pub struct Trash {
    /// The courses.
    pub courses: Vec<DeletedCourse>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Position>,
}

/// Returns at most `at_most` courses after a name: those of which the caller is a member, or all for an administrator or
/// registrar.
pub async fn list(
    exchange: &Exchange,
    caller: &Caller,
    after: Option<String>,
    at_most: usize,
) -> Result<CoursePage> {
    exchange
        .read_own(caller, move |op| {
            let groups = op.exchange.policy.groups(op.caller);
            let after = after.as_deref().unwrap_or_default();
            let portion = Portion::of(at_most);
            let (own, is_more) =
                store::courses::of_person(op.conn, op.caller.name(), &groups, after, portion)?;
            if !op.exchange.policy.sees_all_courses(op.caller) {
                let own = own.into_iter().map(|(name, role)| Visible {
                    name,
                    role: Some(role),
                });
                return Ok(CoursePage::of(own.collect(), is_more));
            }
            // A portion of the caller's own courses reaches at least as far as a portion of all courses.
            let roles: std::collections::HashMap<_, _> = own.into_iter().collect();
            let (all, is_more) = store::courses::behind(op.conn, after, portion)?;
            let all = all.into_iter().map(|name| Visible {
                role: roles.get(&name).copied(),
                name,
            });
            Ok(CoursePage::of(all.collect(), is_more))
        })
        .await
}

impl CoursePage {
    fn of(courses: Vec<Visible>, is_more: bool) -> Self {
        let next = courses.last().filter(|_| is_more);
        let next = next.map(|course| course.name.clone());
        Self { courses, next }
    }
}

/// A course that the caller may create.
pub struct Ready {
    exchange: Exchange,
    caller: Caller,
    course: CourseId,
}

/// Checks that the caller may create a course of that name, and that there is none yet.
pub async fn ready(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<Ready> {
    let name = course.clone();
    let taken = exchange.read_as_admin(caller, move |op| {
        Ok(store::courses::find(op.conn, &name, op.caller.name())?.is_some())
    });
    if taken.await? {
        return Err(Error::AlreadyExists(Thing::Course));
    }
    Ok(Ready {
        exchange: exchange.clone(),
        caller: caller.clone(),
        course,
    })
}

impl Ready {
    /// Creates the course with its first instructors.
    pub async fn create(self, mut instructors: Vec<UserName>) -> Result<()> {
        let Self {
            exchange,
            caller,
            course,
        } = self;
        instructors.sort();
        instructors.dedup();
        let people: Vec<_> = instructors.into_iter().map(Person::named).collect();
        let create = exchange.write_as_admin(&caller, move |op| {
            let id = store::courses::create(op.conn, &course, Timestamp::now())?
                .ok_or(Error::AlreadyExists(Thing::Course))?;
            store::members::put(op.conn, id, Role::Instructor, &people)?;
            let names: Vec<&str> = people.iter().map(|each| each.username.as_str()).collect();
            let detail = serde_json::json!({ "instructors": names });
            let about = About::course(&course);
            op.note(Action::CourseCreated, about, Some(&detail))
        });
        create.await
    }
}

/// Checks that the caller may delete the course.
pub async fn ready_to_delete(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<()> {
    exchange
        .read_in(caller, course, Need::Admin, |_| Ok(()))
        .await
}

/// Deletes a course. It disappears from every listing and can be restored until [`crate::upkeep::gc`] removes it.
pub async fn delete(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<()> {
    exchange
        .write_in(caller, course, Need::Admin, move |op| {
            store::courses::mark_deleted(op.conn, op.standing.course, Timestamp::now())?;
            op.note(Action::CourseDeleted, About::default(), None)?;
            op.exchange.quota.shrunk();
            Ok(())
        })
        .await
}

/// Returns at most `at_most` deleted courses after that place that can still be restored.
pub async fn trash(
    exchange: &Exchange,
    caller: &Caller,
    retention: Duration,
    after: Option<Position>,
    at_most: usize,
) -> Result<Trash> {
    let (since, portion) = (super::upkeep::gc::limit(retention), Portion::of(at_most));
    let read = exchange.read_as_admin(caller, move |op| {
        Ok(store::courses::deleted(
            op.conn,
            since,
            after.map(Position::place),
            portion,
        )?)
    });
    let (courses, is_more) = read.await?;
    let next = courses.last().filter(|_| is_more).map(|course| Position {
        deleted_at: course.deleted_at,
        id: course.id,
    });
    let courses = courses.into_iter().map(DeletedCourse::new).collect();
    Ok(Trash { courses, next })
}

/// Restores a deleted course with all its contents. `None` is an ID that could not be parsed and matches nothing.
pub async fn restore(exchange: &Exchange, caller: &Caller, id: Option<i64>) -> Result<()> {
    exchange
        .write_as_admin(caller, move |op| {
            let id = id.ok_or(Error::NotFound(Thing::Course))?;
            let deleted = store::courses::deleted_name(op.conn, id)?;
            let name = deleted.ok_or(Error::NotFound(Thing::Course))?;
            store::courses::restore(op.conn, id)?.ok_or(Error::AlreadyExists(Thing::Course))?;
            let name = CourseId::parse(name)
                .map_err(|_| store::Error::Damaged("an illegal name of a course"))?;
            let about = About {
                course: Some(&name),
                ..About::default()
            };
            op.note(Action::CourseRestored, about, None)?;
            op.exchange.quota.grown();
            Ok(())
        })
        .await
}
