//! The workflow engine, as far as it stands: which status follows which, which step may start, when a schedule is due, and how the process of
//! a step is held. Nothing here is served yet (`docs/runs.md`).
//!
//! [`transition`], [`steps`] and [`schedule`] are pure: states, events and the clock's time come in, decisions come out, nobody waits.
//! [`guard`] and [`process`] are the two ends of a pipe around one process of an op. This crate must never know GraphQL and HTTP.

mod cancel;
mod clock;
pub mod definition;
mod engine;
mod error;
pub mod guard;
mod launch;
mod lease;
pub mod process;
mod progress;
mod record;
mod register;
pub mod schedule;
mod statements;
pub mod steps;
pub mod transition;

pub use cancel::Ending;
pub use clock::Clock;
pub use engine::{Again, Engine, PAGE_MAX, Refusing};
pub use error::Error;
pub use launch::{Launch, Launched, NewRun};
pub use lease::{Claimed, Lease};
pub use progress::{NewEvent, NewLog, Progress, StepProgress};
pub use record::{EventRecord, LogRecord, RunKey, RunRecord, StepRecord};
