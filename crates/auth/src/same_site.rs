//! Reads what a browser reports about a request, in headers that no script can set.
//!
//! Browsers send `Sec-Fetch-Site`, `-Dest` and `-Mode` (W3C Fetch Metadata) over https and to localhost, and `Origin`
//! (RFC 6454, Fetch Standard) with every POST and DELETE. None of them proves that one of our pages sent the request:
//! on a hub with one domain, the pages of all users have our origin. So they can only lead to a refusal.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, ORIGIN, REFERER, USER_AGENT};

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const SEC_FETCH_DEST: &str = "sec-fetch-dest";
const SEC_FETCH_MODE: &str = "sec-fetch-mode";
/// The header of a request for a page that the browser preloads for a service worker. The worker can read the reply
/// (W3C Service Workers, "Navigation preload").
const NAVIGATION_PRELOAD: &str = "service-worker-navigation-preload";
/// The beginning of every browser's `User-Agent`, which a page cannot change for an image or a link.
const BROWSER: &[u8] = b"Mozilla/";
const CSRF_HEADER: &str = "x-csrf-token";

/// Whether the method changes nothing (RFC 9110, section 9.2.1).
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Returns the page's token, if the request has one in the header `X-CSRF-Token`.
pub(super) fn csrf_header(request: &HttpRequest) -> Option<&str> {
    header(request, CSRF_HEADER)
}

/// Whether the browser reports that it will show the reply as a page of its own. A script, a frame or a service worker
/// that requests the page could read it.
pub(super) fn is_navigation(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let absent_or = |name: &str, value: &str| {
        !headers.contains_key(name) || header(request, name) == Some(value)
    };
    absent_or(SEC_FETCH_DEST, "document")
        && absent_or(SEC_FETCH_MODE, "navigate")
        && !headers.contains_key(NAVIGATION_PRELOAD)
}

/// Whether a browser reports that another site made the request. Other programs report nothing.
pub(super) fn is_foreign(request: &HttpRequest) -> bool {
    if request.headers().contains_key(SEC_FETCH_SITE) {
        return header(request, SEC_FETCH_SITE) != Some("same-origin");
    }
    request.headers().contains_key(ORIGIN)
        && header(request, ORIGIN.as_str()) != Some(own_origin(request).as_str())
}

/// Whether a page of another site may have caused the request. This is for a GET that changes something, which links
/// and images can send. A browser that does not report the origin of a request is distrusted. Other programs are
/// trusted.
pub(super) fn may_be_foreign(request: &HttpRequest) -> bool {
    let headers = request.headers();
    if headers.contains_key(SEC_FETCH_SITE) {
        let site = header(request, SEC_FETCH_SITE);
        if !matches!(site, Some("same-origin" | "none")) {
            return true;
        }
    }
    let own = own_origin(request);
    let says = |name: HeaderName| -> Option<bool> {
        headers.contains_key(&name).then(|| {
            let value = header(request, name.as_str());
            let rest = value.and_then(|value| value.strip_prefix(own.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let (by_origin, by_referrer) = (says(ORIGIN), says(REFERER));
    if by_origin == Some(false) || by_referrer == Some(false) {
        return true;
    }
    let is_browser = headers.get_all(USER_AGENT).any(|agent| {
        let agent = agent.as_bytes();
        agent.windows(BROWSER.len()).any(|part| part == BROWSER)
    });
    is_browser
        && !headers.contains_key(SEC_FETCH_SITE)
        && by_origin.is_none()
        && by_referrer.is_none()
}

/// Whether the browser reached us over TLS, which may end at a proxy.
pub(super) fn is_tls(request: &HttpRequest) -> bool {
    let forwarded = header(request, "x-forwarded-proto")
        .and_then(|value| value.split(',').next())
        .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    forwarded || request.connection_info().scheme() == "https"
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

/// Returns the value of a header that came exactly once.
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
    fn a_repeated_token_is_refused() {
        assert_eq!(
            csrf_header(&request(&[("X-CSRF-Token", "abc")])),
            Some("abc")
        );
        let twice = [("x-csrf-token", "abc"), ("x-csrf-token", "abc")];
        assert_eq!(csrf_header(&request(&twice)), None);
        assert_eq!(csrf_header(&request(&[])), None);
    }

    #[test]
    fn other_programs_say_nothing() {
        assert!(!is_foreign(&request(&[])));
        assert!(is_navigation(&request(&[])));
    }

    #[test]
    fn the_browsers_word_counts_before_the_origin() {
        let ours = [
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", "http://behind.a.proxy"),
        ];
        assert!(!is_foreign(&request(&ours)));
        for site in ["cross-site", "same-site", "none", "", "same-origin, none"] {
            let headers = [("Sec-Fetch-Site", site), ("Origin", "http://hub.example")];
            assert!(is_foreign(&request(&headers)), "{site}");
        }
        let twice = [
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        assert!(is_foreign(&request(&twice)));
    }

    #[test]
    fn an_old_browsers_origin_must_be_our_own() {
        assert!(!is_foreign(&request(&[("Origin", "http://hub.example")])));
        for origin in [
            "https://hub.example",
            "http://hub.example:8000",
            "http://hub.example.evil",
            "http://evil.example",
            "null",
            "",
        ] {
            assert!(is_foreign(&request(&[("Origin", origin)])), "{origin}");
        }
    }

    #[test]
    fn behind_a_proxy_the_origin_is_the_one_the_browser_sees() {
        let proxied = [
            ("X-Forwarded-Proto", "https,http"),
            ("X-Forwarded-Host", "Courses.example:443"),
            ("Origin", "https://courses.example"),
        ];
        assert!(!is_foreign(&request(&proxied)));
        assert!(is_tls(&request(&proxied)));
        assert!(!is_tls(&request(&[("X-Forwarded-Proto", "http,https")])));
    }

    #[test]
    fn a_get_that_changes_something_is_asked_for_by_programs_and_our_own_pages() {
        let browser = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
        for good in [
            &[][..],
            &[("User-Agent", "curl/8.5.0")],
            &[("Sec-Fetch-Site", "none"), browser],
            &[
                ("Sec-Fetch-Site", "same-origin"),
                ("Referer", "http://hub.example/api/"),
                browser,
            ],
            &[("Referer", "http://hub.example/api/"), browser],
            &[("Referer", "http://hub.example"), browser],
            &[("Origin", "http://hub.example"), browser],
        ] {
            assert!(!may_be_foreign(&request(good)), "{good:?}");
        }
        for bad in [
            &[("Sec-Fetch-Site", "cross-site")][..],
            &[("Sec-Fetch-Site", "same-site")],
            &[
                ("Sec-Fetch-Site", "none"),
                ("Origin", "http://evil.example"),
            ],
            &[
                ("Sec-Fetch-Site", "none"),
                ("Referer", "http://evil.example/"),
            ],
            &[("Origin", "null")],
            &[("Origin", "http://evil.example")],
            &[("Referer", "http://evil.example/page")],
            &[("Referer", "http://hub.example.evil/")],
            &[("Referer", "http://hub.example:81/")],
            &[("Referer", "")],
            &[
                ("Origin", "http://hub.example"),
                ("Referer", "http://evil.example/"),
            ],
            &[browser],
        ] {
            assert!(may_be_foreign(&request(bad)), "{bad:?}");
        }
    }

    #[test]
    fn only_a_page_of_its_own_is_a_navigation() {
        let document = [
            ("Sec-Fetch-Dest", "document"),
            ("Sec-Fetch-Mode", "navigate"),
        ];
        assert!(is_navigation(&request(&document)));
        for dest in [
            "empty",
            "iframe",
            "frame",
            "object",
            "embed",
            "image",
            "script",
            "style",
            "serviceworker",
            "worker",
            "fencedframe",
            "",
            "Document",
        ] {
            let says = [("Sec-Fetch-Dest", dest), ("Sec-Fetch-Mode", "navigate")];
            assert!(!is_navigation(&request(&says)), "{dest}");
        }
        for mode in ["cors", "no-cors", "same-origin", ""] {
            let says = [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", mode)];
            assert!(!is_navigation(&request(&says)), "{mode}");
        }
        let twice = [
            ("Sec-Fetch-Dest", "document"),
            ("Sec-Fetch-Dest", "document"),
        ];
        assert!(!is_navigation(&request(&twice)));
        for preload in ["true", "", "anything"] {
            let says = [
                document[0],
                document[1],
                ("Service-Worker-Navigation-Preload", preload),
            ];
            assert!(!is_navigation(&request(&says)), "{preload}");
        }
    }
}
