//! Compressed bytes, decoded by the libraries' readers, which hold everything in memory.

use flate2::read::MultiGzDecoder;
use nbcourier_codec::{NotPacked, Packing, Unpacker};
use std::io::Read as _;

/// The maximum decompressed size that is compared, in bytes.
const ENOUGH: usize = 1 << 24;

pub fn gzip(pieces: &[&[u8]]) -> String {
    unpack(Packing::Gzip, pieces)
}

pub fn zstd(pieces: &[&[u8]]) -> String {
    unpack(Packing::Zstd, pieces)
}

fn unpack(packing: Packing, pieces: &[&[u8]]) -> String {
    let (mut unpacker, mut bytes) = (Unpacker::new(packing).unwrap(), Vec::new());
    let mut sink = |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok::<_, NotPacked>(())
    };
    let fed = pieces.iter().try_for_each(|piece| {
        let mut rest = *piece;
        while !rest.is_empty() {
            let taken = unpacker.feed(rest, &mut sink)?;
            rest = &rest[taken..];
        }
        Ok(())
    });
    let outcome = fed.and_then(|()| unpacker.finish(&mut sink));
    shown(outcome.ok().map(|()| bytes))
}

pub fn expected_of_gzip(packed: &[u8]) -> String {
    let mut bytes = Vec::new();
    let outcome = MultiGzDecoder::new(packed).read_to_end(&mut bytes);
    shown(outcome.ok().map(|_| bytes))
}

pub fn expected_of_zstd(packed: &[u8]) -> String {
    // An empty input is invalid for us, whatever the library makes of it.
    let bytes = zstd::decode_all(packed).ok();
    shown(bytes.filter(|_| !packed.is_empty()))
}

fn shown(bytes: Option<Vec<u8>>) -> String {
    match bytes {
        None => "not packed".to_owned(),
        Some(bytes) if bytes.len() > ENOUGH => format!("{} bytes", bytes.len()),
        Some(bytes) => format!("{bytes:?}"),
    }
}
