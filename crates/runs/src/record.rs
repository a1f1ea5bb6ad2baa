//! Rows of the engine as its own types.

use std::fmt;

use model::Tags;
use plan::{Value, uuid_of_text, uuid_text};
use serde_json::Value as Json;

use crate::Error;
use crate::transition::{Executor, RunStatus, StepStatus};

/// The key of a run: a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunKey(pub u128);

impl fmt::Display for RunKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&uuid_text(self.0))
    }
}

impl RunKey {
    /// The key of this text, in any spelling of a UUID.
    #[must_use]
    pub fn of_text(text: &str) -> Option<RunKey> {
        uuid_of_text(text).map(RunKey)
    }

    /// As statements bind it.
    #[must_use]
    pub fn value(self) -> Value {
        Value::Uuid(self.0)
    }
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its key.
    pub key: RunKey,
    /// The order of launching.
    pub number: i64,
    /// Name of its job.
    pub job: String,
    /// Repository of its job.
    pub repository: String,
    /// Location of its job.
    pub location: String,
    /// Who executes it.
    pub executor: Executor,
    /// Where it stands.
    pub status: RunStatus,
    /// The dialect's word for it.
    pub state_name: String,
    /// States that it has had.
    pub state_version: u64,
    /// The config as it was sent.
    pub config: Json,
    /// The config with its defaults.
    pub filled_config: Json,
    /// Its tags.
    pub tags: Tags,
    /// The steps that it executes; none: all.
    pub step_keys: Option<Vec<String>>,
    /// The selection of ops as it was asked for.
    pub op_selection: Option<Json>,
    /// The run that it repeats.
    pub parent: Option<RunKey>,
    /// The first of the chain.
    pub root: Option<RunKey>,
    /// Its version, a UUID.
    pub version: u128,
    /// Its tenant, a UUID.
    pub tenant: u128,
    /// Who executes it.
    pub worker: Option<String>,
    /// It starts at this time: microseconds since 1970.
    pub scheduled_for: Option<i64>,
    /// When it began.
    pub start_time: Option<i64>,
    /// When it ended.
    pub end_time: Option<i64>,
    /// When it was launched.
    pub created_at: i64,
}

/// A step as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Its key within the run.
    pub key: String,
    /// Its op.
    pub op: String,
    /// Where it stands in the run's order.
    pub position: i64,
    /// Its status.
    pub status: StepStatus,
    /// States that it has had.
    pub state_version: u64,
    /// Attempts that have begun.
    pub attempt: u32,
    /// When it is tried again.
    pub retry_at: Option<i64>,
    /// What it gave.
    pub output: Option<Json>,
    /// Why it failed.
    pub error: Option<Json>,
    /// Its output is another run's.
    pub is_reused: bool,
    /// When it began.
    pub start_time: Option<i64>,
    /// When it ended.
    pub end_time: Option<i64>,
}

/// One line of a run's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Its place.
    pub number: i64,
    /// When: microseconds since 1970.
    pub timestamp: i64,
    /// Key of its step.
    pub step: Option<String>,
    /// `out`, `err`, or none for a line that was written.
    pub stream: Option<String>,
    /// How grave.
    pub level: Option<String>,
    /// The text.
    pub message: String,
}

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    /// Its place.
    pub number: i64,
    /// When: microseconds since 1970.
    pub timestamp: i64,
    /// What.
    pub kind: String,
    /// How grave.
    pub level: String,
    /// In words.
    pub message: String,
    /// Key of its step.
    pub step: Option<String>,
    /// Which attempt.
    pub attempt: Option<i64>,
    /// What belongs to it.
    pub data: Option<Json>,
}

impl RunRecord {
    pub(crate) fn of(row: &[Value]) -> Result<RunRecord, Error> {
        let key = RunKey(uuid(row.first()).unwrap_or_default());
        let wrong = |what: &str| Error::Unreadable { run: key, what: what.to_owned() };
        let status = text(row.get(6)).and_then(|word| RunStatus::named(&word)).ok_or_else(|| wrong("its status"))?;
        Ok(RunRecord {
            key,
            number: int(row.get(1)).unwrap_or_default(),
            job: text(row.get(2)).unwrap_or_default(),
            repository: text(row.get(3)).unwrap_or_default(),
            location: text(row.get(4)).unwrap_or_default(),
            executor: match text(row.get(5)).as_deref() {
                Some("external") => Executor::External,
                _ => Executor::Own,
            },
            status,
            state_name: text(row.get(7)).unwrap_or_default(),
            state_version: count(row.get(8)),
            config: json(row.get(9)).unwrap_or_default(),
            tags: tags(json(row.get(10)).as_ref()),
            step_keys: json(row.get(11)).and_then(|keys| serde_json::from_value(keys).ok()),
            parent: uuid(row.get(12)).map(RunKey),
            root: uuid(row.get(13)).map(RunKey),
            version: uuid(row.get(14)).ok_or_else(|| wrong("its version"))?,
            tenant: uuid(row.get(15)).unwrap_or_default(),
            worker: text(row.get(16)),
            scheduled_for: instant(row.get(17)),
            start_time: instant(row.get(18)),
            end_time: instant(row.get(19)),
            created_at: instant(row.get(20)).unwrap_or_default(),
            op_selection: json(row.get(21)),
            filled_config: json(row.get(22)).unwrap_or_default(),
        })
    }
}

impl StepRecord {
    pub(crate) fn of(run: RunKey, row: &[Value]) -> Result<StepRecord, Error> {
        let wrong = || Error::Unreadable { run, what: "the status of a step".to_owned() };
        Ok(StepRecord {
            key: text(row.first()).unwrap_or_default(),
            op: text(row.get(1)).unwrap_or_default(),
            position: int(row.get(2)).unwrap_or_default(),
            status: text(row.get(3)).and_then(|word| StepStatus::named(&word)).ok_or_else(wrong)?,
            state_version: count(row.get(4)),
            attempt: u32::try_from(count(row.get(5))).unwrap_or(u32::MAX),
            retry_at: instant(row.get(6)),
            output: json(row.get(7)),
            error: json(row.get(8)),
            is_reused: row.get(9) == Some(&Value::Boolean(true)),
            start_time: instant(row.get(10)),
            end_time: instant(row.get(11)),
        })
    }
}

impl LogRecord {
    pub(crate) fn of(row: &[Value]) -> LogRecord {
        LogRecord {
            number: int(row.first()).unwrap_or_default(),
            timestamp: instant(row.get(1)).unwrap_or_default(),
            step: text(row.get(2)),
            stream: text(row.get(3)),
            level: text(row.get(4)),
            message: text(row.get(5)).unwrap_or_default(),
        }
    }
}

impl EventRecord {
    pub(crate) fn of(row: &[Value]) -> EventRecord {
        EventRecord {
            number: int(row.first()).unwrap_or_default(),
            timestamp: instant(row.get(1)).unwrap_or_default(),
            kind: text(row.get(2)).unwrap_or_default(),
            level: text(row.get(3)).unwrap_or_default(),
            message: text(row.get(4)).unwrap_or_default(),
            step: text(row.get(5)),
            attempt: int(row.get(6)),
            data: json(row.get(7)),
        }
    }
}

fn tags(json: Option<&Json>) -> Tags {
    let pairs = json.and_then(Json::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

pub(crate) fn uuid(value: Option<&Value>) -> Option<u128> {
    match value {
        Some(Value::Uuid(bits)) => Some(*bits),
        _ => None,
    }
}

pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(crate) fn int(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

fn count(value: Option<&Value>) -> u64 {
    int(value).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
}

pub(crate) fn instant(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    }
}

pub(crate) fn json(value: Option<&Value>) -> Option<Json> {
    match value {
        Some(Value::Json(text)) => serde_json::from_str(text).ok(),
        _ => None,
    }
}
