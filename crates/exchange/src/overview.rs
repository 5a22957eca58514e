//! A course at a glance, a page at a time: who has handed in what, who has not, what is late, what was given back.

use super::members;
use super::{Exchange, Result};
use nbcourier_domain::{CourseId, Role};
use nbcourier_identity::Caller;
use nbcourier_storage::members::Wanted;
use nbcourier_storage::overview::Worker;
use nbcourier_storage::{self as store, Connection, Portion};
use std::collections::{BTreeMap, HashMap};

pub use nbcourier_storage::overview::{Assignment, Feedback, Work};

/// The course.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Its assignments, released or not, in the order in which they were made.
    pub assignments: Vec<(Assignment, Counts)>,
    /// Those who take it, in the roster's order, and then whoever else has handed something in, by name.
    pub students: Vec<Student>,
    /// Behind whom the next page begins, if there is one.
    pub next: Option<Place>,
}

/// How many people did what with an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Who handed it in,
    pub submitted: usize,
    /// who takes the course and did not,
    pub missing: usize,
    /// whose latest submission is late,
    pub late: usize,
    /// whose latest submission has feedback.
    pub feedback: usize,
}

/// Somebody, and what they handed in.
#[derive(Debug, Clone)]
pub struct Student {
    /// The name by which the hub knows them.
    pub username: String,
    /// First name, as the course knows it.
    pub first_name: Option<String>,
    /// Last name, as the course knows it.
    pub last_name: Option<String>,
    /// Whether they take the course.
    pub enrolled: bool,
    /// What they handed in, by assignment's row.
    pub work: BTreeMap<i64, Work>,
}

/// Where somebody stands in an overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Among those who take the course.
    Enrolled(members::Place),
    /// Behind them, among those who don't, by the name.
    Others(String),
}

/// How many bytes a page has at most, about.
const PAGE: usize = 8 * 1024 * 1024;
/// What a student, or a piece of their work, takes beside names, in bytes, about.
const LINE: usize = 250;

/// A page of the course as its instructors want to see it: at most so many of its students, behind that place. Fewer
/// where there are many assignments. The number of statements does not depend on how many take it.
pub async fn page(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    after: Option<Place>,
    at_most: usize,
) -> Result<Overview> {
    let (policy, caller) = (exchange.policy, caller.clone());
    exchange
        .store
        .read(move |conn| {
            let standing = policy.enter(conn, &caller, &course)?.require_instructor()?;
            let wanted = Wanted {
                course: standing.course,
                group: policy.hub_groups.then_some(&course),
                role: Some(Role::Student),
            };
            let assignments = store::overview::assignments(conn, standing.course)?;
            let line = assignments.iter().map(|it| it.name.len() + LINE);
            let line = LINE + line.sum::<usize>();
            let mut listed = Listed::new(at_most.min(PAGE / line).max(1));
            let others = match &after {
                Some(Place::Others(name)) => Some(name.as_str()),
                Some(Place::Enrolled(place)) => {
                    listed.enrolled(conn, wanted, Some(place))?.then_some("")
                }
                None => listed.enrolled(conn, wanted, None)?.then_some(""),
            };
            let enrolled = store::members::count(conn, wanted)?;
            let mut counts: HashMap<i64, (Counts, usize)> = HashMap::new();
            store::overview::work(conn, standing.course, wanted.group, |id, worker, work| {
                let (counts, of_enrolled) = counts.entry(id).or_default();
                counts.submitted += 1;
                counts.late += usize::from(work.late);
                counts.feedback += usize::from(work.feedback == Feedback::Returned);
                *of_enrolled += usize::from(worker.enrolled);
                listed.add(id, worker, work, others);
            })?;
            let assignments = assignments.into_iter().map(|assignment| {
                let (mut counts, of_enrolled) = counts.remove(&assignment.id).unwrap_or_default();
                counts.missing = enrolled.saturating_sub(of_enrolled);
                (assignment, counts)
            });
            let assignments = assignments.collect();
            let (students, next) = listed.finish();
            Ok(Overview {
                assignments,
                students,
                next,
            })
        })
        .await
}

/// The students of a page.
struct Listed {
    at_most: usize,
    students: Vec<Student>,
    places: HashMap<String, usize>,
    others: BTreeMap<String, Student>,
    next: Option<Place>,
}

impl Listed {
    fn new(at_most: usize) -> Self {
        Self {
            at_most,
            students: Vec::new(),
            places: HashMap::new(),
            others: BTreeMap::new(),
            next: None,
        }
    }

    /// Lists those who take the course; whether these are the last of them.
    fn enrolled(
        &mut self,
        conn: &mut Connection,
        wanted: Wanted<'_>,
        after: Option<&members::Place>,
    ) -> Result<bool> {
        let page = members::portion(conn, wanted, after, Portion::of(self.at_most))?;
        for member in page.people {
            let person = member.person;
            let username = person.username.to_string();
            self.places.insert(username.clone(), self.students.len());
            self.students.push(Student {
                username,
                first_name: person.first_name,
                last_name: person.last_name,
                enrolled: true,
                work: BTreeMap::new(),
            });
        }
        self.next = page.next.map(Place::Enrolled);
        Ok(self.next.is_none())
    }

    /// Adds work to the student whose it is, if they are on the page; those who don't take the course are, behind the
    /// name `others`.
    fn add(&mut self, assignment: i64, worker: Worker, work: Work, others: Option<&str>) {
        if worker.enrolled {
            if let Some(place) = self.places.get(&worker.username) {
                self.students[*place].work.insert(assignment, work);
            }
            return;
        }
        if others.is_none_or(|after| worker.username.as_str() <= after) {
            return;
        }
        let student = self.others.entry(worker.username.clone());
        let student = student.or_insert_with(|| Student {
            username: worker.username,
            first_name: worker.first_name,
            last_name: worker.last_name,
            enrolled: false,
            work: BTreeMap::new(),
        });
        student.work.insert(assignment, work);
        // One more than fit, so that it shows whether there are more.
        if self.others.len() > self.room() + 1 {
            self.others.pop_last();
        }
    }

    fn room(&self) -> usize {
        self.at_most - self.students.len()
    }

    fn finish(mut self) -> (Vec<Student>, Option<Place>) {
        let room = self.room();
        if self.others.len() > room {
            // Where none of them fits, they begin the next page.
            let last = room
                .checked_sub(1)
                .and_then(|last| self.others.keys().nth(last));
            self.next = Some(Place::Others(last.cloned().unwrap_or_default()));
        }
        self.students.extend(self.others.into_values().take(room));
        (self.students, self.next)
    }
}
