//! Parses the fields of a tar header and the records of an extended header. The input is untrusted.

use super::tar::{Block, CHECKSUM};

/// Returns a text field: the bytes before the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// Parses a number. It is written in octal digits, with blanks before and blanks or NULs behind them. If the first bit
/// is set, the bits behind it are the number (GNU tar's form for more than eleven digits). Returns `None` for anything
/// else and for negative numbers.
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

/// The relevant records of an extended header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// The path that replaces the entry's name.
    pub(super) path: Option<Vec<u8>>,
    /// The size that replaces the entry's size.
    pub(super) size: Option<u64>,
    /// Whether the entry is a sparse file, with only a part of its bytes and their positions (GNU tar's form).
    pub(super) sparse: bool,
}

impl Records {
    /// Parses records `LENGTH KEY=VALUE\n`. The last value of a repeated key wins. Returns `None` for anything else.
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
