//! Which refusals of a submission are recorded as events.

use crate::http::error::{Error, Result};
use actix_web::ResponseError;
use actix_web::http::StatusCode;
use nbcourier_auth::Caller;
use nbcourier_exchange::refusals::{self, Refusal};
use nbcourier_exchange::submissions::NewSubmission;
use nbcourier_exchange::{self as exchange, Exchange};

/// Records why the submission was refused, if it was. `announced` is the size of the request.
pub fn note<T>(
    exchange: &Exchange,
    caller: &Caller,
    new: &NewSubmission,
    announced: Option<u64>,
    reply: &Result<T>,
) {
    if let Err(error) = reply
        && is_about_the_work(error)
    {
        let refusal = Refusal {
            reason: error.message().into_owned(),
            limit: error.limit(),
            bytes: announced,
        };
        refusals::note(exchange, caller, new, refusal);
    }
}

/// Whether the work itself was refused. Other errors are about the caller, about the address, or a failure of the
/// server, which its log has. A client that is asked for missing bytes sends them next.
fn is_about_the_work(error: &Error) -> bool {
    let lacks_bytes = matches!(error, Error::Exchange(exchange::Error::MissingBlobs(_)));
    !lacks_bytes
        && matches!(
            error.status_code(),
            StatusCode::BAD_REQUEST
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::CONFLICT
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE
                | StatusCode::INSUFFICIENT_STORAGE
        )
}
