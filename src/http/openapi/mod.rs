//! The OpenAPI document of the API below `v1/`, made from the handlers themselves: what one takes and replies is read
//! from its signature, so the document cannot say anything else.

mod answer;
mod argument;
mod document;
mod operation;
mod parts;

pub use answer::{Answer, Listing, NoContent};
pub use argument::{Argument, JsonBody, Query};
pub use document::Document;
pub use operation::{May, Operation, delete, get, post, put};
pub use parts::Parts;
