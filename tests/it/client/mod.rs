//! The commands that send requests to an exchange, run by people on their own computers.

mod connection;
mod course_management;
mod courses;
mod events;
mod feedback;
mod receipts;
mod roster;
mod work;
