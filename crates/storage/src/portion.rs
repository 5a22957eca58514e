//! Limits how much of a listing is read at a time.

use super::Result;
use diesel::QueryResult;

/// A limit on the rows of a page and on their text. The limit in bytes holds for names and details of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// The maximum number of rows.
    pub rows: usize,
    /// The maximum number of bytes of their text. A page has at least one row, even a longer one.
    pub bytes: usize,
}

impl Portion {
    /// No limit. Only commands of the operator use it: every request has a limit.
    pub const ALL: Self = Self {
        rows: usize::MAX,
        bytes: usize::MAX,
    };

    /// Returns a limit of this many rows and two megabytes of text.
    pub fn of(rows: usize) -> Self {
        Self {
            rows,
            bytes: 2 * 1024 * 1024,
        }
    }

    /// Returns the limit that remains after this many rows.
    #[must_use]
    pub fn without(self, rows: usize) -> Self {
        Self {
            rows: self.rows.saturating_sub(rows),
            ..self
        }
    }

    /// Returns the number of rows that a query must return: those of the portion, and one that shows whether there are
    /// more.
    pub(super) fn limit(self) -> usize {
        self.rows.saturating_add(1)
    }

    /// Parses rows until the limit is reached. Returns them, and whether there are more. `size` returns the bytes of
    /// text in a row.
    ///
    /// The query is for at most [`Portion::limit`] rows.
    pub fn take<R, T>(
        self,
        rows: impl Iterator<Item = QueryResult<R>>,
        parse: impl Fn(R) -> Result<T>,
        size: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, bool)> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        for row in rows {
            if taken.len() >= self.rows {
                return Ok((taken, true));
            }
            let row = parse(row?)?;
            bytes += size(&row);
            if bytes > self.bytes && !taken.is_empty() {
                return Ok((taken, true));
            }
            taken.push(row);
        }
        Ok((taken, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(portion: Portion, texts: &[&str]) -> (Vec<String>, bool) {
        let rows = texts.iter().map(|text| Ok((*text).to_owned()));
        portion.take(rows, Ok, String::len).unwrap()
    }

    #[test]
    fn a_portion_ends_at_the_first_bound_and_is_never_empty() {
        let portion = |rows, bytes| Portion { rows, bytes };
        assert_eq!(take(portion(2, 100), &[]), (vec![], false));
        let (taken, more) = take(portion(2, 100), &["a", "b"]);
        assert_eq!((taken.len(), more), (2, false));
        let (taken, more) = take(portion(2, 100), &["a", "b", "c"]);
        assert_eq!((taken.len(), more), (2, true));
        let (taken, more) = take(portion(9, 5), &["aaa", "bb", "c"]);
        assert_eq!((taken.len(), more), (2, true));
        let (taken, more) = take(portion(9, 2), &["aaaa", "b"]);
        assert_eq!((taken.len(), more), (1, true));
    }
}
