//! The bytes of each course and of the people with the most. Counting reads everything, so pages show a count that may be
//! old, and a new one is made after the reply.

use crate::{Exchange, Result};
use nbcourier_domain::{Timestamp, UserName};
use nbcourier_identity::Caller;
use nbcourier_storage::usage::{self, Owner};
use nbcourier_storage::{self as store, Error as StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Minimum time for which a count is shown.
const SERVES: Duration = Duration::from_mins(10);
/// A count is shown for this multiple of the time it took, so that counting takes at most a hundredth of one core.
const SHARE: u32 = 100;
/// The time between the reply and the count.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// Number of people with the most bytes.
const PEOPLE: i64 = 10;

/// The bytes of all courses, and of the people with the most.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// The time of the count.
    pub at: Timestamp,
    /// The name and the bytes of each course, by its row.
    pub courses: HashMap<i64, (String, u64)>,
    /// The names and bytes of the people with the most, most first.
    pub people: Vec<(String, u64)>,
}

/// The last count. Cheap to clone.
#[derive(Clone, Default)]
pub struct Counted(Arc<Mutex<Last>>);

#[derive(Default)]
struct Last {
    sizes: Option<Arc<Sizes>>,
    serves_until: Option<Instant>,
    is_counting: bool,
}

impl Counted {
    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        // The fields are whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the last count. `begin` is whether the caller must begin a new one.
    fn look(&self) -> (Option<Arc<Sizes>>, bool) {
        let mut last = self.last();
        let is_old = last.serves_until.is_none_or(|until| until < Instant::now());
        let begin = is_old && !last.is_counting;
        last.is_counting |= begin;
        (last.sizes.clone(), begin)
    }

    fn keep(&self, sizes: Option<Sizes>, took: Duration) {
        let mut last = self.last();
        last.is_counting = false;
        last.serves_until = Some(Instant::now() + SERVES.max(took.saturating_mul(SHARE)));
        if let Some(sizes) = sizes {
            last.sizes = Some(Arc::new(sizes));
        }
    }
}

/// Returns the last count for an administrator, if there is one. Makes a new one in the background if it is old.
pub(super) fn last(exchange: &Exchange, caller: &Caller) -> Result<Option<Arc<Sizes>>> {
    exchange.policy.require_admin(caller)?;
    let (sizes, begin) = exchange.sizes.look();
    if begin {
        let exchange = exchange.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AFTERWARDS).await;
            let start = Instant::now();
            let result = count(&exchange).await.inspect_err(|error| {
                log::warn!("The sizes of the courses could not be counted: {error}");
            });
            exchange.sizes.keep(result.ok(), start.elapsed());
        });
    }
    Ok(sizes)
}

/// Counts one course after the other, so that no snapshot is held for long.
async fn count(exchange: &Exchange) -> Result<Sizes> {
    let at = Timestamp::now();
    let rows = exchange
        .without_policy()
        .read(|conn| Ok(store::administration::course_rows(conn)?));
    let mut courses = HashMap::new();
    for (id, name) in rows.await? {
        let bytes = total(exchange, Owner::Course(id)).await?;
        courses.insert(id, (name, bytes));
    }
    let largest = exchange
        .without_policy()
        .read(|conn| Ok(store::administration::largest_people(conn, PEOPLE)?));
    let mut people = Vec::new();
    for owned in largest.await? {
        let name = UserName::parse(owned.name.clone());
        let name = name.map_err(|_| StoreError::Damaged("an illegal user name"))?;
        people.push((owned.name, total(exchange, Owner::Person(name)).await?));
    }
    people.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    Ok(Sizes {
        at,
        courses,
        people,
    })
}

async fn total(exchange: &Exchange, owner: Owner) -> Result<u64> {
    exchange
        .without_policy()
        .read(move |conn| Ok(usage::total(conn, &owner)?))
        .await
}
