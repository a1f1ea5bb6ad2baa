//! `dragoman dev`: makes the database, serves the project, and follows every change of its files.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use notify_debouncer_full::notify::RecursiveMode;
use notify_debouncer_full::{DebounceEventResult, new_debouncer};
use runs::Engine;
use server::{App, Asking, Reread, Shared, has_administrator};
use store::{Served, Store};
use tokio::sync::{mpsc, watch};
use tracing::Level;

use crate::arguments::Serving;
use crate::commands::migrate::apply_without_loss;
use crate::commands::seed;
use crate::commands::serve::{bind, open, serve};
use crate::config::{Config, FILE_NAME};
use crate::error::Error;
use crate::lock::DataLock;
use crate::project::{Project, SCHEMA_FOLDER, SEED_FOLDER, setup_code};
use crate::serving::{Beside, Mode, app_with, block_on, id_prefix, locales, open_store, require_schemas};
use crate::working::{Purpose, Working};
use crate::{logging, signals, working};

/// Editors write a file in several steps; what comes within this time is one change.
const QUIET: Duration = Duration::from_millis(150);

/// Serves until a signal.
pub(crate) fn run(serving: &Serving) -> Result<ExitCode, Error> {
    let project = open(serving)?;
    let _logging = logging::start_serving(&project.config)?;
    let _lock = DataLock::take(&project)?;
    project.token_key_or_new()?;
    let store = Arc::new(open_store(&project)?);
    block_on(async {
        let stop = signals::stop_signal()?;
        let setup = setup_code()?;
        let waiting = project.files()?.sweep()?;
        // A taken address ends it before anything is changed.
        let ways = bind(&project).await?;
        // What changes while the project is loaded is seen, too.
        let watched = watched(&project.folder);
        let (reread, asked) = Reread::channel();
        let beside = Beside { setup: Some(setup.clone()), engine: None, reread: Some(reread) };
        let (app, engine) = load(&project, &store, &beside).await?;
        app.settle_files(waiting).await;
        let shared = Shared::new(&app, id_prefix()?);
        let started = open(serving)?.config;
        let invitation = (!has_administrator(&store).await?).then(|| setup.path());
        let working = working::start(&project, (&shared, engine.as_ref()), &stop)?;
        let beside = Beside { engine, ..beside };
        let reload = Reload { shared: shared.clone(), store, serving: serving.clone(), beside, started, late: None };
        let following = tokio::spawn(follow((watched, asked), reload, stop.clone()));
        serve(&project, (&shared, ways), invitation, stop).await;
        working.ended().await;
        // What it began ends in order, too.
        if let Some(late) = following.await.map_err(|error| Error::Runtime(error.into()))? {
            late.ended().await;
        }
        Ok::<_, Error>(())
    })??;
    Ok(ExitCode::SUCCESS)
}

/// Reads the types, brings the database to them, loads the seed where there is no data.
async fn load(
    project: &Project,
    store: &Arc<Store>,
    beside: &Beside,
) -> Result<(Arc<App>, Option<Arc<Engine>>), Error> {
    let sources = project.schema_texts()?;
    let model = Arc::new(project.model()?);
    require_schemas(project, &model)?;
    // What cannot be loaded is told before anything is made.
    store.seed_check(seed::job(project, &model)?).await?;
    for change in apply_without_loss(project, store, &model, &sources).await? {
        logging::say(Level::INFO, &format!("  {change}"));
    }
    seed::load(project, store, &model).await?;
    store.locales_keep(&Served::new(Arc::clone(&model))?).await?;
    let engine = match &beside.engine {
        Some(engine) => {
            engine.serve(Arc::clone(&model)).await?;
            Some(Arc::clone(engine))
        }
        None => working::engine(store, &model, Purpose::Serving).await?,
    };
    let beside = Beside { engine: engine.clone(), ..beside.clone() };
    Ok((app_with(project, Mode::Development, (&model, store), beside)?, engine))
}

/// What a change of files acts on.
struct Reload {
    shared: Shared,
    store: Arc<Store>,
    serving: Serving,
    /// What outlives a load.
    beside: Beside,
    /// The settings of the start.
    started: Config,
    /// What executes runs, where the first job came after the start.
    late: Option<Working>,
}

/// Loads the project again after every change, and whenever a request asks for it. A fault is shown, and the server goes on with what it had.
async fn follow(
    (files, mut asked): (Option<Watched>, mpsc::Receiver<Asking>),
    mut reload: Reload,
    mut stop: watch::Receiver<bool>,
) -> Option<Working> {
    let (watcher, mut changes) = files.unzip();
    loop {
        let asking = tokio::select! {
            () = changed(&mut changes) => None,
            Some(asking) = asked.recv() => Some(asking),
            _ended = stop.changed() => break,
        };
        let loaded = again(&mut reload, &stop).await;
        match &loaded {
            Ok((_, waiting)) if waiting.is_empty() => logging::say(Level::INFO, "  reloaded"),
            Ok((_, waiting)) => {
                let waiting = waiting.join(", ");
                logging::say(Level::WARN, &format!("  reloaded; start dev again for what has changed of {waiting}"));
            }
            Err(error) => {
                logging::say_error(error);
                logging::say(Level::WARN, "the server goes on with the project as it was");
            }
        }
        if let Some(asking) = asking {
            // Who asked may have gone.
            let _nobody_waits = asking.send(loaded.map(|(app, _)| app).map_err(|error| error.plain())).is_err();
        }
    }
    drop(watcher);
    reload.late
}

/// Waits for the next change of a file; for ever where files are not watched.
async fn changed(changes: &mut Option<mpsc::Receiver<()>>) {
    if let Some(of) = changes
        && of.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Settings that belong to the start, such as the address and the database, stay as they were: those that have changed come back.
async fn again(reload: &mut Reload, stop: &watch::Receiver<bool>) -> Result<(Arc<App>, Vec<&'static str>), Error> {
    let project = open(&reload.serving)?;
    let before = reload.store.locales_replace(locales(&project));
    let loaded = load(&project, &reload.store, &reload.beside).await;
    if loaded.is_err() {
        reload.store.locales_replace(before);
    }
    let (app, engine) = loaded.map_err(|error| match error {
        // Nobody else may change the database while dev holds it.
        Error::Loss { losses, folder } => Error::LossWhileServed { losses, folder },
        other => other,
    })?;
    reload.shared.replace(&app);
    if let (Some(first), None) = (&engine, &reload.beside.engine) {
        reload.late = Some(working::start(&project, (&reload.shared, Some(first)), stop)?);
        reload.beside.engine = engine;
    }
    Ok((app, project.config.differs_at_start(&reload.started)))
}

/// Something that watches as long as it lives.
type Watcher = notify_debouncer_full::Debouncer<
    notify_debouncer_full::notify::RecommendedWatcher,
    notify_debouncer_full::RecommendedCache,
>;

/// A watcher, and a sign for each change.
type Watched = (Watcher, mpsc::Receiver<()>);

/// Watches the project; where that is not possible it is served all the same.
fn watched(folder: &Path) -> Option<Watched> {
    let (sender, changes) = mpsc::channel(1);
    match watch_folder(folder, sender) {
        Ok(watcher) => Some((watcher, changes)),
        Err(error) => {
            logging::say_error(&error);
            logging::say(Level::WARN, "changes of files are not followed");
            None
        }
    }
}

fn watch_folder(folder: &Path, changes: mpsc::Sender<()>) -> Result<Watcher, Error> {
    let failed = |source| Error::Watch { path: folder.to_path_buf(), source };
    let root = folder.canonicalize().map_err(|source| Error::read(folder, source))?;
    let schema = root.join(SCHEMA_FOLDER);
    let seed = root.join(SEED_FOLDER);
    let settings = root.join(FILE_NAME);
    let is_ours = move |path: &Path| path.starts_with(&schema) || path.starts_with(&seed) || path == settings;
    let handle = move |result: DebounceEventResult| {
        let events = result.unwrap_or_default();
        let matters = |event: &notify_debouncer_full::DebouncedEvent| {
            !event.kind.is_access() && event.paths.iter().any(|path| is_ours(path))
        };
        if events.iter().any(matters) {
            // A full channel holds a reload that has not begun yet: it will see this change, too.
            let _pending = changes.try_send(()).is_err();
        }
    };
    let mut watcher = new_debouncer(QUIET, None, handle).map_err(failed)?;
    // The folder itself, not its files: editors replace them. Not what is below: the database would never be quiet.
    watcher.watch(&root, RecursiveMode::NonRecursive).map_err(failed)?;
    for below in [SCHEMA_FOLDER, SEED_FOLDER].map(|name| root.join(name)).iter().filter(|below| below.is_dir()) {
        watcher.watch(below, RecursiveMode::Recursive).map_err(failed)?;
    }
    Ok(watcher)
}
