//! HTML for people. Everything a person named is escaped; no page holds a script, and the policy sent with each
//! forbids any.

pub mod home;
pub mod login;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType, HeaderValue};
use std::borrow::Cow;

/// Nothing is loaded but our own style sheet and icon, nothing frames us, and forms go only to us.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

const STYLE: &str = include_str!("static/style.css");
const ICON: &[u8] = include_bytes!("static/favicon.ico");

/// Text for the inside of an element or a quoted attribute.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}

/// A whole page around `body`, which is HTML already; `prefix` is where the service lives.
pub fn page(title: &str, prefix: &str, body: &str) -> HttpResponse {
    let (title, prefix) = (escape(title), escape(prefix));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"{prefix}static/style.css\">\n<link rel=\"icon\" href=\"{prefix}favicon.ico\">\n\
         </head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(html)
}

/// `GET static/style.css`
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}

/// `GET favicon.ico`
pub async fn icon() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/x-icon")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(ICON)
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_people_name_things_stays_text() {
        assert_eq!(
            escape("<img src=x onerror='a(\"b\")'>&"),
            "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;"
        );
        assert_eq!(escape("Maths (2026)"), "Maths (2026)");
    }
}
