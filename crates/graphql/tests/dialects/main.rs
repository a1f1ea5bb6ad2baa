//! Dialects over whole models: their schemas, the requests that they take, the plans that come out.

#![allow(clippy::unwrap_used)]

mod faults;
mod limits;
mod plans;
mod projects;
mod recorded_requests;
mod recorded_schema;
