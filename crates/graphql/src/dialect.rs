//! The dialects: each one is a [`Dialect`], a value that says how a model becomes definitions and how faults are spelt.
//!
//! How to add one: write `dialect/NAME.rs` with a function `Model -> Definitions` in the words of [`crate::binding`], with its error
//! tables, and add its constant to [`ALL`]. Nothing else asks which dialect it serves: reading, writing, variables, keys of the plan
//! cache, limits and introspection follow from the definitions. What each word makes of a request stands in its doc comment. In short:
//!
//! - A field that gives rows is `List`, `ByKey`, `Relation`, `Switch` or `Localizations`; its arguments are found by *their* bindings,
//!   never by name, so `limit: Int` bound as `Page(Limit)` and a member `limit` inside an argument bound as `Paging` are the same.
//! - `List { shape: Parts }` gives an object around rows: its members are `Nodes`, `Total`, `PageNumber`, `Aggregate { .. }`, and
//!   `Wrap` for any object in between (`aggregate { max { c } }` is `Wrap`, `Wrap`, `Aggregate { Max, c }`).
//! - A filter argument is `Filter(rule)`: the rule says how null, emptiness and missing related rows are read; members are `And`, `Or`,
//!   `Not`, `Column`, `Some`, `Element`; below `Column` they are `Compare`, `IsNull`, `Every`, `Not`.
//! - Orders are `SortPaths` (text) or `SortObjects` (members `By`, `ByRelation`, `ByAggregate`).
//! - `Stands` on an object type says whose rows or elements it shows; unions are resolved by it.

mod clash;
mod dagster;
mod declared;
mod hasura;
mod prefect;
mod strapi;

use model::Model;
use plan::{Boundary, Fault, Policy};
use serde_json::Value as Json;

use crate::definition::Definitions;
use crate::request::RequestError;
use crate::transport::TransportRules;

pub use clash::diagnostics;

/// One dialect.
pub struct Dialect {
    /// Its name in `dragoman.toml`.
    pub name: &'static str,
    /// How it speaks over HTTP.
    pub transport: &'static TransportRules,
    /// What one transaction holds of a document that writes.
    pub boundary: Boundary,
    /// Whether a caller's schema holds only what the caller's rules allow, so that it is made for each set of roles.
    pub is_narrowed: bool,
    /// The definitions for a model.
    pub(crate) definitions: fn(&Model, &Options) -> Result<Definitions, Vec<SchemaFault>>,
    /// The errors of an answer. The model gives names to types in messages.
    pub(crate) faults: fn(&Model, &[Fault]) -> Vec<Json>,
    /// The errors of a request that was refused before it ran.
    pub(crate) refused: fn(&[RequestError]) -> Vec<Json>,
}

/// Every dialect that is served.
pub static ALL: &[&Dialect] =
    &[&strapi::STRAPI5, &strapi::STRAPI4, &hasura::HASURA, &declared::DECLARED, &prefect::PREFECT, &dagster::DAGSTER];

/// The dialect of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Dialect> {
    ALL.iter().find(|dialect| dialect.name == name).copied()
}

/// Faults in Strapi's form, for routes beside the graph that speak as Strapi does.
#[must_use]
pub fn strapi_errors(model: &Model, faults: &[Fault]) -> Vec<Json> {
    (strapi::STRAPI5.faults)(model, faults)
}

/// Faults as sentences, for people who use a command.
#[must_use]
pub fn words(model: &Model, faults: &[Fault]) -> Vec<String> {
    let errors = strapi_errors(model, faults);
    let details = |error: &Json| {
        let inner = error.pointer("/extensions/error/details/errors").and_then(Json::as_array);
        inner.into_iter().flatten().filter_map(|inner| inner["message"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let message = |error: &Json| error["message"].as_str().unwrap_or_default().to_owned();
    errors
        .iter()
        .flat_map(|error| {
            let details = details(error);
            if details.is_empty() { vec![message(error)] } else { details }
        })
        .collect()
}

/// What a project may set about its schemas.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rows of a list without page arguments, where the dialect has such a figure.
    pub limit_default: u32,
    /// Rows of a list at most, where the dialect presses numbers into bounds.
    pub limit_max: Option<u32>,
    /// Whether strapi's dialects show required fields of types with drafts as nullable, so that drafts that lack them can be read.
    pub nullable_drafts: bool,
    /// Strapi 5's dialect has the deprecated fields of Strapi 4 beside its own.
    pub v4_compatibility: bool,
    /// When the project was read, for dialects that say so: microseconds since 1970.
    pub loaded_at: i64,
    /// Whose schema it is: a dialect that hides what a caller may not see reads it.
    pub policy: Policy,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limit_default: 10,
            limit_max: None,
            nullable_drafts: false,
            v4_compatibility: false,
            loaded_at: 0,
            policy: Policy::Everything,
        }
    }
}

/// Why a model cannot be shown in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// Two definitions with one name.
    #[error("{dialect}: {first} and {second} both give `{name}`; give one of them another name with {fix}")]
    NameTwice {
        /// In which dialect.
        dialect: &'static str,
        /// The name.
        name: String,
        /// What gave it first.
        first: String,
        /// What gave it again.
        second: String,
        /// The directive that renames.
        fix: &'static str,
    },
    /// A name that GraphQL does not take.
    #[error("{dialect}: `{name}` of {owner} is no GraphQL name; give it another with {fix}")]
    NameInvalid {
        /// In which dialect.
        dialect: &'static str,
        /// The name.
        name: String,
        /// What gave it.
        owner: String,
        /// The directive that renames.
        fix: &'static str,
    },
    /// The schema does not hold as GraphQL has it.
    #[error("the schema of {dialects} does not hold: {text}")]
    Invalid {
        /// The endpoint's dialects.
        dialects: String,
        /// What GraphQL's rules say.
        text: String,
    },
}
