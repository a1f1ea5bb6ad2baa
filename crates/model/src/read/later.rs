//! What the language allows and this version does not serve yet: values that SQL or another server computes, types that serve nothing.
//! Read, so that the rest of a project is still checked, and refused, once for each place.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{DirectiveList, ExtendedType, InputObjectType};

use super::catalog::Named;
use super::{Env, Faults, jobs};
use crate::{Diagnostic, Place};

/// Directives of jobs; on content they have no meaning.
const OF_JOBS: [&str; 4] = ["schedule", "on", "sensor", "partitions"];

/// One fault for each thing that is not served yet. Take a part out of here when it is.
pub(super) fn refuse(env: &Env, documents: &[Document], faults: &mut Faults) {
    for (what, span) in of_schema(documents).chain(of_types(env)).chain(of_members(env)) {
        faults.push(not_served(&what, env.texts.place(span)));
    }
    misplaced(env, faults);
}

/// What is not served, in words, and where it stands.
type Unserved = (String, Option<SourceSpan>);

/// `schema { ... }` and the directives on it.
fn of_schema(documents: &[Document]) -> impl Iterator<Item = Unserved> {
    documents.iter().flat_map(|document| &document.definitions).filter_map(|definition| match definition {
        Definition::SchemaDefinition(of) => Some(("`schema`".to_owned(), of.location())),
        Definition::SchemaExtension(of) => {
            let is_read = |directive: &&Node<Directive>| jobs::ON_SCHEMA.contains(&directive.name.as_str());
            let other = of.directives.iter().find(|directive| !is_read(directive));
            let is_empty = of.directives.is_empty() || !of.root_operations.is_empty();
            let what = other.map_or_else(|| "`extend schema`".to_owned(), |directive| format!("@{}", directive.name));
            (other.is_some() || is_empty).then(|| (what, other.map_or(of.location(), Node::location)))
        }
        _ => None,
    })
}

/// Types that are no content and no part of the project's own API as it is served: parts of jobs, groups without content types.
fn of_types<'a>(env: &'a Env) -> impl Iterator<Item = Unserved> + 'a {
    let of_jobs = jobs::inputs(env);
    let types = env.schema.types.iter().filter(|(_, of)| !env.texts.is_prelude(of.location()));
    types.flat_map(move |(name, definition)| {
        let here = |what: String| vec![(what, definition.name().location())];
        match (env.catalog.get(name), definition) {
            (Some(Named::Root), ExtendedType::Object(object)) => {
                let roots = object.fields.values().filter_map(|field| {
                    computed(&field.directives)
                        .map(|word| (format!("`{name}.{}` (@{word})", field.name), field.name.location()))
                });
                roots.collect()
            }
            (Some(Named::Shape), ExtendedType::InputObject(_)) if of_jobs.contains(name.as_str()) => Vec::new(),
            (Some(Named::Shape), ExtendedType::InputObject(input)) => of_input(input),
            // A misspelt @model was told already.
            (Some(Named::Shape), of) if has_unknown_directive(env, of.directives()) => Vec::new(),
            (Some(Named::Shape), ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                here(format!("`{name}`, which has no content type in it,"))
            }
            (_, _) => Vec::new(),
        }
    })
}

/// Directives of jobs on an input and its members, and an input of which exactly one member is given.
fn of_input(input: &InputObjectType) -> Vec<Unserved> {
    let on_type = input.directives.iter().map(|directive| (directive.name.as_str(), directive.location()));
    let on_members = input.fields.values().flat_map(|member| member.directives.iter());
    let on_members = on_members.map(|directive| (directive.name.as_str(), directive.location()));
    let is_known = |word: &str| word == "deprecated";
    let unserved = on_type.chain(on_members).filter(|(word, _)| !is_known(word));
    unserved.map(|(word, place)| (format!("@{word} on an input"), place)).collect()
}

/// Directives of jobs on content types and components.
fn misplaced(env: &Env, faults: &mut Faults) {
    let names = env.catalog.types.iter().chain(&env.catalog.components);
    for object in names.filter_map(|name| env.schema.get_object(name)) {
        for directive in object.directives.iter().filter(|of| OF_JOBS.contains(&of.name.as_str())) {
            let message = format!("@{} belongs to jobs, and `{}` is none", directive.name, object.name);
            let fault = Diagnostic::new(message, env.texts.place(directive.location()));
            faults.push(fault.help("put it on a type with @job"));
        }
    }
}

/// A directive of these is not one of the language's.
pub(super) fn has_unknown_directive(env: &Env, directives: &DirectiveList) -> bool {
    directives.iter().any(|directive| !env.schema.directive_definitions.contains_key(&directive.name))
}

/// Fields and directives of content types and components.
fn of_members<'a>(env: &'a Env) -> impl Iterator<Item = Unserved> + 'a {
    let objects =
        env.catalog.types.iter().chain(&env.catalog.components).filter_map(|name| env.schema.get_object(name));
    objects.flat_map(|object| {
        object.fields.values().filter_map(|field| {
            let word = computed(&field.directives)?;
            Some((format!("the own field `{}.{}` (@{word})", object.name, field.name), field.name.location()))
        })
    })
}

/// The directive of a field whose value is worked out elsewhere.
fn computed(directives: &[Node<Directive>]) -> Option<&'static str> {
    ["sql", "http"].into_iter().find(|word| directives.iter().any(|directive| directive.name == *word))
}

/// The one sentence for all of them.
fn not_served(what: &str, place: Place) -> Diagnostic {
    Diagnostic::new(format!("{what} is part of the language, but this version does not serve it yet"), place)
        .help("take it out for now")
}
