//! Where the engine's time comes from: the database, so that all workers mean the same, or for tests a hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use plan::Value;

/// The engine's clock.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The database's.
    #[default]
    Database,
    /// One that stands still until it is moved: microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// What statements bind: null means the database's own time.
    pub(crate) fn given(&self) -> Value {
        match self {
            Clock::Database => Value::Null,
            Clock::Manual(now) => Value::Instant(now.load(Ordering::SeqCst)),
        }
    }
}
