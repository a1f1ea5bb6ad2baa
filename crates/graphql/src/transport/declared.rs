//! The transport of declared endpoints: GraphQL over HTTP as its specification says. Its words are the house's, used by
//! every dialect that has none of its own.

use super::{FormBody, GetRule, HashFault, JsonFault, Refusal, RequestFault, TransportRules};

/// Source: the draft "GraphQL over HTTP"; the audits run against these rules.
pub static DECLARED: TransportRules = TransportRules {
    refused_status_json: 200,
    refused_status_graphql: 400,
    get: GetRule::Served,
    form_body: FormBody::Refused,
    takes_files: false,
    batching: false,
    allow: "GET, POST",
    role_header: None,
    hints: None,
    has_data_beside_errors: true,
    keeps_documents: false,
    variables_as_text: false,
    beside: &[],
    also: &[],
    login: &[],
    introspection_off: "Introspection is switched off on this server",
    describe,
};

/// Puts a fault into GraphQL's form.
pub(super) fn describe(fault: &RequestFault) -> Refusal {
    let (status, code) = status_and_code(fault);
    let mut refusal = Refusal::graphql(status, code, words(fault));
    if *fault == RequestFault::QueryMissing {
        // An empty document ends where it begins.
        refusal.body["errors"][0]["locations"] = serde_json::json!([{ "line": 1, "column": 1 }]);
    }
    refusal
}

/// The status and the stable code of each fault.
fn status_and_code(fault: &RequestFault) -> (u16, &'static str) {
    match fault {
        RequestFault::MethodNotAllowed | RequestFault::GetNotServed | RequestFault::OperationByGet(_) => {
            (405, "METHOD_NOT_ALLOWED")
        }
        RequestFault::NotAcceptable => (406, "NOT_ACCEPTABLE"),
        RequestFault::ContentTypeUnsupported
        | RequestFault::CharsetUnsupported
        | RequestFault::EncodingUnsupported(_) => (415, "UNSUPPORTED_MEDIA_TYPE"),
        RequestFault::BodyTooLarge(_) => (413, "BODY_TOO_LARGE"),
        RequestFault::BodyTooSlow => (408, "BODY_TOO_SLOW"),
        RequestFault::CredentialsInvalid => (401, "UNAUTHENTICATED"),
        RequestFault::RoleRefused => (403, "FORBIDDEN"),
        RequestFault::PersistedQuery(HashFault::NotKept) => (200, "PERSISTED_QUERY_NOT_SUPPORTED"),
        RequestFault::PersistedQuery(HashFault::Unknown) => (200, "PERSISTED_QUERY_NOT_FOUND"),
        RequestFault::Unavailable => (503, "SERVICE_UNAVAILABLE"),
        RequestFault::Internal(_) => (500, "INTERNAL_SERVER_ERROR"),
        RequestFault::PreflightMissing
        | RequestFault::BodyEmpty
        | RequestFault::ObjectEmpty
        | RequestFault::BodyNotJson(_)
        | RequestFault::BodyNotObject
        | RequestFault::BodyTooDeep(_)
        | RequestFault::BatchRefused
        | RequestFault::BatchLength(_)
        | RequestFault::MemberRepeated(_)
        | RequestFault::QueryMissing
        | RequestFault::PersistedQuery(HashFault::Version | HashFault::Differs)
        | RequestFault::QueryNotText
        | RequestFault::OperationNameNotText
        | RequestFault::MemberNotObject(_)
        | RequestFault::MemberAsText(_)
        | RequestFault::ParameterNotJson(_) => (400, "BAD_REQUEST"),
    }
}

/// The sentence for each fault, without anything that the client sent.
pub(super) fn words(fault: &RequestFault) -> String {
    let fixed = match fault {
        RequestFault::OperationByGet(word) => return format!("A {word} cannot be sent by GET; use POST"),
        RequestFault::BodyTooLarge(limit) => return format!("The body is larger than {limit} bytes (body_bytes_max)"),
        RequestFault::BodyNotJson(JsonFault::Syntax { line, column }) => {
            return format!("The body is not JSON: line {line}, column {column}");
        }
        RequestFault::BodyTooDeep(limit) => {
            return format!("The body nests its brackets deeper than {limit} (nesting_max)");
        }
        RequestFault::BatchLength(limit) => {
            return format!("A list of requests must hold between 1 and {limit} (batch_max)");
        }
        RequestFault::MemberRepeated(name) => return format!("`{name}` stands in the body more than once"),
        RequestFault::MemberNotObject(name) => return format!("`{name}` must be an object or null"),
        RequestFault::MemberAsText(name) => return format!("`{name}` must be an object, not JSON within text"),
        RequestFault::ParameterNotJson(name) => return format!("`{name}` in the URL is not JSON"),
        RequestFault::Internal(id) => {
            return format!("Something went wrong on our side; the log has it under request {id}");
        }
        RequestFault::MethodNotAllowed => "This endpoint answers GET and POST only",
        RequestFault::GetNotServed => "This endpoint answers POST only",
        RequestFault::PreflightMissing => {
            "A request without a JSON media type needs a header that no page can send unasked"
        }
        RequestFault::NotAcceptable => "Accept must allow application/json or application/graphql-response+json",
        RequestFault::ContentTypeUnsupported => "Content-Type must be application/json",
        RequestFault::CharsetUnsupported => "The body must be UTF-8",
        RequestFault::EncodingUnsupported(_) => "The body must not be compressed (Content-Encoding)",
        RequestFault::BodyTooSlow => "The body did not arrive in time",
        RequestFault::BodyEmpty => "The request has no body; send a JSON object with the member `query`",
        RequestFault::BodyNotJson(JsonFault::Truncated) => "The body is not JSON: it ends too early",
        RequestFault::BodyNotObject => "The body must be a JSON object with the member `query`",
        RequestFault::BatchRefused => "A list of requests is not served here; send one request for each operation",
        RequestFault::ObjectEmpty | RequestFault::QueryMissing => {
            "`query` is missing; it is the text of the GraphQL document"
        }
        RequestFault::QueryNotText => "`query` must be text",
        RequestFault::OperationNameNotText => "`operationName` must be text or null",
        RequestFault::CredentialsInvalid => "The token is not valid, or has run out",
        RequestFault::RoleRefused => "The caller does not have the role that the request names",
        RequestFault::Unavailable => "The database cannot be reached: try again",
        // Clients look for these very words, and send the text then.
        RequestFault::PersistedQuery(HashFault::NotKept) => "PersistedQueryNotSupported",
        RequestFault::PersistedQuery(HashFault::Unknown) => "PersistedQueryNotFound",
        RequestFault::PersistedQuery(HashFault::Version) => "Unsupported persisted query version",
        RequestFault::PersistedQuery(HashFault::Differs) => "provided sha does not match query",
    };
    fixed.to_owned()
}
