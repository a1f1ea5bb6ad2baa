//! What others register: versions of flows with their tasks and edges, and what all versions of a flow share.

use std::collections::BTreeSet;

use plan::{AgentFault, Value, interval_text, uuid_of_text, uuid_text};
use serde_json::{Value as Json, json};

use super::{Env, Failure, Told, json_value, key, key_at, maybe_text, schedules, state, statements as agent};
use crate::cancel;
use crate::record::{RunKey, int, json, text, uuid};
use crate::transition::Word;

/// A version that is registered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewFlow {
    /// What the client sent.
    pub serialized: Json,
    /// In this project.
    pub project: Option<u128>,
    /// The word that its versions share; none: that of the newest flow of its name in the project.
    pub version_group: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Registering twice with one key is registering once.
    pub idempotency_key: Option<String>,
    /// Its schedule is switched on.
    pub is_scheduled: bool,
}

/// What all versions of a job share.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupChange {
    /// A setting is on or off.
    Setting(&'static str, bool),
    /// Labels; none: those of each version.
    Labels(Option<Vec<String>>),
    /// How its runs are executed.
    RunConfig(Json),
    /// Parameters of its runs.
    Defaults(Json),
    /// What it is for.
    Description(Option<String>),
}

/// A job that others registered, as a registration meets it.
struct Group {
    key: u128,
    settings: Json,
    newest: i64,
    present: Option<u128>,
}

pub(super) async fn register(env: &Env<'_>, new: &NewFlow) -> Result<Told, Failure> {
    let Json::Object(flow) = &new.serialized else { return Err(AgentFault::FlowNotObject.into()) };
    let name = flow.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or(AgentFault::FlowNotObject)?;
    let project = new.project.ok_or(AgentFault::ProjectUnknown)?;
    let rows = env.tx.one(&agent::PROJECT, vec![Value::Uuid(project), Value::Text(name.to_owned())]).await?;
    let row = rows.first().ok_or(AgentFault::ProjectUnknown)?;
    let tenant = key_at(row, 0, "key of the tenant of a project")?;
    let word = match new.version_group.clone().or_else(|| text(row.get(1))) {
        Some(word) => word,
        None => env.id_text()?,
    };
    let group = group_named(env, tenant, (&word, new)).await?;
    let known = new.idempotency_key.as_deref().is_some_and(|key| group.settings["idempotency_key"] == key);
    if let (true, Some(present)) = (known, group.present) {
        return Ok(Told::row(present));
    }
    let version = env.id()?;
    let settings = remembered(env, &group, new).await?;
    let of = |member: &str| flow.get(member).cloned().unwrap_or_default();
    let row = json!({ "id": uuid_text(version), "job": uuid_text(group.key), "project": uuid_text(project),
        "tenant": uuid_text(tenant), "number": group.newest + 1, "name": name, "description": new.description,
        "serialized": new.serialized, "version_group": word, "core_version": of("__version__"),
        "parameters": flow.get("parameters").cloned().unwrap_or_else(|| json!([])), "environment": of("environment"),
        "storage": of("storage"), "run_config": of("run_config"), "schedule": of("schedule"), "settings": settings });
    env.tx
        .run(vec![
            (&agent::VERSION_INSERT, vec![Value::Json(Json::from(vec![row]).to_string()), env.at()]),
            (&agent::VERSIONS_ARCHIVE, vec![Value::Uuid(group.key), Value::Uuid(version), env.at()]),
        ])
        .await?;
    if let Some(before) = group.present {
        end_waiting(env, before).await?;
    }
    put_tasks(env, version, &new.serialized).await?;
    put_edges(env, version, &of("edges")).await?;
    if new.is_scheduled {
        schedules::begin(env, version).await?;
    }
    Ok(Told::row(version))
}

/// The job of this word; a new one where there is none.
async fn group_named(env: &Env<'_>, tenant: u128, (word, new): (&str, &NewFlow)) -> Result<Group, Failure> {
    let asked = vec![Value::Uuid(tenant), Value::Text(word.to_owned())];
    let rows = env.tx.one(&agent::JOB_NAMED, asked).await?;
    if let Some(row) = rows.first() {
        return Ok(Group {
            key: key_at(row, 0, "key of a group of versions")?,
            settings: json(row.get(1)).unwrap_or_default(),
            newest: int(row.get(2)).unwrap_or_default(),
            present: uuid(row.get(3)),
        });
    }
    let key = env.id()?;
    let settings = json!({ "heartbeat_enabled": true, "lazarus_enabled": true, "version_locking_enabled": false,
        "idempotency_key": new.idempotency_key });
    let values = vec![
        Value::Uuid(key),
        Value::Uuid(tenant),
        Value::Text(word.to_owned()),
        json_value(&settings),
        json_value(&json!({})),
        env.at(),
    ];
    env.tx.one(&agent::JOB_INSERT, values).await?;
    Ok(Group { key, settings, newest: 0, present: None })
}

/// The job's settings with the key of this registration.
async fn remembered(env: &Env<'_>, group: &Group, new: &NewFlow) -> Result<Json, Failure> {
    let mut settings = group.settings.as_object().cloned().unwrap_or_default();
    settings.insert("idempotency_key".to_owned(), Json::from(new.idempotency_key.clone()));
    let settings = Json::Object(settings);
    if settings != group.settings {
        let rows = env.tx.one(&agent::JOB_OF, vec![Value::Null, Value::Uuid(group.key)]).await?;
        if let Some(row) = rows.first() {
            let mut values = row.clone();
            values.truncate(5);
            values.extend([json_value(&settings), env.at()]);
            env.tx.one(&agent::JOB_SET, values).await?;
        }
    }
    Ok(settings)
}

pub(super) async fn tasks(env: &Env<'_>, version: u128, list: &Json) -> Result<Told, Failure> {
    schedules::not_declared(env, version).await?;
    put_tasks(env, version, &json!({ "tasks": list })).await?;
    Ok(Told::done(true))
}

pub(super) async fn edges(env: &Env<'_>, version: u128, list: &Json) -> Result<Told, Failure> {
    schedules::not_declared(env, version).await?;
    put_edges(env, version, list).await?;
    Ok(Told::done(true))
}

/// The slug of a task, as an edge or a reference names it.
fn slug(json: &Json) -> String {
    json.as_str().or_else(|| json["slug"].as_str()).unwrap_or_default().to_owned()
}

fn items(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

async fn put_tasks(env: &Env<'_>, version: u128, flow: &Json) -> Result<(), Failure> {
    let fed: BTreeSet<String> = items(&flow["edges"]).map(|edge| slug(&edge["downstream_task"])).collect();
    let feeding: BTreeSet<String> = items(&flow["edges"]).map(|edge| slug(&edge["upstream_task"])).collect();
    let mapped = items(&flow["edges"]).filter(|edge| edge["mapped"] == true);
    let mapped: BTreeSet<String> = mapped.map(|edge| slug(&edge["downstream_task"])).collect();
    let references: BTreeSet<String> = items(&flow["reference_tasks"]).map(slug).collect();
    let mut rows = Vec::new();
    for task in items(&flow["tasks"]) {
        let word = slug(task);
        if word.is_empty() {
            return Err(AgentFault::TaskUnnamed.into());
        }
        let id = match &task["id"] {
            Json::Null => env.id()?,
            given => given.as_str().and_then(uuid_of_text).ok_or(AgentFault::Unreadable("id"))?,
        };
        let delay = task["retry_delay"].as_f64().map(|seconds| interval_text(0, 0, micros(seconds)));
        let trigger = task["trigger"].as_str().or_else(|| task["trigger"]["fn"].as_str());
        let is_terminal = !feeding.contains(&word);
        let is_reference = if references.is_empty() { is_terminal } else { references.contains(&word) };
        rows.push(json!({ "id": uuid_text(id), "name": task["name"], "slug": word, "kind": task["type"],
            "retries_max": task["max_retries"].as_i64().unwrap_or(0), "delay": delay, "trigger": trigger,
            "cache_key": task["cache_key"].as_str(), "is_mapped": mapped.contains(&word),
            "is_auto_generated": task["auto_generated"] == true, "is_root": !fed.contains(&word),
            "is_terminal": is_terminal, "is_reference": is_reference,
            "tags": if task["tags"].is_array() { task["tags"].clone() } else { json!([]) } }));
    }
    let values = vec![Value::Json(Json::from(rows).to_string()), Value::Uuid(version), env.at()];
    env.tx.one(&agent::OPS_INSERT, values).await?;
    Ok(())
}

/// Seconds as microseconds, within what an interval holds.
fn micros(seconds: f64) -> i64 {
    std::time::Duration::try_from_secs_f64(seconds.max(0.0))
        .ok()
        .and_then(|delay| i64::try_from(delay.as_micros()).ok())
        .unwrap_or(i64::MAX)
}

async fn put_edges(env: &Env<'_>, version: u128, list: &Json) -> Result<(), Failure> {
    let known = env.tx.one(&agent::OPS, vec![Value::Uuid(version)]).await?;
    let known: BTreeSet<String> = known.iter().filter_map(|row| text(row.get(1))).collect();
    let mut rows = Vec::new();
    for edge in items(list) {
        let (up, down) = (slug(&edge["upstream_task"]), slug(&edge["downstream_task"]));
        if !known.contains(&up) || !known.contains(&down) {
            return Err(AgentFault::EdgeUnknown.into());
        }
        rows.push(json!({ "id": env.id_text()?, "up": up, "down": down, "key": edge["key"].as_str(),
            "is_mapped": edge["mapped"] == true }));
    }
    let values = vec![Value::Json(Json::from(rows).to_string()), Value::Uuid(version), env.at()];
    env.tx.one(&agent::EDGES_INSERT, values).await?;
    Ok(())
}

/// Launches nothing any more: runs that the schedule made are removed, others that wait are cancelled.
pub(super) async fn archive(env: &Env<'_>, version: u128) -> Result<Told, Failure> {
    schedules::not_declared(env, version).await?;
    let values = vec![Value::Uuid(version), Value::Boolean(true), Value::Null, env.at()];
    if env.tx.one(&agent::VERSION_SET, values).await?.is_empty() {
        return Ok(Told::done(false));
    }
    end_waiting(env, version).await?;
    Ok(Told { made: vec![("success", json!(true)), ("id", json!(uuid_text(version)))], row: None })
}

/// Launches again.
pub(super) async fn unarchive(env: &Env<'_>, version: u128) -> Result<Told, Failure> {
    schedules::not_declared(env, version).await?;
    let values = vec![Value::Uuid(version), Value::Boolean(false), Value::Null, env.at()];
    let is_there = !env.tx.one(&agent::VERSION_SET, values).await?.is_empty();
    schedules::plan(env, version).await?;
    Ok(Told { made: vec![("success", json!(is_there)), ("id", json!(uuid_text(version)))], row: None })
}

/// A version stands in another project of its tenant from now on.
pub(super) async fn move_to(env: &Env<'_>, version: u128, project: u128) -> Result<Told, Failure> {
    schedules::not_declared(env, version).await?;
    let values = vec![Value::Uuid(version), Value::Uuid(project), env.at()];
    if env.tx.one(&agent::VERSION_MOVE, values).await?.is_empty() {
        return Err(AgentFault::MoveImpossible.into());
    }
    Ok(Told::row(version))
}

/// Of a version that was archived, runs that the schedule made go, others that wait are cancelled.
async fn end_waiting(env: &Env<'_>, version: u128) -> Result<(), Failure> {
    for (run, is_scheduled) in waiting(env, version).await? {
        if is_scheduled {
            cancel::delete(env.tx, RunKey(run)).await?;
        } else {
            let message = format!("Flow {} was archived.", uuid_text(version));
            state::put(env, run, (Word::Cancelled, &message)).await?;
        }
    }
    Ok(())
}

async fn waiting(env: &Env<'_>, version: u128) -> Result<Vec<(u128, bool)>, Failure> {
    let rows = env.tx.one(&agent::RUNS_SCHEDULED, vec![Value::Uuid(version)]).await?;
    let run =
        |row: &Vec<Value>| Ok((key_at(row, 0, "key of a run that waits")?, row.get(1) == Some(&Value::Boolean(true))));
    rows.iter().map(run).collect()
}

/// Changes what all versions of a job share; its versions show its settings, too.
pub(super) async fn group(
    env: &Env<'_>,
    (version, job): (Option<u128>, Option<u128>),
    change: &GroupChange,
) -> Result<Told, Failure> {
    let rows = env.tx.one(&agent::JOB_OF, vec![key(version), key(job)]).await?;
    let Some(row) = rows.first() else {
        let by_version = version.is_some();
        return if by_version { Err(AgentFault::FlowInvalid.into()) } else { Ok(Told::done(false)) };
    };
    let job = row.first().cloned().unwrap_or(Value::Null);
    let mut values = row.clone();
    match change {
        GroupChange::Setting(name, is_on) => {
            let mut settings = json(row.get(5)).and_then(|json| json.as_object().cloned()).unwrap_or_default();
            settings.insert((*name).to_owned(), json!(is_on));
            if *name == "heartbeat_enabled" {
                settings.insert("disable_heartbeat".to_owned(), json!(!is_on));
            }
            values[5] = json_value(&Json::Object(settings));
        }
        GroupChange::Labels(labels) => {
            let labels = labels.as_ref().map(|labels| labels.iter().collect::<BTreeSet<_>>());
            values[1] = labels.map_or(Value::Null, |labels| json_value(&json!(labels)));
        }
        GroupChange::RunConfig(run_config) => values[2] = json_value(run_config),
        GroupChange::Defaults(parameters) => values[3] = json_value(parameters),
        GroupChange::Description(text) => values[4] = maybe_text(text.as_ref()),
    }
    let settings = values[5].clone();
    values.push(env.at());
    env.tx.run(vec![(&agent::JOB_SET, values), (&agent::VERSIONS_SETTINGS, vec![job, settings, env.at()])]).await?;
    Ok(Told::done(true))
}
