//! Comparisons of JSON values as PostgreSQL's `jsonb` has them.

use serde_json::Value;

/// Equal, whatever the order of members and the spelling of numbers.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right
                || matches!((left.as_f64(), right.as_f64()), (Some(left), Some(right)) if left.total_cmp(&right).is_eq())
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// `left @> right`. A list contains a single value that is among its items; nowhere else does a list stand for its items.
pub(super) fn contains(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(items), Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            items.iter().any(|item| equal(item, right))
        }
        _ => holds(left, right),
    }
}

fn holds(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            right.iter().all(|(key, wanted)| left.get(key).is_some_and(|value| holds(value, wanted)))
        }
        (Value::Array(left), Value::Array(right)) => {
            right.iter().all(|wanted| left.iter().any(|item| holds(item, wanted)))
        }
        _ => equal(left, right),
    }
}

/// `json ? key`: a member of an object, an item of a list, or the text itself.
pub(super) fn has_key(json: &Value, key: &str) -> bool {
    match json {
        Value::Object(members) => members.contains_key(key),
        Value::Array(items) => items.iter().any(|item| item.as_str() == Some(key)),
        Value::String(text) => text == key,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The texts of a list.
pub(super) fn keys(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
