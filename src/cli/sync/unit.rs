//! A unit of systemd for the agent of a person.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::output::print_data;
use crate::config::NetworkSetting;
use std::process::ExitCode;

/// The unit. The settings are those that a person's own systemd can give without rights of its own
/// (<https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html>).
const UNIT: &str = "\
[Unit]
Description=Keep folders and directories of an nbcourier exchange equal

[Service]
ExecStart=@PROGRAM@ sync run
Restart=on-failure
RestartSec=5min
TimeoutStopSec=30s
Nice=10
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
@ENVIRONMENT@

[Install]
WantedBy=default.target
";

pub fn run(asking: &Asking) -> Outcome {
    let program = std::env::current_exe()?;
    let program = quoted(&program.display().to_string())?;
    let settings = asking.settings();
    for (name, flag) in NEEDED {
        if !settings.iter().any(|(known, _)| *known == name) {
            return Err(format!(
                "The unit starts without the variables of this terminal, so give {flag}, or set {name}"
            )
            .into());
        }
    }
    let mut environment = Vec::new();
    for (name, value) in settings {
        environment.push(variable(name, &value)?);
    }
    for setting in NetworkSetting::all() {
        environment.push(match setting {
            NetworkSetting::Known(name, value) => variable(name, &value)?,
            NetworkSetting::Secret(name) => format!(
                "# {name} holds a password, so it is not here. To add it: systemctl --user edit nbcourier-sync"
            ),
        });
    }
    let unit = UNIT
        .replace("@PROGRAM@", &program)
        .replace("@ENVIRONMENT@", &environment.join("\n"));
    print_data(&unit)?;
    Ok(ExitCode::SUCCESS)
}

/// The settings without which the agent cannot ask the exchange, with their flags.
const NEEDED: [(&str, &str); 2] = [
    ("NBCOURIER_URL", "--url"),
    ("NBCOURIER_TOKEN_FILE", "--token-file"),
];

/// Returns the line of a unit that sets a variable.
fn variable(name: &str, value: &str) -> Result<String, String> {
    Ok(format!(
        "Environment={}",
        quoted(&format!("{name}={value}"))?
    ))
}

/// Returns the text in quotation marks, as units have it
/// (<https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html>).
fn quoted(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err(format!(
            "{} has a control character, which no unit can have",
            text.escape_debug()
        ));
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_leaves_its_quotation_marks() {
        assert_eq!(quoted("a\"b\\c%h").unwrap(), "\"a\\\"b\\\\c%%h\"");
        assert!(quoted("a\nExecStart=/bin/evil").is_err());
    }
}
