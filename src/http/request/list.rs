//! Lists in requests, with a limit on their items besides the limit on bytes.

use crate::http::error::{Error, Result};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Maximum number of people in one request.
pub const MOST: usize = 20_000;

/// A list in JSON. Items beyond [`MOST`] are skipped and then refused, so that they take no memory.
pub struct List<T> {
    items: Vec<T>,
    is_longer: bool,
}

impl<T> List<T> {
    /// Returns the items. Fails with `TooManyItems` if there are more than a request may have.
    pub fn into_items(self) -> Result<Vec<T>> {
        if self.is_longer {
            return Err(Error::TooManyItems(MOST));
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
        while items.len() < MOST {
            let Some(item) = list.next_element()? else {
                return Ok(List {
                    items,
                    is_longer: false,
                });
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

    fn parsed(items: usize) -> Result<usize> {
        let text = format!("[{}]", vec!["1"; items].join(","));
        let list: List<u8> = serde_json::from_str(&text).unwrap();
        list.into_items().map(|items| items.len())
    }

    #[test]
    fn a_list_has_as_many_items_as_a_request_may_have_and_no_more() {
        assert_eq!(parsed(0).unwrap(), 0);
        assert_eq!(parsed(MOST).unwrap(), MOST);
        assert!(matches!(parsed(MOST + 1), Err(Error::TooManyItems(MOST))));
        assert!(serde_json::from_str::<List<u8>>("[1, \"x\"]").is_err());
        assert!(serde_json::from_str::<List<u8>>("{}").is_err());
    }
}
