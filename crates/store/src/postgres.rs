//! PostgreSQL: a pool of connections, each with its own bounded cache of prepared statements.

mod pool;
mod session;
mod tls;

use std::time::Duration;

use crate::{Error, StoreLimits};
use pool::Pool;
pub use pool::{Listening, Loan};
pub use session::{Begin, Session};
pub(crate) use tls::config_of;

/// One PostgreSQL database.
#[derive(Debug)]
pub struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(crate) fn new(url: &str, limits: &StoreLimits) -> Result<Postgres, Error> {
        let connector = tls::Connector::new(url)?;
        Ok(Postgres { pool: Pool::new(connector, limits) })
    }

    /// Lends a connection for exclusive use. It goes back when the loan is dropped; one that was left inside a transaction is closed instead.
    ///
    /// # Errors
    /// [`Error::Busy`] when none comes free in time, [`Error::Connect`] when the server is away.
    pub async fn loan(&self) -> Result<Loan<'_>, Error> {
        self.pool.loan().await
    }

    /// The connection that is shared by statements which end at once.
    pub(crate) async fn shared(&self) -> Result<std::sync::Arc<Session>, Error> {
        self.pool.shared().await
    }

    /// Hears what is notified; `listen` is the statement that says on which channel.
    ///
    /// # Errors
    /// [`Error::Connect`] when the server is away.
    pub async fn listen(&self, listen: &'static str) -> Result<Listening, Error> {
        self.pool.listen(listen).await
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let answer = async {
            let loan = self.loan().await?;
            Ok(loan.client().batch_execute("select 1").await?)
        };
        let limit = Duration::from_secs(2);
        tokio::time::timeout(limit, answer).await.unwrap_or(Err(Error::Timeout { deadline_ms: limit.as_millis() }))
    }
}
