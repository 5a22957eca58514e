//! The accounts behind user names. A hub may give the name of a former user to another person, who must not get the
//! former user's data. That data is set aside under a name that no user of the hub can have, until an operator decides
//! otherwise.

use super::audit::Action;
use super::op::Op;
use super::people::{self, set_aside};
use super::policy::Reused;
use super::{Error, Exchange, Mode, Result};
use crate::late_cache::LateCache;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use nbcourier_domain::{Timestamp, UserName, shell_word};
use nbcourier_identity::Caller;
use nbcourier_storage::{self as store, Lock};
use std::time::Duration;

/// The time for which an account that was looked up is trusted. Commands may change the recorded accounts meanwhile.
const LIFETIME: Duration = Duration::from_mins(10);
/// The same if other servers may change them. Until then, a former owner of a name may still come in here after another
/// server has seen the new owner.
const LIFETIME_SHARED: Duration = Duration::from_secs(30);
/// Maximum difference in microseconds between two times of the same account. The databases of some hubs round the time,
/// but not immediately.
const SAME: i64 = 5_000_000;

/// The accounts of callers when they were last seen. A known account costs no query.
#[derive(Clone)]
pub(super) struct Known(LateCache<UserName, Timestamp>);

impl Known {
    /// Returns a memory of at most so many callers. Beyond it, the caller who was seen the longest time ago is forgotten.
    pub fn new(most: u64, is_shared: bool) -> Self {
        let lifetime = if is_shared { LIFETIME_SHARED } else { LIFETIME };
        Self(LateCache::new(move || {
            let cache = Cache::builder().max_capacity(most).time_to_live(lifetime);
            cache.eviction_policy(EvictionPolicy::lru()).build()
        }))
    }

    fn has(&self, person: &UserName, made_at: Timestamp) -> bool {
        self.0.get(person) == Some(made_at)
    }

    fn remember(&self, person: UserName, made_at: Timestamp) {
        self.0.insert(person, made_at);
    }
}

/// The relation of a caller's account to the account recorded for the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    First,
    Same,
    /// The caller is a new owner of the name.
    Later,
    /// The caller is a former owner of the name. Another person has had it since.
    Earlier,
}

fn compare(recorded: Option<Timestamp>, made_at: Timestamp) -> Comparison {
    match recorded.map(|recorded| made_at.micros() - recorded.micros()) {
        None => Comparison::First,
        Some(difference) if difference.abs() < SAME => Comparison::Same,
        Some(1..) => Comparison::Later,
        Some(_) => Comparison::Earlier,
    }
}

/// Makes sure that the caller gets nothing that belongs to an earlier owner of their name. It must run before anything
/// else is done for the caller. It does nothing if the hub does not report when accounts were created.
///
/// Returns `FormerAccount` if the caller is the earlier owner: a session or a token may outlive an account for a while.
pub async fn check(exchange: &Exchange, caller: &Caller) -> Result<()> {
    let Some(made_at) = caller.account_made_at() else {
        return Ok(());
    };
    if exchange.known.has(caller.name(), made_at) {
        return Ok(());
    }
    let read = |op: &mut Op<'_>| Ok(store::people::account(op.conn, op.caller.name())?);
    let recorded = exchange.read_own(caller, read).await?;
    match (compare(recorded, made_at), exchange.policy.reused) {
        (Comparison::Same, _) | (Comparison::Earlier, Reused::Keep) => {}
        (Comparison::Earlier, Reused::SetAside) => {
            return Err(Error::FormerAccount(caller.name().clone()));
        }
        (Comparison::First | Comparison::Later, _) => {
            if let Some(aside) = record(exchange, caller, made_at).await? {
                warn(caller.name(), &aside);
            }
        }
    }
    exchange.known.remember(caller.name().clone(), made_at);
    Ok(())
}

/// Logs a warning for the operator. Only the operator can know whether both accounts belong to the same person.
fn warn(person: &UserName, aside: &UserName) {
    log::warn!(
        "The hub made the account of {} anew, so what the earlier account left is kept as {}. If both are the same person, \
         give it back: {}",
        person.as_str().escape_debug(),
        aside.as_str().escape_debug(),
        adopt_command(std::slice::from_ref(person)).escape_debug()
    );
}

/// Returns the command, quoted for a shell, that gives these people back what was set aside from their names.
pub fn adopt_command(people: &[UserName]) -> String {
    let names: Vec<String> = people
        .iter()
        .map(|name| shell_word(name.as_str()))
        .collect();
    let names = names.join(" ");
    if people.iter().any(|name| name.as_str().starts_with('-')) {
        format!("nbcourier user adopt --yes -- {names}")
    } else {
        format!("nbcourier user adopt {names} --yes")
    }
}

/// Records the account. Returns the name under which the data of the former owner is kept, if there was any.
async fn record(
    exchange: &Exchange,
    caller: &Caller,
    made_at: Timestamp,
) -> Result<Option<UserName>> {
    let aside = exchange
        .write_own(caller, move |op| {
            let (conn, caller) = (&mut *op.conn, op.caller);
            let person = caller.name();
            conn.lock([Lock::Person(person)])?;
            let reused = op.exchange.policy.reused;
            let recorded = store::people::account(conn, person)?;
            let mut aside = None;
            if reused == Reused::SetAside && compare(recorded, made_at) == Comparison::Later {
                let mut server = Caller::server();
                if let Some(id) = caller.request_id() {
                    server = server.in_request(id.to_owned());
                }
                aside = set_aside(conn, &server, person, Action::UserSetAside)?;
            }
            store::people::record_account(conn, person, made_at)?;
            Ok(aside)
        })
        .await?;
    // The groups were removed with the data that was set aside. This request notes the current ones again.
    exchange.seen.forget(&[caller.name().clone()]);
    Ok(aside)
}

/// Returns the names that keep the submissions and enrolments of earlier owners of the caller's name.
pub async fn set_aside_from(exchange: &Exchange, caller: &Caller) -> Result<Vec<UserName>> {
    exchange
        .read_own(caller, |op| {
            let person = op.caller.name();
            let mut names = store::people::former_with_work(op.conn, person)?;
            names.retain(|name| name.was_set_aside_from(person));
            Ok(names)
        })
        .await
}

/// Sets aside the data of a person who is going to lose their name, for hubs that do not distinguish accounts. Returns
/// the name under which the data is kept, or `None` if there is none.
pub async fn retire(
    exchange: &Exchange,
    caller: &Caller,
    person: UserName,
    mode: Mode,
) -> Result<Option<UserName>> {
    exchange.policy.require_admin(caller)?;
    people::require_own_name(&person)?;
    let retire = exchange.try_as_admin(caller, mode, move |op| {
        op.conn.lock([Lock::Person(&person)])?;
        let aside = set_aside(op.conn, op.caller, &person, Action::UserSetAside)?;
        store::people::forget_account(op.conn, &person)?;
        Ok(aside)
    });
    retire.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_takes_every_name_for_what_it_is() {
        let command = |names: &[&str]| {
            let names = names.iter().map(|name| UserName::parse(*name).unwrap());
            adopt_command(&names.collect::<Vec<_>>())
        };
        assert_eq!(command(&["ada"]), "nbcourier user adopt ada --yes");
        assert_eq!(
            command(&["ada", "d'Arc; rm"]),
            r"nbcourier user adopt ada 'd'\''Arc; rm' --yes"
        );
        assert_eq!(command(&["-rf"]), "nbcourier user adopt --yes -- -rf");
    }

    #[test]
    fn an_account_is_the_same_to_a_few_seconds() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(compare(None, at(100)), Comparison::First);
        for same in [96, 100, 104] {
            assert_eq!(compare(Some(at(100)), at(same)), Comparison::Same);
        }
        assert_eq!(compare(Some(at(100)), at(106)), Comparison::Later);
        assert_eq!(compare(Some(at(100)), at(94)), Comparison::Earlier);
    }

    #[test]
    fn one_caller_too_many_makes_only_the_oldest_forgotten() {
        const MOST: u64 = 10_000;
        let (known, time) = (Known::new(MOST, false), Timestamp::from_micros(1));
        let name = |number: u64| UserName::parse(format!("user{number}")).unwrap();
        for number in 0..MOST + 1000 {
            known.remember(name(number), time);
        }
        known.0.run_pending_tasks();
        assert_eq!(known.0.entry_count(), MOST);
        assert!(!known.has(&name(0), time));
        assert!((MOST / 2..MOST + 1000).all(|number| known.has(&name(number), time)));
    }
}
