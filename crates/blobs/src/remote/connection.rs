//! The clients of a bucket, on threads of their own.

use super::fault::{Fault, FaultKind};
use object_store::aws::AmazonS3;
use std::io;
use std::sync::{Arc, mpsc};
use tokio::runtime::{Builder, Runtime};

/// The number of threads. They wait for the network, and hash what is signed.
const THREADS: usize = 2;

/// The clients of a bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: AmazonS3,
    checking: AmazonS3,
    runtime: Option<Runtime>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The last user may be a task of another runtime, which must not wait.
            runtime.shutdown_background();
        }
    }
}

impl Connection {
    /// Starts the threads. `checking` is the client with short patience.
    pub fn new(store: AmazonS3, checking: AmazonS3) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("objects")
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Shared {
            store,
            checking,
            runtime: Some(runtime),
        })))
    }

    /// Returns the client.
    pub fn store(&self) -> &AmazonS3 {
        &self.0.store
    }

    /// Returns the client for checks.
    pub fn checking(&self) -> &AmazonS3 {
        &self.0.checking
    }

    /// Starts a task on the threads.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0.runtime {
            runtime.spawn(task);
        }
    }

    /// Runs a task on the threads and waits for its result. The caller may be any thread.
    pub fn wait<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let (sender, receiver) = mpsc::channel();
        self.spawn(async move {
            let _ = sender.send(task.await);
        });
        let ended = || Fault::new(FaultKind::Failed, "the request was given up");
        receiver.recv().unwrap_or_else(|_| Err(ended()))
    }
}
