//! Launching, repeating, ending and removing runs: what the model alone knows is checked and told here, the rest is asked of the engine.

use model::config::check;
use model::{Action, Job, JobId, TypeId};
use plan::{
    Answer, AnswerEntry, AnswerValue, Cause, Effect, From, JobGrants, Page, RunEffect, RunFault, Select, Shape,
    ValueKind,
};
use serde_json::{Map, Value as Json, json};

use super::rows::Table;
use super::workspace::text;
use super::{jobs, nodes, refusals, runs, yaml};
use crate::tell::{Asked, Commanded, Telling, Told};

pub(super) type Given = Vec<(&'static str, ValueKind, Json)>;

/// Root fields that change something about runs.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "launchRun" | "launchPipelineExecution" => launch(telling, asked),
        "launchMultipleRuns" => launch_each(telling, asked),
        "launchRunReexecution" | "launchPipelineReexecution" => repeat(telling, asked),
        "terminateRun" | "terminatePipelineExecution" => terminate(telling, asked),
        "terminateRuns" => terminate_each(telling, asked),
        "deleteRun" | "deletePipelineRun" => delete(telling, asked),
        _ => Told::Unserved,
    }
}

/// `launchRun`.
fn launch<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let params = asked.argument("executionParams").unwrap_or(&Json::Null);
    match checked(telling, params) {
        Ok((id, given)) => {
            command(telling, asked, (RunEffect::Launch, given), move |met| launched(telling, Some(id), met))
        }
        Err(refusal) => refusal,
    }
}

/// `launchMultipleRuns`: each by itself, so that one that is refused keeps no other from being launched.
fn launch_each<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some((table, row)) = runs::row(telling, asked, &["status"]) else {
        return Told::Failed(Cause::Run(RunFault::NoEngine));
    };
    let all = || asked.argument("executionParamsList").and_then(Json::as_array).into_iter().flatten();
    let launches: Json = all()
        .filter_map(|params| checked(telling, params).ok())
        .map(|(_, given)| given.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
        .map(Json::Object)
        .collect();
    let then = move |met: Result<Json, &Cause>| match met {
        Ok(met) => Told::object("LaunchMultipleRunsResult", move |inner| match inner.name.as_str() {
            "launchMultipleRunsResult" => {
                let mut met = met.as_array().into_iter().flatten();
                Told::List(all().map(|params| one_launched(telling, params, &mut met)).collect())
            }
            _ => Told::Unserved,
        }),
        // The union has no member for who may do it with no job at all.
        Err(Cause::Forbidden) => Told::Failed(Cause::Forbidden),
        Err(cause) => refused(cause),
    };
    let answer = Answer::Wrap(vec![
        AnswerEntry { key: "row".to_owned(), value: AnswerValue::Row(Box::new(shown(table, row))) },
        AnswerEntry { key: "fault".to_owned(), value: AnswerValue::Made("fault") },
    ]);
    Told::Command(Box::new(Commanded {
        effect: Effect::Run(RunEffect::LaunchEach),
        of: table.of,
        given: vec![("launches", ValueKind::Json, launches)],
        is_list: true,
        answer,
        then: Box::new(then),
    }))
}

/// One of several: what the model has against it, or what the engine did with it.
fn one_launched<'a, 'm>(telling: Telling<'a>, params: &Json, met: &mut impl Iterator<Item = &'m Json>) -> Told<'a> {
    // What was asked for was found before it was known who asks.
    let everything = JobGrants::all();
    let is_asked = checked(Telling { granted: &everything, ..telling }, params).is_ok();
    let met = is_asked.then(|| met.next().cloned()).flatten().unwrap_or_default();
    if let Err(refusal) = checked(telling, params) {
        return refusal;
    }
    match met["fault"].as_str() {
        None => launched(telling, None, Ok(met)),
        Some("forbidden") => refused(&Cause::Forbidden),
        Some(message) => refusals::python_error("dragoman.RunRefused", message),
    }
}

/// A launch that the model has nothing against. Whoever may not see the job is told that it is not there, whatever else is wrong.
fn checked<'a>(telling: Telling<'a>, params: &Json) -> Result<(JobId, Given), Told<'a>> {
    let (preset, config) = (params["preset"].as_str(), &params["runConfigData"]);
    let selector = &params["selector"];
    let names = jobs::names(selector);
    if let Some(preset) = preset {
        if !config.is_null() {
            let message = "Invalid ExecutionParams. Cannot define runConfigData when using a preset.";
            return Err(refusals::refusal("ConflictingExecutionParamsError", message, json!({})));
        }
        let message = format!("Preset {preset} not found in pipeline {}.", names.2);
        return Err(refusals::refusal("PresetNotFoundError", message, json!({ "preset": preset })));
    }
    let found = jobs::find(telling, names).filter(|id| telling.granted.allows(*id, Action::Find));
    let id = found.ok_or_else(|| refusals::job_not_found(names))?;
    let job = telling.model.job(id);
    let chosen = nodes::selection(job, selector)?;
    let config = config_of(config)?;
    let faults = check(&jobs::config_type(job, chosen.as_deref()), &config);
    if !faults.is_empty() {
        return Err(jobs::invalid(job, faults));
    }
    let metadata = &params["executionMetadata"];
    let steps = steps_of(job, chosen, &params["stepKeys"])?;
    let mut given = vec![
        ("location", ValueKind::Text, names.0.into()),
        ("repository", ValueKind::Text, names.1.into()),
        ("job", ValueKind::Text, names.2.into()),
        ("config", ValueKind::Json, config),
        ("tags", ValueKind::Json, tags_of(&metadata["tags"])),
    ];
    given.extend(steps.map(|steps| ("steps", ValueKind::Json, json!(steps))));
    let selection = selector.get("solidSelection").filter(|selection| selection.is_array());
    given.extend(selection.map(|selection| ("selection", ValueKind::Json, selection.clone())));
    for (name, member) in [("key", "runId"), ("parent", "parentRunId"), ("root", "rootRunId")] {
        given.extend(metadata[member].as_str().map(|id| (name, ValueKind::Text, id.into())));
    }
    Ok((id, given))
}

/// The config of a launch: an object, or text that is YAML of one.
pub(super) fn config_of<'a>(given: &Json) -> Result<Json, Told<'a>> {
    let value = match given {
        Json::Null => json!({}),
        Json::String(text) => {
            yaml::read(text).map_err(|fault| refusals::python_error("yaml.parser.ParserError", &fault))?
        }
        value => value.clone(),
    };
    match value {
        Json::Null => Ok(json!({})),
        Json::Object(_) => Ok(value),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            let message = format!("runConfigData is an object, not {}", super::python::repr(&value));
            Err(refusals::python_error("dagster._check.functions.CheckError", &message))
        }
    }
}

/// The steps that are executed; none: all.
fn steps_of<'a>(job: &Job, chosen: Option<Vec<String>>, keys: &Json) -> Result<Option<Vec<String>>, Told<'a>> {
    let keys: Vec<String> = keys.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
    if let Some(unknown) = keys.iter().find(|key| job.op_named(key).is_none()) {
        return Err(Told::Json(json!({ "__typename": "InvalidStepError", "invalidStepKey": unknown })));
    }
    Ok(if keys.is_empty() { chosen } else { Some(keys) })
}

/// Tags as an object; of a key that stands twice the later value.
fn tags_of(list: &Json) -> Json {
    let pair = |tag: &Json| Some((tag["key"].as_str()?.to_owned(), tag["value"].clone()));
    Json::Object(list.as_array().into_iter().flatten().filter_map(pair).collect::<Map<_, _>>())
}

/// A command that answers with the run that it met.
fn command<'a>(
    telling: Telling<'a>,
    asked: &Asked,
    (effect, given): (RunEffect, Given),
    then: impl FnOnce(Result<Json, &Cause>) -> Told<'a> + 'a,
) -> Told<'a> {
    let Some((table, row)) = runs::row(telling, asked, &["status"]) else {
        return Told::Failed(Cause::Run(RunFault::NoEngine));
    };
    let select = shown(table, row);
    let answer = Answer::Wrap(vec![
        AnswerEntry { key: "row".to_owned(), value: AnswerValue::Row(Box::new(select)) },
        AnswerEntry { key: "done".to_owned(), value: AnswerValue::Made("done") },
    ]);
    let of: TypeId = table.of;
    let effect = Effect::Run(effect);
    Told::Command(Box::new(Commanded { effect, of, given, is_list: false, answer, then: Box::new(then) }))
}

/// Reads the project again, and tells of it as it is then, or as it stays and why.
pub(super) fn reread<'a>(telling: Telling<'a>, tell: impl FnOnce(Option<String>) -> Told<'a> + 'a) -> Told<'a> {
    made(telling, (RunEffect::Reread, Vec::new()), "failure", move |met| match met {
        Ok(raw) => tell(raw["failure"].as_str().map(str::to_owned)),
        Err(cause) => refused(cause),
    })
}

/// A command that answers with what it made alone.
fn made<'a>(
    telling: Telling<'a>,
    (effect, given): (RunEffect, Given),
    name: &'static str,
    then: impl FnOnce(Result<Json, &Cause>) -> Told<'a> + 'a,
) -> Told<'a> {
    match Table::named(telling.model, "_Run") {
        Some(table) => told(table, (effect, given), (name, AnswerValue::Made(name)), then),
        None => Told::Failed(Cause::Run(RunFault::NoEngine)),
    }
}

/// A command that answers with one thing, under this name.
pub(super) fn told<'a>(
    table: Table<'_>,
    (effect, given): (RunEffect, Given),
    (name, value): (&str, AnswerValue),
    then: impl FnOnce(Result<Json, &Cause>) -> Told<'a> + 'a,
) -> Told<'a> {
    let answer = Answer::Wrap(vec![AnswerEntry { key: name.to_owned(), value }]);
    let (effect, of) = (Effect::Run(effect), table.of);
    Told::Command(Box::new(Commanded { effect, of, given, is_list: false, answer, then: Box::new(then) }))
}

pub(super) fn shown(table: Table<'_>, row: plan::Row) -> Select {
    Select {
        from: From::Written,
        page: Page::One,
        shape: Shape::One(row),
        sort: Vec::new(),
        ..table.all(plan::Row { non_null: false, object: plan::Object::default() })
    }
}

/// What is told of a run that was launched, or why it was not.
fn launched<'a>(telling: Telling<'a>, id: Option<JobId>, met: Result<Json, &Cause>) -> Told<'a> {
    match met {
        Ok(raw) => Told::object("LaunchRunSuccess", move |asked| match asked.name.as_str() {
            "run" => runs::run(telling, (&raw["row"]).into()),
            _ => Told::Unserved,
        }),
        Err(Cause::Run(RunFault::Config(faults))) => match id {
            Some(id) => jobs::invalid(telling.model.job(id), faults.clone()),
            None => Told::Failed(Cause::Run(RunFault::Config(faults.clone()))),
        },
        Err(Cause::Run(RunFault::Taken(run))) => {
            refusals::refusal("RunConflict", format!("Run {run} already exists."), json!({}))
        }
        Err(cause) => refused(cause),
    }
}

/// Why nothing was done, as the member of a union that any of these fields has.
pub(super) fn refused<'a>(cause: &Cause) -> Told<'a> {
    match cause {
        Cause::Forbidden | Cause::Run(RunFault::Forbidden) => {
            refusals::refusal("UnauthorizedError", "Authorization failed", json!({}))
        }
        Cause::Run(RunFault::NoRun(run)) => runs::not_found(run),
        Cause::Run(fault) => refusals::python_error("dragoman.RunRefused", &fault.to_string()),
        other => Told::Failed(other.clone()),
    }
}

/// `launchRunReexecution`.
fn repeat<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let (again, params) = (asked.argument("reexecutionParams"), asked.argument("executionParams"));
    let (Some(again), None) = (again, params) else {
        return match (again, params) {
            (None, Some(params)) => repeat_chosen(telling, asked, params),
            _ => refusals::python_error(
                "dagster._check.functions.CheckError",
                "One of executionParams and reexecutionParams must be given",
            ),
        };
    };
    let parent = text(again, "parentRunId").to_owned();
    let strategy = match text(again, "strategy") {
        "FROM_FAILURE" => "failed",
        "ALL_STEPS" => "all",
        _ => return Told::Unserved,
    };
    let given = vec![
        ("parent", ValueKind::Text, parent.into()),
        ("strategy", ValueKind::Text, strategy.into()),
        ("tags", ValueKind::Json, tags_of(&again["extraTags"])),
        ("fresh", ValueKind::Boolean, (again["useParentRunTags"] == false).into()),
    ];
    command(telling, asked, (RunEffect::Repeat, given), move |met| launched(telling, None, met))
}

/// A repetition that says all itself: its parent, its root, and its steps.
fn repeat_chosen<'a>(telling: Telling<'a>, asked: &'a Asked, params: &Json) -> Told<'a> {
    let metadata = &params["executionMetadata"];
    if let Some(missing) = ["rootRunId", "parentRunId"].into_iter().find(|name| !metadata[*name].is_string()) {
        let message = format!("A re-execution names the run that it repeats: executionMetadata has no {missing}");
        return refusals::python_error("dagster._check.functions.ParameterCheckError", &message);
    }
    let (id, mut given) = match checked(telling, params) {
        Ok(checked) => checked,
        Err(refusal) => return refusal,
    };
    let tags = given.iter().find(|(name, ..)| *name == "tags").map(|(_, _, tags)| tags.clone()).unwrap_or_default();
    if tags["dagster/is_resume_retry"] == "true" && !given.iter().any(|(name, ..)| *name == "steps") {
        given.push(("strategy", ValueKind::Text, "failed".into()));
    }
    command(telling, asked, (RunEffect::Launch, given), move |met| launched(telling, Some(id), met))
}

/// `terminateRun`.
fn terminate<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let run = asked.text("runId").unwrap_or_default();
    let at_once = asked.text("terminatePolicy") == Some("MARK_AS_CANCELED_IMMEDIATELY");
    let given = vec![("run", ValueKind::Text, run.into()), ("at_once", ValueKind::Boolean, at_once.into())];
    command(telling, asked, (RunEffect::Terminate, given), move |met| match met {
        Ok(raw) => ended(telling, raw["row"].clone(), raw["done"] == true),
        Err(cause) => refused(cause),
    })
}

/// What is told of a run that was ended, or had ended before.
fn ended(telling: Telling<'_>, row: Json, is_done: bool) -> Told<'_> {
    let id = row["_key"].as_str().unwrap_or_default();
    let message = format!(
        "Run {id} could not be terminated due to having status {}.",
        runs::status(row["status"].as_str().unwrap_or_default())
    );
    let of = if is_done { "TerminateRunSuccess" } else { "TerminateRunFailure" };
    Told::object(of, move |asked| match asked.name.as_str() {
        "run" => runs::run(telling, (&row).into()),
        "message" => Told::text(Some(message.clone())),
        _ => Told::Unserved,
    })
}

/// `terminateRuns`.
fn terminate_each<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let ids = asked.argument("runIds").cloned().unwrap_or_else(|| json!([]));
    let at_once = asked.text("terminatePolicy") == Some("MARK_AS_CANCELED_IMMEDIATELY");
    let given = vec![("runs", ValueKind::Json, ids), ("at_once", ValueKind::Boolean, at_once.into())];
    command(telling, asked, (RunEffect::TerminateEach, given), move |met| match met {
        Ok(raw) => Told::object("TerminateRunsResult", move |asked| match asked.name.as_str() {
            "terminateRunResults" => {
                let each = raw["done"].as_array().into_iter().flatten();
                Told::List(each.map(|one| each_ended(telling, one)).collect())
            }
            _ => Told::Unserved,
        }),
        // The union has no member for who may do it with no job at all.
        Err(Cause::Forbidden) => Told::Failed(Cause::Forbidden),
        Err(cause) => refused(cause),
    })
}

/// One of several: what the engine says of it stands for its row.
fn each_ended<'a>(telling: Telling<'a>, one: &Json) -> Told<'a> {
    let id = one["_key"].as_str().unwrap_or_default();
    match one["outcome"].as_str().unwrap_or_default() {
        "done" => ended(telling, one.clone(), true),
        "ended" => ended(telling, one.clone(), false),
        "forbidden" => refusals::refusal("UnauthorizedError", "Authorization failed", json!({})),
        _ => runs::not_found(id),
    }
}

/// `deleteRun`.
fn delete<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let run = asked.text("runId").unwrap_or_default();
    let given = vec![("run", ValueKind::Text, run.into())];
    command(telling, asked, (RunEffect::Delete, given), move |met| match met {
        Ok(_) => Told::Json(json!({ "__typename": "DeletePipelineRunSuccess", "runId": run })),
        Err(cause) => refused(cause),
    })
}
