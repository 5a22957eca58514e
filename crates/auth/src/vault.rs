//! The vault: secrets of people that the server stores and uses, such as tokens for repositories. They are sealed with the
//! signing key, so a copy of the database alone does not have them.

use super::error::AuthError;
use super::key::SigningKey;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt::Write as _;
use std::sync::Arc;

/// The label from which the key of the vault is derived.
const LABEL: &str = "nbcourier vault";

/// The use of a secret. A secret that was sealed for one is not opened for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// A token for a repository.
    RepositoryToken,
    /// The secret with which calls of a hook are signed.
    Hook,
}

impl Secret {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::RepositoryToken => b"repository token",
            Self::Hook => b"hook",
        }
    }
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

struct Keys {
    first: LessSafeKey,
    earlier: Vec<LessSafeKey>,
}

impl Vault {
    /// Returns the vault of this signing key. What was sealed with earlier keys is still opened.
    pub fn new(key: &SigningKey) -> Self {
        let earlier = key.derive_earlier(LABEL).into_iter();
        Self(Arc::new(Keys {
            first: sealing(&key.derive(LABEL)),
            earlier: earlier.map(|bytes| sealing(&bytes)).collect(),
        }))
    }

    /// Seals a secret.
    pub fn seal(&self, usage: Secret, secret: &str) -> Result<Vec<u8>, AuthError> {
        let nonce = random()?;
        let mut sealed = secret.as_bytes().to_vec();
        self.0
            .first
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(usage.label()),
                &mut sealed,
            )
            .map_err(|_| AuthError::Failed("a secret could not be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Returns the secret, if it was sealed for this use with one of our keys.
    pub fn open(&self, usage: Secret, sealed: &[u8]) -> Option<String> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let keys = std::iter::once(&self.0.first).chain(&self.0.earlier);
        keys.into_iter().find_map(|key| {
            let mut opened = rest.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let plain = key
                .open_in_place(nonce, Aad::from(usage.label()), &mut opened)
                .ok()?;
            String::from_utf8(plain.to_vec()).ok()
        })
    }

    /// Returns that many random bytes as hexadecimal digits.
    pub fn random_text<const BYTES: usize>() -> Result<String, AuthError> {
        let bytes: [u8; BYTES] = random()?;
        let mut text = String::with_capacity(2 * BYTES);
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text)
    }
}

fn sealing(bytes: &[u8; 32]) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, bytes);
    LessSafeKey::new(key.expect("the key has 32 bytes"))
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], AuthError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| AuthError::Failed("the system gives no random numbers"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes([byte; 32])
    }

    #[test]
    fn a_secret_is_opened_for_its_use_with_the_same_key_or_an_earlier_one() {
        let vault = Vault::new(&key(7));
        let sealed = vault.seal(Secret::RepositoryToken, "glpat-s3cret").unwrap();
        let token = Some("glpat-s3cret".to_owned());
        assert_eq!(vault.open(Secret::RepositoryToken, &sealed), token);
        assert_eq!(vault.open(Secret::Hook, &sealed), None);
        assert_eq!(
            Vault::new(&key(8)).open(Secret::RepositoryToken, &sealed),
            None
        );
        let renewed = Vault::new(&key(8).with_earlier([7; 32]));
        assert_eq!(renewed.open(Secret::RepositoryToken, &sealed), token);
        assert_ne!(
            vault.seal(Secret::RepositoryToken, "glpat-s3cret").unwrap(),
            sealed
        );
        assert!(!sealed.windows(5).any(|bytes| bytes == b"glpat"));
    }

    #[test]
    fn changed_bytes_are_not_opened() {
        let vault = Vault::new(&key(7));
        let sealed = vault.seal(Secret::Hook, "s").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(vault.open(Secret::Hook, &changed), None, "{place}");
            assert_eq!(vault.open(Secret::Hook, &sealed[..place]), None);
        }
        assert_eq!(Vault::random_text::<16>().unwrap().len(), 32);
    }
}
