//! Whether one of our own pages asked for a change. A browser sends cookies with requests that other sites make, too.
//!
//! The headers are the browser's own word and scripts can't set them: `Sec-Fetch-Site` (W3C Fetch Metadata) comes
//! over https and from localhost, `Origin` (RFC 6454, Fetch Standard) with every POST and DELETE.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::ORIGIN;
use subtle::ConstantTimeEq;

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const CSRF_HEADER: &str = "x-csrf-token";

/// Whether the method changes nothing (RFC 9110, section 9.2.1), so that it needs no proof.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the request proves to come from a page of ours: by the session's CSRF token, in the header
/// `X-CSRF-Token` or in a form field, or else by the browser's word.
pub(super) fn is_proved(request: &HttpRequest, csrf_token: &str, field: Option<&str>) -> bool {
    let equal = |given: &str| bool::from(given.as_bytes().ct_eq(csrf_token.as_bytes()));
    header(request, CSRF_HEADER).is_some_and(equal)
        || field.is_some_and(equal)
        || browser_says_ours(request) == Some(true)
}

/// Whether a browser says that another site made the request. Other programs say nothing.
pub(super) fn is_foreign(request: &HttpRequest) -> bool {
    browser_says_ours(request) == Some(false)
}

/// Whether the browser reached us over TLS, which may end at a proxy.
pub(super) fn is_tls(request: &HttpRequest) -> bool {
    let forwarded = header(request, "x-forwarded-proto")
        .and_then(|value| value.split(',').next())
        .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    forwarded || request.connection_info().scheme() == "https"
}

fn browser_says_ours(request: &HttpRequest) -> Option<bool> {
    if request.headers().contains_key(SEC_FETCH_SITE) {
        return Some(header(request, SEC_FETCH_SITE) == Some("same-origin"));
    }
    if request.headers().contains_key(ORIGIN) {
        let origin = header(request, ORIGIN.as_str());
        return Some(origin.is_some_and(|origin| origin == own_origin(request)));
    }
    None
}

/// Scheme and host as a browser writes them: in small letters, without the scheme's usual port.
fn own_origin(request: &HttpRequest) -> String {
    let (scheme, usual_port) = if is_tls(request) {
        ("https", ":443")
    } else {
        ("http", ":80")
    };
    let host = request.connection_info().host().to_ascii_lowercase();
    let host = host.strip_suffix(usual_port).unwrap_or(&host);
    format!("{scheme}://{host}")
}

/// The value of a header that came exactly once.
fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn request(headers: &[(&str, &str)]) -> HttpRequest {
        let mut request = TestRequest::post().insert_header(("host", "hub.example"));
        for header in headers {
            request = request.append_header(*header);
        }
        request.to_http_request()
    }

    #[test]
    fn the_csrf_token_proves_it_in_the_header_or_in_the_form() {
        assert!(is_proved(&request(&[("X-CSRF-Token", "abc")]), "abc", None));
        assert!(is_proved(&request(&[]), "abc", Some("abc")));
        for wrong in ["", "ab", "abd", "abc "] {
            assert!(!is_proved(
                &request(&[("X-CSRF-Token", wrong)]),
                "abc",
                Some(wrong)
            ));
        }
        let twice = [("x-csrf-token", "abc"), ("x-csrf-token", "abc")];
        assert!(!is_proved(&request(&twice), "abc", None));
    }

    #[test]
    fn without_any_word_nothing_is_proved() {
        assert!(!is_proved(&request(&[]), "abc", None));
        assert!(!is_foreign(&request(&[])));
    }

    #[test]
    fn the_browsers_word_counts_before_the_origin() {
        assert!(is_proved(
            &request(&[("Sec-Fetch-Site", "same-origin")]),
            "abc",
            None
        ));
        for site in ["cross-site", "same-site", "none", "", "same-origin, none"] {
            let headers = [("Sec-Fetch-Site", site), ("Origin", "http://hub.example")];
            assert!(!is_proved(&request(&headers), "abc", None), "{site}");
            assert!(is_foreign(&request(&headers)), "{site}");
        }
    }

    #[test]
    fn an_old_browsers_origin_must_be_our_own() {
        assert!(is_proved(
            &request(&[("Origin", "http://hub.example")]),
            "abc",
            None
        ));
        for origin in [
            "https://hub.example",
            "http://hub.example:8000",
            "http://hub.example.evil",
            "http://evil.example",
            "null",
            "",
        ] {
            assert!(
                !is_proved(&request(&[("Origin", origin)]), "abc", None),
                "{origin}"
            );
        }
    }

    #[test]
    fn behind_a_proxy_the_origin_is_the_one_the_browser_sees() {
        let proxied = [
            ("X-Forwarded-Proto", "https,http"),
            ("X-Forwarded-Host", "Courses.example:443"),
            ("Origin", "https://courses.example"),
        ];
        assert!(is_proved(&request(&proxied), "abc", None));
        assert!(is_tls(&request(&proxied)));
        assert!(!is_tls(&request(&[("X-Forwarded-Proto", "http,https")])));
    }
}
