//! Ops that change content: a mutation on the project's own endpoint, whose write and the end of the step are one transaction.
//!
//! Who runs documents is given from outside ([`Mutations`]), for this crate knows no GraphQL. It is asked with what follows the change in its
//! transaction: the check of the lease, and the step's success. So a worker that has lost its run writes nothing, and what was written is not
//! written again: behind it the step has succeeded, and a step succeeds once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plan::Cause;
use serde_json::{Map, Value as Json, json};
use store::{EffectFailure, Sequel};
use tokio::sync::watch;

use crate::definition::{OpDefinition, WorkDefinition};
use crate::happening::{self, Happening};
use crate::progress::{self, Progress, StepProgress};
use crate::record::RunRecord;
use crate::step::OUTPUT_BYTES_MAX;
use crate::transition::{StepEvent, StepStatus};
use crate::words::{self, Failure};
use crate::{Engine, Error, Lease};

/// After the first failure of the database, before the next try; twice as long after each that follows.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest of these.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// Runs documents of ops as the project's own endpoint does.
pub trait Mutations: Send + Sync {
    /// Runs one, with what follows it in its transaction.
    fn run(&self, asked: MutationAsked) -> Mutating<'_>;
}

/// A document that is run: its answer is given to what follows it.
pub type Mutating<'a> = Pin<Box<dyn Future<Output = Result<(), NotMade>> + Send + 'a>>;

/// What an op asks.
pub struct MutationAsked {
    /// The document.
    pub document: String,
    /// The role that it acts as; there is no user.
    pub role: String,
    /// The values of its variables.
    pub variables: Map<String, Json>,
    /// What causes the change: kept with the events that it tells.
    pub cause: Arc<str>,
    /// What follows it in its transaction, given the bytes of `data`.
    pub sequel: Sequel,
}

impl fmt::Debug for MutationAsked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MutationAsked").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq)]
pub enum NotMade {
    /// The document, its values or its change were refused: in words, and as the endpoint tells it.
    Refused {
        /// The first reason.
        message: String,
        /// All of them.
        errors: Json,
    },
    /// The same may succeed later: the database is away, or nobody knows what became of it.
    Away,
}

/// A mutation of a step that has begun.
pub(crate) struct MutationStep {
    pub(crate) engine: Arc<Engine>,
    pub(crate) lease: Lease,
    pub(crate) run: RunRecord,
    pub(crate) op: Arc<OpDefinition>,
    pub(crate) attempt: u32,
    pub(crate) variables: Map<String, Json>,
    /// It is not to be tried again.
    pub(crate) end: watch::Receiver<bool>,
}

/// What came of it.
pub(crate) enum Outcome {
    /// The step has succeeded, and that is written: its output.
    Written(Json),
    /// Nothing is written; why.
    Failed(Failure),
    /// Nothing is known to be written, and it is not tried again, as was asked.
    Ended,
}

/// What the sequel leaves for who has asked.
type Slot = Arc<Mutex<Option<Result<Json, Stop>>>>;

/// Why a sequel stops its transaction.
enum Stop {
    /// The attempt has failed.
    Failed(Failure),
    /// The engine does not take its success.
    Engine(String),
}

impl MutationStep {
    /// Runs it until it is written or refused, its time is over, or it is asked to end; while the database is away, again and again: who has lost
    /// the run cannot write, and a step that has succeeded cannot succeed again.
    pub(crate) async fn run(mut self) -> Outcome {
        let began = Instant::now();
        let mut pause = PAUSE;
        loop {
            if *self.end.borrow() {
                return Outcome::Ended;
            }
            if self.left(began).is_some_and(|left| left.is_zero()) {
                return Outcome::Failed(late(&self.op));
            }
            match self.tried(began).await {
                Ok(Some(output)) => return Outcome::Written(output),
                Ok(None) => {}
                Err(failure) => return Outcome::Failed(*failure),
            }
            self.wait(began, pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            if let Some(output) = self.written().await {
                return Outcome::Written(output);
            }
        }
    }

    /// One try; nothing where the next may succeed.
    async fn tried(&self, began: Instant) -> Result<Option<Json>, Box<Failure>> {
        let Some(mutations) = self.engine.mutations() else {
            return Err(Box::new(not_made("nobody runs mutations here")));
        };
        let slot = Slot::default();
        let made = mutations.run(self.asked(began, &slot)).await;
        let stopped = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (made, stopped) {
            (Ok(()), Some(Ok(output))) => {
                self.engine.hint_progress();
                Ok(Some(output))
            }
            (Err(NotMade::Refused { .. }), Some(Err(Stop::Failed(failure)))) => Err(Box::new(failure)),
            // It may have been written by the try before this one.
            (Err(NotMade::Refused { .. }), Some(Err(Stop::Engine(reason)))) => {
                self.written().await.map(Some).ok_or_else(|| Box::new(not_made(&reason)))
            }
            (Err(NotMade::Refused { message, errors }), Some(Ok(_)) | None) => {
                Err(Box::new(words::refused(&message, &errors)))
            }
            (Ok(()), Some(Err(_)) | None) => Err(Box::new(not_made("nothing followed the mutation"))),
            (Err(NotMade::Away), _) => Ok(None),
        }
    }

    /// Waits before the next try: until it is asked to end or its time is over, at most.
    async fn wait(&mut self, began: Instant, pause: Duration) {
        let pause = self.left(began).map_or(pause, |left| left.min(pause));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Who asks goes away only with this task.
            _asked = self.end.wait_for(|end| *end) => {}
        }
    }

    /// What is left of the time that it may take.
    fn left(&self, began: Instant) -> Option<Duration> {
        let limit = Duration::from_millis(self.op.timeout_ms?);
        Some(limit.saturating_sub(began.elapsed()))
    }

    /// What this attempt gave, if it is written.
    async fn written(&self) -> Option<Json> {
        let steps = self.engine.steps(self.run.key).await.ok()?;
        let step = steps.into_iter().find(|step| step.key == self.op.name)?;
        let is_ours = step.status == StepStatus::Succeeded && step.attempt == self.attempt;
        is_ours.then(|| step.output.unwrap_or_default())
    }

    fn asked(&self, began: Instant, slot: &Slot) -> MutationAsked {
        let (document, role) = match &self.op.work {
            WorkDefinition::Mutation { document, role } => (document.clone(), role.clone()),
            WorkDefinition::Process { .. } => Default::default(),
        };
        MutationAsked {
            document,
            role,
            variables: self.variables.clone(),
            cause: self.cause(),
            sequel: self.sequel(began, slot),
        }
    }

    /// This run, and the jobs whose runs led to it.
    fn cause(&self) -> Arc<str> {
        let mut jobs = Happening::of_tags(&self.run.tags).map(|of| of.cause.jobs).unwrap_or_default();
        jobs.push([self.run.location.clone(), self.run.repository.clone(), self.run.job.clone()]);
        happening::Cause { run: Some(self.run.key.to_string()), jobs }.to_text().into()
    }

    /// The lease is checked, the step succeeds with the answer as its output: in the transaction of the change.
    fn sequel(&self, began: Instant, slot: &Slot) -> Sequel {
        let (engine, lease, op) = (Arc::clone(&self.engine), self.lease.clone(), Arc::clone(&self.op));
        let (attempt, slot) = (self.attempt, Arc::clone(slot));
        let limit = op.timeout_ms.map(Duration::from_millis);
        Arc::new(move |tx, answer| {
            let (engine, lease, op, slot) = (Arc::clone(&engine), lease.clone(), Arc::clone(&op), Arc::clone(&slot));
            Box::pin(async move {
                let put = |left| *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
                let stop = |stop| {
                    put(Err(stop));
                    EffectFailure::Refused(Cause::Internal)
                };
                if limit.is_some_and(|limit| began.elapsed() >= limit) {
                    return Err(stop(Stop::Failed(late(&op))));
                }
                let (output, list) = success(&op, attempt, answer).map_err(|failure| stop(Stop::Failed(*failure)))?;
                let report = engine.new_report(&lease, list);
                let told = match report {
                    Ok(report) => progress::report(tx, &report).await,
                    Err(error) => Err(error),
                };
                match told {
                    Ok(_) => {
                        put(Ok(output));
                        Ok(())
                    }
                    Err(Error::Store(error)) => Err(EffectFailure::Store(error)),
                    Err(error) => Err(stop(Stop::Engine(error.to_string()))),
                }
            })
        })
    }
}

/// Nothing is written, and not because the endpoint has refused it.
pub(crate) fn not_made(reason: &str) -> Failure {
    Failure::of("MutationNotMade", reason, &[])
}

/// Its time is over.
fn late(op: &OpDefinition) -> Failure {
    Failure::of("StepTimeout", &words::timed_out(op), &[])
}

/// What is written of a step whose mutation answers so.
fn success(op: &OpDefinition, attempt: u32, answer: &[u8]) -> Result<(Json, Vec<Progress>), Box<Failure>> {
    let failed = |class: &str, reason: &str| Box::new(Failure::of(class, reason, &[]));
    let bytes = u64::try_from(answer.len()).unwrap_or(u64::MAX);
    if bytes > OUTPUT_BYTES_MAX {
        let most = format!("more than the {OUTPUT_BYTES_MAX} that the output of a step may have");
        return Err(failed("OutputTooLarge", &format!("the mutation answered with {bytes} bytes, {most}")));
    }
    let unreadable = |error: serde_json::Error| failed("OutputUnreadable", &error.to_string());
    let output: Json = serde_json::from_slice(answer).map_err(unreadable)?;
    let told = words::outputs(op, attempt, Some(&output));
    if let Some(failure) = told.fault {
        return Err(Box::new(failure));
    }
    let mut list: Vec<Progress> = told.events.into_iter().map(Progress::Event).collect();
    list.push(Progress::Event(words::succeeded(&op.name, attempt)));
    list.push(Progress::Step(StepProgress {
        key: op.name.clone(),
        event: StepEvent::Succeed,
        retry_at: None,
        output: Some(output.clone()),
        error: None,
        message: "Finished.".to_owned(),
    }));
    Ok((output, list))
}

impl Engine {
    /// From now on this one runs the mutations of ops.
    pub fn mutate_by(&self, mutations: Arc<dyn Mutations>) {
        *self.mutations.write().unwrap_or_else(PoisonError::into_inner) = Some(mutations);
    }

    fn mutations(&self) -> Option<Arc<dyn Mutations>> {
        self.mutations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The values of a document's variables: the op's config, and what its inputs are fed.
pub(crate) fn variables(config: Option<&Json>, inputs: Map<String, Json>) -> Map<String, Json> {
    let mut variables = config.and_then(Json::as_object).cloned().unwrap_or_default();
    variables.extend(inputs);
    variables
}

impl happening::Cause {
    fn to_text(&self) -> String {
        json!({ "run": self.run, "jobs": self.jobs }).to_string()
    }
}
