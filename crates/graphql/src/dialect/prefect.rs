//! The dialect of Prefect's GraphQL API, 0.x and 1.x: Hasura's over the workflow engine's content types, under Prefect's names.
//!
//! Reading is the `hasura` dialect with Hasura v1's rule for null operands. What each word of Prefect is to the engine stands in [`tables`].
//!
//! Source: `docs/dialects/prefect.md`.

mod faults;
mod mutations;
mod tables;
mod told;

use indexmap::IndexMap;
use model::Model;
use plan::Boundary;

use super::hasura::Draft;
use super::hasura::columns::Tables;
use super::{Dialect, Options, SchemaFault};
use crate::binding::{Emptiness, FieldBinding, FilterRule, NullOperand, RelationLogic};
use crate::definition::{Definitions, Field, Kind, Stands, TypeRef};
use crate::transport::PREFECT as TRANSPORT;

/// Its name in `dragoman.toml` and in messages.
const NAME: &str = "prefect";

/// How filters are read here: as Hasura v2 does, but a null operand is as if it were not there.
const RULE: FilterRule =
    FilterRule { empty: Emptiness::Counts, relations: RelationLogic::Exists, null: NullOperand::Dropped };

/// The dialect.
pub(super) static PREFECT: Dialect = Dialect {
    name: NAME,
    transport: &TRANSPORT,
    boundary: Boundary::EachRoot,
    is_narrowed: false,
    definitions,
    faults: faults::faults,
    refused: faults::refused,
};

fn definitions(model: &Model, _options: &Options) -> Result<Definitions, Vec<SchemaFault>> {
    let Some(list) = tables::of(model) else {
        let text = "the project declares no job, and does not name this dialect in its [[endpoint]]s".to_owned();
        return Err(vec![SchemaFault::Invalid { dialects: NAME.to_owned(), text }]);
    };
    let tables = Tables { model, list, rule: RULE };
    let mut draft = Draft::default();
    let mut queries = draft.tables(&tables);
    // Its lines of logs have no primary key.
    queries.shift_remove("log_by_pk");
    let mutations = mutations::add(&mut draft, &tables.list);
    about(&mut draft, &mut queries);
    told::add(&mut draft, &mut queries);
    draft.add("Query", NAME, Kind::Object { stands: Stands::Around, fields: queries });
    draft.add("Mutation", NAME, Kind::Object { stands: Stands::Around, fields: mutations });
    let (query, mutation) = ("Query".to_owned(), "Mutation".to_owned());
    Ok(Definitions { types: draft.types, query, mutation, ..Definitions::default() })
}

/// What the server says of itself: `hello` and `api`.
fn about(draft: &mut Draft, queries: &mut IndexMap<String, Field>) {
    let text = |value: &str| {
        let binding = FieldBinding::Constant(serde_json::Value::from(value).to_string());
        Field { description: None, arguments: IndexMap::new(), of: TypeRef::named("String"), binding }
    };
    let mode = [("backend", "SERVER"), ("mode", "normal"), ("version", VERSION), ("core_version", CORE_VERSION)];
    let fields = mode.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    draft.add("api", NAME, Kind::Object { stands: Stands::Around, fields });
    let api = Field { of: TypeRef::named("api"), binding: FieldBinding::Wrap, ..text("") };
    queries.insert("hello".to_owned(), text("👋"));
    queries.insert("api".to_owned(), api);
}

/// The server's own version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The last release of the clients that the API is for.
const CORE_VERSION: &str = "1.4.1";
