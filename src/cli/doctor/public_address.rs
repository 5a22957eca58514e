//! Checks the path to the server: on this machine, and from outside through proxies.

use crate::config::{Config, without_password};
use crate::findings::Findings;
use nbcourier_auth::Instance;
use nbcourier_client::{BodyProbe, Probe};
use nbcourier_domain::ByteSize;

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
        findings.ok("No server is running on this data directory");
        return;
    }
    if config.binding.port() == 0 {
        findings.ok("A server is running on this data directory, on a port that it chose");
        return;
    }
    let url = format!("http://{}{}", config.binding, config.prefix);
    match health(&url, instance).await.0 {
        Reached::This => findings.ok(format!("The server is running and responds at {url}")),
        Reached::Another | Reached::Unproved => findings.wrong(
            format!(
                "A server is running on this data directory, but another one responds at {url}"
            ),
            "Give doctor the --host, --port and --prefix of the right server",
        ),
        Reached::Nothing(why) => findings.wrong(
            format!(
                "A server is running on this data directory, but does not respond at {url}: {why}"
            ),
            "Give doctor the settings of the server. If these are its settings, read its log",
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
    let (reached, is_marked) = health(url, instance).await;
    match reached {
        Reached::This => findings.ok(format!("{shown}/healthz reaches this exchange")),
        Reached::Unproved => findings.ok(format!(
            "{shown}/healthz reaches an exchange. Without the signing key, doctor cannot check whether it is this one"
        )),
        Reached::Another => {
            findings.wrong(
                format!("{shown}/healthz reaches another exchange"),
                "The hub's proxy sends that path elsewhere. Look for a second service of that name, or an old server",
            );
            return;
        }
        Reached::Nothing(why) => {
            findings.wrong(
                format!("{shown}/healthz does not reach this exchange: {why}"),
                format!(
                    "The address should be that of the hub's proxy, followed by {}. Check that the service's url in \
                     jupyterhub_config.py names {}",
                    config.prefix, config.binding
                ),
            );
            return;
        }
    }
    examine_bodies(url, is_marked, config.max_request_size, findings).await;
}

/// Checks up to which size bodies arrive. `is_marked`: whether small replies arrive with the mark of an exchange.
async fn examine_bodies(url: &str, is_marked: bool, limit: u64, findings: &mut Findings) {
    let Ok(probe) = Probe::new(url) else {
        return;
    };
    let mut through = 0;
    for size in BODIES.into_iter().filter(|size| *size <= limit) {
        let shown = ByteSize(size);
        let little = ByteSize(through);
        let todo = format!(
            "Raise the proxy's limit for request bodies to that of the exchange, {limit}: in nginx \
             \"client_max_body_size {bytes};\", on Kubernetes the annotation \
             nginx.ingress.kubernetes.io/proxy-body-size. Or lower --max-request-size, so that people get a clear \
             message",
            limit = ByteSize(limit),
            bytes = limit,
        );
        match probe.bring(size).await {
            BodyProbe::Arrived => through = size,
            BodyProbe::Unmarked if is_marked => {
                findings.wrong(
                    format!(
                        "A request of {shown} is refused with status 401 on its way, in the exchange's words but not \
                         by an exchange; {little} arrive"
                    ),
                    todo,
                );
                return;
            }
            BodyProbe::Unmarked => {
                findings.warning(
                    "Whether large requests arrive is not known, because replies arrive without the header X-NbCourier".to_owned(),
                    "Let the proxies on the way pass that header on, and run doctor again",
                );
                return;
            }
            BodyProbe::Refused { status, by } => {
                let by = by.map_or_else(String::new, |by| format!(" by {by}"));
                findings.wrong(
                    format!(
                        "A request of {shown} is refused on its way with status {status}{by}; {little} arrive"
                    ),
                    todo,
                );
                return;
            }
            BodyProbe::BrokenOff(why) => {
                findings.wrong(
                    format!(
                        "A request of {shown} is interrupted on its way ({why}); {little} arrive"
                    ),
                    todo,
                );
                return;
            }
            BodyProbe::Slow => {
                findings.warning(
                    format!("A request of {shown} is slow on its way; {little} arrive"),
                    "Large submissions take long from here. The timeouts of proxies on the way should be longer than \
                     that",
                );
                return;
            }
        }
    }
    findings.ok(format!("Requests of {} arrive", ByteSize(through)));
}

enum Reached {
    This,
    Another,
    /// An exchange whose identity cannot be checked, since the proof or the key is missing.
    Unproved,
    Nothing(String),
}

/// Returns what is reached, and whether its reply arrived with the mark of an exchange.
async fn health(url: &str, instance: Option<&Instance>) -> (Reached, bool) {
    let challenge = uuid::Uuid::new_v4().simple().to_string();
    let asked = match Probe::new(url) {
        Ok(probe) => probe.health(&challenge).await,
        Err(error) => return (Reached::Nothing(error.to_string()), false),
    };
    let is_marked = asked.as_ref().is_ok_and(|health| health.is_marked);
    let reached = match (asked.map(|health| health.proof), instance) {
        (Ok(Some(proof)), Some(instance)) => {
            if instance.answer(&challenge) == proof {
                Reached::This
            } else {
                Reached::Another
            }
        }
        (Ok(_), _) => Reached::Unproved,
        (Err(why), _) => Reached::Nothing(why),
    };
    (reached, is_marked)
}
