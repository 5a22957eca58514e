//! Figures of the work on notebooks: by student, by notebook, and by day.

use crate::op::{CourseOp, Need};
use crate::policy::Right;
use crate::roster::{self, Position};
use crate::{Exchange, Result};
use nbcourier_domain::{ActivityBy, CourseId, Day, RelativePath, Role, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::Portion;
use nbcourier_storage::activity as rows;
use std::collections::HashMap;

/// The work that a caller wants to see.
#[derive(Debug, Clone)]
pub struct ActivityFilter {
    /// The unit for which it is summed up.
    pub by: ActivityBy,
    /// Only that of this student.
    pub student: Option<UserName>,
    /// Only that on this notebook.
    pub path: Option<RelativePath>,
    /// Only that of this day and later ones.
    pub since: Option<Day>,
    /// Only that of this day and earlier ones.
    pub until: Option<Day>,
    /// The place after which the page begins.
    pub after: Option<Cursor>,
}

impl ActivityFilter {
    /// Returns the filter for all work, summed up for that unit.
    pub fn all(by: ActivityBy) -> Self {
        Self {
            by,
            student: None,
            path: None,
            since: None,
            until: None,
            after: None,
        }
    }
}

/// A place in a listing of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// A place among students.
    Student(Position),
    /// A place among notebooks.
    Notebook(String),
    /// A place among days.
    Day(Day),
}

/// Figures of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// The number of students.
    pub students: i64,
    /// The number of notebooks.
    pub notebooks: i64,
    /// The number of days.
    pub days: i64,
    /// The number of times that a session of a notebook began.
    pub opens: i64,
    /// The number of times that a notebook was saved.
    pub saves: i64,
    /// The number of minutes in which a notebook was run or saved, summed over notebooks.
    pub minutes: i64,
    /// The last day.
    pub last_day: Option<Day>,
}

impl Figures {
    fn new(sums: rows::Sums) -> Self {
        Self {
            students: sums.students,
            notebooks: sums.notebooks,
            days: sums.days,
            opens: sums.opens,
            saves: sums.saves,
            minutes: sums.minutes,
            last_day: Some(Day::from_number(sums.last_day)),
        }
    }
}

/// A student, a notebook or a day, with its figures.
#[derive(Debug, Clone)]
pub struct Line {
    /// The name, the path or the day.
    pub of: String,
    /// The figures.
    pub figures: Figures,
}

/// The people whose work a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The caller alone, since the caller may not read the work of others.
    Own,
    /// Everybody in the course.
    All,
}

/// A page of figures.
#[derive(Debug, Clone)]
pub struct ActivityPage {
    /// Whether work is counted in the course now.
    pub is_on: bool,
    /// The people whose work it shows.
    pub scope: Scope,
    /// The lines: students in the order of the roster, notebooks by path, or days with the last one first.
    pub lines: Vec<Line>,
    /// The place after which the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// Returns at most `at_most` lines of figures, for people who read all work. Students see their own work. Students
/// without any work have a line, too. Long paths make the page shorter.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    mut filter: ActivityFilter,
    at_most: usize,
) -> Result<ActivityPage> {
    let read = exchange.read_in(caller, course, Need::May(Right::TakePart), move |op| {
        let is_of_others = filter.student.as_ref() != Some(op.caller.name());
        let scope = if op.standing.may(Right::SeeActivity) {
            Scope::All
        } else {
            if filter.student.is_some() && is_of_others {
                op.standing.require(Right::SeeActivity)?;
            }
            filter.student = Some(op.caller.name().clone());
            Scope::Own
        };
        let (lines, next) = lines(op, &filter, Portion::of(at_most))?;
        Ok(ActivityPage {
            is_on: op.exchange.activity.allowed && op.settings.activity,
            scope,
            lines,
            next,
        })
    });
    read.await
}

type Lines = (Vec<Line>, Option<Cursor>);

fn lines(op: &mut CourseOp<'_>, filter: &ActivityFilter, portion: Portion) -> Result<Lines> {
    let scope = rows::Scope {
        course: op.standing.course,
        student: filter.student.as_ref().map(UserName::as_str),
        path: filter.path.as_ref().map(RelativePath::as_str),
        since: filter.since,
        until: filter.until,
    };
    match (filter.by, &filter.after) {
        (ActivityBy::Student, after) => {
            let after = match after {
                Some(Cursor::Student(position)) => Some(position),
                _ => None,
            };
            students(op, scope, after, portion)
        }
        (ActivityBy::Notebook, after) => {
            let after = match after {
                Some(Cursor::Notebook(path)) => path.as_str(),
                _ => "",
            };
            let (found, is_more) = rows::by_path(op.conn, scope, after, portion)?;
            let next = found.last().filter(|_| is_more);
            let next = next.map(|(path, _)| Cursor::Notebook(path.clone()));
            let lines = found.into_iter().map(|(of, sums)| Line {
                of,
                figures: Figures::new(sums),
            });
            Ok((lines.collect(), next))
        }
        (ActivityBy::Day, after) => {
            let before = match after {
                Some(Cursor::Day(day)) => Some(*day),
                _ => None,
            };
            let (found, is_more) = rows::by_day(op.conn, scope, before, portion)?;
            let next = found.last().filter(|_| is_more);
            let next = next.map(|(day, _)| Cursor::Day(*day));
            let lines = found.into_iter().map(|(day, sums)| Line {
                of: day.to_string(),
                figures: Figures::new(sums),
            });
            Ok((lines.collect(), next))
        }
    }
}

fn students(
    op: &mut CourseOp<'_>,
    scope: rows::Scope<'_>,
    after: Option<&Position>,
    portion: Portion,
) -> Result<Lines> {
    let (names, next) = if let Some(name) = scope.student {
        (vec![name.to_owned()], None)
    } else {
        let wanted = op.members(Some(Role::Student));
        let found = roster::portion(op.conn, wanted, after, portion)?;
        let next = found.next.clone().map(Cursor::Student);
        let people = found.into_persons().into_iter();
        let names: Vec<String> = people.map(|one| one.username.to_string()).collect();
        (names, next)
    };
    let students: Vec<&str> = names.iter().map(String::as_str).collect();
    let sums = rows::by_student(op.conn, scope, &students)?;
    let mut sums: HashMap<String, rows::Sums> = sums.into_iter().collect();
    let lines = names.into_iter().map(|of| Line {
        figures: sums.remove(&of).map(Figures::new).unwrap_or_default(),
        of,
    });
    Ok((lines.collect(), next))
}
