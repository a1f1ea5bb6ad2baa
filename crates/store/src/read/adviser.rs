//! Says in the log which index a plan would need, where its table has many rows: once for each plan and hour.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sql::Advice;

use crate::{Driver, Error, Store};

/// Rows from which an index is worth saying.
const ROWS_MIN: i64 = 10_000;
/// Seconds between two lines about one plan.
const PAUSE_SECONDS: u64 = 3600;

/// Rows as the last analysis counted them. A table that was never analysed has none.
const ROWS_SQLITE: &str = "select cast(stat as integer) from sqlite_stat1 where tbl = ?1 limit 1";
/// The same; before the first analysis by the size of the file, a hundred bytes a row.
const ROWS_POSTGRES: &str = "select case when reltuples < 0 then pg_relation_size(oid) / 100 else reltuples::bigint end
    from pg_class where oid = to_regclass(quote_ident($1))";

/// The indexes that the selects of a plan would need, and when they were last spoken of.
#[derive(Debug)]
pub(super) struct Adviser {
    advice: Vec<Advice>,
    made: Instant,
    /// Seconds after it was made; 0: never.
    said_at: AtomicU64,
}

impl Adviser {
    pub(super) fn new(mut advice: Vec<Advice>) -> Adviser {
        advice.dedup();
        Adviser { advice, made: Instant::now(), said_at: AtomicU64::new(0) }
    }

    /// Whether it is time to speak; true once for each pause, whoever asks.
    fn is_due(&self) -> bool {
        if self.advice.is_empty() {
            return false;
        }
        let now = self.made.elapsed().as_secs() + 1;
        let said_at = self.said_at.load(Ordering::Relaxed);
        let is_due = said_at == 0 || now.saturating_sub(said_at) >= PAUSE_SECONDS;
        is_due && self.said_at.compare_exchange(said_at, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Store {
    /// Writes the lines that are due.
    pub(super) async fn advise(&self, adviser: &Adviser) {
        if !adviser.is_due() {
            return;
        }
        for Advice { table, content_type, line } in &adviser.advice {
            match self.rows_about(table).await {
                Ok(rows) if rows >= ROWS_MIN => tracing::warn!(
                    content_type,
                    rows,
                    index = line,
                    "a read filters or orders many rows without an index; add this line to the type"
                ),
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, table, "the number of rows is not known"),
            }
        }
    }

    /// Rows of a table by its statistics.
    async fn rows_about(&self, table: &str) -> Result<i64, Error> {
        match self.driver() {
            Driver::Sqlite(sqlite) => {
                let table = table.to_owned();
                let read = sqlite.read(move |connection| {
                    Ok(connection.query_row(ROWS_SQLITE, [&table], |row| row.get::<_, i64>(0))?)
                });
                read.await
            }
            Driver::Postgres(postgres) => {
                let loan = postgres.loan().await?;
                let statement = loan.prepare(ROWS_POSTGRES).await?;
                Ok(loan.client().query_opt(&statement, &[&table]).await?.map_or(0, |row| row.get(0)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use sql::Advice;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::Adviser;
    use crate::database::{Place, execute};

    /// Keeps the indexes that the log names.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl Visit for Lines {
        fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

        fn record_str(&mut self, field: &Field, value: &str) {
            if field.name() == "index" {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(value.to_owned());
            }
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[tokio::test]
    async fn a_large_table_is_named_once_and_a_small_one_never() {
        for place in Place::both("adviser").await {
            let store = place.open();
            let rows =
                "with recursive n (v) as (select 1 union all select v + 1 from n where v < 10000) select v from n";
            let tables = "create table big (v integer); create index big_v on big (v); create table small (v integer); create index small_v on small (v);";
            execute(&store, &[tables, "insert into big ", rows, "; insert into small values (1); analyze;"].concat())
                .await;
            let advice = |table: &str| Advice {
                table: table.to_owned(),
                content_type: "T".to_owned(),
                line: format!("@{table}"),
            };
            let adviser = Adviser::new(vec![advice("big"), advice("small"), advice("gone")]);
            let lines = Lines::default();
            let _guard = tracing::subscriber::set_default(lines.clone());
            for _ in 0..2 {
                store.advise(&adviser).await;
            }
            assert_eq!(*lines.0.lock().unwrap_or_else(PoisonError::into_inner), ["@big"]);
            drop(store);
            place.remove().await;
        }
    }
}
