//! Lines on their way to standard error.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::Format;

/// Bytes that wait to be written; beyond it lines are dropped and counted.
const WAITING_BYTES_MAX: usize = 4 << 20;
/// From so many bytes on the thread writes at once.
const WRITTEN_BYTES_MIN: usize = 64 << 10;
/// How long the first line waits for others: waking the thread for each would cost more than the line.
const PAUSE: Duration = Duration::from_millis(20);

/// Logs as long as it lives, and writes what waits when it goes.
#[derive(Debug)]
pub(crate) struct Logging {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

/// Where lines go in.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    dropped: u64,
    /// Write at once: a warning, or enough to write.
    is_urgent: bool,
    is_end: bool,
}

impl Logging {
    pub(super) fn start(format: Format, out: impl Write + Send + 'static) -> io::Result<Logging> {
        let lines = Lines { shared: Arc::default() };
        let shared = Arc::clone(&lines.shared);
        let thread =
            std::thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(&shared, (format, out)))?;
        Ok(Logging { lines, thread: Some(thread) })
    }

    pub(super) fn lines(&self) -> Lines {
        self.lines.clone()
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.lines.shared.lock().is_end = true;
        self.lines.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join().is_err();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > WAITING_BYTES_MAX {
            state.dropped += 1;
            return;
        }
        let is_first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        let becomes_urgent = !state.is_urgent && (is_urgent || state.waiting.len() >= WRITTEN_BYTES_MIN);
        state.is_urgent |= becomes_urgent;
        drop(state);
        if is_first || becomes_urgent {
            self.changed.notify_one();
        }
    }

    /// What waits, once it is worth writing, and how many lines were dropped; none at the end. The buffer given is filled next.
    fn take(&self, empty: Vec<u8>) -> Option<(Vec<u8>, u64)> {
        let state = self.changed.wait_while(self.lock(), |state| state.waiting.is_empty() && !state.is_end);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let is_early = |state: &mut State| !state.is_urgent && !state.is_end;
        let mut state =
            self.changed.wait_timeout_while(state, PAUSE, is_early).unwrap_or_else(PoisonError::into_inner).0;
        if state.waiting.is_empty() {
            return None;
        }
        state.is_urgent = false;
        Some((std::mem::replace(&mut state.waiting, empty), std::mem::take(&mut state.dropped)))
    }
}

/// One event's line.
pub(super) struct Line<'a> {
    lines: &'a Lines,
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, is_urgent: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, is_urgent: *event.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    /// Takes one event: it comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.shared.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what comes until the end. Nobody can be told when the output is closed.
fn write_lines(shared: &Shared, (format, mut out): (Format, impl Write)) {
    let mut empty = Vec::new();
    while let Some((mut lines, dropped)) = shared.take(empty) {
        let mut written = out.write_all(&lines);
        if dropped > 0 {
            let words = format!("{dropped} lines of the log were dropped: they came faster than they were read");
            written = written.and_then(|()| writeln!(out, "{}", format.line(Level::WARN, &words)));
        }
        let _closed = written.and_then(|()| out.flush()).is_err();
        lines.clear();
        lines.shrink_to(WRITTEN_BYTES_MIN);
        empty = lines;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter as _;

    use super::{Format, Lines, Logging, WAITING_BYTES_MAX};

    /// What stands in the log behind a job.
    pub(in crate::logging) fn logged(job: impl FnOnce(Lines)) -> String {
        let kept = Kept::default();
        let logging = Logging::start(Format::Text, kept.clone()).unwrap();
        job(logging.lines());
        drop(logging);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_until_the_end() {
        let written = logged(|lines| {
            for number in 0..3 {
                lines.make_writer().write_all(format!("line {number}\n").as_bytes()).unwrap();
            }
        });
        assert_eq!(written, "line 0\nline 1\nline 2\n");
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let kept = Kept::default();
        let held = kept.0.lock().unwrap();
        let logging = Logging::start(Format::Text, kept.clone()).unwrap();
        logging.lines().make_writer().write_all(&vec![b'.'; WAITING_BYTES_MAX + 1]).unwrap();
        logging.lines().make_writer().write_all(b"end\n").unwrap();
        drop(held);
        drop(logging);
        let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written, "end\n1 lines of the log were dropped: they came faster than they were read\n");
    }
}
