//! Replies with single stored files, which a browser saves.

use crate::http::error::Result;
use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nbcourier_exchange::files::trees::{Contents, Piece, TreeFiles};
use nbcourier_exchange::{self as exchange, Exchange};

/// Makes browsers save the reply under that name, and never interpret it.
pub fn as_file(reply: &mut HttpResponseBuilder, name: &str) {
    let plain: String = name
        .chars()
        .map(|character| match character {
            '"' | '\\' | '/' => '_',
            other if other.is_ascii_graphic() || other == ' ' => other,
            _ => '_',
        })
        .collect();
    let mut parameters = vec![DispositionParam::Filename(plain.clone())];
    if plain != name {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    reply
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters,
        })
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'",
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"));
}

/// Returns a reply with these bytes and then the only file of the tree. `reply` has its headers.
pub async fn contents(
    exchange: &Exchange,
    mut reply: HttpResponseBuilder,
    opening: Bytes,
    file: TreeFiles,
) -> Result<HttpResponse> {
    let size = file.get(0).map_or(0, |file| file.blob.size) + opening.len() as u64;
    let mut contents = Contents::open(exchange, file).await?;
    // Damage in a short file still shows in the status.
    let first = bytes_of(contents.ahead().await?);
    let rest = stream::try_unfold(contents, |mut contents| async move {
        let pieces = contents.next().await?;
        if pieces.is_empty() {
            return Ok::<_, exchange::Error>(None);
        }
        Ok(Some((bytes_of(pieces), contents)))
    });
    let body = stream::iter([Ok(opening), Ok(first)]).chain(rest);
    let body = body.map(|part| part.map_err(Box::<dyn std::error::Error>::from));
    Ok(reply.body(SizedStream::new(size, body)))
}

fn bytes_of(pieces: Vec<Piece>) -> Bytes {
    let mut parts = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Bytes(bytes) => Some(bytes),
        Piece::Begin(_) | Piece::End => None,
    });
    let first = parts.next().unwrap_or_default();
    let Some(second) = parts.next() else {
        return first;
    };
    let mut all = first.to_vec();
    all.extend_from_slice(&second);
    for part in parts {
        all.extend_from_slice(&part);
    }
    all.into()
}

/// `attachment`, with the last part of the path as the name.
pub async fn file(exchange: &Exchange, path: &str, file: TreeFiles) -> Result<HttpResponse> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut reply = HttpResponse::Ok();
    as_file(&mut reply, name);
    reply.content_type("application/octet-stream");
    contents(exchange, reply, Bytes::new(), file).await
}
