//! The workflow engine of a project: opened beside its server, with a worker and what listens for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Model;
use runs::{Clock, Engine, Scratch, WorkerSettings};
use server::Shared;
use store::{Ids, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::{self, Desk};
use crate::error::Error;
use crate::project::Project;

/// Where files of steps stand in the data folder.
const SCRATCH_FOLDER: &str = "work";
/// What processes of ops find of this process's environment.
const ENVIRONMENT: [&str; 4] = ["PATH", "LANG", "HOME", "TZ"];

/// What somebody opens the engine for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To launch and execute runs: the jobs of this project are the current ones from now on.
    Serving,
    /// To launch and execute runs beside servers, which say what jobs are current.
    Joining,
    /// To look at runs and to end them, whatever jobs are current.
    Looking,
}

/// Opens the engine where the project has jobs.
pub(crate) async fn engine(
    store: &Arc<Store>,
    model: &Arc<Model>,
    purpose: Purpose,
) -> Result<Option<Arc<Engine>>, Error> {
    if model.type_named("_Run").is_none() {
        return Ok(None);
    }
    let engine = Engine::open(Arc::clone(store), Clock::Database, Arc::new(Ids::Random)).await?;
    match purpose {
        Purpose::Serving => engine.serve(Arc::clone(model)).await?,
        Purpose::Joining => engine.join(Arc::clone(model)).await?,
        Purpose::Looking => {}
    }
    // Whoever opens a SQLite database for its runs holds the lock of its folder.
    engine.workers_are_gone().await?;
    Ok(Some(Arc::new(engine)))
}

/// What works beside a server: it ends when the stop signal has come and its processes are gone.
pub(crate) struct Working {
    tasks: JoinSet<()>,
}

/// Starts what answers commands of this machine, and a worker where the project has jobs.
pub(crate) fn start(
    project: &Project,
    (shared, engine): (&Shared, Option<&Arc<Engine>>),
    stop: &watch::Receiver<bool>,
) -> Result<Working, Error> {
    let mut tasks = JoinSet::new();
    let desk = Desk { shared: shared.clone(), engine: engine.cloned() };
    match control::bind(project) {
        Ok(socket) => {
            tasks.spawn(control::serve(socket, desk, stop.clone()));
        }
        // A path that is too long for a socket, say, is no reason not to serve.
        Err(error) => tracing::warn!(cause = error.told(), "commands on this machine cannot reach this server"),
    }
    if engine.is_none() {
        // The project may have had jobs: what waits for them goes as it does where there are some.
        tasks.spawn(runs::retire_events(Arc::clone(shared.app().store()), stop.clone()));
    }
    if let Some(engine) = engine {
        let settings = worker_settings(project)?;
        tasks.spawn(runs::work(Arc::clone(engine), settings, stop.clone()));
        tasks.spawn(listen(Arc::clone(engine), stop.clone()));
        tasks.spawn(runs::schedule_runs(Arc::clone(engine), stop.clone()));
        tasks.spawn(runs::launch_by_events(Arc::clone(engine), stop.clone()));
    }
    Ok(Working { tasks })
}

/// A worker alone, until the signal.
pub(crate) async fn work(project: &Project, engine: &Arc<Engine>, stop: watch::Receiver<bool>) -> Result<(), Error> {
    let listening = tokio::spawn(listen(Arc::clone(engine), stop.clone()));
    runs::work(Arc::clone(engine), worker_settings(project)?, stop).await;
    listening.abort();
    Ok(())
}

async fn listen(engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    engine.listen(stop).await;
}

impl Working {
    /// Waits until all of it has ended.
    pub(crate) async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

fn worker_settings(project: &Project) -> Result<WorkerSettings, Error> {
    let config = &project.config;
    let guard = std::env::current_exe().map_err(Error::Runtime)?;
    let directory = project.folder.canonicalize().map_err(|source| Error::read(&project.folder, source))?;
    let data = std::path::absolute(&project.data).map_err(|source| Error::read(&project.data, source))?;
    let name = format!("{}:{}:{}", host(), std::process::id(), crate::serving::id_prefix()?);
    let scratch = Arc::new(Scratch::take(&data.join(SCRATCH_FOLDER), &name)?);
    let environment: BTreeMap<String, String> =
        ENVIRONMENT.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
    Ok(WorkerSettings {
        name,
        guard,
        directory,
        scratch,
        environment,
        runs_max: config.size("runs.max_concurrent"),
        steps_max: config.size("runs.steps_max"),
        grace: config.duration("runs.grace"),
    })
}

/// The machine's name, for people who look at who executes what.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "worker".to_owned() } else { name }
}
