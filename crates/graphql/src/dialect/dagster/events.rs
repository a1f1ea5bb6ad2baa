//! What happened in a run: events as members of this API's union, and what they add up to for each step.

use plan::{Operator, ValueKind};
use serde_json::{Map, Value as Json, json};

use super::rows::Table;
use super::runs::{file_key, not_found, row, rows_of, seconds};
use super::{python, refusals};
use crate::tell::{Asked, Telling, Told};

/// Columns that an event is told from.
pub(super) const COLUMNS: [&str; 8] = ["number", "timestamp", "kind", "level", "message", "stepKey", "attempt", "data"];

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

/// `logsForRun`.
pub(super) fn of_run<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let id = asked.argument("runId").cloned().unwrap_or_default();
    let missing = move || not_found(asked.text("runId").unwrap_or_default());
    let Some((table, mut run)) = row(telling, asked) else { return missing() };
    let events = table.related("events", "number", &COLUMNS);
    if !run.object.entries.iter().any(|entry| entry.key == "events") {
        run.object.entries.push(super::rows::nested("events", events));
    }
    rows_of(
        move |holes| {
            let filter = table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, id));
            Table::one(table, filter, run)
        },
        move |rows| rows.first().map_or_else(missing, |raw| connection(raw, asked)),
    )
}

/// A part of a run's events: those behind a cursor, so many at most.
pub(super) fn connection<'a>(raw: &Json, asked: &Asked) -> Told<'a> {
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
    let mut told = told(raw);
    told.retain(|(number, _)| *number > after);
    let has_more = limit.is_some_and(|limit| told.len() > limit);
    told.truncate(limit.unwrap_or(usize::MAX));
    let cursor = match (told.last(), given) {
        (None, Some(given)) => given.to_owned(),
        (None, None) => cursor_of(0),
        (Some((number, _)), _) => cursor_of(*number),
    };
    let events: Json = told.into_iter().map(|(_, event)| event).collect();
    Told::Json(json!({ "__typename": "EventConnection", "events": events, "cursor": cursor, "hasMore": has_more }))
}

/// Every event of a run with its number.
fn told(raw: &Json) -> Vec<(i64, Json)> {
    let run = raw["_key"].as_str().unwrap_or_default();
    let mut begun: Map<String, Json> = Map::new();
    let mut metadata: Map<String, Json> = Map::new();
    let mut list = Vec::new();
    for event in raw["events"].as_array().into_iter().flatten() {
        let kind = event["kind"].as_str().unwrap_or_default();
        let step = event["stepKey"].as_str().unwrap_or_default();
        let output = |data: &Json| {
            let name = data["outputName"].as_str().or_else(|| data["output"].as_str()).unwrap_or("result");
            [step, ".", name].concat()
        };
        if kind == OUTPUT_METADATA {
            metadata.insert(output(&event["data"]), event["data"]["metadata"].clone());
            continue;
        }
        let mut made = one(run, (raw, event));
        match kind {
            "STEP_START" | "STEP_RESTARTED" => drop(begun.insert(step.to_owned(), event["timestamp"].clone())),
            "STEP_SUCCESS" => {
                if let Some(took) = begun.get(step).and_then(|begun| between(begun, &event["timestamp"])) {
                    made["message"] = format!("Finished execution of step \"{step}\" in {took}.").into();
                }
            }
            "STEP_OUTPUT" => {
                if let Some(metadata) = metadata.get(&output(&event["data"])) {
                    made["metadataEntries"] = entries(metadata);
                }
            }
            _ => {}
        }
        list.push((event["number"].as_i64().unwrap_or_default(), made));
    }
    list
}

/// A length of time as this API writes it: milliseconds, from one second on seconds.
fn between(from: &Json, to: &Json) -> Option<String> {
    let taken = seconds(to).as_f64()? - seconds(from).as_f64()?;
    Some(if taken < 1.0 { format!("{:.0}ms", (taken * 1000.0).max(0.0)) } else { format!("{taken:.2}s") })
}

/// An event by itself, of a run that is told of by its key and its job's name.
pub(super) fn single(run: &Json, event: &Json) -> Json {
    one(run["_key"].as_str().unwrap_or_default(), (run, event))
}

/// What a run said that it made, in order.
pub(super) fn materializations(raw: &Json) -> Vec<Json> {
    let all = raw["events"].as_array().into_iter().flatten();
    all.filter(|event| event["kind"] == MATERIALIZATION).map(|event| single(raw, event)).collect()
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

/// One event with every member that some type has of it; those that its type lacks are not asked for.
fn one(run: &str, (raw, event): (&Json, &Json)) -> Json {
    let kind = event["kind"].as_str().unwrap_or_default();
    let data = &event["data"];
    let type_name = match KINDS.iter().find(|(known, _)| *known == kind) {
        Some((_, name)) => name,
        None if kind == "LOG" => "LogMessageEvent",
        None => "EngineEvent",
    };
    let step = event["stepKey"].clone();
    let has_handle = !step.is_null() && !WITHOUT_HANDLE.contains(&kind);
    let handle = step.as_str().filter(|_| has_handle).map(|key| key.split('[').next().unwrap_or(key));
    let millis = seconds(&event["timestamp"]).as_f64().unwrap_or_default() * 1000.0;
    let event_type = match type_name {
        "LogMessageEvent" => Json::Null,
        "EngineEvent" => "ENGINE_EVENT".into(),
        _ => kind.into(),
    };
    let mut members = json!({
        "__typename": type_name,
        "runId": run,
        "message": event["message"],
        "timestamp": format!("{millis:.0}"),
        "level": event["level"],
        "stepKey": step,
        "solidHandleID": handle,
        "eventType": event_type,
        "pipelineName": raw["jobName"],
        "label": data["label"],
        "description": data["description"],
        "metadataEntries": entries(&data["metadata"]),
        "markerStart": null,
        "markerEnd": null,
        "error": if kind == "STEP_UP_FOR_RETRY" { error(&by_policy(&data["error"])) } else { error(&data["error"]) },
    });
    let own = own((kind, run), event);
    if let (Json::Object(members), Json::Object(own)) = (&mut members, own) {
        members.extend(own);
    }
    members
}

/// The members that only events of this kind have.
fn own((kind, run): (&str, &str), event: &Json) -> Json {
    let data = &event["data"];
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
pub(super) fn step_stats<'a>(raw: &Json) -> Told<'a> {
    Told::Json(steps(raw).into())
}

/// The same of one step alone, where it began.
pub(super) fn stats_of(raw: &Json, key: &str) -> Option<Json> {
    steps(raw).into_iter().find(|step| step["stepKey"] == *key)
}

fn steps(raw: &Json) -> Vec<Json> {
    let all = told(raw);
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
        let own: Vec<&Json> = all.iter().map(|(_, event)| event).filter(|event| event["stepKey"] == step["key"]).collect();
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
