//! Who looks after rosters without being an administrator.

use super::head;
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use actix_web::{HttpResponse, web};
use askama::Template;
use nbcourier_auth::Authenticator;
use nbcourier_exchange::{Exchange, administration};

#[derive(Template)]
#[template(path = "admin/registrars.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    group: Option<String>,
    admins: String,
}

/// `GET admin/registrars`
pub async fn show(
    reader: Reader,
    exchange: web::Data<Exchange>,
    authenticator: web::Data<Authenticator>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    view.page(&Page {
        head: head(&view, "registrars"),
        group: administration::registrars(&exchange, &caller)?,
        admins: authenticator.admins().join(", "),
        view: &view,
    })
}
