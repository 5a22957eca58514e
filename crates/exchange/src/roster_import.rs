//! A list of people for a roster: what it would change, and the change as it was seen.

use super::op::CourseOp;
use super::policy::May;
use super::roster::{self, Known, Ready, RosterUpdate};
use super::{Error, PORTION, Result};
use nbcourier_domain::{Alike, LookAlikes, Person, Role, Sha256Sum};
use nbcourier_storage as store;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Maximum number of absent people, and of names that look alike, that a preview names.
const NAMED: usize = 100;

/// The changes that a list of people would make.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The effect on each person, in the order of the list.
    pub effects: Vec<Effect>,
    /// The first students of the course who are not in the list. They stay.
    pub absent: Vec<Person>,
    /// The number of all such students.
    pub absences: usize,
    /// Names of the list that people confuse with others of the list or of the course.
    pub alike: Vec<Alike>,
    /// The state of these people on the roster. It differs if they were changed meanwhile.
    pub seen: String,
    /// The rights of the caller.
    pub may: May,
}

/// The effect of a list on a person in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// They would be added.
    Added,
    /// Their role or details would change. This is what they were.
    Changed(Role, Person),
    /// They are on the roster like that already.
    Nothing,
    /// They have this role, and so cannot be students.
    Teaches(Role),
    /// Only people with other rights may give or change this role.
    NotAllowed(Role),
}

impl Effect {
    /// Whether the person cannot be added or changed.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Teaches(_) | Self::NotAllowed(_))
    }

    /// Whether the roster would change.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Added | Self::Changed(..))
    }

    fn of(op: &CourseOp<'_>, role: Role, person: &Person, known: &Known) -> Result<Self> {
        let before = known.role();
        if let Some(teacher) = before.filter(|before| before.is_staff())
            && role == Role::Student
        {
            return Ok(Self::Teaches(teacher));
        }
        let after = roster::complete(person.clone(), known.details());
        let was = known.details().cloned();
        let was = was.unwrap_or_else(|| Person::named(person.username.clone()));
        if before == Some(role) && after == was {
            return Ok(Self::Nothing);
        }
        let is_own = person.username == *op.caller.name();
        if !(before == Some(role) && is_own) {
            match op.standing.require_appointing(role, before) {
                Err(Error::InstructorsAreForAdmins { .. }) => {
                    return Ok(Self::NotAllowed(Role::Instructor));
                }
                Err(Error::Denied(_)) => return Ok(Self::NotAllowed(Role::Assistant)),
                other => other?,
            }
        }
        Ok(before.map_or(Self::Added, |before| Self::Changed(before, was)))
    }
}

/// The end of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// So many people were added, and so many changed.
    Done {
        /// The number of added people.
        added: usize,
        /// The number of changed people.
        changed: usize,
    },
    /// Nothing was changed, because the people were changed since they were looked at.
    ChangedMeanwhile,
    /// Nothing was changed, because so many people cannot be added or changed.
    Refused(usize),
}

impl Ready {
    /// Returns what the list would change. Each person may be named once. The number of SQL statements does not depend on
    /// the length of the list.
    pub async fn preview(&self, people: Vec<(Role, Person)>) -> Result<Preview> {
        let read = self.entry().read(move |op| {
            let mut names =
                LookAlikes::of(people.iter().map(|(_, person)| person.username.as_str()));
            let listed: HashSet<&str> = people
                .iter()
                .map(|(_, who)| who.username.as_str())
                .collect();
            let mut known: HashMap<String, Known> = HashMap::new();
            let (mut absent, mut absences) = (Vec::new(), 0);
            each_member(op, |member| {
                let name = member.person.username.as_str();
                names.compare(name);
                if listed.contains(name) {
                    known.insert(name.to_owned(), member.known);
                } else if member.known.role() == Some(Role::Student) {
                    absences += 1;
                    if absent.len() < NAMED {
                        absent.push(member.person);
                    }
                }
            })?;
            let effects = effects(op, &people, &known)?;
            Ok(Preview {
                effects,
                absent,
                absences,
                alike: names.found().take(NAMED).collect(),
                seen: seen(&people, &known),
                may: op.standing.into(),
            })
        });
        read.await
    }

    /// Adds and changes the people of the list, all or none, if they are on the roster as they were when `seen` was
    /// returned. With `leave_out`, people who cannot be added or changed are passed over.
    pub async fn import(
        self,
        people: Vec<(Role, Person)>,
        seen_before: String,
        leave_out: bool,
    ) -> Result<Imported> {
        let write = self.entry().write(move |op| {
            op.lock_course()?;
            let known = roster::named(op, &people)?;
            if seen(&people, &known) != seen_before {
                return Ok(Imported::ChangedMeanwhile);
            }
            let effects = effects(op, &people, &known)?;
            let refused = effects.iter().filter(|effect| effect.is_refused()).count();
            if refused > 0 && !leave_out {
                return Ok(Imported::Refused(refused));
            }
            let lines = people.iter().zip(&effects);
            let lines = lines.filter(|(_, effect)| effect.is_change());
            let lines: Vec<_> = lines.map(|(line, _)| line.clone()).collect();
            let made = roster::change(op, lines, RosterUpdate::Amend)?;
            Ok(Imported::Done {
                added: made.added,
                changed: made.updated,
            })
        });
        write.await
    }
}

fn effects(
    op: &CourseOp<'_>,
    people: &[(Role, Person)],
    known: &HashMap<String, Known>,
) -> Result<Vec<Effect>> {
    let nobody = Known::default();
    let effects = people.iter().map(|(role, person)| {
        let known = known.get(person.username.as_str()).unwrap_or(&nobody);
        Effect::of(op, *role, person, known)
    });
    effects.collect()
}

/// A member as the import knows them.
struct KnownMember {
    person: Person,
    known: Known,
}

/// Passes on all members of the course.
fn each_member(op: &mut CourseOp<'_>, mut take: impl FnMut(KnownMember)) -> Result<()> {
    let wanted = op.members(None);
    let mut after = 0;
    loop {
        let (found, is_more) = store::members::by_hand(op.conn, wanted, after, PORTION)?;
        after = found.last().map_or(after, |member| member.row);
        for member in found {
            take(KnownMember {
                known: Known::of(Some((member.role, member.person.clone())), member.by_group),
                person: member.person,
            });
        }
        if !is_more {
            break;
        }
    }
    let mut after = String::new();
    while wanted.group.is_some() {
        let (found, is_more) = store::members::by_group(op.conn, wanted, &after, PORTION)?;
        if let Some((last, _)) = found.last() {
            last.as_str().clone_into(&mut after);
        }
        for (name, role) in found {
            take(KnownMember {
                person: Person::named(name),
                known: Known::of(None, Some(role)),
            });
        }
        if !is_more {
            break;
        }
    }
    Ok(())
}

/// Returns a text that differs if what is known of one of the people differs.
fn seen(people: &[(Role, Person)], known: &HashMap<String, Known>) -> String {
    let mut hasher = Sha256::new();
    for (_, person) in people {
        let state = known.get(person.username.as_str());
        let state = state.map(|known| (known.by_hand.as_ref(), known.by_group));
        // The form is unambiguous, because texts are quoted in it.
        hasher.update(format!("{:?} {state:?}\n", person.username));
    }
    Sha256Sum(hasher.finalize().into()).to_string()
}
