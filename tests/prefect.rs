//! The recorded cases and stories of Prefect, replayed at `/prefect/graphql` on both databases.
//!
//! Each that writes meets a fresh copy of the recorded rows. What is answered otherwise stands in `docs/dialects/prefect.md` with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use acceptance::client::{Outgoing, graphql};
use acceptance::differences::{self, Tally};
use acceptance::judge::Answer;
use acceptance::project::{Database, Running, Template, settings, token};
use acceptance::shape::{at, put, sorted_text, unordered};
use serde_json::{Map, Value, json};
use server::{EndpointSettings, Settings};

#[test]
fn sqlite_answers_as_prefect_does() {
    replay(Database::Sqlite);
}

#[test]
fn postgres_answers_as_prefect_does() {
    replay(Database::Postgres);
}

fn replay(database: Database) {
    let listed = differences::read(&page());
    let template = Template::of_agents(&folder().join("project"), database);
    let reading = serve(&template);
    let (mut queries, mut changes) = (Tally::default(), Tally::default());
    for case in lines("cases.jsonl") {
        let name = case["name"].as_str().expect("a case has a name");
        let fresh = (case["mutates"] == true).then(|| serve(&template));
        let outcome = judged(&case, &ask(fresh.as_ref().unwrap_or(&reading), &case));
        let tally = if fresh.is_some() { &mut changes } else { &mut queries };
        tally.take(name, listed.contains_key(name), outcome);
    }
    for story in lines("sequences.jsonl") {
        let name = story["name"].as_str().expect("a story has a name");
        changes.take(name, listed.contains_key(name), told(&story, &serve(&template)));
    }
    queries.settle("prefect, queries");
    changes.settle("prefect, changes");
}

#[test]
fn sqlite_tells_the_stories() {
    tell(Database::Sqlite);
}

#[test]
fn postgres_tells_the_stories() {
    tell(Database::Postgres);
}

/// Stories of this server's own, each over a fresh copy: of the recorded rows, of the kitchen, or of a project whose jobs have rules.
fn tell(database: Database) {
    let kitchen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kitchen");
    let operated = || Settings { anonymous_operates: true, ..settings() };
    let templates = [
        ("recorded", Template::of_agents(&folder().join("project"), database)),
        ("kitchen", Template::new(&kitchen, database)),
        ("allowed", Template::new(&folder().join("allowed"), database)),
    ];
    let mut broken = Vec::new();
    for story in lines("stories.jsonl") {
        let (_, template) = templates.iter().find(|(name, _)| story["project"] == *name).expect("its project is there");
        let server = match story["project"].as_str() {
            Some("recorded") => serve(template),
            Some("kitchen") => template.serve_jobs_with(operated()),
            _ => template.serve_jobs_with(settings()),
        };
        broken.extend(told(&story, &server).err().map(|why| format!("{}: {why}", story["name"])));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn sqlite_signs_in() {
    sign_in(Database::Sqlite);
}

#[test]
fn postgres_signs_in() {
    sign_in(Database::Postgres);
}

/// The clients' ways to a token, at every place where they ask for one: it is good for the endpoint, and a wrong password tells nothing.
fn sign_in(database: Database) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/security/project");
    let server = Template::new(&project, database).serve_jobs_with(settings());
    let post = |path: &str, (name, value): (&str, &str), body: &str| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        server.ask(&Outgoing { method: "POST", path, headers, body: body.as_bytes().to_vec() })
    };
    // user@example.test:userpass-1
    let basic = ("authorization", "Basic dXNlckBleGFtcGxlLnRlc3Q6dXNlcnBhc3MtMQ==");
    let slugs = r#"{ "account_id": null, "account_slug": null }"#;
    let json = |password: &str| json!({ "email": "user@example.test", "password": password }).to_string();
    let kind = ("content-type", "application/json");
    for place in ["/prefect/login", "/prefect/graphql/login", "/prefect/graphql/alpha/login_email"] {
        for answer in [post(place, basic, slugs), post(place, kind, &json("userpass-1"))] {
            let token = answer.body.as_ref().and_then(|body| body["token"].as_str());
            let token = token.unwrap_or_else(|| panic!("no token at {place}: {answer:?}"));
            let hello = server.ask(&graphql("/prefect/graphql", &json!({ "query": "{ hello }" }), Some(token)));
            let greeting = hello.body.map(|body| body["data"]["hello"].clone());
            assert_eq!((hello.status, greeting), (200, Some(json!("👋"))), "{place}");
        }
        for refused in [post(place, kind, &json("wrong")), post(place, kind, "no JSON")] {
            assert_eq!((refused.status, refused.body), (401, Some(json!({ "error": "Unauthenticated" }))), "{place}");
        }
    }
    let wrong = server.ask(&graphql("/prefect/graphql", &json!({ "query": "{ hello }" }), Some("wrong")));
    assert_eq!(wrong.status, 401);
}

#[test]
fn sqlite_answers_the_guide() {
    guide(Database::Sqlite);
}

#[test]
fn postgres_answers_the_guide() {
    guide(Database::Postgres);
}

/// The requests of Prefect's own page of 2019 as they are printed, sent to `examples/kitchen` one after the other; the last one looks at what the
/// mutation before has kept.
fn guide(database: Database) {
    let kitchen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kitchen");
    let server = Template::new(&kitchen, database).serve_with(Settings { anonymous_operates: true, ..settings() });
    let text = fs::read_to_string(folder().join("../guides/prefect.jsonl")).expect("the guide's requests are there");
    for request in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a request is JSON")) {
        let body = json!({ "query": request["query"], "variables": request["variables"] });
        let answer = server.ask(&graphql("/prefect/graphql", &body, None)).body.unwrap_or_default();
        assert_eq!(answer, json!({ "data": request["data"] }), "{}", request["name"]);
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/prefect")
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dialects/prefect.md")
}

fn lines(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(file)).expect("the recording is there");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// Serves a copy as `workflows.anonymous = "operator"` does.
fn serve(template: &Template) -> Running {
    let usual = settings();
    let endpoint = EndpointSettings { path: "/prefect/graphql".to_owned(), dialects: vec!["prefect".to_owned()] };
    let schemas = server::SchemaSettings { endpoints: vec![endpoint], ..usual.schemas };
    template.serve_with(Settings { schemas, anonymous_operates: true, ..usual })
}

fn ask(server: &Running, case: &Value) -> Answer {
    let members = ["query", "variables", "operationName"].iter().filter(|key| !case[**key].is_null());
    let body: Map<String, Value> = members.map(|key| ((*key).to_owned(), case[*key].clone())).collect();
    let token = case["as"].as_str().map(|role| token(role, "7"));
    let path = case["at"].as_str().unwrap_or("/prefect/graphql");
    server.ask(&graphql(path, &Value::Object(body), token.as_deref()))
}

fn judged(case: &Value, answer: &Answer) -> Result<(), String> {
    let mut got = answer.body.clone().ok_or("the answer is no JSON")?;
    let mut wanted = case["response"].clone();
    let statuses = case["accept_status"].as_array().cloned().unwrap_or_else(|| vec![case["http_status"].clone()]);
    if !statuses.contains(&json!(answer.status)) {
        return Err(format!("HTTP {}: {got}", answer.status));
    }
    if case["match"] == "error" {
        return judged_refusal(case, (&wanted, &got));
    }
    for path in case["unordered"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        for side in [&mut wanted, &mut got] {
            if let Some(sorted) = at(side, path).map(unordered) {
                put(side, path, sorted);
            }
        }
    }
    let as_instants = case["times_as_instants"] == true;
    let (wanted, got) = (plain(&wanted, as_instants), plain(&got, as_instants));
    if sorted_text(&wanted) == sorted_text(&got) {
        return Ok(());
    }
    Err(format!("\n    wanted {}\n    got    {}", sorted_text(&wanted), sorted_text(&got)))
}

/// Equal data (absent is null), and the code of the first error.
fn judged_refusal(case: &Value, (wanted, got): (&Value, &Value)) -> Result<(), String> {
    let usual = vec![wanted["errors"][0]["extensions"]["code"].clone()];
    let codes = case["accept_codes"].as_array().cloned().unwrap_or(usual);
    let error = &got["errors"][0];
    let message = error["message"].as_str().unwrap_or_default();
    let is_told = case["message_contains"].as_str().is_none_or(|part| message.contains(part));
    if wanted["data"] == got["data"] && codes.contains(&error["extensions"]["code"]) && is_told {
        return Ok(());
    }
    Err(format!("\n    wanted {wanted}\n    got    {got}"))
}

/// Numbers by value, to nine decimals; times to the microsecond, where they are judged as instants.
fn plain(value: &Value, as_instants: bool) -> Value {
    match value {
        Value::Number(number) => json!(format!("{:.9}", number.as_f64().unwrap_or_default())),
        Value::String(text) if as_instants => json!(instant(text)),
        Value::Array(items) => items.iter().map(|item| plain(item, as_instants)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), plain(value, as_instants))).collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// `2019-01-01T12:00:12.25+00:00` with six digits of fraction.
fn instant(text: &str) -> String {
    let Some((local, "00:00")) = text.split_once('+') else { return text.to_owned() };
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, ""));
    format!("{seconds}.{fraction:0<6}+00:00")
}

/// Sends the steps of a story, with what earlier answers gave in the place of `${name}`.
fn told(story: &Value, server: &Running) -> Result<(), String> {
    let mut saved: BTreeMap<String, String> = BTreeMap::new();
    for (number, step) in (1..).zip(story["steps"].as_array().into_iter().flatten()) {
        let filled =
            saved.iter().fold(step.to_string(), |text, (name, value)| text.replace(&["${", name, "}"].concat(), value));
        let step: Value = serde_json::from_str(&filled).expect("a step stays JSON");
        let got = ask(server, &step).body.ok_or("the answer is no JSON")?;
        let is_refused = got["errors"].is_array();
        let says = step["says"].as_str().unwrap_or_default();
        if is_refused != (step["match"] == "error") || !got["errors"].to_string().contains(says) {
            return Err(format!("step {number}: {got}"));
        }
        meets(&step["expect"], &got, &saved).map_err(|why| format!("step {number}: {why}"))?;
        for (name, path) in step["save"].as_object().into_iter().flatten() {
            let pointer = ["/", &path.as_str().unwrap_or_default().replace('.', "/")].concat();
            let value = got.pointer(&pointer).cloned().unwrap_or_default();
            saved.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    Ok(())
}

/// Whether an answer is as a story expects it; `$any`, `$uuid`, `$time`, `$count` and `$ref` stand for what differs each time.
fn meets(wanted: &Value, got: &Value, saved: &BTreeMap<String, String>) -> Result<(), String> {
    match (wanted, got) {
        (Value::Object(members), _) if members.len() == 1 && members.keys().all(|key| key.starts_with('$')) => {
            let (word, of) = members.iter().next().expect("it has one member");
            let text = got.as_str().unwrap_or_default();
            let holds = match word.as_str() {
                "$any" => true,
                "$uuid" => text.len() == 36 && text.matches('-').count() == 4,
                "$time" => text.get(10..11) == Some("T"),
                "$count" => got.as_array().is_some_and(|items| of.as_u64() == u64::try_from(items.len()).ok()),
                "$ref" => of.as_str().and_then(|name| saved.get(name)).is_some_and(|value| value == text),
                other => return Err(format!("{other} is no matcher")),
            };
            if holds { Ok(()) } else { Err(format!("{wanted} is not met by {got}")) }
        }
        (Value::Object(wanted), Value::Object(met)) => {
            let names =
                |of: &Map<String, Value>| of.keys().filter(|key| *key != "errors").cloned().collect::<BTreeSet<_>>();
            if names(wanted) != names(met) {
                return Err(format!("members of {got}"));
            }
            wanted
                .iter()
                .try_for_each(|(key, value)| meets(value, &got[key], saved).map_err(|why| format!("{key}: {why}")))
        }
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            wanted.iter().zip(items).try_for_each(|(wanted, got)| meets(wanted, got, saved))
        }
        _ if plain(wanted, false) == plain(got, false) => Ok(()),
        _ => Err(format!("wanted {wanted}, got {got}")),
    }
}

/// The page names no case that is not recorded.
#[test]
fn the_page_lists_recorded_cases_alone() {
    let recorded = lines("cases.jsonl").into_iter().chain(lines("sequences.jsonl"));
    let names: BTreeSet<String> = recorded.filter_map(|case| case["name"].as_str().map(str::to_owned)).collect();
    let listed = differences::read(&page());
    let unknown: Vec<_> = listed.keys().filter(|name| !names.contains(*name)).collect();
    assert!(unknown.is_empty(), "listed, but not recorded: {unknown:?}");
}
