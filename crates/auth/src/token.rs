//! The token of a request, read from its `Authorization` header and shown only to the hub.

use super::AuthError;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest, Sha256};

/// The maximum length of a token, above that of any hub's token. The hub is not asked about longer ones.
const MAX_BYTES: usize = 4096;

/// A token as it came. It has neither `Debug` nor `Display`, so that no token gets into a log by accident.
#[derive(Clone)]
pub(super) struct Token(String);

/// The key under which answers about a token are remembered: its SHA-256, which does not reveal the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl Token {
    /// Parses the text without the blanks around it. A token is visible ASCII, not empty and not too long.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let legal = !text.is_empty()
            && text.len() <= MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        legal.then(|| Self(text.to_owned()))
    }

    /// Returns the token of `Authorization: token T` or `Authorization: Bearer T`.
    ///
    /// Returns `None` when the header is missing or has another scheme, which then belongs to a proxy. Fails with
    /// `UnknownToken` when its value cannot be a token, or when the header comes more than once.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, AuthError> {
        let mut values = headers.get_all(AUTHORIZATION);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(AuthError::UnknownToken);
        }
        let Some(rest) = without_scheme(value.as_bytes()) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(rest).map_err(|_| AuthError::UnknownToken)?;
        Self::parse(text).map(Some).ok_or(AuthError::UnknownToken)
    }

    /// Returns the name in the place of a token, which stand-alone mode uses. Clients send characters outside of ASCII
    /// in UTF-8 or in ISO 8859-1, as Python's `http.client` does.
    pub(super) fn read_as_name(headers: &HeaderMap) -> Option<String> {
        let value = without_scheme(headers.get(AUTHORIZATION)?.as_bytes())?;
        let name = match std::str::from_utf8(value) {
            Ok(name) => name.to_owned(),
            Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
        };
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    pub(super) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Returns the token itself, for the hub.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

fn without_scheme(value: &[u8]) -> Option<&[u8]> {
    let value = value.trim_ascii();
    let end = value
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    let ours = scheme.eq_ignore_ascii_case(b"token") || scheme.eq_ignore_ascii_case(b"bearer");
    ours.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn read(values: &[&[u8]]) -> Result<Option<String>, AuthError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        Token::read(&headers).map(|token| token.map(|token| token.0))
    }

    #[test]
    fn both_schemes_are_read_in_any_case() {
        for value in [
            "token abc",
            "Bearer abc",
            "TOKEN abc",
            "bearer   abc  ",
            "Token\tabc",
        ] {
            assert_eq!(read(&[value.as_bytes()]), Ok(Some("abc".into())), "{value}");
        }
    }

    #[test]
    fn without_a_token_there_is_none_and_no_error() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"Basic dXNlcjpwYXNz"]), Ok(None));
        assert_eq!(read(&[b""]), Ok(None));
    }

    #[test]
    fn an_impossible_token_is_unknown() {
        let long = format!("token {}", "x".repeat(MAX_BYTES + 1));
        for value in ["token", "token  ", "Bearer a b", "token \u{e9}", &long] {
            let read = read(&[value.as_bytes()]);
            assert_eq!(read, Err(AuthError::UnknownToken), "{value}");
        }
        assert_eq!(read(&[b"token \xff"]), Err(AuthError::UnknownToken));
        assert_eq!(
            read(&[b"token abc", b"token abc"]),
            Err(AuthError::UnknownToken)
        );
        assert_eq!(
            read(&[b"Basic abc", b"token abc"]),
            Err(AuthError::UnknownToken)
        );
    }

    #[test]
    fn the_longest_token_is_read() {
        let value = format!("token {}", "x".repeat(MAX_BYTES));
        assert!(matches!(read(&[value.as_bytes()]), Ok(Some(_))));
    }
}
