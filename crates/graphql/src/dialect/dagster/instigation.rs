//! What launches runs by itself, a schedule or a sensor, as it stands: whether it runs, what it did and when.

use model::{Action, JobId, Sensor};
use plan::{Direction, Filter, Operator, Select, ValueKind};
use serde_json::{Value as Json, json};

use super::automation::{schedules_of, sensor_named};
use super::identity::hex;
use super::rows::Table;
use super::runs::{rows_of, seconds};
use super::schedules::{self, Of, TICKS_MAX, state_of};
use super::workspace::{self, repository_id, text};
use super::{refusals, runs};
use crate::tell::{Asked, Holes, Telling, Told};

/// The engine's words for what became of a time, and this API's.
const TICK_STATUSES: [(&str, &str); 4] =
    [("started", "STARTED"), ("succeeded", "SUCCESS"), ("skipped", "SKIPPED"), ("failed", "FAILURE")];
const DAY_SECONDS: f64 = 86_400.0;

/// A schedule, or a sensor with where it stands.
#[derive(Clone, Copy)]
pub(super) enum Instigator<'a> {
    /// Launches by the clock.
    Schedule(Of<'a>),
    /// Declared, and asked by nobody in this version. One without a job is told of runs.
    Sensor(Option<JobId>, &'a Sensor, (&'a str, &'a str)),
}

impl<'a> Instigator<'a> {
    fn name(self) -> &'a str {
        match self {
            Instigator::Schedule((_, of)) => &of.name,
            Instigator::Sensor(_, of, _) => &of.name,
        }
    }

    /// Location and repository.
    fn place(self, telling: Telling<'a>) -> (&'a str, &'a str) {
        match self {
            Instigator::Schedule((id, _)) => {
                let job = telling.model.job(id);
                (&job.location, &job.repository)
            }
            Instigator::Sensor(_, _, place) => place,
        }
    }

    /// What it is in this API's words, and in ours.
    fn kind(self) -> (&'static str, &'static str) {
        match self {
            Instigator::Schedule(_) => ("SCHEDULE", "schedule"),
            Instigator::Sensor(..) => ("SENSOR", "sensor"),
        }
    }

    /// No sensor is asked: none runs.
    fn status(self, raw: &Json) -> &'static str {
        match self {
            Instigator::Schedule(of) => state_of(of, raw),
            Instigator::Sensor(..) => "STOPPED",
        }
    }

    fn allows(self, telling: Telling<'_>, action: Action) -> bool {
        match self {
            Instigator::Schedule((id, _)) | Instigator::Sensor(Some(id), ..) => telling.granted.allows(id, action),
            Instigator::Sensor(None, ..) => telling.granted.allows_some(action),
        }
    }
}

/// The id of where it comes from, and that of its selector.
pub(super) fn ids(telling: Telling<'_>, of: Instigator<'_>) -> (String, String) {
    let ((location, repository), (_, kind)) = (of.place(telling), of.kind());
    let words = |word| hex(&[word, location, repository, kind, of.name()]);
    (words("origin"), words("selector"))
}

/// Root fields about both kinds.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "instigationStateOrError" => one(telling, asked),
        "instigationStatesOrError" => switched(telling, asked),
        _ => Told::Unserved,
    }
}

/// `instigationStateOrError`.
fn one<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let selector = asked.argument("instigationSelector").unwrap_or(&Json::Null);
    let name = text(selector, "name");
    let missing = || {
        let message = format!("Could not find instigation state for `{name}`");
        refusals::refusal("InstigationStateNotFoundError", message, json!({ "name": name }))
    };
    let Ok(repository) = workspace::selected(telling.model, selector) else { return missing() };
    let schedule = schedules_of(telling.model, repository).into_iter().find(|(_, of)| of.name == name);
    if let Some(of) = schedule {
        let tell = move |raw| state(telling, Instigator::Schedule(of), raw);
        let told = schedules::with_row(telling, of, asked, tell);
        return Told::OfJob(of.0, Box::new(told), Box::new(missing()));
    }
    match sensor_named(telling.model, repository, name) {
        Some((job, sensor)) => {
            let of = Instigator::Sensor(job, sensor, (&repository.location, &repository.name));
            let told = state(telling, of, Json::Null);
            match job {
                Some(id) => Told::OfJob(id, Box::new(told), Box::new(missing())),
                None => told,
            }
        }
        None => missing(),
    }
}

/// `instigationStatesOrError`: those that an operator has switched, of the repository whose origin and id are given.
fn switched<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let given = asked.text("repositoryID").unwrap_or_default();
    let id = |of: &&model::Repository| {
        let origin = hex(&["origin", &of.location, &of.name]);
        [&origin, "::", &repository_id(&of.location, &of.name)].concat() == given
    };
    let found = telling.model.repositories.iter().find(id).zip(Table::named(telling.model, "_Schedule"));
    Told::object("InstigationStates", move |inner| match (inner.name.as_str(), found) {
        ("results", None) => Told::Json(json!([])),
        ("results", Some((of, table))) => {
            let row = table.row(&["name", "isRunning", "startedAt"]);
            let select = move |holes: &mut Holes<'_>| {
                let its = table.some("job", |job| {
                    let at = job.is(holes, "location", Operator::Eq, (ValueKind::Text, of.location.as_str().into()));
                    at.and(job.is(holes, "repository", Operator::Eq, (ValueKind::Text, of.name.as_str().into())))
                });
                let is_current = table.is(holes, "isCurrent", Operator::Eq, (ValueKind::Boolean, true.into()));
                let is_chosen = Filter::Null { column: table.column("isRunning"), is_null: false };
                let sort = vec![table.by("name", Direction::Ascending)];
                Select { filter: its.and(is_current).and(is_chosen), sort, ..table.all(row) }
            };
            rows_of(select, move |rows| {
                let told = rows.into_iter().filter_map(|raw| {
                    let mut all = schedules_of(telling.model, of).into_iter();
                    let found = all.find(|(_, schedule)| raw["name"] == *schedule.name)?;
                    let told = state(telling, Instigator::Schedule(found), raw);
                    Some(Told::OfJob(found.0, Box::new(told), Box::new(Told::Null)))
                });
                Told::List(told.collect())
            })
        }
        _ => Told::Unserved,
    })
}

/// How it stands.
pub(super) fn state<'a>(telling: Telling<'a>, of: Instigator<'a>, raw: Json) -> Told<'a> {
    let (location, repository) = of.place(telling);
    let status = of.status(&raw);
    Told::object("InstigationState", move |asked| match asked.name.as_str() {
        "id" => {
            let (origin, selector) = ids(telling, of);
            Told::text(Some([&origin, "::", &selector].concat()))
        }
        "selectorId" => Told::text(Some(ids(telling, of).1)),
        "name" => Told::text(Some(of.name())),
        "instigationType" => Told::text(Some(of.kind().0)),
        "status" => Told::text(Some(status)),
        "repositoryName" => Told::text(Some(repository)),
        "repositoryLocationName" => Told::text(Some(location)),
        "repositoryOrigin" => workspace::origin(location, repository),
        "runningCount" => Told::Json(u8::from(status == "RUNNING").into()),
        "hasStartPermission" | "hasStopPermission" => Told::Json(of.allows(telling, Action::Operate).into()),
        "runsCount" => Told::Json(raw["launched"]["total"].as_i64().unwrap_or(0).into()),
        "runs" => Told::List(first(&raw["runs"], asked).map(|run| runs::run(telling, run.into())).collect()),
        "ticks" => Told::List(ticks(telling, of, &raw, asked)),
        "tick" => {
            let found = list(&raw["ticks"]).find(|tick| tick["_key"].as_str() == asked.text("tickId"));
            found.map_or(Told::Null, |found| tick(telling, of, (found.clone(), &raw)))
        }
        "nextTick" => match of {
            Instigator::Schedule((id, schedule)) if status == "RUNNING" => {
                let now = jiff::Timestamp::from_microsecond(telling.now).unwrap_or_default();
                let next = schedule.cron.next_after(now);
                next.map_or(Told::Null, |next| {
                    schedules::evaluated((id, schedule), seconds(&next.as_microsecond().into()).as_f64())
                })
            }
            Instigator::Schedule(_) | Instigator::Sensor(..) => Told::Null,
        },
        "typeSpecificData" => Told::Json(match of {
            Instigator::Schedule((_, schedule)) => json!({
                "__typename": "ScheduleData",
                "cronSchedule": schedule.cron.text(),
                "startTimestamp": if status == "RUNNING" { seconds(&raw["startedAt"]) } else { Json::Null },
            }),
            Instigator::Sensor(..) => {
                json!({ "__typename": "SensorData", "lastTickTimestamp": null, "lastRunKey": null, "lastCursor": null })
            }
        }),
        _ => Told::Unserved,
    })
}

fn list(raw: &Json) -> impl Iterator<Item = &Json> {
    raw.as_array().into_iter().flatten()
}

/// So many of a list as are asked for.
fn first<'r>(raw: &'r Json, asked: &Asked) -> impl Iterator<Item = &'r Json> + use<'r> {
    let limit = asked.number("limit").filter(|limit| *limit > 0).unwrap_or(TICKS_MAX);
    list(raw).take(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The times that are asked for, newest first: by status, by when, behind a cursor.
fn ticks<'a>(telling: Telling<'a>, of: Instigator<'a>, raw: &Json, asked: &Asked) -> Vec<Told<'a>> {
    let number = |name: &str| asked.argument(name).and_then(Json::as_f64);
    let statuses = asked.argument("statuses").and_then(Json::as_array).filter(|list| !list.is_empty());
    let now = seconds(&telling.now.into());
    let last = now.as_f64().unwrap_or_default() - number("dayOffset").unwrap_or(0.0) * DAY_SECONDS;
    let is_wanted = |tick: &&Json| {
        let at = seconds(&tick["dueAt"]).as_f64().unwrap_or_default();
        let is_of_days = number("dayRange").is_none_or(|days| at <= last && at > last - days * DAY_SECONDS);
        let is_between = number("beforeTimestamp").is_none_or(|before| at < before)
            && number("afterTimestamp").is_none_or(|after| at > after);
        is_of_days
            && is_between
            && statuses.is_none_or(|list| list.iter().any(|word| word.as_str() == Some(tick_status(tick))))
    };
    let behind = list(&raw["ticks"]).skip(match asked.text("cursor") {
        Some(cursor) => list(&raw["ticks"]).position(|tick| tick["_key"] == *cursor).map_or(usize::MAX, |at| at + 1),
        None => 0,
    });
    let limit = asked.number("limit").filter(|limit| *limit > 0).unwrap_or(TICKS_MAX);
    let wanted = behind.filter(is_wanted).take(usize::try_from(limit).unwrap_or(usize::MAX));
    wanted.map(|found| tick(telling, of, (found.clone(), raw))).collect()
}

fn tick_status(tick: &Json) -> &'static str {
    TICK_STATUSES.iter().find(|(ours, _)| tick["status"] == *ours).map_or("STARTED", |(_, word)| word)
}

/// One time, with the runs that it launched out of those of its schedule.
fn tick<'a>(telling: Telling<'a>, of: Instigator<'a>, (tick, raw): (Json, &Json)) -> Told<'a> {
    let ids: Vec<Json> = list(&tick["runKeys"]).cloned().collect();
    let launched: Vec<Json> = list(&raw["runs"]).filter(|run| ids.contains(&run["_key"])).cloned().collect();
    Told::object("InstigationTick", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some(format!("{}:{}", self::ids(telling, of).1, seconds(&tick["dueAt"])))),
        "tickId" => Told::Json(tick["_key"].clone()),
        "status" => Told::text(Some(tick_status(&tick))),
        "timestamp" => Told::Json(seconds(&tick["dueAt"])),
        "endTimestamp" => Told::Json(seconds(&tick["endedAt"])),
        "runIds" => Told::Json(ids.clone().into()),
        "runs" => Told::List(launched.iter().map(|run| runs::run(telling, run.into())).collect()),
        "skipReason" => Told::Json(tick["skipReason"].clone()),
        "error" => match tick["error"]["message"].as_str() {
            Some(message) => refusals::python_error("dragoman.ScheduleFailed", message),
            None => Told::Null,
        },
        "cursor" | "autoMaterializeAssetEvaluationId" => Told::Null,
        "logKey" => {
            let (_, repository) = of.place(telling);
            Told::Json(json!([repository, of.name(), tick["_key"]]))
        }
        "instigationType" => Told::text(Some(of.kind().0)),
        // A schedule's requests have no keys, and it asks for the runs of its own job alone.
        "runKeys"
        | "originRunIds"
        | "dynamicPartitionsRequestResults"
        | "requestedAssetKeys"
        | "requestedMaterializationsForAssets"
        | "requestedRunsForJobs" => Told::Json(json!([])),
        "requestedAssetMaterializationCount" | "requestedJobRunCount" => Told::Json(0.into()),
        _ => Told::Unserved,
    })
}
