//! Logs: one line for each event, on standard error, as text for people or JSON for machines.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Config, LOG_FORMAT, LOG_LEVEL};

/// Starts logging as the settings say. A second start, as in tests, changes nothing.
pub(crate) fn start(config: &Config) {
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
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_target(false)
            .with_writer(std::io::stderr)
            .boxed()
    } else {
        fmt::layer().with_ansi(is_terminal).with_target(false).with_writer(std::io::stderr).boxed()
    };
    let registry = tracing_subscriber::registry().with(layer.with_filter(ours)).with(LevelFilter::from_level(level));
    if registry.try_init().is_err() {
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
