//! Proof of a server's identity: only a server with the signing key can answer its challenges.

use super::key::{SigningKey, keyed_hash};
use nbcourier_domain::Sha256Sum;

/// An answerer of challenges. Servers with the same signing key give the same answers.
#[derive(Clone)]
pub struct Instance([u8; 32]);

impl Instance {
    /// Derives a separate key from the service's key, so that an answer cannot be used for anything else.
    pub fn new(key: &SigningKey) -> Self {
        Self(key.derive("nbcourier instance"))
    }

    /// Returns the HMAC-SHA-256 of the challenge, in hexadecimal.
    pub fn answer(&self, challenge: &str) -> String {
        Sha256Sum(keyed_hash(&self.0, challenge)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReceiptSigner;

    #[test]
    fn an_answer_is_no_signature_of_a_receipt() {
        let key = SigningKey::from_bytes([7; 32]);
        let answer = Instance::new(&key).answer("receipt");
        assert_eq!(answer, Instance::new(&key).answer("receipt"));
        assert!(!ReceiptSigner::new(&key).verify("receipt", &answer));
    }
}
