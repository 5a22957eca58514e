//! The format of tar archives: blocks of 512 bytes. The blocks before the content of a file are headers.
//!
//! The format is POSIX's `ustar` with its extended headers (IEEE Std 1003.1, `pax`). The decoder also reads GNU tar's
//! long names.

use std::ops::Range;

/// The block size in bytes. Headers and contents begin at its multiples.
pub(super) const BLOCK: usize = 512;

/// A header, or a block of an extended header or a content.
pub(super) type Block = [u8; BLOCK];

// The positions of a header's fields.
pub(super) const NAME: Range<usize> = 0..100;
pub(super) const MODE: Range<usize> = 100..108;
pub(super) const OWNER: Range<usize> = 108..116;
pub(super) const GROUP: Range<usize> = 116..124;
pub(super) const SIZE: Range<usize> = 124..136;
pub(super) const MODIFIED: Range<usize> = 136..148;
pub(super) const CHECKSUM: Range<usize> = 148..156;
pub(super) const KIND: usize = 156;
/// The target of a link.
pub(super) const LINK: Range<usize> = 157..257;
/// The magic that identifies a header and its format.
pub(super) const MAGIC: Range<usize> = 257..265;
/// The prefix of the name, in POSIX headers.
pub(super) const PREFIX: Range<usize> = 345..500;

/// The magic of POSIX headers.
pub(super) const POSIX: &[u8; 8] = b"ustar\x0000";
/// The magic of GNU tar's headers, which use the place of the prefix for other data.
pub(super) const GNU: &[u8; 8] = b"ustar  \0";

/// The type of a regular file.
pub(super) const FILE: u8 = b'0';
/// The type of a hard link to an earlier file.
pub(super) const HARD_LINK: u8 = b'1';
/// The type of an extended header, which describes the next entry.
pub(super) const EXTENDED: u8 = b'x';

/// Returns the number of zeros after contents of this size, up to the next block.
pub(super) fn padding(size: u64) -> usize {
    #[allow(clippy::cast_possible_truncation, reason = "it is less than a block")]
    let over = (size % BLOCK as u64) as usize;
    (BLOCK - over) % BLOCK
}

/// Returns the checksum of a header, with the bytes of the checksum itself counted as blanks.
pub(super) fn checksum(header: &Block) -> u64 {
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = header[CHECKSUM].iter().map(|byte| u64::from(*byte)).sum();
    sum - own + CHECKSUM.len() as u64 * u64::from(b' ')
}
