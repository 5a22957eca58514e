//! A form of one of our pages, on its way from the browser to the check that a page of ours holds it.

use super::{AuthError, Authenticator, Caller};
use actix_web::{HttpMessage, HttpRequest};

/// The person whose browser sends a form. The form is not yet known to come from one of our pages, so this is no
/// [`Caller`].
#[derive(Debug, Clone)]
pub struct SentForm(Caller);

impl SentForm {
    pub(super) fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// Returns the person, for limits and for the log.
    pub fn sender(&self) -> &Caller {
        &self.0
    }

    /// Returns the same form with its sender changed.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Caller) -> Caller) -> Self {
        Self(change(self.0))
    }

    /// Makes this the form of the request.
    pub fn attach(self, request: &impl HttpMessage) {
        request.extensions_mut().insert(self);
    }

    /// Returns the form of the request, if its sender is known.
    pub fn of(request: &impl HttpMessage) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Returns the caller, if `field`, the form's field `csrf_token`, proves that one of our pages holds the form.
    ///
    /// Fails with `NoProof` without it, and with `CrossSite` when the browser reports that another site sent the form.
    pub async fn check(
        self,
        authenticator: &Authenticator,
        request: &HttpRequest,
        field: Option<&str>,
    ) -> Result<Caller, AuthError> {
        authenticator.check_form(request, field).await?;
        Ok(self.0)
    }
}
