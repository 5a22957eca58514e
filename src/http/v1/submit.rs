//! `v1/courses/{course}/assignments/{assignment}/submissions`: submitting.

use crate::http::error::Result;
use crate::http::reply::receipt::SubmissionReply;
use crate::http::request::idempotency::AttemptKey;
use crate::http::request::path::InAssignment;
use crate::http::request::query::Query;
use crate::http::request::refused;
use crate::http::request::tree_body::TreeBody;
use actix_web::web;
use nbcourier_auth::{Caller, ReceiptSigner};
use nbcourier_domain::UserName;
use nbcourier_exchange::submissions::{self, NewSubmission};
use nbcourier_exchange::{Error as Refusal, Exchange, Thing};
use schemars::JsonSchema;
use serde::Deserialize;

/// For whom.
#[derive(Deserialize, JsonSchema)]
pub struct SubmitQuery {
    /// The student for whom an instructor submits. Without it, the caller submits.
    student: Option<String>,
}

/// `POST v1/courses/{course}/assignments/{assignment}/submissions`
pub async fn submit(
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
    caller: Caller,
    InAssignment(course, assignment): InAssignment,
    Query(whom): Query<SubmitQuery>,
    AttemptKey(key): AttemptKey,
    body: TreeBody,
) -> Result<SubmissionReply> {
    let student = whom
        .student
        .map(UserName::parse)
        .transpose()
        .map_err(|_| Refusal::NotFound(Thing::Student))?;
    let new = NewSubmission {
        course,
        assignment,
        student,
        key,
    };
    let announced = body.announced();
    let reply = receive(&exchange, &signer, &caller, new.clone(), body).await;
    refused::note(&exchange, &caller, &new, announced, &reply);
    reply
}

async fn receive(
    exchange: &Exchange,
    signer: &ReceiptSigner,
    caller: &Caller,
    new: NewSubmission,
    body: TreeBody,
) -> Result<SubmissionReply> {
    let mut ready = submissions::ready(exchange, caller, new).await?;
    if let Some(earlier) = ready.earlier.take() {
        return SubmissionReply::before(earlier, signer);
    }
    let parcel = body.read(exchange, ready.account()).await?;
    let handed_in = ready.submit(parcel).await?;
    if handed_in.is_new {
        SubmissionReply::now(handed_in.receipt, signer)
    } else {
        SubmissionReply::before(handed_in.receipt, signer)
    }
}
