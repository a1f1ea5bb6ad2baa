//! SQLite: a pool of reading threads and one writing thread over a single file.
//!
//! Readers only step prepared statements; the writer groups the jobs that wait for it into one commit. Both are fed by bounded queues and answer through
//! oneshot channels, so that no thread of the async runtime ever waits for the disk.

mod collation;
mod connection;
mod function;
mod queue;
mod readers;
mod writer;

use std::path::Path;

use rusqlite::Connection;

use crate::{Error, StoreLimits};
pub(crate) use connection::Deadline;
pub(crate) use readers::Idle;
use readers::Readers;
use writer::Writer;

/// One SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    // Readers stop first, so that the writer's last checkpoint meets nobody.
    readers: Readers,
    writer: Writer,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, limits: &StoreLimits) -> Result<Sqlite, Error> {
        let writer = Writer::start(path, limits)?;
        let readers = Readers::start(path, limits)?;
        Ok(Sqlite { readers, writer })
    }

    /// Runs a job on a connection that cannot write, stopped after the read timeout.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.readers.run(|connection, _| job(connection)).await
    }

    /// A connection that cannot write and that nobody uses at the moment: for a job so short that handing it to another thread would cost more.
    pub(crate) fn idle_reader(&self) -> Option<Idle<'_>> {
        self.readers.idle()
    }

    /// The same for a job that runs many short statements and looks at the clock itself.
    pub(crate) async fn read_until<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection, &Deadline) -> Result<T, E> + Send + 'static,
    {
        self.readers.run(job).await
    }

    /// Runs a job inside a savepoint on the writing connection; it returns when the commit that it shares with other jobs has returned. An error rolls
    /// back what this job wrote, and nothing else. What is only checked at the commit (foreign keys are) would fail the whole group: a job looks for the
    /// rows that it refers to before it writes.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.writer.run(job).await
    }

    /// Runs a job on the writing connection outside any transaction and without a deadline: for what makes its own (a step of a migration, a pragma).
    /// Nobody else writes meanwhile: long work goes in slices, one call each.
    pub async fn write_alone<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.writer.run_alone(job).await
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.read(|connection| Ok(connection.query_row("select 1", [], |_| Ok(()))?)).await
    }
}
