//! The store: one database, whichever it is.

use std::sync::{Arc, PoisonError, RwLock};

use model::{Model, TypeId};
use plan::rules::Patterns;
use sql::{Database, Layout};
use tokio::sync::broadcast;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{Address, Error, StoreConfig, StoreLimits};

/// Hints of changes that wait for a slow listener.
pub const CHANGES_MAX: usize = 1024;

/// One database and the limits of its use. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Store {
    driver: Driver,
    limits: StoreLimits,
    default_locale: String,
    served: RwLock<Option<Arc<Served>>>,
    changed: broadcast::Sender<TypeId>,
}

/// The model whose tables the database holds.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) model: Arc<Model>,
    pub(crate) layout: Layout,
    pub(crate) patterns: Patterns,
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
        Ok(Store {
            driver,
            limits: config.limits,
            default_locale: config.default_locale.clone(),
            served: RwLock::default(),
            changed: broadcast::Sender::new(CHANGES_MAX),
        })
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

    /// From now on plans are prepared over this model. Those prepared before stay what they are: their keeper forgets them.
    ///
    /// # Errors
    /// [`Error::Layout`] for a model whose tables cannot be named.
    pub fn serve(&self, model: Arc<Model>) -> Result<(), Error> {
        let layout = Layout::of(&model).map_err(Error::Layout)?;
        *self.served.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Arc::new(Served { patterns: Patterns::of(&model), model, layout }));
        Ok(())
    }

    pub(crate) fn served(&self) -> Result<Arc<Served>, Error> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::NoModel)
    }

    pub(crate) fn default_locale(&self) -> &str {
        &self.default_locale
    }

    /// Hints that documents of a content type have changed, each sent behind the commit. Who lags behind [`CHANGES_MAX`] of them is told so.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<TypeId> {
        self.changed.subscribe()
    }

    /// Documents of these types have changed, and are committed.
    pub(crate) fn tell_changed(&self, types: impl Iterator<Item = TypeId>) {
        for of in types {
            // Nobody may be listening.
            drop(self.changed.send(of));
        }
    }

    /// Whether the database answers a trivial question now, or would if it had less to do. Why it does not is in the log.
    pub async fn is_ready(&self) -> bool {
        let answered = match &self.driver {
            Driver::Sqlite(sqlite) => sqlite.ping().await,
            Driver::Postgres(postgres) => postgres.ping().await,
        };
        match answered {
            // All connections are in use: the database lives.
            Ok(()) | Err(Error::Busy { .. } | Error::Overloaded { .. }) => true,
            Err(error) => {
                let cause = error.logged();
                tracing::debug!(?cause, "the database is not ready");
                false
            }
        }
    }
}
