//! The plan of a job: one step for each op, with what each takes from whom.

use std::sync::Arc;

use model::{InputSource, Job, JobId, Node, Op, OpId, SourceShape};
use serde_json::{Value as Json, json};

use super::nodes::is_mapped;
use super::{commands, jobs};
use crate::tell::{Asked, Telling, Told};

/// `executionPlanOrError`.
pub(super) fn plan_or_error<'a>(telling: Telling<'a>, asked: &Asked) -> Told<'a> {
    let selector = asked.argument("pipeline").unwrap_or(&Json::Null);
    let given = asked.arguments.get("runConfigData").cloned().unwrap_or_default();
    jobs::of_part(telling, selector, |id, chosen| {
        let job = telling.model.job(id);
        let of = jobs::config_type(job, chosen.as_deref());
        match commands::config_of(&given).map(|config| model::config::check(&of, &config)) {
            Err(refusal) => refusal,
            Ok(faults) if !faults.is_empty() => jobs::invalid(job, faults),
            Ok(_) => plan(telling, id, chosen),
        }
    })
}

/// The plan of a job, or of those of its steps that a run executes.
pub(super) fn plan(telling: Telling<'_>, id: JobId, executed: Option<Vec<String>>) -> Told<'_> {
    let job = telling.model.job(id);
    Told::object("ExecutionPlan", move |asked| match asked.name.as_str() {
        "artifactsPersisted" => Told::Json(true.into()),
        "assetKeys" => Told::Json(json!([])),
        "assetSelection" => Told::Null,
        "steps" => {
            let is_executed = |op: &Op| executed.as_ref().is_none_or(|keys| keys.contains(&op.name));
            let chosen: Arc<[OpId]> = job.ops_by_id().filter(|(_, op)| is_executed(op)).map(|(id, _)| id).collect();
            Told::List(chosen.iter().map(|op| step(job, *op, &chosen)).collect())
        }
        _ => Told::Unserved,
    })
}

/// A step among those that are executed: what the others feed is not told.
fn step<'a>(job: &'a Job, id: OpId, executed: &Arc<[OpId]>) -> Told<'a> {
    let (op, executed) = (job.op(id), Arc::clone(executed));
    Told::object("ExecutionStep", move |asked| match asked.name.as_str() {
        "key" => Told::text(Some(key(job, id))),
        "kind" => Told::text(Some(kind(job, id))),
        "solidHandleID" => Told::text(Some(&op.name)),
        "metadata" => Told::Json(jobs::pairs(&op.tags)),
        "outputs" => {
            let mut names: Vec<&str> = op.outputs.iter().map(|output| output.name.as_str()).collect();
            names.sort_unstable();
            Told::Json(names.into_iter().map(|name| json!({ "name": name })).collect())
        }
        "inputs" => {
            let input = |of: &'_ model::NodeInput| {
                let (name, feeds, executed) = (of.name.clone(), of.feeds.clone(), Arc::clone(&executed));
                Told::object("ExecutionStepInput", move |asked: &Asked| match asked.name.as_str() {
                    "name" => Told::text(Some(name.clone())),
                    "dependsOn" => {
                        let feeding = feeds.iter().filter(|feed| executed.contains(&feed.op));
                        Told::List(feeding.map(|feed| step(job, feed.op, &executed)).collect())
                    }
                    _ => Told::Unserved,
                })
            };
            Told::List(op.inputs.iter().map(input).collect())
        }
        _ => Told::Unserved,
    })
}

fn key(job: &Job, id: OpId) -> String {
    let op = job.op(id);
    [op.name.as_str(), if is_mapped(job, Node::Op(id, op)) { "[?]" } else { "" }].concat()
}

fn kind(job: &Job, id: OpId) -> &'static str {
    let op = job.op(id);
    let is_collected =
        |input: &model::NodeInput| matches!(input.source, InputSource::Outputs(_, SourceShape::Collected));
    match (is_mapped(job, Node::Op(id, op)), op.inputs.iter().any(is_collected)) {
        (true, _) => "UNRESOLVED_MAPPED",
        (false, true) => "UNRESOLVED_COLLECT",
        (false, false) => "COMPUTE",
    }
}
