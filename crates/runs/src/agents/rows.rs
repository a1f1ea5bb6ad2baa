//! What agents and their users write beside states: names, labels, heartbeats, logs, projects, agents; and the queue, which they read.

use plan::{AgentFault, Value, uuid_text};
use serde_json::{Value as Json, json};
use store::Fixed;

use super::{
    Env, Failure, NewAgent, NewLine, QUEUE_MAX, Told, json_value, key, key_at, maybe_text, statements as agent,
};
use crate::record::RunKey;
use crate::{Error, cancel};

/// A run or a step gets a name of its own.
pub(super) async fn named(env: &Env<'_>, (fixed, of): (&Fixed, u128), name: &str) -> Result<Told, Failure> {
    if name.is_empty() {
        return Err(AgentFault::NameEmpty.into());
    }
    let rows = env.tx.one(fixed, vec![Value::Uuid(of), Value::Text(name.to_owned()), env.at()]).await?;
    Ok(Told::done(!rows.is_empty()))
}

pub(super) async fn labels(env: &Env<'_>, run: u128, labels: &[String]) -> Result<Told, Failure> {
    let mut labels = labels.to_vec();
    labels.sort();
    let values = vec![Value::Uuid(run), json_value(&Json::from(labels)), env.at()];
    let rows = env.tx.one(&agent::RUN_LABELS, values).await?;
    Ok(Told::done(!rows.is_empty()))
}

/// Unknown rows are answered alike: a beat must never end a run.
pub(super) async fn beat(env: &Env<'_>, (fixed, of): (&Fixed, u128)) -> Result<Told, Failure> {
    env.tx.one(fixed, vec![Value::Uuid(of), env.at()]).await?;
    Ok(Told::done(true))
}

pub(super) async fn delete(env: &Env<'_>, run: u128) -> Result<Told, Failure> {
    match cancel::delete(env.tx, RunKey(run)).await {
        Ok(()) => Ok(Told::done(true)),
        Err(Error::NoRun(_)) => Ok(Told::done(false)),
        Err(error) => Err(error.into()),
    }
}

/// Lines of unknown runs are left out, the others are kept: numbered, so that who follows a run reads them, and each once.
pub(super) async fn logs(env: &Env<'_>, lines: &[NewLine]) -> Result<Told, Failure> {
    let mut rows = Vec::with_capacity(lines.len());
    for (position, line) in lines.iter().enumerate() {
        rows.push(json!({ "id": env.id_text()?, "run": uuid_text(line.run), "step": line.step.map(uuid_text),
            "timestamp": line.at.unwrap_or(env.now), "name": line.name, "level": line.level, "message": line.message,
            "info": line.info, "position": position }));
    }
    let rows = Value::Json(Json::from(rows).to_string());
    env.tx.run(vec![(&agent::LOGS_LOCK, vec![rows.clone()]), (&agent::LOGS_INSERT, vec![rows, env.at()])]).await?;
    Ok(Told::done(true))
}

/// An agent has asked just now.
pub(super) async fn seen(env: &Env<'_>, asker: Option<u128>) -> Result<(), Failure> {
    if let Some(asker) = asker {
        env.tx.one(&agent::AGENT_SEEN, vec![Value::Uuid(asker), env.at()]).await?;
    }
    Ok(())
}

pub(super) async fn queue(
    env: &Env<'_>,
    tenant: Option<u128>,
    (before, labels): (Option<i64>, &[String]),
) -> Result<Told, Failure> {
    let values = vec![
        key(tenant),
        Value::Instant(before.unwrap_or(env.now)),
        json_value(&Json::from(labels)),
        Value::Int(QUEUE_MAX),
    ];
    let rows = env.tx.one(&agent::QUEUE, values).await?;
    let ids = rows.iter().map(|row| Ok(uuid_text(key_at(row, 0, "key of a run that waits for an agent")?)));
    let ids = ids.collect::<Result<Vec<String>, Error>>()?;
    Ok(Told { row: None, made: vec![("flow_run_ids", Json::from(ids))] })
}

pub(super) async fn project(
    env: &Env<'_>,
    tenant: Option<u128>,
    (name, description): (&str, Option<&String>),
) -> Result<Told, Failure> {
    let tenant = env.tenant(tenant).await?;
    let project = env.id()?;
    let values = vec![
        Value::Uuid(project),
        Value::Uuid(tenant),
        Value::Text(name.to_owned()),
        maybe_text(description),
        env.at(),
    ];
    let rows = env.tx.one(&agent::PROJECT_INSERT, values).await?;
    if rows.is_empty() { Err(AgentFault::NameTaken.into()) } else { Ok(Told::row(project)) }
}

/// A project is named or described anew.
pub(super) async fn project_set(
    env: &Env<'_>,
    project: u128,
    (name, description): (Option<&String>, Option<&String>),
) -> Result<Told, Failure> {
    let values = vec![Value::Uuid(project), maybe_text(name), maybe_text(description), env.at()];
    let rows = env.tx.one(&agent::PROJECT_SET, values).await?;
    if rows.is_empty() { Err(AgentFault::NothingUpdated.into()) } else { Ok(Told::row(project)) }
}

/// An agent that looks like one that is known is that one.
pub(super) async fn agent(env: &Env<'_>, new: &NewAgent) -> Result<Told, Failure> {
    let tenant = env.tenant(new.tenant).await?;
    let mut labels = new.labels.clone();
    labels.sort();
    let labels = json_value(&Json::from(labels));
    let looks = || {
        [
            maybe_text(new.name.as_ref()),
            Value::Text(new.kind.clone()),
            maybe_text(new.core_version.as_ref()),
            labels.clone(),
        ]
    };
    let asked = [Value::Uuid(tenant)].into_iter().chain(looks()).collect();
    let known = env.tx.one(&agent::AGENT_FIND, asked).await?;
    if let Some(known) = known.first() {
        return Ok(Told::row(key_at(known, 0, "key of an agent")?));
    }
    let made = env.id()?;
    let first = [Value::Uuid(made), Value::Uuid(tenant), key(new.config)];
    env.tx.one(&agent::AGENT_PUT, first.into_iter().chain(looks()).chain([env.at()]).collect()).await?;
    Ok(Told::row(made))
}
