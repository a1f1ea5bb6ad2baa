//! Recorded requests of the real systems, replayed against a server in this process.
//!
//! A case is data: a request, and the answer that the real system gave. This crate reads cases, judges answers and prints what falls
//! short; the tests beside it start the server, once for each database.

pub mod attack;
pub mod case;
pub mod judge;
pub mod shape;
