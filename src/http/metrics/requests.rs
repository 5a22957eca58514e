//! Counts requests by their route, method and status.

use crate::http::routes::REST_OF_PATH;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;
use std::time::Duration;

/// Methods that are counted separately. All others count as `other`.
const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other",
];
/// Statuses that are counted separately, with their labels. All others are counted together.
const STATUSES: [(u16, &str); 26] = [
    (200, "200"),
    (201, "201"),
    (204, "204"),
    (206, "206"),
    (302, "302"),
    (303, "303"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (411, "411"),
    (412, "412"),
    (413, "413"),
    (415, "415"),
    (416, "416"),
    (422, "422"),
    (429, "429"),
    (500, "500"),
    (503, "503"),
    (507, "507"),
    (0, "other"),
];
/// The route of requests that match no route.
const NO_ROUTE: &str = "none";
/// The bounds of the histogram, in seconds: from a listing out of memory to the upload of a large file.
const TIME_BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

/// Labels with their values.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// All requests since the process started.
///
/// A family finds the metric of a label set under a lock. The routes are known at the start, so each route keeps the
/// metrics that it has used, and counts without that lock. Unknown paths, methods and statuses add no series.
#[derive(Debug)]
pub struct Requests {
    /// Requests in progress.
    pub in_flight: Gauge,
    /// Bytes of the bodies of requests.
    pub bytes_in: Counter,
    /// Bytes of the bodies of replies.
    pub bytes_out: Counter,
    /// Replies by route, method and status.
    pub replies: Family<Labels<3>, Counter>,
    /// The times until the last byte of the reply was sent, by route and method.
    pub times: Family<Labels<2>, Histogram>,
    /// Requests that exceeded a limit, by its name.
    pub refusals: Family<Labels<1>, Counter>,
    routes: Vec<Route>,
    by_pattern: HashMap<String, usize>,
}

#[derive(Debug)]
struct Route {
    name: &'static str,
    methods: [OnceLock<Box<Operation>>; METHODS.len()],
}

/// The metrics of one method of one route.
#[derive(Debug)]
struct Operation {
    replies: [OnceLock<Counter>; STATUSES.len()],
    times: Histogram,
}

impl Requests {
    /// Returns counters for these patterns. They are below the prefix, or at the root if they begin with `/`.
    pub fn new(prefix: &str, patterns: impl IntoIterator<Item = &'static str>) -> Self {
        let mut requests = Self {
            in_flight: Gauge::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
            replies: Family::default(),
            times: Family::new_with_constructor(|| Histogram::new(TIME_BOUNDS)),
            refusals: Family::default(),
            routes: vec![Route::new(NO_ROUTE)],
            by_pattern: HashMap::new(),
        };
        for pattern in patterns {
            let whole = if pattern.starts_with('/') {
                pattern.to_owned()
            } else {
                format!("{prefix}{pattern}")
            };
            // As the router writes a parameter that may hold slashes.
            let whole = whole.replace("{path}", REST_OF_PATH);
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
        let place = METHODS.iter().position(|known| *known == method);
        let place = place.unwrap_or(METHODS.len() - 1);
        let labels = [("route", route.name), ("method", METHODS[place])];
        let operation = route.methods[place].get_or_init(|| {
            Box::new(Operation {
                replies: std::array::from_fn(|_| OnceLock::new()),
                times: self.times.get_or_create_owned(&labels),
            })
        });
        let place = STATUSES.iter().position(|(known, _)| *known == status);
        let place = place.unwrap_or(STATUSES.len() - 1);
        let replies = operation.replies[place].get_or_init(|| {
            let [route, method] = labels;
            let labels = [route, method, ("status", STATUSES[place].1)];
            self.replies.get_or_create_owned(&labels)
        });
        replies.inc();
        operation.times.observe(time.as_secs_f64());
    }

    /// Counts a request that exceeded this limit.
    pub fn refused(&self, limit: &'static str) {
        self.refusals.get_or_create(&[("limit", limit)]).inc();
    }
}

impl Route {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            methods: std::array::from_fn(|_| OnceLock::new()),
        }
    }
}
