//! One attempt of a step: the files that its process reads and writes, and what became of it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rustix::fs::OFlags;
use serde_json::{Value as Json, json};
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::process::{Ended, Held, Lifeline, Line, Task, Told};

/// Bytes of an output that are read.
pub const OUTPUT_BYTES_MAX: u64 = 16 << 20;
/// Bytes of events of one attempt that are read.
pub const EVENTS_BYTES_MAX: u64 = 16 << 20;
/// Events of one attempt that are kept.
pub const EVENTS_MAX: usize = 10_000;
/// Messages of processes that may wait for the run.
pub(crate) const MESSAGES_MAX: usize = 1_024;

/// What is heard of the process of a step.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It runs.
    Started(u32),
    /// It wrote a line.
    Line(Line),
    /// Nothing of it is left, and this is what it gave.
    Ended(Ended, Gave),
    /// It could not be started, or its guard is gone.
    Broken(String),
}

/// What a process left in its files.
#[derive(Debug, PartialEq)]
pub(crate) struct Gave {
    /// Its output; none when it wrote none; or, in words, what is wrong with the file.
    pub(crate) value: Result<Option<Json>, String>,
    /// Events, as it wrote them.
    pub(crate) events: Vec<Json>,
}

/// What is heard, of which step.
pub(crate) struct Message {
    pub(crate) step: usize,
    pub(crate) heard: Heard,
}

/// The files of one attempt. Only the thread of its process touches them.
#[derive(Debug)]
struct Files {
    folder: PathBuf,
}

impl Files {
    /// A folder of its own, with the document that the process reads.
    fn make(folder: PathBuf, document: &Json) -> Result<Files, Error> {
        let made = |path: &Path, result: std::io::Result<()>| {
            result.map_err(|source| Error::File { path: path.to_path_buf(), source })
        };
        made(&folder, DirBuilder::new().mode(0o700).create(&folder))?;
        let files = Files { folder };
        made(&files.input(), fs::write(files.input(), document.to_string()))?;
        Ok(files)
    }

    fn input(&self) -> PathBuf {
        self.folder.join("input.json")
    }

    fn output(&self) -> PathBuf {
        self.folder.join("output.json")
    }

    fn events(&self) -> PathBuf {
        self.folder.join("events.jsonl")
    }

    /// What the process is started with.
    fn task(&self, shared: &Shared, begin: &Begin) -> Task {
        let mut environment = shared.environment.clone();
        let text = |path: PathBuf| path.display().to_string();
        environment.insert("DRAGOMAN_OUTPUT".to_owned(), text(self.output()));
        environment.insert("DRAGOMAN_EVENTS".to_owned(), text(self.events()));
        Task {
            command: begin.command.clone(),
            directory: shared.directory.clone(),
            environment,
            input: self.input(),
            timeout_ms: begin.timeout_ms,
            grace_ms: shared.grace_ms,
            line_bytes_max: crate::process::LINE_BYTES_MAX,
            stream_bytes_max: crate::process::STREAM_BYTES_MAX,
            stream_lines_max: crate::process::STREAM_LINES_MAX,
        }
    }

    /// The value that the process gave; none when it wrote nothing.
    ///
    /// # Errors
    /// In words, what is wrong with the file.
    fn value(&self) -> Result<Option<Json>, String> {
        let Some(text) = read(&self.output(), OUTPUT_BYTES_MAX)? else { return Ok(None) };
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        serde_json::from_slice(&text).map(kept_json).map(Some).map_err(|met| format!("its output is no JSON: {met}"))
    }

    /// The events that the process wrote, one on a line; what is no event is told as a line of its log.
    fn program_events(&self) -> Vec<Json> {
        let broken = |reason: String| vec![json!({ "event": "log", "level": "WARNING", "message": reason })];
        match read(&self.events(), EVENTS_BYTES_MAX) {
            Ok(None) => Vec::new(),
            Err(reason) => broken(reason),
            Ok(Some(text)) => {
                let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                let event = |line: &[u8]| {
                    let unread = |met| json!({ "event": "log", "level": "WARNING", "message": format!("an event is no JSON: {met}") });
                    serde_json::from_slice(line).map_or_else(unread, kept_json)
                };
                let mut events: Vec<Json> = lines.clone().take(EVENTS_MAX).map(event).collect();
                let lost = lines.skip(EVENTS_MAX).count();
                if lost > 0 {
                    events.extend(broken(format!(
                        "{lost} events are beyond the {EVENTS_MAX} that are kept and are lost"
                    )));
                }
                events
            }
        }
    }

    /// Nothing of it is needed any more.
    fn remove(self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::debug!(%error, folder = %self.folder.display(), "the files of a step stay");
        }
    }
}

/// A program's text as it is kept: PostgreSQL takes no NUL, so that both databases keep the sign for what cannot be shown instead.
fn kept(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A program's value as it is kept: all its texts, and the names of its members.
fn kept_json(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(kept(text)),
        Json::Array(items) => items.into_iter().map(kept_json).collect(),
        Json::Object(members) => members.into_iter().map(|(name, value)| (kept(name), kept_json(value))).collect(),
        value @ (Json::Null | Json::Bool(_) | Json::Number(_)) => value,
    }
}

/// A whole file within a limit; none when it is not there.
fn read(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, String> {
    let what = path.file_name().map(|name| name.display().to_string()).unwrap_or_default();
    // A pipe without a writer would hold its reader for good.
    let opened = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{what} cannot be read: {error}")),
    };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(format!("{what} is no file"));
    }
    let mut text = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut text).map_err(|error| format!("{what} cannot be read: {error}"))?;
    if text.len() as u64 > bytes_max {
        return Err(format!("{what} has more than the {bytes_max} bytes that are read"));
    }
    Ok(Some(text))
}

/// What all processes of a worker share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    /// The product's own binary, which is the guard.
    pub(crate) guard: PathBuf,
    /// Where processes run.
    pub(crate) directory: PathBuf,
    /// What they find in their environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Between asking them to end and ending them.
    pub(crate) grace_ms: u64,
}

/// A process that is to be started.
#[derive(Debug)]
pub(crate) struct Begin {
    /// Its step.
    pub(crate) step: usize,
    /// A folder for its files, which is not there yet.
    pub(crate) folder: PathBuf,
    /// What it reads.
    pub(crate) document: Json,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// It is ended when it takes longer.
    pub(crate) timeout_ms: Option<u64>,
}

/// A thread with a guard that has no process yet, or none any more. It listens to its process and holds its files. When this value goes, the
/// guard goes.
#[derive(Debug)]
pub(crate) struct Hand {
    asks: Sender<Ask>,
    /// The one to the guard, where it had a process before.
    lifeline: Option<Lifeline>,
}

/// What a thread with a guard is told.
#[derive(Debug)]
pub(crate) struct Ask {
    begin: Begin,
    lifeline: Option<Lifeline>,
    give: oneshot::Sender<Lifeline>,
}

/// A process that is being started. Whoever holds the lifeline holds the process.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// To its thread.
    pub(crate) asks: Sender<Ask>,
    /// Comes when the guard has the task.
    pub(crate) lifeline: oneshot::Receiver<Lifeline>,
}

impl Hand {
    /// Starts a guard that waits for a process; what is heard of it goes to `messages`.
    ///
    /// # Errors
    /// That there is no thread for it.
    pub(crate) fn ready(shared: &Arc<Shared>, messages: mpsc::Sender<Message>) -> std::io::Result<Hand> {
        let (asks, receiver) = channel();
        let shared = Arc::clone(shared);
        let serve = move || serve(&shared, &receiver, &messages);
        std::thread::Builder::new().name("step".to_owned()).spawn(serve)?;
        Ok(Hand { asks, lifeline: None })
    }

    /// The guard of a process that has ended.
    pub(crate) fn again(asks: Sender<Ask>, lifeline: Lifeline) -> Hand {
        Hand { asks, lifeline: Some(lifeline) }
    }

    /// Starts a process.
    pub(crate) fn begin(self, begin: Begin) -> Beginning {
        let (give, lifeline) = oneshot::channel();
        // Its thread listens as long as this value is there.
        let _told = self.asks.send(Ask { begin, lifeline: self.lifeline, give }).is_ok();
        Beginning { asks: self.asks, lifeline }
    }
}

/// Holds one process after another under one guard, until nobody has another, or the guard is lost.
fn serve(shared: &Shared, asks: &Receiver<Ask>, messages: &mpsc::Sender<Message>) {
    let mut held = Held::ready(&shared.guard);
    for Ask { begin, lifeline, give } in asks {
        let step = begin.step;
        // A run that is gone hears nothing; its processes end because their lifelines are dropped.
        let tell = |heard| messages.blocking_send(Message { step, heard }).is_ok();
        let (last, files) = match &mut held {
            Ok(held) => {
                if let Some(lifeline) = lifeline {
                    held.take_back(lifeline);
                }
                attempt(shared, held, (begin, give), tell)
            }
            Err(error) => (Heard::Broken(crate::chain(error)), None),
        };
        if matches!(last, Heard::Broken(_)) {
            // Nothing of the process is left when its files go and this is heard.
            drop(held);
            if let Some(files) = files {
                files.remove();
            }
            let _told = tell(last);
            return;
        }
        if !tell(last) {
            return;
        }
    }
}

/// One attempt, from its files to the last that is heard of it; with the files where its process may live still.
fn attempt(
    shared: &Shared,
    held: &mut Held,
    (begin, give): (Begin, oneshot::Sender<Lifeline>),
    tell: impl Fn(Heard) -> bool,
) -> (Heard, Option<Files>) {
    let files = match Files::make(begin.folder.clone(), &begin.document) {
        Ok(files) => files,
        Err(error) => return (Heard::Broken(crate::chain(&error)), None),
    };
    match hold(&files.task(shared, &begin), held, give, tell) {
        Last::Ended(ended) => {
            let written = Gave { value: files.value(), events: files.program_events() };
            files.remove();
            (Heard::Ended(ended, written), None)
        }
        Last::Broken(reason) => (Heard::Broken(reason), Some(files)),
    }
}

/// The last that is heard of a process.
enum Last {
    Ended(Ended),
    Broken(String),
}

/// Tells the guard of its task and listens to it until nothing is left of the process.
fn hold(task: &Task, held: &mut Held, give: oneshot::Sender<Lifeline>, tell: impl Fn(Heard) -> bool) -> Last {
    if let Err(error) = held.begin(task) {
        return Last::Broken(crate::chain(&error));
    }
    if held.lifeline().is_none_or(|end| give.send(end).is_err()) {
        // Nobody could end it; so it ends with this thread.
        return Last::Broken("nobody holds the process".to_owned());
    }
    loop {
        let is_heard = match held.listen() {
            Ok(Told::Started { pid }) => tell(Heard::Started(pid)),
            Ok(Told::Line(line)) => tell(Heard::Line(Line { text: kept(line.text), ..line })),
            Ok(Told::NotStarted { reason }) => return Last::Broken(reason),
            Ok(Told::Ended(ended)) => return Last::Ended(ended),
            Err(error) => return Last::Broken(crate::chain(&error)),
        };
        if !is_heard {
            return Last::Broken("nobody listens to the process".to_owned());
        }
    }
}
