//! Where the engine's time comes from: the database and this machine, or for tests a hand.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use plan::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The engine's clock.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// What is stored goes by the database's time, so that all workers mean the same; what a worker waits for by its machine's.
    #[default]
    Database,
    /// One that stands still until it is moved.
    Manual(Arc<Hand>),
}

/// A clock that is moved by hand.
#[derive(Debug)]
pub struct Hand {
    /// Microseconds since 1970.
    now: watch::Sender<i64>,
    /// The time that it showed at first, and the moment that stands for it on a clock that never jumps.
    first: i64,
    began: Instant,
}

impl Hand {
    /// A clock that shows this time, in microseconds since 1970.
    #[must_use]
    pub fn new(first: i64) -> Hand {
        Hand { now: watch::Sender::new(first), first, began: Instant::now() }
    }

    /// What it shows: microseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        *self.now.borrow()
    }

    /// Moves it; who waits for a time that has come goes on.
    pub fn forward(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.now.send_modify(|now| *now = now.saturating_add(by));
    }

    fn moment(&self) -> Instant {
        let since = self.now().saturating_sub(self.first);
        self.began + Duration::from_micros(u64::try_from(since).unwrap_or(0))
    }
}

impl Clock {
    /// What statements bind: null means the database's own time.
    pub(crate) fn given(&self) -> Value {
        match self {
            Clock::Database => Value::Null,
            Clock::Manual(hand) => Value::Instant(hand.now()),
        }
    }

    /// The time of day here.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Clock::Database => Timestamp::now(),
            // What a hand shows is within the range.
            Clock::Manual(hand) => Timestamp::from_microsecond(hand.now()).unwrap_or(Timestamp::MAX),
        }
    }

    /// The moment on a clock that never jumps.
    pub(crate) fn moment(&self) -> Instant {
        match self {
            Clock::Database => Instant::now(),
            Clock::Manual(hand) => hand.moment(),
        }
    }

    /// Waits for a moment.
    pub(crate) async fn until(&self, moment: Instant) {
        match self {
            Clock::Database => sleep_until(moment).await,
            Clock::Manual(hand) => {
                let mut moved = hand.now.subscribe();
                while hand.moment() < moment {
                    // The hand lives as long as this clock.
                    let _moved = moved.changed().await.is_ok();
                }
            }
        }
    }

    /// The moment of a time of day.
    pub(crate) fn moment_of(&self, at: Timestamp) -> Instant {
        // A time that has passed is now.
        let left = Duration::try_from(at.duration_since(self.now())).unwrap_or(Duration::ZERO);
        self.moment() + left
    }
}
