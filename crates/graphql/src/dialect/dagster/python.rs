//! Values as Python prints them, since messages of this API show them so.

use serde_json::Value as Json;

/// `str(value)`.
pub(super) fn str_of(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number_of(number),
        Json::String(text) => quoted(text),
        Json::Array(items) => ["[", &items.iter().map(repr).collect::<Vec<_>>().join(", "), "]"].concat(),
        Json::Object(members) => {
            let members = members.iter().map(|(key, value)| [&quoted(key), ": ", &repr(value)].concat());
            ["{", &members.collect::<Vec<_>>().join(", "), "}"].concat()
        }
    }
}

/// A list of texts.
pub(super) fn list(names: &[impl AsRef<str>]) -> String {
    ["[", &names.iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(", "), "]"].concat()
}

/// The name of a value's class.
pub(super) fn class(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// In single quotes; in double ones where the text has a single and no double quote.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            of if of == quote => out.extend(['\\', of]),
            of if of.is_control() => out.extend(format!("\\x{:02x}", u32::from(of)).chars()),
            of => out.push(of),
        }
    }
    out.push(quote);
    out
}

fn number_of(number: &serde_json::Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) => float_text(float),
        None => number.to_string(),
    }
}

/// The shortest text that reads as the float; with an exponent where Python writes one.
fn float_text(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{float:?}")
}

/// `json.dumps(value)`: a blank behind commas and colons, ASCII only.
pub(super) fn dumps(value: &Json) -> String {
    match value {
        Json::Array(items) => ["[", &items.iter().map(dumps).collect::<Vec<_>>().join(", "), "]"].concat(),
        Json::Object(members) => {
            let members = members.iter().map(|(key, value)| [&ascii(key), ": ", &dumps(value)].concat());
            ["{", &members.collect::<Vec<_>>().join(", "), "}"].concat()
        }
        Json::String(text) => ascii(text),
        Json::Number(number) => number_of(number),
        Json::Null | Json::Bool(_) => value.to_string(),
    }
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for character in Json::from(text).to_string().chars() {
        if character.is_ascii() && character != '\u{7f}' {
            out.push(character);
        } else {
            let mut units = [0u16; 2];
            for unit in character.encode_utf16(&mut units) {
                out.extend(format!("\\u{unit:04x}").chars());
            }
        }
    }
    out
}
