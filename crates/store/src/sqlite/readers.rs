//! The threads that read, each with one connection and its prepared statements.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{Deadline, open_reader};
use super::queue::Queue;
use crate::{Error, StoreLimits};

type Job = Box<dyn FnOnce(&Connection, &Deadline) + Send>;

/// A connection, held by whoever runs a job on it: its thread, or a task that borrows it for one short job.
type Place = Mutex<(Connection, Deadline)>;

/// The threads that read.
pub(super) struct Readers {
    queue: Arc<Queue<Job>>,
    places: Vec<Arc<Place>>,
    threads: Vec<JoinHandle<()>>,
    timeout: Duration,
}

/// A connection that nobody uses at the moment.
pub(crate) struct Idle<'r> {
    place: MutexGuard<'r, (Connection, Deadline)>,
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
            places: Vec::new(),
            threads: Vec::new(),
            timeout: limits.read_timeout,
        };
        for number in 0..limits.readers {
            let place = Arc::new(Mutex::new(open_reader(path, limits.readers)?));
            readers.places.push(Arc::clone(&place));
            let queue = Arc::clone(&readers.queue);
            let name = format!("read-{number}");
            let body = move || {
                while let Some(job) = queue.take() {
                    let held = held(&place);
                    job(&held.0, &held.1);
                }
            };
            let spawned = std::thread::Builder::new().name(name.clone()).spawn(body);
            readers.threads.push(spawned.map_err(|source| Error::Thread { name, source })?);
        }
        Ok(readers)
    }

    /// A connection that is free at once, for a job that ends sooner than another thread would have begun it.
    pub(super) fn idle(&self) -> Option<Idle<'_>> {
        let place = self.places.iter().find_map(|place| place.try_lock().ok())?;
        Some(Idle { place, timeout: self.timeout })
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
            if !sender.is_closed() {
                drop(sender.send(performed((connection, deadline), timeout, job)));
            }
        }))?;
        receiver.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }
}

impl Idle<'_> {
    /// Runs a job on the thread that asks.
    pub(crate) fn run<T, E: From<Error>>(
        self,
        job: impl FnOnce(&Connection, &Deadline) -> Result<T, E>,
    ) -> Result<T, E> {
        performed((&self.place.0, &self.place.1), self.timeout, job)
    }
}

fn held(place: &Place) -> MutexGuard<'_, (Connection, Deadline)> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a job within its time, and leaves the connection as the next one expects it.
fn performed<T, E: From<Error>>(
    (connection, deadline): (&Connection, &Deadline),
    timeout: Duration,
    job: impl FnOnce(&Connection, &Deadline) -> Result<T, E>,
) -> Result<T, E> {
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
    deadline.clear();
    outcome
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}
