//! The questions of pages and programs about what a caller may do in a course.

use super::course_settings::CourseSettings;
use super::op::{Need, Place};
use super::policy::{May, Right};
use super::{Exchange, Result};
use nbcourier_domain::CourseId;
use nbcourier_identity::Caller;

/// A course as all of its pages know it.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The rights of the caller.
    pub may: May,
    /// The settings, for members and registrars.
    pub settings: Option<CourseSettings>,
    /// Whether work on notebooks is counted, for members and registrars.
    pub is_counted: bool,
    /// The course for further queries of the same request.
    pub place: Place,
}

/// Returns what all pages of the course know of it. The course must exist. A stranger learns nothing more.
pub async fn visit(exchange: &Exchange, caller: &Caller, course: CourseId) -> Result<Visit> {
    let read = exchange.read_in(caller, course, Need::Course, |op| {
        let is_shown = op.standing.may(Right::SeeTeachers);
        let settings = is_shown.then(|| CourseSettings::of_row(&op.settings));
        Ok(Visit {
            may: May::from(op.standing),
            is_counted: op.exchange.activity.allowed && is_shown && op.settings.activity,
            settings,
            place: op.place(),
        })
    });
    read.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Purpose;
    use crate::collect::CollectionQuery;
    use crate::events::EventFilter;
    use crate::releases::IfReleased;
    use crate::roster::RosterUpdate;
    use crate::submissions::{NewSubmission, Target};
    use crate::versions::Against;
    use crate::{
        DirectoryAddress, Error, Limits, Policy, Reused, allowances, board, collect,
        course_settings, courses, dates, directories, events, feedback, figures, gradebook,
        history, overview, releases, roster, seen, submission_pages, submissions, trash, versions,
    };
    use nbcourier_blobs::LocalBlobs;
    use nbcourier_domain::{
        AssignmentId, Dates, DirectoryName, DirectoryOwner, GroupRules, Person, Role, UserName,
    };
    use nbcourier_identity::{CallerKind, Credential, HubGroups};
    use nbcourier_storage::{Opening, Store};
    use std::time::{Duration, Instant};

    fn name(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn caller(of: &str, is_admin: bool) -> Caller {
        Caller::new(name(of), CallerKind::User, is_admin, Credential::Token)
    }

    fn in_group(of: &str, group: &str) -> Caller {
        caller(of, false).with_groups(HubGroups::Fresh {
            names: vec![group.to_owned()],
            as_of: Instant::now(),
        })
    }

    fn algebra() -> CourseId {
        CourseId::parse("algebra").unwrap()
    }

    fn materials() -> DirectoryAddress {
        DirectoryAddress {
            owner: DirectoryOwner::Course(algebra()),
            name: DirectoryName::parse("materials").unwrap(),
        }
    }

    fn ps1() -> AssignmentId {
        AssignmentId::parse("ps1").unwrap()
    }

    /// Returns an exchange with a course, in which each caller of `callers` has the standing of their name.
    async fn exchange(directory: &std::path::Path) -> Exchange {
        let database = directory.join("nbcourier.db");
        let store = Store::open(&database.as_path().into(), Opening::Migrate).unwrap();
        let blobs = LocalBlobs::open(&directory.join("blobs")).unwrap();
        let rules = GroupRules::default().with_registrars(Some("registrars".to_owned()));
        let policy = Policy {
            hub_groups: true,
            group_rules: Box::leak(Box::new(rules)),
            explain: false,
            reused: Reused::Keep,
        };
        let limits = Limits {
            file_bytes: 1024,
            files: 10,
            tree_bytes: 10_240,
        };
        let exchange = Exchange::new(store, blobs.into(), policy, limits);
        fill(&exchange).await;
        exchange
    }

    async fn fill(exchange: &Exchange) {
        let admin = caller("admin", true);
        let ready = courses::ready(exchange, &admin, algebra()).await.unwrap();
        ready.create(vec![name("instructor")]).await.unwrap();
        let people = [
            (Role::Student, "student"),
            (Role::Student, "other"),
            (Role::Assistant, "assistant"),
            (Role::Assistant, "helper"),
        ];
        let people = people.map(|(role, of)| (role, Person::named(name(of))));
        let ready = roster::ready(exchange, &admin, algebra()).await.unwrap();
        let added = ready.change(people.to_vec(), RosterUpdate::Amend).await;
        assert_eq!(added.unwrap().added, 4);
        let ready = dates::ready(exchange, &admin, algebra(), ps1()).await;
        ready.unwrap().set(Dates::default()).await.unwrap();
    }

    fn callers() -> Vec<Caller> {
        vec![
            caller("stranger", false),
            caller("student", false),
            in_group("student by group", "nbgrader-algebra"),
            caller("assistant", false),
            in_group("assistant by group", "assist-algebra"),
            in_group("registrar", "registrars"),
            // The rights of both add up.
            in_group("assistant", "registrars"),
            in_group("student", "registrars"),
            caller("instructor", false),
            in_group("instructor by group", "formgrade-algebra"),
            in_group("instructor elsewhere", "formgrade-ethics"),
            caller("admin", true),
        ]
    }

    /// Whether the policy let an operation begin. It may fail for other reasons.
    fn began<T>(result: crate::Result<T>) -> bool {
        !matches!(
            result.err(),
            Some(Error::Denied(_) | Error::InstructorsAreForAdmins { .. })
        )
    }

    fn other() -> Target {
        Target {
            course: algebra(),
            assignment: ps1(),
            student: name("other"),
        }
    }

    /// Runs the operations that need each right, and returns the rights by which they began.
    async fn tried(exchange: &Exchange, caller: &Caller) -> May {
        let (ex, course) = (exchange, algebra);
        let all = |tries: &[bool]| {
            assert!(tries.iter().all(|began| *began == tries[0]), "{tries:?}");
            tries[0]
        };
        May {
            take_part: all(&[
                began(releases::list(ex, caller, course(), None).await),
                began(releases::files(ex, caller, course(), ps1()).await),
                began(submissions::ready(ex, caller, hand_in(caller)).await),
                began(collect::feedback(ex, caller, course(), None, None, 1).await),
            ]),
            see_teachers: all(&[
                began(course_settings::read(ex, caller, course()).await),
                began(roster::list(ex, caller, course(), Role::Instructor, None).await),
                began(roster::list(ex, caller, course(), Role::Assistant, None).await),
            ]),
            preview: all(&[
                began(history::releases(ex, caller, course(), ps1(), None, 1).await),
                began(versions::of(ex, caller, course(), ps1(), None, CURRENT).await),
            ]),
            read_work: all(&[
                began(overview::page(ex, caller, course(), None, 1).await),
                began(board::of(ex, caller, course(), &ps1(), Purpose::Look).await),
                began(seen::fetches(ex, caller, course(), ps1(), None, 1).await),
                began(figures::of(ex, caller, course(), &jiff::tz::TimeZone::UTC).await),
                began(submission_pages::stream(ex, caller, course(), ps1(), None, None).await),
                began(submissions::files(ex, caller, other(), None).await),
                began(submissions::tree(ex, caller, course(), Some(1)).await),
                began(feedback::tree(ex, caller, course(), Some(1)).await),
            ]),
            collect: all(&[
                began(collect::collect(ex, caller, to_collect()).await),
                began(gradebook::facts(ex, caller, course(), ps1(), None, 1).await),
            ]),
            give_feedback: all(&[
                began(feedback::ready_for(ex, caller, other()).await),
                began(feedback::ready_on(ex, caller, course(), Some(1)).await),
                began(feedback::ready_for_all(ex, caller, course(), ps1()).await),
            ]),
            give_time: all(&[
                began(dates::ready_to_extend(ex, caller, other()).await),
                began(board::of(ex, caller, course(), &ps1(), Purpose::GiveTime).await),
                began(dates::remove_extension(ex, caller, other()).await),
                began(dates::extensions(ex, caller, course(), ps1(), None, 1).await),
                began(allowances::page(ex, caller, course(), None, 1).await),
                began(allowances::ready(ex, caller, course(), vec![name("other")]).await),
                began(allowances::remove(ex, caller, course(), name("other")).await),
            ]),
            hand_in_for_others: began(submissions::ready(ex, caller, for_other()).await),
            see_activity: began(events::page(ex, caller, of_course(), 1).await),
            release: all(&[
                began(releases::ready(ex, caller, course(), ps1(), IfReleased::Refuse).await),
                began(board::of(ex, caller, course(), &ps1(), Purpose::Release).await),
                began(versions::to_release(ex, caller, course(), ps1(), None, CURRENT).await),
                began(releases::unrelease(ex, caller, course(), ps1()).await),
                began(releases::again(ex, caller, course(), ps1(), 1, None).await),
            ]),
            set_dates: all(&[
                began(dates::ready(ex, caller, course(), ps1()).await),
                began(board::of(ex, caller, course(), &ps1(), Purpose::SetDates).await),
            ]),
            see_roster: all(&[
                began(roster::page(ex, caller, course(), None, 1).await),
                began(roster::list(ex, caller, course(), Role::Student, None).await),
                began(roster::find(ex, caller, course(), name("other"), Role::Student).await),
            ]),
            change_roster: all(&[
                began(put(ex, caller, Role::Student).await),
                began(roster::remove(ex, caller, course(), name("none"), None).await),
            ]),
            appoint_assistants: all(&[
                began(put(ex, caller, Role::Assistant).await),
                began(roster::remove(ex, caller, course(), name("helper"), None).await),
                began(roster::remove(ex, caller, course(), name("none"), HELPER).await),
            ]),
            appoint_instructors: all(&[
                began(put(ex, caller, Role::Instructor).await),
                began(roster::remove(ex, caller, course(), name("new"), TEACHER).await),
            ]),
            change_settings: began(course_settings::ready(ex, caller, course()).await),
            share_files: began(directories::ready_to_create(ex, caller, materials()).await),
            trash: all(&[
                began(trash::list(ex, caller, course(), Duration::ZERO, None, 1).await),
                began(trash::delete_submission(ex, caller, course(), None).await),
                began(trash::delete_feedback(ex, caller, course(), None).await),
                began(board::of(ex, caller, course(), &ps1(), Purpose::Delete).await),
                began(trash::delete_assignment(ex, caller, course(), ps1()).await),
                began(trash::restore_assignment(ex, caller, course(), None).await),
                began(trash::restore_submission(ex, caller, course(), None).await),
                began(trash::restore_feedback(ex, caller, course(), None).await),
            ]),
            delete_course: all(&[
                began(courses::ready_to_delete(ex, caller, course()).await),
                began(courses::delete(ex, caller, course()).await),
            ]),
        }
    }

    const CURRENT: Against = Against::Current;
    const HELPER: Option<Role> = Some(Role::Assistant);
    const TEACHER: Option<Role> = Some(Role::Instructor);

    /// Puts a new person on the roster.
    async fn put(exchange: &Exchange, caller: &Caller, role: Role) -> crate::Result<()> {
        let ready = roster::ready(exchange, caller, algebra()).await?;
        let person = Person::named(name(&format!("new {role:?}")));
        ready
            .change(vec![(role, person)], RosterUpdate::Amend)
            .await?;
        Ok(())
    }

    fn hand_in(caller: &Caller) -> NewSubmission {
        NewSubmission {
            course: algebra(),
            assignment: ps1(),
            student: Some(caller.name().clone()),
            key: None,
        }
    }

    fn for_other() -> NewSubmission {
        NewSubmission {
            student: Some(name("other")),
            ..hand_in(&caller("student", false))
        }
    }

    fn to_collect() -> CollectionQuery {
        CollectionQuery {
            course: algebra(),
            assignment: ps1(),
            student: None,
            before: None,
            after: None,
            at_most: 1,
        }
    }

    fn of_course() -> EventFilter {
        EventFilter {
            course: Some(algebra()),
            ..EventFilter::default()
        }
    }

    #[tokio::test]
    async fn the_rights_are_those_by_which_the_operations_begin() {
        for caller in callers() {
            let directory = tempfile::tempdir().unwrap();
            let exchange = exchange(directory.path()).await;
            let visit = visit(&exchange, &caller, algebra()).await.unwrap();
            let may = visit.may;
            assert_eq!(may, tried(&exchange, &caller).await, "{caller:?}");
            assert_eq!(visit.settings.is_some(), may.see_teachers, "{caller:?}");
        }
    }

    #[tokio::test]
    async fn a_course_that_does_not_exist_gives_no_rights() {
        let directory = tempfile::tempdir().unwrap();
        let exchange = exchange(directory.path()).await;
        let ethics = CourseId::parse("ethics").unwrap();
        let visit = visit(&exchange, &caller("admin", true), ethics).await;
        assert!(matches!(visit, Err(Error::NotFound(_))), "{visit:?}");
    }
}
