//! Every request of the Strapi 5 and Strapi 4 guides, sent to the running `examples/bistro` on both databases: what is printed there is answered,
//! or refused where it is no valid request, and then its repaired form is answered.
//!
//! `data` beside a request is the answer that the example gives; ids of documents that are made are not compared. `GUIDES_UPDATE=1` writes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use acceptance::client::graphql;
use acceptance::project::{Database, Running, Template};
use acceptance::shape::sorted_text;
use serde_json::{Map, Value, json};

/// Where the guide of each dialect is answered.
const GUIDES: [(&str, &str); 2] = [("strapi5", "/graphql"), ("strapi4", "/v4/graphql")];

#[test]
fn sqlite_answers_the_guides() {
    ask_all(Database::Sqlite);
}

#[test]
fn postgres_answers_the_guides() {
    ask_all(Database::Postgres);
}

fn ask_all(database: Database) {
    let bistro = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/bistro");
    let template = Template::new(&bistro, database);
    let shared = template.serve();
    let mut faults = String::new();
    for (dialect, endpoint) in GUIDES {
        let mut written = String::new();
        for mut request in requests(dialect) {
            let fresh = request["mutates"].as_bool().unwrap_or_default().then(|| template.serve());
            let answer = ask(fresh.as_ref().unwrap_or(&shared), endpoint, &request);
            let met = judged(&request, &answer);
            request["data"] = answer["data"].clone();
            writeln!(written, "{request}").expect("a text takes text");
            if let Err(why) = met {
                writeln!(faults, "{dialect} {}: {why}", request["name"]).expect("a text takes text");
            }
        }
        if std::env::var_os("GUIDES_UPDATE").is_some() {
            std::fs::write(file(dialect), &written).expect("the guide's requests can be written");
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

fn file(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/guides").join([dialect, ".jsonl"].concat())
}

fn requests(dialect: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file(dialect)).expect("the guide's requests are there");
    text.lines().map(|line| serde_json::from_str(line).expect("a request is JSON")).collect()
}

fn ask(server: &Running, endpoint: &str, request: &Value) -> Value {
    let body = json!({ "query": request["query"], "variables": request["variables"] });
    let answer = server.ask(&graphql(endpoint, &body, None));
    let mut body = answer.body.unwrap_or_default();
    body["status"] = json!(answer.status);
    body
}

fn judged(request: &Value, answer: &Value) -> Result<(), String> {
    let has_errors = !answer["errors"].is_null();
    if request["refused"] == json!(true) {
        return if has_errors && answer["status"] == 400 { Ok(()) } else { Err(format!("is not refused: {answer}")) };
    }
    if has_errors || answer["status"] != 200 {
        return Err(format!("is refused: {answer}"));
    }
    let (wanted, got) = (known(&request["data"]), known(&answer["data"]));
    if sorted_text(&wanted) == sorted_text(&got) {
        return Ok(());
    }
    Err(format!("\n    wanted {}\n    got    {}", sorted_text(&wanted), sorted_text(&got)))
}

/// The answer without what differs from run to run: document ids and instants of what is made.
fn known(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(known).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| *key != "documentId" && *key != "publishedAt");
            Value::Object(kept.map(|(key, value)| (key.clone(), known(value))).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
