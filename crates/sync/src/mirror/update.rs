//! The mirror of one directory: its current version in a folder of its own, and the link that shows it.

use super::access::Access;
use super::build::Build;
use super::fetch::{Fetch, Old};
use super::manifest::Head;
use super::names::VersionName;
use super::place::{InCourse, Version};
use super::report::{Outcome, Report};
use super::{Failure, Step};
use crate::folder::{Incoming, remove_all};
use crate::item::{Item, Listing};
use crate::pull::listing_of;
use nbcourier_api::Directory;
use nbcourier_client::{Client, DirectoryAddress, EntryFilter};
use nbcourier_domain::Sha256Sum;
use std::collections::BTreeSet;
use std::io;

/// The mirror of a directory.
pub struct Update<'a> {
    pub exchange: &'a Client,
    pub course: &'a InCourse,
    pub directory: &'a Directory,
    pub address: &'a DirectoryAddress,
    pub access: Access,
    pub progress: &'a dyn Fn(Step),
}

/// The version that is here, if it is the current one.
pub enum Look {
    /// Nothing has to be received.
    Whole,
    /// The current version is missing. The link points to this version until then.
    Missing(Option<Version>),
}

impl Update<'_> {
    fn name(&self) -> &str {
        &self.address.name
    }

    /// Looks for the current version here. If it is here whole, lets the link point to it.
    pub fn look(&self, report: &mut Report) -> Result<Look, Failure> {
        let shown = self.course.shown(self.name())?;
        report.version = shown.as_ref().map(|shown| shown.head.version);
        self.course.set_access(self.name(), self.access)?;
        for version in self.course.versions(self.name())?.into_iter().rev() {
            if !version.head.is_of(self.directory) {
                continue;
            }
            let previous = shown.map(|shown| shown.name);
            if previous.as_ref() == Some(&version.name) {
                report.outcome = Outcome::Current;
                self.retire(&version.name, None, report);
            } else {
                self.course.show(&version.name)?;
                report.outcome = Outcome::Updated;
                self.retire(&version.name, previous.as_ref(), report);
            }
            tell(&version.head, report);
            return Ok(Look::Whole);
        }
        Ok(Look::Missing(shown))
    }

    /// Receives the current version, and lets the link show it.
    pub async fn run(
        &self,
        shown: Option<Version>,
        incoming: &mut Incoming,
        wanted: &mut BTreeSet<Sha256Sum>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let listing = self.listing().await?;
        let contents = listing.values().filter_map(Item::content);
        wanted.extend(contents.map(|content| content.sum));
        let versions = self.course.versions(self.name())?;
        let sequence = versions
            .iter()
            .map(|it| it.head.sequence)
            .max()
            .unwrap_or(0)
            + 1;
        let old = shown.as_ref().or(versions.last());
        let old = self.old(old)?;
        let fetch = Fetch {
            exchange: self.exchange,
            address: self.address,
            version: self.directory.version,
            old: old.as_ref(),
            progress: self.progress,
        };
        let fetched = fetch.run(&listing, incoming).await?;
        (report.received, report.bytes) = (fetched.received, fetched.bytes);
        let name = self.free_name()?;
        let mut head = Head::new(&self.course.name, self.name(), self.directory);
        head.sequence = sequence;
        let made = (|| -> io::Result<usize> {
            let part = self.course.root.make_folder(&name.part())?;
            let built = Build::new(&part, old.as_ref(), &fetched, incoming).run(&listing)?;
            self.access.set(&part)?;
            head.left_out = built.left_out;
            self.course.manifests.write(&name, &head, &built.files)?;
            let root = &self.course.root;
            root.rename(&name.part(), root, &name.to_string())?;
            root.flush()?;
            self.course.show(&name)?;
            Ok(built.linked)
        })();
        match made {
            Ok(linked) => report.linked = linked,
            Err(error) => {
                // A full disk is not kept full by half of a version.
                let is_made = self.course.folder(&name).is_ok_and(|it| it.is_some());
                if !is_made {
                    let _ = self.course.manifests.remove(&name);
                }
                let _ = remove_all(&self.course.root, &name.part());
                return Err(error.into());
            }
        }
        report.outcome = Outcome::Updated;
        tell(&head, report);
        let previous = shown.map(|shown| shown.name);
        self.retire(&name, previous.as_ref(), report);
        Ok(())
    }

    /// Returns the files and folders of the current version.
    async fn listing(&self) -> Result<Listing, Failure> {
        let filter = EntryFilter {
            version: Some(self.directory.version),
            ..EntryFilter::default()
        };
        let (_, entries) = self.exchange.entries(self.address, &filter).await?;
        Ok(listing_of(entries))
    }

    /// Returns the files of a version that is here.
    fn old(&self, version: Option<&Version>) -> io::Result<Option<Old>> {
        let Some(version) = version else {
            return Ok(None);
        };
        let Some(folder) = self.course.folder(&version.name)? else {
            return Ok(None);
        };
        let files = self.course.manifests.files(&version.name)?;
        Ok(Some(Old { folder, files }))
    }

    fn free_name(&self) -> io::Result<VersionName> {
        for name in VersionName::of(self.name(), self.directory.version).take(1000) {
            if self.course.root.stat(&name.to_string())?.is_none() {
                return Ok(name);
            }
        }
        Err(io::Error::other(
            "a thousand versions of that number are there",
        ))
    }

    /// Removes all versions but the one that the link shows and the one before.
    fn retire(&self, shown: &VersionName, previous: Option<&VersionName>, report: &mut Report) {
        let retire = || -> io::Result<()> {
            let mut others = self.course.versions(self.name())?;
            others.retain(|version| version.name != *shown);
            match previous {
                Some(previous) => others.retain(|version| version.name != *previous),
                None => drop(others.pop()),
            }
            for other in others {
                self.course.retire(&other.name)?;
            }
            Ok(())
        };
        if let Err(error) = retire() {
            let why = crate::words::reason(&error);
            report
                .reasons
                .push(format!("An old version could not be removed: {why}"));
        }
    }
}

/// Adds the facts of a version to a report.
fn tell(head: &Head, report: &mut Report) {
    report.version = Some(head.version);
    report.left_out.clone_from(&head.left_out);
    if !head.left_out.is_empty() {
        report.outcome = Outcome::Incomplete;
    }
}
