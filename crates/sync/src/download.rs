//! The receiving of a file of a version.

use super::folder::Incoming;
use super::item::Content;
use nbcourier_client::{Client, DirectoryAddress, Error, RemoteFile};
use nbcourier_domain::RelativePath;
use std::io::{self, Write as _};

/// A version of a directory whose files are received.
#[derive(Clone, Copy)]
pub struct Download<'a> {
    /// The exchange.
    pub exchange: &'a Client,
    /// The directory.
    pub address: &'a DirectoryAddress,
    /// The version.
    pub version: i64,
}

impl Download<'_> {
    /// Receives a content and checks it. Returns it with its source sum if `name` is that of a notebook. `progress`
    /// is told the number of bytes that came. The inner error is that of the disk, or says what is wrong with the bytes. A
    /// failure leaves nothing.
    pub async fn receive(
        &self,
        path: &RelativePath,
        content: Content,
        name: &str,
        incoming: &mut Incoming,
        progress: &dyn Fn(u64),
    ) -> Result<io::Result<Content>, Error> {
        let mut file = match incoming.begin(content.sum) {
            Ok(file) => file,
            Err(error) => return Ok(Err(error)),
        };
        let remote = RemoteFile {
            path: path.as_str(),
            version: self.version,
            size: content.size,
        };
        let take = |bytes: &[u8]| {
            progress(bytes.len() as u64);
            file.write_all(bytes)
        };
        let got = self.exchange.download(self.address, remote, take).await;
        let got =
            got.map(|written| written.and_then(|()| incoming.finish(content.sum, file, name)));
        if !matches!(got, Ok(Ok(_))) {
            incoming.give_up(content.sum);
        }
        got
    }
}
