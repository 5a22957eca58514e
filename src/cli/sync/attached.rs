//! The standard input of an agent that a Jupyter server has started: its end, and lines about open notebooks.
//!
//! A line is a JSON object such as `{"open": ["/home/ada/thesis/plan.ipynb"]}` with all notebooks that are open now, as absolute
//! paths without links. `python/nbcourier/syncing.py` writes it. Other lines say nothing.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::{BufRead, Read as _};
use std::path::PathBuf;
use tokio::sync::{oneshot, watch};

/// The maximum length of a line, in bytes.
const LONGEST: u64 = 1 << 20;

/// The way to tell which notebooks are open.
pub type Tell = watch::Sender<BTreeSet<PathBuf>>;

#[derive(Deserialize)]
struct Line {
    open: BTreeSet<PathBuf>,
}

/// Tells which notebooks are open until the standard input ends.
pub async fn listen(tell: Tell) {
    let (end, ended) = oneshot::channel::<()>();
    // The thread may outlive the program's end, since nothing waits for it.
    std::thread::spawn(move || {
        read(std::io::stdin().lock(), &tell);
        let _ = end.send(());
    });
    let _ = ended.await;
}

fn read(mut input: impl BufRead, tell: &Tell) {
    let mut line = Vec::new();
    loop {
        line.clear();
        // The rest of a line that is too long is read as another one, which is no JSON.
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        match read {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Ok(Line { open }) = serde_json::from_slice(&line) {
            tell.send_if_modified(|known| {
                let is_new = *known != open;
                *known = open;
                is_new
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_which_notebooks_are_open_and_others_say_nothing() {
        let (tell, told) = watch::channel(BTreeSet::new());
        let open = |lines: &[u8]| {
            read(lines, &tell);
            let known = told.borrow();
            let paths = known.iter().map(|path| path.display().to_string());
            paths.collect::<Vec<_>>()
        };
        let plan = ["/home/ada/plan.ipynb"];
        assert_eq!(open(b"{\"open\": [\"/home/ada/plan.ipynb\"]}\n"), plan);
        for other in [
            &b"\n"[..],
            b"nonsense\n",
            b"{\"open\": 1}\n",
            b"{}\n",
            b"[]\n",
            b"\xff\n",
            b"{\"open\": [",
        ] {
            assert_eq!(open(other), plan);
        }
        let mut long = vec![b' '; 3 << 20];
        long.extend(b"\n{\"open\": []}\n");
        assert_eq!(open(&long), [""; 0]);
    }
}
