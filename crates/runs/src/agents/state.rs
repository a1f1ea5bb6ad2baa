//! What one change of state does, to a run and to a step alike.

use std::time::Duration;

use plan::{AgentFault, Value, uuid_text};
use serde_json::{Map, Value as Json, json};

use super::{Env, Failure, Told, key, key_at, statements as agent};
use crate::cancel::{self, Cancel, Ending};
use crate::record::{RunKey, instant, int, json, text};
use crate::transition::{
    Event, Executor, Refused, Report, RunNotRunning, RunState, RunStatus, Word, step_reported, transition,
};
use crate::{Error, statements as of};

/// Bytes of a state's document.
const STATE_BYTES_MAX: usize = 1_000_000;

/// A state that is told of a run or step.
#[derive(Debug, Clone, PartialEq)]
pub struct NewState {
    /// Its key.
    pub of: u128,
    /// The version that the teller knows.
    pub version: Option<i64>,
    /// The document as it was sent.
    pub document: Json,
    /// What a document without a type means.
    pub without_type: WithoutType,
}

/// What a state's document without a type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutType {
    /// It is refused.
    Refused,
    /// The state keeps the type that it has.
    Kept,
}

/// A run as a change of its state meets it.
pub(super) struct Met {
    key: u128,
    pub(super) executor: Executor,
    state: RunState,
    locks_versions: bool,
    start: Option<i64>,
    end: Option<i64>,
    submitted: Option<i64>,
}

/// A step as a change of its state meets it.
struct MetStep {
    key: u128,
    run: u128,
    word: String,
    state: String,
    version: i64,
    document: Json,
    start: Option<i64>,
    end: Option<i64>,
    run_word: Word,
    executor: String,
}

/// The parts of a checked document.
struct Document {
    word: Word,
    message: Option<String>,
    start: Option<i64>,
    json: Json,
}

pub(super) async fn runs(env: &Env<'_>, list: &[NewState], agent: Option<u128>) -> Result<Told, Failure> {
    for new in list {
        run(env, new, agent).await?;
    }
    Ok(told(list))
}

pub(super) async fn steps(env: &Env<'_>, list: &[NewState]) -> Result<Told, Failure> {
    for new in list {
        let rows = env.tx.one(&agent::STEP_LOCK, vec![Value::Uuid(new.of)]).await?;
        let met = MetStep::of(rows.first().ok_or(AgentFault::StepUnknown(new.of))?)?;
        step(env, &met, new).await?;
    }
    Ok(told(list))
}

/// The row of the first, and a line for each.
fn told(list: &[NewState]) -> Told {
    let states = list.iter().map(|new| json!({ "id": uuid_text(new.of), "status": "SUCCESS", "message": null }));
    let made = vec![("states", states.collect())];
    Told { row: list.first().map(|new| Value::Uuid(new.of)), made }
}

/// A run, locked. Its lease is locked before it, as whoever locks both does: a run of the engine may have to be ended.
pub(super) async fn met_run(env: &Env<'_>, run: u128) -> Result<Option<Met>, Failure> {
    let rows = env.tx.run(vec![(&of::LEASE_LOCK, vec![Value::Uuid(run)]), (&agent::RUN_LOCK, vec![Value::Uuid(run)])]);
    let rows = rows.await?.pop().unwrap_or_default();
    Ok(rows.first().map(|row| Met::of(row)).transpose()?)
}

async fn run(env: &Env<'_>, new: &NewState, agent: Option<u128>) -> Result<(), Failure> {
    let met = met_run(env, new.of).await?.ok_or(AgentFault::RunUnknown(new.of))?;
    let document = document(env.now, new, met.state.word.name())?;
    let is_end = matches!(document.word, Word::Cancelled | Word::Cancelling) && !met.state.status.is_finished();
    if met.executor == Executor::Own && is_end {
        return cancel_own(env, met.key).await;
    }
    let version = new.version.filter(|_| met.locks_versions);
    let report = Report {
        word: document.word,
        version: version.map(|version| u64::try_from(version).unwrap_or(u64::MAX)),
        submitted_ago: met.submitted.map(|at| Duration::from_micros(u64::try_from(env.now - at).unwrap_or(0))),
    };
    let state =
        transition(met.executor, met.state, Event::Reported(report)).map_err(|refused| of_refused(met.key, refused))?;
    if document.word == Word::Cancelled {
        cancel_steps(env, met.key, &document.json).await?;
    }
    write_run(env, &met, (state, &document), agent).await
}

fn of_refused(run: u128, refused: Refused) -> Failure {
    Failure::Refused(match refused {
        Refused::Submitted => AgentFault::Submitted,
        Refused::Version { given, present } => AgentFault::Version { run, given, present },
        Refused::Executor(_) => AgentFault::ExecutedHere(run),
        Refused::Ended(_) | Refused::Impossible(..) | Refused::Step(..) => {
            AgentFault::Refused { run, why: refused.to_string() }
        }
    })
}

async fn write_run(
    env: &Env<'_>,
    met: &Met,
    (state, document): (RunState, &Document),
    agent: Option<u128>,
) -> Result<(), Failure> {
    let (start, end) = times(env.now, document.word, (met.start, met.end));
    let beats = matches!(document.word, Word::Running | Word::Submitted);
    let version = i64::try_from(state.version).unwrap_or(i64::MAX);
    let row = state_row(env, version, document)?;
    env.tx
        .run(vec![
            (
                &agent::RUN_SET,
                vec![
                    Value::Uuid(met.key),
                    Value::Text(state.status.word().to_owned()),
                    Value::Text(document.word.name().to_owned()),
                    Value::Int(version),
                    env.at(),
                    document.message.clone().map_or(Value::Null, Value::Text),
                    document.start.map_or(Value::Null, Value::Instant),
                    Value::Json(document.json.to_string()),
                    start.map_or(Value::Null, Value::Instant),
                    end.map_or(Value::Null, Value::Instant),
                    if beats { env.at() } else { Value::Null },
                    key(agent.filter(|_| document.word == Word::Submitted)),
                ],
            ),
            (
                &of::RUN_STATES_INSERT,
                vec![Value::Json(Json::from(vec![row]).to_string()), Value::Uuid(met.key), env.at()],
            ),
        ])
        .await?;
    Ok(())
}

/// Every step that has not ended gets the same state.
async fn cancel_steps(env: &Env<'_>, run: u128, document: &Json) -> Result<(), Failure> {
    let rows = env.tx.one(&agent::STEPS_LOCK, vec![Value::Uuid(run)]).await?;
    for row in &rows {
        let met = MetStep::of(row)?;
        let has_ended = Word::named(&met.state).is_some_and(|word| word.status().is_finished());
        if !has_ended {
            let new =
                NewState { of: met.key, version: None, document: document.clone(), without_type: WithoutType::Refused };
            step(env, &met, &new).await?;
        }
    }
    Ok(())
}

async fn step(env: &Env<'_>, met: &MetStep, new: &NewState) -> Result<(), Failure> {
    if met.executor != "external" {
        return Err(AgentFault::StepExecutedHere(met.key).into());
    }
    let mut document = document(env.now, new, &met.state)?;
    let status = step_reported(met.run_word, document.word)
        .map_err(|RunNotRunning| AgentFault::RunNotRunning { step: met.key, run: met.run })?;
    keep_inputs(&mut document.json, &met.document);
    let version = met.version + 1;
    let (start, end) = times(env.now, document.word, (met.start, met.end));
    let mut row = state_row(env, version, &document)?;
    row["key"] = json!(met.word);
    env.tx
        .run(vec![
            (
                &agent::STEP_SET,
                vec![
                    Value::Uuid(met.key),
                    Value::Text(status.word().to_owned()),
                    Value::Text(document.word.name().to_owned()),
                    Value::Int(version),
                    env.at(),
                    document.message.clone().map_or(Value::Null, Value::Text),
                    document.start.map_or(Value::Null, Value::Instant),
                    Value::Json(document.json.to_string()),
                    start.map_or(Value::Null, Value::Instant),
                    end.map_or(Value::Null, Value::Instant),
                    if document.word == Word::Running { env.at() } else { Value::Null },
                ],
            ),
            (
                &of::STEP_STATES_INSERT,
                vec![Value::Json(Json::from(vec![row]).to_string()), Value::Uuid(met.run), env.at()],
            ),
        ])
        .await?;
    Ok(())
}

/// Ends a run: one that waits at once, one that runs is asked to.
pub(super) async fn cancel(env: &Env<'_>, run: u128) -> Result<Told, Failure> {
    let met = met_run(env, run).await?.ok_or(AgentFault::RunInvalid(run))?;
    if met.state.status.is_finished() {
        return Ok(Told::row(run));
    }
    if met.executor == Executor::Own {
        cancel_own(env, run).await?;
        return Ok(Told::row(run));
    }
    let runs_now = matches!(met.state.status, RunStatus::Started | RunStatus::Canceling);
    let (word, message) = if runs_now {
        (Word::Cancelling, "Flow run is cancelling")
    } else {
        (Word::Cancelled, "Flow run is cancelled")
    };
    put(env, run, (word, message)).await?;
    Ok(Told::row(run))
}

/// A run of the engine's own is asked to end: once, however often somebody asks.
async fn cancel_own(env: &Env<'_>, run: u128) -> Result<(), Failure> {
    let (clock, ids) = (env.clock.clone(), std::sync::Arc::clone(env.ids));
    match cancel::cancel(env.tx, &Cancel { run: RunKey(run), ending: Ending::InOrder, clock, ids }).await {
        Ok(_) | Err(Error::Refused(Refused::Impossible(RunStatus::Canceling, _))) => Ok(()),
        Err(Error::Refused(refused)) => Err(of_refused(run, refused)),
        Err(error) => Err(error.into()),
    }
}

/// A run gets a state in the product's own words.
pub(super) async fn put(env: &Env<'_>, run_key: u128, (word, message): (Word, &str)) -> Result<(), Failure> {
    let document = json!({ "type": word.name(), "message": message });
    let new = NewState { of: run_key, version: None, document, without_type: WithoutType::Refused };
    run(env, &new, None).await
}

/// Inputs that a step has kept stay with it where the new state brings none.
fn keep_inputs(document: &mut Json, before: &Json) {
    let is_empty = |json: &Json| json.is_null() || json.as_object().is_some_and(Map::is_empty);
    let kept = &before["cached_inputs"];
    if is_empty(&document["cached_inputs"])
        && !is_empty(kept)
        && let Some(members) = document.as_object_mut()
    {
        members.insert("cached_inputs".to_owned(), kept.clone());
    }
}

fn state_row(env: &Env<'_>, version: i64, document: &Document) -> Result<Json, Failure> {
    Ok(json!({ "id": env.id_text()?, "version": version, "state": document.word.name(), "message": document.message,
        "start_time": document.start, "serialized_state": document.json }))
}

/// When it began and when it ended, after a state.
fn times(now: i64, word: Word, (start, end): (Option<i64>, Option<i64>)) -> (Option<i64>, Option<i64>) {
    let begins = word == Word::Running;
    let ends =
        matches!(word, Word::Success | Word::Failed | Word::Cached | Word::TimedOut | Word::Looped | Word::Cancelled);
    let least = |at: Option<i64>| Some(at.map_or(now, |at| at.min(now)));
    let greatest = |at: Option<i64>| Some(at.map_or(now, |at| at.max(now)));
    (if begins { least(start) } else { start }, if ends { greatest(end) } else { end })
}

/// Checks a document and fills in what is said by leaving it out.
fn document(now: i64, new: &NewState, present: &str) -> Result<Document, AgentFault> {
    if new.document.to_string().len() > STATE_BYTES_MAX {
        return Err(AgentFault::StateTooLarge(STATE_BYTES_MAX));
    }
    let Json::Object(members) = &new.document else { return Err(AgentFault::StateNotObject) };
    let mut members = members.clone();
    if new.without_type == WithoutType::Kept && !members.contains_key("type") {
        members.insert("type".to_owned(), Json::from(present));
    }
    let name = members.get("type").and_then(Json::as_str).ok_or(AgentFault::StateTypeMissing)?;
    let word = Word::named(name).ok_or_else(|| AgentFault::StateTypeUnknown(name.chars().take(100).collect()))?;
    let message = match members.get("message") {
        Some(Json::String(text)) => Some(text.clone()),
        None | Some(Json::Null) => None,
        Some(_) => return Err(AgentFault::StateMember("message")),
    };
    let start = match members.get("start_time") {
        Some(Json::String(text)) => Some(micros(text).ok_or(AgentFault::StateMember("start_time"))?),
        None | Some(Json::Null) => None,
        Some(_) => return Err(AgentFault::StateMember("start_time")),
    };
    let begins_now = matches!(word, Word::Scheduled | Word::Resume | Word::Retrying | Word::Queued);
    let start = if begins_now && start.is_none() {
        members.insert("start_time".to_owned(), Json::from(instant_text(now)));
        Some(now)
    } else {
        start
    };
    Ok(Document { word, message, start, json: Json::Object(members) })
}

/// An instant as clients write it, in microseconds since 1970; without a zone it is UTC.
#[must_use]
pub fn micros(text: &str) -> Option<i64> {
    let text = text.trim().replacen(' ', "T", 1);
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

pub(super) fn instant_text(at: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
    at.to_string().replace('Z', "+00:00")
}

impl Met {
    fn of(row: &[Value]) -> Result<Met, Error> {
        let status = text(row.get(2)).and_then(|word| RunStatus::named(&word)).unwrap_or(RunStatus::Queued);
        let word = text(row.get(3)).and_then(|word| Word::named(&word)).unwrap_or(status.state_word());
        let version = int(row.get(4)).and_then(|version| u64::try_from(version).ok()).unwrap_or_default();
        let is_external = text(row.get(1)).as_deref() == Some("external");
        Ok(Met {
            key: key_at(row, 0, "key of a run")?,
            executor: if is_external { Executor::External } else { Executor::Own },
            state: RunState { status, word, version },
            locks_versions: json(row.get(5)).is_some_and(|settings| settings["version_locking_enabled"] == true),
            start: instant(row.get(6)),
            end: instant(row.get(7)),
            submitted: instant(row.get(8)),
        })
    }
}

impl MetStep {
    fn of(row: &[Value]) -> Result<MetStep, Error> {
        Ok(MetStep {
            key: key_at(row, 0, "key of a step")?,
            run: key_at(row, 1, "key of the run of a step")?,
            word: text(row.get(2)).unwrap_or_default(),
            state: text(row.get(3)).unwrap_or_default(),
            version: int(row.get(4)).unwrap_or_default(),
            document: json(row.get(5)).unwrap_or_default(),
            start: instant(row.get(6)),
            end: instant(row.get(7)),
            run_word: text(row.get(8)).and_then(|word| Word::named(&word)).unwrap_or(Word::Pending),
            executor: text(row.get(9)).unwrap_or_default(),
        })
    }
}
