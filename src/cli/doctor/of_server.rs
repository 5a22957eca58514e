//! The checks that a running server makes for its administrators. They need no secret, probe nothing outside, and are quick
//! enough to be repeated while a page is open.

use super::{data, database, hub, material, report_no_hub, report_settings};
use crate::config::Config;
use crate::findings::Findings;
use crate::http::pages::Checks;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::administration::State;
use nbcourier_exchange::upkeep::health::{self, Extent};
use nbcourier_work::{Bug, blocking};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The checks of a server.
pub struct ChecksOfServer(Arc<Config>);

impl ChecksOfServer {
    /// Returns the checks of a server with these settings. They keep no secret.
    pub fn new(config: &Config) -> Self {
        let mut config = config.clone();
        config.metrics_token = None;
        if let Some(hub) = &mut config.hub {
            hub.api_token.clear();
        }
        Self(Arc::new(config))
    }
}

impl Checks for ChecksOfServer {
    fn findings<'a>(
        &'a self,
        exchange: &'a Exchange,
        state: State,
    ) -> Pin<Box<dyn Future<Output = Result<Findings, Bug>> + 'a>> {
        Box::pin(async move {
            let stored = health::check(exchange, Extent::Whole).await;
            let config = Arc::clone(&self.0);
            blocking(move || {
                let mut findings = Findings::default();
                findings.about("Server");
                match stored {
                    Ok(()) => findings.ok("A submission can be stored now"),
                    Err(error) => findings.wrong(
                        format!("No submission can be stored now: {error}"),
                        "Read the log of the server, and run nbcourier doctor as the server's user",
                    ),
                }
                if let Some(replicas) = &state.replicas {
                    database::report_replicas(replicas, &mut findings);
                }
                examine(&config, state, &mut findings);
                findings
            })
            .await
        })
    }
}

fn examine(config: &Config, state: State, findings: &mut Findings) {
    let places = &config.places;
    findings.about("Data");
    if data::examine_directory(places, findings) {
        data::examine_space(places, config.min_free_space, findings);
    }
    if let Some(path) = places.database.file() {
        findings.about("Database");
        database::report_log(path, findings);
    }
    findings.about("Tasks");
    let has_own_backup = places.database.file().is_none();
    database::report_runs(&state.runs, has_own_backup, findings);
    material::report(&state.material, true, findings);
    findings.about("People");
    database::report_set_aside(state.set_aside, findings);
    findings.about("Hub");
    match &config.hub {
        Some(hub) => hub::examine_domain(hub, findings),
        None => report_no_hub(findings),
    }
    findings.about("Settings");
    report_settings(config, findings);
}
