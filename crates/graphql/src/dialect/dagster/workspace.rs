//! Locations, repositories, and what stands in them.

use model::{Action, Job, JobId, Model, Repository};
use serde_json::{Value as Json, json};

use super::identity::hex;
use super::runs::seconds;
use super::{VERSION, assets, automation, commands, jobs, nodes, partitions, refusals, schedules};
use crate::tell::{Asked, Telling, Told};

/// Actions by their words, in the order in which they are told; of the whole server, and of one location.
const PERMISSIONS: [(&str, Option<Action>, bool); 21] = [
    ("launch_pipeline_execution", Some(Action::Launch), true),
    ("launch_pipeline_reexecution", Some(Action::Launch), true),
    ("start_schedule", Some(Action::Operate), true),
    ("stop_running_schedule", Some(Action::Operate), true),
    ("schedule_dry_run", Some(Action::Operate), true),
    ("edit_sensor", Some(Action::Operate), true),
    ("sensor_dry_run", Some(Action::Operate), true),
    ("update_sensor_cursor", Some(Action::Operate), true),
    ("terminate_pipeline_execution", Some(Action::Cancel), true),
    ("delete_pipeline_run", Some(Action::Operate), true),
    ("reload_repository_location", Some(Action::Operate), true),
    ("reload_workspace", Some(Action::Operate), false),
    ("wipe_assets", Some(Action::Operate), true),
    ("report_runless_asset_events", Some(Action::Operate), true),
    ("launch_partition_backfill", Some(Action::Launch), true),
    ("cancel_partition_backfill", Some(Action::Cancel), true),
    ("edit_dynamic_partitions", Some(Action::Operate), true),
    ("toggle_auto_materialize", Some(Action::Operate), false),
    ("edit_concurrency_limit", Some(Action::Operate), false),
    ("edit_app_managed_components", None, true),
    ("refresh_component_state", Some(Action::Operate), true),
];

/// Names of locations, in the order in which they are met.
pub(super) fn locations(model: &Model) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for repository in &model.repositories {
        if !names.contains(&repository.location.as_str()) {
            names.push(&repository.location);
        }
    }
    names
}

fn repositories_of<'a>(model: &'a Model, location: &'a str) -> impl Iterator<Item = &'a Repository> {
    model.repositories.iter().filter(move |repository| repository.location == location)
}

/// `repositoriesOrError`.
pub(super) fn repositories<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some(selector) = asked.argument("repositorySelector") else {
        let all = &telling.model.repositories;
        return nodes_of("RepositoryConnection", move || all.iter().map(|of| told(telling, of)).collect());
    };
    match selected(telling.model, selector) {
        Ok(found) => nodes_of("RepositoryConnection", move || vec![told(telling, found)]),
        Err(refusal) => refusal,
    }
}

fn nodes_of<'a>(of: &'static str, list: impl Fn() -> Vec<Told<'a>> + 'a) -> Told<'a> {
    Told::object(of, move |asked| match asked.name.as_str() {
        "nodes" => Told::List(list()),
        _ => Told::Unserved,
    })
}

/// `repositoryOrError`.
pub(super) fn repository<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let selector = asked.argument("repositorySelector").unwrap_or(&Json::Null);
    selected(telling.model, selector).map_or_else(|refusal| refusal, |found| told(telling, found))
}

/// The repository that a selector names, or what is told when there is none.
pub(super) fn selected<'a>(model: &'a Model, selector: &Json) -> Result<&'a Repository, Told<'a>> {
    let (location, name) = (text(selector, "repositoryLocationName"), text(selector, "repositoryName"));
    let found = model.repositories.iter().find(|of| of.location == location && of.name == name);
    found.ok_or_else(|| refusals::repository_not_found(location, name))
}

/// A member of a selector.
pub(super) fn text<'s>(selector: &'s Json, member: &str) -> &'s str {
    selector.get(member).and_then(Json::as_str).unwrap_or_default()
}

/// Jobs of a repository, by name.
pub(super) fn jobs_of<'a>(model: &'a Model, of: &Repository) -> Vec<(JobId, &'a Job)> {
    let mut jobs: Vec<(JobId, &Job)> =
        model.jobs_by_id().filter(|(_, job)| job.location == of.location && job.repository == of.name).collect();
    jobs.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    jobs
}

/// Its id, which is that of its selector, too.
pub(super) fn repository_id(location: &str, name: &str) -> String {
    hex(&["repository", location, name])
}

/// A repository.
pub(super) fn told<'a>(telling: Telling<'a>, of: &'a Repository) -> Told<'a> {
    let model = telling.model;
    Told::object("Repository", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some(repository_id(&of.location, &of.name))),
        "name" => Told::text(Some(&of.name)),
        "location" => location(telling, &of.location),
        "pipelines" => jobs_list(telling, of, "Pipeline"),
        "jobs" => jobs_list(telling, of, "Job"),
        "usedSolids" => Told::List(nodes::used(telling, of)),
        "usedSolid" => {
            let name = asked.text("name").unwrap_or_default();
            nodes::used_named(telling, of, name)
        }
        "origin" => origin(&of.location, &of.name),
        "schedules" => schedules::list(telling, automation::schedules_of(model, of), asked, None),
        "sensors" => Told::List(automation::sensors_of(telling, of)),
        "displayMetadata" => files(model, &of.location),
        "allTopLevelResourceDetails" => Told::Json(json!([])),
        "assetNodes" => Told::List(assets::of_repository(telling, of)),
        "assetGroups" => assets::groups(telling, of),
        "partitionSets" => partitions::of_repository(telling, of),
        _ => Told::Unserved,
    })
}

fn jobs_list<'a>(telling: Telling<'a>, of: &Repository, as_type: &'static str) -> Told<'a> {
    let jobs = jobs_of(telling.model, of).into_iter();
    Told::List(
        jobs.map(|(id, _)| Told::OfJob(id, Box::new(jobs::told(telling, id, as_type)), Box::new(Told::Null))).collect(),
    )
}

/// Where a repository comes from.
pub(super) fn origin<'a>(location: &str, name: &str) -> Told<'a> {
    Told::Json(json!({
        "id": hex(&["origin", location, name]),
        "repositoryLocationName": location,
        "repositoryName": name,
        "repositoryLocationMetadata": [],
    }))
}

/// A code location.
fn location<'a>(telling: Telling<'a>, name: &'a str) -> Told<'a> {
    Told::object("RepositoryLocation", move |asked| match asked.name.as_str() {
        "id" | "name" => Told::text(Some(name)),
        // Where the project is read once, asking for it changes nothing and is no fault.
        "isReloadSupported" => Told::Json(true.into()),
        "environmentPath" => Told::Null,
        "repositories" => Told::List(repositories_of(telling.model, name).map(|of| told(telling, of)).collect()),
        "serverId" => Told::text(Some(uuid(&["server", name]))),
        "dagsterLibraryVersions" => {
            let library = |name: &str| json!({ "name": name, "version": VERSION });
            Told::Json(json!([library("dagster"), library("dagster-shared")]))
        }
        _ => Told::Unserved,
    })
}

/// `workspaceOrError`; with the reason why it could not be read again, where there is one.
pub(super) fn workspace(telling: Telling<'_>, failure: Option<String>) -> Told<'_> {
    Told::object("Workspace", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some("Workspace")),
        "locationEntries" => {
            let names = locations(telling.model).into_iter();
            Told::List(names.map(|name| entry(telling, name, failure.clone())).collect())
        }
        _ => Told::Unserved,
    })
}

/// `workspaceLocationEntryOrError`.
pub(super) fn workspace_entry<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let name = asked.text("name").unwrap_or_default();
    let found = locations(telling.model).into_iter().find(|location| *location == name);
    found.map_or(Told::Null, |name| entry(telling, name, None))
}

/// A location as the workspace has it; with the reason why it could not be read again, where there is one.
fn entry<'a>(telling: Telling<'a>, name: &'a str, failure: Option<String>) -> Told<'a> {
    Told::object("WorkspaceLocationEntry", move |asked| match asked.name.as_str() {
        "id" | "name" => Told::text(Some(name)),
        "locationOrLoadError" => match &failure {
            Some(failure) => refusals::python_error("dragoman.ProjectRefused", failure),
            None => location(telling, name),
        },
        "loadStatus" => Told::text(Some("LOADED")),
        "updatedTimestamp" => Told::Json(at(telling.loaded_at)),
        "displayMetadata" => files(telling.model, name),
        "versionKey" => Told::text(Some(version_key(telling.model, name))),
        "permissions" => permissions(telling, true),
        "featureFlags" => Told::Json(json!([{ "name": "SHOW_SINGLE_RUN_BACKFILL_TOGGLE", "enabled": false }])),
        "definitionsSource" => Told::text(Some("CODE_SERVER")),
        "defsStateInfo" => Told::Null,
        _ => Told::Unserved,
    })
}

/// `shutdownRepositoryLocation`: locations go with the server.
pub(super) fn not_shut_down<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let name = asked.text("repositoryLocationName").unwrap_or_default();
    if !locations(telling.model).contains(&name) {
        return location_not_found(name);
    }
    if !telling.granted.allows_some(Action::Operate) {
        return refusals::refusal("UnauthorizedError", "Authorization failed", json!({}));
    }
    let message = format!("Location {name} does not support shutting down via GraphQL");
    refusals::python_error("Exception", &message)
}

fn location_not_found<'a>(name: &str) -> Told<'a> {
    refusals::refusal("RepositoryLocationNotFound", format!("Location {name} does not exist."), json!({}))
}

/// `reloadRepositoryLocation`: the project is read again as a whole, and the location is told as it is then.
pub(super) fn reload<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let name = asked.text("repositoryLocationName").unwrap_or_default();
    let Some(name) = locations(telling.model).into_iter().find(|location| *location == name) else {
        return location_not_found(name);
    };
    commands::reread(telling, move |failure| entry(telling, name, failure))
}

/// `reloadWorkspace`.
pub(super) fn reload_all(telling: Telling<'_>) -> Told<'_> {
    commands::reread(telling, move |failure| workspace(telling, failure))
}

/// `locationStatusesOrError`.
pub(super) fn location_statuses(telling: Telling<'_>) -> Told<'_> {
    let status = move |name| {
        Told::object("WorkspaceLocationStatusEntry", move |asked: &Asked| match asked.name.as_str() {
            "id" => Told::text(Some(["location_status:", name].concat())),
            "name" => Told::text(Some(name)),
            "loadStatus" => Told::text(Some("LOADED")),
            "updateTimestamp" => Told::Json(at(telling.loaded_at)),
            "versionKey" => Told::text(Some(version_key(telling.model, name))),
            "permissions" => permissions(telling, true),
            _ => Told::Unserved,
        })
    };
    Told::object("WorkspaceLocationStatusEntries", move |asked| match asked.name.as_str() {
        "entries" => Told::List(locations(telling.model).into_iter().map(status).collect()),
        _ => Told::Unserved,
    })
}

/// The file in which a location is declared first, and its folder, under the words that the pages have for them.
fn files<'a>(model: &Model, location: &str) -> Told<'a> {
    let of = repositories_of(model, location).next();
    let file = of.map_or("", |of| of.place.source.name.as_str());
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    Told::Json(json!([{ "key": "python_file", "value": file }, { "key": "working_directory", "value": folder }]))
}

/// Microseconds since 1970 as seconds.
fn at(micros: i64) -> Json {
    seconds(&micros.into())
}

/// Changes when a job of the location changes, and only then.
fn version_key(model: &Model, location: &str) -> String {
    let hashes: Vec<String> = model.jobs.iter().filter(|job| job.location == location).map(jobs::snapshot_id).collect();
    let words: Vec<&str> = std::iter::once(location).chain(hashes.iter().map(String::as_str)).collect();
    format!("[\"{}\", null]", uuid(&words))
}

/// The form of a UUID, made of words.
fn uuid(words: &[&str]) -> String {
    let digits = hex(words);
    [&digits[..8], "-", &digits[8..12], "-4", &digits[13..16], "-8", &digits[17..20], "-", &digits[20..32]].concat()
}

/// What the caller may do, in the words of this API.
pub(super) fn permissions(telling: Telling<'_>, is_of_location: bool) -> Told<'_> {
    let of_one = PERMISSIONS.iter().filter(|(_, _, of_location)| *of_location || !is_of_location);
    let list = of_one.map(|(word, action, _)| {
        let may = action.is_some_and(|action| telling.granted.allows_some(action));
        let reason = if may { Json::Null } else { "Disabled by your administrator".into() };
        json!({ "permission": word, "value": may, "disabledReason": reason })
    });
    Told::Json(list.collect())
}
