//! The addresses that serve the metrics, and the check of their token.

use super::page::{CONTENT_TYPE, measured, text};
use super::process::Process;
use crate::http::error::{Error, Result};
use crate::http::health;
use actix_web::http::header;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::upkeep::measure;
use nbcourier_work::blocking;
use prometheus_client::registry::Registry;
use std::net::TcpListener;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The places of the metrics. Without a listener and a token they are not served.
#[derive(Default)]
pub struct Metrics {
    /// The listener of a second address, which serves only the metrics and `healthz`.
    pub listener: Option<TcpListener>,
    /// The token that a request for the metrics must carry.
    pub token: Option<String>,
}

/// The token that a request for the metrics must carry, if any.
#[derive(Clone)]
pub struct Guard(pub Option<Arc<str>>);

impl Guard {
    fn lets_in(&self, request: &HttpRequest) -> bool {
        let Some(token) = &self.0 else {
            return true;
        };
        let mut headers = request.headers().get_all(header::AUTHORIZATION);
        let (Some(sent), None) = (headers.next(), headers.next()) else {
            return false;
        };
        let sent = sent.as_bytes();
        let scheme = sent.get(..7).unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer ") && sent[7..].ct_eq(token.as_bytes()).into()
    }
}

/// `GET metrics`
pub async fn show(
    request: HttpRequest,
    guard: Data<Guard>,
    counted: Data<Registry>,
    exchange: Data<Exchange>,
) -> Result<HttpResponse> {
    if !guard.lets_in(&request) {
        return Err(Error::NoMetricsToken);
    }
    let holdings = measure::holdings(&exchange).await;
    let holdings = holdings
        .map_err(|error| log::warn!("The storage could not be measured: {error}"))
        .ok();
    let measured = measured(holdings.as_ref(), &blocking(Process::now).await?);
    Ok(HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .body(text([&counted, &measured])))
}

/// Adds all routes of the second address.
pub fn alone(service: &mut ServiceConfig) {
    service
        .route("/metrics", web::get().to(show))
        .route("/healthz", web::get().to(health::healthz));
}
