//! Fast unescaping of form values.

/// The number of bytes that are examined together, one for each bit of a word.
const BLOCK: usize = 64;

/// Decodes as much of a value as is regular and fits into `output`. Returns the numbers of bytes read and written.
///
/// It stops before an `&`, before an escape that is malformed or incomplete, and at the end of either side. The bytes
/// in `output` behind those written are undefined.
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

/// Does the same in blocks, but stops before the end of either side. `+` and escapes occur unpredictably, about every
/// thirty bytes. Searching for them one by one would cost a mispredicted branch each.
fn decode_blocks(input: &[u8], output: &mut [u8]) -> (usize, usize) {
    let (mut read, mut written) = (0, 0);
    let mut start = 0;
    while let Some(block) = chunk(input, start) {
        let mut marks = special_bytes(block);
        loop {
            let (Some(from), Some(to)) = (chunk(input, read), chunk_mut(output, written)) else {
                return (read, written);
            };
            // The next mark is less than a block away. Bytes copied beyond it are overwritten later.
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
        // The last escape may extend into the next block.
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

/// Decodes the byte at a position. Returns it and the length of its notation, or `None` where `decode_run` stops.
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

/// Returns a word with a bit for each byte of a block, set for `%&'()*+`. Three of these matter. The other four lie in
/// their range, and clients escape them anyway.
fn special_bytes(block: &[u8; BLOCK]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES * 0x80;
    // A sum has its highest bit if the byte is at least so large. No sum exceeds a byte.
    const AT_LEAST_PERCENT: u64 = ONES * (0x80 - b'%' as u64);
    const BEHIND_PLUS: u64 = ONES * (0x80 - (b'+' as u64 + 1));
    let mut marks = 0;
    for (index, word) in block.as_chunks().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let ascii = word & !HIGH;
        let special = (ascii + AT_LEAST_PERCENT) & !(ascii + BEHIND_PLUS) & !word & HIGH;
        // The factor moves the bit of each byte to a place of its own in the highest byte.
        let gathered = (special >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        marks |= gathered << (8 * index);
    }
    marks
}

/// Returns the value of a hexadecimal digit, or 0xFF for any other byte.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_special_byte_is_marked_at_its_place() {
        for byte in 0..=u8::MAX {
            for (at, around) in [(0, b'%'), (7, 0xFF), (8, b'$'), (31, 0), (63, b',')] {
                let mut block = [around; BLOCK];
                block[at] = byte;
                let special = |byte: u8| (b'%'..=b'+').contains(&byte);
                let expected = block
                    .iter()
                    .rev()
                    .fold(0, |marks, byte| marks << 1 | u64::from(special(*byte)));
                assert_eq!(special_bytes(&block), expected, "{byte} at {at}");
            }
        }
    }
}
