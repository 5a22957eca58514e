//! How often the hub is asked about tokens that it never knew, so that whoever makes them up in a loop neither keeps the
//! hub busy nor others from being known.
//!
//! Behind the hub's proxy everybody comes from one address, so one who guesses must not lock the others out: a token the
//! hub knew lately is never counted, and an address is the proxy's together with the one it says it forwards for. Since
//! that is only somebody's word, all that come from one peer are counted together as well, under a wider limit.

use super::AuthError;
use super::rates::Rates;
use actix_web::HttpRequest;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A class that logs in at the same moment, from one address.
const AT_ONCE: u32 = 1000;
const PER_SECOND: u32 = 20;
/// How much more of it may come from one peer in all.
const PEER: u32 = 5;
/// Questions about such tokens that the hub is asked at the same time.
const QUESTIONS: usize = 16;

/// The header by which a proxy says for whom it asks; the last word of it is that of the proxy in front of us.
const FORWARDED_FOR: &str = "X-Forwarded-For";

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    peer: Option<IpAddr>,
    forwarded_for: Option<IpAddr>,
}

impl Origin {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let headers = request.headers().get_all(FORWARDED_FOR);
        let last = headers.last().and_then(|value| value.to_str().ok());
        let last = last.and_then(|value| value.rsplit(',').next());
        Self {
            peer: request.peer_addr().map(|address| address.ip()),
            forwarded_for: last.and_then(|address| address.trim().parse().ok()),
        }
    }
}

/// Counts questions about unknown tokens.
pub(super) struct Strangers {
    by_origin: Rates,
    by_peer: Rates,
    questions: Semaphore,
}

impl Strangers {
    pub(super) fn new() -> Self {
        let rates = |factor: u32| {
            let number = |number: u32| NonZeroU32::MIN.saturating_add(number * factor - 1);
            Rates::new(number(PER_SECOND), number(AT_ONCE))
        };
        Self {
            by_origin: rates(1),
            by_peer: rates(PEER),
            questions: Semaphore::new(QUESTIONS),
        }
    }

    /// The hub may be asked once more; `TooManyStrangers` when that is too often from there.
    pub(super) fn count(&self, origin: Origin) -> Result<(), AuthError> {
        let counted = self.by_origin.count(origin);
        let counted = counted.and_then(|()| self.by_peer.count(origin.peer));
        counted.map_err(|wait| AuthError::TooManyStrangers {
            retry_after: wait.max(Duration::from_secs(1)),
        })
    }

    /// A turn to ask, if nobody waits for one.
    pub(super) fn turn_now(&self) -> Option<SemaphorePermit<'_>> {
        self.questions.try_acquire().ok()
    }

    /// Waits for a turn to ask.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.questions.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn origin(headers: &[&str]) -> Origin {
        let request = TestRequest::default().peer_addr("10.0.0.1:80".parse().unwrap());
        let request = headers.iter().fold(request, |request, value| {
            request.append_header((FORWARDED_FOR, *value))
        });
        Origin::of(&request.to_http_request())
    }

    #[test]
    fn the_address_is_the_last_one_that_the_proxy_names() {
        let forwarded = |headers: &[&str]| origin(headers).forwarded_for;
        assert_eq!(forwarded(&[]), None);
        assert_eq!(forwarded(&["nonsense"]), None);
        let last = Some("10.1.2.3".parse().unwrap());
        assert_eq!(forwarded(&["1.1.1.1, 10.1.2.3"]), last);
        assert_eq!(forwarded(&["1.1.1.1", "2.2.2.2,10.1.2.3"]), last);
    }

    #[test]
    fn one_address_is_refused_before_the_others_behind_the_same_proxy() {
        let strangers = Strangers::new();
        let (one, other) = (origin(&["10.0.0.2"]), origin(&["10.0.0.3"]));
        let refused = (0..2 * AT_ONCE).find(|_| strangers.count(one).is_err());
        assert!(refused.is_some());
        assert_eq!(strangers.count(other), Ok(()));
    }

    #[test]
    fn whoever_pretends_to_come_from_everywhere_is_refused_as_well() {
        let strangers = Strangers::new();
        let refused = (0..u16::MAX).find(|number| {
            let [high, low] = number.to_be_bytes();
            let origin = origin(&[&format!("10.9.{high}.{low}")]);
            strangers.count(origin).is_err()
        });
        assert!(refused.is_some());
    }
}
