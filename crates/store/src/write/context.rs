//! What a change takes from outside its plan.

use std::sync::Arc;

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
}
