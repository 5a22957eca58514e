//! Checking a receipt: whether this exchange gave it, and whether it still has the work.

use super::form::Form;
use super::reader::Reader;
use super::times::Moment;
use super::view::{Head, View};
use crate::http::error::Result;
use crate::http::reply::receipt;
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_api::{Receipt, SignedReceipt};
use nbcourier_auth::ReceiptSigner;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::{Exchange, receipts};

/// The outcome of a check.
enum Outcome {
    /// Nothing was checked.
    Nothing,
    /// The text is no receipt.
    Unreadable,
    /// The receipt is not one of this exchange, or was changed.
    Foreign,
    /// The receipt is genuine, and the work is stored as it states.
    Stored(Receipt),
    /// The receipt is genuine, but the work is not stored any more.
    Gone(Receipt),
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    outcome: Outcome,
    given: &'a str,
}

impl Page<'_> {
    fn time(&self, receipt: &Receipt) -> Option<Moment> {
        let at = Timestamp::parse(&receipt.submitted_at).ok()?;
        Some(self.view.times.second(at))
    }
}

/// `GET receipts`
pub async fn show(reader: Reader) -> Result<HttpResponse> {
    page(&reader.view, Outcome::Nothing, "")
}

/// `POST receipts`
pub async fn check(
    form: Form,
    exchange: web::Data<Exchange>,
    signer: web::Data<ReceiptSigner>,
) -> Result<HttpResponse> {
    let given = form.fields.text("receipt");
    let outcome = match serde_json::from_str::<SignedReceipt>(given) {
        Err(_) => Outcome::Unreadable,
        Ok(sent) if !receipt::is_signed(&sent.receipt, &signer, &sent.signature) => {
            Outcome::Foreign
        }
        Ok(sent) => match receipts::as_stored(&exchange, sent.receipt.id).await? {
            Some(stored) => {
                if receipt::is_of(&sent.receipt, stored) {
                    Outcome::Stored(sent.receipt)
                } else {
                    Outcome::Gone(sent.receipt)
                }
            }
            None => Outcome::Gone(sent.receipt),
        },
    };
    page(&form.reader.view, outcome, given)
}

fn page(view: &View, outcome: Outcome, given: &str) -> Result<HttpResponse> {
    view.page(&Page {
        head: Head::new(view.say("receipts-title")),
        outcome,
        given,
        view,
    })
}
