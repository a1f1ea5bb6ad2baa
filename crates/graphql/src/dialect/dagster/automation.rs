//! Schedules, sensors and partitions as they are declared.

use model::{Job, JobId, Model, PartitionKeys, Repository, Schedule, Sensor};
use serde_json::{Value as Json, json};

use super::identity::hex;
use super::jobs::{self, pairs};
use super::refusals;
use super::workspace::{self, jobs_of, text};
use crate::tell::{Asked, Telling, Told};

/// Schedules of a repository with their jobs, by name.
pub(super) fn schedules_of<'a>(model: &'a Model, of: &Repository) -> Vec<(JobId, &'a Schedule)> {
    let jobs = jobs_of(model, of).into_iter();
    let mut found: Vec<_> =
        jobs.flat_map(|(id, job)| job.schedules.iter().map(move |schedule| (id, schedule))).collect();
    found.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    found
}

/// Sensors of a repository, by name.
pub(super) fn sensors_of<'a>(telling: Telling<'a>, of: &Repository) -> Vec<Told<'a>> {
    let jobs = jobs_of(telling.model, of).into_iter();
    let of_jobs = jobs.flat_map(|(id, job)| job.sensors.iter().map(move |sensor| (Some(id), sensor)));
    let statuses = telling.model.status_sensors.iter();
    let statuses = statuses.filter(|sensor| sensor.location == of.location && sensor.repository == of.name);
    let mut found: Vec<_> = of_jobs.chain(statuses.map(|of| (None, &of.sensor))).collect();
    found.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    found.into_iter().map(|(id, of)| hidden_with(id, sensor(telling, id, of))).collect()
}

/// Shown to those who may see its job.
fn hidden_with(job: Option<JobId>, told: Told<'_>) -> Told<'_> {
    match job {
        Some(id) => Told::OfJob(id, Box::new(told), Box::new(Told::Null)),
        None => told,
    }
}

fn ids(job: &Job, kind: &str, name: &str) -> (String, String) {
    let origin = hex(&["origin", &job.location, &job.repository, kind, name]);
    (origin, hex(&["selector", &job.location, &job.repository, kind, name]))
}

/// A schedule.
pub(super) fn schedule<'a>(telling: Telling<'a>, id: JobId, of: &'a Schedule) -> Told<'a> {
    let job = telling.model.job(id);
    let told = Told::object("Schedule", move |asked| match asked.name.as_str() {
        "id" => {
            let (origin, selector) = ids(job, "schedule", &of.name);
            Told::text(Some([&origin, "::", &selector].concat()))
        }
        "name" => Told::text(Some(&of.name)),
        "cronSchedule" => Told::text(Some(of.cron.text())),
        "executionTimezone" => Told::text(Some(of.cron.zone())),
        "pipelineName" => Told::text(Some(&job.name)),
        "mode" => Told::text(Some("default")),
        "solidSelection" | "partitionSet" => Told::Null,
        "description" => Told::text(of.description.as_ref()),
        "defaultStatus" => Told::text(Some(if of.is_running { "RUNNING" } else { "STOPPED" })),
        "tags" => Told::Json(pairs(&of.tags)),
        "metadataEntries" | "owners" => Told::Json(json!([])),
        _ => Told::Unserved,
    });
    hidden_with(Some(id), told)
}

/// A sensor; one of a job, or one that is told of runs.
pub(super) fn sensor<'a>(telling: Telling<'a>, job: Option<JobId>, of: &'a Sensor) -> Told<'a> {
    Told::object("Sensor", move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(&of.name)),
        "description" => Told::text(of.description.as_ref()),
        "sensorType" => Told::text(Some(if job.is_some() { "STANDARD" } else { "RUN_STATUS" })),
        "minIntervalSeconds" => Told::Json(of.every.as_secs().into()),
        "defaultStatus" => Told::text(Some("STOPPED")),
        "targets" => {
            let target = |id| {
                let name = &telling.model.job(id).name;
                json!({ "pipelineName": name, "mode": "default", "solidSelection": null })
            };
            Told::Json(job.into_iter().map(target).collect())
        }
        "metadata" => Told::Json(json!({ "assetKeys": null })),
        "tags" | "owners" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}

/// `scheduleOrError`.
pub(super) fn schedule_or_error<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("scheduleSelector").unwrap_or(&Json::Null);
    let name = text(selector, "scheduleName");
    let found = workspace::selected(telling.model, selector).ok();
    let found = found.and_then(|of| schedules_of(telling.model, of).into_iter().find(|(_, of)| of.name == name));
    let Some((id, of)) = found else {
        let message = format!("Schedule {name} could not be found.");
        return refusals::refusal("ScheduleNotFoundError", message, json!({ "scheduleName": name }));
    };
    schedule(telling, id, of)
}

/// The keys of a job's partitions, where they stand in the text.
pub(super) fn partition_keys(job: &Job) -> Told<'_> {
    match job.partitions.as_ref().map(|partitions| &partitions.keys) {
        None => Told::Json(json!({ "partitionKeys": [] })),
        Some(PartitionKeys::Fixed(keys)) => Told::Json(json!({ "partitionKeys": keys })),
        Some(PartitionKeys::Daily(_) | PartitionKeys::Command(_)) => Told::Unserved,
    }
}

/// `partitionSetsOrError`, of a job without partitions.
pub(super) fn partition_sets<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").cloned().unwrap_or_default();
    let names = (
        text(&selector, "repositoryLocationName"),
        text(&selector, "repositoryName"),
        asked.text("pipelineName").unwrap_or_default(),
    );
    let Some(id) = jobs::find(telling, names) else { return refusals::job_not_found(names) };
    if telling.model.job(id).partitions.is_some() {
        return Told::Unserved;
    }
    let empty = Told::Json(json!({ "__typename": "PartitionSets", "results": [] }));
    Told::OfJob(id, Box::new(empty), Box::new(refusals::job_not_found(names)))
}
