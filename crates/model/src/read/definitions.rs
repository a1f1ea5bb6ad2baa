//! Which definitions a project may make: not those of the language, none twice, and nothing that is not a type.

use std::collections::HashMap;

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, Document};

use super::Faults;
use super::texts::Texts;
use crate::{Diagnostic, Place};

/// The documents without the definitions that a project may not make, each of which is a fault, and without `schema`, which [`super::later`]
/// looks at.
pub(super) fn keep(documents: &[Document], texts: &Texts, faults: &mut Faults) -> Vec<Document> {
    let mut first: HashMap<String, (Place, bool)> = HashMap::new();
    for name in documents.iter().flat_map(|document| &document.definitions).filter_map(defined) {
        first
            .entry(name.to_string())
            .or_insert_with(|| (texts.place(name.location()), texts.is_prelude(name.location())));
    }
    let mut kept = documents.to_vec();
    for document in kept.iter_mut().skip(Texts::OWN_FROM) {
        document.definitions.retain(|definition| {
            let refused = refusal(definition, &first, texts);
            let is_kept = refused.is_none() && !is_schema(definition);
            faults.list.extend(refused);
            faults.list.extend(engine_names(definition).map(|name| of_the_engine(name, texts)));
            is_kept
        });
    }
    kept
}

/// The names of the workflow engine's types that a definition speaks of: as types of fields and arguments, as members, as what it extends.
fn engine_names(definition: &Definition) -> impl Iterator<Item = &Name> {
    let (fields, inputs, members): (&[_], &[_], &[_]) = match definition {
        Definition::ObjectTypeDefinition(of) => (&of.fields, &[], &[]),
        Definition::ObjectTypeExtension(of) => (&of.fields, &[], &[]),
        Definition::InterfaceTypeDefinition(of) => (&of.fields, &[], &[]),
        Definition::InterfaceTypeExtension(of) => (&of.fields, &[], &[]),
        Definition::InputObjectTypeDefinition(of) => (&[], &of.fields, &[]),
        Definition::InputObjectTypeExtension(of) => (&[], &of.fields, &[]),
        Definition::UnionTypeDefinition(of) => (&[], &[], &of.members),
        Definition::UnionTypeExtension(of) => (&[], &[], &of.members),
        _ => (&[], &[], &[]),
    };
    let arguments = fields.iter().flat_map(|field| field.arguments.iter().map(|of| of.ty.inner_named_type()));
    let of_fields = fields.iter().map(|field| field.ty.inner_named_type());
    let of_inputs = inputs.iter().map(|of| of.ty.inner_named_type());
    let extended = definition.name().filter(|_| definition.is_extension_definition());
    let names = of_fields.chain(arguments).chain(of_inputs).chain(members).chain(extended);
    names.filter(|name| name.starts_with('_') && !name.starts_with("__"))
}

fn of_the_engine(name: &Name, texts: &Texts) -> Diagnostic {
    let message = format!("`{name}` begins with an underscore, and such types have no name in a project");
    let fault = Diagnostic::new(message, texts.place(name.location()));
    fault.help("runs and jobs are read through the endpoints of the dialects that show them")
}

fn is_schema(definition: &Definition) -> bool {
    matches!(definition, Definition::SchemaDefinition(_) | Definition::SchemaExtension(_))
}

/// The name of a type that is defined here.
fn defined(definition: &Definition) -> Option<&Name> {
    match definition {
        Definition::ScalarTypeDefinition(_)
        | Definition::ObjectTypeDefinition(_)
        | Definition::InterfaceTypeDefinition(_)
        | Definition::UnionTypeDefinition(_)
        | Definition::EnumTypeDefinition(_)
        | Definition::InputObjectTypeDefinition(_) => definition.name(),
        _ => None,
    }
}

/// Why this definition cannot stand in a project.
fn refusal(definition: &Definition, first: &HashMap<String, (Place, bool)>, texts: &Texts) -> Option<Diagnostic> {
    let place = || texts.place(definition.name().and_then(Name::location).or_else(|| definition.location()));
    match definition {
        Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => Some(
            Diagnostic::new("an operation stands among the definitions", place())
                .help("the schema folder holds types only; operations are sent by clients"),
        ),
        Definition::DirectiveDefinition(_) => Some(
            Diagnostic::new("a project cannot define directives", place())
                .help("remove it: only the language's own directives have a meaning"),
        ),
        Definition::ScalarTypeDefinition(_) | Definition::ScalarTypeExtension(_) => {
            let name = definition.name().map(Name::as_str).unwrap_or_default();
            let known = first.get(name).filter(|(_, is_prelude)| *is_prelude);
            Some(match known {
                Some((there, _)) => of_the_language(name, place(), there),
                None => Diagnostic::new("a project cannot define scalars", place())
                    .help("use one of the language's scalars, or String"),
            })
        }
        Definition::ObjectTypeDefinition(_)
        | Definition::InterfaceTypeDefinition(_)
        | Definition::UnionTypeDefinition(_)
        | Definition::EnumTypeDefinition(_)
        | Definition::InputObjectTypeDefinition(_) => {
            definition.name().and_then(|name| defined_before(name, first, texts))
        }
        Definition::ObjectTypeExtension(_)
        | Definition::InterfaceTypeExtension(_)
        | Definition::UnionTypeExtension(_)
        | Definition::EnumTypeExtension(_)
        | Definition::InputObjectTypeExtension(_) => {
            let name = definition.name()?;
            let is_object = matches!(definition, Definition::ObjectTypeExtension(_));
            match first.get(name.as_str()) {
                Some((there, true)) if !is_object => Some(of_the_language(name, place(), there)),
                Some(_) => None,
                None => Some(
                    Diagnostic::new(format!("`extend` names `{name}`, which is defined nowhere"), place())
                        .help("define it without `extend`"),
                ),
            }
        }
        // Not a type; see `is_schema`.
        Definition::SchemaDefinition(_) | Definition::SchemaExtension(_) => None,
    }
}

fn defined_before(name: &Name, first: &HashMap<String, (Place, bool)>, texts: &Texts) -> Option<Diagnostic> {
    let place = texts.place(name.location());
    let (there, is_prelude) = first.get(name.as_str())?;
    if *is_prelude {
        return Some(of_the_language(name, place, there));
    }
    let is_another = *there != place;
    is_another.then(|| {
        Diagnostic::new(format!("`{name}` is defined twice"), place)
            .related(there.clone(), "first defined here")
            .help(format!("give one of them another name, or write `extend type {name}`"))
    })
}

fn of_the_language(name: &str, place: Place, there: &Place) -> Diagnostic {
    let is_system_type = matches!(name, "User" | "Role" | "Media" | "I18nLocale" | "ApiToken");
    let help = if is_system_type {
        format!("write `extend type {name}` to add fields to the system type, or take another name")
    } else {
        "take another name".to_owned()
    };
    Diagnostic::new(format!("`{name}` is a word of the language and cannot be defined again"), place)
        .related(there.clone(), "defined here")
        .help(help)
}
