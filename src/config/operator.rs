//! The operator: the account that runs a command on the machine of the server, and the programs on its search path.

use std::ffi::OsString;

/// The variables with the account's name. The account behind `sudo` comes first.
const VARIABLES: [&str; 3] = ["SUDO_USER", "LOGNAME", "USER"];

/// Returns the account that runs this process, for the events. It is the user ID if no variable has the name.
pub fn operator_account() -> String {
    let set = VARIABLES.iter().filter_map(std::env::var_os);
    // A name that is no text is shown as far as it can be read. Another variable might name another account.
    set.map(|name| name.to_string_lossy().into_owned())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}

/// Returns the directories in which programs are searched for, as the variable `PATH` lists them.
pub fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}
