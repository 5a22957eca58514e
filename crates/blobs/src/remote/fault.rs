//! Failures of an object store, and what an operator can do about them.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

/// Maximum length of a reason that comes from elsewhere, in bytes.
const REASON: usize = 300;

/// A failure of the object store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {reason}")]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The words of the server or of the network.
    pub reason: String,
}

/// The kinds of failures that differ in what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// There is no bucket of that name.
    #[error("there is no such bucket")]
    NoBucket,
    /// There is no such object.
    #[error("there is no such object")]
    NoObject,
    /// The server does not accept the credentials.
    #[error("it does not accept the credentials")]
    Credentials,
    /// There are no credentials to be had.
    #[error("no credentials were found")]
    NoCredentials,
    /// The credentials do not permit the request.
    #[error("the credentials do not permit that")]
    Forbidden,
    /// The bucket is in another region.
    #[error("it is in another region")]
    OtherRegion,
    /// The certificate of the server does not fit.
    #[error("its certificate is not accepted")]
    Certificate,
    /// The clocks differ too much for a signature.
    #[error("its clock differs from ours")]
    Clock,
    /// Nothing answers at the address.
    #[error("it cannot be reached")]
    Unreachable,
    /// The server answers that it cannot work, or in a way that makes no sense.
    #[error("it failed")]
    Failed,
}

impl FaultKind {
    /// Returns what an operator can do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoBucket => "Create the bucket, or name another one with --storage",
            Self::Credentials => {
                "Check the access key and --s3-secret-key-file, and whether the key is still active"
            }
            Self::NoCredentials => {
                "Name an access key with --s3-access-id and --s3-secret-key-file, or set the AWS_… variables"
            }
            Self::Forbidden => {
                "Permit the user of the key to list the bucket, and to read, write and delete objects in it"
            }
            Self::OtherRegion => "Name the bucket's region with --s3-region",
            Self::Certificate => {
                "Name the host of the certificate in --s3-endpoint, and add its authority to those of this machine \
                 (SSL_CERT_FILE)"
            }
            Self::Clock => "Set the clock of this machine by NTP",
            Self::Unreachable => "Check --s3-endpoint, and that this machine may connect to it",
            Self::Failed | Self::NoObject => "Look into the log of the object store",
        }
    }
}

impl Fault {
    /// Creates a failure with a reason of our own.
    pub(super) fn new(kind: FaultKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }

    /// Returns the failure that the client reports.
    pub(super) fn of(error: &object_store::Error) -> Self {
        let text = chain(error);
        Self {
            kind: kind(error, &text),
            reason: reason(&text),
        }
    }

    /// Returns the failure inside an error, if it is one of an object store.
    pub fn inside(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// Returns the texts of an error and of its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            let _ = write!(text, ": {said}");
        }
        next = cause.source();
    }
    text
}

/// Returns the kind. Servers name the cause in the body: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn kind(error: &object_store::Error, text: &str) -> FaultKind {
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&["NoSuchBucket"]) {
        FaultKind::NoBucket
    } else if matches!(error, object_store::Error::NotFound { .. }) {
        FaultKind::NoObject
    } else if has(&["RequestTimeTooSkewed", "RequestExpired"]) {
        FaultKind::Clock
    } else if has(&[
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraint",
        "without LOCATION",
        "301 Moved",
    ]) {
        FaultKind::OtherRegion
    } else if has(&[
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "ExpiredToken",
        "TokenRefreshRequired",
    ]) {
        FaultKind::Credentials
    } else if has(&[
        "nstance metadata",
        "latest/api/token",
        "WebIdentity",
        "169.254.",
    ]) {
        FaultKind::NoCredentials
    } else if has(&["AccessDenied", "403 Forbidden", "AllAccessDisabled"])
        || matches!(
            error,
            object_store::Error::PermissionDenied { .. }
                | object_store::Error::Unauthenticated { .. }
        )
    {
        FaultKind::Forbidden
    } else if has(&["certificate", "UnknownIssuer", "CertNotValid"]) {
        FaultKind::Certificate
    } else if has(&[
        "error sending request",
        "onnection",
        "timed out",
        "dns error",
    ]) {
        FaultKind::Unreachable
    } else {
        FaultKind::Failed
    }
}

/// Returns the reason in one short line: the code and message of the server's XML, or the beginning of the text.
fn reason(text: &str) -> String {
    let between = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0)
    };
    let said = match (between("Code"), between("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => text.to_owned(),
    };
    let line: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let end = line.floor_char_boundary(REASON);
    line[..end].trim().to_owned()
}
