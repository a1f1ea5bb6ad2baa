//! Assets: those that the project declares, as nodes of a graph, and what runs said that they made.

use std::collections::BTreeMap;

use model::{Job, JobId, Node, Op, OpId, Repository};
use plan::{Operator, ValueKind};
use serde_json::{Value as Json, json};

use super::events;
use super::python::dumps;
use super::refusals;
use super::rows::{Table, nested};
use super::runs::rows_of;
use super::workspace::jobs_of;
use crate::tell::{Asked, Holes, Telling, Told};

/// A declared asset: the op that makes it, in a job.
type Declared = (JobId, OpId);

/// The key of an asset.
type Key = Vec<String>;

/// What is declared, by key.
fn declared(telling: Telling<'_>) -> BTreeMap<Key, Declared> {
    let jobs = telling.model.jobs_by_id();
    let ops = jobs.flat_map(|(id, job)| job.ops_by_id().map(move |(op, of)| ((id, op), of)));
    ops.filter_map(|(at, op)| Some((op.asset.as_ref()?.key.clone(), at))).collect()
}

/// Root fields about assets.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "assetsOrError" => all(telling, asked),
        "assetOrError" => {
            let key = key_of(asked.argument("assetKey").unwrap_or(&Json::Null));
            with_events(telling, move |made| asset(telling, &key, made.get(&key).cloned().unwrap_or_default()))
        }
        "assetRecordsOrError" => records(telling, asked),
        "assetNodes" => nodes(telling, asked),
        _ => Told::Unserved,
    }
}

fn key_of(given: &Json) -> Key {
    let words = given["path"].as_array().into_iter().flatten();
    words.filter_map(Json::as_str).map(str::to_owned).collect()
}

/// What runs said that they made, newest first, by key: every such event of every run that is kept.
fn with_events<'a>(telling: Telling<'a>, tell: impl FnOnce(BTreeMap<Key, Vec<Json>>) -> Told<'a> + 'a) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_RunEvent") else { return tell(BTreeMap::new()) };
    let mut row = table.row(&events::COLUMNS);
    row.object.entries.push(nested("run", table.related_one("run", &["_key", "jobName", "number"])));
    let select = move |holes: &mut Holes<'_>| {
        let kind = (ValueKind::Text, events::MATERIALIZATION.into());
        let filter = table.is(holes, "kind", Operator::Eq, kind);
        let sort = vec![table.by("timestamp", plan::Direction::Descending)];
        plan::Select { filter, sort, ..table.all(row) }
    };
    rows_of(select, move |rows| {
        let mut made: BTreeMap<Key, Vec<Json>> = BTreeMap::new();
        for raw in rows {
            let event = events::single(&raw["run"], &raw);
            made.entry(key_of(&event["assetKey"])).or_default().push(event);
        }
        tell(made)
    })
}

/// `assetsOrError`: declared ones, and every key that some run named.
fn all<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    with_events(telling, move |mut made| {
        let prefix = key_of(&json!({ "path": asked.argument("prefix") }));
        let mut keys: Vec<Key> = declared(telling).into_keys().chain(made.keys().cloned()).collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| key.starts_with(&prefix));
        if let Some(wanted) = asked.argument("assetKeys").and_then(Json::as_array) {
            let wanted: Vec<Key> = wanted.iter().map(key_of).collect();
            keys.retain(|key| wanted.contains(key));
        }
        if let Some(cursor) = asked.text("cursor") {
            keys.retain(|key| dumps(&json!(key)).as_str() > cursor);
        }
        if let Some(limit) = asked.number("limit").filter(|limit| *limit > 0) {
            keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let cursor = keys.last().map(|key| dumps(&json!(key)));
        let assets: Vec<(Key, Vec<Json>)> =
            keys.into_iter().map(|key| (key.clone(), made.remove(&key).unwrap_or_default())).collect();
        Told::object("AssetConnection", move |asked| match asked.name.as_str() {
            "nodes" => Told::List(assets.iter().map(|(key, made)| asset(telling, key, made.clone())).collect()),
            "cursor" => Told::text(cursor.clone()),
            _ => Told::Unserved,
        })
    })
}

/// `assetRecordsOrError`: the keys that runs named.
fn records<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    with_events(telling, move |made| {
        let prefix = key_of(&json!({ "path": asked.argument("prefix") }));
        let behind = |key: &&Key| asked.text("cursor").is_none_or(|cursor| dumps(&json!(key)).as_str() > cursor);
        let limit = asked.number("limit").filter(|limit| *limit > 0).unwrap_or(i64::MAX);
        let keys = made.keys().filter(|key| key.starts_with(&prefix)).filter(behind);
        let keys: Vec<&Key> = keys.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let id = |key: &Key| dumps(&json!(key));
        let record = |key: &&Key| json!({ "id": id(key), "key": { "path": key } });
        let (list, cursor): (Json, _) = (keys.iter().map(record).collect(), keys.last().map(|key| id(key)));
        Told::Json(json!({ "__typename": "AssetRecordConnection", "assets": list, "cursor": cursor }))
    })
}

/// An asset, declared or not, with what runs said of it.
fn asset<'a>(telling: Telling<'a>, key: &Key, made: Vec<Json>) -> Told<'a> {
    let key = key.clone();
    Told::object("Asset", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some(dumps(&json!(key)))),
        "key" => Told::Json(json!({ "path": key })),
        "definition" => declared(telling).get(&key).map_or(Told::Null, |of| node(telling, *of)),
        "hasDefinitionOrRecord" => Told::Json((!made.is_empty() || declared(telling).contains_key(&key)).into()),
        "assetMaterializations" => {
            let limit = asked.number("limit").filter(|limit| *limit > 0).unwrap_or(i64::MAX);
            Told::Json(made.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
        }
        "latestMaterializationTimestamp" => {
            let newest = made.first().and_then(|event| event["timestamp"].as_str()?.parse::<f64>().ok());
            Told::Json(newest.map_or(Json::Null, Json::from))
        }
        "latestObservationTimestamp" | "latestFailedToMaterializeTimestamp" => Told::Null,
        _ => Told::Unserved,
    })
}

/// `assetNodes`: what is declared, in the group, the job or of the keys that are asked for.
fn nodes<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let group = asked.argument("group").map(|group| group["groupName"].clone());
    let job = asked.argument("pipeline").and_then(|selector| super::jobs::find(telling, super::jobs::names(selector)));
    let wanted: Option<Vec<Key>> =
        asked.argument("assetKeys").and_then(Json::as_array).map(|keys| keys.iter().map(key_of).collect());
    let found = declared(telling).into_iter().filter(|(key, (id, op))| {
        let asset = telling.model.job(*id).op(*op).asset.as_ref();
        group.as_ref().is_none_or(|group| asset.is_some_and(|asset| *group == *asset.group))
            && (asked.argument("pipeline").is_none() || job == Some(*id))
            && wanted.as_ref().is_none_or(|wanted| wanted.contains(key))
    });
    Told::List(found.map(|(_, of)| hidden(telling, of)).collect())
}

fn hidden(telling: Telling<'_>, of: Declared) -> Told<'_> {
    Told::OfJob(of.0, Box::new(node(telling, of)), Box::new(Told::Null))
}

/// `assetNodeOrError`.
pub(super) fn node_or_error<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let key = key_of(asked.argument("assetKey").unwrap_or(&Json::Null));
    let missing = || {
        let message = format!("Asset key {} not found.", dumps(&json!(key)));
        refusals::refusal("AssetNotFoundError", message, json!({}))
    };
    match declared(telling).get(&key) {
        Some(of) => Told::OfJob(of.0, Box::new(node(telling, *of)), Box::new(missing())),
        None => missing(),
    }
}

/// The assets that a repository declares.
pub(super) fn of_repository<'a>(telling: Telling<'a>, of: &Repository) -> Vec<Told<'a>> {
    let jobs: Vec<JobId> = jobs_of(telling.model, of).into_iter().map(|(id, _)| id).collect();
    let found = declared(telling).into_values().filter(|(id, _)| jobs.contains(id));
    found.map(|of| hidden(telling, of)).collect()
}

/// The groups of a repository's assets, by name.
pub(super) fn groups<'a>(telling: Telling<'a>, of: &Repository) -> Told<'a> {
    let mut groups: BTreeMap<&str, Vec<Json>> = BTreeMap::new();
    for (_, job) in jobs_of(telling.model, of) {
        for asset in job.ops.iter().filter_map(|op| op.asset.as_ref()) {
            groups.entry(&asset.group).or_default().push(json!({ "path": asset.key }));
        }
    }
    let id = |name: &str| super::identity::hex(&["asset_group", &of.location, &of.name, name]);
    let told = groups.into_iter().map(|(name, keys)| json!({ "id": id(name), "groupName": name, "assetKeys": keys }));
    Told::Json(told.collect())
}

/// A declared asset.
fn node(telling: Telling<'_>, (id, at): Declared) -> Told<'_> {
    let job = telling.model.job(id);
    let op = job.op(at);
    let Some(asset) = &op.asset else { return Told::Null };
    Told::object("AssetNode", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some([&job.location, ".", &job.repository, ".", &asset.key.join("/")].concat())),
        "assetKey" => Told::Json(json!({ "path": asset.key })),
        "groupName" => Told::text(Some(&asset.group)),
        "description" => Told::text(op.description.as_ref()),
        "jobNames" => Told::Json(json!([job.name])),
        "opName" => Told::text(Some(&op.name)),
        "opNames" => Told::Json(json!([op.name])),
        "graphName" => Told::Null,
        "opTags" => Told::Json(super::jobs::pairs(&op.tags)),
        "kinds" => Told::Json(json!(asset.kinds)),
        "computeKind" => Told::text(op.tags.get("kind")),
        "isExecutable" | "isMaterializable" => Told::Json(true.into()),
        "isObservable" | "isPartitioned" | "isVirtual" | "isAutoCreatedStub" | "hasAssetChecks" => {
            Told::Json(false.into())
        }
        "dependencyKeys" => Told::Json(op.needs.iter().filter_map(|need| key_json(job.op(*need))).collect()),
        "dependedByKeys" => Told::Json(depended(job, at)),
        "repository" => {
            let is_its = |of: &&Repository| of.location == job.location && of.name == job.repository;
            let found = telling.model.repositories.iter().find(is_its);
            found.map_or(Told::Unserved, |of| super::workspace::told(telling, of))
        }
        "op" => super::nodes::definition(telling, id, Node::Op(at, op)),
        "partitionKeys" | "owners" | "tags" | "metadataEntries" | "pools" | "changedReasons" => Told::Json(json!([])),
        "partitionDefinition" | "freshnessPolicy" | "autoMaterializePolicy" | "backfillPolicy" | "opVersion" => {
            Told::Null
        }
        _ => Told::Unserved,
    })
}

fn key_json(op: &Op) -> Option<Json> {
    op.asset.as_ref().map(|asset| json!({ "path": asset.key }))
}

/// The assets that are made of one, in the order of the text.
fn depended(job: &Job, of: OpId) -> Json {
    job.ops.iter().filter(|op| op.needs.contains(&of)).filter_map(key_json).collect()
}
