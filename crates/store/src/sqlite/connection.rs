//! How a connection is opened: pragmas, limits, functions, and the clock that stops long statements.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{collation, function};
use crate::{Error, STATEMENTS_MAX};

/// Bytes that the file of a log keeps when the log starts again.
pub(super) const LOG_BYTES_KEPT: u64 = 16 << 20;
/// Memory for pages, shared by all readers.
const CACHE_KIB: usize = 64 << 10;
/// Bytes of the file that are mapped into memory, at most.
const MAPPED_BYTES_MAX: i64 = 1 << 30;
/// Virtual machine steps between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 1000;

/// When the statement at hand has to stop.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    started: Instant,
    /// Microseconds after `started`; `u64::MAX`: none.
    until: Arc<AtomicU64>,
    /// How long the job at hand was given.
    given_ms: Arc<AtomicU64>,
}

impl Deadline {
    fn new() -> Deadline {
        Deadline { started: Instant::now(), until: Arc::new(AtomicU64::new(u64::MAX)), given_ms: Arc::default() }
    }

    /// From now on statements stop after this time.
    pub(super) fn set(&self, time: Duration) {
        self.until.store(self.now_us().saturating_add(micros(time)), Ordering::Relaxed);
        self.given_ms.store(micros(time) / 1000, Ordering::Relaxed);
    }

    /// How long the job at hand was given.
    pub(crate) fn given_ms(&self) -> u128 {
        u128::from(self.given_ms.load(Ordering::Relaxed))
    }

    pub(super) fn clear(&self) {
        self.until.store(u64::MAX, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != u64::MAX && self.now_us() > until
    }

    fn now_us(&self) -> u64 {
        micros(self.started.elapsed())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX - 1)
}

/// Opens the connection that writes; makes the file when it is not there.
pub(super) fn open_writer(path: &Path) -> Result<(Connection, Deadline), Error> {
    let opened = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "pragma journal_mode=wal; pragma synchronous=full; pragma wal_autocheckpoint=0; pragma foreign_keys=on;
             pragma trusted_schema=off; pragma temp_store=memory; pragma cache_size=-16384;",
        )?;
        // A log that starts again keeps no more of its file, so that the length of the file tells when it is to be copied.
        connection.execute_batch(&format!("pragma journal_size_limit={LOG_BYTES_KEPT}"))?;
        // A write touches a page in each index, which lie apart: those that the cache does not hold are read where they are mapped.
        connection.pragma_update(None, "mmap_size", MAPPED_BYTES_MAX)?;
        Ok(connection)
    };
    finish(opened().map_err(|source| Error::Open { path: path.to_owned(), source })?)
}

/// Opens one of `readers` connections that cannot write.
pub(super) fn open_reader(path: &Path, readers: usize) -> Result<(Connection, Deadline), Error> {
    let opened = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "pragma query_only=on; pragma foreign_keys=on; pragma trusted_schema=off; pragma temp_store=memory;",
        )?;
        connection.pragma_update(None, "mmap_size", MAPPED_BYTES_MAX)?;
        let cache = i64::try_from(CACHE_KIB / readers.max(1)).unwrap_or(i64::MAX);
        connection.pragma_update(None, "cache_size", -cache)?;
        Ok(connection)
    };
    finish(opened().map_err(|source| Error::Open { path: path.to_owned(), source })?)
}

fn finish(mut connection: Connection) -> Result<(Connection, Deadline), Error> {
    collation::register(&connection)?;
    function::register(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Once the tables are analysed, a plan may depend on the values bound to it: without this every new value plans the statement again, which costs
    // a nested statement several times its work.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let deadline = Deadline::new();
    let clock = deadline.clone();
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || clock.is_over()))?;
    Ok((connection, deadline))
}
