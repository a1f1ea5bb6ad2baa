//! The dialect that serves a project's own types exactly as they are written, bound by the directives of the language.
//!
//! Source: `docs/dialects/declared.md`; GraphQL over HTTP.

mod faults;

pub(super) use faults::faults;
mod written;

use indexmap::IndexMap;
use model::{Model, OwnKind, OwnStands};
use plan::Boundary;

use super::{Dialect, Options, SchemaFault};
use crate::definition::{Definition, Definitions, Kind, Stands};
use crate::transport::DECLARED as TRANSPORT;

/// Its name in `dragoman.toml` and in messages.
const NAME: &str = "declared";

/// The dialect.
pub(super) static DECLARED: Dialect = Dialect {
    name: NAME,
    transport: &TRANSPORT,
    boundary: Boundary::EachRoot,
    is_narrowed: false,
    definitions,
    faults: faults::faults,
    refused: faults::refused,
};

fn definitions(model: &Model, _options: &Options) -> Result<Definitions, Vec<SchemaFault>> {
    let mut made = Definitions { query: "Query".to_owned(), mutation: "Mutation".to_owned(), ..Definitions::default() };
    let mut faults = Vec::new();
    let has = |wanted: OwnStands| {
        let stands = |kind: &OwnKind| matches!(kind, OwnKind::Object { stands, .. } if *stands == wanted);
        model.own.iter().any(|of| stands(&of.kind))
    };
    if !has(OwnStands::Query) {
        let text = "the project declares no type Query with fields of its own, so there is nothing to serve as written";
        return Err(vec![SchemaFault::Invalid { dialects: NAME.to_owned(), text: text.to_owned() }]);
    }
    made.subscription = has(OwnStands::Subscription).then(|| "Subscription".to_owned());
    written::add_scalars(&mut made);
    for of in &model.own {
        written::add(model, &mut made, of, &mut faults);
    }
    if !has(OwnStands::Mutation) {
        let kind = Kind::Object { stands: Stands::Around, fields: IndexMap::new() };
        made.types.insert("Mutation".to_owned(), Definition { description: None, kind });
    }
    if faults.is_empty() { Ok(made) } else { Err(faults) }
}
