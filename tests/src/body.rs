//! Bodies of attacks that are told instead of stored: repeated texts, bytes, forms.
//!
//! ```text
//! {"$text": [..]} {"$bytes": [..]}            parts put together
//! {"$repeat": "{i} ", "n": 3, "sep": ","}     a text several times; `{i}` is the number
//! {"$hex": "504b"}                            bytes
//! {"$multipart": [{"name", "filename", "type", "head", "data"}], "unterminated": true}
//! ```
//!
//! Any other value is JSON as it stands.

use serde_json::{Map, Value};

use crate::form::{BOUNDARY, media_type};

/// The bytes of a body, and the media type that it asks for.
#[must_use]
pub fn of(body: &Value) -> (Vec<u8>, String) {
    let media_type = if body.get("$multipart").is_some() { media_type() } else { "application/json".to_owned() };
    (bytes(body), media_type)
}

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(members) => told(members).unwrap_or_else(|| value.to_string().into_bytes()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string().into_bytes(),
    }
}

/// What is told; none for plain JSON.
fn told(members: &Map<String, Value>) -> Option<Vec<u8>> {
    if let Some(Value::Array(parts)) = members.get("$text").or_else(|| members.get("$bytes")) {
        return Some(parts.iter().flat_map(bytes).collect());
    }
    if let Some(Value::String(text)) = members.get("$repeat") {
        let times = members.get("n").and_then(Value::as_u64).unwrap_or(1);
        let between = members.get("sep").and_then(Value::as_str).unwrap_or_default();
        let all: Vec<String> = (0..times).map(|n| text.replace("{i}", &n.to_string())).collect();
        return Some(all.join(between).into_bytes());
    }
    if let Some(Value::String(digits)) = members.get("$hex") {
        return Some(hex(digits));
    }
    let Value::Array(parts) = members.get("$multipart")? else { return None };
    let mut body: Vec<u8> = parts.iter().flat_map(part).collect();
    if members.get("unterminated") != Some(&Value::Bool(true)) {
        body.extend_from_slice(&[b"--", BOUNDARY.as_bytes(), b"--\r\n"].concat());
    }
    Some(body)
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("bytes are told by two digits each")).collect()
}

fn part(part: &Value) -> Vec<u8> {
    let member = |name: &str| part.get(name).map(bytes);
    let mut head = [b"--", BOUNDARY.as_bytes(), b"\r\nContent-Disposition: form-data; name=\""].concat();
    head.extend(member("name").unwrap_or_default());
    head.push(b'"');
    if let Some(name) = member("filename") {
        head.extend([b"; filename=\"", name.as_slice(), b"\""].concat());
    }
    for (header, member) in [("\r\nContent-Type: ", member("type")), ("\r\n", member("head"))] {
        if let Some(value) = member {
            head.extend([header.as_bytes(), &value].concat());
        }
    }
    [head.as_slice(), b"\r\n\r\n", &member("data").unwrap_or_default(), b"\r\n"].concat()
}
