//! Listings a page at a time: the arguments `limit` and `cursor`.

use super::error::{Error, Result};
use super::receive::Fields;

/// How many items one reply holds at most.
pub const MOST: usize = 10_000;

/// How many items the reply may hold; `usual` where nothing is said.
pub fn limit(fields: &Fields, usual: usize) -> Result<usize> {
    let Some(text) = fields.given("limit")? else {
        return Ok(usual);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Error::bad(format!("The limit is a number from 1 to {MOST}")))
}

/// Where the page begins, if not at the beginning; `parse` understands what the reply before gave as `next`.
pub fn cursor<T>(fields: &Fields, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    fields
        .given("cursor")?
        .map(|text| parse(text).ok_or_else(|| Error::bad("Illegal cursor")))
        .transpose()
}
