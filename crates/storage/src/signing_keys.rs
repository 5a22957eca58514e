//! The signing key of an exchange whose servers share the database.

use super::Result;
use super::backend::prelude::*;
use super::schema::signing_keys;

/// The ID of the only row.
const ID: i64 = 1;

/// Returns the key, if there is one yet.
pub fn find(conn: &mut Connection) -> Result<Option<Vec<u8>>> {
    let key = signing_keys::table
        .filter(signing_keys::id.eq(ID))
        .select(signing_keys::key)
        .get_result(conn);
    Ok(key.optional()?)
}

/// Stores the key if there is none yet. Of several servers that do so at the same time, one wins. Returns the stored key.
pub fn keep(conn: &mut Connection, key: &[u8]) -> Result<Vec<u8>> {
    diesel::insert_into(signing_keys::table)
        .values((signing_keys::id.eq(ID), signing_keys::key.eq(key)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let stored = signing_keys::table
        .filter(signing_keys::id.eq(ID))
        .select(signing_keys::key);
    Ok(stored.get_result(conn)?)
}
