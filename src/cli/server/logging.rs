//! The log on standard error.

use crate::config::LogFormat;
use env_logger::{Builder, Env};
use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::{Map, Value as Json};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// The default of `RUST_LOG`. Lower levels of the HTTP libraries may print headers, which hold tokens. So they stay off
/// whatever `RUST_LOG` says.
const USUAL: &str = "info";
const SILENCED: [&str; 8] = [
    "actix_http",
    "actix_server",
    "h2",
    "hyper",
    "hyper_util",
    "object_store",
    "reqwest",
    "rustls",
];

/// Starts the log.
pub fn start(format: LogFormat) {
    let mut builder = Builder::from_env(Env::default().default_filter_or(USUAL));
    for module in SILENCED {
        builder.filter_module(module, log::LevelFilter::Warn);
    }
    builder.format(move |out, record| {
        let time = chrono::Utc::now()
            .format("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string();
        match format {
            LogFormat::Text => writeln!(out, "{time} {:<5} {}", record.level(), text(record)),
            LogFormat::Json => writeln!(out, "{}", one_json_line(&json(&time, record))),
        }
    });
    builder.init();
    std::panic::set_hook(Box::new(|panic| log::error!("{}", panic_line(panic))));
}

/// Formats a panic as a log line, with the stack if `RUST_BACKTRACE` asks for it.
fn panic_line(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic
        .location()
        .map_or_else(String::new, |at| format!(" at {at}"));
    let stack = Backtrace::capture();
    let stack = match stack.status() {
        BacktraceStatus::Captured => format!("\n{stack}"),
        _ => String::new(),
    };
    format!("A bug of nbcourier panicked{place}: {message}{stack}")
}

/// Formats the message and its values as one line, whatever they contain.
fn text(record: &Record<'_>) -> String {
    let mut line = one_line(&record.args().to_string());
    let _ = record.key_values().visit(&mut Words(&mut line));
    line
}

fn json(time: &str, record: &Record<'_>) -> Json {
    let mut object = Map::new();
    object.insert("time".into(), time.into());
    object.insert("level".into(), record.level().as_str().into());
    object.insert("target".into(), record.target().into());
    object.insert("message".into(), record.args().to_string().into());
    let _ = record.key_values().visit(&mut Members(&mut object));
    Json::Object(object)
}

struct Words<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Words<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = value.to_string();
        let plain = !value.is_empty()
            && !value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
        // In quotes, a name cannot imitate other parts of the log.
        let _ = if plain {
            write!(self.0, " {key}={value}")
        } else {
            write!(self.0, " {key}={value:?}")
        };
        Ok(())
    }
}

struct Members<'a>(&'a mut Map<String, Json>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let number = value
            .to_u64()
            .map(Json::from)
            .or_else(|| value.to_f64().map(Json::from));
        self.0.insert(
            key.to_string(),
            number.unwrap_or_else(|| value.to_string().into()),
        );
        Ok(())
    }
}

/// Whether a program that shows the log could take the character for the end of a line or for a command.
fn breaks_lines(c: char) -> bool {
    // The last two are the Unicode separators of lines and paragraphs.
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if breaks_lines(c) {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

/// Writes JSON without characters that break lines. JSON itself escapes only the first 32 characters. The others occur
/// only in strings, where an escape is allowed.
fn one_json_line(line: &Json) -> String {
    let mut escaped = String::new();
    for c in line.to_string().chars() {
        if breaks_lines(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<T>(values: &[(&str, &str)], read: impl FnOnce(&Record<'_>) -> T) -> T {
        let values: &dyn log::kv::Source = &values;
        read(
            &Record::builder()
                .args(format_args!("two\nlines"))
                .key_values(&values)
                .build(),
        )
    }

    #[test]
    fn a_name_cannot_pretend_to_be_another_line() {
        let line = record(
            &[("caller", "sam\n2026 INFO all is well"), ("status", "200")],
            text,
        );
        assert_eq!(
            line,
            "two\\nlines caller=\"sam\\n2026 INFO all is well\" status=200"
        );
        let line = record(&[("caller", "a\"b\n\u{85}\u{2028}")], |record| {
            one_json_line(&json("now", record))
        });
        assert!(!line.contains(breaks_lines), "{line}");
        assert!(line.contains(r#""caller":"a\"b\n\u0085\u2028""#), "{line}");
    }
}
