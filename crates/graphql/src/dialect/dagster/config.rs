//! Config types as this API shows them.

use std::collections::BTreeMap;

use model::Scalar;
use model::config::{ConfigField, ConfigType, ShapeKind};
use serde_json::Value as Json;

use super::identity::hex;
use super::python::dumps;
use crate::tell::Told;

/// The key of a type: equal types have equal ones.
pub(super) fn key(of: &ConfigType) -> String {
    match of {
        ConfigType::Any | ConfigType::Scalar(_) => of.to_string(),
        ConfigType::Source(source) => [source.name(), "Type"].concat(),
        ConfigType::Enum(of) => of.name.clone(),
        ConfigType::Nullable(of) => ["Noneable.", &key(of)].concat(),
        ConfigType::List(of) => ["Array.", &key(of)].concat(),
        ConfigType::Map(map) => {
            let mut text = ["Map.", &scalar_key(map.key), ".", &key(&map.value)].concat();
            if let Some(label) = &map.label {
                text.push_str(":name: ");
                text.push_str(label);
            }
            text
        }
        ConfigType::Shape(shape) => {
            let prefix = match shape.kind {
                ShapeKind::Strict => "Shape.",
                ShapeKind::Open => "Permissive.",
                ShapeKind::OneOf => "Selector.",
            };
            let mut words: Vec<String> = vec![shape.description.clone().unwrap_or_default()];
            for field in &shape.fields {
                words.extend([
                    field.name.clone(),
                    field.default.as_ref().map(Json::to_string).unwrap_or_default(),
                    field.required.to_string(),
                    key(&field.of),
                    field.description.clone().unwrap_or_default(),
                ]);
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            [prefix, &hex(&words)].concat()
        }
        ConfigType::Either(either) => ["ScalarUnion.", &scalar_key(either.scalar), "-", &key(&either.other)].concat(),
    }
}

fn scalar_key(of: Scalar) -> String {
    ConfigType::Scalar(of).to_string()
}

/// A type.
pub(super) fn told<'a>(of: &ConfigType) -> Told<'a> {
    let of = of.clone();
    Told::object(type_name(&of), move |asked| match asked.name.as_str() {
        "key" => Told::text(Some(key(&of))),
        "description" => description(&of),
        "isSelector" => Told::Json((shape_kind(&of) == Some(ShapeKind::OneOf)).into()),
        "typeParamKeys" => Told::Json(parameters(&of).iter().map(|of| Json::from(key(of))).collect()),
        "recursiveConfigTypes" => {
            let mut found = BTreeMap::new();
            for of in inner(&of) {
                gather(&of, &mut found);
            }
            Told::List(found.values().map(told).collect())
        }
        "givenName" => Told::text(Some(of.to_string())),
        "values" => match &of {
            ConfigType::Enum(of) => Told::Json(
                of.values
                    .iter()
                    .map(|(value, text)| serde_json::json!({ "value": value, "description": text }))
                    .collect(),
            ),
            _ => Told::Unserved,
        },
        "fields" => match &of {
            ConfigType::Shape(shape) => Told::List(shape.fields.iter().map(field).collect()),
            _ => Told::Unserved,
        },
        "ofType" => inner(&of).first().map_or(Told::Unserved, told),
        "scalarType" | "keyType" => parameters(&of).first().map_or(Told::Unserved, told),
        "nonScalarType" | "valueType" => parameters(&of).get(1).map_or(Told::Unserved, told),
        "scalarTypeKey" => Told::text(parameters(&of).first().map(key)),
        "nonScalarTypeKey" => Told::text(parameters(&of).get(1).map(key)),
        "keyLabelName" => match &of {
            ConfigType::Map(map) => Told::text(map.label.clone()),
            _ => Told::Unserved,
        },
        _ => Told::Unserved,
    })
}

/// A member.
pub(super) fn field<'a>(of: &ConfigField) -> Told<'a> {
    let of = of.clone();
    Told::object("ConfigTypeField", move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(of.name.clone())),
        "description" => Told::text(of.description.clone()),
        "configType" => told(&of.of),
        "configTypeKey" => Told::text(Some(key(&of.of))),
        "isRequired" => Told::Json(of.required.into()),
        "isSecret" => Told::Json(false.into()),
        "defaultValueAsJson" => Told::text(of.default.as_ref().map(dumps)),
        _ => Told::Unserved,
    })
}

fn type_name(of: &ConfigType) -> &'static str {
    match of {
        ConfigType::Any | ConfigType::Scalar(_) => "RegularConfigType",
        ConfigType::Source(_) | ConfigType::Either(_) => "ScalarUnionConfigType",
        ConfigType::Enum(_) => "EnumConfigType",
        ConfigType::Nullable(_) => "NullableConfigType",
        ConfigType::List(_) => "ArrayConfigType",
        ConfigType::Map(_) => "MapConfigType",
        ConfigType::Shape(_) => "CompositeConfigType",
    }
}

/// Plain scalars are described by nothing, lists by their own key.
fn description<'a>(of: &ConfigType) -> Told<'a> {
    match of {
        ConfigType::Scalar(_) => Told::Json("".into()),
        ConfigType::List(_) => Told::text(Some(["List of ", &key(of)].concat())),
        ConfigType::Any
        | ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Nullable(_)
        | ConfigType::Map(_)
        | ConfigType::Shape(_)
        | ConfigType::Either(_) => Told::Null,
    }
}

fn shape_kind(of: &ConfigType) -> Option<ShapeKind> {
    match of {
        ConfigType::Shape(shape) => Some(shape.kind),
        ConfigType::Any
        | ConfigType::Scalar(_)
        | ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Nullable(_)
        | ConfigType::List(_)
        | ConfigType::Map(_)
        | ConfigType::Either(_) => None,
    }
}

/// The parameters of a type that is made of others by its form.
fn parameters(of: &ConfigType) -> Vec<ConfigType> {
    match of {
        ConfigType::Nullable(inner) | ConfigType::List(inner) => vec![(**inner).clone()],
        ConfigType::Map(map) => vec![ConfigType::Scalar(map.key), map.value.clone()],
        ConfigType::Either(either) => vec![ConfigType::Scalar(either.scalar), either.other.clone()],
        ConfigType::Source(source) => {
            let other = ConfigType::Shape(std::sync::Arc::new(source.environment()));
            vec![ConfigType::Scalar(source.scalar()), other]
        }
        ConfigType::Any | ConfigType::Scalar(_) | ConfigType::Enum(_) | ConfigType::Shape(_) => Vec::new(),
    }
}

/// The types directly in it.
fn inner(of: &ConfigType) -> Vec<ConfigType> {
    match of {
        ConfigType::Shape(shape) => shape.fields.iter().map(|field| field.of.clone()).collect(),
        other => parameters(other),
    }
}

/// Every type in it and itself, each once by its key.
pub(super) fn gather(of: &ConfigType, found: &mut BTreeMap<String, ConfigType>) {
    let key = key(of);
    if found.contains_key(&key) {
        return;
    }
    found.insert(key, of.clone());
    for of in inner(of) {
        gather(&of, found);
    }
}
