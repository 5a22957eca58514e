//! The readers of shared pages.

use super::{NOTEBOOK, PAGE, ShareView, end, revocable, token_sum};
use crate::files::trees::TreeFiles;
use crate::op::Op;
use crate::policy::Right;
use crate::{Error, Exchange, Result, Thing};
use nbcourier_domain::{Audience, CourseId, RelativePath, Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::Connection;
use nbcourier_storage::shares::{self as rows, Share};
use nbcourier_storage::trees::File;
use nbcourier_work::Bug;

/// Returns the shared page whose link has this secret, for people who may see it. Others do not learn that it exists. A
/// link that has ended is an error of its own.
pub async fn open(exchange: &Exchange, caller: &Caller, token: &str) -> Result<ShareView> {
    let token = token.to_owned();
    let read = exchange.read_own(caller, move |op| {
        Ok(ShareView::new(live(op, &token)?, Timestamp::now()))
    });
    read.await
}

/// Returns the title and the notebook of a shared page, as `open` does.
pub async fn source(
    exchange: &Exchange,
    caller: &Caller,
    token: &str,
) -> Result<(String, TreeFiles)> {
    let token = token.to_owned();
    let read = exchange.read_own(caller, move |op| {
        let share = live(op, &token)?;
        let source = share.source.ok_or(Error::NotFound(Thing::Path))?;
        Ok((share.title, content(op.conn, source, NOTEBOOK)?))
    });
    read.await
}

/// Returns the shared page with this number, for its maker and for staff of the course. Others do not learn that it
/// exists.
pub async fn look(
    exchange: &Exchange,
    caller: &Caller,
    course: CourseId,
    id: Option<i64>,
) -> Result<ShareView> {
    let read = exchange.read_own(caller, move |op| {
        let share = revocable(op, id)?;
        if share.course != course {
            return Err(Error::NotFound(Thing::Share));
        }
        Ok(ShareView::new(unless_over(share)?, Timestamp::now()))
    });
    read.await
}

/// Returns all links of a person, each with the files that it shows, for giving the person a copy. Those of deleted courses
/// are among them.
pub async fn of_person(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
) -> Result<Vec<(ShareView, TreeFiles)>> {
    let read = exchange.read_as_admin(caller, move |op| {
        let (now, mut all) = (Timestamp::now(), Vec::new());
        for share in rows::all_of(op.conn, &person)? {
            let mut files = Vec::new();
            for (blob, path) in [(share.page, PAGE), (share.source, NOTEBOOK)] {
                if let Some(blob) = blob {
                    files.push(file(op.conn, blob, path)?);
                }
            }
            all.push((ShareView::new(share, now), TreeFiles::new(files.into())));
        }
        Ok(all)
    });
    read.await
}

/// Returns the contents of the shared page with this number, as a tree of only one file. If a secret is given, it must
/// be that of the link. The caller of this function vouches that an operation has granted the page to the reader
/// before.
pub async fn granted(exchange: &Exchange, id: i64, token: Option<&str>) -> Result<TreeFiles> {
    let token = token.map(token_sum);
    let read = exchange.without_policy().read(move |conn| {
        let share = match token {
            Some(token) => rows::by_token(conn, token)?.filter(|share| share.id == id),
            None => rows::by_id(conn, id)?,
        };
        let share = unless_over(share.ok_or(Error::NotFound(Thing::Share))?)?;
        let page = share.page.ok_or(Error::NotFound(Thing::Share))?;
        content(conn, page, PAGE)
    });
    read.await
}

/// Returns the shared page whose link has this secret, if the caller may see it and the link has not ended.
fn live(op: &mut Op<'_>, token: &str) -> Result<Share> {
    let share = rows::by_token(op.conn, token_sum(token))?;
    let share = share.ok_or(Error::NotFound(Thing::Share))?;
    if !may_see(op, &share)? {
        return Err(Error::NotFound(Thing::Share));
    }
    unless_over(share)
}

/// Whether the caller may see the page: as a part of its audience, as its maker, or as an administrator.
fn may_see(op: &mut Op<'_>, share: &Share) -> Result<bool> {
    if share.audience == Audience::Hub || share.made_by == *op.caller.name() {
        return Ok(true);
    }
    let policy = op.exchange.policy;
    let standing = policy.enter(op.conn, op.caller, &share.course)?;
    Ok(standing.may(Right::TakePart))
}

fn unless_over(share: Share) -> Result<Share> {
    match end(&share, Timestamp::now()) {
        Some(end) => Err(Error::ShareOver(end)),
        None => Ok(share),
    }
}

fn content(conn: &mut Connection, blob: i64, path: &str) -> Result<TreeFiles> {
    Ok(TreeFiles::new([file(conn, blob, path)?].into()))
}

fn file(conn: &mut Connection, blob: i64, path: &str) -> Result<File> {
    let blob = rows::content(conn, blob)?;
    let blob = blob.ok_or_else(|| Bug::new("a shared page names a content that has no row"))?;
    let path = RelativePath::parse(path).map_err(Bug::new)?;
    Ok(File { path, blob })
}
