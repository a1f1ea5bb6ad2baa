//! The threads that read, each with one connection and its prepared statements.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{Deadline, open_reader};
use super::queue::Queue;
use crate::{Error, StoreLimits};

type Job = Box<dyn FnOnce(&Connection, &Deadline) + Send>;

/// The threads that read.
pub(super) struct Readers {
    queue: Arc<Queue<Job>>,
    threads: Vec<JoinHandle<()>>,
    timeout: Duration,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Readers").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn start(path: &Path, limits: &StoreLimits) -> Result<Readers, Error> {
        let mut readers = Readers {
            queue: Arc::new(Queue::new(limits.queue_max)),
            threads: Vec::new(),
            timeout: limits.read_timeout,
        };
        for number in 0..limits.readers {
            let (connection, deadline) = open_reader(path, limits.readers)?;
            let queue = Arc::clone(&readers.queue);
            let name = format!("read-{number}");
            let body = move || {
                while let Some(job) = queue.take() {
                    job(&connection, &deadline);
                    deadline.clear();
                }
            };
            let spawned = std::thread::Builder::new().name(name.clone()).spawn(body);
            readers.threads.push(spawned.map_err(|source| Error::Thread { name, source })?);
        }
        Ok(readers)
    }

    pub(super) async fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection, &Deadline) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let timeout = self.timeout;
        self.queue.push(Box::new(move |connection, deadline| {
            // A caller that has gone (its request was cancelled) costs nothing more.
            if sender.is_closed() {
                return;
            }
            deadline.set(timeout);
            let outcome = catch_unwind(AssertUnwindSafe(|| job(connection, deadline)));
            let outcome = if deadline.is_over() && !matches!(outcome, Ok(Ok(_))) {
                Err(Error::Timeout { deadline_ms: timeout.as_millis() }.into())
            } else {
                outcome.unwrap_or_else(|_| Err(Error::Panicked.into()))
            };
            if !connection.is_autocommit() {
                drop(connection.execute_batch("rollback"));
            }
            drop(sender.send(outcome));
        }))?;
        receiver.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}
