//! The `nbcourier` command.

fn main() -> std::process::ExitCode {
    nbcourier::cli::run()
}
