//! The dialect of Dagster's GraphQL API: its whole schema stands written, and what is served of it is told (see [`crate::tell`]) from the model and
//! from the rows of the workflow engine.
//!
//! Source: `docs/dialects/dagster.md`; Dagster 1.13.

mod assets;
mod automation;
mod commands;
mod config;
mod config_faults;
mod events;
mod faults;
mod feed;
mod identity;
mod instance;
mod instigation;
mod jobs;
mod logs;
mod nodes;
mod partitions;
mod python;
mod refusals;
mod rest;
pub(super) mod rows;
mod runs;
mod schedules;
mod steps;
mod workspace;
mod written;
mod yaml;

use std::sync::LazyLock;

use plan::Boundary;
use serde_json::json;

use super::Dialect;
use crate::definition::Definitions;
use crate::tell::{Asked, Teller, Telling, Told};
use crate::transport::{DAGSTER as TRANSPORT, DAGSTER_VERSION as VERSION};

/// The dialect.
pub(super) static DAGSTER: Dialect = Dialect {
    name: "dagster",
    transport: &TRANSPORT,
    boundary: Boundary::EachRoot,
    is_narrowed: false,
    definitions: |_, _| Ok(WRITTEN.clone()),
    faults: faults::faults,
    refused: faults::refused,
};

/// What it tells.
const TELLER: Teller = Teller { dialect: "dagster", root, definitions: || &WRITTEN };

static WRITTEN: LazyLock<Definitions> = LazyLock::new(written::definitions);

fn root<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    match asked.name.as_str() {
        "version" => Told::text(Some(VERSION)),
        "repositoriesOrError" => workspace::repositories(telling, asked),
        "repositoryOrError" => workspace::repository(telling, asked),
        "workspaceOrError" => workspace::workspace(telling, None),
        "workspaceLocationEntryOrError" => workspace::workspace_entry(telling, asked),
        "locationStatusesOrError" => workspace::location_statuses(telling),
        "permissions" => workspace::permissions(telling, false),
        "canBulkTerminate" => Told::Json(telling.granted.allows_some(model::Action::Cancel).into()),
        "pipelineOrError" => jobs::pipeline(telling, asked),
        "pipelineSnapshotOrError" => jobs::snapshot(telling, asked),
        "graphOrError" => jobs::graph(telling, asked),
        "resourcesOrError" => jobs::resources(telling, asked),
        "runConfigSchemaOrError" => jobs::config_schema(telling, asked),
        "isPipelineConfigValid" => jobs::is_config_valid(telling, asked),
        "executionPlanOrError" => steps::plan_or_error(telling, asked),
        "capturedLogs" => logs::captured(telling, asked),
        "capturedLogsMetadata" => logs::places(asked),
        "reloadRepositoryLocation" => workspace::reload(telling, asked),
        "reloadWorkspace" => workspace::reload_all(telling),
        "shutdownRepositoryLocation" => workspace::not_shut_down(telling, asked),
        "sensorsOrError" => automation::sensors(telling, asked),
        "sensorOrError" => automation::sensor_or_error(telling, asked),
        "startSensor" | "resetSensor" | "setSensorCursor" | "sensorDryRun" => {
            automation::sensor_not_executed(telling, asked)
        }
        "partitionSetsOrError" => partitions::of_job(telling, asked),
        "partitionSetOrError" => partitions::set_or_error(telling, asked),
        "instance" => instance::instance(telling),
        "scheduler" => Told::Json(json!({ "__typename": "Scheduler", "schedulerClass": "DagsterDaemonScheduler" })),
        "shouldShowNux" => Told::Json(true.into()),
        name => {
            let roots =
                [commands::root, runs::root, feed::root, schedules::root, instigation::root, assets::root, rest::root];
            let mut told = roots.iter().map(|root| root(telling, name, asked));
            told.find(|told| !matches!(told, Told::Unserved)).unwrap_or(Told::Unserved)
        }
    }
}
