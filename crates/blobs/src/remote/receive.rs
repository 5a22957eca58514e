//! Reading objects. A slow reader makes the server wait, and its bytes need no more memory than those of a fast one.

use super::connection::Connection;
use super::fault::{Fault, FaultKind};
use crate::Damage;
use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore as _};
use std::io::{self, Read};
use std::sync::{Arc, mpsc};
use tokio::sync::Semaphore;

/// Bytes that are received before they are read.
const AHEAD: usize = 512 * 1024;
/// Maximum size of one piece.
const PIECE: usize = 64 * 1024;
/// The number of requests in a row that bring no bytes.
const IN_VAIN: usize = 3;

/// The bytes of an object. They are not checked.
#[derive(Debug)]
pub struct ObjectReader {
    pieces: mpsc::Receiver<Result<Bytes, Fault>>,
    /// The room for bytes that are not read yet.
    room: Arc<Semaphore>,
    piece: Bytes,
    left: u64,
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        // It ends the task that waits for room.
        self.room.close();
    }
}

impl ObjectReader {
    /// Sends the request and waits for the beginning of the answer.
    pub(super) fn open(
        connection: &Connection,
        path: Path,
        size: u64,
    ) -> io::Result<Result<Self, Damage>> {
        let (begun, beginning) = mpsc::channel();
        let (sender, pieces) = mpsc::channel();
        let room = Arc::new(Semaphore::new(AHEAD));
        let receiving = Receiving {
            connection: connection.clone(),
            path,
            size,
            at: 0,
            sender,
            room: Arc::clone(&room),
        };
        connection.spawn(async move { receiving.run(begun).await });
        let ended = || Fault::new(FaultKind::Failed, "the request was given up");
        match beginning.recv().unwrap_or_else(|_| Err(ended())) {
            Ok(length) if length == size => Ok(Ok(Self {
                pieces,
                room,
                piece: Bytes::new(),
                left: size,
            })),
            Ok(_) => Ok(Err(Damage::WrongLength)),
            Err(fault) if fault.kind == FaultKind::NoObject => Ok(Err(Damage::Missing)),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        if self.piece.is_empty() {
            self.piece = self
                .pieces
                .recv()
                .map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))??;
        }
        let count = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        self.room.add_permits(count);
        self.left -= count as u64;
        Ok(count)
    }
}

/// A download in progress.
struct Receiving {
    connection: Connection,
    path: Path,
    size: u64,
    at: u64,
    sender: mpsc::Sender<Result<Bytes, Fault>>,
    room: Arc<Semaphore>,
}

impl Receiving {
    async fn run(mut self, begun: mpsc::Sender<Result<u64, Fault>>) {
        let mut begun = Some(begun);
        let mut in_vain = 0;
        loop {
            let before = self.at;
            let Err(fault) = self.ask(&mut begun).await else {
                return;
            };
            in_vain = if self.at > before { 0 } else { in_vain + 1 };
            // The client has repeated a request that never began.
            if let Some(begun) = begun.take() {
                let _ = begun.send(Err(fault));
                return;
            }
            if in_vain >= IN_VAIN {
                let _ = self.sender.send(Err(fault));
                return;
            }
            log::debug!("Reading {} again from byte {}: {fault}", self.path, self.at);
        }
    }

    /// Requests the rest, and passes it on. It ends well if all is read, or if nobody reads any more.
    async fn ask(
        &mut self,
        begun: &mut Option<mpsc::Sender<Result<u64, Fault>>>,
    ) -> Result<(), Fault> {
        let range = (self.at > 0).then_some(GetRange::Offset(self.at));
        let options = GetOptions::new().with_range(range);
        let got = self.connection.store().get_opts(&self.path, options).await;
        let got = got.map_err(|error| Fault::of(&error))?;
        let length = got.meta.size;
        if let Some(begun) = begun.take() {
            let _ = begun.send(Ok(length));
        }
        if length != self.size || got.range.start != self.at {
            // An object of another length is damage, and the reader finds the end too early.
            return Ok(());
        }
        let mut stream = got.into_stream();
        while let Some(bytes) = stream.next().await {
            let mut bytes = bytes.map_err(|error| Fault::of(&error))?;
            while !bytes.is_empty() {
                let piece = bytes.split_to(bytes.len().min(PIECE));
                let permits = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                let Ok(room) = self.room.acquire_many(permits).await else {
                    return Ok(());
                };
                room.forget();
                self.at += piece.len() as u64;
                if self.sender.send(Ok(piece)).is_err() {
                    return Ok(());
                }
            }
        }
        if self.at < self.size {
            return Err(Fault::new(
                FaultKind::Failed,
                format!("the answer ended after {} of {} bytes", self.at, self.size),
            ));
        }
        Ok(())
    }
}
