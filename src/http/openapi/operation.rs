//! An operation: a method and a path, who does the work, and all that the document says about it.

use super::{Answer, Argument, Parts};
use crate::http::error::Result;
use actix_web::{FromRequest, Handler, Route, web};

/// Whom the operation is for; everybody else gets 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Everybody with a token.
    Everybody,
    /// Who is in the course, and admins.
    Members,
    /// The student named, who teaches the course, and admins.
    SelfOrInstructors,
    /// Who teaches the course, and admins.
    Instructors,
    /// Admins.
    Admins,
}

impl May {
    /// The sentence that the document has about it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Everybody => "For everybody who is known.",
            Self::Members => "For instructors and students of the course, and for admins.",
            Self::SelfOrInstructors => {
                "For the student concerned, for instructors of the course, and for admins."
            }
            Self::Instructors => "For instructors of the course, and for admins.",
            Self::Admins => "For admins.",
        }
    }
}

/// One line of the route table.
pub struct Operation {
    /// In capital letters.
    pub method: &'static str,
    /// Below the prefix, with `{names}` in it.
    pub path: &'static str,
    /// Whether its replies grow with a course, so that they are compressed.
    pub grows: bool,
    /// Who may ask.
    pub may: May,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// What else is to be known, or nothing.
    pub details: &'static str,
    /// The failures of its own, beside those that arguments bring.
    pub failures: Vec<(u16, &'static str)>,
    /// Tells what the handler takes and replies.
    pub describe: fn(&mut Parts),
    route: Box<dyn Fn() -> Route>,
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
            route: Box::new(move || begin().to(handler.clone())),
        }
    }

    /// More about it than the summary says.
    #[must_use]
    pub fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// It may fail with this status; the sentence as clients get it, or about it.
    #[must_use]
    pub fn fails(mut self, status: u16, sentence: &'static str) -> Self {
        self.failures.push((status, sentence));
        self
    }

    /// What answers.
    pub fn route(&self) -> Route {
        (self.route)()
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
    /// Reads.
    get,
    "GET"
);
constructor!(
    /// Puts something in its place; twice is as once.
    put,
    "PUT"
);
constructor!(
    /// Does something.
    post,
    "POST"
);
constructor!(
    /// Takes something away.
    delete,
    "DELETE"
);
