//! Caches that take no memory before they are used.

use moka::sync::Cache;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

/// A cache that is made when it is first used. An empty one takes some forty kilobytes.
pub(crate) struct LateCache<K, V>(Arc<LazyLock<Cache<K, V>, Make<K, V>>>);

type Make<K, V> = Box<dyn FnOnce() -> Cache<K, V> + Send>;

impl<K, V> LateCache<K, V> {
    pub fn new(make: impl FnOnce() -> Cache<K, V> + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<K, V> Deref for LateCache<K, V> {
    type Target = Cache<K, V>;

    fn deref(&self) -> &Cache<K, V> {
        &self.0
    }
}

impl<K, V> Clone for LateCache<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for LateCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LateCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    #[test]
    fn a_cache_is_made_once_and_when_it_is_first_used() {
        static MADE: AtomicU8 = AtomicU8::new(0);
        let cache = LateCache::new(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            Cache::builder().max_capacity(2).build()
        });
        let same = cache.clone();
        assert_eq!(MADE.load(Ordering::Relaxed), 0);
        same.insert(1, 'a');
        assert_eq!(
            (cache.get(&1), MADE.load(Ordering::Relaxed)),
            (Some('a'), 1)
        );
    }
}
