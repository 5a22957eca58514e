//! The idempotency key by which a repeated attempt at a submission is recognized.

/// The maximum length of a key, in bytes.
const MAX_BYTES: usize = 128;

/// The text is not such a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("An Idempotency-Key is 1 to {MAX_BYTES} visible ASCII characters")]
pub struct IllegalKey;

/// A key that a client creates for one submission and sends with every attempt at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses the text without changing it. Fails with `IllegalKey` when it is empty, too long or not visible ASCII.
    pub fn parse(text: impl Into<String>) -> Result<Self, IllegalKey> {
        let text = text.into();
        let is_legal = (1..=MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_legal {
            Ok(Self(text))
        } else {
            Err(IllegalKey)
        }
    }

    /// Returns the key as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_some_visible_ascii() {
        let longest = "k".repeat(MAX_BYTES);
        for key in [
            "a",
            "8e03978e-40d5-43e8-bc93-6894a57f9324",
            "!~\"",
            &longest,
        ] {
            assert_eq!(IdempotencyKey::parse(key).unwrap().as_str(), key);
        }
        for text in [
            "",
            " ",
            "a b",
            "a\n",
            "é",
            "a\u{7f}",
            &(longest.clone() + "k"),
        ] {
            assert_eq!(IdempotencyKey::parse(text), Err(IllegalKey), "{text:?}");
        }
    }
}
