//! The permissions: all decisions about who may do what.

use super::error::{Denial, Error, Result, Thing};
use nbcourier_domain::{CourseId, Dates, GroupRules, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::reach::Reach;
use nbcourier_storage::{self as store, Connection};

/// The treatment of a former owner's data when another person gets their user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reused {
    /// The data is set aside under another name.
    SetAside,
    /// The data stays with the name. This is for hubs that recreate accounts but never give a name to another person.
    Keep,
}

/// The configurable rules.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Whether the hub's groups make people members of courses.
    pub hub_groups: bool,
    /// The rules that map groups to courses and roles. They are created once at the start, like the settings.
    pub group_rules: &'static GroupRules,
    /// Whether a refusal states its reason. This is for debugging, because it reveals more to strangers.
    pub explain: bool,
    /// The treatment of the data of a reused user name.
    pub reused: Reused,
}

/// A course with the caller's standing in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub course: i64,
    admin: bool,
    role: Option<Role>,
    policy: Policy,
}

impl Policy {
    fn deny(self, reason: Denial) -> Error {
        Error::Denied(self.explain.then_some(reason))
    }

    /// Requires an administrator.
    pub(super) fn require_admin(self, caller: &Caller) -> Result<()> {
        if caller.is_admin() {
            Ok(())
        } else {
            Err(self.deny(Denial::NotAdmin))
        }
    }

    /// Requires an administrator for adding an instructor, or for changing one.
    pub(super) fn require_admin_for_instructors(
        self,
        caller: &Caller,
        is_instructor: bool,
    ) -> Result<()> {
        if caller.is_admin() {
            return Ok(());
        }
        Err(Error::InstructorsAreForAdmins {
            is_instructor,
            reason: self.explain.then_some(Denial::NotAdmin),
        })
    }

    /// Returns the caller's standing in the course, which must exist.
    pub(super) fn enter(
        self,
        conn: &mut Connection,
        caller: &Caller,
        course: &CourseId,
    ) -> Result<Standing> {
        let Some(found) = store::courses::find(conn, course, caller.name())? else {
            return Err(Error::NotFound(Thing::Course));
        };
        let by_group = self
            .groups(caller)
            .into_iter()
            .filter(|(of, _)| of == course)
            .map(|(_, role)| role);
        let role = by_group.chain(found.role).max();
        Ok(Standing {
            course: found.id,
            admin: caller.is_admin(),
            role,
            policy: self,
        })
    }

    /// Returns the courses and roles that the hub's groups give the caller. A course with both roles appears twice.
    pub(super) fn groups(self, caller: &Caller) -> Vec<(CourseId, Role)> {
        if !self.hub_groups {
            return Vec::new();
        }
        caller
            .groups()
            .iter()
            .filter_map(|group| self.group_rules.place(group))
            .collect()
    }

    /// Returns the role of another person in the course, from the manual roster or from the hub's groups when last
    /// seen.
    pub(super) fn role_of(
        self,
        conn: &mut Connection,
        course: &CourseId,
        person: &UserName,
    ) -> Result<Option<Role>> {
        let manual = store::courses::find(conn, course, person)?.and_then(|found| found.role);
        Ok(manual.max(self.hub_role_of(conn, course, person)?))
    }

    /// Returns the role that the hub's groups gave a person when last seen.
    pub(super) fn hub_role_of(
        self,
        conn: &mut Connection,
        course: &CourseId,
        person: &UserName,
    ) -> Result<Option<Role>> {
        if self.hub_groups {
            Ok(store::hub_members::find(conn, course, person)?)
        } else {
            Ok(None)
        }
    }
}

impl Standing {
    /// Whether the caller may see and do what instructors may.
    pub fn is_instructor(self) -> bool {
        self.admin || self.role == Some(Role::Instructor)
    }

    /// Requires an instructor of the course or an administrator.
    pub fn require_instructor(self) -> Result<Self> {
        if self.is_instructor() {
            return Ok(self);
        }
        Err(self.policy.deny(Denial::NotInstructor))
    }

    /// Whether the caller is a member of the course or an administrator.
    pub fn is_member(self) -> bool {
        self.admin || self.role.is_some()
    }

    /// Requires a member of the course or an administrator.
    pub fn require_member(self) -> Result<Self> {
        if self.is_member() {
            Ok(self)
        } else {
            Err(self.policy.deny(Denial::NotRelated))
        }
    }

    /// Requires the person concerned, an instructor of the course or an administrator.
    pub fn require_self_or_instructor(self, caller: &Caller, person: &UserName) -> Result<Self> {
        if *caller.name() == *person {
            Ok(self)
        } else {
            self.require_instructor()
        }
    }

    /// Returns which stored bytes the caller can read here, and so need not send again.
    pub fn reach(self, caller: &Caller) -> Reach {
        if self.is_instructor() {
            Reach::Everything {
                course: self.course,
            }
        } else {
            Reach::Own {
                course: self.course,
                person: caller.name().clone(),
            }
        }
    }

    /// Whether the caller sees a release with these dates. Before the opening time, only instructors do.
    pub fn sees(self, dates: Dates, now: Timestamp) -> bool {
        self.is_instructor() || dates.is_open(now)
    }

    /// Returns the cut-off that a submission at that time has missed. Submissions that an instructor makes miss none.
    pub fn missed(self, dates: Dates, now: Timestamp) -> Option<Timestamp> {
        dates.cut_off(now).filter(|_| !self.is_instructor())
    }
}
