//! What the language allows and this version does not serve yet: jobs, own root fields, own type fields, shapes. Read, so that the rest of
//! a project is still checked, and refused, once for each place.

use apollo_compiler::ast::{Definition, Directive, Document};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use super::catalog::{Named, WORKFLOW};
use super::{Env, Faults, fields};
use crate::{Diagnostic, Place};

/// Directives on content types that belong to jobs.
const ON_TYPES: [&str; 4] = ["schedule", "on", "sensor", "partitions"];

/// One fault for each thing that is not served yet. Take a part out of here when it is.
pub(super) fn refuse(env: &Env, documents: &[Document], faults: &mut Faults) {
    for (what, span) in of_schema(documents).chain(of_types(env)).chain(of_members(env)) {
        faults.push(not_served(&what, env.texts.place(span)));
    }
}

/// What is not served, in words, and where it stands.
type Unserved = (String, Option<SourceSpan>);

/// `schema { ... }` and the directives on it.
fn of_schema(documents: &[Document]) -> impl Iterator<Item = Unserved> {
    documents.iter().flat_map(|document| &document.definitions).filter_map(|definition| match definition {
        Definition::SchemaDefinition(of) => Some(("`schema`".to_owned(), of.location())),
        Definition::SchemaExtension(of) => {
            let first = of.directives.first();
            let what = first.map_or_else(|| "`extend schema`".to_owned(), |directive| format!("@{}", directive.name));
            Some((what, first.map_or(of.location(), Node::location)))
        }
        _ => None,
    })
}

/// Types that are no content: roots, parts of jobs, inputs, shapes.
fn of_types<'a>(env: &'a Env) -> impl Iterator<Item = Unserved> + 'a {
    let types = env.schema.types.iter().filter(|(_, of)| !env.texts.is_prelude(of.location()));
    types.flat_map(|(name, definition)| {
        let here = |what: String| vec![(what, definition.name().location())];
        match (env.catalog.get(name), definition) {
            (Some(Named::Root), ExtendedType::Object(object)) => {
                let root_field = |field: &Name| (format!("the own root field `{name}.{field}`"), field.location());
                object.fields.values().map(|field| root_field(&field.name)).collect()
            }
            (Some(Named::Workflow), ExtendedType::Object(object)) => {
                let kind = WORKFLOW.into_iter().find(|word| object.directives.has(word)).unwrap_or("job");
                here(format!("`{name}`, a type with @{kind},"))
            }
            (Some(Named::Shape), ExtendedType::InputObject(_)) => here(format!("the input `{name}`")),
            // A misspelt @model was told already.
            (Some(Named::Shape), of) if has_unknown_directive(env, of) => Vec::new(),
            (Some(Named::Shape), _) => here(format!("`{name}`, which has no table,")),
            (_, _) => Vec::new(),
        }
    })
}

fn has_unknown_directive(env: &Env, definition: &ExtendedType) -> bool {
    definition.directives().iter().any(|directive| !env.schema.directive_definitions.contains_key(&directive.name))
}

/// Fields, values and directives of content types and components.
fn of_members<'a>(env: &'a Env) -> impl Iterator<Item = Unserved> + 'a {
    let objects =
        env.catalog.types.iter().chain(&env.catalog.components).filter_map(|name| env.schema.get_object(name));
    let in_objects = objects.flat_map(|object| {
        let own = object.fields.values().filter(|field| fields::is_own(field)).map(|field| {
            let what = format!("the own field `{}.{}`{}", object.name, field.name, binding(&field.directives));
            (what, field.name.location())
        });
        let on_type = object.directives.iter().filter(|directive| ON_TYPES.contains(&directive.name.as_str()));
        own.chain(on_type.map(|directive| (format!("@{}", directive.name), directive.location())))
    });
    let values =
        env.catalog.enums.iter().filter_map(|name| env.schema.get_enum(name)).flat_map(|of| of.values.values());
    let factors = values.filter_map(|value| value.directives.get("factor"));
    in_objects.chain(factors.map(|directive| ("@factor".to_owned(), directive.location())))
}

/// The directive that binds an own field, for the message.
fn binding(directives: &[Node<Directive>]) -> String {
    let bound = directives
        .iter()
        .map(|directive| &directive.name)
        .find(|name: &&Name| fields::BINDINGS.contains(&name.as_str()));
    bound.map(|name| format!(" (@{name})")).unwrap_or_default()
}

/// The one sentence for all of them.
fn not_served(what: &str, place: Place) -> Diagnostic {
    let help = if what.ends_with("no table,") {
        "give it @model to make it a content type, or @component(category: …) to make it a component"
    } else {
        "take it out for now"
    };
    Diagnostic::new(format!("{what} is part of the language, but this version does not serve it yet"), place).help(help)
}
