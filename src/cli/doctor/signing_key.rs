//! Checks the signing key, by which a running server is recognised as well.

use crate::config::Config;
use crate::findings::Findings;
use nbcourier_auth::{Instance, KEY_FILE, SigningKey};
use nbcourier_storage as store;
use std::error::Error;

/// Checks the key with which the server signs.
pub fn examine(config: &Config, findings: &mut Findings) {
    let valid = if let Some(path) = &config.signing_key_file {
        format!("The signing keys in {} are valid", path.display())
    } else if config.places.database.file().is_none() {
        "The signing key is in the database, so all servers have the same".to_owned()
    } else {
        "The signing key is valid, and only its owner can read it".to_owned()
    };
    match find(config) {
        Ok(Some(_)) => findings.ok(valid),
        Ok(None) => findings.ok("There is no signing key yet. The first start creates it"),
        Err(error) => findings.wrong(
            error.to_string(),
            "Correct this: the server does not start until then",
        ),
    }
}

/// Returns the identity that the server proves, or `None` before its first start.
pub fn instance(config: &Config) -> Option<Instance> {
    let key = find(config).ok().flatten();
    key.map(|key| Instance::new(&key))
}

fn find(config: &Config) -> Result<Option<SigningKey>, Box<dyn Error>> {
    let places = &config.places;
    if let Some(path) = &config.signing_key_file {
        return Ok(Some(SigningKey::read_given(path)?));
    }
    if places.database.file().is_none() {
        let stored = store::examine_signing_key(&places.database)?;
        return Ok(stored.map(|key| SigningKey::stored(&key)).transpose()?);
    }
    if !places.data_dir.join(KEY_FILE).exists() {
        return Ok(None);
    }
    Ok(Some(SigningKey::load_or_create(&places.data_dir)?))
}
