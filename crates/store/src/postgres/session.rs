//! One connection: its client, its prepared statements, and whether a transaction is open on it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_postgres::{Client, Statement};

use crate::{Error, STATEMENTS_MAX};

/// One connection, used by one task at a time.
#[derive(Debug)]
pub struct Session {
    client: Client,
    statements: Mutex<Statements>,
    /// A transaction may be open: such a connection is not lent again.
    is_inside: AtomicBool,
}

/// Prepared statements by text; the least recently used one is closed when there are too many.
#[derive(Debug, Default)]
struct Statements {
    by_text: HashMap<Box<str>, (Statement, u64)>,
    uses: u64,
}

impl Session {
    pub(super) fn new(client: Client) -> Session {
        Session { client, statements: Mutex::default(), is_inside: AtomicBool::new(false) }
    }

    /// The driver's client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether its connection stands.
    pub(super) fn lives(&self) -> bool {
        !self.client.is_closed()
    }

    /// Whether it may be lent again.
    pub(super) fn is_usable(&self) -> bool {
        self.lives() && !self.is_inside.load(Ordering::Relaxed)
    }

    /// Whether it lives, with statements or a transaction under way.
    pub(super) fn is_busy(&self) -> bool {
        self.lives() && self.is_inside.load(Ordering::Relaxed)
    }

    /// From now on, until it is said to end, a loan that is dropped does not go back: statements may be under way.
    pub(crate) fn in_use(&self) -> InUse<'_> {
        self.is_inside.store(true, Ordering::Relaxed);
        InUse(self)
    }

    /// This text, prepared; from the cache where it is there.
    ///
    /// # Errors
    /// [`Error::Postgres`] when the server refuses it.
    pub async fn prepare(&self, text: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements().find(text) {
            return Ok(statement);
        }
        let statement = self.client.prepare(text).await?;
        self.statements().keep(text, statement.clone());
        Ok(statement)
    }

    /// Whether this text is prepared already.
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.statements().by_text.contains_key(text)
    }

    /// Forgets every prepared statement: the tables have changed under them.
    pub fn forget_statements(&self) {
        self.statements().by_text.clear();
    }

    /// Runs a job inside a transaction: commits when it succeeds, rolls back when it fails. BEGIN is on its way before the job's first statement and is
    /// not waited for by itself. When the connection is lost during COMMIT the outcome is unknown, and said to be.
    ///
    /// # Errors
    /// The job's own, or what the database said to BEGIN or COMMIT.
    pub async fn transaction<T, E, F>(&self, begin: Begin, job: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&Session) -> Result<T, E>,
    {
        self.is_inside.store(true, Ordering::Relaxed);
        let opening = async { Ok(self.client.batch_execute(begin.text()).await.map_err(Error::from)?) };
        match both(opening, job(self)).await {
            (Ok(()), Ok(value)) => {
                self.client.batch_execute("commit").await.map_err(commit_error)?;
                self.is_inside.store(false, Ordering::Relaxed);
                Ok(value)
            }
            (Err(error), _) | (Ok(()), Err(error)) => {
                if self.client.batch_execute("rollback").await.is_ok() {
                    self.is_inside.store(false, Ordering::Relaxed);
                }
                Err(error)
            }
        }
    }

    fn statements(&self) -> MutexGuard<'_, Statements> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session with statements under way.
pub(crate) struct InUse<'s>(&'s Session);

impl InUse<'_> {
    /// All statements have answered, or nobody needs their answers.
    pub(crate) fn ends(self) {
        self.0.is_inside.store(false, Ordering::Relaxed);
    }
}

/// What kind of transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Every statement sees one snapshot; nothing is written.
    Snapshot,
    /// Reads what is committed, and writes.
    Write,
}

impl Begin {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Begin::Snapshot => "begin isolation level repeatable read read only",
            Begin::Write => "begin isolation level read committed",
        }
    }
}

/// A server that refuses a commit has rolled back; a connection that is lost meanwhile says nothing.
fn commit_error(error: tokio_postgres::Error) -> Error {
    if error.code().is_some() { Error::Postgres(error) } else { Error::OutcomeUnknown { reason: error.to_string() } }
}

/// Polls the first future before the second, so that its message is sent first, and waits for both.
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    tokio::join!(biased; first, second)
}

impl Statements {
    fn find(&mut self, text: &str) -> Option<Statement> {
        self.uses += 1;
        let (statement, last_use) = self.by_text.get_mut(text)?;
        *last_use = self.uses;
        Some(statement.clone())
    }

    fn keep(&mut self, text: &str, statement: Statement) {
        if self.by_text.len() >= STATEMENTS_MAX
            && let Some(oldest) =
                self.by_text.iter().min_by_key(|(_, (_, last_use))| *last_use).map(|(text, _)| text.clone())
        {
            self.by_text.remove(&oldest);
        }
        self.by_text.insert(text.into(), (statement, self.uses));
    }
}
