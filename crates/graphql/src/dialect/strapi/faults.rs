//! Errors in Strapi's form: `extensions.code` and `extensions.error { name, message, details }`.
//!
//! Source: dialect manual sections 4.2, 5.5, 6, 7.4 to 7.6, 9.

mod rules;

use model::{Model, TypeId};
use plan::{AccountFault, Cause, Fault, NewLocaleFault, Problem, RefusedPart, Segment};
use serde_json::{Map, Value as Json, json};

use super::{Edition, names};
use crate::request::{RequestError, RequestErrorKind};

/// The errors of an answer.
pub(super) fn faults(edition: Edition, model: &Model, faults: &[Fault]) -> Vec<Json> {
    faults.iter().map(|fault| of_fault(edition, model, fault)).collect()
}

/// The errors of a request that was refused before it ran.
pub(super) fn refused(errors: &[RequestError]) -> Vec<Json> {
    errors.iter().map(|error| of_request(Edition::Five, error)).collect()
}

/// The same in Strapi 4.
pub(super) fn refused_by_four(errors: &[RequestError]) -> Vec<Json> {
    errors.iter().map(|error| of_request(Edition::Four, error)).collect()
}

fn of_request(edition: Edition, error: &RequestError) -> Json {
    let code = match &error.kind {
        RequestErrorKind::Syntax => "GRAPHQL_PARSE_FAILED",
        RequestErrorKind::Validation | RequestErrorKind::Limit(..) => "GRAPHQL_VALIDATION_FAILED",
        RequestErrorKind::Variable(_) => "BAD_USER_INPUT",
        RequestErrorKind::OperationName => match edition {
            Edition::Four => "INTERNAL_SERVER_ERROR",
            Edition::Five => "OPERATION_RESOLUTION_FAILURE",
        },
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

/// A class of Strapi's errors: its name and the code that goes with it.
type Class = (&'static str, &'static str);

const VALIDATION: Class = ("ValidationError", "BAD_USER_INPUT");
const PAGINATION: Class = ("PaginationError", "STRAPI_PAGINATION_ERROR");
const FORBIDDEN: Class = ("ForbiddenError", "FORBIDDEN");
const APPLICATION: Class = ("ApplicationError", "STRAPI_APPLICATION_ERROR");
const NOT_FOUND: Class = ("NotFoundError", "STRAPI_NOT_FOUND_ERROR");
const TOO_LARGE: Class = ("PayloadTooLargeError", "STRAPI_PAYLOAD_TOO_LARGE_ERROR");
const UNAVAILABLE: Class = ("ServiceUnavailableError", "STRAPI_SERVICE_UNAVAILABLE_ERROR");
const RATE_LIMIT: Class = ("RateLimitError", "STRAPI_RATE_LIMIT_ERROR");
/// Strapi's code for a null where none may be is that of a failure, which it is not.
const NULL_HINT: &str = "Nothing has failed: what was written is kept, and the document lacks this field. A draft may; \
    the setting strapi.nullable_drafts lets it be read.";
const INTERNAL: Class = ("InternalServerError", "INTERNAL_SERVER_ERROR");

fn of_fault(edition: Edition, model: &Model, fault: &Fault) -> Json {
    let (class, message, details) = told(edition, model, &fault.cause);
    let mut members = Map::new();
    members.insert("message".to_owned(), Json::from(message.as_str()));
    // A null where none may be is found by the GraphQL server itself, which tells places and knows no class.
    let is_null = matches!(fault.cause, Cause::NullInNonNull(_));
    if let (true, Some(place)) = (is_null, fault.place) {
        members.insert("locations".to_owned(), json!([place_json(place)]));
    }
    // Strapi 4 does not say where its own errors were met.
    let has_path = is_null || edition == Edition::Five;
    if has_path && !fault.path.is_empty() {
        members.insert("path".to_owned(), fault.path.iter().map(segment_json).collect());
    }
    let (name, code) = class;
    let extensions = if let Cause::NullInNonNull(place) = &fault.cause {
        let is_of_draft = names::is_of_draft(edition, model, place);
        if is_of_draft { json!({ "code": code, "hint": NULL_HINT }) } else { json!({ "code": code }) }
    } else {
        json!({ "code": code, "error": { "name": name, "message": message, "details": details } })
    };
    members.insert("extensions".to_owned(), extensions);
    Json::Object(members)
}

fn segment_json(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => Json::from(key.as_str()),
        Segment::Index(index) => Json::from(*index),
    }
}

fn told(edition: Edition, model: &Model, cause: &Cause) -> (Class, String, Json) {
    let none = || json!({});
    match cause {
        Cause::Forbidden | Cause::RuleOfRole => (FORBIDDEN, "Forbidden access".to_owned(), none()),
        Cause::KeyRefused { key, path, part } => match edition {
            Edition::Four => (VALIDATION, ["Invalid parameter ", key].concat(), none()),
            Edition::Five => key_refused(key, path.as_deref(), *part),
        },
        Cause::Invalid { problem } => {
            let (class, message) = of_problem(edition, problem);
            (class, message, none())
        }
        Cause::Rules(list) => {
            let (message, details) = rules::told(model, list, edition == Edition::Five);
            (VALIDATION, message, details)
        }
        Cause::LinkMissing { of, id, locale, by_key } => {
            let message = if *by_key {
                let uid = names::uid(model.content_type(*of));
                format!("1 relation(s) of type {uid} associated with this entity do not exist")
            } else {
                let locale = locale.as_deref().unwrap_or("null");
                format!("Document with id \"{}\", locale \"{locale}\" not found", short(id))
            };
            let details = match edition {
                Edition::Four => rules::detail_of_all(&message),
                Edition::Five => none(),
            };
            (VALIDATION, message, details)
        }
        Cause::ElementForeign(field) => {
            (APPLICATION, format!("Some of the provided components in {field} are not related to the entity"), none())
        }
        Cause::NotFound(of) => (NOT_FOUND, [thing(edition, model, *of), " not found"].concat(), none()),
        Cause::NullInNonNull(name) => (INTERNAL, format!("Cannot return null for non-nullable field {name}."), none()),
        Cause::Unwritable(name) => (INTERNAL, format!("The value of {name} cannot be written as JSON"), none()),
        Cause::TooManyRows(most) => {
            (TOO_LARGE, format!("The list has more rows than rows_max ({most}) allows: ask for a page of it"), none())
        }
        Cause::AnswerTooLarge(most) => {
            (TOO_LARGE, format!("The answer is larger than answer_bytes_max ({most}) allows: ask for less"), none())
        }
        Cause::NotOfKind { kind, text } => (VALIDATION, not_of_kind(kind, text), none()),
        Cause::OutOfBounds { value, least, greatest } => {
            (VALIDATION, format!("{value} lies outside {least} to {greatest}"), none())
        }
        Cause::VersionConflict => (APPLICATION, "The document has been changed by somebody else".to_owned(), none()),
        Cause::Account(fault) => of_account(*fault),
        Cause::Run(fault) => (APPLICATION, fault.to_string(), none()),
        Cause::Agent(_) => (APPLICATION, "The workflow engine refused it".to_owned(), none()),
        Cause::TooManyAttempts(_) => (RATE_LIMIT, "Too many requests, please try again later.".to_owned(), none()),
        Cause::Timeout => (UNAVAILABLE, "The operation did not end before its deadline".to_owned(), none()),
        Cause::Unavailable => (UNAVAILABLE, "The database cannot be reached: try again".to_owned(), none()),
        Cause::OutcomeUnknown => {
            let message = "The connection was lost while the change was committed: look whether it is there";
            (UNAVAILABLE, message.to_owned(), none())
        }
        Cause::Internal => (INTERNAL, "Internal Server Error".to_owned(), none()),
    }
}

/// What is told to be missing: Strapi's plugins have words of their own.
fn thing(edition: Edition, model: &Model, of: Option<TypeId>) -> &'static str {
    let of = of.map(|of| model.content_type(of)).filter(|of| of.is_system);
    match (of.map(|of| of.name.as_str()), edition) {
        (Some("User"), _) => "User",
        (Some("Role"), _) => "Role",
        (Some(_), _) | (None, Edition::Four) => "Entity",
        (None, Edition::Five) => "Document",
    }
}

/// Source: dialect manual section 7.9.
fn of_account(fault: AccountFault) -> (Class, String, Json) {
    let (class, message) = match fault {
        AccountFault::CredentialsWrong => (VALIDATION, "Invalid identifier or password"),
        AccountFault::ProviderDisabled => (APPLICATION, "This provider is disabled"),
        AccountFault::NotConfirmed => (APPLICATION, "Your account email is not confirmed"),
        AccountFault::Blocked => (APPLICATION, "Your account has been blocked by an administrator"),
        AccountFault::RegisterClosed => (APPLICATION, "Register action is currently disabled"),
        AccountFault::Taken => (APPLICATION, "Email or Username are already taken"),
        AccountFault::PasswordsDiffer => (VALIDATION, "Passwords do not match"),
        AccountFault::CodeWrong => (VALIDATION, "Incorrect code provided"),
        AccountFault::PasswordWrong => (VALIDATION, "The provided current password is invalid"),
        AccountFault::PasswordSame => (VALIDATION, "Your new password must be different than your current password"),
        AccountFault::NotSignedIn => (APPLICATION, "You must be authenticated to reset your password"),
        AccountFault::ConfirmationWrong => (VALIDATION, "Invalid token"),
    };
    (class, message.to_owned(), json!({}))
}

fn key_refused(key: &str, path: Option<&str>, part: RefusedPart) -> (Class, String, Json) {
    let message = match path {
        Some(path) if path != key => format!("Invalid key {key} at {path}"),
        Some(_) | None => format!("Invalid key {key}"),
    };
    let param = match part {
        RefusedPart::Filter => "filters",
        RefusedPart::Sort => "sort",
    };
    (VALIDATION, message, json!({ "key": key, "path": path, "source": "query", "param": param }))
}

fn of_problem(edition: Edition, problem: &Problem) -> (Class, String) {
    match problem {
        Problem::Direction => (VALIDATION, "Invalid order. order can only be one of asc|desc|ASC|DESC".to_owned()),
        Problem::PagingMixed => (PAGINATION, "Cannot use both page & offset pagination in the same query".to_owned()),
        Problem::PagingNull => (PAGINATION, "Pagination must not be null: leave it out, or give an object".to_owned()),
        Problem::Operator(_) => (VALIDATION, "The operator cannot be used with this attribute".to_owned()),
        Problem::Between => (VALIDATION, "You must specify 2 values for the between operator".to_owned()),
        Problem::DistinctOrder => (VALIDATION, "Distinct columns must be the first ones of the order".to_owned()),
        Problem::Locale(locale) => {
            (VALIDATION, format!("Invalid locale param {} provided. Document locales must be strings.", short(locale)))
        }
        Problem::Cursor(text) => (PAGINATION, format!("\"{text}\" is no cursor")),
        Problem::LocaleUnknown(locale) => match edition {
            Edition::Four => (APPLICATION, "This locale doesn't exist".to_owned()),
            Edition::Five => (VALIDATION, format!("The project has no locale {}", short(locale))),
        },
        Problem::NewLocale(NewLocaleFault::Missing) => (APPLICATION, "locale is missing".to_owned()),
        Problem::NewLocale(NewLocaleFault::Unknown) => (APPLICATION, "locale is invalid".to_owned()),
        Problem::NewLocale(NewLocaleFault::Taken) => (APPLICATION, "locale is already used".to_owned()),
        Problem::Text(text) => (VALIDATION, text.clone()),
    }
}

fn not_of_kind(kind: &str, text: &str) -> String {
    match kind {
        "date" => "Invalid format, expected yyyy-MM-dd".to_owned(),
        "time" => "Invalid format, expected HH:mm:ss.SSS".to_owned(),
        "timestamp with time zone" => "Invalid format, expected a timestamp or an ISO date".to_owned(),
        other => format!("Invalid value {:?}, expected {other}", short(text)),
    }
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
