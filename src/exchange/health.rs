//! Whether the exchange could take a submission now.

use super::trees::blocking;
use super::{Exchange, Result};

/// Writes to the database and to the blob directory, and looks at the free space. The migrations need no look: an
/// exchange is never opened on a database that lacks one.
pub async fn check(exchange: &Exchange) -> Result<()> {
    exchange.store.check_writable().await?;
    let (blobs, space) = (exchange.blobs.clone(), exchange.space.clone());
    blocking(move || {
        blobs.check_writable()?;
        space.check(0)
    })
    .await
}
