//! What exists: content types, components, fields, relations, enums, jobs and the rules of who may.
//!
//! In flow texts (SDL under `schema/`), out comes one checked [`Model`] or every fault at once, each with its place. Everything above
//! reads the model by index (`TypeId`, `FieldId`, ...), which cannot miss: whoever holds an id of a model may look it up in that model.
//!
//! This crate must never know operations, SQL, files or time. Texts come in as text, with a name for messages.

pub mod change;
mod condition;
pub mod config;
mod content;
pub mod cron;
mod diagnostics;
mod job;
pub mod locale;
pub mod naming;
mod own;
mod picture;
mod read;
mod report;

pub use change::changes;
pub use condition::{ColumnName, Condition, Operands, Operator, SystemColumn, Term};
pub use content::{
    Action, Component, ComponentId, ContentType, DialectNames, Enum, EnumId, EnumValue, Field, FieldId, FieldKind,
    Group, GroupId, GroupKind, Index, Key, MediaKind, MediaRule, Model, Relation, Rule, Rules, Scalar, Side, Target,
    TypeId, Unique, UniqueKey, Zone, ZoneId,
};
pub use cron::{Cron, CronFault};
pub use diagnostics::{Diagnostic, Diagnostics, Place, Source};
pub use job::{
    Asset, Backoff, Executor, Feed, GraphOutput, GraphUse, Hook, HookOn, InputSource, Jitter, Job, JobId, Node,
    NodeInput, NodeOutput, Op, OpId, OpOutput, OpType, OpTypeKind, PartitionKeys, Partitions, Repository, Resource,
    Retry, Schedule, ScheduleConfig, Sensor, SourceShape, StatusSensor, Tags, Trigger, Work, WorkerLost,
};
pub use own::{
    Bound, Connection, ConnectionPart, ContentEvent, OwnData, OwnEntry, OwnField, OwnInput, OwnKind, OwnRef, OwnRows,
    OwnSort, OwnStands, OwnType, OwnValue, OwnWrite, Unit,
};
pub use read::{
    ASSET_JOB, CONDITION_DEPTH_MAX, DEFINITIONS_MAX, FIELDS_MAX, GRAPH_DEPTH_MAX, HISTORY_MAX, KEY_FIELDS_MAX,
    LANGUAGE, OPS_MAX, PATTERN_BYTES_MAX, SOURCE_TOKENS_MAX, SOURCES_BYTES_MAX, TAGS_MAX, language, language_of, read,
    workflow,
};
pub use report::FAULTS_SHOWN_MAX;
