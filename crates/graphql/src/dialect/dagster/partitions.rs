//! Partitions as they are declared, with the newest run of each.

use apollo_compiler::ast::{self, Document};
use model::{Action, Job, JobId, Model, PartitionKeys, Partitions, Repository};
use plan::{Filter, Operator, ValueKind};
use serde_json::{Map, Value as Json, json};

use super::identity::hex;
use super::rows::Table;
use super::runs::rows_of;
use super::workspace::{self, jobs_of, text};
use super::{jobs, refusals, runs, yaml};
use crate::tell::{Asked, Holes, Telling, Told};

/// Tags of a partition's runs.
const PARTITION_TAG: &str = "dagster/partition";
const SET_TAG: &str = "dagster/partition_set";

/// A job with its partitions.
type Of<'a> = (JobId, &'a Job, &'a Partitions);

/// Partition sets of a repository, by the names of their jobs.
fn sets<'a>(model: &'a Model, of: &Repository) -> impl Iterator<Item = Of<'a>> {
    jobs_of(model, of).into_iter().filter_map(|(id, job)| Some((id, job, job.partitions.as_ref()?)))
}

/// `Repository.partitionSets`.
pub(super) fn of_repository<'a>(telling: Telling<'a>, of: &Repository) -> Told<'a> {
    Told::List(sets(telling.model, of).map(|of| hidden(of.0, set(telling, of), Told::Null)).collect())
}

fn hidden<'a>(id: JobId, told: Told<'a>, otherwise: Told<'a>) -> Told<'a> {
    Told::OfJob(id, Box::new(told), Box::new(otherwise))
}

/// `partitionSetsOrError`: those of one job.
pub(super) fn of_job<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").cloned().unwrap_or_default();
    let (location, repository) = (text(&selector, "repositoryLocationName"), text(&selector, "repositoryName"));
    let names = (location, repository, asked.text("pipelineName").unwrap_or_default());
    let Some(id) = jobs::find(telling, names) else { return refusals::job_not_found(names) };
    let told = Told::object("PartitionSets", move |asked| match asked.name.as_str() {
        "results" => {
            let job = telling.model.job(id);
            Told::List(job.partitions.iter().map(|partitions| set(telling, (id, job, partitions))).collect())
        }
        _ => Told::Unserved,
    });
    hidden(id, told, refusals::job_not_found(names))
}

/// `partitionSetOrError`.
pub(super) fn set_or_error<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").unwrap_or(&Json::Null);
    let name = asked.text("partitionSetName").unwrap_or_default();
    let missing = || set_not_found(name);
    let repository = workspace::selected(telling.model, selector).ok();
    let found = repository.and_then(|of| sets(telling.model, of).find(|(_, _, partitions)| partitions.name == name));
    match found {
        Some(of) => hidden(of.0, set(telling, of), missing()),
        None => missing(),
    }
}

/// `launchPartitionBackfill`: what is asked for is looked for, and nothing is launched.
pub(super) fn backfill<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let params = asked.argument("backfillParams").unwrap_or(&Json::Null);
    let (name, selector) = (text(&params["selector"], "partitionSetName"), &params["selector"]["repositorySelector"]);
    let repository = workspace::selected(telling.model, selector).ok();
    let found = repository.and_then(|of| sets(telling.model, of).find(|(_, _, partitions)| partitions.name == name));
    let Some((id, _, of)) = found else { return set_not_found(name) };
    let wanted = params["partitionNames"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let known = keys(of).unwrap_or_default();
    let unknown: Vec<&str> = wanted.filter(|name| !known.iter().any(|key| key == name)).collect();
    let told = if unknown.is_empty() {
        refusals::python_error("dragoman.Unserved", "this version shows partitions, but launches no backfills yet")
    } else {
        let message = format!("Partition keys `{}` could not be found.", super::python::list(&unknown));
        refusals::refusal("PartitionKeysNotFoundError", message, json!({ "partitionKeys": unknown }))
    };
    hidden(id, told, set_not_found(name))
}

fn set_not_found<'a>(name: &str) -> Told<'a> {
    let message = format!("Partition set {name} could not be found.");
    refusals::refusal("PartitionSetNotFoundError", message, json!({ "partitionSetName": name }))
}

/// Keys that stand in the text; those of days and of programs are not reckoned yet.
fn keys(of: &Partitions) -> Option<&[String]> {
    match &of.keys {
        PartitionKeys::Fixed(keys) => Some(keys),
        PartitionKeys::Daily(_) | PartitionKeys::Command(_) => None,
    }
}

/// `Pipeline.partitionKeysOrError`.
pub(super) fn keys_or_error(job: &Job) -> Told<'_> {
    match job.partitions.as_ref().map(keys) {
        None => Told::Json(json!({ "partitionKeys": [] })),
        Some(Some(keys)) => Told::Json(json!({ "partitionKeys": keys })),
        Some(None) => Told::Unserved,
    }
}

/// `Pipeline.partition`: null where there is none of the name.
pub(super) fn of_name<'a>(telling: Telling<'a>, id: JobId, asked: &Asked) -> Told<'a> {
    let job = telling.model.job(id);
    let Some(partitions) = &job.partitions else { return Told::Null };
    named(job, partitions, (asked.text("partitionName").unwrap_or_default(), "PartitionTagsAndConfig"))
}

fn named<'a>(job: &'a Job, of: &'a Partitions, (name, as_type): (&str, &'static str)) -> Told<'a> {
    match keys(of) {
        Some(keys) => keys.iter().find(|key| *key == name).map_or(Told::Null, |key| partition(job, of, (key, as_type))),
        None => Told::Unserved,
    }
}

fn set<'a>(telling: Telling<'a>, (id, job, of): Of<'a>) -> Told<'a> {
    Told::object("PartitionSet", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some(hex(&["partition_set", &job.location, &job.repository, &of.name]))),
        "name" => Told::text(Some(&of.name)),
        "pipelineName" => Told::text(Some(&job.name)),
        "mode" => Told::text(Some("default")),
        "solidSelection" => Told::Null,
        "repositoryOrigin" => workspace::origin(&job.location, &job.repository),
        "hasLaunchBackfillPermission" => Told::Json(telling.granted.allows(id, Action::Launch).into()),
        "hasCancelBackfillPermission" => Told::Json(telling.granted.allows(id, Action::Cancel).into()),
        // None was ever launched: this version launches no backfills.
        "backfills" => Told::Json(json!([])),
        "partition" => named(job, of, (asked.text("partitionName").unwrap_or_default(), "Partition")),
        "partitionsOrError" => page(job, of, asked),
        "partitionStatusesOrError" => statuses(telling, (id, job, of)),
        _ => Told::Unserved,
    })
}

/// The partitions from a cursor on, so many at most.
fn page<'a>(job: &'a Job, of: &'a Partitions, asked: &Asked) -> Told<'a> {
    let Some(keys) = keys(of) else { return Told::Unserved };
    let mut keys: Vec<&'a String> = keys.iter().collect();
    if asked.argument("reverse") == Some(&Json::Bool(true)) {
        keys.reverse();
    }
    if let Some(cursor) = asked.text("cursor") {
        keys = keys.into_iter().skip_while(|key| *key != cursor).skip(1).collect();
    }
    if let Some(limit) = asked.number("limit").filter(|limit| *limit > 0) {
        keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Told::object("Partitions", move |asked| match asked.name.as_str() {
        "results" => Told::List(keys.iter().map(|key| partition(job, of, (key, "Partition"))).collect()),
        _ => Told::Unserved,
    })
}

/// One partition, as one of its types.
fn partition<'a>(job: &'a Job, of: &'a Partitions, (key, as_type): (&'a str, &'static str)) -> Told<'a> {
    Told::object(as_type, move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(key)),
        "partitionSetName" => Told::text(Some(&of.name)),
        "jobName" => Told::text(Some(&job.name)),
        "mode" => Told::text(Some("default")),
        "solidSelection" => Told::Null,
        "tagsOrError" => Told::Json(json!({ "__typename": "PartitionTags", "results": tags(of, key) })),
        "runConfigOrError" => {
            let config = of.config.as_ref().and_then(|text| literal(text, key)).unwrap_or_else(|| json!({}));
            Told::Json(json!({ "__typename": "PartitionRunConfig", "yaml": yaml::block(&config) }))
        }
        _ => Told::Unserved,
    })
}

fn tags(of: &Partitions, key: &str) -> Json {
    let mut tags = of.tags.clone();
    tags.insert(PARTITION_TAG.to_owned(), key.to_owned());
    tags.insert(SET_TAG.to_owned(), of.name.clone());
    jobs::pairs(&tags)
}

/// A value literal in which `$key` stands for the key.
fn literal(text: &str, key: &str) -> Option<Json> {
    let document = Document::parse(format!("{{ f(of: {text}) }}"), "config").ok()?;
    let operation = document.definitions.first()?.as_operation_definition()?;
    let ast::Selection::Field(field) = operation.selection_set.first()? else { return None };
    Some(value(&field.arguments.first()?.value, key))
}

fn value(of: &ast::Value, key: &str) -> Json {
    match of {
        ast::Value::Null => Json::Null,
        ast::Value::Variable(_) => key.into(),
        ast::Value::Enum(word) => word.to_string().into(),
        ast::Value::String(text) => text.clone().into(),
        ast::Value::Float(number) => number.as_str().parse::<f64>().ok().map_or(Json::Null, Json::from),
        ast::Value::Int(number) => number.as_str().parse::<i64>().ok().map_or(Json::Null, Json::from),
        ast::Value::Boolean(is_true) => (*is_true).into(),
        ast::Value::List(items) => items.iter().map(|item| value(item, key)).collect(),
        ast::Value::Object(members) => {
            Json::Object(members.iter().map(|(name, of)| (name.to_string(), value(of, key))).collect::<Map<_, _>>())
        }
    }
}

/// The newest run of each partition, by the tags of both.
fn statuses<'a>(telling: Telling<'a>, (_, job, of): Of<'a>) -> Told<'a> {
    let (Some(keys), Some(table)) = (keys(of), Table::named(telling.model, "_Run")) else { return Told::Unserved };
    let select = move |holes: &mut Holes<'_>| {
        let text = |text: &str| (ValueKind::Text, Json::from(text));
        let its = [("jobName", &job.name), ("repository", &job.repository), ("location", &job.location)]
            .map(|(column, word)| table.is(holes, column, Operator::Eq, text(word)));
        let of_set = table.some("tagRows", |tag| {
            let name = tag.is(holes, "name", Operator::Eq, text(SET_TAG));
            name.and(tag.is(holes, "value", Operator::Eq, text(&of.name)))
        });
        let filter = Filter::all_of(its).and(of_set);
        plan::Select { filter, ..table.all(table.row(&["_key", "status", "tags"])) }
    };
    rows_of(select, move |rows| {
        let status = |key: &String| {
            let newest = rows.iter().find(|raw| raw["tags"][PARTITION_TAG] == **key);
            let id = [&of.name, ":", key].concat();
            json!({
                "id": id,
                "partitionName": key,
                "runId": newest.map(|raw| raw["_key"].clone()),
                "runStatus": newest.map(|raw| runs::status(raw["status"].as_str().unwrap_or_default())),
                "runDuration": null,
            })
        };
        let results: Json = keys.iter().map(status).collect();
        Told::Json(json!({ "__typename": "PartitionStatuses", "results": results }))
    })
}
