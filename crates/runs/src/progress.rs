//! What a worker writes of its run: states, events, lines. All of it is one transaction that holds the run's lease and checks its fence and its
//! time first, so that a worker that lost its run writes nothing.

use std::sync::Arc;

use plan::Value;
use serde_json::{Value as Json, json};
use store::{Fixed, Ids, Tx};

use crate::lease::Lease;
use crate::record::{RunKey, RunRecord, StepRecord, clock_of};
use crate::statements as of;
use crate::transition::{
    Event, Executor, RunEvent, RunState, StepEvent, StepStatus, Word, step_transition, transition,
};
use crate::{Clock, Error};

/// Something that a worker tells of its run.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The run is at another place.
    Run {
        /// What happened.
        event: RunEvent,
        /// In words.
        message: String,
    },
    /// A step is at another place.
    Step(StepProgress),
    /// Something happened.
    Event(NewEvent),
    /// A line of output.
    Log(NewLog),
}

/// A step is at another place.
#[derive(Debug, Clone, PartialEq)]
pub struct StepProgress {
    /// Its key.
    pub key: String,
    /// What happened.
    pub event: StepEvent,
    /// When it is tried again, if it is.
    pub retry_at: Option<i64>,
    /// What it gave.
    pub output: Option<Json>,
    /// Why it failed.
    pub error: Option<Json>,
    /// In words.
    pub message: String,
}

impl StepProgress {
    /// It ends without an outcome.
    pub(crate) fn canceled(key: String, message: &str) -> StepProgress {
        let message = message.to_owned();
        StepProgress { key, event: StepEvent::Cancel, retry_at: None, output: None, error: None, message }
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What.
    pub kind: String,
    /// How grave.
    pub level: String,
    /// In words.
    pub message: String,
    /// Key of its step.
    pub step: Option<String>,
    /// Which attempt.
    pub attempt: Option<u32>,
    /// What belongs to it.
    pub data: Option<Json>,
    /// When: microseconds since 1970; none: when it is written.
    pub at: Option<i64>,
}

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLog {
    /// Key of its step.
    pub step: String,
    /// Which attempt.
    pub attempt: u32,
    /// `out`, `err`; none for a line that was written.
    pub stream: Option<&'static str>,
    /// How grave, of a written line.
    pub level: Option<String>,
    /// The text.
    pub message: String,
    /// When: microseconds since 1970.
    pub at: i64,
}

impl NewEvent {
    /// An event of this kind.
    #[must_use]
    pub fn new(kind: &str, level: &str, message: impl Into<String>) -> NewEvent {
        NewEvent {
            kind: kind.to_owned(),
            level: level.to_owned(),
            message: message.into(),
            step: None,
            attempt: None,
            data: None,
            at: None,
        }
    }

    /// The same of a step.
    #[must_use]
    pub fn of_step(self, key: &str, attempt: u32) -> NewEvent {
        NewEvent { step: Some(key.to_owned()), attempt: Some(attempt), ..self }
    }

    /// The same with what belongs to it.
    #[must_use]
    pub fn with(self, data: Json) -> NewEvent {
        NewEvent { data: Some(data), ..self }
    }
}

/// What a worker writes at once.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) lease: Lease,
    pub(crate) list: Vec<Progress>,
    /// The key of the first row that is written of it, by which it is known again.
    pub(crate) mark: u128,
    /// It was sent before, and what became of it is not known.
    pub(crate) is_repeated: bool,
    pub(crate) clock: Clock,
    pub(crate) ids: Arc<Ids>,
}

/// A statement with what it binds.
pub(crate) type Call = (&'static Fixed, Vec<Value>);

/// Writes a report, once however often it is sent. Gives where the run stands then.
pub(crate) async fn report(tx: &Tx, report: &Report) -> Result<RunRecord, Error> {
    let lease = &report.lease;
    let run = lease.run.value();
    let asked = tx
        .run(vec![
            (
                &of::LEASE_CHECK,
                vec![report.clock.given(), run.clone(), Value::Text(lease.worker.clone()), Value::Int(lease.fence)],
            ),
            (&of::RUN_LOCK, vec![run.clone()]),
            (&of::CLOCK, vec![report.clock.given()]),
            (&of::STEPS_STAND, vec![run]),
        ])
        .await?;
    let (true, Some(row)) = (!asked[0].is_empty(), asked[1].first()) else { return Err(Error::Lost(lease.run)) };
    let mut record = RunRecord::of(row)?;
    // Behind the lock of the run: a transaction that was cut off has ended by now.
    if report.is_repeated && !tx.one(&of::REPORT_KNOWN, vec![Value::Uuid(report.mark)]).await?.is_empty() {
        return Ok(record);
    }
    let now = clock_of(&asked[2])?;
    let mut steps = asked[3].iter().map(|row| StepRecord::of(lease.run, row)).collect::<Result<Vec<_>, _>>()?;
    let mut draft = Draft::new(lease.run, now);
    for progress in &report.list {
        draft.progress(progress, &mut record, &mut steps)?;
    }
    draft.mark = Some(report.mark);
    let calls = draft.calls(&report.ids)?;
    tx.run(calls).await?;
    Ok(record)
}

/// The statements of a report as they gather.
struct Draft {
    run: RunKey,
    now: i64,
    moved: Vec<Moved>,
    steps: Vec<Call>,
    step_states: Vec<Json>,
    events: Vec<NewEvent>,
    logs: Vec<NewLog>,
    counts: [i64; 4],
    /// The key of the first row.
    mark: Option<u128>,
}

impl Draft {
    fn new(run: RunKey, now: i64) -> Draft {
        Draft {
            run,
            now,
            moved: Vec::new(),
            steps: Vec::new(),
            step_states: Vec::new(),
            events: Vec::new(),
            logs: Vec::new(),
            counts: [0; 4],
            mark: None,
        }
    }

    fn progress(&mut self, progress: &Progress, record: &mut RunRecord, steps: &mut [StepRecord]) -> Result<(), Error> {
        match progress {
            Progress::Run { event, message } => {
                let from = RunState {
                    status: record.status,
                    word: Word::named(&record.state_name).unwrap_or(record.status.state_word()),
                    version: record.state_version,
                };
                let to = transition(Executor::Own, from, Event::Own(*event))?;
                record.status = to.status;
                record.state_version = to.version;
                to.word.name().clone_into(&mut record.state_name);
                let mut moved = Moved::new(self.run, to, self.now);
                moved.message.clone_from(message);
                self.moved.push(moved);
            }
            Progress::Step(of) => self.step(of, steps)?,
            Progress::Event(event) => {
                self.counts[2] += i64::from(event.kind == "ASSET_MATERIALIZATION");
                self.counts[3] += i64::from(event.kind == "STEP_EXPECTATION_RESULT");
                self.events.push(event.clone());
            }
            Progress::Log(log) => self.logs.push(log.clone()),
        }
        Ok(())
    }

    fn step(&mut self, of: &StepProgress, steps: &mut [StepRecord]) -> Result<(), Error> {
        let missing = || Error::Unreadable { run: self.run, what: format!("its step {}", of.key) };
        let step = steps.iter_mut().find(|step| step.key == of.key).ok_or_else(missing)?;
        step.status = step_transition(step.status, of.event)?;
        step.state_version += 1;
        step.attempt += u32::from(of.event == StepEvent::Start);
        self.counts[0] += i64::from(step.status == StepStatus::Succeeded);
        self.counts[1] += i64::from(step.status == StepStatus::Failed);
        let word = step.status.state_word().name();
        let state = json!({ "type": word, "message": of.message });
        let begun = (of.event == StepEvent::Start).then_some(self.now);
        let ended = step.status.is_finished().then_some(self.now);
        let instant = |at: Option<i64>| at.map_or(Value::Null, Value::Instant);
        let json_of = |json: &Option<Json>| json.as_ref().map_or(Value::Null, |json| Value::Json(json.to_string()));
        let version = i64::try_from(step.state_version).unwrap_or(i64::MAX);
        self.steps.push((
            &of::STEP_SET,
            vec![
                self.run.value(),
                Value::Text(of.key.clone()),
                Value::Text(step.status.word().to_owned()),
                Value::Text(word.to_owned()),
                Value::Int(version),
                Value::Instant(self.now),
                Value::Text(of.message.clone()),
                Value::Json(state.to_string()),
                Value::Int(i64::from(step.attempt)),
                instant(of.retry_at),
                instant(begun),
                instant(ended),
                json_of(&of.output),
                json_of(&of.error),
            ],
        ));
        self.step_states.push(json!({ "key": of.key, "version": version, "state": word, "message": of.message,
            "start_time": of.retry_at, "serialized_state": state }));
        Ok(())
    }

    fn calls(mut self, ids: &Ids) -> Result<Vec<Call>, Error> {
        let (run, now) = (self.run.value(), self.now);
        let mut calls = std::mem::take(&mut self.steps);
        let mut events: Vec<Json> =
            self.events.iter().enumerate().map(|(at, event)| event_row(event, at, now)).collect();
        let mut logs: Vec<Json> = self.logs.iter().enumerate().map(|(at, log)| log_row(log, at)).collect();
        let first = self.step_states.iter_mut().chain(&mut events).chain(&mut logs).next();
        if let (Some(mark), Some(row)) = (self.mark, first) {
            row["id"] = Json::from(plan::uuid_text(mark));
        }
        calls.extend(listed(&of::STEP_STATES_INSERT, &mut self.step_states, (&run, now), ids)?);
        let is_over = self.moved.iter().any(|moved| moved.to.status.is_finished());
        for moved in &self.moved {
            calls.extend(run_calls(moved, ids, now)?);
        }
        calls.extend(listed(&of::EVENTS_INSERT, &mut events, (&run, now), ids)?);
        calls.extend(listed(&of::LOGS_INSERT, &mut logs, (&run, now), ids)?);
        if self.counts != [0; 4] {
            let counts = self.counts.iter().copied().map(Value::Int);
            calls.push((&of::RUN_COUNT, std::iter::once(run.clone()).chain(counts).collect()));
        }
        if is_over {
            calls.push((&of::LEASE_DROP, vec![run]));
        }
        calls.push((&of::NOTIFY, vec![Value::Text("progress".to_owned())]));
        Ok(calls)
    }
}

/// One statement for all rows, each under a new key where it has none; none for no rows.
fn listed(
    fixed: &'static Fixed,
    rows: &mut [Json],
    (run, now): (&Value, i64),
    ids: &Ids,
) -> Result<Option<Call>, Error> {
    if rows.is_empty() {
        return Ok(None);
    }
    for row in rows.iter_mut().filter(|row| row.get("id").is_none()) {
        row["id"] = Json::from(plan::uuid_text(ids.uuid(now)?));
    }
    let list = Value::Json(Json::from(rows.to_vec()).to_string());
    Ok(Some((fixed, vec![list, run.clone(), Value::Instant(now)])))
}

fn event_row(event: &NewEvent, position: usize, now: i64) -> Json {
    let mut row = json!({ "position": position, "timestamp": event.at.unwrap_or(now), "kind": event.kind,
        "level": event.level, "message": event.message, "step_key": event.step, "attempt": event.attempt });
    if let Some(data) = &event.data {
        row["data"] = data.clone();
    }
    row
}

fn log_row(log: &NewLog, position: usize) -> Json {
    json!({ "position": position, "timestamp": log.at, "name": log.step, "level": log.level, "message": log.message,
        "stream": log.stream, "step_name": log.step, "attempt": log.attempt })
}

/// A run that comes to another place: what is written of it.
pub(crate) struct Moved {
    run: RunKey,
    pub(crate) to: RunState,
    now: i64,
    pub(crate) message: String,
    pub(crate) worker: Option<String>,
    pub(crate) launched_at: Option<i64>,
    pub(crate) cancel_reason: Option<&'static str>,
    events: Vec<NewEvent>,
}

impl Moved {
    pub(crate) fn new(run: RunKey, to: RunState, now: i64) -> Moved {
        Moved {
            run,
            to,
            now,
            message: String::new(),
            worker: None,
            launched_at: None,
            cancel_reason: None,
            events: Vec::new(),
        }
    }

    pub(crate) fn event(&mut self, kind: &str, level: &str, message: &str) {
        self.events.push(NewEvent::new(kind, level, message));
    }
}

/// The statements that bring a run to another place: its row, its state, its events.
pub(crate) fn run_calls(moved: &Moved, ids: &Ids, now: i64) -> Result<Vec<Call>, Error> {
    let run = moved.run.value();
    let word = moved.to.word.name();
    let version = i64::try_from(moved.to.version).unwrap_or(i64::MAX);
    let state = json!({ "type": word, "message": moved.message });
    let at = |is_so: bool| if is_so { Value::Instant(moved.now) } else { Value::Null };
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    let mut calls: Vec<Call> = vec![(
        &of::RUN_SET,
        vec![
            run.clone(),
            Value::Text(moved.to.status.word().to_owned()),
            Value::Text(word.to_owned()),
            Value::Int(version),
            Value::Instant(moved.now),
            Value::Text(moved.message.clone()),
            Value::Json(state.to_string()),
            moved.launched_at.map_or(Value::Null, Value::Instant),
            at(moved.to.status == crate::transition::RunStatus::Started),
            at(moved.to.status.is_finished()),
            text(moved.worker.as_deref()),
            at(moved.cancel_reason.is_some()),
            text(moved.cancel_reason),
        ],
    )];
    let mut states =
        vec![json!({ "version": version, "state": word, "message": moved.message, "serialized_state": state })];
    calls.extend(listed(&of::RUN_STATES_INSERT, &mut states, (&run, now), ids)?);
    let mut events: Vec<Json> = moved.events.iter().enumerate().map(|(at, event)| event_row(event, at, now)).collect();
    calls.extend(listed(&of::EVENTS_INSERT, &mut events, (&run, now), ids)?);
    Ok(calls)
}

/// The statements that end every step that has not ended.
pub(crate) fn cancel_steps(steps: &[StepRecord], run: RunKey, ids: &Ids, now: i64) -> Result<Vec<Call>, Error> {
    let mut draft = Draft::new(run, now);
    let mut all = steps.to_vec();
    for step in steps.iter().filter(|step| !step.status.is_finished()) {
        let progress = StepProgress {
            key: step.key.clone(),
            event: StepEvent::Cancel,
            retry_at: None,
            output: None,
            error: None,
            message: "The run was canceled.".to_owned(),
        };
        draft.step(&progress, &mut all)?;
    }
    draft.calls(ids)
}
