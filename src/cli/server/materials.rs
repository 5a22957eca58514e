//! Looks at the repositories that directories follow, for as long as the server runs. Two looks at a time.

use super::material_run;
use crate::http::Materials;
use nbcourier_exchange::{Exchange, sources};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Number of runs at a time.
const AT_A_TIME: usize = 2;
/// Time after which a run of a process that is lost is taken over.
const LOST_AFTER: Duration = Duration::from_mins(30);
/// Longest time between two looks for due sources, which other servers may have made due.
const AMONG_SERVERS: Duration = Duration::from_secs(5);
/// The same for a server alone.
const ALONE: Duration = Duration::from_mins(1);
/// Shortest time between two looks for due sources.
const SHORTEST: Duration = Duration::from_millis(100);
/// Pause after the database did not answer.
const OUTAGE: Duration = Duration::from_secs(30);

/// Takes the runs whose time has come.
pub async fn follow(exchange: Exchange, materials: Materials) {
    if let Err(error) = sources::free(&exchange).await {
        log::error!("The runs of an earlier server could not be ended: {error}");
    }
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let wake = exchange.source_wake();
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        match sources::take(&exchange, LOST_AFTER).await {
            Ok(Some(job)) => {
                let (exchange, materials, wake) =
                    (exchange.clone(), materials.clone(), wake.clone());
                actix_web::rt::spawn(async move {
                    material_run::run(&exchange, &materials, job).await;
                    drop(turn);
                    // Somebody may have asked for another look meanwhile.
                    wake.rouse();
                });
                continue;
            }
            Ok(None) => drop(turn),
            Err(error) => {
                log::error!(
                    "The repositories that directories follow cannot be looked up: {error}"
                );
                tokio::time::sleep(OUTAGE).await;
                continue;
            }
        }
        let longest = if exchange.is_shared() {
            AMONG_SERVERS
        } else {
            ALONE
        };
        let pause = match sources::due_in(&exchange).await {
            Ok(due) => due.unwrap_or(longest).clamp(SHORTEST, longest),
            Err(error) => {
                log::error!("The next look at a repository cannot be looked up: {error}");
                OUTAGE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wake.wait() => {}
        }
    }
}
