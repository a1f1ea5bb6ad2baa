//! Paths into JSON, and values of which only the kind counts.

use serde_json::Value;

/// The value at `data.x[0].y`.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    keys(path).iter().try_fold(value, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        Value::Object(members) => members.get(*key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Puts a value at `data.x[0].y`; false when nothing stands there.
pub fn put(value: &mut Value, path: &str, new: Value) -> bool {
    let place = keys(path).into_iter().try_fold(value, |value, key| match value {
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        Value::Object(members) => members.get_mut(key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    });
    place.map(|place| *place = new).is_some()
}

fn keys(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']']).filter(|key| !key.is_empty()).collect()
}

/// Whether a value is of a recorded kind. An unknown kind is a fault of the data.
///
/// # Panics
/// When the kind is none of the recorder's.
#[must_use]
pub fn is_of_kind(value: &Value, kind: &str) -> bool {
    let text = value.as_str();
    match kind {
        "documentId" => text.is_some_and(|text| {
            (20..=32).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        }),
        "datetime" => text.is_some_and(is_instant),
        "jwt" => text.is_some_and(|text| text.matches('.').count() == 2),
        "bcrypt" => value.is_null() || text.is_some_and(|text| !text.starts_with("Password")),
        "id" => text
            .map_or_else(|| value.is_u64(), |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
        "string" => text.is_some(),
        "number" => value.is_number(),
        other => panic!("no such kind of placeholder: {other}"),
    }
}

/// `2026-11-21T15:04:05.000Z`, fraction optional.
fn is_instant(text: &str) -> bool {
    let Some(text) = text.strip_suffix('Z') else { return false };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let shape: String = whole.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    shape == "0000-00-00T00:00:00" && !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// The same value with every list sorted by its text.
#[must_use]
pub fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(unordered).collect();
            items.sort_by_cached_key(sorted_text);
            Value::Array(items)
        }
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), unordered(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// JSON text with the members of objects in the order of their names.
#[must_use]
pub fn sorted_text(value: &Value) -> String {
    match value {
        Value::Array(items) => ["[", &items.iter().map(sorted_text).collect::<Vec<_>>().join(","), "]"].concat(),
        Value::Object(members) => {
            let mut entries: Vec<_> =
                members.iter().map(|(key, value)| [key, ":", &sorted_text(value)].concat()).collect();
            entries.sort();
            ["{", &entries.join(","), "}"].concat()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Fills `{{0.data.x}}` in the texts of a value from earlier answers.
#[must_use]
pub fn filled(value: &Value, answers: &[Value]) -> Value {
    match value {
        Value::String(text) => Value::String(filled_text(text, answers)),
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, answers)).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, item)| (key.clone(), filled(item, answers))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn filled_text(text: &str, answers: &[Value]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (hole, after))) =
        rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        out.push_str(before);
        out.push_str(&earlier(hole, answers).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

fn earlier(hole: &str, answers: &[Value]) -> Option<String> {
    let (step, path) = hole.split_once('.')?;
    let value = at(answers.get(step.parse::<usize>().ok()?)?, path)?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
