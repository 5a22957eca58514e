//! Directories of courses that follow git repositories, with the real git and a server of repositories.

mod course;
mod following;
mod git_server;
mod hook;
mod hostile;
mod pages;
mod secrets;
