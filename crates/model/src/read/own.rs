//! The project's own API: the types as they are written, and what the directives on their fields mean.
//!
//! Read last, over the whole model: every mapping names content types and fields that are known. Each fault has its place.

mod arguments;
mod connection;
mod rows;
mod unit;
mod writes;

use apollo_compiler::ast::{Directive, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::schema::{Component as Part, ExtendedType, ObjectType};
use apollo_compiler::{Name, Node};

pub(super) use self::arguments::{Site, hole};
pub(super) use self::rows::event;
use super::catalog::Named;
use super::{Env, Faults, fields};
use crate::{
    Bound, Diagnostic, Model, OwnField, OwnInput, OwnKind, OwnRef, OwnStands, OwnType, OwnValue, SystemColumn,
};

/// Directives that say what an own field reads or writes, with the roots where each may stand.
const BINDERS: [(&str, &[&str]); 8] = [
    ("get", &["Query"]),
    ("list", &["Query"]),
    ("search", &["Query"]),
    ("connection", &["Query"]),
    ("create", &["Mutation"]),
    ("update", &["Mutation"]),
    ("delete", &["Mutation"]),
    ("changes", &["Subscription"]),
];

/// Puts the written types into the model.
pub(super) fn read(env: &Env, model: &mut Model, faults: &mut Faults) {
    let mut own = Vec::new();
    for (name, definition) in &env.schema.types {
        let is_system = env.texts.is_prelude(definition.name().location());
        if is_system && !matches!(env.catalog.get(name), Some(Named::Type(_))) {
            continue;
        }
        let kind = kind(env, model, (name, definition), faults);
        own.extend(kind.map(|kind| OwnType {
            name: name.to_string(),
            description: definition.description().map(ToString::to_string),
            kind,
            place: env.texts.place(definition.name().location()),
        }));
    }
    model.own = own;
}

/// What a written type is; none for parts of jobs, and for shapes that are no connections (`later` tells of them).
fn kind(env: &Env, model: &Model, (name, of): (&Name, &ExtendedType), faults: &mut Faults) -> Option<OwnKind> {
    match of {
        ExtendedType::Object(object) => {
            let stands = stands(env, name)?;
            let implements = object.implements_interfaces.iter().map(ToString::to_string).collect();
            Some(OwnKind::Object { stands, implements, fields: object_fields(env, model, (object, stands), faults) })
        }
        ExtendedType::Interface(interface) => {
            matches!(env.catalog.get(name), Some(Named::Group(_))).then(|| OwnKind::Interface {
                implements: interface.implements_interfaces.iter().map(ToString::to_string).collect(),
                fields: interface.fields.values().map(|field| field_as_written(env, field, Bound::Shared)).collect(),
            })
        }
        ExtendedType::Union(union) => {
            let is_zone = match env.catalog.get(name) {
                Some(Named::Zone(_)) => true,
                Some(Named::Group(_)) => false,
                Some(_) | None => return None,
            };
            Some(OwnKind::Union { members: union.members.iter().map(ToString::to_string).collect(), is_zone })
        }
        ExtendedType::Enum(of) => match env.catalog.get(name) {
            Some(Named::Enum(id)) => {
                Some(OwnKind::Enum { of: id, values: of.values.values().map(|value| own_value(value)).collect() })
            }
            Some(_) | None => None,
        },
        ExtendedType::InputObject(input) => {
            Some(OwnKind::Input { members: input.fields.values().map(|member| own_input(member)).collect() })
        }
        ExtendedType::Scalar(_) => None,
    }
}

fn stands(env: &Env, name: &str) -> Option<OwnStands> {
    Some(match (env.catalog.get(name)?, name) {
        (Named::Root, "Query") => OwnStands::Query,
        (Named::Root, "Mutation") => OwnStands::Mutation,
        (Named::Root, _) => OwnStands::Subscription,
        (Named::Type(id), _) => OwnStands::Content(id),
        (Named::Component(id), _) => OwnStands::Component(id),
        (Named::Shape, _) => OwnStands::Shape,
        (
            Named::Scalar(_) | Named::Zone(_) | Named::Group(_) | Named::Enum(_) | Named::Workflow | Named::Language,
            _,
        ) => return None,
    })
}

fn object_fields(
    env: &Env,
    model: &Model,
    (object, stands): (&ObjectType, OwnStands),
    faults: &mut Faults,
) -> Vec<OwnField> {
    let mut list = Vec::new();
    for field in object.fields.values() {
        let site = Site::new(env, object.name.as_str(), field);
        let bound = match stands {
            OwnStands::Query | OwnStands::Mutation | OwnStands::Subscription => {
                root(&site, model, object.name.as_str(), faults)
            }
            OwnStands::Content(of) => {
                let of_type = model.content_type(of);
                let owner = fields::Owner::Type { name: &of_type.name, localized: of_type.localized };
                member(&site, model, (owner, Some(of), &of_type.fields), faults)
            }
            OwnStands::Component(of) => {
                let component = model.component(of);
                member(
                    &site,
                    model,
                    (fields::Owner::Component { name: &component.name }, None, &component.fields),
                    faults,
                )
            }
            // A misspelt @model was told already.
            OwnStands::Shape if super::later::has_unknown_directive(env, &object.directives) => None,
            OwnStands::Shape => connection::part(env, object.name.as_str(), field, faults),
        };
        list.extend(bound.map(|bound| field_as_written(env, field, bound)));
    }
    list
}

/// The one directive that binds a field; several say nothing.
fn binder<'s>(site: &Site<'s>, faults: &mut Faults) -> Option<&'s Node<Directive>> {
    let is_binder = |directive: &&Node<Directive>| fields::BINDINGS.contains(&directive.name.as_str());
    let mut found = site.definition.directives.iter().filter(is_binder);
    let first = found.next();
    if let (Some(first), Some(second)) = (first, found.next()) {
        let message = format!("`{}` cannot be both @{} and @{}", site.path(), first.name, second.name);
        faults.push(Diagnostic::new(message, site.env.texts.place(second.location())).help("keep one of them"));
    }
    first
}

/// A field of Query, Mutation or Subscription.
fn root(site: &Site, model: &Model, root: &str, faults: &mut Faults) -> Option<Bound> {
    let place = site.env.texts.place(site.definition.name.location());
    let Some(directive) = binder(site, faults) else {
        let fault = Diagnostic::new(format!("nothing says what `{}` answers with", site.path()), place);
        let words: Vec<String> = fitting(root).map(|word| format!("@{word}")).collect();
        faults.push(fault.help(format!("bind it with {}", words.join(", "))));
        return None;
    };
    let word = directive.name.as_str();
    // `later` tells of @sql and @http.
    let (_, roots) = BINDERS.iter().find(|(known, _)| *known == word).or_else(|| {
        if !matches!(word, "sql" | "http") {
            faults.push(misplaced(site, directive, root));
        }
        None
    })?;
    if !roots.contains(&root) {
        faults.push(misplaced(site, directive, root));
        return None;
    }
    let before = faults.list.len();
    let bound = match word {
        "get" => rows::get(site, model, directive, faults),
        "list" => rows::list(site, model, directive, faults),
        "search" => rows::search(site, model, directive, faults),
        "connection" => connection::read(site, model, (directive, None), faults),
        "create" => writes::create(site, model, directive, faults),
        "update" => writes::update(site, model, directive, faults),
        "delete" => writes::delete(site, model, directive, faults),
        _ => rows::changes(site, model, directive, faults),
    };
    if faults.list.len() == before {
        faults.list.extend(site.unused());
    }
    bound
}

fn fitting(root: &str) -> impl Iterator<Item = &'static str> {
    BINDERS.iter().filter(move |(_, roots)| roots.contains(&root)).map(|(word, _)| *word)
}

fn misplaced(site: &Site, directive: &Node<Directive>, root: &str) -> Diagnostic {
    let words: Vec<String> = fitting(root).map(|word| format!("@{word}")).collect();
    Diagnostic::new(
        format!("@{} cannot stand on `{}`", directive.name, site.path()),
        site.env.texts.place(directive.location()),
    )
    .help(format!("fields of {root} take {}", words.join(", ")))
}

/// A field of a content type or component: stored, shown, or computed from what is stored. Hidden ones are nothing.
fn member(
    site: &Site,
    model: &Model,
    (owner, of, stored): (fields::Owner, Option<crate::TypeId>, &[crate::Field]),
    faults: &mut Faults,
) -> Option<Bound> {
    let definition = site.definition;
    let position = stored.iter().position(|field| field.name == definition.name.as_str());
    let found =
        position.map(|index| (crate::FieldId(u16::try_from(index).expect("FIELDS_MAX is below u16")), &stored[index]));
    if let Some((id, field)) = found {
        if field.is_hidden() {
            return None;
        }
        return match definition.directives.get("unit") {
            Some(directive) => {
                let bound = unit::read(site, directive, (id, field), faults);
                faults.list.extend(bound.iter().flat_map(|_| site.unused()).collect::<Vec<_>>());
                bound
            }
            None => Some(Bound::Field(id)),
        };
    }
    if let Some(column) = system_column(definition, of.is_some()) {
        return Some(Bound::System(column));
    }
    if !fields::is_own(definition) {
        // A faulty field was told of where it was read.
        return None;
    }
    own_member(site, model, (owner, of), faults)
}

fn own_member(
    site: &Site,
    model: &Model,
    (owner, of): (fields::Owner, Option<crate::TypeId>),
    faults: &mut Faults,
) -> Option<Bound> {
    let Some(directive) = binder(site, faults) else {
        let place = site.env.texts.place(site.definition.name.location());
        let fault = Diagnostic::new(format!("nothing says what the arguments of `{}` mean", site.path()), place);
        faults.push(fault.help("bind it with @unit or @connection, or take the arguments out"));
        return None;
    };
    match (directive.name.as_str(), of) {
        ("connection", Some(of)) => {
            let before = faults.list.len();
            let bound = connection::read(site, model, (directive, Some(of)), faults);
            if faults.list.len() == before {
                faults.list.extend(site.unused());
            }
            bound
        }
        // `later` tells of the first two; a number with a unit is stored, so it was faulty where it was read.
        ("sql" | "http" | "unit", _) => None,
        (word, _) => {
            let message = format!("@{word} cannot stand on `{}`", site.path());
            let fault = Diagnostic::new(message, site.env.texts.place(directive.location()));
            let help = match owner {
                fields::Owner::Type { .. } => {
                    "fields of a content type take @connection and @unit; the others are for Query and Mutation"
                }
                fields::Owner::Component { .. } => "fields of a component take @unit",
            };
            faults.push(fault.help(help));
            None
        }
    }
}

/// The system column that a field shows: the key, or what @system names.
fn system_column(definition: &FieldDefinition, is_type: bool) -> Option<SystemColumn> {
    if definition.name == "id" && is_type && !definition.directives.has("system") {
        return Some(SystemColumn::Key);
    }
    let directive = definition.directives.get("system")?;
    let value = directive.specified_argument_by_name("column")?;
    Some(match super::arguments::word(value)? {
        "KEY" => SystemColumn::Key,
        "DOCUMENT_ID" => SystemColumn::DocumentId,
        "LOCALE" => SystemColumn::Locale,
        "STATUS" => SystemColumn::Status,
        "CREATED_AT" => SystemColumn::CreatedAt,
        "UPDATED_AT" => SystemColumn::UpdatedAt,
        "PUBLISHED_AT" => SystemColumn::PublishedAt,
        "CREATED_BY" => SystemColumn::CreatedBy,
        "UPDATED_BY" => SystemColumn::UpdatedBy,
        "REVISION" => SystemColumn::Revision,
        // Any other word was refused by GraphQL's validation.
        _ => return None,
    })
}

fn field_as_written(env: &Env, field: &Part<FieldDefinition>, bound: Bound) -> OwnField {
    OwnField {
        name: field.name.to_string(),
        description: field.description.as_ref().map(ToString::to_string),
        deprecated: deprecated(&field.directives),
        of: own_ref(&field.ty),
        arguments: field.arguments.iter().map(|argument| own_input(argument)).collect(),
        bound,
        place: env.texts.place(field.name.location()),
    }
}

fn own_input(input: &InputValueDefinition) -> OwnInput {
    OwnInput {
        name: input.name.to_string(),
        description: input.description.as_ref().map(ToString::to_string),
        deprecated: deprecated(&input.directives),
        of: own_ref(&input.ty),
        default: input.default_value.as_ref().map(|value| super::literals::to_json(value)),
    }
}

fn own_value(value: &EnumValueDefinition) -> OwnValue {
    OwnValue {
        name: value.value.to_string(),
        description: value.description.as_ref().map(ToString::to_string),
        deprecated: deprecated(&value.directives),
    }
}

/// What GraphQL says where no reason is given.
const NO_REASON: &str = "No longer supported";

fn deprecated(directives: &apollo_compiler::ast::DirectiveList) -> Option<String> {
    let directive = directives.get("deprecated")?;
    let reason = directive.specified_argument_by_name("reason").and_then(|value| value.as_str().map(str::to_owned));
    Some(reason.unwrap_or_else(|| NO_REASON.to_owned()))
}

fn own_ref(of: &Type) -> OwnRef {
    match of {
        Type::Named(name) => OwnRef::Named(name.to_string()),
        Type::NonNullNamed(name) => OwnRef::NonNull(Box::new(OwnRef::Named(name.to_string()))),
        Type::List(item) => OwnRef::List(Box::new(own_ref(item))),
        Type::NonNullList(item) => OwnRef::NonNull(Box::new(OwnRef::List(Box::new(own_ref(item))))),
    }
}
