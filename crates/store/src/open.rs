//! The store: one database, whichever it is.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use model::{Model, TypeId};
use plan::rules::Patterns;
use plan::{Authorized, Boundary, Cause, Plan, Values};
use sql::{Database, Layout};
use tokio::sync::{broadcast, watch};

use crate::postgres::Postgres;
use crate::read::{PreparedRead, Room};
use crate::sqlite::Sqlite;
use crate::write::PreparedChange;
use crate::{Address, Answer, Commands, Error, NoCommands, Sequel, StoreConfig, StoreLimits, WriteContext};

/// Hints of changes that wait for a slow listener.
pub const CHANGES_MAX: usize = 1024;

/// One database and the limits of its use. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Store {
    driver: Driver,
    limits: StoreLimits,
    locales: RwLock<Locales>,
    changed: broadcast::Sender<TypeId>,
    /// Rises behind each commit that may have put events into the outbox.
    pub(crate) outbox: watch::Sender<u64>,
    /// The outbox is known to be there.
    pub(crate) has_outbox: AtomicBool,
}

/// The locales of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locales {
    /// Of content that names none.
    pub default: String,
    /// Nothing is written in another one; empty: in any.
    pub all: Arc<[String]>,
}

/// A model whose tables the database holds: what plans over this model are printed with.
#[derive(Debug)]
pub struct Served {
    pub(crate) model: Arc<Model>,
    pub(crate) layout: Layout,
    pub(crate) patterns: Patterns,
}

impl Served {
    /// The tables of a model.
    ///
    /// # Errors
    /// [`Error::Layout`] for a model whose tables cannot be named.
    pub fn new(model: Arc<Model>) -> Result<Arc<Served>, Error> {
        let layout = Layout::of(&model).map_err(Error::Layout)?;
        Ok(Arc::new(Served { patterns: Patterns::of(&model), model, layout }))
    }
}

impl Served {
    /// The model.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

/// A plan whose statements are printed. It holds no value of any caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Prepared(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Read(Arc<PreparedRead>),
    Change(Arc<PreparedChange>),
}

impl Prepared {
    /// The change, if it is one.
    pub(crate) fn change(&self) -> Option<&Arc<PreparedChange>> {
        match &self.0 {
            Kind::Read(_) => None,
            Kind::Change(change) => Some(change),
        }
    }
}

/// Which of the two databases, with its connections.
#[derive(Debug)]
pub enum Driver {
    /// Embedded.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Arc<Postgres>),
}

impl Prepared {
    /// Whether it writes.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match &self.0 {
            Kind::Read(_) => false,
            Kind::Change(_) => true,
        }
    }

    /// Whether it may remove rows of files.
    #[must_use]
    pub fn removes_files(&self) -> bool {
        self.change().is_some_and(|change| change.removes_files())
    }

    /// Whether it asks for the project to be read again.
    #[must_use]
    pub fn rereads(&self) -> bool {
        self.change().is_some_and(|change| change.rereads())
    }
}

impl Store {
    /// Opens the database. A PostgreSQL may be away: connections are made when they are needed, and [`Store::is_ready`] tells.
    ///
    /// # Errors
    /// [`Error::Address`] for an address that means nothing, [`Error::Open`] for a file that is no database or cannot be written.
    pub fn open(config: &StoreConfig) -> Result<Store, Error> {
        let driver = match &config.address {
            Address::Sqlite(path) => Driver::Sqlite(Sqlite::open(path, &config.limits)?),
            Address::Postgres(url) => Driver::Postgres(Arc::new(Postgres::new(url, &config.limits)?)),
        };
        Ok(Store {
            driver,
            limits: config.limits,
            locales: RwLock::new(Locales {
                default: config.default_locale.clone(),
                all: config.locales.clone().into(),
            }),
            changed: broadcast::Sender::new(CHANGES_MAX),
            outbox: watch::Sender::new(0),
            has_outbox: AtomicBool::new(false),
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

    /// Prints the statements of a plan over the model that it was made for: the only door to the rows of content types.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a plan that reads rows beside its changes.
    pub fn prepare(&self, served: &Arc<Served>, plan: &Authorized<Plan>) -> Result<Prepared, Error> {
        let kind = match plan.get().boundary {
            Boundary::Read => Kind::Read(self.prepare_read(served, plan)?),
            Boundary::EachRoot | Boundary::Whole => Kind::Change(self.prepare_change(served, plan)?),
        };
        Ok(Prepared(kind))
    }

    /// Runs a prepared plan with the values of one request and appends the value of `data` to the buffer, which may hold `{"data":` already.
    ///
    /// What is refused is a fault; a fault of the database makes what it meets null, and what it was stands in the log.
    pub async fn run(
        &self,
        prepared: &Prepared,
        values: Values,
        context: WriteContext,
        room: impl Into<Room>,
    ) -> Answer {
        self.run_with(prepared, values, (context, &NoCommands), room).await
    }

    /// The same, where commands are run, too.
    pub async fn run_with(
        &self,
        prepared: &Prepared,
        values: Values,
        outside: (WriteContext, &dyn Commands),
        room: impl Into<Room>,
    ) -> Answer {
        let mut answer = match &prepared.0 {
            Kind::Read(prepared) => self.read(prepared, values, room).await,
            // A change is a long story: it would make the future of every read as large as its own.
            Kind::Change(prepared) => Box::pin(self.change(prepared, values, outside, (room.into(), None))).await,
        };
        for fault in &mut answer.faults {
            if let Cause::AnswerTooLarge(most) = &mut fault.cause {
                // Who asks knows the limit that is set, not what of it was left.
                *most = self.limits.answer_bytes_max as u64;
            }
        }
        answer
    }

    /// Runs a change, all of it in one transaction with what follows it. Where it has faults nothing is written, and nothing follows.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a plan that changes nothing.
    pub async fn run_then(
        &self,
        prepared: &Prepared,
        values: Values,
        outside: (WriteContext, &dyn Commands),
        (room, sequel): (Room, Sequel),
    ) -> Result<Answer, Error> {
        let change = prepared.change().ok_or(Error::Malformed { expected: "a plan of changes" })?;
        Ok(Box::pin(self.change(change, values, outside, (room, Some(sequel)))).await)
    }

    /// Puts other locales in the place of the project's, and gives those that it had. What is prepared already keeps the default locale of before.
    pub fn locales_replace(&self, locales: Locales) -> Locales {
        std::mem::replace(&mut self.locales.write().unwrap_or_else(PoisonError::into_inner), locales)
    }

    /// The project's locales.
    pub(crate) fn locales(&self) -> Locales {
        self.locales.read().unwrap_or_else(PoisonError::into_inner).clone()
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

    /// Asks the database a trivial question.
    ///
    /// # Errors
    /// Why it does not answer; [`Error::is_refused`] where it never will.
    pub async fn ready(&self) -> Result<(), Error> {
        let answered = match &self.driver {
            Driver::Sqlite(sqlite) => sqlite.ping().await,
            Driver::Postgres(postgres) => postgres.ping().await,
        };
        match answered {
            // All connections are in use: the database lives.
            Err(Error::Busy { .. } | Error::Overloaded { .. }) => Ok(()),
            answered => answered,
        }
    }

    /// Whether the database answers a trivial question now, or would if it had less to do. Why it does not is in the log.
    pub async fn is_ready(&self) -> bool {
        match self.ready().await {
            Ok(()) => true,
            Err(error) => {
                let cause = error.logged();
                tracing::debug!(?cause, "the database is not ready");
                false
            }
        }
    }
}
