//! How a dialect speaks over its transport: statuses, the form of refusals, who may ask by GET.
//!
//! Everything here is about requests that never reach a plan: their document was not found, or was refused. It is data for
//! the server, which asks no dialect's name: it reads [`TransportRules`] and lets the dialect put a [`RequestFault`] into
//! the words and the form that its clients know.

mod dagster;
mod declared;
mod hasura;
mod prefect;
mod strapi;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

pub use dagster::DAGSTER;
pub(crate) use dagster::VERSION as DAGSTER_VERSION;
pub use declared::DECLARED;
pub use hasura::HASURA;
pub use prefect::PREFECT;
pub use strapi::{STRAPI4, STRAPI5};

/// What one dialect does with requests, apart from answering them.
#[derive(Debug)]
pub struct TransportRules {
    /// Status of a document or of variables that were refused, where the client asked for `application/json`.
    pub refused_status_json: u16,
    /// The same for `application/graphql-response+json`.
    pub refused_status_graphql: u16,
    /// Who may ask by GET.
    pub get: GetRule,
    /// What a request without the dialect's own media type gets.
    pub form_body: FormBody,
    /// Whether a request may come as a multipart form with the files that its variables name. It needs what a form needs.
    pub takes_files: bool,
    /// Whether any list of requests in one body is served.
    pub batching: bool,
    /// Methods that the endpoint names in `Allow`.
    pub allow: &'static str,
    /// A header by which a caller may put on one of their roles alone.
    pub role_header: Option<RoleHeader>,
    /// Headers by which its clients tell of themselves.
    pub hints: Option<HintHeaders>,
    /// Whether an answer with errors has `data`, too.
    pub has_data_beside_errors: bool,
    /// Whether a client may name a document by its hash, once it has sent its text with it (`extensions.persistedQuery`).
    pub keeps_documents: bool,
    /// Whether variables may come as JSON within text.
    pub variables_as_text: bool,
    /// Further places of the endpoint, below its path: what its clients ask for.
    pub also: &'static [&'static str],
    /// Documents in the folder of the endpoint that its clients ask for by GET before all else: where, and what.
    pub beside: &'static [(&'static str, Document)],
    /// Where its clients sign in, below each place of the endpoint; none: they have other ways.
    pub login: &'static [&'static str],
    /// What is said to who asks for the schema where that is switched off.
    pub introspection_off: &'static str,
    /// Puts a fault into the dialect's words.
    pub describe: fn(&RequestFault) -> Refusal,
}

/// Makes a document that is always the same.
pub type Document = fn() -> Value;

/// Headers by which clients tell of themselves, in lower case. They open nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HintHeaders {
    /// The key of the agent that asks.
    pub agent: &'static str,
    /// The client's release. Whoever names one reads refusals of credentials from the body, and expects a status of 200.
    pub release: &'static str,
}

/// A header that names a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleHeader {
    /// Its name in lower case.
    pub name: &'static str,
    /// Words of the dialect for roles of the house.
    pub aliases: &'static [(&'static str, &'static str)],
}

/// Who may ask by GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GetRule {
    /// Queries by everybody.
    Served,
    /// Queries by requests that a browser would have asked leave for first: a JSON media type, or one of these headers.
    Preflighted(&'static [&'static str]),
    /// Nobody.
    Refused,
}

/// What is done with a POST whose media type is none of GraphQL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormBody {
    /// Refused for its media type.
    Refused,
    /// As [`GetRule::Preflighted`] says; one that passes has its form fields read as the members of the request.
    Preflighted(&'static [&'static str]),
}

/// What was wrong with a request, before or beside its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestFault {
    /// Neither GET nor POST.
    MethodNotAllowed,
    /// GET, where the dialect serves none.
    GetNotServed,
    /// A mutation or subscription by GET; its word.
    OperationByGet(&'static str),
    /// A request that any page could make a browser send.
    PreflightMissing,
    /// Nothing that we can write is accepted.
    NotAcceptable,
    /// No media type, or none of GraphQL's.
    ContentTypeUnsupported,
    /// A charset other than UTF-8.
    CharsetUnsupported,
    /// A content encoding.
    EncodingUnsupported(String),
    /// More bytes than this.
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    BodyTooSlow,
    /// No body at all.
    BodyEmpty,
    /// An object without members.
    ObjectEmpty,
    /// Not JSON, or not UTF-8.
    BodyNotJson(JsonFault),
    /// JSON, but neither an object nor a list.
    BodyNotObject,
    /// Brackets nested deeper than this.
    BodyTooDeep(usize),
    /// A list of requests.
    BatchRefused,
    /// A list with more requests than this, or with none.
    BatchLength(usize),
    /// One member twice.
    MemberRepeated(&'static str),
    /// No `query`, or null.
    QueryMissing,
    /// The hash of a document (`extensions.persistedQuery`) that does not lead to its text.
    PersistedQuery(HashFault),
    /// `query` is not text.
    QueryNotText,
    /// `operationName` is not text.
    OperationNameNotText,
    /// `variables` or `extensions` is not an object.
    MemberNotObject(&'static str),
    /// `variables` or `extensions` is JSON within text.
    MemberAsText(&'static str),
    /// `variables` or `extensions` in the URL is not JSON.
    ParameterNotJson(&'static str),
    /// A token that is not ours, has run out, or has no use here.
    CredentialsInvalid,
    /// A role that the caller does not have.
    RoleRefused,
    /// The database is away, so that nobody knows who asks.
    Unavailable,
    /// A fault of ours; the request's id, under which the log has the rest.
    Internal(String),
}

/// Why the hash of a document does not lead to its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashFault {
    /// No document is kept here: the client has to send its text.
    NotKept,
    /// None of this hash is known: the client may send its text with it.
    Unknown,
    /// Another version of this way than 1.
    Version,
    /// It is not the hash of the text beside it.
    Differs,
}

/// What kept a body from being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// It ended too early.
    Truncated,
    /// A character that does not belong there.
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// A refusal in a dialect's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The body; one that is a text goes out as it is, as plain text.
    pub body: Value,
}

impl Refusal {
    /// A refusal as a list with one GraphQL error, its code in `extensions`.
    fn graphql(status: u16, code: &str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { status, body: json!({ "errors": [{ "message": message, "extensions": { "code": code } }] }) }
    }
}

/// An object with one member, for forms that are built in steps.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
