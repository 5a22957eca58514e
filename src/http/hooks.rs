//! `hooks/{id}`: a service tells that somebody has pushed to a repository. Nothing of the body is used. Whatever is not
//! right has the same reply as an address that does not exist.

use super::error::{Error, Result};
use super::materials::Materials;
use super::request::body::Blocks;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::{HookProof, Secret};
use nbcourier_exchange::{Exchange, sources};

/// Maximum length of a body in bytes.
const LONGEST: usize = 1024 * 1024;
/// The headers with a signature of the body (GitHub and Forgejo; Gitea).
const SIGNATURES: [&str; 2] = ["X-Hub-Signature-256", "X-Gitea-Signature"];
/// The header with the secret itself (GitLab).
const TOKEN: &str = "X-Gitlab-Token";

/// `POST hooks/{id}`
pub async fn called(
    exchange: web::Data<Exchange>,
    materials: web::Data<Materials>,
    id: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hook = if is_id {
        sources::hook(&exchange, id.into_inner()).await?
    } else {
        None
    };
    let hook = hook.ok_or(Error::NoSuchPath)?;
    let secret = materials.vault.open(Secret::Hook, &hook.secret);
    let mut proof = HookProof::new(secret.ok_or(Error::NoSuchPath)?);
    let mut blocks = Blocks::of(&request, body)?;
    let mut length = 0;
    while let Some(block) = blocks.next().await.map_err(|_| Error::NoSuchPath)? {
        length += block.len();
        if length > LONGEST {
            return Err(Error::NoSuchPath);
        }
        proof.add(&block);
    }
    let headers = request.headers();
    let signatures = SIGNATURES.iter().flat_map(|name| values(headers, name));
    if !proof.is_given(signatures, values(headers, TOKEN)) {
        return Err(Error::NoSuchPath);
    }
    sources::called(&exchange, hook).await?;
    Ok(HttpResponse::Accepted().finish())
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).map(HeaderValue::as_bytes)
}
