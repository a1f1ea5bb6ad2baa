//! Errors as GraphQL has them: message, places, path, and a stable code in `extensions`.

use model::Model;
use plan::{BrokenRule, Cause, Fault, FieldFault, NewLocaleFault, Problem, RefusedPart, Segment};
use serde_json::{Map, Value as Json, json};

use crate::request::{RequestError, RequestErrorKind};

/// The errors of an answer.
pub(in crate::dialect) fn faults(model: &Model, faults: &[Fault]) -> Vec<Json> {
    faults.iter().map(|fault| of_fault(model, fault)).collect()
}

/// The errors of a request that was refused before it ran.
pub(super) fn refused(errors: &[RequestError]) -> Vec<Json> {
    errors.iter().map(of_request).collect()
}

fn of_request(error: &RequestError) -> Json {
    let code = match &error.kind {
        RequestErrorKind::Syntax => "GRAPHQL_PARSE_FAILED",
        RequestErrorKind::Validation => "GRAPHQL_VALIDATION_FAILED",
        RequestErrorKind::Limit(..) => "LIMIT_PASSED",
        RequestErrorKind::Variable(_) => "BAD_USER_INPUT",
        RequestErrorKind::OperationName => "OPERATION_RESOLUTION_FAILURE",
    };
    let mut members = Map::new();
    members.insert("message".to_owned(), Json::from(error.message.as_str()));
    if !error.places.is_empty() {
        members.insert("locations".to_owned(), error.places.iter().copied().map(place_json).collect());
    }
    members.insert("extensions".to_owned(), json!({ "code": code }));
    Json::Object(members)
}

fn place_json(place: plan::Place) -> Json {
    json!({ "line": place.line, "column": place.column })
}

fn of_fault(model: &Model, fault: &Fault) -> Json {
    let (code, message) = told(model, &fault.cause);
    let mut members = Map::new();
    members.insert("message".to_owned(), Json::from(message));
    if let Some(place) = fault.place {
        members.insert("locations".to_owned(), json!([place_json(place)]));
    }
    if !fault.path.is_empty() {
        members.insert("path".to_owned(), fault.path.iter().map(segment_json).collect());
    }
    let mut extensions = Map::from_iter([("code".to_owned(), Json::from(code))]);
    if let Cause::Rules(list) = &fault.cause {
        extensions.insert("faults".to_owned(), list.iter().map(of_field).collect());
    }
    members.insert("extensions".to_owned(), Json::Object(extensions));
    Json::Object(members)
}

fn segment_json(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => Json::from(key.as_str()),
        Segment::Index(index) => Json::from(*index),
    }
}

fn of_field(fault: &FieldFault) -> Json {
    json!({ "path": fault.path.iter().map(segment_json).collect::<Vec<_>>(), "message": rule_words(&fault.rule) })
}

/// The stable code and the sentence of each cause.
fn told(model: &Model, cause: &Cause) -> (&'static str, String) {
    match cause {
        Cause::Forbidden | Cause::RuleOfRole => ("FORBIDDEN", "This is not allowed".to_owned()),
        Cause::KeyRefused { key, part, .. } => {
            let part = match part {
                RefusedPart::Filter => "filtered",
                RefusedPart::Sort => "sorted",
            };
            ("FORBIDDEN", format!("Rows cannot be {part} by {key}"))
        }
        Cause::Invalid { problem } => ("BAD_USER_INPUT", of_problem(problem)),
        Cause::Rules(list) => ("BAD_USER_INPUT", rules(list)),
        Cause::LinkMissing { of, id, .. } => {
            let name = &model.content_type(*of).name;
            ("BAD_USER_INPUT", format!("There is no {name} with the id \"{id}\""))
        }
        Cause::ElementForeign(field) => ("BAD_USER_INPUT", format!("An element of {field} belongs to another row")),
        Cause::NotFound(_) => ("NOT_FOUND", "There is no such document".to_owned()),
        Cause::NullInNonNull(name) => {
            ("INTERNAL_SERVER_ERROR", format!("Cannot return null for non-nullable field {name}."))
        }
        Cause::Unwritable(name) => ("INTERNAL_SERVER_ERROR", format!("The value of {name} cannot be written as JSON")),
        Cause::TooManyRows(most) => {
            ("LIMIT_PASSED", format!("The list has more rows than rows_max ({most}) allows: ask for a part of it"))
        }
        Cause::AnswerTooLarge(most) => {
            ("LIMIT_PASSED", format!("The answer is larger than answer_bytes_max ({most}) allows: ask for less"))
        }
        Cause::NotOfKind { kind, text } => ("BAD_USER_INPUT", format!("\"{text}\" is no value of the kind {kind}")),
        Cause::OutOfBounds { value, least, greatest } => {
            ("BAD_USER_INPUT", format!("{value} lies outside {least} to {greatest}"))
        }
        Cause::VersionConflict => ("VERSION_CONFLICT", "The document has been changed by somebody else".to_owned()),
        Cause::Account(_) => ("BAD_USER_INPUT", "The account cannot be opened, made or changed so".to_owned()),
        Cause::Run(fault) => ("RUN_REFUSED", fault.to_string()),
        Cause::Agent(_) => ("REFUSED", "The workflow engine refused it".to_owned()),
        Cause::TooManyAttempts(seconds) => {
            ("TOO_MANY_ATTEMPTS", format!("There were too many attempts: try again in {seconds} s"))
        }
        Cause::Timeout => ("TIMEOUT", "The operation took longer than its deadline".to_owned()),
        Cause::Unavailable => ("UNAVAILABLE", "The database cannot be reached".to_owned()),
        Cause::OutcomeUnknown => (
            "OUTCOME_UNKNOWN",
            "The connection was lost while the change was committed: its outcome is unknown".to_owned(),
        ),
        Cause::Internal => ("INTERNAL_SERVER_ERROR", "Something went wrong on our side".to_owned()),
    }
}

fn of_problem(problem: &Problem) -> String {
    match problem {
        Problem::Direction => "The order's direction is none of asc and desc".to_owned(),
        Problem::PagingMixed => "Pages and offsets cannot stand together".to_owned(),
        Problem::PagingNull => "Paging cannot be null".to_owned(),
        Problem::Operator(_) => "The operator is not offered for this field".to_owned(),
        Problem::Between => "`between` takes two values".to_owned(),
        Problem::DistinctOrder => "Distinct fields must be the first ones of the order".to_owned(),
        Problem::Cursor(text) => format!("\"{text}\" is no cursor: hand back one that an answer gave"),
        Problem::Locale(locale) => format!("\"{locale}\" is no locale"),
        Problem::NewLocale(NewLocaleFault::Missing) => "No locale is named".to_owned(),
        Problem::NewLocale(NewLocaleFault::Unknown) => "The project has no such locale".to_owned(),
        Problem::NewLocale(NewLocaleFault::Taken) => "The document has that locale".to_owned(),
        Problem::LocaleUnknown(locale) => format!("The project has no locale \"{locale}\""),
        Problem::Text(text) => text.clone(),
    }
}

/// One sentence for all values that break rules.
fn rules(list: &[FieldFault]) -> String {
    let of_one = |fault: &FieldFault| {
        let path: Vec<String> = fault
            .path
            .iter()
            .map(|segment| match segment {
                Segment::Key(key) => key.clone(),
                Segment::Index(index) => index.to_string(),
            })
            .collect();
        format!("{} {}", path.join("."), rule_words(&fault.rule))
    };
    list.iter().map(of_one).collect::<Vec<_>>().join("; ")
}

fn rule_words(rule: &BrokenRule) -> String {
    match rule {
        BrokenRule::Missing | BrokenRule::Null => "must not be null".to_owned(),
        BrokenRule::NotUnique => "must be unique".to_owned(),
        BrokenRule::TooShort(least) => format!("must have at least {least} characters"),
        BrokenRule::TooLong(most) => format!("must have at most {most} characters"),
        BrokenRule::TooSmall(least) => format!("must be at least {least}"),
        BrokenRule::TooGreat(most) => format!("must be at most {most}"),
        BrokenRule::Email => "must be an e-mail address".to_owned(),
        BrokenRule::Pattern(pattern) => format!("must match {pattern}"),
        BrokenRule::Uid => "may have letters, digits and -_.~ only".to_owned(),
        BrokenRule::NotInteger => "must be a whole number of 32 bits".to_owned(),
        BrokenRule::TooFewItems(least) => format!("must have at least {least} items"),
        BrokenRule::TooManyItems(most) => format!("must have at most {most} items"),
        BrokenRule::ListNull => "must be a list".to_owned(),
        BrokenRule::Kind(kind) => format!("must be a value of the kind {kind}"),
        BrokenRule::Blocks(text) => format!("must be a list of blocks: {text}"),
        BrokenRule::Word(word) => format!("must be a word of the enum, not {word}"),
        BrokenRule::Password => "cannot be taken as a password".to_owned(),
    }
}
