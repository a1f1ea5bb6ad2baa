//! The control socket of a living server: `data/control`. Commands on the same machine ask through it, one JSON document on a line each way.
//!
//! Who may open the data folder may ask: the socket is its owner's alone.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Job, Model, Tags};
use runs::transition::{Executor, Refused, RunStatus};
use runs::{Ending, Engine, EventRecord, FailureRecord, Launch, LogRecord, RunKey, RunRecord, StepRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::Shared;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use crate::error::Error;
use crate::keeping::Keep;
use crate::project::Project;

/// Name of the socket in the data folder.
const SOCKET: &str = "control";
/// Beginning of the name of the folder in which a socket is made.
const MAKING: &str = ".control-";
/// Bytes of a path that systems take as the address of a socket; a longer one goes through `/proc`.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// Bytes of a question or an answer.
const MESSAGE_BYTES_MAX: u64 = 32 << 20;
/// Bytes of events in an answer, and of lines, where more than one is told.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Commands that are answered at once; further ones wait.
const CONNECTIONS_MAX: usize = 64;
/// How long a question for news waits for some.
const WAIT: Duration = Duration::from_millis(500);

/// What comes over the socket.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    /// Of the engine.
    Runs(Question),
    /// Of accounts and tokens.
    Keep(Keep),
}

/// Who answers in a living server: what it serves now, and its engine where the project has jobs.
#[derive(Clone)]
pub(crate) struct Desk {
    /// What it serves.
    pub(crate) shared: Shared,
    /// Runs the project's jobs.
    pub(crate) engine: Option<Arc<Engine>>,
}

impl Desk {
    async fn answer(&self, asked: Asked) -> Result<Json, String> {
        match (asked, &self.engine) {
            (Asked::Runs(question), Some(engine)) => answer(engine, &engine.model(), question).await,
            (Asked::Runs(_), None) => Err(Error::NoJobs.to_string()),
            (Asked::Keep(keep), _) => keep.by(&self.shared.app()).await.map_err(|error| error.to_string()),
        }
    }
}

/// What a command asks of the engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// Launch a job.
    Launch {
        /// Its name, with its repository before it where several have the name: `kitchen/nightly`.
        job: String,
        /// Its config.
        config: Json,
        /// Tags of the run.
        tags: Tags,
    },
    /// Repeat a run that has ended.
    Again {
        /// Which.
        run: String,
        /// Which steps.
        steps: Steps,
        /// Tags beside those of the run that is repeated, over which they win.
        tags: Tags,
    },
    /// One run, its steps, and what is new behind these numbers; waits a moment for news.
    News {
        /// Which.
        run: String,
        /// Events up to here are known.
        events: i64,
        /// Lines up to here are known.
        logs: i64,
    },
    /// The newest runs.
    Runs {
        /// Of this job alone.
        job: Option<String>,
        /// At most.
        limit: i64,
    },
    /// End a run.
    Cancel {
        /// Which.
        run: String,
        /// Without waiting for its processes.
        at_once: bool,
    },
}

/// Steps of a run that is repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Steps {
    /// All.
    All,
    /// Those that did not succeed.
    FromFailure,
    /// These.
    Chosen(Vec<String>),
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(Json),
    Refused(String),
}

/// Somebody who answers: the engine here, or a living server.
pub(crate) enum Reach {
    /// The database itself, and the project's jobs. Others may execute runs.
    Engine(Arc<Engine>, Arc<Model>),
    /// The same, where the lock of the data folder is held: nobody else executes runs.
    Alone(Arc<Engine>, Arc<Model>),
    /// The control socket.
    Socket(Box<BufReader<UnixStream>>),
}

impl Reach {
    /// The living server of a data folder, if there is one.
    pub(crate) async fn living(project: &Project) -> Option<Reach> {
        let short = ShortPath::of(&project.data).ok()?;
        let stream = UnixStream::connect(&short.path).await.ok()?;
        Some(Reach::Socket(Box::new(BufReader::new(stream))))
    }

    /// Asks.
    pub(crate) async fn ask(&mut self, question: Question) -> Result<Json, Error> {
        match self {
            Reach::Engine(engine, model) | Reach::Alone(engine, model) => {
                answer(engine, model, question).await.map_err(|reason| Error::Engine { reason })
            }
            Reach::Socket(stream) => exchange(stream, &Asked::Runs(question)).await,
        }
    }

    /// Has a living server change accounts or tokens.
    pub(crate) async fn keep(&mut self, keep: Keep) -> Result<Json, Error> {
        match self {
            Reach::Engine(..) | Reach::Alone(..) => {
                Err(Error::Engine { reason: "accounts and tokens are not of the engine".to_owned() })
            }
            Reach::Socket(stream) => exchange(stream, &Asked::Keep(keep)).await,
        }
    }
}

/// One question over the socket, and its answer.
async fn exchange(stream: &mut BufReader<UnixStream>, asked: &Asked) -> Result<Json, Error> {
    let answered = async {
        let mut line = serde_json::to_vec(asked)?;
        line.push(b'\n');
        stream.get_mut().write_all(&line).await?;
        let mut line = Vec::new();
        let read = (&mut *stream).take(MESSAGE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if read as u64 != MESSAGE_BYTES_MAX && !line.ends_with(b"\n") {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok::<Answer, std::io::Error>(serde_json::from_slice(&line)?)
    };
    let told = |source: std::io::Error| match source.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Error::ServerEnded,
        _ => Error::Control { source },
    };
    match answered.await.map_err(told)? {
        Answer::Done(json) => Ok(json),
        Answer::Refused(reason) => Err(Error::Engine { reason }),
    }
}

/// A path of the socket that fits into an address of sockets, as long as this lives.
struct ShortPath {
    path: PathBuf,
    /// The data folder, where the path goes through it.
    _folder: Option<File>,
}

impl ShortPath {
    fn of(folder: &Path) -> Result<ShortPath, Error> {
        let path = folder.join(SOCKET);
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(ShortPath { path, _folder: None });
        }
        let folder = File::open(folder).map_err(|source| Error::read(folder, source))?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(SOCKET);
        Ok(ShortPath { path, _folder: Some(folder) })
    }
}

/// Makes the socket. One that an earlier server left is replaced: the caller holds the lock of the data folder, or shares a PostgreSQL.
pub(crate) fn bind(project: &Project) -> Result<UnixListener, Error> {
    project.make_data_folder()?;
    bind_in(&project.data)
}

/// A socket is made with what permissions the process gives to all files, and a data folder that was there may be open to others: so it is made in a
/// folder that is its owner's alone, and comes to its place when it is its owner's alone itself.
fn bind_in(data: &Path) -> Result<UnixListener, Error> {
    let private = data.join([MAKING, &std::process::id().to_string()].concat());
    remove_left(&private)?;
    DirBuilder::new().mode(0o700).create(&private).map_err(|source| Error::write(&private, source))?;
    let bound = bind_private(&private, &data.join(SOCKET));
    remove_left(&private)?;
    bound
}

fn bind_private(private: &Path, place: &Path) -> Result<UnixListener, Error> {
    let short = ShortPath::of(private)?;
    let made = || -> std::io::Result<UnixListener> {
        let listener = UnixListener::bind(&short.path)?;
        fs::set_permissions(&short.path, Permissions::from_mode(0o600))?;
        fs::rename(&short.path, place)?;
        Ok(listener)
    };
    made().map_err(|source| Error::write(place, source))
}

/// What a server left that was ended here.
fn remove_left(private: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(private) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::write(private, source)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Answers until it is told to stop.
pub(crate) async fn serve(listener: UnixListener, desk: Desk, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _stopped = stop.changed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (desk, mut stop) = (desk.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        answered = converse(stream, &desk) => if let Err(error) = answered {
                            tracing::debug!(%error, "a command went away");
                        },
                        _stopped = stop.changed() => {}
                    }
                    drop(place);
                });
            }
            Err(error) => tracing::warn!(%error, "a command could not be answered"),
        }
    }
}

async fn converse(stream: UnixStream, desk: &Desk) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        (&mut stream).take(MESSAGE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(());
        }
        let answered = match serde_json::from_slice(&line) {
            Ok(asked) => desk.answer(asked).await,
            Err(error) => Err(format!("the question cannot be read: {error}")),
        };
        let mut text = serde_json::to_vec(&answered.map_or_else(Answer::Refused, Answer::Done))?;
        text.push(b'\n');
        stream.get_mut().write_all(&text).await?;
    }
}

async fn answer(engine: &Engine, model: &Model, question: Question) -> Result<Json, String> {
    match question {
        Question::Launch { job, config, tags } => {
            let launch = launch_of(named(model, &job)?);
            not_own(&tags)?;
            launched(engine, Launch { config, tags, ..launch }).await
        }
        Question::Again { run, steps, tags } => {
            not_own(&tags)?;
            let again = match steps {
                Steps::All => runs::Again::All,
                Steps::FromFailure => runs::Again::FromFailure,
                Steps::Chosen(steps) => runs::Again::Chosen(steps),
            };
            let mut launch = engine.again(key(engine, &run).await?, again).await.map_err(told)?;
            launch.tags.extend(tags);
            launched(engine, launch).await
        }
        Question::News { run, events, logs } => news(engine, key(engine, &run).await?, events, logs).await,
        Question::Runs { job, limit } => listed(engine, model, (job.as_deref(), limit)).await,
        Question::Cancel { run, at_once } => {
            let ending = if at_once { Ending::AtOnce } else { Ending::InOrder };
            canceled(engine, key(engine, &run).await?, ending).await
        }
    }
}

/// Ends a run, or asks for it; the run as it was before.
async fn canceled(engine: &Engine, key: RunKey, ending: Ending) -> Result<Json, String> {
    match engine.cancel(key, ending).await {
        Ok(before) => Ok(run_json(&before)),
        // It is asked already, which is what was wanted.
        Err(runs::Error::Refused(Refused::Impossible(RunStatus::Canceling, _))) => {
            let run = engine.run(key).await.map_err(told)?.ok_or_else(|| format!("there is no run {key}"))?;
            Ok(run_json(&run))
        }
        Err(error) => Err(told(error)),
    }
}

/// Tags of the engine's own are given by no command.
fn not_own(tags: &Tags) -> Result<(), String> {
    match tags.keys().find(|name| name.starts_with(runs::OWN_TAGS)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "the tag `{name}` cannot be given to a run: tags that begin with `{}` are the server's own",
            runs::OWN_TAGS
        )),
    }
}

async fn launched(engine: &Engine, launch: Launch) -> Result<Json, String> {
    let new = engine.prepare(launch).await.map_err(told)?;
    let key = engine.launch(&new).await.map_err(told)?.run;
    let run = engine.run(key).await.map_err(told)?.ok_or_else(|| format!("the run {key} was removed at once"))?;
    Ok(run_json(&run))
}

/// The newest runs, and in a few words why those failed that did.
async fn listed(engine: &Engine, model: &Model, (name, limit): (Option<&str>, i64)) -> Result<Json, String> {
    let found = name.map(|name| named(model, name));
    // A job that the project has no more may have runs, by the name that they bear.
    let word = match (&found, name) {
        (Some(Ok(job)), _) => Some(job.name.as_str()),
        (Some(Err(_)) | None, name) => name,
    };
    let mut runs = engine.runs(word, None, limit).await.map_err(told)?;
    match found {
        Some(Err(reason)) if runs.is_empty() => return Err(reason),
        Some(Ok(job)) => runs.retain(|run| run.repository == job.repository && run.location == job.location),
        Some(Err(_)) | None => {}
    }
    let failed: Vec<RunKey> = runs.iter().filter(|run| run.status == RunStatus::Failed).map(|run| run.key).collect();
    let failures = if failed.is_empty() { Vec::new() } else { engine.failures(&failed).await.map_err(told)? };
    let reason = |run: &RunRecord| failures.iter().rfind(|failure| failure.run == run.key).map(reason);
    let row = |run: &RunRecord| {
        let mut row = run_json(run);
        row["failure"] = json!(reason(run));
        row
    };
    Ok(runs.iter().map(row).collect())
}

/// The innermost cause, else what was told.
fn reason(failure: &FailureRecord) -> String {
    let mut error = failure.error.as_ref();
    while let Some(cause) = error.and_then(|error| error.get("cause")).filter(|cause| cause.is_object()) {
        error = Some(cause);
    }
    let message = error.and_then(|error| error["message"].as_str()).unwrap_or(&failure.message);
    message.trim().to_owned()
}

fn launch_of(job: &Job) -> Launch {
    Launch {
        location: job.location.clone(),
        repository: job.repository.clone(),
        job: job.name.clone(),
        ..Launch::default()
    }
}

/// The job of this name, or of this type; with its repository where several have it.
fn named<'a>(model: &'a Model, name: &str) -> Result<&'a Job, String> {
    let (repository, job) = name.rsplit_once('/').map_or((None, name), |(repository, job)| (Some(repository), job));
    let is_it = |of: &&Job| {
        (of.name == job || of.type_name == job) && repository.is_none_or(|repository| of.repository == repository)
    };
    let met: Vec<&Job> = model.jobs.iter().filter(is_it).collect();
    match met.as_slice() {
        [job] => Ok(job),
        [] => {
            let known: Vec<&str> = model.jobs.iter().map(|job| job.name.as_str()).collect();
            Err(format!("there is no job `{name}`; there are: {}", known.join(", ")))
        }
        [..] => {
            let known: Vec<String> = met.iter().map(|job| format!("{}/{}", job.repository, job.name)).collect();
            Err(format!("several jobs are called `{job}`: say {}", known.join(" or ")))
        }
    }
}

/// The run of this key, of its number, or of the beginning of its key.
async fn key(engine: &Engine, text: &str) -> Result<RunKey, String> {
    if text.is_empty() {
        return Err(
            "a run is called by its number or its key, and this is neither; `dragoman runs` lists them".to_owned()
        );
    }
    if let Some(key) = RunKey::of_text(text) {
        return Ok(key);
    }
    if let Ok(number) = text.parse()
        && let Some(key) = engine.run_numbered(number).await.map_err(told)?
    {
        return Ok(key);
    }
    match engine.runs_beginning(text).await.map_err(told)?.as_slice() {
        [key] => Ok(*key),
        [] => Err(format!("there is no run `{text}`")),
        [..] => Err(format!("several runs begin with `{text}`")),
    }
}

async fn news(engine: &Engine, key: RunKey, events: i64, logs: i64) -> Result<Json, String> {
    let mut progress = engine.progress();
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        progress.mark_unchanged();
        let new_events = engine.events(key, events).await.map_err(told)?;
        let new_logs = engine.logs(key, logs).await.map_err(told)?;
        let is_late = tokio::time::Instant::now() >= deadline;
        if !new_events.is_empty() || !new_logs.is_empty() || is_late {
            let run = engine.run(key).await.map_err(told)?.ok_or_else(|| format!("there is no run {key}"))?;
            let steps = engine.steps_standing(key).await.map_err(told)?;
            return Ok(json!({
                "run": run_json(&run),
                "steps": steps.iter().map(step_json).collect::<Json>(),
                "events": page(new_events.iter().map(event_json)),
                "logs": page(new_logs.iter().map(log_json)),
            }));
        }
        // Another process may write what nobody here is told of.
        let _changed = tokio::time::timeout(WAIT / 5, progress.changed()).await.is_ok();
    }
}

/// As many as one answer holds, one at least; what is left is news of the next question.
fn page(rows: impl Iterator<Item = Json>) -> Json {
    let mut bytes = 0;
    let fits = |row: &Json| {
        let is_first = bytes == 0;
        bytes += row.to_string().len();
        is_first || bytes <= PAGE_BYTES_MAX
    };
    rows.take_while(fits).collect()
}

fn told(error: runs::Error) -> String {
    match error {
        runs::Error::Config { job, faults } => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("\n  {fault}")).collect();
            format!("the config of `{job}` is not what it takes:{}", lines.concat())
        }
        other => other.to_string(),
    }
}

fn run_json(run: &RunRecord) -> Json {
    json!({ "key": run.key.to_string(), "number": run.number, "job": run.job, "status": run.status.word(),
        "is_finished": run.status.is_finished(), "created_at": run.created_at, "start_time": run.start_time,
        "end_time": run.end_time, "worker": run.worker, "is_of_agent": run.executor == Executor::External })
}

fn step_json(step: &StepRecord) -> Json {
    json!({ "key": step.key, "status": step.status.word(), "attempt": step.attempt })
}

fn event_json(event: &EventRecord) -> Json {
    json!({ "number": event.number, "timestamp": event.timestamp, "kind": event.kind, "level": event.level,
        "message": event.message, "step": event.step, "data": event.data })
}

fn log_json(log: &LogRecord) -> Json {
    json!({ "number": log.number, "timestamp": log.timestamp, "step": log.step, "stream": log.stream,
        "level": log.level, "message": log.message })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    /// Binds in a folder that is open to everybody, again and again; gives the permissions that somebody who looks all the time meets.
    fn met(folder: &Path) -> Vec<u32> {
        let (is_over, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut met = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    if let Ok(metadata) = fs::symlink_metadata(folder.join(SOCKET)) {
                        met.push(metadata.permissions().mode() & 0o777);
                        met.dedup();
                        seen.fetch_add(1, Ordering::Relaxed);
                    }
                }
                met
            });
            let mut bound = Ok(());
            while bound.is_ok() && seen.load(Ordering::Relaxed) < 1_000 {
                bound = bind_in(folder).map(drop);
            }
            is_over.store(true, Ordering::Relaxed);
            bound.unwrap();
            looking.join().unwrap()
        })
    }

    #[tokio::test]
    async fn nobody_else_meets_an_open_socket_in_an_open_folder() {
        let short = std::env::temp_dir().join(format!("dragoman-socket-{}", std::process::id()));
        let long = short.join("a".repeat(SOCKET_PATH_BYTES_MAX));
        fs::create_dir_all(&long).unwrap();
        for folder in [&short, &long] {
            fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
            let met = met(folder);
            assert_eq!(met, [0o600], "the mode never was another");
            let listener = bind_in(folder).unwrap();
            let path = ShortPath::of(folder).unwrap();
            let (asked, heard) = tokio::join!(UnixStream::connect(&path.path), listener.accept());
            assert!(asked.is_ok() && heard.is_ok(), "{asked:?} {heard:?}");
            let left = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(MAKING)).collect();
            assert!(left.is_empty(), "{left:?}");
        }
        fs::remove_dir_all(&short).unwrap();
    }
}
