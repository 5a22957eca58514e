//! `nbcourier serve`

use super::clean_up::Kept;
use super::ended_sessions::EndedSessions;
use super::{clean_up, logging, materials, memory, open_files};
use crate::cli::Outcome;
use crate::cli::data_dir::{check_place, claim, open_blobs};
use crate::cli::doctor::ChecksOfServer;
use crate::config::{
    self, Config, Environment, HubPlace, LogFormat, Origins, PagesMode, ReusedNames, ServeOptions,
    Setting, search_path,
};
use crate::http::pages::{Backstage, InForce};
use crate::http::{self, Materials, Metrics, PageSettings, Server, Settings};
use clap::ArgMatches;
use nbcourier_auth::{
    Authenticator, GroupList, HubSettings, Instance, ReceiptSigner, SharedEnds, SigningKey,
    Tickets, Vault,
};
use nbcourier_domain::Timestamp;
use nbcourier_exchange::activity::ActivityRules;
use nbcourier_exchange::{Exchange, Limits, Policy, Quotas, Reused, groups, seen};
use nbcourier_fetching::Access;
use nbcourier_storage::{FilePlace, Opening, Presence, Store};
use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum time of one command of git.
const GIT_TIME: Duration = Duration::from_mins(5);
/// The path of this program on Linux, which stays right if the file is replaced.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Minimum time between two requests for the hub's groups.
const SHORTEST: Duration = Duration::from_secs(1);
/// Ratio of the pause to the time that the hub took to list its groups. A slow hub is asked less often.
const SHARE: u32 = 19;
/// Minimum pause after the hub did not respond.
const OUTAGE: Duration = Duration::from_secs(10);
/// Pause if the hub does not list its groups.
const WITHHELD: Duration = Duration::from_mins(10);

/// Serves the exchange. As a service that JupyterHub starts it needs no flags: the hub's environment holds the settings
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    given: ServeOptions,
}

pub fn run(arguments: Arguments, matches: &ArgMatches) -> Outcome {
    let given = arguments.given.with_file()?;
    logging::start(given.log_format.unwrap_or(LogFormat::Text));
    let environment = Environment::read()?;
    let config = Config::new(given, &environment)?;
    let in_force = config::settings(&config, &environment, &Origins::new(matches)?);
    tell_settings(&in_force);
    for warning in &config.warnings {
        log::warn!("{warning}");
    }
    actix_web::rt::System::new().block_on(serve(config, in_force))?;
    log::info!("Stopped");
    Ok(ExitCode::SUCCESS)
}

/// Logs the settings, which an operator looks for first if the server misbehaves.
fn tell_settings(settings: &[Setting]) {
    let named = settings
        .iter()
        .filter(|setting| setting.name == "data-dir" || !setting.is_default())
        .map(|setting| format!("{} = {}", setting.name, setting.value));
    log::info!(
        "Settings: {}; all others have their defaults",
        named.collect::<Vec<_>>().join(", ")
    );
}

async fn serve(mut config: Config, in_force: Vec<Setting>) -> Result<(), Box<dyn Error>> {
    let opening = if config.upgrade {
        Opening::Migrate
    } else {
        Opening::AsItIs
    };
    // Before anything is created beside a foreign database.
    Store::inspect(&config.places.database, opening)?;
    // Held while the server runs. A second server on the same data would not know the uploads of this one.
    let _lock = claim(&config.places)?;
    let store = Store::open(&config.places.database, opening)?;
    let ends = EndedSessions::shared(&store);
    if config.places.bucket.is_some() {
        // Parts of files are such blocks. They are read on many threads.
        nbcourier_heap::return_large_blocks();
    }
    let place = match &config.places.bucket {
        Some(place) => FilePlace::Shared(place.bucket.to_string()),
        None => FilePlace::Directory(config.places.data_dir.canonicalize()?),
    };
    let mut presence = store.begin_presence(env!("CARGO_PKG_VERSION"), place)?;
    let blobs = open_blobs(&config.places)?;
    check_place(&store, &blobs).await?;
    let policy = policy(&mut config);
    let signing_key = signing_key(&config, &store).await?;
    let exchange = Exchange::new(store, blobs, policy, limits(&config))
        .guarded(quotas(&config), config.min_free_space)
        .with_directories(config.directories)
        .with_activity(ActivityRules {
            allowed: config.activity,
            time_zone: config.time_zone.clone(),
        })
        .remembering(config.hub_cache_size);
    let listener = config.binding.bind().map_err(|error| {
        format!(
            "Cannot listen on {}: {error}. Choose another address with --host and --port",
            config.binding
        )
    })?;
    let address = listener.local_addr()?;
    let follow_every = config.hub_groups.then_some(config.hub_cache_ttl);
    let (prefix, retention) = (config.prefix.clone(), config.retention);
    let kept = Kept {
        deleted: retention,
        events: config.event_retention,
        activity: config.activity_retention,
    };
    if config.hub.is_none() {
        log::warn!(
            "STAND-ALONE: the server believes the name that each caller gives. Use this to try it out \
             on this machine, never for a course"
        );
    }
    let materials = Materials {
        vault: Vault::new(&signing_key),
        access: Arc::new(git_access(&config)?),
    };
    let metrics = Metrics {
        listener: config.metrics_address.map(listen_for_metrics).transpose()?,
        token: config.metrics_token.clone(),
    };
    let settings = Settings {
        exchange: exchange.clone(),
        prefix: prefix.clone(),
        max_request_size: config.max_request_size,
        max_request_rate: config.max_request_rate,
        max_open_requests: config.max_open_requests,
        max_uploads: config.max_uploads,
        max_connections: open_files::raise(),
        pages: PageSettings {
            time_zone: config.time_zone.clone(),
            contact: config.contact.clone(),
            hub_home: config.hub.as_ref().map(HubPlace::home),
            may_change: config.pages == PagesMode::All,
            backstage: backstage(&config, in_force),
        },
        debug: config.debug,
        retention,
        idle_timeout: config.idle_timeout,
        shutdown_timeout: config.shutdown_timeout,
        receipts: ReceiptSigner::new(&signing_key),
        tickets: Tickets::new(&signing_key, &config.prefix),
        instance: Instance::new(&signing_key),
        materials: materials.clone(),
        authenticator: authenticator(config, signing_key, ends)?,
    };
    let known = settings.authenticator.clone();
    let server = http::start(listener, settings, metrics)?;
    log::info!(
        "nbcourier {} is listening on http://{address}{prefix}",
        env!("CARGO_PKG_VERSION")
    );
    if let Some(every) = follow_every {
        actix_web::rt::spawn(follow_groups(exchange.clone(), known, every));
    }
    spawn_tasks(&exchange, materials, kept);
    serve_until_lost(server, presence.as_mut()).await?;
    seen::write_waiting(&exchange).await;
    Ok(())
}

/// Returns the rules of the hub about people, and takes the rules of groups out of `config`.
fn policy(config: &mut Config) -> Policy {
    Policy {
        hub_groups: config.hub_groups,
        // Leaked on purpose: the rules live as long as the process.
        group_rules: Box::leak(Box::new(std::mem::take(&mut config.group_rules))),
        explain: config.debug,
        reused: match config.reused_names {
            ReusedNames::SetAside => Reused::SetAside,
            ReusedNames::Keep => Reused::Keep,
        },
    }
}

/// Begins the tasks that run as long as the server.
fn spawn_tasks(exchange: &Exchange, materials: Materials, kept: Kept) {
    actix_web::rt::spawn(seen::write_regularly(exchange.clone()));
    actix_web::rt::spawn(clean_up::regularly(exchange.clone(), kept));
    actix_web::rt::spawn(materials::follow(exchange.clone(), materials));
    actix_web::rt::spawn(memory::return_regularly());
}

/// Returns the bounds of git. This program starts it with limits.
fn git_access(config: &Config) -> Result<Access, Box<dyn Error>> {
    let own = Path::new(OWN_PROGRAM);
    Ok(Access {
        directory: config.places.data_dir.canonicalize()?.join("git"),
        launcher: Some(if own.exists() {
            own.to_owned()
        } else {
            std::env::current_exe()?
        }),
        search_path: search_path(),
        hosts: config.git_hosts.clone(),
        own_hosts: config.hub.as_ref().map(HubPlace::hosts).unwrap_or_default(),
        certificates: config.git_ca.clone(),
        max_repository: config.max_repository,
        time: GIT_TIME,
    })
}

fn limits(config: &Config) -> Limits {
    Limits {
        file_bytes: config.max_file_size,
        files: config.max_files,
        tree_bytes: config.max_request_size,
    }
}

fn quotas(config: &Config) -> Quotas {
    Quotas {
        submissions: config.max_submissions,
        person_bytes: config.max_user_size,
        course_bytes: config.max_course_size,
    }
}

/// Returns what administrators see of this process.
fn backstage(config: &Config, in_force: Vec<Setting>) -> Backstage {
    let settings = in_force.into_iter().map(|setting| InForce {
        origin: Some(setting.origin.clone()).filter(|_| !setting.is_default()),
        name: setting.name,
        value: setting.value,
    });
    Backstage {
        settings: settings.collect(),
        checks: Arc::new(ChecksOfServer::new(config)),
        started_at: Timestamp::now(),
    }
}

/// Serves until a signal ends the server, or until another server has taken its place.
async fn serve_until_lost(
    server: Server,
    presence: Option<&mut Presence>,
) -> Result<(), Box<dyn Error>> {
    let Some(presence) = presence else {
        return Ok(server.await?);
    };
    let handle = server.handle();
    let mut server = pin!(server);
    tokio::select! {
        ended = &mut server => Ok(ended?),
        error = presence.lost() => {
            log::error!("{error}");
            let (ended, ()) = tokio::join!(server, handle.stop(true));
            ended?;
            Err(error.into())
        }
    }
}

fn listen_for_metrics(address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
    let listener = TcpListener::bind(address).map_err(|error| {
        format!(
            "Cannot listen on {address}: {error}. Choose another address with --metrics-address"
        )
    })?;
    log::info!(
        "The metrics are at http://{}/metrics",
        listener.local_addr()?
    );
    Ok(listener)
}

/// Returns the key of the operator's file, else that of a shared database, else that of the data directory.
async fn signing_key(config: &Config, store: &Store) -> Result<SigningKey, Box<dyn Error>> {
    if let Some(path) = &config.signing_key_file {
        return Ok(SigningKey::read_given(path)?);
    }
    let directory = &config.places.data_dir;
    if !store.is_shared() {
        return Ok(SigningKey::load_or_create(directory)?);
    }
    let stored = match store.signing_key().await? {
        Some(stored) => stored,
        None => {
            store
                .keep_signing_key(SigningKey::to_store(directory)?)
                .await?
        }
    };
    Ok(SigningKey::stored(&stored)?)
}

fn authenticator(
    config: Config,
    signing_key: SigningKey,
    ends: Option<Arc<dyn SharedEnds>>,
) -> Result<Authenticator, Box<dyn Error>> {
    let Some(hub) = config.hub else {
        return Ok(Authenticator::standalone(config.admins, &signing_key));
    };
    let callback_url = hub
        .callback_url
        .unwrap_or_else(|| format!("{}oauth_callback", config.prefix));
    Ok(Authenticator::hub(HubSettings {
        api_url: hub.api_url,
        api_token: hub.api_token,
        service_name: hub.service_name,
        client_id: hub.client_id,
        hub_host: hub.hub_host,
        base_url: hub.base_url,
        callback_url,
        prefix: config.prefix,
        signing_key,
        ends,
        cache_ttl: config.hub_cache_ttl,
        cache_size: config.hub_cache_size,
        grace: config.hub_grace,
        require_service_scope: config.require_service_scope,
        admins: config.admins,
        hub_admins: config.hub_admins,
    })?)
}

/// Keeps the rosters equal to the groups of the hub, including members who never send a request.
async fn follow_groups(exchange: Exchange, authenticator: Authenticator, every: Duration) {
    let mut before = None;
    loop {
        // The rosters belong to all servers, and listing the groups of a large hub is work for it.
        if !exchange.is_first() {
            tokio::time::sleep(every.max(SHORTEST)).await;
            continue;
        }
        let begun = Instant::now();
        let Some(listed) = authenticator.groups().await else {
            return;
        };
        let pause = match &listed {
            GroupList::All(_) => every.max(SHORTEST) + begun.elapsed() * SHARE,
            GroupList::Unavailable(_) => every.max(OUTAGE),
            GroupList::Withheld | GroupList::TooMany => WITHHELD,
        };
        let now = std::mem::discriminant(&listed);
        let is_news = before.replace(now) != Some(now);
        match listed {
            GroupList::All(groups) => {
                if is_news {
                    log::info!("The rosters follow all {} groups of the hub", groups.len());
                }
                if let Err(error) = groups::follow_groups(&exchange, groups, begun).await {
                    log::warn!("The groups of the hub could not be stored: {error}");
                }
            }
            GroupList::Withheld if is_news => log::info!(
                "The hub does not list its groups, so their members appear in rosters with their first request. \
                 Grant the service the scopes list:groups and read:groups to list them earlier"
            ),
            GroupList::TooMany if is_news => log::warn!(
                "The hub has more groups or members than are read, so the members of groups appear in rosters with \
                 their first request"
            ),
            GroupList::Unavailable(why) if is_news => {
                log::warn!("The hub cannot list its groups at the moment: {why}");
            }
            _ => {}
        }
        tokio::time::sleep(pause).await;
    }
}
