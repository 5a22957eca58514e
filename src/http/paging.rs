//! Listings a page at a time: the arguments `limit` and `cursor`.

use super::error::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// How many items one reply holds at most.
pub const MOST: usize = 10_000;

/// Which page is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Paging {
    /// How many at most.
    #[schemars(with = "Option<u16>", range(min = 1, max = MOST))]
    pub limit: Option<String>,
    /// What an earlier reply gave as `next`.
    pub cursor: Option<String>,
}

/// How many items the reply may hold; `usual` where nothing is said.
pub fn limit(given: Option<&str>, usual: usize) -> Result<usize> {
    let Some(text) = given else {
        return Ok(usual);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Error::bad(format!("The limit is a number from 1 to {MOST}")))
}

/// Where the page begins, if not at the beginning; `parse` understands what the reply before gave as `next`.
pub fn cursor<T>(given: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    given
        .map(|text| parse(text).ok_or_else(|| Error::bad("Illegal cursor")))
        .transpose()
}
