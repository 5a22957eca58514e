//! Notices tokens that were cut when they were copied.

/// The number of hexadecimal digits in a token that a hub creates.
const OF_HUB: usize = 32;

/// Returns a sentence about the length of a token that a server does not know, if the length is odd. `usual` are other
/// lengths that tokens have. The sentence holds no part of the token.
pub fn odd_length(token: &str, usual: &[usize]) -> Option<String> {
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
    fn only_a_hubs_token_of_another_length_is_odd() {
        for (token, is_odd) in [
            ("0123456789abcdef0123456789abcde", true),
            ("0123456789", true),
            ("0123456789abcdef0123456789abcdef", false),
            ("a token that somebody chose", false),
        ] {
            let warning = odd_length(token, &[]);
            assert_eq!(warning.is_some(), is_odd, "{token}");
            assert!(warning.is_none_or(|warning| !warning.contains(token)));
        }
        let long = "0123456789abcdef".repeat(4);
        assert!(odd_length(&long, &[]).is_some());
        assert_eq!(odd_length(&long, &[64]), None);
    }
}
