//! The pool: the connection that was used last is lent first, and is not asked whether it lives (its driver's task knows).
//!
//! It is our own because each connection must carry a bounded cache of statements; the usual pools keep an unbounded one.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::session::Session;
use super::tls::Connector;
use crate::{Error, StoreLimits};

/// Connections to one database.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    free: Mutex<Vec<Session>>,
    /// One more connection, which every task may use at once.
    shared: Mutex<Option<Arc<Session>>>,
    permits: Semaphore,
    wait: Duration,
    settings: String,
}

/// Notifications that wait for a slow listener: beyond that they are dropped, for they are hints.
const NOTIFICATIONS_MAX: usize = 64;

/// A connection that hears notifications as long as it is kept.
#[derive(Debug)]
pub struct Listening {
    messages: mpsc::Receiver<String>,
    _client: tokio_postgres::Client,
}

impl Listening {
    /// The payload of the next notification; none when the connection has ended.
    pub async fn next(&mut self) -> Option<String> {
        self.messages.recv().await
    }
}

/// A connection on loan.
#[derive(Debug)]
pub struct Loan<'a> {
    pool: &'a Pool,
    session: Option<Session>,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(super) fn new(connector: Connector, limits: &StoreLimits) -> Pool {
        let timeout_ms = limits.read_timeout.max(limits.write_timeout).as_millis();
        Pool {
            connector,
            free: Mutex::new(Vec::new()),
            shared: Mutex::new(None),
            permits: Semaphore::new(limits.connections_max),
            wait: limits.connection_wait,
            settings: ["set statement_timeout = ", &timeout_ms.to_string()].concat(),
        }
    }

    pub(super) async fn loan(&self) -> Result<Loan<'_>, Error> {
        let busy = || Error::Busy { waited_ms: self.wait.as_millis() };
        let acquired = if let Ok(permit) = self.permits.try_acquire() {
            permit
        } else {
            let waited = tokio::time::timeout(self.wait, self.permits.acquire()).await;
            waited.map_err(|_| busy())?.map_err(|_| Error::Closed)?
        };
        let session = match self.take_free() {
            Some(session) => session,
            None => tokio::time::timeout(self.wait, self.connect()).await.map_err(|_| busy())??,
        };
        Ok(Loan { pool: self, session: Some(session), _permit: acquired })
    }

    /// The connection that tasks share: their statements stand behind each other on it, and their answers come back together. Only for statements that
    /// end at once: the others wait for them.
    pub(super) async fn shared(&self) -> Result<Arc<Session>, Error> {
        let known = self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(session) = known.filter(|session| session.lives()) {
            return Ok(session);
        }
        let busy = |_| Error::Busy { waited_ms: self.wait.as_millis() };
        let session = Arc::new(tokio::time::timeout(self.wait, self.connect()).await.map_err(busy)??);
        *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
        Ok(session)
    }

    /// A connection that hears what is notified; `listen` is the statement that says on which channel.
    pub(super) async fn listen(&self, listen: &'static str) -> Result<Listening, Error> {
        let (heard, messages) = mpsc::channel(NOTIFICATIONS_MAX);
        let client = self.connector.listen(heard).await?;
        client.batch_execute(listen).await?;
        Ok(Listening { messages, _client: client })
    }

    fn take_free(&self) -> Option<Session> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(session) = free.pop() {
            if session.is_usable() {
                return Some(session);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Session, Error> {
        let client = self.connector.connect().await?;
        client.batch_execute(SESSION_SETTINGS).await?;
        client.batch_execute(&self.settings).await?;
        Ok(Session::new(client))
    }
}

/// Compilation costs more than it gives for statements of milliseconds; rows that an index finds lie in memory or on disks without arms; instants are
/// read in UTC; a lock that is held long is an error, not a wait.
const SESSION_SETTINGS: &str = "set jit = off; set timezone = 'UTC'; set lock_timeout = '5s'; set idle_in_transaction_session_timeout = '60s';
    set plan_cache_mode = auto; set random_page_cost = 1.1; set extra_float_digits = 1; set intervalstyle = 'postgres'; set client_min_messages = warning;
    set application_name = 'dragoman'";

impl Deref for Loan<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("the session stays until the loan is dropped")
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        if session.is_usable() {
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        } else if session.is_busy() {
            self.pool.give_up(session);
        }
    }
}

impl Pool {
    /// Stops what still runs on a connection that nobody waits for any more, then closes it. A server does not notice by itself that its client has gone.
    fn give_up(&self, session: Session) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let connector = self.connector.clone();
        runtime.spawn(async move {
            if let Err(error) = connector.cancel(&session.client().cancel_token()).await {
                tracing::warn!(%error, "a statement that nobody waits for could not be stopped");
            }
        });
    }
}
