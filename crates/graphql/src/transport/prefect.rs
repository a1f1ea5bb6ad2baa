//! The transport of Prefect's gateway: POST, refusals with 400, variables as JSON or as JSON within text.
//!
//! Source: `docs/dialects/prefect.md`, "Requests".

use super::{FormBody, GetRule, HintHeaders, Refusal, RequestFault, TransportRules, declared};

/// Rules of `prefect` endpoints.
pub static PREFECT: TransportRules = TransportRules {
    refused_status_json: 400,
    refused_status_graphql: 400,
    get: GetRule::Refused,
    form_body: FormBody::Refused,
    batching: false,
    allow: "POST",
    role_header: None,
    hints: Some(HintHeaders { agent: "x-prefect-agent-id", release: "x-prefect-core-version" }),
    has_data_beside_errors: true,
    keeps_documents: false,
    variables_as_text: true,
    beside: &[],
    also: &["/alpha", "/..", "/../"],
    login: &["/login", "/login_email"],
    takes_files: false,
    introspection_off: "introspection is switched off on this server",
    describe,
};

/// The house's words, but for those that steer the clients.
fn describe(fault: &RequestFault) -> Refusal {
    let house = declared::describe(fault);
    match fault {
        RequestFault::CredentialsInvalid => Refusal::graphql(401, "UNAUTHENTICATED", "Unauthenticated"),
        RequestFault::RoleRefused => Refusal::graphql(200, "FORBIDDEN", "Unauthorized"),
        RequestFault::Unavailable => {
            let message = "Unable to complete operation. An internal API error occurred.";
            Refusal::graphql(200, "API_ERROR", message)
        }
        RequestFault::MethodNotAllowed
        | RequestFault::GetNotServed
        | RequestFault::OperationByGet(_)
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
        | RequestFault::Internal(_) => house,
    }
}
