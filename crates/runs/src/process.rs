//! The worker's end of the pipe around one process: starts `dragoman guard`, tells it what to run, reads what it reports. While this value
//! lives the process may; when it goes, or its owner dies, the guard ends the process and everything that came from it. A guard whose process
//! has ended can be told of another.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bytes of a line of output that are kept.
pub const LINE_BYTES_MAX: usize = 64 << 10;
/// Bytes of each stream of one process that are kept.
pub const STREAM_BYTES_MAX: u64 = 10 << 20;
/// Lines of each stream of one process that are kept: each is a row, however short it is.
pub const STREAM_LINES_MAX: u64 = 100_000;
/// Grace at most for what came from a process whose worker is gone: then another worker starts it again soon.
pub const ABANDONED_GRACE_MAX: Duration = Duration::from_secs(2);
/// Bytes of one message between guard and worker: a line whose every byte is escaped fits.
const MESSAGE_BYTES_MAX: u64 = 1 << 20;

/// What to run and how to hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// The whole environment that it gets.
    pub environment: BTreeMap<String, String>,
    /// The file that it reads as its input.
    pub input: PathBuf,
    /// It is ended when it takes longer.
    pub timeout_ms: Option<u64>,
    /// Between asking it to end and ending it.
    pub grace_ms: u64,
    /// Bytes of a line that are kept.
    pub line_bytes_max: usize,
    /// Bytes of each stream that are kept.
    pub stream_bytes_max: u64,
    /// Lines of each stream that are kept; a worker of before does not say it.
    #[serde(default = "stream_lines_max")]
    pub stream_lines_max: u64,
}

fn stream_lines_max() -> u64 {
    STREAM_LINES_MAX
}

/// What the guard tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The process runs.
    Started {
        /// Its id.
        pid: u32,
    },
    /// It could not be started.
    NotStarted {
        /// Why.
        reason: String,
    },
    /// It wrote a line.
    Line(Line),
    /// Nothing of it is left.
    Ended(Ended),
}

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Where it was written.
    pub stream: Stream,
    /// The text without its end; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// It was longer, and the rest is lost.
    pub is_cut: bool,
}

/// The two streams of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// How it all ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Why.
    pub reason: Reason,
    /// The status that the process gave, if it ended by itself.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Processes that it left behind, which were ended.
    pub left_behind: usize,
    /// Something had to be killed.
    pub is_killed: bool,
    /// Lines of both streams beyond the limits, which are lost.
    pub lines_lost: u64,
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// By itself.
    Exit,
    /// The worker asked.
    Cancel,
    /// It took too long.
    Timeout,
    /// The worker is gone.
    Abandoned,
}

/// What keeps the worker from holding a process.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guard could not be started.
    #[error("cannot start {program} as the guard of a process")]
    Start {
        /// The binary.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The pipe broke.
    #[error("the guard of a process does not answer")]
    Pipe(#[source] std::io::Error),
    /// The guard ended without a last word.
    #[error("the guard of a process ended before its process did")]
    Lost,
    /// What it says is nothing that a guard says.
    #[error("the guard of a process says what no guard says")]
    Message(#[source] serde_json::Error),
}

/// A process and its guard.
#[derive(Debug)]
pub struct Held {
    guard: Child,
    lifeline: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Held {
    /// Starts the guard, which is the product's own binary, with its task.
    ///
    /// # Errors
    /// That it cannot be started or does not take the task.
    pub fn start(program: &Path, task: &Task) -> Result<Held, Error> {
        let mut held = Held::ready(program)?;
        held.begin(task)?;
        Ok(held)
    }

    /// Starts the guard alone: it waits for a task.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn ready(program: &Path) -> Result<Held, Error> {
        let start = |source| Error::Start { program: program.to_path_buf(), source };
        let mut command = Command::new(program);
        command.arg("guard").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut guard = command.spawn().map_err(start)?;
        let (Some(lifeline), Some(told)) = (guard.stdin.take(), guard.stdout.take()) else {
            return Err(Error::Lost);
        };
        Ok(Held { guard, lifeline: Some(lifeline), told: BufReader::new(told) })
    }

    /// Tells the guard what to run; a task that it had before must have ended.
    ///
    /// # Errors
    /// That it does not take the task.
    pub fn begin(&mut self, task: &Task) -> Result<(), Error> {
        let lifeline = self.lifeline.as_mut().ok_or(Error::Lost)?;
        let mut text = serde_json::to_vec(task).map_err(Error::Message)?;
        text.push(b'\n');
        lifeline.write_all(&text).map_err(Error::Pipe)
    }

    /// The id of the guard's process.
    #[must_use]
    pub fn guard_id(&self) -> u32 {
        self.guard.id()
    }

    /// What the guard tells next; waits for it. After [`Told::Ended`] nothing follows before the next task, after [`Told::NotStarted`] nothing
    /// at all.
    ///
    /// # Errors
    /// That the guard is gone or does not speak as one.
    pub fn listen(&mut self) -> Result<Told, Error> {
        let mut line = Vec::new();
        let mut limited = (&mut self.told).take(MESSAGE_BYTES_MAX);
        limited.read_until(b'\n', &mut line).map_err(Error::Pipe)?;
        if line.is_empty() {
            return Err(Error::Lost);
        }
        serde_json::from_slice(&line).map_err(Error::Message)
    }

    /// Asks the process and all that came from it to end. Harmless when they have.
    pub fn cancel(&mut self) {
        if let Some(lifeline) = &mut self.lifeline
            && lifeline.write_all(b"cancel\n").is_err()
        {
            self.lifeline = None;
        }
    }

    /// Gives the other end of the pipe away: whoever has it asks for the end, and lets go of the process by dropping it.
    pub fn lifeline(&mut self) -> Option<Lifeline> {
        self.lifeline.take().map(Lifeline)
    }

    /// Takes it back from whom it was given to, for the next task.
    pub fn take_back(&mut self, lifeline: Lifeline) {
        self.lifeline = Some(lifeline.0);
    }
}

/// Holds a process: when it goes, the guard ends the process and everything that came from it.
#[derive(Debug)]
pub struct Lifeline(ChildStdin);

impl Lifeline {
    /// Asks the process and all that came from it to end. Harmless when they have.
    pub fn cancel(&mut self) {
        // A guard that is gone has ended everything.
        let _asked = self.0.write_all(b"cancel\n").is_ok();
    }
}

impl Drop for Held {
    /// Lets go: the guard ends what is left, and is waited for.
    fn drop(&mut self) {
        self.lifeline = None;
        // Whoever reads no longer must not hold the guard up.
        let _drained = std::io::copy(&mut self.told, &mut std::io::sink()).is_ok();
        let _ended = self.guard.wait().is_ok();
    }
}
