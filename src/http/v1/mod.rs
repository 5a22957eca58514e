//! Our own API below `v1/`: what the protocol of ngshare has no words for.

mod trash;

use super::ngshare::Entry;
use actix_web::web;

/// Every address of it.
pub const ROUTES: &[Entry] = &[
    ("GET", "v1/trash", || web::get().to(trash::list)),
    ("POST", "v1/trash/{id}", || web::post().to(trash::restore)),
];
