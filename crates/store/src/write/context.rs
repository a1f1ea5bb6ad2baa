//! What a change takes from outside its plan.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::file_watch::FileWatch;
use crate::Ids;

/// What a change takes from outside its plan.
#[derive(Debug, Clone)]
pub struct WriteContext {
    /// The clock: microseconds since 1970.
    pub now: i64,
    /// Key of the user who writes.
    pub user: Option<i64>,
    /// Where new ids come from.
    pub ids: Arc<Ids>,
    /// Who is told of files whose rows go.
    pub files: FileWatch,
    /// What has caused the change, where a run has: kept with the events that it tells, for who launches runs by them.
    pub cause: Option<Arc<str>>,
}

impl WriteContext {
    /// The system's clock and randomness, and nobody's name.
    #[must_use]
    pub fn of_system() -> WriteContext {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        WriteContext { now, user: None, ids: Arc::new(Ids::Random), files: FileWatch::default(), cause: None }
    }
}
