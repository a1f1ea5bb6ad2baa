//! The workflow engine: which status follows which, which step may start, when a schedule is due, how the process of a step is held, and the
//! stories and loops that make runs of it (`docs/runs.md`).
//!
//! [`transition`], [`steps`] and [`schedule`] are pure: states, events and the clock's time come in, decisions come out, nobody waits.
//! [`guard`] and [`process`] are the two ends of a pipe around one process of an op. This crate must never know GraphQL and HTTP.

pub mod agents;
mod attempt;
mod cancel;
mod clock;
pub mod definition;
mod engine;
mod error;
mod execute;
mod failures;
pub mod guard;
mod happening;
mod inputs;
mod launch;
mod lease;
mod mutation;
mod outbox;
pub mod process;
mod progress;
mod record;
mod register;
pub mod schedule;
mod scheduler;
mod scratch;
mod statements;
mod step;
pub mod steps;
pub mod transition;
mod words;
mod worker;

pub use cancel::{CancelOutcome, Ending};
pub use clock::{Clock, Hand};
pub use engine::{Again, Engine, PAGE_MAX, Refusing};
pub use error::Error;
pub use execute::TAKEOVERS_MAX;
pub use failures::FailureRecord;
pub use happening::{Happening, OWN_TAGS};
pub use launch::{Launch, Launched, NewRun};
pub use lease::{Claimed, Lease};
pub use mutation::{Mutating, MutationAsked, Mutations, NotMade};
pub use outbox::{OUTBOX_AGE_MAX, launch_by_events, retire_events, retire_waiting};
pub use progress::{NewEvent, NewLog, Progress, StepProgress};
pub use record::{EventRecord, LogRecord, RunKey, RunRecord, StepRecord};
pub use scheduler::{MISSED_MAX, schedule_runs};
pub use scratch::Scratch;
pub use step::{EVENTS_BYTES_MAX, EVENTS_MAX, OUTPUT_BYTES_MAX};
pub use worker::{HEARTBEAT, LEASE, LOOK, WorkerSettings, work};

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}
