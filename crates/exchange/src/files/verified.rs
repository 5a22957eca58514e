//! Copies of contents that were verified lately.
//!
//! A class fetches the same release within minutes. Bytes that equal a verified copy need no hash, and comparing them
//! is many times faster.

use crate::late_cache::LateCache;
use bytes::Bytes;
use moka::sync::Cache;
use nbcourier_domain::Sha256Sum;
use sha2::{Digest as _, Sha256};

/// Maximum size of all copies in bytes.
const CAPACITY: u64 = 8 * 1024 * 1024;
/// Maximum size of one copy in bytes.
const LARGEST: usize = 256 * 1024;
/// Bytes that an entry takes besides its content.
const ENTRY: usize = 128;

/// The copies. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Verified(LateCache<Sha256Sum, Bytes>);

impl Verified {
    /// Whether the bytes match the checksum. Keeps a copy if they do.
    pub(crate) fn matches(&self, sha256: Sha256Sum, content: &Bytes) -> bool {
        if self.0.get(&sha256).is_some_and(|copy| copy == content) {
            return true;
        }
        let matches = Sha256::digest(content).as_slice() == sha256.0;
        if matches && content.len() <= LARGEST {
            self.0.insert(sha256, content.clone());
        }
        matches
    }
}

impl Default for Verified {
    fn default() -> Self {
        let weigher =
            |_: &Sha256Sum, copy: &Bytes| u32::try_from(copy.len() + ENTRY).unwrap_or(u32::MAX);
        Self(LateCache::new(move || {
            let cache = Cache::builder().max_capacity(CAPACITY);
            cache.weigher(weigher).build()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(content: &[u8]) -> Sha256Sum {
        Sha256Sum(Sha256::digest(content).into())
    }

    #[test]
    fn only_bytes_that_match_the_checksum_are_taken_and_kept() {
        let verified = Verified::default();
        let (sound, changed) = (Bytes::from_static(b"sound"), Bytes::from_static(b"changed"));
        for _ in 0..2 {
            assert!(!verified.matches(sum(&sound), &changed));
            assert!(verified.matches(sum(&sound), &sound));
        }
        assert!(verified.0.contains_key(&sum(&sound)));
    }

    #[test]
    fn large_contents_are_hashed_each_time() {
        let verified = Verified::default();
        let large = Bytes::from(vec![0; LARGEST + 1]);
        assert!(verified.matches(sum(&large), &large));
        assert!(!verified.0.contains_key(&sum(&large)));
    }
}
