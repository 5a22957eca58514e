//! The permissions: all decisions about who may do what.

mod directory;

pub use directory::DirectoryAddress;
pub(super) use directory::{DirectoryStanding, is_to, level};

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

/// A right in a course. Operations ask for one, and pages show only what the caller has a right to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Fetch released assignments, submit, and read one's own work and feedback.
    TakePart,
    /// See who teaches the course.
    SeeTeachers,
    /// See assignments before they open, and their earlier versions.
    Preview,
    /// Read the submissions and the feedback of all students.
    ReadWork,
    /// Collect the submissions of a class, with the names and dates for its gradebook.
    Collect,
    /// Give feedback.
    GiveFeedback,
    /// Give extensions.
    GiveTime,
    /// Submit for a student, after the cut-off too.
    HandInForOthers,
    /// Read the events of the course.
    SeeActivity,
    /// Release assignments, and take releases back.
    Release,
    /// Set the dates of assignments.
    SetDates,
    /// See the roster.
    SeeRoster,
    /// Add, change and remove students.
    ChangeRoster,
    /// Add, change and remove assistants.
    AppointAssistants,
    /// Add, change and remove instructors.
    AppointInstructors,
    /// Change the settings of the course.
    ChangeSettings,
    /// Put assignments, submissions and feedback into the trash, and restore them.
    Trash,
    /// Make directories of the course.
    ShareFiles,
    /// Delete the course.
    DeleteCourse,
}

impl Right {
    /// Whether members of a course with that role have the right. Administrators have all rights.
    fn is_of(self, role: Role) -> bool {
        match self {
            Self::TakePart | Self::SeeTeachers => true,
            Self::Preview
            | Self::ReadWork
            | Self::Collect
            | Self::GiveFeedback
            | Self::GiveTime
            | Self::HandInForOthers
            | Self::SeeActivity
            | Self::SeeRoster => role.is_staff(),
            Self::Release
            | Self::SetDates
            | Self::ChangeRoster
            | Self::AppointAssistants
            | Self::ChangeSettings
            | Self::Trash
            | Self::ShareFiles => role == Role::Instructor,
            Self::AppointInstructors | Self::DeleteCourse => false,
        }
    }

    /// Whether registrars have the right in every course. They keep rosters, read no work and appoint nobody.
    fn is_of_registrars(self) -> bool {
        matches!(
            self,
            Self::SeeTeachers | Self::SeeRoster | Self::ChangeRoster
        )
    }

    /// Returns the reason for which a caller without the right is refused.
    fn denial(self) -> Denial {
        match self {
            Self::TakePart | Self::SeeTeachers => Denial::NotRelated,
            Self::AppointInstructors | Self::DeleteCourse => Denial::NotAdmin,
            _ => Denial::NotInstructor,
        }
    }
}

/// The rights of a caller in a course. Each field is one right, and the operations ask the same rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each right is independent")]
pub struct May {
    /// Fetch released assignments, submit, and read one's own work and feedback.
    pub take_part: bool,
    /// See who teaches the course.
    pub see_teachers: bool,
    /// See assignments before they open, and their earlier versions.
    pub preview: bool,
    /// Read the submissions and the feedback of all students.
    pub read_work: bool,
    /// Collect the submissions of a class, with the names and dates for its gradebook.
    pub collect: bool,
    /// Give feedback.
    pub give_feedback: bool,
    /// Give extensions.
    pub give_time: bool,
    /// Submit for a student, after the cut-off too.
    pub hand_in_for_others: bool,
    /// Read the events of the course.
    pub see_activity: bool,
    /// Release assignments, and take releases back.
    pub release: bool,
    /// Set the dates of assignments.
    pub set_dates: bool,
    /// See the roster.
    pub see_roster: bool,
    /// Add, change and remove students.
    pub change_roster: bool,
    /// Add, change and remove assistants.
    pub appoint_assistants: bool,
    /// Add, change and remove instructors.
    pub appoint_instructors: bool,
    /// Change the settings of the course.
    pub change_settings: bool,
    /// Put assignments, submissions and feedback into the trash, and restore them.
    pub trash: bool,
    /// Make directories of the course.
    pub share_files: bool,
    /// Delete the course.
    pub delete_course: bool,
}

impl From<Standing> for May {
    fn from(standing: Standing) -> Self {
        Self {
            take_part: standing.may(Right::TakePart),
            see_teachers: standing.may(Right::SeeTeachers),
            preview: standing.may(Right::Preview),
            read_work: standing.may(Right::ReadWork),
            collect: standing.may(Right::Collect),
            give_feedback: standing.may(Right::GiveFeedback),
            give_time: standing.may(Right::GiveTime),
            hand_in_for_others: standing.may(Right::HandInForOthers),
            see_activity: standing.may(Right::SeeActivity),
            release: standing.may(Right::Release),
            set_dates: standing.may(Right::SetDates),
            see_roster: standing.may(Right::SeeRoster),
            change_roster: standing.may(Right::ChangeRoster),
            appoint_assistants: standing.may(Right::AppointAssistants),
            appoint_instructors: standing.may(Right::AppointInstructors),
            change_settings: standing.may(Right::ChangeSettings),
            trash: standing.may(Right::Trash),
            share_files: standing.may(Right::ShareFiles),
            delete_course: standing.may(Right::DeleteCourse),
        }
    }
}

/// A course with the caller's standing in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub course: i64,
    admin: bool,
    registrar: bool,
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

    /// Returns the caller's standing in the course, which must exist.
    pub(super) fn enter(
        self,
        conn: &mut Connection,
        caller: &Caller,
        course: &CourseId,
    ) -> Result<Standing> {
        let (standing, _) = self.enter_and_look(conn, caller, course)?;
        Ok(standing)
    }

    /// Returns the caller's standing in the course, which must exist, and the settings of the course.
    pub(super) fn enter_and_look(
        self,
        conn: &mut Connection,
        caller: &Caller,
        course: &CourseId,
    ) -> Result<(Standing, store::courses::Settings)> {
        let Some(found) = store::courses::find(conn, course, caller.name())? else {
            return Err(Error::NotFound(Thing::Course));
        };
        let by_group = self
            .groups(caller)
            .into_iter()
            .filter(|(of, _)| of == course)
            .map(|(_, role)| role);
        let role = by_group.chain(found.role).max();
        let standing = Standing {
            course: found.id,
            admin: caller.is_admin(),
            registrar: self.is_registrar(caller),
            role,
            policy: self,
        };
        Ok((standing, found.settings))
    }

    /// Whether the caller keeps the rosters of all courses, by a group of the hub.
    pub(super) fn is_registrar(self, caller: &Caller) -> bool {
        let mut groups = caller.groups().iter();
        self.hub_groups && groups.any(|group| self.group_rules.is_of_registrars(group))
    }

    /// Whether the caller sees all courses by name.
    pub(super) fn sees_all_courses(self, caller: &Caller) -> bool {
        caller.is_admin() || self.is_registrar(caller)
    }

    /// Returns the courses and roles that the hub's groups give the caller. A course with two roles appears twice.
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
    /// Whether the caller has the right.
    pub fn may(self, right: Right) -> bool {
        self.admin
            || self.role.is_some_and(|role| right.is_of(role))
            || (self.registrar && right.is_of_registrars())
    }

    /// Whether the caller takes the course as a student.
    pub fn is_student(self) -> bool {
        self.role == Some(Role::Student)
    }

    /// Whether the caller teaches the course.
    pub fn is_staff(self) -> bool {
        self.role.is_some_and(Role::is_staff)
    }

    /// Whether the caller is a member of the course, by the roster or by a group.
    pub fn is_member(self) -> bool {
        self.role.is_some()
    }

    /// Requires the right.
    pub fn require(self, right: Right) -> Result<Self> {
        if self.may(right) {
            return Ok(self);
        }
        Err(self.policy.deny(right.denial()))
    }

    /// Requires the right to give a person this role, or to change their details, if they had that one before.
    pub fn require_appointing(self, role: Role, before: Option<Role>) -> Result<()> {
        let is_instructor = before == Some(Role::Instructor);
        if (role == Role::Instructor || is_instructor) && !self.may(Right::AppointInstructors) {
            return Err(Error::InstructorsAreForAdmins {
                is_instructor,
                reason: self.policy.explain.then_some(Denial::NotAdmin),
            });
        }
        if role.max(before.unwrap_or(role)) == Role::Assistant {
            self.require(Right::AppointAssistants)?;
        }
        Ok(())
    }

    /// Returns which stored bytes the caller can read here, and so need not send again.
    pub fn reach(self, caller: &Caller) -> Reach {
        if self.may(Right::ReadWork) {
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

    /// Whether the caller sees a release with these dates. Before the opening time, only a preview shows it.
    pub fn sees(self, dates: Dates, now: Timestamp) -> bool {
        self.may(Right::Preview) || dates.is_open(now)
    }

    /// Returns the cut-off that a submission at that time has missed. A caller who hands in for others misses none.
    pub fn missed(self, dates: Dates, now: Timestamp) -> Option<Timestamp> {
        dates
            .cut_off(now)
            .filter(|_| !self.may(Right::HandInForOthers))
    }
}
