//! Step by step, rows in slices, each with its own commit and its own line in the ledger.

use rusqlite::Connection;
use sql::change::{Convert, Step, Work};

use super::{MigrationProgress, SLICE_ROWS, Stage, stored};
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

/// How many values of a column a conversion gives nothing, or not all, for.
pub(super) async fn unconverted(sqlite: &Sqlite, convert: &Convert) -> Result<u64, Error> {
    let convert = convert.clone();
    sqlite
        .write_alone(move |connection| {
            let mut count = 0;
            let mut prepared = connection.prepare(&convert.select)?;
            let mut rows = prepared.query([])?;
            while let Some(row) = rows.next()? {
                let stored = stored::of_cell(row.get_ref(2)?, convert.conversion.from);
                count += u64::from(convert.conversion.loses(&stored));
            }
            Ok::<_, Error>(count)
        })
        .await
}

/// Goes on where the ledger stands. A step that fails is undone together with all before it, except when nobody can tell whether it is written.
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
            let is_last = index + 1 == steps.len();
            let slice = Slice { step: step.clone(), index, is_last, stage: stage.clone(), row_done };
            let done = match sqlite.write_alone(move |connection| slice.run(connection)).await {
                Ok(done) => done,
                Err(error @ (Error::OutcomeUnknown { .. } | Error::Closed)) => return Err(error),
                Err(error) => return give_up(sqlite, stage).await.and(Err(error)),
            };
            let Some(done) = done else { break };
            row_done = Some(done.last_row);
            rows += done.rows;
            progress(MigrationProgress { step: index, steps: steps.len(), text: &step.text, rows_done: rows });
        }
        row_done = None;
    }
    let finished = Entry::Applied(stage.target.clone());
    sqlite
        .write_alone(move |connection| {
            in_transaction(connection, |connection| finished.put_sqlite(connection))?;
            Ok(connection.execute_batch(sql::load::analyze())?)
        })
        .await
}

/// The old tables stand untouched until the last step: what was made beside them goes.
async fn give_up(sqlite: &Sqlite, stage: &Stage) -> Result<(), Error> {
    let statements = stage.migration.give_up.clone();
    sqlite
        .write_alone(move |connection| {
            in_transaction(connection, |connection| {
                statements.iter().try_for_each(|statement| connection.execute_batch(statement))?;
                Entry::GivenUp.put_sqlite(connection)
            })
        })
        .await
}

/// A part of a step that is one transaction.
struct Slice {
    step: Step,
    index: usize,
    is_last: bool,
    stage: Stage,
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
                target: self.stage.target.clone(),
                default_locale: self.stage.default_locale.clone(),
                steps_done: if done.is_some() { self.index } else { self.index + 1 },
                row_done: done.as_ref().map(|done| done.last_row),
            };
            Entry::Unfinished(unfinished).put_sqlite(connection)?;
            Ok(done)
        })
    }

    fn work(&self, connection: &Connection) -> Result<Option<SliceDone>, Error> {
        let from = self.row_done.unwrap_or(i64::MIN);
        let slice_end = |statement: &str| connection.query_row(statement, [from, SLICE_ROWS], |row| row.get(0));
        let done =
            |last_row: i64, rows: usize| Some(SliceDone { last_row, rows: u64::try_from(rows).unwrap_or(u64::MAX) });
        match &self.step.work {
            Work::Statements(statements) => {
                for statement in statements {
                    connection.execute_batch(statement)?;
                }
                if self.is_last {
                    check_references(connection)?;
                }
                Ok(None)
            }
            Work::Rows { statement, slice_end: end } => {
                let end: Option<i64> = slice_end(end)?;
                let Some(last_row) = end else { return Ok(None) };
                let rows = connection.execute(statement, [from, last_row])?;
                Ok(done(last_row, rows))
            }
            Work::Convert(convert) => {
                let end: Option<i64> = slice_end(&convert.slice_end)?;
                let Some(last_row) = end else { return Ok(None) };
                let rows = rewrite(connection, convert, [from, last_row])?;
                Ok(done(last_row, rows))
            }
        }
    }
}

/// Puts what becomes of the values of a slice into the side table.
fn rewrite(connection: &Connection, convert: &Convert, slice: [i64; 2]) -> Result<usize, Error> {
    let mut select = connection.prepare_cached(&convert.select)?;
    let mut insert = connection.prepare_cached(&convert.insert)?;
    let mut rows = select.query(slice)?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let stored = stored::of_cell(row.get_ref(2)?, convert.conversion.from);
        if let Some(converted) = convert.conversion.convert(&stored) {
            let cell = stored::to_cell(&converted, convert.conversion.to);
            insert.execute((row.get::<_, rusqlite::types::Value>(1)?, cell))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Foreign keys rest while tables are exchanged; before the commit every one must lead somewhere.
fn check_references(connection: &Connection) -> Result<(), Error> {
    let mut statement = connection.prepare("pragma foreign_key_check")?;
    let broken: Vec<String> =
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<_, rusqlite::Error>>()?;
    match broken.first() {
        None => Ok(()),
        Some(table) => {
            let problem =
                [table.as_str(), " holds ", &broken.len().to_string(), " references that lead nowhere"].concat();
            Err(Error::InTheWay { problems: vec![problem] })
        }
    }
}

/// Tables are made anew while others point at them: foreign keys rest meanwhile.
fn in_transaction<T>(connection: &Connection, job: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    connection.execute_batch("pragma foreign_keys=off; begin immediate")?;
    let outcome = job(connection).and_then(|value| {
        connection.execute_batch("commit")?;
        Ok(value)
    });
    if outcome.is_err() && !connection.is_autocommit() {
        connection.execute_batch("rollback")?;
    }
    connection.execute_batch("pragma foreign_keys=on")?;
    outcome
}
