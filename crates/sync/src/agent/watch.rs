//! The hint that something has changed in a folder. It only makes the next look earlier: without it, changes are noticed a
//! little later.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

/// The watch on the folders below a folder.
#[derive(Debug)]
pub struct Watch {
    events: Option<AsyncFd<OwnedFd>>,
    watched: BTreeSet<String>,
}

impl Watch {
    /// Returns a watch on nothing yet. The system may not give one.
    #[allow(
        deprecated,
        reason = "an owned descriptor keeps its number until it is dropped, and the other constructor is unsafe"
    )]
    pub fn new() -> Self {
        let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
        Self {
            events: inotify::init(flags)
                .ok()
                .and_then(|events| AsyncFd::new(events).ok()),
            watched: BTreeSet::new(),
        }
    }

    /// Watches these folders below a folder, and the folder itself.
    pub fn on(&mut self, root: &Path, folders: &[String]) {
        let Some(events) = &self.events else {
            return;
        };
        let wanted: BTreeSet<String> = folders.iter().cloned().chain([String::new()]).collect();
        if wanted == self.watched {
            return;
        }
        let flags = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        for folder in wanted.difference(&self.watched) {
            let added = inotify::add_watch(events.get_ref(), root.join(folder), flags);
            // The system gives no more, so the others are looked at now and then. Other failures say that it is gone.
            if let Err(Errno::NOSPC | Errno::NOMEM) = added {
                break;
            }
        }
        self.watched = wanted;
    }

    /// Returns when something has changed and then nothing more for that time. Without a watch, that is never.
    pub async fn changed(&self, rest: Duration) {
        let Some(events) = &self.events else {
            return std::future::pending().await;
        };
        next(events).await;
        while timeout(rest, next(events)).await.is_ok() {}
    }
}

/// Waits for events, and uses them up.
async fn next(events: &AsyncFd<OwnedFd>) {
    loop {
        let Ok(mut ready) = events.readable().await else {
            return std::future::pending().await;
        };
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut is_any = false;
        // The number of events is bounded by the system.
        while rustix::io::read(events.get_ref(), &mut space[..])
            .is_ok_and(|(read, _)| !read.is_empty())
        {
            is_any = true;
        }
        ready.clear_ready();
        if is_any {
            return;
        }
    }
}
