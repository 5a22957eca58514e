//! What a power cut at any moment would leave of a directory, judged by the system calls of the program that writes to it.
//!
//! [`Disk`] reads what `strace -f -yy` writes, line by line, and remembers what the kernel may still hold back: the bytes of
//! a file until an `fsync` or `fdatasync` that began after they were written, and a name in a directory until an `fsync` of
//! the directory. A promise, which is a reply of success or a line on standard output, must not be made while anything is
//! held back. Besides, a file gets its name only after its bytes, and the database is written only after its log.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The system calls that have to be traced.
pub const CALLS: &str = "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendfile,\
     copy_file_range,splice,ftruncate,fallocate,fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat,unlink,\
     unlinkat,rmdir,mkdir,mkdirat,mmap";

/// A promise that was made too early, or a change in the wrong order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// How many promises had been made before.
    pub promise: usize,
    pub says: String,
}

/// What the kernel holds back of one directory and all below it.
pub struct Disk {
    root: PathBuf,
    /// The number of the line that is read.
    now: u64,
    /// Files whose bytes are held back, with the line of the last write.
    bytes: HashMap<PathBuf, u64>,
    /// Names that are held back, with the line in which they came.
    names: BTreeMap<PathBuf, u64>,
    /// Everything that is there.
    known: BTreeSet<PathBuf>,
    /// Calls that have begun and not ended, by the thread.
    begun: HashMap<u32, (u64, String)>,
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
    /// One on which there is nothing below that directory but what is named.
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

    /// How many promises were made.
    pub fn promises(&self) -> usize {
        self.promises
    }

    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Reads a line: a call, its beginning, its end, or what is none of these.
    pub fn line(&mut self, line: &str) {
        self.now += 1;
        let Some((thread, rest)) = line.trim_start().split_once(' ') else {
            return;
        };
        let Ok(thread) = thread.parse::<u32>() else {
            return;
        };
        let rest = rest.trim();
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

    /// A promise counts from the moment at which it is begun to be told.
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
        held.extend(self.names.keys().map(|name| format!("the name {}", name.display())));
        held.sort();
        for what in held {
            self.violation(format!("{what} may be lost after this was promised"));
        }
        self.promises += 1;
    }

    /// Whether what is held back of the database is in its log as well.
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
        // What failed changed nothing; a flush that failed flushed nothing.
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
            | "fallocate" => self.wrote(call, 0),
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
                self.violation(format!("{text} is written before its log, {log}, is flushed"));
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
        let paths = quoted(call.arguments);
        let [from, to] = paths.as_slice() else {
            return;
        };
        if !self.is_watched(to) {
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

    /// Only SQLite's index of its log may be written to in memory: it is made anew after a crash.
    fn mapped(&mut self, call: &Call<'_>) {
        let is_written =
            call.arguments.contains("PROT_WRITE") && call.arguments.contains("MAP_SHARED");
        for path in descriptors(call.arguments) {
            if is_written && self.is_watched(&path) {
                self.violation(format!("{} is written to in memory", path.display()));
            }
        }
    }

    /// The paths that a call names and that count.
    fn paths(&mut self, call: &Call<'_>) -> Vec<PathBuf> {
        let paths = quoted(call.arguments);
        if let Some(path) = paths.iter().find(|path| path.is_relative()) {
            // Whose directory it is in cannot be seen in the trace.
            self.violation(format!("{} is no whole path", path.display()));
        }
        paths
            .into_iter()
            .filter(|path| path.starts_with(&self.root))
            .collect()
    }

    /// Whether the bytes of a file count.
    fn is_watched(&self, path: &Path) -> bool {
        path.starts_with(&self.root) && matters(path)
    }
}

/// Locks, the index of the log, and the marks of uploads on their way may be lost.
fn matters(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_mark = path
        .parent()
        .is_some_and(|parent| parent.ends_with("incoming"))
        && name.starts_with("upload-");
    !(is_mark || ["-shm", ".lock", " (deleted)"].iter().any(|end| name.ends_with(end)))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The files that descriptors stand for: `12</tmp/data/nbcourier.db>`.
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

/// The paths that stand in quotation marks.
fn quoted(text: &str) -> Vec<PathBuf> {
    text.split('"').skip(1).step_by(2).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A large file is handed in on a data directory that is there.
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

    /// A data directory is made, with a database in it, and a directory for blobs.
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

    /// The log goes into the database and begins anew.
    const CHECKPOINT: &[&str] = &[
        r#"8 pwrite64(9</r/d/nbcourier.db-wal>, ""..., 4096, 8240) = 4096"#,
        "8 fsync(9</r/d/nbcourier.db-wal>) = 0",
        r#"8 pwrite64(3</r/d/nbcourier.db>, ""..., 4096, 8192) = 4096"#,
        "8 fsync(3</r/d/nbcourier.db>) = 0",
        r#"8 pwrite64(9</r/d/nbcourier.db-wal>, ""..., 32, 0) = 32"#,
        "8 fsync(9</r/d/nbcourier.db-wal>) = 0",
        r#"7 sendto(4<TCP:[127.0.0.1:80->127.0.0.1:81]>, "HTTP/1.1 204 No Content\r\n"..., 99, MSG_NOSIGNAL, NULL, 0) = 99"#,
    ];

    fn known() -> [PathBuf; 3] {
        ["/r/d/nbcourier.db", "/r/d/nbcourier.db-wal", "/r/d/blobs/ab"].map(PathBuf::from)
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
        ] {
            assert_eq!(judge(&known, trace.iter().copied()), []);
            let mut flushes = 0;
            for (left_out, line) in trace.iter().enumerate() {
                if !line.contains("sync(") {
                    continue;
                }
                // Of two that follow each other the second one does for both.
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
        // Both in the right order, seen in pieces.
        let whole = [
            "8 fdatasync(9</r/d/nbcourier.db-wal> <unfinished ...>",
            "8 <... fdatasync resumed>) = 0",
        ];
        assert_eq!(with(8, &whole), []);
        // A file that is there already is written to.
        let more = r#"8 write(5</r/d/blobs/ab/abcd>, "more", 4) = 4"#;
        assert_eq!(with(8, &[SUBMISSION[8], more]).len(), 1);
    }

    #[test]
    fn what_may_be_lost_is_not_asked_for_and_failures_promise_nothing() {
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
