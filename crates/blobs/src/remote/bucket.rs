//! The bucket of an exchange: its place, and how its owner is proved.

use super::fault::Fault;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use std::fmt;
use std::time::Duration;

/// Time in which a connection must be made.
const CONNECT: Duration = Duration::from_secs(5);

/// The patience with a server that fails or stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// For the bytes of people, who would have to send them again.
    Long,
    /// For checks, which somebody waits for.
    Short,
}

impl Patience {
    /// Returns the longest silence, the number of retries, and the time after which no further one begins.
    fn limits(self) -> (Duration, usize, Duration) {
        match self {
            Self::Long => (Duration::from_secs(20), 5, Duration::from_mins(1)),
            Self::Short => (Duration::from_secs(10), 2, Duration::from_secs(10)),
        }
    }
}

/// A bucket of an S3-compatible object store.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The beginning of the names of all objects, without a slash at its end. It may be empty.
    pub prefix: String,
    /// The URL of the server, without the bucket. `None` means Amazon.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Whether requests may travel unencrypted.
    pub allow_http: bool,
    /// The credentials.
    pub credentials: Credentials,
}

/// The proof that requests come from a user of the bucket.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// The keys of a user.
    Keys {
        /// The access key ID.
        id: String,
        /// The secret access key.
        secret: String,
        /// The token of a session, for keys that expire.
        token: Option<String>,
    },
    /// A role that a token proves. The file is read at each renewal.
    WebIdentity {
        /// The file with the token.
        file: String,
        /// The name of the role.
        role: String,
        /// The name of the session.
        session: Option<String>,
        /// The URL of the token service.
        endpoint: Option<String>,
    },
    /// The credentials that the container's host gives away at this path.
    Container(String),
    /// The credentials that an agent gives away at this URL, for the token in this file.
    Agent {
        /// The URL.
        url: String,
        /// The file with the token.
        token_file: String,
    },
    /// The credentials of the virtual machine.
    Instance,
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys { .. } => "an access key",
            Self::WebIdentity { .. } => "a web identity",
            Self::Container(_) => "the container's host",
            Self::Agent { .. } => "the agent of the pod",
            Self::Instance => "the metadata of the virtual machine",
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.name)?;
        if self.prefix.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.prefix)
    }
}

impl Bucket {
    /// Returns the name of an object below the prefix.
    pub(super) fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.prefix)
        }
    }

    /// Returns a client. It sends nothing yet.
    pub(super) fn client(&self, patience: Patience) -> Result<AmazonS3, Fault> {
        // The first one that is installed stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (silence, max_retries, retry_timeout) = patience.limits();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_allow_http(self.allow_http)
            // A path names the bucket where the server has an address of its own. Amazon wants it in the host.
            .with_virtual_hosted_style_request(self.endpoint.is_none() && !self.name.contains('.'))
            .with_client_options(
                ClientOptions::new()
                    // A download takes as long as its client.
                    .with_timeout_disabled()
                    .with_connect_timeout(CONNECT)
                    .with_read_timeout(silence)
                    .with_allow_http(self.allow_http),
            )
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries,
                retry_timeout,
            });
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        self.credentials
            .give(builder)
            .build()
            .map_err(|error| Fault::of(&error))
    }
}

impl Credentials {
    fn give(&self, builder: AmazonS3Builder) -> AmazonS3Builder {
        use AmazonS3ConfigKey as Key;
        let maybe = |builder: AmazonS3Builder, key, value: &Option<String>| match value {
            Some(value) => builder.with_config(key, value),
            None => builder,
        };
        match self {
            Self::Keys { id, secret, token } => {
                let builder = builder
                    .with_access_key_id(id)
                    .with_secret_access_key(secret);
                maybe(builder, Key::Token, token)
            }
            Self::WebIdentity {
                file,
                role,
                session,
                endpoint,
            } => {
                let builder = builder
                    .with_config(Key::WebIdentityTokenFile, file)
                    .with_config(Key::RoleArn, role);
                let builder = maybe(builder, Key::RoleSessionName, session);
                maybe(builder, Key::StsEndpoint, endpoint)
            }
            Self::Container(path) => {
                builder.with_config(Key::ContainerCredentialsRelativeUri, path)
            }
            Self::Agent { url, token_file } => builder
                .with_config(Key::ContainerCredentialsFullUri, url)
                .with_config(Key::ContainerAuthorizationTokenFile, token_file),
            Self::Instance => builder,
        }
    }
}
