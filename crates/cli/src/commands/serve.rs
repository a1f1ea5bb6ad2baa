//! `dragoman serve`: production. Nothing changes by itself.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use model::{Model, Source};
use runs::Engine;
use server::{Listener, Shared, Way};
use store::{Served, Store};
use tokio::sync::watch;
use tracing::Level;

use crate::arguments::Serving;
use crate::commands::migrate::require_none;
use crate::config::ADDRESS;
use crate::error::Error;
use crate::lock::DataLock;
use crate::project::Project;
use crate::serving::{Mode, app, block_on, id_prefix, limits, open_made_store, require_schemas};
use crate::working::Purpose;
use crate::{logging, signals, working};

/// Between two looks for a database that was away at the start.
const LOOK: Duration = Duration::from_secs(1);

/// Serves until a signal.
pub(crate) fn run(serving: &Serving) -> Result<ExitCode, Error> {
    let project = open(serving)?;
    let _logging = logging::start_serving(&project.config)?;
    let (model, sources) = (Arc::new(project.model()?), project.schema_texts()?);
    require_schemas(&project, &model)?;
    let _lock = DataLock::take(&project)?;
    project.token_key_or_new()?;
    let store = Arc::new(open_made_store(&project)?);
    block_on(async {
        let stop = signals::stop_signal()?;
        // A database that is away is no reason not to start: the server says that it is not ready until it comes.
        let begun = match store.ready().await {
            Ok(()) => begin((&model, &sources), &store).await,
            Err(error) => Err(error.into()),
        };
        let (is_ready, engine) = match begun {
            Ok(engine) => (true, engine),
            // A name or a password that is wrong does not become right by waiting.
            Err(error) if error.is_away() => {
                let error = error.told();
                tracing::warn!(
                    error,
                    "the database cannot be reached; the server starts and is not ready until it can"
                );
                (false, None)
            }
            Err(error) => return Err(error),
        };
        let waiting = project.files()?.sweep()?;
        let first = app(&project, Mode::Production, (&model, &store), engine.clone())?;
        first.settle_files(waiting).await;
        let shared = Shared::new(&first, id_prefix()?);
        let ways = bind(&project).await?;
        let working = async {
            if is_ready {
                return working::start(&project, (&shared, engine.as_ref()), &stop);
            }
            let Some(engine) = begin_late((&model, &sources), &store, stop.clone()).await? else {
                return working::start(&project, (&shared, None), &stop);
            };
            shared.replace(&app(&project, Mode::Production, (&model, &store), Some(Arc::clone(&engine)))?);
            working::start(&project, (&shared, Some(&engine)), &stop)
        };
        let serving = async {
            serve(&project, (&shared, ways), None, stop.clone()).await;
            Ok(())
        };
        let ((), working) = tokio::try_join!(serving, working)?;
        working.ended().await;
        Ok::<_, Error>(())
    })??;
    Ok(ExitCode::SUCCESS)
}

/// What a database that is there is asked before it is served; gives the engine where the project has jobs.
async fn begin((model, sources): (&Arc<Model>, &[Source]), store: &Arc<Store>) -> Result<Option<Arc<Engine>>, Error> {
    require_none(store, model, sources).await?;
    store.locales_keep(&Served::new(Arc::clone(model))?).await?;
    working::engine(store, model, Purpose::Serving).await
}

/// The same, when a database that was away has come; nothing when the signal came first.
async fn begin_late(
    project: (&Arc<Model>, &[Source]),
    store: &Arc<Store>,
    stop: watch::Receiver<bool>,
) -> Result<Option<Arc<Engine>>, Error> {
    Ok(when_there(store, stop, async || begin(project, store).await).await?.flatten())
}

/// Does something as soon as the database is there, again where it goes away meanwhile; nothing when the signal came first.
pub(crate) async fn when_there<T>(
    store: &Arc<Store>,
    mut stop: watch::Receiver<bool>,
    begin: impl AsyncFn() -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    loop {
        if store.is_ready().await {
            match begin().await {
                Err(error) if error.is_away() => tracing::warn!("the database went away; it is waited for"),
                done => return done.map(Some),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _stopped = stop.changed() => return Ok(None),
        }
    }
}

/// Reads the settings with the flags of serving.
pub(crate) fn open(serving: &Serving) -> Result<Project, Error> {
    let flags: Vec<_> = serving.listen.iter().map(|address| (ADDRESS, address.to_string())).collect();
    Project::open(&serving.project, &flags)
}

/// Binds every address.
pub(crate) async fn bind(project: &Project) -> Result<Vec<Way>, Error> {
    let mut ways = vec![Way { listener: Listener::bind(project.config.address()).await?, endpoint: None }];
    for listener in &project.config.listeners {
        let endpoint = Some(listener.endpoint.clone());
        ways.push(Way { listener: Listener::bind(listener.address).await?, endpoint });
    }
    Ok(ways)
}

/// Prints where the server is, and serves. The first administrator is invited by the path of a link.
pub(crate) async fn serve(
    project: &Project,
    (shared, ways): (&Shared, Vec<Way>),
    invitation: Option<String>,
    stop: watch::Receiver<bool>,
) {
    announce(shared, &ways);
    if let (Some(path), Some(way)) = (invitation, ways.first()) {
        let address = way.listener.address();
        logging::say(Level::INFO, &format!("  http://{address}{path}  (makes the first administrator, once)"));
    }
    server::serve(shared, ways, &limits(&project.config), stop).await;
}

fn announce(shared: &Shared, ways: &[Way]) {
    for way in ways {
        let address = way.listener.address();
        match &way.endpoint {
            None => {
                for (path, dialects) in shared.endpoints() {
                    logging::say(Level::INFO, &format!("  http://{address}{path}  ({dialects})"));
                }
            }
            Some(endpoint) => {
                logging::say(Level::INFO, &format!("  http://{address}/graphql  (only {endpoint})"));
            }
        }
    }
}
