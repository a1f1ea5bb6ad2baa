//! Recorded cases of a workflow engine played in the order in which they were recorded, with what was done between them: launches, waits, ticks.
//!
//! Names of runs are bound by the answers that launch them; what only the server can tell is asked of it before a case is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::client::graphql;
use crate::project::Running;
use crate::recorded::{Mode, Names, filled, matches};
use crate::shape::{at, put};

const LAUNCH: &str =
    "mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { ... on LaunchRunSuccess { run { runId } } } }";
const TERMINATE: &str =
    "mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }";
const GROUP: &str =
    "query($id: ID!) { runGroupOrError(runId: $id) { ... on RunGroup { runs { runId status creationTime } } } }";
const FILE_KEYS: &str = "query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { ... on LogsCapturedEvent { fileKey stepKeys } } } } }";
const START: &str = "mutation($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) { __typename } }";
const STOP: &str = "mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }";
const STATE: &str = "query($s: ScheduleSelector!) { scheduleOrError(scheduleSelector: $s) { ... on Schedule { scheduleState { id } } } }";

/// Words of the API for where a run stands, and the engine's.
const STATUSES: [(&str, &str); 4] =
    [("SUCCESS", "succeeded"), ("FAILURE", "failed"), ("CANCELED", "canceled"), ("STARTED", "started")];
/// Events of the recorded system's own engine: informative.
const INFORMATIVE: [&str; 12] = [
    "EngineEvent",
    "ResourceInitStartedEvent",
    "ResourceInitSuccessEvent",
    "ResourceInitFailureEvent",
    "StepWorkerStartingEvent",
    "StepWorkerStartedEvent",
    "LogsCapturedEvent",
    "HandledOutputEvent",
    "LoadedInputEvent",
    "ObjectStoreOperationEvent",
    "AlertStartEvent",
    "AlertSuccessEvent",
];
/// Beginnings of messages about the recorded system's own files.
const INFORMATIVE_TEXTS: [&str; 6] = [
    "Writing file at",
    "Loading file from",
    "Writing value",
    "Loading value",
    "No previously computed",
    "Multiprocess executor",
];
/// Longest step of the clock that the schedules of the workspace need.
const TICK: Duration = Duration::from_mins(1);

/// A server with a worker, and the names that answers have bound.
pub struct Play {
    server: Running,
    names: Names,
}

impl Play {
    /// Begins on an empty database.
    #[must_use]
    pub fn new(server: Running) -> Play {
        Play { server, names: Names::new() }
    }

    /// Does what was done between two cases. What cannot be done leaves its names unbound, so that the cases that speak of them say so.
    pub fn act(&mut self, action: &Value) {
        let text = |member: &str| action[member].as_str().unwrap_or_default();
        let done = match text("do") {
            "launch" => self.launch(&action["executionParams"], text("as")),
            "wait" => self.wait(text("run"), text("status")),
            "wait_group" => self.group(text("run"), action["count"].as_u64().unwrap_or_default()),
            "start_schedule" => self.ask(START, &json!({ "s": schedule(text("schedule")) })).map(drop),
            "stop_schedule" => self.stop(text("schedule")),
            "wait_for_ticks" => {
                self.server.tick_in(TICK);
                Ok(())
            }
            "kill_9_step_process" | "kill_9_run_process" => self.end(text("run")),
            other => Err(format!("nothing here does {other}")),
        };
        if let Err(why) = done {
            println!("{action}: {why}");
        }
    }

    fn launch(&mut self, params: &Value, name: &str) -> Result<(), String> {
        let answer = self.ask(LAUNCH, &json!({ "p": filled(params, &self.names) }))?;
        let id = at(&answer, "data.launchRun.run.runId").and_then(Value::as_str).ok_or_else(|| answer.to_string())?;
        self.names.insert(["run:", name].concat(), id.to_owned());
        Ok(())
    }

    /// Who answers.
    #[must_use]
    pub fn server(&self) -> &Running {
        &self.server
    }

    fn wait(&self, run: &str, status: &str) -> Result<(), String> {
        let id = self.names.get(&["run:", run].concat()).ok_or("nothing launched it")?;
        let word = STATUSES.iter().find(|(theirs, _)| *theirs == status).map_or(status, |(_, ours)| ours);
        self.server.until(id, word)
    }

    /// Names the runs that came of one by themselves, oldest first.
    fn group(&mut self, run: &str, count: u64) -> Result<(), String> {
        let answer = self.ask(GROUP, &json!({ "id": filled(&format!("<run:{run}>").into(), &self.names) }))?;
        let mut runs = at(&answer, "data.runGroupOrError.runs").and_then(Value::as_array).cloned().unwrap_or_default();
        let made = |run: &Value| run["creationTime"].as_f64().unwrap_or_default();
        runs.sort_by(|one, other| made(one).total_cmp(&made(other)));
        for (number, run_of_group) in runs.iter().enumerate().skip(1) {
            let id = run_of_group["runId"].as_str().unwrap_or_default().to_owned();
            self.names.insert(format!("run:{run}_{number}"), id);
        }
        if runs.len() as u64 == count { Ok(()) } else { Err(format!("the group has {} runs", runs.len())) }
    }

    fn stop(&self, name: &str) -> Result<(), String> {
        let state = self.ask(STATE, &json!({ "s": schedule(name) }))?;
        let id = at(&state, "data.scheduleOrError.scheduleState.id").cloned().unwrap_or_default();
        self.ask(STOP, &json!({ "id": id })).map(drop)
    }

    /// No process is killed here; the run is ended and forgotten.
    fn end(&mut self, run: &str) -> Result<(), String> {
        let name = ["run:", run].concat();
        let id = self.names.remove(&name).ok_or("nothing launched it")?;
        self.ask(TERMINATE, &json!({ "id": id })).map(drop)
    }

    fn ask(&self, query: &str, variables: &Value) -> Result<Value, String> {
        let body = json!({ "query": query, "variables": variables });
        self.server.ask(&graphql("/graphql", &body, None)).body.ok_or_else(|| "the answer is no JSON".to_owned())
    }

    /// Sends a case and judges its answer; what it binds is known from then on.
    ///
    /// # Errors
    /// What differs.
    pub fn judge(&mut self, case: &Value) -> Result<(), String> {
        let mut case = case.clone();
        for need in case["needs"].as_array().cloned().unwrap_or_default() {
            let value = self.found(&need)?;
            put(&mut case, need["into"].as_str().unwrap_or_default(), value);
        }
        let members = ["query", "variables", "operationName"].iter().filter(|key| !case[**key].is_null());
        let body: Map<String, Value> = members.map(|key| ((*key).to_owned(), case[*key].clone())).collect();
        let sent = filled(&Value::Object(body), &self.names);
        if sent.to_string().contains("<run:") {
            return Err("it asks about a run that is not there".to_owned());
        }
        let answer = self.server.ask(&graphql("/graphql", &sent, None));
        let got = answer.body.ok_or("the answer is no JSON")?;
        self.bind(&case, &got);
        let refused = |of: &Value| of["errors"].as_array().is_some_and(|errors| !errors.is_empty());
        let wanted = &case["response"];
        let mut names = self.names.clone();
        names.retain(|key, _| !key.starts_with("sha1"));
        match case["compare"].as_str().unwrap_or("exact") {
            "typename" => return internal(&case, &got),
            _ if case["status"] == 400 && refused(wanted) && wanted["data"].is_null() => {
                let is_refused = refused(&got) && got["data"].is_null();
                return if is_refused { Ok(()) } else { Err(format!("not refused: {got}")) };
            }
            "unordered" => matches(wanted, &got, &mut names, Mode::Unordered)?,
            "shape" => matches(wanted, &got, &mut names, Mode::Shape)?,
            "events" => of_events((wanted, &got), &mut names, "response")?,
            _ => matches(wanted, &got, &mut names, Mode::Exact)?,
        }
        if case["status"] != answer.status {
            return Err(format!("status {}, expected {}", answer.status, case["status"]));
        }
        self.names = names;
        Ok(())
    }

    fn bind(&mut self, case: &Value, got: &Value) {
        for (name, path) in case["binds"].as_object().into_iter().flatten() {
            if let Some(id) = path.as_str().and_then(|path| at(got, path)).and_then(Value::as_str) {
                self.names.insert(["run:", name].concat(), id.to_owned());
            }
        }
    }

    /// A value that a request needs and only the server can tell.
    fn found(&self, need: &Value) -> Result<Value, String> {
        let run = |member: &str| filled(&need[member], &self.names);
        let found = if !need["value"].is_null() {
            need["value"].clone()
        } else if need["file_key_of"].is_string() {
            let answer = self.ask(FILE_KEYS, &json!({ "id": run("file_key_of") }))?;
            let events = at(&answer, "data.logsForRun.events").and_then(Value::as_array).cloned().unwrap_or_default();
            let is_its = |event: &&Value| {
                event["stepKeys"].as_array().is_some_and(|keys| need["step"].is_null() || keys.contains(&need["step"]))
            };
            events.iter().find(is_its).map(|event| event["fileKey"].clone()).ok_or("no file key is told")?
        } else {
            let variables = filled(&need["variables"], &self.names);
            let answer = self.ask(need["query"].as_str().unwrap_or_default(), &variables)?;
            let path = need["path"].as_str().unwrap_or_default();
            at(&answer, path).cloned().ok_or_else(|| format!("no {path} in {answer}"))?
        };
        Ok(match need["text"].as_str() {
            Some(text) => text.replace("{}", found.as_str().unwrap_or(&found.to_string())).into(),
            None => found,
        })
    }
}

fn schedule(name: &str) -> Value {
    json!({ "repositoryLocationName": "demo", "repositoryName": "demo_repo", "scheduleName": name })
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

/// Like [`matches`], but lists named `events` are judged step by step, and `hasMore` is free.
fn of_events((wanted, got): (&Value, &Value), names: &mut Names, path: &str) -> Result<(), String> {
    let (Value::Object(members), Value::Object(met)) = (wanted, got) else {
        return matches(wanted, got, names, Mode::Exact).map_err(|why| format!("{path}: {why}"));
    };
    if !members.keys().eq(met.keys()) {
        return Err(format!("{path}: other members in {got}"));
    }
    for (key, value) in members.iter().filter(|(key, _)| *key != "hasMore") {
        let path = [path, ".", key].concat();
        match (key.as_str(), value, &met[key]) {
            ("events", Value::Array(wanted), Value::Array(got)) => {
                events((wanted.as_slice(), got.as_slice()), names, &path)?;
            }
            (_, wanted, got) => of_events((wanted, got), names, &path)?,
        }
    }
    Ok(())
}

/// Events by the key of their step, in order.
type BySteps<'a> = BTreeMap<Option<&'a str>, Vec<&'a Value>>;

fn events((wanted, got): (&[Value], &[Value]), names: &mut Names, path: &str) -> Result<(), String> {
    let is_lost = wanted.iter().any(|event| {
        event["message"].as_str().is_some_and(|text| text.starts_with("This run has been marked as failed"))
    });
    let is_canceled = wanted
        .iter()
        .any(|event| matches!(event["__typename"].as_str(), Some("RunCanceledEvent" | "RunCancelingEvent")));
    let (mut wanted, mut got) = (by_steps(wanted), by_steps(got));
    if is_lost || is_canceled {
        // How far the steps came is a matter of time.
        wanted.retain(|step, _| step.is_none());
        got.retain(|step, _| step.is_none());
    }
    let kinds = |list: &[&Value]| list.iter().map(|event| event["__typename"].clone()).collect::<Vec<_>>();
    for (step, list) in &wanted {
        let met = got.get(step).map(Vec::as_slice).unwrap_or_default();
        if kinds(list) != kinds(met) {
            let (wanted, got) = (Value::from(kinds(list)), Value::from(kinds(met)));
            return Err(format!("{path} of {step:?}: expected {wanted}, got {got}"));
        }
        for (wanted, got) in list.iter().zip(met) {
            matches(wanted, got, names, Mode::Exact).map_err(|why| format!("{path} of {step:?}: {why}"))?;
        }
    }
    let further: Vec<_> = got.keys().filter(|step| !wanted.contains_key(*step)).collect();
    if further.is_empty() { Ok(()) } else { Err(format!("{path}: events of further steps {further:?}")) }
}

/// Without what is informative.
fn by_steps(events: &[Value]) -> BySteps<'_> {
    let mut groups = BySteps::new();
    for event in events {
        let (kind, text) =
            (event["__typename"].as_str().unwrap_or_default(), event["message"].as_str().unwrap_or_default());
        let is_about_files = INFORMATIVE_TEXTS.iter().any(|start| text.starts_with(start))
            || text.contains("finished without success or failure event");
        if INFORMATIVE.contains(&kind) || (kind == "LogMessageEvent" && is_about_files) {
            continue;
        }
        groups.entry(event["stepKey"].as_str()).or_default().push(event);
    }
    groups
}
