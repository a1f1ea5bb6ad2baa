//! The project's own root fields and units over the generated types. Connections and subscriptions are for declared endpoints alone.
//!
//! Types of content go by their names here; scalars by what this dialect serves them as; enums and inputs of arguments keep their own names.

use indexmap::IndexMap;
use model::{Bound, FieldId, OwnField, OwnInput, OwnKind, OwnRef, OwnStands, OwnType, TypeId};

use super::{Draft, Members, field, input, value};
use crate::binding::{FieldBinding, InputBinding, ValueBinding};
use crate::definition::{EnumValue, Field, Input, Kind, TypeRef};

/// Adds the project's own fields to the roots.
pub(super) fn add(draft: &mut Draft<'_>, queries: &mut Members<Field>, mutations: &mut Members<Field>) {
    let model = draft.model;
    for of in &model.own {
        let roots = match &of.kind {
            OwnKind::Object { stands: OwnStands::Query, fields, .. } => (&mut *queries, fields),
            OwnKind::Object { stands: OwnStands::Mutation, fields, .. } => (&mut *mutations, fields),
            OwnKind::Object { .. }
            | OwnKind::Interface { .. }
            | OwnKind::Union { .. }
            | OwnKind::Enum { .. }
            | OwnKind::Input { .. } => continue,
        };
        let (members, fields) = roots;
        for own in fields.iter().filter(|own| is_shown(&own.bound)) {
            let shown = shown(draft, own);
            members.add(&own.name, shown);
        }
    }
}

/// Whether a root field stands here, too.
fn is_shown(bound: &Bound) -> bool {
    match bound {
        Bound::Get { .. }
        | Bound::List { .. }
        | Bound::Search { .. }
        | Bound::Create { .. }
        | Bound::Update { .. }
        | Bound::Delete { .. } => true,
        Bound::Shared
        | Bound::Field(_)
        | Bound::System(_)
        | Bound::Unit(_)
        | Bound::Connection(_)
        | Bound::Part(_)
        | Bound::Changes { .. } => false,
    }
}

/// The field of a content type whose number is asked for in units, if this is one.
pub(super) fn unit(draft: &mut Draft<'_>, of: TypeId, id: FieldId) -> Option<Field> {
    let model = draft.model;
    let is_it = |own: &&OwnField| matches!(&own.bound, Bound::Unit(unit) if unit.field == id);
    let fields = model.own.iter().find_map(|own| match &own.kind {
        OwnKind::Object { stands: OwnStands::Content(stands), fields, .. } if *stands == of => Some(fields),
        OwnKind::Object { .. }
        | OwnKind::Interface { .. }
        | OwnKind::Union { .. }
        | OwnKind::Enum { .. }
        | OwnKind::Input { .. } => None,
    })?;
    fields.iter().find(is_it).map(|own| shown(draft, own))
}

fn shown(draft: &mut Draft<'_>, own: &OwnField) -> Field {
    let of = type_of(draft, &own.of);
    let mut arguments = IndexMap::new();
    for argument in &own.arguments {
        let asks_unit = matches!(&own.bound, Bound::Unit(unit) if unit.argument == argument.name);
        let binding = if asks_unit { InputBinding::Unit } else { InputBinding::Argument };
        arguments.insert(argument.name.clone(), own_input(draft, argument, binding));
    }
    let binding = FieldBinding::Own(Box::new(own.bound.clone()));
    Field { description: own.description.clone(), arguments, ..field(of, binding) }
}

fn own_input(draft: &mut Draft<'_>, own: &OwnInput, binding: InputBinding) -> Input {
    let of = type_of(draft, &own.of);
    Input { description: own.description.clone(), default: own.default.clone(), ..input(of, binding) }
}

fn type_of(draft: &mut Draft<'_>, of: &OwnRef) -> TypeRef {
    match of {
        OwnRef::Named(name) => TypeRef::named(named(draft, name)),
        OwnRef::List(item) => type_of(draft, item).list(),
        OwnRef::NonNull(inner) => type_of(draft, inner).non_null(),
    }
}

/// What a type of the project is called here; enums, inputs, interfaces and unions are added where they are met first.
fn named(draft: &mut Draft<'_>, name: &str) -> String {
    let model = draft.model;
    if let Some(of) = model.type_named(name) {
        return draft.names.one(of).to_owned();
    }
    if let Some(group) = model.groups.iter().find(|group| group.name == name) {
        let name = group.names.strapi.clone().unwrap_or_else(|| group.name.clone());
        let members = group.members.iter().map(|of| draft.names.one(*of).to_owned()).collect();
        once(draft, &name, |draft, name| {
            draft.add(name, &owner(name), group.description.as_deref(), Kind::Union(members));
        });
        return name;
    }
    match model.own.iter().find(|of| of.name == name) {
        Some(of) => own_type(draft, of),
        None => scalar(name).to_owned(),
    }
}

fn own_type(draft: &mut Draft<'_>, of: &OwnType) -> String {
    match &of.kind {
        OwnKind::Enum { values, .. } => {
            let word = |description: &Option<String>| EnumValue {
                description: description.clone(),
                ..value(ValueBinding::Word)
            };
            let words = values.iter().map(|value| (value.name.clone(), word(&value.description))).collect();
            once(draft, &of.name, |draft, name| {
                draft.add(name, &owner(name), of.description.as_deref(), Kind::Enum(words));
            });
        }
        OwnKind::Input { members } => once(draft, &of.name, |draft, name| {
            let mut list = draft.members(name);
            for member in members {
                let shown = own_input(draft, member, InputBinding::Argument);
                list.add(&member.name, shown);
            }
            draft.input(name, &owner(name), list);
        }),
        OwnKind::Object { .. } | OwnKind::Interface { .. } | OwnKind::Union { .. } => {}
    }
    of.name.clone()
}

/// Adds a type of the project unless that was done before; another type of that name is a fault that the draft tells.
fn once(draft: &mut Draft<'_>, name: &str, add: impl FnOnce(&mut Draft<'_>, &str)) {
    if draft.owners.get(name) != Some(&owner(name)) {
        add(draft, name);
    }
}

fn owner(name: &str) -> String {
    ["the project's own ", name].concat()
}

/// What a scalar of the language is served as.
fn scalar(name: &str) -> &str {
    match name {
        "Text" | "RichText" | "Email" | "Password" | "UID" | "Interval" | "UUID" => "String",
        "Blocks" => "JSON",
        "BigInt" => "Long",
        "Decimal" => "Float",
        other => other,
    }
}
