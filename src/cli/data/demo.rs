//! `nbcourier demo`: a demonstration course, so that every page of a new exchange shows something.

use crate::cli::Outcome;
use crate::cli::data_dir::{check_place, claim, open_blobs, operator, runtime, unbounded};
use crate::config::{PlaceArgs, Places};
use nbcourier_domain::{
    AssignmentId, CourseId, Dates, Extension, Person, RelativePath, Role, Timestamp, UserName,
};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::intake::Intake;
use nbcourier_exchange::files::parcel::Parcel;
use nbcourier_exchange::imports::{Assignment, Importer, Submission, Version};
use nbcourier_storage::{Opening, Store};
use std::error::Error;
use std::process::ExitCode;

/// Create a demonstration course in an empty data directory: a class of 40 with submissions and feedback
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    places: PlaceArgs,
}

const COURSE: &str = "demo";
const TEACHER: &str = "teacher";
const ADMIN: &str = "root";
/// A course in the trash, so that the page of the trash shows one.
const DELETED: &str = "demo-of-last-year";
const MINUTE: i64 = 60 * 1_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The students: user name, first name and last name.
const STUDENTS: [(&str, &str, &str); 40] = [
    ("student", "Sam", "Sample"),
    ("amara", "Amara", "Okafor"),
    ("anders", "Anders", "Lindqvist"),
    ("aylin", "Aylin", "Demir"),
    ("beatriz", "Beatriz", "Sousa"),
    ("ben", "Ben", "Fischer"),
    ("camille", "Camille", "Lefèvre"),
    ("chidi", "Chidi", "Eze"),
    ("clara", "Clara", "Weiß"),
    ("daniel", "Daniel", "Novák"),
    ("elena", "Elena", "Ivanova"),
    ("emile", "Émile", "Girard"),
    ("fatima", "Fatima", "El Amrani"),
    ("finn", "Finn", "Jansen"),
    ("gabriel", "Gabriel", "Moreau"),
    ("hana", "Hana", "Çelik"),
    ("hiro", "Hiro", "Tanaka"),
    ("ines", "Inés", "Navarro"),
    ("isak", "Isak", "Åberg"),
    ("jana", "Jana", "Kowalska"),
    ("jun", "Jun", "Park"),
    ("kira", "Kira", "Petrenko"),
    ("lars", "Lars", "Øvregaard"),
    ("leila", "Leila", "Haddad"),
    ("lin", "Lin", "Chen"),
    ("lucia", "Lucía", "Ramos"),
    ("marek", "Marek", "Dvořák"),
    ("maya", "Maya", "Singh"),
    ("mehmet", "Mehmet", "Yıldız"),
    ("mia", "Mia", "Hofer"),
    ("nadia", "Nadia", "Benali"),
    ("noor", "Noor", "Rahman"),
    ("olga", "Olga", "Sidorova"),
    ("pablo", "Pablo", "Vidal"),
    ("priya", "Priya", "Nair"),
    ("quinn", "Quinn", "Murphy"),
    ("rosa", "Rosa", "Bianchi"),
    ("tariq", "Tariq", "Aziz"),
    ("ursula", "Ursula", "Graf"),
    ("yusuf", "Yusuf", "Kaya"),
];

/// An assignment of the course.
struct Plan {
    name: &'static str,
    /// The due time, relative to now.
    due: i64,
    /// How many of ten students submit.
    of_ten: usize,
    /// Whether there is feedback.
    feedback: bool,
}

const PLANS: [Plan; 4] = [
    Plan {
        name: "ps1",
        due: -19 * DAY + 5 * HOUR,
        of_ten: 10,
        feedback: true,
    },
    Plan {
        name: "ps2",
        due: -7 * DAY,
        of_ten: 9,
        feedback: true,
    },
    Plan {
        name: "ps3",
        due: HOUR,
        of_ten: 6,
        feedback: false,
    },
    Plan {
        name: "ps4",
        due: 7 * DAY,
        of_ten: 0,
        feedback: false,
    },
];

pub fn run(arguments: &Arguments) -> Outcome {
    let places = Places::new(&arguments.places)?;
    let _lock = claim(&places)?;
    let store = Store::open(&places.database, Opening::Migrate)?;
    let blobs = open_blobs(&places)?;
    runtime()?.block_on(async {
        check_place(&store, &blobs).await?;
        let exchange = unbounded(store, blobs);
        fill(&exchange).await
    })?;
    println!(
        "The course {COURSE} has {} students and {} assignments. Serve it with: nbcourier serve --standalone --admins {ADMIN} \
         --data-dir {}\nOpen its pages as {TEACHER}, who teaches, as student, or as {ADMIN}, the administrator.",
        STUDENTS.len(),
        PLANS.len(),
        places.data_dir.display()
    );
    Ok(ExitCode::SUCCESS)
}

async fn fill(exchange: &Exchange) -> Result<(), Box<dyn Error>> {
    let operator = operator()?;
    let courses = nbcourier_exchange::courses::list(exchange, &operator, None, 1).await?;
    if let Some(course) = courses.courses.first() {
        return Err(format!(
            "There is a course already, {}: the demonstration needs an empty data directory. Name another one with \
             --data-dir",
            course.name
        )
        .into());
    }
    let importer = Importer::new(exchange, &operator, "demonstration")?;
    let now = Timestamp::now();
    let course = CourseId::parse(COURSE)?;
    importer
        .course(course.clone(), moved(now, -28 * DAY))
        .await?;
    importer.people(course.clone(), people()?).await?;
    let teacher = UserName::parse(TEACHER)?;
    for (place, plan) in PLANS.iter().enumerate() {
        let due = moved(now, plan.due);
        let version = Version {
            parcel: parcel(exchange, &release_of(plan.name))?,
            at: moved(due.min(now), -6 * DAY),
            by: Some(teacher.clone()),
        };
        let extension = Extension {
            due_at: Some(moved(due, 2 * DAY)),
            cutoff_at: None,
        };
        let extended = ["hana", "tariq"].map(UserName::parse);
        let [one, two] = extended;
        let assignment = Assignment {
            name: AssignmentId::parse(plan.name)?,
            versions: vec![version],
            shown: Some(0),
            dates: Some(Dates {
                opens_at: None,
                due_at: Some(due),
                cutoff_at: Some(moved(due, 3 * DAY)),
            }),
            extensions: vec![(one?, extension), (two?, extension)],
        };
        importer.assignment(course.clone(), assignment).await?;
        for (number, (student, ..)) in STUDENTS.iter().enumerate() {
            // Scattered, and the same each time.
            let chance = (number * 7 + place * 3) % 10;
            if chance >= plan.of_ten {
                continue;
            }
            let student = UserName::parse(*student)?;
            let at = last_time(plan, number, place, now)?;
            // Some try several times before.
            for earlier in (0..=(number * 3 + place) % 4).rev() {
                let before = i64::try_from(earlier * (20 + number))?;
                let at = moved(at, -before * MINUTE);
                let is_last = earlier == 0;
                let submission = submission(
                    exchange,
                    plan,
                    (number, student.clone()),
                    at,
                    is_last.then_some(now),
                )?;
                importer.submission(course.clone(), submission).await?;
            }
        }
    }
    let deleted = CourseId::parse(DELETED)?;
    importer
        .course(deleted.clone(), moved(now, -300 * DAY))
        .await?;
    nbcourier_exchange::courses::delete(exchange, &operator, deleted).await?;
    Ok(())
}

fn people() -> Result<Vec<(Role, Person)>, Box<dyn Error>> {
    let mut people = vec![(
        Role::Instructor,
        Person {
            first_name: Some("Tara".to_owned()),
            last_name: Some("Teacher".to_owned()),
            email: Some("teacher@example.edu".to_owned()),
            ..Person::named(UserName::parse(TEACHER)?)
        },
    )];
    for (username, first, last) in STUDENTS {
        people.push((
            Role::Student,
            Person {
                first_name: Some(first.to_owned()),
                last_name: Some(last.to_owned()),
                email: Some(format!("{username}@example.edu")),
                ..Person::named(UserName::parse(username)?)
            },
        ));
    }
    Ok(people)
}

/// Returns the time of the last submission of the student with that number to the assignment at that place.
fn last_time(
    plan: &Plan,
    number: usize,
    place: usize,
    now: Timestamp,
) -> Result<Timestamp, Box<dyn Error>> {
    // Most submit in the last hours, and some after the due time.
    let scattered = i64::try_from((number * number * 13 + place * 377) % 1400)?;
    let minutes = scattered * scattered / 1400;
    let is_late = plan.due < 0 && number % 9 == 4;
    let before = if is_late { -minutes / 4 } else { minutes };
    let end = moved(now, plan.due.min(0));
    Ok(moved(end, -before * MINUTE - 1_000_000).min(now))
}

/// Returns a submission. The last one of a student has feedback if there is some at the time `now`.
fn submission(
    exchange: &Exchange,
    plan: &Plan,
    (number, student): (usize, UserName),
    at: Timestamp,
    now: Option<Timestamp>,
) -> Result<Submission, Box<dyn Error>> {
    let answer = format!(
        "{{\"cells\": [{{\"cell_type\": \"code\", \"source\": \"answer = {number}\"}}], \"nbformat\": 4}}"
    );
    let now = now.filter(|_| plan.feedback && number % 8 != 5);
    let feedback = if let Some(now) = now {
        let html = format!(
            "<!doctype html><title>{0}</title><h1>Feedback on {0}</h1><p>Points: {1} of 10.</p>",
            plan.name,
            5 + number % 6
        );
        vec![Version {
            parcel: parcel(exchange, &[("problem1.html", html)])?,
            at: moved(at, 4 * DAY).min(now),
            by: Some(UserName::parse(TEACHER)?),
        }]
    } else {
        Vec::new()
    };
    Ok(Submission {
        assignment: AssignmentId::parse(plan.name)?,
        student,
        at,
        by: None,
        work: parcel(exchange, &[("problem1.ipynb", answer)])?,
        feedback,
    })
}

fn release_of(name: &str) -> [(&'static str, String); 2] {
    [
        (
            "problem1.ipynb",
            format!("{{\"cells\": [], \"metadata\": {{\"title\": \"{name}\"}}, \"nbformat\": 4}}"),
        ),
        ("data/values.csv", "x,y\n1,2\n2,4\n3,6\n".to_owned()),
    ]
}

fn parcel(exchange: &Exchange, files: &[(&str, String)]) -> Result<Parcel, Box<dyn Error>> {
    let mut intake = Intake::new(exchange);
    for (path, content) in files {
        intake.begin()?;
        intake.write(content.as_bytes())?;
        intake.end(RelativePath::parse(*path)?)?;
    }
    Ok(intake.finish()?)
}

const fn moved(time: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_micros(time.micros() + by)
}
