//! A job as its runs execute it: made of the model's job, kept with each version, read back by whoever executes a run, whatever the files say
//! by then.

use std::collections::BTreeMap;

use model::config::{ConfigEnum, ConfigType};
use model::{Backoff, InputSource, Jitter, Job, Model, OpTypeKind, Retry, Scalar, SourceShape, Work, WorkerLost};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 40;

/// A job as it is executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// What clients call it.
    pub name: String,
    /// Its ops in the order of the text.
    pub ops: Vec<OpDefinition>,
    /// One step after another.
    pub in_process: bool,
    /// Steps side by side at most.
    pub max_concurrent: Option<u32>,
    /// A run whose worker died fails.
    pub fails_with_worker: bool,
    /// A run that takes longer is cancelled and fails.
    pub max_runtime_ms: Option<u64>,
}

/// An op as it is executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpDefinition {
    /// Its handle, the key of its step.
    pub name: String,
    /// Name of its definition.
    pub definition: String,
    /// Indexes of the ops that must have succeeded before it starts.
    pub needs: Vec<usize>,
    /// What it takes.
    pub inputs: Vec<InputDefinition>,
    /// What it gives.
    pub outputs: Vec<OutputDefinition>,
    /// What it does.
    pub work: WorkDefinition,
    /// How it is tried again.
    pub retry: Option<RetryDefinition>,
    /// It is ended when it takes longer.
    pub timeout_ms: Option<u64>,
    /// Names of what it is supplied with.
    pub resources: Vec<String>,
    /// Key of the asset that it makes.
    pub asset: Option<Vec<String>>,
}

/// An input of an op.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputDefinition {
    /// Its name.
    pub name: String,
    /// Its type, as events show it.
    pub of: String,
    /// It has no value: it only orders.
    pub is_nothing: bool,
    /// It is the list of all that feeds it.
    pub is_list: bool,
    /// It is fed once for each value of a dynamic output, or by all that came of one.
    pub is_dynamic: bool,
    /// The outputs that feed it: index of the op, and name.
    pub feeds: Vec<(usize, String)>,
    /// What it is when nothing feeds it and nothing is given.
    pub default: Option<Value>,
}

/// An output of an op.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputDefinition {
    /// Its name.
    pub name: String,
    /// Its type, as events show it.
    pub of: String,
    /// What its value must be; a version that was kept without it takes any.
    #[serde(default)]
    pub value: ValueDefinition,
    /// It has no value.
    pub is_nothing: bool,
    /// It may not be null.
    pub is_required: bool,
    /// It need not be made.
    pub is_maybe: bool,
    /// Pairs of mapping key and value.
    pub is_dynamic: bool,
}

/// What goes from op to op.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueDefinition {
    /// Any JSON value, or none.
    #[default]
    Any,
    /// A scalar, by its name in SDL.
    Scalar(String),
    /// A word of an enum.
    Enum {
        /// Its name.
        name: String,
        /// Its words.
        words: Vec<String>,
    },
    /// A list.
    List(Box<ValueDefinition>),
    /// Null, or such a value.
    Nullable(Box<ValueDefinition>),
}

impl ValueDefinition {
    /// The type of values that are so.
    pub(crate) fn to_type(&self) -> ConfigType {
        match self {
            ValueDefinition::Any => ConfigType::Any,
            // A name that this version does not know is of a newer one.
            ValueDefinition::Scalar(name) => Scalar::named(name).map_or(ConfigType::Any, ConfigType::Scalar),
            ValueDefinition::Enum { name, words } => {
                let values = words.iter().map(|word| (word.clone(), None)).collect();
                ConfigType::Enum(Arc::new(ConfigEnum { name: name.clone(), values }))
            }
            ValueDefinition::List(item) => ConfigType::List(Box::new(item.to_type())),
            ValueDefinition::Nullable(of) => ConfigType::Nullable(Box::new(of.to_type())),
        }
    }
}

/// What an op does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkDefinition {
    /// Starts a program.
    Process {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// Changes content.
    Mutation {
        /// The operation.
        document: String,
        /// Who it acts as.
        role: String,
    },
}

/// How a failed step is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RetryDefinition {
    /// Attempts after the first.
    pub max: u32,
    /// Wait before the next attempt.
    pub delay_ms: u64,
    /// The delay grows: `linear` or `exponential`.
    pub backoff: Option<Growth>,
    /// Random change: `full` or `plus_minus`.
    pub jitter: Option<Change>,
}

/// How a delay grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// By itself each time.
    Linear,
    /// Doubled each time.
    Exponential,
}

/// Random change of a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Anything between nothing and the delay.
    Full,
    /// Up to the base delay more or less.
    PlusMinus,
}

impl Definition {
    /// What the runs of a job execute.
    #[must_use]
    pub fn of(model: &Model, job: &Job) -> Definition {
        Definition {
            name: job.name.clone(),
            ops: job.ops.iter().map(|of| op(model, of)).collect(),
            in_process: job.executor == model::Executor::InProcess,
            max_concurrent: job.max_concurrent,
            fails_with_worker: job.on_worker_lost == WorkerLost::Fail,
            max_runtime_ms: job.max_runtime.map(millis),
        }
    }

    /// The hash of its content: the same as long as nothing of what runs execute changes.
    #[must_use]
    pub fn hash(&self, job: &Job) -> String {
        // Where it belongs is a part of it: two jobs alike are two jobs.
        let named = serde_json::json!([job.location, job.repository, self]);
        hash_of(&named.to_string())
    }

    /// The op of this handle.
    #[must_use]
    pub fn op_named(&self, name: &str) -> Option<usize> {
        self.ops.iter().position(|op| op.name == name)
    }

    /// The part of a document of config that belongs to an op.
    #[must_use]
    pub fn config_of<'a>(&self, document: &'a Value, op: usize) -> Option<&'a Value> {
        let mut at = document;
        for part in self.ops[op].name.split('.') {
            at = at.get("ops")?.get(part)?;
        }
        Some(at)
    }

    /// What the ops of a run are supplied with: the config of each resource that one names.
    #[must_use]
    pub fn resources_of(&self, document: &Value, op: usize) -> BTreeMap<String, Value> {
        let config = |name: &String| document.get("resources").and_then(|all| all.get(name)?.get("config")).cloned();
        let named = self.ops[op].resources.iter();
        named
            .map(|name| (name.clone(), config(name).unwrap_or_else(|| Value::Object(serde_json::Map::new()))))
            .collect()
    }

    /// The first op that maps over, or gives, dynamic outputs.
    #[must_use]
    pub fn dynamic_op(&self) -> Option<&OpDefinition> {
        let is_dynamic = |op: &&OpDefinition| {
            op.outputs.iter().any(|output| output.is_dynamic) || op.inputs.iter().any(|input| input.is_dynamic)
        };
        self.ops.iter().find(is_dynamic)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn op(model: &Model, of: &model::Op) -> OpDefinition {
    OpDefinition {
        name: of.name.clone(),
        definition: of.definition.clone(),
        needs: of.needs.iter().map(|need| usize::from(need.0)).collect(),
        inputs: of.inputs.iter().map(input).collect(),
        outputs: of.outputs.iter().map(|of| output(model, of)).collect(),
        work: match &of.work {
            Work::Process { command } => WorkDefinition::Process { command: command.clone() },
            Work::Mutation { document, role } => {
                WorkDefinition::Mutation { document: document.clone(), role: role.clone() }
            }
        },
        retry: of.retry.map(retry),
        timeout_ms: of.timeout.map(millis),
        resources: of.resources.clone(),
        asset: of.asset.as_ref().map(|asset| asset.key.clone()),
    }
}

fn input(of: &model::NodeInput) -> InputDefinition {
    let shape = match &of.source {
        InputSource::Outputs(_, shape) => Some(*shape),
        InputSource::Config | InputSource::GraphInput(_) => None,
    };
    InputDefinition {
        name: of.name.clone(),
        of: type_text(&of.of),
        is_nothing: of.of.kind == OpTypeKind::Nothing,
        is_list: shape == Some(SourceShape::List),
        is_dynamic: matches!(shape, Some(SourceShape::Each | SourceShape::Collected)),
        feeds: of.feeds.iter().map(|feed| (usize::from(feed.op.0), feed.output.clone())).collect(),
        default: of.default.clone(),
    }
}

fn output(model: &Model, of: &model::OpOutput) -> OutputDefinition {
    OutputDefinition {
        name: of.name.clone(),
        of: type_text(&of.of),
        value: value(model, &of.of),
        is_nothing: of.of.kind == OpTypeKind::Nothing,
        is_required: of.of.required,
        is_maybe: of.is_maybe,
        is_dynamic: of.is_dynamic,
    }
}

fn value(model: &Model, of: &model::OpType) -> ValueDefinition {
    let plain = match &of.kind {
        OpTypeKind::Nothing | OpTypeKind::Any => return ValueDefinition::Any,
        OpTypeKind::Scalar(scalar) => ValueDefinition::Scalar(scalar.name().to_owned()),
        OpTypeKind::Enum(name) => {
            let values = model.enums.iter().filter(|of| &of.name == name).flat_map(|of| &of.values);
            ValueDefinition::Enum { name: name.clone(), words: values.map(|value| value.name.clone()).collect() }
        }
        OpTypeKind::List(item) => ValueDefinition::List(Box::new(value(model, item))),
    };
    if of.required { plain } else { ValueDefinition::Nullable(Box::new(plain)) }
}

/// The name of a type as events show it.
fn type_text(of: &model::OpType) -> String {
    match &of.kind {
        OpTypeKind::Nothing => "Nothing".to_owned(),
        OpTypeKind::Any => "Any".to_owned(),
        OpTypeKind::Scalar(scalar) => format!("{scalar:?}"),
        OpTypeKind::Enum(name) => name.clone(),
        OpTypeKind::List(item) => format!("[{}]", type_text(item)),
    }
}

fn retry(of: Retry) -> RetryDefinition {
    RetryDefinition {
        max: of.max,
        delay_ms: millis(of.delay),
        backoff: of.backoff.map(|backoff| match backoff {
            Backoff::Linear => Growth::Linear,
            Backoff::Exponential => Growth::Exponential,
        }),
        jitter: of.jitter.map(|jitter| match jitter {
            Jitter::Full => Change::Full,
            Jitter::PlusMinus => Change::PlusMinus,
        }),
    }
}

impl RetryDefinition {
    /// In words of the model.
    #[must_use]
    pub fn retry(self) -> Retry {
        Retry {
            max: self.max,
            delay: Duration::from_millis(self.delay_ms),
            backoff: self.backoff.map(|growth| match growth {
                Growth::Linear => Backoff::Linear,
                Growth::Exponential => Backoff::Exponential,
            }),
            jitter: self.jitter.map(|change| match change {
                Change::Full => Jitter::Full,
                Change::PlusMinus => Jitter::PlusMinus,
            }),
        }
    }
}

/// The hash of a text, [`HASH_DIGITS`] hexadecimal digits.
pub(crate) fn hash_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits.take(HASH_DIGITS).collect()
}
