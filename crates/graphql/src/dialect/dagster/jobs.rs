//! Jobs under their two names (`Pipeline`, `Job`) and as snapshots, with their modes, resources and config.

use std::collections::BTreeMap;

use model::config::{ConfigField, ConfigType, check, fill};
use model::{Action, Job, JobId};
use serde_json::{Map, Value as Json, json};

use super::identity::hex;
use super::workspace::{self, text};
use super::{automation, config, config_faults, nodes, partitions, refusals, runs, schedules, yaml};
use crate::tell::{Asked, Telling, Told};

/// What is asked for by a selector of a job.
pub(super) type Names<'s> = (&'s str, &'s str, &'s str);

/// The location, repository and job that a selector names; `jobName` and `pipelineName` are one.
pub(super) fn names(selector: &Json) -> Names<'_> {
    let job = match text(selector, "pipelineName") {
        "" => text(selector, "jobName"),
        name => name,
    };
    (text(selector, "repositoryLocationName"), text(selector, "repositoryName"), job)
}

/// The job of these names, whoever may see it.
pub(super) fn find(telling: Telling<'_>, (location, repository, name): Names<'_>) -> Option<JobId> {
    let is_it = |job: &Job| job.location == location && job.repository == repository && job.name == name;
    telling.model.jobs_by_id().find(|(_, job)| is_it(job)).map(|(id, _)| id)
}

/// What is told of the job that a selector names; to those who may not see it as if it were not there.
pub(super) fn of_selector<'a>(telling: Telling<'a>, selector: &Json, tell: impl FnOnce(JobId) -> Told<'a>) -> Told<'a> {
    of_part(telling, selector, |id, chosen| match chosen {
        None => tell(id),
        // A part of a job is not told of by itself yet.
        Some(_) => Told::Unserved,
    })
}

/// The same of the ops that the selector names, where it names some.
pub(super) fn of_part<'a>(
    telling: Telling<'a>,
    selector: &Json,
    tell: impl FnOnce(JobId, Option<Vec<String>>) -> Told<'a>,
) -> Told<'a> {
    let names = names(selector);
    let Some(id) = find(telling, names) else { return refusals::job_not_found(names) };
    let told = match nodes::selection(telling.model.job(id), selector) {
        Ok(chosen) => tell(id, chosen),
        Err(refusal) => refusal,
    };
    Told::OfJob(id, Box::new(told), Box::new(refusals::job_not_found(names)))
}

/// The type of the document that a launch of these ops gives; none: of all.
pub(super) fn config_type(job: &Job, chosen: Option<&[String]>) -> ConfigType {
    chosen.map_or_else(|| job.config_type(), |chosen| job.config_type_of(chosen))
}

/// `pipelineOrError`.
pub(super) fn pipeline<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("params").unwrap_or(&Json::Null);
    of_selector(telling, selector, |id| told(telling, id, "Pipeline"))
}

/// `pipelineSnapshotOrError`: of the jobs that there are now.
pub(super) fn snapshot<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    if let Some(id) = asked.text("snapshotId") {
        let found = telling.model.jobs_by_id().find(|(_, job)| snapshot_id(job) == id);
        let missing = || {
            let message = format!("Pipeline snapshot {id} is not present in the current instance.");
            refusals::refusal("PipelineSnapshotNotFoundError", message, json!({ "snapshotId": id }))
        };
        return match found {
            Some((job, _)) => Told::OfJob(job, Box::new(told(telling, job, "PipelineSnapshot")), Box::new(missing())),
            None => missing(),
        };
    }
    match asked.argument("activePipelineSelector") {
        Some(selector) => of_selector(telling, selector, |id| told(telling, id, "PipelineSnapshot")),
        None => refusals::python_error(
            "dagster._check.functions.CheckError",
            "Must set one of snapshotId or activePipelineSelector",
        ),
    }
}

/// Changes when the definition does.
pub(super) fn snapshot_id(job: &Job) -> String {
    let mut words = vec![
        job.location.clone(),
        job.repository.clone(),
        job.name.clone(),
        job.description.clone().unwrap_or_default(),
        format!("{:?} {:?}", job.tags, job.run_tags),
        config::key(&job.config_type()),
    ];
    for op in &job.ops {
        let inputs: Vec<_> = op.inputs.iter().map(|of| (&of.name, &of.of, &of.source)).collect();
        words.push(format!("{} {} {:?} {inputs:?} {:?}", op.name, op.definition, op.description, op.outputs));
        words.push(format!("{:?} {:?} {:?} {:?}", op.work, op.retry, op.tags, op.resources));
    }
    for graph in &job.graphs {
        let inputs: Vec<_> = graph.inputs.iter().map(|of| (&of.name, &of.of, &of.source)).collect();
        words.push(format!("{} {} {inputs:?} {:?}", graph.name, graph.definition, graph.output));
    }
    hex(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The id of a job, as long as its names are the same.
fn id_of(job: &Job) -> String {
    hex(&["job", &job.location, &job.repository, &job.name])
}

/// A job as one of its types.
pub(super) fn told<'a>(telling: Telling<'a>, id: JobId, as_type: &'static str) -> Told<'a> {
    let job = telling.model.job(id);
    Told::object(as_type, move |asked| match asked.name.as_str() {
        "id" if as_type == "PipelineSnapshot" => Told::text(Some(snapshot_id(job))),
        "id" => Told::text(Some(id_of(job))),
        "name" | "graphName" => Told::text(Some(&job.name)),
        "description" => Told::text(job.description.as_ref()),
        "isJob" => Told::Json(true.into()),
        "isAssetJob" => Told::Json((job.name == model::ASSET_JOB).into()),
        "pipelineSnapshotId" => Told::text(Some(snapshot_id(job))),
        "parentSnapshotId" | "externalJobSource" | "solidSelection" | "automationCondition" => Told::Null,
        "tags" => Told::Json(pairs(&job.tags)),
        "runTags" => Told::Json(pairs(&job.run_tags)),
        "metadataEntries" | "owners" | "presets" => Told::Json(json!([])),
        "nodeNames" => {
            let mut names: Vec<&str> = job.nodes(None).into_iter().map(model::Node::name).collect();
            names.sort_unstable();
            Told::Json(json!(names))
        }
        "solids" => nodes::solids(telling, id, None),
        "solidHandle" => nodes::handle(telling, id, asked.text("handleID").unwrap_or_default()),
        "solidHandles" => nodes::handles(telling, id, asked.text("parentHandleID")),
        "modes" => Told::List(vec![mode(job)]),
        "dagsterTypes" => nodes::types(job),
        "dagsterTypeOrError" => nodes::type_named(job, asked.text("dagsterTypeName").unwrap_or_default()),
        "schedules" => {
            let schedules = job.schedules.iter().map(|schedule| (id, schedule));
            schedules::list(telling, schedules.collect(), asked, None)
        }
        "sensors" => {
            let place = (job.location.as_str(), job.repository.as_str());
            let sensors = job.sensors.iter().map(|sensor| automation::sensor(telling, (Some(id), sensor), place));
            Told::List(sensors.collect())
        }
        "repository" => {
            let is_its = |of: &&model::Repository| of.location == job.location && of.name == job.repository;
            let found = telling.model.repositories.iter().find(is_its);
            found.map_or(Told::Unserved, |of| workspace::told(telling, of))
        }
        "hasLaunchExecutionPermission" | "hasLaunchReexecutionPermission" => {
            Told::Json(telling.granted.allows(id, Action::Launch).into())
        }
        "partitionKeysOrError" => partitions::keys_or_error(job),
        "partition" => partitions::of_name(telling, id, asked),
        "runs" => runs::of_job(telling, id, asked),
        _ => Told::Unserved,
    })
}

/// Tags as the list of their pairs, by key.
pub(super) fn pairs(tags: &model::Tags) -> Json {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// The one mode of a job.
fn mode(job: &Job) -> Told<'_> {
    Told::object("Mode", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some([&id_of(job), "-default"].concat())),
        "name" => Told::text(Some("default")),
        "description" => Told::Null,
        "resources" => supplies(job, "resources", "Resource"),
        "loggers" => supplies(job, "loggers", "Logger"),
        _ => Told::Unserved,
    })
}

/// Resources or loggers: the members of that part of the job's config.
fn supplies<'a>(job: &Job, part: &str, as_type: &'static str) -> Told<'a> {
    let members = member(&job.config_type(), part).map(|field| fields(&field.of)).unwrap_or_default();
    let told = |of: ConfigField| {
        Told::object(as_type, move |asked: &Asked| {
            let config = member(&of.of, "config");
            match asked.name.as_str() {
                "name" => Told::text(Some(of.name.clone())),
                "description" => {
                    let own = config.as_ref().and_then(|field| field.description.clone());
                    Told::text(of.description.clone().or(own))
                }
                "configField" => config.as_ref().map_or(Told::Null, config::field),
                _ => Told::Unserved,
            }
        })
    };
    Told::List(members.into_iter().map(told).collect())
}

/// `resourcesOrError`.
pub(super) fn resources<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("pipelineSelector").unwrap_or(&Json::Null);
    of_selector(telling, selector, |id| {
        Told::object("ResourceConnection", move |asked| match asked.name.as_str() {
            "resources" => supplies(telling.model.job(id), "resources", "Resource"),
            _ => Told::Unserved,
        })
    })
}

/// The members of an object type.
fn fields(of: &ConfigType) -> Vec<ConfigField> {
    match of {
        ConfigType::Shape(shape) => shape.fields.clone(),
        ConfigType::Any
        | ConfigType::Scalar(_)
        | ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Nullable(_)
        | ConfigType::List(_)
        | ConfigType::Map(_)
        | ConfigType::Either(_) => Vec::new(),
    }
}

/// A member of an object type.
pub(super) fn member(of: &ConfigType, name: &str) -> Option<ConfigField> {
    fields(of).into_iter().find(|field| field.name == name)
}

/// `graphOrError`: a graph that a job of the repository uses, or a job by its name.
pub(super) fn graph<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("selector").cloned().unwrap_or_default();
    let names =
        (text(&selector, "repositoryLocationName"), text(&selector, "repositoryName"), text(&selector, "graphName"));
    let missing = || refusals::graph_not_found(names);
    if let Some(id) = find(telling, names) {
        return Told::OfJob(id, Box::new(nodes::graph(telling, id, None)), Box::new(missing()));
    }
    let of_repository = |job: &Job| job.location == names.0 && job.repository == names.1;
    let found = telling
        .model
        .jobs_by_id()
        .filter(|(_, job)| of_repository(job))
        .find_map(|(id, job)| job.graphs.iter().find(|graph| graph.definition == names.2).map(|graph| (id, graph)));
    match found {
        Some((id, graph)) => Told::OfJob(id, Box::new(nodes::graph(telling, id, Some(graph))), Box::new(missing())),
        None => missing(),
    }
}

/// `runConfigSchemaOrError`.
pub(super) fn config_schema<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("selector").unwrap_or(&Json::Null);
    of_part(telling, selector, |id, chosen| {
        let job = telling.model.job(id);
        let of = config_type(job, chosen.as_deref());
        Told::object("RunConfigSchema", move |asked| match asked.name.as_str() {
            "rootConfigType" => config::told(&of),
            "allConfigTypes" => Told::List(all_types(job, &of).values().map(config::told).collect()),
            "rootDefaultYaml" => Told::text(Some(default_yaml(&of))),
            "isRunConfigValid" => validated((job, &of), asked.arguments.get("runConfigData")),
            _ => Told::Unserved,
        })
    })
}

/// Every type that the root reaches, and those of the values that inputs may be given as.
fn all_types(job: &Job, root: &ConfigType) -> BTreeMap<String, ConfigType> {
    let mut found = BTreeMap::new();
    config::gather(root, &mut found);
    for of in model::config::loaded_types() {
        config::gather(&of, &mut found);
    }
    for input in job.ops.iter().flat_map(|op| &op.inputs) {
        if let Some(of) = model::config::loaded_as(&input.of) {
            config::gather(&of, &mut found);
        }
    }
    found
}

/// Every default of the ops and resources; where something must be given, what stands beside it.
fn default_yaml(of: &ConfigType) -> String {
    let mut root = Map::new();
    for part in ["ops", "resources"] {
        if let Some(value) = member(of, part).and_then(|field| defaults(&field.of)) {
            root.insert(part.to_owned(), value);
        }
    }
    yaml::block(&Json::Object(root))
}

/// The defaults in a type; none where there are none.
fn defaults(of: &ConfigType) -> Option<Json> {
    let ConfigType::Shape(shape) = of else { return None };
    if shape.kind == model::config::ShapeKind::OneOf {
        return None;
    }
    let mut object = Map::new();
    for field in &shape.fields {
        let inner = defaults(&field.of);
        let value = match (&field.default, inner) {
            (Some(default), _) if !default.is_null() && !default.is_object() => Some(fill(&field.of, default)),
            (_, Some(inner)) => Some(inner),
            (None, None) if is_open(&field.of) => Some(json!({})),
            (_, None) => None,
        };
        object.extend(value.map(|value| (field.name.clone(), value)));
    }
    (!object.is_empty()).then_some(Json::Object(object))
}

fn is_open(of: &ConfigType) -> bool {
    matches!(of, ConfigType::Shape(shape) if shape.kind == model::config::ShapeKind::Open)
}

/// `isPipelineConfigValid`.
pub(super) fn is_config_valid<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("pipeline").unwrap_or(&Json::Null);
    let given = asked.arguments.get("runConfigData").cloned();
    of_part(telling, selector, |id, chosen| {
        let job = telling.model.job(id);
        validated((job, &config_type(job, chosen.as_deref())), given.as_ref())
    })
}

/// What a document of config is worth: text is YAML, nothing is an empty object.
fn validated<'a>((job, of): (&'a Job, &ConfigType), given: Option<&Json>) -> Told<'a> {
    let value = match given {
        None | Some(Json::Null) => json!({}),
        Some(Json::String(text)) if text.is_empty() => json!({}),
        Some(Json::String(text)) => yaml::read(text).unwrap_or_else(|_| text.as_str().into()),
        Some(value) => value.clone(),
    };
    let faults = check(of, &value);
    if faults.is_empty() {
        return Told::Json(json!({ "__typename": "PipelineConfigValidationValid", "pipelineName": job.name }));
    }
    invalid(job, faults)
}

/// A document with faults.
pub(super) fn invalid(job: &Job, faults: Vec<model::config::ConfigFault>) -> Told<'_> {
    Told::object("RunConfigValidationInvalid", move |asked| match asked.name.as_str() {
        "pipelineName" => Told::text(Some(&job.name)),
        "errors" => config_faults::told(&faults),
        _ => Told::Unserved,
    })
}
