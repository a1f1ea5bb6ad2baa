//! Attacks on what must not leak, and what must be answered.

use std::collections::BTreeMap;
use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::judge::Answer;

/// One attack.
#[derive(Debug, Clone, Deserialize)]
pub struct Attack {
    /// Unique.
    pub name: String,
    /// What is sent.
    pub request: Request,
    /// The same with a word that must make no difference.
    pub contrast: Option<Request>,
    /// Words of the requests, masked before both answers are compared.
    #[serde(default)]
    pub probe_words: Vec<String>,
    /// What must hold, separated by `;`.
    pub expect: String,
    /// What is sent before.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How often the request is sent; `{n}` in it is the number.
    pub repeat: Option<u32>,
    /// The answer need not be one of GraphQL.
    #[serde(default)]
    pub any_body: bool,
}

/// A request before that of the attack.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// What is sent.
    pub request: Request,
    /// Placeholders, and where in the answer their values stand.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
}

/// A request of an attack. `${USER_TOKEN}` and the like in it are filled by the caller.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// Method; POST where there is none.
    pub method: Option<String>,
    /// Path and query; that of the graph where there is none.
    pub path: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// A JSON body.
    #[serde(default)]
    pub body: Value,
}

/// Texts that are too long to be stored: `{"$repeat": text, "n": times, "sep": between}`, in which `{i}` is the number, `{"$nest": [open, middle,
/// close], "n": times}`, and `{"$text": [parts]}`.
#[must_use]
pub fn expanded(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let times = members.get("n").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
            if let Some(text) = members.get("$repeat").and_then(Value::as_str) {
                let between = members.get("sep").and_then(Value::as_str).unwrap_or_default();
                let numbered = |number: usize| text.replace("{i}", &number.to_string());
                return Value::String((0..times).map(numbered).collect::<Vec<_>>().join(between));
            }
            if let Some([Value::String(open), Value::String(middle), Value::String(close)]) =
                members.get("$nest").and_then(Value::as_array).map(Vec::as_slice)
            {
                return Value::String([&open.repeat(times), middle.as_str(), &close.repeat(times)].concat());
            }
            if let Some(parts) = members.get("$text") {
                let parts = parts.as_array().into_iter().flatten().map(expanded);
                return Value::String(parts.filter_map(|part| part.as_str().map(str::to_owned)).collect());
            }
            members.iter().map(|(name, inner)| (name.clone(), expanded(inner))).collect()
        }
        Value::Array(items) => items.iter().map(expanded).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Reads the attacks of a file, one a line.
///
/// # Panics
/// When the file cannot be read or a line is no attack: the data stands in the repository.
#[must_use]
pub fn read(path: &Path) -> Vec<Attack> {
    let text = fs::read_to_string(path).expect("the file of attacks is there");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Judges an answer, and the contrast's where there is one.
///
/// # Errors
/// What does not hold.
pub fn judge(attack: &Attack, answer: &Answer, contrast: Option<&Answer>) -> Result<(), String> {
    if answer.status >= 500 {
        return Err(format!("status {}", answer.status));
    }
    let body = answer.body.clone().unwrap_or_default();
    if body.get("data").is_none() && body.get("errors").is_none() && answer.status < 400 && !attack.any_body {
        return Err(format!("no GraphQL answer: {body}"));
    }
    attack.expect.split(';').map(str::trim).try_for_each(|token| holds(attack, token, answer, contrast))
}

fn holds(attack: &Attack, token: &str, answer: &Answer, contrast: Option<&Answer>) -> Result<(), String> {
    let body = answer.body.clone().unwrap_or_default();
    let text = body.to_string();
    let fails = |what: &str| Err(format!("{what}: {text}"));
    let has_errors = body.get("errors").is_some_and(|errors| errors.as_array().is_some_and(|list| !list.is_empty()))
        || answer.status >= 400;
    let (word, pattern) = token.split_once(':').unwrap_or((token, ""));
    match word {
        // Whether one of many was refused is judged over all of them, and what is served by whoever can ask for it.
        "wellformed" | "throttled" | "inert" | "header-absent" => Ok(()),
        "error" if has_errors && is_empty(body.get("data")) => Ok(()),
        "error" => fails("not refused"),
        "data" if !has_errors && !is_empty(body.get("data")) => Ok(()),
        "data" => fails("not answered"),
        "denied" if has_errors || is_empty(body.get("data")) => Ok(()),
        "denied" => fails("not denied"),
        "absent" => {
            let found = regex::Regex::new(pattern).map_err(|error| error.to_string())?.is_match(&text);
            if found { fails("leaks") } else { Ok(()) }
        }
        "same" => {
            let contrast = contrast.and_then(|answer| answer.body.clone()).unwrap_or_default().to_string();
            let mask = |text: &str| {
                attack.probe_words.iter().fold(text.to_owned(), |text, word| text.replace(word.as_str(), "*"))
            };
            if mask(&text) == mask(&contrast) { Ok(()) } else { Err(format!("an oracle: {text} against {contrast}")) }
        }
        other => Err(format!("no such expectation: {other}")),
    }
}

/// Null, absent, an object of nothing but nulls and empty lists, or a member of a union that says what went wrong.
fn is_empty(data: Option<&Value>) -> bool {
    let is_fault = |of: &Value| of["__typename"].as_str().is_some_and(|name| name.ends_with("Error"));
    match data {
        None | Some(Value::Null) => true,
        Some(of @ Value::Object(_)) if is_fault(of) => true,
        Some(Value::Object(members)) => members.values().all(|value| is_empty(Some(value))),
        Some(Value::Array(items)) => items.iter().all(|value| is_empty(Some(value))),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Attack, judge};
    use crate::judge::Answer;

    fn check(expect: &str, body: Value) -> bool {
        let attack: Attack =
            serde_json::from_value(json!({"name": "x", "request": {"body": {}}, "expect": expect})).expect("an attack");
        judge(&attack, &Answer { status: 200, body: Some(body) }, None).is_ok()
    }

    #[test]
    fn a_leak_is_seen_and_a_refusal_accepted() {
        assert!(check("error", json!({"errors": [{"message": "no"}], "data": null})));
        assert!(!check("error", json!({"data": {"a": 1}})));
        assert!(check("denied", json!({"data": {"a": []}})));
        assert!(!check("denied", json!({"data": {"a": [1]}})));
        assert!(check("denied", json!({"data": {"a": {"__typename": "UnauthorizedError", "message": "no"}}})));
        assert!(!check("denied", json!({"data": {"a": {"__typename": "LaunchRunSuccess"}}})));
        assert!(!check("wellformed; absent:CANARY", json!({"data": {"a": "CANARY-1"}})));
    }
}
