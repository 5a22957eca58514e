//! Valid and damaged archives of every kind, made by hand and by the `tar` command.

use super::{Dice, ways_to_cut};
use crate::tar::{BLOCK, CHECKSUM, GNU, MAGIC, POSIX, checksum};
use crate::{TarDecoder, TarEncoder, TarError, TarEvent};
use nbcourier_domain::Timestamp;
use std::path::Path;
use std::process::Command;

/// Paths and contents of files.
type Files = Vec<(String, Vec<u8>)>;

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Files, TarError> {
    let (mut decoder, mut files, mut open) = (TarDecoder::new(), Files::new(), None);
    let mut sink = |event: TarEvent<'_>| {
        match event {
            TarEvent::Begin(path, size) => {
                assert_eq!(open.replace(size), None);
                files.push((path.to_string(), Vec::new()));
            }
            TarEvent::Content(bytes) => {
                assert!(!bytes.is_empty());
                files.last_mut().unwrap().1.extend_from_slice(bytes);
            }
            TarEvent::End => {
                let size = files.last().unwrap().1.len() as u64;
                assert_eq!(open.take(), Some(size));
            }
        }
        Ok(())
    };
    for piece in pieces {
        decoder.feed(piece, &mut sink)?;
    }
    decoder.finish().map(|()| files)
}

/// Returns the files or the error. Checks that the result is the same however the archive is cut.
#[track_caller]
fn decode(archive: &[u8]) -> Result<Files, TarError> {
    let mut outcomes = ways_to_cut(archive).map(read);
    let first = outcomes.next().unwrap_or(Err(TarError::Incomplete));
    assert!(outcomes.all(|other| other == first));
    first
}

#[track_caller]
fn assert_refused(archive: &[u8], sentence: &str) {
    let error = decode(archive).unwrap_err().to_string();
    assert_eq!(error, sentence);
}

const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Returns a header of any kind, with any bytes as its size, valid or not.
fn header(kind: u8, name: &[u8], size: &[u8]) -> Vec<u8> {
    let mut header = [0; BLOCK];
    header[..name.len()].copy_from_slice(name);
    header[124..][..size.len()].copy_from_slice(size);
    header[156] = kind;
    header[MAGIC].copy_from_slice(POSIX);
    sealed(header)
}

fn sealed(mut header: [u8; BLOCK]) -> Vec<u8> {
    let sum = format!("{:06o}\0 ", checksum(&header));
    header[CHECKSUM].copy_from_slice(sum.as_bytes());
    header.to_vec()
}

fn entry(kind: u8, name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut entry = header(kind, name, format!("{:011o}\0", bytes.len()).as_bytes());
    entry.extend_from_slice(bytes);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

/// Returns an archive of these entries with its end.
fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), END.to_vec()].concat()
}

fn file(name: &str) -> Vec<u8> {
    entry(b'0', name.as_bytes(), b"bytes")
}

fn files(names: &[&str]) -> Files {
    let file = |name: &&str| ((*name).to_owned(), b"bytes".to_vec());
    names.iter().map(file).collect()
}

fn encoded(files: &Files) -> Vec<u8> {
    let (mut encoder, mut output) = (TarEncoder::new(), Vec::new());
    for (path, bytes) in files {
        let before = output.len() as u64;
        let size = bytes.len() as u64;
        encoder.begin(path, size, Timestamp::now(), &mut output);
        output.extend_from_slice(bytes);
        encoder.end(&mut output);
        let length = output.len() as u64 - before;
        assert_eq!(TarEncoder::encoded_len(path, size), length);
    }
    encoder.finish(&mut output);
    output
}

/// Returns files of every length around a block. Some names fit into a header, some just fit, and some do not.
fn all_sorts() -> Files {
    let lengths = [0, 1, 511, 512, 513, 1024, 70_000];
    let mut files: Files = (0..)
        .zip(lengths)
        .map(|(number, length)| (format!("f{number}"), Dice(number).bytes(length)))
        .collect();
    for length in [99, 100, 101, 200, 255] {
        files.push((format!("{:x<length$}", "n"), b"named".to_vec()));
    }
    let deep = vec!["directory"; 30].join("/");
    files.push((deep, b"deep".to_vec()));
    files.push(("ünïcode/数学 = 1\n2.ipynb".to_owned(), b"{}".to_vec()));
    files
}

#[test]
fn encoded_archives_are_decoded() {
    assert_eq!(decode(&encoded(&Files::new())), Ok(Files::new()));
    let files = all_sorts();
    assert_eq!(decode(&encoded(&files)), Ok(files));
}

#[test]
fn it_makes_no_difference_where_an_archive_is_cut() {
    let files = vec![
        ("a".to_owned(), vec![7; 600]),
        ("ü".to_owned(), vec![0; 512]),
    ];
    let archive = encoded(&files);
    for at in 0..=archive.len() {
        let (one, two) = archive.split_at(at);
        assert_eq!(read([one, two].into_iter()), Ok(files.clone()), "{at}");
    }
}

fn run_tar(arguments: &[&str], directory: &Path) -> Vec<u8> {
    let made = Command::new("timeout")
        .args(["60", "tar"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    made.stdout
}

#[test]
fn archives_of_the_tar_command_are_understood() {
    let place = tempfile::tempdir().unwrap();
    let mut files = all_sorts();
    for format in ["ustar", "gnu", "oldgnu", "posix"] {
        if format == "ustar" {
            // The format has no room for longer paths.
            files.retain(|(path, _)| path.len() <= 100);
        } else {
            files = all_sorts();
        }
        let work = place.path().join(format);
        for (path, bytes) in &files {
            let path = work.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let archive = run_tar(&["-c", "--format", format, "."], &work);
        let mut found = read([archive.as_slice()].into_iter()).unwrap();
        found.sort();
        files.sort();
        assert!(found == files, "{format}");
    }
}

#[test]
fn the_tar_command_understands_ours() {
    let place = tempfile::tempdir().unwrap();
    let files = all_sorts();
    std::fs::write(place.path().join("ours.tar"), encoded(&files)).unwrap();
    run_tar(&["-x", "-f", "ours.tar"], place.path());
    for (path, bytes) in files {
        assert!(
            std::fs::read(place.path().join(&path)).unwrap() == bytes,
            "{path}"
        );
    }
}

#[test]
fn directories_and_global_headers_are_skipped() {
    let comment = b"52 comment=0123456789012345678901234567890123456789\n";
    let made = archive(&[
        entry(b'g', b"pax_global_header", comment),
        entry(b'5', b"./", b""),
        entry(b'5', b"a/", b""),
        file("a/b"),
        entry(b'x', b"pax", b"15 mtime=123.4\n"),
        entry(b'5', b"a/c", b""),
        file("./d"),
        entry(0, b"e", b"bytes"),
    ]);
    assert_eq!(decode(&made), Ok(files(&["a/b", "d", "e"])));
    let million = [
        header(b'5', b"d/", b"00000000000\0").repeat(100_000),
        END.to_vec(),
    ]
    .concat();
    assert_eq!(read([million.as_slice()].into_iter()), Ok(Files::new()));
}

#[test]
fn an_archive_that_ends_too_soon_is_incomplete() {
    let whole = encoded(&vec![
        ("a".to_owned(), vec![7; 600]),
        ("ü".to_owned(), vec![]),
    ]);
    for length in 0..whole.len() {
        assert_eq!(
            read([&whole[..length]].into_iter()),
            Err(TarError::Incomplete),
            "{length}"
        );
    }
    let more = [whole.clone(), vec![0; 9000]].concat();
    assert!(decode(&more).is_ok(), "tar fills its last record up");
    for garbage in [
        b"x".to_vec(),
        [vec![0; 700], b"x".to_vec()].concat(),
        file("b"),
    ] {
        let sentence = "Something stands behind the end of the archive";
        assert_refused(&[whole.clone(), garbage].concat(), sentence);
    }
    let lone = [file("a"), vec![0; BLOCK], file("b"), END.to_vec()].concat();
    assert_refused(&lone, "The archive is damaged behind a");
    let announced = [entry(b'x', b"pax", b"10 path=b\n"), END.to_vec()].concat();
    assert_refused(&announced, "The archive is damaged behind its beginning");
}

#[test]
fn only_files_and_directories_are_taken() {
    for (kind, what) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'6', "a pipe"),
        (b'S', "a sparse file"),
        (b'7', "something else"),
        (b'D', "something else"),
        (b'V', "something else"),
        (b'\xff', "something else"),
    ] {
        let sentence = format!("bad \\\"one\\\" is {what}: only files and directories are taken");
        assert_refused(
            &archive(&[file("a"), entry(kind, b"bad \"one\"", b"")]),
            &sentence,
        );
    }
    let sparse = entry(b'x', b"pax", b"22 GNU.sparse.major=1\n");
    assert_refused(
        &archive(&[sparse, file("holes")]),
        "holes is a sparse file: only files and directories are taken",
    );
    assert_refused(
        &archive(&[entry(b'5', b"d/", b"bytes")]),
        "d/ is a directory with bytes of its own: only files and directories are taken",
    );
    let linked = [
        entry(b'K', b"././@LongLink", b"target\0"),
        entry(b'2', b"link", b""),
    ];
    assert_refused(
        &archive(&linked),
        "link is a symbolic link: only files and directories are taken",
    );
}

#[test]
fn a_path_that_may_not_stand_there_is_refused() {
    for path in [
        "", "/", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", "./", "././a", ".", "..", "a\\b",
    ] {
        let sentence = format!("Illegal path: {}", path.escape_debug());
        assert_refused(&archive(&[file(path)]), &sentence);
        let record = format!(" path={path}\n");
        let record = format!(
            "{}{record}",
            record.len() + if record.len() < 9 { 1 } else { 2 }
        );
        let extended = entry(b'x', b"pax", record.as_bytes());
        assert_refused(&archive(&[extended, file("a")]), &sentence);
        let long = entry(b'L', b"././@LongLink", format!("{path}\0").as_bytes());
        assert_refused(&archive(&[long, file("a")]), &sentence);
    }
    for path in ["../", "/etc/", "a/../b/", "a\\b"] {
        let sentence = format!("Illegal path: {}", path.escape_debug());
        assert_refused(&archive(&[entry(b'5', path.as_bytes(), b"")]), &sentence);
    }
    assert_refused(
        &archive(&[entry(b'0', b"\xff\xfe", b"")]),
        "Illegal path: \u{fffd}\u{fffd}",
    );
    let nul = entry(b'x', b"pax", b"12 path=a\0b\n");
    assert_refused(&archive(&[nul, file("a")]), "Illegal path: a\\0b");
    for pair in [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["a", "./a"]] {
        let sentence = format!("Illegal path: {}", pair[1]);
        assert_refused(
            &archive(&[file(pair[0]), file("c"), file(pair[1])]),
            &sentence,
        );
    }
    let long = "long/".repeat(100);
    let long = entry(b'L', b"././@LongLink", format!("{long}\0").as_bytes());
    let sentence = format!("Illegal path: {}", "long/".repeat(40));
    assert_refused(&archive(&[long, file("a")]), &sentence);
}

#[test]
fn invalid_sizes_are_refused() {
    for size in [
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb".as_slice(),
        b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"-0000000001\0",
        b"+0000000001\0",
        b"00000000008\0",
        b"0000 000001\0",
        b"0x000000001\0",
        b"           \0",
        b"\0\0\0\0\0\0\0\0\0\0\0\0",
        b"00000000001x",
    ] {
        let entry = header(b'0', b"b", size);
        assert_refused(
            &archive(&[file("a"), entry]),
            "The archive is damaged behind a",
        );
    }
    for size in [
        b"5\0\0\0\0\0\0\0\0\0\0\0".as_slice(),
        b"          5 ",
        b"000000000005",
        b"\x80\0\0\0\0\0\0\0\0\0\0\x05",
    ] {
        let mut entry = header(b'0', b"b", size);
        entry.extend_from_slice(b"bytes");
        entry.resize(2 * BLOCK, 0);
        assert_eq!(decode(&archive(&[entry])), Ok(files(&["b"])));
    }
    let lies = header(b'0', b"b", b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
    assert_refused(&archive(&[lies]), "The archive is incomplete");
    let said = entry(b'x', b"pax", b"11 size=+5\n");
    assert_refused(
        &archive(&[said, file("a")]),
        "The archive is damaged behind its beginning",
    );
    let said = entry(b'x', b"pax", b"10 size=5\n");
    let without = header(b'0', b"a", b"00000000000\0");
    let made = archive(&[said, without, b"bytes".to_vec(), vec![0; BLOCK - 5]]);
    assert_eq!(decode(&made), Ok(files(&["a"])));
}

#[test]
fn an_invalid_header_is_refused() {
    let not_tar = "This is no tar archive (of the kinds ustar, pax and GNU)";
    let zip = [b"PK\x03\x04".to_vec(), vec![1; 2000]].concat();
    assert_refused(&zip, not_tar);
    let mut old = file("a");
    old[MAGIC].fill(0);
    let old = sealed(old[..BLOCK].try_into().unwrap());
    assert_refused(&archive(&[old, vec![0; BLOCK]]), not_tar);
    for at in [0, 50, 124, 156, 300, 511] {
        let mut changed = file("b");
        changed[at] ^= 1;
        assert_refused(
            &archive(&[file("a"), changed]),
            "The archive is damaged behind a",
        );
    }
    let mut gnu = file("a");
    gnu[MAGIC].copy_from_slice(GNU);
    // GNU tar has other data in the place of POSIX's prefix.
    gnu[345..350].copy_from_slice(b"times");
    let gnu = [
        sealed(gnu[..BLOCK].try_into().unwrap()),
        gnu[BLOCK..].to_vec(),
    ]
    .concat();
    assert_eq!(decode(&archive(&[gnu])), Ok(files(&["a"])));
}

#[test]
fn extended_headers_are_bounded_and_make_sense() {
    for kind in [b'x', b'g', b'L', b'K'] {
        let huge = header(kind, b"pax", b"10000000000\0");
        let sentence = "The extended header behind a is too long";
        assert_refused(&[file("a"), huge].concat(), sentence);
    }
    for records in [
        b"path=a\n".as_slice(),
        b"0 path=a\n",
        b"4 path=a\n",
        b"8 path=a\n",
        b"11 path=a\n",
        b"10 path=ab",
        b"99999999999999999999999 path=a\n",
        b"-10 path=a\n",
        b"6 path\n",
        b"10 path=a\n3",
        b" ",
        b"\n",
        b"\xff\xff",
    ] {
        let damaged = "The archive is damaged behind a";
        assert_refused(
            &archive(&[file("a"), entry(b'x', b"pax", records), file("b")]),
            damaged,
        );
        assert_refused(
            &archive(&[file("a"), entry(b'g', b"pax", records), file("b")]),
            damaged,
        );
    }
    let twice = || entry(b'x', b"pax", b"10 path=b\n");
    assert!(decode(&archive(&[twice(), twice(), file("a")])).is_err());
    let name = || entry(b'L', b"././@LongLink", b"b\0");
    assert!(decode(&archive(&[name(), name(), file("a")])).is_err());
    assert!(decode(&archive(&[twice(), name(), file("a")])).is_err());
    assert!(decode(&archive(&[name(), twice(), file("a")])).is_err());
    let all = entry(b'g', b"pax", b"10 path=b\n");
    assert!(
        decode(&archive(&[all, file("a")])).is_err(),
        "one path for all files"
    );
}

#[test]
fn the_error_of_the_sink_comes_up_at_once() {
    let made = archive(&[file("a"), file("b")]);
    for last in 1..=6 {
        let mut calls = 0;
        let outcome = TarDecoder::new().feed(&made, &mut |_| {
            calls += 1;
            if calls == last {
                Err(TarError::Trailing)
            } else {
                Ok(())
            }
        });
        assert_eq!((outcome, calls), (Err(TarError::Trailing), last));
    }
}

#[test]
fn nothing_panics_whatever_comes() {
    let sound = encoded(&all_sorts());
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut damaged = sound[..6000].to_vec();
        for _ in 0..5 {
            dice.damage(&mut damaged, b"\0 07\xff\x80xgLK");
        }
        let mut decoder = TarDecoder::new();
        for piece in damaged.chunks(1 + dice.below(900)) {
            let _ = decoder.feed(piece, &mut |_| Ok::<_, TarError>(()));
        }
        let _ = decoder.finish();
    }
}

#[test]
fn a_hard_link_is_one_for_tar_and_passed_over_by_whoever_wants_that() {
    let place = tempfile::tempdir().unwrap();
    let long = |end: &str| format!("{}/ü{end}", "directory".repeat(20));
    let (first, second, now) = (
        long("1"),
        long("2"),
        Timestamp::from_micros(1_600_000_000_000_000),
    );
    let (mut encoder, mut archive) = (TarEncoder::new(), Vec::new());
    encoder.begin(&first, 5, now, &mut archive);
    archive.extend_from_slice(b"hello");
    encoder.end(&mut archive);
    encoder.link(&second, &first, now, &mut archive);
    encoder.link("short", &first, now, &mut archive);
    encoder.finish(&mut archive);

    std::fs::write(place.path().join("a.tar"), &archive).unwrap();
    let unpacked = Command::new("tar")
        .args(["xf", "a.tar"])
        .current_dir(place.path())
        .status();
    assert!(unpacked.unwrap().success());
    for name in [first.as_str(), &second, "short"] {
        assert_eq!(std::fs::read(place.path().join(name)).unwrap(), b"hello");
    }

    let mut begun = Vec::new();
    let mut decoder = TarDecoder::passing_over_links();
    let fed = decoder.feed(&archive, &mut |event| {
        begun.extend(matches!(event, TarEvent::Begin(..)).then(|| format!("{event:?}")));
        Ok::<(), TarError>(())
    });
    fed.unwrap();
    decoder.finish().unwrap();
    assert_eq!(begun.len(), 1, "{begun:?}");
    assert!(
        decode(&archive)
            .unwrap_err()
            .to_string()
            .contains("is a hard link")
    );
}
