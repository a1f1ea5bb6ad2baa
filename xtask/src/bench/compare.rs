//! Whether two programs gave the same data, though they say it in different words.
//!
//! Every answer is brought to the words of the hasura dialect: snake case, `id` for the document, a list and an aggregate where
//! the strapi dialect has a connection. Times are compared as UTC, numbers with a tolerance for the last digits of an average.

use serde_json::{Map, Value};

use super::operations::Operation;
use super::options::Way;

const TOLERANCE: f64 = 1e-9;

/// Answers of different databases or programs differ here and must.
const MADE_BY_INSERT: [&str; 3] = ["id", "article_id", "created_at"];

/// The first place where two answers differ, with both values.
pub(super) fn difference(operation: Operation, left: (Way, &Value), right: (Way, &Value)) -> Option<String> {
    let is_total_alone = operation == Operation::E && (left.0 == Way::Strapi || right.0 == Way::Strapi);
    let prepare = |(way, value): (Way, &Value)| {
        let mut value = canonical(way, value);
        if is_total_alone {
            keep_total(&mut value);
        }
        if operation == Operation::F {
            forget_made(&mut value);
        }
        value
    };
    differs("", &prepare(left), &prepare(right))
}

fn canonical(way: Way, value: &Value) -> Value {
    let data = &value["data"];
    match (way, data) {
        (Way::Strapi, Value::Object(roots)) => Value::Object(roots.iter().flat_map(strapi_root).collect()),
        _ => plain(data),
    }
}

/// A root field of the strapi dialect under the names of the hasura one.
fn strapi_root((name, value): (&String, &Value)) -> Map<String, Value> {
    let mut roots = Map::new();
    if let Some(list) = name.strip_suffix("s_connection") {
        if let Some(nodes) = value.get("nodes") {
            roots.insert(list.to_owned(), plain(nodes));
        }
        let total = serde_json::json!({ "aggregate": { "count": value["pageInfo"]["total"] } });
        roots.insert(format!("{list}_aggregate"), total);
    } else if name == "createComment" {
        roots.insert("insert_comment_one".to_owned(), plain(value));
    } else if let Some(list) = name.strip_suffix('s') {
        roots.insert(list.to_owned(), plain(value));
    } else {
        roots.insert(format!("{name}_by_pk"), plain(value));
    }
    roots
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| member(name, value)).collect()),
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::String(text) => Value::String(instant(text).unwrap_or_else(|| text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn member(name: &str, value: &Value) -> (String, Value) {
    if name == "documentId" {
        let key = value.as_str().and_then(|id| u64::from_str_radix(id, 36).ok());
        return ("id".to_owned(), key.map_or_else(|| value.clone(), Value::from));
    }
    let name = snake_case(name);
    let decimal = value.as_str().filter(|_| matches!(name.as_str(), "unit_price" | "rating" | "milliseconds"));
    let number = decimal.and_then(|text| text.parse::<f64>().ok()).map(Value::from);
    let value = number.unwrap_or_else(|| plain(value));
    (name, value)
}

fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// A time in UTC without its zone and without a fraction of zeros; nothing for any other text.
fn instant(text: &str) -> Option<String> {
    let looks_like_time = text.len() >= 19 && text.as_bytes()[4] == b'-' && text.as_bytes()[10] == b'T';
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).filter(|_| looks_like_time)?;
    let whole = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    Some(whole.to_owned())
}

fn keep_total(value: &mut Value) {
    let count = value["track_aggregate"]["aggregate"]["count"].clone();
    *value = count;
}

fn forget_made(value: &mut Value) {
    if let Some(row) = value.get_mut("insert_comment_one").and_then(Value::as_object_mut) {
        row.retain(|name, _| !MADE_BY_INSERT.contains(&name.as_str()));
    }
}

fn differs(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left_members), Value::Object(right_members)) => {
            let missing = right_members.keys().find(|name| !left_members.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{path}/{name} stands on one side only"));
            }
            left_members.iter().find_map(|(name, value)| match right_members.get(name) {
                Some(other) => differs(&format!("{path}/{name}"), value, other),
                None => Some(format!("{path}/{name} stands on one side only")),
            })
        }
        (Value::Array(left_items), Value::Array(right_items)) => {
            if left_items.len() != right_items.len() {
                return Some(format!("{path} has {} and {} items", left_items.len(), right_items.len()));
            }
            let pairs = left_items.iter().zip(right_items).enumerate();
            pairs.into_iter().find_map(|(index, (left, right))| differs(&format!("{path}/{index}"), left, right))
        }
        (Value::Number(left_number), Value::Number(right_number)) => {
            let (Some(left), Some(right)) = (left_number.as_f64(), right_number.as_f64()) else { return None };
            let is_near = (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()).max(1.0);
            (!is_near).then(|| format!("{path} is {left} and {right}"))
        }
        (left, right) => (left != right).then(|| format!("{path} is {left} and {right}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::difference;
    use crate::bench::operations::Operation;
    use crate::bench::options::Way;

    #[track_caller]
    fn check(operation: Operation, strapi: &Value, rows: &Value, expected: Option<&str>) {
        let found = difference(operation, (Way::Strapi, strapi), (Way::Rows, rows));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn the_same_rows_in_other_words() {
        let strapi = json!({ "data": { "tracks_connection": { "pageInfo": { "total": 2 },
            "nodes": [{ "documentId": "00000000000000000000000a", "unitPrice": 0.99, "releasedAt": "2020-01-01T10:00:00.500Z" }] } } });
        let rows = json!({ "data": { "track": [{ "id": 10, "unit_price": "0.990", "released_at": "2020-01-01T10:00:00.5+00:00" }],
            "track_aggregate": { "aggregate": { "count": 2 } } } });
        check(Operation::C, &strapi, &rows, None);
    }

    #[test]
    fn another_value_is_named_with_its_place() {
        let strapi = json!({ "data": { "albums": [{ "title": "a" }] } });
        let rows = json!({ "data": { "album": [{ "title": "b" }] } });
        check(Operation::B, &strapi, &rows, Some("/album/0/title is \"a\" and \"b\""));
    }
}
