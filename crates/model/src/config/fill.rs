//! What is not given becomes what the type says it is then. Done when a run starts: stored and shown is what was sent.

use serde_json::{Map, Value};

use super::{ConfigShape, ConfigType, ShapeKind};

/// A value without faults, with every default filled in.
#[must_use]
pub fn fill(of: &ConfigType, value: &Value) -> Value {
    match (of, value) {
        (ConfigType::Nullable(_) | ConfigType::Any | ConfigType::Scalar(_), Value::Null) => Value::Null,
        (ConfigType::Nullable(inner), value) => fill(inner, value),
        (ConfigType::List(item), Value::Array(items)) => items.iter().map(|value| fill(item, value)).collect(),
        (ConfigType::Map(map), Value::Object(entries)) => {
            entries.iter().map(|(key, value)| (key.clone(), fill(&map.value, value))).collect()
        }
        (ConfigType::Either(either), Value::Object(_) | Value::Array(_)) => fill(&either.other, value),
        (ConfigType::Shape(shape), value) => object(shape, value.as_object().unwrap_or(&Map::new())),
        (
            ConfigType::Any
            | ConfigType::Scalar(_)
            | ConfigType::Source(_)
            | ConfigType::Enum(_)
            | ConfigType::List(_)
            | ConfigType::Map(_)
            | ConfigType::Either(_),
            _,
        ) => value.clone(),
    }
}

fn object(shape: &ConfigShape, given: &Map<String, Value>) -> Value {
    let is_chosen_by_default = shape.kind == ShapeKind::OneOf && given.is_empty() && shape.fields.len() == 1;
    let mut filled = Map::new();
    for field in &shape.fields {
        let value = match (given.get(&field.name), shape.kind) {
            (Some(value), _) => Some(value),
            (None, ShapeKind::OneOf) if !is_chosen_by_default => None,
            (None, ShapeKind::OneOf | ShapeKind::Strict | ShapeKind::Open) => field.default.as_ref(),
        };
        filled.extend(value.map(|value| (field.name.clone(), fill(&field.of, value))));
    }
    // Members that an open object has beside its own.
    for (name, value) in given.iter().filter(|(name, _)| shape.field(name).is_none()) {
        filled.insert(name.clone(), value.clone());
    }
    Value::Object(filled)
}
