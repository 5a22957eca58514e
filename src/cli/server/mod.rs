//! Commands that run the server and show its settings.

mod clean_up;
pub mod config;
mod ended_sessions;
pub mod logging;
mod material_run;
mod materials;
pub mod memory;
pub mod open_files;
pub mod routes;
pub mod serve;

/// Becomes git within the limits that the arguments begin with. Returns only if that fails.
pub fn become_git() -> super::Outcome {
    let mut arguments = std::env::args_os().skip(2);
    let mut number = || {
        let text = arguments.next()?;
        text.to_str()?.parse::<u64>().ok()
    };
    let bounds = (number(), number(), number(), number());
    let (Some(file_size), Some(cpu), Some(memory), Some(open_files)) = bounds else {
        return Err("The limits of git are missing. Only the server runs this command".into());
    };
    let bounds = nbcourier_fetching::Bounds {
        file_size,
        cpu,
        memory,
        open_files,
    };
    let error = nbcourier_fetching::become_git(bounds, arguments.collect());
    Err(match error.kind() {
        std::io::ErrorKind::NotFound => nbcourier_fetching::NO_GIT.into(),
        _ => format!("git could not be started: {error}").into(),
    })
}
