//! Logs: one line for each event, on standard error, as text for people or JSON for machines.
//!
//! Requests leave their lines in memory, a thread writes many at once: a slow reader of the log holds no request up.

mod json;
mod lines;

use std::io::IsTerminal as _;

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

/// Starts logging as the settings say.
pub(crate) fn start(config: &Config) -> Result<Logging, Error> {
    let logging = Logging::start(std::io::stderr()).map_err(Error::Runtime)?;
    subscribe(config, logging.lines());
    Ok(logging)
}

fn subscribe(config: &Config, lines: Lines) {
    let level = level(config.word(LOG_LEVEL));
    // Libraries say a lot below warnings that means nothing to a user of ours.
    let ours = Targets::new().with_default(level.min(Level::WARN)).with_targets([
        ("dragoman", level),
        ("server", level),
        ("store", level),
        ("graphql", level),
    ]);
    let is_terminal = std::io::stderr().is_terminal();
    let as_json = match config.word(LOG_FORMAT) {
        "json" => true,
        "text" => false,
        _auto => !is_terminal,
    };
    let layer = if as_json {
        fmt::layer().event_format(JsonEvents).fmt_fields(JsonFields).with_writer(lines).boxed()
    } else {
        fmt::layer().with_ansi(is_terminal).with_target(false).with_writer(lines).boxed()
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
