//! Refused submissions. They are events, so that an instructor can say why a student could not submit.

use super::Exchange;
use super::audit::{About, Action};
use super::op::Need;
use super::policy::Right;
use super::submissions::NewSubmission;
use crate::late_cache::LateCache;
use moka::sync::Cache;
use nbcourier_domain::{AssignmentId, CourseId, UserName};
use nbcourier_identity::Caller;
use serde_json::json;
use std::time::Duration;

/// The time within which one refusal of a student's submissions to an assignment is recorded.
const PAUSE: Duration = Duration::from_mins(1);
/// Maximum number of students and assignments whose last refusals are remembered.
const REMEMBERED: u64 = 10_000;
/// Maximum length of a reason in bytes.
const LONGEST_REASON: usize = 500;

/// The students and assignments with a refusal in the last minute.
#[derive(Clone)]
pub(super) struct Lately(LateCache<(CourseId, AssignmentId, UserName), ()>);

impl Default for Lately {
    fn default() -> Self {
        Self(LateCache::new(|| {
            let cache = Cache::builder().max_capacity(REMEMBERED);
            cache.time_to_live(PAUSE).build()
        }))
    }
}

impl Lately {
    /// Whether this is the first refusal for a while.
    fn is_first(&self, new: &NewSubmission, student: &UserName) -> bool {
        let key = (new.course.clone(), new.assignment.clone(), student.clone());
        self.0.entry(key).or_insert(()).is_fresh()
    }
}

/// The reason of a refusal.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The sentence that the person got.
    pub reason: String,
    /// The name of the limit that refused it, if there is one.
    pub limit: Option<&'static str>,
    /// The size of the request in bytes, if the client announced it.
    pub bytes: Option<u64>,
}

/// Records that a submission was refused, at most once in a minute for a student and an assignment. Nobody waits for it.
/// The policy is asked again: a person outside the course leaves no events in it.
pub fn note(exchange: &Exchange, caller: &Caller, new: &NewSubmission, refusal: Refusal) {
    let other = new.somebody_else(caller).cloned();
    let student = other.as_ref().unwrap_or(caller.name());
    let need = match &other {
        Some(_) => Need::May(Right::HandInForOthers),
        None => Need::May(Right::TakePart),
    };
    let Ok(entry) = exchange.enter(caller, new.course.clone(), need) else {
        return;
    };
    if !exchange.refused_lately.is_first(new, student) {
        return;
    }
    let assignment = new.assignment.clone();
    entry.write_later(move |op| {
        // A name that is nobody's and an assignment that the caller does not see stay out of the events.
        op.released(&assignment)?;
        if let Some(student) = &other {
            op.require_known(student)?;
        }
        let Refusal {
            mut reason,
            limit,
            bytes,
        } = refusal;
        reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
        let detail = json!({ "reason": reason, "limit": limit, "bytes": bytes });
        let about = About {
            assignment: Some(&assignment),
            subject: other.as_ref(),
            ..About::default()
        };
        op.note(Action::SubmissionRefused, about, Some(&detail))
    });
}
