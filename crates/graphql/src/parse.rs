//! From text to a checked operation.

mod compile;
mod locate;
mod precheck;
mod words;

use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use apollo_compiler::parser::{LineColumn, Parser, SourceMap, SourceSpan};
use apollo_compiler::response::GraphQLError as DiagnosticJson;
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{ExecutableDocument, Node, ast, executable};
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
    let document = parsed.map_err(|invalid| syntax_errors(&invalid.errors, limits.errors_max))?;
    if document.definitions.is_empty() {
        return Err(vec![RequestError::new(RequestErrorKind::Syntax, "Syntax Error: Unexpected <EOF>.")]);
    }
    let syntax = document;
    let document = syntax
        .to_executable_validate(&schema.checked)
        .map_err(|invalid| validation_errors(schema, &syntax, &invalid.errors))?;
    let operation = chosen(&document, name).map_err(|error| vec![error])?.clone();
    if operation.operation_type == OperationType::Subscription {
        let message = "Subscriptions are declared here, but this version does not serve them yet: ask by a query.";
        return Err(vec![RequestError::new(RequestErrorKind::Validation, message)]);
    }
    let mut errors = Vec::new();
    let compiled = compile::compile(schema, &Arc::new(document), &operation, &mut errors);
    errors.truncate(limits.errors_max);
    for error in errors.iter_mut().filter(|error| error.path.is_empty()) {
        error.path = error.places.first().map(|place| locate::path_to(&syntax, *place)).unwrap_or_default();
    }
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

fn syntax_errors(list: &DiagnosticList, errors_max: usize) -> Vec<RequestError> {
    let error = |diagnostic: DiagnosticJson| {
        let said = diagnostic.message;
        let message = if said.starts_with("Syntax Error") {
            said
        } else {
            format!("Syntax Error: {}", said.trim_start_matches("syntax error: "))
        };
        RequestError {
            places: places_of(&diagnostic.locations),
            ..RequestError::new(RequestErrorKind::Syntax, cut(&message))
        }
    };
    list.iter().take(errors_max).map(|diagnostic| error(diagnostic.unstable_to_json_compat())).collect()
}

/// What does not hold, in graphql-js's words. That a selection lacks is not told of one whose fields are all unknown: they are told.
fn validation_errors(schema: &Schema, document: &ast::Document, list: &DiagnosticList) -> Vec<RequestError> {
    let mut errors = Vec::new();
    for diagnostic in list.iter().map(|diagnostic| diagnostic.unstable_to_json_compat()) {
        let places = places_of(&diagnostic.locations);
        let lacks = diagnostic.message.contains(" must have a selection of subfields");
        if lacks && places.first().is_some_and(|place| locate::has_selection(document, *place)) {
            continue;
        }
        let (message, complaint) = words::read(schema, &diagnostic.message);
        let complaint = complaint.map(Box::new);
        let path = places.first().map(|place| locate::path_to(document, *place)).unwrap_or_default();
        errors.push(RequestError {
            kind: RequestErrorKind::Validation,
            message: cut(&message),
            places,
            path,
            complaint,
        });
        if errors.len() == schema.limits.errors_max {
            break;
        }
    }
    errors
}

fn places_of(locations: &[LineColumn]) -> Vec<Place> {
    locations.iter().map(|at| place_at(at.line, at.column)).collect()
}

fn cut(message: &str) -> String {
    message.chars().take(MESSAGE_MAX).collect()
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
