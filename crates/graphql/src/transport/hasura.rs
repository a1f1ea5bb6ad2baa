//! The transport of Hasura's `/v1/graphql`: POST alone, lists of requests served, and 200 for whatever the GraphQL engine
//! itself refuses.
//!
//! Source: dialect manual 15 (errors) and 16 (request forms).

use serde_json::json;

use super::{FormBody, GetRule, JsonFault, Refusal, RequestFault, RoleHeader, TransportRules, declared};

/// Rules of `hasura` endpoints.
pub static HASURA: TransportRules = TransportRules {
    refused_status_json: 200,
    refused_status_graphql: 200,
    get: GetRule::Refused,
    form_body: FormBody::Refused,
    takes_files: false,
    batching: true,
    allow: "POST",
    role_header: Some(RoleHeader { name: "x-hasura-role", aliases: &[("anonymous", "public")] }),
    hints: None,
    has_data_beside_errors: false,
    keeps_documents: false,
    variables_as_text: false,
    beside: &[],
    also: &[],
    login: &[],
    introspection_off: "introspection is switched off on this server",
    describe,
};

/// Puts a fault into Hasura's form: `extensions.path` and `extensions.code`.
fn describe(fault: &RequestFault) -> Refusal {
    let house = declared::words(fault);
    match fault {
        RequestFault::BodyNotJson(JsonFault::Truncated) | RequestFault::BodyEmpty => {
            error(200, "$", "invalid-json", "Error in $: not enough input")
        }
        RequestFault::BodyNotJson(JsonFault::Syntax { .. }) => error(200, "$", "invalid-json", &house),
        RequestFault::BodyNotObject => {
            error(200, "$", "parse-failed", "expected an object or a list of objects, the request has neither")
        }
        RequestFault::QueryMissing | RequestFault::PersistedQuery(_) | RequestFault::ObjectEmpty => {
            error(200, "$", "parse-failed", "the key 'query' was not present")
        }
        RequestFault::QueryNotText => error(200, "$.query", "parse-failed", "expected text"),
        RequestFault::OperationNameNotText => error(200, "$.operationName", "parse-failed", "expected text or null"),
        RequestFault::MemberNotObject(name)
        | RequestFault::MemberAsText(name)
        | RequestFault::ParameterNotJson(name) => {
            error(200, &format!("$.{name}"), "parse-failed", "expected an object or null")
        }
        RequestFault::MemberRepeated(name) => error(200, &format!("$.{name}"), "parse-failed", &house),
        RequestFault::BodyTooDeep(_) | RequestFault::BatchRefused | RequestFault::BatchLength(_) => {
            error(200, "$", "validation-failed", &house)
        }
        RequestFault::CredentialsInvalid => {
            error(200, "$", "invalid-jwt", "Could not verify JWT: the token is not valid, or has run out")
        }
        RequestFault::RoleRefused => {
            error(200, "$", "access-denied", "the requested role is not in the caller's roles")
        }
        RequestFault::OperationByGet(_) | RequestFault::MethodNotAllowed | RequestFault::GetNotServed => {
            error(405, "$", "not-supported", "this endpoint answers POST only")
        }
        RequestFault::PreflightMissing
        | RequestFault::NotAcceptable
        | RequestFault::ContentTypeUnsupported
        | RequestFault::CharsetUnsupported
        | RequestFault::EncodingUnsupported(_)
        | RequestFault::BodyTooLarge(_)
        | RequestFault::BodyTooSlow => error(declared::describe(fault).status, "$", "bad-request", &house),
        RequestFault::Unavailable => error(200, "$", "postgres-error", "the database cannot be reached"),
        RequestFault::Internal(_) => error(500, "$", "unexpected", &house),
    }
}

fn error(status: u16, path: &str, code: &str, message: &str) -> Refusal {
    Refusal {
        status,
        body: json!({ "errors": [{ "extensions": { "path": path, "code": code }, "message": message }] }),
    }
}
