//! The second door: a story of fixed statements in one transaction.
//!
//! The workflow engine changes its rows by statements of its own, which stand as pairs of `.sql` files beside what uses them ([`Fixed`]). A story
//! is a future that awaits nothing but [`Tx::run`]: it asks, and whoever drives it answers, on SQLite at once on the writing thread, on
//! PostgreSQL on a connection of its own. So it is written once for both. When it fails, nothing of it is written; where other transactions
//! stood in its way, it is told again from the beginning.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plan::{Value, Values};
use sql::{Database, WriteStatement};

use crate::accounts::Access;
use crate::postgres::Begin;
use crate::write::{Call, Commit, Door, DoorEnv, PostgresDoor, SqliteDoor, is_in_the_way, late, ready_now, run_fixed};
use crate::{Driver, Error, Fixed, Ids, Store};

/// The rows of one statement.
pub type Rows = Vec<Vec<Value>>;

/// A story while it is told.
pub type Telling<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Times that a story is told when other transactions stand in its way.
const TELLINGS_MAX: u32 = 6;
/// Longest pause before the next time.
const PAUSE_MAX_MS: u64 = 40;

/// A transaction, as a story sees it.
#[derive(Debug)]
pub struct Tx {
    database: Database,
    slot: Mutex<Slot>,
}

/// What passes between a story and whoever drives it.
#[derive(Debug, Default)]
struct Slot {
    asked: Option<Vec<Asking>>,
    answered: Option<Result<Vec<Rows>, Error>>,
}

#[derive(Debug)]
struct Asking {
    statement: WriteStatement,
    values: Vec<Value>,
}

impl Tx {
    pub(crate) fn new(database: Database) -> Tx {
        Tx { database, slot: Mutex::default() }
    }

    /// Runs statements in order. None needs another one's rows, so that PostgreSQL gets them in one go.
    ///
    /// # Errors
    /// What the database said of the first that failed. The story must end with it.
    pub async fn run(&self, calls: Vec<(&Fixed, Vec<Value>)>) -> Result<Vec<Rows>, Error> {
        let asked = calls
            .into_iter()
            .map(|(fixed, values)| Asking { statement: fixed.statement(self.database), values })
            .collect();
        self.slot().asked = Some(asked);
        poll_fn(|_| self.slot().answered.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// What the database said.
    pub async fn one(&self, fixed: &Fixed, values: Vec<Value>) -> Result<Rows, Error> {
        Ok(self.run(vec![(fixed, values)]).await?.into_iter().next().unwrap_or_default())
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Tells a story in a transaction of its own and commits it.
    ///
    /// # Errors
    /// The story's own, and what the database said. [`Error::OutcomeUnknown`] when the connection was lost, or the time ended, during COMMIT.
    pub async fn tell<T, E, F>(&self, story: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + MaybeStore + Send + 'static,
        F: for<'a> Fn(&'a Tx) -> Telling<'a, T, E> + Send + Sync + 'static,
    {
        match self.driver() {
            Driver::Sqlite(sqlite) => {
                let job = move |connection: &rusqlite::Connection| {
                    let nothing = Values::default();
                    let door = SqliteDoor { connection, env: env(&nothing) };
                    let tx = Tx::new(Database::Sqlite);
                    ready_now(drive(&door, &tx, story(&tx)))
                };
                sqlite.write(job).await
            }
            Driver::Postgres(postgres) => {
                let limit = self.limits().write_timeout;
                // Of the telling under way; outside of it, so that one that takes too long can be asked how far it came.
                let commit = Commit::default();
                let told = async {
                    let loan = postgres.loan().await?;
                    let mut telling = 1;
                    loop {
                        commit.begin();
                        let told: Result<T, E> = loan
                            .transaction(Begin::Write, async |session| {
                                let nothing = Values::default();
                                let door = PostgresDoor::new(session, env(&nothing), &commit);
                                let tx = Tx::new(Database::Postgres);
                                let told = drive(&door, &tx, story(&tx)).await?;
                                commit.follows();
                                Ok(told)
                            })
                            .await;
                        let Err(failure) = told else { return told };
                        let is_stale = failure.store().is_some_and(Error::is_stale_statement);
                        let may_help = is_stale || failure.store().is_some_and(is_in_the_way);
                        if telling >= TELLINGS_MAX || !may_help {
                            return Err(failure);
                        }
                        telling += 1;
                        if is_stale {
                            loan.forget_statements();
                        }
                        tokio::time::sleep(Duration::from_millis(1 + Ids::Random.below(PAUSE_MAX_MS)?)).await;
                    }
                };
                tokio::time::timeout(limit, told).await.unwrap_or_else(|_| Err(late(&commit, limit).into()))
            }
        }
    }

    /// Runs one fixed statement that reads.
    ///
    /// # Errors
    /// What the database said.
    pub async fn ask(&self, fixed: &Fixed, values: Vec<Value>) -> Result<Rows, Error> {
        run_fixed(self, fixed.statement(self.database()), values, Access::Read).await
    }

    /// Runs one fixed statement that writes, in a transaction of its own.
    ///
    /// # Errors
    /// What the database said.
    pub async fn put(&self, fixed: &Fixed, values: Vec<Value>) -> Result<Rows, Error> {
        run_fixed(self, fixed.statement(self.database()), values, Access::Write).await
    }
}

/// An error that may be one of the store.
pub trait MaybeStore {
    /// The store's error, if it is one.
    fn store(&self) -> Option<&Error>;
}

impl MaybeStore for Error {
    fn store(&self) -> Option<&Error> {
        Some(self)
    }
}

/// An effect of a command: a story that is told in the transaction of the request, before its answer is read.
pub trait Effect: Send + Sync {
    /// Tells it; gives the key of the row to answer with.
    fn tell<'a>(&'a self, tx: &'a Tx) -> Telling<'a, Option<Value>, EffectFailure>;

    /// Its transaction has ended.
    fn ended(&self, ended: crate::Ended);
}

/// Why an effect is not made.
#[derive(Debug)]
pub enum EffectFailure {
    /// The caller is told this.
    Refused(plan::Cause),
    /// What the database said.
    Store(Error),
}

impl From<Error> for EffectFailure {
    fn from(error: Error) -> EffectFailure {
        EffectFailure::Store(error)
    }
}

/// Shared by a command's work.
pub type SharedEffect = Arc<dyn Effect>;

/// What follows a change in its own transaction: a story that is given the bytes of the change's answer. When it fails, nothing of the change is
/// written either.
pub type Sequel = Arc<dyn for<'a> Fn(&'a Tx, &'a [u8]) -> Telling<'a, (), EffectFailure> + Send + Sync>;

/// Lets a story ask, and answers, until it ends.
pub(crate) async fn drive<D: Door, T, E>(door: &D, tx: &Tx, mut story: Telling<'_, T, E>) -> Result<T, E>
where
    E: From<Error>,
{
    loop {
        if let Poll::Ready(told) = story.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return told;
        }
        let asked = tx.slot().asked.take();
        let Some(asked) = asked else {
            return Err(Error::Malformed { expected: "a story that awaits nothing but its transaction" }.into());
        };
        let calls = asked.iter().map(|one| Call { statement: &one.statement, values: one.values.clone() }).collect();
        let answer = door.run(calls).await;
        tx.slot().answered = Some(answer);
    }
}

fn env(values: &Values) -> DoorEnv<'_> {
    DoorEnv { values, rows_max: 0, default_locale: "", bytes_max: 0 }
}
