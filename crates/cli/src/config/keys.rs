//! Every key of `dragoman.toml`: its name, what it takes, its default, what it is for. `dragoman config` prints this table.

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// `section.name`, or `name` at the top.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// In the form of the file; empty: none.
    pub(crate) default: &'static str,
    pub(crate) about: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text that is never shown.
    Secret,
    /// A key of tokens, never shown.
    Key,
    Boolean,
    /// An address and a port.
    Address,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The code of a locale.
    Locale,
    /// A list of them.
    Locales,
    /// A list of addresses without ports.
    Addresses,
    /// A list of origins of pages.
    Origins,
    /// A whole number between these, both included.
    Number(u64, u64),
    /// Bytes: a number, or text such as "8 MiB", between these.
    Bytes(u64, u64),
    /// Milliseconds between these, written "250ms", "10s", "5m".
    Duration(u64, u64),
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

pub(crate) const ADDRESS: &str = "address";
pub(crate) const DATA: &str = "data";
pub(crate) const DATABASE: &str = "database";
pub(crate) const DEFAULT_LOCALE: &str = "default_locale";
pub(crate) const LOCALES: &str = "locales";
pub(crate) const TOKEN_KEY: &str = "auth.token_key";
pub(crate) const TOKEN_KEY_FILE: &str = "auth.token_key_file";
pub(crate) const REGISTER: &str = "auth.register";
pub(crate) const CONFIRM_EMAIL: &str = "auth.confirm_email";
pub(crate) const DEFAULT_ROLE: &str = "auth.default_role";
pub(crate) const TOKEN_HOURS: &str = "auth.token_hours";
pub(crate) const TRUSTED_PROXIES: &str = "auth.trusted_proxies";
pub(crate) const WORKFLOWS_ANONYMOUS: &str = "workflows.anonymous";
pub(crate) const GRAPHIQL: &str = "http.graphiql";
pub(crate) const INTROSPECTION: &str = "http.introspection";
pub(crate) const COMPRESSION: &str = "http.compression";
pub(crate) const CORS_ORIGINS: &str = "http.cors_origins";
pub(crate) const NULLABLE_DRAFTS: &str = "strapi.nullable_drafts";
pub(crate) const LOG_LEVEL: &str = "log.level";
pub(crate) const LOG_FORMAT: &str = "log.format";

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

/// All of them, in the order of the documentation.
pub(crate) static KEYS: &[Key] = &[
    key(ADDRESS, Kind::Address, "127.0.0.1:1337", "Where the server listens."),
    key(DATA, Kind::Text, "data", "Folder of the database file, logs and the lock; relative to the project."),
    key(DATABASE, Kind::Secret, "", "postgres://user@host/name, or sqlite:path; none: dragoman.db in the data folder."),
    key(DEFAULT_LOCALE, Kind::Locale, "en", "Locale of content that names none, where its type has locales."),
    key(
        LOCALES,
        Kind::Locales,
        "[]",
        "Locales of the project, as [\"en\", \"fr\"]: nothing is written in another one; empty: in any.",
    ),
    key(TOKEN_KEY, Kind::Key, "", "Key that callers' tokens are signed with (HS256)."),
    key(
        TOKEN_KEY_FILE,
        Kind::Text,
        "",
        "File that holds the key instead; none: token.key in the data folder, made at the first start.",
    ),
    key(REGISTER, Kind::Boolean, "true", "Whether people may make accounts of their own."),
    key(CONFIRM_EMAIL, Kind::Boolean, "false", "Whether an account opens only when its address is confirmed."),
    key(DEFAULT_ROLE, Kind::Text, "authenticated", "The role of accounts that people make."),
    key(TOKEN_HOURS, Kind::Number(1, 8760), "720", "Hours that a person's token is good."),
    key(
        TRUSTED_PROXIES,
        Kind::Addresses,
        "[]",
        "Addresses of proxies whose X-Forwarded-For is believed, as \"10.0.0.2\".",
    ),
    key(
        WORKFLOWS_ANONYMOUS,
        Kind::Word(&["nobody", "operator"]),
        "nobody",
        "What callers without a token are to jobs and runs; operator: everything, on loopback addresses alone.",
    ),
    key(
        GRAPHIQL,
        Kind::Word(&["auto", "on", "off"]),
        "auto",
        "Whether a browser gets the GraphiQL page; auto: in dev only.",
    ),
    key(
        INTROSPECTION,
        Kind::Word(&["auto", "on", "off"]),
        "auto",
        "Whether __schema and __type are answered; auto: in dev only.",
    ),
    key(COMPRESSION, Kind::Boolean, "true", "Whether answers are compressed for clients that ask."),
    key(
        CORS_ORIGINS,
        Kind::Origins,
        "[]",
        "Origins whose pages may read answers, as \"https://shop.example\"; \"*\" is every origin.",
    ),
    key(LOG_LEVEL, Kind::Word(&["error", "warn", "info", "debug", "trace"]), "info", "Least severity that is logged."),
    key(
        LOG_FORMAT,
        Kind::Word(&["auto", "text", "json"]),
        "auto",
        "auto: text on a terminal, JSON lines elsewhere; dev, serve and worker say all else in them, too.",
    ),
    key("strapi.default_limit", Kind::Number(1, 10_000), "10", "Rows of a strapi list without paging arguments."),
    key("strapi.max_limit", Kind::Number(0, 10_000), "0", "Rows of a strapi list at most; 0: no bound but rows_max."),
    key(
        NULLABLE_DRAFTS,
        Kind::Boolean,
        "false",
        "Whether required fields of types with drafts are nullable in answers, so that a draft without one can be read.",
    ),
    key(
        "strapi.v4_compatibility",
        Kind::Boolean,
        "false",
        "Whether Strapi 5's dialect has data, attributes, id and meta, too, as its v4CompatibilityMode.",
    ),
    key("runs.max_concurrent", Kind::Number(1, 1000), "8", "Runs that a worker executes at once."),
    key("runs.steps_max", Kind::Number(1, 1000), "4", "Steps of one run at once, where its job does not say."),
    key("runs.grace", Kind::Duration(0, 10 * MINUTE), "10s", "Between asking a process of an op to end and ending it."),
    key("limits.body_bytes_max", Kind::Bytes(KIB, 256 * MIB), "1 MiB", "Bytes of a request's body."),
    key("limits.nesting_max", Kind::Number(4, 120), "64", "Nesting of brackets in a body."),
    key("limits.batch_max", Kind::Number(1, 1000), "20", "Requests in one body, where lists of them are served."),
    key("limits.header_bytes_max", Kind::Bytes(8 * KIB, MIB), "32 KiB", "Bytes of a request's head."),
    key("limits.headers_max", Kind::Number(10, 1000), "100", "Headers of a request."),
    key("limits.header_timeout", Kind::Duration(100, 10 * MINUTE), "10s", "Time for a head to arrive."),
    key(
        "limits.connections_max",
        Kind::Number(1, 100_000),
        "1024",
        "Client connections open at once; further ones wait.",
    ),
    key(
        "limits.shutdown_grace",
        Kind::Duration(0, 10 * MINUTE),
        "30s",
        "Time that running requests get when the server stops.",
    ),
    key("limits.attempts_max", Kind::Number(1, 1000), "10", "Attempts to open one account within the window."),
    key(
        "limits.address_attempts_max",
        Kind::Number(1, 100_000),
        "100",
        "Attempts from one network (/24 or /56) within the window.",
    ),
    key(
        "limits.attempts_window",
        Kind::Duration(SECOND, 24 * 60 * MINUTE),
        "15m",
        "After this time attempts are forgotten.",
    ),
    key(
        "limits.attempts_kept_max",
        Kind::Number(100, 10_000_000),
        "10000",
        "Accounts and networks whose attempts are counted; the oldest are forgotten first.",
    ),
    key("limits.plans_max", Kind::Number(1, 100_000), "1000", "Operations kept in the plan cache."),
    key("limits.plans_bytes_max", Kind::Bytes(MIB, 1024 * MIB), "32 MiB", "Bytes of the plan cache, estimated."),
    key(
        "limits.plan_document_bytes_max",
        Kind::Bytes(KIB, MIB),
        "64 KiB",
        "Longest document that is kept in the plan cache, or under its hash.",
    ),
    key(
        "limits.refused_documents_max",
        Kind::Number(1, 100_000),
        "200",
        "Refused documents kept, to refuse them cheaply again.",
    ),
    key(
        "limits.kept_documents_max",
        Kind::Number(1, 100_000),
        "1000",
        "Documents kept that clients name by their hashes.",
    ),
    key(
        "limits.kept_documents_bytes_max",
        Kind::Bytes(MIB, 1024 * MIB),
        "8 MiB",
        "Bytes of the documents that are kept under their hashes.",
    ),
    key(
        "limits.uploads_max",
        Kind::Number(1, 10_000),
        "16",
        "Uploads at once, from their first byte until their pictures are made; further ones are turned away.",
    ),
    key("limits.upload_file_bytes_max", Kind::Bytes(KIB, 64 * 1024 * MIB), "200 MiB", "Bytes of an uploaded file."),
    key("limits.upload_files_max", Kind::Number(1, 1000), "10", "Files of one upload."),
    key("limits.upload_fields_max", Kind::Number(1, 1000), "20", "Other fields of one upload."),
    key("limits.upload_name_characters_max", Kind::Number(1, 1000), "255", "Characters of a file's name."),
    key(
        "limits.upload_image_pixels_max",
        Kind::Number(1, 1_000_000_000),
        "50000000",
        "Pixels of an uploaded image; one with more is refused before it is decoded.",
    ),
    key("limits.upload_images_max", Kind::Number(1, 64), "1", "Images that are decoded at once; further ones wait."),
    key("limits.upload_timeout", Kind::Duration(100, 24 * 60 * MINUTE), "10m", "Time for a whole upload to arrive."),
    key("limits.upload_idle_timeout", Kind::Duration(100, 10 * MINUTE), "20s", "Time between two pieces of an upload."),
    key("limits.document_bytes_max", Kind::Bytes(KIB, 16 * MIB), "64 KiB", "Bytes of a document."),
    key("limits.tokens_max", Kind::Number(100, 1_000_000), "5000", "Tokens of a document."),
    key("limits.depth_max", Kind::Number(1, 200), "20", "Depth of a selection."),
    key(
        "limits.selections_max",
        Kind::Number(10, 1_000_000),
        "2000",
        "Fields of a document with its fragments written out.",
    ),
    key("limits.aliases_max", Kind::Number(1, 10_000), "60", "Aliases of a document."),
    key("limits.root_fields_max", Kind::Number(1, 10_000), "30", "Root fields of an operation."),
    key("limits.directives_max", Kind::Number(1, 10_000), "30", "Directives of a document."),
    key("limits.filter_hops_max", Kind::Number(1, 20), "4", "Relations that one filter goes through."),
    key("limits.conditions_max", Kind::Number(1, 10_000), "100", "Comparisons of one operation."),
    key("limits.filter_text_max", Kind::Number(1, 50_000), "1000", "Characters of a text in a filter."),
    key("limits.filter_list_max", Kind::Number(1, 30_000), "1000", "Items of a list in a filter."),
    key(
        "limits.cost_rows_max",
        Kind::Number(1, 1_000_000_000),
        "100000",
        "Rows asked for: products of page sizes, added up.",
    ),
    key("limits.errors_max", Kind::Number(1, 100), "5", "Errors in the answer to a refused document."),
    key("limits.rows_max", Kind::Number(1, 1_000_000), "10000", "Rows of one list; beyond it the answer is an error."),
    key("limits.answer_bytes_max", Kind::Bytes(64 * KIB, 1024 * MIB), "32 MiB", "Bytes of one answer."),
    key("limits.read_timeout", Kind::Duration(10, 60 * MINUTE), "10s", "Time of a read before it is stopped."),
    key(
        "limits.write_timeout",
        Kind::Duration(10, 60 * MINUTE),
        "30s",
        "Time of a write before it is stopped and rolled back.",
    ),
    key(
        "limits.connection_wait",
        Kind::Duration(10, 5 * MINUTE),
        "2s",
        "How long a request waits for a database connection.",
    ),
    key(
        "limits.database_connections_max",
        Kind::Number(0, 1000),
        "0",
        "Connections to PostgreSQL, beside one that look-ups by key share; 0: 4 for each core, at most 32.",
    ),
    key("limits.readers", Kind::Number(0, 64), "0", "Reader threads of SQLite; 0: one for each core, from 2 to 16."),
    key(
        "limits.queue_max",
        Kind::Number(1, 1_000_000),
        "1024",
        "Requests that wait for SQLite; beyond it they are turned away.",
    ),
];

/// Keys that are read at the start alone.
pub(super) static AT_START: &[&str] = &[
    ADDRESS,
    DATA,
    DATABASE,
    LOG_LEVEL,
    LOG_FORMAT,
    "runs.max_concurrent",
    "runs.steps_max",
    "runs.grace",
    "limits.header_bytes_max",
    "limits.headers_max",
    "limits.header_timeout",
    "limits.connections_max",
    "limits.shutdown_grace",
    "limits.answer_bytes_max",
    "limits.read_timeout",
    "limits.write_timeout",
    "limits.connection_wait",
    "limits.database_connections_max",
    "limits.readers",
    "limits.queue_max",
];

/// The key of this name.
pub(crate) fn key_named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The environment variable of a key.
pub(crate) fn variable(key: &Key) -> String {
    format!("DRAGOMAN_{}", key.name.replace('.', "_").to_uppercase())
}

impl Kind {
    /// What the kind takes, for messages and for the table.
    pub(crate) fn words(self) -> String {
        match self {
            Kind::Text => "text".to_owned(),
            Kind::Secret => "text (not shown)".to_owned(),
            Kind::Key => "text of at least 32 bytes, which are 256 bits (not shown)".to_owned(),
            Kind::Boolean => "true or false".to_owned(),
            Kind::Address => "an address and a port, \"127.0.0.1:1337\"".to_owned(),
            Kind::Word(words) => words.join(", "),
            Kind::Locale => "the code of a locale, \"en\" or \"fr-CA\"".to_owned(),
            Kind::Locales => "a list of codes of locales".to_owned(),
            Kind::Addresses => "a list of addresses".to_owned(),
            Kind::Origins => "a list of origins, scheme://host or scheme://host:port".to_owned(),
            Kind::Number(least, greatest) => format!("a whole number from {least} to {greatest}"),
            Kind::Bytes(least, greatest) => format!("bytes from {} to {}", bytes_text(least), bytes_text(greatest)),
            Kind::Duration(least, greatest) => {
                format!("a time, as \"5s\", from {} to {}", duration_text(least), duration_text(greatest))
            }
        }
    }
}

fn bytes_text(bytes: u64) -> String {
    match bytes {
        bytes if bytes % MIB == 0 => format!("{} MiB", bytes / MIB),
        bytes if bytes % KIB == 0 => format!("{} KiB", bytes / KIB),
        bytes => bytes.to_string(),
    }
}

fn duration_text(milliseconds: u64) -> String {
    match milliseconds {
        time if time % MINUTE == 0 && time > 0 => format!("{}m", time / MINUTE),
        time if time % SECOND == 0 => format!("{}s", time / SECOND),
        time => format!("{time}ms"),
    }
}
