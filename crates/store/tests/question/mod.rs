//! What a database says to a statement, as text.

use store::{Driver, Error, Store};

/// Rows of a statement, their columns as texts joined by `|`; null is `-`.
pub async fn rows(store: &Store, statement: &str) -> Vec<String> {
    match store.driver() {
        Driver::Sqlite(sqlite) => {
            let statement = statement.to_owned();
            let rows = sqlite.read(move |connection| {
                let mut prepared = connection.prepare(&statement)?;
                let width = prepared.column_count();
                let rows = prepared.query_map([], |row| {
                    let texts: Vec<String> = (0..width).map(|index| text(row.get_ref(index).unwrap())).collect();
                    Ok(texts.join("|"))
                })?;
                Ok::<_, Error>(rows.collect::<Result<Vec<_>, _>>()?)
            });
            rows.await.unwrap()
        }
        Driver::Postgres(postgres) => {
            let loan = postgres.loan().await.unwrap();
            let messages = loan.client().simple_query(statement).await.unwrap();
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(
                    (0..row.len()).map(|index| as_number(row.get(index).unwrap_or("-"))).collect::<Vec<_>>().join("|"),
                ),
                _ => None,
            });
            rows.collect()
        }
    }
}

fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// PostgreSQL's truth as SQLite has it.
fn as_number(text: &str) -> &str {
    match text {
        "t" => "1",
        "f" => "0",
        other => other,
    }
}
