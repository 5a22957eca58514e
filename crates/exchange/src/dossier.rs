//! All that is stored about a person and by them, to be handed to them.

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

/// Events read at a time.
const PAGE: usize = 1000;

/// What there is, but for the files and the events, which are many.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Where the name stands, with the details of rosters.
    pub footprint: Footprint,
    /// What they handed in,
    pub submissions: Vec<Submission>,
    /// and the feedback on it.
    pub feedback: Vec<Feedback>,
    /// Their own dates.
    pub extensions: Vec<(Place, Extension)>,
    /// What they released,
    pub released: Vec<Released>,
    /// and the feedback they gave.
    pub given: Vec<Feedback>,
}

/// Everything but files and events. `NothingStored` when that is all.
pub async fn open(exchange: &Exchange, caller: &Caller, person: UserName) -> Result<Dossier> {
    exchange.policy.require_admin(caller)?;
    exchange
        .store
        .read(move |conn| {
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

/// The files of one of its trees.
pub async fn files(exchange: &Exchange, caller: &Caller, tree: i64) -> Result<Arc<[ListedFile]>> {
    exchange.policy.require_admin(caller)?;
    let read = exchange
        .store
        .read(move |conn| store::trees::files(conn, tree));
    Ok(read.await?)
}

/// The next events that name the person, the last one first, before the event with that number; none at the end.
pub async fn events(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    before: Option<i64>,
) -> Result<Vec<Recorded>> {
    exchange.policy.require_admin(caller)?;
    let read = exchange.store.read(move |conn| {
        let wanted = Wanted {
            before,
            ..Wanted::default()
        };
        store::events::page_of(conn, wanted, Some(&person), Portion::of(PAGE))
            .map(|(events, _)| events)
    });
    Ok(read.await?)
}
