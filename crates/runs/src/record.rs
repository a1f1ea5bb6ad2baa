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

    /// The first and the last key that begin with these hexadecimal digits, hyphens or not; none where they are no beginning of a key.
    #[must_use]
    pub(crate) fn range(text: &str) -> Option<(RunKey, RunKey)> {
        let digits: String = text.chars().filter(|sign| *sign != '-').collect();
        let length = u32::try_from(digits.len()).ok().filter(|length| (1..=32).contains(length))?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let open = 128 - 4 * length;
        let first = u128::from_str_radix(&digits, 16).ok()?.checked_shl(open)?;
        let below = 1_u128.checked_shl(open).map_or(u128::MAX, |next| next - 1);
        Some((RunKey(first), RunKey(first | below)))
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
        let row = Row::of_run(row)?;
        Ok(RunRecord {
            key: row.run,
            number: row.int(1, "its number")?,
            job: row.text(2, "its job")?,
            repository: row.text(3, "its repository")?,
            location: row.text(4, "its location")?,
            executor: row.word(5, "its executor", Executor::named)?,
            status: row.word(6, "its status", RunStatus::named)?,
            // An agent may have given none.
            state_name: text(row.at(7)).unwrap_or_default(),
            state_version: row.count(8, "the version of its state")?,
            config: row.json(9, "its config")?.unwrap_or_default(),
            tags: tags(row.json(10, "its tags")?.as_ref()),
            step_keys: row.json(11, "its steps")?.map(|keys| row.parsed(keys, "its steps")).transpose()?,
            parent: uuid(row.at(12)).map(RunKey),
            root: uuid(row.at(13)).map(RunKey),
            version: row.uuid(14, "its version")?,
            tenant: row.uuid(15, "its tenant")?,
            worker: text(row.at(16)),
            scheduled_for: instant(row.at(17)),
            start_time: instant(row.at(18)),
            end_time: instant(row.at(19)),
            created_at: row.instant(20, "the time of its launch")?,
            op_selection: row.json(21, "its selection of ops")?,
            filled_config: row.json(22, "its config with defaults")?.unwrap_or_default(),
        })
    }
}

impl StepRecord {
    pub(crate) fn of(run: RunKey, row: &[Value]) -> Result<StepRecord, Error> {
        let row = Row { run, values: row };
        Ok(StepRecord {
            key: row.text(0, "the key of a step")?,
            op: row.text(1, "the op of a step")?,
            position: row.int(2, "the place of a step")?,
            status: row.word(3, "the status of a step", StepStatus::named)?,
            state_version: row.count(4, "the version of a step's state")?,
            attempt: u32::try_from(row.count(5, "the attempts of a step")?).unwrap_or(u32::MAX),
            retry_at: instant(row.at(6)),
            output: row.json(7, "the output of a step")?,
            error: row.json(8, "the error of a step")?,
            is_reused: row.at(9) == Some(&Value::Boolean(true)),
            start_time: instant(row.at(10)),
            end_time: instant(row.at(11)),
        })
    }
}

impl LogRecord {
    pub(crate) fn of(run: RunKey, row: &[Value]) -> Result<LogRecord, Error> {
        let row = Row { run, values: row };
        Ok(LogRecord {
            number: row.int(0, "the number of a line")?,
            timestamp: row.instant(1, "the time of a line")?,
            step: text(row.at(2)),
            stream: text(row.at(3)),
            level: text(row.at(4)),
            // An agent may have written none.
            message: text(row.at(5)).unwrap_or_default(),
        })
    }
}

impl EventRecord {
    pub(crate) fn of(run: RunKey, row: &[Value]) -> Result<EventRecord, Error> {
        let row = Row { run, values: row };
        Ok(EventRecord {
            number: row.int(0, "the number of an event")?,
            timestamp: row.instant(1, "the time of an event")?,
            kind: row.text(2, "the kind of an event")?,
            level: row.text(3, "the level of an event")?,
            message: row.text(4, "the message of an event")?,
            step: text(row.at(5)),
            attempt: int(row.at(6)),
            data: row.json(7, "the data of an event")?,
        })
    }
}

/// A row of a run; what must stand in it and does not is told by name.
pub(crate) struct Row<'a> {
    pub(crate) run: RunKey,
    pub(crate) values: &'a [Value],
}

impl<'a> Row<'a> {
    /// A row whose first column is the run's key.
    pub(crate) fn of_run(values: &'a [Value]) -> Result<Row<'a>, Error> {
        let run = RunKey(uuid(values.first()).ok_or(Error::NoAnswer("key of a run"))?);
        Ok(Row { run, values })
    }

    pub(crate) fn at(&self, column: usize) -> Option<&'a Value> {
        self.values.get(column)
    }

    fn met<T>(&self, value: Option<T>, what: &str) -> Result<T, Error> {
        value.ok_or_else(|| Error::Unreadable { run: self.run, what: what.to_owned() })
    }

    fn uuid(&self, column: usize, what: &str) -> Result<u128, Error> {
        self.met(uuid(self.at(column)), what)
    }

    pub(crate) fn text(&self, column: usize, what: &str) -> Result<String, Error> {
        self.met(text(self.at(column)), what)
    }

    fn int(&self, column: usize, what: &str) -> Result<i64, Error> {
        self.met(int(self.at(column)), what)
    }

    fn instant(&self, column: usize, what: &str) -> Result<i64, Error> {
        self.met(instant(self.at(column)), what)
    }

    pub(crate) fn count(&self, column: usize, what: &str) -> Result<u64, Error> {
        self.met(int(self.at(column)).and_then(|number| u64::try_from(number).ok()), what)
    }

    pub(crate) fn word<T>(&self, column: usize, what: &str, named: fn(&str) -> Option<T>) -> Result<T, Error> {
        self.met(text(self.at(column)).and_then(|word| named(&word)), what)
    }

    /// None for null; anything else must be JSON.
    fn json(&self, column: usize, what: &str) -> Result<Option<Json>, Error> {
        let Some(Value::Json(text)) = self.at(column) else { return Ok(None) };
        self.met(serde_json::from_str(text).ok(), what).map(Some)
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, json: Json, what: &str) -> Result<T, Error> {
        self.met(serde_json::from_value(json).ok(), what)
    }
}

fn tags(json: Option<&Json>) -> Tags {
    let pairs = json.and_then(Json::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// The one value of an answer of one row and column.
pub(crate) fn only(rows: &[Vec<Value>]) -> Option<&Value> {
    rows.first()?.first()
}

/// The database's time, which it was asked for.
pub(crate) fn clock_of(rows: &[Vec<Value>]) -> Result<i64, Error> {
    instant(only(rows)).ok_or(Error::NoAnswer("time"))
}

pub(crate) fn uuid(value: Option<&Value>) -> Option<u128> {
    let Some(Value::Uuid(bits)) = value else { return None };
    Some(*bits)
}

pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    let Some(Value::Text(text)) = value else { return None };
    Some(text.clone())
}

pub(crate) fn int(value: Option<&Value>) -> Option<i64> {
    let Some(Value::Int(number)) = value else { return None };
    Some(*number)
}

pub(crate) fn instant(value: Option<&Value>) -> Option<i64> {
    let Some(Value::Instant(at)) = value else { return None };
    Some(*at)
}

pub(crate) fn json(value: Option<&Value>) -> Option<Json> {
    let Some(Value::Json(text)) = value else { return None };
    serde_json::from_str(text).ok()
}
