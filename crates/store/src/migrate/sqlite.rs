//! Step by step, rows in slices, each with its own commit and its own line in the ledger.

use rusqlite::Connection;
use sql::change::{Step, Work};

use super::{MigrationProgress, SLICE_ROWS, Stage};
use crate::Error;
use crate::ledger::{Entry, Unfinished};
use crate::sqlite::Sqlite;

/// The only column of a statement's rows, as texts.
pub(super) async fn texts(sqlite: &Sqlite, statement: &str) -> Result<Vec<String>, Error> {
    let statement = statement.to_owned();
    sqlite
        .write_alone(move |connection| {
            let mut prepared = connection.prepare(&statement)?;
            let rows = prepared.query_map([], |row| Ok(text_of(row.get_ref(0)?)))?;
            Ok::<_, Error>(rows.collect::<Result<_, _>>()?)
        })
        .await
}

fn text_of(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Goes on where the ledger stands.
pub(super) async fn apply<Progress>(sqlite: &Sqlite, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
where
    Progress: FnMut(MigrationProgress<'_>) + Send,
{
    let steps = &stage.migration.steps;
    let (first, mut row_done) =
        stage.unfinished.as_ref().map_or((0, None), |unfinished| (unfinished.steps_done, unfinished.row_done));
    for (index, step) in steps.iter().enumerate().skip(first) {
        let mut rows = 0;
        progress(MigrationProgress { step: index, steps: steps.len(), text: &step.text, rows_done: rows });
        loop {
            let slice = Slice { step: step.clone(), index, target: stage.target.clone(), row_done };
            let Some(done) = sqlite.write_alone(move |connection| slice.run(connection)).await? else { break };
            row_done = Some(done.last_row);
            rows += done.rows;
            progress(MigrationProgress { step: index, steps: steps.len(), text: &step.text, rows_done: rows });
        }
        row_done = None;
    }
    let finished = Entry::Applied(stage.target.clone());
    sqlite.write_alone(move |connection| in_transaction(connection, |connection| finished.put_sqlite(connection))).await
}

/// A part of a step that is one transaction.
struct Slice {
    step: Step,
    index: usize,
    target: Vec<model::Source>,
    row_done: Option<i64>,
}

struct SliceDone {
    last_row: i64,
    rows: u64,
}

impl Slice {
    /// None when the step is done.
    fn run(&self, connection: &Connection) -> Result<Option<SliceDone>, Error> {
        in_transaction(connection, |connection| {
            let done = self.work(connection)?;
            let unfinished = Unfinished {
                target: self.target.clone(),
                steps_done: if done.is_some() { self.index } else { self.index + 1 },
                row_done: done.as_ref().map(|done| done.last_row),
            };
            Entry::Unfinished(unfinished).put_sqlite(connection)?;
            Ok(done)
        })
    }

    fn work(&self, connection: &Connection) -> Result<Option<SliceDone>, Error> {
        match &self.step.work {
            Work::Statements(statements) => {
                for statement in statements {
                    connection.execute_batch(statement)?;
                }
                Ok(None)
            }
            Work::Rows { statement, slice_end } => {
                let from = self.row_done.unwrap_or(i64::MIN);
                let end: Option<i64> = connection.query_row(slice_end, [from, SLICE_ROWS], |row| row.get(0))?;
                let Some(last_row) = end else { return Ok(None) };
                let rows = connection.execute(statement, [from, last_row])?;
                Ok(Some(SliceDone { last_row, rows: u64::try_from(rows).unwrap_or(u64::MAX) }))
            }
        }
    }
}

/// Tables are rebuilt while others point at them: foreign keys rest meanwhile, and are looked at before the commit of a step that rebuilds.
fn in_transaction<T>(connection: &Connection, job: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    connection.execute_batch("pragma foreign_keys=off; begin immediate")?;
    let outcome = job(connection).and_then(|value| {
        connection.execute_batch("commit")?;
        Ok(value)
    });
    if outcome.is_err() {
        connection.execute_batch("rollback")?;
    }
    connection.execute_batch("pragma foreign_keys=on")?;
    outcome
}
