//! What the language allows and this version does not serve yet: jobs, own root fields, own type fields, shapes. Read, so that the rest of
//! a project is still checked, and refused, once for each place.

use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

use super::catalog::{Named, WORKFLOW};
use super::{Env, Faults, fields};
use crate::{Diagnostic, Place};

/// Directives on content types that belong to jobs.
const ON_TYPES: [&str; 4] = ["schedule", "on", "sensor", "partitions"];

/// One fault for each thing that is not served yet. Take a part out of here when it is.
pub(super) fn refuse(env: &Env, faults: &mut Faults) {
    let place = |span| env.texts.place(span);
    for directive in env.schema.schema_definition.directives.iter() {
        faults.push(not_served(&format!("@{}", directive.name), place(directive.location())));
    }
    for (name, definition) in env.schema.types.iter().filter(|(_, of)| !env.texts.is_prelude(of.location())) {
        let here = || place(definition.name().location());
        match (env.catalog.get(name), definition) {
            (Some(Named::Root), ExtendedType::Object(object)) => {
                for field in object.fields.values() {
                    faults.push(not_served(
                        &format!("the own root field `{name}.{}`", field.name),
                        place(field.name.location()),
                    ));
                }
            }
            (Some(Named::Workflow), ExtendedType::Object(object)) => {
                let kind = WORKFLOW.into_iter().find(|word| object.directives.has(word)).unwrap_or("job");
                faults.push(not_served(&format!("`{name}`, a type with @{kind},"), here()));
            }
            (Some(Named::Shape), ExtendedType::InputObject(_)) => {
                faults.push(not_served(&format!("the input `{name}`"), here()))
            }
            (Some(Named::Shape), _) => {
                let fault = not_served(&format!("`{name}`, which has no table,"), here());
                faults.push(fault.help(
                    "give it @model to make it a content type, or @component(category: …) to make it a component",
                ));
            }
            (Some(Named::Type(_) | Named::Component(_)), ExtendedType::Object(_)) | (_, _) => {}
        }
    }
    for object in env.catalog.types.iter().chain(&env.catalog.components).filter_map(|name| env.schema.get_object(name))
    {
        for directive in object.directives.iter().filter(|directive| ON_TYPES.contains(&directive.name.as_str())) {
            faults.push(not_served(&format!("@{}", directive.name), place(directive.location())));
        }
        for field in object.fields.values().filter(|field| fields::is_own(field)) {
            faults.push(not_served(
                &format!("the own field `{}.{}`{}", object.name, field.name, binding(&field.directives)),
                place(field.name.location()),
            ));
        }
    }
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
pub(super) fn not_served(what: &str, place: Place) -> Diagnostic {
    Diagnostic::new(format!("{what} is part of the language, but this version does not serve it yet"), place)
        .help("take it out for now")
}
