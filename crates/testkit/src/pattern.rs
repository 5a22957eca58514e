//! Comparison of JSON with an expectation that contains patterns.

use super::files::{base64_lines, md5_hex};
use serde_json::Value;
use std::collections::BTreeMap;

/// Values kept from earlier replies, by name.
pub type Captures = BTreeMap<String, String>;

/// Lists every place where `actual` differs from `expected`. Objects have exactly the expected keys. A list is in
/// the expected order unless its first item is `"<unordered>"`. `tests/protocol/README.md` describes the patterns.
pub fn differences(expected: &Value, actual: &Value, kept: &mut Captures) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, actual, "$", kept, &mut found);
    found
}

fn compare(
    expected: &Value,
    actual: &Value,
    at: &str,
    kept: &mut Captures,
    found: &mut Vec<String>,
) {
    match (expected, actual) {
        (Value::String(pattern), _) if is_pattern(pattern) => {
            if let Err(why) = match_pattern(pattern, actual, kept) {
                found.push(format!("{at}: {why}, got {actual}"));
            }
        }
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                match got.get(key) {
                    Some(other) => compare(value, other, &format!("{at}.{key}"), kept, found),
                    None => found.push(format!("{at}.{key} is missing")),
                }
            }
            for (key, value) in got.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                found.push(format!("{at}.{key} is too much: {value}"));
            }
        }
        (Value::Array(wanted), Value::Array(got)) => match wanted.split_first() {
            Some((first, rest)) if first == "<unordered>" => {
                compare_unordered(rest, got, at, kept, found);
            }
            _ => compare_ordered(wanted, got, at, kept, found),
        },
        _ if expected == actual => {}
        _ => found.push(format!("{at}: expected {expected}, got {actual}")),
    }
}

fn compare_ordered(
    wanted: &[Value],
    got: &[Value],
    at: &str,
    kept: &mut Captures,
    found: &mut Vec<String>,
) {
    if wanted.len() != got.len() {
        let (wanted, got) = (Value::from(wanted), Value::from(got));
        found.push(format!("{at}: expected {wanted}, got {got}"));
        return;
    }
    for (index, (value, other)) in wanted.iter().zip(got).enumerate() {
        compare(value, other, &format!("{at}[{index}]"), kept, found);
    }
}

fn compare_unordered(
    wanted: &[Value],
    got: &[Value],
    at: &str,
    kept: &mut Captures,
    found: &mut Vec<String>,
) {
    let mut left: Vec<&Value> = got.iter().collect();
    for value in wanted {
        let fits = |other: &&Value| differences(value, other, &mut kept.clone()).is_empty();
        match left.iter().position(fits) {
            Some(index) => compare(value, left.remove(index), at, kept, found),
            None => found.push(format!("{at}: nothing like {value}")),
        }
    }
    for value in left {
        found.push(format!("{at}: too much: {value}"));
    }
}

fn is_pattern(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

fn match_pattern(pattern: &str, actual: &Value, kept: &mut Captures) -> Result<(), String> {
    let inner = &pattern[1..pattern.len() - 1];
    if inner == "any" {
        return Ok(());
    }
    if inner == "number" {
        let is_number = actual.is_number();
        return is_number
            .then_some(())
            .ok_or_else(|| "not a number".to_owned());
    }
    if let Some(name) = inner.strip_prefix("keep ") {
        let text = actual
            .as_str()
            .map_or_else(|| actual.to_string(), str::to_owned);
        kept.insert(name.to_owned(), text);
        return Ok(());
    }
    let text = actual
        .as_str()
        .ok_or_else(|| format!("not a text, as {pattern} asks"))?;
    if let Some(source) = inner.strip_prefix("md5 of ") {
        return equal(text, &md5_hex(source.as_bytes()));
    }
    if let Some(source) = inner.strip_prefix("base64 of ") {
        return equal(text, &base64_lines(source.as_bytes()));
    }
    if let Some(rest) = inner.strip_prefix("time") {
        return match_time(rest, text, kept);
    }
    match inner {
        "text" => Ok(()),
        "md5" if is_md5(text) => Ok(()),
        _ => Err(format!("does not match {pattern}")),
    }
}

/// Matches `<time>`, `<time NAME>` which keeps it, or `<time NAME > OTHER>` which must be later than a kept one.
fn match_time(rest: &str, text: &str, kept: &mut Captures) -> Result<(), String> {
    if !is_time(text) {
        return Err("not a time like 2020-01-30 10:30:47.524219".to_owned());
    }
    let (name, earlier) = match rest.split_once('>') {
        Some((name, earlier)) => (name.trim(), Some(earlier.trim())),
        None => (rest.trim(), None),
    };
    if let Some(earlier) = earlier {
        let bound = &kept[earlier];
        if text <= bound.as_str() {
            return Err(format!("not later than {bound}"));
        }
    }
    if !name.is_empty() {
        kept.insert(name.to_owned(), text.to_owned());
    }
    Ok(())
}

/// Whether this is a naive time with a blank and six decimals, the form in which clients name directories.
pub fn is_time(text: &str) -> bool {
    let form = "dddd-dd-dd dd:dd:dd.dddddd";
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

fn is_md5(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn equal(actual: &str, expected: &str) -> Result<(), String> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("expected {expected:?}"))
    }
}
