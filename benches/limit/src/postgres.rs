//! PostgreSQL as the product uses it: a pool that asks nothing before a loan, prepared statements, binary rows.

mod json;
mod number;
mod rows;

use std::time::Duration;

use anyhow::{Context as _, Result};
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use number::Number;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{NoTls, Row};

use crate::answer::{self, Answer};
use crate::request::Request;
use crate::serve::Way;
use crate::shape::{Columns, null, nullable_integer, nullable_text};

const CONNECTIONS_MAX: usize = 32;
const CONNECTIONS_PER_CORE: usize = 4;
const LOAN_TIMEOUT: Duration = Duration::from_secs(2);
/// From 1970, where our instants begin, to 2000, where PostgreSQL's do.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

pub(crate) struct Postgres {
    pool: Pool,
    way: Way,
}

impl Postgres {
    pub(crate) fn open(url: &str, way: Way) -> Result<Self> {
        let mut config: tokio_postgres::Config = url.parse().context("the URL is not understood")?;
        config.options("-c jit=off -c timezone=UTC");
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, settings);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let pool = Pool::builder(manager)
            .max_size((CONNECTIONS_PER_CORE * cores).min(CONNECTIONS_MAX))
            .timeouts(Timeouts { wait: Some(LOAN_TIMEOUT), create: Some(LOAN_TIMEOUT), recycle: None })
            .runtime(Runtime::Tokio1)
            .build()
            .context("the pool could not be made")?;
        Ok(Self { pool, way })
    }

    pub(crate) async fn answer(&self, request: Request) -> Result<Answer> {
        let client: Client = self.pool.get().await.context("no connection was free")?;
        let mut out = Answer::with_capacity(4096);
        match self.way {
            Way::Json => json::answer(&client, &request, &mut out).await?,
            Way::Rows => rows::answer(&client, &request, &mut out).await?,
        }
        Ok(out)
    }
}

/// An instant in microseconds since 1970.
struct Instant(i64);

impl FromSql<'_> for Instant {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let since_2000 = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(since_2000 + EPOCH_MICROSECONDS))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ || *kind == Type::TIMESTAMP
    }
}

impl Columns for Row {
    fn key(&self, at: usize) -> i32 {
        self.try_get(at).unwrap_or_default()
    }

    fn integer(&self, at: usize, out: &mut Answer) {
        let value = if self.columns()[at].type_() == &Type::INT4 {
            self.get::<_, Option<i32>>(at).map(i64::from)
        } else {
            self.get::<_, Option<i64>>(at)
        };
        nullable_integer(value, out);
    }

    fn text(&self, at: usize, out: &mut Answer) {
        nullable_text(self.get(at), out);
    }

    fn decimal(&self, at: usize, out: &mut Answer) {
        match self.get::<_, Option<Number<'_>>>(at) {
            Some(number) => number.write(out),
            None => null(out),
        }
    }

    fn time(&self, at: usize, out: &mut Answer) {
        match self.get::<_, Option<Instant>>(at) {
            Some(Instant(microseconds)) => answer::instant(microseconds, out),
            None => null(out),
        }
    }
}
