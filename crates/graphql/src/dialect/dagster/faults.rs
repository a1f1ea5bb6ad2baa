//! Errors as this API writes them: a message and where, and a code of ours.

use model::Model;
use plan::Fault;
use serde_json::{Value as Json, json};

use crate::dialect::declared;
use crate::request::RequestError;

/// The errors of an answer.
pub(super) fn faults(model: &Model, faults: &[Fault]) -> Vec<Json> {
    declared::faults(model, faults)
}

/// The errors of a request that was refused before it ran: without path and extensions.
///
/// Source: graphql-core 3, whose errors of parse and validation have a message and places.
pub(super) fn refused(errors: &[RequestError]) -> Vec<Json> {
    let error = |error: &RequestError| {
        let places = error.places.iter().map(|place| json!({ "line": place.line, "column": place.column }));
        let mut object = json!({ "message": error.message });
        if !error.places.is_empty() {
            object["locations"] = places.collect();
        }
        object
    };
    errors.iter().map(error).collect()
}
