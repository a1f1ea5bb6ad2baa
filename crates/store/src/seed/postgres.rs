//! One statement for each table and batch, an array of texts for each column.

use plan::{Value, interval_text, uuid_text};
use sql::load::{self, SequenceTable};
use sql::{Database, Layout};
use tokio::sync::mpsc::Receiver;
use tokio_postgres::types::ToSql;

use super::index::Index;
use super::pass::{Known, component_of, note_known};
use super::rows::{Batch, Counters};
use super::{Destination, Ending, Message, SeedJob};
use crate::Error;
use crate::postgres::{Begin, Postgres, Session};

/// Long work is expected here.
const SETTINGS: &str =
    "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set constraints all deferred";

/// What the database holds before.
pub(super) async fn known(postgres: &Postgres, job: &SeedJob) -> Result<Known, Error> {
    let loan = postgres.loan().await?;
    let client = loan.client();
    let mut known = Known {
        index: Index::new(job.model.types.len()),
        counters: Counters::default(),
        shared: std::collections::HashMap::new(),
        is_empty: true,
    };
    for (of, _) in job.model.content_types() {
        for row in client.query(load::documents(&job.layout, of, Database::Postgres).as_str(), &[]).await? {
            let row = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
            known.is_empty = false;
            note_known(job, of, &row, &mut known.index);
        }
        if let Some(statement) = load::row_max(&job.layout, of, Database::Postgres) {
            let greatest: i64 = client.query_one(statement.as_str(), &[]).await?.try_get(0)?;
            known.counters.rows.insert(of, greatest + 1);
        }
        if let Some(statement) = load::entry_max(&job.layout, of, Database::Postgres) {
            let greatest: i64 = client.query_one(statement.as_str(), &[]).await?.try_get(0)?;
            known.counters.entries.insert(of, greatest + 1);
        }
    }
    for table in [SequenceTable::Components, SequenceTable::Keys] {
        for row in client.query(load::sequences(table, Database::Postgres).as_str(), &[]).await? {
            let (name, next): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
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
pub(super) async fn load(
    postgres: &Postgres,
    destination: &Destination,
    mut queue: Receiver<Message>,
) -> Result<(), Error> {
    let loan = postgres.loan().await?;
    let done = loan.transaction(Begin::Write, async |session: &Session| {
        session.client().batch_execute(SETTINGS).await?;
        if let Some(schema) = &destination.stripped {
            run(session, &load::strip(schema, Database::Postgres)).await?;
        }
        while let Some(message) = queue.recv().await {
            match message {
                Message::Rows(batch) => insert(session, &destination.layout, batch).await?,
                Message::End(ending) => {
                    if let Some(schema) = &destination.stripped {
                        run(session, &load::restore(schema, Database::Postgres)).await?;
                    }
                    return end(session, &destination.layout, &ending).await;
                }
            }
        }
        Err(Error::Closed)
    });
    done.await?;
    loan.forget_statements();
    Ok(loan.client().batch_execute(load::analyze()).await?)
}

async fn run(session: &Session, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        session.client().batch_execute(statement).await?;
    }
    Ok(())
}

async fn insert(session: &Session, layout: &Layout, batch: Batch) -> Result<(), Error> {
    for (table, rows) in batch {
        let table = layout.table(table);
        let mut columns: Vec<Vec<Option<String>>> =
            table.columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(text(value));
            }
        }
        let statement = session.prepare(&load::insert(layout, table, Database::Postgres)).await?;
        let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        session.client().execute(&statement, &parameters).await?;
    }
    Ok(())
}

async fn end(session: &Session, layout: &Layout, ending: &Ending) -> Result<(), Error> {
    let client = session.client();
    for (table, numbers) in [(SequenceTable::Components, &ending.elements), (SequenceTable::Keys, &ending.keys)] {
        let statement = session.prepare(&load::raise_sequence(table, Database::Postgres)).await?;
        for (name, next) in numbers {
            client.execute(&statement, &[next, name]).await?;
        }
    }
    for statement in load::raise_identities(layout, Database::Postgres) {
        client.batch_execute(&statement).await?;
    }
    for entry in &ending.ledger {
        entry.put_postgres(client).await?;
    }
    Ok(())
}

/// A value as PostgreSQL reads it from text.
fn text(value: Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Boolean(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Instant(micros) => {
            jiff::Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
        }
        Value::Float(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) | Value::Json(text) => text,
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Interval(months, days, micros) => interval_text(months, days, micros),
        Value::Uuid(bits) => uuid_text(bits),
        Value::List(_) => sql::element::value_to_stored(&value).to_string(),
    })
}
