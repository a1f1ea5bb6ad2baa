//! The dialect of Hasura v2 over content types: every content type looks like a table.
//!
//! A type that the caller may not find does not exist in its schema, nor does a field that it may not read; so the schema depends on the
//! caller's rules and is cached by the permission fingerprint.
//!
//! Source: `docs/dialects/hasura.md`; Hasura's manual, "API reference: GraphQL".

mod aggregates;
pub(super) mod columns;
mod components;
pub(super) mod faults;
mod filters;
mod orders;
pub(super) mod rows;
mod scalars;

use indexmap::IndexMap;
use model::Model;
use plan::Boundary;

use super::{Dialect, Options, SchemaFault};
use crate::definition::{Definition, Definitions, Field, Kind, Stands};
use crate::transport::HASURA as TRANSPORT;
use columns::Tables;

/// Its name in `dragoman.toml` and in messages.
const NAME: &str = "hasura";
/// The directive that renames a type or field in this dialect.
const FIX: &str = "@name(hasura: \"…\")";

/// The dialect.
pub(super) static HASURA: Dialect = Dialect {
    name: NAME,
    transport: &TRANSPORT,
    boundary: Boundary::Whole,
    is_narrowed: true,
    definitions,
    faults: faults::faults,
    refused: faults::refused,
};

/// Types under construction. A name that is given twice is a fault that names both owners.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) types: IndexMap<String, Definition>,
    owners: IndexMap<String, String>,
    faults: Vec<SchemaFault>,
}

impl Draft {
    /// Adds a type that `owner` gives.
    pub(super) fn add(&mut self, name: &str, owner: &str, kind: Kind) {
        if let Some(first) = self.owners.insert(name.to_owned(), owner.to_owned()) {
            let fault = SchemaFault::NameTwice {
                dialect: NAME,
                name: name.to_owned(),
                first,
                second: owner.to_owned(),
                fix: FIX,
            };
            self.faults.push(fault);
        }
        self.types.insert(name.to_owned(), Definition { description: None, kind });
    }

    /// Adds scalars and everything over these tables but their components; gives their root fields.
    pub(super) fn tables(&mut self, tables: &Tables<'_>) -> IndexMap<String, Field> {
        scalars::add(self);
        let mut roots = IndexMap::new();
        for table in &tables.list {
            rows::add(self, tables, table);
            filters::add(self, tables, table);
            orders::add(self, tables, table);
            aggregates::add(self, table);
            rows::add_roots(&mut roots, table, tables.rule);
        }
        roots
    }

    /// Describes the type added last.
    fn describe(&mut self, description: Option<&String>) {
        if let (Some((_, definition)), Some(text)) = (self.types.last_mut(), description) {
            definition.description = Some(text.clone());
        }
    }
}

fn definitions(model: &Model, options: &Options) -> Result<Definitions, Vec<SchemaFault>> {
    let (tables, faults) = Tables::of(model, &options.policy);
    let mut draft = Draft { faults, ..Draft::default() };
    scalars::add_enums(&mut draft, model);
    let roots = draft.tables(&tables);
    components::add(&mut draft, &tables);
    draft.add("query_root", NAME, Kind::Object { stands: Stands::Around, fields: roots });
    draft.add("mutation_root", NAME, Kind::Object { stands: Stands::Around, fields: IndexMap::new() });
    if !draft.faults.is_empty() {
        return Err(draft.faults);
    }
    let (query, mutation) = ("query_root".to_owned(), "mutation_root".to_owned());
    Ok(Definitions { types: draft.types, query, mutation, ..Definitions::default() })
}
