//! The transport of Dagster's `/graphql`: queries and mutations by POST, queries by GET, 400 for what is refused before it runs.

use serde_json::{Value, json};

use super::{FormBody, GetRule, Refusal, RequestFault, TransportRules, declared};

/// Rules of `dagster` endpoints.
pub static DAGSTER: TransportRules = TransportRules {
    refused_status_json: 400,
    refused_status_graphql: 400,
    get: GetRule::Served,
    form_body: FormBody::Refused,
    batching: false,
    keeps_documents: false,
    variables_as_text: true,
    also: &[],
    beside: &[("/server_info", versions), ("/dagit_info", versions)],
    login: &[],
    takes_files: false,
    allow: "GET, HEAD, POST",
    role_header: None,
    hints: None,
    has_data_beside_errors: true,
    introspection_off: "Introspection is switched off on this server",
    describe,
};

/// The release that the dialect speaks as.
pub(crate) const VERSION: &str = "1.13.27";

/// Which releases stand behind the endpoint: the command line of the dialect asks for them before it sends anything.
fn versions() -> Value {
    json!({ "dagster_webserver_version": VERSION, "dagster_version": VERSION, "dagster_graphql_version": VERSION })
}

/// Says what is wrong with a request; one that does not hold is 400 whatever that is.
fn describe(fault: &RequestFault) -> Refusal {
    let house = declared::describe(fault);
    match fault {
        RequestFault::QueryMissing | RequestFault::BodyEmpty | RequestFault::ObjectEmpty => {
            error(400, "No GraphQL query found in the request")
        }
        RequestFault::BodyNotJson(_) => error(400, "GraphQL request is invalid JSON"),
        RequestFault::BatchRefused | RequestFault::BatchLength(_) => error(500, "Internal Server Error"),
        RequestFault::ContentTypeUnsupported => error(400, "No GraphQL query found in the request"),
        RequestFault::MethodNotAllowed => error(405, "Method Not Allowed"),
        RequestFault::GetNotServed
        | RequestFault::OperationByGet(_)
        | RequestFault::PreflightMissing
        | RequestFault::NotAcceptable
        | RequestFault::CharsetUnsupported
        | RequestFault::EncodingUnsupported(_)
        | RequestFault::BodyTooLarge(_)
        | RequestFault::BodyTooSlow
        | RequestFault::BodyNotObject
        | RequestFault::BodyTooDeep(_)
        | RequestFault::MemberRepeated(_)
        | RequestFault::PersistedQuery(_)
        | RequestFault::QueryNotText
        | RequestFault::OperationNameNotText
        | RequestFault::MemberNotObject(_)
        | RequestFault::MemberAsText(_)
        | RequestFault::ParameterNotJson(_)
        | RequestFault::CredentialsInvalid
        | RequestFault::RoleRefused
        | RequestFault::Unavailable
        | RequestFault::Internal(_) => house,
    }
}

/// What is wrong with the request itself is told as plain text.
fn error(status: u16, message: &str) -> Refusal {
    Refusal { status, body: Value::String(message.to_owned()) }
}
