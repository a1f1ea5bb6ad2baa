//! Introspection, answered by the library that checks documents.

use std::collections::HashMap;

use apollo_compiler::introspection;
use apollo_compiler::validation::Valid;
use indexmap::IndexMap;
use plan::Variables;

use crate::operation::Operation;
use crate::{RequestError, RequestErrorKind, Schema};

/// The JSON texts of `__schema` and `__type` under their keys in the answer; empty when they are not asked.
pub(crate) fn answer(
    schema: &Schema,
    operation: &Operation,
    variables: &Variables,
) -> Result<IndexMap<String, String>, RequestError> {
    let Some(document) = &operation.introspected else { return Ok(IndexMap::new()) };
    let refused = |message: String| RequestError::new(RequestErrorKind::Validation, message);
    let node = document
        .operations
        .get(operation.name())
        .map_err(|_| refused("The operation to introspect is not in its document".to_owned()))?;
    introspection::check_max_depth(document, node).map_err(|error| refused(error.message().to_string()))?;
    let values = serde_json::to_vec(variables).and_then(|bytes| serde_json::from_slice(&bytes));
    let values = values.map_err(|error| refused(error.to_string()))?;
    let implementers: HashMap<_, _> = schema.checked.implementers_map().into_iter().collect();
    let implementers = implementers.into_iter().collect();
    let answer = introspection::partial_execute(
        &schema.checked,
        &implementers,
        document,
        node,
        Valid::assume_valid_ref(&values),
    )
    .map_err(|error| refused(error.message().to_string()))?;
    let data = answer.data.unwrap_or_default();
    Ok(data.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect())
}
