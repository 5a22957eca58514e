//! A notebook as a page, made by nbconvert in the environment of the person who shares it.

use nbcourier_domain::{ByteSize, LONGEST_SHARED};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The exporter of the plugin's package, which draws formulas if latex2mathml is installed.
const OWN_EXPORTER: &str = "nbcourier.share_page.SharedPage";
/// The exporter of nbconvert.
const EXPORTER: &str = "html";
/// The beginning of the lines that the plugin's exporter prints for the person.
const SAID: &str = "nbcourier: ";
/// Maximum number of lines of nbconvert's output that an error shows.
const TOLD: usize = 5;

/// A notebook as a page.
pub struct Rendered {
    /// The HTML.
    pub html: Vec<u8>,
    /// The notes of the exporter to the person.
    pub notes: Vec<String>,
}

/// The part of a notebook that shows that the file is a notebook.
#[derive(serde::Deserialize)]
struct Notebook {
    #[serde(rename = "nbformat")]
    _format: u32,
}

/// Returns the bytes of a notebook, if the file is one and not longer than the exchange accepts.
pub fn read(file: &Path) -> Result<Vec<u8>, String> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {error}");
    let is_notebook = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("ipynb"));
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(format!("{shown} is not a file. Name a notebook"));
    }
    if !is_notebook {
        return Err(format!("{shown} does not end with .ipynb. Name a notebook"));
    }
    check_size("The notebook", found.len())?;
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let why = match serde_json::from_slice::<Notebook>(&bytes) {
        Ok(_) if bytes.trim_ascii_start().starts_with(b"{") => return Ok(bytes),
        Ok(_) => "it is a list".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(format!(
        "{shown} is not a notebook: {why}. Open it in Jupyter, save it, and try again"
    ))
}

/// Checks that a file is not longer than the exchange accepts.
pub fn check_size(what: &str, bytes: u64) -> Result<(), String> {
    if bytes <= LONGEST_SHARED {
        return Ok(());
    }
    Err(format!(
        "{what} has {}. The maximum is {}. Clear large outputs, and try again",
        ByteSize(bytes).rounded(),
        ByteSize(LONGEST_SHARED).rounded()
    ))
}

/// Makes a page of a notebook. Nothing of the notebook runs.
pub fn render(file: &Path) -> Result<Rendered, String> {
    let own = nbconvert(file, OWN_EXPORTER)?;
    // Without the plugin in that environment, nbconvert knows no such exporter.
    let made = if own.status.success() {
        own
    } else {
        nbconvert(file, EXPORTER)?
    };
    let said = String::from_utf8_lossy(&made.stderr);
    // Without a notebook to convert, nbconvert prints its help and ends as if all were well.
    if !made.status.success() || !made.stdout.trim_ascii_start().starts_with(b"<") {
        return Err(format!(
            "nbconvert made no page of {}. It says: {}",
            file.display(),
            reason(&said)
        ));
    }
    let notes = said.lines().filter_map(|line| line.strip_prefix(SAID));
    Ok(Rendered {
        notes: notes.map(str::to_owned).collect(),
        html: made.stdout,
    })
}

/// Returns the last lines of a program's complaints, without the places in its source that a traceback names.
fn reason(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let after_traceback = lines
        .iter()
        .rposition(|line| line.starts_with("  "))
        .map_or(0, |at| at + 1);
    let begin = after_traceback.max(lines.len().saturating_sub(TOLD));
    match lines.get(begin..) {
        Some(last) if !last.is_empty() => last.join("\n"),
        _ => "nothing".to_owned(),
    }
}

/// Runs nbconvert in an empty folder. It takes templates of its working folder for its own, and code in them runs.
fn nbconvert(file: &Path, exporter: &str) -> Result<Output, String> {
    let away = tempfile::tempdir()
        .map_err(|error| format!("No temporary folder can be made for nbconvert: {error}"))?;
    let file = std::path::absolute(file)
        .map_err(|error| format!("{} cannot be found: {error}", file.display()))?;
    let mut command = Command::new("jupyter");
    command
        .args(["nbconvert", "--to", exporter, "--stdout"])
        .arg("--HTMLExporter.embed_images=True")
        .arg(pattern(&file))
        .current_dir(away.path())
        .stdin(Stdio::null());
    command.output().map_err(|error| {
        format!(
            "jupyter nbconvert cannot be run: {error}. It makes the page. Install it with pip install nbconvert, and \
             activate the environment that has it"
        )
    })
}

/// Returns the argument that names a file with an absolute path and no other one, since nbconvert reads patterns.
fn pattern(file: &Path) -> OsString {
    let bytes = file.as_os_str().as_encoded_bytes();
    let mut escaped = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'*' | b'?' | b'[' => escaped.extend_from_slice(&[b'[', *byte, b']']),
            _ => escaped.push(*byte),
        }
    }
    OsString::from_vec(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nbconvert_is_told_of_one_file_whatever_its_name() {
        let told = |name: &str| pattern(Path::new(name)).into_string().expect("UTF-8");
        assert_eq!(told("/home/ada/plot.ipynb"), "/home/ada/plot.ipynb");
        assert_eq!(told("/a*/[b]?.ipynb"), "/a[*]/[[]b][?].ipynb");
    }

    #[test]
    fn only_small_notebooks_are_shared() {
        let place = tempfile::tempdir().expect("a directory");
        let notebook = place.path().join("a.ipynb");
        let whole = br#"{"cells": [], "nbformat": 4}"#;
        std::fs::write(&notebook, whole).expect("a file");
        assert_eq!(read(&notebook).as_deref(), Ok(&whole[..]));
        let text = place.path().join("a.txt");
        std::fs::write(&text, whole).expect("a file");
        for (file, said) in [
            (text, ".ipynb"),
            (place.path().into(), "is not a file"),
            ("absent".into(), "read"),
        ] {
            let error = read(&file).expect_err("no notebook");
            assert!(error.contains(said), "{error}");
        }
        for (damaged, said) in [
            ("", "EOF"),
            ("[4]", "is a list"),
            ("{\"cells\": [", "line 1 column 11"),
            ("{\"cells\": []}", "nbformat"),
            ("\u{0}", "is not a notebook"),
        ] {
            std::fs::write(&notebook, damaged).expect("a file");
            let error = read(&notebook).expect_err("no notebook");
            assert!(error.contains(said) && error.contains("Jupyter"), "{error}");
        }
        let large = std::fs::File::create(&notebook).expect("a file");
        large
            .set_len(LONGEST_SHARED + 1)
            .expect("a file with a hole");
        let error = read(&notebook).expect_err("too large");
        assert!(error.contains("Clear large outputs"), "{error}");
        assert_eq!(check_size("It", LONGEST_SHARED), Ok(()));
        let error = check_size("It", LONGEST_SHARED + 1).expect_err("too large");
        assert!(error.starts_with("It has 20"), "{error}");
    }

    #[test]
    fn a_traceback_is_told_without_its_places() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1\n    a()\n    ^^^\nOdd: it is\nodd\n";
        assert_eq!(reason(traceback), "Odd: it is\nodd");
        assert_eq!(reason("a\n\nb\n"), "a\nb");
        assert_eq!(reason("1\n2\n3\n4\n5\n6"), "2\n3\n4\n5\n6");
        assert_eq!(reason(" \n"), "nothing");
    }
}
