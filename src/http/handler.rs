//! Handlers as one type, whatever their arguments and replies. A handler that panics is answered as an internal error
//! instead of a broken connection.
//!
//! actix-web compiles the services around a handler for each type of handler. Each worker makes all of them at its start,
//! and so reads the code of all handlers. With one type, the code of a handler is read with its first request.

use super::error::Error;
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use futures_util::FutureExt;
use futures_util::future::{CatchUnwind, LocalBoxFuture, Map};
use nbcourier_work::Bug;
use std::any::Any;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

/// A handler that reads its arguments from the request itself.
#[derive(Clone)]
pub struct AnyHandler(Rc<dyn Fn(Whole) -> Answer>);

type Answer = LocalBoxFuture<'static, HttpResponse<BoxBody>>;

/// Returns the handler as the one type of all handlers.
pub fn any<H, A>(handler: H) -> AnyHandler
where
    H: Handler<A>,
    H::Output: Responder,
    A: FromRequest,
{
    AnyHandler(Rc::new(move |whole| {
        let handler = handler.clone();
        Box::pin(async move {
            let Whole(request, mut payload) = whole;
            match A::from_request(&request, &mut payload).await {
                Ok(arguments) => {
                    let reply = handler.call(arguments).await;
                    reply.respond_to(&request).map_into_boxed_body()
                }
                Err(error) => HttpResponse::from_error(error),
            }
        })
    }))
}

impl Handler<Whole> for AnyHandler {
    type Output = HttpResponse<BoxBody>;
    type Future = Map<CatchUnwind<AssertUnwindSafe<Answer>>, fn(Ended) -> HttpResponse<BoxBody>>;

    fn call(&self, whole: Whole) -> Self::Future {
        let answer = AssertUnwindSafe((self.0)(whole));
        answer.catch_unwind().map(response)
    }
}

/// The response of a handler, or its panic.
type Ended = Result<HttpResponse<BoxBody>, Box<dyn Any + Send>>;

fn response(ended: Ended) -> HttpResponse<BoxBody> {
    ended.unwrap_or_else(|panic| {
        let bug = Bug::from_panic(panic.as_ref());
        HttpResponse::from_error(Error::from(bug))
    })
}

/// A request with its body, which nobody has read yet.
pub struct Whole(HttpRequest, Payload);

impl FromRequest for Whole {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone(), payload.take())))
    }
}

/// Returns the result of the work, or the bug if it panics.
pub async fn or_bug<T>(work: impl Future<Output = T>) -> Result<T, Bug> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| Bug::from_panic(panic.as_ref()))
}
