//! The numbers of an exchange, and the facts for its checks.

use crate::backend::prelude::*;
use crate::replicas::{self, Replica};
use crate::{Error, Result, SetAside};
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use nbcourier_domain::{Timestamp, UserName};
use std::collections::BTreeMap;

/// The numbers of an exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Figures {
    /// The courses that are not deleted.
    #[diesel(sql_type = BigInt)]
    pub courses: i64,
    /// The people in rosters and in groups of the hub, without former users.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// The submissions since the first time.
    #[diesel(sql_type = BigInt)]
    pub submissions: i64,
    /// The refused submissions since the second time.
    #[diesel(sql_type = BigInt)]
    pub refusals: i64,
}

/// Returns the numbers. `submitted` is the action of submissions and the time since which they count, `refused` that of
/// refusals.
pub fn figures(
    conn: &mut Connection,
    submitted: (&str, Timestamp),
    refused: (&str, Timestamp),
) -> Result<Figures> {
    Ok(diesel::sql_query(
        "SELECT (SELECT count(*) FROM courses WHERE deleted_at IS NULL) AS courses,
            (SELECT count(*) FROM (SELECT username FROM members UNION SELECT username FROM hub_members) AS everybody
                WHERE substr(username, 1, length($1)) <> $1) AS people,
            (SELECT count(*) FROM events WHERE at >= $2 AND action = $3) AS submissions,
            (SELECT count(*) FROM events WHERE at >= $4 AND action = $5) AS refusals",
    )
    .bind::<Text, _>(UserName::FORMER_PREFIX)
    .bind::<BigInt, _>(submitted.1.micros())
    .bind::<Text, _>(submitted.0)
    .bind::<BigInt, _>(refused.1.micros())
    .bind::<Text, _>(refused.0)
    .get_result(conn)?)
}

/// Returns the servers that use the database, or ended a moment ago. An embedded database has none in its rows.
pub fn replicas(conn: &mut Connection) -> Result<Option<Vec<Replica>>> {
    if conn.is_postgres() {
        replicas::running(conn).map(Some)
    } else {
        Ok(None)
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
}

// The names `former:NAME:DAY` and `former:NAME:DAY:NUMBER` with work or a place on a roster. The account is that of NAME,
// whose length follows from that of the day and of the number.
const SET_ASIDE: &str = "
    SELECT name, (SELECT max(username) FROM people
        WHERE username IN (substr(name, $1, length(name) - $2), substr(name, $1, length(name) - $2 - 2),
            substr(name, $1, length(name) - $2 - 3))) AS account
    FROM (SELECT student AS name FROM submissions WHERE student > $3 || ':' AND student < $3 || ';'
        UNION SELECT username FROM members WHERE username > $3 || ':' AND username < $3 || ';') AS aside
    ORDER BY name";

/// Returns the names from which work or a place on a roster is set aside, sorted. Unlike `examine_set_aside`, it reads only
/// these rows.
pub fn set_aside(conn: &mut Connection) -> Result<Vec<SetAside>> {
    let prefix = UserName::FORMER_PREFIX;
    let (begin, around) = (prefix.len() + 1, prefix.len() + ":2026-11-25".len());
    let number = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    let rows = diesel::sql_query(SET_ASIDE)
        .bind::<Integer, _>(number(begin))
        .bind::<Integer, _>(number(around))
        .bind::<Text, _>(prefix.trim_end_matches(':'))
        .load::<Row>(conn)?;
    let mut found: BTreeMap<UserName, bool> = BTreeMap::new();
    for row in rows {
        let name = UserName::parse(row.name).map_err(|_| Error::Damaged("an illegal user name"))?;
        let Some(before) = name.name_before() else {
            continue;
        };
        let is_reused = row.account.as_deref() == Some(before.as_str());
        *found.entry(before).or_default() |= is_reused;
    }
    let set_aside = found.into_iter();
    Ok(set_aside
        .map(|(name, reused)| SetAside { name, reused })
        .collect())
}
