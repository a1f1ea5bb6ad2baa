//! The server as this API shows it: its loops under the names of daemons, and what it does not do.

use serde_json::{Value as Json, json};

use super::runs::seconds;
use crate::tell::{Asked, Telling, Told};

/// Daemons of the recorded system, in its order, and whether a server does what they do: what is told of is served by one that does it itself.
const DAEMONS: [(&str, bool); 8] = [
    ("SENSOR", false),
    ("BACKFILL", false),
    ("SCHEDULER", true),
    ("QUEUED_RUN_COORDINATOR", true),
    ("MONITORING", true),
    ("EVENT_LOG_CONSUMER", true),
    ("ASSET", false),
    ("FRESHNESS_DAEMON", false),
];
/// Slots that the recorded system lets a pool have.
const SLOTS_MAX: i64 = 1_000;

/// `instance`.
pub(super) fn instance(telling: Telling<'_>) -> Told<'_> {
    Told::object("Instance", move |asked| match asked.name.as_str() {
        "id" => Told::text(Some("Instance")),
        "hasInfo" | "autoMaterializePaused" | "runQueuingSupported" => Told::Json((asked.name != "hasInfo").into()),
        "runLauncher" => Told::Json(json!({ "name": "dragoman" })),
        "executablePath" => Told::text(Some("dragoman")),
        "supportsConcurrencyLimits" | "useAutoMaterializeSensors" | "freshnessEvaluationEnabled" => {
            Told::Json(false.into())
        }
        "minConcurrencyLimitValue" => Told::Json(0.into()),
        "maxConcurrencyLimitValue" => Told::Json(SLOTS_MAX.into()),
        // Pools are read, and not held.
        "concurrencyLimits" => Told::Json(json!([])),
        "concurrencyLimit" => Told::Json(unlimited(asked.text("concurrencyKey").unwrap_or_default())),
        "info" | "runQueueConfig" => Told::Null,
        "poolConfig" => {
            Told::Json(json!({ "poolGranularity": null, "defaultPoolLimit": null, "opGranularityRunBuffer": null }))
        }
        "daemonHealth" => Told::object("DaemonHealth", move |asked| match asked.name.as_str() {
            "id" => Told::text(Some("daemonHealth")),
            "allDaemonStatuses" => Told::Json(DAEMONS.iter().map(|of| daemon(telling, *of)).collect()),
            "daemonStatus" => status(telling, asked),
            _ => Told::Unserved,
        }),
        _ => Told::Unserved,
    })
}

/// A pool without a limit.
fn unlimited(key: &str) -> Json {
    json!({
        "concurrencyKey": key, "slotCount": 0, "limit": null, "usingDefaultLimit": true,
        "claimedSlots": [], "pendingSteps": [], "activeSlotCount": 0, "activeRunIds": [],
        "pendingStepCount": 0, "pendingStepRunIds": [], "assignedStepCount": 0, "assignedStepRunIds": [],
    })
}

fn status<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let name = asked.text("daemonType").unwrap_or_default();
    let found = DAEMONS.iter().find(|(daemon, _)| *daemon == name);
    found.map_or(Told::Null, |found| Told::Json(daemon(telling, *found)))
}

/// A server that answers works: it is scheduler, queue and worker in one.
fn daemon(telling: Telling<'_>, (name, is_ours): (&str, bool)) -> Json {
    let now = seconds(&telling.now.into());
    json!({
        "id": name,
        "daemonType": name,
        "required": is_ours,
        "healthy": if is_ours { Json::Bool(true) } else { Json::Null },
        "lastHeartbeatTime": if is_ours { now } else { Json::Null },
        "lastHeartbeatErrors": [],
    })
}
