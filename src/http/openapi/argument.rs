//! The arguments of handlers, with their descriptions for the OpenAPI document.

use super::Parts;
use actix_web::{HttpRequest, web};
use nbcourier_auth::Caller;

/// A value that a handler takes from a request.
pub trait Argument {
    /// Describes what a client has to send for it.
    fn describe(_: &mut Parts) {}
}

impl<T> Argument for web::Data<T> {}
impl Argument for Caller {}
impl Argument for HttpRequest {}

macro_rules! several {
    ($($argument:ident)*) => {
        impl<$($argument: Argument),*> Argument for ($($argument,)*) {
            fn describe(parts: &mut Parts) {
                $($argument::describe(parts);)*
                let _ = parts;
            }
        }
    };
}

several!();
several!(A);
several!(A B);
several!(A B C);
several!(A B C D);
several!(A B C D E);
several!(A B C D E F);
several!(A B C D E F G);
