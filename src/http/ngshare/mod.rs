//! The wire protocol of ngshare, as its clients use it. `api-specifications.md` describes it.

mod assignments;
mod courses;
mod debug;
mod feedback;
mod instructors;
mod students;
mod submissions;

use super::error::{Error, Result};
use actix_web::{HttpResponse, Route, web};

/// A method, a path below the prefix, and the route that answers.
pub type Entry = (&'static str, &'static str, fn() -> Route);

/// All addresses of the protocol.
pub const ROUTES: &[Entry] = &[
    ("GET", "courses", || web::get().to(courses::list)),
    ("POST", "course/{course}", || {
        web::post().to(courses::create)
    }),
    ("DELETE", "course/{course}", || {
        web::delete().to(courses::delete)
    }),
    ("GET", "instructors/{course}", || {
        web::get().to(instructors::list)
    }),
    ("GET", "instructor/{course}/{user}", || {
        web::get().to(instructors::show)
    }),
    ("POST", "instructor/{course}/{user}", || {
        web::post().to(instructors::put)
    }),
    ("DELETE", "instructor/{course}/{user}", || {
        web::delete().to(instructors::remove)
    }),
    ("GET", "students/{course}", || web::get().to(students::list)),
    ("POST", "students/{course}", || {
        web::post().to(students::put_many)
    }),
    ("GET", "student/{course}/{user}", || {
        web::get().to(students::show)
    }),
    ("POST", "student/{course}/{user}", || {
        web::post().to(students::put)
    }),
    ("DELETE", "student/{course}/{user}", || {
        web::delete().to(students::remove)
    }),
    ("GET", "assignments/{course}", || {
        web::get().to(assignments::list)
    }),
    ("GET", "assignment/{course}/{assignment}", || {
        web::get().to(assignments::fetch)
    }),
    ("POST", "assignment/{course}/{assignment}", || {
        web::post().to(assignments::release)
    }),
    ("DELETE", "assignment/{course}/{assignment}", || {
        web::delete().to(assignments::unrelease)
    }),
    ("GET", "submissions/{course}/{assignment}", || {
        web::get().to(submissions::list)
    }),
    ("GET", "submissions/{course}/{assignment}/{user}", || {
        web::get().to(submissions::list_of)
    }),
    ("POST", "submission/{course}/{assignment}", || {
        web::post().to(submissions::submit)
    }),
    ("GET", "submission/{course}/{assignment}/{user}", || {
        web::get().to(submissions::collect)
    }),
    ("GET", "feedback/{course}/{assignment}/{user}", || {
        web::get().to(feedback::fetch)
    }),
    ("POST", "feedback/{course}/{assignment}/{user}", || {
        web::post().to(feedback::give)
    }),
];

/// The address that creates and shows example data. It exists only stand-alone.
pub const DEBUG_ROUTES: &[Entry] = &[("GET", "initialize-Data6ase", || {
    web::get().to(debug::initialize)
})];

/// Answers a path below the prefix that matches no route.
pub async fn no_such_path() -> Result<HttpResponse> {
    Err(Error::NoSuchPath)
}

/// Answers a method that the path does not support.
pub async fn no_such_method() -> Result<HttpResponse> {
    Err(Error::NoSuchMethod)
}

/// Returns the reply of an operation that succeeds without data.
fn done() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "success": true }))
}
