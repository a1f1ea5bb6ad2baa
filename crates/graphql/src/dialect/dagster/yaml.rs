//! YAML as this API reads and writes it.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::Value as Json;

/// Block YAML: keys sorted at every level, two spaces, items of lists not indented, empty collections inline. Ends with its line.
pub(super) fn block(value: &Json) -> String {
    let mut out = String::new();
    match value {
        Json::Object(members) if !members.is_empty() => mapping(&mut out, members, 0),
        Json::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        other => {
            scalar(&mut out, other);
            out.push('\n');
        }
    }
    out
}

fn mapping(out: &mut String, members: &serde_json::Map<String, Json>, indent: usize) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 || !out.ends_with("- ") {
            push_indent(out, indent);
        }
        out.push_str(&text(key));
        out.push(':');
        inside(out, value, indent);
    }
}

fn sequence(out: &mut String, items: &[Json], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || !out.ends_with("- ") {
            push_indent(out, indent);
        }
        out.push_str("- ");
        match item {
            Json::Object(members) if !members.is_empty() => mapping(out, members, indent + 2),
            Json::Array(items) if !items.is_empty() => sequence(out, items, indent + 2),
            other => {
                scalar(out, other);
                out.push('\n');
            }
        }
    }
}

/// What stands behind a key.
fn inside(out: &mut String, value: &Json, indent: usize) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            out.push('\n');
            mapping(out, members, indent + 2);
        }
        Json::Array(items) if !items.is_empty() => {
            out.push('\n');
            sequence(out, items, indent);
        }
        other => {
            out.push(' ');
            scalar(out, other);
            out.push('\n');
        }
    }
}

fn push_indent(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(out: &mut String, value: &Json) {
    match value {
        Json::String(of) => out.push_str(&text(of)),
        Json::Object(_) => out.push_str("{}"),
        Json::Array(_) => out.push_str("[]"),
        Json::Null => out.push_str("null"),
        Json::Bool(_) => out.push_str(&value.to_string()),
        Json::Number(_) => out.push_str(&super::python::repr(value)),
    }
}

/// A text: plain where YAML reads it back as the same text, else in quotes.
fn text(of: &str) -> String {
    if of.chars().any(char::is_control) {
        return Json::from(of).to_string();
    }
    if is_plain(of) { of.to_owned() } else { ["'", &of.replace('\'', "''"), "'"].concat() }
}

fn is_plain(of: &str) -> bool {
    let Some(first) = of.chars().next() else { return false };
    let is_indicator = "-?:,[]{}#&*!|>'\"%@`=".contains(first);
    let begins_well = !is_indicator
        || (matches!(first, '-' | '?' | ':') && of.chars().nth(1).is_some_and(|second| !second.is_whitespace()));
    let has_signs = of.contains(": ") || of.contains(" #") || of.ends_with(':');
    let has_edges = of.starts_with(' ') || of.ends_with(' ');
    begins_well && !has_signs && !has_edges && matches!(plain(of), Json::String(_))
}

/// What a plain scalar of YAML 1.1 is.
fn plain(of: &str) -> Json {
    match of {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Json::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Json::Bool(false),
        of => number(of).unwrap_or_else(|| of.into()),
    }
}

fn number(of: &str) -> Option<Json> {
    let digits = of.strip_prefix(['+', '-']).unwrap_or(of);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return of.strip_prefix('+').unwrap_or(of).parse::<i64>().ok().map(Json::from);
    }
    let is_float = digits.contains('.')
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if is_float { of.strip_prefix('+').unwrap_or(of).parse::<f64>().ok().map(Json::from) } else { None }
}

/// Nesting of a document.
const DEPTH_MAX: usize = 100;
/// Values of a document, keys counted.
const VALUES_MAX: usize = 100_000;

/// The value of a document. References to other parts of it are not followed.
///
/// # Errors
/// Why it is none, as a sentence.
pub(super) fn read(text: &str) -> Result<Json, String> {
    if let Ok(json) = serde_json::from_str(text) {
        return Ok(json);
    }
    let mut reader = Reader { parser: Parser::new_from_str(text), values: 0 };
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(Json::Null),
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => return reader.value(event, 0),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Event<'t>, String> {
        match self.parser.next() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(Event::StreamEnd),
        }
    }

    fn value(&mut self, event: Event<'t>, depth: usize) -> Result<Json, String> {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(format!("the document has more than {VALUES_MAX} values or {DEPTH_MAX} levels"));
        }
        match event {
            Event::Scalar(of, ScalarStyle::Plain, _, None) => Ok(plain(&of)),
            Event::Scalar(of, ..) => Ok(of.into_owned().into()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Json::Array(items)),
                        event => items.push(self.value(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut members = serde_json::Map::new();
                loop {
                    let key = match self.next()? {
                        Event::MappingEnd => return Ok(Json::Object(members)),
                        event => self.value(event, depth + 1)?,
                    };
                    let event = self.next()?;
                    let value = self.value(event, depth + 1)?;
                    members.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), value);
                }
            }
            Event::Alias(_) => Err("the document refers to another part of itself, which is not followed".to_owned()),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Err("the document ends too early".to_owned()),
        }
    }
}
