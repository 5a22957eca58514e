//! Rate limit on questions to the hub about unknown tokens, so that a client that invents tokens neither keeps the
//! hub busy nor keeps others from being identified.
//!
//! Behind the hub's proxy all requests come from one address, so one guessing client must not lock the others out. A
//! token that the hub knew lately is never counted. An address is the proxy's together with the one that the proxy
//! forwards for. That forwarded address cannot be verified, so all requests from one peer are also counted together,
//! under a wider limit.

use super::AuthError;
use super::rates::Rates;
use actix_web::HttpRequest;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The limit suits a class that logs in at the same moment from one address.
const AT_ONCE: u32 = 1000;
const PER_SECOND: u32 = 20;
/// The factor by which more may come from one peer in all.
const PEER: u32 = 5;
/// The maximum number of simultaneous questions to the hub about such tokens.
const QUESTIONS: usize = 16;

/// The header in which a proxy names the address that it forwards for. The last entry is that of the proxy in front
/// of us.
const FORWARDED_FOR: &str = "X-Forwarded-For";

/// The source of a request.
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

/// A counter of questions about unknown tokens.
pub(super) struct UnknownTokens {
    by_origin: Rates,
    by_peer: Rates,
    questions: Semaphore,
}

impl UnknownTokens {
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

    /// Counts one more question to the hub. Fails with `TooManyUnknownTokens` when too many came from that source.
    pub(super) fn count(&self, origin: Origin) -> Result<(), AuthError> {
        let counted = self.by_origin.count(origin);
        let counted = counted.and_then(|()| self.by_peer.count(origin.peer));
        counted.map_err(|wait| AuthError::TooManyUnknownTokens {
            retry_after: wait.max(Duration::from_secs(1)),
        })
    }

    /// Returns a turn to ask, if one is free.
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
        let unknown_tokens = UnknownTokens::new();
        let (one, other) = (origin(&["10.0.0.2"]), origin(&["10.0.0.3"]));
        let refused = (0..2 * AT_ONCE).find(|_| unknown_tokens.count(one).is_err());
        assert!(refused.is_some());
        assert_eq!(unknown_tokens.count(other), Ok(()));
    }

    #[test]
    fn a_client_with_many_forwarded_addresses_is_refused_too() {
        let unknown_tokens = UnknownTokens::new();
        let refused = (0..u16::MAX).find(|number| {
            let [high, low] = number.to_be_bytes();
            let origin = origin(&[&format!("10.9.{high}.{low}")]);
            unknown_tokens.count(origin).is_err()
        });
        assert!(refused.is_some());
    }
}
