//! What a server is told before it starts. The command line reads it from `dragoman.toml`; nothing here reads a file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use store::Ids;

use crate::accounts::{AccountSettings, SetupCode};
use crate::caller::TokenKey;
use crate::reread::Reread;

/// Everything that a server is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What decides the schemas.
    pub schemas: SchemaSettings,
    /// Addresses that show one endpoint alone, at `/graphql`.
    pub listeners: Vec<ListenerSettings>,
    /// Who may sign in, and how often they may try.
    pub accounts: AccountSettings,
    /// Whoever asks from this machine without a token operates the workflow engine.
    pub anonymous_operates: bool,
    /// Opens the page that makes the first administrator; without it there is no such page.
    pub setup: Option<SetupCode>,
    /// Checks callers' tokens; without it every token is refused.
    pub token_key: Option<TokenKey>,
    /// Whether a browser gets the GraphiQL page.
    pub graphiql: bool,
    /// Whether `__schema` and `__type` are answered.
    pub introspection: bool,
    /// Whether answers are compressed for clients that ask; off behind a proxy that does it.
    pub compression: bool,
    /// Origins whose pages may read answers; `*` is every origin. Empty: none.
    pub cors_origins: Vec<String>,
    /// What the time is.
    pub clock: Clock,
    /// Where new public ids come from.
    pub ids: Arc<Ids>,
    /// Runs the project's jobs; none where it has none.
    pub engine: Option<Arc<::runs::Engine>>,
    /// Reads the project again when a request asks for it; none: it was read at the start, once.
    pub reread: Option<Reread>,
    /// Where uploaded files stand; none: files are neither received nor served.
    pub uploads: Option<Arc<files::Folder>>,
    /// Bounds.
    pub limits: Limits,
}

/// What the time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// As the system says.
    System,
    /// Always the same, for tests: microseconds since 1970.
    Stopped(i64),
}

impl Clock {
    /// Microseconds since 1970.
    #[must_use]
    pub fn now(self) -> i64 {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Clock::Stopped(now) => now,
        }
    }
}

/// What decides the schemas of a project's endpoints.
#[derive(Debug, Clone)]
pub struct SchemaSettings {
    /// Paths and what they serve; empty: the usual ones.
    pub endpoints: Vec<EndpointSettings>,
    /// Of lists, in dialects that press them into bounds.
    pub page_sizes: PageSizes,
    /// Whether strapi's dialects show required fields of types with drafts as nullable.
    pub nullable_drafts: bool,
    /// Strapi 5's dialect has the deprecated fields of Strapi 4 beside its own.
    pub v4_compatibility: bool,
    /// Bounds on documents and on the values that come with them.
    pub limits: graphql::Limits,
}

/// Rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSizes {
    /// Where a request says nothing.
    pub default: u32,
    /// At most; `None`: no bound but `rows_max`.
    pub most: Option<u32>,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Begins with `/`, does not end with one.
    pub path: String,
    /// Names of the dialects that stand there; the first is primary: it decides statuses and the form of refusals.
    pub dialects: Vec<String>,
}

/// A further address for clients that cannot take a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// The endpoint's path on the main address.
    pub endpoint: String,
}

/// Bounds of the server. Each has a key of the same name in `dragoman.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// Nesting of brackets in a body.
    pub nesting_max: usize,
    /// Requests in one body, where lists of them are served.
    pub batch_max: usize,
    /// Bytes of a request's head.
    pub header_bytes_max: usize,
    /// Headers of a request.
    pub headers_max: usize,
    /// Time for a head to arrive.
    pub header_timeout: Duration,
    /// Connections open at once; further ones wait.
    pub connections_max: usize,
    /// Time that running requests get to end when the server stops.
    pub shutdown_grace: Duration,
    /// Entries of the plan cache.
    pub plans_max: usize,
    /// Bytes of the plan cache, estimated.
    pub plans_bytes_max: u64,
    /// Longest document that is kept in the plan cache, or under its hash.
    pub plan_document_bytes_max: usize,
    /// Documents kept that were refused, so that they are refused cheaply again.
    pub refused_documents_max: usize,
    /// Documents kept that clients name by their hashes.
    pub kept_documents_max: usize,
    /// Bytes of their texts.
    pub kept_documents_bytes_max: u64,
    /// Uploads at once, from their first byte until their pictures are made; further ones are turned away.
    pub uploads_max: usize,
    /// Bytes of an uploaded file.
    pub upload_file_bytes_max: u64,
    /// Files of one upload.
    pub upload_files_max: usize,
    /// Other fields of one upload.
    pub upload_fields_max: usize,
    /// Characters of a file's name.
    pub upload_name_characters_max: usize,
    /// Pixels of an image that is decoded.
    pub upload_image_pixels_max: u64,
    /// Images that are decoded at once; further ones wait.
    pub upload_images_max: usize,
    /// Time for a whole upload to arrive.
    pub upload_timeout: Duration,
    /// Time between two pieces of an upload.
    pub upload_idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            nesting_max: 64,
            batch_max: 20,
            header_bytes_max: 32 * 1024,
            headers_max: 100,
            header_timeout: Duration::from_secs(10),
            connections_max: 1024,
            shutdown_grace: Duration::from_secs(30),
            plans_max: 1000,
            plans_bytes_max: 32 * 1024 * 1024,
            plan_document_bytes_max: 64 * 1024,
            refused_documents_max: 200,
            kept_documents_max: 1000,
            kept_documents_bytes_max: 8 * 1024 * 1024,
            uploads_max: 16,
            upload_file_bytes_max: 200 * 1024 * 1024,
            upload_files_max: 10,
            upload_fields_max: 20,
            upload_name_characters_max: 255,
            upload_image_pixels_max: 50_000_000,
            upload_images_max: 1,
            upload_timeout: Duration::from_mins(10),
            upload_idle_timeout: Duration::from_secs(20),
        }
    }
}
