//! Whether an answer equals the recorded one, as far as the real system's clients can tell.

use serde_json::{Value, json};

use crate::case::Recorded;
use crate::shape::{at, is_of_kind, put, sorted_text, unordered};

/// An answer of the server under test.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body, when it is JSON.
    pub body: Option<Value>,
}

/// Judges one Strapi exchange: status, `data` exactly (lists in order unless recorded as unordered), and of `errors` number, message,
/// path, code and inner error. Where the answer is the GraphQL library's own refusal (status 400), its wording is not compared.
///
/// # Errors
/// What differs.
pub fn strapi(recorded: &Recorded, answer: &Answer) -> Result<(), String> {
    let Some(status) = recorded.status else { return Ok(()) };
    if status != answer.status {
        return Err(format!("status {}, wanted {status}", answer.status));
    }
    let Some(mut wanted) = recorded.response.clone() else { return Ok(()) };
    let mut got = answer.body.clone().ok_or("the answer is no JSON")?;
    if is_of_library(status, &wanted) {
        let refused = got.get("errors").is_some_and(|errors| !errors.is_null()) || got.get("error").is_some();
        return if refused { Ok(()) } else { Err("no errors in the answer".to_owned()) };
    }
    for placeholder in &recorded.placeholders {
        let value = at(&got, &placeholder.path).ok_or_else(|| format!("nothing at {}", placeholder.path))?;
        if !is_of_kind(value, &placeholder.kind) {
            return Err(format!("{} is no {}: {value}", placeholder.path, placeholder.kind));
        }
        put(&mut got, &placeholder.path, json!(placeholder.kind));
        put(&mut wanted, &placeholder.path, json!(placeholder.kind));
    }
    if recorded.compare.as_deref() == Some("unordered") {
        (wanted, got) = (unordered(&wanted), unordered(&got));
    }
    equal("data", wanted.get("data"), got.get("data"))?;
    equal("errors", Some(&faces(&wanted)), Some(&faces(&got)))?;
    equal("error", wanted.pointer("/error/name"), got.pointer("/error/name"))
}

fn equal(what: &str, wanted: Option<&Value>, got: Option<&Value>) -> Result<(), String> {
    let text = |value: Option<&Value>| value.map(sorted_text).unwrap_or_default();
    if text(wanted) == text(got) {
        return Ok(());
    }
    Err(format!("{what} differs\n    wanted {}\n    got    {}", text(wanted), text(got)))
}

fn is_of_library(status: u16, wanted: &Value) -> bool {
    const LIBRARY: [&str; 2] = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"];
    let code_is = |error: &Value| {
        error.pointer("/extensions/code").and_then(Value::as_str).is_some_and(|code| LIBRARY.contains(&code))
    };
    status == 400 || errors(wanted).iter().any(code_is)
}

fn errors(answer: &Value) -> &[Value] {
    answer.get("errors").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What of each error a client can tell, in an order of its own.
fn faces(answer: &Value) -> Value {
    let mut faces: Vec<Value> = errors(answer).iter().map(face).collect();
    faces.sort_by_cached_key(sorted_text);
    Value::Array(faces)
}

fn face(error: &Value) -> Value {
    json!({
        "message": error.get("message"),
        "path": error.get("path"),
        "code": error.pointer("/extensions/code"),
        "name": error.pointer("/extensions/error/name"),
        "inner": error.pointer("/extensions/error/message"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Answer, strapi};
    use crate::case::Recorded;

    fn check(recorded: &Value, got: Value) -> Result<(), String> {
        let recorded: Recorded = serde_json::from_value(recorded.clone()).expect("a recorded answer");
        strapi(&recorded, &Answer { status: 200, body: Some(got) })
    }

    #[test]
    fn an_answer_must_equal_the_recorded_one() {
        let recorded = json!({"status": 200, "response": {"data": {"a": [1, 2], "t": "x"}}, "placeholders": [{"path": "data.t", "kind": "string"}]});
        assert_eq!(check(&recorded, json!({"data": {"t": "y", "a": [1, 2]}})), Ok(()));
        assert!(check(&recorded, json!({"data": {"t": "y", "a": [2, 1]}})).is_err());
        assert!(check(&recorded, json!({"data": {"t": 5, "a": [1, 2]}})).is_err());
        assert!(check(&recorded, json!({"data": {"t": "y", "a": [1, 2]}, "errors": [{"message": "m"}]})).is_err());
    }

    #[test]
    fn a_refusal_of_the_library_must_be_refused_but_not_in_its_words() {
        let recorded = json!({"status": 200, "response": {"errors": [{"message": "m", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}});
        assert_eq!(check(&recorded, json!({"errors": [{"message": "other"}]})), Ok(()));
        assert!(check(&recorded, json!({"data": {}})).is_err());
    }
}
