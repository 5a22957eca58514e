//! `nbcourier doctor`: reports what is well, what is wrong, and what to do about it. It changes nothing.

mod bucket;
mod data;
mod database;
mod hub;
mod material;
mod of_server;
mod public_address;
mod signing_key;

pub use of_server::ChecksOfServer;

use super::Outcome;
use super::output::print;
use crate::config::{Config, Environment, ServeOptions};
use crate::findings::Findings;
use nbcourier_domain::ByteSize;
use std::process::ExitCode;

/// Checks the settings, the data directory, the database, the hub and the path through the proxy, and says what to do
/// about each problem. Use the flags, variables and file of the server, and run it as the server's user. The server
/// may keep running
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    given: ServeOptions,
    /// Also check that requests to this public address reach the exchange. It is the address of the hub's proxy with the
    /// service's prefix
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Outcome {
    let mut findings = Findings::default();
    let Arguments {
        given,
        public_url,
        json,
    } = arguments;
    findings.about("Settings");
    match Environment::read().and_then(|environment| Config::new(given, &environment)) {
        Ok(config) => {
            actix_web::rt::System::new().block_on(examine(&config, public_url, &mut findings));
        }
        Err(error) => findings.wrong(
            error.to_string(),
            "Correct it, and give doctor the settings of the server. For a service of a JupyterHub, these include \
             the JUPYTERHUB_… variables",
        ),
    }
    print(&if json {
        findings.json()? + "\n"
    } else {
        findings.to_string()
    })?;
    Ok(if findings.are_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn examine(config: &Config, public_url: Option<String>, findings: &mut Findings) {
    findings.ok("They are valid; nbcourier config prints them");
    report_settings(config, findings);
    findings.about("Data");
    let places = &config.places;
    if data::examine_directory(places, findings) {
        if places.database.file().is_some() || config.signing_key_file.is_some() {
            signing_key::examine(config, findings);
        }
        data::examine_space(places, config.min_free_space, findings);
    }
    findings.about("Database");
    let made = database::examine(&config.places.database, findings);
    let is_in_database =
        config.places.database.file().is_none() && config.signing_key_file.is_none();
    if made && is_in_database {
        signing_key::examine(config, findings);
    }
    let instance = signing_key::instance(config);
    if let Some(place) = &config.places.bucket {
        findings.about("Bucket");
        bucket::examine(place, config, made, findings);
    }
    findings.about("Server");
    if made {
        database::examine_replicas(&config.places.database, findings);
    }
    let running = data::is_claimed(&config.places.data_dir);
    public_address::examine_server(config, running, instance.as_ref(), findings).await;
    if made {
        findings.about("Tasks");
        database::examine_runs(&config.places.database, findings);
        material::examine(&config.places.database, findings);
        findings.about("People");
        database::examine_people(&config.places.database, findings);
    }
    findings.about("Hub");
    match &config.hub {
        Some(hub) => hub::examine(hub, config, findings).await,
        None => report_no_hub(findings),
    }
    if let Some(url) = public_url {
        findings.about("From outside");
        public_address::examine_public(&url, config, instance.as_ref(), findings).await;
    }
}

fn report_settings(config: &Config, findings: &mut Findings) {
    for warning in &config.warnings {
        findings.warning(
            warning.clone(),
            "Do that. If somebody may have read the secret, replace it",
        );
    }
    findings.ok(limits(config));
}

fn report_no_hub(findings: &mut Findings) {
    findings.warning(
        "There is no hub: the server believes the name that each caller gives".into(),
        "For a course, run nbcourier as a service of a JupyterHub, without --standalone",
    );
}

fn limits(config: &Config) -> String {
    let none = || "any number of bytes".to_owned();
    let size = |limit: Option<u64>| limit.map_or_else(none, |bytes| ByteSize(bytes).to_string());
    let many = || "any number of".to_owned();
    format!(
        "Limits: {} per request, {} per file, {} files per tree, {} submissions per student and assignment, {} per \
         person, {} per course; per caller {} requests a second, {} open requests and {} uploads at a time; uploads \
         are refused while less than {} is free",
        ByteSize(config.max_request_size),
        ByteSize(config.max_file_size),
        config.max_files,
        config
            .max_submissions
            .map_or_else(many, |limit| limit.to_string()),
        size(config.max_user_size),
        size(config.max_course_size),
        config
            .max_request_rate
            .map_or_else(many, |limit| limit.to_string()),
        config
            .max_open_requests
            .map_or_else(many, |limit| limit.to_string()),
        config
            .max_uploads
            .map_or_else(many, |limit| limit.to_string()),
        ByteSize(config.min_free_space),
    )
}
