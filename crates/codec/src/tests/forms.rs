//! Compares the form decoder with splitting and unescaping a whole text.

use super::{Dice, Fields, fields, ways_to_cut};
use crate::NameTooLong;

#[test]
fn forms_are_read_as_by_splitting_and_unescaping() {
    let words = [
        "%",
        "%2",
        "%41",
        "%2B",
        "%2f",
        "%5Cn",
        "%zz",
        "%E2%82%AC",
        "+",
        "&",
        "&&",
        "=",
        "a",
        "files",
        "é",
        "\0",
        "'(*)",
        "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu",
    ];
    for seed in 0..2000 {
        let mut dice = Dice(seed);
        let length = if dice.one_in(20) { 600 } else { 30 };
        let mut form: Vec<u8> = (0..dice.below(length))
            .flat_map(|_| dice.pick(&words).bytes())
            .collect();
        dice.damage(&mut form, b"%&=+4");
        let expected = fields_by_splitting(&form);
        for pieces in ways_to_cut(&form) {
            assert_eq!(fields(pieces), expected, "{}", form.escape_ascii());
        }
    }
}

fn fields_by_splitting(form: &[u8]) -> Result<Fields, NameTooLong> {
    let unescape = |text: &[u8]| {
        let blanks: Vec<u8> = text
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        percent_encoding::percent_decode(&blanks).collect::<Vec<u8>>()
    };
    let pairs = form
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(unescape);
            let field = (
                halves.next().unwrap_or_default(),
                halves.next().unwrap_or_default(),
            );
            if field.0.len() > 1024 {
                Err(NameTooLong)
            } else {
                Ok(field)
            }
        })
        .collect()
}
