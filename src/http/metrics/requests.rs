//! Counts requests by their route, method and status.

use nbcourier_domain::{Count, Level, Spread};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Methods that are counted separately. All others count as `other`.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "other"];
/// Statuses that are counted separately. All others are counted together.
const STATUSES: [u16; 24] = [
    200, 201, 204, 206, 302, 303, 304, 400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 415, 422,
    429, 500, 503, 507, 0,
];
/// The route of requests that match no route.
const NO_ROUTE: &str = "none";
/// The bounds of the histogram, in microseconds: from a listing out of memory to the upload of a large file.
const TIME_BOUNDS: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000, 60_000_000,
];

/// All requests since the process started. The routes are known at the start, so counting takes no lock.
#[derive(Debug)]
pub struct Requests {
    /// Requests in progress.
    pub in_flight: Level,
    /// Bytes of the bodies of requests.
    pub bytes_in: Count,
    /// Bytes of the bodies of replies.
    pub bytes_out: Count,
    routes: Vec<Route>,
    by_pattern: HashMap<String, usize>,
    /// Refusals are rare, so a lock is cheap enough.
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

#[derive(Debug)]
struct Route {
    name: String,
    methods: [Operation; METHODS.len()],
}

/// The requests of one method to one route.
#[derive(Debug)]
pub struct Operation {
    statuses: [Count; STATUSES.len()],
    /// The times until the last byte of the reply was sent, in microseconds.
    pub times: Spread,
}

impl Requests {
    /// Returns counters for these patterns. They are below the prefix, or at the root if they begin with `/`.
    pub fn new<'a>(prefix: &str, patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut requests = Self {
            in_flight: Level::default(),
            bytes_in: Count::default(),
            bytes_out: Count::default(),
            routes: vec![Route::new(NO_ROUTE)],
            by_pattern: HashMap::new(),
            refusals: Mutex::default(),
        };
        for pattern in patterns {
            let whole = if pattern.starts_with('/') {
                pattern.to_owned()
            } else {
                format!("{prefix}{pattern}")
            };
            if let Entry::Vacant(free) = requests.by_pattern.entry(whole) {
                free.insert(requests.routes.len());
                let name = if pattern.is_empty() { "home" } else { pattern };
                requests.routes.push(Route::new(name));
            }
        }
        requests
    }

    /// Counts a request that was answered.
    pub fn answered(&self, pattern: Option<&str>, method: &str, status: u16, time: Duration) {
        let place = pattern.and_then(|pattern| self.by_pattern.get(pattern));
        let route = &self.routes[place.copied().unwrap_or(0)];
        let method = METHODS.iter().position(|known| *known == method);
        let operation = &route.methods[method.unwrap_or(METHODS.len() - 1)];
        let status = STATUSES.iter().position(|known| *known == status);
        operation.statuses[status.unwrap_or(STATUSES.len() - 1)].once();
        operation.times.took(time);
    }

    /// Counts a request that exceeded this limit.
    pub fn refused(&self, limit: &'static str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(limit).or_default() += 1;
    }

    /// Returns the number of refusals for each limit.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals
            .iter()
            .map(|(limit, count)| (*limit, *count))
            .collect()
    }

    /// Returns the route, the method and the counters of every operation that was called at least once.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &'static str, &Operation)> {
        self.routes.iter().flat_map(|route| {
            let all = METHODS.iter().zip(&route.methods);
            let used = all.filter(|(_, operation)| operation.statuses().next().is_some());
            used.map(|(method, operation)| (route.name.as_str(), *method, operation))
        })
    }
}

impl Route {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            methods: std::array::from_fn(|_| Operation::new()),
        }
    }
}

impl Operation {
    fn new() -> Self {
        Self {
            statuses: std::array::from_fn(|_| Count::default()),
            times: Spread::new(TIME_BOUNDS),
        }
    }

    /// Returns each status that occurred, with its count.
    pub fn statuses(&self) -> impl Iterator<Item = (String, u64)> {
        let all = STATUSES.iter().zip(&self.statuses);
        let used = all.filter(|(_, count)| count.get() > 0);
        used.map(|(status, count)| {
            let status = match status {
                0 => "other".to_owned(),
                status => status.to_string(),
            };
            (status, count.get())
        })
    }
}
