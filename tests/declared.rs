//! The schema of the GraphQL guides served as written, on both databases: the recorded cases, and lists over an interface.
//!
//! `data` must be equal, with the order of its keys; what a case calls opaque (cursors) must be there. Where a case is refused there must be errors, no
//! data, and a place where the recorded answer has one.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::client::graphql;
use acceptance::differences::Tally;
use acceptance::judge::Answer;
use acceptance::project::{Database, Template, settings};
use serde_json::{Map, Value, json};
use server::{EndpointSettings, Settings};

#[test]
fn sqlite_serves_the_guide_as_written() {
    replay(Database::Sqlite, "../examples/starwars", ("declared", "cases.jsonl"));
}

#[test]
fn postgres_serves_the_guide_as_written() {
    replay(Database::Postgres, "../examples/starwars", ("declared", "cases.jsonl"));
}

#[test]
fn sqlite_lists_rows_of_several_types() {
    replay(Database::Sqlite, "conformance/declared/project", ("declared", "several.jsonl"));
}

#[test]
fn postgres_lists_rows_of_several_types() {
    replay(Database::Postgres, "conformance/declared/project", ("declared", "several.jsonl"));
}

#[test]
fn sqlite_serves_own_fields_beside_generated_ones() {
    replay(Database::Sqlite, "conformance/declared/beside", ("strapi5", "beside.jsonl"));
}

#[test]
fn postgres_serves_own_fields_beside_generated_ones() {
    replay(Database::Postgres, "conformance/declared/beside", ("strapi5", "beside.jsonl"));
}

/// The settings with this dialect at `/graphql`.
fn served_in(dialect: &str) -> Settings {
    let mut told = settings();
    told.schemas.endpoints = vec![EndpointSettings { path: "/graphql".to_owned(), dialects: vec![dialect.to_owned()] }];
    told
}

fn replay(database: Database, project: &str, (dialect, cases): (&str, &str)) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = Template::new(&home.join(project), database);
    let shared = template.serve_with(served_in(dialect));
    let mut tally = Tally::default();
    let folder: PathBuf = home.join("conformance/declared");
    let text = fs::read_to_string(folder.join(cases)).expect("the cases are there");
    for case in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a case is JSON")) {
        let name = case["name"].as_str().expect("a case has a name");
        let members = ["query", "variables", "operationName"].iter().filter(|key| !case[**key].is_null());
        let body: Map<String, Value> = members.map(|key| ((*key).to_owned(), case[*key].clone())).collect();
        let body = graphql("/graphql", &Value::Object(body), None);
        let changes = case["query"].as_str().is_some_and(|query| query.trim_start().starts_with("mutation"));
        let answer = if changes { template.serve_with(served_in(dialect)).ask(&body) } else { shared.ask(&body) };
        tally.take(name, false, judged(&case, &answer));
    }
    tally.settle("declared");
}

fn judged(case: &Value, answer: &Answer) -> Result<(), String> {
    let got = answer.body.clone().ok_or("the answer is no JSON")?;
    let expected = &case["expect"];
    if expected["refused"] == true {
        let is_refused = got["errors"].as_array().is_some_and(|errors| !errors.is_empty()) && got["data"].is_null();
        let has_place = expected["locations"][0].is_null() || got["errors"][0]["locations"].is_array();
        return if is_refused && has_place { Ok(()) } else { Err(format!("not refused as recorded: {got}")) };
    }
    let opaque: Vec<&str> = case["opaque"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (wanted, data) = (masked(&expected["data"], &opaque), masked(&got["data"], &opaque));
    // The order of keys counts, so texts are compared.
    // As text: the order of keys counts.
    let (wanted_text, data_text) = (wanted.to_string(), data.to_string());
    let is_equal = wanted_text == data_text && got["errors"].is_null();
    if is_equal { Ok(()) } else { Err(format!("wanted {wanted}, got {got}")) }
}

/// The value with what is opaque in it made alike.
fn masked(value: &Value, opaque: &[&str]) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let is_opaque = opaque.contains(&key.as_str()) && !value.is_null();
                (key.clone(), if is_opaque { json!("<opaque>") } else { masked(value, opaque) })
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| masked(item, opaque)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
