//! Authentication without a hub, for trying the exchange out: everybody's own claim counts.
//!
//! A browser keeps the claimed name in a cookie, so that links between pages need not carry it. Forms need the token of a
//! page even so: a page of another site can make a browser send a form here.

use super::key::SigningKey;
use super::page_tokens::{TokenKeys, Use};
use super::{Admins, AuthError, Caller, CallerKind, Credential, same_site, token::Token};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::http::uri::Authority;
use actix_web::{HttpRequest, web};
use nbcourier_domain::UserName;
use nbcourier_identity::Caller as Identity;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::net::IpAddr;

/// The cookie with the name that a browser claims.
const COOKIE_NAME: &str = "nbcourier-trial";

/// The rules of a server without a hub.
pub(super) struct Standalone {
    admins: Admins,
    tokens: TokenKeys,
}

impl Standalone {
    pub(super) fn new(admins: impl IntoIterator<Item = String>, key: &SigningKey) -> Self {
        Self {
            admins: Admins::new(admins, false),
            tokens: TokenKeys::new(key),
        }
    }

    pub(super) fn admins(&self) -> &Admins {
        &self.admins
    }

    /// Returns the caller named by the argument `user`, in the body before the query, or else by the token itself. With
    /// the reading token of a page, the cookie counts too.
    ///
    /// The last value of a repeated argument in the query counts. Fails with `CrossSite` when a web page of another
    /// origin asks for a change, because a browser can reach a service on its own machine.
    pub(super) fn identify(
        &self,
        request: &HttpRequest,
        body_user: Option<&str>,
    ) -> Result<Caller, AuthError> {
        if !same_site::is_safe(request.method()) && same_site::is_foreign(request) {
            return Err(AuthError::CrossSite);
        }
        let argument = body_user
            .and_then(non_empty)
            .or_else(|| query_user(request.query_string()))
            .or_else(|| Token::read_as_name(request.headers()));
        let name = match argument {
            Some(name) => name,
            None => self
                .reading_by_cookie(request)
                .ok_or(AuthError::Anonymous)?,
        };
        self.caller(&name)
    }

    /// Returns the person who opens a page or sends a form of one: named as for [`Self::identify`], or by the cookie.
    pub(super) fn open_page(&self, request: &HttpRequest) -> Result<Caller, AuthError> {
        let name = query_user(request.query_string())
            .or_else(|| Token::read_as_name(request.headers()))
            .or_else(|| name_in_cookie(request))
            .ok_or(AuthError::Anonymous)?;
        let caller = self.caller(&name)?;
        let tokens = self.tokens.issue(caller.name().as_str())?;
        Ok(caller.with_page_tokens(tokens))
    }

    /// Checks that one of our pages holds the form.
    pub(super) fn check_form(
        &self,
        request: &HttpRequest,
        field: Option<&str>,
    ) -> Result<(), AuthError> {
        if same_site::is_foreign(request) {
            return Err(AuthError::CrossSite);
        }
        if Token::read_as_name(request.headers()).is_some() {
            return Ok(());
        }
        let caller = self.open_page(request)?;
        let name = caller.name().as_str();
        let given = same_site::csrf_header(request).into_iter().chain(field);
        let mut given = given.filter(|text| self.tokens.accept(Use::Writing, name, text));
        given.next().map(drop).ok_or(AuthError::NoProof)
    }

    /// Returns the name in the cookie, if the request reads and has the reading token for it.
    fn reading_by_cookie(&self, request: &HttpRequest) -> Option<String> {
        let name = name_in_cookie(request)?;
        let token = same_site::csrf_header(request)?;
        let reads = same_site::is_safe(request.method());
        (reads && self.tokens.accept(Use::Reading, &name, token)).then_some(name)
    }

    fn caller(&self, name: &str) -> Result<Caller, AuthError> {
        let name = parse(name)?;
        let admin = self.admins.lists(&name);
        Ok(Identity::new(name, CallerKind::User, admin, Credential::Standalone).into())
    }
}

/// Returns the cookie for a name. It ends with the browser.
pub(super) fn claim(
    request: &HttpRequest,
    name: &str,
    prefix: &str,
) -> Result<Cookie<'static>, AuthError> {
    let name = parse(name.trim())?;
    let value = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC).to_string();
    Ok(Cookie::build(COOKIE_NAME, value)
        .path(prefix.to_owned())
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(same_site::is_tls(request))
        .finish())
}

fn name_in_cookie(request: &HttpRequest) -> Option<String> {
    let cookie = request.cookie(COOKIE_NAME)?;
    let name = percent_decode_str(cookie.value()).decode_utf8().ok()?;
    non_empty(&name)
}

fn parse(name: &str) -> Result<UserName, AuthError> {
    let name = UserName::parse(name)
        .ok()
        .filter(|name| !name.is_reserved());
    name.ok_or_else(|| {
        AuthError::Refused("This cannot be the name of a user: send another one as \"user\"".into())
    })
}

/// Fails with `ForeignHost` unless the request is for `localhost`, a name below it, or an address. Under those names,
/// a browser can have loaded only our own pages. Browsers always send the host.
pub(super) fn check_host(request: &HttpRequest) -> Result<(), AuthError> {
    let named = request
        .headers()
        .get_all(header::HOST)
        .map(|host| host.to_str().ok());
    let in_line = request.uri().authority().map(|host| Some(host.as_str()));
    if named.chain(in_line).all(|host| host.is_some_and(is_own)) {
        Ok(())
    } else {
        Err(AuthError::ForeignHost)
    }
}

fn is_own(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    address.is_ok() || name == "localhost" || name.ends_with(".localhost")
}

fn query_user(query: &str) -> Option<String> {
    let fields = web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    let last = fields.iter().rfind(|(name, _)| name == "user")?;
    non_empty(&last.1)
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn name(request: TestRequest, body_user: Option<&str>) -> Result<String, AuthError> {
        let caller = standalone().identify(&request.to_http_request(), body_user)?;
        assert_eq!(caller.is_admin(), caller.name().as_str() == "kevin");
        assert_eq!(caller.via(), Credential::Standalone);
        Ok(caller.name().to_string())
    }

    fn standalone() -> Standalone {
        let key = SigningKey::from_bytes([7; 32]);
        Standalone::new(["kevin".to_owned(), String::new()], &key)
    }

    fn get(uri: &str) -> TestRequest {
        TestRequest::get().uri(uri)
    }

    #[test]
    fn the_body_counts_before_the_query_and_the_query_before_the_token() {
        let full = || get("/?user=query").insert_header(("authorization", "token tok"));
        assert_eq!(name(full(), Some(" body ")), Ok("body".into()));
        assert_eq!(name(full(), Some("  ")), Ok("query".into()));
        assert_eq!(name(full(), None), Ok("query".into()));
        let token = get("/?user=").insert_header(("authorization", "token kevin"));
        assert_eq!(name(token, None), Ok("kevin".into()));
    }

    #[test]
    fn the_last_of_a_repeated_argument_counts_and_is_decoded_and_trimmed() {
        assert_eq!(name(get("/?user=a&user=+b%20c+"), None), Ok("b c".into()));
        assert_eq!(name(get("/?user=%E6%95%B0"), None), Ok("数".into()));
    }

    #[test]
    fn the_token_is_a_name_of_any_script() {
        let sent: [(&[u8], &str); 3] = [
            (b"token grace (2)", "grace (2)"),
            ("Bearer zoë".as_bytes(), "zoë"),
            (b"token zo\xeb", "zoë"),
        ];
        for (header, meant) in sent {
            let value = actix_web::http::header::HeaderValue::from_bytes(header).unwrap();
            let request = get("/").insert_header(("authorization", value));
            assert_eq!(name(request, None), Ok(meant.into()));
        }
    }

    #[test]
    fn an_unauthenticated_caller_has_no_name() {
        for uri in ["/", "/?user=", "/?user=+", "/?username=x"] {
            assert_eq!(name(get(uri), None), Err(AuthError::Anonymous), "{uri}");
        }
    }

    #[test]
    fn impossible_names_and_reserved_ones_are_refused() {
        for uri in [
            "/?user=..",
            "/?user=a%2Fb",
            "/?user=a%00",
            "/?user=service:x",
            "/?user=operator:x",
            "/?user=former:x",
        ] {
            let refused = name(get(uri), None);
            assert!(matches!(refused, Err(AuthError::Refused(_))), "{uri}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let check =
            |host: &str| check_host(&get("/").insert_header(("host", host)).to_http_request());
        for host in [
            "localhost",
            "LocalHost.:12121",
            "me.localhost:80",
            "127.0.0.1:12121",
            "[::1]:12121",
            "192.0.2.7",
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:12121",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "evil.example@127.0.0.1@",
            "",
        ] {
            assert_eq!(check(host), Err(AuthError::ForeignHost), "{host}");
        }
        assert_eq!(check_host(&get("/").to_http_request()), Ok(()));
        let in_line = get("http://evil.example/").insert_header(("host", "localhost"));
        assert_eq!(
            check_host(&in_line.to_http_request()),
            Err(AuthError::ForeignHost)
        );
    }

    #[test]
    fn a_web_page_of_another_site_changes_nothing() {
        let post = || TestRequest::post().uri("/?user=kevin");
        let foreign = post().insert_header(("origin", "http://evil.example"));
        assert_eq!(name(foreign, None), Err(AuthError::CrossSite));
        let foreign = post().insert_header(("sec-fetch-site", "cross-site"));
        assert_eq!(name(foreign, None), Err(AuthError::CrossSite));
        assert_eq!(name(post(), None), Ok("kevin".into()));
    }

    fn with_cookie(request: TestRequest, name: &str) -> TestRequest {
        let asked = get("/").to_http_request();
        request.cookie(claim(&asked, name, "/api/").unwrap())
    }

    #[test]
    fn a_browser_keeps_the_name_that_it_claims() {
        let standalone = standalone();
        let page = |request: TestRequest| standalone.open_page(&request.to_http_request());
        let opened = page(with_cookie(get("/"), " zoë (2) ")).unwrap();
        assert_eq!(opened.name().as_str(), "zoë (2)");
        let named = page(with_cookie(get("/?user=kevin"), "zoë")).unwrap();
        assert_eq!(named.name().as_str(), "kevin");
        assert_eq!(page(get("/")).err(), Some(AuthError::Anonymous));
        let asked = get("/").to_http_request();
        for name in ["", "..", "service:x", "former:x", "a/b"] {
            assert!(claim(&asked, name, "/api/").is_err(), "{name}");
        }
    }

    #[test]
    fn a_cookie_alone_reads_no_data_and_sends_no_form() {
        let standalone = standalone();
        let opened = standalone.open_page(&with_cookie(get("/"), "sam").to_http_request());
        let tokens = opened.unwrap().page_tokens().unwrap().clone();
        let reads = |token: Option<&str>| {
            let mut request = with_cookie(get("/"), "sam");
            if let Some(token) = token {
                request = request.insert_header(("x-csrf-token", token));
            }
            let caller = standalone.identify(&request.to_http_request(), None);
            caller.map(|caller| caller.name().to_string())
        };
        assert_eq!(reads(None), Err(AuthError::Anonymous));
        assert_eq!(reads(Some(&tokens.writing)), Err(AuthError::Anonymous));
        assert_eq!(reads(Some(&tokens.reading)), Ok("sam".into()));
        let sends = |name: &str, field: Option<&str>| {
            let request = with_cookie(TestRequest::post().uri("/"), name).to_http_request();
            standalone.check_form(&request, field)
        };
        assert_eq!(sends("sam", None), Err(AuthError::NoProof));
        assert_eq!(sends("sam", Some(&tokens.reading)), Err(AuthError::NoProof));
        assert_eq!(sends("kim", Some(&tokens.writing)), Err(AuthError::NoProof));
        assert_eq!(sends("sam", Some(&tokens.writing)), Ok(()));
        let foreign = with_cookie(TestRequest::post().uri("/"), "sam")
            .insert_header(("origin", "http://evil.example"))
            .to_http_request();
        let sent = standalone.check_form(&foreign, Some(&tokens.writing));
        assert_eq!(sent, Err(AuthError::CrossSite));
    }
}
