//! A part of a JSON object, for `--json`.

use serde::{Serialize, Serializer, ser};

/// Some members of a JSON object, in this order. Scripts read the output of a command, so it stays the same when an
/// object of the API gets another member.
pub struct Selection<'a, T> {
    object: &'a T,
    keys: &'static [&'static str],
}

impl<'a, T> Selection<'a, T> {
    /// Returns these members of the object. An absent member is left out.
    pub const fn of(object: &'a T, keys: &'static [&'static str]) -> Self {
        Self { object, keys }
    }

    /// Returns these members of each object.
    pub fn of_each(objects: &'a [T], keys: &'static [&'static str]) -> Vec<Self> {
        let objects = objects.iter();
        objects.map(|object| Self::of(object, keys)).collect()
    }
}

impl<T: Serialize> Serialize for Selection<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = serde_json::to_value(self.object).map_err(ser::Error::custom)?;
        let keys = self.keys.iter();
        serializer.collect_map(keys.filter_map(|key| Some((key, object.get(key)?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_come_in_the_order_of_their_names() {
        let object = serde_json::json!({ "a": 1, "b": null, "c": [2] });
        let text = |keys| serde_json::to_string(&Selection::of(&object, keys)).unwrap();
        assert_eq!(text(&["c", "b", "a"]), r#"{"c":[2],"b":null,"a":1}"#);
        assert_eq!(text(&["a", "none"]), r#"{"a":1}"#);
    }
}
