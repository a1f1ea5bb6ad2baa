//! Written types become definitions, each part with its binding.

use indexmap::IndexMap;
use model::{
    Bound, EnumId, FieldId, FieldKind, Model, OwnField, OwnInput, OwnKind, OwnRef, OwnStands, OwnType, Scalar,
    SystemColumn, Target,
};
use plan::{Column, Form, ValueKind};

use super::NAME;
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape, ScalarRule, ValueBinding};
use crate::definition::{Definition, Definitions, EnumValue, Field, Input, Kind, Stands, TypeRef};
use crate::dialect::SchemaFault;

/// Scalars of the language beside GraphQL's own, with what API users read about them.
const SCALARS: [(&str, &str, ScalarRule); 14] = [
    ("Text", "Text of any length.", ScalarRule::String),
    ("RichText", "Text with Markdown.", ScalarRule::String),
    ("Blocks", "Rich text as a list of block nodes.", ScalarRule::Json),
    ("Email", "Text that must be an e-mail address.", ScalarRule::String),
    ("Password", "Text that is kept as a hash and never answered.", ScalarRule::String),
    ("UID", "Text of letters, digits and `-_.~`.", ScalarRule::String),
    ("BigInt", "Integer of 64 bits; answers beyond 2^53 are strings of digits.", ScalarRule::Long),
    ("Decimal", "Exact decimal number.", ScalarRule::Loose(ValueKind::Decimal)),
    ("Date", "Day, `2026-11-21`.", ScalarRule::Date),
    ("Time", "Time of day, milliseconds: `15:04:05.000`.", ScalarRule::Time),
    ("DateTime", "Instant with its zone, RFC 3339.", ScalarRule::DateTime),
    ("Interval", "Length of time.", ScalarRule::Loose(ValueKind::Interval)),
    ("JSON", "Any JSON value.", ScalarRule::Json),
    ("UUID", "128 bits, lower case with hyphens.", ScalarRule::Loose(ValueKind::Uuid)),
];

pub(super) fn add_scalars(made: &mut Definitions) {
    for (name, description, rule) in SCALARS {
        let definition = Definition { description: Some(description.to_owned()), kind: Kind::Scalar(rule) };
        made.types.insert(name.to_owned(), definition);
    }
}

/// Adds one written type.
pub(super) fn add(model: &Model, made: &mut Definitions, of: &OwnType, faults: &mut Vec<SchemaFault>) {
    let kind = match &of.kind {
        OwnKind::Object { stands, fields, .. } => {
            Kind::Object { stands: to_stands(*stands), fields: own_fields(model, made, (of, fields), faults) }
        }
        OwnKind::Interface { implements, fields } => {
            let members = implementers(model, &of.name);
            let fields = own_fields(model, made, (of, fields), faults);
            Kind::Interface { implements: implements.clone(), members, fields }
        }
        OwnKind::Union { members, .. } => Kind::Union(members.clone()),
        OwnKind::Enum { values, .. } => {
            for value in values {
                deprecate(made, &[&of.name, &value.name], value.deprecated.as_ref());
            }
            let word = |description: &Option<String>| EnumValue {
                description: description.clone(),
                binding: ValueBinding::Word,
            };
            Kind::Enum(values.iter().map(|value| (value.name.clone(), word(&value.description))).collect())
        }
        OwnKind::Input { members } => {
            for member in members {
                deprecate(made, &[&of.name, &member.name], member.deprecated.as_ref());
            }
            let input = |member: &OwnInput| (member.name.clone(), own_input(member, InputBinding::Argument));
            Kind::Input(members.iter().map(input).collect())
        }
    };
    made.types.insert(of.name.clone(), Definition { description: of.description.clone(), kind });
}

fn to_stands(stands: OwnStands) -> Stands {
    match stands {
        OwnStands::Content(of) => Stands::Row(of),
        OwnStands::Component(of) => Stands::Element(of),
        OwnStands::Query | OwnStands::Mutation | OwnStands::Subscription | OwnStands::Shape => Stands::Around,
    }
}

/// Object types that have an interface, in the order of the text.
fn implementers(model: &Model, interface: &str) -> Vec<String> {
    let has = |kind: &OwnKind| match kind {
        OwnKind::Object { implements, .. } => implements.iter().any(|name| name == interface),
        OwnKind::Interface { .. } | OwnKind::Union { .. } | OwnKind::Enum { .. } | OwnKind::Input { .. } => false,
    };
    model.own.iter().filter(|of| has(&of.kind)).map(|of| of.name.clone()).collect()
}

fn own_fields(
    model: &Model,
    made: &mut Definitions,
    (of, fields): (&OwnType, &[OwnField]),
    faults: &mut Vec<SchemaFault>,
) -> IndexMap<String, Field> {
    let mut list = IndexMap::new();
    for field in fields {
        let Some(binding) = binding(model, &of.kind, field) else {
            let text = format!("`{}.{}` cannot be shown as `{}`", of.name, field.name, to_ref(&field.of));
            faults.push(SchemaFault::Invalid { dialects: NAME.to_owned(), text });
            continue;
        };
        deprecate(made, &[&of.name, &field.name], field.deprecated.as_ref());
        let mut arguments = IndexMap::new();
        for argument in &field.arguments {
            deprecate(made, &[&of.name, &field.name, &argument.name], argument.deprecated.as_ref());
            let asks_unit = matches!(&field.bound, Bound::Unit(unit) if unit.argument == argument.name);
            let argument_binding = if asks_unit { InputBinding::Unit } else { InputBinding::Argument };
            arguments.insert(argument.name.clone(), own_input(argument, argument_binding));
        }
        let shown = Field { description: field.description.clone(), arguments, of: to_ref(&field.of), binding };
        list.insert(field.name.clone(), shown);
    }
    list
}

fn binding(model: &Model, owner: &OwnKind, field: &OwnField) -> Option<FieldBinding> {
    Some(match &field.bound {
        Bound::Field(id) => stored(model, owner, *id)?,
        Bound::System(column) => FieldBinding::Column(Column::System(*column), system_form(*column, &field.of)?),
        Bound::Part(part) => FieldBinding::Part(*part),
        Bound::Shared
        | Bound::Unit(_)
        | Bound::Get { .. }
        | Bound::List { .. }
        | Bound::Search { .. }
        | Bound::Connection(_)
        | Bound::Create { .. }
        | Bound::Update { .. }
        | Bound::Delete { .. }
        | Bound::Changes { .. } => FieldBinding::Own(Box::new(field.bound.clone())),
    })
}

/// A field of a content type or component.
fn stored(model: &Model, owner: &OwnKind, id: FieldId) -> Option<FieldBinding> {
    let declared = match owner {
        OwnKind::Object { stands: OwnStands::Content(of), .. } => model.content_type(*of).field(id),
        OwnKind::Object { stands: OwnStands::Component(of), .. } => model.component(*of).field(id),
        OwnKind::Object { .. }
        | OwnKind::Interface { .. }
        | OwnKind::Union { .. }
        | OwnKind::Enum { .. }
        | OwnKind::Input { .. } => return None,
    };
    let column = |form| FieldBinding::Column(Column::Field(id), form);
    Some(match &declared.kind {
        FieldKind::Scalar { scalar: Scalar::BigInt, list: false } => column(Form::SafeInteger),
        FieldKind::Scalar { .. } => column(Form::Plain),
        FieldKind::Enum { of, .. } => column(Form::Word(EnumId(of.0))),
        FieldKind::Relation(relation) => match relation.target {
            Target::Type(_) => {
                let shape = if relation.many { RowsShape::List } else { RowsShape::One };
                FieldBinding::Relation { field: id, shape, page: PageRule::None }
            }
            Target::Group(_) => FieldBinding::Switch { field: id, page: PageRule::None },
        },
        FieldKind::Component { .. } | FieldKind::Zone { .. } => {
            FieldBinding::Component { field: id, page: PageRule::None }
        }
    })
}

/// How a system column is spelt as this type.
fn system_form(column: SystemColumn, of: &OwnRef) -> Option<Form> {
    Some(match (column, of.name()) {
        (_, "User") => return None,
        (SystemColumn::Status, _) => Form::StatusWord,
        (_, "ID" | "String") => Form::Text,
        (_, "BigInt" | "Int") => Form::SafeInteger,
        (_, _) => Form::Plain,
    })
}

fn own_input(input: &OwnInput, binding: InputBinding) -> Input {
    Input { description: input.description.clone(), of: to_ref(&input.of), default: input.default.clone(), binding }
}

fn to_ref(of: &OwnRef) -> TypeRef {
    match of {
        OwnRef::Named(name) => TypeRef::named(name.as_str()),
        OwnRef::List(item) => to_ref(item).list(),
        OwnRef::NonNull(inner) => to_ref(inner).non_null(),
    }
}

fn deprecate(made: &mut Definitions, coordinate: &[&str], reason: Option<&String>) {
    if let Some(reason) = reason {
        made.deprecated.insert(coordinate.join("."), reason.clone());
    }
}
