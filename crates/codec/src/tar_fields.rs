//! The fields of a tar header and the records of an extended one, read without trust.

use super::tar::{Block, CHECKSUM};

/// Returns a text field: the bytes before the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// A number: octal digits, with blanks before and blanks or NULs behind them; or, where the first bit is set, the
/// bits behind it (GNU tar's way, for more than eleven digits). `None` for anything else and for less than zero.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, rest @ ..] => rest.iter().try_fold(0_u64, |number, byte| {
            Some(number.checked_mul(256)? + u64::from(*byte))
        }),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_start();
    let end = digits
        .iter()
        .position(|byte| !(b'0'..=b'7').contains(byte))
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if digits.is_empty() || rest.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        Some(number.checked_mul(8)? + u64::from(digit - b'0'))
    })
}

/// Returns the checksum that a header states.
pub(super) fn stored_checksum(header: &Block) -> Option<u64> {
    octal(&header[CHECKSUM])
}

/// What an extended header says that matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// In the place of the entry's name.
    pub(super) path: Option<Vec<u8>>,
    /// In the place of its size.
    pub(super) size: Option<u64>,
    /// Whether the entry is not the bytes of the file, but some of them and where they belong (GNU tar's way).
    pub(super) sparse: bool,
}

impl Records {
    /// Reads `LENGTH KEY=VALUE\n` again and again; of a repeated key the last counts. `None` when it is not that.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut records = Self::default();
        let mut rest = body;
        while !rest.is_empty() {
            let blank = rest.iter().position(|byte| *byte == b' ')?;
            let length = usize::try_from(decimal(&rest[..blank])?).ok()?;
            let (record, behind) = rest.split_at_checked(length)?;
            rest = behind;
            let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
            let sign = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (&record[..sign], &record[sign + 1..]);
            match key {
                b"path" => records.path = Some(value.to_vec()),
                b"size" => records.size = Some(decimal(value)?),
                _ if key.starts_with(b"GNU.sparse.") => records.sparse = true,
                _ => {}
            }
        }
        Some(records)
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
