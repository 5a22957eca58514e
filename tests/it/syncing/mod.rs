//! Folders that are kept equal with directories.

mod both_ways;
mod commands;
mod conflicts;
mod desk;
mod faults;
mod going_on;
mod guard;
mod odd;
mod open;
mod progress;
mod running;
