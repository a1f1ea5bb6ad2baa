//! Schedules and sensors as they are declared.

use model::{Action, JobId, Model, Repository, Schedule, Sensor};
use serde_json::{Value as Json, json};

use super::instigation::{self, Instigator};
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

/// A sensor; one of a job, or one that is told of runs.
type SensorOf<'a> = (Option<JobId>, &'a Sensor);

/// Sensors of a repository, by name.
fn sensors_in<'a>(model: &'a Model, of: &Repository) -> Vec<SensorOf<'a>> {
    let jobs = jobs_of(model, of).into_iter();
    let of_jobs = jobs.flat_map(|(id, job)| job.sensors.iter().map(move |sensor| (Some(id), sensor)));
    let statuses = model.status_sensors.iter();
    let statuses = statuses.filter(|sensor| sensor.location == of.location && sensor.repository == of.name);
    let mut found: Vec<_> = of_jobs.chain(statuses.map(|of| (None, &of.sensor))).collect();
    found.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    found
}

/// The sensor of this name in a repository.
pub(super) fn sensor_named<'a>(model: &'a Model, of: &Repository, name: &str) -> Option<SensorOf<'a>> {
    sensors_in(model, of).into_iter().find(|(_, sensor)| sensor.name == name)
}

/// Sensors of a repository, as they are told.
pub(super) fn sensors_of<'a>(telling: Telling<'a>, of: &'a Repository) -> Vec<Told<'a>> {
    let place = (of.location.as_str(), of.name.as_str());
    let all = sensors_in(telling.model, of).into_iter();
    all.map(|(id, of)| hidden_with(id, sensor(telling, (id, of), place))).collect()
}

/// `sensorsOrError`: none runs, since this version asks no sensor.
pub(super) fn sensors<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").unwrap_or(&Json::Null);
    let is_running = asked.text("sensorStatus") == Some("RUNNING");
    match workspace::selected(telling.model, selector) {
        Ok(of) => Told::object("Sensors", move |asked| match asked.name.as_str() {
            "results" if is_running => Told::Json(json!([])),
            "results" => Told::List(sensors_of(telling, of)),
            _ => Told::Unserved,
        }),
        Err(refusal) => refusal,
    }
}

/// `sensorOrError`.
pub(super) fn sensor_or_error<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    selected_sensor(telling, asked, |of, place| sensor(telling, of, place))
}

/// `startSensor`, `resetSensor`, `setSensorCursor`: what is declared is not executed yet, and nothing is kept of it.
pub(super) fn sensor_not_executed<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let refused = |_, _| refusals::python_error("dragoman.Unserved", "this version reads sensors, but asks none yet");
    selected_sensor(telling, asked, refused)
}

/// What is told of the sensor that a selector names.
fn selected_sensor<'a>(
    telling: Telling<'a>,
    asked: &Asked,
    tell: impl FnOnce(SensorOf<'a>, (&'a str, &'a str)) -> Told<'a>,
) -> Told<'a> {
    let selector = ["sensorSelector", "selectorData"].into_iter().find_map(|name| asked.argument(name));
    let selector = selector.unwrap_or(&Json::Null);
    let name = text(selector, "sensorName");
    let message = || format!("Could not find `{name}` in the currently loaded repository.");
    let missing = || refusals::refusal("SensorNotFoundError", message(), json!({ "sensorName": name }));
    let Ok(repository) = workspace::selected(telling.model, selector) else { return missing() };
    match sensor_named(telling.model, repository, name) {
        Some(of) => {
            let told = tell(of, (&repository.location, &repository.name));
            match of.0 {
                Some(id) => Told::OfJob(id, Box::new(told), Box::new(missing())),
                None => told,
            }
        }
        None => missing(),
    }
}

/// Shown to those who may see its job.
pub(super) fn hidden_with(job: Option<JobId>, told: Told<'_>) -> Told<'_> {
    match job {
        Some(id) => Told::OfJob(id, Box::new(told), Box::new(Told::Null)),
        None => told,
    }
}

/// A sensor with its state.
pub(super) fn sensor<'a>(telling: Telling<'a>, (job, of): SensorOf<'a>, place: (&'a str, &'a str)) -> Told<'a> {
    let instigator = Instigator::Sensor(job, of, place);
    Told::object("Sensor", move |asked| match asked.name.as_str() {
        "id" => {
            let (origin, selector) = instigation::ids(telling, instigator);
            Told::text(Some([&origin, "::", &selector].concat()))
        }
        "jobOriginId" => Told::text(Some(instigation::ids(telling, instigator).0)),
        "name" => Told::text(Some(&of.name)),
        "description" => Told::text(of.description.as_ref()),
        "sensorType" => Told::text(Some(if job.is_some() { "STANDARD" } else { "RUN_STATUS" })),
        "minIntervalSeconds" => Told::Json(of.every.as_secs().into()),
        "defaultStatus" => Told::text(Some("STOPPED")),
        "canReset" => Told::Json(false.into()),
        "hasCursorUpdatePermissions" => Told::Json(telling.granted.allows_some(Action::Operate).into()),
        "sensorState" => instigation::state(telling, instigator, Json::Null),
        "nextTick" | "assetSelection" => Told::Null,
        "targets" => {
            let target = |id| {
                let name = &telling.model.job(id).name;
                json!({ "pipelineName": name, "mode": "default", "solidSelection": null })
            };
            Told::Json(job.into_iter().map(target).collect())
        }
        "metadata" => Told::Json(json!({ "assetKeys": null })),
        "tags" | "owners" | "metadataEntries" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}
