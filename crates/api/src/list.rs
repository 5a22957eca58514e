//! Lists in requests, with a limit on their items besides the limit on bytes.

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// Maximum number of people in one request.
pub const MAX_ITEMS: usize = 20_000;

/// The list has more than [`MAX_ITEMS`] items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyItems;

/// A list in JSON. Items beyond [`MAX_ITEMS`] are skipped while it is read, so that they take no memory.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct List<T> {
    items: Vec<T>,
    #[serde(skip)]
    is_longer: bool,
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            items,
            is_longer: false,
        }
    }
}

impl<T> List<T> {
    /// Returns the items. Fails if items were skipped.
    pub fn into_items(self) -> Result<Vec<T>, TooManyItems> {
        if self.is_longer {
            return Err(TooManyItems);
        }
        Ok(self.items)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX_ITEMS {
            let Some(item) = list.next_element()? else {
                return Ok(items.into());
            };
            items.push(item);
        }
        let mut is_longer = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            is_longer = true;
        }
        Ok(List { items, is_longer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(items: usize) -> Result<usize, TooManyItems> {
        let text = format!("[{}]", vec!["1"; items].join(","));
        let list: List<u8> = serde_json::from_str(&text).unwrap();
        list.into_items().map(|items| items.len())
    }

    #[test]
    fn a_list_has_as_many_items_as_a_request_may_have_and_no_more() {
        assert_eq!(parsed(0), Ok(0));
        assert_eq!(parsed(MAX_ITEMS), Ok(MAX_ITEMS));
        assert_eq!(parsed(MAX_ITEMS + 1), Err(TooManyItems));
        assert!(serde_json::from_str::<List<u8>>("[1, \"x\"]").is_err());
        assert!(serde_json::from_str::<List<u8>>("{}").is_err());
    }
}
