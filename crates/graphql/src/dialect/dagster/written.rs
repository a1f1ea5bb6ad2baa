//! The written schema as definitions. It is a fact of the API: clients validate against it, whether a part is served or not.

use apollo_compiler::Node;
use apollo_compiler::ast::{DirectiveList, InputValueDefinition, Type, Value};
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition, Schema};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::TELLER;
use crate::binding::{FieldBinding, InputBinding, ScalarRule, ValueBinding};
use crate::definition::{Definition, Definitions, EnumValue, Field, Input, Kind, Stands, TypeRef};

/// The schema of the release that this dialect speaks as.
const TEXT: &str = include_str!("schema.graphql");

/// All of it; no part is bound to anything but what the dialect tells.
pub(super) fn definitions() -> Definitions {
    let schema = Schema::parse(TEXT, "schema.graphql").unwrap_or_else(|failed| failed.partial);
    let mut made = Definitions {
        query: "Query".to_owned(),
        mutation: "Mutation".to_owned(),
        subscription: Some("Subscription".to_owned()),
        ..Definitions::default()
    };
    for (name, of) in &schema.types {
        if of.is_built_in() {
            continue;
        }
        let kind = kind(&schema, &mut made, of);
        let description = of.description().map(ToString::to_string);
        made.types.insert(name.to_string(), Definition { description, kind });
    }
    made
}

fn kind(schema: &Schema, made: &mut Definitions, of: &ExtendedType) -> Kind {
    match of {
        ExtendedType::Scalar(_) => Kind::Scalar(ScalarRule::Json),
        ExtendedType::Object(object) => {
            Kind::Object { stands: Stands::Around, fields: fields(made, &object.name, &object.fields) }
        }
        ExtendedType::Interface(interface) => {
            let has = |of: &&ExtendedType| {
                of.as_object().is_some_and(|object| object.implements_interfaces.contains(&interface.name))
            };
            Kind::Interface {
                implements: interface.implements_interfaces.iter().map(ToString::to_string).collect(),
                members: schema.types.values().filter(has).map(|of| of.name().to_string()).collect(),
                fields: fields(made, &interface.name, &interface.fields),
            }
        }
        ExtendedType::Union(union) => Kind::Union(union.members.iter().map(ToString::to_string).collect()),
        ExtendedType::Enum(of) => Kind::Enum(
            of.values
                .values()
                .map(|value| {
                    deprecate(made, &[&of.name, &value.value], &value.directives);
                    let description = value.description.as_ref().map(ToString::to_string);
                    (value.value.to_string(), EnumValue { description, binding: ValueBinding::Word })
                })
                .collect(),
        ),
        ExtendedType::InputObject(input) => Kind::Input(
            input
                .fields
                .values()
                .map(|member| {
                    deprecate(made, &[&input.name, &member.name], &member.directives);
                    (member.name.to_string(), self::input(member))
                })
                .collect(),
        ),
    }
}

fn fields(
    made: &mut Definitions,
    owner: &str,
    fields: &IndexMap<apollo_compiler::Name, Component<FieldDefinition>, impl std::hash::BuildHasher>,
) -> IndexMap<String, Field> {
    let field = |of: &Component<FieldDefinition>| {
        deprecate(made, &[owner, &of.name], &of.directives);
        let arguments = of.arguments.iter().map(|argument| {
            deprecate(made, &[owner, &of.name, &argument.name], &argument.directives);
            (argument.name.to_string(), input(argument))
        });
        let field = Field {
            description: of.description.as_ref().map(ToString::to_string),
            arguments: arguments.collect(),
            of: type_ref(&of.ty),
            binding: FieldBinding::Told(TELLER),
        };
        (of.name.to_string(), field)
    };
    fields.values().map(field).collect()
}

fn input(of: &InputValueDefinition) -> Input {
    Input {
        description: of.description.as_ref().map(ToString::to_string),
        of: type_ref(&of.ty),
        default: of.default_value.as_ref().map(value),
        binding: InputBinding::Told,
    }
}

fn deprecate(made: &mut Definitions, path: &[&str], directives: &DirectiveList) {
    if let Some(directive) = directives.get("deprecated") {
        let reason = directive.specified_argument_by_name("reason").and_then(|reason| reason.as_str());
        made.deprecated.insert(path.join("."), reason.unwrap_or("No longer supported").to_owned());
    }
}

fn type_ref(of: &Type) -> TypeRef {
    match of {
        Type::Named(name) => TypeRef::named(name.as_str()),
        Type::NonNullNamed(name) => TypeRef::named(name.as_str()).non_null(),
        Type::List(item) => type_ref(item).list(),
        Type::NonNullList(item) => type_ref(item).list().non_null(),
    }
}

fn value(of: &Node<Value>) -> Json {
    match of.as_ref() {
        Value::Null | Value::Variable(_) => Json::Null,
        Value::Enum(word) => Json::String(word.to_string()),
        Value::String(text) => Json::String(text.clone()),
        Value::Float(number) => number.as_str().parse::<f64>().ok().map_or(Json::Null, Json::from),
        Value::Int(number) => number.as_str().parse::<i64>().ok().map_or(Json::Null, Json::from),
        Value::Boolean(is_true) => Json::Bool(*is_true),
        Value::List(items) => items.iter().map(value).collect(),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(name, of)| (name.to_string(), value(of))).collect::<Map<_, _>>())
        }
    }
}
