//! `feedback/{course}/{assignment}/{user}`.

use super::done;
use crate::http::error::{Error, Result};
use crate::http::reply::file_list;
use crate::http::reply::seen::noting;
use crate::http::request::form::{self, Fields, FieldsIn};
use crate::http::request::path::OfWork;
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::Caller;
use nbcourier_domain::Timestamp;
use nbcourier_exchange::{Exchange, feedback, submissions};

/// `POST feedback/{course}/{assignment}/{user}`
pub async fn give(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let ready = feedback::ready_for(&exchange, &caller, target).await?;
    let account = ready.account();
    let upload = form::upload(&exchange, &request, body, FieldsIn::Body, account).await?;
    let ready = ready.at(timestamp(&upload.fields)?).await?;
    ready.give(upload.files()?).await?;
    Ok(done())
}

/// `GET feedback/{course}/{assignment}/{user}`
pub async fn fetch(
    exchange: web::Data<Exchange>,
    caller: Caller,
    OfWork(target): OfWork,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let fields = Fields::of_query(&request)?;
    let time = match timestamp(&fields) {
        Ok(time) => time,
        Err(error) => {
            submissions::check_target(&exchange, &caller, &target).await?;
            return Err(error);
        }
    };
    let (files, seen) = feedback::files(&exchange, &caller, target, time).await?;
    let list_only = file_list::is_list_only(&fields)?;
    let reply = file_list::reply(&exchange, files, Some(time), list_only).await?;
    Ok(if list_only {
        reply
    } else {
        noting(reply, seen)
    })
}

fn timestamp(fields: &Fields) -> Result<Timestamp> {
    let text = fields.get("timestamp")?.filter(|text| !text.is_empty());
    Ok(Timestamp::parse(
        text.ok_or_else(|| Error::bad("Please supply timestamp"))?,
    )?)
}
