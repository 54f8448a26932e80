//! Log lines on standard error. They hold ids, counts and reasons, never message content.

use tracing::Level;
use tracing_subscriber::fmt;

use crate::serve::config::{Log, LogForm, LogLevel};

/// Starts logging as the settings say.
pub(crate) fn start(log: &Log) {
    let level = match log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let lines = fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    // A second start, as in tests within one process, keeps the first.
    match log.form {
        LogForm::Text => drop(lines.try_init()),
        LogForm::Json => drop(lines.json().flatten_event(true).try_init()),
    }
}

/// Starts logging for a tool: errors only, so that its own words stand alone.
pub(crate) fn quiet() {
    start(&Log {
        form: LogForm::Text,
        level: LogLevel::Error,
    });
}
