//! Directories of courses that follow git repositories, with the real git and a server of repositories.

pub mod course;
mod following;
pub mod git_server;
mod hook;
mod hostile;
mod pages;
mod secrets;
