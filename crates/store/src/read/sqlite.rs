//! SQLite: the levels of a program run nested, each a prepared statement that is stepped in place once for every row above.

use std::cell::RefCell;
use std::sync::Arc;

use plan::{Value, Values, Window};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use sql::element::value_to_stored;
use sql::{ColumnKind, CountProgram, Node, Param, Statement};

use super::bind::Bound;
use super::{Answer, Env, PreparedRead, write_data};
use crate::Error;
use crate::answer::{Ask, At, Datum, Out, Row, Source, Visit, micros_of_time};
use crate::sqlite::{Deadline, Sqlite};

/// Statements run between two looks at the clock: the driver's own clock does not see many short statements.
const RUNS_BETWEEN_LOOKS: u32 = 64;

/// Runs a prepared read on one of the reading threads; one that looks a single row up is sooner done than handed over.
pub(super) async fn run(
    sqlite: &Sqlite,
    bytes_max: usize,
    prepared: &Arc<PreparedRead>,
    values: Values,
    buffer: Vec<u8>,
) -> Result<Answer, Error> {
    if prepared.is_look_up
        && let Some(idle) = sqlite.idle_reader()
    {
        return idle
            .run(|connection, deadline| read(connection, deadline, prepared, &values, Out::new(buffer, bytes_max)));
    }
    let prepared = Arc::clone(prepared);
    sqlite
        .read_until(move |connection, deadline| {
            read(connection, deadline, &prepared, &values, Out::new(buffer, bytes_max))
        })
        .await
}

fn read<'a>(
    connection: &Connection,
    deadline: &Deadline,
    prepared: &'a PreparedRead,
    values: &'a Values,
    out: Out<'a>,
) -> Result<Answer, Error> {
    // One statement is one snapshot; several need a transaction to read the same.
    let is_transaction = prepared.statements > 1;
    if is_transaction {
        connection.prepare_cached("begin").and_then(|mut begin| begin.execute([]))?;
    }
    let env = Env { values, rows_max: prepared.rows_max, default_locale: &prepared.default_locale };
    let levels = Levels::new(connection, Some(deadline), env, prepared.statements);
    let answer = write_data(prepared, &levels, values, out);
    drop(levels);
    if is_transaction {
        connection.prepare_cached("commit").and_then(|mut commit| commit.execute([]))?;
    }
    answer
}

/// The statements of one program on one connection.
pub(crate) struct Levels<'c> {
    connection: &'c Connection,
    deadline: Option<&'c Deadline>,
    env: Env<'c>,
    slots: Vec<RefCell<Option<CachedStatement<'c>>>>,
    runs: std::cell::Cell<u32>,
    /// The key of the document that a write has just written: what the root rows of its answer are found by.
    written: Option<&'c Value>,
}

impl<'c> Levels<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        deadline: Option<&'c Deadline>,
        env: Env<'c>,
        statements: u16,
    ) -> Levels<'c> {
        let slots = (0..statements).map(|_| RefCell::new(None)).collect();
        Levels { connection, deadline, env, slots, runs: std::cell::Cell::new(0), written: None }
    }

    fn look_at_clock(&self) -> Result<(), Error> {
        let runs = self.runs.get().wrapping_add(1);
        self.runs.set(runs);
        match self.deadline {
            Some(deadline) if runs.is_multiple_of(RUNS_BETWEEN_LOOKS) && deadline.is_over() => {
                Err(Error::Timeout { deadline_ms: deadline.given_ms() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The statement, with everything bound that does not come from a row.
    fn prepare(&self, statement: &Statement) -> Result<CachedStatement<'c>, Error> {
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
        for (index, param) in statement.params.iter().enumerate() {
            match self.env.bound(param)? {
                Bound::Value(value) => prepared.raw_bind_parameter(index + 1, stored(&value)?)?,
                Bound::List(items) => {
                    let list = serde_json::Value::Array(items.iter().map(|item| value_to_stored(item)).collect());
                    prepared.raw_bind_parameter(index + 1, list.to_string())?;
                }
                Bound::ParentKey => {
                    if let Some(key) = self.written {
                        prepared.raw_bind_parameter(index + 1, stored(key)?)?;
                    }
                }
                Bound::ParentLocale => {}
            }
        }
        Ok(prepared)
    }
}

impl Source for Levels<'_> {
    fn each(&self, ask: Ask<'_>, visit: Visit<'_>) -> Result<(), Error> {
        self.look_at_clock()?;
        let mut slot = self.slots[usize::from(ask.statement.slot)].borrow_mut();
        let statement = match &mut *slot {
            Some(statement) => statement,
            empty => empty.insert(self.prepare(ask.statement)?),
        };
        if let Some(above) = &ask.above {
            for (index, param) in ask.statement.params.iter().enumerate() {
                match param {
                    Param::ParentKey(_) => statement.raw_bind_parameter(index + 1, borrowed(above.row, above.key)?)?,
                    Param::ParentLocale => match above.locale {
                        Some(column) => statement.raw_bind_parameter(index + 1, borrowed(above.row, column)?)?,
                        None => statement.raw_bind_parameter(index + 1, self.env.default_locale)?,
                    },
                    Param::Hole(..)
                    | Param::List(..)
                    | Param::Like { .. }
                    | Param::LikePiece(_)
                    | Param::Member(..)
                    | Param::Text(_)
                    | Param::Limit(_)
                    | Param::Start(_)
                    | Param::DefaultLocale => {}
                }
            }
        }
        // Dropping the rows resets the statement, whatever happens.
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if visit(Row::Sqlite(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn known_total(&self, _: &Node, _: &CountProgram, _: Option<At<'_>>, _: Window) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}

/// The rows of the document with this key, as the answer to the write that holds this connection shows them.
pub(crate) fn written<'c>(connection: &'c Connection, env: Env<'c>, statements: u16, key: &'c Value) -> Levels<'c> {
    Levels { written: Some(key), ..Levels::new(connection, None, env, statements) }
}

/// Those of these keys for which a statement finds a row.
pub(crate) fn kept(
    connection: &Connection,
    env: Env<'_>,
    statement: &Statement,
    keys: Vec<Value>,
) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for key in keys {
        let is_kept = {
            let levels = Levels { written: Some(&key), ..Levels::new(connection, None, env, 0) };
            let mut prepared = levels.prepare(statement)?;
            prepared.raw_query().next()?.is_some()
        };
        if is_kept {
            found.push(key);
        }
    }
    Ok(found)
}

fn borrowed(row: Row<'_>, column: u16) -> Result<ToSqlOutput<'_>, Error> {
    match row {
        Row::Sqlite(row) => Ok(ToSqlOutput::Borrowed(row.get_ref(usize::from(column))?)),
        Row::Postgres(_) => Err(Error::Malformed { expected: "a row of this database" }),
    }
}

/// The value of a column, none for null.
pub(crate) fn cell<'r>(row: &'r rusqlite::Row<'_>, index: u16, kind: ColumnKind) -> Result<Option<Datum<'r>>, Error> {
    let wrong = |expected| Err(Error::Column { column: index, expected });
    let datum = match row.get_ref(usize::from(index))? {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(number) => match kind {
            ColumnKind::Boolean => Datum::Boolean(number != 0),
            ColumnKind::Instant => Datum::Instant(number),
            ColumnKind::Int | ColumnKind::Float | ColumnKind::Decimal | ColumnKind::Json => Datum::Int(number),
            ColumnKind::Text | ColumnKind::Date | ColumnKind::Time | ColumnKind::Interval | ColumnKind::Uuid => {
                return wrong("text");
            }
        },
        ValueRef::Real(number) => match kind {
            ColumnKind::Float | ColumnKind::Decimal | ColumnKind::Int | ColumnKind::Json => Datum::Float(number),
            ColumnKind::Boolean | ColumnKind::Instant => return wrong("an integer"),
            ColumnKind::Text | ColumnKind::Date | ColumnKind::Time | ColumnKind::Interval | ColumnKind::Uuid => {
                return wrong("text");
            }
        },
        ValueRef::Text(text) => match kind {
            ColumnKind::Text | ColumnKind::Date | ColumnKind::Interval | ColumnKind::Uuid => Datum::Text(text),
            ColumnKind::Json => Datum::Json(text),
            ColumnKind::Decimal if is_number(text) => Datum::Digits(text),
            ColumnKind::Decimal => return wrong("decimal digits"),
            ColumnKind::Time => match micros_of_time(text) {
                Some(micros) => Datum::Time(micros),
                None => return wrong("a time of day"),
            },
            ColumnKind::Int | ColumnKind::Float | ColumnKind::Boolean | ColumnKind::Instant => {
                return wrong("a number");
            }
        },
        ValueRef::Blob(_) => return wrong("no bytes"),
    };
    Ok(Some(datum))
}

/// Whether digits are a JSON number.
fn is_number(digits: &[u8]) -> bool {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    unsigned.first().is_some_and(u8::is_ascii_digit)
        && unsigned.last().is_some_and(u8::is_ascii_digit)
        && unsigned.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// A value as a column keeps it.
fn stored(value: &Value) -> Result<ToSqlOutput<'_>, Error> {
    let text = |text: String| ToSqlOutput::Owned(rusqlite::types::Value::Text(text));
    let output = match value {
        Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
        Value::Boolean(truth) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*truth))),
        Value::Int(number) | Value::Instant(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
        Value::Float(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
        Value::Text(text) | Value::Json(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Value::Decimal(_) | Value::Date(_) | Value::Time(_) | Value::Interval(..) | Value::Uuid(_) => {
            match value_to_stored(value) {
                serde_json::Value::String(stored) => text(stored),
                _ => return Err(Error::Bind { expected: "a value that is kept as text" }),
            }
        }
        Value::List(_) => text(value_to_stored(value).to_string()),
    };
    Ok(output)
}
