//! The route table: every address of the server, with its handler, who may call it, and how its reply is sent.

use super::handler::any;
use super::openapi::May::{
    Admins, AdminsOfDirectory, Everybody, Instructors, Members, MembersAndRegistrars,
    ReadersOfDirectory, RosterKeepers, RosterReaders, SelfOrStaff, Staff, WritersOfDirectory,
};
use super::openapi::{Operation, delete, get, head, patch, post, put};
use super::pages::admin;
use super::pages::course::{
    activity, allowance, board, dates, done, figures, import, more_time, notebooks, people,
    release, settings, shares as linked, starts, trash, versions,
};
use super::pages::directory::{
    all, change, folder, settings as facts, sharing, source, trash as thrown, versions as kept,
};
use super::pages::student::{feedback as own_feedback, submission, upload};
use super::pages::{self, contents, course, failure, formulas, home, login, me, receipts, shared};
use super::{health, hooks, metrics, ngshare, v1};
use Access::{Caller, Open, Page};
use Reply::{Compressed, Files, Short};
use Served::{Always, WithMetrics, WithoutHub};
use actix_web::{Route, web};
use std::fmt;

/// The pattern of the router for `{path}`, the rest of an address, which may hold slashes.
pub const REST_OF_PATH: &str = "{path:.*}";

/// A line of the table.
pub struct Address {
    /// In capital letters.
    pub method: &'static str,
    /// The path with `{names}`: below the prefix, or from the root if it begins with `/`.
    pub path: &'static str,
    /// The callers that it admits.
    pub access: Access,
    /// How the reply is sent.
    pub reply: Reply,
    /// When the server has it.
    pub served: Served,
    /// The handler.
    pub route: Route,
}

/// The callers that an address admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Everybody. An unknown caller is sent to the login.
    Page,
    /// Known callers. The operation decides what they may do.
    Caller,
}

/// How the reply of an address is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// It is short.
    Short,
    /// It grows with the stored files. It is base64 of contents that are mostly compressed already, so compressing it
    /// again would take more time than the network.
    Files,
    /// It grows with a course, and is compressed for clients that accept that.
    Compressed,
}

/// When the server has an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Always.
    Always,
    /// If metrics are served on this address.
    WithMetrics,
    /// In stand-alone mode.
    WithoutHub,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Page => "page",
            Self::Caller => "caller",
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "short",
            Self::Files => "files",
            Self::Compressed => "compressed",
        })
    }
}

type Row = (
    &'static str,
    &'static str,
    Access,
    Reply,
    Served,
    fn() -> Route,
);

/// The table without the part below `v1/`.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Probes and metrics, at the root and below the prefix.
    ("GET",    "/healthz",                                     Open,   Short,      Always,      || web::get().to(any(health::healthz))),
    ("GET",    "/readyz",                                      Open,   Short,      Always,      || web::get().to(any(health::readyz))),
    ("GET",    "/metrics",                                     Open,   Short,      WithMetrics, || web::get().to(any(metrics::show))),
    ("GET",    "healthz",                                      Open,   Short,      Always,      || web::get().to(any(health::healthz))),
    ("GET",    "readyz",                                       Open,   Short,      Always,      || web::get().to(any(health::readyz))),
    ("GET",    "metrics",                                      Open,   Short,      WithMetrics, || web::get().to(any(metrics::show))),
    // Pages for people, and the login.
    ("GET",    "",                                             Page,   Short,      Always,      || web::get().to(any(home::home))),
    ("GET",    "login",                                        Open,   Short,      Always,      || web::get().to(any(login::login))),
    ("GET",    "oauth_callback",                               Open,   Short,      Always,      || web::get().to(any(login::oauth_callback))),
    ("POST",   "logout",                                       Open,   Short,      Always,      || web::post().to(any(login::logout))),
    ("POST",   "login",                                        Open,   Short,      WithoutHub,  || web::post().to(any(login::claim))),
    ("GET",    "me",                                           Page,   Short,      Always,      || web::get().to(any(me::show))),
    ("POST",   "me",                                           Page,   Short,      Always,      || web::post().to(any(me::save))),
    ("GET",    "language/{tag}",                               Open,   Short,      Always,      || web::get().to(any(me::language))),
    ("GET",    "help",                                         Page,   Short,      Always,      || web::get().to(any(home::help))),
    ("GET",    "receipts",                                     Page,   Short,      Always,      || web::get().to(any(receipts::show))),
    ("POST",   "receipts",                                     Page,   Short,      Always,      || web::post().to(any(receipts::check))),
    ("GET",    "static/{file}",                                Open,   Compressed, Always,      || web::get().to(any(pages::file))),
    ("GET",    "static/katex-0.19.1/{path}",                   Open,   Compressed, Always,      || web::get().to(any(formulas::file))),
    ("GET",    "favicon.ico",                                  Open,   Short,      Always,      || web::get().to(any(pages::icon))),
    ("GET",    "c/{course}",                                   Page,   Compressed, Always,      || web::get().to(any(course::course))),
    ("GET",    "c/{course}/a/{assignment}",                    Page,   Compressed, Always,      || web::get().to(any(course::assignment))),
    ("GET",    "c/{course}/a/{assignment}/zip",                Page,   Files,      Always,      || web::get().to(any(versions::as_zip))),
    ("GET",    "c/{course}/a/{assignment}/files/{path}",       Page,   Files,      Always,      || web::get().to(any(versions::file))),
    ("GET",    "c/{course}/a/{assignment}/look/{path}",        Page,   Short,      Always,      || web::get().to(any(versions::look))),
    ("GET",    "c/{course}/a/{assignment}/versions",           Page,   Compressed, Always,      || web::get().to(any(versions::show))),
    ("GET",    "c/{course}/a/{assignment}/versions/again",     Page,   Short,      Always,      || web::get().to(any(release::ask_again))),
    ("POST",   "c/{course}/a/{assignment}/versions/again",     Page,   Short,      Always,      || web::post().to(any(release::again))),
    ("GET",    "c/{course}/a/{assignment}/versions/add",       Page,   Short,      Always,      || web::get().to(any(release::ask_files))),
    ("POST",   "c/{course}/a/{assignment}/versions/add",       Page,   Short,      Always,      || web::post().to(any(release::add_files))),
    ("GET",    "c/{course}/a/{assignment}/take-back",          Page,   Short,      Always,      || web::get().to(any(release::ask_back))),
    ("POST",   "c/{course}/a/{assignment}/take-back",          Page,   Short,      Always,      || web::post().to(any(release::take_back))),
    ("GET",    "c/{course}/a/{assignment}/delete",             Page,   Short,      Always,      || web::get().to(any(release::ask_delete))),
    ("POST",   "c/{course}/a/{assignment}/delete",             Page,   Short,      Always,      || web::post().to(any(release::delete))),
    ("GET",    "c/{course}/a/{assignment}/submit",             Page,   Short,      Always,      || web::get().to(any(upload::show))),
    ("POST",   "c/{course}/a/{assignment}/submit",             Page,   Short,      Always,      || web::post().to(any(upload::submit))),
    ("GET",    "c/{course}/everybody",                         Page,   Compressed, Always,      || web::get().to(any(course::everybody))),
    ("GET",    "c/{course}/activity",                          Page,   Compressed, Always,      || web::get().to(any(activity::show))),
    ("GET",    "c/{course}/figures",                           Page,   Compressed, Always,      || web::get().to(any(figures::show))),
    ("GET",    "c/{course}/notebooks",                         Page,   Compressed, Always,      || web::get().to(any(notebooks::show))),
    ("GET",    "c/{course}/notebooks.csv",                     Page,   Compressed, Always,      || web::get().to(any(notebooks::table))),
    ("GET",    "c/{course}/starts",                            Page,   Compressed, Always,      || web::get().to(any(starts::show))),
    ("GET",    "c/{course}/trash",                             Page,   Compressed, Always,      || web::get().to(any(trash::show))),
    ("POST",   "c/{course}/trash",                             Page,   Short,      Always,      || web::post().to(any(trash::restore))),
    ("GET",    "c/{course}/shares",                            Page,   Compressed, Always,      || web::get().to(any(linked::show))),
    ("POST",   "c/{course}/shares",                            Page,   Short,      Always,      || web::post().to(any(linked::revoke))),
    ("GET",    "c/{course}/shares/{id}",                       Page,   Short,      Always,      || web::get().to(any(linked::look))),
    ("GET",    "c/{course}/settings",                          Page,   Compressed, Always,      || web::get().to(any(settings::show))),
    ("POST",   "c/{course}/settings",                          Page,   Short,      Always,      || web::post().to(any(settings::set))),
    ("POST",   "c/{course}/delete",                            Page,   Short,      Always,      || web::post().to(any(settings::delete))),
    ("POST",   "c/{course}/undo",                              Page,   Short,      Always,      || web::post().to(any(done::take_back))),
    ("GET",    "c/{course}/people",                            Page,   Compressed, Always,      || web::get().to(any(people::show))),
    ("POST",   "c/{course}/people",                            Page,   Short,      Always,      || web::post().to(any(people::add))),
    ("GET",    "c/{course}/people.csv",                        Page,   Compressed, Always,      || web::get().to(any(people::table))),
    ("GET",    "c/{course}/import",                            Page,   Short,      Always,      || web::get().to(any(import::show))),
    ("POST",   "c/{course}/import",                            Page,   Compressed, Always,      || web::post().to(any(import::receive))),
    ("GET",    "c/{course}/import/example.csv",                Page,   Short,      Always,      || web::get().to(any(import::example))),
    ("GET",    "c/{course}/remove",                     Page,   Short,      Always,      || web::get().to(any(people::ask))),
    ("POST",   "c/{course}/remove",                     Page,   Short,      Always,      || web::post().to(any(people::remove))),
    ("GET",    "c/{course}/people/{user}",                     Page,   Compressed, Always,      || web::get().to(any(allowance::person))),
    ("POST",   "c/{course}/people/{user}/allowance",           Page,   Short,      Always,      || web::post().to(any(allowance::give))),
    ("POST",   "c/{course}/people/{user}/allowance/remove",    Page,   Short,      Always,      || web::post().to(any(allowance::take_back))),
    ("GET",    "live/{course}/{assignment}",                   Caller, Compressed, Always,      || web::get().to(any(board::live))),
    ("GET",    "c/{course}/a/{assignment}/collected.zip",      Page,   Files,      Always,      || web::get().to(any(board::collected))),
    ("GET",    "c/{course}/a/{assignment}/dates",              Page,   Short,      Always,      || web::get().to(any(dates::show))),
    ("POST",   "c/{course}/a/{assignment}/dates",              Page,   Short,      Always,      || web::post().to(any(dates::set))),
    ("GET",    "c/{course}/a/{assignment}/more-time",          Page,   Compressed, Always,      || web::get().to(any(more_time::show))),
    ("POST",   "c/{course}/a/{assignment}/more-time",          Page,   Short,      Always,      || web::post().to(any(more_time::give))),
    ("POST",   "c/{course}/a/{assignment}/more-time/remove",   Page,   Short,      Always,      || web::post().to(any(more_time::take_back))),
    ("GET",    "c/{course}/s/{id}",                            Page,   Compressed, Always,      || web::get().to(any(submission::show))),
    ("GET",    "c/{course}/s/{id}/receipt.json",               Page,   Short,      Always,      || web::get().to(any(submission::receipt))),
    ("GET",    "c/{course}/s/{id}/zip",                        Page,   Files,      Always,      || web::get().to(any(submission::as_zip))),
    ("GET",    "c/{course}/s/{id}/files/{path}",               Page,   Files,      Always,      || web::get().to(any(submission::file))),
    ("GET",    "c/{course}/s/{id}/look/{path}",                Page,   Short,      Always,      || web::get().to(any(submission::look))),
    ("GET",    "c/{course}/s/{id}/feedback",                   Page,   Compressed, Always,      || web::get().to(any(own_feedback::show))),
    ("GET",    "c/{course}/s/{id}/feedback/zip",               Page,   Files,      Always,      || web::get().to(any(own_feedback::as_zip))),
    ("GET",    "c/{course}/s/{id}/feedback/files/{path}",      Page,   Files,      Always,      || web::get().to(any(own_feedback::file))),
    ("GET",    "c/{course}/s/{id}/feedback/read/{path}",       Page,   Short,      Always,      || web::get().to(any(own_feedback::read))),
    ("GET",    "c/{course}/s/{id}/feedback/formulas/{path}",   Page,   Short,      Always,      || web::get().to(any(own_feedback::with_formulas))),
    ("GET",    "view/{ticket}/{path}",                         Open,   Files,      Always,      || web::get().to(any(contents::show))),
    ("GET",    "shared",                                       Page,   Compressed, Always,      || web::get().to(any(shared::list))),
    ("POST",   "shared",                                       Page,   Short,      Always,      || web::post().to(any(shared::revoke))),
    ("GET",    "shared/{token}",                               Page,   Short,      Always,      || web::get().to(any(shared::show))),
    ("GET",    "shared/{token}/page",                          Open,   Files,      Always,      || web::get().to(any(shared::contents))),
    ("GET",    "shared/{token}/source",                        Page,   Files,      Always,      || web::get().to(any(shared::source))),
    ("GET",    "c/{path}",                                     Page,   Short,      Always,      || web::get().to(any(failure::no_such_page))),
    ("GET",    "d",                                            Page,   Compressed, Always,      || web::get().to(any(all::show))),
    ("GET",    "d/new",                                        Page,   Short,      Always,      || web::get().to(any(all::ask))),
    ("POST",   "d/new",                                        Page,   Short,      Always,      || web::post().to(any(all::make))),
    ("GET",    "d/trash",                                      Page,   Compressed, Always,      || web::get().to(any(thrown::show))),
    ("POST",   "d/trash",                                      Page,   Short,      Always,      || web::post().to(any(thrown::restore))),
    ("GET",    "d/{owner}/{directory}",                        Page,   Compressed, Always,      || web::get().to(any(folder::show))),
    ("GET",    "d/{owner}/{directory}/in/{path}",              Page,   Compressed, Always,      || web::get().to(any(folder::below))),
    ("GET",    "d/{owner}/{directory}/files/{path}",           Page,   Files,      Always,      || web::get().to(any(folder::file))),
    ("GET",    "d/{owner}/{directory}/look/{path}",            Page,   Short,      Always,      || web::get().to(any(folder::look))),
    ("GET",    "d/{owner}/{directory}/zip",                    Page,   Files,      Always,      || web::get().to(any(folder::as_zip))),
    ("POST",   "d/{owner}/{directory}/upload",                 Page,   Short,      Always,      || web::post().to(any(change::upload))),
    ("POST",   "d/{owner}/{directory}/folder",                 Page,   Short,      Always,      || web::post().to(any(change::make_folder))),
    ("POST",   "d/{owner}/{directory}/remove",                 Page,   Short,      Always,      || web::post().to(any(change::remove))),
    ("POST",   "d/{owner}/{directory}/copy",                   Page,   Short,      Always,      || web::post().to(any(change::copy))),
    ("GET",    "d/{owner}/{directory}/versions",               Page,   Compressed, Always,      || web::get().to(any(kept::show))),
    ("POST",   "d/{owner}/{directory}/versions",               Page,   Short,      Always,      || web::post().to(any(kept::change))),
    ("GET",    "d/{owner}/{directory}/sharing",                Page,   Compressed, Always,      || web::get().to(any(sharing::show))),
    ("POST",   "d/{owner}/{directory}/sharing",                Page,   Short,      Always,      || web::post().to(any(sharing::set))),
    ("GET",    "d/{owner}/{directory}/settings",               Page,   Short,      Always,      || web::get().to(any(facts::show))),
    ("POST",   "d/{owner}/{directory}/settings",               Page,   Short,      Always,      || web::post().to(any(facts::set))),
    ("GET",    "d/{owner}/{directory}/source",                 Page,   Compressed, Always,      || web::get().to(any(source::show))),
    ("POST",   "d/{owner}/{directory}/source",                 Page,   Compressed, Always,      || web::post().to(any(source::set))),
    ("POST",   "d/{owner}/{directory}/source/steps",           Page,   Short,      Always,      || web::post().to(any(source::step))),
    ("POST",   "d/{owner}/{directory}/delete",                 Page,   Short,      Always,      || web::post().to(any(facts::delete))),
    ("GET",    "d/{path}",                                     Page,   Short,      Always,      || web::get().to(any(failure::no_such_page))),
    ("GET",    "admin",                                        Page,   Short,      Always,      || web::get().to(any(admin::state))),
    ("GET",    "live/state",                                   Caller, Short,      Always,      || web::get().to(any(admin::live))),
    ("GET",    "admin/courses",                                Page,   Compressed, Always,      || web::get().to(any(admin::courses))),
    ("POST",   "admin/courses",                                Page,   Short,      Always,      || web::post().to(any(admin::create))),
    ("GET",    "admin/people",                                 Page,   Compressed, Always,      || web::get().to(any(admin::people))),
    ("GET",    "admin/storage",                                Page,   Short,      Always,      || web::get().to(any(admin::storage))),
    ("GET",    "admin/events",                                 Page,   Compressed, Always,      || web::get().to(any(admin::events))),
    ("GET",    "admin/trash",                                  Page,   Compressed, Always,      || web::get().to(any(admin::trash))),
    ("POST",   "admin/trash",                                  Page,   Short,      Always,      || web::post().to(any(admin::restore))),
    ("GET",    "admin/settings",                               Page,   Short,      Always,      || web::get().to(any(admin::settings))),
    ("GET",    "admin/registrars",                             Page,   Short,      Always,      || web::get().to(any(admin::registrars))),
    ("GET",    "admin/{path}",                                 Page,   Short,      Always,      || web::get().to(any(failure::no_such_page))),
    ("GET",    "initialize-Data6ase",                          Open,   Short,      WithoutHub,  || web::get().to(any(ngshare::debug::initialize))),
    // Calls of services that host repositories.
    ("POST",   "hooks/{id}",                                   Open,   Short,      Always,      || web::post().to(any(hooks::called))),
    // ngshare's protocol.
    ("GET",    "courses",                                      Caller, Compressed, Always,      || web::get().to(any(ngshare::courses::list))),
    ("POST",   "course/{course}",                              Caller, Short,      Always,      || web::post().to(any(ngshare::courses::create))),
    ("DELETE", "course/{course}",                              Caller, Short,      Always,      || web::delete().to(any(ngshare::courses::delete))),
    ("GET",    "instructors/{course}",                         Caller, Compressed, Always,      || web::get().to(any(ngshare::instructors::list))),
    ("GET",    "instructor/{course}/{user}",                   Caller, Short,      Always,      || web::get().to(any(ngshare::instructors::show))),
    ("POST",   "instructor/{course}/{user}",                   Caller, Short,      Always,      || web::post().to(any(ngshare::instructors::put))),
    ("DELETE", "instructor/{course}/{user}",                   Caller, Short,      Always,      || web::delete().to(any(ngshare::instructors::remove))),
    ("GET",    "students/{course}",                            Caller, Compressed, Always,      || web::get().to(any(ngshare::students::list))),
    ("POST",   "students/{course}",                            Caller, Short,      Always,      || web::post().to(any(ngshare::students::put_many))),
    ("GET",    "student/{course}/{user}",                      Caller, Short,      Always,      || web::get().to(any(ngshare::students::show))),
    ("POST",   "student/{course}/{user}",                      Caller, Short,      Always,      || web::post().to(any(ngshare::students::put))),
    ("DELETE", "student/{course}/{user}",                      Caller, Short,      Always,      || web::delete().to(any(ngshare::students::remove))),
    ("GET",    "assignments/{course}",                         Caller, Compressed, Always,      || web::get().to(any(ngshare::assignments::list))),
    ("GET",    "assignment/{course}/{assignment}",             Caller, Files,      Always,      || web::get().to(any(ngshare::assignments::fetch))),
    ("POST",   "assignment/{course}/{assignment}",             Caller, Short,      Always,      || web::post().to(any(ngshare::assignments::release))),
    ("DELETE", "assignment/{course}/{assignment}",             Caller, Short,      Always,      || web::delete().to(any(ngshare::assignments::unrelease))),
    ("GET",    "submissions/{course}/{assignment}",            Caller, Compressed, Always,      || web::get().to(any(ngshare::submissions::list))),
    ("GET",    "submissions/{course}/{assignment}/{user}",     Caller, Compressed, Always,      || web::get().to(any(ngshare::submissions::list_of))),
    ("POST",   "submission/{course}/{assignment}",             Caller, Short,      Always,      || web::post().to(any(ngshare::submissions::submit))),
    ("GET",    "submission/{course}/{assignment}/{user}",      Caller, Files,      Always,      || web::get().to(any(ngshare::submissions::collect))),
    ("GET",    "feedback/{course}/{assignment}/{user}",        Caller, Files,      Always,      || web::get().to(any(ngshare::feedback::fetch))),
    ("POST",   "feedback/{course}/{assignment}/{user}",        Caller, Short,      Always,      || web::post().to(any(ngshare::feedback::give))),
];

/// Returns the whole table.
pub fn routes() -> Vec<Address> {
    let table = TABLE
        .iter()
        .map(|&(method, path, access, reply, served, route)| Address {
            method,
            path,
            access,
            reply,
            served,
            route: route(),
        });
    let below_v1 = operations().into_iter().map(Address::from);
    table.chain(below_v1).collect()
}

impl From<Operation> for Address {
    fn from(operation: Operation) -> Self {
        Self {
            method: operation.method,
            path: operation.path,
            access: Access::Caller,
            reply: if operation.grows {
                Reply::Compressed
            } else {
                Reply::Short
            },
            served: Served::Always,
            route: operation.route(),
        }
    }
}

/// Returns the part of the table below `v1/`. The OpenAPI document is made from it: what a handler takes and replies is
/// read from its signature, and whether the reply is compressed from the type of the reply.
pub fn operations() -> Vec<Operation> {
    let parts = [
        courses(),
        starts_and_events(),
        activity_of_courses(),
        assignments(),
        allowances(),
        submissions_and_receipts(),
        feedback(),
        shared_pages(),
        // `v1/trash/directories` before `v1/trash/{id}`, since the router takes the first that fits.
        directories(),
        sources_of_directories(),
        versions_of_directories(),
        contents_of_directories(),
        overview_and_trash(),
    ];
    parts.into_iter().flatten().collect()
}

fn courses() -> Vec<Operation> {
    vec![
        get(
            "v1/openapi.json",
            v1::openapi::show,
            Everybody,
            "Get this document",
        ),
        get(
            "v1/courses",
            v1::courses::list,
            Everybody,
            "List the caller's courses, or all courses for an administrator or a registrar",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/settings",
            v1::course_settings::show,
            MembersAndRegistrars,
            "Get the settings of a course",
        ),
        put(
            "v1/courses/{course}/settings",
            v1::course_settings::set,
            Instructors,
            "Set the settings of a course",
        )
        .details("An absent title or time zone is removed. Other absent settings stay as they are.")
        .fails(400, "The title is empty. Give one, or leave it out to remove it")
        .fails(
            400,
            "The time zone \"CET+1\" is unknown. Use the name of a zone in the IANA database, such as Europe/Berlin",
        )
        .fails(409, "The operator of this exchange does not let courses count the work on notebooks"),
        get(
            "v1/courses/{course}/roster",
            v1::roster::list,
            RosterReaders,
            "List the members of a course",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/roster",
            v1::roster::put,
            RosterKeepers,
            "Add people or update their details, all or none",
        )
        .details(
            "Only an admin adds instructors, or changes the details of other instructors. Only instructors and admins add \
             or change assistants.",
        )
        .fails(400, "Illegal user id")
        .fails(409, "Cannot add instructor as student")
        .fails(409, "Cannot add assistant as student"),
        delete(
            "v1/courses/{course}/roster/{user}",
            v1::roster::remove,
            RosterKeepers,
            "Remove a person from the roster. Their submissions stay",
        )
        .details("Only an admin removes instructors. Only instructors and admins remove assistants.")
        .fails(409, "A member by a group of JupyterHub"),
        get(
            "v1/courses/{course}/presence",
            v1::presence::list,
            Staff,
            "List the students with the last time at which they were seen",
        )
        .details(
            "The hub says it if the service has the scopes `list:users`, `read:users:activity` and `read:servers`. It is \
             asked at most every five minutes.",
        )
        .fails(400, "Illegal cursor"),
    ]
}

fn starts_and_events() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/starts",
            v1::starts::list,
            Staff,
            "List the deliveries at the starts of servers, the newest first",
        )
        .details("A page with long reports has fewer items than its limit. They are kept for 90 days, the last 50 of each person.")
        .fails(400, "Illegal cursor")
        .fails(400, "Illegal user id")
        .fails(400, "outcome is updated, unchanged, partly or failed"),
        post(
            "v1/courses/{course}/starts",
            v1::starts::note,
            Members,
            "Report a delivery at the start of the caller's server",
        )
        .details("The body has at most 16 KiB.")
        .fails(400, "Illegal directory name")
        .fails(400, "The version is a number from 1"),
        get(
            "v1/courses/{course}/events",
            v1::events::list,
            Staff,
            "List the events of a course, the last first",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect"),
        get(
            "v1/events",
            v1::events::list_all,
            Admins,
            "List the events of all courses, deleted courses, and of no course",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect"),
    ]
}

fn activity_of_courses() -> Vec<Operation> {
    vec![
        get(
            "v1/activity",
            v1::activity::courses,
            Everybody,
            "List the courses in which the caller's work on notebooks is counted",
        ),
        post(
            "v1/activity",
            v1::activity::note,
            Everybody,
            "Report work of the caller on notebooks",
        )
        .details("The body has at most 256 KiB. A report that is sent twice counts twice.")
        .fails(400, "A report has at most 200 items"),
        get(
            "v1/courses/{course}/activity",
            v1::activity::list,
            Members,
            "Sum up the work on the notebooks of a course",
        )
        .details("Students see only their own work. Daily sums are kept for 180 days, unless the operator chose another time.")
        .fails(400, "Illegal cursor")
        .fails(400, "Illegal user id")
        .fails(400, "Illegal path")
        .fails(400, "A day is written like 2026-11-30")
        .fails(400, "by is student, notebook or day"),
    ]
}

fn allowances() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/allowances",
            v1::allowances::list,
            Staff,
            "List the students who always have more time",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/allowances/{user}",
            v1::allowances::set,
            Staff,
            "Give a student more time for every assignment of the course",
        )
        .details(
            "The hours are added to the due time and to the cut-off for everybody. An extension counts where it is later.",
        )
        .fails(400, "An allowance is from 1 to 8760 hours"),
        delete(
            "v1/courses/{course}/allowances/{user}",
            v1::allowances::remove,
            Staff,
            "Remove a student's allowance",
        )
        .fails(404, "Allowance not found"),
    ]
}

fn assignments() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/assignments",
            v1::assignments::list,
            Members,
            "List the released assignments",
        )
        .fails(400, "Illegal cursor"),
        delete(
            "v1/courses/{course}/assignments/{assignment}",
            v1::trash::delete_assignment,
            Instructors,
            "Move an assignment with all its submissions to the trash",
        ),
        put(
            "v1/courses/{course}/assignments/{assignment}/dates",
            v1::dates::set,
            Instructors,
            "Set the opening time, due time and cut-off of an assignment",
        )
        .details("The assignment need not be released yet. An absent date is removed.")
        .fails(400, "Time format incorrect")
        .fails(
            400,
            "An assignment opens first, then is due, then is cut off",
        ),
        get(
            "v1/courses/{course}/assignments/{assignment}/history",
            v1::history::releases,
            Staff,
            "List the released versions",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/fetches",
            v1::seen::fetches,
            Staff,
            "List the students who have fetched an assignment, with the version",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/extensions",
            v1::dates::list,
            Staff,
            "List the extensions of an assignment",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
            v1::dates::extend,
            Staff,
            "Set a student's extension",
        )
        .fails(400, "Time format incorrect")
        .fails(400, "Please supply due_at or cutoff_at")
        .fails(
            400,
            "An assignment opens first, then is due, then is cut off",
        ),
        delete(
            "v1/courses/{course}/assignments/{assignment}/extensions/{user}",
            v1::dates::remove,
            Staff,
            "Remove a student's extension",
        )
        .fails(404, "Extension not found"),
        get(
            "v1/courses/{course}/assignments/{assignment}/gradebook",
            v1::dates::for_gradebook,
            Staff,
            "Get the data for a gradebook: dates, extensions and students",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/assignments/{assignment}/tree",
            v1::releases::tree,
            Members,
            "Get the files of a released assignment",
        )
        .details("Only instructors and assistants get other versions than the released one.")
        .fails(400, "The version is a number")
        .fails(404, "Version not found"),
        put(
            "v1/courses/{course}/assignments/{assignment}/tree",
            v1::releases::put,
            Instructors,
            "Release the next version of an assignment",
        )
        .details("The files of the current version make no new version.")
        .fails(409, "Assignment already exists"),
        delete(
            "v1/courses/{course}/assignments/{assignment}/release",
            v1::releases::unrelease,
            Instructors,
            "Withdraw a release. Versions, submissions and feedback stay",
        ),
    ]
}

fn submissions_and_receipts() -> Vec<Operation> {
    vec![
        post(
            "v1/courses/{course}/assignments/{assignment}/submissions",
            v1::submit::submit,
            Members,
            "Submit",
        )
        .details(
            "Only instructors and assistants submit for other people. No cut-off applies to them.",
        )
        .fails(404, "Student not found")
        .fails(409, "Too late: the cut-off is over")
        .fails(409, "The student has submitted as often as allowed"),
        get(
            "v1/courses/{course}/assignments/{assignment}/collect",
            v1::collect::collect,
            Staff,
            "Get each student's latest submission",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Time format incorrect")
        .fails(404, "Student not found"),
        get(
            "v1/courses/{course}/submissions",
            v1::submissions::list,
            Members,
            "List submissions and their feedback",
        )
        .details("Submissions to assignments that are not released now are not listed.")
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found")
        .fails(404, "Student not found"),
        delete(
            "v1/courses/{course}/submissions/{id}",
            v1::trash::delete_submission,
            Instructors,
            "Move a submission to the trash",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/history",
            v1::history::feedback,
            SelfOrStaff,
            "List all feedback on a submission",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/submissions/{id}/tree",
            v1::submissions::tree,
            SelfOrStaff,
            "Get the files of a submission",
        ),
        get(
            "v1/courses/{course}/submissions/{id}/receipt",
            v1::receipts::show,
            SelfOrStaff,
            "Get the receipt of a submission",
        ),
        post(
            "v1/receipts/verify",
            v1::receipts::verify,
            Everybody,
            "Verify a receipt",
        ),
    ]
}

fn feedback() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/submissions/{id}/feedback",
            v1::feedback::tree,
            SelfOrStaff,
            "Get the files of the feedback on a submission",
        )
        .fails(404, "Feedback not found"),
        delete(
            "v1/courses/{course}/submissions/{id}/feedback",
            v1::trash::delete_feedback,
            Instructors,
            "Move all feedback on a submission to the trash",
        )
        .fails(404, "Feedback not found"),
        post(
            "v1/courses/{course}/assignments/{assignment}/feedback",
            v1::feedback::give_all,
            Staff,
            "Give feedback on many submissions, all or none",
        )
        .details("The files for a submission are below its number: `ID/PATH`.")
        .fails(404, "Submission 17 not found"),
        post(
            "v1/courses/{course}/submissions/{id}/feedback",
            v1::feedback::give,
            Staff,
            "Give feedback on a submission",
        )
        .fails(404, "Assignment not found"),
        get(
            "v1/courses/{course}/feedback",
            v1::feedback::of_course,
            Members,
            "Get the feedback of a course, or a student's own",
        )
        .fails(400, "Illegal cursor")
        .fails(404, "Assignment not found"),
    ]
}

fn shared_pages() -> Vec<Operation> {
    use v1::shares;
    vec![
        post(
            "v1/shares",
            shares::create,
            Members,
            "Share a page by a link",
        )
        .details(
            "The course must allow the audience. A student cannot share a notebook of an assignment until its cut-off \
             has passed for all students.",
        )
        .fails(400, "The title of a shared page is one line of 1 to 200 bytes")
        .fails(400, "The audience is course or hub")
        .fails(400, "A page is shared for 1 to 90 days")
        .fails(403, "The course does not allow pages for this audience")
        .fails(403, "A notebook of an assignment has this name, and its cut-off has not passed for all students")
        .fails(404, "Course not found")
        .fails(409, "The caller shares 50 pages, which is the maximum. Revoke one first"),
        get(
            "v1/shares",
            shares::list,
            Everybody,
            "List the caller's links to shared pages, the newest first",
        )
        .fails(400, "Illegal cursor"),
        delete(
            "v1/shares/{id}",
            shares::revoke,
            Everybody,
            "Revoke a link to a shared page",
        )
        .details("For the person who shared the page, for instructors and assistants of its course, and for admins. Others get 404."),
        get(
            "v1/courses/{course}/shares",
            shares::of_course,
            Staff,
            "List the links to pages that members of a course share, the newest first",
        )
        .fails(400, "Illegal cursor"),
    ]
}

fn overview_and_trash() -> Vec<Operation> {
    vec![
        get(
            "v1/courses/{course}/overview",
            v1::overview::show,
            Staff,
            "Show who has submitted and who has not",
        )
        .fails(400, "Illegal cursor"),
        get(
            "v1/courses/{course}/trash",
            v1::trash::list,
            Instructors,
            "List the trash of a course",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/courses/{course}/trash/assignments/{id}",
            v1::trash::restore_assignment,
            Instructors,
            "Restore a deleted assignment",
        )
        .fails(404, "Assignment not found")
        .fails(409, "Assignment already exists"),
        post(
            "v1/courses/{course}/trash/submissions/{id}",
            v1::trash::restore_submission,
            Instructors,
            "Restore a deleted submission",
        ),
        post(
            "v1/courses/{course}/trash/feedback/{id}",
            v1::trash::restore_feedback,
            Instructors,
            "Restore the deleted feedback on a submission",
        )
        .fails(404, "Feedback not found"),
        get(
            "v1/trash",
            v1::trash::list_courses,
            Admins,
            "List the deleted courses",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/trash/{id}",
            v1::trash::restore_course,
            Admins,
            "Restore a deleted course with all its content",
        )
        .fails(404, "Course not found")
        .fails(409, "Course already exists"),
    ]
}

fn directories() -> Vec<Operation> {
    use v1::directories::{self, grants};
    vec![
        get(
            "v1/directories",
            directories::list,
            Everybody,
            "List the directories that the caller can read",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "reach is own, granted or everybody")
        .fails(400, "deliver is start or any"),
        post(
            "v1/directories",
            directories::create,
            Everybody,
            "Create an empty directory of the caller, or of a course",
        )
        .details("Only instructors of a course create directories of it. Only admins create directories of others.")
        .fails(400, "Illegal directory name")
        .fails(403, "Permission denied")
        .fails(404, "Course not found")
        .fails(409, "Directory already exists")
        .fails(409, "The owner has as many directories as the limit allows"),
        get(
            "v1/directories/{owner}/{directory}",
            directories::show,
            ReadersOfDirectory,
            "Get a directory with its current version",
        ),
        patch(
            "v1/directories/{owner}/{directory}",
            directories::change,
            AdminsOfDirectory,
            "Rename a directory, or change its description or delivery",
        )
        .fails(400, "Illegal directory name")
        .fails(409, "Directory already exists"),
        delete(
            "v1/directories/{owner}/{directory}",
            directories::delete,
            AdminsOfDirectory,
            "Move a directory to the trash",
        ),
        get(
            "v1/directories/{owner}/{directory}/grants",
            grants::list,
            ReadersOfDirectory,
            "List the grants of a directory",
        )
        .details("Those who are not admins of the directory get only the grants to themselves."),
        put(
            "v1/directories/{owner}/{directory}/grants",
            grants::replace,
            AdminsOfDirectory,
            "Replace all grants of a directory",
        )
        .fails(400, "A sentence that names an unusable grant")
        .fails(404, "Course not found"),
        post(
            "v1/directories/{owner}/{directory}/copies",
            directories::copy,
            ReadersOfDirectory,
            "Copy a version to a new directory of the caller",
        )
        .details("The copy takes no space until it is changed.")
        .fails(400, "Illegal directory name")
        .fails(404, "Version not found")
        .fails(409, "Directory already exists")
        .fails(413, "A quota is exceeded; nothing was stored"),
    ]
}

fn sources_of_directories() -> Vec<Operation> {
    use v1::sources;
    const SOURCE: &str = "v1/courses/{course}/directories/{name}/source";
    vec![
        put(
            SOURCE,
            sources::set,
            Instructors,
            "Make a directory of a course follow a repository",
        )
        .details(
            "The server looks at once, and then regularly. The first reply has the secret of the hook, which no later one has.",
        )
        .fails(400, "A sentence that names an unusable setting")
        .fails(400, "The host of the repository has an address inside the network"),
        get(
            SOURCE,
            sources::show,
            Staff,
            "Get the repository that a directory follows",
        )
        .fails(404, "Source not found"),
        delete(
            SOURCE,
            sources::remove,
            Instructors,
            "Make a directory follow nothing. Its files stay",
        )
        .fails(404, "Source not found"),
        post(
            "v1/courses/{course}/directories/{name}/source/pull",
            sources::pull,
            Instructors,
            "Make the server look at the repository now",
        )
        .fails(404, "Source not found"),
        get(
            "v1/courses/{course}/directories/{name}/source/runs",
            sources::runs,
            Staff,
            "List the last looks at the repository, the newest first",
        )
        .fails(404, "Source not found"),
    ]
}

fn versions_of_directories() -> Vec<Operation> {
    use v1::directories::{self, versions};
    vec![
        get(
            "v1/directories/{owner}/{directory}/versions",
            versions::list,
            ReadersOfDirectory,
            "List the kept versions, the newest first",
        )
        .fails(400, "Illegal cursor"),
        put(
            "v1/directories/{owner}/{directory}/versions/{version}/label",
            versions::set_label,
            WritersOfDirectory,
            "Set or remove the label of a version, with which it is kept",
        )
        .fails(400, "A label is one line of 1 to 200 bytes"),
        post(
            "v1/directories/{owner}/{directory}/versions/{version}/restore",
            versions::restore,
            WritersOfDirectory,
            "Make a version with the files of an earlier one",
        )
        .fails(
            409,
            "The directory follows a repository (`urn:nbcourier:from-source`)",
        )
        .fails(413, "A quota is exceeded; nothing was stored"),
        get(
            "v1/directories/{owner}/{directory}/history",
            versions::of_path,
            ReadersOfDirectory,
            "List the kept versions in which a path or anything below it changed, the newest first",
        )
        .fails(400, "Illegal cursor")
        .fails(400, "Please supply path"),
        get(
            "v1/trash/directories",
            directories::trash,
            Everybody,
            "List the deleted directories that the caller can restore",
        )
        .fails(400, "Illegal cursor"),
        post(
            "v1/trash/directories/{id}",
            directories::restore,
            Everybody,
            "Restore a deleted directory with its history",
        )
        .fails(404, "Directory not found")
        .fails(409, "Directory already exists"),
    ]
}

fn contents_of_directories() -> Vec<Operation> {
    use v1::directories::{changes, contents};
    const FILE: &str = "v1/directories/{owner}/{directory}/files/{path}";
    vec![
        get(
            "v1/directories/{owner}/{directory}/entries",
            contents::entries,
            ReadersOfDirectory,
            "List the files and directories in a version",
        )
        .details("A page of a listing with a pattern may have fewer entries than its limit.")
        .fails(400, "Illegal cursor")
        .fails(400, "depth is 1 or all")
        .fails(404, "Path not found")
        .fails(404, "Version not found"),
        get(
            "v1/directories/{owner}/{directory}/tree",
            contents::tree,
            ReadersOfDirectory,
            "Get the files of a version, or those below a directory",
        )
        .fails(404, "Path not found")
        .fails(404, "Version not found"),
        get(FILE, contents::get, ReadersOfDirectory, "Get a file")
            .fails(404, "Version not found"),
        head(
            FILE,
            contents::get,
            ReadersOfDirectory,
            "Get the size and the checksum of a file",
        )
        .fails(404, "Version not found"),
        put(FILE, contents::put, WritersOfDirectory, "Store a file")
            .details("The directories above it are made.")
            .fails(400, "Illegal path")
            .fails(409, "A directory has the path; nothing was changed (`urn:nbcourier:conflict`)"),
        delete(
            FILE,
            contents::remove,
            WritersOfDirectory,
            "Remove a file or directory",
        )
        .fails(400, "recursive is true or false")
        .fails(409, "A directory has entries; nothing was changed (`urn:nbcourier:conflict`)"),
        get(
            "v1/directories/{owner}/{directory}/changes",
            changes::list,
            ReadersOfDirectory,
            "List the paths that have changed after a version, or wait for a change",
        )
        .fails(400, "Illegal cursor")
        .fails(
            410,
            "The changes since the version are not kept (`urn:nbcourier:too-old`)",
        ),
        post(
            "v1/directories/{owner}/{directory}/changes",
            changes::commit,
            WritersOfDirectory,
            "Apply operations one after the other, all or none",
        )
        .details("If the paths are already as the operations want them, nothing changes.")
        .fails(
            409,
            "Paths are not as the operations require; nothing was changed (`urn:nbcourier:conflict`)",
        ),
    ]
}
