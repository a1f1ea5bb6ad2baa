//! Schedules: what the project declares, with what the engine keeps of them: who switched them, what they launched, when.

use model::{Action, JobId, Schedule, ScheduleConfig};
use plan::{
    AnswerValue, Direction, Filter, HoleId, Operator, Page, Part, PartEntry, Row, RunEffect, Select, Shape, ValueKind,
};
use serde_json::{Value as Json, json};

use super::automation::{hidden_with, schedules_of};
use super::instigation::{self, Instigator};
use super::rows::{Table, nested};
use super::runs::{instant, rows_of, seconds};
use super::workspace::{self, text};
use super::{commands, refusals, runs, yaml};
use crate::tell::{Asked, Holes, Telling, Told};

/// Columns that a schedule is told from.
const COLUMNS: [&str; 3] = ["name", "isRunning", "startedAt"];
/// Columns that one of its times is told from.
const TICK_COLUMNS: [&str; 7] = ["_key", "dueAt", "endedAt", "status", "skipReason", "error", "runKeys"];
/// Times and runs of a schedule that are looked at where a request says no number, newest first.
pub(super) const TICKS_MAX: i64 = 1_000;
/// Times to come that are told of at once, at most.
const FUTURE_MAX: i64 = 1_000;

/// A schedule of a job.
pub(super) type Of<'a> = (JobId, &'a Schedule);

/// Root fields about schedules.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "schedulesOrError" => all(telling, asked),
        "scheduleOrError" => match named(telling, asked, "scheduleSelector") {
            Ok(of) => one(telling, of, asked),
            Err(refusal) => refusal,
        },
        "scheduleDryRun" => match named(telling, asked, "selectorData") {
            Ok(of) => dry_run(telling, of, asked),
            Err(refusal) => refusal,
        },
        "startSchedule" => switched(telling, asked, Some(true)),
        "resetSchedule" => switched(telling, asked, None),
        "stopRunningSchedule" => stopped(telling, asked),
        _ => Told::Unserved,
    }
}

/// `schedulesOrError`.
fn all<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").unwrap_or(&Json::Null);
    let of = match workspace::selected(telling.model, selector) {
        Ok(of) => of,
        Err(refusal) => return refusal,
    };
    let status = asked.text("scheduleStatus");
    Told::object("Schedules", move |inner| match inner.name.as_str() {
        "results" => list(telling, schedules_of(telling.model, of), inner, status.map(str::to_owned)),
        _ => Told::Unserved,
    })
}

/// Schedules of one repository, with one select for all that the engine keeps of them.
pub(super) fn list<'a>(
    telling: Telling<'a>,
    schedules: Vec<Of<'a>>,
    asked: &Asked,
    status: Option<String>,
) -> Told<'a> {
    let is_state_asked = status.is_some() || asked.wants(&["scheduleState", "canReset"]);
    let Some((table, (id, _))) = Table::named(telling.model, "_Schedule").zip(schedules.first().copied()) else {
        return Told::List(Vec::new());
    };
    if !is_state_asked {
        return Told::List(schedules.into_iter().map(|of| schedule(telling, of, &Json::Null)).collect());
    }
    let job = telling.model.job(id);
    let asked = asked.clone();
    let select = move |holes: &mut Holes<'_>| {
        let filter = of_repository(table, holes, (&job.location, &job.repository));
        let row = row(telling, table, &asked, &mut |limit| Some(holes.value(ValueKind::Int, limit.into())));
        let sort = vec![table.by("name", Direction::Ascending)];
        Select { filter, sort, ..table.all(row) }
    };
    rows_of(select, move |rows| {
        let found = schedules.into_iter().map(|of| (of, kept(&rows, telling, of)));
        let wanted = found.filter(|(of, raw)| status.as_deref().is_none_or(|status| state_of(*of, raw) == status));
        Told::List(wanted.map(|(of, raw)| schedule(telling, of, &raw)).collect())
    })
}

/// The row of a schedule among those of its repository.
fn kept(rows: &[Json], telling: Telling<'_>, (id, of): Of<'_>) -> Json {
    let job = &telling.model.job(id).name;
    let is_its = |raw: &&Json| raw["name"] == *of.name && raw["job"]["name"] == **job;
    rows.iter().find(is_its).cloned().unwrap_or_default()
}

/// A schedule with what is kept of it.
fn one<'a>(telling: Telling<'a>, of: Of<'a>, asked: &Asked) -> Told<'a> {
    with_row(telling, of, asked, move |raw| schedule(telling, of, &raw))
}

/// What is told of one schedule and its row.
pub(super) fn with_row<'a>(
    telling: Telling<'a>,
    of: Of<'a>,
    asked: &Asked,
    tell: impl FnOnce(Json) -> Told<'a> + 'a,
) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_Schedule") else { return tell(Json::Null) };
    let job = telling.model.job(of.0);
    let asked = asked.clone();
    let select = move |holes: &mut Holes<'_>| {
        let row = row(telling, table, &asked, &mut |limit| Some(holes.value(ValueKind::Int, limit.into())));
        let is_named = table.is(holes, "name", Operator::Eq, (ValueKind::Text, of.1.name.as_str().into()));
        let is_of_job = table
            .some("job", |table| table.is(holes, "name", Operator::Eq, (ValueKind::Text, job.name.as_str().into())));
        let filter = of_repository(table, holes, (&job.location, &job.repository)).and(is_named).and(is_of_job);
        table.one(filter, row)
    };
    rows_of(select, move |rows| tell(rows.into_iter().next().unwrap_or_default()))
}

/// Schedules that the project declares now, in one repository.
fn of_repository(table: Table<'_>, holes: &mut Holes<'_>, (location, repository): (&str, &str)) -> Filter {
    let is_current = table.is(holes, "isCurrent", Operator::Eq, (ValueKind::Boolean, true.into()));
    let its = table.some("job", |job| {
        let at = job.is(holes, "location", Operator::Eq, (ValueKind::Text, location.into()));
        at.and(job.is(holes, "repository", Operator::Eq, (ValueKind::Text, repository.into())))
    });
    is_current.and(its)
}

/// What a schedule is told from: its times and runs, where they are asked for, up to the number that is.
fn row(telling: Telling<'_>, table: Table<'_>, asked: &Asked, limit: &mut dyn FnMut(i64) -> Option<HoleId>) -> Row {
    let mut row = table.row(&COLUMNS);
    let entries = &mut row.object.entries;
    entries.push(nested("job", table.related_one("job", &["name"])));
    let ticks = asked.below("ticks");
    // Which times are wanted is found out among them; a number alone says how many are looked at.
    let is_plain = |asked: &&&Asked| asked.arguments.iter().all(|(name, value)| name == "limit" || value.is_null());
    let of_ticks = ticks.iter().map(|asked| Some(*asked).filter(|asked| is_plain(&asked)).and_then(number));
    let of_ticks = of_ticks.map(|number| number.unwrap_or(TICKS_MAX)).max();
    let single = asked.wants(&["tick"]).then_some(TICKS_MAX);
    let mut page = |most: i64| Page::Offset { start: None, limit: limit(most) };
    let newest = |column: &str, of: Table<'_>| vec![of.by(column, Direction::Descending)];
    if let Some(most) = of_ticks.max(single) {
        let sort = newest("dueAt", table.toward("ticks"));
        let select = table.related("ticks", "dueAt", &TICK_COLUMNS);
        entries.push(nested("ticks", Select { sort, page: page(most), ..select }));
    }
    let of_runs = asked.below("runs").into_iter().map(|asked| number(asked).unwrap_or(TICKS_MAX)).max();
    if let (Some(most), Some((_, run))) = (of_runs, runs::row(telling, asked, &[])) {
        let sort = newest("number", table.toward("runs"));
        let select = table.related("runs", "number", &[]);
        entries.push(nested("runs", Select { sort, page: page(most), shape: Shape::List(run), ..select }));
    }
    if asked.wants(&["runsCount"]) {
        let (key, name) = ("total".to_owned(), "InstigationState.runsCount".to_owned());
        let total = PartEntry { key, non_null: true, name, value: Part::Total };
        let select = table.related("runs", "number", &[]);
        entries.push(nested("launched", Select { shape: Shape::Parts(vec![total]), ..select }));
    }
    row
}

fn number(asked: &Asked) -> Option<i64> {
    asked.number("limit").filter(|limit| *limit > 0)
}

/// `RUNNING` or `STOPPED`: what an operator chose, else what the project says.
pub(super) fn state_of((_, of): Of<'_>, raw: &Json) -> &'static str {
    if raw["isRunning"].as_bool().unwrap_or(of.is_running) { "RUNNING" } else { "STOPPED" }
}

/// The schedule that a selector names.
fn named<'a>(telling: Telling<'a>, asked: &Asked, argument: &str) -> Result<Of<'a>, Told<'a>> {
    let selector = asked.argument(argument).unwrap_or(&Json::Null);
    let name = text(selector, "scheduleName");
    let found = workspace::selected(telling.model, selector).ok();
    let found = found.and_then(|of| schedules_of(telling.model, of).into_iter().find(|(_, of)| of.name == name));
    found.ok_or_else(|| not_found(name))
}

fn not_found<'a>(name: &str) -> Told<'a> {
    let message = format!("Schedule {name} could not be found.");
    refusals::refusal("ScheduleNotFoundError", message, json!({ "scheduleName": name }))
}

/// `startSchedule`, `resetSchedule`.
fn switched<'a>(telling: Telling<'a>, asked: &'a Asked, is_running: Option<bool>) -> Told<'a> {
    match named(telling, asked, "scheduleSelector") {
        Ok(of) => switch(telling, of, asked, is_running),
        Err(refusal) => refusal,
    }
}

/// `stopRunningSchedule`: by the id of its state, or a half of it.
fn stopped<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let given = ["id", "scheduleOriginId", "scheduleSelectorId"].into_iter().find_map(|name| asked.text(name));
    let given = given.unwrap_or_default();
    let is_it = |of: &Of<'a>| {
        let (origin, selector) = instigation::ids(telling, Instigator::Schedule(*of));
        [origin.as_str(), &selector, &[&origin, "::", &selector].concat()].contains(&given)
    };
    let all = telling.model.repositories.iter().flat_map(|of| schedules_of(telling.model, of));
    match all.into_iter().find(is_it) {
        Some(of) => switch(telling, of, asked, Some(false)),
        None => not_found(given),
    }
}

/// Switches a schedule on or off, or back to what the project says.
fn switch<'a>(telling: Telling<'a>, of: Of<'a>, asked: &'a Asked, is_running: Option<bool>) -> Told<'a> {
    let job = telling.model.job(of.0);
    let Some(table) = Table::named(telling.model, "_Schedule") else { return not_found(&of.1.name) };
    let mut given = vec![
        ("location", ValueKind::Text, job.location.as_str().into()),
        ("repository", ValueKind::Text, job.repository.as_str().into()),
        ("schedule", ValueKind::Text, of.1.name.as_str().into()),
    ];
    given.extend(is_running.map(|is_running| ("running", ValueKind::Boolean, is_running.into())));
    let row = row(telling, table, asked, &mut |_| None);
    let shown = AnswerValue::Row(Box::new(commands::shown(table, row)));
    let command = (RunEffect::SwitchSchedule, given);
    commands::told(table, command, ("row", shown), move |met| match met {
        Ok(raw) => Told::object("ScheduleStateResult", move |asked| match asked.name.as_str() {
            "scheduleState" => instigation::state(telling, Instigator::Schedule(of), raw["row"].clone()),
            _ => Told::Unserved,
        }),
        Err(cause) => commands::refused(cause),
    })
}

/// A schedule as it is declared, with the row that the engine keeps of it.
pub(super) fn schedule<'a>(telling: Telling<'a>, (id, of): Of<'a>, raw: &Json) -> Told<'a> {
    let job = telling.model.job(id);
    let raw = raw.clone();
    let told = Told::object("Schedule", move |asked| match asked.name.as_str() {
        "id" => {
            let (origin, selector) = instigation::ids(telling, Instigator::Schedule((id, of)));
            Told::text(Some([&origin, "::", &selector].concat()))
        }
        "name" => Told::text(Some(&of.name)),
        "cronSchedule" => Told::text(Some(of.cron.text())),
        "executionTimezone" => Told::text(Some(of.cron.zone())),
        "pipelineName" => Told::text(Some(&job.name)),
        "mode" => Told::text(Some("default")),
        "solidSelection" | "partitionSet" | "assetSelection" => Told::Null,
        "description" => Told::text(of.description.as_ref()),
        "defaultStatus" => Told::text(Some(if of.is_running { "RUNNING" } else { "STOPPED" })),
        "canReset" => Told::Json(raw["isRunning"].is_boolean().into()),
        "scheduleState" => instigation::state(telling, Instigator::Schedule((id, of)), raw.clone()),
        "tags" => Told::Json(super::jobs::pairs(&of.tags)),
        "futureTicks" => future(telling, (id, of), asked),
        "futureTick" => evaluated((id, of), asked.argument("tickTimestamp").and_then(Json::as_f64)),
        "potentialTickTimestamps" => Told::Json(around(telling, of, asked)),
        "metadataEntries" | "owners" => Told::Json(json!([])),
        _ => Told::Unserved,
    });
    hidden_with(Some(id), told)
}

/// Seconds of a request as an instant; where none are given, now.
fn moment(telling: Telling<'_>, given: Option<f64>) -> jiff::Timestamp {
    let given = given.and_then(instant).and_then(|text| text.parse().ok());
    given.or_else(|| jiff::Timestamp::from_microsecond(telling.now).ok()).unwrap_or_default()
}

fn at(instant: jiff::Timestamp) -> Json {
    seconds(&instant.as_microsecond().into())
}

/// `futureTicks`: the times from the cursor on, before the end that is asked for.
fn future<'a>(telling: Telling<'a>, of: Of<'a>, asked: &Asked) -> Told<'a> {
    let asked_for = |name: &str| asked.argument(name).and_then(Json::as_f64);
    let start = moment(telling, asked_for("cursor"));
    let until = asked_for("until").map(|until| moment(telling, Some(until)));
    let most = usize::try_from(number(asked).unwrap_or(FUTURE_MAX).min(FUTURE_MAX)).unwrap_or_default();
    let mut times: Vec<jiff::Timestamp> = Vec::new();
    let mut next = of.1.cron.first_from(start);
    while let Some(time) = next.filter(|time| times.len() < most && until.is_none_or(|until| *time < until)) {
        times.push(time);
        next = of.1.cron.next_after(time);
    }
    let cursor = times.last().map_or(at(start), |last| at(*last + jiff::SignedDuration::from_secs(1)));
    Told::object("DryRunInstigationTicks", move |asked| match asked.name.as_str() {
        "results" => Told::List(times.iter().map(|time| evaluated(of, at(*time).as_f64())).collect()),
        "cursor" => Told::Json(cursor.clone()),
        _ => Told::Unserved,
    })
}

/// `potentialTickTimestamps`: so many times before the start, and so many from it on.
fn around(telling: Telling<'_>, of: &Schedule, asked: &Asked) -> Json {
    let start = moment(telling, asked.argument("startTimestamp").and_then(Json::as_f64));
    let limit =
        |name: &str| usize::try_from(asked.number(name).unwrap_or(FUTURE_MAX).clamp(0, FUTURE_MAX)).unwrap_or_default();
    let next = |time: &jiff::Timestamp| of.cron.next_after(*time);
    let before = |time: &jiff::Timestamp| of.cron.last_before(*time);
    let mut times: Vec<_> =
        std::iter::successors(of.cron.last_before(start), before).take(limit("lowerLimit")).collect();
    times.reverse();
    times.extend(std::iter::successors(of.cron.first_from(start), next).take(limit("upperLimit")));
    times.into_iter().map(at).collect()
}

/// What a schedule would launch at a time.
pub(super) fn evaluated((_, of): Of<'_>, timestamp: Option<f64>) -> Told<'_> {
    Told::object("DryRunInstigationTick", move |asked| match asked.name.as_str() {
        "timestamp" => Told::Json(timestamp.map_or(Json::Null, Json::from)),
        "evaluationResult" => Told::object("TickEvaluation", move |asked| match (asked.name.as_str(), &of.config) {
            ("runRequests", ScheduleConfig::Given(config)) => Told::List(vec![request(of, config)]),
            ("error", ScheduleConfig::Command(_)) => {
                refusals::python_error("dragoman.Unserved", "this version asks no programs which runs to launch")
            }
            ("error", ScheduleConfig::Given(_))
            | ("runRequests", ScheduleConfig::Command(_))
            | ("skipReason" | "cursor" | "dynamicPartitionsRequests", _) => Told::Null,
            _ => Told::Unserved,
        }),
        _ => Told::Unserved,
    })
}

/// The one run that it launches.
fn request<'a>(of: &'a Schedule, config: &'a Json) -> Told<'a> {
    let mut tags = of.run_tags.clone();
    tags.insert("dagster/schedule_name".to_owned(), of.name.clone());
    Told::Json(json!({
        "__typename": "RunRequest",
        "runKey": null,
        "jobName": null,
        "runConfigYaml": yaml::block(config),
        "tags": super::jobs::pairs(&tags),
        "assetSelection": null,
        "assetChecks": null,
    }))
}

/// `scheduleDryRun`.
fn dry_run<'a>(telling: Telling<'a>, of: Of<'a>, asked: &Asked) -> Told<'a> {
    if !telling.granted.allows(of.0, Action::Operate) {
        return refusals::refusal("UnauthorizedError", "Authorization failed", json!({}));
    }
    let given = asked.argument("timestamp").and_then(Json::as_f64);
    evaluated(of, given.or_else(|| at(moment(telling, None)).as_f64()))
}
