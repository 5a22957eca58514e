//! HTML pages. All text from users is escaped. No page holds a script, and the content security policy of each page
//! forbids scripts.

pub mod home;
pub mod login;

use super::error::Result;
use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentType, HeaderName, HeaderValue};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use nbcourier_auth::AuthError;
use std::borrow::Cow;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Headers of every page besides its content security policy. The window that opened a page gets no reference to it,
/// even one of the same origin. Browsers that do not know a value ignore it.
const HEADERS: [(HeaderName, &str); 3] = [
    (OPENER_POLICY, "noopener-allow-popups"),
    (
        PERMISSIONS_POLICY,
        "camera=(), microphone=(), geolocation=()",
    ),
    (header::REFERRER_POLICY, "same-origin"),
];

const STYLE: &str = include_str!("static/style.css");
const ICON: &[u8] = include_bytes!("static/favicon.ico");

/// Escapes text for the inside of an element or of a quoted attribute.
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

/// A page to be written.
pub struct Page<'a> {
    /// The title in the browser.
    pub title: &'a str,
    /// The prefix of the service.
    pub prefix: &'a str,
    /// The token with which scripts of the page may read, if the reader has a session.
    pub reading_token: Option<&'a str>,
}

impl Page<'_> {
    /// Returns the whole page around `body`, which is HTML already.
    pub fn around(&self, body: &str) -> Result<HttpResponse> {
        let nonce = nonce()?;
        let (title, prefix) = (escape(self.title), escape(self.prefix));
        let token = self.reading_token.map_or_else(String::new, |token| {
            format!(
                "<meta name=\"reading-token\" content=\"{}\">\n",
                escape(token)
            )
        });
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{token}<title>{title}</title>\n\
             <link rel=\"stylesheet\" nonce=\"{nonce}\" href=\"{prefix}static/style.css\">\n\
             <link rel=\"icon\" href=\"{prefix}favicon.ico\">\n\
             </head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
        );
        let mut response = HttpResponse::Ok();
        response
            .insert_header(ContentType::html())
            .insert_header((header::CONTENT_SECURITY_POLICY, policy(&nonce)));
        for (name, value) in HEADERS {
            response.insert_header((name, HeaderValue::from_static(value)));
        }
        Ok(response.body(html))
    }
}

/// Returns the content security policy. It permits only styles and scripts with the nonce of the page, and the icon. No
/// other page may frame this one, and forms go only to this service. `'self'` is too wide for styles and scripts: on a
/// hub with one domain, the servers of all users have the same origin.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Returns an unguessable text.
fn nonce() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| AuthError::Failed("the system has no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
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
    use super::{STYLE, escape};

    /// Returns the relative luminance of a colour, from which contrast is computed (WCAG 2.2, "relative luminance").
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let level = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if level <= 0.04045 {
                level / 12.92
            } else {
                ((level + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    }

    #[test]
    fn quiet_text_can_be_read_on_white_and_on_what_browsers_make_of_dark() {
        let (_, rule) = STYLE.split_once(".quiet { color: light-dark(#").unwrap();
        let (light, rest) = rule.split_at(6);
        let dark = &rest.strip_prefix(", #").unwrap()[..6];
        for (text, ground) in [(light, "ffffff"), (dark, "2b2a33")] {
            let (one, other) = (luminance(text), luminance(ground));
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            // The minimum of level AA.
            assert!(contrast >= 4.5, "#{text} on #{ground}: {contrast}");
        }
    }

    #[test]
    fn names_stay_text_in_pages() {
        assert_eq!(
            escape("<img src=x onerror='a(\"b\")'>&"),
            "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;"
        );
        assert_eq!(escape("Maths (2026)"), "Maths (2026)");
    }
}
