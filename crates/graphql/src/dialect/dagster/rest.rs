//! Parts of the API for things that are not there: backfills, automation of assets, resources beside those of jobs. They are told as the empty lists that
//! they are, and by the names that are not found.

use serde_json::{Value as Json, json};

use super::{assets, partitions, refusals};
use crate::tell::{Asked, Telling, Told};

/// Lists that have nothing.
const EMPTY: [&str; 7] = [
    "assetNodeAdditionalRequiredKeys",
    "assetNodeDefinitionCollisions",
    "assetBackfillPreview",
    "truePartitionsForAutomationConditionEvaluationNode",
    "autoMaterializeTicks",
    "assetCheckExecutions",
    "assetsLatestInfo",
];
/// Members of unions that have nothing: the root field, the type, its list.
const EMPTY_MEMBERS: [(&str, &str, &str); 5] = [
    ("partitionBackfillsOrError", "PartitionBackfills", "results"),
    ("autoMaterializeAssetEvaluationsOrError", "AutoMaterializeAssetEvaluationRecords", "records"),
    ("autoMaterializeEvaluationsForEvaluationId", "AutoMaterializeAssetEvaluationRecords", "records"),
    ("assetConditionEvaluationRecordsOrError", "AssetConditionEvaluationRecords", "records"),
    ("assetConditionEvaluationsForEvaluationId", "AssetConditionEvaluationRecords", "records"),
];

/// Root fields about what is not there.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    if EMPTY.contains(&name) {
        return Told::Json(json!([]));
    }
    if let Some((_, of, list)) = EMPTY_MEMBERS.iter().find(|(root, ..)| *root == name) {
        return Told::Json(json!({ "__typename": of, *list: [] }));
    }
    match name {
        "latestDefsStateInfo" | "assetConditionEvaluationForPartition" => Told::Null,
        "partitionBackfillOrError" => {
            let id = asked.text("backfillId").unwrap_or_default();
            let message = format!("Backfill {id} could not be found.");
            refusals::refusal("BackfillNotFoundError", message, json!({ "backfillId": id }))
        }
        "cancelPartitionBackfill" | "resumePartitionBackfill" => {
            let id = asked.text("backfillId").unwrap_or_default();
            refusals::python_error("dragoman.BackfillNotFound", &format!("Backfill {id} could not be found."))
        }
        "launchPartitionBackfill" => partitions::backfill(telling, asked),
        "topLevelResourceDetailsOrError" => {
            let selector = asked.argument("resourceSelector").unwrap_or(&Json::Null);
            let resource = selector["resourceName"].as_str().unwrap_or_default();
            let message = format!("Top-level resource {resource} could not be found.");
            refusals::refusal("ResourceNotFoundError", message, json!({ "resourceName": resource }))
        }
        "allTopLevelResourceDetailsOrError" | "utilizedEnvVarsOrError" => {
            let selector = asked.argument("repositorySelector").unwrap_or(&Json::Null);
            let of = if name == "utilizedEnvVarsOrError" { "EnvVarWithConsumersList" } else { "ResourceDetailsList" };
            match super::workspace::selected(telling.model, selector) {
                Ok(_) => Told::Json(json!({ "__typename": of, "results": [] })),
                Err(refusal) => refusal,
            }
        }
        "assetNodeOrError" => assets::node_or_error(telling, asked),
        _ => Told::Unserved,
    }
}
