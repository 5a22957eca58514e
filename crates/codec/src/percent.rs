//! The unescaping of form values, fast.

/// How many bytes are looked at together: as many as a word has bits.
const BLOCK: usize = 64;

/// Decodes a value as far as nothing odd comes and `output` has room; gives the bytes read and the bytes written.
///
/// It stops before an `&`, before an escape that is malformed or not complete, and at the end of either side. What
/// stands in `output` behind the bytes written is rubbish.
pub(super) fn decode_run(input: &[u8], output: &mut [u8]) -> (usize, usize) {
    let (mut read, mut written) = decode_blocks(input, output);
    while let (Some((byte, length)), Some(place)) =
        (decode_one(input, read), output.get_mut(written))
    {
        *place = byte;
        read += length;
        written += 1;
    }
    (read, written)
}

/// The same, but stops before the end of either side. `+` and escapes come every thirty bytes or so, unforeseeably;
/// to look for one after the other would cost a mispredicted branch each.
fn decode_blocks(input: &[u8], output: &mut [u8]) -> (usize, usize) {
    let (mut read, mut written) = (0, 0);
    let mut start = 0;
    while let Some(block) = chunk(input, start) {
        let mut marks = special_bytes(block);
        loop {
            let (Some(from), Some(to)) = (chunk(input, read), chunk_mut(output, written)) else {
                return (read, written);
            };
            // Before the next mark stands less than a block. What is copied beyond is written over by what follows.
            *to = *from;
            if marks == 0 {
                break;
            }
            let mark = start + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            written += mark - read;
            read = mark;
            let (Some((byte, length)), Some(place)) =
                (decode_one(input, read), output.get_mut(written))
            else {
                return (read, written);
            };
            *place = byte;
            read += length;
            written += 1;
        }
        start += BLOCK;
        // An escape may have reached into the next block.
        written += start.saturating_sub(read);
        read = read.max(start);
    }
    (read, written)
}

fn chunk(bytes: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    bytes.get(at..).and_then(|rest| rest.first_chunk())
}

fn chunk_mut(bytes: &mut [u8], at: usize) -> Option<&mut [u8; BLOCK]> {
    bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut())
}

/// The byte that stands at a place, and how many bytes say so; `None` where `decode_run` stops.
fn decode_one(input: &[u8], at: usize) -> Option<(u8, usize)> {
    match *input.get(at)? {
        b'%' => {
            let &[first, second] = input.get(at + 1..at + 3)? else {
                return None;
            };
            let (high, low) = (unhex(first), unhex(second));
            ((high | low) < 16).then_some((high << 4 | low, 3))
        }
        b'&' => None,
        b'+' => Some((b' ', 1)),
        byte => Some((byte, 1)),
    }
}

/// Marks, by one bit each, what is among `%&'()*+` in a block: the three that matter, and four that share their
/// range and that clients escape anyway.
fn special_bytes(block: &[u8; BLOCK]) -> u64 {
    let mut bits = [0; BLOCK];
    for (index, (bit, byte)) in bits.iter_mut().zip(block).enumerate() {
        *bit = if byte.wrapping_sub(b'%') <= b'+' - b'%' {
            1 << (index % 8)
        } else {
            0
        };
    }
    let mut marks = 0;
    for (index, bits) in bits.as_chunks::<8>().0.iter().enumerate() {
        // The product's highest byte is the sum of all eight.
        let sum = u64::from_le_bytes(*bits).wrapping_mul(u64::from_ne_bytes([1; 8])) >> 56;
        marks |= sum << (8 * index);
    }
    marks
}

/// The value of a hexadecimal digit, or 0xFF for anything else.
pub(super) fn unhex(digit: u8) -> u8 {
    HEX[usize::from(digit)]
}

static HEX: [u8; 256] = {
    let mut table = [0xFF; 256];
    let digits = b"0123456789abcdef";
    let mut value = 0;
    while value < 16 {
        table[digits[value as usize] as usize] = value;
        table[digits[value as usize].to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    table
};
