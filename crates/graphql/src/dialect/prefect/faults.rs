//! Errors in the form of Prefect's gateway: `locations`, `path` and a code in `extensions`.
//!
//! Source: `docs/dialects/prefect.md`, "Errors".

use model::Model;
use plan::{AgentFault, Cause, Fault, Place, RunFault, Segment, uuid_text};
use serde_json::{Value as Json, json};

use super::super::hasura;
use crate::request::{RequestError, RequestErrorKind};

/// The errors of an answer: those of rows in Hasura's words and codes.
pub(super) fn faults(model: &Model, faults: &[Fault]) -> Vec<Json> {
    faults.iter().flat_map(|fault| of_fault(model, fault)).collect()
}

/// The errors of a request that was refused before it ran.
pub(super) fn refused(errors: &[RequestError]) -> Vec<Json> {
    errors.iter().map(of_request).collect()
}

fn of_request(refused: &RequestError) -> Json {
    let code = match refused.kind {
        RequestErrorKind::Syntax => "GRAPHQL_PARSE_FAILED",
        RequestErrorKind::Validation | RequestErrorKind::Limit(..) => "GRAPHQL_VALIDATION_FAILED",
        RequestErrorKind::Variable(_) | RequestErrorKind::OperationName => "BAD_USER_INPUT",
    };
    let mut error = json!({ "message": refused.message, "extensions": { "code": code } });
    if !refused.places.is_empty() {
        error["locations"] = places(&refused.places);
    }
    error
}

fn places(places: &[Place]) -> Json {
    places.iter().map(|place| json!({ "line": place.line, "column": place.column })).collect()
}

fn of_fault(model: &Model, fault: &Fault) -> Vec<Json> {
    let (code, message) = match &fault.cause {
        Cause::Forbidden | Cause::Run(RunFault::Forbidden) => ("FORBIDDEN", "Unauthorized".to_owned()),
        Cause::Agent(fault @ AgentFault::Version { .. }) => ("VERSION_LOCKING_ERROR", of_agent(fault)),
        Cause::Agent(fault) => ("INTERNAL_SERVER_ERROR", of_agent(fault)),
        Cause::Run(fault) => ("INTERNAL_SERVER_ERROR", of_run(fault)),
        Cause::Timeout | Cause::Unavailable | Cause::OutcomeUnknown => {
            ("API_ERROR", "Unable to complete operation. An internal API error occurred.".to_owned())
        }
        Cause::KeyRefused { .. }
        | Cause::Invalid { .. }
        | Cause::Rules(_)
        | Cause::LinkMissing { .. }
        | Cause::ElementForeign(_)
        | Cause::NotFound(_)
        | Cause::RuleOfRole
        | Cause::NullInNonNull(_)
        | Cause::Unwritable(_)
        | Cause::TooManyRows(_)
        | Cause::AnswerTooLarge(_)
        | Cause::NotOfKind { .. }
        | Cause::OutOfBounds { .. }
        | Cause::VersionConflict
        | Cause::Account(_)
        | Cause::TooManyAttempts(_)
        | Cause::Internal => return of_rows(model, fault),
    };
    vec![error(fault, code, &message)]
}

/// A fault of what Hasura answered: its own code and words, at the root field.
fn of_rows(model: &Model, fault: &Fault) -> Vec<Json> {
    let errors = hasura::faults::faults(model, std::slice::from_ref(fault));
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    errors.iter().map(|inner| error(fault, &text(&inner["extensions"]["code"]), &text(&inner["message"]))).collect()
}

fn error(fault: &Fault, code: &str, message: &str) -> Json {
    let path: Vec<Json> = fault.path.iter().map(segment).collect();
    let mut error = json!({ "message": message, "path": path, "extensions": { "code": code } });
    if let Some(place) = &fault.place {
        error["locations"] = places(std::slice::from_ref(place));
    }
    error
}

fn segment(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => Json::from(key.as_str()),
        Segment::Index(index) => Json::from(*index),
    }
}

/// Why a job of the project is not launched: of its config every fault.
fn of_run(fault: &RunFault) -> String {
    match fault {
        RunFault::Config(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            ["The parameters are not the job's config: ", &faults.join("; ")].concat()
        }
        RunFault::NoJob
        | RunFault::NoRun(_)
        | RunFault::Forbidden
        | RunFault::Steps(_)
        | RunFault::Taken(_)
        | RunFault::Status(_)
        | RunFault::Unserved(_)
        | RunFault::NoEngine => fault.to_string(),
    }
}

/// What clients read in these words: agents that find "State update failed" go on quietly.
fn of_agent(fault: &AgentFault) -> String {
    match fault {
        AgentFault::RunUnknown(run) => format!("State update failed for flow run ID {}", uuid_text(*run)),
        AgentFault::RunInvalid(run) => format!("Invalid flow run ID: {}.", uuid_text(*run)),
        AgentFault::StepUnknown(step) => format!("State update failed for task run ID {}", uuid_text(*step)),
        AgentFault::StateTypeMissing => "{'type': ['Missing data for required field.']}".to_owned(),
        AgentFault::StateTypeUnknown(name) => format!("{{'type': ['Unsupported value: {name}']}}"),
        AgentFault::StateNotObject => "{'_schema': ['Invalid input type.']}".to_owned(),
        AgentFault::StateTooLarge(_) => "State payload is too large.".to_owned(),
        AgentFault::StateMember(name) => format!("{{'{name}': ['Not a valid value.']}}"),
        AgentFault::Submitted => "State update failed: this run has already been submitted.".to_owned(),
        AgentFault::Version { run, given, present } => format!(
            "State update failed for flow run ID {}: provided version {given} but current version is {present}.",
            uuid_text(*run)
        ),
        AgentFault::RunNotRunning { step, run } => format!(
            "State update failed for task run ID {}: provided a running state but associated flow run {} is not in a running state.",
            uuid_text(*step),
            uuid_text(*run)
        ),
        AgentFault::ExecutedHere(run) => {
            format!("State update failed for flow run ID {}: this run is executed by the server", uuid_text(*run))
        }
        AgentFault::StepExecutedHere(step) => {
            format!("State update failed for task run ID {}: this run is executed by the server", uuid_text(*step))
        }
        AgentFault::Refused { run, why } => {
            format!("State update failed for flow run ID {}: {why}", uuid_text(*run))
        }
        AgentFault::FlowUnnamed => "A flow id or version group ID must be provided.".to_owned(),
        AgentFault::FlowUnknown(flow) => format!("Flow {} not found", uuid_text(*flow)),
        AgentFault::FlowArchived(flow) => format!("Flow {} is archived.", uuid_text(*flow)),
        AgentFault::FlowDeclared(flow) => {
            format!("Flow {} is a job of the project: the engine launches it", uuid_text(*flow))
        }
        AgentFault::GroupArchived(group) => format!("Version group {group} has no unarchived flows."),
        AgentFault::ParametersMissing(names) => {
            let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("Required parameters were not supplied: {{{}}}", names.join(", "))
        }
        AgentFault::TaskUnknown => "Invalid task ID".to_owned(),
        AgentFault::NameTaken => "Uniqueness violation.".to_owned(),
        AgentFault::NameEmpty => "Invalid name".to_owned(),
        AgentFault::NothingUpdated => "Update failed".to_owned(),
        AgentFault::NoTenant => "Invalid tenant ID.".to_owned(),
        AgentFault::ProjectUnknown => "Invalid project.".to_owned(),
        AgentFault::FlowNotObject => "Invalid serialized flow: it must be an object with a name".to_owned(),
        AgentFault::FlowPacked => "Unable to decompress serialized flow".to_owned(),
        AgentFault::FlowInvalid => "Invalid flow ID.".to_owned(),
        AgentFault::TaskUnnamed => "Tasks could not be registered - a task has no slug.".to_owned(),
        AgentFault::EdgeUnknown => {
            "Edges could not be registered - some edges reference tasks that do not exist within this flow.".to_owned()
        }
        AgentFault::Unreadable(what) => format!("Invalid {what}"),
        AgentFault::Schedule(text) => text.clone(),
        AgentFault::ScheduleParameters => "Can not schedule a flow that has required parameters.".to_owned(),
        AgentFault::Declared => {
            "A job that the project declares cannot be changed or deleted here: do so in the project's schema"
                .to_owned()
        }
        AgentFault::MoveImpossible => "Invalid flow or project ID.".to_owned(),
        AgentFault::StepMissing(step) => format!("Task run {} not found", uuid_text(*step)),
        AgentFault::ArtifactTooLarge(most) => format!("Artifact data payload exceeds {most} bytes limit."),
        AgentFault::ValueTooLarge(most) => format!("Value payload exceeds {most} bytes limit."),
        AgentFault::TooLong { what, most } => format!("The {what} exceeds {most} bytes limit."),
        AgentFault::TooMany { what, most } => format!("No more than {most} {what} are kept: remove one first."),
        AgentFault::SlugInvalid => "Slug must be \"slugified\" (lowercase; no spaces)".to_owned(),
        AgentFault::TenantUnknown => "Update failed.".to_owned(),
    }
}
