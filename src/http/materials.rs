//! The state that requests about repositories need besides the exchange.

use super::error::{Error, Result};
use super::request::own_address::address_below;
use actix_web::HttpRequest;
use nbcourier_auth::{Caller, Secret, Vault};
use nbcourier_domain::{RepositoryUrl, Span};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::sources::{
    self, CourseDirectory, GivenSource, NewSecrets, SourceSettings, SourceView,
};
use nbcourier_fetching::{Access, Failure, Token};
use nbcourier_work::blocking;
use std::sync::Arc;
use std::time::Duration;

/// The vault of secrets, and what git may reach.
#[derive(Clone)]
pub struct Materials {
    /// Seals tokens and secrets of hooks.
    pub vault: Vault,
    /// The bounds of git.
    pub access: Arc<Access>,
}

/// A directory that follows a repository now.
pub struct Followed {
    /// The source.
    pub view: SourceView,
    /// The secret of the hook, if the hook is new.
    pub hook_secret: Option<String>,
}

impl Materials {
    /// Makes a directory of a course follow a repository. `token` is `None` to keep the stored one, and `Some(None)` to
    /// remove it.
    pub async fn follow(
        &self,
        exchange: &Exchange,
        caller: &Caller,
        at: CourseDirectory,
        given: GivenSource,
        token: Option<Option<String>>,
    ) -> Result<Followed> {
        let token = match token {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(Some(self.sealed(&text)?)),
        };
        let settings = SourceSettings::parse(given)?;
        self.check_host(settings.url.clone()).await?;
        let secret = Vault::random_text::<32>()?;
        let secrets = NewSecrets {
            token,
            hook: Vault::random_text::<16>()?,
            hook_secret: self.vault.seal(Secret::Hook, &secret)?,
        };
        let set = sources::set(exchange, caller, at, settings, secrets).await?;
        Ok(Followed {
            view: set.view,
            hook_secret: set.is_hook_new.then_some(secret),
        })
    }

    fn sealed(&self, token: &str) -> Result<Vec<u8>> {
        if Token::parse(token).is_none() {
            return Err(Error::bad(
                "The token is one word of ASCII characters. Copy it again",
            ));
        }
        Ok(self.vault.seal(Secret::RepositoryToken, token)?)
    }

    /// Refuses a host with addresses inside the network. A host that is not found may be found later.
    async fn check_host(&self, url: RepositoryUrl) -> Result<()> {
        let access = Arc::clone(&self.access);
        match blocking(move || access.look_up(&url)).await? {
            Err(Failure::Refused(sentence)) => Err(Error::bad(sentence)),
            _ => Ok(()),
        }
    }
}

/// Parses the time between two looks.
pub fn parse_every(text: Option<&str>) -> Result<Option<Duration>> {
    let span = text.map(str::parse::<Span>).transpose();
    let span = span.map_err(|_| {
        Error::bad("every is a number of seconds, or a number with s, m, h or d, such as 1h")
    })?;
    Ok(span.map(|span| span.0))
}

/// Returns the address of a hook, as the caller of this request reaches the exchange.
pub fn hook_address(request: &HttpRequest, id: &str) -> Result<String> {
    address_below(request, &format!("hooks/{id}"))
}
