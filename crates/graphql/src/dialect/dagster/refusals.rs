//! What is told when something is not there: members of unions that carry a message.

use serde_json::{Value as Json, json};

use crate::tell::Told;

/// A refusal that is data: its type and its members.
pub(super) fn refusal<'a>(of: &str, message: impl Into<String>, members: Json) -> Told<'a> {
    let mut object = json!({ "__typename": of, "message": message.into() });
    if let (Some(object), Json::Object(members)) = (object.as_object_mut(), members) {
        object.extend(members);
    }
    Told::Json(object)
}

pub(super) fn repository_not_found<'a>(location: &str, name: &str) -> Told<'a> {
    let message = format!("Could not find Repository {location}.{name}");
    let members = json!({ "repositoryName": name, "repositoryLocationName": location });
    refusal("RepositoryNotFoundError", message, members)
}

pub(super) fn job_not_found<'a>((location, repository, job): (&str, &str, &str)) -> Told<'a> {
    let message = format!("Could not find Pipeline {location}.{repository}.{job}");
    let members = json!({ "pipelineName": job, "repositoryName": repository, "repositoryLocationName": location });
    refusal("PipelineNotFoundError", message, members)
}

pub(super) fn graph_not_found<'a>((location, repository, graph): (&str, &str, &str)) -> Told<'a> {
    let message = format!("Could not find Graph {location}.{repository}.{graph}");
    let members = json!({ "graphName": graph, "repositoryName": repository, "repositoryLocationName": location });
    refusal("GraphNotFoundError", message, members)
}

/// An error as a Python program would have raised it: the class stands before the message, which ends with its line.
pub(super) fn python_error<'a>(class: &str, message: &str) -> Told<'a> {
    let short = class.rsplit_once('.').map_or(class, |(_, short)| short);
    let members = json!({
        "className": short, "stack": [], "cause": null, "causes": [], "errorChain": [],
    });
    refusal("PythonError", format!("{class}: {message}\n"), members)
}

/// A selection of ops that a job does not have.
pub(super) fn invalid_subset<'a>(job: &'a model::Job, message: &str) -> Told<'a> {
    let members = json!({ "pipeline": { "__typename": "Pipeline", "name": job.name } });
    let message = format!("dagster._core.errors.DagsterInvalidSubsetError: {message}\n");
    refusal("InvalidSubsetError", message, members)
}
