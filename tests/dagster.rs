//! The recorded cases of Dagster, replayed at `/graphql` of the workspace that they were recorded against, on both databases.
//!
//! What is answered otherwise stands in `docs/dialects/dagster.md` with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance::client::graphql;
use acceptance::differences::{self, Tally};
use acceptance::project::{Database, Running, Template, settings};
use acceptance::recorded::{Mode, Names, filled, matches};
use serde_json::{Map, Value};
use server::Settings;

#[test]
fn sqlite_answers_as_dagster_does() {
    replay(Database::Sqlite);
}

#[test]
fn postgres_answers_as_dagster_does() {
    replay(Database::Postgres);
}

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/dagster");
    let text = fs::read_to_string(folder.join("cases.jsonl")).expect("the cases are there");
    text.lines().map(|line| serde_json::from_str(line).expect("a case is JSON")).collect()
}

fn replay(database: Database) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = differences::read(&home.join("../docs/dialects/dagster.md"));
    let template = Template::new(&home.join("conformance/dagster/project"), database);
    let server = template.serve_with(Settings { anonymous_operates: true, ..settings() });
    let mut tally = Tally::default();
    let mut names = Names::new();
    for case in cases().iter().filter(|case| case.get("name").is_some()) {
        let name = case["name"].as_str().expect("a case has a name");
        let outcome = judged(&server, case, &mut names);
        tally.take(name, listed.contains_key(name), outcome);
    }
    tally.settle("dagster");
}

/// Sends a case; what it binds is known from then on.
fn judged(server: &Running, case: &Value, names: &mut Names) -> Result<(), String> {
    let members = ["query", "variables", "operationName"].iter().filter(|key| !case[**key].is_null());
    let body: Map<String, Value> = members.map(|key| ((*key).to_owned(), case[*key].clone())).collect();
    let sent = filled(&Value::Object(body), names);
    if sent.to_string().contains("<run:") || !case["needs"].is_null() {
        return Err("it asks about a run that is not there".to_owned());
    }
    let answer = server.ask(&graphql("/graphql", &sent, None));
    let got = answer.body.ok_or("the answer is no JSON")?;
    let wanted = &case["response"];
    let refused = |of: &Value| of["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    let mut bound = names.clone();
    bound.retain(|key, _| !key.starts_with("sha1"));
    match case["compare"].as_str().unwrap_or("exact") {
        "typename" => return internal(case, &got),
        _ if case["status"] == 400 && refused(wanted) && wanted["data"].is_null() => {
            let is_refused = refused(&got) && got["data"].is_null();
            return if is_refused { Ok(()) } else { Err(format!("not refused: {got}")) };
        }
        "unordered" => matches(wanted, &got, &mut bound, Mode::Unordered)?,
        "shape" => matches(wanted, &got, &mut bound, Mode::Shape)?,
        _ => matches(wanted, &got, &mut bound, Mode::Exact)?,
    }
    if case["status"] != answer.status {
        return Err(format!("status {}, expected {}", answer.status, case["status"]));
    }
    *names = bound;
    Ok(())
}

/// An internal error of the recorded system: any refusal will do, or any answer where a good one passes.
fn internal(case: &Value, got: &Value) -> Result<(), String> {
    let fields = || got["data"].as_object().into_iter().flat_map(Map::values);
    let is_refusal = |value: &Value| {
        let name = value["__typename"].as_str().unwrap_or("Error");
        value.is_object() && ["Error", "NotFound", "Invalid", "Failure"].iter().any(|ending| name.ends_with(ending))
    };
    let is_good = case["may_succeed"] == true && fields().count() > 0 && fields().all(|value| !value.is_null());
    let has_errors = got["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    if has_errors || is_good || fields().any(is_refusal) { Ok(()) } else { Err(format!("not refused: {got}")) }
}

/// The page names no case that is not recorded.
#[test]
fn the_page_lists_recorded_cases_alone() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases();
    let names: BTreeSet<&str> = cases.iter().filter_map(|case| case["name"].as_str()).collect();
    let listed = differences::read(&home.join("../docs/dialects/dagster.md"));
    let unknown: Vec<_> = listed.keys().filter(|name| !names.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "listed, but not recorded: {unknown:?}");
}
