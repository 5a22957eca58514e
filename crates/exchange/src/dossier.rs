//! Everything that is stored about a person and by them, for giving them a copy.

use super::people::{self, Footprint};
use super::trees::ListedFile;
use super::{Error, Exchange, Result};
use nbcourier_domain::{Extension, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::dossier::Side;
use nbcourier_storage::events::{Recorded, Wanted};
use nbcourier_storage::{self as store, Portion};
use std::sync::Arc;

pub use nbcourier_storage::dossier::{Feedback, Place, Released, Submission};

/// Maximum number of events read at a time.
const PAGE: usize = 1000;

/// Everything but the files and the events, of which there are many.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The rows that name the person, with their details on rosters.
    pub footprint: Footprint,
    /// Their submissions.
    pub submissions: Vec<Submission>,
    /// The feedback on their submissions.
    pub feedback: Vec<Feedback>,
    /// Their extensions.
    pub extensions: Vec<(Place, Extension)>,
    /// The versions that they released.
    pub released: Vec<Released>,
    /// The feedback that they gave.
    pub given: Vec<Feedback>,
}

/// Returns everything but files and events. Returns `NothingStored` if the dossier would be empty.
pub async fn open(exchange: &Exchange, caller: &Caller, person: UserName) -> Result<Dossier> {
    exchange
        .read_as_admin(caller, move |op| {
            let conn = &mut *op.conn;
            let footprint = people::footprint(conn, &person)?;
            if footprint.is_empty() {
                return Err(Error::NothingStored(person));
            }
            Ok(Dossier {
                footprint,
                submissions: store::dossier::submissions(conn, &person)?,
                feedback: store::dossier::feedback(conn, &person, Side::Got)?,
                extensions: store::dossier::extensions(conn, &person)?,
                released: store::dossier::releases(conn, &person)?,
                given: store::dossier::feedback(conn, &person, Side::Gave)?,
            })
        })
        .await
}

/// Returns the files of one of the dossier's trees.
pub async fn files(exchange: &Exchange, caller: &Caller, tree: i64) -> Result<Arc<[ListedFile]>> {
    let read = exchange.read_as_admin(caller, move |op| Ok(store::trees::files(op.conn, tree)?));
    read.await
}

/// Returns the next events before the given number that name the person, newest first. Returns none at the end.
pub async fn events(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    before: Option<i64>,
) -> Result<Vec<Recorded>> {
    let read = exchange.read_as_admin(caller, move |op| {
        let wanted = Wanted {
            before,
            ..Wanted::default()
        };
        let portion = Portion::of(PAGE);
        let (events, _) = store::events::page_of(op.conn, wanted, Some(&person), portion)?;
        Ok(events)
    });
    read.await
}
