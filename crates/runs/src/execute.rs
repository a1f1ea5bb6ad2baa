//! One run on one worker: decides what starts ([`crate::steps`]), starts it, listens, and writes what happened. What it decides by is what is
//! written, so that it remembers nothing that another worker would miss.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use store::MaybeStore as _;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::attempt::{Attempt, Outcome};
use crate::definition::{Definition, WorkDefinition};
use crate::mutation::{self, MutationStep};
use crate::progress::{NewEvent, Progress, Report, StepProgress};
use crate::record::{RunRecord, StepRecord};
use crate::step::{Begin, Hand, Heard, MESSAGES_MAX, Message, Shared};
use crate::steps::{AfterFailure, Moment, Selection, StepState, Steps, after_failure};
use crate::transition::{RunEvent, RunStatus, StepEvent, StepStatus};
use crate::worker::WorkerSettings;
use crate::{Claimed, Engine, Error, inputs, words};

/// A tag that says how many seconds its run may take.
const MAX_RUNTIME_TAG: &str = "dagster/max_runtime";
/// Lines are written together after this time.
const FLUSH: Duration = Duration::from_millis(100);
/// What waits to be written is written when it is this much.
const PENDING_MAX: usize = 500;
/// Times that a run is taken over from a worker that was not heard of; then it fails, for it may be what ends its workers.
pub const TAKEOVERS_MAX: i64 = 20;
/// What breaking a mutation off may take.
const BREAK_OFF: Duration = Duration::from_secs(5);
/// After a failure of the database, before the next try.
const PAUSE: Duration = Duration::from_millis(250);

/// What the worker tells the task of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Nothing.
    GoOn,
    /// Somebody asked the run to end.
    Cancel,
    /// The worker ends: end the processes, write what they gave, and leave the run to another.
    Stop,
    /// It is another's: end the processes and write nothing.
    LetGo,
}

/// A run that is to be executed.
#[derive(Clone)]
pub(crate) struct Execution {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: Arc<WorkerSettings>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) claimed: Claimed,
    pub(crate) orders: watch::Receiver<Order>,
}

/// Why a run is left.
enum Left {
    /// It is another's, or gone.
    Lost,
    /// The worker ends.
    Stopping,
    /// The database said something that does not pass.
    Failed(Error),
}

impl From<Error> for Left {
    fn from(error: Error) -> Left {
        match error {
            Error::Lost(_) => Left::Lost,
            other => Left::Failed(other),
        }
    }
}

impl Execution {
    /// Executes it until it ends or is another's.
    pub(crate) async fn run(self) {
        let run = self.claimed.lease.run;
        let left = match self.steps().await {
            Err(Left::Failed(error)) if error.store().is_some() && !error.may_pass() => {
                let reason = format!("What happened in the run cannot be written: {}.", crate::chain(&error));
                tracing::error!(%run, reason, "the run fails");
                self.fail(&reason).await
            }
            left => left,
        };
        match left {
            Ok(()) | Err(Left::Lost | Left::Stopping) => {}
            Err(Left::Failed(error)) => {
                let error = crate::chain(&error);
                tracing::error!(%run, error, "the run cannot be executed here; its lease ends");
            }
        }
    }

    /// Fails the run with a reason: nothing of it goes on, here or elsewhere.
    async fn fail(&self, reason: &str) -> Result<(), Left> {
        let steps = self.engine.steps(self.claimed.lease.run).await?;
        let open = steps.into_iter().filter(|step| !step.status.is_finished());
        let mut list: Vec<Progress> =
            open.map(|step| Progress::Step(StepProgress::canceled(step.key, reason))).collect();
        list.push(Progress::Event(NewEvent::new("RUN_FAILURE", "ERROR", reason)));
        list.push(Progress::Run { event: RunEvent::Fail, message: reason.to_owned() });
        self.engine.report(&self.claimed.lease, list).await?;
        Ok(())
    }

    async fn steps(&self) -> Result<(), Left> {
        let run = self.claimed.lease.run;
        // Each takeover has raised the fence, as what was given back has.
        if self.claimed.lease.fence > TAKEOVERS_MAX + 1 && self.engine.resurrections(run).await? > TAKEOVERS_MAX {
            return self.fail(&format!("{TAKEOVERS_MAX} workers died while they had the run.")).await;
        }
        let record = self.engine.run(run).await?.ok_or(Left::Lost)?;
        let mut definition = self.engine.definition(&record).await?;
        // What a launch says of its own run goes before what the job says.
        let seconds = record.tags.get(MAX_RUNTIME_TAG).and_then(|text| text.parse::<u64>().ok());
        definition.max_runtime_ms = seconds.map(|seconds| seconds.saturating_mul(1_000)).or(definition.max_runtime_ms);
        let rows = self.engine.steps(run).await?;
        let names: Vec<&str> = rows.iter().filter(|row| !row.is_reused).map(|row| row.key.as_str()).collect();
        let steps = Steps::of(&definition, Selection::Chosen(&names), self.settings.steps_max)
            .map_err(|faults| Left::Failed(Error::Selection(faults)))?;
        let (sender, mut messages) = mpsc::channel(MESSAGES_MAX);
        let deadline = record.start_time.zip(definition.max_runtime_ms);
        let mut playing = Playing {
            execution: self.clone(),
            record,
            definition,
            steps,
            rows,
            running: HashMap::new(),
            hands: Vec::new(),
            mutating: Mutating::default(),
            pending: Vec::new(),
            sender,
            deadline: deadline.and_then(|(start, most)| after(at_micros(start), most)),
            is_over_time: false,
            is_closing: false,
            is_stopping: false,
        };
        let left = playing.play(&mut messages).await;
        let left = playing.leave(left, &mut messages).await;
        playing.let_go().await;
        left
    }
}

/// Mutations under way, each with its op. None outlives the run here, if it lets itself be broken off.
#[derive(Default)]
struct Mutating {
    set: JoinSet<mutation::Outcome>,
    ops: HashMap<Id, usize>,
    /// They are not tried again.
    end: watch::Sender<bool>,
}

impl Mutating {
    fn spawn(&mut self, op: usize, step: MutationStep) {
        let id = self.set.spawn(step.run()).id();
        self.ops.insert(id, op);
    }

    /// Breaks them off, and waits until they are gone.
    async fn break_off(&mut self) {
        if tokio::time::timeout(BREAK_OFF, self.set.shutdown()).await.is_err() {
            tracing::warn!(
                mutations = self.set.len(),
                "mutations of a run that is left go on: they can write nothing any more"
            );
        }
    }

    /// The next one that ends; none when there is none.
    async fn next(&mut self) -> Option<(usize, mutation::Outcome)> {
        let (id, outcome) = match self.set.join_next_with_id().await? {
            Ok(ended) => ended,
            Err(error) => {
                let failure = mutation::not_made(&format!("it was broken off: {error}"));
                (error.id(), mutation::Outcome::Failed(failure))
            }
        };
        Some((self.ops.remove(&id)?, outcome))
    }
}

/// A run while it is executed.
struct Playing {
    execution: Execution,
    record: RunRecord,
    definition: Definition,
    steps: Steps,
    /// Every step of the run, those that another run made among them.
    rows: Vec<StepRecord>,
    running: HashMap<usize, Attempt>,
    /// Guards without a process, for what starts next: none waits for longer than it takes to write what starts.
    hands: Vec<Hand>,
    mutating: Mutating,
    pending: Vec<Progress>,
    sender: mpsc::Sender<Message>,
    deadline: Option<Timestamp>,
    is_over_time: bool,
    /// What waits ends with the event and the change that end the run.
    is_closing: bool,
    is_stopping: bool,
}

impl Playing {
    async fn play(&mut self, messages: &mut mpsc::Receiver<Message>) -> Result<(), Left> {
        if self.begin().await? {
            return Ok(());
        }
        let clock = self.engine().clock.clone();
        let mut flush_at: Option<Instant> = None;
        loop {
            if self.is_stopping {
                return Err(Left::Stopping);
            }
            let Next { starts, wake_at, is_over } = self.decide();
            self.make_ready(&starts);
            if is_over || !starts.is_empty() || self.pending.len() >= PENDING_MAX {
                let is_as_decided = self.flush().await?;
                flush_at = None;
                if is_over && is_as_decided {
                    return Ok(());
                }
                if is_over || self.is_stopping {
                    continue;
                }
            }
            for at in starts {
                self.start(at);
            }
            self.hands.clear();
            if flush_at.is_none() && !self.pending.is_empty() {
                flush_at = Some(Instant::now() + FLUSH);
            }
            let wake_at = [wake_at, self.deadline].into_iter().flatten().min();
            let wake = clock.moment_of(wake_at.unwrap_or(Timestamp::UNIX_EPOCH));
            tokio::select! {
                Some(message) = messages.recv() => {
                    self.hear(message);
                    while self.pending.len() < PENDING_MAX
                        && let Ok(message) = messages.try_recv()
                    {
                        self.hear(message);
                    }
                }
                Some((op, outcome)) = self.mutating.next() => self.mutated(op, outcome),
                changed = self.execution.orders.changed() => {
                    if changed.is_err() {
                        return Err(Left::Lost);
                    }
                    self.ordered()?;
                }
                () = sleep_until(flush_at.unwrap_or_else(Instant::now)), if flush_at.is_some() => {
                    self.flush().await?;
                    flush_at = None;
                }
                () = clock.until(wake), if wake_at.is_some() => self.check_time(),
            }
        }
    }

    /// What is still to be done of a run that is left for this reason.
    async fn leave(&mut self, left: Result<(), Left>, messages: &mut mpsc::Receiver<Message>) -> Result<(), Left> {
        match &left {
            Ok(()) | Err(Left::Lost) => left,
            Err(Left::Stopping) => {
                self.end_processes(messages).await?;
                self.flush().await.map(|_| ())
            }
            Err(Left::Failed(_)) => {
                self.end_processes(messages).await?;
                left
            }
        }
    }

    /// Lets go of what is still under way: of processes first, for another may start them again soon.
    async fn let_go(&mut self) {
        self.running.clear();
        self.mutating.break_off().await;
    }

    /// Brings the run to where its steps may start. True when it ends here.
    async fn begin(&mut self) -> Result<bool, Left> {
        let job = self.record.job.clone();
        let lost: Vec<String> =
            self.rows.iter().filter(|row| row.status == StepStatus::Running).map(|row| row.key.clone()).collect();
        for key in lost {
            self.tell_step(&key, StepEvent::Lose, "Its worker was lost.");
        }
        if self.execution.claimed.is_taken_over && self.definition.fails_with_worker {
            let message = "This run has been marked as failed from outside the execution context.";
            self.execution.fail(message).await?;
            return Ok(true);
        }
        if self.record.status == RunStatus::Starting {
            let message = format!("Started execution of run for \"{job}\".");
            self.pending.push(Progress::Event(NewEvent::new("RUN_START", "DEBUG", &message)));
            self.pending.push(Progress::Run { event: RunEvent::Begin, message });
            self.record.status = RunStatus::Started;
            self.deadline = self.definition.max_runtime_ms.and_then(|most| after(self.now(), most));
        }
        Ok(false)
    }

    /// What starts now. Everything else that is decided is told at once.
    fn decide(&mut self) -> Next {
        let moment = Moment { now: self.now(), is_canceling: self.is_canceling() };
        let mut starts: Vec<usize> = Vec::new();
        loop {
            let states: Vec<StepState> = self.steps.list().iter().map(|step| self.state(step.op)).collect();
            let decision = self.steps.decide(&states, moment);
            let mut is_settled = true;
            for (at, event) in decision.events {
                let op = self.steps.list()[at].op;
                is_settled &= event != StepEvent::Skip && event != StepEvent::Block;
                if event == StepEvent::Start {
                    is_settled &= self.begin_step(op, &mut starts);
                } else {
                    self.settle(op, event);
                }
            }
            if is_settled {
                if let Some(end) = decision.end {
                    self.end(end);
                }
                return Next { starts, wake_at: decision.wake_at, is_over: decision.end.is_some() };
            }
        }
    }

    fn is_canceling(&self) -> bool {
        self.record.status == RunStatus::Canceling || self.is_over_time
    }

    fn state(&self, op: usize) -> StepState {
        let row = self.row(op);
        StepState {
            status: row.map_or(StepStatus::Waiting, |row| row.status),
            attempts: row.map_or(0, |row| row.attempt),
            retry_at: row.and_then(|row| row.retry_at).map(at_micros),
        }
    }

    fn row(&self, op: usize) -> Option<&StepRecord> {
        let name = &self.definition.ops[op].name;
        self.rows.iter().find(|row| &row.key == name)
    }

    /// A step begins, or is skipped because an output that it needs was not made. False when it is skipped.
    fn begin_step(&mut self, op: usize, starts: &mut Vec<usize>) -> bool {
        let of = &self.definition.ops[op];
        let key = of.name.clone();
        match inputs::gather(&self.definition, &self.record, &self.rows, op) {
            Ok(_) => {
                let attempt = self.row(op).map_or(0, |row| row.attempt) + 1;
                let events = words::begun(&self.definition, op, attempt, &self.rows);
                self.tell_step(&key, StepEvent::Start, "Started.");
                self.pending.extend(events.into_iter().map(Progress::Event));
                starts.push(op);
                true
            }
            Err(missing) => {
                let message = format!("Skipping step {key} due to skipped dependencies: ['{missing}'].");
                self.pending.push(Progress::Event(NewEvent::new("LOG", "INFO", message).of_step(&key, 0)));
                self.settle(op, StepEvent::Skip);
                false
            }
        }
    }

    /// A step that does not run comes to its end.
    fn settle(&mut self, op: usize, event: StepEvent) {
        let key = self.definition.ops[op].name.clone();
        for told in words::settled(&self.definition, op, event, &self.rows) {
            self.pending.push(Progress::Event(told));
        }
        self.tell_step(&key, event, words::of_step(event));
    }

    fn tell_step(&mut self, key: &str, event: StepEvent, message: &str) {
        self.push_step(StepProgress {
            key: key.to_owned(),
            event,
            retry_at: None,
            output: None,
            error: None,
            message: message.to_owned(),
        });
    }

    /// Notes the change here as it will be written.
    fn push_step(&mut self, progress: StepProgress) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.key == progress.key)
            && let Ok(status) = crate::transition::step_transition(row.status, progress.event)
        {
            row.status = status;
            row.attempt += u32::from(progress.event == StepEvent::Start);
            row.retry_at = progress.retry_at;
            if progress.output.is_some() {
                row.output.clone_from(&progress.output);
            }
            row.error.clone_from(&progress.error);
            self.pending.push(Progress::Step(progress));
        }
    }

    /// Starts the guards of what is about to start, while that is being written.
    fn make_ready(&mut self, starts: &[usize]) {
        let is_process = |op: &&usize| matches!(self.definition.ops[**op].work, WorkDefinition::Process { .. });
        let wanted = starts.iter().filter(is_process).count();
        while self.hands.len() < wanted
            && let Ok(hand) = Hand::ready(&self.execution.shared, self.sender.clone())
        {
            self.hands.push(hand);
        }
    }

    /// The process of a step that has begun, and is written so.
    fn start(&mut self, op: usize) {
        // The run was asked to end while that was written.
        if self.is_canceling() {
            return self.ended(op);
        }
        let of = &self.definition.ops[op];
        let attempt = self.row(op).map_or(1, |row| row.attempt);
        let given = match inputs::gather(&self.definition, &self.record, &self.rows, op) {
            Ok(given) => given,
            Err(missing) => {
                let reason = format!("the output {missing} is gone");
                self.attempt_failed(op, &words::broken(&reason));
                return;
            }
        };
        let command = match &of.work {
            WorkDefinition::Process { command } => command,
            WorkDefinition::Mutation { .. } => return self.start_mutation((op, attempt), given),
        };
        let document = inputs::document(&self.definition, &self.record, (op, attempt), &given);
        let name = format!("{}.{}.{attempt}.{}", self.record.key, of.name, self.execution.claimed.lease.fence);
        let folder = self.execution.settings.scratch.folder().join(name);
        let begin = Begin { step: op, folder, document, command: command.clone(), timeout_ms: of.timeout_ms };
        let hand = self.hands.pop().map_or_else(|| Hand::ready(&self.execution.shared, self.sender.clone()), Ok);
        match hand {
            Ok(hand) => {
                self.running.insert(op, Attempt::new(attempt, hand.begin(begin)));
            }
            Err(met) => self.attempt_failed(op, &words::broken(&format!("no thread for the process: {met}"))),
        }
    }

    /// The mutation of a step that has begun. Whoever asks the run to end meanwhile waits for it: the transaction under way, and no other.
    fn start_mutation(&mut self, (op, attempt): (usize, u32), inputs: Map<String, Json>) {
        let config = self.definition.config_of(&self.record.filled_config, op).and_then(|config| config.get("config"));
        let step = MutationStep {
            engine: Arc::clone(&self.execution.engine),
            lease: self.execution.claimed.lease.clone(),
            run: self.record.clone(),
            op: Arc::new(self.definition.ops[op].clone()),
            attempt,
            variables: mutation::variables(config, inputs),
            end: self.mutating.end.subscribe(),
        };
        self.mutating.spawn(op, step);
    }

    /// A mutation has ended; its success is written already.
    fn mutated(&mut self, op: usize, outcome: mutation::Outcome) {
        match outcome {
            mutation::Outcome::Written(output) => {
                let key = &self.definition.ops[op].name;
                if let Some(row) = self.rows.iter_mut().find(|row| &row.key == key)
                    && let Ok(status) = crate::transition::step_transition(row.status, StepEvent::Succeed)
                {
                    row.status = status;
                    row.output = Some(output);
                }
            }
            mutation::Outcome::Failed(failure) => self.attempt_failed(op, &failure),
            mutation::Outcome::Ended => self.ended(op),
        }
    }

    /// An attempt has ended because it was asked to.
    fn ended(&mut self, op: usize) {
        // What ends with the worker is started again by the next one.
        if !self.is_stopping || self.record.status == RunStatus::Canceling {
            let key = self.definition.ops[op].name.clone();
            self.tell_step(&key, StepEvent::Cancel, "Canceled.");
        }
    }

    /// Asks what is under way to end.
    fn end_attempts(&mut self) {
        self.running.values_mut().for_each(Attempt::cancel);
        self.mutating.end.send_replace(true);
    }

    /// Something is heard of a process.
    fn hear(&mut self, message: Message) {
        let Message { step: op, heard } = message;
        let is_canceling = self.is_canceling();
        let key = self.definition.ops[op].name.clone();
        match heard {
            Heard::Started(pid) => {
                if let Some(attempt) = self.running.get_mut(&op) {
                    let event = words::captured(&key, attempt.number, pid);
                    self.pending.push(Progress::Event(event));
                    attempt.take_lifeline();
                    if is_canceling {
                        attempt.cancel();
                    }
                }
            }
            Heard::Line(line) => {
                let at = self.now().as_microsecond();
                if let Some(attempt) = self.running.get_mut(&op) {
                    self.pending.push(Progress::Log(attempt.line(&key, line, at)));
                }
            }
            Heard::Broken(reason) => {
                self.running.remove(&op);
                self.attempt_failed(op, &words::broken(&reason));
            }
            Heard::Ended(ended, gave) => {
                let Some(attempt) = self.running.remove(&op) else { return };
                let at = self.now().as_microsecond();
                let told = attempt.outcome(&self.definition.ops[op], (&ended, gave), at);
                self.pending.extend(told.progress);
                match told.outcome {
                    Outcome::Succeeded(output) => self.succeeded(op, attempt.number, output),
                    Outcome::Canceled => self.ended(op),
                    Outcome::Failed(failure) => self.attempt_failed(op, &failure),
                }
                self.hands.extend(attempt.into_hand());
            }
        }
    }

    fn succeeded(&mut self, op: usize, attempt: u32, output: Option<Json>) {
        let key = self.definition.ops[op].name.clone();
        self.pending.push(Progress::Event(words::succeeded(&key, attempt)));
        self.push_step(StepProgress {
            key,
            event: StepEvent::Succeed,
            retry_at: None,
            output: Some(output.unwrap_or(Json::Null)),
            error: None,
            message: "Finished.".to_owned(),
        });
    }

    /// An attempt failed: another follows, or the step has failed.
    fn attempt_failed(&mut self, op: usize, failure: &words::Failure) {
        let of = &self.definition.ops[op];
        let key = of.name.clone();
        let number = self.row(op).map_or(1, |row| row.attempt);
        let chance = f64::from(u32::try_from(self.engine().ids.below(1_000_000).unwrap_or(0)).unwrap_or(0)) / 1e6;
        let policy = failure.retry.or_else(|| of.retry.map(crate::definition::RetryDefinition::retry));
        let policy = policy.filter(|_| failure.may_retry && !self.is_over_time);
        let now = self.now();
        let after = after_failure(policy, number, chance, now);
        let is_canceling = self.record.status == RunStatus::Canceling;
        let (event, retry_at) = match after {
            AfterFailure::Retry { at } if !is_canceling => (StepEvent::Retry, Some(at.as_microsecond())),
            AfterFailure::Retry { .. } | AfterFailure::Fail => (StepEvent::Fail, None),
        };
        self.pending.push(Progress::Event(words::failed(
            &key,
            number,
            failure,
            retry_at.map(|at| at - now.as_microsecond()),
        )));
        self.push_step(StepProgress {
            key,
            event,
            retry_at,
            output: None,
            error: Some(failure.error.clone()),
            message: failure.message(),
        });
    }

    fn engine(&self) -> &Engine {
        &self.execution.engine
    }

    fn now(&self) -> Timestamp {
        self.engine().clock.now()
    }

    /// The worker has an order.
    fn ordered(&mut self) -> Result<(), Left> {
        let order = *self.execution.orders.borrow_and_update();
        match order {
            Order::GoOn => {}
            Order::LetGo => return Err(Left::Lost),
            Order::Stop => self.is_stopping = true,
            Order::Cancel => {
                self.record.status = RunStatus::Canceling;
                self.end_attempts();
            }
        }
        Ok(())
    }

    /// Ends what runs and hears its last words.
    async fn end_processes(&mut self, messages: &mut mpsc::Receiver<Message>) -> Result<(), Left> {
        self.is_stopping = true;
        self.end_attempts();
        while !self.running.is_empty() || !self.mutating.set.is_empty() {
            tokio::select! {
                Some(message) = messages.recv() => self.hear(message),
                Some((op, outcome)) = self.mutating.next() => self.mutated(op, outcome),
                changed = self.execution.orders.changed() => {
                    if changed.is_err() {
                        return Err(Left::Lost);
                    }
                    self.ordered()?;
                }
            }
        }
        Ok(())
    }

    fn check_time(&mut self) {
        if !self.is_over_time && self.deadline.is_some_and(|deadline| self.now() >= deadline) {
            self.is_over_time = true;
            let seconds = self.definition.max_runtime_ms.unwrap_or_default() / 1_000;
            let message = format!("Canceling due to exceeding maximum runtime of {seconds} seconds.");
            self.pending.push(Progress::Event(NewEvent::new("RUN_CANCELING", "INFO", &message)));
            let request = "Sending run termination request.";
            self.pending.push(Progress::Event(NewEvent::new("RUN_CANCELING", "INFO", request)));
            if self.record.status == RunStatus::Started {
                self.pending.push(Progress::Run { event: RunEvent::AskCancel, message });
                self.record.status = RunStatus::Canceling;
            }
            self.end_attempts();
            self.deadline = None;
        }
    }

    fn end(&mut self, end: RunEvent) {
        let event = if self.is_over_time { RunEvent::Fail } else { end };
        let seconds = self.definition.max_runtime_ms.unwrap_or_default() / 1_000;
        let over = self.is_over_time.then(|| format!("Exceeded maximum runtime of {seconds} seconds."));
        let told = words::ended(&self.record.job, event, over, &self.rows);
        let message = told.message.clone();
        self.pending.push(Progress::Event(told));
        self.pending.push(Progress::Run { event, message });
        self.is_closing = true;
    }

    /// Writes what waits. False when somebody changed the run meanwhile, so that it is to be decided again.
    async fn flush(&mut self) -> Result<bool, Left> {
        if self.pending.is_empty() {
            return Ok(true);
        }
        let report = self.engine().new_report(&self.execution.claimed.lease, self.pending.clone())?;
        match self.written(report).await {
            Ok(record) => {
                self.pending.clear();
                let was_canceling = self.record.status == RunStatus::Canceling;
                self.record = record;
                match self.record.status {
                    // Asked for behind what was written.
                    RunStatus::Started if was_canceling => self.record.status = RunStatus::Canceling,
                    RunStatus::Canceling if !was_canceling => self.end_attempts(),
                    RunStatus::Queued
                    | RunStatus::Starting
                    | RunStatus::Started
                    | RunStatus::Canceling
                    | RunStatus::Succeeded
                    | RunStatus::Failed
                    | RunStatus::Canceled => {}
                }
                Ok(true)
            }
            Err(Left::Failed(error @ Error::Refused(_))) => self.overtaken(error).await.map(|()| false),
            Err(left) => Err(left),
        }
    }

    /// Sends a report until it is written. While the database is away it is sent again, as long as the lease may stand; orders are heard meanwhile.
    async fn written(&mut self, mut report: Report) -> Result<RunRecord, Left> {
        let engine = Arc::clone(&self.execution.engine);
        loop {
            let sending = Arc::new(report.clone());
            let sent = async {
                let sent = engine.send_report(sending).await;
                if sent.as_ref().is_err_and(Error::may_pass) {
                    tokio::time::sleep(PAUSE).await;
                }
                sent
            };
            let mut sent = std::pin::pin!(sent);
            let sent = loop {
                tokio::select! {
                    sent = &mut sent => break sent,
                    changed = self.execution.orders.changed() => {
                        if changed.is_err() {
                            return Err(Left::Lost);
                        }
                        self.ordered()?;
                    }
                }
            };
            match sent {
                Ok(record) => return Ok(record),
                Err(error) if error.may_pass() => {
                    let error = crate::chain(&error);
                    tracing::warn!(error, "what happened in a run cannot be written; tried again");
                    report.is_repeated = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Somebody changed the run meanwhile (it is being cancelled): what was decided before is decided again from what is written.
    async fn overtaken(&mut self, error: Error) -> Result<(), Left> {
        let run = self.record.key;
        let record = self.engine().run(run).await?.ok_or(Left::Lost)?;
        // Not by the status, which is noted here as soon as the end is asked for; only what is written changes the version.
        if record.state_version == self.record.state_version || record.status.is_finished() {
            return Err(error.into());
        }
        if std::mem::take(&mut self.is_closing) {
            self.pending.truncate(self.pending.len().saturating_sub(2));
        }
        self.pending.retain(|progress| !matches!(progress, Progress::Run { .. }));
        self.record = record;
        self.end_attempts();
        Box::pin(self.flush()).await.map(|_| ())
    }
}

/// What follows from a decision.
struct Next {
    starts: Vec<usize>,
    wake_at: Option<Timestamp>,
    is_over: bool,
}

/// So many milliseconds later; none where no calendar reaches.
fn after(start: Timestamp, milliseconds: u64) -> Option<Timestamp> {
    start.checked_add(Duration::from_millis(milliseconds)).ok()
}

/// A time that the database keeps; one beyond what can be told is the last that can.
fn at_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mutation_that_is_broken_off_is_gone() {
        let held = Arc::new(());
        let mut mutating = Mutating::default();
        let of_mutation = Arc::clone(&held);
        mutating.set.spawn(async move {
            std::future::pending::<()>().await;
            drop(of_mutation);
            mutation::Outcome::Ended
        });
        mutating.break_off().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
