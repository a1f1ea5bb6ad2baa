//! Errors in the form of Prefect's gateway: `locations`, `path` and a code in `extensions`.
//!
//! Source: `docs/dialects/prefect.md`, "Errors".

use model::Model;
use plan::{Cause, Fault, Place, Segment};
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
        Cause::Forbidden => ("FORBIDDEN", "Unauthorized".to_owned()),
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
        | Cause::Run(_)
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
