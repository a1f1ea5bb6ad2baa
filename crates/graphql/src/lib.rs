//! From request text to plans: dialects as bound schemas, and one interpreter for all of them.

pub mod binding;
mod coerce;
pub mod definition;
pub mod dialect;
mod interpret;
mod introspect;
mod limits;
mod operation;
mod parse;
mod request;
mod schema;
mod sdl;
mod shape;
pub mod transport;
mod variables;

pub use interpret::to_plan;
pub use limits::Limits;
pub use operation::{Operation, OperationKind};
pub use parse::parse;
pub use request::{RequestError, RequestErrorKind};
pub use schema::{Endpoint, Schema};
pub use shape::ShapeKey;
