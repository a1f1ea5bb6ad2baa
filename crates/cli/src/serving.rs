//! From a project to what the server and the store are told.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use model::Model;
use runs::Engine;
use server::{AccountSettings, App, Clock, JobMutations, PageSizes, Reread, SchemaSettings, Settings, SetupCode};
use store::{Ids, Locales, Store, StoreConfig, StoreLimits};

use crate::config::{
    COMPRESSION, CONFIRM_EMAIL, CORS_ORIGINS, Config, DEFAULT_LOCALE, DEFAULT_ROLE, GRAPHIQL, INTROSPECTION, LOCALES,
    NULLABLE_DRAFTS, REGISTER, TOKEN_HOURS, TRUSTED_PROXIES, WORKFLOWS_ANONYMOUS,
};
use crate::error::Error;
use crate::project::{Project, make_private};

/// How `auto` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Somebody works on the project: pages and introspection are on.
    Development,
    /// It serves others: both are off.
    Production,
}

/// The locales of the settings.
pub(crate) fn locales(project: &Project) -> Locales {
    Locales { default: project.config.word(DEFAULT_LOCALE).to_owned(), all: project.config.texts(LOCALES).into() }
}

/// Opens the project's database.
pub(crate) fn open_store(project: &Project) -> Result<Store, Error> {
    let address = project.database()?;
    if let store::Address::Sqlite(path) = &address {
        project.make_data_folder()?;
        // SQLite gives its other files the rights of this one.
        make_private(path)?;
    }
    Ok(Store::open(&StoreConfig {
        address,
        default_locale: project.config.word(DEFAULT_LOCALE).to_owned(),
        locales: project.config.texts(LOCALES),
        limits: store_limits(&project.config),
    })?)
}

/// Opens the project's database where it was made before; it is not made here.
pub(crate) fn open_made_store(project: &Project) -> Result<Store, Error> {
    if let store::Address::Sqlite(path) = project.database()? {
        // A file without a byte is one that a command has touched and not filled.
        if !std::fs::metadata(&path).is_ok_and(|found| found.len() > 0) {
            return Err(Error::NoDatabase { path });
        }
    }
    open_store(project)
}

/// Puts a model and a store behind the endpoints of the settings.
pub(crate) fn app(
    project: &Project,
    mode: Mode,
    (model, store): (&Arc<Model>, &Arc<Store>),
    engine: Option<Arc<Engine>>,
) -> Result<Arc<App>, Error> {
    app_with(project, mode, (model, store), Beside { engine, ..Beside::default() })
}

/// Makes the schemas of a project that has jobs, for what is wrong with them, as with documents of ops: its jobs are registered only when they hold.
pub(crate) fn require_schemas(project: &Project, model: &Arc<Model>) -> Result<(), Error> {
    if !model.jobs.is_empty() {
        server::Schemas::build(model, &schema_settings(&project.config), Clock::System)?;
    }
    Ok(())
}

/// What stands beside a model and its store.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    /// Opens the page that makes the first administrator.
    pub(crate) setup: Option<SetupCode>,
    /// Runs the project's jobs.
    pub(crate) engine: Option<Arc<Engine>>,
    /// Reads the project again when a request asks for it.
    pub(crate) reread: Option<Reread>,
}

/// The same, with a page that makes the first administrator.
pub(crate) fn app_with(
    project: &Project,
    mode: Mode,
    (model, store): (&Arc<Model>, &Arc<Store>),
    beside: Beside,
) -> Result<Arc<App>, Error> {
    let settings =
        Settings { setup: beside.setup, engine: beside.engine, reread: beside.reread, ..settings(project, mode)? };
    let app = Arc::new(App::new(settings, model, Arc::clone(store))?);
    if let Some(engine) = app.engine() {
        engine.mutate_by(Arc::new(JobMutations::of(&app)));
    }
    Ok(app)
}

/// Runs a future on a runtime of its own, with as many threads as there are cores.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    Ok(runtime.block_on(future))
}

/// Random bits that make this process's request ids unlike those of others.
pub(crate) fn id_prefix() -> Result<u64, Error> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|source| Error::Random { source })?;
    Ok(u64::from_le_bytes(random))
}

fn settings(project: &Project, mode: Mode) -> Result<Settings, Error> {
    let config = &project.config;
    Ok(Settings {
        schemas: schema_settings(config),
        listeners: config.listeners.clone(),
        accounts: accounts(config)?,
        anonymous_operates: anonymous_operates(project)?,
        setup: None,
        reread: None,
        engine: None,
        token_key: project.token_key()?,
        graphiql: is_on(config.word(GRAPHIQL), mode),
        introspection: is_on(config.word(INTROSPECTION), mode),
        compression: config.is_on(COMPRESSION),
        cors_origins: config.texts(CORS_ORIGINS),
        uploads: Some(Arc::new(project.files()?)),
        clock: Clock::System,
        ids: Arc::new(Ids::Random),
        limits: limits(config),
    })
}

/// Whether callers without a token operate workflows: only where nobody beyond this machine can ask.
fn anonymous_operates(project: &Project) -> Result<bool, Error> {
    let config = &project.config;
    if config.word(WORKFLOWS_ANONYMOUS) != "operator" {
        return Ok(false);
    }
    if !config.texts(TRUSTED_PROXIES).is_empty() {
        return Err(Error::AnonymousBehindProxy);
    }
    let listeners = config.listeners.iter().map(|listener| listener.address);
    let beyond = std::iter::once(config.address()).chain(listeners).find(|address| !address.ip().is_loopback());
    beyond.map_or(Ok(true), |address| Err(Error::AnonymousBeyondLoopback { address }))
}

fn accounts(config: &Config) -> Result<AccountSettings, Error> {
    let address = |text: &String| text.parse().map_err(|source| Error::Proxy { address: text.clone(), source });
    Ok(AccountSettings {
        register: config.is_on(REGISTER),
        confirm_email: config.is_on(CONFIRM_EMAIL),
        default_role: config.word(DEFAULT_ROLE).to_owned(),
        token_lasts: Duration::from_secs(config.number(TOKEN_HOURS) * 60 * 60),
        trusted_proxies: config.texts(TRUSTED_PROXIES).iter().map(address).collect::<Result<_, _>>()?,
        attempts_max: config.count("limits.attempts_max"),
        address_attempts_max: config.count("limits.address_attempts_max"),
        attempts_window: config.duration("limits.attempts_window"),
        attempts_kept_max: config.size("limits.attempts_kept_max"),
    })
}

/// What decides the schemas of the endpoints.
pub(crate) fn schema_settings(config: &Config) -> SchemaSettings {
    SchemaSettings {
        endpoints: config.endpoints.clone(),
        page_sizes: PageSizes {
            default: config.count("strapi.default_limit"),
            most: Some(config.count("strapi.max_limit")).filter(|most| *most > 0),
        },
        nullable_drafts: config.is_on(NULLABLE_DRAFTS),
        v4_compatibility: config.is_on("strapi.v4_compatibility"),
        limits: document_limits(config),
    }
}

fn is_on(word: &str, mode: Mode) -> bool {
    match mode {
        Mode::Development => word != "off",
        Mode::Production => word == "on",
    }
}

pub(crate) fn limits(config: &Config) -> server::Limits {
    server::Limits {
        body_bytes_max: config.size("limits.body_bytes_max"),
        nesting_max: config.size("limits.nesting_max"),
        batch_max: config.size("limits.batch_max"),
        header_bytes_max: config.size("limits.header_bytes_max"),
        headers_max: config.size("limits.headers_max"),
        header_timeout: config.duration("limits.header_timeout"),
        connections_max: config.size("limits.connections_max"),
        shutdown_grace: config.duration("limits.shutdown_grace"),
        plans_max: config.size("limits.plans_max"),
        plans_bytes_max: config.number("limits.plans_bytes_max"),
        plan_document_bytes_max: config.size("limits.plan_document_bytes_max"),
        refused_documents_max: config.size("limits.refused_documents_max"),
        kept_documents_max: config.size("limits.kept_documents_max"),
        kept_documents_bytes_max: config.number("limits.kept_documents_bytes_max"),
        uploads_max: config.size("limits.uploads_max"),
        upload_file_bytes_max: config.number("limits.upload_file_bytes_max"),
        upload_files_max: config.size("limits.upload_files_max"),
        upload_fields_max: config.size("limits.upload_fields_max"),
        upload_name_characters_max: config.size("limits.upload_name_characters_max"),
        upload_image_pixels_max: config.number("limits.upload_image_pixels_max"),
        upload_images_max: config.size("limits.upload_images_max"),
        upload_timeout: config.duration("limits.upload_timeout"),
        upload_idle_timeout: config.duration("limits.upload_idle_timeout"),
    }
}

pub(crate) fn document_limits(config: &Config) -> graphql::Limits {
    graphql::Limits {
        document_bytes_max: config.size("limits.document_bytes_max"),
        tokens_max: config.size("limits.tokens_max"),
        nesting_max: config.size("limits.nesting_max"),
        depth_max: config.size("limits.depth_max"),
        aliases_max: config.size("limits.aliases_max"),
        root_fields_max: config.size("limits.root_fields_max"),
        directives_max: config.size("limits.directives_max"),
        selections_max: config.size("limits.selections_max"),
        filter_hops_max: config.size("limits.filter_hops_max"),
        conditions_max: config.size("limits.conditions_max"),
        filter_text_max: config.size("limits.filter_text_max"),
        filter_list_max: config.size("limits.filter_list_max"),
        cost_rows_max: config.number("limits.cost_rows_max"),
        errors_max: config.size("limits.errors_max"),
        rows_max: config.count("limits.rows_max"),
    }
}

pub(crate) fn store_limits(config: &Config) -> StoreLimits {
    let usual = StoreLimits::default();
    let or_usual = |name, usual: usize| Some(config.size(name)).filter(|given| *given > 0).unwrap_or(usual);
    StoreLimits {
        read_timeout: config.duration("limits.read_timeout"),
        write_timeout: config.duration("limits.write_timeout"),
        connection_wait: config.duration("limits.connection_wait"),
        connections_max: or_usual("limits.database_connections_max", usual.connections_max),
        readers: or_usual("limits.readers", usual.readers),
        queue_max: config.size("limits.queue_max"),
        answer_bytes_max: config.size("limits.answer_bytes_max"),
    }
}
