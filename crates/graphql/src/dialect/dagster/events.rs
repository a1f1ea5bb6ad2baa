//! What happened in a run: events as members of this API's union, and what they add up to for each step.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use plan::{Operator, Select, ValueKind};
use serde_json::{Value as Json, json};

use super::rows::Table;
use super::runs::{file_key, not_found, seconds};
use super::{python, refusals};
use crate::tell::{Asked, Found, Holes, Row, Rows, Telling, Told};

/// Columns that an event is told from; the last one only where more is asked than every event has.
pub(super) static COLUMNS: [&str; 7] = ["number", "timestamp", "kind", "level", "message", "stepKey", DATA];
const DATA: &str = "data";
/// What is asked of a list of events and told without what belongs to their kinds.
const PLAIN: [&str; 8] =
    ["runId", "message", "timestamp", "level", "stepKey", "solidHandleID", "eventType", "pipelineName"];

/// Kinds of events and their types. What is not here is told of as an event of the engine.
const KINDS: [(&str, &str); 24] = [
    ("RUN_ENQUEUED", "RunEnqueuedEvent"),
    ("RUN_STARTING", "RunStartingEvent"),
    ("RUN_START", "RunStartEvent"),
    ("RUN_SUCCESS", "RunSuccessEvent"),
    ("RUN_FAILURE", "RunFailureEvent"),
    ("RUN_CANCELING", "RunCancelingEvent"),
    ("RUN_CANCELED", "RunCanceledEvent"),
    ("STEP_START", "ExecutionStepStartEvent"),
    ("STEP_RESTARTED", "ExecutionStepRestartEvent"),
    ("STEP_INPUT", "ExecutionStepInputEvent"),
    ("STEP_OUTPUT", "ExecutionStepOutputEvent"),
    ("STEP_SUCCESS", "ExecutionStepSuccessEvent"),
    ("STEP_FAILURE", "ExecutionStepFailureEvent"),
    ("STEP_UP_FOR_RETRY", "ExecutionStepUpForRetryEvent"),
    ("STEP_SKIPPED", "ExecutionStepSkippedEvent"),
    ("STEP_EXPECTATION_RESULT", "StepExpectationResultEvent"),
    ("STEP_WORKER_STARTING", "StepWorkerStartingEvent"),
    ("STEP_WORKER_STARTED", "StepWorkerStartedEvent"),
    ("RESOURCE_INIT_STARTED", "ResourceInitStartedEvent"),
    ("RESOURCE_INIT_SUCCESS", "ResourceInitSuccessEvent"),
    ("LOADED_INPUT", "LoadedInputEvent"),
    ("HANDLED_OUTPUT", "HandledOutputEvent"),
    ("ASSET_MATERIALIZATION", "MaterializationEvent"),
    ("LOGS_CAPTURED", "LogsCapturedEvent"),
];
/// Events of steps whose handle is not told.
const WITHOUT_HANDLE: [&str; 5] =
    ["LOG", "STEP_WORKER_STARTED", "RESOURCE_INIT_STARTED", "RESOURCE_INIT_SUCCESS", "LOGS_CAPTURED"];
/// A program says that it made an asset.
pub(super) const MATERIALIZATION: &str = "ASSET_MATERIALIZATION";
/// Goes to the output that it describes and is not told by itself.
const OUTPUT_METADATA: &str = "OUTPUT_METADATA";

/// `logsForRun`: the run and its events, each by one select that does not wait for the other.
pub(super) fn of_run<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let id = asked.argument("runId").cloned().unwrap_or_default();
    let missing = move || not_found(asked.text("runId").unwrap_or_default());
    let Some(runs) = Table::named(telling.model, "_Run") else { return missing() };
    let selects = move |holes: &mut Holes<'_>| {
        let events = runs.toward("events");
        let is_it = runs.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, id.clone()));
        let are_its = events.is(holes, "run", Operator::Eq, (ValueKind::Uuid, id));
        let run = runs.one(is_it, runs.row(&["_key", "jobName"]));
        vec![run, Select { filter: are_its, ..events.all_by("number", events.row(columns(asked))) }]
    };
    let then = move |found: Vec<Found>| {
        let mut found = found.into_iter().map(Found::rows);
        let run = found.next().and_then(|rows| rows.into_iter().next());
        run.map_or_else(missing, |run| connection(&run, found.next().unwrap_or_default(), asked))
    };
    Told::Rows(Rows { count: 2, selects: Box::new(selects), then: Box::new(then) })
}

/// The events of a run, with those columns that what is asked of them needs.
pub(super) fn below(table: Table<'_>, asked: &Asked) -> Select {
    table.related("events", "number", columns(asked))
}

fn columns(asked: &Asked) -> &'static [&'static str] {
    let lists = asked.below("events");
    let is_plain = |events: &&Asked| !events.wants_some(&mut |name| name != TYPE_NAME && !PLAIN.contains(&name));
    let are_plain = !asked.wants(&["stepStats", "assetMaterializations", "assets"]) && lists.iter().all(is_plain);
    let count = COLUMNS.len() - usize::from(are_plain && asked.name != "stepStats");
    &COLUMNS[..count]
}

const TYPE_NAME: &str = "__typename";

/// A part of a run's events: those behind a cursor, so many at most.
pub(super) fn connection<'a>(run: &Row, events: Vec<Row>, asked: &Asked) -> Told<'a> {
    let given = asked.text("afterCursor");
    let after = match given.map(number_of) {
        None => 0,
        Some(Some(after)) => after,
        Some(None) => {
            let message = format!("Unexpected cursor type: {}", given.unwrap_or_default());
            return refusals::python_error("dagster._check.functions.CheckError", &message);
        }
    };
    let limit = asked.number("limit").filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
    let mut told = told(run, events);
    told.retain(|event| event.number() > after);
    let has_more = limit.is_some_and(|limit| told.len() > limit);
    told.truncate(limit.unwrap_or(usize::MAX));
    let cursor = match (told.last(), given) {
        (None, Some(given)) => given.to_owned(),
        (None, None) => cursor_of(0),
        (Some(last), _) => cursor_of(last.number()),
    };
    let events: Vec<Rc<Event>> = told.into_iter().map(Rc::new).collect();
    Told::object("EventConnection", move |asked| match asked.name.as_str() {
        "events" => Told::List(events.iter().map(|event| Event::told(Rc::clone(event))).collect()),
        "cursor" => Told::text(Some(cursor.clone())),
        "hasMore" => Told::Json(has_more.into()),
        _ => Told::Unserved,
    })
}

/// Every event of a run.
fn told(run: &Row, events: Vec<Row>) -> Vec<Event> {
    let mut begun: HashMap<String, i64> = HashMap::new();
    let mut metadata: HashMap<String, Json> = HashMap::new();
    let mut list = Vec::new();
    for row in events {
        let mut event = Event::new(run.clone(), row);
        let row = &event.row;
        match &*row.text("kind") {
            OUTPUT_METADATA => {
                if row.has(DATA) {
                    metadata.insert(output(row), row[DATA]["metadata"].clone());
                }
                continue;
            }
            "STEP_START" | "STEP_RESTARTED" => {
                begun.insert(row.text("stepKey").into_owned(), row.number("timestamp").unwrap_or_default());
            }
            "STEP_SUCCESS" => {
                let step = row.text("stepKey");
                event.took = begun.get(&*step).zip(row.number("timestamp")).map(|(begun, ended)| ended - begun);
            }
            "STEP_OUTPUT" if row.has(DATA) => event.metadata = metadata.get(&output(row)).cloned(),
            _ => {}
        }
        list.push(event);
    }
    list
}

/// The output that an event is about, among those of its run.
fn output(row: &Row) -> String {
    let data = &row[DATA];
    let name = data["outputName"].as_str().or_else(|| data["output"].as_str()).unwrap_or("result");
    [&row.text("stepKey"), ".", name].concat()
}

/// A length of time as this API writes it: milliseconds, from one second on seconds.
fn length(micros: i64) -> String {
    let taken = seconds(&micros.into()).as_f64().unwrap_or_default();
    if taken < 1.0 { format!("{:.0}ms", (taken * 1000.0).max(0.0)) } else { format!("{taken:.2}s") }
}

/// An event by itself, of a run that is told of by its key and its job's name.
pub(super) fn single(run: &Json, event: &Json) -> Json {
    Event::new(run.into(), event.into()).whole()
}

/// What a run said that it made, in order.
pub(super) fn materializations(raw: &Row) -> Vec<Json> {
    let all = raw.rows("events").into_iter().filter(|event| event.text("kind") == MATERIALIZATION);
    all.map(|event| Event::new(raw.clone(), event).whole()).collect()
}

/// The error of a step that is tried again as its policy says: the exception is its cause.
fn by_policy(error: &Json) -> Json {
    if error["className"] != "DagsterExecutionStepExecutionError" {
        return error.clone();
    }
    json!({
        "message": "dagster._core.execution.plan.utils.RetryRequestedFromPolicy\n",
        "className": "RetryRequestedFromPolicy",
        "stack": [],
        "cause": error["cause"],
    })
}

/// One event of a run.
struct Event {
    run: Row,
    row: Row,
    /// The type of its kind.
    of: &'static str,
    /// How long the step took that has succeeded.
    took: Option<i64>,
    /// What a program has said of the output.
    metadata: Option<Json>,
    /// What belongs to its kind.
    of_kind: OnceCell<Json>,
}

impl Event {
    fn new(run: Row, row: Row) -> Event {
        let kind = row.text("kind");
        let of = match KINDS.iter().find(|(known, _)| *known == kind) {
            Some((_, name)) => name,
            None if kind == "LOG" => "LogMessageEvent",
            None => "EngineEvent",
        };
        drop(kind);
        Event { run, row, of, took: None, metadata: None, of_kind: OnceCell::new() }
    }

    fn number(&self) -> i64 {
        self.row.number("number").unwrap_or_default()
    }

    fn told<'a>(self: Rc<Event>) -> Told<'a> {
        Told::object(self.of, move |asked| self.member(&asked.name))
    }

    /// A member that some type has; those that its own lacks are not asked for.
    fn member<'a>(&self, name: &str) -> Told<'a> {
        let column = |name| Told::Column(self.row.clone(), name);
        match name {
            "runId" => Told::Column(self.run.clone(), "_key"),
            "pipelineName" => Told::Column(self.run.clone(), "jobName"),
            "message" => match self.took {
                Some(took) => {
                    let (step, took) = (self.row.text("stepKey"), length(took));
                    Told::Json(format!("Finished execution of step \"{step}\" in {took}.").into())
                }
                None => column("message"),
            },
            "timestamp" => Told::text(self.row.number("timestamp").map(|micros| millis(micros).to_string())),
            "level" => column("level"),
            "stepKey" => column("stepKey"),
            "solidHandleID" => Told::text(self.handle()),
            "eventType" => match self.of {
                "LogMessageEvent" => Told::Null,
                "EngineEvent" => Told::Word("ENGINE_EVENT"),
                _ => column("kind"),
            },
            name => self.of_kind().get(name).cloned().map_or(Told::Unserved, Told::Json),
        }
    }

    fn handle(&self) -> Option<String> {
        let is_told = !self.row.is_null("stepKey") && !WITHOUT_HANDLE.contains(&&*self.row.text("kind"));
        let step = self.row.text("stepKey");
        is_told.then(|| step.split('[').next().unwrap_or(&step).to_owned())
    }

    /// What belongs to its kind, and what every event has that has something of its own.
    fn of_kind(&self) -> &Json {
        self.of_kind.get_or_init(|| {
            let (kind, run, data) = (self.row.text("kind"), self.run.text("_key"), &self.row[DATA]);
            let error =
                if kind == "STEP_UP_FOR_RETRY" { error(&by_policy(&data["error"])) } else { error(&data["error"]) };
            let mut members = json!({
                "label": data["label"],
                "description": data["description"],
                "metadataEntries": entries(self.metadata.as_ref().unwrap_or(&data["metadata"])),
                "markerStart": null,
                "markerEnd": null,
                "error": error,
            });
            if let (Json::Object(members), Json::Object(own)) = (&mut members, own((&kind, &run), data)) {
                members.extend(own);
            }
            members
        })
    }

    /// With every member.
    fn whole(&self) -> Json {
        let mut members = self.of_kind().clone();
        members["__typename"] = self.of.into();
        for name in PLAIN {
            members[name] = match self.member(name) {
                Told::Column(row, column) => row[column].clone(),
                Told::Json(value) => value,
                Told::Word(word) => word.into(),
                Told::Null
                | Told::Object(_)
                | Told::List(_)
                | Told::OfJob(..)
                | Told::Rows(_)
                | Told::Command(_)
                | Told::Unserved
                | Told::Failed(_) => Json::Null,
            };
        }
        members
    }
}

/// Microseconds as milliseconds, to the nearest.
fn millis(micros: i64) -> i64 {
    micros.saturating_add(500).div_euclid(1_000)
}

/// The members that only events of this kind have.
fn own((kind, run): (&str, &str), data: &Json) -> Json {
    let is_passed = data["isPassed"] != false;
    let check =
        |label: &Json| json!({ "label": label, "success": is_passed, "description": null, "metadataEntries": [] });
    match kind {
        "STEP_INPUT" => json!({ "inputName": data["inputName"], "typeCheck": check(&data["inputName"]) }),
        "STEP_OUTPUT" => json!({ "outputName": data["outputName"], "typeCheck": check(&data["outputName"]) }),
        "LOADED_INPUT" => json!({ "inputName": data["inputName"], "managerKey": data["managerKey"],
            "upstreamOutputName": data["upstreamOutputName"], "upstreamStepKey": data["upstreamStepKey"] }),
        "HANDLED_OUTPUT" => json!({ "outputName": data["outputName"], "managerKey": data["managerKey"] }),
        "STEP_UP_FOR_RETRY" => json!({ "secondsToWait": data["secondsToWait"] }),
        "STEP_FAILURE" => {
            let metadata = &data["failureMetadata"];
            let metadata = if metadata.is_null() {
                Json::Null
            } else {
                json!({ "label": metadata["label"], "description": metadata["description"],
                    "metadataEntries": entries(&metadata["metadata"]) })
            };
            json!({ "errorSource": data["errorSource"], "failureMetadata": metadata })
        }
        "STEP_EXPECTATION_RESULT" => json!({ "expectationResult": { "success": data["success"],
            "label": data["label"], "description": data["description"],
            "metadataEntries": entries(&data["metadata"]) } }),
        "ASSET_MATERIALIZATION" => {
            let key = asset_key(data);
            let words: Vec<&str> = key.iter().filter_map(Json::as_str).collect();
            json!({ "label": words.join(" "), "assetKey": { "path": key }, "partition": data["partition"] })
        }
        "LOGS_CAPTURED" => {
            let step = data["stepKeys"][0].as_str().unwrap_or_default();
            let key = file_key(run, step);
            json!({ "fileKey": key, "logKey": key, "stepKeys": data["stepKeys"], "pid": data["pid"],
                "externalUrl": null, "externalStdoutUrl": null, "externalStderrUrl": null })
        }
        "STEP_WORKER_STARTING" => json!({ "markerStart": "step_process_start" }),
        "STEP_WORKER_STARTED" => json!({ "markerEnd": "step_process_start" }),
        "RESOURCE_INIT_STARTED" => json!({ "markerStart": "resources" }),
        "RESOURCE_INIT_SUCCESS" => json!({ "markerEnd": "resources" }),
        _ => json!({}),
    }
}

fn asset_key(data: &Json) -> Vec<Json> {
    let key = if data["key"].is_null() { &data["assetKey"] } else { &data["key"] };
    match key {
        Json::Array(words) => words.clone(),
        Json::Null => Vec::new(),
        word => vec![word.clone()],
    }
}

/// An error and its causes, from the outermost inwards.
fn error(of: &Json) -> Json {
    if !of.is_object() {
        return Json::Null;
    }
    let mut chain = Vec::new();
    let mut at = &of["cause"];
    while at.is_object() {
        chain.push(at);
        at = &at["cause"];
    }
    let plain = |of: &Json| {
        json!({ "__typename": "PythonError", "message": of["message"], "className": of["className"],
            "stack": of["stack"].as_array().cloned().unwrap_or_default(), "cause": null, "causes": [], "errorChain": [] })
    };
    let mut made = plain(of);
    made["cause"] = error(&of["cause"]);
    made["causes"] = chain.iter().map(|of| plain(of)).collect();
    made["errorChain"] = chain.iter().map(|of| json!({ "isExplicitLink": true, "error": plain(of) })).collect();
    made
}

/// Metadata as entries, each of the type that its value's form says.
fn entries(metadata: &Json) -> Json {
    let pairs: Vec<(&str, &Json)> = match metadata {
        Json::Array(list) => list.iter().map(|of| (of["label"].as_str().unwrap_or_default(), &of["value"])).collect(),
        other => other.as_object().into_iter().flatten().map(|(label, value)| (label.as_str(), value)).collect(),
    };
    let entry = |(label, value): (&str, &Json)| {
        let mut made = json!({ "label": label, "description": null });
        let typed = typed(value);
        if let (Json::Object(made), Json::Object(typed)) = (&mut made, typed) {
            made.extend(typed);
        }
        made
    };
    pairs.into_iter().map(entry).collect()
}

fn typed(value: &Json) -> Json {
    match value {
        Json::Null => json!({ "__typename": "NullMetadataEntry" }),
        Json::Bool(of) => json!({ "__typename": "BoolMetadataEntry", "boolValue": of }),
        Json::Number(of) if of.is_f64() => {
            json!({ "__typename": "FloatMetadataEntry", "floatValue": of, "floatRepr": python::repr(value) })
        }
        Json::Number(of) => {
            let small = of.as_i64().and_then(|of| i32::try_from(of).ok());
            json!({ "__typename": "IntMetadataEntry", "intValue": small, "intRepr": of.to_string() })
        }
        Json::String(text) => json!({ "__typename": "TextMetadataEntry", "text": text }),
        Json::Array(_) => json!({ "__typename": "JsonMetadataEntry", "jsonString": python::dumps(value) }),
        Json::Object(of) => match of.iter().next() {
            Some((form, inner)) if of.len() == 1 => match form.as_str() {
                "url" => json!({ "__typename": "UrlMetadataEntry", "url": inner }),
                "path" => json!({ "__typename": "PathMetadataEntry", "path": inner }),
                "json" => json!({ "__typename": "JsonMetadataEntry", "jsonString": python::dumps(inner) }),
                "md" => json!({ "__typename": "MarkdownMetadataEntry", "mdStr": inner }),
                "timestamp" => json!({ "__typename": "TimestampMetadataEntry", "timestamp": inner }),
                _ => json!({ "__typename": "JsonMetadataEntry", "jsonString": python::dumps(value) }),
            },
            _ => json!({ "__typename": "JsonMetadataEntry", "jsonString": python::dumps(value) }),
        },
    }
}

/// What each step of a run came to: those that began or were skipped.
pub(super) fn step_stats<'a>(raw: &Row) -> Told<'a> {
    Told::Json(steps(raw).into())
}

/// The same of one step alone, where it began.
pub(super) fn stats_of(raw: &Row, key: &str) -> Option<Json> {
    steps(raw).into_iter().find(|step| step["stepKey"] == *key)
}

fn steps(raw: &Row) -> Vec<Json> {
    let all: Vec<Json> = told(raw, raw.rows("events")).iter().map(Event::whole).collect();
    let steps = raw["steps"].as_array().into_iter().flatten();
    let list = steps.filter(|step| step["isReused"] != true).filter_map(|step| {
        let status = match step["status"].as_str().unwrap_or_default() {
            "running" | "retrying" => "IN_PROGRESS",
            "succeeded" => "SUCCESS",
            "failed" => "FAILURE",
            "skipped" => "SKIPPED",
            _ if !step["startTime"].is_null() => "IN_PROGRESS",
            _ => return None,
        };
        let own: Vec<&Json> = all.iter().filter(|event| event["stepKey"] == step["key"]).collect();
        Some(json!({
            "runId": raw["_key"],
            "stepKey": step["key"],
            "status": status,
            "startTime": if status == "SKIPPED" { Json::Null } else { seconds(&step["startTime"]) },
            "endTime": seconds(&step["endTime"]),
            "attempts": if status == "SKIPPED" { skipped(step) } else { attempts(&own) },
            "markers": markers(&own),
            "materializations": own.iter().filter(|event| event["eventType"] == "ASSET_MATERIALIZATION").collect::<Vec<_>>(),
            "expectationResults": own.iter().filter_map(|event| event.get("expectationResult")).collect::<Vec<_>>(),
        }))
    });
    list.collect()
}

fn skipped(step: &Json) -> Json {
    let at = seconds(&step["endTime"]);
    json!([{ "startTime": at, "endTime": at }])
}

/// Seconds of an event that was told.
fn at(event: &Json) -> Json {
    let millis = event["timestamp"].as_str().and_then(|text| text.parse::<f64>().ok());
    millis.map_or(Json::Null, |millis| (millis / 1000.0).into())
}

fn attempts(events: &[&Json]) -> Json {
    let mut list: Vec<Json> = Vec::new();
    for event in events {
        match event["eventType"].as_str().unwrap_or_default() {
            "STEP_START" | "STEP_RESTARTED" => list.push(json!({ "startTime": at(event), "endTime": null })),
            "STEP_UP_FOR_RETRY" | "STEP_SUCCESS" | "STEP_FAILURE" => {
                if let Some(last) = list.last_mut() {
                    last["endTime"] = at(event);
                }
            }
            _ => {}
        }
    }
    Json::Array(list)
}

fn markers(events: &[&Json]) -> Json {
    let mut list: Vec<(Json, Json)> = Vec::new();
    for event in events {
        if !event["markerStart"].is_null() {
            let marker = json!({ "startTime": at(event), "endTime": null });
            list.push((event["markerStart"].clone(), marker));
        }
        if let Some((_, open)) = list.iter_mut().find(|(name, _)| *name == event["markerEnd"] && !name.is_null()) {
            open["endTime"] = at(event);
        }
    }
    list.into_iter().map(|(_, marker)| marker).collect()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A cursor of this API: what is behind this event.
fn cursor_of(number: i64) -> String {
    let text = format!("{{\"type\": \"STORAGE_ID\", \"value\": {number}}}");
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | (u32::from(*byte) << (16 - 8 * at)));
        for at in 0..4 {
            if at <= chunk.len() {
                let index = usize::try_from((bits >> (18 - 6 * at)) & 63).unwrap_or(0);
                out.push(char::from(BASE64[index]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// The event that a cursor names; a bare number is taken, too.
fn number_of(cursor: &str) -> Option<i64> {
    if let Ok(number) = cursor.parse() {
        return Some(number);
    }
    let (mut bits, mut count, mut bytes) = (0u32, 0u32, Vec::new());
    for byte in cursor.trim_end_matches('=').bytes() {
        let digit = BASE64.iter().position(|known| *known == byte)?;
        bits = (bits << 6) | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).ok()?);
        }
    }
    let value: Json = serde_json::from_slice(&bytes).ok()?;
    value["value"].as_i64()
}
