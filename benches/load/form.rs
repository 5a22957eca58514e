//! The form of a submission as the stock client sends it. It is made once and marked anew for each request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Number of the first raw bytes of a file, which distinguish submissions. Their base64 is sixteen hexadecimal digits.
pub const MARK_BYTES: usize = 12;
/// A name with the length of every student's name.
const NAME: &str = "s00000";

/// A form in which the name and the first bytes of every file can be overwritten.
#[derive(Clone)]
pub struct Form {
    bytes: Vec<u8>,
    marks: Vec<usize>,
}

impl Form {
    /// Returns the form for this number of files of this size in bytes.
    pub fn new(files: usize, size: usize) -> Self {
        let mut bytes = format!("user={NAME}&files=%5B").into_bytes();
        let mut marks = Vec::new();
        for place in 0..files {
            let path = path(place);
            let before = if place == 0 { "" } else { "%2C+" };
            bytes.extend(
                format!("{before}%7B%22path%22%3A+%22{path}%22%2C+%22content%22%3A+%22").bytes(),
            );
            marks.push(bytes.len());
            escape(&STANDARD.encode(content(place, size, 0)), &mut bytes);
            bytes.extend(b"%22%7D");
        }
        bytes.extend(b"%5D");
        Self { bytes, marks }
    }

    /// Returns the form of this student with this mark.
    pub fn of(&mut self, student: &str, mark: u64) -> &[u8] {
        self.bytes["user=".len()..][..NAME.len()].copy_from_slice(student.as_bytes());
        for place in &self.marks {
            self.bytes[*place..][..16].copy_from_slice(digits(mark).as_bytes());
        }
        &self.bytes
    }
}

/// Returns the path of a file of a submission.
pub fn path(place: usize) -> String {
    if place == 0 {
        "problem.ipynb".into()
    } else {
        format!("data-{place}.csv")
    }
}

/// Returns the bytes of a file of a submission.
pub fn content(place: usize, size: usize, mark: u64) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ (place as u64 + 1);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size.max(MARK_BYTES));
    bytes[..MARK_BYTES].copy_from_slice(&mark_bytes(mark));
    bytes
}

/// Returns the raw bytes of a mark.
pub fn mark_bytes(mark: u64) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    // Sixteen digits are always valid base64 of twelve bytes.
    let _ = STANDARD.decode_slice(digits(mark), &mut bytes);
    bytes
}

/// Returns the digits of a mark, as they occur in the form.
pub fn digits(mark: u64) -> String {
    format!("{mark:016x}")
}

/// Appends base64 as it occurs in a form.
pub fn escape(base64: &str, form: &mut Vec<u8>) {
    for byte in base64.bytes() {
        match byte {
            b'+' => form.extend(b"%2B"),
            b'/' => form.extend(b"%2F"),
            b'=' => form.extend(b"%3D"),
            _ => form.push(byte),
        }
    }
}
