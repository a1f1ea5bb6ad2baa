//! `dragoman guard`: stands between a worker and one process of an op.
//!
//! The worker holds the other end of standard input. First a line with the task comes through it, later the word `cancel`, and its end means
//! that the worker is gone. The guard is a session of its own and the reaper of all orphans below it, so that nothing that the process starts
//! gets away, also not by forking twice. When the process ends, is cancelled, takes too long or is abandoned, everything below is asked to end,
//! given a grace, and killed. The last word is told when nothing is left; then the next task may come.

mod below;
mod lines;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, getpid, set_child_subreaper, setsid, wait};

use crate::process::{ABANDONED_GRACE_MAX, Ended, Reason, Stream, Task, Told};

/// Bytes of a task.
const TASK_BYTES_MAX: u64 = 16 << 20;
/// Messages to the worker that may wait.
const MESSAGES_MAX: usize = 1_024;
/// Between two rounds of killing, for processes that appear meanwhile.
const ROUND: Duration = Duration::from_millis(20);
/// Between two looks for processes that are to be asked to end: one that was just being started was not seen the time before.
const LOOK: Duration = Duration::from_millis(100);

/// What keeps the guard from its work. It never leaves a process behind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No task came, or one that cannot be read.
    #[error("a guard is started by a worker, which says what to run")]
    Task(#[source] std::io::Error),
    /// The system refuses to make it the reaper of orphans.
    #[error("cannot become the reaper of orphaned processes")]
    Reaper(#[source] Errno),
}

/// What the guard waits for.
enum Happening {
    /// The worker has something to run.
    Task(Box<Task>),
    /// The worker says what no worker says.
    Unreadable(std::io::Error),
    /// The worker asks for the end.
    Cancel,
    /// The worker is gone.
    Abandoned,
    /// A process below ended.
    Gone(Pid, WaitStatus, Left),
    /// Nothing is below.
    Alone,
}

/// What stands below when a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing: the system knows of no child, and each orphan of those below would be one.
    Nothing,
    /// Something, which may be dead and only wait to be told of.
    Something,
}

/// Runs one task after another until the worker has none. `lifeline` is the pipe from the worker, `report` the one to it.
///
/// # Errors
/// That there is no task, or no way to hold a process.
pub fn run(lifeline: impl Read + Send + 'static, report: impl Write + Send + 'static) -> Result<(), Error> {
    // Where it leads a group already, as in a terminal, it stays in that session.
    let _own_session = setsid().is_ok();
    set_child_subreaper(Some(getpid())).map_err(Error::Reaper)?;
    let (messages, writer) = write(report);
    let (sender, happenings) = channel();
    let from_worker = sender.clone();
    thread::spawn(move || listen(BufReader::new(lifeline), &from_worker));
    let mut after = After::Nothing;
    while after != After::All {
        after = match happenings.recv() {
            Ok(Happening::Task(task)) => play(&task, &messages, (&sender, &happenings)),
            // It asks for the end of what has ended meanwhile.
            Ok(Happening::Cancel | Happening::Gone(..) | Happening::Alone) => continue,
            Ok(Happening::Unreadable(met)) => return Err(Error::Task(met)),
            Ok(Happening::Abandoned) | Err(_) if after == After::Nothing => {
                return Err(Error::Task(std::io::ErrorKind::UnexpectedEof.into()));
            }
            Ok(Happening::Abandoned) | Err(_) => After::All,
        };
    }
    drop(messages);
    let _written = writer.join().is_ok();
    Ok(())
}

/// What has been, after which there may be more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// No task came yet.
    Nothing,
    /// A task has ended, and the worker may have another.
    Task,
    /// The worker is gone, or what it asked for could not be started.
    All,
}

/// One task, until nothing is left of its process.
fn play(
    task: &Task,
    messages: &SyncSender<Told>,
    (sender, happenings): (&Sender<Happening>, &Receiver<Happening>),
) -> After {
    let mut child = match start(task) {
        Ok(child) => child,
        Err(reason) => {
            let _told = messages.send(Told::NotStarted { reason }).is_ok();
            return After::All;
        }
    };
    let pid = child.id();
    let _told = messages.send(Told::Started { pid }).is_ok();
    let lost = Arc::new(AtomicU64::new(0));
    let readers = [
        child.stdout.take().map(|pipe| lines::read(pipe, Stream::Out, task, messages, &lost)),
        child.stderr.take().map(|pipe| lines::read(pipe, Stream::Error, task, messages, &lost)),
    ];
    let from_below = sender.clone();
    thread::spawn(move || reap(&from_below));
    let (ended, after) = Hold::new(task, pid).until_alone(happenings);
    // Nobody holds the other ends any more, so the readers come to theirs.
    for reader in readers.into_iter().flatten() {
        let _read = reader.join().is_ok();
    }
    let lines_lost = lost.load(Ordering::Relaxed);
    let _told = messages.send(Told::Ended(Ended { lines_lost, ..ended })).is_ok();
    after
}

fn start(task: &Task) -> Result<std::process::Child, String> {
    let input = File::open(&task.input).map_err(|met| format!("cannot read {}: {met}", task.input.display()))?;
    let (program, arguments) = task.command.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&task.directory).env_clear().envs(&task.environment);
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|met| format!("cannot start {program} in {}: {met}", task.directory.display()))
}

/// A thread that writes messages, so that a worker that does not read holds up nothing but the lines.
fn write(mut report: impl Write + Send + 'static) -> (SyncSender<Told>, thread::JoinHandle<()>) {
    let (sender, receiver) = sync_channel::<Told>(MESSAGES_MAX);
    let writer = thread::spawn(move || {
        let mut is_open = true;
        // What nobody reads is taken and dropped: the process must not be held up by it.
        for told in receiver {
            let Ok(mut text) = serde_json::to_vec(&told) else { continue };
            text.push(b'\n');
            is_open = is_open && report.write_all(&text).and_then(|()| report.flush()).is_ok();
        }
    });
    (sender, writer)
}

/// Reads what the worker says, line by line, until it is gone.
fn listen(mut lifeline: impl BufRead, happenings: &Sender<Happening>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let is_read = (&mut lifeline).take(TASK_BYTES_MAX).read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0);
        let happening = if !is_read {
            Happening::Abandoned
        } else if line.trim_ascii() == b"cancel" {
            Happening::Cancel
        } else {
            serde_json::from_slice(&line).map_or_else(|met| Happening::Unreadable(met.into()), Happening::Task)
        };
        if happenings.send(happening).is_err() || !is_read {
            return;
        }
    }
}

/// Waits for every process below, also those that came to it as orphans, until there is none.
fn reap(happenings: &Sender<Happening>) {
    let mut next = wait(WaitOptions::empty());
    loop {
        match next {
            Ok(Some((pid, status))) => {
                // Asked at once, so that nobody need search for what is not there.
                next = wait(WaitOptions::NOHANG);
                let left = if matches!(next, Err(Errno::CHILD)) { Left::Nothing } else { Left::Something };
                let _told = happenings.send(Happening::Gone(pid, status, left)).is_ok();
            }
            Ok(None) | Err(Errno::INTR) => next = wait(WaitOptions::empty()),
            Err(_) => break,
        }
    }
    let _told = happenings.send(Happening::Alone).is_ok();
}

/// One process and what came from it, until nothing is left.
struct Hold {
    pid: u32,
    grace: Duration,
    /// When it takes too long; after the end began: when the grace is over.
    deadline: Option<Instant>,
    phase: Phase,
    asked: below::Asked,
    ended: Ended,
    after: After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Asked to end.
    Ending,
    /// Being killed.
    Killing,
}

impl Hold {
    fn new(task: &Task, pid: u32) -> Hold {
        let timeout = task.timeout_ms.map(Duration::from_millis);
        Hold {
            pid,
            grace: Duration::from_millis(task.grace_ms),
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            phase: Phase::Running,
            asked: below::Asked::new(),
            ended: Ended {
                reason: Reason::Exit,
                status: None,
                signal: None,
                left_behind: 0,
                is_killed: false,
                lines_lost: 0,
            },
            after: After::Task,
        }
    }

    fn until_alone(mut self, happenings: &Receiver<Happening>) -> (Ended, After) {
        loop {
            match self.wait(happenings) {
                Ok(Happening::Alone) | Err(RecvTimeoutError::Disconnected) => return (self.ended, self.after),
                Ok(Happening::Cancel) => self.end(Reason::Cancel),
                // No worker has another task before this one has ended: whoever speaks is none.
                Ok(Happening::Abandoned | Happening::Task(_) | Happening::Unreadable(_)) => {
                    self.after = After::All;
                    self.end(Reason::Abandoned);
                }
                Ok(Happening::Gone(pid, status, left)) => self.gone(pid, status, left),
                Err(RecvTimeoutError::Timeout) => match self.phase {
                    Phase::Running => self.end(Reason::Timeout),
                    Phase::Ending if self.deadline.is_some_and(|deadline| Instant::now() < deadline) => {
                        below::ask(&mut self.asked);
                    }
                    Phase::Ending | Phase::Killing => self.kill(),
                },
            }
        }
    }

    fn wait(&self, happenings: &Receiver<Happening>) -> Result<Happening, RecvTimeoutError> {
        match self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            Some(left) if self.phase == Phase::Ending => happenings.recv_timeout(left.min(LOOK)),
            Some(left) => happenings.recv_timeout(left),
            None => happenings.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn gone(&mut self, pid: Pid, status: WaitStatus, left: Left) {
        if u32::try_from(pid.as_raw_nonzero().get()) != Ok(self.pid) {
            return;
        }
        self.ended.status = status.exit_status();
        self.ended.signal = status.terminating_signal();
        if self.phase == Phase::Running {
            match left {
                Left::Nothing => {
                    self.phase = Phase::Ending;
                    self.deadline = None;
                }
                Left::Something => {
                    self.ended.left_behind = below::all().len();
                    self.end(Reason::Exit);
                }
            }
        }
    }

    /// Begins to ask everything to end, each process once. What has begun already ends sooner when the worker goes meanwhile.
    fn end(&mut self, reason: Reason) {
        let grace = match reason {
            Reason::Abandoned => self.grace.min(ABANDONED_GRACE_MAX),
            Reason::Exit | Reason::Cancel | Reason::Timeout => self.grace,
        };
        let deadline = Instant::now().checked_add(grace);
        match self.phase {
            Phase::Running => {
                self.ended.reason = reason;
                self.phase = Phase::Ending;
                self.deadline = deadline;
                below::ask(&mut self.asked);
            }
            // Without a time nothing is left below.
            Phase::Ending if reason == Reason::Abandoned && self.deadline.is_some() => {
                self.deadline = self.deadline.min(deadline);
            }
            Phase::Ending | Phase::Killing => {}
        }
    }

    /// Kills everything, again and again until nothing is left: a process may have started another since the last look.
    fn kill(&mut self) {
        self.phase = Phase::Killing;
        self.ended.is_killed = below::kill() > 0 || self.ended.is_killed;
        self.deadline = Instant::now().checked_add(ROUND);
    }
}
