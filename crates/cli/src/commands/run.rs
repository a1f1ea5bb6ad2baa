//! `dragoman run`, `runs`, `logs`, `cancel` and `worker`: jobs from the command line.

use std::process::ExitCode;
use std::sync::Arc;

use model::{Model, Tags};
use runs::Engine;
use serde_json::{Value as Json, json};
use server::App;
use store::{Address, Store};
use tokio::sync::watch;
use tracing::Level;

use crate::arguments::{Cancel, Logs, Project as Arguments, Run, Runs};
use crate::commands::migrate::require_none;
use crate::commands::print::print;
use crate::commands::serve::when_there;
use crate::commands::shown::{Seen, harmless, moment};
use crate::control::{Question, Reach, Steps};
use crate::error::Error;
use crate::lock::DataLock;
use crate::project::Project;
use crate::serving::{Mode, app, block_on, open_made_store, require_schemas};
use crate::working;
use crate::working::Purpose;
use crate::{logging, signals};

/// Launches a job, or repeats a run, and follows it to its end.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Error> {
    let question = question(arguments)?;
    let work = if arguments.detach { Work::Elsewhere } else { Work::Here };
    reaching(&(&arguments.project).into(), work, async |mut reach| {
        let run = reach.ask(question).await?;
        println!("{}", run["key"].as_str().unwrap_or_default());
        eprintln!("run {} of {}", run["number"], harmless(run["job"].as_str().unwrap_or_default()));
        if arguments.detach {
            if matches!(reach, Reach::Engine(..)) {
                tell_of_nobody(&mut reach, &run).await;
            }
            return Ok(ExitCode::SUCCESS);
        }
        follow(&mut reach, &run).await
    })
}

/// Says of a run that was left to others that none of them takes it for a moment. It is launched, whatever comes of looking.
async fn tell_of_nobody(reach: &mut Reach, run: &Json) {
    let mut seen = Seen::new(None);
    let key = run["key"].as_str().unwrap_or_default();
    while let Ok(news) = seen.ask(reach, key).await {
        if news.run["status"] != "queued" {
            return;
        }
        if news.is_empty {
            return seen.tell_of_waiting(&news.run);
        }
    }
}

fn question(arguments: &Run) -> Result<Question, Error> {
    let tags = tags(&arguments.tags)?;
    if let Some(run) = &arguments.again {
        let steps = match (arguments.from_failure, arguments.steps.is_empty()) {
            (true, _) => Steps::FromFailure,
            (false, false) => Steps::Chosen(arguments.steps.clone()),
            (false, true) => Steps::All,
        };
        return Ok(Question::Again { run: run.clone(), steps, tags });
    }
    let config = match arguments.config.as_deref() {
        None => json!({}),
        Some(text) => {
            let text = match text.strip_prefix('@') {
                Some(path) => {
                    std::fs::read_to_string(path).map_err(|source| Error::read(std::path::Path::new(path), source))?
                }
                None => text.to_owned(),
            };
            serde_json::from_str(&text).map_err(|source| Error::Config { source })?
        }
    };
    Ok(Question::Launch { job: arguments.job.clone().unwrap_or_default(), config, tags })
}

/// Tags as they are typed; every one that is none is told.
fn tags(texts: &[String]) -> Result<Tags, Error> {
    let pair = |text: &String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let pairs: Vec<Option<(String, String)>> = texts.iter().map(pair).collect();
    let fault = |(text, pair): (&String, &Option<(String, String)>)| match pair {
        None => Some(format!("`{text}` has no `=`")),
        Some((name, _)) if name.trim().is_empty() => Some(format!("`{text}` has no name")),
        Some(_) => None,
    };
    let faults: Vec<String> = texts.iter().zip(&pairs).filter_map(fault).collect();
    if faults.is_empty() {
        Ok(pairs.into_iter().flatten().collect())
    } else {
        Err(Error::Tags { faults: faults.join("; ") })
    }
}

/// Lists the newest runs.
pub(crate) fn runs(arguments: &Runs) -> Result<ExitCode, Error> {
    reaching(&arguments.into(), Work::Nowhere, async |mut reach| {
        let runs = reach.ask(Question::Runs { job: arguments.job.clone(), limit: arguments.limit }).await?;
        for run in runs.as_array().into_iter().flatten() {
            let text = |name: &str| harmless(run[name].as_str().unwrap_or_default());
            let began = run["start_time"].as_i64().map_or_else(|| "-".to_owned(), moment);
            let line = format!(
                "{:>4}  {}  {:<9}  {:<20}  {began:<20}  {:>10}  {}",
                run["number"].as_i64().unwrap_or_default(),
                text("key"),
                text("status"),
                text("job"),
                length(run),
                harmless(&shortened(run["failure"].as_str().unwrap_or_default()))
            );
            print(&[line.trim_end(), "\n"].concat());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Shows the lines of a run, and what happened between them.
pub(crate) fn logs(arguments: &Logs) -> Result<ExitCode, Error> {
    reaching(&(&arguments.project).into(), Work::Nowhere, async |mut reach| {
        let mut seen = Seen::new(None);
        loop {
            let news = seen.ask(&mut reach, &arguments.run).await?;
            for line in &news.lines {
                print(&[line.as_str(), "\n"].concat());
            }
            if !news.is_empty {
                continue;
            }
            if !arguments.follow || news.run["is_finished"].as_bool().unwrap_or_default() {
                return Ok(ExitCode::SUCCESS);
            }
            seen.tell_of_waiting(&news.run);
        }
    })
}

/// Ends a run.
pub(crate) fn cancel(arguments: &Cancel) -> Result<ExitCode, Error> {
    reaching(&(&arguments.project).into(), Work::Nowhere, async |mut reach| {
        // Who alone has the database knows that no process of the run is left to wait for.
        let at_once = arguments.at_once || matches!(reach, Reach::Alone(..));
        let question = Question::Cancel { run: arguments.run.clone(), at_once };
        let before = reach.ask(question).await?;
        let (number, was) = (&before["number"], before["status"].as_str().unwrap_or_default());
        if at_once || was == "queued" {
            eprintln!("run {number} is canceled (it was {was})");
        } else if was == "canceling" {
            eprintln!("run {number} is being canceled already; --at-once does not wait for its processes");
        } else {
            eprintln!("run {number} is asked to end (it was {was})");
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Works until a signal, beside servers and workers on other machines.
pub(crate) fn worker(arguments: &Arguments) -> Result<ExitCode, Error> {
    let project = Project::open(arguments, &[])?;
    let _logging = logging::start_serving(&project.config)?;
    if matches!(project.database()?, Address::Sqlite(_)) {
        return Err(Error::WorkerOnSqlite);
    }
    let (model, sources) = (Arc::new(project.model()?), project.schema_texts()?);
    require_schemas(&project, &model)?;
    let store = Arc::new(open_made_store(&project)?);
    block_on(async {
        let stop = signals::stop_signal()?;
        match store.ready().await {
            // A name or a password that is wrong does not become right by waiting.
            Err(error) if error.is_refused() => return Err(error.into()),
            Err(_) => tracing::warn!("the database cannot be reached; the worker begins when it can"),
            Ok(()) => {}
        }
        let begin = async || {
            require_none(&store, &model, &sources).await?;
            working::engine(&store, &model, Purpose::Joining).await
        };
        let Some(found) = when_there(&store, stop.clone(), begin).await? else { return Ok(()) };
        let Some(engine) = found else { return Err(Error::NoJobs) };
        let _app = mutating(&project, (&model, &store), &engine)?;
        logging::say(Level::INFO, "  working");
        working::work(&project, &engine, stop).await
    })??;
    Ok(ExitCode::SUCCESS)
}

/// What runs the mutations of ops as long as it is there; nothing where no op is one.
fn mutating(
    project: &Project,
    (model, store): (&Arc<Model>, &Arc<Store>),
    engine: &Arc<Engine>,
) -> Result<Option<Arc<App>>, Error> {
    let is_mutation = |op: &model::Op| matches!(op.work, model::Work::Mutation { .. });
    if !model.jobs.iter().flat_map(|job| &job.ops).any(is_mutation) {
        return Ok(None);
    }
    app(project, Mode::Production, (model, store), Some(Arc::clone(engine))).map(Some)
}

/// Who executes what a command launches where no server lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// The command itself, until it is done.
    Here,
    /// A server or a worker.
    Elsewhere,
    /// Nobody.
    Nowhere,
}

/// Reaches the engine: by a living server, or by the database itself.
fn reaching(
    arguments: &Arguments,
    work: Work,
    command: impl AsyncFnOnce(Reach) -> Result<ExitCode, Error>,
) -> Result<ExitCode, Error> {
    let project = Project::open(arguments, &[])?;
    let _logging = logging::start(&project.config)?;
    block_on(async {
        // A living server knows what it serves, whatever stands in the files of the types meanwhile.
        if let Some(reach) = Reach::living(&project).await {
            return command(reach).await;
        }
        let (model, sources) = (Arc::new(project.model()?), project.schema_texts()?);
        let is_sqlite = matches!(project.database()?, Address::Sqlite(_));
        if is_sqlite && work == Work::Elsewhere {
            return Err(Error::NobodyExecutes);
        }
        let _lock = is_sqlite.then(|| DataLock::take(&project)).transpose().map_err(|error| match error {
            Error::Locked { path, holder } => Error::NotReached { path, holder },
            other => other,
        })?;
        let store = Arc::new(open_made_store(&project)?);
        require_none(&store, &model, &sources).await?;
        let purpose = match work {
            // Who has the lock of the folder is the only one.
            Work::Here | Work::Elsewhere if is_sqlite => Purpose::Serving,
            Work::Here | Work::Elsewhere => Purpose::Joining,
            Work::Nowhere => Purpose::Looking,
        };
        if purpose != Purpose::Looking {
            require_schemas(&project, &model)?;
        }
        let Some(engine) = working::engine(&store, &model, purpose).await? else { return Err(Error::NoJobs) };
        let (stop, stopped) = watch::channel(false);
        let works = work == Work::Here && is_sqlite;
        let beside = (Arc::clone(&engine), Arc::clone(&model));
        let reach = if is_sqlite { Reach::Alone(beside.0, beside.1) } else { Reach::Engine(beside.0, beside.1) };
        if !works {
            return command(reach).await;
        }
        let _app = mutating(&project, (&model, &store), &engine)?;
        let mut signal = signals::stop_signal()?;
        let working = working::work(&project, &engine, stopped);
        let commanding = async {
            let ended = tokio::select! {
                ended = command(reach) => ended,
                _came = signal.changed() => Err(Error::Interrupted),
            };
            let _unheard = stop.send(true).is_err();
            ended
        };
        let (ended, worked) = tokio::join!(commanding, working);
        worked.and(ended)
    })?
}

/// Shows what happens on standard error, until the run ends.
async fn follow(reach: &mut Reach, run: &Json) -> Result<ExitCode, Error> {
    let mut seen = Seen::new(run["number"].as_i64());
    let run = run["key"].as_str().unwrap_or_default();
    loop {
        let news = seen.ask(reach, run).await?;
        for line in &news.lines {
            eprintln!("{line}");
        }
        if !news.is_empty {
            continue;
        }
        if news.run["is_finished"].as_bool().unwrap_or_default() {
            let status = news.run["status"].as_str().unwrap_or_default();
            eprintln!("{status}, {}", length(&news.run));
            return Ok(if status == "succeeded" { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        seen.tell_of_waiting(&news.run);
    }
}

/// Characters of a reason in a list.
const REASON_MAX: usize = 100;

/// The first line of a text, cut.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= REASON_MAX {
        return line.to_owned();
    }
    line.chars().take(REASON_MAX).chain("…".chars()).collect()
}

/// How long a run took, or takes.
fn length(run: &Json) -> String {
    let (Some(began), Some(ended)) = (run["start_time"].as_i64(), run["end_time"].as_i64()) else {
        return String::new();
    };
    let millis = (ended - began) / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}
