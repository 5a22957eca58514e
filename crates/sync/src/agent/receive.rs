//! The receiving of a round: all contents that it needs are here, checked and flushed, before anything is replaced.

use super::found::Found;
use super::held::Held;
use super::progress::{Meter, Work};
use super::trouble::Trouble;
use crate::bundle::{Bundle, wanted};
use crate::download::Download;
use crate::folder::{Incoming, Root};
use crate::item::{Content, Item};
use crate::plan::Plan;
use crate::pull::copy_of;
use crate::source::is_notebook;
use nbcourier_client::{Client, DirectoryAddress, Error};
use nbcourier_domain::{RelativePath, Sha256Sum};
use std::collections::BTreeMap;
use std::io;

/// The receiving of a round.
pub struct Receiving<'a> {
    pub exchange: &'a Client,
    pub address: &'a DirectoryAddress,
    pub root: &'a Root,
    pub is_ending: &'a dyn Fn() -> bool,
    /// The version that is received.
    pub version: i64,
    /// Is told how many bytes came.
    pub meter: &'a Meter<'a>,
}

impl Receiving<'_> {
    /// Receives the contents for a plan, and notes the source sums of notebooks. A file that cannot be received is held.
    pub async fn run(
        &self,
        plan: &Plan,
        found: &mut Found,
        incoming: &mut Incoming,
    ) -> Result<(), Trouble> {
        let Found {
            here, there, held, ..
        } = found;
        let mut copies: BTreeMap<Sha256Sum, Vec<&RelativePath>> = BTreeMap::new();
        for (path, item) in &*here {
            if let Some(content) = item.content() {
                copies.entry(content.sum).or_default().push(path);
            }
        }
        let wanted = wanted(plan, |sum| copies.contains_key(sum), incoming);
        let sizes = wanted.values().map(|content| content.size);
        let all = sizes.fold(0, u64::saturating_add);
        self.meter.begin(Work::Receiving, Some(all));
        Bundle {
            from: self.download(),
            listing: there,
            is_ending: self.is_ending,
            progress: &|bytes| self.meter.add(bytes),
        }
        .receive(&wanted, incoming)
        .await?;
        for step in &plan.steps {
            let Some(content) = step.incoming() else {
                continue;
            };
            if (self.is_ending)() {
                return Err(Trouble::Ending);
            }
            let path = step.path();
            let is_here = copies.get(&content.sum).is_some_and(|copies| {
                let mut copies = copies.iter();
                copies.any(|copy| copy_of(self.root, copy, content, incoming))
            });
            let known = if incoming.has(content.sum) || is_here {
                incoming.content(content.sum, path.as_str())?
            } else {
                match self.receive(path, content, incoming).await? {
                    Ok(known) => known,
                    Err(why) => {
                        held.hold(path, Held::Unusable(why));
                        continue;
                    }
                }
            };
            if is_notebook(path.as_str())
                && let Some(Item::File(there)) = there.get_mut(path)
            {
                there.source = known.source;
            }
        }
        incoming.flush()?;
        Ok(())
    }

    /// Receives a content, or returns the sentence of the exchange about this file.
    async fn receive(
        &self,
        path: &RelativePath,
        content: Content,
        incoming: &mut Incoming,
    ) -> Result<Result<Content, String>, Trouble> {
        let download = self.download();
        let progress = |bytes| self.meter.add(bytes);
        let got = download.receive(path, content, path.as_str(), incoming, &progress);
        match got.await {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Other => {
                Ok(Err(format!("it was not received ({error})")))
            }
            Ok(got) => Ok(Ok(got?)),
            // The version was thinned out, or the file is damaged there. The other files come.
            Err(Error::Refused {
                status: 404 | 410 | 500,
                sentence,
            }) => Ok(Err(format!("it was not received ({sentence})"))),
            Err(error) => Err(error.into()),
        }
    }

    fn download(&self) -> Download<'_> {
        Download {
            exchange: self.exchange,
            address: self.address,
            version: self.version,
        }
    }
}
