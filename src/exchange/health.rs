//! Whether the exchange could take a submission now.

use super::trees::blocking;
use super::{Error, Exchange, Result};

/// Free space below which the exchange is not ready, in bytes.
const MIN_FREE: u64 = 64 * 1024 * 1024;

/// Writes to the database and to the blob directory, and looks at the free space. The migrations need no look: an
/// exchange is never opened on a database that lacks one.
pub async fn check(exchange: &Exchange) -> Result<()> {
    exchange.store.check_writable().await?;
    let blobs = exchange.blobs.clone();
    blocking(move || {
        blobs.check_writable()?;
        let free = blobs.free_bytes()?;
        if free < MIN_FREE {
            return Err(Error::Disk(std::io::Error::new(
                std::io::ErrorKind::StorageFull,
                format!("only {free} bytes are free; at least {MIN_FREE} are wanted"),
            )));
        }
        Ok(())
    })
    .await
}
