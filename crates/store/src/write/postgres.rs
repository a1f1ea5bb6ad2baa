//! The door to PostgreSQL: statements that do not need each other's rows go in one write.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use plan::Value;
use sql::{ColumnKind, Database, Node, Statement};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::door::{Door, Env, Last, Rows, Shown, Spot, show};
use super::fit::fitted;
use super::frame::Call;
use super::postgres_value::read;
use crate::Error;
use crate::postgres::Session;
use crate::read::postgres::{Levels, Parameter, kept, written};

/// A connection inside a transaction.
pub(crate) struct PostgresDoor<'c> {
    session: &'c Session,
    env: Env<'c>,
    commit: &'c Commit,
}

/// How far the COMMIT of a transaction is.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    is_sent: AtomicBool,
    has_returned: AtomicBool,
}

impl Commit {
    /// A transaction begins.
    pub(crate) fn begin(&self) {
        self.is_sent.store(false, Ordering::Relaxed);
        self.has_returned.store(false, Ordering::Relaxed);
    }

    /// It may be on its way: whether the transaction is committed is not known before it returns.
    pub(crate) fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Relaxed)
    }

    /// Nothing is left to do but to send it.
    pub(crate) fn follows(&self) {
        self.is_sent.store(true, Ordering::Relaxed);
    }

    /// The transaction is committed.
    pub(crate) fn has_returned(&self) -> bool {
        self.has_returned.load(Ordering::Relaxed)
    }
}

/// A statement that is prepared, with its values.
struct Ready<'p> {
    prepared: tokio_postgres::Statement,
    values: Vec<Parameter<'static>>,
    columns: &'p [ColumnKind],
}

impl<'c> PostgresDoor<'c> {
    pub(crate) fn new(session: &'c Session, env: Env<'c>, commit: &'c Commit) -> PostgresDoor<'c> {
        PostgresDoor { session, env, commit }
    }

    /// Commits what succeeded.
    pub(crate) async fn commit(&self) -> Result<(), Error> {
        self.committed().await?;
        self.commit.has_returned.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn prepared<'p>(&self, calls: Vec<Call<'p>>) -> Result<Vec<Ready<'p>>, Error> {
        let statements = join_all(calls.iter().map(|call| self.session.prepare(&call.statement.sql))).await;
        let mut ready = Vec::with_capacity(calls.len());
        for (call, prepared) in calls.into_iter().zip(statements) {
            let bound = call.values.into_iter().zip(&call.statement.params);
            let values = bound
                .map(|(value, param)| Ok(Parameter::One(Cow::Owned(fitted(value, param.kind)?))))
                .collect::<Result<Vec<Parameter<'static>>, Error>>()?;
            ready.push(Ready { prepared: prepared?, values, columns: &call.statement.columns });
        }
        Ok(ready)
    }

    /// Statements are polled in order, and what they send is sent in order.
    async fn sent(&self, ready: &[Ready<'_>]) -> Result<Vec<Rows>, Error> {
        let client = self.session.client();
        let params: Vec<Vec<&(dyn ToSql + Sync)>> =
            ready.iter().map(|one| one.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()).collect();
        let asked = ready.iter().zip(&params).map(|(one, params)| client.query(&one.prepared, params));
        let answered = join_all(asked).await;
        let rows = answered.into_iter().zip(ready);
        rows.map(|(rows, one)| rows?.iter().map(|row| values(row, one.columns)).collect()).collect()
    }

    /// Runs a statement that makes a document and gives the row that its answer shows, as a transaction of its own; none where it makes nothing.
    pub(crate) async fn made(&self, call: Call<'_>, node: &Node) -> Result<Option<Levels>, Error> {
        let ready = self.prepared(vec![call]).await?;
        let [one] = ready.as_slice() else { return Ok(None) };
        let params: Vec<&(dyn ToSql + Sync)> = one.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.commit.follows();
        let rows = match self.session.client().query(&one.prepared, &params).await {
            Ok(rows) => rows,
            Err(error) => return Err(self.refused(error)),
        };
        if rows.is_empty() {
            self.commit.begin();
            return Ok(None);
        }
        self.commit.has_returned.store(true, Ordering::Relaxed);
        Ok(Some(Levels::of_root(node, rows, self.env.rows_max)?))
    }

    /// A statement that the server has refused has written nothing; of one that has no answer nobody knows.
    fn refused(&self, error: tokio_postgres::Error) -> Error {
        if error.code().is_none() {
            return Error::OutcomeUnknown { reason: error.to_string() };
        }
        self.commit.begin();
        Error::Postgres(error)
    }

    /// Sends COMMIT. The server answers it without a complaint where a statement has failed, and rolls back.
    async fn committed(&self) -> Result<(), Error> {
        self.commit.is_sent.store(true, Ordering::Relaxed);
        self.session.client().batch_execute("commit").await.map_err(commit_error)
    }
}

impl Door for PostgresDoor<'_> {
    fn database(&self) -> Database {
        Database::Postgres
    }

    async fn run(&self, calls: Vec<Call<'_>>) -> Result<Vec<Rows>, Error> {
        let ready = self.prepared(calls).await?;
        self.sent(&ready).await
    }

    async fn beside(&self, work: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Result<(), Error> {
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Panicked))
    }

    async fn finish(&self, calls: Vec<Call<'_>>, last: Last<'_>, bytes: Vec<u8>) -> Result<Shown, Error> {
        let ready = self.prepared(calls).await?;
        let (node, statements) = last.node;
        if let Some(statement) = &node.rows {
            // What is prepared is sent when it is first polled: so the order below is the order on the wire.
            self.session.prepare(&statement.sql).await?;
        }
        let levels = written(self.session, self.env.read(), last.node, last.key, self.env.bytes_max);
        if !(last.ends && statements == 1) {
            let (ran, levels) = tokio::join!(biased; self.sent(&ready), levels);
            ran?;
            return show(&levels?, self.env, node, last.spot, bytes);
        }
        // A statement that fails makes the server answer COMMIT by rolling back.
        let (ran, levels, committed) = tokio::join!(biased; self.sent(&ready), levels, self.committed());
        let mut failures = ran.as_ref().err().into_iter().chain(levels.as_ref().err());
        if failures.any(is_of_server) {
            self.commit.begin();
        } else {
            committed?;
            // What fails from here on, fails although the change is written.
            self.commit.has_returned.store(true, Ordering::Relaxed);
        }
        let levels = ran.and(levels)?;
        show(&levels, self.env, node, last.spot, bytes)
    }

    async fn keep(&self, statement: &Statement, keys: Vec<Value>) -> Result<Vec<Value>, Error> {
        let rows = kept(self.session, self.env.read(), statement, &keys, self.env.bytes_max).await?;
        let kind = statement.columns.first().copied().ok_or(Error::Malformed { expected: "a column of keys" })?;
        rows.iter().map(|row| read(row, 0, kind)).collect()
    }

    async fn show(&self, node: (&Node, u16), key: &Value, spot: Spot<'_>, bytes: Vec<u8>) -> Result<Shown, Error> {
        let levels = written(self.session, self.env.read(), node, key, self.env.bytes_max).await?;
        show(&levels, self.env, node.0, spot, bytes)
    }
}

fn values(row: &Row, kinds: &[sql::ColumnKind]) -> Result<Vec<Value>, Error> {
    kinds.iter().enumerate().map(|(index, kind)| read(row, index, *kind)).collect()
}

/// Whether the server has refused a statement, and with it the transaction; any other failure is met on our side of the connection.
fn is_of_server(error: &Error) -> bool {
    matches!(error, Error::Postgres(error) if error.code().is_some())
}

/// A server that refuses a commit has rolled back (a linked document went meanwhile, say); a connection that is lost says nothing.
fn commit_error(error: tokio_postgres::Error) -> Error {
    match error.code() {
        Some(code) if matches!(code.code(), "40001" | "40P01") => Error::Postgres(error),
        Some(_) => Error::TransactionFailed { reason: error.to_string() },
        None => Error::OutcomeUnknown { reason: error.to_string() },
    }
}
