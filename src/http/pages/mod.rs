//! Pages for people. Each is complete without scripts. All text from users is escaped by the templates, and the content
//! security policy of each page forbids everything that has not the page's nonce.
//!
//! A handler parses, asks `exchange`, and fills a template. `view` is what a template knows besides its own data.

#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "templates call methods of their data, and pass references"
)]

pub mod admin;
mod assets;
mod bars;
mod chart;
pub mod contents;
pub mod course;
mod csv_file;
pub mod data;
pub mod directory;
pub mod failure;
mod form;
pub mod formulas;
pub mod home;
mod local_time;
pub mod login;
pub mod me;
mod reader;
pub mod receipts;
mod sent_list;
mod sentences;
pub mod shared;
pub mod student;
mod times;
mod uploaded;
mod view;
mod words;

pub use admin::{Backstage, Checks, InForce};
pub use assets::{file, icon};

use jiff::tz::TimeZone;
use std::borrow::Cow;

/// The settings of the pages.
#[derive(Debug, Clone)]
pub struct PageSettings {
    /// The time zone in which times are shown.
    pub time_zone: TimeZone,
    /// How readers reach the people who run the exchange.
    pub contact: Option<String>,
    /// The address of the hub's own pages.
    pub hub_home: Option<String>,
    /// Whether pages change anything.
    pub may_change: bool,
    /// The parts of the process that administrators see.
    pub backstage: Backstage,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self {
            time_zone: TimeZone::UTC,
            contact: None,
            hub_home: None,
            may_change: true,
            backstage: Backstage::default(),
        }
    }
}

/// Escapes text for the inside of an element or of a quoted attribute.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_stay_text_in_pages() {
        assert_eq!(
            escape("<img src=x onerror='a(\"b\")'>&"),
            "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;"
        );
        assert_eq!(escape("Maths (2026)"), "Maths (2026)");
    }
}
