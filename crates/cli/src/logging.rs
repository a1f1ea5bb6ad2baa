//! Logs: one line for each event, on standard error, as text for people or JSON for machines.
//!
//! What a server says to whoever has started it ([`say`]) stands on the same stream, and is a line of JSON where the others are.
//!
//! Requests leave their lines in memory, a thread writes many at once: a slow reader of the log holds no request up.

mod json;
mod lines;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Config, LOG_FORMAT, LOG_LEVEL};
use crate::error::Error;
use json::{JsonEvents, JsonFields};
use lines::Lines;
pub(crate) use lines::Logging;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

/// How the lines of this process's server are written, as soon as it is known. Like the subscriber of the log there is one in a process: a panic and
/// the last error of all are told by it, too.
static SERVED: OnceLock<Format> = OnceLock::new();

/// Starts logging as the settings say.
pub(crate) fn start(config: &Config) -> Result<Logging, Error> {
    let format = format(config);
    let logging = Logging::start(format, std::io::stderr()).map_err(Error::Runtime)?;
    subscribe(config, (format, logging.lines()));
    Ok(logging)
}

/// The same for what runs until a signal: from now on all that it says on standard error is in the format of the log.
pub(crate) fn start_serving(config: &Config) -> Result<Logging, Error> {
    let format = *SERVED.get_or_init(|| format(config));
    if format == Format::Json {
        std::panic::set_hook(Box::new(|panic| {
            let trace = Backtrace::capture();
            match trace.status() {
                BacktraceStatus::Captured => say(Level::ERROR, &format!("{panic}\n{trace}")),
                _ => say(Level::ERROR, &panic.to_string()),
            }
        }));
    }
    start(config)
}

/// Says something on standard error to whoever has started a server: as it stands, or as a line of the log.
pub(crate) fn say(level: Level, text: &str) {
    let format = SERVED.get().copied().unwrap_or(Format::Text);
    // A panic is told by this, too: that nobody reads must not be another one.
    let _closed = writeln!(std::io::stderr(), "{}", format.line(level, text)).is_err();
}

/// The same of an error.
pub(crate) fn say_error(error: &Error) {
    match SERVED.get() {
        Some(Format::Json) => say(Level::ERROR, &error.plain()),
        Some(Format::Text) | None => say(Level::ERROR, &error.told()),
    }
}

impl Format {
    /// What is said in so many words, as a line.
    fn line(self, level: Level, text: &str) -> String {
        match self {
            Format::Text => text.to_owned(),
            Format::Json => json::line(level, text.trim()),
        }
    }
}

fn format(config: &Config) -> Format {
    match config.word(LOG_FORMAT) {
        "json" => Format::Json,
        "text" => Format::Text,
        _auto if std::io::stderr().is_terminal() => Format::Text,
        _auto => Format::Json,
    }
}

fn subscribe(config: &Config, (format, lines): (Format, Lines)) {
    let level = level(config.word(LOG_LEVEL));
    // Libraries say a lot below warnings that means nothing to a user of ours.
    let ours = Targets::new().with_default(level.min(Level::WARN)).with_targets([
        ("dragoman", level),
        ("server", level),
        ("store", level),
        ("graphql", level),
    ]);
    let layer = match format {
        Format::Json => fmt::layer().event_format(JsonEvents).fmt_fields(JsonFields).with_writer(lines).boxed(),
        Format::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            fmt::layer().with_ansi(is_terminal).with_target(false).with_writer(lines).boxed()
        }
    };
    // One filter over everything: what it lets pass is then known for each place in the code, and not asked for each event.
    if tracing_subscriber::registry().with(layer).with(ours).try_init().is_err() {
        tracing::debug!("logging runs already");
    }
}

fn level(word: &str) -> Level {
    match word {
        "error" => Level::ERROR,
        "warn" => Level::WARN,
        "debug" => Level::DEBUG,
        "trace" => Level::TRACE,
        _info => Level::INFO,
    }
}
