//! Whatever is done and taken back, the course is as it was before, apart from what others did meanwhile.

use super::*;
use crate::board::Purpose;
use crate::files::intake::Intake;
use crate::files::parcel::Parcel;
use crate::releases::IfReleased;
use crate::roster::RosterUpdate;
use crate::submissions::{NewSubmission, Target};
use crate::trash::Position;
use crate::{Limits, Policy, Reused, board, course_settings, courses, feedback, submissions};
use nbcourier_blobs::LocalBlobs;
use nbcourier_domain::{Allowance, Dates, Extension, GroupRules, Person, RelativePath, Role};
use nbcourier_identity::{CallerKind, Credential};
use nbcourier_storage::{Opening, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::time::Duration;

const ASSIGNMENTS: [&str; 2] = ["ps1", "ps2"];
const STUDENTS: [&str; 3] = ["ada", "bob", "eve"];

/// Something that a person does.
#[derive(Debug, Clone)]
enum Act {
    Dates(usize, i64),
    Extend(usize, Vec<usize>, i64),
    EndExtension(usize, usize),
    Allow(Vec<usize>, i64),
    EndAllowance(usize),
    Enrol(Vec<(usize, u8)>),
    Appoint(usize),
    Remove(usize),
    Release(usize, u8),
    ReleaseAgain(usize, i64),
    Unrelease(usize),
    Delete(usize),
    DeleteSubmission(usize),
    DeleteFeedback(usize),
    Rename(u8),
}

fn acts() -> impl Strategy<Value = Act> {
    let assignment = 0..ASSIGNMENTS.len();
    let student = 0..STUDENTS.len();
    let several = prop::collection::vec(student.clone(), 1..3);
    let people = prop::collection::vec((student.clone(), 0..3_u8), 1..3);
    prop_oneof![
        (assignment.clone(), 1..9_i64).prop_map(|(of, due)| Act::Dates(of, due)),
        (several.clone(), 1..9_i64).prop_map(|(who, hours)| Act::Allow(who, hours)),
        student.clone().prop_map(Act::EndAllowance),
        (assignment.clone(), several, 1..9_i64)
            .prop_map(|(of, who, due)| Act::Extend(of, who, due)),
        (assignment.clone(), student.clone()).prop_map(|(of, who)| Act::EndExtension(of, who)),
        people.prop_map(Act::Enrol),
        student.clone().prop_map(Act::Appoint),
        student.clone().prop_map(Act::Remove),
        (assignment.clone(), 0..3_u8).prop_map(|(of, content)| Act::Release(of, content)),
        (assignment.clone(), 1..4_i64).prop_map(|(of, version)| Act::ReleaseAgain(of, version)),
        assignment.clone().prop_map(Act::Unrelease),
        assignment.prop_map(Act::Delete),
        student.clone().prop_map(Act::DeleteSubmission),
        student.prop_map(Act::DeleteFeedback),
        (0..3_u8).prop_map(Act::Rename),
    ]
}

fn course() -> CourseId {
    CourseId::parse("algebra").unwrap()
}

fn assignment(number: usize) -> AssignmentId {
    AssignmentId::parse(ASSIGNMENTS[number]).unwrap()
}

fn name(of: &str) -> UserName {
    UserName::parse(of).unwrap()
}

/// Returns the caller in a request with this ID.
fn caller(of: &str, request: &str) -> Caller {
    let is_admin = of == "admin";
    let caller = Caller::new(name(of), CallerKind::User, is_admin, Credential::Token);
    caller.in_request(request.to_owned())
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_micros(2_000_000_000_000_000 + day * 86_400_000_000)
}

fn parcel(exchange: &Exchange, content: &str) -> Parcel {
    let mut intake = Intake::new(exchange);
    intake.begin().unwrap();
    intake.write(content.as_bytes()).unwrap();
    intake
        .end(RelativePath::parse("problem.ipynb").unwrap())
        .unwrap();
    intake.finish().unwrap()
}

/// Returns an exchange with a course whose students have submitted and have feedback.
async fn exchange(directory: &std::path::Path) -> (Exchange, Vec<i64>) {
    let database = directory.join("nbcourier.db");
    let store = Store::open(&database.as_path().into(), Opening::Migrate).unwrap();
    let blobs = LocalBlobs::open(&directory.join("blobs")).unwrap();
    let policy = Policy {
        hub_groups: false,
        group_rules: Box::leak(Box::new(GroupRules::default())),
        explain: false,
        reused: Reused::Keep,
    };
    let limits = Limits {
        file_bytes: 1024,
        files: 10,
        tree_bytes: 10_240,
    };
    let exchange = Exchange::new(store, blobs.into(), policy, limits);
    let admin = caller("admin", "begin");
    let ready = courses::ready(&exchange, &admin, course()).await.unwrap();
    ready.create(vec![name("ira")]).await.unwrap();
    let mut works = Vec::new();
    for (number, _) in ASSIGNMENTS.iter().enumerate() {
        let ira = caller("ira", "begin");
        perform(&exchange, &ira, &Act::Release(number, 0), &[])
            .await
            .unwrap();
    }
    for (number, student) in STUDENTS.iter().enumerate() {
        let ira = caller("ira", "begin");
        perform(&exchange, &ira, &Act::Enrol(vec![(number, 0)]), &[])
            .await
            .unwrap();
        let new = NewSubmission {
            course: course(),
            assignment: assignment(0),
            student: Some(name(student)),
            key: None,
        };
        let ready = submissions::ready(&exchange, &ira, new).await.unwrap();
        let submitted = ready.submit(parcel(&exchange, student)).await.unwrap();
        let id = submitted.receipt.id;
        let ready = feedback::ready_on(&exchange, &ira, course(), Some(id))
            .await
            .unwrap();
        ready.give(parcel(&exchange, "good")).await.unwrap();
        works.push(id);
    }
    (exchange, works)
}

/// Does it, if it can be done.
async fn perform(exchange: &Exchange, caller: &Caller, act: &Act, works: &[i64]) -> Result<()> {
    match act {
        Act::Dates(of, day) => {
            let ready = dates::ready(exchange, caller, course(), assignment(*of)).await?;
            let dates = Dates {
                due_at: Some(at(*day)),
                ..Dates::default()
            };
            ready.set(dates).await
        }
        Act::Extend(of, students, day) => {
            let ready = board::ready_to_extend(exchange, caller, course(), assignment(*of)).await?;
            let noted = dates::NotedExtension {
                extension: Extension {
                    due_at: Some(at(*day)),
                    cutoff_at: None,
                },
                note: Some(format!("day {day}")),
            };
            let given = students
                .iter()
                .map(|who| (name(STUDENTS[*who]), noted.clone()));
            ready.extend(given.collect()).await
        }
        Act::EndExtension(of, student) => {
            let target = Target {
                course: course(),
                assignment: assignment(*of),
                student: name(STUDENTS[*student]),
            };
            dates::remove_extension(exchange, caller, target).await
        }
        Act::Allow(students, hours) => allow(exchange, caller, students, *hours).await,
        Act::EndAllowance(student) => {
            let student = name(STUDENTS[*student]);
            allowances::remove(exchange, caller, course(), student).await
        }
        Act::Enrol(people) => {
            let ready = roster::ready(exchange, caller, course()).await?;
            let people = people.iter().map(|(who, first)| {
                let first_name = (*first > 0).then(|| format!("First {first}"));
                let person = Person {
                    first_name,
                    ..Person::named(name(STUDENTS[*who]))
                };
                (Role::Student, person)
            });
            let people = people.collect();
            ready.change(people, RosterUpdate::Amend).await.map(drop)
        }
        Act::Appoint(who) => {
            let ready = roster::ready(exchange, caller, course()).await?;
            let person = Person::named(name(STUDENTS[*who]));
            let people = vec![(Role::Assistant, person)];
            ready.change(people, RosterUpdate::Amend).await.map(drop)
        }
        Act::Remove(who) => {
            roster::remove(exchange, caller, course(), name(STUDENTS[*who]), None).await
        }
        Act::Release(of, content) => {
            let replace = IfReleased::Replace;
            let ready =
                releases::ready(exchange, caller, course(), assignment(*of), replace).await?;
            let parcel = parcel(exchange, &format!("version {content}"));
            ready.release(parcel).await.map(drop)
        }
        Act::ReleaseAgain(of, version) => {
            let board =
                board::of(exchange, caller, course(), &assignment(*of), Purpose::Look).await?;
            let current = board.release.map(|(version, _)| version);
            let of = assignment(*of);
            let again = releases::again(exchange, caller, course(), of, *version, current);
            again.await.map(drop)
        }
        Act::Unrelease(of) => {
            releases::unrelease(exchange, caller, course(), assignment(*of)).await
        }
        Act::Delete(of) => {
            trash::delete_assignment(exchange, caller, course(), assignment(*of)).await
        }
        Act::DeleteSubmission(which) => {
            let id = works.get(*which).copied();
            trash::delete_submission(exchange, caller, course(), id).await
        }
        Act::DeleteFeedback(which) => {
            let id = works.get(*which).copied();
            trash::delete_feedback(exchange, caller, course(), id).await
        }
        Act::Rename(number) => {
            let ready = course_settings::ready(exchange, caller, course()).await?;
            let title = format!("Title {number}");
            let title = course_settings::CourseTitle::parse(&title).unwrap();
            let given = course_settings::GivenSettings {
                title: Some(title),
                ..course_settings::GivenSettings::default()
            };
            ready.set(given).await.map(drop)
        }
    }
}

/// Gives students an allowance.
async fn allow(exchange: &Exchange, caller: &Caller, students: &[usize], hours: i64) -> Result<()> {
    let ready = allowances::ready(exchange, caller, course(), Vec::new()).await?;
    let noted = allowances::NotedAllowance {
        allowance: Allowance::of_hours(hours).unwrap(),
        note: Some(format!("{hours} hours")),
    };
    let given = students
        .iter()
        .map(|who| (name(STUDENTS[*who]), noted.clone()));
    ready.give(given.collect()).await
}

/// The state of a course, as things with their texts.
type State = BTreeMap<String, String>;

async fn state(exchange: &Exchange) -> State {
    let admin = caller("admin", "look");
    let mut state = State::new();
    for number in 0..ASSIGNMENTS.len() {
        let of = || assignment(number);
        let Ok(board) = board::of(exchange, &admin, course(), &of(), Purpose::Look).await else {
            continue;
        };
        // An assignment without anything is as good as none.
        if board.dates != Dates::default() {
            state.insert(format!("dates {number}"), format!("{:?}", board.dates));
        }
        if let Some((version, _)) = board.release {
            state.insert(format!("release {number}"), format!("{version}"));
        }
        let extensions = dates::extensions(exchange, &admin, course(), of(), None, 100);
        for (student, noted) in extensions.await.unwrap().extensions {
            state.insert(
                format!("extension {number} {student}"),
                format!("{noted:?}"),
            );
        }
    }
    let allowances = allowances::page(exchange, &admin, course(), None, 100);
    for (student, noted) in allowances.await.unwrap().allowances {
        state.insert(format!("allowance {student}"), format!("{noted:?}"));
    }
    let roster = roster::page(exchange, &admin, course(), None, 100)
        .await
        .unwrap();
    for member in roster.people {
        let about = format!("{} {:?}", member.role, member.person);
        state.insert(format!("person {}", member.person.username), about);
    }
    let all = Duration::from_hours(1);
    let none: Option<(trash::Kind, Position)> = None;
    let trash = trash::list(exchange, &admin, course(), all, none, 100)
        .await
        .unwrap();
    for work in trash.submissions {
        state.insert(format!("submission {}", work.id), "deleted".to_owned());
    }
    for work in trash.feedback {
        state.insert(format!("feedback {}", work.id), "deleted".to_owned());
    }
    let settings = course_settings::read(exchange, &admin, course())
        .await
        .unwrap();
    state.insert("settings".to_owned(), format!("{settings:?}"));
    state
}

/// Returns the things that differ.
fn changed(one: &State, other: &State) -> BTreeSet<String> {
    let all = one.keys().chain(other.keys());
    let differing = all.filter(|thing| one.get(*thing) != other.get(*thing));
    differing.cloned().collect()
}

/// Does one thing, perhaps another one as another person, and takes the first back.
async fn try_out(
    exchange: &Exchange,
    works: &[i64],
    step: usize,
    first: &Act,
    other: Option<&Act>,
) {
    let request = format!("request {step}");
    let (ira, admin) = (caller("ira", &request), caller("admin", "other"));
    let before = state(exchange).await;
    if perform(exchange, &ira, first, works).await.is_err() {
        return;
    }
    let after = state(exchange).await;
    // What changes nothing may have no event.
    if changed(&before, &after).is_empty() {
        return;
    }
    let is_other_done = match other {
        Some(act) => perform(exchange, &admin, act, works).await.is_ok(),
        None => false,
    };
    let meanwhile = state(exchange).await;
    let mine = changed(&before, &after);
    let others = changed(&after, &meanwhile);
    let undone = undo(exchange, &caller("ira", "undo"), course(), request).await;
    let end = state(exchange).await;
    let what = format!("{first:?}, then {other:?}: {undone:?}");
    match undone {
        Ok(_) => {
            assert!(
                mine.is_disjoint(&others),
                "{what} overwrote what others did"
            );
            assert_eq!(changed(&meanwhile, &end), mine, "{what}");
            for thing in &mine {
                assert_eq!(end.get(thing), before.get(thing), "{what}: {thing}");
            }
        }
        Err(error) => {
            assert!(is_other_done, "{what}");
            assert!(
                matches!(error, Error::ChangedMeanwhile | Error::NotFound(_)),
                "{what}"
            );
            assert!(
                changed(&meanwhile, &end).is_empty(),
                "{what} changed something"
            );
        }
    }
}

#[test]
fn what_is_taken_back_is_as_it_was_and_nothing_else_changes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let steps = prop::collection::vec((acts(), prop::option::of(acts())), 1..12);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&steps, |steps| {
        let directory = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            let (exchange, works) = exchange(directory.path()).await;
            for (number, (first, other)) in steps.iter().enumerate() {
                try_out(&exchange, &works, number, first, other.as_ref()).await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn nobody_takes_back_what_another_person_did_or_what_they_may_not() {
    let directory = tempfile::tempdir().unwrap();
    let (exchange, works) = exchange(directory.path()).await;
    let act = Act::Extend(0, vec![0], 3);
    let ira = caller("ira", "mine");
    perform(&exchange, &ira, &act, &works).await.unwrap();
    let by_other = undo(
        &exchange,
        &caller("admin", "x"),
        course(),
        "mine".to_owned(),
    )
    .await;
    assert!(
        matches!(by_other, Err(Error::ChangedMeanwhile)),
        "{by_other:?}"
    );
    let admin = caller("admin", "x");
    let teacher = Some(Role::Instructor);
    let removed = roster::remove(&exchange, &admin, course(), name("ira"), teacher);
    removed.await.unwrap();
    let no_more = undo(&exchange, &caller("ira", "y"), course(), "mine".to_owned()).await;
    assert!(matches!(no_more, Err(Error::Denied(_))), "{no_more:?}");
    let extensions = dates::extensions(&exchange, &admin, course(), assignment(0), None, 10);
    assert_eq!(extensions.await.unwrap().extensions.len(), 1);
}
