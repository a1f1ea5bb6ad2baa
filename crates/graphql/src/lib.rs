//! From request text to plans: dialects as bound schemas, and one interpreter for all of them.
//!
//! In flow a checked model and an endpoint's dialects; out comes a bound schema. In flow a request's text and variables; out comes a
//! `plan::Plan`, or every reason why there is none. This crate must never know SQL, a database or HTTP.

pub mod binding;
pub mod definition;
pub mod dialect;
mod limits;
mod request;
pub mod transport;

pub use limits::Limits;
pub use request::{RequestError, RequestErrorKind};
