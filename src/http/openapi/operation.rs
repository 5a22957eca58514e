//! An operation: its method and path, its handler, and its description in the document.

use super::{Answer, Argument, Parts};
use crate::http::error::Result;
use crate::http::handler::{AnyHandler, any};
use actix_web::{FromRequest, Handler, Route, web};

/// The callers of an operation. All others get 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Everybody with a token.
    Everybody,
    /// Members of the course, and admins.
    Members,
    /// Members of the course, registrars, and admins.
    MembersAndRegistrars,
    /// The student named, instructors and assistants of the course, and admins.
    SelfOrStaff,
    /// Instructors and assistants of the course, and admins.
    Staff,
    /// Instructors of the course, and admins.
    Instructors,
    /// Instructors and assistants of the course, registrars, and admins.
    RosterReaders,
    /// Instructors of the course, registrars, and admins.
    RosterKeepers,
    /// Everybody with that level of access to the directory. Those without any get 404.
    ReadersOfDirectory,
    /// The same for writers.
    WritersOfDirectory,
    /// The same for admins of the directory.
    AdminsOfDirectory,
    /// Admins.
    Admins,
}

impl May {
    /// Returns the sentence about it in the document.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Everybody => "For every known caller.",
            Self::Members => "For members of the course, and for admins.",
            Self::MembersAndRegistrars => {
                "For members of the course, for registrars, and for admins."
            }
            Self::SelfOrStaff => {
                "For the student concerned, for instructors and assistants of the course, and for admins."
            }
            Self::Staff => "For instructors and assistants of the course, and for admins.",
            Self::Instructors => "For instructors of the course, and for admins.",
            Self::RosterReaders => {
                "For instructors and assistants of the course, for registrars, and for admins."
            }
            Self::RosterKeepers => "For instructors of the course, for registrars, and for admins.",
            Self::ReadersOfDirectory => {
                "For everybody who can read the directory. All others get 404."
            }
            Self::WritersOfDirectory => {
                "For everybody who can write the directory. Those who cannot read it get 404."
            }
            Self::AdminsOfDirectory => {
                "For admins of the directory. Those who cannot read it get 404."
            }
            Self::Admins => "For admins.",
        }
    }
}

/// A row of the route table.
pub struct Operation {
    /// The method in capital letters.
    pub method: &'static str,
    /// The path below the prefix, with `{names}` in it.
    pub path: &'static str,
    /// Whether the replies grow with a course, so that they are compressed.
    pub grows: bool,
    /// The callers who may use the operation.
    pub may: May,
    /// The purpose of the operation, in a few words.
    pub summary: &'static str,
    /// Further details, or an empty text.
    pub details: &'static str,
    /// The failures of the operation itself. Its arguments add theirs.
    pub failures: Vec<(u16, &'static str)>,
    /// Describes the arguments and the reply of the handler.
    pub describe: fn(&mut Parts),
    begin: fn() -> Route,
    handler: AnyHandler,
}

impl Operation {
    fn new<H, A, R>(
        (method, begin): (&'static str, fn() -> Route),
        path: &'static str,
        handler: H,
        may: May,
        summary: &'static str,
    ) -> Self
    where
        H: Handler<A, Output = Result<R>>,
        A: FromRequest + Argument + 'static,
        R: Answer,
    {
        Self {
            method,
            path,
            grows: R::GROWS,
            may,
            summary,
            details: "",
            failures: Vec::new(),
            describe: |parts| {
                A::describe(parts);
                R::describe(parts);
            },
            begin,
            handler: any(handler),
        }
    }

    /// Adds details to the summary.
    #[must_use]
    pub fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Adds a failure with this status. The sentence is the message that clients get, or describes it.
    #[must_use]
    pub fn fails(mut self, status: u16, sentence: &'static str) -> Self {
        self.failures.push((status, sentence));
        self
    }

    /// Returns the route of the handler.
    pub fn route(&self) -> Route {
        (self.begin)().to(self.handler.clone())
    }
}

macro_rules! constructor {
    ($(#[$doc:meta])* $name:ident, $method:literal) => {
        $(#[$doc])*
        pub fn $name<H, A, R>(
            path: &'static str,
            handler: H,
            may: May,
            summary: &'static str,
        ) -> Operation
        where
            H: Handler<A, Output = Result<R>>,
            A: FromRequest + Argument + 'static,
            R: Answer,
        {
            Operation::new(($method, web::$name), path, handler, may, summary)
        }
    };
}

constructor!(
    /// Returns an operation that reads.
    get,
    "GET"
);
constructor!(
    /// Returns an operation that replaces something. Repeating it changes nothing.
    put,
    "PUT"
);
constructor!(
    /// Returns an operation that changes something, once per request.
    post,
    "POST"
);
constructor!(
    /// Returns an operation that removes something.
    delete,
    "DELETE"
);
constructor!(
    /// Returns an operation that changes a part of something.
    patch,
    "PATCH"
);
constructor!(
    /// Returns an operation that replies with the headers of a read.
    head,
    "HEAD"
);
