//! The settings in force, as `nbcourier config` prints them.

use super::{InForce, head};
use crate::http::error::Result;
use crate::http::pages::reader::Reader;
use crate::http::pages::view::{Head, View};
use crate::http::state::AppState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_exchange::{Exchange, administration};

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct Page<'a> {
    view: &'a View,
    head: Head,
    settings: &'a [InForce],
}

/// `GET admin/settings`
pub async fn show(
    request: HttpRequest,
    reader: Reader,
    exchange: web::Data<Exchange>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    administration::require(&exchange, &caller)?;
    let state = AppState::of(&request)?;
    view.page(&Page {
        head: head(&view, "settings"),
        settings: &state.pages.backstage.settings,
        view: &view,
    })
}
