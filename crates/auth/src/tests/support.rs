//! Extends the fake hub and the browser of the test kit for this crate.

use crate::cache::Lifetimes;
use crate::hub::TimeLimits;
use crate::{AuthError, Authenticator, Caller, HubSettings, Redirect, SigningKey};
use nbcourier_testkit::{CLIENT_ID, Cookies, FakeHub, SERVICE_TOKEN};
use std::time::Duration;

/// Settings and authenticators for a fake hub.
pub(super) trait AskedHub {
    fn settings(&self) -> HubSettings;
    fn authenticator(&self) -> Authenticator;
    fn impatient(&self, lifetimes: Lifetimes, total: Duration) -> Authenticator;
}

impl AskedHub for FakeHub {
    fn settings(&self) -> HubSettings {
        let key = SigningKey::from_bytes([7; 32]);
        HubSettings {
            client_id: CLIENT_ID.into(),
            ..HubSettings::usual(self.api_url(), SERVICE_TOKEN.into(), "x", key)
        }
    }

    fn authenticator(&self) -> Authenticator {
        Authenticator::hub(self.settings()).unwrap()
    }

    /// Returns an authenticator that trusts answers for fractions of a second, so that tests need not wait long.
    fn impatient(&self, lifetimes: Lifetimes, total: Duration) -> Authenticator {
        let limits = TimeLimits {
            connect: total,
            total,
        };
        Authenticator::with_times(self.settings(), lifetimes, limits).unwrap()
    }
}

/// Logins of a browser.
#[allow(async_fn_in_trait, reason = "only tests of this crate use it")]
pub(super) trait LogsIn: Sized {
    fn begins(&mut self, authenticator: &Authenticator, next: &str) -> String;
    async fn returns(
        &mut self,
        authenticator: &Authenticator,
        query: &str,
    ) -> Result<String, AuthError>;
    async fn logged_in(hub: &FakeHub, authenticator: &Authenticator) -> Self;
    async fn opens(&self, authenticator: &Authenticator) -> Result<Caller, AuthError>;
}

impl LogsIn for Cookies {
    fn begins(&mut self, authenticator: &Authenticator, next: &str) -> String {
        let redirect = authenticator
            .begin_login(&self.get("/"), Some(next))
            .unwrap();
        self.keep(redirect.cookies);
        redirect.location
    }

    async fn returns(
        &mut self,
        authenticator: &Authenticator,
        query: &str,
    ) -> Result<String, AuthError> {
        let request = self.get(&format!("/services/x/oauth_callback?{query}"));
        let (redirect, _) = authenticator.finish_login(&request).await?;
        let Redirect { location, cookies } = redirect;
        self.keep(cookies);
        Ok(location)
    }

    async fn logged_in(hub: &FakeHub, authenticator: &Authenticator) -> Self {
        let mut browser = Self::default();
        let location = browser.begins(authenticator, "/services/x/");
        let query = hub.logs_in(&location, "token-of-sam");
        browser.returns(authenticator, &query).await.unwrap();
        browser
    }

    /// Opens a page.
    async fn opens(&self, authenticator: &Authenticator) -> Result<Caller, AuthError> {
        authenticator
            .authenticate_page(&self.get("/services/x/"))
            .await
    }
}
