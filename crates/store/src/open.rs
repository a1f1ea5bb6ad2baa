//! The store: one database, whichever it is.

use sql::Database;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{Address, Error, StoreConfig, StoreLimits};

/// One database and the limits of its use. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Store {
    driver: Driver,
    limits: StoreLimits,
}

/// Which of the two databases, with its connections.
#[derive(Debug)]
pub enum Driver {
    /// Embedded.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Box<Postgres>),
}

impl Store {
    /// Opens the database. A PostgreSQL may be away: connections are made when they are needed, and [`Store::is_ready`] tells.
    ///
    /// # Errors
    /// [`Error::Address`] for an address that means nothing, [`Error::Open`] for a file that is no database or cannot be written.
    pub fn open(config: &StoreConfig) -> Result<Store, Error> {
        let driver = match &config.address {
            Address::Sqlite(path) => Driver::Sqlite(Sqlite::open(path, &config.limits)?),
            Address::Postgres(url) => Driver::Postgres(Box::new(Postgres::new(url, &config.limits)?)),
        };
        Ok(Store { driver, limits: config.limits })
    }

    /// The connections.
    #[must_use]
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Which of the two databases it is.
    #[must_use]
    pub fn database(&self) -> Database {
        match &self.driver {
            Driver::Sqlite(_) => Database::Sqlite,
            Driver::Postgres(_) => Database::Postgres,
        }
    }

    /// The limits it was opened with.
    #[must_use]
    pub fn limits(&self) -> &StoreLimits {
        &self.limits
    }

    /// Whether the database answers a trivial question now. Why it does not is in the log.
    pub async fn is_ready(&self) -> bool {
        let answered = match &self.driver {
            Driver::Sqlite(sqlite) => sqlite.ping().await,
            Driver::Postgres(postgres) => postgres.ping().await,
        };
        answered.inspect_err(|error| drop(error.logged())).is_ok()
    }
}
