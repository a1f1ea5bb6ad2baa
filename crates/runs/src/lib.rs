//! The workflow engine, as far as it stands: which status follows which, which step may start, when a schedule is due, and how the process of
//! a step is held. Nothing here is served yet (`docs/runs.md`).
//!
//! [`transition`], [`steps`] and [`schedule`] are pure: states, events and the clock's time come in, decisions come out, nobody waits.
//! [`guard`] and [`process`] are the two ends of a pipe around one process of an op. This crate must never know GraphQL and HTTP.

pub mod guard;
pub mod process;
pub mod schedule;
pub mod steps;
pub mod transition;
