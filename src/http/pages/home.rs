//! The page at the prefix: what is due for the reader, their new feedback and their courses.

use super::reader::Reader;
use super::times::Moment;
use super::view::{Head, View};
use crate::http::error::Result;
use crate::http::request::own_address::own_address;
use crate::http::state::Prefix;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Authenticator, Caller};
use nbcourier_domain::UserName;
use nbcourier_exchange::desk::{self, Desk};
use nbcourier_exchange::{self as exchange, Exchange};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    view: &'a View,
    head: Head,
    desk: &'a Desk,
    /// The days on which work of an earlier account of the reader's name was set aside.
    set_aside: Option<String>,
    admins: String,
}

impl Home<'_> {
    fn minute(&self, at: &nbcourier_domain::Timestamp) -> Moment {
        self.view.times.minute(*at)
    }

    fn distance(&self, at: &nbcourier_domain::Timestamp) -> String {
        self.view.times.distance(*at)
    }
}

/// Handles `GET` of the prefix: returns the page of the reader.
pub async fn home(
    reader: Reader,
    authenticator: web::Data<Authenticator>,
    exchange: web::Data<Exchange>,
) -> Result<HttpResponse> {
    let Reader { caller, view } = reader;
    let desk = desk::of(&exchange, &caller).await?;
    let former = exchange::accounts::set_aside_from(&exchange, &caller).await?;
    view.page(&Home {
        head: Head::new(view.say("home-title")),
        desk: &desk,
        set_aside: days(&former),
        admins: authenticator.admins().join(", "),
        view: &view,
    })
}

/// Returns the days on which the data of these former accounts were set aside.
fn days(former: &[UserName]) -> Option<String> {
    if former.is_empty() {
        return None;
    }
    let days: Vec<&str> = former.iter().filter_map(UserName::set_aside_on).collect();
    Some(days.join(", "))
}

#[derive(Template)]
#[template(path = "help.html")]
struct Help<'a> {
    view: &'a View,
    head: Head,
    /// The lines for `nbgrader_config.py` on a hub.
    on_hub: &'static str,
    /// The lines for `nbgrader_config.py` elsewhere.
    elsewhere: String,
    /// The lines for the older package.
    older: String,
    version: &'static str,
}

/// Handles `GET help`: returns how to point nbgrader here, and explanations of terms.
pub async fn help(
    request: HttpRequest,
    reader: Option<Caller>,
    prefix: web::Data<Prefix>,
) -> Result<HttpResponse> {
    let view = View::of(&request, reader.as_ref())?;
    // The address is a Python string inside a page: it is quoted for Python here, and escaped for HTML by the template.
    let address = serde_json::Value::from(address(&request, &prefix)).to_string();
    view.page(&Help {
        head: Head::new(view.say("help-title")),
        on_hub: "import nbcourier\nnbcourier.configure(get_config())",
        elsewhere: format!("import nbcourier\nnbcourier.configure(get_config(), {address})"),
        older: format!(
            "from ngshare_exchange import configureExchange\nconfigureExchange(get_config(), {address})"
        ),
        version: env!("CARGO_PKG_VERSION"),
        view: &view,
    })
}

/// Returns the address by which this request reached the service, without the final slash. Clients are configured with
/// it.
fn address(request: &HttpRequest, prefix: &Prefix) -> String {
    let own = own_address(request, prefix);
    own.trim_end_matches('/').to_owned()
}
