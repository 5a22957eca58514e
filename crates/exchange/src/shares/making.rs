//! The makers of shared pages.
//!
//! A link could give away a solution. So a course must allow links before its members make any. A student cannot share
//! a notebook of an assignment that students still work on. The name of the notebook decides. A page is refused if its
//! title or the name of a sent file is the name of a notebook in the current release of an open assignment, and the
//! cut-off has not passed for all students. An assignment without a cut-off is open while it is released. The rule
//! prevents mistakes. A person who wants to give a solution away finds other ways.

use super::{MOST_OF_PERSON, token_sum};
use crate::audit::{About, Action};
use crate::files::objects;
use crate::files::parcel::{Parcel, StoredBytes};
use crate::files::quota::Taken;
use crate::op::{CourseOp, Entry, Need};
use crate::policy::Right;
use crate::{Error, Exchange, Mode, Result};
use nbcourier_domain::{
    Audience, CourseId, DirectoryOwner, MOST_SHARED_DAYS, Rfc3339, Sha256Sum, Timestamp,
};
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use nbcourier_storage::Lock;
use nbcourier_storage::reach::Reach;
use nbcourier_storage::shares::{self as rows, NewShare as NewRow};
use nbcourier_work::Bug;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Maximum length of a title in bytes.
const LONGEST_TITLE: usize = 200;

/// A title: one line of text, without blanks at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareTitle(String);

impl ShareTitle {
    /// Parses a title. Blanks at its ends are removed.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let is_line = !text.is_empty() && !text.contains(char::is_control);
        if !is_line || text.len() > LONGEST_TITLE {
            return Err(Error::UnusableFact(format!(
                "The title of a shared page is one line of 1 to {LONGEST_TITLE} bytes"
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A page that a caller wants to share.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// The title.
    pub title: ShareTitle,
    /// The people who may see it.
    pub audience: Audience,
    /// The number of days until the link ends.
    pub days: u32,
}

/// The files of a shared page.
#[derive(Debug)]
pub struct SentPage {
    /// Their bytes.
    pub parcel: Parcel,
    /// The page.
    pub page: Sha256Sum,
    /// The notebook.
    pub source: Option<Sha256Sum>,
    /// The names of the files, as the sender gave them.
    pub names: Vec<String>,
}

/// A page that the caller may share, as far as can be checked without its bytes.
pub struct Ready {
    entry: Entry,
    new: NewShare,
}

/// Checks that the caller may share a page with that title in the course.
pub async fn ready(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    new: NewShare,
) -> Result<Ready> {
    if !(1..=MOST_SHARED_DAYS).contains(&new.days) {
        return Err(Error::UnusableFact(format!(
            "A page is shared for 1 to {MOST_SHARED_DAYS} days"
        )));
    }
    let entry = exchange.enter(caller, course, Need::May(Right::TakePart))?;
    let wanted = new.clone();
    let checked = entry.read(move |op| check(op, &wanted, &[]));
    checked.await?;
    Ok(Ready { entry, new })
}

fn check(op: &mut CourseOp<'_>, new: &NewShare, names: &[String]) -> Result<()> {
    let course = op.standing.course;
    let settings = store::courses::settings(op.conn, course)?;
    if !settings.sharing.allows(new.audience) {
        return Err(Error::SharingOff {
            course: op.course.clone(),
            audience: new.audience,
        });
    }
    let now = Timestamp::now();
    if !op.standing.may(Right::ReadWork) {
        let names: BTreeSet<String> = names
            .iter()
            .chain([&new.title.0])
            .filter_map(|name| notebook(name))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        if let Some(assignment) = rows::open_assignment_with(op.conn, course, &names, now)? {
            return Err(Error::WorkedOn(assignment));
        }
    }
    if rows::live_of(op.conn, op.caller.name(), now)? >= MOST_OF_PERSON {
        return Err(Error::TooManyShares {
            person: op.caller.name().clone(),
            limit: MOST_OF_PERSON,
        });
    }
    Ok(())
}

/// Returns the name of the notebook that a title or the name of a file means, in small letters.
fn notebook(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let name = name.to_ascii_lowercase();
    let stem = [".ipynb", ".html", ".htm"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending));
    let stem = stem.unwrap_or(&name);
    let is_usable = !stem.is_empty() && !stem.contains('\0');
    is_usable.then(|| format!("{stem}.ipynb"))
}

impl Ready {
    /// Shares the page under a link with this secret. Returns its number.
    pub async fn share(self, token: &str, sent: SentPage) -> Result<i64> {
        let Self { entry, new } = self;
        let SentPage {
            parcel,
            page,
            source,
            names,
        } = sent;
        let wanted = Arc::new(Wanted {
            new,
            names,
            token: token_sum(token),
            page,
            source,
        });
        let tried = Arc::clone(&wanted);
        let settled = parcel.settle_after(|mut rehearsal| {
            entry.try_out(Mode::DryRun, move |op| {
                rehearsal.run(|sent| share(op, &tried, sent))
            })
        });
        let parcel = Arc::new(settled.await?);
        let attempt = || {
            let (wanted, sent, kept) = (
                Arc::clone(&wanted),
                Arc::clone(&parcel),
                Arc::clone(&parcel),
            );
            entry.write_then(
                move |op| share(op, &wanted, &sent),
                move |(_, taken): &mut (i64, Option<Taken>)| kept.committed(taken.take()),
            )
        };
        let (id, _) = objects::renewed(&*parcel, attempt).await?;
        Ok(id)
    }
}

/// A page that a transaction shares.
struct Wanted {
    new: NewShare,
    names: Vec<String>,
    token: Sha256Sum,
    page: Sha256Sum,
    source: Option<Sha256Sum>,
}

fn share(op: &mut CourseOp<'_>, wanted: &Wanted, parcel: &Parcel) -> Result<(i64, Option<Taken>)> {
    // Two at once would both find room for one more.
    let person = op.caller.name();
    let locks = [Lock::PersonShared(person), Lock::Shares(person)];
    op.conn.lock(locks)?;
    check(op, &wanted.new, &wanted.names)?;
    write(op, wanted, parcel)
}

fn write(op: &mut CourseOp<'_>, wanted: &Wanted, parcel: &Parcel) -> Result<(i64, Option<Taken>)> {
    let (new, now) = (&wanted.new, Timestamp::now());
    let stored = parcel.store(op.conn, &op.exchange.blobs, now, |_| Ok(Reach::Nothing))?;
    let page = row_of(&stored, wanted.page)?;
    let source = wanted.source.map(|source| row_of(&stored, source));
    let source = source.transpose()?;
    let day = Duration::from_hours(24);
    let expires_at = now.after(day * new.days);
    rows::forget_ended(op.conn, op.caller.name(), now)?;
    let row = NewRow {
        token: wanted.token,
        by: op.caller.name(),
        course: op.standing.course,
        title: &new.title.0,
        audience: new.audience,
        page: page.row,
        source: source.map(|source| source.row),
        now,
        expires_at,
    };
    let id = rows::create(op.conn, &row)?;
    let detail = json!({
        "share": id,
        "audience": new.audience.word(),
        "expires_at": Rfc3339(expires_at),
    });
    op.note(Action::PageShared, About::default(), Some(&detail))?;
    // The bytes are in the quota of the person who shares them.
    let owner = DirectoryOwner::Person(op.caller.name().clone());
    let bytes = page.size + source.map_or(0, |source| source.size);
    let quota = &op.exchange.quota;
    let counted = quota.take_for_directory(op.conn, &owner, None, bytes)?;
    Ok((id, counted))
}

fn row_of(stored: &HashMap<Sha256Sum, StoredBytes>, sum: Sha256Sum) -> Result<StoredBytes> {
    let bytes = stored.get(&sum).copied();
    Ok(bytes.ok_or_else(|| Bug::new("a shared page was not among the bytes that were stored"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_of_limited_length() {
        assert_eq!(ShareTitle::parse(" A plot ").unwrap().0, "A plot");
        for text in ["", " ", "a\nb", "a\0", &"a".repeat(LONGEST_TITLE + 1)] {
            assert!(ShareTitle::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn titles_and_names_of_files_mean_notebooks() {
        let same = [
            "Problem1",
            "problem1.ipynb",
            "PROBLEM1.html",
            "a/b/problem1.ipynb",
        ];
        for name in same
            .into_iter()
            .chain(["C:\\work\\problem1.ipynb", " problem1 "])
        {
            assert_eq!(notebook(name).as_deref(), Some("problem1.ipynb"), "{name}");
        }
        assert_eq!(notebook("my plot.html").as_deref(), Some("my plot.ipynb"));
        for name in ["", "/", ".ipynb", "a\0"] {
            assert_eq!(notebook(name), None, "{name:?}");
        }
    }
}
