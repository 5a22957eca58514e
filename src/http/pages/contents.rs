//! Contents that people made, shown in a sandbox: feedback as HTML, files as text. No cookie counts here. The right to
//! see them is in the address, a ticket.

use super::view::{Head, View};
use crate::http::error::{Error, Result};
use crate::http::reply::download;
use crate::http::request::path::RestOfPath;
use crate::http::state::Prefix;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::Tickets;
use nbcourier_domain::Sha256Sum;
use nbcourier_exchange::Exchange;
use nbcourier_exchange::files::trees;

/// Maximum size of a file that is shown as text, in bytes.
pub const LONGEST_TEXT: u64 = 256 * 1024;

#[derive(Template)]
#[template(path = "ticket_over.html")]
struct Over<'a> {
    view: &'a View,
    head: Head,
}

/// `GET view/{ticket}/{path}`
pub async fn show(
    request: HttpRequest,
    exchange: web::Data<Exchange>,
    tickets: web::Data<Tickets>,
    prefix: web::Data<Prefix>,
    path: RestOfPath,
) -> Result<HttpResponse> {
    let text = request.match_info().get("ticket").unwrap_or_default();
    let Some(ticket) = tickets.open(text) else {
        let view = View::of(&request, None)?;
        let head = Head::new(view.say("ticket-over-title"));
        return view.page_with(StatusCode::FORBIDDEN, &Over { view: &view, head });
    };
    let digest = Sha256Sum::parse(&ticket.tree).ok_or(Error::NoSuchPath)?;
    let files = trees::granted(&exchange, digest).await?;
    let file = files.and_then(|files| files.only(&path.0));
    let file = file.ok_or(Error::NoSuchPath)?;
    let size = file.get(0).map_or(0, |file| file.blob.size);
    let Some(kind) = kind_of(&path.0, ticket.html, size) else {
        return download::file(&exchange, &path.0, file).await;
    };
    log::debug!(
        "{} views {}",
        ticket.reader.escape_debug(),
        path.0.escape_debug()
    );
    let own = own_address(&request, &prefix, text);
    let mut reply = HttpResponse::Ok();
    reply
        .content_type(kind)
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(kind, &own)))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"));
    download::contents(&exchange, reply, file).await
}

/// Returns the content type under which a file is shown, or `None` if it is only saved.
fn kind_of(path: &str, html: bool, size: u64) -> Option<&'static str> {
    let ending = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if html {
        let kind = match ending.as_str() {
            "html" | "htm" => "text/html; charset=utf-8",
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        return Some(kind);
    }
    (size <= LONGEST_TEXT).then_some("text/plain; charset=utf-8")
}

/// Whether a file of feedback is offered as a page.
pub fn is_page(path: &str) -> bool {
    kind_of(path, true, 0).is_some_and(|kind| kind.starts_with("text/html"))
}

/// Whether a file of a submission is offered as text.
pub fn is_text(path: &str, size: u64) -> bool {
    const ENDINGS: [&str; 18] = [
        "txt", "md", "py", "ipynb", "csv", "tsv", "json", "r", "jl", "c", "h", "cpp", "java",
        "toml", "yaml", "yml", "tex", "sql",
    ];
    let ending = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    size <= LONGEST_TEXT && ENDINGS.contains(&ending.as_str())
}

/// Returns the address below which the tree of the ticket is, for the policy of its images.
fn own_address(request: &HttpRequest, prefix: &Prefix, ticket: &str) -> String {
    let connection = request.connection_info();
    format!(
        "{}://{}{}view/{ticket}/",
        connection.scheme(),
        connection.host(),
        prefix.0
    )
}

/// Returns the policy of a content. Nothing of it runs, is sent, or is fetched from elsewhere.
fn policy(kind: &str, own: &str) -> String {
    let is_safe = own
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\'' | b'"'));
    let images = if kind.starts_with("text/html") && is_safe {
        format!("data: {own}")
    } else {
        "data:".to_owned()
    };
    format!(
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {images}; font-src data:; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_feedback_is_html_and_everything_else_is_text_or_a_download() {
        assert_eq!(
            kind_of("p.html", true, 10),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(kind_of("a/P.PNG", true, 10), Some("image/png"));
        assert_eq!(kind_of("p.js", true, 10), None);
        assert_eq!(kind_of("p", true, 10), None);
        let text = Some("text/plain; charset=utf-8");
        assert_eq!(kind_of("p.html", false, 10), text);
        assert_eq!(kind_of("p.ipynb", false, LONGEST_TEXT), text);
        assert_eq!(kind_of("p.ipynb", false, LONGEST_TEXT + 1), None);
    }

    #[test]
    fn a_hostile_host_adds_nothing_to_the_policy() {
        let policy = policy("text/html; charset=utf-8", "http://a;script-src *;/view/x/");
        assert!(!policy.contains("script-src"), "{policy}");
        assert!(
            policy.starts_with("sandbox; default-src 'none'"),
            "{policy}"
        );
    }
}
