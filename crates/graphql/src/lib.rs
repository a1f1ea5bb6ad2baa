//! From request text to plans: dialects as bound schemas, and one interpreter for all of them.
//!
//! In flow a checked model and the dialects of an endpoint; out comes a [`Schema`], made once. In flow a request's text and values; out comes
//! a [`plan::Plan`], or every reason why there is none. This crate must never know SQL, a database or HTTP, and nothing outside `dialect/`
//! asks which dialect it serves.
//!
//! ```text
//! let schema = Schema::build(model, &Endpoint { dialects: &[dialect::named("strapi5")], options, limits })?;
//!
//! let operation = parse(&schema, text, operation_name)?;      // once for a text and name: keep the Arc<Operation>
//! let variables = operation.coerce(&schema, values)?;         // each request: values checked, defaults filled in
//! let key = operation.shape_key(&schema, &variables);         // each request: what of the values decides the plan
//! let plan = to_plan(&schema, &operation, &variables)?;       // once for (operation, caller's fingerprint, key)
//! let values = plan::bind(&model, holes, Request { variables: &variables, .. })?;
//!
//! schema.refused(&errors)     // the members of `errors` for a refused request, in the primary dialect's form
//! schema.faults(&faults)      // the same for faults of an answer
//! schema.primary().transport  // statuses, GET, batching
//! ```
//!
//! `parse` also answers introspection: `__schema` and `__type` become constants of the plan.

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
mod tell;
pub mod transport;
mod variables;

pub use interpret::to_plan;
pub use limits::Limits;
pub use operation::{Operation, OperationKind};
pub use parse::parse;
pub use request::{Complaint, RequestError, RequestErrorKind};
pub use schema::{Endpoint, Schema};
pub use shape::ShapeKey;
