//! Launching: what is asked becomes a checked [`NewRun`], which becomes rows in one transaction.

use std::sync::Arc;

use model::Tags;
use plan::{Value, uuid_text};
use serde_json::{Value as Json, json};
use store::{Ids, Tx};

use crate::record::{RunKey, RunRecord, clock_of, int, only, uuid};
use crate::transition::{StepStatus, launched};
use crate::{Error, statements as of};

/// What somebody asks to be run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Launch {
    /// Code location of the job.
    pub location: String,
    /// Its repository.
    pub repository: String,
    /// Its name.
    pub job: String,
    /// Its config, as it is sent; null is an empty one.
    pub config: Json,
    /// Tags beside those of the job, over which they win.
    pub tags: Tags,
    /// The key that the run gets; none: a new one.
    pub key: Option<RunKey>,
    /// A name for people.
    pub name: Option<String>,
    /// Steps to execute; none: all.
    pub steps: Option<Vec<String>>,
    /// The selection of ops in the words in which it was asked for.
    pub op_selection: Option<Json>,
    /// The run that it repeats, whose outputs stand for those of the steps that are not executed.
    pub parent: Option<RunKey>,
    /// The first run of the chain.
    pub root: Option<RunKey>,
    /// A second launch of the same version with this word gives the first one's run.
    pub idempotency_key: Option<String>,
    /// It does not start before this time: microseconds since 1970.
    pub scheduled_for: Option<i64>,
    /// The schedule that launches it.
    pub schedule: Option<u128>,
}

impl Launch {
    /// The run is one of the job that is launched.
    #[must_use]
    pub fn is_of_job_of(&self, run: &RunRecord) -> bool {
        run.location == self.location && run.repository == self.repository && run.job == self.job
    }
}

/// A run that is checked and can be written.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub(crate) launch: Launch,
    pub(crate) key: RunKey,
    pub(crate) hash: String,
    pub(crate) filled: Json,
    pub(crate) steps: Vec<NewStep>,
    pub(crate) ids: Arc<Ids>,
}

/// A step that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewStep {
    pub(crate) key: String,
    /// What its like in another run gave; it is not executed.
    pub(crate) reused: Option<Json>,
}

/// What became of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    /// The run.
    pub run: RunKey,
    /// It was there before, launched by the same word.
    pub is_known: bool,
}

impl NewRun {
    /// The key that it will have.
    #[must_use]
    pub fn key(&self) -> RunKey {
        self.key
    }

    fn id(&self, now: i64) -> Result<String, Error> {
        Ok(uuid_text(self.ids.uuid(now)?))
    }
}

/// Writes the run, its steps and its first event.
pub(crate) async fn tell(tx: &Tx, clock: Value, new: &NewRun) -> Result<Launched, Error> {
    let launch = &new.launch;
    let text = |text: &str| Value::Text(text.to_owned());
    let mut calls = vec![
        (&of::CLOCK, vec![clock]),
        (&of::VERSION_READ, vec![text(&launch.location), text(&launch.repository), text(&launch.job), text(&new.hash)]),
    ];
    // References are held when the transaction ends, which on SQLite is also that of others.
    let before: Vec<RunKey> = launch.parent.into_iter().chain(launch.root).collect();
    calls.extend(before.iter().map(|run| (&of::RUN_READ, vec![run.value()])));
    let asked = tx.run(calls).await?;
    if let Some((missing, _)) = before.iter().zip(&asked[2..]).find(|(_, rows)| rows.is_empty()) {
        return Err(Error::NoRun(*missing));
    }
    let now = clock_of(&asked[0])?;
    let Some(version) = asked[1].first() else {
        return Err(Error::NoJob {
            location: launch.location.clone(),
            repository: launch.repository.clone(),
            job: launch.job.clone(),
        });
    };
    let (version, job, tenant) = (uuid(version.first()), uuid(version.get(1)), uuid(version.get(2)));
    let version = version.ok_or(Error::NoAnswer("version of the job"))?;
    if let Some(known) = known(tx, new, version).await? {
        return Ok(Launched { run: known, is_known: true });
    }
    let number = tx.one(&of::COUNTER_NEXT, vec![text("run")]).await?;
    let number = int(only(&number)).ok_or(Error::NoAnswer("number for the run"))?;
    let row = run_row(new, number, now, (version, job, tenant));
    let run = new.key.value();
    let at = Value::Instant(now);
    let list = |items: Vec<Json>| Value::Json(Json::from(items).to_string());
    let [tags, steps, step_states] = rows(new, now)?;
    tx.run(vec![
        (&of::RUN_INSERT, vec![list(vec![row]), at.clone()]),
        (&of::TAGS_INSERT, vec![list(tags), run.clone(), at.clone()]),
        (&of::STEPS_INSERT, vec![list(steps), run.clone(), at.clone(), Value::Uuid(version)]),
        (&of::STEP_STATES_INSERT, vec![list(step_states), run.clone(), at.clone()]),
        (&of::RUN_STATES_INSERT, vec![list(vec![first_state(new, now)?]), run.clone(), at.clone()]),
        (
            &of::EVENTS_INSERT,
            vec![
                list(vec![json!({ "id": new.id(now)?, "position": 0, "timestamp": now, "kind": "RUN_ENQUEUED",
                    "level": "INFO", "message": "" })]),
                run,
                at,
            ],
        ),
        (&of::NOTIFY, vec![text("queue")]),
    ])
    .await?;
    Ok(Launched { run: new.key, is_known: false })
}

/// The run that the same word launched before.
async fn known(tx: &Tx, new: &NewRun, version: u128) -> Result<Option<RunKey>, Error> {
    let launch = &new.launch;
    if launch.key.is_none() && launch.idempotency_key.is_none() {
        return Ok(None);
    }
    let word = launch.idempotency_key.clone().map_or(Value::Null, Value::Text);
    let rows = tx.one(&of::RUN_KNOWN, vec![new.key.value(), Value::Uuid(version), word]).await?;
    let mut known = None;
    for row in &rows {
        let Some(key) = uuid(row.first()).map(RunKey) else { continue };
        if row.get(1) != Some(&Value::Boolean(true)) {
            return Err(Error::Taken(key));
        }
        known = Some(key);
    }
    Ok(known)
}

fn run_row(new: &NewRun, number: i64, now: i64, keys: (u128, Option<u128>, Option<u128>)) -> Json {
    let launch = &new.launch;
    let state = launched();
    let (version, job, tenant) = keys;
    let uuid = |key: Option<u128>| key.map(uuid_text);
    let priority = launch.tags.get("dagster/priority").and_then(|text| text.parse::<i32>().ok()).unwrap_or(0);
    let mut row = json!({
        "id": new.key.to_string(), "number": number, "tenant_key": uuid(tenant), "job_key": uuid(job),
        "version_key": uuid_text(version), "job_name": launch.job, "repository": launch.repository,
        "location": launch.location, "name": launch.name.clone().unwrap_or_else(|| format!("{}-{number}", launch.job)),
        "executor": "own", "status": state.status.word(), "state_name": state.word.name(),
        "state_version": state.version, "state_message": QUEUED,
        "state_start_time": launch.scheduled_for.unwrap_or(now),
        "serialized_state": { "type": state.word.name(), "message": QUEUED },
        "config": if launch.config.is_null() { json!({}) } else { launch.config.clone() },
        "filled_config": new.filled, "tags": launch.tags, "priority": priority,
        "parent_key": uuid(launch.parent.map(|run| run.0)), "root_key": uuid(launch.root.map(|run| run.0)),
        "idempotency_key": launch.idempotency_key, "auto_scheduled": launch.schedule.is_some(),
        "schedule_key": uuid(launch.schedule), "scheduled_start_time": launch.scheduled_for.unwrap_or(now),
    });
    // A member that is null would be kept as JSON's null where the column has none.
    if let Some(keys) = &launch.steps {
        row["step_keys"] = json!(keys);
    }
    if let Some(selection) = &launch.op_selection {
        row["op_selection"] = selection.clone();
    }
    row
}

/// What the first state of a run says.
const QUEUED: &str = "Run queued.";
/// What the first state of a step says.
const MADE: &str = "Step made.";

fn first_state(new: &NewRun, now: i64) -> Result<Json, Error> {
    let word = launched().word.name();
    Ok(json!({ "id": new.id(now)?, "version": 1, "state": word, "message": QUEUED,
        "start_time": new.launch.scheduled_for.unwrap_or(now),
        "serialized_state": { "type": word, "message": QUEUED } }))
}

/// Rows of tags, of steps, and of the first state of each step.
fn rows(new: &NewRun, now: i64) -> Result<[Vec<Json>; 3], Error> {
    let mut tags = Vec::new();
    for (name, value) in &new.launch.tags {
        tags.push(json!({ "id": new.id(now)?, "name": name, "value": value }));
    }
    let (mut steps, mut made) = (Vec::new(), Vec::new());
    for (position, step) in new.steps.iter().enumerate() {
        let status = if step.reused.is_some() { StepStatus::Succeeded } else { StepStatus::Waiting };
        let word = status.state_word().name();
        let state = json!({ "type": word, "message": MADE });
        let mut row = json!({ "id": new.id(now)?, "key": step.key, "op_name": step.key, "position": position,
            "name": step.key, "status": status.word(), "state_name": word, "state_message": MADE,
            "serialized_state": state, "is_reused": step.reused.is_some() });
        if let Some(output) = &step.reused {
            row["output"] = output.clone();
        }
        steps.push(row);
        made.push(json!({ "id": new.id(now)?, "key": step.key, "version": 1, "state": word, "message": MADE,
            "serialized_state": state }));
    }
    Ok([tags, steps, made])
}
