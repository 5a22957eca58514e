//! How a server proves which one it is: it answers a challenge as only who has its key can.

use super::key::{SigningKey, keyed_hash};
use nbcourier_domain::Sha256Sum;

/// Answers challenges. Whoever has the same signing key answers alike.
#[derive(Clone)]
pub struct Instance([u8; 32]);

impl Instance {
    /// With a key of its own, derived from the service's, so that an answer is good for nothing else.
    pub fn new(key: &SigningKey) -> Self {
        Self(key.derive("nbcourier instance"))
    }

    /// The HMAC-SHA-256 of the challenge, in hexadecimal.
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
