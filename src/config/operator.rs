//! Who works on the machine itself.

/// The variables that tell the account, the one behind `sudo` first.
const VARIABLES: [&str; 3] = ["SUDO_USER", "LOGNAME", "USER"];

/// The account of whoever runs this process, for the record of who did what; the number where no name is told.
pub fn operator_account() -> String {
    VARIABLES
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}
