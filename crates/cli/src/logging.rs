//! Logs: one line for each event, on standard error, as text for people or JSON for machines.
//!
//! Requests hand their lines to a thread that writes many at once: a slow reader of the log holds no request up.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Config, LOG_FORMAT, LOG_LEVEL};
use crate::error::Error;

/// Lines that wait to be written; beyond it lines are dropped and counted.
const LINES_MAX: usize = 10_000;

/// Logs as long as it lives, and writes what waits when it goes.
#[derive(Debug)]
pub(crate) struct Logging {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

/// Starts logging as the settings say.
pub(crate) fn start(config: &Config) -> Result<Logging, Error> {
    let (sender, receiver) = sync_channel(LINES_MAX);
    let lines = Lines { sender, dropped: Arc::default() };
    let dropped = Arc::clone(&lines.dropped);
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(&receiver, &dropped));
    let thread = Some(thread.map_err(Error::Runtime)?);
    subscribe(config, lines.clone());
    Ok(Logging { lines, thread })
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
        fmt::layer().json().flatten_event(true).with_span_list(false).with_target(false).with_writer(lines).boxed()
    } else {
        fmt::layer().with_ansi(is_terminal).with_target(false).with_writer(lines).boxed()
    };
    let registry = tracing_subscriber::registry().with(layer.with_filter(ours)).with(LevelFilter::from_level(level));
    if registry.try_init().is_err() {
        tracing::debug!("logging runs already");
    }
}

/// Where lines go in.
#[derive(Debug, Clone)]
struct Lines {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// What the thread is told.
enum Message {
    Line(Vec<u8>),
    End,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> &'a Lines {
        self
    }
}

impl Write for &Lines {
    /// Takes one event: it comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let _already_ended = self.lines.sender.send(Message::End).is_err();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join().is_err();
        }
    }
}

/// Writes what comes, and flushes when nothing waits. Nobody can be told when standard error is closed.
fn write_lines(lines: &Receiver<Message>, dropped: &AtomicU64) {
    let mut out = BufWriter::new(io::stderr());
    while let Ok(Message::Line(first)) = lines.recv() {
        let mut written = out.write_all(&first);
        let mut is_end = false;
        while let Ok(message) = lines.try_recv() {
            match message {
                Message::Line(line) => written = written.and_then(|()| out.write_all(&line)),
                Message::End => is_end = true,
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            written = written.and_then(|()| {
                writeln!(out, "{lost} lines of the log were dropped: they came faster than they were read")
            });
        }
        let _closed = written.and_then(|()| out.flush()).is_err();
        if is_end {
            return;
        }
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
