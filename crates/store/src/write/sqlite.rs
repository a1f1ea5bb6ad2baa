//! The door to SQLite: each statement stepped on the writing connection, inside the savepoint of its job.

use std::future::{Future, ready};
use std::task::{Context, Poll, Waker};

use plan::{Value, interval_text, uuid_text};
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::Value as Json;
use sql::element::value_to_stored;
use sql::{ColumnKind, Database, Node, Statement};

use super::door::{Door, Env, Last, Rows, Shown, Spot, show};
use super::fit::fitted;
use super::frame::Call;
use crate::Error;
use crate::read::sqlite::{kept, written};

/// The writing connection. Its answers are there at once: the futures are ready when they are made.
pub(crate) struct SqliteDoor<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) env: Env<'c>,
}

impl Door for SqliteDoor<'_> {
    fn database(&self) -> Database {
        Database::Sqlite
    }

    fn run(&self, calls: Vec<Call<'_>>) -> impl Future<Output = Result<Vec<Rows>, Error>> + Send {
        ready(calls.into_iter().map(|call| self.step(call)).collect())
    }

    fn keep(&self, statement: &Statement, keys: Vec<Value>) -> impl Future<Output = Result<Vec<Value>, Error>> + Send {
        ready(kept(self.connection, self.env.read(), statement, keys))
    }

    /// The thread that writes is there to wait for the disk.
    fn beside(
        &self,
        work: impl FnOnce() -> Result<(), Error> + Send + 'static,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        ready(work())
    }

    fn finish(
        &self,
        calls: Vec<Call<'_>>,
        last: Last<'_>,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Shown, Error>> + Send {
        let ran = calls.into_iter().try_for_each(|call| self.step(call).map(drop));
        let levels = written(self.connection, self.env.read(), last.node.1, last.key);
        ready(ran.and_then(|()| show(&levels, self.env, last.node.0, last.spot, bytes)))
    }

    fn show(
        &self,
        (node, statements): (&Node, u16),
        key: &Value,
        spot: Spot<'_>,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Shown, Error>> + Send {
        let levels = written(self.connection, self.env.read(), statements, key);
        ready(show(&levels, self.env, node, spot, bytes))
    }
}

impl SqliteDoor<'_> {
    fn step(&self, call: Call<'_>) -> Result<Rows, Error> {
        let Call { statement, values } = call;
        let mut cells = Vec::with_capacity(values.len());
        for (value, param) in values.into_iter().zip(&statement.params) {
            let value = if matches!(param.arg, sql::Arg::Rows(_)) { value } else { fitted(value, param.kind)? };
            cells.push(if param.is_list { list_cell(&value) } else { cell(value) });
        }
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
        let mut rows = prepared.query(params_from_iter(cells))?;
        let mut found = Rows::new();
        while let Some(row) = rows.next()? {
            let values = statement.columns.iter().enumerate();
            found.push(values.map(|(index, kind)| value(row.get_ref(index)?, *kind, index)).collect::<Result<_, _>>()?);
        }
        Ok(found)
    }
}

/// What a future gives that never waits: those of [`SqliteDoor`], and all that is made of them.
pub(crate) fn ready_now<T, E: From<Error>>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::Malformed { expected: "an answer without waiting" }.into()),
    }
}

fn list_cell(value: &Value) -> Cell {
    match value {
        Value::Json(text) => Cell::Text(text.clone()),
        Value::List(list) => Cell::Text(list.iter().map(value_to_stored).collect::<Json>().to_string()),
        _ => Cell::Text("[]".to_owned()),
    }
}

/// A value as SQLite keeps it.
pub(crate) fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Boolean(truth) => Cell::Integer(i64::from(truth)),
        Value::Int(number) | Value::Instant(number) => Cell::Integer(number),
        Value::Float(number) => Cell::Real(number),
        Value::Decimal(number) => Cell::Text(number.normalize().to_string()),
        Value::Text(text) | Value::Json(text) => Cell::Text(text),
        Value::Date(date) => Cell::Text(date.to_string()),
        Value::Time(time) => Cell::Text(time.strftime("%H:%M:%S%.3f").to_string()),
        Value::Interval(months, days, micros) => Cell::Text(interval_text(months, days, micros)),
        Value::Uuid(bits) => Cell::Text(uuid_text(bits)),
        Value::List(_) => list_cell(&value),
    }
}

/// What a column holds, as a value of its kind.
fn value(cell: ValueRef<'_>, kind: ColumnKind, index: usize) -> Result<Value, Error> {
    let wrong =
        || Error::Column { column: u16::try_from(index).unwrap_or(u16::MAX), expected: "a value of the column's kind" };
    let text = || cell.as_str().map_err(|_| wrong());
    let integer = || cell.as_i64().map_err(|_| wrong());
    if matches!(cell, ValueRef::Null) {
        return Ok(Value::Null);
    }
    Ok(match kind {
        ColumnKind::Text => Value::Text(text()?.to_owned()),
        ColumnKind::Int => Value::Int(integer()?),
        ColumnKind::Float => Value::Float(cell.as_f64().map_err(|_| wrong())?),
        ColumnKind::Decimal => Value::Decimal(text()?.parse().map_err(|_| wrong())?),
        ColumnKind::Boolean => Value::Boolean(integer()? != 0),
        ColumnKind::Date => Value::Date(text()?.parse().map_err(|_| wrong())?),
        ColumnKind::Time => Value::Time(text()?.parse().map_err(|_| wrong())?),
        ColumnKind::Instant => Value::Instant(integer()?),
        ColumnKind::Interval => plan::interval_of_text(text()?).ok_or_else(wrong)?,
        ColumnKind::Json => Value::Json(text()?.to_owned()),
        ColumnKind::Uuid => Value::Uuid(plan::uuid_of_text(text()?).ok_or_else(wrong)?),
    })
}
