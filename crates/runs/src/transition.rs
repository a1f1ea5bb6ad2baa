//! Which status follows which: the only place that says so. Two tables for runs, by who executes them, one for steps of our own runs, and for steps
//! of runs that an agent executes one rule.
//!
//! Source: Dagster's run statuses for runs of our own workers; for runs that somebody else's agent executes, Prefect's rule that any state may
//! follow any, but for the two locks.

use std::time::Duration;

/// How long after it was handed to an agent a run that has begun is refused to the next one.
pub const SUBMITTED_LOCK: Duration = Duration::from_secs(30);

/// Who executes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Executor {
    /// A worker of ours, which holds a lease.
    Own,
    /// Somebody else's agent, which reports states.
    External,
}

impl Executor {
    /// The executor of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Executor> {
        [Executor::Own, Executor::External].into_iter().find(|executor| executor.kept() == word)
    }

    /// As it is kept.
    #[must_use]
    pub fn kept(self) -> &'static str {
        match self {
            Executor::Own => "own",
            Executor::External => "external",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunStatus {
    /// It waits for a worker.
    Queued,
    /// A worker has it and prepares.
    Starting,
    /// Its steps are running.
    Started,
    /// It was asked to end.
    Canceling,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// It was ended.
    Canceled,
}

/// What happens to a run of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunEvent {
    /// A worker takes it from the queue.
    Take,
    /// The worker begins with the first step.
    Begin,
    /// Another worker goes on, for the lease of the one before has ended.
    Resume,
    /// No step failed and none is left.
    Succeed,
    /// A step failed and nothing more can run, or the run itself broke.
    Fail,
    /// Somebody asks it to end in order.
    AskCancel,
    /// All processes are gone after it was asked to end.
    EndCancel,
    /// Somebody ends it at once, whatever its processes do.
    ForceCancel,
}

/// A word of an agent for where its run or task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// Made, with no time to start yet.
    Pending,
    /// It starts at its time.
    Scheduled,
    /// It was paused and may go on.
    Resume,
    /// It failed and is tried again at its time.
    Retrying,
    /// It waits until somebody says otherwise.
    Paused,
    /// It was put off by a limit.
    Queued,
    /// An agent has it.
    Submitted,
    /// The agent's own program failed.
    ClientFailed,
    /// It runs.
    Running,
    /// It runs and was asked to end.
    Cancelling,
    /// It ended.
    Finished,
    /// It ended well.
    Success,
    /// Its result was taken from an earlier one.
    Cached,
    /// It became several.
    Mapped,
    /// It was not needed.
    Skipped,
    /// It ended and begins again.
    Looped,
    /// It ended badly.
    Failed,
    /// It took too long.
    TimedOut,
    /// What it needs did not come as it must.
    TriggerFailed,
    /// Its result was not what it must be.
    ValidationFailed,
    /// It was ended.
    Cancelled,
}

/// A run's place: its status, the word that dialects show, and how many states it has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunState {
    /// Where it stands.
    pub status: RunStatus,
    /// The same in an agent's words.
    pub word: Word,
    /// States that it has had.
    pub version: u64,
}

/// What an agent reports of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The new state.
    pub word: Word,
    /// The version that the agent knows, where versions are locked and it gives one.
    pub version: Option<u64>,
    /// How long ago the run was last handed to an agent, by the database's clock.
    pub submitted_ago: Option<Duration>,
}

/// Why nothing follows.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The run has ended.
    #[error("the run has ended as {}", .0.word())]
    Ended(RunStatus),
    /// This does not happen to a run that stands there.
    #[error("a run that is {} cannot {}", .0.word(), .1.word())]
    Impossible(RunStatus, RunEvent),
    /// Another agent has the run.
    #[error("this run has already been submitted")]
    Submitted,
    /// The agent knows an older state.
    #[error("provided version {given} but current version is {present}")]
    Version {
        /// What the agent knows.
        given: u64,
        /// What it is.
        present: u64,
    },
    /// The run is executed by the other kind of executor.
    #[error("the run is executed by {}", .0.word())]
    Executor(Executor),
    /// This does not happen to a step that stands there.
    #[error("a step that is {} cannot {}", .0.word(), .1.word())]
    Step(StepStatus, StepEvent),
}

/// What can be said of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The engine says it of a run of its own.
    Own(RunEvent),
    /// An agent says it of a run of its own.
    Reported(Report),
}

/// The state of a run that was just launched: it waits.
#[must_use]
pub fn launched() -> RunState {
    RunState { status: RunStatus::Queued, word: Word::Scheduled, version: 1 }
}

/// The state that follows.
///
/// # Errors
/// Why none does. Nothing may be written then.
pub fn transition(executor: Executor, from: RunState, event: Event) -> Result<RunState, Refused> {
    match (executor, event) {
        (Executor::Own, Event::Own(event)) => {
            let status = own(from.status, event)?;
            Ok(RunState { status, word: status.state_word(), version: from.version + 1 })
        }
        (Executor::External, Event::Reported(report)) => {
            external(from, report)?;
            Ok(RunState { status: report.word.status(), word: report.word, version: from.version + 1 })
        }
        (Executor::Own, Event::Reported(_)) | (Executor::External, Event::Own(_)) => Err(Refused::Executor(executor)),
    }
}

/// The table of our own runs.
fn own(from: RunStatus, event: RunEvent) -> Result<RunStatus, Refused> {
    use RunEvent::{AskCancel, Begin, EndCancel, Fail, ForceCancel, Resume, Succeed, Take};
    use RunStatus::{Canceled, Canceling, Failed, Queued, Started, Starting, Succeeded};
    match (from, event) {
        (Queued, Take) | (Starting, Resume) => Ok(Starting),
        (Starting, Begin) | (Started, Resume) => Ok(Started),
        (Started, Succeed) => Ok(Succeeded),
        (Starting | Started | Canceling, Fail) => Ok(Failed),
        (Queued | Started, AskCancel) | (Canceling, Resume) => Ok(Canceling),
        (Canceling, EndCancel) | (Queued | Starting | Started | Canceling, ForceCancel) => Ok(Canceled),
        (Succeeded | Failed | Canceled, _) => Err(Refused::Ended(from)),
        (Queued, Begin | Resume | Succeed | Fail | EndCancel)
        | (Starting, Take | Succeed | AskCancel | EndCancel)
        | (Started, Take | Begin | EndCancel)
        | (Canceling, Take | Begin | Succeed | AskCancel) => Err(Refused::Impossible(from, event)),
    }
}

/// What keeps an agent's word from being taken.
fn external(from: RunState, report: Report) -> Result<(), Refused> {
    let is_held = report.submitted_ago.is_some_and(|ago| ago < SUBMITTED_LOCK);
    let has_begun = match from.status {
        RunStatus::Started | RunStatus::Canceling | RunStatus::Succeeded | RunStatus::Failed | RunStatus::Canceled => {
            true
        }
        RunStatus::Queued | RunStatus::Starting => false,
    };
    let is_taken = from.word == Word::Submitted || has_begun && is_held;
    if report.word == Word::Submitted && is_taken {
        return Err(Refused::Submitted);
    }
    match report.version {
        Some(given) if given != from.version => Err(Refused::Version { given, present: from.version }),
        Some(_) | None => Ok(()),
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepStatus {
    /// It has not begun.
    Waiting,
    /// An attempt is under way.
    Running,
    /// An attempt failed, the next one comes.
    Retrying,
    /// It gave its result.
    Succeeded,
    /// Its last attempt failed.
    Failed,
    /// What it needs was not made, which is no failure.
    Skipped,
    /// What it needs failed, so it never began.
    Blocked,
    /// The run ended before it did.
    Canceled,
}

/// What happens to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepEvent {
    /// An attempt begins.
    Start,
    /// The attempt gives a result.
    Succeed,
    /// The attempt fails, and there is another.
    Retry,
    /// The attempt fails, and it was the last.
    Fail,
    /// The attempt ended with its worker, and nobody knows how.
    Lose,
    /// What it needs was skipped.
    Skip,
    /// What it needs failed.
    Block,
    /// The run is ended.
    Cancel,
}

/// The status of a step that follows.
///
/// # Errors
/// That none does.
pub fn step_transition(from: StepStatus, event: StepEvent) -> Result<StepStatus, Refused> {
    use StepEvent::{Block, Cancel, Fail, Lose, Retry, Skip, Start, Succeed};
    use StepStatus::{Blocked, Canceled, Failed, Retrying, Running, Skipped, Succeeded, Waiting};
    match (from, event) {
        (Waiting | Retrying, Start) => Ok(Running),
        (Running, Succeed) => Ok(Succeeded),
        (Running, Retry) => Ok(Retrying),
        (Running, Fail) => Ok(Failed),
        (Running, Lose) => Ok(Waiting),
        (Waiting, Skip) => Ok(Skipped),
        (Waiting, Block) => Ok(Blocked),
        (Waiting | Running | Retrying, Cancel) => Ok(Canceled),
        (Waiting, Succeed | Retry | Fail | Lose)
        | (Running, Start | Skip | Block)
        | (Retrying, Succeed | Retry | Fail | Lose | Skip | Block)
        | (Succeeded | Failed | Skipped | Blocked | Canceled, _) => Err(Refused::Step(from, event)),
    }
}

/// A step was told to run while its run does not.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("a step runs only while its run does")]
pub struct RunNotRunning;

/// The status of a step whose agent says this word of it, in a run that stands there. Any word may follow any.
///
/// # Errors
/// That a step runs only while its run does. Nothing may be written then.
pub fn step_reported(run: Word, word: Word) -> Result<StepStatus, RunNotRunning> {
    if word == Word::Running && run != Word::Running { Err(RunNotRunning) } else { Ok(word.step_status()) }
}

impl RunStatus {
    /// Every one, in order.
    pub const ALL: [RunStatus; 7] = [
        RunStatus::Queued,
        RunStatus::Starting,
        RunStatus::Started,
        RunStatus::Canceling,
        RunStatus::Succeeded,
        RunStatus::Failed,
        RunStatus::Canceled,
    ];

    /// Nothing leaves it, for a run of our own.
    #[must_use]
    pub fn is_finished(self) -> bool {
        match self {
            RunStatus::Succeeded | RunStatus::Failed | RunStatus::Canceled => true,
            RunStatus::Queued | RunStatus::Starting | RunStatus::Started | RunStatus::Canceling => false,
        }
    }

    /// The word that is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RunStatus::Queued => "queued",
            RunStatus::Starting => "starting",
            RunStatus::Started => "started",
            RunStatus::Canceling => "canceling",
            RunStatus::Succeeded => "succeeded",
            RunStatus::Failed => "failed",
            RunStatus::Canceled => "canceled",
        }
    }

    /// The status of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<RunStatus> {
        RunStatus::ALL.into_iter().find(|status| status.word() == word)
    }

    /// How an agent would say it.
    #[must_use]
    pub fn state_word(self) -> Word {
        match self {
            RunStatus::Queued => Word::Scheduled,
            RunStatus::Starting => Word::Submitted,
            RunStatus::Started => Word::Running,
            RunStatus::Canceling => Word::Cancelling,
            RunStatus::Succeeded => Word::Success,
            RunStatus::Failed => Word::Failed,
            RunStatus::Canceled => Word::Cancelled,
        }
    }
}

impl RunEvent {
    /// Every one, in order.
    pub const ALL: [RunEvent; 8] = [
        RunEvent::Take,
        RunEvent::Begin,
        RunEvent::Resume,
        RunEvent::Succeed,
        RunEvent::Fail,
        RunEvent::AskCancel,
        RunEvent::EndCancel,
        RunEvent::ForceCancel,
    ];

    /// A word for tables and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RunEvent::Take => "take",
            RunEvent::Begin => "begin",
            RunEvent::Resume => "resume",
            RunEvent::Succeed => "succeed",
            RunEvent::Fail => "fail",
            RunEvent::AskCancel => "ask to cancel",
            RunEvent::EndCancel => "end canceling",
            RunEvent::ForceCancel => "force cancel",
        }
    }
}

impl Executor {
    fn word(self) -> &'static str {
        match self {
            Executor::Own => "the server",
            Executor::External => "an agent",
        }
    }
}

impl Word {
    /// Every one, in order.
    pub const ALL: [Word; 21] = [
        Word::Pending,
        Word::Scheduled,
        Word::Resume,
        Word::Retrying,
        Word::Paused,
        Word::Queued,
        Word::Submitted,
        Word::ClientFailed,
        Word::Running,
        Word::Cancelling,
        Word::Finished,
        Word::Success,
        Word::Cached,
        Word::Mapped,
        Word::Skipped,
        Word::Looped,
        Word::Failed,
        Word::TimedOut,
        Word::TriggerFailed,
        Word::ValidationFailed,
        Word::Cancelled,
    ];

    /// The word of this spelling.
    #[must_use]
    pub fn named(name: &str) -> Option<Word> {
        Word::ALL.into_iter().find(|word| word.name() == name)
    }

    /// As agents spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Word::Pending => "Pending",
            Word::Scheduled => "Scheduled",
            Word::Resume => "Resume",
            Word::Retrying => "Retrying",
            Word::Paused => "Paused",
            Word::Queued => "Queued",
            Word::Submitted => "Submitted",
            Word::ClientFailed => "ClientFailed",
            Word::Running => "Running",
            Word::Cancelling => "Cancelling",
            Word::Finished => "Finished",
            Word::Success => "Success",
            Word::Cached => "Cached",
            Word::Mapped => "Mapped",
            Word::Skipped => "Skipped",
            Word::Looped => "Looped",
            Word::Failed => "Failed",
            Word::TimedOut => "TimedOut",
            Word::TriggerFailed => "TriggerFailed",
            Word::ValidationFailed => "ValidationFailed",
            Word::Cancelled => "Cancelled",
        }
    }

    /// The engine's status for it.
    #[must_use]
    pub fn status(self) -> RunStatus {
        match self {
            Word::Pending | Word::Scheduled | Word::Resume | Word::Retrying | Word::Paused | Word::Queued => {
                RunStatus::Queued
            }
            Word::Submitted => RunStatus::Starting,
            Word::Running => RunStatus::Started,
            Word::Cancelling => RunStatus::Canceling,
            Word::Finished | Word::Success | Word::Cached | Word::Mapped | Word::Skipped | Word::Looped => {
                RunStatus::Succeeded
            }
            Word::ClientFailed | Word::Failed | Word::TimedOut | Word::TriggerFailed | Word::ValidationFailed => {
                RunStatus::Failed
            }
            Word::Cancelled => RunStatus::Canceled,
        }
    }
}

impl Word {
    /// The engine's status for a step that an agent says it of, as [`step_reported`] lets it.
    #[must_use]
    pub fn step_status(self) -> StepStatus {
        match self {
            Word::Pending | Word::Scheduled | Word::Resume | Word::Paused | Word::Queued | Word::Submitted => {
                StepStatus::Waiting
            }
            Word::Retrying => StepStatus::Retrying,
            Word::Running | Word::Cancelling => StepStatus::Running,
            Word::Finished | Word::Success | Word::Cached | Word::Mapped | Word::Looped => StepStatus::Succeeded,
            Word::Skipped => StepStatus::Skipped,
            Word::ClientFailed | Word::Failed | Word::TimedOut | Word::ValidationFailed => StepStatus::Failed,
            Word::TriggerFailed => StepStatus::Blocked,
            Word::Cancelled => StepStatus::Canceled,
        }
    }
}

impl StepStatus {
    /// Every one, in order.
    pub const ALL: [StepStatus; 8] = [
        StepStatus::Waiting,
        StepStatus::Running,
        StepStatus::Retrying,
        StepStatus::Succeeded,
        StepStatus::Failed,
        StepStatus::Skipped,
        StepStatus::Blocked,
        StepStatus::Canceled,
    ];

    /// Nothing leaves it.
    #[must_use]
    pub fn is_finished(self) -> bool {
        match self {
            StepStatus::Waiting | StepStatus::Running | StepStatus::Retrying => false,
            StepStatus::Succeeded
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Blocked
            | StepStatus::Canceled => true,
        }
    }

    /// The word that is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            StepStatus::Waiting => "waiting",
            StepStatus::Running => "running",
            StepStatus::Retrying => "retrying",
            StepStatus::Succeeded => "succeeded",
            StepStatus::Failed => "failed",
            StepStatus::Skipped => "skipped",
            StepStatus::Blocked => "blocked",
            StepStatus::Canceled => "canceled",
        }
    }
}

impl StepStatus {
    /// The status of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<StepStatus> {
        StepStatus::ALL.into_iter().find(|status| status.word() == word)
    }

    /// How an agent would say it.
    #[must_use]
    pub fn state_word(self) -> Word {
        match self {
            StepStatus::Waiting => Word::Pending,
            StepStatus::Running => Word::Running,
            StepStatus::Retrying => Word::Retrying,
            StepStatus::Succeeded => Word::Success,
            StepStatus::Failed => Word::Failed,
            StepStatus::Skipped => Word::Skipped,
            StepStatus::Blocked => Word::TriggerFailed,
            StepStatus::Canceled => Word::Cancelled,
        }
    }
}

impl StepEvent {
    /// Every one, in order.
    pub const ALL: [StepEvent; 8] = [
        StepEvent::Start,
        StepEvent::Succeed,
        StepEvent::Retry,
        StepEvent::Fail,
        StepEvent::Lose,
        StepEvent::Skip,
        StepEvent::Block,
        StepEvent::Cancel,
    ];

    /// A word for tables and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            StepEvent::Start => "start",
            StepEvent::Succeed => "succeed",
            StepEvent::Retry => "retry",
            StepEvent::Fail => "fail",
            StepEvent::Lose => "lose its worker",
            StepEvent::Skip => "skip",
            StepEvent::Block => "block",
            StepEvent::Cancel => "cancel",
        }
    }
}
