//! Events of runs and steps: their kinds, their texts, and what belongs to each.
//!
//! Source: Dagster's events, whose kinds and texts these are, so that its clients read them as they are written.

use model::Retry;
use model::config::check;
use serde_json::{Value as Json, json};
use std::time::Duration;

use crate::attempt::outputs_of;
use crate::definition::{Definition, OpDefinition, WorkDefinition};
use crate::process::Ended;
use crate::progress::{NewEvent, NewLog, Progress};
use crate::record::StepRecord;
use crate::transition::{RunEvent, StepEvent, StepStatus};

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// `message`, `className`, `stack`, `cause`.
    pub(crate) error: Json,
    /// Whose fault: `USER_CODE_ERROR` or `FRAMEWORK_ERROR`.
    source: &'static str,
    /// What the program says about it.
    metadata: Option<Json>,
    /// The program asks for another attempt itself.
    pub(crate) retry: Option<Retry>,
    /// Another attempt may help.
    pub(crate) may_retry: bool,
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn of(class: &str, message: &str, stack: &[String]) -> Failure {
        Failure {
            error: json!({ "message": format!("{class}: {message}\n"), "className": class, "stack": stack }),
            source: "FRAMEWORK_ERROR",
            metadata: None,
            retry: None,
            may_retry: true,
        }
    }

    /// In a few words.
    pub(crate) fn message(&self) -> String {
        self.error["message"].as_str().unwrap_or("failed").trim_end().to_owned()
    }
}

/// A process that could not be started or held.
pub(crate) fn broken(reason: &str) -> Failure {
    Failure::of("ProgramNotStarted", reason, &[])
}

/// A mutation that the endpoint refuses.
pub(crate) fn refused(message: &str, errors: &Json) -> Failure {
    let mut failure = Failure::of("MutationRefused", message, &[]);
    failure.metadata = Some(json!({ "label": "mutation-refused", "errors": errors }));
    failure
}

/// A process that took too long.
pub(crate) fn timed_out(op: &OpDefinition) -> String {
    let seconds = Duration::from_millis(op.timeout_ms.unwrap_or_default()).as_secs_f64();
    format!("the step took longer than its {seconds} s and was ended")
}

/// A process that ended badly without a word of its own.
pub(crate) fn exited(op: &OpDefinition, ended: &Ended, last_lines: &[String]) -> Failure {
    let stack: Vec<String> = last_lines.iter().map(|line| format!("{line}\n")).collect();
    let stack = stack.as_slice();
    match (ended.signal, ended.status) {
        (Some(signal), _) => Failure::of("ChildProcessCrashException", &format!("ended by signal {signal}"), stack),
        (None, Some(status)) => {
            let inner = Failure::of("ProgramFailed", &format!("the program ended with status {status}"), stack).error;
            raised(op, &inner)
        }
        (None, None) => Failure::of("ProgramFailed", "nobody knows how the program ended", stack),
    }
}

/// What a program raised, as the cause of the step's failure.
fn raised(op: &OpDefinition, cause: &Json) -> Failure {
    let class = "DagsterExecutionStepExecutionError";
    let message = format!("dagster._core.errors.{class}: Error occurred while executing op \"{}\":\n", op.definition);
    let error = json!({ "message": message, "className": class, "stack": [], "cause": cause });
    Failure { error, source: "USER_CODE_ERROR", metadata: None, retry: None, may_retry: true }
}

/// An event that a program wrote.
pub(crate) enum ProgramEvent {
    /// Something that happened.
    Happened(NewEvent),
    /// Why it ends.
    Failure(Failure),
}

/// Reads one event of a program.
pub(crate) fn program_event(op: &OpDefinition, attempt: u32, event: &Json) -> ProgramEvent {
    let text = |name: &str| event.get(name).and_then(Json::as_str);
    let of_step = |kind: &str, level: &str, message: &str| {
        NewEvent::new(kind, level, message).of_step(&op.name, attempt).with(kept(event))
    };
    let description = text("description").unwrap_or_default();
    let label = text("label").unwrap_or_default();
    ProgramEvent::Happened(match text("event").unwrap_or_default() {
        "log" => {
            let given = text("level").unwrap_or("INFO");
            let level = LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(given)).unwrap_or("INFO");
            NewEvent::new("LOG", level, text("message").unwrap_or_default()).of_step(&op.name, attempt)
        }
        kind @ ("asset_materialization" | "asset_observation") if key_words(event).is_empty() => {
            let message = format!("an event of the kind `{kind}` has no `key`: a list of words, or one");
            NewEvent::new("LOG", "WARNING", message).of_step(&op.name, attempt)
        }
        "expectation" => {
            let success = event.get("success").and_then(Json::as_bool).unwrap_or_default();
            let outcome = if success { "passed" } else { "failed" };
            let message =
                if description.is_empty() { format!("Expectation {label} {outcome}") } else { description.to_owned() };
            of_step("STEP_EXPECTATION_RESULT", "DEBUG", &message)
        }
        "asset_materialization" => {
            let message = if description.is_empty() {
                format!("Materialized value {}.", key_words(event))
            } else {
                description.to_owned()
            };
            of_step("ASSET_MATERIALIZATION", "DEBUG", &message)
        }
        "asset_observation" => of_step("ASSET_OBSERVATION", "DEBUG", description),
        "output_metadata" => of_step("OUTPUT_METADATA", "DEBUG", ""),
        "failure" => {
            let message = format!("dagster._core.definitions.events.Failure: {description}\n");
            return ProgramEvent::Failure(Failure {
                error: json!({ "message": message, "className": "Failure", "stack": [] }),
                source: "FRAMEWORK_ERROR",
                metadata: Some(json!({ "label": "intentional-failure", "description": description,
                    "metadata": event.get("metadata").map(in_order) })),
                retry: None,
                may_retry: event.get("allowRetries").and_then(Json::as_bool).unwrap_or(true),
            });
        }
        "exception" => return ProgramEvent::Failure(exception(op, event)),
        "retry" => {
            let most = event.get("max").and_then(Json::as_u64).unwrap_or(1);
            let delay = event.get("delaySeconds").and_then(Json::as_f64).unwrap_or_default().clamp(0.0, 86_400.0);
            let message = "dagster._core.definitions.events.RetryRequested\n";
            return ProgramEvent::Failure(Failure {
                error: json!({ "message": message, "className": "RetryRequested", "stack": [] }),
                source: "USER_CODE_ERROR",
                metadata: None,
                retry: Some(Retry {
                    max: u32::try_from(most).unwrap_or(u32::MAX),
                    delay: Duration::from_secs_f64(delay),
                    backoff: None,
                    jitter: None,
                }),
                may_retry: true,
            });
        }
        other => {
            let message = format!("an event of the unknown kind `{other}`");
            NewEvent::new("LOG", "WARNING", message).of_step(&op.name, attempt)
        }
    })
}

/// What is kept of an event.
fn kept(event: &Json) -> Json {
    let mut kept = event.clone();
    if let Some(metadata) = event.get("metadata") {
        kept["metadata"] = in_order(metadata);
    }
    kept
}

/// Metadata as a list, in the order of writing: a database need not keep that of an object.
fn in_order(metadata: &Json) -> Json {
    let pair = |(label, value): (&String, &Json)| json!({ "label": label, "value": value });
    metadata.as_object().map_or_else(|| metadata.clone(), |members| members.iter().map(pair).collect())
}

const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

fn key_words(event: &Json) -> String {
    match event.get("key").or_else(|| event.get("assetKey")) {
        Some(Json::Array(words)) => words.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
        Some(Json::String(word)) => word.clone(),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => String::new(),
    }
}

/// A chain of exceptions, the outermost first.
fn exception(op: &OpDefinition, event: &Json) -> Failure {
    let links = event.get("chain").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut cause = Json::Null;
    for link in links.iter().rev() {
        let class = link.get("className").and_then(Json::as_str).unwrap_or("Exception");
        let message = link.get("message").and_then(Json::as_str).unwrap_or_default();
        let stack = link.get("stack").cloned().unwrap_or_else(|| json!([]));
        let mut error = json!({ "message": format!("{class}: {message}\n"), "className": class, "stack": stack });
        if !cause.is_null() {
            error["cause"] = cause;
        }
        cause = error;
    }
    raised(op, &cause)
}

/// A message of a program is a line of its log, too.
pub(crate) fn line_of(event: &NewEvent, attempt: u32, at: i64) -> Option<Progress> {
    (event.kind == "LOG").then(|| {
        Progress::Log(NewLog {
            step: event.step.clone().unwrap_or_default(),
            attempt,
            stream: None,
            level: Some(event.level.clone()),
            message: event.message.clone(),
            at,
        })
    })
}

/// What is told when an attempt begins.
pub(crate) fn begun(definition: &Definition, op: usize, attempt: u32, rows: &[StepRecord]) -> Vec<NewEvent> {
    let of = &definition.ops[op];
    let key = &of.name;
    let debug = |kind: &str, message: String| NewEvent::new(kind, "DEBUG", message).of_step(key, attempt);
    let mut events = Vec::new();
    let is_process = matches!(of.work, WorkDefinition::Process { .. });
    if attempt == 1 && !definition.in_process && is_process {
        events.push(debug("STEP_WORKER_STARTING", format!("Launching subprocess for \"{key}\".")));
        events.push(debug("STEP_WORKER_STARTED", format!("Executing step \"{key}\" in subprocess.")));
        // What the op is supplied with: the place of its outputs, and the config of its resources.
        let mut supplied: Vec<&str> = of.resources.iter().map(String::as_str).chain(["io_manager"]).collect();
        supplied.sort_unstable();
        let supplied = supplied.join(", ");
        events.push(debug("RESOURCE_INIT_STARTED", format!("Starting initialization of resources [{supplied}].")));
        events.push(debug("RESOURCE_INIT_SUCCESS", format!("Finished initialization of resources [{supplied}].")));
    }
    events.push(if attempt == 1 {
        debug("STEP_START", format!("Started execution of step \"{key}\"."))
    } else {
        debug("STEP_RESTARTED", format!("Started re-execution (attempt # {attempt}) of step \"{key}\"."))
    });
    for input in &of.inputs {
        for (from, output) in input.feeds.iter().filter(|_| !input.is_nothing) {
            let up = &definition.ops[*from].name;
            let is_made = rows.iter().any(|row| &row.key == up && row.output.is_some());
            if is_made {
                let message = format!(
                    "Loaded input \"{}\" using input manager \"io_manager\", from output \"{output}\" of step \"{up}\"",
                    input.name
                );
                events.push(debug("LOADED_INPUT", message).with(json!({ "inputName": input.name,
                    "managerKey": "io_manager", "upstreamOutputName": output, "upstreamStepKey": up })));
            }
        }
    }
    for input in of.inputs.iter().filter(|input| !input.is_nothing) {
        let message = format!("Got input \"{}\" of type \"{}\". (Type check passed).", input.name, input.of);
        events.push(debug("STEP_INPUT", message).with(json!({ "inputName": input.name, "typeName": input.of })));
    }
    events
}

/// What is told when a process runs and its output is captured.
pub(crate) fn captured(key: &str, attempt: u32, pid: u32) -> NewEvent {
    let message = format!("Capturing logs for process (pid: {pid}).");
    let data = json!({ "stepKeys": [key], "pid": pid, "attempt": attempt });
    NewEvent { step: None, ..NewEvent::new("LOGS_CAPTURED", "DEBUG", message) }.with(data)
}

/// What is told of outputs.
pub(crate) struct Outputs {
    /// Of each in the order in which they were given, up to the first fault.
    pub(crate) events: Vec<NewEvent>,
    /// Why they are not what the op declares.
    pub(crate) fault: Option<Failure>,
}

/// What is told of the outputs in what a program gave.
pub(crate) fn outputs(op: &OpDefinition, attempt: u32, value: Option<&Json>) -> Outputs {
    let given = outputs_of(op, value);
    let mut told = Outputs { events: Vec::new(), fault: missing(op, &given) };
    for (name, value) in &given {
        if told.fault.is_some() {
            break;
        }
        output(op, attempt, (name, value), &mut told);
    }
    told
}

/// A required output that was not given, or one that is not declared.
fn missing(op: &OpDefinition, given: &[(String, Json)]) -> Option<Failure> {
    let fault = |message: String| Some(Failure::of("OutputMissing", &message, &[]));
    for output in &op.outputs {
        let found = given.iter().find(|(name, _)| *name == output.name);
        let lacks = found.is_none_or(|(_, value)| value.is_null() && output.is_required);
        if lacks && !output.is_nothing && !output.is_maybe && (output.is_required || found.is_none()) {
            return fault(format!("the program gave no output `{}`", output.name));
        }
    }
    let unknown = given.iter().find(|(name, _)| op.outputs.iter().all(|output| output.name != *name));
    unknown.and_then(|(name, _)| {
        fault(format!("the program gave an output `{name}`, which `{}` does not declare", op.name))
    })
}

/// One output: its value is checked against its type.
fn output(op: &OpDefinition, attempt: u32, (name, value): (&str, &Json), told: &mut Outputs) {
    let Some(output) = op.outputs.iter().find(|output| output.name == name) else { return };
    let of_step = |kind: &str, message: String| NewEvent::new(kind, "DEBUG", message).of_step(&op.name, attempt);
    let faults = if output.is_nothing { Vec::new() } else { check(&output.value.to_type(), value) };
    let checked = if faults.is_empty() { "(Type check passed)." } else { "Warning! Type check failed." };
    let yielded = of_step("STEP_OUTPUT", format!("Yielded output \"{name}\" of type \"{}\". {checked}", output.of));
    let is_passed = faults.is_empty();
    told.events.push(yielded.with(json!({ "outputName": name, "typeName": output.of, "isPassed": is_passed })));
    if !is_passed {
        let faults: Vec<String> = faults.iter().take(FAULTS_SHOWN).map(|fault| at_value(&fault.to_string())).collect();
        let message = format!(
            "Type check failed for step output \"{name}\" - expected type \"{}\". Description: {}.",
            output.of,
            faults.join("; ")
        );
        told.fault = Some(Failure::of("DagsterTypeCheckDidNotPass", &message, &[]));
    } else if !output.is_nothing {
        let handled = format!("Handled output \"{name}\" using IO manager \"io_manager\"");
        let handled = of_step("HANDLED_OUTPUT", handled);
        told.events.push(handled.with(json!({ "outputName": name, "managerKey": "io_manager" })));
    }
}

/// Faults of an output that are told.
const FAULTS_SHOWN: usize = 5;

/// A fault of config, told of a value.
fn at_value(fault: &str) -> String {
    fault.strip_prefix("the config: ").unwrap_or(fault).to_owned()
}

/// What is told of a step that succeeded.
pub(crate) fn succeeded(key: &str, attempt: u32) -> NewEvent {
    NewEvent::new("STEP_SUCCESS", "DEBUG", format!("Finished execution of step \"{key}\".")).of_step(key, attempt)
}

/// What is told of an attempt that failed; another follows after so many microseconds, or none.
pub(crate) fn failed(key: &str, attempt: u32, failure: &Failure, retry_in: Option<i64>) -> NewEvent {
    if let Some(wait) = retry_in {
        let seconds = Duration::from_micros(u64::try_from(wait).unwrap_or(0)).as_secs_f64();
        let seconds = (seconds * 100.0).round() / 100.0;
        let message = if wait <= 0 {
            format!("Execution of step \"{key}\" failed and has requested a retry.")
        } else {
            format!("Execution of step \"{key}\" failed and has requested a retry in {seconds} seconds.")
        };
        let data = json!({ "error": failure.error, "secondsToWait": seconds });
        return NewEvent::new("STEP_UP_FOR_RETRY", "DEBUG", message).of_step(key, attempt).with(data);
    }
    let data = json!({ "error": failure.error, "errorSource": failure.source, "failureMetadata": failure.metadata });
    let message = format!("Execution of step \"{key}\" failed.");
    NewEvent::new("STEP_FAILURE", "ERROR", message).of_step(key, attempt).with(data)
}

/// What is told of a step that does not run.
pub(crate) fn settled(definition: &Definition, op: usize, event: StepEvent, rows: &[StepRecord]) -> Vec<NewEvent> {
    let of = &definition.ops[op];
    let key = &of.name;
    match event {
        StepEvent::Skip => {
            let message = format!("Skipped execution of step \"{key}\".");
            vec![NewEvent::new("STEP_SKIPPED", "DEBUG", message).of_step(key, 0)]
        }
        StepEvent::Block => {
            let is_broken = |need: &&String| {
                rows.iter()
                    .any(|row| &row.key == *need && matches!(row.status, StepStatus::Failed | StepStatus::Blocked))
            };
            let needs: Vec<&String> = of.needs.iter().map(|need| &definition.ops[*need].name).collect();
            let failed: Vec<String> = needs.into_iter().filter(is_broken).map(|need| format!("'{need}'")).collect();
            let message = format!("Dependencies for step {key} failed: [{}]. Not executing.", failed.join(", "));
            vec![NewEvent::new("LOG", "ERROR", message).of_step(key, 0)]
        }
        StepEvent::Start
        | StepEvent::Succeed
        | StepEvent::Retry
        | StepEvent::Fail
        | StepEvent::Lose
        | StepEvent::Cancel => Vec::new(),
    }
}

/// What the state of a step says.
pub(crate) fn of_step(event: StepEvent) -> &'static str {
    match event {
        StepEvent::Start => "Started.",
        StepEvent::Succeed => "Finished.",
        StepEvent::Retry => "Waits for another attempt.",
        StepEvent::Fail => "Failed.",
        StepEvent::Lose => "Its worker was lost.",
        StepEvent::Skip => "Skipped: what it needs was not made.",
        StepEvent::Block => "What it needs failed.",
        StepEvent::Cancel => "The run was canceled.",
    }
}

/// What is told at the end of a run.
pub(crate) fn ended(job: &str, event: RunEvent, over: Option<String>, rows: &[StepRecord]) -> NewEvent {
    if let Some(message) = over {
        return NewEvent::new("RUN_FAILURE", "ERROR", message);
    }
    match event {
        RunEvent::Succeed => NewEvent::new("RUN_SUCCESS", "DEBUG", format!("Finished execution of run for \"{job}\".")),
        RunEvent::EndCancel => {
            let message = format!("Execution of run for \"{job}\" canceled.");
            let class = "DagsterExecutionInterruptedError";
            let error =
                json!({ "message": format!("dagster._core.errors.{class}\n"), "className": class, "stack": [] });
            NewEvent::new("RUN_CANCELED", "ERROR", message).with(json!({ "error": error }))
        }
        RunEvent::Take
        | RunEvent::Begin
        | RunEvent::Resume
        | RunEvent::Fail
        | RunEvent::AskCancel
        | RunEvent::ForceCancel => {
            let failed: Vec<&StepRecord> = rows.iter().filter(|row| row.status == StepStatus::Failed).collect();
            let names: Vec<String> = failed.iter().map(|row| format!("'{}'", row.key)).collect();
            let message = format!("Execution of run for \"{job}\" failed. Steps failed: [{}].", names.join(", "));
            let error = failed.first().and_then(|row| row.error.clone()).unwrap_or(Json::Null);
            NewEvent::new("RUN_FAILURE", "ERROR", message).with(json!({ "error": error }))
        }
    }
}
