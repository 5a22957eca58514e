//! Example courses for trying the exchange out, like those of ngshare's stand-alone mode. These operations check no
//! permission: the server offers them only stand-alone, on a loopback address, with debugging on.

use super::audit::{self, About, Action};
use super::files::checksums;
use super::files::intake::Intake;
use super::files::parcel::Parcel;
use super::{Error, Exchange, Result};
use nbcourier_domain::{AssignmentId, CourseId, Person, RelativePath, Role, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::reach::Reach;
use nbcourier_work::{Bug, blocking};
use serde_json::{Map, Value};

/// 2020-01-01 00:00:00 UTC.
const FIRST_SUBMISSION: Timestamp = Timestamp::from_micros(1_577_836_800_000_000);

/// Removes all data.
pub async fn clear(exchange: &Exchange) -> Result<()> {
    exchange
        .without_policy()
        .write(|conn| {
            store::demo::clear(conn)?;
            note(conn)
        })
        .await
}

/// Removes all data and creates two small courses.
pub async fn init(exchange: &Exchange) -> Result<()> {
    clear(exchange).await?;
    let fresh = exchange.clone();
    let parcels = blocking(move || {
        let one = |path, text| one_file(&fresh, path, text);
        Ok::<_, Error>([
            one("file2", "22222")?,
            one("file3", "33333")?,
            one("file4", "44444")?,
            one("file5", "55555")?,
            one("file0", "00000")?,
            one("file1", "11111")?,
        ])
    })
    .await??;
    let blobs = exchange.blobs.clone();
    exchange
        .without_policy()
        .write(move |conn| {
            let now = Timestamp::now();
            let mut trees = Vec::new();
            for parcel in &parcels {
                trees.push(parcel.save(conn, &blobs, &Reach::Nothing, now)?.id);
            }
            let [challenge, first, second, feedback, a, b] = trees[..] else {
                return Ok(());
            };
            let (kevin, lawrence) = (name("kevin")?, name("lawrence")?);
            let course = make_course(conn, "course1", &kevin, &lawrence, now)?;
            let id = release(conn, course, "challenge", challenge, &kevin, now)?;
            let of_2020 =
                store::submissions::insert(conn, id, &lawrence, None, first, FIRST_SUBMISSION)?;
            store::submissions::add(conn, id, &lawrence, None, second, now)?;
            store::feedback::replace(conn, of_2020, feedback, &kevin, now)?;
            let abigail = name("abigail")?;
            let course = make_course(conn, "course2", &abigail, &name("eric")?, now)?;
            release(conn, course, "assignment2a", a, &abigail, now)?;
            release(conn, course, "assignment2b", b, &abigail, now)?;
            note(conn)
        })
        .await
}

fn note(conn: &mut store::Connection) -> Result<()> {
    let (server, action) = (Caller::server(), Action::ExampleData);
    audit::note(conn, &server, action, About::default(), None)
}

/// Returns the visible data under the names of ngshare's tables.
pub async fn dump(exchange: &Exchange) -> Result<Map<String, Value>> {
    checksums::complete(exchange).await?;
    let dump = exchange
        .without_policy()
        .read(|conn| Ok(store::demo::dump(conn)?));
    dump.await
}

fn one_file(exchange: &Exchange, path: &str, text: &str) -> Result<Parcel> {
    let mut intake = Intake::new(exchange);
    intake.begin()?;
    intake.write(text.as_bytes())?;
    intake.end(RelativePath::parse(path).map_err(unfit)?)?;
    intake.finish()
}

fn make_course(
    conn: &mut store::Connection,
    course: &str,
    instructor: &UserName,
    student: &UserName,
    now: Timestamp,
) -> Result<i64> {
    let course = CourseId::parse(course).map_err(unfit)?;
    let id = store::courses::create(conn, &course, now)?
        .ok_or_else(|| Bug::new("the example data has a course twice"))?;
    store::members::put(
        conn,
        id,
        Role::Instructor,
        &[Person::named(instructor.clone())],
    )?;
    store::members::put(conn, id, Role::Student, &[Person::named(student.clone())])?;
    Ok(id)
}

fn release(
    conn: &mut store::Connection,
    course: i64,
    assignment: &str,
    tree: i64,
    by: &UserName,
    now: Timestamp,
) -> Result<i64> {
    let assignment = AssignmentId::parse(assignment).map_err(unfit)?;
    let id = store::assignments::obtain(conn, course, &assignment)?;
    store::assignments::release(conn, id, tree, by, now)?;
    Ok(id)
}

fn name(text: &str) -> Result<UserName> {
    UserName::parse(text).map_err(|error| unfit(error).into())
}

fn unfit(_: impl std::error::Error) -> Bug {
    Bug::new("the example data does not fit")
}
