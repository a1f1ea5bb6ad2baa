//! SQLite as the product uses it: reader threads with a connection each, one writer that commits in groups.

mod json;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use anyhow::{Context as _, Result};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use tokio::sync::oneshot;

use crate::answer::{self, Answer};
use crate::request::{Operation, Request};
use crate::serve::Way;
use crate::shape::{Columns, null, nullable_integer, nullable_text};

const QUEUE_MAX: usize = 1024;
const GROUP_MAX: usize = 256;
const STATEMENTS_MAX: usize = 256;
const READERS_MIN: usize = 2;
const READERS_MAX: usize = 16;

struct Job {
    request: Request,
    reply: oneshot::Sender<Result<Answer>>,
}

/// The door to the threads.
pub(crate) struct Sqlite {
    readers: mpsc::SyncSender<Job>,
    writer: mpsc::SyncSender<Job>,
}

impl Sqlite {
    pub(crate) fn open(file: &Path, way: Way) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(READERS_MIN, usize::from);
        let (readers, queue) = mpsc::sync_channel(QUEUE_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let count = cores.clamp(READERS_MIN, READERS_MAX);
        for _ in 0..count {
            let (database, queue) = (open_reader(file, count)?, Arc::clone(&queue));
            thread::spawn(move || read(&database, &queue, way));
        }
        let (writer, queue) = mpsc::sync_channel(QUEUE_MAX);
        let database = open_writer(&PathBuf::from(file))?;
        thread::spawn(move || write(&database, &queue, way));
        Ok(Self { readers, writer })
    }

    pub(crate) async fn answer(&self, request: Request) -> Result<Answer> {
        let (reply, answer) = oneshot::channel();
        let door = if request.operation == Operation::F { &self.writer } else { &self.readers };
        door.try_send(Job { request, reply }).context("the queue is full")?;
        answer.await.context("the thread has ended")?
    }
}

fn open_reader(file: &Path, readers: usize) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(file, flags)?;
    database.execute_batch(
        "pragma query_only = 1; pragma mmap_size = 1073741824; pragma temp_store = memory; \
         pragma busy_timeout = 5000; pragma trusted_schema = 0; pragma case_sensitive_like = 1",
    )?;
    keep_plans(&database)?;
    let cache_kib = 65_536 / readers;
    database.pragma_update(None, "cache_size", -i64::try_from(cache_kib)?)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(database)
}

fn open_writer(file: &Path) -> Result<Connection> {
    let database = Connection::open(file)?;
    database.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000",
    )?;
    keep_plans(&database)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(database)
}

/// Without this a statement is planned again for every value bound to it, once the tables have been analysed: its plan may depend on the value.
fn keep_plans(database: &Connection) -> Result<()> {
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn read(database: &Connection, queue: &Mutex<mpsc::Receiver<Job>>, way: Way) {
    loop {
        let job = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        let Ok(job) = job else { return };
        let outcome = answer(database, &job.request, way);
        // Nobody waits any more when the client has gone.
        drop(job.reply.send(outcome));
    }
}

/// Takes what waits, answers it in one transaction and replies after its commit: the group forms while the last commit syncs.
fn write(database: &Connection, queue: &mpsc::Receiver<Job>, way: Way) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP_MAX - 1));
        if database.execute_batch("begin immediate").is_err() {
            continue;
        }
        let outcomes: Vec<_> = group.iter().map(|job| answer(database, &job.request, way)).collect();
        let is_committed = database.execute_batch("commit").is_ok();
        for (job, outcome) in group.into_iter().zip(outcomes).filter(|_| is_committed) {
            drop(job.reply.send(outcome));
        }
    }
}

fn answer(database: &Connection, request: &Request, way: Way) -> Result<Answer> {
    let mut out = Answer::with_capacity(4096);
    match way {
        Way::Json => json::answer(database, request, &mut out)?,
        Way::Rows => rows::answer(database, request, &mut out)?,
    }
    Ok(out)
}

impl Columns for Row<'_> {
    fn key(&self, at: usize) -> i32 {
        match self.get_ref(at) {
            Ok(ValueRef::Integer(value)) => i32::try_from(value).unwrap_or_default(),
            _ => 0,
        }
    }

    fn integer(&self, at: usize, out: &mut Answer) {
        match self.get_ref(at) {
            Ok(ValueRef::Integer(value)) => nullable_integer(Some(value), out),
            _ => null(out),
        }
    }

    fn text(&self, at: usize, out: &mut Answer) {
        let value = self.get_ref(at).ok().and_then(|value| value.as_str_or_null().ok().flatten());
        nullable_text(value, out);
    }

    fn decimal(&self, at: usize, out: &mut Answer) {
        match self.get_ref(at) {
            Ok(ValueRef::Real(value)) => answer::float(value, out),
            Ok(ValueRef::Integer(value)) => answer::integer(value, out),
            _ => null(out),
        }
    }

    /// Times are stored as the text that clients read.
    fn time(&self, at: usize, out: &mut Answer) {
        self.text(at, out);
    }
}
