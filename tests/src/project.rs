//! A project served in this process: its database is copied from a template that was made once.

use std::collections::{BTreeMap, HashMap};
use std::future::Future as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;
use std::{fs, process};

use files::Folder;
use model::{Model, Source};
use plan::Caller;
use runs::transition::RunStatus;
use runs::{Engine, RunKey, Scratch, WorkerSettings};
use serde_json::Map;
use server::{
    AccountSettings, App, Clock, CodePurpose, Listener, Methods, PageSizes, Request, SchemaSettings, Sender, Settings,
    Shared, TokenKey, Way,
};
use store::{Address, Ids, MigrateOptions, SeedFile, SeedJob, SeedOptions, Store, StoreConfig};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Outgoing, Whole, send, send_whole};
use crate::judge::Answer;

/// The variable that names a PostgreSQL which may make databases.
const POSTGRES: &str = "DRAGOMAN_TEST_POSTGRES";
/// Signs callers' tokens in tests.
const TOKEN_KEY: &[u8] = b"a key of at least thirty-two bytes, for tests";
/// Seeds name times of their own; what has none is from then on.
const SEED_NOW: i64 = 1_704_067_200_000_000;

/// So many requests are given to what goes on beside them.
const TRIES_MAX: usize = 2_000;

/// What a worker of a test does at once, and how long it waits for a process that is to end.
const WORKER_RUNS_MAX: usize = 10;
const WORKER_STEPS_MAX: usize = 4;
const WORKER_GRACE: Duration = Duration::from_millis(100);
/// How long a run may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The two databases that every test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A server, named by `DRAGOMAN_TEST_POSTGRES`.
    Postgres,
}

/// A project whose database is made and seeded, to be copied for each server.
pub struct Template {
    model: Arc<Model>,
    runtime: Arc<Runtime>,
    database: Database,
    folder: PathBuf,
    project: PathBuf,
    name: String,
    locales: &'static [&'static str],
}

/// A server over a fresh copy of the template.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    runtime: Arc<Runtime>,
    postgres: Option<String>,
    uploads: PathBuf,
    app: Arc<App>,
    engine: Option<Arc<Engine>>,
    working: Option<JoinHandle<()>>,
}

impl Template {
    /// Makes and seeds the database of the project in a folder.
    ///
    /// # Panics
    /// When the project is faulty, or its database cannot be made.
    #[must_use]
    pub fn new(project: &Path, database: Database) -> Template {
        Template::of(project, &sources(&project.join("schema")), database)
    }

    /// The same for a project that serves agents of others and declares nothing.
    ///
    /// # Panics
    /// When its database cannot be made.
    #[must_use]
    pub fn of_agents(project: &Path, database: Database) -> Template {
        Template::of(project, &[model::workflow()], database)
    }

    fn of(project: &Path, sources: &[Source], database: Database) -> Template {
        let runtime = Arc::new(Runtime::new().expect("a runtime can be made"));
        let model = Arc::new(model::read(sources.to_vec()).unwrap_or_else(|faults| panic!("{}", faults.render(false))));
        let name = fresh_name();
        let folder = std::env::temp_dir().join(&name);
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let project_folder = project.to_path_buf();
        let template = Template { model, runtime, database, folder, project: project_folder, name, locales: &[] };
        if database == Database::Postgres {
            template.runtime.block_on(postgres_says(&["create database ", &template.name].concat()));
        }
        let store = template.open(&template.name);
        template.runtime.block_on(fill(&store, &template.model, sources, project));
        drop(store);
        template
    }

    /// The same, its servers with the setting `locales`.
    #[must_use]
    pub fn in_locales(mut self, locales: &'static [&'static str]) -> Template {
        self.locales = locales;
        self
    }

    /// Serves a copy.
    ///
    /// # Panics
    /// When the copy or the server cannot be made.
    #[must_use]
    pub fn serve(&self) -> Running {
        self.serve_with(settings())
    }

    /// Serves a copy with settings of its own.
    ///
    /// # Panics
    /// When the copy or the server cannot be made.
    #[must_use]
    pub fn serve_with(&self, settings: Settings) -> Running {
        self.start(settings, None)
    }

    /// Serves a copy in which the project's jobs are registered, so that they can be launched. No worker works for it.
    ///
    /// # Panics
    /// When the copy or the server cannot be made.
    #[must_use]
    pub fn serve_jobs_with(&self, settings: Settings) -> Running {
        let running = self.serve_with(settings);
        if let Some(engine) = &running.engine {
            let served = self.runtime.block_on(engine.serve(Arc::clone(&self.model)));
            served.expect("the jobs can be registered");
        }
        running
    }

    /// Serves a copy with a worker, which starts the processes of runs under this guard. Nothing is launched by the clock.
    ///
    /// # Panics
    /// When the copy or the server cannot be made.
    #[must_use]
    pub fn work_with(&self, settings: Settings, guard: &Path) -> Running {
        self.start(settings, Some(guard))
    }

    fn start(&self, settings: Settings, guard: Option<&Path>) -> Running {
        let name = fresh_name();
        match self.database {
            Database::Sqlite => {
                fs::copy(self.file(&self.name), self.file(&name)).expect("a database file can be copied");
            }
            Database::Postgres => {
                let statement = ["create database ", &name, " template ", &self.name].concat();
                self.runtime.block_on(postgres_says(&statement));
            }
        }
        let store = Arc::new(self.open(&name));
        let uploads = self.folder.join([&name, "-uploads"].concat());
        let files = Folder::open(uploads.clone()).expect("a folder can be made");
        let engine = self.engine(&store);
        let settings = Settings { uploads: Some(Arc::new(files)), engine: engine.clone(), ..settings };
        let app = Arc::new(App::new(settings, &self.model, store).expect("the dialects show the model"));
        let shared = Shared::new(&app, 0);
        let (stop, stopped) = watch::channel(false);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = self.runtime.block_on(Listener::bind(any)).expect("loopback can be listened on");
        let address = listener.address();
        let limits = server::Limits::default();
        self.runtime.spawn(async move {
            server::serve(&shared, vec![Way { listener, endpoint: None }], &limits, stopped).await;
        });
        let working =
            guard.zip(engine.as_ref()).map(|(guard, engine)| self.work(engine, guard, (&name, stop.subscribe())));
        let postgres = (self.database == Database::Postgres).then_some(name);
        Running { address, stop, runtime: Arc::clone(&self.runtime), postgres, uploads, app, engine, working }
    }

    /// Registers the project's jobs, and executes their runs until the server stops.
    fn work(&self, engine: &Arc<Engine>, guard: &Path, (name, stop): (&str, watch::Receiver<bool>)) -> JoinHandle<()> {
        let scratch = Scratch::take(&self.folder.join("work"), name).expect("a folder can be made");
        let path = std::env::var("PATH").expect("there is a PATH");
        let settings = WorkerSettings {
            name: name.to_owned(),
            guard: guard.to_path_buf(),
            directory: self.project.canonicalize().expect("the project is there"),
            scratch: Arc::new(scratch),
            environment: BTreeMap::from([("PATH".to_owned(), path)]),
            runs_max: WORKER_RUNS_MAX,
            steps_max: WORKER_STEPS_MAX,
            grace: WORKER_GRACE,
        };
        let served = self.runtime.block_on(engine.serve(Arc::clone(&self.model)));
        served.expect("the jobs can be registered");
        self.runtime.spawn(runs::work(Arc::clone(engine), settings, stop))
    }

    /// The workflow engine, where the model has its types. No worker works for it.
    fn engine(&self, store: &Arc<Store>) -> Option<Arc<Engine>> {
        self.model.type_named("_Run")?;
        let opened = Engine::open(Arc::clone(store), runs::Clock::Database, Arc::new(Ids::Random));
        Some(Arc::new(self.runtime.block_on(opened).expect("the engine can be opened")))
    }

    fn open(&self, name: &str) -> Store {
        let address = match self.database {
            Database::Sqlite => Address::Sqlite(self.file(name)),
            Database::Postgres => Address::Postgres(postgres_url(name)),
        };
        let locales = self.locales.iter().map(|&code| code.to_owned()).collect();
        Store::open(&StoreConfig { locales, ..StoreConfig::new(address) }).expect("the database can be opened")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join([name, ".db"].concat())
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        if self.database == Database::Postgres {
            self.runtime.block_on(postgres_says(&["drop database ", &self.name, " with (force)"].concat()));
        }
        // What is left of a temporary folder does no harm.
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its uploaded files stand.
    #[must_use]
    pub fn uploads(&self) -> &Path {
        &self.uploads
    }

    /// Asks one question, and gives all that came.
    #[must_use]
    pub fn ask_whole(&self, outgoing: &Outgoing<'_>) -> Whole {
        send_whole(self.address, outgoing)
    }

    /// A code for an account, as the project's keeper gets it.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn user_code(&self, identifier: &str, purpose: CodePurpose) -> String {
        self.runtime.block_on(self.app.user_code(identifier, purpose)).expect("the account is there")
    }

    /// Waits until a run stands at this status of the engine; not for one that has ended otherwise, or takes too long.
    ///
    /// # Errors
    /// Where the run stands.
    ///
    /// # Panics
    /// When no engine works here, or the database fails.
    pub fn until(&self, run: &str, wanted: &str) -> Result<(), String> {
        let engine = self.engine.as_ref().expect("an engine works here");
        let key = RunKey::of_text(run).ok_or_else(|| format!("{run} is no run"))?;
        let mut progress = engine.progress();
        self.runtime.block_on(async {
            let waiting = async {
                loop {
                    let stands = engine.run(key).await.expect("the database answers").ok_or("the run is gone")?;
                    let word = stands.status.word();
                    if word == wanted {
                        return Ok(());
                    }
                    if matches!(word, "succeeded" | "failed" | "canceled") {
                        return Err(format!("the run is {word}, not {wanted}"));
                    }
                    progress.changed().await.expect("the engine lives");
                }
            };
            let ended = tokio::time::timeout(PATIENCE, waiting).await;
            ended.unwrap_or_else(|_| Err(format!("the run has not become {wanted}")))
        })
    }

    /// Waits until no run that may begin waits for a worker.
    ///
    /// # Panics
    /// When no engine works here, the database fails, or it takes too long.
    pub fn until_all_began(&self) {
        let engine = self.engine.as_ref().expect("an engine works here");
        let mut progress = engine.progress();
        let now = jiff::Timestamp::now().as_microsecond();
        let began = async {
            loop {
                let waiting = engine.runs(None, Some(RunStatus::Queued), 100).await.expect("the database answers");
                if waiting.iter().all(|run| run.scheduled_for.is_some_and(|time| time > now)) {
                    return;
                }
                progress.changed().await.expect("the engine lives");
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, began).await }).expect("every run begins");
    }

    /// Launches what is due so long from now.
    ///
    /// # Panics
    /// When no engine works here, or the database fails.
    pub fn tick_in(&self, time: Duration) {
        let engine = self.engine.as_ref().expect("an engine works here");
        self.runtime.block_on(engine.tick(jiff::Timestamp::now() + time)).expect("the database answers");
    }

    /// Asks one question in the name of a role and leaves when something is so, without ever taking the answer.
    ///
    /// # Panics
    /// When there is no such endpoint, or it never becomes so.
    pub fn ask_and_leave(&self, path: &str, role: &str, query: &str, until: impl Fn() -> bool) {
        let endpoint = self.app.endpoint(path).expect("the endpoint is there");
        let sender = Sender::local(Caller::Roles { roles: vec![role.to_owned()], user: Map::new() });
        let request = Request { query: query.into(), ..Request::default() };
        let _runtime = self.runtime.enter();
        let mut answer = pin!(server::answer(endpoint, &sender, request, Methods::All));
        let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the database is waited for");
        assert!((0..TRIES_MAX).any(|_| until()), "what was begun goes on");
    }

    /// Asks one question.
    #[must_use]
    pub fn ask(&self, outgoing: &Outgoing<'_>) -> Answer {
        send(self.address, outgoing)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody listens any more when the server has ended by itself.
        let _has_ended = self.stop.send(true).is_err();
        if let Some(working) = self.working.take() {
            let _was_broken_off = self.runtime.block_on(working).is_err();
        }
        if let Some(name) = &self.postgres {
            self.runtime.block_on(postgres_says(&["drop database ", name, " with (force)"].concat()));
        }
    }
}

/// A signed token of a role and a user.
///
/// # Panics
/// Never: the key is long enough.
#[must_use]
pub fn token(role: &str, user: &str) -> String {
    let key = TokenKey::new(TOKEN_KEY).expect("the key is long enough");
    let from = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    key.sign(role, user, server::Lasts { from, until: from + 600 }).expect("claims can be signed")
}

/// The settings that tests serve with.
///
/// # Panics
/// Never: the key is long enough.
#[must_use]
pub fn settings() -> Settings {
    let page_sizes = PageSizes { default: 10, most: None };
    Settings {
        schemas: SchemaSettings {
            endpoints: Vec::new(),
            page_sizes,
            nullable_drafts: false,
            v4_compatibility: false,
            limits: graphql::Limits::default(),
        },
        listeners: Vec::new(),
        // One server is asked by many cases: only those about the limit meet it.
        accounts: AccountSettings { attempts_max: 10_000, address_attempts_max: 10_000, ..AccountSettings::default() },
        setup: None,
        reread: None,
        anonymous_operates: false,
        engine: None,
        token_key: Some(TokenKey::new(TOKEN_KEY).expect("the key is long enough")),
        graphiql: true,
        introspection: true,
        compression: false,
        cors_origins: Vec::new(),
        limits: server::Limits::default(),
        uploads: None,
        clock: Clock::System,
        ids: Arc::new(Ids::Random),
    }
}

/// The hash of a password, made once for each: templates of one process have the same people.
fn hashed(password: &str) -> Result<String, String> {
    static KNOWN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hash) = known.get(password) {
        return Ok(hash.clone());
    }
    let hash = store::password_hash_now(password).map_err(|error| error.to_string())?;
    known.insert(password.to_owned(), hash.clone());
    Ok(hash)
}

async fn fill(store: &Store, model: &Arc<Model>, sources: &[Source], project: &Path) {
    let plan = store.migrate_plan(model, sources).await.expect("a new database can be planned");
    store.migrate_apply(&plan, MigrateOptions::default(), |_| {}).await.expect("a new database can be made");
    let layout = Arc::new(sql::layout::Layout::of(model).expect("the model can be stored"));
    // A project need not have first data.
    let seed = Some(project.join("seed")).filter(|folder| folder.is_dir());
    let seed = seed.map(|folder| files(&folder, "json")).unwrap_or_default();
    let job = SeedJob {
        model: Arc::clone(model),
        layout,
        files: seed.into_iter().map(|path| SeedFile { name: path.display().to_string(), path }).collect(),
        options: SeedOptions { now: SEED_NOW, default_locale: "en".to_owned() },
        hash_password: Arc::new(hashed),
        progress: Arc::new(|_| {}),
    };
    store.seed(job).await.expect("the seed can be loaded");
}

fn sources(folder: &Path) -> Vec<Source> {
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).expect("a listed file can be read"),
        name: path.display().to_string(),
    };
    files(folder, "graphql").into_iter().map(read).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    list.retain(|path| path.extension().is_some_and(|met| met == extension));
    list.sort();
    list
}

fn fresh_name() -> String {
    ["t", &process::id().to_string(), "_", &NUMBER.fetch_add(1, Ordering::Relaxed).to_string()].concat()
}

/// The address of another database of the same server.
fn postgres_url(name: &str) -> String {
    let url = std::env::var(POSTGRES)
        .unwrap_or_else(|_| panic!("{POSTGRES} is not set: run the tests with `cargo xtask test`"));
    let (before, query) =
        url.split_once('?').map_or((url.as_str(), String::new()), |(before, query)| (before, ["?", query].concat()));
    let server = before.rsplit_once('/').map_or(before, |(server, _)| server);
    [server, "/", name, &query].concat()
}

async fn postgres_says(statement: &str) {
    let (client, connection) = tokio_postgres::connect(&postgres_url("postgres"), tokio_postgres::NoTls)
        .await
        .expect("the test server answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    drop(client);
    // The connection ends with its client.
    drop(connection.await);
}
