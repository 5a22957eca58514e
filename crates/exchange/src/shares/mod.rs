//! Pages that people share by links: read-only copies that expire and can be revoked.
//!
//! The secret of a link is 128 bits long and stored only as its SHA-256. A person who may not see a page does not learn
//! that it exists.

mod looking;
mod making;

pub use looking::{granted, look, of_person, open, source};
pub use making::{NewShare, Ready, SentPage, ShareTitle, ready};

use super::audit::{self, About, Action};
use super::op::{CourseOp, Need, Op};
use super::policy::Right;
use super::{Error, Exchange, Result, ShareEnd, Thing};
use nbcourier_domain::{Audience, CourseId, Sha256Sum, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::shares::{self as rows, Share, Whose};
use nbcourier_storage::{Connection, Lock, Portion};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Maximum number of links of a person that have not ended.
pub const MOST_OF_PERSON: i64 = 50;

/// The path of the page among the files of a shared page.
pub const PAGE: &str = "page.html";
/// The path of the notebook among them.
const NOTEBOOK: &str = "notebook.ipynb";

/// The time for which links that have ended are still listed.
const LISTED: Duration = Duration::from_hours(30 * 24);

/// A shared page, as its maker and the staff of the course see it.
#[derive(Debug, Clone)]
pub struct ShareView {
    /// Its number.
    pub id: i64,
    /// The course.
    pub course: CourseId,
    /// Whether the course is deleted. Only the copy for a person has such pages.
    pub is_deleted: bool,
    /// The person who shares it.
    pub made_by: UserName,
    /// The title.
    pub title: String,
    /// The people who may see it.
    pub audience: Audience,
    /// Whether the notebook comes with it.
    pub has_source: bool,
    /// The time at which it was shared.
    pub made_at: Timestamp,
    /// The time at which the link expires.
    pub expires_at: Timestamp,
    /// The time at which the link was revoked, and the person who revoked it.
    pub revoked: Option<(Timestamp, String)>,
    /// The reason why the link has ended, if it has.
    pub end: Option<ShareEnd>,
}

impl ShareView {
    fn new(row: Share, now: Timestamp) -> Self {
        Self {
            end: end(&row, now),
            id: row.id,
            course: row.course,
            is_deleted: row.is_deleted,
            made_by: row.made_by,
            title: row.title,
            audience: row.audience,
            has_source: row.source.is_some(),
            made_at: row.made_at,
            expires_at: row.expires_at,
            revoked: row.revoked,
        }
    }

    /// Whether the link can be revoked. It can while the course restricts sharing, since that may change.
    pub fn is_revocable(&self) -> bool {
        matches!(self.end, None | Some(ShareEnd::SwitchedOff))
    }
}

/// Returns the reason why a link has ended, if it has.
fn end(row: &Share, now: Timestamp) -> Option<ShareEnd> {
    if row.revoked.is_some() {
        Some(ShareEnd::Revoked)
    } else if row.expires_at <= now {
        Some(ShareEnd::Expired)
    } else if row.sharing.allows(row.audience) {
        None
    } else {
        Some(ShareEnd::SwitchedOff)
    }
}

/// Returns the SHA-256 under which the secret of a link is stored.
fn token_sum(token: &str) -> Sha256Sum {
    Sha256Sum(Sha256::digest(token.as_bytes()).into())
}

/// A page of a listing.
#[derive(Debug, Clone)]
pub struct SharePage {
    /// The links, the newest first.
    pub shares: Vec<ShareView>,
    /// The number below which the next page begins, if there is one.
    pub next: Option<i64>,
}

/// Returns at most `at_most` of the caller's own links with a number below `below`, the newest first.
pub async fn own(
    exchange: &Exchange,
    caller: &Caller,
    below: Option<i64>,
    at_most: usize,
) -> Result<SharePage> {
    let read = exchange.read_own(caller, move |op| {
        page(op.conn, Whose::Person(op.caller.name()), below, at_most)
    });
    read.await
}

/// Returns at most `at_most` of the links of a course with a number below `below`, the newest first, for the staff of
/// the course.
pub async fn of_course(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    below: Option<i64>,
    at_most: usize,
) -> Result<SharePage> {
    let need = Need::May(Right::ReadWork);
    let read = exchange.read_in(caller, course, need, move |op: &mut CourseOp<'_>| {
        page(op.conn, Whose::Course(op.standing.course), below, at_most)
    });
    read.await
}

fn page(
    conn: &mut Connection,
    whose: Whose<'_>,
    below: Option<i64>,
    at_most: usize,
) -> Result<SharePage> {
    let portion = Portion::of(at_most);
    let (found, is_more) = rows::list(conn, whose, below.unwrap_or(i64::MAX), portion)?;
    let now = Timestamp::now();
    Ok(SharePage {
        next: found.last().map(|last| last.id).filter(|_| is_more),
        shares: found
            .into_iter()
            .map(|row| ShareView::new(row, now))
            .collect(),
    })
}

/// Revokes a link, for the person who made it and for the staff of its course. Others do not learn that it exists. A
/// link that has ended stays as it is.
pub async fn revoke(exchange: &Exchange, caller: &Caller, id: Option<i64>) -> Result<()> {
    let revoke = exchange.write_own(caller, move |op| {
        let share = revocable(op, id)?;
        op.conn.lock([Lock::Shares(&share.made_by)])?;
        // Another server may have revoked it meanwhile.
        let share = revocable(op, id)?;
        let now = Timestamp::now();
        if share.revoked.is_some() || share.expires_at <= now {
            return Ok(());
        }
        rows::revoke(op.conn, share.id, op.caller.name(), now)?;
        op.exchange.quota.shrunk();
        let about = About {
            course: Some(&share.course),
            subject: Some(&share.made_by).filter(|maker| *maker != op.caller.name()),
            ..About::default()
        };
        let detail = json!({ "share": share.id });
        let action = Action::ShareRevoked;
        audit::note(op.conn, op.caller, action, about, Some(&detail))
    });
    revoke.await
}

/// Returns the link with that number, if the caller may revoke it.
fn revocable(op: &mut Op<'_>, id: Option<i64>) -> Result<Share> {
    let unknown = || Error::NotFound(Thing::Share);
    let share = rows::by_id(op.conn, id.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
    if share.made_by != *op.caller.name() {
        let policy = op.exchange.policy;
        let standing = policy.enter(op.conn, op.caller, &share.course)?;
        if !standing.may(Right::ReadWork) {
            return Err(unknown());
        }
    }
    Ok(share)
}

/// Removes the contents of links that have expired, and forgets links that ended long ago.
pub(crate) fn clear(conn: &mut Connection) -> Result<()> {
    let now = Timestamp::now();
    Ok(rows::clear(conn, now, now.before(LISTED))?)
}
