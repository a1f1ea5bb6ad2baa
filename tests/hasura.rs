//! The recorded reading cases of Hasura, replayed at `/v1/graphql` on both databases.
//!
//! `data` must be equal; where the recorded answer is a refusal there must be an error and no data (its words belong to the gateway that was recorded).
//! What is answered otherwise stands in `docs/dialects/hasura.md` with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance::client::graphql;
use acceptance::differences::{self, Tally};
use acceptance::judge::Answer;
use acceptance::project::{Database, Template};
use acceptance::shape::{at, put, sorted_text, unordered};
use serde_json::{Map, Value, json};

#[test]
fn sqlite_answers_as_hasura_does() {
    replay(Database::Sqlite);
}

#[test]
fn postgres_answers_as_hasura_does() {
    replay(Database::Postgres);
}

fn replay(database: Database) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = home.join("conformance/hasura");
    let listed = differences::read(&home.join("../docs/dialects/hasura.md"));
    let server = Template::new(&folder.join("project"), database);
    let server = server.serve();
    let mut tally = Tally::default();
    let text = fs::read_to_string(folder.join("cases.jsonl")).expect("the cases are there");
    for case in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a case is JSON")) {
        let name = case["name"].as_str().expect("a case has a name");
        let members = ["query", "variables", "operationName"].iter().filter(|key| !case[**key].is_null());
        let body: Map<String, Value> = members.map(|key| ((*key).to_owned(), case[*key].clone())).collect();
        let answer = server.ask(&graphql("/v1/graphql", &Value::Object(body), None));
        tally.take(name, listed.contains_key(name), judged(&case, &answer));
    }
    tally.settle("hasura");
}

fn judged(case: &Value, answer: &Answer) -> Result<(), String> {
    let mut got = answer.body.clone().ok_or("the answer is no JSON")?;
    let mut wanted = case["response"].clone();
    let has_errors = got["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    if case["match"] == "error" {
        return if has_errors && got["data"].is_null() { Ok(()) } else { Err(format!("not refused: {got}")) };
    }
    for path in case["unordered"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        for side in [&mut wanted, &mut got] {
            if let Some(sorted) = at(side, path).map(unordered) {
                put(side, path, sorted);
            }
        }
    }
    let (wanted, got) = (rounded(&wanted["data"]), rounded(&got["data"]));
    if sorted_text(&wanted) == sorted_text(&got) && !has_errors {
        return Ok(());
    }
    Err(format!(
        "\n    wanted {}\n    got    {}\n    errors {}",
        sorted_text(&wanted),
        sorted_text(&got),
        answer.body.clone().unwrap_or_default()["errors"]
    ))
}

/// Numbers by value, to nine decimals.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(format!("{:.9}", number.as_f64().unwrap_or_default())),
        Value::Array(items) => Value::Array(items.iter().map(rounded).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), rounded(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// The page names no case that is not recorded.
#[test]
fn the_page_lists_recorded_cases_alone() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(home.join("conformance/hasura/cases.jsonl")).expect("the cases are there");
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["name"].as_str().map(str::to_owned))
        .collect();
    let listed = differences::read(&home.join("../docs/dialects/hasura.md"));
    let unknown: Vec<_> = listed.keys().filter(|name| !names.contains(*name)).collect();
    assert!(unknown.is_empty(), "listed, but not recorded: {unknown:?}");
}
