//! The recorded cases of Dagster, replayed at `/graphql` of the workspace that they were recorded against, on both databases.
//!
//! What is answered otherwise stands in `docs/dialects/dagster.md` with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use acceptance::client;
use acceptance::differences::{self, Tally};
use acceptance::play::Play;
use acceptance::project::{Database, Template, settings};
use serde_json::{Value, json};
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

/// Cases and what was done between them, in order, on a server with a worker.
fn replay(database: Database) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = differences::read(&home.join("../docs/dialects/dagster.md"));
    let template = Template::new(&home.join("conformance/dagster/project"), database);
    let mut play = Play::new(template.work_with(operated(), guard()));
    let mut tally = Tally::default();
    for item in cases() {
        match item["name"].as_str() {
            Some(name) => {
                let is_listed = listed.contains_key(name);
                if is_listed {
                    // Some were recorded while a run waited for a limit that is not held here.
                    play.server().until_all_began();
                }
                tally.take(name, is_listed, play.judge(&item));
            }
            None => play.act(&item),
        }
    }
    tally.settle("dagster");
}

#[test]
fn sqlite_answers_the_guide() {
    guide(Database::Sqlite);
}

#[test]
fn postgres_answers_the_guide() {
    guide(Database::Postgres);
}

/// The requests of Dagster's guide as they are printed, sent to `examples/kitchen` with a worker, and what the guide says of their answers.
fn guide(database: Database) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text =
        fs::read_to_string(home.join("conformance/guides/dagster.jsonl")).expect("the guide's requests are there");
    let kitchen = Copy::of_kitchen(&home.join("../examples"), database);
    let template = Template::new(&kitchen.0.join("kitchen"), database);
    let mut play = Play::new(template.work_with(operated(), guard()));
    let mut tally = Tally::default();
    for item in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a request is JSON")) {
        match item["name"].as_str() {
            Some(name) => tally.take(name, false, play.judge(&item)),
            None => play.act(&item),
        }
    }
    tally.settle("dagster's guide");
}

const LOUD: &str = r#"type Loud @job(location: "main", repository: "main") {
  loud: JSON @run(command: ["sh", "-c", "seq 3000; seq 5 >&2"])
  quiet: JSON @run(command: ["echo", "hush"])
}"#;

#[test]
fn sqlite_reads_the_lines_of_one_step() {
    loud(Database::Sqlite);
}

#[test]
fn postgres_reads_the_lines_of_one_step() {
    loud(Database::Postgres);
}

/// A step whose lines are more than a list may have hinders nobody from reading those of another, and with limits its own are read, too.
fn loud(database: Database) {
    let folder = std::env::temp_dir().join(format!("dragoman-loud-{database:?}-{}", std::process::id()));
    let project = Copy(folder.clone());
    fs::create_dir_all(folder.join("schema")).expect("a folder can be made");
    fs::write(folder.join("schema/loud.graphql"), LOUD).expect("a file can be written");
    let template = Template::new(&project.0, database);
    let mut settings = operated();
    settings.schemas.limits.rows_max = 1_000;
    let server = template.work_with(settings, guard());
    let ask = |query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables });
        server.ask(&client::graphql("/graphql", &body, None)).body.expect("the answer is JSON")
    };
    let selector = json!({ "repositoryLocationName": "main", "repositoryName": "main", "jobName": "loud" });
    let launch = "mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { ... on LaunchRunSuccess { run { runId } } } }";
    let launched = ask(launch, json!({ "p": { "selector": selector, "runConfigData": {} } }));
    let run = launched["data"]["launchRun"]["run"]["runId"].as_str().expect("it is launched");
    server.until(run, "succeeded").expect("it succeeds");
    let events = "query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { ... on LogsCapturedEvent { fileKey stepKeys } } } } }";
    let told = ask(events, json!({ "id": run }));
    let told = told["data"]["logsForRun"]["events"].as_array().cloned().unwrap_or_default();
    let file = |step: &str| told.iter().find(|event| event["stepKeys"][0] == step).expect("told")["fileKey"].clone();
    let captured = "query($k: [String!]!, $c: String, $l: Int) { capturedLogs(logKey: $k, cursor: $c, limit: $l) { stdout stderr cursor } }";
    let read = |step: &str, cursor: &Value, limit: Value| {
        ask(captured, json!({ "k": [run, "compute_logs", file(step)], "c": cursor, "l": limit }))
    };
    let quiet = read("quiet", &Value::Null, Value::Null);
    assert_eq!(quiet["data"]["capturedLogs"], json!({ "stdout": "hush\n", "stderr": "", "cursor": "5:0" }));
    let through = "query($id: ID!, $k: String!) { runOrError(runId: $id) { ... on Run { capturedLogs(fileKey: $k) { stdout } } } }";
    let through = ask(through, json!({ "id": run, "k": file("quiet") }));
    assert_eq!(through["data"]["runOrError"]["capturedLogs"]["stdout"], "hush\n");
    let whole = read("loud", &Value::Null, Value::Null);
    assert!(whole["errors"][0]["message"].as_str().is_some_and(|text| text.contains("rows_max")), "{whole}");
    let (mut out, mut err, mut cursor) = (String::new(), String::new(), Value::Null);
    loop {
        let told = read("loud", &cursor, 5_000.into());
        assert_eq!(told["errors"], Value::Null, "{told}");
        let told = &told["data"]["capturedLogs"];
        out.push_str(told["stdout"].as_str().unwrap_or_default());
        err.push_str(told["stderr"].as_str().unwrap_or_default());
        if told["cursor"] == cursor {
            break;
        }
        cursor = told["cursor"].clone();
    }
    let numbers: Vec<usize> = out.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(numbers.iter().copied().eq(1..=3_000), "{out}");
    assert_eq!(err, "1\n2\n3\n4\n5\n");
    assert!(cursor.as_str().is_some_and(|cursor| cursor.starts_with("13893:10:")), "{cursor}");
}

/// The example in a folder of its own: its ops write files.
struct Copy(PathBuf);

impl Copy {
    fn of_kitchen(examples: &Path, database: Database) -> Copy {
        let folder = std::env::temp_dir().join(format!("dragoman-guide-{database:?}-{}", std::process::id()));
        for part in ["kitchen/schema", "kitchen/ops", "kitchen/seed"] {
            fs::create_dir_all(folder.join(part)).expect("a folder can be made");
            for file in fs::read_dir(examples.join(part)).expect("the example is there").flatten() {
                if file.path().is_file() {
                    fs::copy(file.path(), folder.join(part).join(file.file_name())).expect("a file can be copied");
                }
            }
        }
        let chinook = examples.join("chinook").canonicalize().expect("the example is there");
        std::os::unix::fs::symlink(chinook, folder.join("chinook")).expect("a link can be made");
        Copy(folder)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left of a temporary folder does no harm.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// As `workflows.anonymous = "operator"` serves.
fn operated() -> Settings {
    Settings { anonymous_operates: true, ..settings() }
}

fn guard() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_acceptance_guard"))
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
