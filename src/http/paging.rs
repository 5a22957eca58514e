//! Listings a page at a time: the arguments `limit` and `cursor`.

use super::error::{Error, Result};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::members::Place;
use nbcourier_exchange::submission_pages;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::str::FromStr;

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

impl Paging {
    /// How many items the reply may hold.
    pub fn limit(&self) -> Result<usize> {
        limit(self.limit.as_deref(), MOST)
    }

    /// Where the page begins, if not at the beginning; `parse` understands what the reply before gave as `next`.
    pub fn after<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        cursor(self.cursor.as_deref(), parse)
    }
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

/// The mark of a name in the cursor of a roster; a row is a number.
const NAME: char = '~';

/// The cursor of a roster.
pub fn encode_place(place: Place) -> String {
    match place {
        Place::ByHand(row) => row.to_string(),
        Place::ByGroup(name) => format!("{NAME}{}", encode_name(&name)),
    }
}

/// The place that a cursor of a roster stands for.
pub fn parse_place(text: &str) -> Option<Place> {
    match text.strip_prefix(NAME) {
        Some(name) => parse_name(name).map(Place::ByGroup),
        None => text.parse().ok().map(Place::ByHand),
    }
}

/// A time and a row, or two other numbers, as they stand in a cursor.
pub fn encode_numbers<A: std::fmt::Display, B: std::fmt::Display>(first: A, second: B) -> String {
    format!("{first}.{second}")
}

/// The two numbers that stand in a cursor.
pub fn parse_numbers<A: FromStr, B: FromStr>(text: &str) -> Option<(A, B)> {
    let (first, second) = text.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// The cursor of a listing of submissions in the order of their time.
pub fn encode_submission(place: submission_pages::Place) -> String {
    encode_numbers(place.submitted_at.micros(), place.id)
}

/// The submission that such a cursor stands for.
pub fn parse_submission(text: &str) -> Option<submission_pages::Place> {
    let (time, id) = parse_numbers(text)?;
    Some(submission_pages::Place {
        submitted_at: Timestamp::from_micros(time),
        id,
    })
}

/// A name as it stands in a cursor, where blanks at its ends would be trimmed off.
pub fn encode_name(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// The name that stands in a cursor.
pub fn parse_name(text: &str) -> Option<String> {
    let name = percent_decode_str(text).decode_utf8().ok()?;
    Some(name.into_owned())
}
