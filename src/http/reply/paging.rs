//! Pages of listings: the arguments `limit` and `cursor`.

use crate::http::error::{Error, Result};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::roster::Position;
use nbcourier_exchange::submission_pages;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::str::FromStr;

/// Maximum number of items in one reply.
pub const MOST: usize = 10_000;

/// Which page is wanted.
#[derive(Deserialize, JsonSchema)]
pub struct Paging {
    /// The maximum number of items.
    #[schemars(with = "Option<u16>", range(min = 1, max = MOST))]
    pub limit: Option<String>,
    /// The `next` of an earlier reply.
    pub cursor: Option<String>,
}

impl Paging {
    /// Returns the maximum number of items in the reply.
    pub fn limit(&self) -> Result<usize> {
        limit(self.limit.as_deref(), MOST)
    }

    /// Returns the beginning of the page, or `None` for the first one. `parse` reads the `next` of the reply before.
    pub fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        cursor(self.cursor.as_deref(), parse)
    }
}

/// Returns the maximum number of items in the reply; `usual` if the request gives none.
pub fn limit(given: Option<&str>, usual: usize) -> Result<usize> {
    let Some(text) = given else {
        return Ok(usual);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Error::bad(format!("The limit is a number from 1 to {MOST}")))
}

/// Returns the beginning of the page, or `None` for the first one. `parse` reads the `next` of the reply before.
pub fn cursor<T>(given: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    given
        .map(|text| {
            Some(text)
                .filter(|text| !text.contains('\0'))
                .and_then(parse)
                .ok_or_else(|| Error::bad("Illegal cursor"))
        })
        .transpose()
}

/// The mark before a name in the cursor of a roster. A row is a number without it.
const NAME: char = '~';

/// Returns the cursor of a roster for a position.
pub fn encode_position(position: Position) -> String {
    match position {
        Position::ByHand(row) => row.to_string(),
        Position::ByGroup(name) => format!("{NAME}{}", encode_name(&name)),
    }
}

/// Returns the position for a cursor of a roster.
pub fn parse_position(text: &str) -> Option<Position> {
    match text.strip_prefix(NAME) {
        Some(name) => parse_name(name).map(Position::ByGroup),
        None => text.parse().ok().map(Position::ByHand),
    }
}

/// Returns the cursor for a time and a row, or for two other numbers.
pub fn encode_numbers<A: std::fmt::Display, B: std::fmt::Display>(first: A, second: B) -> String {
    format!("{first}.{second}")
}

/// Returns the two numbers in a cursor.
pub fn parse_numbers<A: FromStr, B: FromStr>(text: &str) -> Option<(A, B)> {
    let (first, second) = text.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// Returns the cursor for a position in a listing of submissions by time.
pub fn encode_submission(position: submission_pages::Position) -> String {
    encode_numbers(position.submitted_at.micros(), position.id)
}

/// Returns the position in a listing of submissions for a cursor.
pub fn parse_submission(text: &str) -> Option<submission_pages::Position> {
    let (time, id) = parse_numbers(text)?;
    Some(submission_pages::Position {
        submitted_at: Timestamp::from_micros(time),
        id,
    })
}

/// Returns the cursor for a name. It is percent-encoded, since blanks at its ends would be trimmed.
pub fn encode_name(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// Returns the name in a cursor.
pub fn parse_name(text: &str) -> Option<String> {
    let name = percent_decode_str(text).decode_utf8().ok()?;
    // PostgreSQL refuses a text with it.
    Some(name.into_owned()).filter(|name| !name.contains('\0'))
}
