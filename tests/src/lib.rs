//! Recorded requests of the real systems, replayed against a server in this process.
//!
//! A case is data: a request, and the answer that the real system gave. This crate reads cases, serves their project on either database
//! from a copied template, judges answers and prints what falls short; the tests beside it say which cases must hold.

pub mod attack;
pub mod body;
pub mod case;
pub mod client;
pub mod differences;
pub mod form;
pub mod judge;
pub mod play;
pub mod project;
pub mod recorded;
pub mod replay;
pub mod shape;
