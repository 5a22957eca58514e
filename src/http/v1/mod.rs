//! The API of nbcourier below `v1/`, for all that the ngshare protocol cannot express.

pub mod activity;
pub mod allowances;
pub mod assignments;
pub mod collect;
pub mod course_settings;
pub mod courses;
pub mod dates;
pub mod directories;
pub mod events;
pub mod feedback;
pub mod files;
pub mod history;
pub mod openapi;
pub mod overview;
pub mod presence;
pub mod receipts;
pub mod releases;
pub mod roster;
pub mod seen;
pub mod shares;
pub mod sources;
pub mod starts;
pub mod submissions;
pub mod submit;
pub mod trash;

pub use events::event;
pub use shares::share;
