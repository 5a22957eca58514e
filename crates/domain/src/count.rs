//! Numbers of things in messages.

use std::fmt;

/// A number and a noun, which gets an `s` unless the number is 1: `1 file`, `2 files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<N>(pub N, pub &'static str);

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Count<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, noun) = self;
        let plural = if *number == N::from(1) { "" } else { "s" };
        write!(out, "{number} {noun}{plural}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_plural() {
        let shown = [0_u64, 1, 2].map(|number| Count(number, "file").to_string());
        assert_eq!(shown, ["0 files", "1 file", "2 files"]);
    }
}
