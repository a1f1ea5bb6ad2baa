//! What agents and their users keep beside runs: artifacts of steps, values under keys, tenants.

use plan::{AgentFault, Value};
use serde_json::{Map, Value as Json, json};

use super::{Env, Failure, Told, json_value, key_at, statements as agent};
use crate::Error;
use crate::record::{int, json as read, text};

/// Bytes of what an artifact shows.
const ARTIFACT_BYTES_MAX: usize = 1_000_000;
/// Bytes of a value under a key.
const VALUE_BYTES_MAX: usize = 10_000;
/// Bytes of the key of a value.
const KEY_BYTES_MAX: usize = 1_000;
/// Values of one tenant. Who asks at the same time may pass it by one.
const VALUES_MAX: i64 = 10_000;
/// Bytes of the word for an artifact's kind.
const KIND_BYTES_MAX: usize = 100;
/// Artifacts of one step. Who asks at the same time may pass it by one.
const ARTIFACTS_MAX: i64 = 1_000;
/// Bytes of a tenant's name, and of its slug.
const TENANT_NAME_BYTES_MAX: usize = 255;
/// Bytes of a tenant's settings, all of them together.
const SETTINGS_BYTES_MAX: usize = 100_000;

/// What is kept, changed or forgotten.
#[derive(Debug, Clone, PartialEq)]
pub enum Keep {
    /// Something that a step shows.
    Artifact {
        /// The step.
        step: u128,
        /// What kind of thing it is.
        kind: String,
        /// The thing.
        data: Json,
    },
    /// An artifact shows something else.
    ArtifactSet(u128, Json),
    /// An artifact goes.
    ArtifactRemove(u128),
    /// A value under a key, over the one before.
    Value {
        /// The key.
        key: String,
        /// The value.
        value: Json,
    },
    /// A value goes.
    ValueRemove(u128),
    /// A new tenant.
    Tenant {
        /// Its name.
        name: String,
        /// Its word in addresses.
        slug: String,
    },
    /// A tenant gets another name, slug, or members of its settings.
    TenantSet {
        /// Which.
        tenant: u128,
        /// Its name.
        name: Option<String>,
        /// Its word in addresses.
        slug: Option<String>,
        /// Settings, over those that it has.
        settings: Json,
    },
}

pub(super) async fn keep(env: &Env<'_>, keep: &Keep) -> Result<Told, Failure> {
    match keep {
        Keep::Artifact { step, kind, data } => artifact(env, *step, (kind, data)).await,
        Keep::ArtifactSet(of, data) => {
            let values = vec![Value::Uuid(*of), small_enough(data)?, env.at()];
            Ok(Told::done(!env.tx.one(&agent::ARTIFACT_SET, values).await?.is_empty()))
        }
        Keep::ArtifactRemove(of) => {
            Ok(Told::done(!env.tx.one(&agent::ARTIFACT_REMOVE, vec![Value::Uuid(*of)]).await?.is_empty()))
        }
        Keep::Value { key, value } => put(env, (key, value)).await,
        Keep::ValueRemove(of) => {
            Ok(Told::done(!env.tx.one(&agent::VALUE_REMOVE, vec![Value::Uuid(*of)]).await?.is_empty()))
        }
        Keep::Tenant { name, slug } => tenant(env, (name, slug)).await,
        Keep::TenantSet { tenant, name, slug, settings } => {
            tenant_set(env, *tenant, (name.as_ref(), slug.as_ref(), settings)).await
        }
    }
}

async fn artifact(env: &Env<'_>, step: u128, (kind, data): (&str, &Json)) -> Result<Told, Failure> {
    let kind = short_enough("kind of an artifact", kind, KIND_BYTES_MAX)?;
    // Nobody else counts what this step shows until the end of the transaction.
    env.tx.one(&agent::STEP_LOCK, vec![Value::Uuid(step)]).await?;
    few_enough(env, (&agent::ARTIFACT_COUNT, vec![Value::Uuid(step)]), ("artifacts of a task run", ARTIFACTS_MAX))
        .await?;
    let made = env.id()?;
    let values = vec![Value::Uuid(made), Value::Uuid(step), kind, small_enough(data)?, env.at()];
    let rows = env.tx.one(&agent::ARTIFACT_INSERT, values).await?;
    if rows.is_empty() { Err(AgentFault::StepMissing(step).into()) } else { Ok(Told::row(made)) }
}

fn small_enough(data: &Json) -> Result<Value, AgentFault> {
    let text = data.to_string();
    if text.len() > ARTIFACT_BYTES_MAX {
        return Err(AgentFault::ArtifactTooLarge(ARTIFACT_BYTES_MAX));
    }
    Ok(Value::Json(text))
}

fn short_enough(what: &'static str, text: &str, most: usize) -> Result<Value, AgentFault> {
    if text.len() > most { Err(AgentFault::TooLong { what, most }) } else { Ok(Value::Text(text.to_owned())) }
}

/// That one more may be kept, by a statement that counts those that are there, no further than it must.
async fn few_enough(
    env: &Env<'_>,
    (fixed, of): (&store::Fixed, Vec<Value>),
    (what, most): (&'static str, i64),
) -> Result<(), Failure> {
    let rows = env.tx.one(fixed, of.into_iter().chain([Value::Int(most)]).collect()).await?;
    let met = int(rows.first().and_then(|row| row.first())).ok_or(Error::NoAnswer("count of what is kept"))?;
    if met >= most { Err(AgentFault::TooMany { what, most }.into()) } else { Ok(()) }
}

async fn put(env: &Env<'_>, (key, value): (&str, &Json)) -> Result<Told, Failure> {
    if key.is_empty() {
        return Err(AgentFault::NameEmpty.into());
    }
    let key = short_enough("key of a value", key, KEY_BYTES_MAX)?;
    let text = value.to_string();
    if text.len() > VALUE_BYTES_MAX {
        return Err(AgentFault::ValueTooLarge(VALUE_BYTES_MAX).into());
    }
    let tenant = env.tenant(None).await?;
    // Nobody else counts what this tenant keeps until the end of the transaction.
    env.tx.one(&agent::TENANT_LOCK, vec![Value::Uuid(tenant)]).await?;
    let others = vec![Value::Uuid(tenant), key.clone()];
    few_enough(env, (&agent::VALUE_COUNT, others), ("values of a tenant", VALUES_MAX)).await?;
    let values = vec![Value::Uuid(env.id()?), Value::Uuid(tenant), key, Value::Json(text), env.at()];
    let rows = env.tx.one(&agent::VALUE_PUT, values).await?;
    let row = rows.first().ok_or(Error::NoAnswer("value that was put"))?;
    Ok(Told::row(key_at(row, 0, "key of a value")?))
}

async fn tenant(env: &Env<'_>, (name, slug): (&str, &str)) -> Result<Told, Failure> {
    let slug = slug_of(slug)?;
    if name.is_empty() {
        return Err(AgentFault::NameEmpty.into());
    }
    let name = short_enough("name of a tenant", name, TENANT_NAME_BYTES_MAX)?;
    let made = env.id()?;
    let values = vec![Value::Uuid(made), name, slug, env.at()];
    let rows = env.tx.one(&agent::TENANT_INSERT, values).await?;
    if rows.is_empty() { Err(AgentFault::NameTaken.into()) } else { Ok(Told::row(made)) }
}

/// A slug is in lower case and has no spaces.
fn slug_of(slug: &str) -> Result<Value, AgentFault> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    if slug.is_empty() || !slug.chars().all(is_plain) {
        return Err(AgentFault::SlugInvalid);
    }
    short_enough("slug of a tenant", slug, TENANT_NAME_BYTES_MAX)
}

async fn tenant_set(
    env: &Env<'_>,
    tenant: u128,
    (name, slug, settings): (Option<&String>, Option<&String>, &Json),
) -> Result<Told, Failure> {
    let met = env.tx.one(&agent::TENANT_SETTINGS, vec![Value::Uuid(tenant)]).await?;
    let met = met.first().ok_or(AgentFault::TenantUnknown)?;
    let slug = slug.filter(|slug| text(met.get(1)).as_deref() != Some(slug.as_str()));
    let slug = match slug {
        Some(slug) => slug_of(slug)?,
        None => Value::Null,
    };
    if slug != Value::Null && !env.tx.one(&agent::TENANT_NAMED, vec![slug.clone()]).await?.is_empty() {
        return Err(AgentFault::NameTaken.into());
    }
    let merged = settings.as_object().map(|members| {
        let present: Option<Json> = read(met.first());
        let mut merged: Map<String, Json> = present.and_then(|json| json.as_object().cloned()).unwrap_or_default();
        merged.extend(members.clone());
        json!(merged)
    });
    let settings = merged.as_ref().map_or(Value::Null, json_value);
    if let Value::Json(text) = &settings {
        short_enough("settings of a tenant, with those that it has,", text, SETTINGS_BYTES_MAX)?;
    }
    let name = name.map(|name| short_enough("name of a tenant", name, TENANT_NAME_BYTES_MAX)).transpose()?;
    let values = vec![Value::Uuid(tenant), name.unwrap_or(Value::Null), slug, settings, env.at()];
    env.tx.one(&agent::TENANT_SET, values).await?;
    Ok(Told::row(tenant))
}
