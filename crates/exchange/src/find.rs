//! Finding what a request names, as far as the caller may know of it.

use super::op::CourseOp;
use super::policy::Right;
use super::{Error, Result, Thing};
use nbcourier_domain::{AssignmentId, Role, Timestamp, UserName};
use nbcourier_storage as store;
use nbcourier_storage::assignments::ReleasedAssignment;
use nbcourier_storage::known::Known;
use nbcourier_storage::members::MemberFilter;
use nbcourier_storage::receipts::Submission;

impl<'a> CourseOp<'a> {
    /// Returns the query for the members of the course with that role, or for all members.
    pub fn members(&self, role: Option<Role>) -> MemberFilter<'a> {
        let by_group = self.exchange.policy.hub_groups;
        MemberFilter {
            course: self.standing.course,
            group: by_group.then_some(self.course),
            role,
        }
    }

    /// Returns the row of an assignment, released or not. It is for instructors.
    pub fn assignment(&mut self, assignment: &AssignmentId) -> Result<i64> {
        store::assignments::find(self.conn, self.standing.course, assignment)?
            .ok_or(Error::NotFound(Thing::Assignment))
    }

    /// Returns a released assignment that the caller can see.
    pub fn released(&mut self, assignment: &AssignmentId) -> Result<ReleasedAssignment> {
        store::assignments::find_released(self.conn, self.standing.course, assignment)?
            .filter(|released| self.standing.sees(released.dates, Timestamp::now()))
            .ok_or(Error::NotFound(Thing::Assignment))
    }

    /// Returns a released assignment that the caller can see and that accepts the student's submission at that time.
    pub fn open_for(
        &mut self,
        assignment: &AssignmentId,
        student: &UserName,
        now: Timestamp,
    ) -> Result<ReleasedAssignment> {
        let course = self.standing.course;
        let released =
            store::assignments::find_released_for(self.conn, course, assignment, student)?
                .filter(|released| self.standing.sees(released.dates, now))
                .ok_or(Error::NotFound(Thing::Assignment))?;
        match self.standing.missed(released.dates, now) {
            Some(cutoff_at) => Err(Error::TooLate {
                assignment: assignment.clone(),
                cutoff_at,
            }),
            None => Ok(released),
        }
    }

    /// Returns the row of a released assignment that the caller can see. A caller who is not a member any more must
    /// have submitted to it.
    pub fn released_or_submitted_to(&mut self, assignment: &AssignmentId) -> Result<i64> {
        let id = self.released(assignment)?.id;
        if self.standing.may(Right::TakePart)
            || store::submissions::any_to(self.conn, id, self.caller.name())?
        {
            return Ok(id);
        }
        Err(Error::NotFound(Thing::Assignment))
    }

    /// Checks assignment and student, in this order, for the student and for instructors. A caller who is not a member
    /// must have submitted in the course to learn about its assignments, and learns only of those they submitted to.
    pub fn assignment_of(&mut self, assignment: &AssignmentId, student: &UserName) -> Result<i64> {
        if !self.standing.may(Right::TakePart) {
            self.require_known(student)?;
        }
        let assignment = self.released_or_submitted_to(assignment)?;
        self.require_known(student)?;
        Ok(assignment)
    }

    /// Returns the submission with that number, for its student and for instructors. Nobody else learns whether it
    /// exists. `None` is a number that could not be parsed and matches nothing.
    pub fn submission(&mut self, id: Option<i64>) -> Result<Submission> {
        let found = match id {
            Some(id) => store::receipts::find(self.conn, self.standing.course, id)?,
            None => None,
        };
        match found {
            Some(own) if own.student == *self.caller.name() => Ok(own),
            other => {
                self.standing.require(Right::ReadWork)?;
                other.ok_or(Error::NotFound(Thing::Submission))
            }
        }
    }

    /// Requires that the caller sees the assignment of a submission now.
    pub fn require_shown(&self, submission: &Submission) -> Result<()> {
        let is_shown =
            submission.is_released && self.standing.sees(submission.dates, Timestamp::now());
        if is_shown {
            Ok(())
        } else {
            Err(Error::NotFound(Thing::Assignment))
        }
    }

    /// Requires that the person is in the course or has submitted there.
    pub fn require_known(&mut self, student: &UserName) -> Result<()> {
        if self.standing.is_member() && student == self.caller.name() {
            return Ok(());
        }
        self.known(student).map(drop)
    }

    /// Returns a person who is in the course or has submitted there.
    pub fn known(&mut self, student: &UserName) -> Result<Known> {
        let of_course = self.members(None);
        let known = store::known::find(self.conn, of_course, student)?;
        known.ok_or(Error::NotFound(Thing::Student))
    }
}
