//! The OpenAPI document of the API below `v1/`. It is made from the signatures of the handlers, so it cannot differ
//! from their arguments and replies.

mod answer;
mod argument;
mod document;
mod operation;
mod parts;

pub use answer::{Answer, NoContent};
pub use argument::Argument;
pub use document::{Document, LateDocument};
pub use operation::{May, Operation, delete, get, head, patch, post, put};
pub use parts::Parts;
