//! Contents that people made, shown in a sandbox: feedback as HTML, files as text. No cookie counts here. The right to
//! see them is in the address, a ticket.

use super::formulas;
use super::view::{Head, View, nonce};
use crate::http::error::{Error, Result};
use crate::http::reply::download;
use crate::http::request::own_address::own_address;
use crate::http::request::path::RestOfPath;
use crate::http::state::Prefix;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nbcourier_auth::{Place, Showing, Tickets};
use nbcourier_domain::{RelativePath, Sha256Sum};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::browsing;
use nbcourier_exchange::files::trees::{self, TreeFiles};
use nbcourier_exchange::shares;

/// The content type of pages.
const HTML: &str = "text/html; charset=utf-8";
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
        return ticket_over(&request);
    };
    let file = find(&exchange, &ticket.place, &path.0).await?;
    let file = file.ok_or(Error::NoSuchPath)?;
    let size = file.get(0).map_or(0, |file| file.blob.size);
    let Some(kind) = kind_of(&path.0, ticket.showing, size) else {
        return download::file(&exchange, &path.0, file).await;
    };
    log::debug!(
        "{} views {}",
        ticket.reader.escape_debug(),
        path.0.escape_debug()
    );
    let below = |path: &str| match policy_address(&request, &prefix) {
        Some(own) => own + path,
        None => String::new(),
    };
    let images = below(&format!("view/{text}/"));
    let (policy, opening) = if ticket.showing == Showing::Formulas && kind == HTML {
        let nonce = nonce()?;
        let place = format!("{}{}", prefix.0, formulas::PLACE);
        let opening = formulas::opening(&place, &nonce);
        let place = below(formulas::PLACE);
        (policy_with_formulas(&images, &place, &nonce), opening)
    } else {
        (policy(kind, &images), String::new())
    };
    let mut reply = HttpResponse::Ok();
    reply
        .content_type(kind)
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"));
    download::contents(&exchange, reply, opening.into(), file).await
}

/// Returns the page that says that a ticket is over.
pub fn ticket_over(request: &HttpRequest) -> Result<HttpResponse> {
    let view = View::of(request, None)?;
    let head = Head::new(view.say("ticket-over-title"));
    view.page_with(StatusCode::FORBIDDEN, &Over { view: &view, head })
}

/// Returns the file of a place with that path.
async fn find(exchange: &Exchange, place: &Place, path: &str) -> Result<Option<TreeFiles>> {
    Ok(match place {
        Place::Tree(digest) => {
            let digest = Sha256Sum::parse(digest).ok_or(Error::NoSuchPath)?;
            let files = trees::granted(exchange, digest).await?;
            files.and_then(|files| files.only(path))
        }
        Place::Directory(id, version) => {
            let path = RelativePath::parse(path).map_err(|_| Error::NoSuchPath)?;
            browsing::granted(exchange, *id, *version, path).await?
        }
        Place::Share(id) if path == shares::PAGE => {
            Some(shares::granted(exchange, *id, None).await?)
        }
        Place::Share(_) => None,
    })
}

/// Returns the content type under which a file is shown, or `None` if it is only saved.
fn kind_of(path: &str, showing: Showing, size: u64) -> Option<&'static str> {
    let ending = path
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if showing != Showing::Text {
        let kind = match ending.as_str() {
            "html" | "htm" => HTML,
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
    kind_of(path, Showing::Html, 0) == Some(HTML)
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

/// Returns the address of the service, for policies. It is `None` if the request names a host that cannot be in a policy.
pub fn policy_address(request: &HttpRequest, prefix: &Prefix) -> Option<String> {
    let own = own_address(request, prefix);
    let is_safe = own
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\'' | b'"'));
    is_safe.then_some(own)
}

/// Returns the policy of a content. Nothing of it runs, is sent, or is fetched from elsewhere.
fn policy(kind: &str, images: &str) -> String {
    let images = if kind == HTML { images } else { "" };
    format!(
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: {images}; font-src data:; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Returns the policy of a page whose formulas are drawn: scripts with the nonce run as well, and no others.
fn policy_with_formulas(images: &str, place: &str, nonce: &str) -> String {
    format!(
        "sandbox allow-scripts; default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline' {place}; \
         img-src data: {images}; font-src data: {place}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_feedback_is_html_and_everything_else_is_text_or_a_download() {
        assert_eq!(kind_of("p.html", Showing::Html, 10), Some(HTML));
        assert_eq!(kind_of("a/P.PNG", Showing::Formulas, 10), Some("image/png"));
        assert_eq!(kind_of("p.js", Showing::Formulas, 10), None);
        assert_eq!(kind_of("p", Showing::Formulas, 10), None);
        let text = Some("text/plain; charset=utf-8");
        assert_eq!(kind_of("p.html", Showing::Text, 10), text);
        assert_eq!(kind_of("p.ipynb", Showing::Text, LONGEST_TEXT), text);
        assert_eq!(kind_of("p.ipynb", Showing::Text, LONGEST_TEXT + 1), None);
    }

    #[test]
    fn a_hostile_host_adds_nothing_to_the_policy() {
        use actix_web::test::TestRequest;
        let prefix = Prefix("/x/".into());
        let own = |host: &str| {
            let request = TestRequest::default().insert_header(("host", host));
            policy_address(&request.to_http_request(), &prefix)
        };
        assert_eq!(
            own("a.example.org").as_deref(),
            Some("http://a.example.org/x/")
        );
        assert_eq!(own("a;script-src *;"), None);
        assert_eq!(own("a,b"), None);
        let policy = policy(HTML, "");
        assert!(
            policy.starts_with("sandbox; default-src 'none'"),
            "{policy}"
        );
    }
}
