//! Valid and damaged compressed bytes, made by the compressors of the libraries.

use super::{Dice, ways_to_cut};
use crate::{NotPacked, Packing, Unpacker};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Returns the unpacked bytes, and the largest number of bytes from one call.
fn unpack<'a>(
    packing: Packing,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, usize), NotPacked> {
    let (mut unpacker, mut output, mut most) = (Unpacker::new(packing).unwrap(), Vec::new(), 0);
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let before = output.len();
            let taken = unpacker.feed(rest, &mut |bytes| {
                assert!(!bytes.is_empty());
                output.extend_from_slice(bytes);
                Ok::<_, NotPacked>(())
            })?;
            assert!(taken > 0 || output.len() > before, "it goes on");
            most = most.max(output.len() - before);
            rest = &rest[taken..];
        }
    }
    unpacker.finish(&mut |bytes| {
        output.extend_from_slice(bytes);
        Ok::<_, NotPacked>(())
    })?;
    Ok((output, most))
}

#[track_caller]
fn assert_unpacked(packing: Packing, packed: &[u8], bytes: &[u8]) {
    for pieces in ways_to_cut(packed) {
        let (output, _) = unpack(packing, pieces).unwrap();
        assert!(output == bytes, "{packing:?}");
    }
}

#[track_caller]
fn assert_refused(packing: Packing, packed: &[u8]) {
    for pieces in ways_to_cut(packed) {
        assert_eq!(
            unpack(packing, pieces).err(),
            Some(NotPacked),
            "{packing:?}"
        );
    }
}

#[test]
fn packed_bytes_are_unpacked() {
    for length in [0, 1, 100, 70_000] {
        let odd = Dice(length as u64).bytes(length);
        let even = vec![b'e'; length];
        for bytes in [odd, even] {
            assert_unpacked(Packing::Plain, &bytes, &bytes);
            assert_unpacked(Packing::Gzip, &gzip(&bytes), &bytes);
            assert_unpacked(Packing::Zstd, &zstd(&bytes), &bytes);
        }
    }
    // The blocks of these inputs fill the output to the last byte, wherever the input was cut.
    let zeros = vec![0; 300_000];
    assert_unpacked(Packing::Zstd, &zstd(&zeros), &zeros);
    let skipped = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let parts = [zstd(b"one "), skipped.to_vec(), zstd(b""), zstd(b"two")].concat();
    assert_unpacked(Packing::Zstd, &parts, b"one two");
    let parts = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
    assert_unpacked(Packing::Gzip, &parts, b"one two");
}

#[test]
fn truncated_and_trailing_input_is_refused() {
    let bytes = Dice(1).bytes(3000);
    for (packing, packed) in [(Packing::Gzip, gzip(&bytes)), (Packing::Zstd, zstd(&bytes))] {
        for length in [0, 1, 3, 5, 20, packed.len() / 2, packed.len() - 1] {
            assert_refused(packing, &packed[..length]);
        }
        for garbage in [b"x".as_slice(), b"garbage", &[0; 700]] {
            assert_refused(packing, &[&packed, garbage].concat());
        }
        for at in 0..packed.len().min(12) {
            let mut changed = packed.clone();
            changed[at] ^= 0xFF;
            // The header of gzip holds a time and a system, which are ignored. The zstd input has no checksum.
            let is_idle = match packing {
                Packing::Gzip => (4..10).contains(&at),
                _ => at >= 9,
            };
            let outcome = unpack(packing, [changed.as_slice()].into_iter());
            assert_eq!(outcome.is_ok(), is_idle, "{packing:?} {at}");
        }
    }
    assert_refused(Packing::Gzip, &zstd(&bytes));
    assert_refused(Packing::Zstd, &gzip(&bytes));
}

#[test]
fn a_few_bytes_that_unpack_to_very_many_come_a_megabyte_at_a_time() {
    let bomb = vec![0; 64 * 1024 * 1024];
    for (packing, packed) in [(Packing::Gzip, gzip(&bomb)), (Packing::Zstd, zstd(&bomb))] {
        assert!(packed.len() < bomb.len() / 100);
        let (output, most) = unpack(packing, [packed.as_slice()].into_iter()).unwrap();
        assert!(output == bomb);
        assert!(most < 2 * 1024 * 1024, "{most} bytes at once");
    }
}

#[test]
fn a_window_that_takes_much_memory_is_refused() {
    let bytes = Dice(1).bytes(20_000);
    for (window_log, is_taken) in [(23, true), (24, false), (27, false)] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(&bytes).unwrap();
        // Without a flush the library would make the window as small as the bytes.
        encoder.flush().unwrap();
        let packed = encoder.finish().unwrap();
        let outcome = unpack(Packing::Zstd, [packed.as_slice()].into_iter());
        assert_eq!(outcome.is_ok(), is_taken, "{window_log}");
    }
}

#[test]
fn frames_of_the_first_versions_of_zstd_are_refused() {
    for version in [0x1E, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27] {
        assert_refused(
            Packing::Zstd,
            &[&[version, 0xB5, 0x2F, 0xFD], [0; 60].as_slice()].concat(),
        );
    }
}

/// The library of version 1.5.7 takes the second piece of this input for a frame of its own when the cut is within the
/// first header.
#[test]
fn a_frame_within_a_header_is_no_frame_wherever_the_input_is_cut() {
    let empty_frame = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0, 1, 0, 0];
    for descriptor in [0x00, 0x20, 0x40, 0x50, 0x60, 0x80, 0x83, 0xC0, 0xC3] {
        let input = [&empty_frame[..4], &[descriptor], &empty_frame].concat();
        for cut in 0..=input.len() {
            let (one, two) = input.split_at(cut);
            let outcome = unpack(Packing::Zstd, [one, two].into_iter());
            assert_eq!(outcome, Err(NotPacked), "{descriptor:#x}, cut at {cut}");
        }
    }
}

#[test]
fn nothing_panics_whatever_comes_even_after_an_error() {
    let bytes = "again and again ".repeat(300);
    let sound = [gzip(bytes.as_bytes()), zstd(bytes.as_bytes())];
    for seed in 0..1000 {
        let mut dice = Dice(seed);
        for (packing, sound) in [Packing::Gzip, Packing::Zstd].into_iter().zip(&sound) {
            let mut damaged = sound.clone();
            dice.damage(&mut damaged, b"\0\xff\x1f\x8b\x28");
            let mut unpacker = Unpacker::new(packing).unwrap();
            for piece in damaged.chunks(1 + dice.below(40)) {
                let _ = unpacker.feed(piece, &mut |_| Ok::<_, NotPacked>(()));
            }
            let _ = unpacker.finish(&mut |_| Ok::<_, NotPacked>(()));
        }
    }
}
