//! The application: state, middleware and routes. `main` and the tests run the same one.

use super::limits::{CallerLimits, IdleTimeout};
use super::materials::Materials;
use super::metrics::{self, Guard, Metrics, Requests};
use super::middleware::{access_log, body_limit, host_check};
use super::openapi::{Document, LateDocument};
use super::pages::PageSettings;
use super::router::configure;
use super::routes::{Address, operations, routes};
use super::state::{AppState, Prefix};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use nbcourier_auth::{Authenticator, Instance, ReceiptSigner, Tickets};
use nbcourier_exchange::Exchange;
use prometheus_client::registry::Registry;
use std::any::Any;
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::time::Duration;

pub use actix_web::dev::Server;

/// Maximum time for the headers of a request to arrive.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

/// The parts and limits of the application.
#[derive(Clone)]
pub struct Settings {
    /// The exchange behind the application.
    pub exchange: Exchange,
    /// Finds the caller of a request.
    pub authenticator: Authenticator,
    /// Signs the receipts of submissions.
    pub receipts: ReceiptSigner,
    /// Signs the addresses of contents that people made.
    pub tickets: Tickets,
    /// Proves which server this is.
    pub instance: Instance,
    /// The secrets and the bounds of repositories that directories follow.
    pub materials: Materials,
    /// The prefix. It begins and ends with `/`.
    pub prefix: String,
    /// Maximum size of a request's body, in bytes.
    pub max_request_size: u64,
    /// Maximum number of requests of one caller per second, averaged over a while.
    pub max_request_rate: Option<NonZeroU32>,
    /// Maximum number of open requests of one caller.
    pub max_open_requests: Option<usize>,
    /// Maximum number of concurrent uploads of one caller, and of concurrent long replies to them.
    pub max_uploads: Option<usize>,
    /// Maximum number of connections. More wait to be accepted.
    pub max_connections: usize,
    /// The settings of the pages.
    pub pages: PageSettings,
    /// Whether the page with example data is on. It exists only without a hub.
    pub debug: bool,
    /// How long deleted things can be restored.
    pub retention: Duration,
    /// How long a client may pause while it sends a request or receives its reply.
    pub idle_timeout: Duration,
    /// Maximum time for requests in progress when the server stops.
    pub shutdown_timeout: Duration,
}

/// Serves on a bound socket until a signal stops it, and finishes the requests in progress. Also serves the metrics, if
/// they are configured.
pub fn start(
    listener: TcpListener,
    settings: Settings,
    metrics: Metrics,
) -> std::io::Result<Server> {
    let shutdown_timeout = settings.shutdown_timeout.as_secs();
    let idle_timeout = settings.idle_timeout;
    // One share for all workers.
    let callers = CallerLimits::new(
        settings.max_request_rate,
        settings.max_open_requests,
        settings.max_uploads,
    );
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let max_connections = (settings.max_connections / workers).max(1);
    let prefix = settings.prefix.clone();
    let document = Data::new(LateDocument::new(Box::new(move || {
        Document::new(&operations(), &prefix)
    })));
    let requests = Data::new(Requests::new(
        &settings.prefix,
        routes().into_iter().map(|address| address.path),
    ));
    let counted = Data::new(metrics::counted(
        &requests,
        &settings.exchange,
        &settings.authenticator,
    ));
    let on_this_address = metrics.listener.is_none() && metrics.token.is_some();
    let guard = Data::new(Guard(metrics.token.map(Into::into)));
    if let Some(listener) = metrics.listener {
        let server = alone(listener, &settings, &counted, &guard)?;
        actix_web::rt::spawn(log_its_end(server));
    }
    let state = Data::new(AppState {
        exchange: settings.exchange.clone(),
        authenticator: settings.authenticator.clone(),
        callers,
        requests,
        prefix: Prefix(settings.prefix.clone()),
        max_request_size: settings.max_request_size,
        idle_timeout: IdleTimeout(settings.idle_timeout),
        pages: settings.pages.clone(),
    });
    let server = HttpServer::new(move || {
        application(&settings, on_this_address, Vec::new())
            .app_data(state.clone())
            .app_data(document.clone())
            .app_data(counted.clone())
            .app_data(guard.clone())
    })
    .workers(workers)
    // The limit of each worker.
    .max_connections(max_connections)
    .client_request_timeout(HEADERS_TIMEOUT.min(idle_timeout))
    .on_connect(move |connection, _| give_up_after(idle_timeout, connection))
    // Small streamed replies would otherwise wait for the client's acknowledgement.
    .tcp_nodelay(true)
    .shutdown_timeout(shutdown_timeout)
    .listen(listener)?
    .run();
    Ok(server)
}

/// Returns the application without the state that its workers share. `more` has addresses that only tests have.
pub(super) fn application(
    settings: &Settings,
    with_metrics: bool,
    more: Vec<Address>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
        Future: 'static,
    > + use<>,
> {
    App::new()
        .configure(|service| configure(service, settings, with_metrics, more))
        .wrap(from_fn(host_check::check))
        .wrap(from_fn(body_limit::bounded))
        .wrap(from_fn(access_log::log))
}

/// Logs the end of the metrics server. The exchange goes on without it.
async fn log_its_end(server: Server) {
    match server.await {
        Ok(()) => log::warn!("The metrics are served no more: their server has ended"),
        Err(error) => log::error!("The metrics are served no more: {error}"),
    }
}

/// Returns a server for the metrics on an address of their own. It ends with the process.
fn alone(
    listener: TcpListener,
    settings: &Settings,
    counted: &Data<Registry>,
    guard: &Data<Guard>,
) -> std::io::Result<Server> {
    let exchange = Data::new(settings.exchange.clone());
    let instance = Data::new(settings.instance.clone());
    let (counted, guard) = (counted.clone(), guard.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(exchange.clone())
            .app_data(instance.clone())
            .app_data(counted.clone())
            .app_data(guard.clone())
            .configure(metrics::alone)
    });
    Ok(server
        .workers(1)
        .disable_signals()
        .client_request_timeout(HEADERS_TIMEOUT)
        .listen(listener)?
        .run())
}

/// Makes the system close a connection whose other side accepts no data for this time (`TCP_USER_TIMEOUT` of tcp(7)).
/// Otherwise a reply that nobody reads would be held for ever.
fn give_up_after(time: Duration, connection: &dyn Any) {
    let Some(connection) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let milliseconds = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(connection, milliseconds) {
        log::debug!("A connection has no time limit: {error}");
    }
}
