//! The document that a launch gives: `ops` with the config of each op, and beside it how the run is executed, logged and supplied.
//!
//! Source: Dagster's run config of a job, whose members, defaults and descriptions these are.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ConfigEither, ConfigField, ConfigShape, ConfigType, ShapeKind};
use crate::read::as_config;
use crate::{Executor, InputSource, Job, Node, NodeInput, OpType, Resource, Scalar};

const PRELOAD: &str = "Explicitly specify the modules to preload in the forkserver. Otherwise, there are two cases for default values if modules are not specified. If the Dagster job was loaded from a module, the same module will be preloaded. If not, the `dagster` module is preloaded.";
const FORKSERVER: &str = "Configure the multiprocess executor to start subprocesses using `forkserver`.";
const SPAWN: &str = "Configure the multiprocess executor to start subprocesses using `spawn`.";
const MAX_CONCURRENT: &str = "The number of processes that may run concurrently. By default, this is set to be the return value of `multiprocessing.cpu_count()`.";
const START_METHOD: &str = "Select how subprocesses are created. By default, `spawn` is selected. See https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods.";
const TAG_LIMITS: &str = "A set of limits that are applied to steps with particular tags. If a value is set, the limit is applied to only that key-value pair. If no value is set, the limit is applied across all values of that key. If the value is set to a dict with `applyLimitPerUniqueValue: true`, the limit will apply to the number of unique values for that key. Note that these limits are per run, not global.";
const RETRIES: &str = "Whether retries are enabled or not. By default, retries are enabled.";
const STEP_DEPENDENCIES: &str = "Determines when steps will be executed in relation to their upstream dependencies.";

const NOT_CHOSEN: &str =
    "This op is not present in the current op selection, the config values are allowed but ignored.";

/// Which ops are executed: by their names, or all.
type Chosen<'a> = Option<&'a [String]>;

/// The type of the whole document, where these ops are executed.
///
/// Source: Dagster's run config of a part of a job: what stands outside of it may be given, and need not be.
pub(crate) fn of_job(job: &Job, chosen: Chosen<'_>) -> ConfigType {
    let execution = match job.executor {
        Executor::Multiprocess => multiprocess(),
        Executor::InProcess => in_process_execution(),
    };
    shape(vec![
        described(execution, "Configure how steps are executed within a run."),
        described(loggers(), "Configure how loggers emit messages within a run."),
        described(part("ops", nodes(job, None, chosen)), "Configure runtime parameters for ops or assets."),
        described(resources(job, chosen), "Configure how shared resources are implemented within a run."),
    ])
}

/// What stands directly in the job, or in the graph of this handle.
fn nodes(job: &Job, parent: Option<&str>, chosen: Chosen<'_>) -> ConfigType {
    shape(job.nodes(parent).into_iter().map(|node| node_part(job, node, chosen)).collect())
}

/// Whether an op is executed, or one in a graph.
fn is_chosen(node: Node<'_>, chosen: Chosen<'_>) -> bool {
    let (handle, inside) = (node.handle(), [node.handle(), "."].concat());
    chosen.is_none_or(|names| names.iter().any(|name| name == handle || name.starts_with(&inside)))
}

/// An op's own part, or a graph's: required when one of its members is.
fn node_part(job: &Job, node: Node<'_>, chosen: Chosen<'_>) -> ConfigField {
    let is_chosen = is_chosen(node, chosen);
    let mut members = vec![match node {
        Node::Op(_, op) => config_member(&op.config),
        Node::Graph(graph) => part("ops", nodes(job, Some(&graph.name), chosen.filter(|_| is_chosen))),
    }];
    let inputs: Vec<ConfigField> = node.inputs().iter().filter_map(unfed).collect();
    if !inputs.is_empty() {
        members.push(part("inputs", shape(inputs)));
    }
    if is_chosen {
        return part(node.name(), shape(members));
    }
    described(optional(node.name(), shape(members), None), NOT_CHOSEN)
}

/// `config`: of its fields, or anything where there are none.
fn config_member(fields: &[ConfigField]) -> ConfigField {
    if fields.is_empty() { optional("config", ConfigType::Any, None) } else { part("config", shape(fields.to_vec())) }
}

/// An input that nothing feeds: its value, or where it is read from.
fn unfed(input: &NodeInput) -> Option<ConfigField> {
    if input.source != InputSource::Config {
        return None;
    }
    let of = as_config(&input.of)?;
    Some(if input.default.is_none() {
        required(&input.name, loaded(of))
    } else {
        optional(&input.name, loaded(of), None)
    })
}

/// What a launch may give for an input of this type that nothing feeds: its value, or where it is read from.
#[must_use]
pub fn loaded_as(of: &OpType) -> Option<ConfigType> {
    as_config(of).map(loaded)
}

/// The same of every plain type.
#[must_use]
pub fn loaded_types() -> Vec<ConfigType> {
    let scalars = [Scalar::Boolean, Scalar::Float, Scalar::Int, Scalar::String].map(ConfigType::Scalar);
    std::iter::once(ConfigType::Any).chain(scalars).map(loaded).collect()
}

/// A value as it is, or a file that it is read from.
fn loaded(of: ConfigType) -> ConfigType {
    let file = || shape(vec![required("path", ConfigType::Scalar(Scalar::String))]);
    let choice = |value: ConfigType| {
        one_of(vec![required("json", file()), required("pickle", file()), required("value", value)])
    };
    match of {
        ConfigType::Scalar(scalar) => {
            let other = choice(ConfigType::Scalar(scalar));
            ConfigType::Either(Box::new(ConfigEither { scalar, other }))
        }
        ConfigType::List(item) => ConfigType::List(Box::new(loaded(*item))),
        ConfigType::Nullable(of) => loaded(*of),
        ConfigType::Any => choice(ConfigType::Any),
        other @ (ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Map(_)
        | ConfigType::Shape(_)
        | ConfigType::Either(_)) => other,
    }
}

/// A member that must be given when something in it must; otherwise it is what its members are by themselves.
fn part(name: &str, of: ConfigType) -> ConfigField {
    if is_needed(&of) {
        return required(name, of);
    }
    let default = match &of {
        ConfigType::Shape(shape) => shape.fields.iter().filter_map(defaulted).collect(),
        ConfigType::Any
        | ConfigType::Scalar(_)
        | ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Nullable(_)
        | ConfigType::List(_)
        | ConfigType::Map(_)
        | ConfigType::Either(_) => serde_json::Map::new(),
    };
    optional(name, of, Some(Value::Object(default)))
}

fn defaulted(field: &ConfigField) -> Option<(String, Value)> {
    Some((field.name.clone(), field.default.clone()?))
}

/// A member of it must be given.
fn is_needed(of: &ConfigType) -> bool {
    matches!(of, ConfigType::Shape(shape) if shape.fields.iter().any(|field| field.required))
}

fn multiprocess() -> ConfigField {
    let text = || ConfigType::Scalar(Scalar::String);
    let each_value = shape(vec![required("applyLimitPerUniqueValue", ConfigType::Scalar(Scalar::Boolean))]);
    let value = ConfigType::Either(Box::new(ConfigEither { scalar: Scalar::String, other: each_value }));
    let limit = shape(vec![
        required("key", text()),
        required("limit", ConfigType::Scalar(Scalar::Int)),
        optional("value", value, None),
    ]);
    let modules = optional("preload_modules", ConfigType::List(Box::new(text())), None);
    let forkserver = optional("forkserver", shape(vec![described(modules, PRELOAD)]), Some(json!({})));
    let spawn = optional("spawn", shape(vec![]), Some(json!({})));
    let start = one_of(vec![described(forkserver, FORKSERVER), described(spawn, SPAWN)]);
    let defaults = json!({"max_concurrent": null, "retries": {"enabled": {}}});
    let members = shape(vec![
        described(
            optional(
                "max_concurrent",
                ConfigType::Nullable(Box::new(ConfigType::Scalar(Scalar::Int))),
                Some(Value::Null),
            ),
            MAX_CONCURRENT,
        ),
        retries(),
        described(optional("start_method", start, None), START_METHOD),
        step_dependencies(),
        described(optional("tag_concurrency_limits", ConfigType::List(Box::new(limit)), None), TAG_LIMITS),
    ]);
    let several = described(
        optional("multiprocess", members, Some(defaults.clone())),
        "Execute each step in an individual process.",
    );
    let one = described(
        optional("in_process", in_process(), Some(json!({"retries": {"enabled": {}}}))),
        "Execute all steps in a single process.",
    );
    let config = optional("config", one_of(vec![one, several]), Some(json!({"multiprocess": {}})));
    optional("execution", shape(vec![config]), Some(json!({"config": {"multiprocess": defaults}})))
}

fn in_process_execution() -> ConfigField {
    let defaults = json!({"retries": {"enabled": {}}});
    let config = optional("config", in_process(), Some(defaults.clone()));
    optional("execution", shape(vec![config]), Some(json!({ "config": defaults })))
}

fn in_process() -> ConfigType {
    let marker = optional("marker_to_close", ConfigType::Scalar(Scalar::String), None);
    shape(vec![described(marker, "[DEPRECATED]"), retries(), step_dependencies()])
}

fn retries() -> ConfigField {
    let choice = |name: &str| optional(name, shape(vec![]), Some(json!({})));
    let retries = one_of(vec![choice("disabled"), choice("enabled")]);
    described(optional("retries", retries, Some(json!({"enabled": {}}))), RETRIES)
}

fn step_dependencies() -> ConfigField {
    let strict = optional("require_upstream_step_success", ConfigType::Scalar(Scalar::Boolean), Some(json!(true)));
    described(optional("step_dependency_config", shape(vec![strict]), None), STEP_DEPENDENCIES)
}

fn loggers() -> ConfigField {
    let text = |name: &str, default: &str| optional(name, ConfigType::Scalar(Scalar::String), Some(default.into()));
    let members = shape(vec![
        described(text("log_level", "INFO"), "The logger's threshold."),
        described(text("name", "dagster"), "The name of your logger."),
    ]);
    let config = optional("config", members, Some(json!({"log_level": "INFO", "name": "dagster"})));
    let config = described(config, "The default colored console logger.");
    let console = optional("console", shape(vec![config]), None);
    optional("loggers", shape(vec![console]), Some(json!({})))
}

fn resources(job: &Job, chosen: Chosen<'_>) -> ConfigField {
    let manager = optional("io_manager", shape(vec![optional("config", ConfigType::Any, None)]), Some(json!({})));
    let words = "Built-in filesystem IO manager that stores and retrieves values using pickling.";
    let executed = || job.ops_by_id().filter(|(id, op)| is_chosen(Node::Op(*id, op), chosen));
    let resource = |of: &Resource| {
        let inner = shape(vec![config_member(&of.config)]);
        let is_needed = chosen.is_none() || executed().any(|(_, op)| op.resources.contains(&of.name));
        let field = if is_needed { part(&of.name, inner) } else { optional(&of.name, inner, None) };
        ConfigField { description: of.description.clone(), ..field }
    };
    let mut members = vec![described(manager, words)];
    members.extend(job.resources.iter().map(resource));
    let of = shape(members);
    if is_needed(&of) { required("resources", of) } else { optional("resources", of, Some(json!({"io_manager": {}}))) }
}

fn shape(fields: Vec<ConfigField>) -> ConfigType {
    members(ShapeKind::Strict, fields)
}

fn one_of(fields: Vec<ConfigField>) -> ConfigType {
    members(ShapeKind::OneOf, fields)
}

fn members(kind: ShapeKind, mut fields: Vec<ConfigField>) -> ConfigType {
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    ConfigType::Shape(Arc::new(ConfigShape { name: None, description: None, kind, fields }))
}

fn required(name: &str, of: ConfigType) -> ConfigField {
    ConfigField { name: name.to_owned(), description: None, of, required: true, default: None }
}

fn optional(name: &str, of: ConfigType, default: Option<Value>) -> ConfigField {
    ConfigField { name: name.to_owned(), description: None, of, required: false, default }
}

fn described(field: ConfigField, words: &str) -> ConfigField {
    ConfigField { description: Some(words.to_owned()), ..field }
}
