//! The transport of Strapi 5 and Strapi 4: GraphQL errors as its GraphQL server words them, and Strapi's own REST form for what is
//! refused before that server is reached.
//!
//! Source: dialect manual "Errors and HTTP", statuses.

use serde_json::{Value, json};

use super::{FormBody, GetRule, HashFault, JsonFault, Refusal, RequestFault, TransportRules, declared, object};

/// Headers that no page can send to another site without asking first.
const PREFLIGHT_HEADERS: &[&str] = &["x-apollo-operation-name", "apollo-require-preflight"];

/// Rules of `strapi5` endpoints.
pub static STRAPI5: TransportRules = TransportRules {
    refused_status_json: 400,
    refused_status_graphql: 400,
    get: GetRule::Preflighted(PREFLIGHT_HEADERS),
    form_body: FormBody::Preflighted(PREFLIGHT_HEADERS),
    takes_files: false,
    batching: false,
    allow: "GET, POST",
    role_header: None,
    hints: None,
    has_data_beside_errors: true,
    keeps_documents: true,
    variables_as_text: false,
    beside: &[],
    also: &[],
    login: &[],
    introspection_off: INTROSPECTION_OFF,
    describe,
};

/// Rules of `strapi4` endpoints: any query by GET, and lists of requests. Its GraphQL server also takes forms from any page; here they need
/// what Strapi 5 asks of them.
pub static STRAPI4: TransportRules =
    TransportRules { get: GetRule::Served, takes_files: true, batching: true, describe: describe_for_four, ..STRAPI5 };

/// The words of Strapi 4 where they are others.
fn describe_for_four(fault: &RequestFault) -> Refusal {
    match fault {
        RequestFault::OperationByGet(_) => {
            Refusal::graphql(405, "INTERNAL_SERVER_ERROR", "GET supports only query operation")
        }
        RequestFault::MethodNotAllowed
        | RequestFault::GetNotServed
        | RequestFault::PreflightMissing
        | RequestFault::NotAcceptable
        | RequestFault::ContentTypeUnsupported
        | RequestFault::CharsetUnsupported
        | RequestFault::EncodingUnsupported(_)
        | RequestFault::BodyTooLarge(_)
        | RequestFault::BodyTooSlow
        | RequestFault::BodyEmpty
        | RequestFault::ObjectEmpty
        | RequestFault::BodyNotJson(_)
        | RequestFault::BodyNotObject
        | RequestFault::BodyTooDeep(_)
        | RequestFault::BatchRefused
        | RequestFault::BatchLength(_)
        | RequestFault::MemberRepeated(_)
        | RequestFault::QueryMissing
        | RequestFault::PersistedQuery(_)
        | RequestFault::QueryNotText
        | RequestFault::OperationNameNotText
        | RequestFault::MemberNotObject(_)
        | RequestFault::MemberAsText(_)
        | RequestFault::ParameterNotJson(_)
        | RequestFault::CredentialsInvalid
        | RequestFault::RoleRefused
        | RequestFault::Unavailable
        | RequestFault::Internal(_) => describe(fault),
    }
}

/// Puts a fault into the words that Strapi's clients see.
fn describe(fault: &RequestFault) -> Refusal {
    match fault {
        RequestFault::MethodNotAllowed => refused(405, "Apollo Server supports only GET/POST requests."),
        RequestFault::OperationByGet(word) => Refusal::graphql(
            405,
            "BAD_REQUEST",
            format!("GET requests only support query operations, not {word} operations"),
        ),
        RequestFault::PreflightMissing => refused(400, PREFLIGHT_MISSING),
        RequestFault::NotAcceptable => refused(406, NOT_ACCEPTABLE),
        RequestFault::ContentTypeUnsupported | RequestFault::BodyEmpty | RequestFault::ObjectEmpty => {
            refused(400, "POST body missing, invalid Content-Type, or JSON object has no keys.")
        }
        RequestFault::EncodingUnsupported(encoding) => {
            rest(415, "Error", &format!("Unsupported Content-Encoding: {encoding}"))
        }
        RequestFault::BodyTooLarge(_) => rest(413, "PayloadTooLargeError", "request entity too large"),
        RequestFault::BodyNotJson(JsonFault::Truncated) => rest(400, "SyntaxError", "Unexpected end of JSON input"),
        RequestFault::BodyNotJson(JsonFault::Syntax { line, column }) => {
            rest(400, "SyntaxError", &format!("Unexpected token in JSON at line {line} column {column}"))
        }
        RequestFault::BodyNotObject => rest(400, "SyntaxError", "invalid JSON, only supports object and array"),
        RequestFault::BatchRefused => refused(400, "Operation batching disabled."),
        RequestFault::QueryMissing => {
            refused(400, "GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.")
        }
        RequestFault::PersistedQuery(HashFault::Version | HashFault::Differs) => {
            // Its GraphQL server tells these two without a code of their own.
            Refusal::graphql(400, "INTERNAL_SERVER_ERROR", declared::words(fault))
        }
        RequestFault::QueryNotText => refused(400, "GraphQL queries must be strings."),
        RequestFault::OperationNameNotText => {
            refused(400, "`operationName` in a POST body must be a string if provided.")
        }
        RequestFault::MemberNotObject(name) => {
            Refusal::graphql(400, "BAD_REQUEST", format!("`{name}` in a POST body must be an object if provided."))
        }
        RequestFault::MemberAsText(name) => Refusal::graphql(
            400,
            "BAD_REQUEST",
            format!("`{name}` in a POST body should be provided as an object, not a recursively JSON-encoded string."),
        ),
        RequestFault::ParameterNotJson(name) => {
            Refusal::graphql(400, "BAD_REQUEST", format!("The {name} search parameter contains invalid JSON."))
        }
        RequestFault::CredentialsInvalid => unauthorized(),
        RequestFault::GetNotServed
        | RequestFault::RoleRefused
        | RequestFault::Unavailable
        | RequestFault::CharsetUnsupported
        | RequestFault::BodyTooSlow
        | RequestFault::BodyTooDeep(_)
        | RequestFault::BatchLength(_)
        | RequestFault::MemberRepeated(_)
        | RequestFault::PersistedQuery(HashFault::NotKept | HashFault::Unknown)
        | RequestFault::Internal(_) => declared::describe(fault),
    }
}

const INTROSPECTION_OFF: &str = "GraphQL introspection is not allowed by Apollo Server, but the query contained __schema or __type. To enable \
     introspection, pass introspection: true to ApolloServer in production";

const PREFLIGHT_MISSING: &str = "This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). Please either specify a \
     'content-type' header (with a type that is not one of application/x-www-form-urlencoded, multipart/form-data, text/plain) or provide a \
     non-empty value for one of the following headers: x-apollo-operation-name, apollo-require-preflight\n";

const NOT_ACCEPTABLE: &str = "An 'accept' header was provided for this request which does not accept application/json; charset=utf-8 or \
     application/graphql-response+json; charset=utf-8";

/// The GraphQL server's own refusals have one code.
fn refused(status: u16, message: &'static str) -> Refusal {
    Refusal::graphql(status, "BAD_REQUEST", message)
}

/// Strapi's form of errors outside GraphQL.
fn rest(status: u16, name: &str, message: &str) -> Refusal {
    Refusal {
        status,
        body: object([("data", Value::Null), ("error", json!({ "status": status, "name": name, "message": message }))]),
    }
}

fn unauthorized() -> Refusal {
    let error = json!({ "status": 401, "name": "UnauthorizedError", "message": "Missing or invalid credentials", "details": {} });
    Refusal { status: 401, body: object([("data", Value::Null), ("error", error)]) }
}
