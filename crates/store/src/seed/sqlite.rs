//! One prepared insert for each table, stepped for each row.

use rusqlite::Connection;
use sql::load::{self, SequenceTable};
use sql::{Database, Layout};
use tokio::sync::mpsc::Receiver;

use super::index::Index;
use super::pass::{Known, component_of, note_known};
use super::rows::{Batch, Counters};
use super::{Destination, Ending, Message, SeedJob};
use crate::Error;
use crate::sqlite::Sqlite;
use crate::write::sqlite_cell;

/// What the database holds before.
pub(super) async fn known(sqlite: &Sqlite, job: &SeedJob) -> Result<Known, Error> {
    let job = job.clone();
    sqlite.write_alone(move |connection| look(connection, &job)).await
}

fn look(connection: &Connection, job: &SeedJob) -> Result<Known, Error> {
    let mut known = Known {
        index: Index::new(job.model.types.len()),
        counters: Counters::default(),
        shared: std::collections::HashMap::new(),
        is_empty: true,
    };
    for (of, _) in job.model.content_types() {
        let mut statement = connection.prepare(&load::documents(&job.layout, of, Database::Sqlite))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            known.is_empty = false;
            note_known(job, of, &[row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?], &mut known.index);
        }
        if let Some(statement) = load::row_max(&job.layout, of, Database::Sqlite) {
            let greatest: i64 = connection.query_row(&statement, [], |row| row.get(0))?;
            known.counters.rows.insert(of, greatest + 1);
        }
        if let Some(statement) = load::entry_max(&job.layout, of, Database::Sqlite) {
            let greatest: i64 = connection.query_row(&statement, [], |row| row.get(0))?;
            known.counters.entries.insert(of, greatest + 1);
        }
    }
    for table in [SequenceTable::Components, SequenceTable::Keys] {
        let mut statement = connection.prepare(&load::sequences(table, Database::Sqlite))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, next): (String, i64) = (row.get(0)?, row.get(1)?);
            match table {
                SequenceTable::Components => {
                    known.counters.elements.extend(component_of(job, &name).map(|of| (of, next)));
                }
                SequenceTable::Keys => drop(known.shared.insert(name, next)),
            }
        }
    }
    Ok(known)
}

/// Loads what comes through the queue. A queue that closes without an ending means that the reader has met a fault: nothing stays.
pub(super) async fn load(sqlite: &Sqlite, destination: Destination, queue: Receiver<Message>) -> Result<(), Error> {
    sqlite
        .write_alone(move |connection| {
            // Every link was found in the index of documents: the database need not look again for each row.
            connection.execute_batch("pragma foreign_keys=off")?;
            let loaded = in_transaction(connection, &destination, queue);
            if !connection.is_autocommit() {
                connection.execute_batch("rollback")?;
            }
            connection.execute_batch("pragma foreign_keys=on")?;
            if loaded? {
                connection.execute_batch(load::analyze())?;
            }
            Ok(())
        })
        .await
}

/// False when nothing was loaded: the transaction is still open then, as after an error.
fn in_transaction(
    connection: &Connection,
    destination: &Destination,
    mut queue: Receiver<Message>,
) -> Result<bool, Error> {
    let run = |statements: Vec<String>| statements.iter().try_for_each(|statement| connection.execute_batch(statement));
    connection.execute_batch("begin immediate")?;
    let outcome = (|| {
        if let Some(schema) = &destination.stripped {
            run(load::strip(schema, Database::Sqlite))?;
        }
        while let Some(message) = queue.blocking_recv() {
            match message {
                Message::Rows(batch) => insert(connection, &destination.layout, batch)?,
                Message::End(ending) => {
                    if let Some(schema) = &destination.stripped {
                        run(load::restore(schema, Database::Sqlite))?;
                    }
                    end(connection, &ending)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    })();
    if matches!(outcome, Ok(true)) {
        connection.execute_batch("commit")?;
    }
    outcome
}

fn insert(connection: &Connection, layout: &Layout, batch: Batch) -> Result<(), Error> {
    for (table, rows) in batch {
        let mut statement = connection.prepare_cached(&load::insert(layout, layout.table(table), Database::Sqlite))?;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row.into_iter().map(sqlite_cell)))?;
        }
    }
    Ok(())
}

fn end(connection: &Connection, ending: &Ending) -> Result<(), Error> {
    for (table, numbers) in [(SequenceTable::Components, &ending.elements), (SequenceTable::Keys, &ending.keys)] {
        let mut statement = connection.prepare(&load::raise_sequence(table, Database::Sqlite))?;
        for (name, next) in numbers {
            statement.execute((next, name))?;
        }
    }
    ending.ledger.iter().try_for_each(|entry| entry.put_sqlite(connection))
}
