//! Imports point one way. This test reads the paths in `src/` and fails on any other arrow.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on should say so and stop"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room of `src/` and what it may name: rooms, or single items of them.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "config", "http", "client", "codec", "moving", "keeping", "auth", "exchange", "store",
            "blobs", "domain",
        ],
    ),
    ("http", &["codec", "auth", "exchange", "domain"]),
    // The operations take a caller and ask policy what that caller may do; how a caller is found they never know.
    ("exchange", &["auth::Caller", "store", "blobs", "domain"]),
    // What other exchanges have, and this one is to have: how that is stored it does not know.
    ("moving", &["exchange", "domain"]),
    // Works on a data directory as it lies there.
    (
        "keeping",
        &[
            "codec",
            "auth::Caller",
            "exchange",
            "store",
            "blobs",
            "domain",
        ],
    ),
    // What is asked of an exchange that is elsewhere: it knows replies, not how they come about.
    ("client", &["domain"]),
    ("config", &["domain"]),
    ("codec", &["domain"]),
    ("auth", &["domain"]),
    ("store", &["domain"]),
    ("blobs", &["domain"]),
    ("domain", &[]),
];

/// Arrows of single files: those through which bytes stream between the wire and the disk.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Rooms whose resource files must not know each other, and their files that are no resources.
const SURFACES: &[(&str, &[&str])] = &[
    ("http/ngshare", &["mod", "file_list"]),
    ("http/v1", &["mod", "files"]),
    ("http/pages", &["mod"]),
];

/// The room in which alone the environment is read.
const READS_ENVIRONMENT: &str = "config";

#[test]
fn every_room_has_its_arrows_drawn() {
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    for source in sources() {
        let room = source.room();
        let is_drawn = drawn.contains(room) || matches!(room, "lib" | "main");
        assert!(is_drawn, "{} is in no room of the table", source.name);
    }
}

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == room) else {
            continue; // main.rs starts cli, lib.rs names the rooms
        };
        for path in source.paths() {
            let may = path[0] == room
                || allowed.iter().any(|item| begins_with(&path, item))
                || EXCEPTIONS
                    .iter()
                    .any(|(file, item)| *file == source.name && begins_with(&path, item));
            if !may {
                wrong.push(format!("{}: {}", source.name, path.join("::")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the direction:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn resources_of_one_surface_do_not_know_each_other() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (surface, shared) in SURFACES {
        let inside = format!("{surface}/");
        let resources: Vec<&Source> = sources
            .iter()
            .filter(|source| source.name.starts_with(&inside))
            .filter(|source| !shared.contains(&source.stem()))
            .collect();
        for source in &resources {
            let others = resources
                .iter()
                .filter(|other| other.stem() != source.stem());
            let others: Vec<&str> = others.map(|other| other.stem()).collect();
            for path in source.paths() {
                let inner = path.join("/");
                let Some(rest) = inner.strip_prefix(&inside) else {
                    continue;
                };
                let named = rest.split('/').next().unwrap_or_default();
                if others.contains(&named) {
                    wrong.push(format!("{}: {}", source.name, path.join("::")));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "resources that know each other:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_environment_is_read_in_one_room() {
    for source in sources() {
        if source.room() == READS_ENVIRONMENT {
            continue;
        }
        for reader in ["env::var", "env::vars", "var_os("] {
            let reads = source.code.contains(reader);
            assert!(!reads, "{} reads the environment: {reader}", source.name);
        }
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let found = |name: &str, text: &str| -> Vec<String> {
        let source = Source::new(name, text);
        source.paths().iter().map(|path| path.join("::")).collect()
    };
    assert_eq!(found("a/b.rs", "use crate::store;"), ["store"]);
    assert_eq!(
        found(
            "a/b.rs",
            "use crate::{store::{self, Pool as P}, domain::*};"
        ),
        ["store", "store::Pool", "domain::*"]
    );
    assert_eq!(found("a/b.rs", "let x = crate::http::f(1);"), ["http::f"]);
    assert_eq!(found("a/b.rs", "use super::c::D;"), ["a::c::D"]);
    assert_eq!(found("a/b.rs", "use super::super::store::D;"), ["store::D"]);
    assert_eq!(found("a/mod.rs", "use super::store::D;"), ["store::D"]);
    assert_eq!(found("a/mod.rs", "mod tests { use super::*; }"), [""; 0]);
    assert_eq!(found("main.rs", "nbcourier::cli::run()"), ["cli::run"]);
    assert_eq!(
        found("a/b.rs", "// crate::store\n\"crate::store\""),
        [""; 0]
    );
}

fn is_room(path: &[String]) -> bool {
    ARROWS
        .iter()
        .any(|(room, _)| path.first().is_some_and(|first| first == room))
}

/// Whether a path is the item or something in it.
fn begins_with(path: &[String], item: &str) -> bool {
    let mut segments = path.iter();
    item.split("::")
        .all(|part| segments.next().is_some_and(|segment| segment == part))
}

struct Source {
    /// Below `src/`: `http/ngshare/courses.rs`.
    name: String,
    /// Without comments and texts.
    code: String,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            code: without_comments_and_texts(text),
        }
    }

    fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    fn stem(&self) -> &str {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        last.trim_end_matches(".rs")
    }

    /// The module the file is: `["http", "ngshare", "courses"]`.
    fn module(&self) -> Vec<String> {
        let path = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').map(str::to_owned).collect()
    }

    /// Every path from the root of the crate that the code names.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for root in ["crate::", "nbcourier::", "super::"] {
            for (at, _) in self.code.match_indices(root) {
                let before = self.code[..at].chars().next_back();
                let is_inside_word =
                    before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
                if is_inside_word {
                    continue;
                }
                let (base, rest) = self.resolve(&self.code[at..]);
                // A `super` too many is one of a module inside the file, which leads nowhere else.
                let is_above = root == "super::" && base.is_empty();
                let paths = expand(&base, rest);
                found.extend(paths.into_iter().filter(|path| !is_above || is_room(path)));
            }
        }
        found
    }

    /// Where a path starts, and what is written after that.
    fn resolve<'a>(&self, text: &'a str) -> (Vec<String>, &'a str) {
        if let Some(rest) = text
            .strip_prefix("crate::")
            .or(text.strip_prefix("nbcourier::"))
        {
            return (Vec::new(), rest);
        }
        let mut base = self.module();
        let mut rest = text;
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        (base, rest)
    }
}

/// The paths of `a::{b, c::D}` below a base, up to the end of the path.
fn expand(base: &[String], text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let items = split_group(group);
        return items.iter().flat_map(|item| expand(base, item)).collect();
    }
    if text.starts_with('*') {
        return vec![[base, &["*".to_owned()]].concat()];
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    let name = &text[..end];
    if name.is_empty() || name == "self" {
        return vec![base.to_vec()];
    }
    let deeper = [base, &[name.to_owned()]].concat();
    match text[end..].strip_prefix("::") {
        Some(rest) if !rest.starts_with('<') => expand(&deeper, rest),
        _ => vec![deeper],
    }
}

/// The items of a group, up to its closing bracket, split at its own commas.
fn split_group(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&text[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// Blanks out `// …` and what stands between double quotes. Good enough for this code base, which has no block
/// comments and no raw strings with quotes in them.
fn without_comments_and_texts(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let mut code = String::new();
        let mut in_text = false;
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' if in_text => {
                    characters.next();
                }
                '"' if !code.ends_with('\'') => in_text = !in_text,
                '/' if !in_text && characters.peek() == Some(&'/') => break,
                _ if !in_text => code.push(c),
                _ => {}
            }
        }
        code
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory).expect("a directory");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .expect("below src")
                    .display()
                    .to_string();
                sources.push(Source::new(
                    &name,
                    &fs::read_to_string(&path).expect("text"),
                ));
            }
        }
    }
    assert!(!sources.is_empty(), "no sources in {}", root.display());
    sources
}
