//! Jobs: what a type with `@job` declares, checked. A job is a definition; one execution of it is a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{ConfigField, ConfigType};
use crate::{ContentEvent, Cron, Place, Rule, Scalar, TypeId};

/// Index into [`Job::ops`]: means nothing without its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u16);

/// A job: ops, what each needs, and what launches it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What clients call it, `nightly_menu`; unique within its repository.
    pub name: String,
    /// Name of the type in SDL, `NightlyMenu`.
    pub type_name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// Code location.
    pub location: String,
    /// Repository within the location.
    pub repository: String,
    /// Tags of the job, copied to each run.
    pub tags: Tags,
    /// Tags of the runs only; they win over `tags`.
    pub run_tags: Tags,
    /// How steps are started.
    pub executor: Executor,
    /// Steps of one run that may run side by side, at least 1; none: the worker's limit.
    pub max_concurrent: Option<u32>,
    /// What becomes of a run whose worker died.
    pub on_worker_lost: WorkerLost,
    /// A run that takes longer is cancelled and fails.
    pub max_runtime: Option<Duration>,
    /// Its ops in the order of the text, at least one. Their needs make no circle.
    pub ops: Vec<Op>,
    /// Runs launched by the clock.
    pub schedules: Vec<Schedule>,
    /// Runs launched by changes of content.
    pub triggers: Vec<Trigger>,
    /// Who may see, launch, cancel and operate it.
    pub rules: Vec<Rule>,
    /// Where it is declared.
    pub place: Place,
}

/// Text to text, sorted by key.
pub type Tags = BTreeMap<String, String>;

/// One op: a field of a job in the short form.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    /// Its name, and the key of its step.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// Its config, sorted by name. A mutation's is typed by the variables of its document instead.
    pub config: Vec<ConfigField>,
    /// What it gives.
    pub output: Output,
    /// Ops that must have succeeded before it starts, none twice.
    pub needs: Vec<OpId>,
    /// What it does.
    pub work: Work,
    /// How often and when a failed step is tried again.
    pub retry: Option<Retry>,
    /// A step that takes longer is stopped and has failed.
    pub timeout: Option<Duration>,
    /// Where it is declared.
    pub place: Place,
}

/// What an op gives to those who read its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Kind of the value.
    pub kind: OutputKind,
    /// `!` in SDL: the value may not be null.
    pub required: bool,
}

/// Kinds of outputs.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputKind {
    /// No value at all.
    Nothing,
    /// Any JSON value.
    Any,
    /// A scalar.
    Scalar(Scalar),
    /// A word of an enum, by the enum's name.
    Enum(String),
    /// A list.
    List(Box<Output>),
}

/// What an op does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Starts a program.
    Process {
        /// Program and arguments, never empty; no shell reads them.
        command: Vec<String>,
    },
    /// Changes content; its write and the end of the step are one transaction.
    Mutation {
        /// One mutation operation in the language of the project's own `/graphql`.
        document: String,
        /// Role that it acts as.
        role: String,
    },
}

/// How a failed step is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first, at least 1.
    pub max: u32,
    /// Wait before the next attempt.
    pub delay: Duration,
    /// How the delay grows.
    pub backoff: Option<Backoff>,
    /// Random change of the delay.
    pub jitter: Option<Jitter>,
}

/// How the delay between attempts grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// By the delay each time.
    Linear,
    /// Doubled, less one: delay x (2^attempt - 1).
    Exponential,
}

/// Random change of the delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// Anything between nothing and the delay.
    Full,
    /// Up to the base delay more or less.
    PlusMinus,
}

/// How a run's steps are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// A process for each.
    Multiprocess,
    /// One after another.
    InProcess,
}

/// What becomes of a run whose worker died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerLost {
    /// Another worker goes on.
    Resume,
    /// The run fails.
    Fail,
}

/// Runs that the clock launches.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Unique within the job's repository.
    pub name: String,
    /// When.
    pub cron: Cron,
    /// Shown to people.
    pub description: Option<String>,
    /// Tags of the schedule.
    pub tags: Tags,
    /// Tags of its runs.
    pub run_tags: Tags,
    /// Where the config of its runs comes from.
    pub config: ScheduleConfig,
    /// It runs although nobody has switched it on.
    pub is_running: bool,
    /// Where it is declared.
    pub place: Place,
}

/// Where the config of a schedule's runs comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ScheduleConfig {
    /// The same document each time, checked against the job.
    Given(serde_json::Value),
    /// A program that answers with the runs to launch.
    Command(Vec<String>),
}

/// A run for each such event of a content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Whose events.
    pub of: TypeId,
    /// Which, never empty, none twice.
    pub events: Vec<ContentEvent>,
}

impl Job {
    /// The op of this id.
    #[must_use]
    pub fn op(&self, id: OpId) -> &Op {
        &self.ops[usize::from(id.0)]
    }

    /// Every op with its id.
    pub fn ops_by_id(&self) -> impl Iterator<Item = (OpId, &Op)> {
        (0u16..).map(OpId).zip(&self.ops)
    }

    /// The op of this name.
    #[must_use]
    pub fn op_named(&self, name: &str) -> Option<OpId> {
        self.ops_by_id().find(|(_, op)| op.name == name).map(|(id, _)| id)
    }

    /// The type of the whole document that a launch gives as config.
    #[must_use]
    pub fn config_type(&self) -> ConfigType {
        crate::config::of_job(self)
    }
}
