//! Checks the path to the server: on this machine, and from outside through proxies.

use super::finding::Findings;
use crate::config::{ByteSize, Config, without_password};
use nbcourier_auth::Instance;
use nbcourier_client::{Arrival, Health, Probe};

/// Sizes of the bodies that are sent through a proxy. The usual limits of proxies lie between them: 1 MiB (nginx), 10
/// MB and 100 MB.
const BODIES: [u64; 5] = [900 << 10, 1500 << 10, 12 << 20, 64 << 20, 128 << 20];

/// Checks whether the server that holds the data directory answers at its configured address.
pub async fn examine_server(
    config: &Config,
    running: bool,
    instance: Option<&Instance>,
    findings: &mut Findings,
) {
    if !running {
        findings.ok("None is running on this data directory");
        return;
    }
    if config.binding.port() == 0 {
        findings.ok("One is running on this data directory, on a port that it chose");
        return;
    }
    let url = format!("http://{}{}", config.binding, config.prefix);
    match health(&url, instance).await {
        Reached::This => findings.ok(format!("It is running, and answers at {url}")),
        Reached::Another | Reached::Unproved => findings.wrong(
            format!("A server is running on this data directory, and another one answers at {url}"),
            "Give doctor the --host, --port and --prefix of the server that is meant",
        ),
        Reached::Nothing(why) => findings.wrong(
            format!("A server is running on this data directory, and does not answer at {url}: {why}"),
            "Give doctor the settings that the server has; if they are these, its log says what it is doing",
        ),
    }
}

/// Checks whether requests arrive through the public address, and up to which size.
pub async fn examine_public(
    url: &str,
    config: &Config,
    instance: Option<&Instance>,
    findings: &mut Findings,
) {
    let shown = without_password(url);
    let shown = shown.trim_end_matches('/');
    match health(url, instance).await {
        Reached::This => findings.ok(format!("{shown}/healthz reaches this exchange")),
        Reached::Unproved => findings.ok(format!(
            "{shown}/healthz reaches an exchange; without this one's key nobody can tell whether it is this one"
        )),
        Reached::Another => {
            findings.wrong(
                format!("{shown}/healthz reaches another exchange than this one"),
                "The hub's proxy sends that path elsewhere: is there a second service of that name, or an old server?",
            );
            return;
        }
        Reached::Nothing(why) => {
            findings.wrong(
                format!("{shown}/healthz does not reach this exchange: {why}"),
                format!(
                    "The address should be that of the hub's proxy, and {} at its end. Does the service's url in \
                     jupyterhub_config.py name {}?",
                    config.prefix, config.binding
                ),
            );
            return;
        }
    }
    examine_bodies(url, config.max_request_size, findings).await;
}

async fn examine_bodies(url: &str, limit: u64, findings: &mut Findings) {
    let Ok(probe) = Probe::new(url) else {
        return;
    };
    let mut through = 0;
    for size in BODIES.into_iter().filter(|size| *size <= limit) {
        let shown = ByteSize(size);
        let little = ByteSize(through);
        let todo = format!(
            "Let the proxy pass what the exchange takes, {limit}: in nginx \"client_max_body_size {bytes};\", on \
             Kubernetes the annotation nginx.ingress.kubernetes.io/proxy-body-size, in others their limit of a \
             request's body. Or lower --max-request-size, so that people are told",
            limit = ByteSize(limit),
            bytes = limit,
        );
        match probe.bring(size).await {
            Arrival::Arrived => through = size,
            Arrival::Refused { status, by } => {
                let by = by.map_or_else(String::new, |by| format!(" by {by}"));
                findings.wrong(
                    format!(
                        "A request of {shown} is refused on its way, with status {status}{by}; {little} get through"
                    ),
                    todo,
                );
                return;
            }
            Arrival::BrokenOff(why) => {
                findings.wrong(
                    format!("A request of {shown} is broken off on its way ({why}); {little} get through"),
                    todo,
                );
                return;
            }
            Arrival::Slow => {
                findings.warning(
                    format!("A request of {shown} takes long on its way; {little} get through"),
                    "Large submissions need patience from here; time limits of proxies on the way should be longer than \
                     that",
                );
                return;
            }
        }
    }
    findings.ok(format!("Requests of {} get through", ByteSize(through)));
}

enum Reached {
    This,
    Another,
    /// An exchange whose identity cannot be checked, since the proof or the key is missing.
    Unproved,
    Nothing(String),
}

async fn health(url: &str, instance: Option<&Instance>) -> Reached {
    let challenge = uuid::Uuid::new_v4().simple().to_string();
    let asked = match Probe::new(url) {
        Ok(probe) => probe.health(&challenge).await,
        Err(error) => return Reached::Nothing(error.to_string()),
    };
    match (asked, instance) {
        (Ok(Health { proof: Some(proof) }), Some(instance)) => {
            if instance.answer(&challenge) == proof {
                Reached::This
            } else {
                Reached::Another
            }
        }
        (Ok(_), _) => Reached::Unproved,
        (Err(why), _) => Reached::Nothing(why),
    }
}
