//! The session of a browser that has logged in: a signed cookie, so that every replica knows it and none stores it.

use super::hub::HubUser;
use super::jwt::{Purpose, Seal};
use super::key::SigningKey;
use super::page_tokens::{PageTokens, TokenKeys, Use};
use super::spent::{SharedEnds, Spent};
use super::{AuthError, CallerKind, same_site};
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use nbcourier_domain::{COURSE_GROUPS, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The lifetime of a session. A browser that the hub still knows then logs in again without asking anybody.
const LIFETIME: Duration = Duration::from_hours(1);
const COOKIE_NAME: &str = "nbcourier-session";
/// The maximum length of all group names together, in bytes. Browsers keep 4096 bytes of a cookie (RFC 6265, section
/// 6.1). Base64 makes four bytes of three, and the user's name may have 255 bytes.
const MAX_GROUP_BYTES: usize = 2000;

/// Creates, reads and ends sessions.
pub(super) struct Sessions {
    seal: Arc<Seal>,
    tokens: TokenKeys,
    ended: Spent,
    prefix: String,
}

/// The person who logged in, as known at login.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) name: UserName,
    pub(super) groups: Vec<String>,
    /// The hub's own admin mark.
    pub(super) hub_admin: bool,
    pub(super) account_made_at: Option<Timestamp>,
    sid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    kind: CallerKind,
    groups: Vec<String>,
    admin: bool,
    /// Microseconds since 1970. An older cookie has no such time.
    #[serde(default)]
    account_made_at: Option<i64>,
    sid: String,
}

impl Sessions {
    pub(super) fn new(
        seal: Arc<Seal>,
        key: &SigningKey,
        prefix: String,
        ends: Option<Arc<dyn SharedEnds>>,
    ) -> Self {
        Self {
            seal,
            tokens: TokenKeys::new(key),
            ended: Spent::new(LIFETIME, ends),
            prefix,
        }
    }

    /// Returns the cookie of a new session. Only people have sessions. Fails for a name that cannot be a user's.
    pub(super) fn begin(&self, user: &HubUser, tls: bool) -> Result<Cookie<'static>, AuthError> {
        let name = user.user_name()?;
        if user.kind != CallerKind::User {
            return Err(AuthError::Refused(
                "Only people log in here; a service sends its token".into(),
            ));
        }
        let groups = groups_that_fit(&user.groups);
        if groups.len() < user.groups.len() {
            log::info!(
                "{} is in {} groups of the hub, of which {} fit into the session",
                name.as_str().escape_debug(),
                user.groups.len(),
                groups.len()
            );
        }
        let claims = Claims {
            sub: name.to_string(),
            kind: user.kind,
            groups,
            admin: user.admin,
            account_made_at: user.created.map(Timestamp::micros),
            sid: random_text()?,
        };
        let text = self.seal.seal(Purpose::Session, LIFETIME, claims)?;
        Ok(cookie(
            COOKIE_NAME.into(),
            text,
            LIFETIME,
            &self.prefix,
            tls,
        ))
    }

    /// Returns the session of the request's cookie, if it is ours and not over.
    pub(super) async fn read(&self, request: &HttpRequest) -> Result<Option<Session>, AuthError> {
        let sealed: Vec<Session> = {
            let Ok(cookies) = request.cookies() else {
                return Ok(None);
            };
            // Another page on the same host may also have set a cookie of this name.
            let named = cookies.iter().filter(|cookie| cookie.name() == COOKIE_NAME);
            named
                .filter_map(|cookie| self.open(cookie.value()))
                .collect()
        };
        for session in sealed {
            if !self.ended.has(&session.sid).await? {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    /// Ends a session, including for copies of its cookie.
    pub(super) async fn end(&self, session: &Session) -> Result<(), AuthError> {
        self.ended.add(&session.sid).await?;
        Ok(())
    }

    /// Returns a cookie that makes the browser forget its session.
    pub(super) fn removal(&self, request: &HttpRequest) -> Cookie<'static> {
        removal(COOKIE_NAME.into(), &self.prefix, same_site::is_tls(request))
    }

    /// Returns the tokens for a page of this session.
    pub(super) fn page_tokens(&self, session: &Session) -> Result<PageTokens, AuthError> {
        self.tokens.issue(&session.sid)
    }

    /// Whether one of the texts is the session's token for this use.
    pub(super) fn is_proved<'a>(
        &self,
        session: &Session,
        usage: Use,
        given: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        given
            .into_iter()
            .any(|text| self.tokens.accept(usage, &session.sid, text))
    }

    fn open(&self, text: &str) -> Option<Session> {
        let claims: Claims = self.seal.open(Purpose::Session, text)?;
        let name = UserName::parse(claims.sub).ok()?;
        if claims.kind != CallerKind::User || name.is_reserved() {
            return None;
        }
        Some(Session {
            name,
            groups: claims.groups,
            hub_admin: claims.admin,
            account_made_at: claims.account_made_at.map(Timestamp::from_micros),
            sid: claims.sid,
        })
    }
}

/// Returns 32 random bytes as text, for a session's ID, a login's state or its verifier.
pub(super) fn random_text() -> Result<String, AuthError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| AuthError::Failed("the system has no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns a cookie that scripts, other paths and requests from other sites cannot use.
pub(super) fn cookie(
    name: String,
    value: String,
    lifetime: Duration,
    prefix: &str,
    tls: bool,
) -> Cookie<'static> {
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    let mut cookie = Cookie::build(name, value)
        .path(prefix.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(CookieDuration::seconds(seconds))
        .finish();
    if tls {
        cookie.set_secure(true);
    }
    cookie
}

/// Returns a cookie that makes the browser forget the cookie of this name.
pub(super) fn removal(name: String, prefix: &str, tls: bool) -> Cookie<'static> {
    let mut cookie = cookie(name, String::new(), Duration::ZERO, prefix, tls);
    cookie.make_removal();
    cookie
}

// Keeps all groups if they fit, or else those that give roles and then as many others as fit.
fn groups_that_fit(groups: &[String]) -> Vec<String> {
    let gives_role = |group: &&String| COURSE_GROUPS.iter().any(|start| group.starts_with(start));
    let (first, rest): (Vec<_>, Vec<_>) = groups.iter().partition(gives_role);
    let mut left = MAX_GROUP_BYTES;
    let mut fitting = Vec::new();
    for group in first.into_iter().chain(rest) {
        let size = serde_json::to_string(group).map_or(usize::MAX, |json| json.len() + 1);
        if size <= left {
            left -= size;
            fitting.push(group.clone());
        }
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use futures_util::FutureExt as _;

    fn sessions() -> Sessions {
        let key = SigningKey::from_bytes([7; 32]);
        let seal = Arc::new(Seal::new(&key, "/services/x/"));
        Sessions::new(seal, &key, "/services/x/".into(), None)
    }

    fn user(name: &str, kind: CallerKind, groups: Vec<String>) -> HubUser {
        HubUser {
            name: name.into(),
            kind,
            admin: true,
            groups,
            scopes: vec![],
            as_of: std::time::Instant::now(),
            created: None,
        }
    }

    fn sam() -> HubUser {
        user("sam", CallerKind::User, vec!["nbgrader-algebra".into()])
    }

    fn read(cookies: &[Cookie<'static>]) -> Option<Session> {
        let mut request = TestRequest::default();
        for cookie in cookies {
            request = request.append_header(("cookie", cookie.stripped().to_string()));
        }
        let sessions = sessions();
        let request = request.to_http_request();
        let read = sessions.read(&request).now_or_never();
        read.expect("its memory is its own").unwrap()
    }

    #[test]
    fn a_session_tells_who_logged_in() {
        let cookie = sessions().begin(&sam(), false).unwrap();
        let session = read(&[cookie]).unwrap();
        assert_eq!(session.name.as_str(), "sam");
        assert_eq!(session.groups, ["nbgrader-algebra"]);
        assert!(session.hub_admin);
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_other_paths_and_other_sites() {
        let printed = sessions().begin(&sam(), true).unwrap().to_string();
        for part in [
            "HttpOnly",
            "SameSite=Lax",
            "Path=/services/x/",
            "Max-Age=3600",
            "Secure",
        ] {
            assert!(printed.contains(part), "{part} in {printed}");
        }
        let plain = sessions().begin(&sam(), false).unwrap().to_string();
        assert!(!plain.contains("Secure"));
    }

    #[test]
    fn a_foreign_cookie_of_the_same_name_does_not_hide_ours() {
        let foreign = Cookie::new(COOKIE_NAME, "rubbish");
        let ours = sessions().begin(&sam(), false).unwrap();
        assert!(read(&[foreign.clone(), ours.clone()]).is_some());
        assert!(read(&[ours, foreign.clone()]).is_some());
        assert!(read(&[foreign]).is_none());
    }

    #[test]
    fn each_session_has_its_own_tokens() {
        let [one, two] =
            [(); 2].map(|()| read(&[sessions().begin(&sam(), false).unwrap()]).unwrap());
        let token = sessions().page_tokens(&one).unwrap().writing;
        assert!(sessions().is_proved(&one, Use::Writing, ["guessed", &token]));
        assert!(!sessions().is_proved(&two, Use::Writing, [token.as_str()]));
        assert!(!sessions().is_proved(&one, Use::Writing, []));
    }

    #[test]
    fn services_and_users_named_like_one_get_no_session() {
        for user in [
            user("grader", CallerKind::Service, vec![]),
            user("service:grader", CallerKind::User, vec![]),
            user("operator:root", CallerKind::User, vec![]),
            user("former:ada:2026-11-25", CallerKind::User, vec![]),
            user("a/b", CallerKind::User, vec![]),
        ] {
            let refused = sessions().begin(&user, false);
            assert!(matches!(refused, Err(AuthError::Refused(_))), "{user:?}");
        }
    }

    #[test]
    fn the_cookie_stays_small_enough_for_browsers_however_many_groups_there_are() {
        let mut groups: Vec<_> = (0..500).map(|n| format!("club-{n}-\"数\"")).collect();
        groups.push("formgrade-algebra".into());
        let member = user(&"数".repeat(85), CallerKind::User, groups);
        let cookie = sessions().begin(&member, true).unwrap();
        assert!(cookie.name().len() + cookie.value().len() <= 4096);
        let session = read(&[cookie]).unwrap();
        assert_eq!(session.groups[0], "formgrade-algebra");
        assert!(session.groups.len() > 50);
    }
}
