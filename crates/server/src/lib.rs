//! Everything that listens: HTTP, callers, the GraphiQL page, and the one place where a request is answered.
//!
//! In flow requests, out flow answers. What a document means is decided in `graphql`, what is read and written by `store`; what
//! differs between dialects comes from their tables.
//!
//! This crate must never know the command line, files of a project, or SQL text.

mod accounts;
mod agents;
mod answer;
mod app;
mod caller;
mod cors;
mod documents;
mod error;
mod exchange;
mod job_mutations;
mod listen;
mod media;
mod negotiate;
mod page;
mod plan_runner;
mod plans;
mod refusal;
mod request;
mod reread;
mod runs;
mod schemas;
mod serve;
mod settings;

pub use accounts::{AccountSettings, CodePurpose, NewUser, Sender, SetupCode, UserRefused, has_administrator};
pub use answer::{Answer, Methods, Outcome, answer};
pub use app::{App, Endpoint, Shared};
pub use caller::{KeyTooShort, Lasts, PROGRAM_TOKEN_PREFIX, SignError, TOKEN_KEY_BYTES_MIN, TokenKey, digest, user_id};
pub use error::Error;
pub use job_mutations::JobMutations;
pub use listen::Listener;
pub use request::{DocumentHash, Request};
pub use reread::{Asking, Reread};
pub use schemas::Schemas;
pub use serve::{Way, serve};
pub use settings::{Clock, EndpointSettings, Limits, ListenerSettings, PageSizes, SchemaSettings, Settings};
