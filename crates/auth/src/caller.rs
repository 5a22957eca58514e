//! The caller of a request, as a handler receives it.

use super::{AuthError, PageTokens};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use nbcourier_identity::Caller as Identity;
use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;

/// The identity that sends a request, and the tokens of the page that is opened.
///
/// A handler that takes it as a parameter receives the caller of the request, or fails with [`AuthError::Anonymous`].
#[derive(Clone)]
pub struct Caller {
    identity: Identity,
    page_tokens: Option<PageTokens>,
}

impl Caller {
    pub(super) fn with_page_tokens(mut self, tokens: PageTokens) -> Self {
        self.page_tokens = Some(tokens);
        self
    }

    /// Returns the tokens by which forms and scripts of the page are recognized. Only a caller who opens a page by
    /// session has them.
    pub fn page_tokens(&self) -> Option<&PageTokens> {
        self.page_tokens.as_ref()
    }

    /// Returns the same caller with the ID of the request, which the log and the events carry.
    #[must_use]
    pub fn in_request(mut self, id: String) -> Self {
        self.identity = self.identity.in_request(id);
        self
    }

    /// Makes this the caller of the request, so that handlers receive it as a parameter.
    pub fn attach(self, request: &impl HttpMessage) {
        request.extensions_mut().insert(self);
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        Self {
            identity,
            page_tokens: None,
        }
    }
}

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(f)
    }
}

impl FromRequest for Caller {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or(AuthError::Anonymous))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use nbcourier_domain::UserName;
    use nbcourier_identity::{CallerKind, Credential};

    fn sam() -> Caller {
        let name = UserName::parse("sam").unwrap();
        Identity::new(name, CallerKind::User, false, Credential::Token).into()
    }

    #[actix_web::test]
    async fn a_request_has_the_caller_that_was_attached_to_it_and_no_other() {
        let request = TestRequest::default().to_http_request();
        let nobody = Caller::extract(&request).await;
        assert_eq!(nobody.err(), Some(AuthError::Anonymous));
        sam().attach(&request);
        let caller = Caller::extract(&request).await.unwrap();
        assert_eq!(caller.name().as_str(), "sam");
    }

    #[test]
    fn a_printed_caller_shows_no_secret() {
        let tokens = PageTokens {
            reading: "hush".into(),
            writing: "hush".into(),
        };
        let caller = sam().with_page_tokens(tokens);
        let printed = format!("{caller:?}");
        assert!(printed.contains("sam") && !printed.contains("hush"));
    }
}
