//! The schema of an endpoint: the definitions of its dialects, merged, narrowed to what the roots reach, and known to hold.

use std::sync::Arc;

use apollo_compiler::validation::Valid;
use model::Model;

use crate::binding::ScalarRule;
use crate::definition::{Definition, Definitions, Kind};
use crate::dialect::{Dialect, Options, SchemaFault};
use crate::{Limits, sdl};

/// What an endpoint serves. The first dialect is the primary one: it decides what belongs to the whole request.
pub struct Endpoint<'a> {
    /// Its dialects; never empty.
    pub dialects: &'a [&'static Dialect],
    /// What the project sets.
    pub options: Options,
    /// Limits on its documents.
    pub limits: Limits,
}

/// A bound schema: what an endpoint serves, and what every part of it means.
pub struct Schema {
    pub(crate) model: Arc<Model>,
    pub(crate) definitions: Definitions,
    pub(crate) limits: Limits,
    pub(crate) checked: Valid<apollo_compiler::Schema>,
    /// When the project was read: microseconds since 1970.
    pub(crate) loaded_at: i64,
    primary: &'static Dialect,
    text: String,
}

impl Schema {
    /// Makes the schema of an endpoint for a model.
    ///
    /// # Errors
    /// Every reason why the dialects cannot show this model.
    pub fn build(model: Arc<Model>, endpoint: &Endpoint<'_>) -> Result<Schema, Vec<SchemaFault>> {
        let names = endpoint.dialects.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(" and ");
        let mut merged: Option<Definitions> = None;
        let mut faults = Vec::new();
        for dialect in endpoint.dialects {
            match (dialect.definitions)(&model, &endpoint.options) {
                Ok(definitions) => match &mut merged {
                    None => merged = Some(definitions),
                    Some(first) => merge(first, definitions, &names, &mut faults),
                },
                Err(more) => faults.extend(more),
            }
        }
        let (Some(definitions), [primary, ..], true) = (merged, endpoint.dialects, faults.is_empty()) else {
            return Err(faults);
        };
        let definitions = with_built_in(definitions);
        let text = sdl::print(&definitions);
        let checked = apollo_compiler::Schema::parse_and_validate(&text, "schema.graphql")
            .map_err(|invalid| vec![SchemaFault::Invalid { dialects: names, text: invalid.errors.to_string() }])?;
        let (limits, loaded_at) = (endpoint.limits.clone(), endpoint.options.loaded_at);
        Ok(Schema { model, definitions, limits, checked, loaded_at, primary, text })
    }

    /// The schema language of what is served.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.text
    }

    /// The dialect that decides what belongs to the whole request: statuses, the form of errors.
    #[must_use]
    pub fn primary(&self) -> &'static Dialect {
        self.primary
    }

    /// The model that it shows.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The errors of an answer, in the primary dialect's form: the members of `errors`.
    #[must_use]
    pub fn faults(&self, faults: &[plan::Fault]) -> Vec<serde_json::Value> {
        (self.primary.faults)(&self.model, faults)
    }

    /// The errors of a refused request, in the primary dialect's form: the members of `errors`.
    #[must_use]
    pub fn refused(&self, errors: &[crate::RequestError]) -> Vec<serde_json::Value> {
        let shown = errors.len().min(self.limits.errors_max);
        (self.primary.refused)(&errors[..shown])
    }
}

/// Adds the scalars that every schema has, where a dialect has not said how it reads them.
fn with_built_in(mut definitions: Definitions) -> Definitions {
    let rules = [ScalarRule::String, ScalarRule::Int, ScalarRule::Float, ScalarRule::Boolean, ScalarRule::Id];
    for (name, rule) in sdl::BUILT_IN.into_iter().zip(rules) {
        let definition = Definition { description: None, kind: Kind::Scalar(rule) };
        definitions.types.entry(name.to_owned()).or_insert(definition);
    }
    definitions
}

/// Adds the definitions of a further dialect: roots by field, other types where they are equal.
fn merge(first: &mut Definitions, second: Definitions, names: &str, faults: &mut Vec<SchemaFault>) {
    if first.versions != second.versions {
        let text =
            "they choose between drafts and published rows in different ways; serve the dialects at two endpoints";
        faults.push(SchemaFault::Invalid { dialects: names.to_owned(), text: text.to_owned() });
    }
    first.deprecated.extend(second.deprecated);
    let roots = [(second.query.clone(), first.query.clone()), (second.mutation.clone(), first.mutation.clone())];
    for (name, definition) in second.types {
        let target = roots.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to.clone());
        let Some(present) = first.types.get_mut(&target) else {
            first.types.insert(target, definition);
            continue;
        };
        if *present == definition {
            continue;
        }
        let is_root = target == first.query || target == first.mutation;
        if let (true, Kind::Object { fields, .. }, Kind::Object { fields: more, .. }) =
            (is_root, &mut present.kind, definition.kind)
        {
            for (field, definition) in more {
                if fields.contains_key(&field) {
                    faults.push(twice(names, &field));
                } else {
                    fields.insert(field, definition);
                }
            }
        } else {
            faults.push(twice(names, &target));
        }
    }
}

fn twice(names: &str, name: &str) -> SchemaFault {
    SchemaFault::Invalid {
        dialects: names.to_owned(),
        text: format!(
            "both define `{name}`, and not alike; rename one with @name, or serve the dialects at two endpoints"
        ),
    }
}
