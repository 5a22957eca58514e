//! Archives as simple clients write and read them.

use super::Sent;

const BLOCK: usize = 512;

/// Returns a complete archive of the files.
pub fn archive(files: &[Sent]) -> Vec<u8> {
    let mut archive: Vec<u8> = files.iter().flat_map(entry).collect();
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

/// Returns a file with its header.
pub fn entry(file: &Sent) -> Vec<u8> {
    let mut entry = header(b'0', &file.path, file.bytes.len());
    entry.extend_from_slice(&file.bytes);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

/// Returns a header of that kind.
pub fn header(kind: u8, name: &str, size: usize) -> Vec<u8> {
    let mut header = vec![0; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

/// Returns the files of an archive, which must be complete and contain regular files only.
#[track_caller]
pub fn files(archive: &[u8]) -> Vec<Sent> {
    let mut files = Vec::new();
    let mut long_name = None;
    let mut rest = archive;
    loop {
        let (header, behind) = rest.split_at(BLOCK);
        if header.iter().all(|byte| *byte == 0) {
            assert_eq!(behind, [0; BLOCK], "the end of the archive");
            return files;
        }
        let field = |from: usize, to: usize| {
            let text = header[from..to].split(|byte| *byte == 0).next();
            String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
        };
        let size = usize::from_str_radix(&field(124, 136), 8).expect("a size");
        let (bytes, behind) = behind.split_at(size);
        rest = &behind[size.next_multiple_of(BLOCK) - size..];
        match header[156] {
            b'x' => {
                let records = String::from_utf8_lossy(bytes);
                let (_, path) = records.split_once(" path=").expect("a path");
                long_name = path.strip_suffix('\n').map(str::to_owned);
            }
            b'0' => {
                let name = long_name.take().unwrap_or_else(|| field(0, 100));
                files.push(Sent::new(&name, bytes));
            }
            kind => panic!("an entry of the kind {kind}"),
        }
    }
}
