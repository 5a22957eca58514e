//! Proofs that a call of a hook comes from the service that knows its secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Computes the signature of a body that arrives piece by piece, and compares it with the one that was sent.
pub struct HookProof {
    secret: String,
    mac: Hmac<Sha256>,
}

impl HookProof {
    /// Begins a body that is signed with this secret.
    pub fn new(secret: String) -> Self {
        Self {
            mac: keyed(secret.as_bytes()),
            secret,
        }
    }

    /// Adds a piece of the body.
    pub fn add(&mut self, bytes: &[u8]) {
        self.mac.update(bytes);
    }

    /// Whether the caller knows the secret.
    ///
    /// `signatures` are the values of `X-Hub-Signature-256` (GitHub, Forgejo) and `X-Gitea-Signature`: the HMAC-SHA-256 of
    /// the body in hexadecimal digits, perhaps after `sha256=`. `tokens` are those of `X-Gitlab-Token`: the secret itself.
    pub fn is_given<'a>(
        self,
        signatures: impl IntoIterator<Item = &'a [u8]>,
        tokens: impl IntoIterator<Item = &'a [u8]>,
    ) -> bool {
        let expected = self.mac.finalize().into_bytes();
        let is_signed = signatures.into_iter().any(|sent| {
            let digits = sent.strip_prefix(b"sha256=").unwrap_or(sent);
            unhexed(digits).is_some_and(|bytes| bytes.ct_eq(&expected[..]).into())
        });
        let secret = self.secret.as_bytes();
        is_signed || tokens.into_iter().any(|sent| sent.ct_eq(secret).into())
    }
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

/// Returns the 32 bytes that these hexadecimal digits stand for.
fn unhexed(digits: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(digits).ok()?;
    nbcourier_domain::Sha256Sum::parse(text).map(|sum| sum.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_given(secret: &str, body: &[u8], signature: Option<&str>, token: Option<&str>) -> bool {
        let mut proof = HookProof::new(secret.to_owned());
        for piece in body.chunks(5) {
            proof.add(piece);
        }
        proof.is_given(signature.map(str::as_bytes), token.map(str::as_bytes))
    }

    #[test]
    fn a_signature_of_the_body_or_the_secret_itself_is_a_proof() {
        // The example of GitHub's documentation, "Validating webhook deliveries".
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_given(
            secret,
            body,
            Some(&format!("sha256={digits}")),
            None
        ));
        assert!(is_given(secret, body, Some(digits), None));
        assert!(is_given(secret, body, None, Some(secret)));
        assert!(!is_given(secret, b"Hello, World?", Some(digits), None));
        assert!(!is_given("other", body, Some(digits), None));
        for wrong in [
            "",
            "sha256=",
            &digits[1..],
            "sha1=757107ea",
            &format!("sha256=sha256={digits}"),
        ] {
            assert!(!is_given(secret, body, Some(wrong), None), "{wrong}");
        }
        for wrong in ["", "It's", "It's a Secret to Everybody "] {
            assert!(!is_given(secret, body, None, Some(wrong)), "{wrong}");
        }
        assert!(!is_given(secret, body, None, None));
    }
}
