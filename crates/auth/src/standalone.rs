//! Authentication without a hub, for trying the exchange out: everybody's own claim counts.

use super::{Admins, AuthError, Caller, CallerKind, Credential, same_site, token::Token};
use actix_web::http::header;
use actix_web::http::uri::Authority;
use actix_web::{HttpRequest, web};
use nbcourier_domain::UserName;
use nbcourier_identity::Caller as Identity;
use std::net::IpAddr;

/// Returns the caller named by the argument `user`, in the body before the query, or else by the token itself.
///
/// The last value of a repeated argument in the query counts. Fails with `CrossSite` when a web page of another origin
/// asks for a change, because a browser can reach a service on its own machine.
pub(super) fn identify(
    admins: &Admins,
    request: &HttpRequest,
    body_user: Option<&str>,
) -> Result<Caller, AuthError> {
    if !same_site::is_safe(request.method()) && same_site::is_foreign(request) {
        return Err(AuthError::CrossSite);
    }
    let argument = body_user
        .and_then(non_empty)
        .or_else(|| query_user(request.query_string()));
    let name = argument
        .or_else(|| Token::read_as_name(request.headers()))
        .ok_or(AuthError::Anonymous)?;
    let name = UserName::parse(name)
        .ok()
        .filter(|name| !name.is_reserved());
    let name = name.ok_or_else(|| {
        AuthError::Refused("This cannot be the name of a user: send another one as \"user\"".into())
    })?;
    let admin = admins.lists(&name);
    Ok(Identity::new(name, CallerKind::User, admin, Credential::Standalone).into())
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
        let admins = Admins::new(["kevin".to_owned(), String::new()], false);
        let caller = identify(&admins, &request.to_http_request(), body_user)?;
        assert_eq!(caller.is_admin(), caller.name().as_str() == "kevin");
        assert_eq!(caller.via(), Credential::Standalone);
        Ok(caller.name().to_string())
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
}
