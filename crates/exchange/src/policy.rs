//! The one place that decides who may do what.

use super::error::{Denial, Error, Result, Thing};
use nbcourier_domain::{AssignmentId, CourseId, Dates, GroupRules, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::assignments::Released;
use nbcourier_storage::reach::Reach;
use nbcourier_storage::{self as store, Connection};

/// What becomes of what the former owner of a user name left, once somebody else has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reused {
    /// It is set aside under another name.
    SetAside,
    /// It is theirs: accounts are made anew here, and names never given to somebody else.
    Keep,
}

/// The rules that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Whether the hub's groups make people members.
    pub hub_groups: bool,
    /// Which groups make them members of which course. Made once at the start, as the settings are.
    pub group_rules: &'static GroupRules,
    /// Whether a refusal names its reason: for debugging, as it tells strangers more.
    pub explain: bool,
    /// What becomes of the rows of a user name that is used again.
    pub reused: Reused,
}

/// A course, and where the caller stands in it.
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

    /// The caller must be an admin.
    pub(super) fn require_admin(self, caller: &Caller) -> Result<()> {
        if caller.is_admin() {
            Ok(())
        } else {
            Err(self.deny(Denial::NotAdmin))
        }
    }

    /// The course must exist; says where the caller stands in it.
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

    /// The courses the hub's groups put the caller in; a course with both groups comes twice.
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

    /// What somebody else is in the course: by the manual roster, or as last seen in a group of the hub.
    pub(super) fn role_of(
        self,
        conn: &mut Connection,
        course: &CourseId,
        person: &UserName,
    ) -> Result<Option<Role>> {
        let manual = store::courses::find(conn, course, person)?.and_then(|found| found.role);
        Ok(manual.max(self.hub_role_of(conn, course, person)?))
    }

    /// What somebody was last seen as in the hub's groups.
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

    /// The caller must teach the course or be an admin.
    pub fn require_instructor(self) -> Result<Self> {
        if self.is_instructor() {
            return Ok(self);
        }
        Err(self.policy.deny(Denial::NotInstructor))
    }

    /// Whether the caller is in the course or an admin.
    pub fn is_member(self) -> bool {
        self.admin || self.role.is_some()
    }

    /// The caller must be in the course or be an admin.
    pub fn require_member(self) -> Result<Self> {
        if self.is_member() {
            Ok(self)
        } else {
            Err(self.policy.deny(Denial::NotRelated))
        }
    }

    /// The caller must be the person asked about, or teach the course, or be an admin.
    pub fn require_self_or_instructor(self, caller: &Caller, person: &UserName) -> Result<Self> {
        if *caller.name() == *person {
            Ok(self)
        } else {
            self.require_instructor()
        }
    }

    /// Which bytes the caller can read here, so that they need not send them again.
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

    /// The assignment must be there, released or not: for those who teach.
    pub fn assignment(self, conn: &mut Connection, assignment: &AssignmentId) -> Result<i64> {
        store::assignments::find(conn, self.course, assignment)?
            .ok_or(Error::NotFound(Thing::Assignment))
    }

    /// Whether the caller is shown what is released with these dates: only instructors are before it opens.
    pub fn sees(self, dates: Dates, now: Timestamp) -> bool {
        self.is_instructor() || dates.is_open(now)
    }

    /// The assignment must be released and shown to the caller.
    pub fn released(self, conn: &mut Connection, assignment: &AssignmentId) -> Result<Released> {
        store::assignments::find_released(conn, self.course, assignment)?
            .filter(|released| self.sees(released.dates, Timestamp::now()))
            .ok_or(Error::NotFound(Thing::Assignment))
    }

    /// The assignment must be released and shown to the caller, and take the student's work at that time. Work that an
    /// instructor hands in is taken at any time.
    pub fn open_for(
        self,
        conn: &mut Connection,
        assignment: &AssignmentId,
        student: &UserName,
        now: Timestamp,
    ) -> Result<Released> {
        let released = store::dates::find_released_for(conn, self.course, assignment, student)?
            .filter(|released| self.sees(released.dates, now))
            .ok_or(Error::NotFound(Thing::Assignment))?;
        match released.dates.cut_off(now) {
            Some(cutoff_at) if !self.is_instructor() => Err(Error::TooLate {
                assignment: assignment.clone(),
                cutoff_at,
            }),
            _ => Ok(released),
        }
    }
}
