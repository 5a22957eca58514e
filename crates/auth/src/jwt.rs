//! JSON Web Tokens for data that a browser keeps and must return unaltered, signed with HS256 and nothing else.
//!
//! jsonwebtoken leaves the cryptography to a provider. Ours knows HMAC-SHA-256 only, so a forger cannot name another
//! algorithm. Each token names its purpose in `aud` and its service in `iss`.

use super::{AuthError, key::SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult, new_error};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A maximum above the size of any cookie that browsers keep.
const MAX_BYTES: usize = 8192;

/// The purpose of a signed text. A text for another purpose is not accepted.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// The session of a browser that has logged in.
    Session,
    /// A login that has begun.
    Login,
    /// A ticket for contents that people made.
    View,
}

impl Purpose {
    fn audience(self) -> &'static str {
        match self {
            Self::Session => "nbcourier session",
            Self::Login => "nbcourier login",
            Self::View => "nbcourier view",
        }
    }
}

/// A signer and verifier of texts for one service.
pub(super) struct Seal {
    encoding: EncodingKey,
    /// The keys of accepted signatures, the one that signs first.
    decoding: Vec<DecodingKey>,
    issuer: String,
}

/// The use for which the key is derived.
const LABEL: &str = "nbcourier jwt";

#[derive(Serialize, Deserialize)]
struct Envelope<C> {
    iss: String,
    aud: String,
    iat: u64,
    exp: u64,
    #[serde(flatten)]
    claims: C,
}

impl Seal {
    /// Creates a seal for the service at this prefix. Its key is derived from the signing key.
    pub(super) fn new(key: &SigningKey, prefix: &str) -> Self {
        // The first caller installs the provider. A second provider would be the same.
        let _ = PROVIDER.install_default();
        let secret = key.derive(LABEL);
        let earlier = key.derive_earlier(LABEL);
        let accepted = std::iter::once(&secret).chain(&earlier);
        Self {
            encoding: EncodingKey::from_secret(&secret),
            decoding: accepted.map(|key| DecodingKey::from_secret(key)).collect(),
            issuer: format!("nbcourier at {prefix}"),
        }
    }

    /// Returns the claims as signed text that is valid for `lifetime`.
    pub(super) fn seal<C: Serialize>(
        &self,
        purpose: Purpose,
        lifetime: Duration,
        claims: C,
    ) -> Result<String, AuthError> {
        let now = seconds_since_1970();
        self.seal_between(purpose, now, now.saturating_add(lifetime.as_secs()), claims)
    }

    pub(super) fn seal_between<C: Serialize>(
        &self,
        purpose: Purpose,
        iat: u64,
        exp: u64,
        claims: C,
    ) -> Result<String, AuthError> {
        let envelope = Envelope {
            iss: self.issuer.clone(),
            aud: purpose.audience().to_owned(),
            iat,
            exp,
            claims,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &envelope, &self.encoding)
            .map_err(|_| AuthError::Failed("a cookie could not be signed"))
    }

    /// Returns the sealed claims, if they are ours, unaltered, for this purpose and not expired.
    pub(super) fn open<C: DeserializeOwned>(&self, purpose: Purpose, text: &str) -> Option<C> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_audience(&[purpose.audience()]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        self.decoding.iter().find_map(|key| {
            let token = jsonwebtoken::decode::<Envelope<C>>(text, key, &validation).ok()?;
            Some(token.claims.claims)
        })
    }
}

/// Now, by the clock on the wall.
pub(super) fn seconds_since_1970() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    },
    // This is needed only for keys in JWK form, which are not used here.
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(new_error(ErrorKind::UnsupportedAlgorithm));
        }
        Hmac::new_from_slice(key)
            .map(Self)
            .map_err(|_| new_error(ErrorKind::InvalidKeyFormat))
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        // The comparison takes constant time.
        self.over(message)
            .verify_slice(signature)
            .map_err(SignatureError::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD as BASE64, Engine};

    const MINUTE: Duration = Duration::from_mins(1);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Name {
        sub: String,
    }

    fn sam() -> Name {
        Name { sub: "sam".into() }
    }

    fn seal() -> Seal {
        Seal::new(&SigningKey::from_bytes([7; 32]), "/services/x/")
    }

    fn parts(text: &str) -> [String; 3] {
        let parts: Vec<_> = text.split('.').map(str::to_owned).collect();
        parts.try_into().unwrap()
    }

    #[test]
    fn a_sealed_text_is_read_again() {
        let text = seal().seal(Purpose::Session, MINUTE, sam()).unwrap();
        assert_eq!(seal().open(Purpose::Session, &text), Some(sam()));
    }

    #[test]
    fn the_signature_is_what_anybody_computes_for_hs256() {
        let text = seal().seal(Purpose::Session, MINUTE, sam()).unwrap();
        let [header, claims, signature] = parts(&text);
        let key = SigningKey::from_bytes([7; 32]).derive("nbcourier jwt");
        let mac = Hmac::<Sha256>::new_from_slice(&key)
            .unwrap()
            .chain_update(format!("{header}.{claims}"));
        assert_eq!(signature, BASE64.encode(mac.finalize().into_bytes()));
    }

    #[test]
    fn a_tampered_token_is_not_ours() {
        let text = seal().seal(Purpose::Session, MINUTE, sam()).unwrap();
        let [header, claims, signature] = parts(&text);
        let admin = String::from_utf8(BASE64.decode(&claims).unwrap())
            .unwrap()
            .replace("sam", "eve");
        let forged = format!("{header}.{}.{signature}", BASE64.encode(admin));
        assert_eq!(seal().open::<Name>(Purpose::Session, &forged), None);
        for cut in [0, 1, text.len() / 2, text.len() - 1] {
            assert_eq!(seal().open::<Name>(Purpose::Session, &text[..cut]), None);
        }
        let other = Seal::new(&SigningKey::from_bytes([8; 32]), "/services/x/");
        assert_eq!(other.open::<Name>(Purpose::Session, &text), None);
    }

    #[test]
    fn alg_none_and_every_other_algorithm_is_refused() {
        let text = seal().seal(Purpose::Session, MINUTE, sam()).unwrap();
        let [_, claims, signature] = parts(&text);
        for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", ""] {
            let header = BASE64.encode(format!("{{\"alg\":\"{alg}\",\"typ\":\"JWT\"}}"));
            for end in ["", &signature] {
                let forged = format!("{header}.{claims}.{end}");
                assert_eq!(
                    seal().open::<Name>(Purpose::Session, &forged),
                    None,
                    "{alg}"
                );
            }
        }
    }

    #[test]
    fn an_expired_token_is_refused() {
        let now = seconds_since_1970();
        let text = seal()
            .seal_between(Purpose::Session, now - 20, now - 10, sam())
            .unwrap();
        assert_eq!(seal().open::<Name>(Purpose::Session, &text), None);
    }

    #[test]
    fn a_token_for_another_purpose_or_service_is_refused() {
        let text = seal().seal(Purpose::Login, MINUTE, sam()).unwrap();
        assert_eq!(seal().open::<Name>(Purpose::Session, &text), None);
        let elsewhere = Seal::new(&SigningKey::from_bytes([7; 32]), "/services/y/");
        assert_eq!(elsewhere.open::<Name>(Purpose::Login, &text), None);
    }
}
