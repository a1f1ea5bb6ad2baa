//! Attacks: what must not leak, be assigned or be allowed, and what must not open an account, on both databases.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance::attack::{self, Attack, Request};
use acceptance::body;
use acceptance::client::{Outgoing, graphql};
use acceptance::judge::Answer;
use acceptance::project::{Database, Running, Template, settings, token};
use serde_json::{Value, json};
use server::{AccountSettings, Limits, Settings};

#[test]
fn sqlite_withstands() {
    attack_all(Database::Sqlite);
}

#[test]
fn postgres_withstands() {
    attack_all(Database::Postgres);
}

fn attack_all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/security");
    let template = Template::new(&folder.join("project"), database);
    let server = template.serve();
    let attacks = attack::read(&folder.join("cases.jsonl"));
    assert!(attacks.len() > 30, "the attacks are there");
    let told =
        |attack: &Attack, outcome: Result<(), String>| outcome.err().map(|why| [&attack.name, ": ", &why].concat());
    let mut broken: Vec<String> = attacks.iter().filter_map(|attack| told(attack, outcome(&server, attack))).collect();
    let accounts = attack::read(&folder.join("accounts.jsonl"));
    assert!(accounts.len() > 60, "the attacks on accounts are there");
    broken.extend(accounts.iter().filter_map(|attack| told(attack, on_accounts(&template, &server, attack))));
    broken.extend(on_jobs(database).iter().filter_map(|(attack, outcome)| told(attack, outcome.clone())));
    let workflows = attack::read(&folder.join("workflows.jsonl"));
    assert!(workflows.len() > 60, "the attacks on runs, and by Hasura's and Prefect's APIs, are there");
    let production = template.serve_jobs_with(Settings { graphiql: false, introspection: false, ..settings() });
    broken.extend(workflows.iter().filter_map(|attack| told(attack, on_workflows(&production, attack))));
    broken.extend(uploads(&template, &attack::read(&folder.join("uploads.jsonl"))));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Attacks by uploads and paths, on a server with small bounds. What is broken, one a line.
fn uploads(template: &Template, attacks: &[Attack]) -> Vec<String> {
    assert!(attacks.len() > 30, "the attacks by uploads are there");
    let limits =
        Limits { upload_file_bytes_max: 1 << 20, upload_fields_max: 20, upload_files_max: 20, ..Limits::default() };
    let server = template.serve_with(Settings { limits, ..settings() });
    let beside = server.uploads().parent().expect("files stand in a folder").to_owned();
    let names = || {
        let entries = fs::read_dir(&beside).expect("the folder is there").flatten();
        entries.map(|entry| entry.file_name()).collect::<BTreeSet<_>>()
    };
    let before = names();
    let held = |attack: &Attack| {
        upload(&server, &beside, attack)?;
        let is_alive = server.ask(&graphql("/graphql", &json!({ "query": "{ __typename }" }), None)).status == 200;
        if !is_alive {
            return Err("the server does not answer any more".to_owned());
        }
        if names() == before { Ok(()) } else { Err("a file stands outside its folder".to_owned()) }
    };
    attacks.iter().filter_map(|attack| Some([&attack.name, ": ", &held(attack).err()?].concat())).collect()
}

fn upload(server: &Running, beside: &Path, attack: &Attack) -> Result<(), String> {
    let request = &attack.request;
    let filled = |text: &str| filled(&text.replace("${CANARY_DIR}", &beside.display().to_string()));
    let body: Value = serde_json::from_str(&filled(&request.body.to_string())).map_err(|error| error.to_string())?;
    let (body, media_type) = body::of(&body);
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), filled(value.as_str().unwrap_or_default())))
        .collect();
    if !headers.iter().any(|(name, _)| name == "Content-Type") {
        headers.push(("Content-Type".to_owned(), media_type));
    }
    let path = filled(request.path.as_deref().unwrap_or("${GRAPHQL}"));
    let method = request.method.as_deref().unwrap_or("POST");
    let whole = server.ask_whole(&Outgoing { method, path: &path, headers, body });
    let text = String::from_utf8_lossy(&whole.body).into_owned();
    let json = serde_json::from_slice(&whole.body).unwrap_or_else(|_| Value::String(text));
    attack::judge(attack, &Answer { status: whole.status, body: Some(json.clone()) }, None)?;
    if !whole.header("x-injected").is_empty() {
        return Err("a name of a file has become a header".to_owned());
    }
    if attack.expect.contains("inert") { inert(server, &json) } else { Ok(()) }
}

/// What was taken is served so that a browser runs nothing of it.
fn inert(server: &Running, answer: &Value) -> Result<(), String> {
    let Some(url) = answer.pointer("/data/upload/data/attributes/url").and_then(Value::as_str) else {
        return if answer.get("data").is_none_or(Value::is_null) {
            Ok(())
        } else {
            Err(format!("no address: {answer}"))
        };
    };
    let met = server.ask_whole(&Outgoing { method: "GET", path: url, ..Outgoing::default() });
    let (kind, policy) = (met.header("content-type"), met.header("content-security-policy"));
    let is_active = kind.is_empty() || ["html", "svg", "xml", "javascript"].iter().any(|word| kind.contains(word));
    let is_held = met.header("content-disposition").starts_with("attachment") || policy.contains("sandbox");
    match met.status {
        200 if met.header("x-content-type-options") == "nosniff" && (is_held || !is_active) => Ok(()),
        200 => Err(format!("{url} may run in a browser: {kind}")),
        status => Err(format!("{url} is not served: {status}")),
    }
}

/// Attacks on a workspace with jobs: what others run is told to nobody, and no path leads out of what was logged.
fn on_jobs(database: Database) -> Vec<(Attack, Result<(), String>)> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let server = Template::new(&home.join("dagster/project"), database).serve();
    let (operator, attacks) = (token("operator", "2"), attack::read(&home.join("security/jobs.jsonl")));
    assert!(!attacks.is_empty(), "the attacks on jobs are there");
    let words = [("${WORKFLOW}", "/graphql"), ("${LOGS}", "/logs"), ("${ADMIN_TOKEN}", operator.as_str())];
    let outcome = |attack: Attack| {
        let outcome = attack::judge(&attack, &fire_with(&server, &attack.request, &words), None);
        (attack, outcome)
    };
    attacks.into_iter().map(outcome).collect()
}

/// An attack on accounts. Those that repeat meet the usual limits on a server of their own.
fn on_accounts(template: &Template, shared: &Running, attack: &Attack) -> Result<(), String> {
    let production = || Settings { graphiql: false, introspection: false, ..settings() };
    let Some(times) = attack.repeat else {
        let own = (!attack.steps.is_empty() || attack.any_body || attack.name == "errors-get-without-query")
            .then(|| template.serve_with(production()));
        return once(own.as_ref().unwrap_or(shared), attack);
    };
    let server = template.serve_with(Settings { accounts: AccountSettings::default(), ..production() });
    let answers: Vec<Answer> =
        (0..times).map(|n| fire_with(&server, &attack.request, &[("{n}", &n.to_string())])).collect();
    answers.iter().try_for_each(|answer| attack::judge(attack, answer, None))?;
    let is_refused = |answer: &Answer| answer.body.as_ref().is_some_and(|body| body.to_string().contains("RATE_LIMIT"));
    if attack.expect.contains("throttled") && !answers.iter().any(is_refused) {
        return Err("no attempt was one too many".to_owned());
    }
    Ok(())
}

/// An attack on runs, or by the APIs of Hasura and Prefect. Who may do everything is the administrator there.
fn on_workflows(server: &Running, attack: &Attack) -> Result<(), String> {
    let administrator = token("administrator", "2");
    let words = [("${ADMIN_TOKEN}", administrator.as_str())];
    for _ in 1..attack.repeat.unwrap_or(1) {
        attack::judge(attack, &fire_with(server, &attack.request, &words), None)?;
    }
    let answer = fire_with(server, &attack.request, &words);
    let contrast = attack.contrast.as_ref().map(|contrast| fire_with(server, contrast, &words));
    attack::judge(attack, &answer, contrast.as_ref())?;
    let is_alive = server.ask(&graphql("/graphql", &json!({ "query": "{ __typename }" }), None)).status == 200;
    if is_alive { Ok(()) } else { Err("the server does not answer any more".to_owned()) }
}

fn once(server: &Running, attack: &Attack) -> Result<(), String> {
    let signed_in = json!({ "identifier": "user@example.test", "password": "userpass-1" });
    let body = server.ask(&acceptance::client::graphql("/api/auth/local", &signed_in, None)).body.unwrap_or_default();
    let token = body["jwt"].as_str().ok_or("the user cannot sign in")?.to_owned();
    let mut words = vec![("${USER_TOKEN}".to_owned(), token)];
    for step in &attack.steps {
        let answer = fire_words(server, &step.request, &words);
        for (name, path) in &step.capture {
            let met = answer.body.as_ref().and_then(|body| acceptance::shape::at(body, path)).and_then(Value::as_str);
            let met = met.ok_or_else(|| format!("nothing at {path}: {:?}", answer.body))?;
            words.push((["${", name, "}"].concat(), met.to_owned()));
        }
    }
    let answer = fire_words(server, &attack.request, &words);
    let contrast = attack.contrast.as_ref().map(|contrast| fire_words(server, contrast, &words));
    attack::judge(attack, &answer, contrast.as_ref())
}

fn fire_words(server: &Running, request: &Request, words: &[(String, String)]) -> Answer {
    let words: Vec<(&str, &str)> = words.iter().map(|(word, value)| (word.as_str(), value.as_str())).collect();
    fire_with(server, request, &words)
}

fn outcome(server: &Running, attack: &Attack) -> Result<(), String> {
    let answer = fire(server, &attack.request);
    let contrast = attack.contrast.as_ref().map(|contrast| fire(server, contrast));
    attack::judge(attack, &answer, contrast.as_ref())
}

fn fire(server: &Running, request: &Request) -> Answer {
    fire_with(server, request, &[])
}

/// Fires with these words filled in first.
fn fire_with(server: &Running, request: &Request, words: &[(&str, &str)]) -> Answer {
    let filled =
        |text: &str| filled(&words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value)));
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    for (name, value) in &request.headers {
        headers.push((name.clone(), filled(attack::expanded(value).as_str().unwrap_or_default())));
    }
    let body = match attack::expanded(&request.body) {
        Value::Null => String::new(),
        Value::String(text) => filled(&text),
        other => filled(&other.to_string()),
    };
    let path = filled(request.path.as_deref().unwrap_or("${GRAPHQL}"));
    let method = request.method.as_deref().unwrap_or("POST");
    server.ask(&Outgoing { method, path: &path, headers, body: body.into_bytes() })
}

/// The placeholders of the attacks.
fn filled(text: &str) -> String {
    text.replace("${USER_TOKEN}", &token("plain", "1"))
        .replace("${ADMIN_TOKEN}", &token("admin", "2"))
        .replace("${GRAPHQL}", "/graphql")
        .replace("${UPLOAD_GQL}", "/v4/graphql")
        .replace("${UPLOAD_SEL}", "data { id attributes { name url mime } }")
        .replace("${HASURA}", "/v1/graphql")
        .replace("${PREFECT}", "/prefect/graphql")
        .replace("${WORKFLOW}", "/dagster/graphql")
        .replace("${TABLE}", "restaurant")
        .replace("${PRIVATE}", "internal_notes")
        .replace("${JOB}", "atk_job")
        .replace("${REPO}", "demo_repo")
        .replace("${LOCATION}", "demo")
        .replace("${CANARY_DIR}", "/nowhere")
        .replace("${STATIC}", "/uploads")
        .replace("${HEALTH}", "/health/ready")
        .replace("${USER_NAME}", "user@example.test")
        .replace("${USER_ID}", "1")
        .replace("${RAND}", "4711")
        .replace("${OTHER_ID}", "3")
        .replace("${OTHER_DOC}", "usera0000000000000000003")
}
