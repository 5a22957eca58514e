//! The dates of an assignment.

use nbcourier_domain::Rfc3339;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The dates of an assignment. An absent or `null` date is removed.
// Dates are text: the server has its own sentence about a text that is no time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GivenDates")]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct NewDates {
    /// The opening time. Students do not see the assignment before it.
    #[schemars(with = "Option<Rfc3339>")]
    pub opens_at: Option<String>,
    /// The due time. Later submissions are late.
    #[schemars(with = "Option<Rfc3339>")]
    pub due_at: Option<String>,
    /// The cut-off. Later submissions are refused.
    #[schemars(with = "Option<Rfc3339>")]
    pub cutoff_at: Option<String>,
}

/// The dates of an assignment.
// A reply that lacks one of the three members does not come from an exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShownDates")]
#[allow(clippy::struct_field_names, reason = "the keys of the JSON")]
pub struct Dates {
    #[serde(deserialize_with = "Option::deserialize")]
    pub opens_at: Option<Rfc3339>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub due_at: Option<Rfc3339>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub cutoff_at: Option<Rfc3339>,
}

impl From<nbcourier_domain::Dates> for Dates {
    fn from(dates: nbcourier_domain::Dates) -> Self {
        Self {
            opens_at: dates.opens_at.map(Rfc3339),
            due_at: dates.due_at.map(Rfc3339),
            cutoff_at: dates.cutoff_at.map(Rfc3339),
        }
    }
}

impl From<Dates> for NewDates {
    fn from(dates: Dates) -> Self {
        let text = |date: Option<Rfc3339>| date.map(|date| date.0.to_rfc3339());
        Self {
            opens_at: text(dates.opens_at),
            due_at: text(dates.due_at),
            cutoff_at: text(dates.cutoff_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_all_three_dates() {
        let whole = r#"{"opens_at":null,"due_at":"2026-12-01T22:59:00.000000Z","cutoff_at":null}"#;
        let dates: Dates = serde_json::from_str(whole).unwrap();
        assert_eq!(serde_json::to_string(&dates).unwrap(), whole);
        assert_eq!(
            serde_json::to_string(&NewDates::from(dates)).unwrap(),
            whole
        );
        assert!(serde_json::from_str::<Dates>(r#"{"opens_at":null,"due_at":null}"#).is_err());
        assert!(serde_json::from_str::<Dates>("{}").is_err());
    }
}
