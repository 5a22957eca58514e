//! Encryption of connections to PostgreSQL, and the check of the server's certificate.

use super::PostgresError;
use crate::{Error, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_postgres::config::Host;
use tokio_postgres_rustls::MakeRustlsConnect;

type ParseResult<T> = std::result::Result<T, PostgresError>;

/// The strength of the encryption, as libpq names it
/// (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Require,
    VerifyCa,
    VerifyFull,
}

/// The values of `sslmode` and `sslrootcert` in a URL.
#[derive(Debug, Default)]
pub struct Options {
    mode: Option<Mode>,
    roots: Option<String>,
}

/// The encryption of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    mode: Mode,
    /// The file with the certificates of trusted authorities. `None` stands for those of the system.
    roots: Option<PathBuf>,
}

impl Encryption {
    /// Takes `sslmode` and `sslrootcert` out of the URL. tokio-postgres knows fewer values of the first, and not the
    /// second.
    pub fn take_options(url: &str) -> ParseResult<(String, Options)> {
        let mut options = Options::default();
        let Some((address, query)) = url.split_once('?') else {
            return Ok((url.to_owned(), options));
        };
        let mut kept = Vec::new();
        for option in query.split('&') {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = || percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            match name {
                "sslmode" => options.mode = Some(mode(&value())?),
                "sslrootcert" => options.roots = Some(value().into_owned()),
                _ => kept.push(option),
            }
        }
        let kept = kept.join("&");
        let mark = if kept.is_empty() { "" } else { "?" };
        Ok((format!("{address}{mark}{kept}"), options))
    }

    /// Returns the encryption for these options. Beyond this machine, the default is a certificate for the host's name
    /// from a trusted authority.
    pub fn new(options: Options, hosts: &[Host]) -> ParseResult<Self> {
        let mode = options.mode.unwrap_or(if hosts.iter().all(is_local) {
            Mode::Disable
        } else {
            Mode::VerifyFull
        });
        let roots = options
            .roots
            .filter(|roots| roots != "system")
            .map(PathBuf::from);
        if let Some(path) = &roots
            && let Err(error) = read_roots(path)
        {
            return Err(PostgresError(format!(
                "The certificates of sslrootcert cannot be read from {}: {error}. Name a file in PEM format",
                path.display()
            )));
        }
        Ok(Self { mode, roots })
    }

    /// Whether connections are not encrypted.
    pub fn is_off(&self) -> bool {
        self.mode == Mode::Disable
    }

    /// Returns the connector. It reads the certificates anew, since authorities renew them.
    pub fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self.mode {
            Mode::Disable | Mode::Require => Arc::new(AnyName {
                authorities: None,
                provider: Arc::clone(&provider),
            }),
            Mode::VerifyCa => Arc::new(AnyName {
                authorities: Some(self.verifier(&provider)?),
                provider: Arc::clone(&provider),
            }),
            Mode::VerifyFull => self.verifier(&provider)?,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Connection(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
        let roots = match &self.roots {
            Some(path) => read_roots(path).map_err(|error| {
                let path = path.display();
                Error::Connection(format!(
                    "The certificates in {path} cannot be read: {error}"
                ))
            })?,
            None => system_roots(),
        };
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| {
                Error::Connection(format!(
                    "No certificate authority is known that vouches for the database: {error}. Name its certificate \
                     with sslrootcert=FILE in the URL"
                ))
            })
    }
}

fn mode(value: &str) -> ParseResult<Mode> {
    Ok(match value {
        "disable" => Mode::Disable,
        "require" => Mode::Require,
        "verify-ca" => Mode::VerifyCa,
        "verify-full" => Mode::VerifyFull,
        // These two continue without encryption if an attacker wants that.
        "allow" | "prefer" => {
            return Err(PostgresError(format!(
                "sslmode={value} does not protect a connection. Choose disable, require, verify-ca or verify-full"
            )));
        }
        _ => {
            return Err(PostgresError(
                "sslmode in the URL of the database must be disable, require, verify-ca or verify-full".into(),
            ));
        }
    })
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

fn read_roots(path: &std::path::Path) -> std::result::Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".into());
    }
    Ok(roots)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Accepts a certificate for any name: one of a trusted authority or, without authorities, every one. It always checks
/// that the server has the key. Without authorities, it protects against listeners, but not against a server in between.
#[derive(Debug)]
struct AnyName {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(certificate, between, name, stapled, now) {
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.provider.signature_verification_algorithms;
        known.supported_schemes()
    }
}
