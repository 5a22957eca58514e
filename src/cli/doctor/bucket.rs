//! Checks the bucket of the blobs. It writes one small object.

use crate::config::{BucketPlace, Config};
use crate::findings::Findings;
use nbcourier_blobs::{Credentials, RemoteBlobs, Versioning};
use nbcourier_domain::Span;
use nbcourier_exchange::upkeep::blob_place;
use nbcourier_storage::{self as store, objects::Place};

/// Checks the bucket. Without a database, nothing can belong together yet.
pub fn examine(place: &BucketPlace, config: &Config, has_database: bool, findings: &mut Findings) {
    let bucket = &place.bucket;
    let where_from = &bucket.credentials;
    findings.ok(format!(
        "The blobs are in {bucket}{}, with credentials from {where_from}",
        bucket
            .endpoint
            .as_ref()
            .map_or_else(String::new, |endpoint| format!(" at {endpoint}"))
    ));
    if matches!(where_from, Credentials::Instance) {
        findings.ok("No access key and no role is configured, so the virtual machine is asked");
    }
    let remote = match RemoteBlobs::for_checks(bucket.clone()) {
        Ok(remote) => remote,
        Err(error) => {
            findings.wrong(error.to_string(), "Correct the settings of the bucket");
            return;
        }
    };
    let nothing_yet = || Place {
        exchange: String::new(),
        bucket: None,
        has_large: false,
    };
    let known = if has_database {
        store::examine_place(&config.places.database)
    } else {
        Ok(None)
    };
    let known = match known {
        Ok(known) => known.unwrap_or_else(nothing_yet),
        Err(error) => {
            findings.wrong(error.to_string(), super::database::UNREADABLE);
            return;
        }
    };
    match blob_place::compare(&remote, &known) {
        Ok(true) => findings.ok("It belongs to this exchange, and can be read and written"),
        Ok(false) => findings.ok("It is empty, and can be read and written"),
        Err(mismatch) => {
            findings.wrong(mismatch.problem(), mismatch.advice());
            return;
        }
    }
    findings.ok(format!(
        "Objects stay for {} after their data was removed",
        Span(place.retention)
    ));
    match remote.versioning() {
        Ok(Versioning::On) => findings.ok(
            "It keeps earlier versions of objects. Let a lifecycle rule remove versions that are no longer current",
        ),
        Ok(Versioning::Off) => findings.warning(
            "It keeps no earlier versions, so nothing brings back an object that somebody removes by mistake".into(),
            "Turn on the versioning of the bucket, with a lifecycle rule that removes old versions (docs/s3.md)",
        ),
        Err(_) => findings.ok("The object store does not say whether it keeps earlier versions"),
    }
}
