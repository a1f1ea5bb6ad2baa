//! Judging answers against recorded ones with placeholders: `<float>`, `<sha1:1>`, `<run:page_1>` stand for any value of their form, the same
//! for equal names within one case (of runs: within the play).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// What names stand for.
pub type Names = BTreeMap<String, String>;

/// How strictly lists and values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As recorded.
    Exact,
    /// Lists in any order.
    Unordered,
    /// Members, kinds and type names alone.
    Shape,
}

const UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const FORMS: [(&str, &str); 14] = [
    ("uuid", UUID),
    ("float", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"),
    ("int", r"-?\d+"),
    ("millis", r"\d{12,14}"),
    ("sha1", "[0-9a-f]{40}"),
    ("cursor", r"[\s\S]+"),
    ("file-key", "[A-Za-z0-9_]+"),
    ("hex32", "[0-9a-f]{32}"),
    ("addr", "0x[0-9a-f]+"),
    ("duration", r"\d[\d.]*\s?(?:ms|µs|us|s|min|m|h)(?:\s?\d[\d.]*\s?(?:ms|µs|us|s|min|m|h))*"),
    ("datetime", r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\s?(?:Z|[+-]\d\d:?\d\d))?"),
    ("date", r"\d{4}-\d\d-\d\d"),
    ("stack", r"[\s\S]*"),
    ("text", r"[\s\S]*"),
];
/// What stands in the lines that the recorded system's own engine wrote among those of a program.
const ENGINE_WORDS: &str = "dagster - DEBUG";
/// Never compared.
const PLACES: [&str; 6] = ["dir", "home", "venv", "path", "host", "hostname"];
/// Lists that the recorded system keeps in no order.
const ANY_ORDER: [&str; 4] = ["repositories", "allConfigTypes", "possibleTypes", "resolvedOpSelection"];

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let forms: Vec<&str> = FORMS.iter().map(|(name, _)| *name).chain(PLACES).collect();
    let text = format!(r"<(run|backfill):([a-z0-9_]+)>|<sha1:(\d+)>|<({})>", forms.join("|"));
    Regex::new(&text).expect("the pattern holds")
});
static PLACE_WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!("<(?:{})>[^\\s\"',)\\]]*", PLACES.join("|"))).expect("the pattern holds"));

/// Puts the values of known names into what is sent; an unknown run is one that never was.
#[must_use]
pub fn filled(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => {
            let text = TOKEN.replace_all(text, |found: &regex::Captures<'_>| match (found.get(1), found.get(2)) {
                (Some(kind), Some(name)) => {
                    let key = [kind.as_str(), ":", name.as_str()].concat();
                    names.get(&key).cloned().unwrap_or_else(|| found[0].to_owned())
                }
                _ if &found[0] == "<uuid>" => "00000000-0000-4000-8000-000000000000".to_owned(),
                _ if found[0].starts_with("<sha1") => "0".repeat(40),
                _ => found[0].to_owned(),
            });
            Value::String(text.into_owned())
        }
        Value::Array(items) => items.iter().map(|item| filled(item, names)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), filled(value, names))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Compares an answer with the recorded one; binds names on the way.
///
/// # Errors
/// The first difference, with its path.
pub fn matches(expected: &Value, actual: &Value, names: &mut Names, mode: Mode) -> Result<(), String> {
    compare((expected, actual), names, mode, "response")
}

fn compare((expected, actual): (&Value, &Value), names: &mut Names, mode: Mode, path: &str) -> Result<(), String> {
    if let Value::String(text) = expected
        && let Some(found) = TOKEN.find(text)
        && found.len() == text.len()
    {
        let form = &text[1..text.len() - 1];
        let is_number = actual.is_number() && (form == "float" || form == "int" || mode == Mode::Shape);
        if PLACES.contains(&form) || is_number {
            return Ok(());
        }
    }
    if *expected == serde_json::json!(["<stack>"]) && actual.is_array() {
        return Ok(());
    }
    if mode == Mode::Shape && (expected.is_null() || actual.is_null()) && path != "response.data" {
        return Ok(());
    }
    let differ = || Err(format!("{path}: expected {expected}, got {actual}"));
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => members((expected, actual), names, mode, path),
        (Value::Array(expected), Value::Array(actual)) => lists((expected, actual), names, mode, path),
        (Value::String(_), Value::String(_)) if mode == Mode::Shape && !path.ends_with("__typename") => Ok(()),
        (Value::String(expected), Value::String(actual)) => texts((expected, actual), names, path),
        (Value::Number(one), Value::Number(other)) if mode == Mode::Shape || one.as_f64() == other.as_f64() => Ok(()),
        (Value::Bool(one), Value::Bool(other)) if mode == Mode::Shape || one == other => Ok(()),
        (Value::Null, Value::Null) => Ok(()),
        _ => differ(),
    }
}

fn members(
    (expected, actual): (&Map<String, Value>, &Map<String, Value>),
    names: &mut Names,
    mode: Mode,
    path: &str,
) -> Result<(), String> {
    if path.ends_with("errorInfo") {
        return Ok(());
    }
    if !expected.keys().eq(actual.keys()) {
        let keys = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>().join(" ");
        return Err(format!("{path}: members {}, expected {}", keys(actual), keys(expected)));
    }
    expected.iter().try_for_each(|(key, value)| compare((value, &actual[key]), names, mode, &[path, ".", key].concat()))
}

fn lists((expected, actual): (&[Value], &[Value]), names: &mut Names, mode: Mode, path: &str) -> Result<(), String> {
    let last = path.rsplit('.').next().unwrap_or_default();
    if mode == Mode::Shape {
        return actual.iter().try_for_each(|item| {
            let tried = expected.iter().map(|like| compare((like, item), &mut names.clone(), mode, path));
            let mut failed = None;
            for one in tried {
                match one {
                    Ok(()) => return Ok(()),
                    Err(difference) => failed = failed.or(Some(difference)),
                }
            }
            failed.map_or(Ok(()), Err)
        });
    }
    if expected.len() != actual.len() {
        return Err(format!(
            "{path}: expected {} items, got {}: {}",
            expected.len(),
            actual.len(),
            Value::from(actual)
        ));
    }
    if mode == Mode::Unordered || ANY_ORDER.contains(&last) {
        let mut left: Vec<&Value> = actual.iter().collect();
        for item in expected {
            let found = left.iter().position(|other| compare((item, other), &mut names.clone(), mode, path).is_ok());
            let Some(at) = found else { return Err(format!("{path}: nothing like {item} in {}", Value::from(actual))) };
            compare((item, left.remove(at)), names, mode, path)?;
        }
        return Ok(());
    }
    for (index, (one, other)) in expected.iter().zip(actual).enumerate() {
        compare((one, other), names, mode, &format!("{path}.{index}"))?;
    }
    Ok(())
}

fn texts((expected, actual): (&str, &str), names: &mut Names, path: &str) -> Result<(), String> {
    if path.ends_with(".stderr") && expected.contains(ENGINE_WORDS) {
        let own =
            |text: &str| text.split_inclusive('\n').filter(|line| !line.contains(ENGINE_WORDS)).collect::<String>();
        return texts((&own(expected), &own(actual)), names, path);
    }
    let differ = || format!("{path}: expected {expected:?}, got {actual:?}");
    if !expected.contains('<') {
        return if expected == actual { Ok(()) } else { Err(differ()) };
    }
    let (pattern, keys) = pattern_of(expected);
    let found = pattern.captures(actual).ok_or_else(differ)?;
    for (key, value) in keys.iter().zip(found.iter().skip(1).flatten()) {
        let known = names.entry(key.clone()).or_insert_with(|| value.as_str().to_owned());
        if known != value.as_str() {
            return Err(format!("{path}: <{key}> is {known}, got {}", value.as_str()));
        }
    }
    Ok(())
}

fn pattern_of(expected: &str) -> (Regex, Vec<String>) {
    let expected = PLACE_WORD.replace_all(expected, "<path>");
    let (mut pattern, mut keys, mut at) = ("^".to_owned(), Vec::new(), 0);
    for found in TOKEN.captures_iter(&expected) {
        let whole = found.get(0).expect("a match has itself");
        pattern.push_str(&regex::escape(&expected[at..whole.start()]));
        if let (Some(kind), Some(name)) = (found.get(1), found.get(2)) {
            keys.push([kind.as_str(), ":", name.as_str()].concat());
            pattern.push_str(&["(", if kind.as_str() == "run" { UUID } else { "[a-z]{8}" }, ")"].concat());
        } else if let Some(number) = found.get(3) {
            keys.push(["sha1:", number.as_str()].concat());
            pattern.push_str("([0-9a-f]{40})");
        } else {
            let form = FORMS.iter().find(|(name, _)| *name == &found[4]);
            pattern.push_str(&form.map_or("[^\\s\"',)\\]]*".to_owned(), |(_, form)| ["(?:", form, ")"].concat()));
        }
        at = whole.end();
    }
    let tail = &expected[at..];
    match tail.strip_suffix("…<cut>") {
        Some(tail) => pattern.push_str(&[&regex::escape(tail), r"[\s\S]*"].concat()),
        None => pattern.push_str(&regex::escape(tail)),
    }
    pattern.push('$');
    (Regex::new(&pattern).expect("the pattern holds"), keys)
}
