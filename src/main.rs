//! The `nbcourier` command.
fn main() {}
