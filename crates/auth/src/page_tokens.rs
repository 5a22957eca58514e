//! The tokens by which our pages are recognized: each session has two, one for reading and one for changing.
//!
//! A cookie comes with every request of the browser, also with those that a foreign page makes. On a hub with one
//! domain, the pages of all users have our origin. A token comes only with the requests of somebody who has read one
//! of our pages. There are two, so that a request that only reads carries nothing that could write.
//!
//! Each reply masks its tokens anew. A page is compressed, and its length would otherwise reveal a secret that stays
//! the same (the attack BREACH).

use super::AuthError;
use super::key::{SigningKey, keyed_hash};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64, Engine};
use subtle::ConstantTimeEq;

const BYTES: usize = 32;

/// The tokens of one reply. They cannot be printed.
#[derive(Clone)]
pub struct PageTokens {
    /// The token that scripts of the page send with a GET, in the header `X-CSRF-Token`.
    pub reading: String,
    /// The token that forms and scripts of the page send with a change, in the field `csrf_token` or in that header.
    pub writing: String,
}

/// The use that a token permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Reading,
    Writing,
}

/// Creates and checks the tokens of sessions.
pub(super) struct TokenKeys {
    reading: Vec<[u8; BYTES]>,
    writing: Vec<[u8; BYTES]>,
}

impl TokenKeys {
    pub(super) fn new(key: &SigningKey) -> Self {
        let accepted = |label| {
            let mut keys = vec![key.derive(label)];
            keys.extend(key.derive_earlier(label));
            keys
        };
        Self {
            reading: accepted("nbcourier page token for reading"),
            writing: accepted("nbcourier page token for writing"),
        }
    }

    /// Returns the tokens of the session with this ID, masked anew.
    pub(super) fn issue(&self, session: &str) -> Result<PageTokens, AuthError> {
        Ok(PageTokens {
            reading: masked(&keyed_hash(&self.keys(Use::Reading)[0], session))?,
            writing: masked(&keyed_hash(&self.keys(Use::Writing)[0], session))?,
        })
    }

    /// Whether the text is the session's token for this use.
    pub(super) fn accept(&self, usage: Use, session: &str, text: &str) -> bool {
        unmasked(text).is_some_and(|value| {
            let mut keys = self.keys(usage).iter();
            keys.any(|key| bool::from(value.ct_eq(&keyed_hash(key, session))))
        })
    }

    /// Returns the keys for this use, the one that signs first.
    fn keys(&self, usage: Use) -> &[[u8; BYTES]] {
        match usage {
            Use::Reading => &self.reading,
            Use::Writing => &self.writing,
        }
    }
}

/// Returns a random mask, and the value under it.
fn masked(value: &[u8; BYTES]) -> Result<String, AuthError> {
    let mut mask = [0; BYTES];
    getrandom::fill(&mut mask)
        .map_err(|_| AuthError::Failed("the system has no random numbers"))?;
    Ok(BASE64.encode([mask, combined(&mask, value)].concat()))
}

fn unmasked(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; 2 * BYTES];
    let length = BASE64.decode_slice(text, &mut bytes).ok()?;
    let (mask, hidden) = bytes.get(..length)?.split_first_chunk()?;
    Some(combined(mask, hidden.try_into().ok()?))
}

fn combined(one: &[u8; BYTES], other: &[u8; BYTES]) -> [u8; BYTES] {
    std::array::from_fn(|n| one[n] ^ other[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> TokenKeys {
        TokenKeys::new(&SigningKey::from_bytes([7; 32]))
    }

    #[test]
    fn a_token_is_for_one_use_of_one_session() {
        let tokens = keys().issue("one").unwrap();
        assert!(keys().accept(Use::Reading, "one", &tokens.reading));
        assert!(keys().accept(Use::Writing, "one", &tokens.writing));
        assert!(!keys().accept(Use::Writing, "one", &tokens.reading));
        assert!(!keys().accept(Use::Reading, "one", &tokens.writing));
        assert!(!keys().accept(Use::Reading, "other", &tokens.reading));
        assert!(!keys().accept(Use::Writing, "other", &tokens.writing));
        let elsewhere = TokenKeys::new(&SigningKey::from_bytes([8; 32]));
        assert!(!elsewhere.accept(Use::Reading, "one", &tokens.reading));
    }

    #[test]
    fn two_replies_have_nothing_of_their_tokens_in_common() {
        let [one, two] = [(); 2].map(|()| keys().issue("one").unwrap());
        for (one, two) in [(&one.reading, &two.reading), (&one.writing, &two.writing)] {
            let [one, two] = [one, two].map(|token| BASE64.decode(token).unwrap());
            assert_ne!(one[..BYTES], two[..BYTES]);
            assert_ne!(one[BYTES..], two[BYTES..]);
        }
    }

    #[test]
    fn other_headers_are_not_tokens() {
        let token = keys().issue("one").unwrap().reading;
        let flipped = if token.starts_with('A') { "B" } else { "A" };
        for text in [
            "",
            "guessed",
            "数",
            &token[1..],
            &token[..token.len() / 2],
            &format!("{token}AAAA"),
            &format!("{token}="),
            &format!(" {token}"),
            &format!("{flipped}{}", &token[1..]),
            &BASE64.encode([0; BYTES]),
            &BASE64.encode([0; 2 * BYTES]),
        ] {
            assert!(!keys().accept(Use::Reading, "one", text), "{text}");
        }
    }
}
