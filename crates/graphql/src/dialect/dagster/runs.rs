//! Runs: rows of the workflow engine as this API shows them.

use model::{Action, Job, JobId};
use plan::{Filter, Operand, Operator, Page, Row, Select, Shape, ValueKind};
use serde_json::{Map, Value as Json, json};

use super::identity::hex;
use super::rows::{Table, nested};
use super::{events, jobs, logs, refusals, steps, workspace, yaml};
use crate::tell::{self, Asked, Rows, Telling, Told};

/// Rows of lists that say no number, at most; clients ask for a few hundred.
const RUNS_OF_JOB_MAX: i64 = 1_000;

/// The engine's statuses and this API's.
const STATUSES: [(&str, &str); 7] = [
    ("queued", "QUEUED"),
    ("starting", "STARTING"),
    ("started", "STARTED"),
    ("canceling", "CANCELING"),
    ("succeeded", "SUCCESS"),
    ("failed", "FAILURE"),
    ("canceled", "CANCELED"),
];
/// A tag that every run has, though no row keeps it.
const LOCATION_TAG: &str = "dagster/code_location";
/// A tag of repetitions.
const PARENT_TAG: &str = "dagster/parent_run_id";
/// A tag that finds runs of a repository, though no answer shows it.
const REPOSITORY_TAG: &str = ".dagster/repository";

/// Root fields about runs.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "runsOrError" | "pipelineRunsOrError" => list(telling, asked),
        "runIdsOrError" => ids(telling, asked),
        "runOrError" | "pipelineRunOrError" => one(telling, asked),
        "runGroupOrError" => group(telling, asked),
        "runTagKeysOrError" => tag_keys(telling),
        "runTagsOrError" => tag_values(telling, asked),
        "logsForRun" => events::of_run(telling, asked),
        _ => Told::Unserved,
    }
}

/// What a run is told from: these columns and those that what is asked of it needs, with what stands below it where it is asked for.
pub(super) fn row<'a>(telling: Telling<'a>, asked: &Asked, columns: &[&'static str]) -> Option<(Table<'a>, Row)> {
    let table = Table::named(telling.model, "_Run")?;
    let mut needs: Vec<&str> = ["_key"].iter().chain(columns).copied().collect();
    let mut of_field = |name: &str| {
        needs.extend(needs_of(name));
        false
    };
    of_field(&asked.name);
    asked.wants_some(&mut of_field);
    needs.sort_unstable();
    needs.dedup();
    let (below, columns): (Vec<&str>, Vec<&str>) = needs.into_iter().partition(|need| BELOW.contains(need));
    let mut row = table.row(&columns);
    row.object.entries.extend(below.into_iter().map(|name| nested(name, below_run(table, name, asked))));
    Some((table, row))
}

/// Parts of a run that are rows of other tables.
const BELOW: [&str; 4] = ["events", "logs", "steps", "version"];

fn below_run(table: Table<'_>, name: &str, asked: &Asked) -> Select {
    match name {
        "events" => events::below(table, asked),
        "logs" => logs::lines(table),
        "steps" => {
            let columns = ["key", "opName", "status", "startTime", "endTime", "position", "isReused"];
            table.related("steps", "position", &columns)
        }
        relation => table.related_one(relation, &["hash", "archived"]),
    }
}

/// What a field of a run is told from; nothing for a field of something else.
fn needs_of(field: &str) -> &'static [&'static str] {
    match field {
        "status" | "runStatus" | "canTerminate" => &["status"],
        "jobName" | "pipelineName" => &["jobName"],
        "pipelineSnapshotId" | "parentPipelineSnapshotId" | "pipeline" => {
            &["location", "repository", "jobName", "opSelection", "version"]
        }
        "repositoryOrigin" => &["location", "repository"],
        "solidSelection" | "resolvedOpSelection" => &["opSelection"],
        "stats" => &[
            "stepsSucceeded",
            "stepsFailed",
            "materializations",
            "expectations",
            "queuedAt",
            "launchedAt",
            "startTime",
            "endTime",
        ],
        "stepStats" => &["jobName", "steps", "events"],
        "executionPlan" => &["location", "repository", "jobName", "steps"],
        "capturedLogs" => &["jobName", "logs"],
        "stepKeysToExecute" => &["location", "repository", "jobName", "stepKeys", "tags", "steps"],
        "runConfigYaml" | "runConfig" => &["config"],
        "tags" => &["tags", "location"],
        "rootRunId" => &["root"],
        "parentRunId" => &["parent"],
        "creationTime" => &["createdAt"],
        "updateTime" => &["changedAt"],
        "startTime" => &["startTime", "endTime"],
        "endTime" => &["endTime"],
        "eventConnection" | "assetMaterializations" | "assets" => &["jobName", "events"],
        "hasReExecutePermission" | "hasTerminatePermission" | "hasDeletePermission" => {
            &["location", "repository", "jobName"]
        }
        _ => &[],
    }
}

/// `runsOrError`.
fn list<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    Told::object("Runs", move |inner| match inner.name.as_str() {
        "results" => rows(telling, asked, inner, move |raw| run(telling, raw)),
        "count" => count(telling, asked),
        _ => Told::Unserved,
    })
}

/// `runIdsOrError`.
fn ids<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    Told::object("RunIds", move |inner| match inner.name.as_str() {
        "results" => rows(telling, asked, inner, |raw| Told::Column(raw, "_key")),
        _ => Told::Unserved,
    })
}

/// Runs by the arguments of a root field, told one by one.
fn rows<'a>(
    telling: Telling<'a>,
    asked: &'a Asked,
    inner: &Asked,
    tell: impl Fn(tell::Row) -> Told<'a> + 'a,
) -> Told<'a> {
    let Some((table, row)) = row(telling, inner, &[]) else { return Told::Json(json!([])) };
    let select = move |holes: &mut crate::tell::Holes<'_>| {
        let mut select = Select { filter: filter(table, asked, holes), ..table.all(row) };
        if let Some(cursor) = asked.argument("cursor") {
            let key = holes.loose(ValueKind::Uuid, cursor.clone());
            select.filter = select.filter.and(Filter::Compare(plan::Comparison {
                column: table.column("number"),
                operator: Operator::Lt,
                value: Operand::OfKey(key),
            }));
        }
        if let Some(limit) = asked.number("limit").filter(|limit| *limit > 0) {
            let limit = holes.value(ValueKind::Int, limit.into());
            select.page = Page::Offset { start: None, limit: Some(limit) };
        }
        select
    };
    found_of(select, move |rows| Told::List(rows.into_iter().map(tell).collect()))
}

/// Rows by what is asked of them, and what is told of their list.
pub(super) fn found_of<'a>(
    select: impl FnOnce(&mut crate::tell::Holes<'_>) -> Select + 'a,
    tell: impl FnOnce(Vec<tell::Row>) -> Told<'a> + 'a,
) -> Told<'a> {
    Told::Rows(Rows::of(select, |found| tell(found.rows())))
}

/// Rows, and what is told of their list.
pub(super) fn rows_of<'a>(
    select: impl FnOnce(&mut crate::tell::Holes<'_>) -> Select + 'a,
    tell: impl FnOnce(Vec<Json>) -> Told<'a> + 'a,
) -> Told<'a> {
    let then = move |found: tell::Found| match found.into_json() {
        Json::Array(rows) => tell(rows),
        Json::Null => tell(Vec::new()),
        one => tell(vec![one]),
    };
    Told::Rows(Rows::of(select, then))
}

/// Number of runs that a filter keeps, whatever cursor and limit.
fn count<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    count_of(telling, move |table, holes| filter(table, asked, holes))
}

/// Number of runs that meet what is said of them.
pub(super) fn count_of<'a>(
    telling: Telling<'a>,
    filter: impl FnOnce(Table<'a>, &mut crate::tell::Holes<'_>) -> Filter + 'a,
) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_Run") else { return Told::Json(0.into()) };
    let select = move |holes: &mut crate::tell::Holes<'_>| {
        let total = plan::PartEntry {
            key: "total".to_owned(),
            non_null: true,
            name: "Runs.count".to_owned(),
            value: plan::Part::Total,
        };
        let shape = Shape::Parts(vec![total]);
        let nothing = Row { non_null: false, object: plan::Object::default() };
        Select { filter: filter(table, holes), shape, ..table.all(nothing) }
    };
    Told::Rows(Rows::of(select, |counts| Told::Json(counts.into_json()["total"].clone())))
}

/// What `RunsFilter` asks: all of its members. Those that are null or empty ask nothing.
pub(super) fn filter(table: Table<'_>, asked: &Asked, holes: &mut crate::tell::Holes<'_>) -> Filter {
    let given = asked.argument("filter").and_then(Json::as_object).cloned().unwrap_or_default();
    let mut all = Vec::new();
    let texts = |name: &str| given.get(name).and_then(Json::as_array).filter(|list| !list.is_empty()).cloned();
    if let Some(ids) = texts("runIds") {
        all.push(table.is(holes, "_key", Operator::In, (ValueKind::Uuid, Json::Array(ids))));
    }
    if let Some(name) = given.get("pipelineName").filter(|name| name.is_string()) {
        all.push(table.is(holes, "jobName", Operator::Eq, (ValueKind::Text, name.clone())));
    }
    if let Some(statuses) = texts("statuses") {
        let known = |word: &Json| STATUSES.iter().find(|(_, ours)| Some(*ours) == word.as_str());
        let words: Vec<Json> = statuses.iter().filter_map(known).map(|(engine, _)| (*engine).into()).collect();
        all.push(table.is(holes, "status", Operator::In, (ValueKind::Text, words.into())));
    }
    if let Some(hash) = given.get("snapshotId").filter(|hash| hash.is_string()) {
        all.push(of_snapshot(table, holes, hash));
    }
    let times = [
        ("updatedAfter", "changedAt", Operator::Gt),
        ("updatedBefore", "changedAt", Operator::Lt),
        ("createdAfter", "createdAt", Operator::Gt),
        ("createdBefore", "createdAt", Operator::Lt),
    ];
    for (member, column, operator) in times {
        let seconds = given.get(member).and_then(Json::as_f64).filter(|seconds| *seconds != 0.0);
        if let Some(instant) = seconds.and_then(instant) {
            all.push(table.is(holes, column, operator, (ValueKind::DateTime, instant.into())));
        }
    }
    let mut tags = Map::new();
    for tag in texts("tags").into_iter().flatten() {
        let text = |member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        tags.insert(text("key"), text("value").into());
    }
    all.extend(tags.into_iter().map(|(key, value)| tag(table, holes, (&key, value))));
    Filter::all_of(all)
}

/// Runs of a snapshot: of a job as it is now, or of a version that was.
fn of_snapshot(table: Table<'_>, holes: &mut crate::tell::Holes<'_>, id: &Json) -> Filter {
    let current = table.model().jobs.iter().find(|job| *id == jobs::snapshot_id(job));
    let Some(job) = current else {
        return table.some("version", |version| version.is(holes, "hash", Operator::Eq, (ValueKind::Text, id.clone())));
    };
    let names = [("jobName", &job.name), ("repository", &job.repository), ("location", &job.location)];
    let its =
        names.map(|(column, name)| table.is(holes, column, Operator::Eq, (ValueKind::Text, name.as_str().into())));
    let whole = Filter::Null { column: table.column("opSelection"), is_null: true };
    let is_current = table
        .some("version", |version| version.is(holes, "archived", Operator::Eq, (ValueKind::Boolean, false.into())));
    Filter::all_of(its).and(whole).and(is_current)
}

/// Runs with a tag; two of them stand in columns of their own.
fn tag(table: Table<'_>, holes: &mut crate::tell::Holes<'_>, (key, value): (&str, Json)) -> Filter {
    let text = |value: Json| (ValueKind::Text, value);
    if key == LOCATION_TAG {
        return table.is(holes, "location", Operator::Eq, text(value));
    }
    if key == REPOSITORY_TAG {
        let (repository, location) = value.as_str().and_then(|value| value.split_once('@')).unwrap_or_default();
        let repository = table.is(holes, "repository", Operator::Eq, text(repository.into()));
        return repository.and(table.is(holes, "location", Operator::Eq, text(location.into())));
    }
    table.some("tagRows", |tag| {
        let name = tag.is(holes, "name", Operator::Eq, text(key.into()));
        name.and(tag.is(holes, "value", Operator::Eq, text(value)))
    })
}

/// Seconds since 1970 as an instant's text.
pub(super) fn instant(seconds: f64) -> Option<String> {
    let text = format!("{seconds:.6}");
    let micros = text.replace('.', "").parse().ok()?;
    jiff::Timestamp::from_microsecond(micros).ok().map(|instant| instant.to_string())
}

/// Microseconds since 1970 as seconds.
pub(super) fn seconds(micros: &Json) -> Json {
    micros.as_i64().map_or(Json::Null, |micros| seconds_of(micros).into())
}

fn seconds_of(micros: i64) -> f64 {
    jiff::SignedDuration::from_micros(micros).as_secs_f64()
}

/// The same of a column.
fn at<'a>(raw: &tell::Row, column: &str) -> Told<'a> {
    raw.number(column).map_or(Told::Null, |micros| Told::Json(seconds_of(micros).into()))
}

/// `runOrError`.
fn one<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let id = asked.argument("runId").cloned().unwrap_or_default();
    let missing = move || not_found(asked.text("runId").unwrap_or_default());
    let Some((table, mut row)) = row(telling, asked, &[]) else { return missing() };
    found_of(
        move |holes| {
            if let Some(lines) = row.object.entries.iter_mut().find(|entry| entry.key == "logs") {
                let asked_for = asked.below("capturedLogs");
                let files: Vec<&str> = asked_for.iter().filter_map(|of| of.text("fileKey")).collect();
                *lines = nested("logs", logs::lines_of(table, (id.as_str().unwrap_or_default(), &files), holes));
            }
            table.one(table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, id)), row)
        },
        move |rows| rows.into_iter().next().map_or_else(missing, |raw| run(telling, raw)),
    )
}

pub(super) fn not_found<'a>(id: &str) -> Told<'a> {
    let message = format!("Pipeline run {id} could not be found.");
    refusals::refusal("RunNotFoundError", message, json!({ "runId": id }))
}

/// `runGroupOrError`: the root of a chain of repetitions, and all of it, oldest first.
fn group<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let id = asked.text("runId").unwrap_or_default();
    let missing = move || {
        let message = format!("Run group of run {id} could not be found.");
        refusals::refusal("RunGroupNotFoundError", message, json!({ "runId": id }))
    };
    let Some((table, row)) = row(telling, asked, &["root", "tags"]) else { return missing() };
    let select = move |holes: &mut crate::tell::Holes<'_>| {
        let itself = table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, id.into()));
        let key = holes.loose(ValueKind::Uuid, id.into());
        let of_root = Filter::Compare(plan::Comparison {
            column: table.column("root"),
            operator: Operator::Eq,
            value: Operand::OfKey(key),
        });
        let root = table.some("children", |child| {
            let itself = child.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, id.into()));
            let of_root = Filter::Compare(plan::Comparison {
                column: child.column("root"),
                operator: Operator::Eq,
                value: Operand::OfKey(key),
            });
            Filter::Or(vec![itself, of_root])
        });
        let begun = table.is(holes, "root", Operator::Eq, (ValueKind::Uuid, id.into()));
        let filter = Filter::Or(vec![itself, of_root, root, begun]);
        Select { filter, sort: vec![table.by("number", plan::Direction::Ascending)], ..table.all(row) }
    };
    found_of(select, move |rows| {
        let Some(asked) = rows.iter().find(|raw| raw.text("_key") == id) else { return missing() };
        let root = asked["root"].as_str().unwrap_or(id).to_owned();
        // What belongs to a group says so by its tag: a parent that a launch names makes none.
        let of_root = |raw: &tell::Row| raw.text("_key") == *root || raw["tags"]["dagster/root_run_id"] == *root;
        let runs: Vec<tell::Row> = rows.into_iter().filter(|raw| of_root(raw)).collect();
        Told::object("RunGroup", move |asked| match asked.name.as_str() {
            "rootRunId" => Told::text(Some(root.clone())),
            "runs" => Told::List(runs.iter().map(|raw| run(telling, raw.clone())).collect()),
            _ => Told::Unserved,
        })
    })
}

/// `runTagKeysOrError`: every key in use that answers show.
fn tag_keys(telling: Telling<'_>) -> Told<'_> {
    let Some(table) = Table::named(telling.model, "_RunTag") else { return Told::Json(json!({"keys": []})) };
    let select = move |_: &mut crate::tell::Holes<'_>| {
        let column = table.column("name");
        Select {
            distinct: vec![column],
            sort: vec![table.by("name", plan::Direction::Ascending)],
            ..table.all(table.row(&["name"]))
        }
    };
    rows_of(select, |rows| {
        let names = rows.into_iter().map(|raw| raw["name"].clone());
        let shown = names.filter(|name| name.as_str().is_some_and(|name| !name.starts_with(".dagster/")));
        let mut keys: Vec<Json> = shown.collect();
        keys.push(LOCATION_TAG.into());
        Told::Json(json!({ "__typename": "RunTagKeys", "keys": keys }))
    })
}

/// `runTagsOrError`: the values of these keys, or of all.
fn tag_values<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_RunTag") else { return Told::Json(json!({"tags": []})) };
    let select = move |holes: &mut crate::tell::Holes<'_>| {
        let mut filter = Filter::All;
        if let Some(keys) = asked.argument("tagKeys") {
            filter = filter.and(table.is(holes, "name", Operator::In, (ValueKind::Text, keys.clone())));
        }
        if let Some(prefix) = asked.argument("valuePrefix") {
            filter = filter.and(table.is(holes, "value", Operator::StartsWith, (ValueKind::Text, prefix.clone())));
        }
        let mut page = Page::All;
        if let Some(limit) = asked.number("limit").filter(|limit| *limit > 0) {
            page = Page::Offset { start: None, limit: Some(holes.value(ValueKind::Int, limit.into())) };
        }
        let sort = ["name", "value"].map(|name| table.by(name, plan::Direction::Ascending)).into();
        let distinct = vec![table.column("name"), table.column("value")];
        Select { filter, distinct, sort, page, ..table.all(table.row(&["name", "value"])) }
    };
    rows_of(select, |rows| {
        let mut tags: Vec<(Json, Vec<Json>)> = Vec::new();
        for raw in rows {
            if raw["name"].as_str().is_none_or(|name| name.starts_with(".dagster/")) {
                continue;
            }
            match tags.iter_mut().find(|(name, _)| *name == raw["name"]) {
                Some((_, values)) => values.push(raw["value"].clone()),
                None => tags.push((raw["name"].clone(), vec![raw["value"].clone()])),
            }
        }
        let tags: Json = tags.into_iter().map(|(key, values)| json!({ "key": key, "values": values })).collect();
        Told::Json(json!({ "__typename": "RunTags", "tags": tags }))
    })
}

/// Runs of one job.
pub(super) fn of_job<'a>(telling: Telling<'a>, id: JobId, asked: &Asked) -> Told<'a> {
    let tell = move |rows: Vec<tell::Row>| Told::List(rows.into_iter().map(|raw| run(telling, raw)).collect());
    newest_of_job(telling, id, asked, tell).unwrap_or_else(|| Told::Json(json!([])))
}

/// What is told of the newest runs of one job, so many as are asked for; none in a model without runs.
fn newest_of_job<'a>(
    telling: Telling<'a>,
    id: JobId,
    asked: &Asked,
    tell: impl FnOnce(Vec<tell::Row>) -> Told<'a> + 'a,
) -> Option<Told<'a>> {
    let job = telling.model.job(id);
    let (table, row) = row(telling, asked, &[])?;
    let limit = asked.number("limit").filter(|limit| *limit > 0).unwrap_or(RUNS_OF_JOB_MAX);
    let cursor = asked.argument("cursor").cloned();
    let select = move |holes: &mut crate::tell::Holes<'_>| {
        let names = [("jobName", &job.name), ("repository", &job.repository), ("location", &job.location)];
        let is =
            names.map(|(column, name)| table.is(holes, column, Operator::Eq, (ValueKind::Text, name.as_str().into())));
        let mut filter = Filter::all_of(is);
        if let Some(cursor) = cursor {
            let value = Operand::OfKey(holes.loose(ValueKind::Uuid, cursor));
            let column = table.column("number");
            filter = filter.and(Filter::Compare(plan::Comparison { column, operator: Operator::Lt, value }));
        }
        let limit = holes.value(ValueKind::Int, limit.into());
        Select { filter, page: Page::Offset { start: None, limit: Some(limit) }, ..table.all(row) }
    };
    Some(found_of(select, tell))
}

/// Statistics of an op over runs.
pub(super) fn op_stats<'a>(telling: Telling<'a>, (id, op): (JobId, &str), asked: &Asked) -> Told<'a> {
    let key = op.to_owned();
    let rows = newest_of_job(telling, id, asked, move |rows| {
        let nodes: Vec<Json> = rows.iter().filter_map(|raw| events::stats_of(raw, &key)).collect();
        Told::Json(json!({ "__typename": "SolidStepStatsConnection", "nodes": nodes }))
    });
    rows.unwrap_or_else(|| Told::Json(json!({ "__typename": "SolidStepStatsConnection", "nodes": [] })))
}

/// A status of the engine in this API's words.
pub(super) fn status(status: &str) -> &'static str {
    STATUSES.iter().find(|(engine, _)| status == *engine).map_or("NOT_STARTED", |(_, word)| word)
}

/// The job that a run executes, where the project has it still.
fn job_of(telling: Telling<'_>, raw: &tell::Row) -> Option<JobId> {
    jobs::find(telling, (&raw.text("location"), &raw.text("repository"), &raw.text("jobName")))
}

/// A run.
pub(super) fn run(telling: Telling<'_>, raw: tell::Row) -> Told<'_> {
    let may = move |raw: &tell::Row, action| {
        let is_allowed = |job| telling.granted.allows(job, action);
        Told::Json(job_of(telling, raw).map_or(telling.granted.everything, is_allowed).into())
    };
    Told::object("Run", move |asked| match asked.name.as_str() {
        "id" | "runId" => Told::Column(raw.clone(), "_key"),
        "status" | "runStatus" => Told::Word(status(&raw.text("status"))),
        "jobName" | "pipelineName" => Told::Column(raw.clone(), "jobName"),
        "mode" => Told::Word("default"),
        "pipelineSnapshotId" => Told::Json(snapshot(telling, job_of(telling, &raw), &raw)),
        "repositoryOrigin" if raw.text("repository").is_empty() => Told::Null,
        "repositoryOrigin" => workspace::origin(&raw.text("location"), &raw.text("repository")),
        "pipeline" => pipeline(telling, job_of(telling, &raw), &raw),
        "solidSelection" => Told::Json(raw["opSelection"].clone()),
        "resolvedOpSelection" => Told::Json(resolved(&raw)),
        "parentPipelineSnapshotId" if resolved(&raw).is_null() => Told::Null,
        "parentPipelineSnapshotId" => Told::Json(whole_snapshot(telling, job_of(telling, &raw), &raw)),
        "stats" => stats(&raw),
        "stepStats" => events::step_stats(&raw),
        "executionPlan" => job_of(telling, &raw).map_or(Told::Null, |job| {
            let keys = step_keys(telling, Some(job), &raw);
            let keys = keys.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
            steps::plan(telling, job, Some(keys))
        }),
        "capturedLogs" => {
            let run = raw.text("_key");
            logs::of_file(raw.whole(), (&run, asked.text("fileKey").unwrap_or_default()), asked)
        }
        // A repetition of all steps chooses none.
        "stepKeysToExecute" if raw.is_null("stepKeys") && raw["tags"][PARENT_TAG].is_string() => Told::Null,
        "stepKeysToExecute" => Told::Json(step_keys(telling, job_of(telling, &raw), &raw)),
        "runConfigYaml" => Told::text(Some(yaml::block(&config(&raw)))),
        "runConfig" => Told::Json(sorted(&config(&raw))),
        "tags" => Told::Json(tags(&raw)),
        "rootRunId" => Told::Column(raw.clone(), "root"),
        "parentRunId" => Told::Column(raw.clone(), "parent"),
        "canTerminate" => Told::Json(matches!(status(&raw.text("status")), "QUEUED" | "STARTED").into()),
        "creationTime" => at(&raw, "createdAt"),
        "updateTime" => at(&raw, "changedAt"),
        "startTime" if raw.is_null("startTime") => at(&raw, "endTime"),
        "startTime" => at(&raw, "startTime"),
        "endTime" => at(&raw, "endTime"),
        "eventConnection" => events::connection(&raw, raw.rows("events"), asked),
        "assetSelection" | "assetCheckSelection" | "rootConcurrencyKeys" | "allPools" | "externalJobSource" => {
            Told::Null
        }
        "assetSelectionCount" | "assetCheckSelectionCount" => Told::Json(0.into()),
        "assetChecks" => Told::Json(json!([])),
        "assetMaterializations" => Told::Json(events::materializations(&raw).into()),
        "assets" => {
            let mut keys: Vec<Json> =
                events::materializations(&raw).iter().map(|event| event["assetKey"]["path"].clone()).collect();
            keys.sort_by_key(Json::to_string);
            keys.dedup();
            let asset = |key: &Json| json!({ "id": super::python::dumps(key), "key": { "path": key } });
            Told::Json(keys.iter().map(asset).collect())
        }
        "hasReExecutePermission" => may(&raw, Action::Launch),
        "hasTerminatePermission" => may(&raw, Action::Cancel),
        "hasDeletePermission" => may(&raw, Action::Operate),
        "hasConcurrencyKeySlots" | "hasRunMetricsEnabled" => Told::Json(false.into()),
        "hasUnconstrainedRootNodes" => Told::Json(true.into()),
        _ => Told::Unserved,
    })
}

fn config(raw: &tell::Row) -> Json {
    if raw["config"].is_object() { raw["config"].clone() } else { json!({}) }
}

/// Keys sorted at every level.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut list: Vec<_> = members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            list.sort_by(|(one, _), (other, _)| one.cmp(other));
            Json::Object(list.into_iter().collect())
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

/// Tags by key, but for those that are hidden; every run of a location says which.
fn tags(raw: &tell::Row) -> Json {
    let mut tags: Vec<(String, Json)> = raw["tags"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !key.starts_with(".dagster/") && *key != LOCATION_TAG)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if raw["location"].as_str().is_some_and(|location| !location.is_empty()) {
        tags.push((LOCATION_TAG.to_owned(), raw["location"].clone()));
    }
    tags.sort_by(|(one, _), (other, _)| one.cmp(other));
    tags.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// The snapshot of the job that a run executes; a part of a job is another one than the whole.
fn snapshot(telling: Telling<'_>, job: Option<JobId>, raw: &tell::Row) -> Json {
    let whole = whole_snapshot(telling, job, raw);
    match resolved(raw) {
        Json::Null => whole,
        chosen => hex(&["subset", whole.as_str().unwrap_or_default(), &chosen.to_string()]).into(),
    }
}

/// That of the job as it is, where the run's version is still the job's; otherwise the version's own hash.
fn whole_snapshot(telling: Telling<'_>, job: Option<JobId>, raw: &tell::Row) -> Json {
    match job {
        Some(id) if raw["version"]["archived"] == false => jobs::snapshot_id(telling.model.job(id)).into(),
        Some(_) | None => raw["version"]["hash"].clone(),
    }
}

/// The job that a run executes, as it was.
fn pipeline<'a>(telling: Telling<'a>, job: Option<JobId>, raw: &tell::Row) -> Told<'a> {
    let name = raw["jobName"].clone();
    let Some(id) = job else {
        return Told::Json(
            json!({ "__typename": "UnknownPipeline", "name": name, "solidSelection": raw["opSelection"] }),
        );
    };
    let selection = raw["opSelection"].clone();
    let hash = snapshot(telling, job, raw);
    let parts = move |asked: &Asked| match asked.name.as_str() {
        "name" => Told::Json(name.clone()),
        "solidSelection" => Told::Json(selection.clone()),
        "pipelineSnapshotId" | "id" => Told::Json(hash.clone()),
        _ => match jobs::told(telling, id, "PipelineSnapshot") {
            Told::Object(object) => (object.fields)(asked),
            other => other,
        },
    };
    Told::object("PipelineSnapshot", parts)
}

/// The queries of a selection that were given; none where nothing was chosen.
fn resolved(raw: &tell::Row) -> Json {
    let given = raw["opSelection"].as_array().filter(|list| !list.is_empty());
    given.map_or(Json::Null, |list| Json::Array(list.clone()))
}

/// Counts and times of a run.
fn stats<'a>(raw: &tell::Row) -> Told<'a> {
    let id = raw["_key"].as_str().unwrap_or_default();
    Told::Json(json!({
        "__typename": "RunStatsSnapshot",
        "id": format!("stats-{id}"),
        "runId": id,
        "stepsSucceeded": raw["stepsSucceeded"],
        "stepsFailed": raw["stepsFailed"],
        "materializations": raw["materializations"],
        "expectations": raw["expectations"],
        "enqueuedTime": seconds(&raw["queuedAt"]),
        "launchTime": seconds(&raw["launchedAt"]),
        "startTime": seconds(&raw["startTime"]),
        "endTime": seconds(&raw["endTime"]),
    }))
}

/// The steps that a run executes, in the order of the plan: by depth of what they need, then by key.
fn step_keys(telling: Telling<'_>, job: Option<JobId>, raw: &tell::Row) -> Json {
    let executed = raw["steps"].as_array().into_iter().flatten().filter(|step| step["isReused"] != true);
    let mut keys: Vec<String> = executed.map(|step| step["opName"].as_str().unwrap_or_default().to_owned()).collect();
    keys.dedup();
    if let Some(id) = job {
        let job = telling.model.job(id);
        let depth = |key: &str| job.op_named(key).map_or(0, |op| depth_of(job, op, job.ops.len()));
        keys.sort_by(|one, other| depth(one).cmp(&depth(other)).then_with(|| one.cmp(other)));
    }
    json!(keys)
}

/// How many steps stand one after another before this one.
fn depth_of(job: &Job, op: model::OpId, most: usize) -> usize {
    if most == 0 {
        return 0;
    }
    job.op(op).needs.iter().map(|need| depth_of(job, *need, most - 1) + 1).max().unwrap_or(0)
}

/// A file key: eight letters that name a step's captured output.
pub(super) fn file_key(run: &str, step: &str) -> String {
    let digits = hex(&["file", run, step]);
    let letter = |digit: char| char::from(b'a' + u8::try_from(digit.to_digit(16).unwrap_or(0)).unwrap_or(0));
    digits.chars().take(8).map(letter).collect()
}
