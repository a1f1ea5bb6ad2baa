//! Jobs: what a type with `@job` declares, checked. A job is a definition; one execution of it is a run.

mod automation;
mod op;
mod supply;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

pub use self::automation::{PartitionKeys, Partitions, Repository, Sensor, StatusSensor};
pub use self::op::{
    Asset, Feed, GraphOutput, GraphUse, InputSource, Node, NodeInput, NodeOutput, Op, OpOutput, OpType, OpTypeKind,
    SourceShape,
};
pub use self::supply::{Hook, HookOn, Resource};
use crate::config::ConfigType;
use crate::{ContentEvent, Cron, Place, Rule, TypeId};

/// Index into [`Job::ops`]: means nothing without its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u16);

/// Index into [`crate::Model::jobs`]: means nothing without its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u16);

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
    /// Its ops in the order of the text, at least one, those of its graphs at their places. Their needs make no circle.
    pub ops: Vec<Op>,
    /// The graphs that it uses, outer ones before those inside.
    pub graphs: Vec<GraphUse>,
    /// What its ops are supplied with, sorted by name.
    pub resources: Vec<Resource>,
    /// Programs called after its steps.
    pub hooks: Vec<Hook>,
    /// Programs that are asked which runs to launch.
    pub sensors: Vec<Sensor>,
    /// How its runs are divided.
    pub partitions: Option<Partitions>,
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
    /// A job of this name and nothing in it; its type, location and repository.
    #[must_use]
    pub fn named(name: &str, type_name: &str, (location, repository): (&str, &str), place: Place) -> Job {
        Job {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            description: None,
            location: location.to_owned(),
            repository: repository.to_owned(),
            tags: Tags::new(),
            run_tags: Tags::new(),
            executor: Executor::Multiprocess,
            max_concurrent: None,
            on_worker_lost: WorkerLost::Resume,
            max_runtime: None,
            ops: Vec::new(),
            graphs: Vec::new(),
            resources: Vec::new(),
            hooks: Vec::new(),
            sensors: Vec::new(),
            partitions: None,
            schedules: Vec::new(),
            triggers: Vec::new(),
            rules: Vec::new(),
            place,
        }
    }

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

    /// What stands directly in the job, or in the graph of this handle, in the order of the text.
    #[must_use]
    pub fn nodes(&self, parent: Option<&str>) -> Vec<Node<'_>> {
        let is_inside = |handle: &str| handle.rsplit_once('.').map(|(before, _)| before) == parent;
        let ops = self.ops_by_id().map(|(id, op)| Node::Op(id, op)).filter(|node| is_inside(node.handle()));
        let graphs = self.graphs.iter().map(Node::Graph).filter(|node| is_inside(node.handle()));
        let mut nodes: Vec<Node<'_>> = ops.chain(graphs).collect();
        nodes.sort_by_key(|node| node.place().start);
        nodes
    }

    /// What stands at this handle: `extract`, `sub.clean`.
    #[must_use]
    pub fn node(&self, handle: &str) -> Option<Node<'_>> {
        let graph = || self.graphs.iter().find(|graph| graph.name == handle).map(Node::Graph);
        self.op_named(handle).map(|id| Node::Op(id, self.op(id))).or_else(graph)
    }

    /// The type of the whole document that a launch gives as config.
    #[must_use]
    pub fn config_type(&self) -> ConfigType {
        crate::config::of_job(self, None)
    }

    /// The same where these ops alone are executed: what stands outside of them may be given, and need not be.
    #[must_use]
    pub fn config_type_of(&self, chosen: &[String]) -> ConfigType {
        crate::config::of_job(self, Some(chosen))
    }

    /// The part of such a document that belongs to an op: an object that may have `config` and `inputs`.
    #[must_use]
    pub fn config_of<'a>(&self, document: &'a Value, op: OpId) -> Option<&'a Value> {
        let mut at = document;
        for part in self.op(op).name.split('.') {
            at = at.get("ops")?.get(part)?;
        }
        Some(at)
    }

    /// The part of such a document that is the config of a resource.
    #[must_use]
    pub fn config_of_resource<'a>(&self, document: &'a Value, name: &str) -> Option<&'a Value> {
        document.get("resources")?.get(name)?.get("config")
    }
}
