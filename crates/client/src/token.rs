//! Notices tokens that were cut when they were copied, or copied with too much.

/// The number of hexadecimal digits in a token that a hub creates.
const OF_HUB: usize = 32;

/// Returns a sentence about a token that a server does not know, if its length or one of its characters is odd. `usual`
/// are other lengths that tokens have. The sentence holds no part of the token.
pub fn oddity(token: &str, usual: &[usize]) -> Option<String> {
    if token.contains(|c: char| c.is_whitespace() || "\"'".contains(c)) {
        return Some(
            "The token holds a blank or a quote, which may have been copied with it".into(),
        );
    }
    let length = token.len();
    if !is_hexadecimal(token) || length == OF_HUB || usual.contains(&length) {
        return None;
    }
    Some(format!(
        "The token has {length} characters, and a hub makes tokens of {OF_HUB}: part of it may be missing"
    ))
}

/// Whether the text consists of the digits of a hexadecimal number, in lower case.
pub(super) fn is_hexadecimal(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hubs_token_of_another_length_or_with_more_around_it_is_odd() {
        for (token, is_odd) in [
            ("0123456789abcdef0123456789abcde", true),
            ("0123456789", true),
            ("0123456789abcdef0123456789abcdef", false),
            ("a-token-that-somebody-chose", false),
            ("\"0123456789abcdef0123456789abcdef\"", true),
            ("Bearer 0123456789abcdef0123456789abcdef", true),
        ] {
            let warning = oddity(token, &[]);
            assert_eq!(warning.is_some(), is_odd, "{token}");
            assert!(warning.is_none_or(|warning| !warning.contains(token)));
        }
        let long = "0123456789abcdef".repeat(4);
        assert!(oddity(&long, &[]).is_some());
        assert_eq!(oddity(&long, &[64]), None);
    }
}
