//! The bucket of an S3-compatible object store, and the credentials for it.

use super::{ConfigError, secret};
use clap::builder::BoolishValueParser;
use nbcourier_blobs::{Bucket, Credentials};
use nbcourier_domain::Span;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The beginning of the URL of a bucket.
const SCHEME: &str = "s3://";
/// Default time for which objects stay after the data that they belonged to.
const RETENTION: Duration = Duration::from_hours(7 * 24);

/// The settings for a bucket.
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the comments are the help, printed as they stand"
)]
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct BucketArgs {
    /// Find the bucket of --storage at this URL of an object store, such as https://s3.example.org
    /// [default: Amazon S3]
    #[arg(long, env = "NBCOURIER_S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<String>,

    /// Find the bucket in this region [default: AWS_REGION, else us-east-1]
    #[arg(long, env = "NBCOURIER_S3_REGION", value_name = "NAME")]
    pub s3_region: Option<String>,

    /// Use the access key with this ID [default: AWS_ACCESS_KEY_ID]
    #[arg(long, env = "NBCOURIER_S3_ACCESS_ID", value_name = "ID")]
    pub s3_access_id: Option<String>,

    /// Read the secret access key from this file [default: AWS_SECRET_ACCESS_KEY]
    #[arg(long, env = "NBCOURIER_S3_SECRET_KEY_FILE", value_name = "FILE")]
    pub s3_secret_key_file: Option<PathBuf>,

    /// Allow an http:// endpoint on another machine. Work and signatures then travel unencrypted
    #[arg(long, env = "NBCOURIER_S3_ALLOW_HTTP", value_parser = BoolishValueParser::new(),
          num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub s3_allow_http: Option<bool>,

    /// Keep uploads on their way to the bucket in spool/ below this directory [default: the data directory]
    #[arg(long, env = "NBCOURIER_SPOOL_DIR", value_name = "DIR")]
    pub spool_dir: Option<PathBuf>,

    /// Keep objects in the bucket for this time after their data was removed for good. A database that is restored to a
    /// moment within this time finds its objects [default: 7d]
    #[arg(long, env = "NBCOURIER_OBJECT_RETENTION", value_name = "TIME")]
    pub object_retention: Option<Span>,
}

impl BucketArgs {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            s3_endpoint: self.s3_endpoint.or(other.s3_endpoint),
            s3_region: self.s3_region.or(other.s3_region),
            s3_access_id: self.s3_access_id.or(other.s3_access_id),
            s3_secret_key_file: self.s3_secret_key_file.or(other.s3_secret_key_file),
            s3_allow_http: self.s3_allow_http.or(other.s3_allow_http),
            spool_dir: self.spool_dir.or(other.spool_dir),
            object_retention: self.object_retention.or(other.object_retention),
        }
    }

    /// Returns the name of a setting that is given, if there is one.
    fn any(&self) -> Option<&'static str> {
        [
            (self.s3_endpoint.is_some(), "--s3-endpoint"),
            (self.s3_region.is_some(), "--s3-region"),
            (self.s3_access_id.is_some(), "--s3-access-id"),
            (self.s3_secret_key_file.is_some(), "--s3-secret-key-file"),
            (self.s3_allow_http.is_some(), "--s3-allow-http"),
            (self.spool_dir.is_some(), "--spool-dir"),
            (self.object_retention.is_some(), "--object-retention"),
        ]
        .into_iter()
        .find_map(|(is_given, name)| is_given.then_some(name))
    }
}

/// A bucket, and what belongs to it on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    /// The bucket.
    pub bucket: Bucket,
    /// The file with the secret access key.
    pub secret_key_file: Option<PathBuf>,
    /// The time for which objects stay after their rows.
    pub retention: Duration,
}

/// Whether the value of `--storage` names a bucket.
pub fn is_bucket(storage: &Path) -> bool {
    storage
        .to_str()
        .is_some_and(|text| text.starts_with(SCHEME))
}

impl BucketPlace {
    /// Returns the bucket that `--storage` names, or `None` for a directory. `variable` returns a variable of the
    /// environment.
    pub(super) fn new(
        storage: Option<&Path>,
        given: &BucketArgs,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(url) = storage.filter(|storage| is_bucket(storage)) else {
            return match given.any() {
                None => Ok(None),
                Some(flag) => Err(ConfigError(format!(
                    "{flag} is for a bucket, and the blobs are in a directory. Omit it, or name the bucket with \
                     --storage s3://BUCKET/PREFIX"
                ))),
            };
        };
        let (name, prefix) = name_and_prefix(&url.to_string_lossy())?;
        let endpoint = given
            .s3_endpoint
            .clone()
            .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
            .or_else(|| variable("AWS_ENDPOINT_URL"));
        let allow_http = given.s3_allow_http.unwrap_or(false);
        if let Some(endpoint) = &endpoint {
            check_endpoint(endpoint, allow_http)?;
        }
        let region = given
            .s3_region
            .clone()
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"));
        let is_http = endpoint
            .as_ref()
            .is_some_and(|endpoint| endpoint.starts_with("http://"));
        let bucket = Bucket {
            name,
            prefix,
            allow_http: is_http,
            endpoint,
            region,
            credentials: credentials(given, variable)?,
        };
        Ok(Some(Self {
            bucket,
            secret_key_file: given.s3_secret_key_file.clone(),
            retention: given.object_retention.map_or(RETENTION, |span| span.0),
        }))
    }
}

/// Takes `s3://BUCKET/PREFIX` apart.
fn name_and_prefix(url: &str) -> Result<(String, String), ConfigError> {
    let rest = url.strip_prefix(SCHEME).unwrap_or_default();
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; older buckets also have `_`.
    let is_name = (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let is_prefix = prefix.is_empty()
        || prefix.split('/').all(|part| {
            !matches!(part, "" | "." | "..")
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        });
    if is_name && is_prefix && prefix.len() <= 512 {
        return Ok((name.to_owned(), prefix.to_owned()));
    }
    // It may hold keys, so it is not repeated.
    Err(ConfigError(
        "The bucket of --storage must be s3://BUCKET or s3://BUCKET/PREFIX, with letters, digits, dots, hyphens and \
         underscores. Credentials do not belong there: use --s3-access-id and --s3-secret-key-file"
            .into(),
    ))
}

/// Refuses an endpoint that is no URL of a server, or that is not encrypted.
fn check_endpoint(endpoint: &str, allow_http: bool) -> Result<(), ConfigError> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or_default();
    let host = rest.trim_end_matches('/');
    let is_plain = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    if !is_plain || !["http", "https"].contains(&scheme) {
        return Err(ConfigError(
            "The value of --s3-endpoint must be the URL of a server without a path and without credentials, such as \
             https://s3.example.org"
                .into(),
        ));
    }
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    let is_near = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if scheme == "https" || is_near || allow_http {
        return Ok(());
    }
    Err(ConfigError(format!(
        "{endpoint} is not encrypted, so everybody on the network could read the work of students. Use https://, or \
         allow it with --s3-allow-http if the network is private"
    )))
}

/// Returns the credentials: those of the settings, else the first ones that the environment names, in the order of
/// Amazon's own programs.
fn credentials(
    given: &BucketArgs,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Credentials, ConfigError> {
    let given_secret = given.s3_secret_key_file.as_deref().map(secret::read);
    let given_secret = given_secret.transpose()?;
    let id = given
        .s3_access_id
        .clone()
        .or_else(|| variable("AWS_ACCESS_KEY_ID"));
    let secret = given_secret.or_else(|| variable("AWS_SECRET_ACCESS_KEY"));
    match (id, secret) {
        (Some(id), Some(secret)) => {
            // The token of a session belongs to the keys beside it.
            let is_of_environment =
                given.s3_access_id.is_none() && given.s3_secret_key_file.is_none();
            let token = variable("AWS_SESSION_TOKEN").filter(|_| is_of_environment);
            return Ok(Credentials::Keys { id, secret, token });
        }
        (Some(_), None) => {
            return Err(ConfigError(
                "There is an access key ID for the bucket and no secret access key. Name its file with \
                 --s3-secret-key-file, or set AWS_SECRET_ACCESS_KEY"
                    .into(),
            ));
        }
        (None, Some(_)) => {
            return Err(ConfigError(
                "There is a secret access key for the bucket and no access key ID. Name it with --s3-access-id, \
                 or set AWS_ACCESS_KEY_ID"
                    .into(),
            ));
        }
        (None, None) => {}
    }
    if let (Some(file), Some(role)) = (
        variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
        variable("AWS_ROLE_ARN"),
    ) {
        return Ok(Credentials::WebIdentity {
            file,
            role,
            session: variable("AWS_ROLE_SESSION_NAME"),
            endpoint: variable("AWS_ENDPOINT_URL_STS"),
        });
    }
    if let Some(path) = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        return Ok(Credentials::Container(path));
    }
    if let (Some(url), Some(token_file)) = (
        variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    ) {
        return Ok(Credentials::Agent { url, token_file });
    }
    Ok(Credentials::Instance)
}

/// Returns a variable of the environment that Amazon's programs read, too. An empty one counts as unset.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(
        url: &str,
        given: &BucketArgs,
        variables: &[(&str, &str)],
    ) -> Result<Option<BucketPlace>, ConfigError> {
        BucketPlace::new(Some(Path::new(url)), given, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_bucket_and_the_prefix_come_from_the_url() {
        for (url, name, prefix) in [
            ("s3://work", "work", ""),
            ("s3://work/", "work", ""),
            ("s3://work/nbcourier/2026/", "work", "nbcourier/2026"),
        ] {
            let place = place(url, &BucketArgs::default(), &[]).unwrap().unwrap();
            let bucket = (place.bucket.name.as_str(), place.bucket.prefix.as_str());
            assert_eq!(bucket, (name, prefix), "{url}");
        }
        for url in [
            "s3://",
            "s3://w",
            "s3://AKIA:s3cret@work",
            "s3://work/a//b",
            "s3://work/../b",
            "s3://work/a b",
            "s3://work?region=x",
        ] {
            let refused = place(url, &BucketArgs::default(), &[]).unwrap_err().0;
            assert!(!refused.contains("s3cret"), "{refused}");
        }
    }

    #[test]
    fn settings_for_a_bucket_need_a_bucket() {
        let given = BucketArgs {
            s3_region: Some("eu-central-1".into()),
            ..BucketArgs::default()
        };
        let refused = place("/srv/blobs", &given, &[]).unwrap_err().0;
        assert!(
            refused.starts_with("--s3-region is for a bucket"),
            "{refused}"
        );
        assert_eq!(place("/srv/blobs", &BucketArgs::default(), &[]), Ok(None));
    }

    #[test]
    fn the_first_credentials_are_used() {
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret"),
        ];
        let role = [
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"),
        ];
        let container = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")];
        let agent = [
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://169.254.170.23/v1",
            ),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"),
        ];
        let all = [&keys[..], &role, &container, &agent].concat();
        for (left_out, used) in [
            (0, "an access key"),
            (2, "a web identity"),
            (4, "the container's host"),
            (5, "the agent of the pod"),
            (7, "the metadata of the virtual machine"),
        ] {
            let place = place("s3://work", &BucketArgs::default(), &all[left_out..]);
            let bucket = place.unwrap().unwrap().bucket;
            assert_eq!(bucket.credentials.to_string(), used);
            assert!(!format!("{bucket:?} {:?}", bucket.credentials).contains("s3cret"));
        }
        for half in [&keys[..1], &keys[1..]] {
            let refused = place("s3://work", &BucketArgs::default(), half)
                .unwrap_err()
                .0;
            assert!(refused.contains("access key") && !refused.contains("s3cret"));
        }
    }

    #[test]
    fn http_is_for_this_machine_unless_it_is_allowed() {
        let with = |endpoint: &str, allow| {
            let given = BucketArgs {
                s3_endpoint: Some(endpoint.into()),
                s3_allow_http: allow,
                ..BucketArgs::default()
            };
            place("s3://work", &given, &[])
        };
        for fine in [
            "https://s3.example.org",
            "http://localhost:9000",
            "http://127.0.0.1:9000/",
            "http://[::1]:9000",
        ] {
            assert!(with(fine, None).is_ok(), "{fine}");
        }
        let far = "http://s3.example.org:9000";
        let refused = with(far, None).unwrap_err().0;
        assert!(refused.contains("--s3-allow-http"), "{refused}");
        assert!(with(far, Some(true)).unwrap().unwrap().bucket.allow_http);
        for wrong in ["s3.example.org", "ftp://x", "https://a:b@c", "https://x/y"] {
            let refused = with(wrong, Some(true)).unwrap_err().0;
            assert!(refused.contains("--s3-endpoint"), "{wrong}");
        }
    }
}
