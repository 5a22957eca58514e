//! Bars beside numbers in tables. They repeat the numbers, so that readers without them miss nothing.

use askama::FastWritable;
use std::fmt;

/// The length of a whole bar in the units of its picture.
const LENGTH: i64 = 1000;

/// The colour of a part of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The main part.
    Main,
    /// The part that is late.
    Late,
    /// The quiet part.
    Quiet,
}

impl Colour {
    const fn class(self) -> &'static str {
        match self {
            Self::Main => "b-main",
            Self::Late => "b-late",
            Self::Quiet => "b-quiet",
        }
    }
}

/// A bar of parts. It is an HTML element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The colour, the begin and the length of each part.
    parts: Vec<(Colour, i64, i64)>,
}

impl Bar {
    /// Returns a bar with one part after the other. A part of the number `whole` has the length of the whole bar.
    pub fn new(whole: i64, parts: &[(Colour, i64)]) -> Self {
        let mut before = 0_i64;
        let place = |number: i64| number.clamp(0, whole).saturating_mul(LENGTH) / whole.max(1);
        let parts = parts.iter().map(|(colour, number)| {
            let begin = place(before);
            before = before.saturating_add(*number);
            (*colour, begin, place(before) - begin)
        });
        Self {
            parts: parts.filter(|(.., length)| *length > 0).collect(),
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class=\"bars\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")?;
        for (colour, begin, length) in &self.parts {
            let class = colour.class();
            write!(
                f,
                "<rect class=\"{class}\" x=\"{begin}\" width=\"{length}\" height=\"10\"/>"
            )?;
        }
        f.write_str("</svg>")
    }
}

impl FastWritable for Bar {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(dest, "{self}")?)
    }
}

/// It has only numbers and classes of ours.
impl askama::filters::HtmlSafe for Bar {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_stay_in_the_picture() {
        let bar = Bar::new(
            4,
            &[(Colour::Main, 2), (Colour::Late, 0), (Colour::Quiet, 1)],
        );
        let expected = [(Colour::Main, 0, 500), (Colour::Quiet, 500, 250)];
        assert_eq!(bar.parts, expected);
        assert_eq!(Bar::new(0, &[(Colour::Main, 0)]).parts, []);
        let long = Bar::new(3, &[(Colour::Main, 2), (Colour::Late, i64::MAX)]);
        assert_eq!(
            long.parts,
            [(Colour::Main, 0, 666), (Colour::Late, 666, 334)]
        );
    }
}
