//! Compares the decoder of file lists with one that parses the whole text at once.

use super::json::{make_series, make_value};
use super::{Dice, Files, Recorded, encoded, recorded, ways_to_cut};
use crate::FileListError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use nbcourier_domain::RelativePath;
use serde_json::Value;
use std::fmt::Write as _;

/// Decodes a whole list at once, by the documented rules.
fn files_by_value(json: &[u8]) -> (Files, Result<(), FileListError>) {
    let mut files = Vec::new();
    let verdict = match serde_json::from_slice(json) {
        Err(_) => Err(FileListError::NotJson),
        Ok(Value::Array(items)) => items.iter().try_for_each(|item| {
            let file = file_by_value(item, &files)?;
            files.push(file);
            Ok(())
        }),
        Ok(_) => Err(FileListError::IncorrectFormat),
    };
    (files, verdict)
}

fn file_by_value(
    item: &Value,
    before: &[(String, Vec<u8>)],
) -> Result<(String, Vec<u8>), FileListError> {
    let (Some(Value::String(path)), Some(Value::String(content))) =
        (item.get("path"), item.get("content"))
    else {
        return Err(FileListError::IncorrectFormat);
    };
    let clashes = before.iter().any(|(other, _)| {
        other == path
            || other.starts_with(&format!("{path}/"))
            || path.starts_with(&format!("{other}/"))
    });
    if clashes || RelativePath::parse(path.as_str()).is_err() {
        return Err(FileListError::IllegalPath);
    }
    let bytes = base64_at_once(content).ok_or(FileListError::NotBase64)?;
    Ok((path.clone(), bytes))
}

fn base64_at_once(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    let dense: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '\t'..='\r'))
        .collect();
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(dense)
        .ok()
}

fn make_list(dice: &mut Dice, json: &mut String) {
    let odd = [
        "1",
        "null",
        "[]",
        "{}",
        "\"a\"",
        "[{\"path\": \"x\", \"content\": \"\"}]",
    ];
    if dice.one_in(30) {
        json.push_str(dice.pick(&odd));
        return;
    }
    make_series(dice, json, ('[', ']'), |dice, json| {
        if dice.one_in(40) {
            json.push_str(dice.pick(&odd));
        } else {
            make_item(dice, json);
        }
    });
}

fn make_item(dice: &mut Dice, json: &mut String) {
    let mut keys = vec!["path", "content"];
    if dice.one_in(2) {
        keys.reverse();
    }
    for _ in 0..dice.below(3) {
        keys.insert(
            dice.below(keys.len() + 1),
            dice.pick(&["checksum", "path", "content", "paths", "p\\u0061th"]),
        );
    }
    if dice.one_in(40) {
        keys.remove(0);
    }
    json.push('{');
    for (index, key) in keys.iter().enumerate() {
        json.push_str(if index > 0 { ", \"" } else { "\"" });
        json.push_str(key);
        json.push_str("\": ");
        match *key {
            _ if dice.one_in(60) => make_value(dice, 3, json),
            "content" => make_content(dice, json),
            "checksum" | "paths" => make_value(dice, 3, json),
            _ => {
                let directory = dice.pick(&["", "", "", "a/", "b/", "a/b/", "a/b/c/", "ü/"]);
                let name = if dice.one_in(40) {
                    dice.pick(&["", ".", "..", "/", "x\\\\y", "a\\u0000"])
                } else {
                    dice.pick(&["a", "b", "c", "d e", "f.ipynb", "g", "h"])
                };
                write!(json, "\"{directory}{name}\"").unwrap();
            }
        }
    }
    json.push('}');
}

fn make_content(dice: &mut Dice, json: &mut String) {
    let length = dice.pick(&[0, 1, 2, 57, 58, 200, 200, 7000]);
    let length = dice.below(length + 1);
    let bytes = dice.bytes(length);
    let mut text = encoded(&bytes).into_bytes();
    if dice.one_in(3) {
        text = STANDARD.encode(&bytes).into_bytes();
    }
    if dice.one_in(15) && !text.contains(&b'\\') {
        dice.damage(&mut text, b"=A /");
        text.retain(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(byte));
    }
    json.push('"');
    json.push_str(std::str::from_utf8(&text).unwrap());
    json.push('"');
}

#[test]
fn file_lists_are_read_as_by_holding_all_of_them() {
    let mut verdicts = [0; 5];
    for seed in 0..2500 {
        let mut dice = Dice(seed);
        let mut json = String::new();
        make_list(&mut dice, &mut json);
        let mut json = json.into_bytes();
        if dice.one_in(4) {
            dice.damage(&mut json, b"[]{},:\"= ");
        }
        // Half a surrogate pair is JSON, but serde refuses it.
        if serde_json::from_slice::<Value>(&json)
            .is_err_and(|error| error.to_string().contains("hex escape"))
        {
            continue;
        }
        let (files, verdict) = files_by_value(&json);
        verdicts[verdict.map_or_else(|error| error as usize, |()| 4)] += 1;
        let mut first = None;
        for pieces in ways_to_cut(&json) {
            let (recorded, own_verdict) = recorded(pieces);
            assert_eq!(own_verdict, verdict, "{}", json.escape_ascii());
            if verdict != Err(FileListError::NotJson) {
                assert_eq!(Recorded::files(&recorded), files, "{}", json.escape_ascii());
            }
            assert_eq!(
                *first.get_or_insert_with(|| recorded.clone()),
                recorded,
                "{}",
                json.escape_ascii()
            );
        }
    }
    assert!(verdicts.iter().all(|times| *times > 50), "{verdicts:?}");
}
