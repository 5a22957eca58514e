//! The address at which a caller reaches the exchange.

use crate::http::error::Result;
use crate::http::state::Prefix;
use actix_web::{HttpRequest, web};
use nbcourier_work::Bug;

/// Returns the address of the prefix, as the caller of this request reaches the exchange.
pub fn own_address(request: &HttpRequest, prefix: &Prefix) -> String {
    let connection = request.connection_info();
    let (scheme, host) = (connection.scheme(), connection.host());
    format!("{scheme}://{host}{}", prefix.0)
}

/// Returns the whole address of a path below the prefix, as the caller of this request reaches the exchange.
pub fn address_below(request: &HttpRequest, path: &str) -> Result<String> {
    let prefix = request.app_data::<web::Data<Prefix>>();
    let prefix =
        prefix.ok_or_else(|| Bug::new("the application was assembled without its prefix"))?;
    Ok(own_address(request, prefix) + path)
}
