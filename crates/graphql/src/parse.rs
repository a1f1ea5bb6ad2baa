//! From text to a checked operation.

mod compile;
mod precheck;

use std::sync::Arc;

use apollo_compiler::parser::{Parser, SourceMap, SourceSpan};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{ExecutableDocument, Node, executable};
pub(crate) use compile::page_size;
use plan::Place;

use crate::{Operation, RequestError, RequestErrorKind, Schema};

/// Reads a document and checks the operation of this name (or its only one) against the schema.
///
/// # Errors
/// Every reason why it is refused, at most `errors_max` of them.
pub fn parse(schema: &Schema, text: &str, name: Option<&str>) -> Result<Arc<Operation>, Vec<RequestError>> {
    let limits = &schema.limits;
    precheck::check(text, limits).map_err(|error| vec![error])?;
    let mut parser = Parser::new().token_limit(limits.tokens_max).recursion_limit(limits.nesting_max);
    let parsed = parser.parse_ast(text, "request");
    if parser.tokens_reached() > limits.tokens_max {
        return Err(vec![RequestError::limit("tokens_max", limits.tokens_max as u64, "more tokens")]);
    }
    let document =
        parsed.map_err(|invalid| errors_of(&invalid.errors, &RequestErrorKind::Syntax, limits.errors_max))?;
    if document.definitions.is_empty() {
        return Err(vec![RequestError::new(RequestErrorKind::Syntax, "Syntax Error: Unexpected <EOF>.")]);
    }
    let document = document
        .to_executable_validate(&schema.checked)
        .map_err(|invalid| errors_of(&invalid.errors, &RequestErrorKind::Validation, limits.errors_max))?;
    let operation = chosen(&document, name).map_err(|error| vec![error])?.clone();
    let mut errors = Vec::new();
    let compiled = compile::compile(schema, &Arc::new(document), &operation, &mut errors);
    errors.truncate(limits.errors_max);
    if errors.is_empty() { Ok(Arc::new(compiled)) } else { Err(errors) }
}

fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Node<executable::Operation>, RequestError> {
    let refuse = |message: String| RequestError::new(RequestErrorKind::OperationName, message);
    document.operations.get(name).map_err(|_| match name {
        Some(name) => refuse(format!("Unknown operation named \"{}\".", name.chars().take(100).collect::<String>())),
        None if document.operations.is_empty() => refuse("Must provide an operation.".to_owned()),
        None => refuse("Must provide operation name if query contains multiple operations.".to_owned()),
    })
}

fn errors_of(list: &DiagnosticList, kind: &RequestErrorKind, errors_max: usize) -> Vec<RequestError> {
    list.iter()
        .take(errors_max)
        .map(|diagnostic| {
            let error = diagnostic.unstable_to_json_compat();
            let message = if *kind == RequestErrorKind::Syntax && !error.message.starts_with("Syntax Error") {
                format!("Syntax Error: {}", error.message.trim_start_matches("syntax error: "))
            } else {
                error.message
            };
            RequestError {
                kind: kind.clone(),
                message: message.chars().take(MESSAGE_MAX).collect(),
                places: error.locations.iter().map(|at| place_at(at.line, at.column)).collect(),
                path: Vec::new(),
            }
        })
        .collect()
}

/// Characters of a message at most.
const MESSAGE_MAX: usize = 300;

fn place_at(line: usize, column: usize) -> Place {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column) }
}

/// Where a node stands.
fn place_of(location: Option<SourceSpan>, sources: &SourceMap) -> Option<Place> {
    location?.line_column(sources).map(|at| place_at(at.line, at.column))
}
