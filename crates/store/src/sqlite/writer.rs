//! The one thread that writes. It takes what waits, runs each job in a savepoint of one transaction, commits once, then answers all of them.
//!
//! It does not wait for company: a group forms while the last commit syncs. Files are synced at every commit (`synchronous=full`), so an answer is an
//! acknowledgement that survives a power cut.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{Deadline, LOG_BYTES_KEPT, open_writer};
use super::queue::{Queue, Taken};
use crate::{Error, StoreLimits};

/// Jobs that share one commit.
const GROUP_JOBS_MAX: usize = 256;
/// Work that shares one commit.
const GROUP_TIME_MAX: Duration = Duration::from_millis(5);
/// Quiet time after which the log is copied into the database.
const IDLE: Duration = Duration::from_millis(500);
/// Bytes of the log from which it is copied without waiting for quiet: more than a log that has started again keeps.
const LOG_BYTES_PASSIVE: u64 = LOG_BYTES_KEPT;
/// Bytes of the log from which readers are waited for, so that it starts again.
const LOG_BYTES_RESTART: u64 = 128 << 20;

/// Sends the answer once the fate of the commit is known.
type Finish = Box<dyn FnOnce(Option<&Error>)>;
/// Does its work where the transaction has begun.
type GroupedJob = Box<dyn FnOnce(&Connection, &Deadline, &Result<(), Error>) -> Finish + Send>;

enum Job {
    /// Shares a commit with others.
    Grouped(GroupedJob),
    /// Makes its own transactions.
    Alone(Box<dyn FnOnce(&Connection) + Send>),
}

/// The one thread that writes.
pub(super) struct Writer {
    queue: Arc<Queue<Job>>,
    thread: Option<JoinHandle<()>>,
    timeout: Duration,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn start(path: &Path, limits: &StoreLimits) -> Result<Writer, Error> {
        let (connection, deadline) = open_writer(path)?;
        let queue = Arc::new(Queue::new(limits.queue_max));
        let worker = Worker { connection, deadline, queue: Arc::clone(&queue), log: log_path(path), is_dirty: false };
        let name = "write".to_owned();
        let spawned = std::thread::Builder::new().name(name.clone()).spawn(move || worker.work());
        let thread = Some(spawned.map_err(|source| Error::Thread { name, source })?);
        Ok(Writer { queue, thread, timeout: limits.write_timeout })
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let timeout = self.timeout;
        self.queue.push(Job::Grouped(Box::new(move |connection, deadline, begun| {
            if sender.is_closed() {
                return Box::new(|_| {});
            }
            let outcome = match begun {
                Ok(()) => in_savepoint(connection, || in_time(deadline, timeout, || job(connection))),
                Err(failure) => Err(copy_of(failure).into()),
            };
            Box::new(move |failure| {
                let answer = match failure {
                    Some(failure) => outcome.and(Err(copy_of(failure).into())),
                    None => outcome,
                };
                drop(sender.send(answer));
            })
        })))?;
        receiver.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    pub(super) async fn run_alone<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.queue.push(Job::Alone(Box::new(move |connection| {
            let outcome =
                catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or_else(|_| Err(Error::Panicked.into()));
            if !connection.is_autocommit() {
                drop(connection.execute_batch("rollback"));
            }
            drop(sender.send(outcome));
        })))?;
        receiver.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Only the job's own statements are stopped at its deadline, never the savepoint's.
fn in_savepoint<T, E: From<Error>>(connection: &Connection, job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    run_cached(connection, "savepoint job")?;
    let outcome = job();
    if connection.is_autocommit() {
        // A statement that was stopped, or had no space or memory, took the whole transaction back, and the savepoint with it.
        let reason = "a statement failed and took the transaction back".to_owned();
        return outcome.and(Err(Error::TransactionFailed { reason }.into()));
    }
    let undone = if outcome.is_err() { run_cached(connection, "rollback to job") } else { Ok(()) };
    if let Err(failure) = undone.and_then(|()| run_cached(connection, "release job")) {
        // What the job wrote may still be there: nothing of the transaction may be committed.
        drop(connection.execute_batch("rollback"));
        return outcome.and(Err(failure.into()));
    }
    outcome
}

fn in_time<T, E: From<Error>>(
    deadline: &Deadline,
    timeout: Duration,
    job: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    deadline.set(timeout);
    let outcome = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Panicked.into()));
    let is_late = deadline.is_over();
    deadline.clear();
    if is_late && outcome.is_err() { Err(Error::Timeout { deadline_ms: timeout.as_millis() }.into()) } else { outcome }
}

fn run_cached(connection: &Connection, text: &str) -> Result<(), Error> {
    connection.prepare_cached(text)?.execute([])?;
    Ok(())
}

/// A transaction fails once for many jobs. After an I/O error nobody knows what is in the file; after any other nothing is.
fn copy_of(failure: &Error) -> Error {
    let reason = failure.to_string();
    match failure {
        Error::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure) => {
            Error::OutcomeUnknown { reason }
        }
        _ => Error::TransactionFailed { reason },
    }
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

struct Worker {
    connection: Connection,
    deadline: Deadline,
    queue: Arc<Queue<Job>>,
    log: PathBuf,
    /// Something was written since the last checkpoint.
    is_dirty: bool,
}

impl Worker {
    fn work(mut self) {
        loop {
            let taken = if self.is_dirty {
                self.queue.take_within(IDLE)
            } else {
                self.queue.take().map_or(Taken::Closed, Taken::Job)
            };
            match taken {
                Taken::Job(Job::Alone(job)) => {
                    job(&self.connection);
                    self.is_dirty = true;
                    self.checkpoint_by_size();
                }
                Taken::Job(Job::Grouped(job)) => self.group(job),
                Taken::Idle => self.checkpoint("passive"),
                Taken::Closed => break,
            }
        }
        drop(self.connection.execute_batch("pragma optimize"));
        self.checkpoint("truncate");
    }

    fn group(&mut self, first: GroupedJob) {
        let started = Instant::now();
        let begun = run_cached(&self.connection, "begin immediate");
        let mut finishes = vec![first(&self.connection, &self.deadline, &begun)];
        let mut alone = None;
        // Where the transaction is gone, those that ran in it have failed, and what waits gets a new one.
        let is_gone = |connection: &Connection| begun.is_ok() && connection.is_autocommit();
        while finishes.len() < GROUP_JOBS_MAX
            && started.elapsed() < GROUP_TIME_MAX
            && alone.is_none()
            && !is_gone(&self.connection)
        {
            match self.queue.take_ready() {
                Some(Job::Grouped(job)) => finishes.push(job(&self.connection, &self.deadline, &begun)),
                Some(Job::Alone(job)) => alone = Some(job),
                None => break,
            }
        }
        let ended = if is_gone(&self.connection) {
            Err(Error::TransactionFailed { reason: "another change that shared its commit took it back".to_owned() })
        } else {
            begun.and_then(|()| run_cached(&self.connection, "commit"))
        };
        if !self.connection.is_autocommit() {
            drop(self.connection.execute_batch("rollback"));
        }
        for finish in finishes {
            finish(ended.as_ref().err());
        }
        self.is_dirty = true;
        if let Some(job) = alone {
            job(&self.connection);
        }
        self.checkpoint_by_size();
    }

    fn checkpoint_by_size(&mut self) {
        let bytes = std::fs::metadata(&self.log).map_or(0, |file| file.len());
        if bytes > LOG_BYTES_RESTART {
            self.checkpoint("restart");
        } else if bytes > LOG_BYTES_PASSIVE {
            self.checkpoint("passive");
        }
    }

    fn checkpoint(&mut self, mode: &str) {
        self.is_dirty = false;
        let ran = self.connection.pragma(None, "wal_checkpoint", mode, |_| Ok(()));
        if let Err(error) = ran {
            tracing::warn!(%error, mode, "the checkpoint of the database file failed; it is tried again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_that_has_been_long_is_not_copied_at_each_commit_from_then_on() {
        let folder = std::env::temp_dir().join(format!("dragoman-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("dragoman.db");
        let writer = Writer::start(&path, &StoreLimits::default()).unwrap();
        let write =
            |text: String| writer.run_alone(move |connection| connection.execute_batch(&text).map_err(Error::Sqlite));
        write("create table kept (bytes blob)".to_owned()).await.unwrap();
        write(format!("insert into kept values (randomblob({}))", LOG_BYTES_PASSIVE + 1)).await.unwrap();
        assert!(std::fs::metadata(log_path(&path)).unwrap().len() > LOG_BYTES_PASSIVE);
        // The long log was copied behind the answer; this begins it again.
        write("insert into kept values (randomblob(1))".to_owned()).await.unwrap();
        assert!(std::fs::metadata(log_path(&path)).unwrap().len() <= LOG_BYTES_PASSIVE);
        drop(writer);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
