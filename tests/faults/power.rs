//! The state of a directory after a power cut at any moment, judged by the system calls of the program.
//!
//! [`Disk`] reads the output of `strace -f -yy` line by line. It remembers what the kernel may still hold back: the
//! bytes of a file until an `fsync` or `fdatasync` that began after they were written, and a name in a directory until
//! an `fsync` of the directory. A promise is a reply of success or a line on standard output. It must not be made while
//! anything is held back. Besides, a file gets its name only after its bytes, and the database is written only after
//! its log.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The system calls that have to be traced.
pub const CALLS: &str = "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendfile,\
     copy_file_range,splice,ftruncate,fallocate,fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat,unlink,\
     unlinkat,rmdir,mkdir,mkdirat,mmap,fchmod";

/// A promise that was made too early, or a change in the wrong order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of promises before it.
    pub promise: usize,
    pub says: String,
}

/// The unflushed data of one directory and everything below it.
pub struct Disk {
    root: PathBuf,
    /// The number of the current line.
    now: u64,
    /// Files with unflushed bytes, with the line of the last write.
    bytes: HashMap<PathBuf, u64>,
    /// Unflushed names, with the lines in which they were made.
    names: BTreeMap<PathBuf, u64>,
    /// All existing paths.
    known: BTreeSet<PathBuf>,
    /// Calls that have begun and not ended, by thread.
    begun: HashMap<i32, (u64, String)>,
    promises: usize,
    violations: Vec<Violation>,
}

/// A call that has ended.
struct Call<'a> {
    name: &'a str,
    arguments: &'a str,
    result: &'a str,
    /// The line in which it began.
    begun: u64,
}

impl Disk {
    /// Returns a disk with only the known paths below that directory.
    pub fn new(root: &Path, known: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            root: root.to_owned(),
            now: 0,
            bytes: HashMap::new(),
            names: BTreeMap::new(),
            known: known.into_iter().collect(),
            begun: HashMap::new(),
            promises: 0,
            violations: Vec::new(),
        }
    }

    /// Reads a whole trace.
    pub fn read<'a>(mut self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        for line in lines {
            self.line(line);
        }
        self
    }

    /// Returns the number of promises.
    pub fn promises(&self) -> usize {
        self.promises
    }

    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Reads a line: a call, its beginning, its end, or something else.
    pub fn line(&mut self, line: &str) {
        self.now += 1;
        let Some((thread, rest)) = thread_and_rest(line) else {
            return;
        };
        if let Some(begins) = rest.strip_suffix("<unfinished ...>") {
            self.starts(begins);
            self.begun.insert(thread, (self.now, begins.to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((begun, begins)) = self.begun.remove(&thread) else {
                return;
            };
            let ends = resumed.split_once(" resumed>").map_or("", |(_, ends)| ends);
            self.ends(&format!("{begins}{ends}"), begun);
        } else {
            self.starts(rest);
            self.ends(rest, self.now);
        }
    }

    /// Handles the beginning of a call. A promise counts from this moment.
    fn starts(&mut self, text: &str) {
        let Some((name, arguments)) = text.split_once('(') else {
            return;
        };
        if !matches!(name, "write" | "writev" | "sendto" | "sendmsg") {
            return;
        }
        let is_reply = arguments.contains("<TCP") && arguments.contains("\"HTTP/1.1 2");
        if is_reply || arguments.starts_with("1<") || arguments.starts_with("1,") {
            self.promise();
        }
    }

    fn promise(&mut self) {
        let mut held: Vec<String> = Vec::new();
        for path in self.bytes.keys() {
            if !self.is_in_log(path) {
                held.push(format!("the bytes of {}", path.display()));
            }
        }
        held.extend(
            self.names
                .keys()
                .map(|name| format!("the name {}", name.display())),
        );
        held.sort();
        for what in held {
            self.violation(format!("{what} may be lost after this was promised"));
        }
        self.promises += 1;
    }

    /// Whether the unflushed pages of the database are in its log as well.
    fn is_in_log(&self, path: &Path) -> bool {
        let log = beside(path, "-wal");
        self.known.contains(&log) && !self.bytes.contains_key(&log)
    }

    fn violation(&mut self, says: String) {
        self.violations.push(Violation {
            promise: self.promises,
            says,
        });
    }

    fn ends(&mut self, text: &str, begun: u64) {
        let Some((name, rest)) = text.split_once('(') else {
            return;
        };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else {
            return;
        };
        // A failed call changed nothing, and a failed flush flushed nothing.
        if result.starts_with(['-', '?']) {
            return;
        }
        self.ended(&Call {
            name,
            arguments: arguments.trim_end(),
            result,
            begun,
        });
    }

    fn ended(&mut self, call: &Call<'_>) {
        match call.name {
            "openat" | "open" | "creat" => self.opened(call),
            "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" | "sendfile" | "ftruncate"
            | "fallocate" | "fchmod" => self.wrote(call, 0),
            "copy_file_range" | "splice" => self.wrote(call, 1),
            "fsync" | "fdatasync" => {
                if let Some(path) = descriptors(call.arguments).first() {
                    self.flushed(path, call.begun);
                }
            }
            "syncfs" => {
                self.bytes.retain(|_, written| *written >= call.begun);
                self.names.retain(|_, came| *came >= call.begun);
            }
            "rename" | "renameat" | "renameat2" | "link" | "linkat" => self.named(call),
            "mkdir" | "mkdirat" => {
                for path in self.paths(call) {
                    self.came(path);
                }
            }
            "unlink" | "unlinkat" | "rmdir" => {
                for path in self.paths(call) {
                    self.went(&path);
                }
            }
            "mmap" => self.mapped(call),
            _ => {}
        }
    }

    fn opened(&mut self, call: &Call<'_>) {
        let Some(path) = descriptors(call.result).into_iter().next() else {
            return;
        };
        if !self.is_watched(&path) {
            return;
        }
        let makes = call.name == "creat" || call.arguments.contains("O_CREAT");
        if makes && !self.known.contains(&path) {
            self.came(path);
        } else if call.arguments.contains("O_TRUNC") {
            self.changed(path);
        }
    }

    fn wrote(&mut self, call: &Call<'_>, place: usize) {
        let Some(path) = descriptors(call.arguments).into_iter().nth(place) else {
            return;
        };
        if !self.is_watched(&path) {
            return;
        }
        let text = path.to_string_lossy().into_owned();
        if let Some(database) = text.strip_suffix("-wal") {
            let is_anew = call.name == "ftruncate" || call.arguments.ends_with(", 0)");
            if is_anew && self.bytes.contains_key(Path::new(database)) {
                self.violation(format!("{text} begins anew before {database} is flushed"));
            }
        }
        for log in ["-wal", "-journal"].map(|suffix| beside(&path, suffix)) {
            if self.bytes.contains_key(&log) {
                let log = log.display();
                self.violation(format!(
                    "{text} is written before its log, {log}, is flushed"
                ));
            }
        }
        self.changed(path);
    }

    fn changed(&mut self, path: PathBuf) {
        self.bytes.insert(path, self.now);
    }

    fn came(&mut self, path: PathBuf) {
        self.known.insert(path.clone());
        if matters(&path) {
            self.names.insert(path, self.now);
        }
    }

    fn went(&mut self, path: &Path) {
        self.known.remove(path);
        self.names.remove(path);
        self.bytes.remove(path);
    }

    fn flushed(&mut self, path: &Path, begun: u64) {
        if self.bytes.get(path).is_some_and(|written| *written < begun) {
            self.bytes.remove(path);
        }
        self.names
            .retain(|name, came| name.parent() != Some(path) || *came >= begun);
    }

    fn named(&mut self, call: &Call<'_>) {
        let paths = named_paths(call.arguments);
        let [from, to] = paths.as_slice() else {
            return;
        };
        if !self.is_watched(to) {
            return;
        }
        if call.arguments.contains("RENAME_EXCHANGE") {
            self.exchanged(from, to);
            return;
        }
        if let Some(written) = self.bytes.get(from).copied() {
            let (from, to) = (from.display(), to.display());
            self.violation(format!("{from} is named {to} before its bytes are flushed"));
            self.bytes.insert(paths[1].clone(), written);
        } else {
            self.bytes.remove(to);
        }
        if call.name.starts_with("rename") {
            self.went(from);
        }
        self.came(paths[1].clone());
    }

    /// Handles two files that changed places.
    fn exchanged(&mut self, one: &Path, other: &Path) {
        let unflushed = [one, other].map(|path| self.bytes.remove(path));
        for (path, written) in [one, other].into_iter().zip(unflushed.into_iter().rev()) {
            if let Some(written) = written {
                let shown = path.display();
                self.violation(format!(
                    "{shown} gets its name before its bytes are flushed"
                ));
                self.bytes.insert(path.to_owned(), written);
            }
            self.came(path.to_owned());
        }
    }

    /// Checks that only SQLite's index of its log is written through memory: it is rebuilt after a crash.
    fn mapped(&mut self, call: &Call<'_>) {
        let is_written =
            call.arguments.contains("PROT_WRITE") && call.arguments.contains("MAP_SHARED");
        for path in descriptors(call.arguments) {
            if is_written && self.is_watched(&path) {
                self.violation(format!("{} is written to in memory", path.display()));
            }
        }
    }

    /// Returns the paths in a call that are watched.
    fn paths(&mut self, call: &Call<'_>) -> Vec<PathBuf> {
        let paths = named_paths(call.arguments);
        if let Some(path) = paths.iter().find(|path| path.is_relative()) {
            // The trace does not show which directory it is in.
            self.violation(format!("{} is no whole path", path.display()));
        }
        paths
            .into_iter()
            .filter(|path| path.starts_with(&self.root))
            .collect()
    }

    /// Whether the bytes of a file are watched.
    fn is_watched(&self, path: &Path) -> bool {
        path.starts_with(&self.root) && matters(path)
    }
}

/// Returns the thread of a line and the text after it. Strace pads numbers of fewer than five digits with blanks.
pub fn thread_and_rest(line: &str) -> Option<(i32, &str)> {
    let (thread, rest) = line.trim_start().split_once(' ')?;
    Some((thread.parse().ok()?, rest.trim()))
}

/// Whether a path must survive. Locks, the index of the log, and the marks of unfinished uploads may be lost. So may the log
/// of a folder in a home, which only people read.
fn matters(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_mark = path
        .parent()
        .is_some_and(|parent| parent.ends_with("incoming"))
        && name.starts_with("upload-");
    let is_of_folder = path
        .parent()
        .is_some_and(|parent| parent.ends_with(".nbcourier"))
        && ["lock", "log"].contains(&&*name);
    !(is_mark
        || is_of_folder
        || ["-shm", ".lock", " (deleted)"]
            .iter()
            .any(|end| name.ends_with(end)))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns the files of descriptors such as `12</tmp/data/nbcourier.db>`.
fn descriptors(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("</") {
        let is_descriptor = text[..at].ends_with(|c: char| c.is_ascii_digit());
        if let Some(end) = text[at..].find('>')
            && is_descriptor
        {
            found.push(PathBuf::from(&text[at + 1..at + end]));
        }
    }
    found
}

/// Returns the paths in quotation marks. A relative one is below the directory that stands before it.
fn named_paths(text: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut parts = text.split('"');
    while let (Some(before), Some(quoted)) = (parts.next(), parts.next()) {
        let directory = before
            .rsplit_once("</")
            .and_then(|(_, rest)| rest.split_once('>'));
        let directory = directory.map_or(String::new(), |(path, _)| format!("/{path}"));
        paths.push(Path::new(&directory).join(quoted));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trace of submitting a large file to an existing data directory.
    const SUBMISSION: &[&str] = &[
        r#"7 openat(AT_FDCWD</>, "/r/d/blobs/incoming/.tmpA", O_RDWR|O_CREAT|O_EXCL, 0600) = 5</r/d/blobs/incoming/.tmpA>"#,
        r#"7 write(5</r/d/blobs/incoming/.tmpA>, "abc"..., 200000) = 200000"#,
        r#"7 openat(AT_FDCWD</>, "/r/d/blobs/incoming/.tmpA", O_RDONLY|O_CLOEXEC) = 6</r/d/blobs/incoming/.tmpA>"#,
        "7 fsync(6</r/d/blobs/incoming/.tmpA>) = 0",
        r#"7 rename("/r/d/blobs/incoming/.tmpA", "/r/d/blobs/ab/abcd") = 0"#,
        r#"7 openat(AT_FDCWD</>, "/r/d/blobs/ab", O_RDONLY|O_CLOEXEC) = 6</r/d/blobs/ab>"#,
        "7 fsync(6</r/d/blobs/ab>) = 0",
        r#"8 pwrite64(9</r/d/nbcourier.db-wal>, "\0\1"..., 4096, 8240) = 4096"#,
        "8 fdatasync(9</r/d/nbcourier.db-wal>) = 0",
        r#"7 sendto(4<TCP:[127.0.0.1:80->127.0.0.1:81]>, "HTTP/1.1 200 OK\r\n"..., 230, MSG_NOSIGNAL, NULL, 0) = 230"#,
    ];

    /// The trace of making a data directory, with a database in it, and a directory for blobs.
    const BEGINNING: &[&str] = &[
        r#"7 mkdir("/r/d", 0700) = 0"#,
        r#"7 openat(AT_FDCWD</>, "/r", O_RDONLY|O_CLOEXEC) = 5</r>"#,
        "7 fsync(5</r>) = 0",
        r#"7 openat(AT_FDCWD</>, "/r/d/nbcourier.db", O_RDWR|O_CREAT|O_NOFOLLOW, 0644) = 5</r/d/nbcourier.db>"#,
        r#"7 openat(AT_FDCWD</>, "/r/d/nbcourier.db-journal", O_RDWR|O_CREAT, 0600) = 6</r/d/nbcourier.db-journal>"#,
        r#"7 pwrite64(6</r/d/nbcourier.db-journal>, ""..., 512, 0) = 512"#,
        "7 fsync(6</r/d/nbcourier.db-journal>) = 0",
        r#"7 pwrite64(5</r/d/nbcourier.db>, ""..., 4096, 0) = 4096"#,
        "7 fdatasync(5</r/d/nbcourier.db>) = 0",
        r#"7 unlink("/r/d/nbcourier.db-journal") = 0"#,
        "7 fsync(7</r/d>) = 0",
        r#"7 mkdir("/r/d/blobs", 0700) = 0"#,
        "7 fsync(7</r/d>) = 0",
        r#"7 mkdir("/r/d/blobs/ab", 0700) = 0"#,
        "7 fsync(8</r/d/blobs>) = 0",
        r#"7 write(1<pipe:[12]>, "done\n", 5) = 5"#,
    ];

    /// The trace of a checkpoint: the log goes into the database and restarts.
    const CHECKPOINT: &[&str] = &[
        r#"8 pwrite64(9</r/d/nbcourier.db-wal>, ""..., 4096, 8240) = 4096"#,
        "8 fsync(9</r/d/nbcourier.db-wal>) = 0",
        r#"8 pwrite64(3</r/d/nbcourier.db>, ""..., 4096, 8192) = 4096"#,
        "8 fsync(3</r/d/nbcourier.db>) = 0",
        r#"8 pwrite64(9</r/d/nbcourier.db-wal>, ""..., 32, 0) = 32"#,
        "8 fsync(9</r/d/nbcourier.db-wal>) = 0",
        r#"7 sendto(4<TCP:[127.0.0.1:80->127.0.0.1:81]>, "HTTP/1.1 204 No Content\r\n"..., 99, MSG_NOSIGNAL, NULL, 0) = 99"#,
    ];

    /// The trace of a file that changes places with its new state.
    const EXCHANGE: &[&str] = &[
        r#"7 openat(5</r/h/incoming>, "new", O_RDWR|O_CREAT|O_EXCL, 0600) = 6</r/h/incoming/new>"#,
        r#"7 write(6</r/h/incoming/new>, "abc"..., 3) = 3"#,
        "7 fdatasync(6</r/h/incoming/new>) = 0",
        r#"7 renameat2(5</r/h/incoming>, "new", 4</r/h>, "a", RENAME_EXCHANGE) = 0"#,
        "7 fsync(4</r/h>) = 0",
        "7 fsync(5</r/h/incoming>) = 0",
        r#"7 write(1<pipe:[12]>, "done\n", 5) = 5"#,
    ];

    #[test]
    fn numbers_of_any_length_are_read() {
        for number in ["7", "42", "421", "4210", "42101", "4210123"] {
            let line = format!("{number:<5} +++ exited with 0 +++");
            let read = thread_and_rest(&line);
            let expected = number.parse().unwrap();
            assert_eq!(read, Some((expected, "+++ exited with 0 +++")), "{line}");
        }
        assert_eq!(thread_and_rest("strace: Process 42 attached"), None);
    }

    fn known() -> [PathBuf; 3] {
        [
            "/r/d/nbcourier.db",
            "/r/d/nbcourier.db-wal",
            "/r/d/blobs/ab",
        ]
        .map(PathBuf::from)
    }

    fn judge<'a>(known: &[PathBuf], lines: impl IntoIterator<Item = &'a str>) -> Vec<Violation> {
        let disk = Disk::new(Path::new("/r"), known.to_vec()).read(lines);
        assert_eq!(disk.promises(), 1);
        disk.violations().to_vec()
    }

    #[test]
    fn each_flush_that_is_left_out_is_noticed() {
        let nothing = Vec::new();
        for (trace, known) in [
            (SUBMISSION, known().to_vec()),
            (BEGINNING, nothing),
            (CHECKPOINT, known().to_vec()),
            (EXCHANGE, vec![PathBuf::from("/r/h/a")]),
        ] {
            assert_eq!(judge(&known, trace.iter().copied()), []);
            let mut flushes = 0;
            for (left_out, line) in trace.iter().enumerate() {
                if !line.contains("sync(") {
                    continue;
                }
                // Of two successive flushes, the second one covers both.
                let rest = trace.iter().enumerate().filter(|(at, _)| *at != left_out);
                let is_twice = trace[left_out..].iter().skip(1).any(|later| later == line)
                    && *line == "7 fsync(7</r/d>) = 0";
                let found = judge(&known, rest.map(|(_, line)| *line));
                assert_eq!(found.is_empty(), is_twice, "without {line}: {found:?}");
                flushes += 1;
            }
            assert!(flushes >= 3);
        }
    }

    #[test]
    fn a_flush_counts_only_when_it_begins_after_the_write_and_succeeds() {
        let with = |place: usize, lines: &[&'static str]| {
            let mut trace = SUBMISSION.to_vec();
            trace.splice(place..=place, lines.iter().copied());
            judge(&known(), trace)
        };
        let log = "8 fdatasync(9</r/d/nbcourier.db-wal>) = -1 EIO (Input/output error)";
        assert_eq!(with(8, &[log]).len(), 1);
        // The flush began before the write ended.
        let across = [
            r#"8 pwrite64(9</r/d/nbcourier.db-wal>, "\0"..., 4096, 8240 <unfinished ...>"#,
            "9 fdatasync(9</r/d/nbcourier.db-wal> <unfinished ...>",
            "8 <... pwrite64 resumed>) = 4096",
            "9 <... fdatasync resumed>) = 0",
        ];
        let mut trace = SUBMISSION.to_vec();
        trace.splice(7..9, across);
        assert_eq!(judge(&known(), trace).len(), 1);
        // The reply began before the flush ended.
        let mut trace = SUBMISSION.to_vec();
        trace.splice(
            8..,
            [
                "8 fdatasync(9</r/d/nbcourier.db-wal> <unfinished ...>",
                SUBMISSION[9],
                "8 <... fdatasync resumed>) = 0",
            ],
        );
        assert_eq!(judge(&known(), trace).len(), 1);
        // The right order, with the calls in pieces.
        let whole = [
            "8 fdatasync(9</r/d/nbcourier.db-wal> <unfinished ...>",
            "8 <... fdatasync resumed>) = 0",
        ];
        assert_eq!(with(8, &whole), []);
        // A write to a file that exists already.
        let more = r#"8 write(5</r/d/blobs/ab/abcd>, "more", 4) = 4"#;
        assert_eq!(with(8, &[SUBMISSION[8], more]).len(), 1);
    }

    #[test]
    fn files_that_may_be_lost_are_not_required_and_failures_promise_nothing() {
        let harmless = [
            r#"7 openat(AT_FDCWD</>, "/r/d/nbcourier.lock", O_WRONLY|O_CREAT, 0600) = 5</r/d/nbcourier.lock>"#,
            r#"7 openat(AT_FDCWD</>, "/r/d/blobs/incoming/upload-x", O_RDWR|O_CREAT|O_EXCL, 0600) = 5</r/d/blobs/incoming/upload-x>"#,
            r#"7 write(5</elsewhere/log>, "abc", 3) = 3"#,
            "7 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 9</r/d/nbcourier.db-shm>, 0) = 0x7f",
        ];
        let lines = harmless.iter().chain(SUBMISSION).copied();
        assert_eq!(judge(&known(), lines), []);
        let failure = r#"7 sendto(4<TCP:[1->2]>, "HTTP/1.1 507 Insufficient Storage\r\n"..., 230, 0, NULL, 0) = 230"#;
        let unflushed = [SUBMISSION[7], failure];
        let disk = Disk::new(Path::new("/r"), known()).read(unflushed);
        assert_eq!((disk.promises(), disk.violations()), (0, &[][..]));
    }
}
