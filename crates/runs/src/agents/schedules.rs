//! Schedules that clients register: a flow whose schedule is active has its next runs made, which its agents then take like any other.
//!
//! Each run is launched under a word made of its time, so that one time is one run, whoever plans and however often.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use plan::{AgentFault, Value, uuid_text};
use serde_json::{Map, Value as Json, json};

use super::calendar::{Calendar, CalendarFault, Planned, zone_of};
use super::launch::{self, NewExternalRun, parameters_missing};
use super::state::instant_text;
use super::{Env, Failure, Told, env, json_value, key_at, statements as agent};
use crate::definition::hash_of;
use crate::record::{RunKey, json as read, text};
use crate::{Engine, Error, cancel};

/// Runs that are made ahead of their time.
const PLANNED: usize = 10;
/// Clocks of one schedule that is set by hand.
const CLOCKS_MAX: usize = 100;

/// What a row of a version holds first.
const VERSION: &str = "key of a version of a flow";

/// A schedule that is set by hand, for all versions of a flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewSchedule {
    /// `{ cron, parameter_defaults }`.
    pub crons: Vec<Map<String, Json>>,
    /// `{ interval, parameter_defaults }`, in seconds.
    pub intervals: Vec<Map<String, Json>>,
    /// Where its wall clock hangs.
    pub timezone: Option<String>,
}

/// A version, as its schedule meets it. Nobody else changes it until the end of the transaction.
struct Flow {
    key: u128,
    schedule: Json,
    is_active: bool,
    is_archived: bool,
    is_external: bool,
    parameters: Json,
    defaults: Json,
}

async fn flow(env: &Env<'_>, version: u128) -> Result<Option<Flow>, Failure> {
    let rows = env.tx.one(&agent::PLAN_LOCK, vec![Value::Uuid(version)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let json = |at: usize| read(row.get(at)).unwrap_or_default();
    let (own, shared) = (json(0), json(1));
    Ok(Some(Flow {
        key: version,
        schedule: if shared.is_null() { own } else { shared },
        is_active: row.get(2) == Some(&Value::Boolean(true)),
        is_archived: row.get(3) == Some(&Value::Boolean(true)),
        parameters: json(4),
        defaults: json(5),
        is_external: text(row.get(6)).as_deref() == Some("external"),
    }))
}

/// That others registered a version: one that the project declares is changed by the project alone. Nobody else changes it until the end of the transaction.
pub(super) async fn not_declared(env: &Env<'_>, version: u128) -> Result<(), Failure> {
    match flow(env, version).await? {
        Some(flow) if !flow.is_external => Err(AgentFault::Declared.into()),
        Some(_) | None => Ok(()),
    }
}

/// Switches a schedule. On, its next runs are made; off, those that it made and that wait go.
pub(super) async fn switch(env: &Env<'_>, version: u128, is_active: bool) -> Result<Told, Failure> {
    let Some(flow) = flow(env, version).await? else { return Ok(Told::done(false)) };
    if !flow.is_external {
        return Err(AgentFault::Declared.into());
    }
    if is_active {
        if flow.schedule.is_null() {
            return Ok(Told::done(false));
        }
        check(&flow)?;
    }
    set(env, version, is_active).await?;
    if is_active {
        fill(env, &Flow { is_active, ..flow }).await?;
    } else {
        forget(env, version).await?;
    }
    Ok(Told { made: vec![("success", json!(true)), ("id", json!(uuid_text(version)))], row: None })
}

/// Switches on the schedule of a version that has just been registered. One that cannot be switched on stays off: the registration stands.
pub(super) async fn begin(env: &Env<'_>, version: u128) -> Result<(), Failure> {
    match switch(env, version, true).await {
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn set(env: &Env<'_>, version: u128, is_active: bool) -> Result<(), Failure> {
    let values = vec![Value::Uuid(version), Value::Null, Value::Boolean(is_active), env.at()];
    env.tx.one(&agent::VERSION_SET, values).await?;
    Ok(())
}

/// That it can be reckoned, and that every run has the parameters that it must have.
fn check(flow: &Flow) -> Result<(), AgentFault> {
    let calendar = Calendar::of(&flow.schedule).map_err(|fault| of_calendar(&fault))?;
    let missing = parameters_missing(&flow.parameters, &[&flow.defaults]);
    if missing.iter().any(|name| !calendar.gives(name)) {
        return Err(AgentFault::ScheduleParameters);
    }
    Ok(())
}

fn of_calendar(fault: &CalendarFault) -> AgentFault {
    AgentFault::Schedule(fault.to_string())
}

/// The next runs of a version, if its schedule is active. Nothing is made twice.
pub(super) async fn plan(env: &Env<'_>, version: u128) -> Result<(), Failure> {
    match flow(env, version).await? {
        Some(flow) => fill(env, &flow).await,
        None => Ok(()),
    }
}

async fn fill(env: &Env<'_>, flow: &Flow) -> Result<(), Failure> {
    if !flow.is_active || flow.is_archived || !flow.is_external || flow.schedule.is_null() {
        return Ok(());
    }
    let calendar = Calendar::of(&flow.schedule).map_err(|fault| of_calendar(&fault))?;
    let now = Timestamp::from_microsecond(env.now).unwrap_or_default();
    for planned in calendar.after(now, PLANNED) {
        let idempotency_key = Some(word(&planned));
        let new = NewExternalRun {
            version: Some(flow.key),
            parameters: Json::Object(planned.parameters),
            labels: planned.labels,
            start: Some(planned.at),
            idempotency_key,
            is_scheduled: true,
            ..NewExternalRun::default()
        };
        launch::launch(env, &new).await?;
    }
    Ok(())
}

/// The word that a time is launched under: its instant, and what its clock gives.
fn word(planned: &Planned) -> String {
    let at = instant_text(planned.at);
    if planned.parameters.is_empty() && planned.labels.is_none() {
        return ["auto-scheduled:", &at].concat();
    }
    let mut labels = planned.labels.clone().unwrap_or_default();
    labels.sort();
    // Members of an object stand in the order of their names once it was stored; here they are brought into it.
    let parameters: BTreeMap<_, _> = planned.parameters.iter().collect();
    let given = json!([parameters, labels]).to_string();
    ["auto-scheduled:", &at, ":", &hash_of(&given)].concat()
}

impl Engine {
    /// Makes the next runs of every flow of others whose schedule is active.
    ///
    /// # Errors
    /// What the database said. What hinders one flow keeps no other from its runs.
    pub async fn plan_ahead(self: &Arc<Self>) -> Result<(), Error> {
        for row in self.store.ask(&agent::VERSIONS_PLANNED, Vec::new()).await? {
            let version = key_at(&row, 0, "key of a flow whose schedule is active")?;
            let engine = Arc::clone(self);
            let told = self.store.tell(move |tx| {
                let engine = Arc::clone(&engine);
                Box::pin(async move { plan(&env(tx, &engine).await?, version).await })
            });
            if let Err(failure) = told.await {
                let version = uuid_text(version);
                tracing::error!(version, ?failure, "no runs are made for the schedule of a flow");
            }
        }
        Ok(())
    }
}

/// Runs that the schedule made and that wait go.
pub(super) async fn forget(env: &Env<'_>, version: u128) -> Result<(), Failure> {
    let rows = env.tx.one(&agent::RUNS_SCHEDULED, vec![Value::Uuid(version)]).await?;
    for row in rows.iter().filter(|row| row.get(1) == Some(&Value::Boolean(true))) {
        let run = key_at(row, 0, "key of a run that a schedule made")?;
        cancel::delete(env.tx, RunKey(run)).await?;
    }
    Ok(())
}

/// Sets the schedule that all versions of a flow share, or takes it away: runs that were made go, those of active versions are made anew.
pub(super) async fn share(env: &Env<'_>, job: u128, new: Option<&NewSchedule>) -> Result<Told, Failure> {
    let document = match new {
        Some(new) => document(env.now, new)?,
        None => Json::Null,
    };
    let values = vec![Value::Uuid(job), json_value(&document), env.at()];
    if env.tx.one(&agent::JOB_SCHEDULE, values).await?.is_empty() {
        // It is not there, or the project declares it.
        for row in env.tx.one(&agent::VERSIONS_OF_JOB, vec![Value::Uuid(job)]).await? {
            not_declared(env, key_at(&row, 0, VERSION)?).await?;
        }
        return Ok(Told::done(false));
    }
    for row in env.tx.one(&agent::VERSIONS_OF_JOB, vec![Value::Uuid(job)]).await? {
        let version = key_at(&row, 0, VERSION)?;
        forget(env, version).await?;
        match plan(env, version).await {
            Ok(()) | Err(Failure::Refused(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(Told::done(true))
}

/// The document of a schedule that is set by hand: crons first. Each clock begins now, on the wall clock of the zone.
fn document(now: i64, new: &NewSchedule) -> Result<Json, AgentFault> {
    let start = match &new.timezone {
        None => Json::Null,
        Some(name) => {
            let zone = zone_of(name)
                .ok_or_else(|| AgentFault::Schedule(["Invalid timezone provided for schedule: ", name].concat()))?;
            let local = Timestamp::from_microsecond(now).unwrap_or_default().to_zoned(zone).datetime();
            json!({ "dt": local.to_string(), "tz": name })
        }
    };
    if new.crons.len() + new.intervals.len() > CLOCKS_MAX {
        return Err(AgentFault::Schedule(format!("a schedule has at most {CLOCKS_MAX} clocks")));
    }
    let clock = |kind: &str, (name, value): (&str, Json), given: &Map<String, Json>| {
        json!({ "type": kind, name: value, "start_date": start, "end_date": null, "labels": null,
            "parameter_defaults": given.get("parameter_defaults").cloned().unwrap_or_default() })
    };
    let of = |given: &Map<String, Json>, name: &str| given.get(name).cloned().unwrap_or_default();
    let crons = new.crons.iter().map(|given| clock("CronClock", ("cron", of(given, "cron")), given));
    let intervals = new.intervals.iter().map(|given| {
        let micros = of(given, "interval").as_i64().and_then(|seconds| seconds.checked_mul(1_000_000));
        clock("IntervalClock", ("interval", json!(micros)), given)
    });
    let document = json!({ "type": "Schedule", "clocks": crons.chain(intervals).collect::<Vec<_>>(), "filters": [],
        "or_filters": [], "not_filters": [], "adjustments": [] });
    Calendar::of(&document).map_err(|fault| of_calendar(&fault))?;
    Ok(document)
}
