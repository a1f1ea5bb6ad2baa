//! A run of a version that others registered, with its steps.

use std::collections::BTreeSet;

use plan::{AgentFault, Value, uuid_text};
use serde_json::{Map, Value as Json, json};

use super::state::{instant_text, met_run};
use super::{Env, Failure, Told, json_value, key, key_at, maybe_text, statements as agent};
use crate::launch::NewRun;
use crate::record::{int, json, text, uuid};
use crate::transition::{Executor, Word, launched};
use crate::{Engine, Error, statements as of};

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewExternalRun {
    /// Of this version.
    pub version: Option<u128>,
    /// Of the newest version of this group.
    pub version_group: Option<String>,
    /// Its parameters.
    pub parameters: Json,
    /// Its labels; none: those of its job or version.
    pub labels: Option<Vec<String>>,
    /// How it is executed; null: as its job or version says.
    pub run_config: Json,
    /// Whatever its agent wants to know.
    pub context: Json,
    /// When it starts: microseconds since 1970; none: now.
    pub start: Option<i64>,
    /// Two launches of one version with one key are one run.
    pub idempotency_key: Option<String>,
    /// Its name; none: two words.
    pub name: Option<String>,
    /// A schedule launches it.
    pub is_scheduled: bool,
}

/// A run of a job of the project.
#[derive(Debug, Clone)]
pub struct NewOwnRun {
    /// What the engine launches.
    pub run: NewRun,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whatever its client wants to know.
    pub context: Json,
    /// How its client would execute it.
    pub run_config: Json,
}

/// The job of a version, in the engine's words.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowJob {
    /// The version.
    pub version: u128,
    /// The engine executes its runs.
    pub is_own: bool,
    /// It launches nothing any more.
    pub is_archived: bool,
    /// Code location.
    pub location: String,
    /// Repository.
    pub repository: String,
    /// Name.
    pub name: String,
    /// Parameters that every run of the job has.
    pub defaults: Json,
    /// Labels that every run has, unless it has its own.
    pub labels: Json,
    /// How every run is executed.
    pub run_config: Json,
}

impl Engine {
    /// The job of a version; of a group of versions, the newest one that is not archived.
    ///
    /// # Errors
    /// What the database said.
    pub async fn flow_job(&self, version: Option<u128>, group: Option<&String>) -> Result<Option<FlowJob>, Error> {
        let rows = self.store.ask(&agent::FLOW_JOB, vec![key(version), maybe_text(group)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let word = |at: usize| text(row.get(at)).unwrap_or_default();
        let json = |at: usize| json(row.get(at)).unwrap_or_default();
        Ok(Some(FlowJob {
            version: key_at(row, 0, "key of a version")?,
            is_own: word(1) == "own",
            is_archived: row.get(2) == Some(&Value::Boolean(true)),
            location: word(3),
            repository: word(4),
            name: word(5),
            defaults: json(6),
            labels: json(7),
            run_config: json(8),
        }))
    }
}

/// A run of a job of the project.
pub(super) async fn launch_own(env: &Env<'_>, new: &NewOwnRun) -> Result<Told, Failure> {
    let launched = crate::launch::tell(env.tx, env.clock.given(), &new.run).await?;
    if !launched.is_known {
        let mut labels = new.labels.clone();
        labels.sort();
        let (labels, context) = (json!(labels), if new.context.is_null() { json!({}) } else { new.context.clone() });
        let values = vec![launched.run.value(), json_value(&labels), json_value(&context), json_value(&new.run_config)];
        env.tx.one(&agent::RUN_FILL, values).await?;
    }
    Ok(Told::row(launched.run.0))
}

/// A version, as a launch meets it.
struct Flow {
    key: u128,
    job: u128,
    tenant: u128,
    parameters: Json,
    run_config: Json,
    environment: Json,
    job_labels: Json,
    job_run_config: Json,
    defaults: Json,
    name: String,
}

/// What the first state of a run says.
const SCHEDULED: &str = "Flow run scheduled.";
/// What the first state of a step says.
const MADE: &str = "Task run created";

pub(super) async fn launch(env: &Env<'_>, new: &NewExternalRun) -> Result<Told, Failure> {
    let flow = flow(env, new).await?;
    let parameters = parameters(&flow, new)?;
    if new.idempotency_key.is_some() {
        let asked = vec![Value::Null, Value::Uuid(flow.key), maybe_text(new.idempotency_key.as_ref())];
        let known = env.tx.one(&of::RUN_KNOWN, asked).await?;
        if let Some(run) = known.first().and_then(|row| uuid(row.first())) {
            return Ok(Told::row(run));
        }
    }
    let run = env.id()?;
    insert(env, (run, &flow), (new, parameters)).await?;
    steps(env, run, flow.key).await?;
    Ok(Told::row(run))
}

async fn flow(env: &Env<'_>, new: &NewExternalRun) -> Result<Flow, Failure> {
    if new.version.is_none() && new.version_group.is_none() {
        return Err(AgentFault::FlowUnnamed.into());
    }
    let rows = env.tx.one(&agent::FLOW, vec![key(new.version), maybe_text(new.version_group.as_ref())]).await?;
    let Some(row) = rows.first() else {
        return Err(match (new.version, &new.version_group) {
            (Some(version), _) => AgentFault::FlowUnknown(version),
            (None, group) => AgentFault::GroupArchived(group.clone().unwrap_or_default()),
        }
        .into());
    };
    let version = key_at(row, 0, "key of a version")?;
    if row.get(3) == Some(&Value::Boolean(true)) {
        return Err(AgentFault::FlowArchived(version).into());
    }
    if text(row.get(11)).as_deref() != Some("external") {
        return Err(AgentFault::FlowDeclared(version).into());
    }
    let json = |at: usize| json(row.get(at)).unwrap_or_default();
    Ok(Flow {
        key: version,
        job: key_at(row, 1, "key of the job of a version")?,
        tenant: key_at(row, 2, "key of the tenant of a version")?,
        parameters: json(4),
        run_config: json(5),
        environment: json(6),
        job_labels: json(7),
        job_run_config: json(8),
        defaults: json(9),
        name: text(row.get(10)).unwrap_or_default(),
    })
}

/// The version's defaults, over them the job's, over them what is given. What is required must be in one of them.
fn parameters(flow: &Flow, new: &NewExternalRun) -> Result<Json, AgentFault> {
    let declared: Vec<&Json> = flow.parameters.as_array().into_iter().flatten().collect();
    let name = |parameter: &Json| parameter["name"].as_str().unwrap_or_default().to_owned();
    let mut merged = Map::new();
    for parameter in declared.iter().filter(|parameter| !parameter["default"].is_null()) {
        merged.insert(name(parameter), parameter["default"].clone());
    }
    for given in [&flow.defaults, &new.parameters] {
        merged.extend(given.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    let merged = Json::Object(merged);
    let missing = parameters_missing(&flow.parameters, &[&merged]);
    if missing.is_empty() { Ok(merged) } else { Err(AgentFault::ParametersMissing(missing.into_iter().collect())) }
}

/// Names of parameters that a flow requires and that none of these objects gives.
pub(super) fn parameters_missing(declared: &Json, given: &[&Json]) -> BTreeSet<String> {
    let required = declared.as_array().into_iter().flatten().filter(|parameter| parameter["required"] == true);
    let names = required.map(|parameter| parameter["name"].as_str().unwrap_or_default());
    names.filter(|name| given.iter().all(|given| given.get(name).is_none())).map(str::to_owned).collect()
}

/// The first of these that is not null; a way of executing without labels has none.
fn labels(flow: &Flow, new: &NewExternalRun) -> Vec<String> {
    let of = |json: &Json| -> Option<Vec<String>> {
        let list = json.as_array()?;
        Some(list.iter().filter_map(|label| label.as_str().map(str::to_owned)).collect())
    };
    let inside = |json: &Json| (!json.is_null()).then(|| of(&json["labels"]).unwrap_or_default());
    let found = new.labels.clone().or_else(|| inside(&new.run_config)).or_else(|| of(&flow.job_labels));
    let found = found.or_else(|| inside(&flow.job_run_config)).or_else(|| inside(&flow.run_config));
    let mut labels = found.or_else(|| inside(&flow.environment)).unwrap_or_default();
    labels.sort();
    labels
}

async fn insert(
    env: &Env<'_>,
    (run, flow): (u128, &Flow),
    (new, parameters): (&NewExternalRun, Json),
) -> Result<(), Failure> {
    let number = env.tx.one(&of::COUNTER_NEXT, vec![Value::Text("run".to_owned())]).await?;
    let number = int(number.first().and_then(|row| row.first())).unwrap_or_default();
    let state = launched();
    let start = new.start.unwrap_or(env.now);
    let document = json!({ "type": state.word.name(), "message": SCHEDULED, "start_time": instant_text(start) });
    let row = json!({ "id": uuid_text(run), "number": number, "tenant_key": uuid_text(flow.tenant),
        "job_key": uuid_text(flow.job), "version_key": uuid_text(flow.key), "job_name": flow.name, "repository": "",
        "location": "", "name": new.name.clone().unwrap_or_else(|| name(run)), "executor": "external",
        "status": state.status.word(), "state_name": state.word.name(), "state_version": state.version,
        "state_message": SCHEDULED, "state_start_time": start, "serialized_state": document, "config": parameters,
        "tags": {}, "priority": 0, "idempotency_key": new.idempotency_key, "auto_scheduled": new.is_scheduled,
        "scheduled_start_time": start });
    let first = json!({ "id": env.id_text()?, "version": state.version, "state": state.word.name(), "message": SCHEDULED,
        "start_time": start, "serialized_state": document });
    let run_config = [&new.run_config, &flow.job_run_config, &flow.run_config];
    let run_config = run_config.into_iter().find(|json| !json.is_null()).cloned().unwrap_or_default();
    let context = if new.context.is_null() { json!({}) } else { new.context.clone() };
    let list = |row: Json| Value::Json(Json::from(vec![row]).to_string());
    let labels = Json::from(labels(flow, new));
    env.tx
        .run(vec![
            (&of::RUN_INSERT, vec![list(row), env.at()]),
            (
                &agent::RUN_FILL,
                vec![Value::Uuid(run), json_value(&labels), json_value(&context), json_value(&run_config)],
            ),
            (&of::RUN_STATES_INSERT, vec![list(first), Value::Uuid(run), env.at()]),
        ])
        .await?;
    Ok(())
}

/// One step for each op of the version.
async fn steps(env: &Env<'_>, run: u128, version: u128) -> Result<(), Failure> {
    let ops = env.tx.one(&agent::OPS, vec![Value::Uuid(version)]).await?;
    let mut steps = Vec::new();
    for (position, op) in ops.iter().enumerate() {
        let slug = text(op.get(1)).unwrap_or_default();
        steps.push(new_step(env, (key_at(op, 0, "key of a task")?, slug), (position, -1))?);
    }
    put_steps(env, run, steps).await
}

fn new_step(
    env: &Env<'_>,
    (op, slug): (u128, String),
    (position, map_index): (usize, i64),
) -> Result<(Json, Json), Failure> {
    let key = if map_index < 0 { slug } else { format!("{slug}[{map_index}]") };
    let word = Word::Pending.name();
    let document = json!({ "type": word, "message": MADE });
    let step = json!({ "id": env.id_text()?, "op": uuid_text(op), "key": key, "position": position,
        "map_index": map_index, "message": MADE, "serialized_state": document });
    let state = json!({ "id": env.id_text()?, "key": key, "version": 1, "state": word, "message": MADE,
        "serialized_state": document });
    Ok((step, state))
}

async fn put_steps(env: &Env<'_>, run: u128, steps: Vec<(Json, Json)>) -> Result<(), Failure> {
    let (steps, states): (Vec<Json>, Vec<Json>) = steps.into_iter().unzip();
    let list = |rows: Vec<Json>| Value::Json(Json::from(rows).to_string());
    env.tx
        .run(vec![
            (&agent::STEPS_INSERT, vec![list(steps), Value::Uuid(run), env.at()]),
            (&of::STEP_STATES_INSERT, vec![list(states), Value::Uuid(run), env.at()]),
        ])
        .await?;
    Ok(())
}

/// The step of an op; made where it is not there. The run's row is locked first, so that two who ask at once meet one step.
pub(super) async fn step(env: &Env<'_>, (run, op): (u128, u128), map_index: i64) -> Result<Told, Failure> {
    let wanted = || vec![Value::Uuid(run), Value::Uuid(op), Value::Int(map_index)];
    let met = met_run(env, run).await?.ok_or(AgentFault::TaskUnknown)?;
    let found = env.tx.one(&agent::STEP_FIND, wanted()).await?;
    if let Some(step) = found.first().and_then(|row| uuid(row.first())) {
        return Ok(Told::row(step));
    }
    // The engine's own runs have the steps that they were launched with: nobody would ever execute one more.
    if met.executor != Executor::External {
        return Err(AgentFault::ExecutedHere(run).into());
    }
    let known = env.tx.one(&agent::OP, vec![Value::Uuid(run), Value::Uuid(op)]).await?;
    let known = known.first().ok_or(AgentFault::TaskUnknown)?;
    let position = int(known.get(1)).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let slug = text(known.first()).unwrap_or_default();
    let new = new_step(env, (op, slug), (position, map_index))?;
    put_steps(env, run, vec![new]).await?;
    let found = env.tx.one(&agent::STEP_FIND, wanted()).await?;
    let made = found.first().and_then(|row| uuid(row.first()));
    Ok(Told::row(made.ok_or(AgentFault::TaskUnknown)?))
}

/// Two words that people can keep apart.
fn name(run: u128) -> String {
    const HOW: [&str; 16] = [
        "amber", "brave", "calm", "dapper", "eager", "fair", "golden", "humble", "ivory", "jolly", "keen", "lucid",
        "mellow", "noble", "proud", "quiet",
    ];
    const WHAT: [&str; 16] = [
        "badger", "crane", "dolphin", "egret", "falcon", "gecko", "heron", "ibis", "jackal", "kestrel", "lynx",
        "marten", "newt", "otter", "puffin", "raven",
    ];
    let word = |words: [&'static str; 16], shift: u32| words[usize::try_from(run >> shift & 15).unwrap_or(0)];
    [word(HOW, 0), "-", word(WHAT, 4)].concat()
}
