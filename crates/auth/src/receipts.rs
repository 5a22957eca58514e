//! Signatures of receipts, which only a holder of the signing key can make.

use super::key::{SigningKey, keyed_hash};
use nbcourier_domain::Sha256Sum;
use subtle::ConstantTimeEq;

/// A signer of receipts. A restarted server or a replica with the same signing key makes the same signatures.
#[derive(Clone)]
pub struct ReceiptSigner {
    key: [u8; 32],
    earlier: Vec<[u8; 32]>,
}

/// The use for which the key is derived.
const LABEL: &str = "nbcourier receipts";

impl ReceiptSigner {
    /// Derives a separate key from the service's key.
    pub fn new(key: &SigningKey) -> Self {
        Self {
            key: key.derive(LABEL),
            earlier: key.derive_earlier(LABEL),
        }
    }

    /// Returns the HMAC-SHA-256 of a receipt's text, in hexadecimal.
    pub fn sign(&self, receipt: &str) -> String {
        sign(&self.key, receipt)
    }

    /// Whether the signature belongs to this receipt.
    pub fn verify(&self, receipt: &str, signature: &str) -> bool {
        let mut keys = std::iter::once(&self.key).chain(&self.earlier);
        keys.any(|key| {
            let expected = sign(key, receipt);
            expected.as_bytes().ct_eq(signature.as_bytes()).into()
        })
    }
}

fn sign(key: &[u8; 32], receipt: &str) -> String {
    Sha256Sum(keyed_hash(key, receipt)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_one_receipt_and_one_key() {
        let signer = |byte| ReceiptSigner::new(&SigningKey::from_bytes([byte; 32]));
        let signature = signer(7).sign("receipt");
        assert_eq!(signature.len(), 64);
        assert!(signer(7).verify("receipt", &signature));
        assert!(!signer(7).verify("receipts", &signature));
        assert!(!signer(8).verify("receipt", &signature));
        for other in [
            "",
            "0",
            &signature[1..],
            &signature.to_uppercase(),
            &format!("{signature}0"),
        ] {
            assert!(!signer(7).verify("receipt", other), "{other}");
        }
    }

    #[test]
    fn signatures_of_an_earlier_key_are_accepted() {
        let earlier = SigningKey::from_bytes([7; 32]);
        let signature = ReceiptSigner::new(&earlier).sign("receipt");
        let now = ReceiptSigner::new(&SigningKey::from_bytes([8; 32]).with_earlier([7; 32]));
        assert!(now.verify("receipt", &signature));
        assert_ne!(now.sign("receipt"), signature);
        assert!(now.verify("receipt", &now.sign("receipt")));
        assert!(!now.verify("receipts", &signature));
    }

    #[test]
    fn the_key_of_receipts_is_that_of_nothing_else() {
        let key = SigningKey::from_bytes([7; 32]);
        assert_ne!(ReceiptSigner::new(&key).key, key.derive("nbcourier csrf"));
    }
}
