//! The state of an exchange: its numbers, and the facts for its checks.

use crate::audit::Action;
use crate::upkeep::measure;
use crate::upkeep::runs::{self, Run};
use crate::{Exchange, Result};
use nbcourier_domain::Timestamp;
use nbcourier_identity::Caller;
use nbcourier_storage as store;
use std::time::Duration;

pub use nbcourier_storage::{ExaminedMaterial, SetAside};

/// The time in which submissions count as recent.
const LATELY: Duration = Duration::from_mins(5);
/// The time in which refusals count as recent.
const DAY: Duration = Duration::from_hours(24);

/// The state of an exchange.
#[derive(Debug, Clone)]
pub struct State {
    /// The number of courses.
    pub courses: i64,
    /// The number of people in rosters and in groups of the hub.
    pub people: i64,
    /// The number of different contents and their bytes. It may be some seconds old.
    pub blobs: (u64, u64),
    /// The number of submissions in the last five minutes.
    pub submissions: i64,
    /// The number of submissions that were refused in the last day.
    pub refusals: i64,
    /// The last run of each task.
    pub runs: Vec<Run>,
    /// The names from which work is set aside.
    pub set_aside: Vec<SetAside>,
    /// The servers of a database that several can use.
    pub replicas: Option<Vec<store::Replica>>,
    /// The facts about repositories and deliveries.
    pub material: ExaminedMaterial,
}

/// Returns the state, for administrators.
pub async fn state(exchange: &Exchange, caller: &Caller) -> Result<State> {
    let now = Timestamp::now();
    let read = exchange.read_as_admin(caller, move |op| {
        let submitted = (Action::Submitted.word(), now.before(LATELY));
        let refused = (Action::SubmissionRefused.word(), now.before(DAY));
        Ok((
            store::administration::figures(op.conn, submitted, refused)?,
            store::runs::list(op.conn)?,
            store::administration::set_aside(op.conn)?,
            store::administration::replicas(op.conn)?,
            store::material(op.conn)?,
        ))
    });
    let (figures, runs, set_aside, replicas, material) = read.await?;
    Ok(State {
        courses: figures.courses,
        people: figures.people,
        blobs: measure::count(exchange).await?,
        submissions: figures.submissions,
        refusals: figures.refusals,
        runs: runs.into_iter().map(runs::Run::new).collect(),
        set_aside,
        replicas,
        material,
    })
}
