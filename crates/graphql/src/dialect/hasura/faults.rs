//! Errors in Hasura's form: `extensions.path` (a path into the request) and `extensions.code`.

use model::Model;
use plan::{BrokenRule, Cause, Fault, FieldFault, NewLocaleFault, Problem, Segment};
use serde_json::{Value as Json, json};

use super::columns::table_name;
use crate::request::{Complaint, RequestError, RequestErrorKind};

/// The errors of an answer.
pub(in crate::dialect) fn faults(model: &Model, faults: &[Fault]) -> Vec<Json> {
    faults.iter().flat_map(|fault| of_cause(model, &request_path(&fault.path), &fault.cause)).collect()
}

/// The errors of a request that was refused before it ran.
pub(super) fn refused(errors: &[RequestError]) -> Vec<Json> {
    errors.iter().map(of_request).collect()
}

fn of_request(refused: &RequestError) -> Json {
    match &refused.kind {
        RequestErrorKind::Syntax => error("$.query", "validation-failed", "not a valid graphql query"),
        RequestErrorKind::Validation => {
            let message = refused.complaint.as_deref().map_or_else(|| refused.message.clone(), of_complaint);
            error(&operation_path(&refused.path), "validation-failed", &message)
        }
        RequestErrorKind::Variable(name) => {
            error(&["$.variableValues.", name].concat(), "validation-failed", &refused.message)
        }
        RequestErrorKind::OperationName | RequestErrorKind::Limit(..) => {
            error("$", "validation-failed", &refused.message)
        }
    }
}

/// Source: `docs/dialects/hasura.md`, "Errors".
fn of_complaint(complaint: &Complaint) -> String {
    match complaint {
        Complaint::Field { name, of } => format!("field '{name}' not found in type: '{of}'"),
        Complaint::Argument { name, field } => format!("'{field}' has no argument named '{name}'"),
        Complaint::Word { word, of, known } => {
            let known: Vec<String> = known.iter().map(|word| format!("'{word}'")).collect();
            format!("expected one of the values [{}] for type '{of}', but found '{word}'", known.join(", "))
        }
        Complaint::Missing { name } => format!("missing required field '{name}'"),
    }
}

/// `$.selectionSet.a.args.where._and[0].name`: the steps as they are.
fn operation_path(path: &[Segment]) -> String {
    path.iter().fold("$".to_owned(), |path, segment| match segment {
        Segment::Key(key) => [&path, ".", key].concat(),
        Segment::Index(index) => format!("{path}[{index}]"),
    })
}

/// `$.selectionSet.a.selectionSet.b`; indexes of rows are no part of a request.
fn request_path(path: &[Segment]) -> String {
    let keys = path.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    std::iter::once("$").chain(keys).collect::<Vec<_>>().join(".selectionSet.")
}

fn of_cause(model: &Model, path: &str, cause: &Cause) -> Vec<Json> {
    let (code, message) = match cause {
        Cause::Rules(list) => return list.iter().map(|fault| of_field(path, fault)).collect(),
        Cause::Forbidden => ("permission-error", "not allowed for this role".to_owned()),
        Cause::KeyRefused { key, .. } => ("validation-failed", format!("field '{key}' not found")),
        Cause::Invalid { problem } => ("validation-failed", of_problem(problem)),
        Cause::LinkMissing { of, id, .. } => {
            let target = table_name(model.content_type(*of));
            ("constraint-violation", format!("Foreign key violation. no row of \"{target}\" has the id \"{id}\""))
        }
        Cause::ElementForeign(field) => {
            ("constraint-violation", format!("an element of \"{field}\" belongs to another row"))
        }
        Cause::NotFound(_) => ("not-found", "no such row".to_owned()),
        Cause::RuleOfRole => {
            ("permission-error", "check constraint of an insert/update permission has failed".to_owned())
        }
        Cause::NullInNonNull(name) => {
            ("unexpected", format!("unexpected null value for the non-nullable field {name}"))
        }
        Cause::Unwritable(name) => ("data-exception", format!("the value of {name} cannot be written as JSON")),
        Cause::TooManyRows(most) => {
            ("validation-failed", format!("the list has more rows than rows_max ({most}) allows: give a limit"))
        }
        Cause::AnswerTooLarge(most) => {
            ("validation-failed", format!("the answer is larger than answer_bytes_max ({most}) allows"))
        }
        Cause::NotOfKind { kind, text } => {
            ("data-exception", format!("invalid input syntax for type {kind}: \"{text}\""))
        }
        Cause::OutOfBounds { value, .. } if *value < 0 => (
            "validation-failed",
            "expected a non-negative 32-bit integer for type \"Int\", but found an integer".to_owned(),
        ),
        Cause::OutOfBounds { value, least, greatest } => {
            ("validation-failed", format!("{value} lies outside {least} to {greatest}"))
        }
        Cause::VersionConflict => ("constraint-violation", "the row has been changed by somebody else".to_owned()),
        Cause::Account(_) => ("invalid-auth", "the account cannot be opened, made or changed so".to_owned()),
        Cause::Run(fault) => ("unexpected", fault.to_string()),
        Cause::Agent(_) => ("unexpected", "the workflow engine refused it".to_owned()),
        Cause::TooManyAttempts(seconds) => ("unexpected", format!("too many attempts: try again in {seconds} s")),
        Cause::Timeout => ("unexpected", "the operation took longer than its deadline".to_owned()),
        Cause::Unavailable => ("postgres-error", "the database cannot be reached".to_owned()),
        Cause::OutcomeUnknown => {
            ("unexpected", "the connection was lost while the change was committed: its outcome is unknown".to_owned())
        }
        Cause::Internal => ("unexpected", "database query error".to_owned()),
    };
    vec![error(path, code, &message)]
}

fn of_problem(problem: &Problem) -> String {
    match problem {
        Problem::Direction => "the order's direction is none of asc and desc".to_owned(),
        Problem::PagingMixed => "pages and offsets cannot stand together".to_owned(),
        Problem::PagingNull => "unexpected null value for paging".to_owned(),
        Problem::Operator(_) => "the operator is not offered for this column".to_owned(),
        Problem::Between => "between takes two values".to_owned(),
        Problem::DistinctOrder => "\"distinct_on\" columns must match initial \"order_by\" columns".to_owned(),
        Problem::Locale(locale) => format!("'{locale}' is no locale"),
        Problem::Cursor(text) => format!("\"{text}\" is no cursor"),
        Problem::NewLocale(NewLocaleFault::Missing) => "no locale is named".to_owned(),
        Problem::NewLocale(NewLocaleFault::Unknown) => "the project has no such locale".to_owned(),
        Problem::NewLocale(NewLocaleFault::Taken) => "the document has that locale".to_owned(),
        Problem::LocaleUnknown(locale) => format!("the project has no locale '{locale}'"),
        Problem::Text(text) => text.clone(),
    }
}

fn of_field(path: &str, fault: &FieldFault) -> Json {
    let place = fault.path.iter().fold(path.to_owned(), |path, segment| match segment {
        Segment::Key(key) => [&path, ".", key].concat(),
        Segment::Index(index) => format!("{path}[{index}]"),
    });
    let column = fault.path.iter().rev().find_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    let column = column.unwrap_or_default();
    let message = match &fault.rule {
        BrokenRule::Missing | BrokenRule::Null => {
            format!("Not-NULL violation. null value in column \"{column}\" violates not-null constraint")
        }
        BrokenRule::NotUnique => format!("Uniqueness violation. duplicate value in column \"{column}\""),
        other => format!("Check constraint violation. column \"{column}\" violates rule \"{}\"", rule_words(other)),
    };
    error(&place, "constraint-violation", &message)
}

fn rule_words(rule: &BrokenRule) -> String {
    match rule {
        BrokenRule::Missing | BrokenRule::Null => "required".to_owned(),
        BrokenRule::NotUnique => "unique".to_owned(),
        BrokenRule::TooShort(least) => format!("length: {least}…"),
        BrokenRule::TooLong(most) => format!("length: …{most}"),
        BrokenRule::TooSmall(least) => format!("range: {least}…"),
        BrokenRule::TooGreat(most) => format!("range: …{most}"),
        BrokenRule::Email => "email".to_owned(),
        BrokenRule::Pattern(pattern) => format!("pattern: {pattern}"),
        BrokenRule::Uid => "letters of a UID".to_owned(),
        BrokenRule::NotInteger => "integer".to_owned(),
        BrokenRule::TooFewItems(least) => format!("items: {least}…"),
        BrokenRule::TooManyItems(most) => format!("items: …{most}"),
        BrokenRule::ListNull => "a list".to_owned(),
        BrokenRule::Kind(kind) => (*kind).to_owned(),
        BrokenRule::Blocks(text) => format!("blocks: {text}"),
        BrokenRule::Word(word) => format!("a word of the enum, not {word}"),
        BrokenRule::Password => "password".to_owned(),
    }
}

fn error(path: &str, code: &str, message: &str) -> Json {
    json!({ "extensions": { "path": path, "code": code }, "message": message })
}
