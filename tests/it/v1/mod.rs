//! Our own API below `v1/`, with requests as a client sends them.

mod archives;
mod assignments;
mod before;
pub mod client;
mod collect;
mod dates;
mod events;
mod fetch;
mod give;
mod history;
mod listings;
mod manifests;
mod memory;
mod overview;
mod pages;
mod problems;
mod receipts;
mod refusals;
mod release;
mod roster;
mod seen;
mod settings;
mod starts;
mod submissions;
mod submit;
mod trash;
