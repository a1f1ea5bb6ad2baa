//! The engine as everybody sees it: launch, end, repeat, remove and read runs. Every change is one transaction; hints wake who waits.
//!
//! ```text
//! let new = engine.prepare(Launch { location, repository, job, config, .. }).await?;   // checked, nothing written
//! let launched = engine.launch(&new).await?;                                           // in a transaction of its own
//! let work = Work::effect(engine.launch_effect(new, refusal));                         // or in that of a request
//! ```

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use model::config::{check, fill};
use model::{Job, Model, NodeInput, OpTypeKind};
use plan::{Cause, Value};
use serde_json::{Value as Json, json};
use store::{Driver, Effect, EffectFailure, Ended, Ids, SharedEffect, Store, Telling, Tx};
use tokio::sync::watch;

use crate::cancel::{Cancel, CancelEach, CancelOutcome, Ending};
use crate::definition::Definition;
use crate::launch::{Launch, Launched, NewRun, NewStep};
use crate::lease::{Claim, Claimed, Lease};
use crate::progress::{Progress, Report};
use crate::record::{EventRecord, LogRecord, RunKey, RunRecord, StepRecord, int, only, uuid};
use crate::register::{Register, Standing};
use crate::steps::{Selection, SelectionFault, Steps};
use crate::transition::{RunStatus, StepStatus};
use crate::{Clock, Error, Mutations, cancel, launch, lease, progress, register, scheduler, statements as of};

/// Rows of one page of runs, events or lines at most.
pub const PAGE_MAX: i64 = 1_000;

/// What a connection says to hear of other machines.
const LISTEN: &str = include_str!("sql/listen.postgres.sql");
/// After a connection that was lost, before the next one.
const LISTEN_PAUSE: Duration = Duration::from_secs(1);

/// The workflow engine on one database. Cheap to share behind an `Arc`.
pub struct Engine {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) ids: Arc<Ids>,
    pub(crate) hints: Hints,
    served: RwLock<Arc<ServedJobs>>,
    /// Runs the mutations of ops, where somebody does.
    pub(crate) mutations: RwLock<Option<Arc<dyn Mutations>>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("store", &self.store).field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The jobs of the project as it is now.
#[derive(Debug, Default)]
pub(crate) struct ServedJobs {
    pub(crate) model: Arc<Model>,
    pub(crate) definitions: Vec<(Arc<Definition>, String)>,
}

/// Counters that rise when something happens; nothing is lost when nobody looks.
#[derive(Debug)]
pub(crate) struct Hints {
    /// A run waits for a worker.
    pub(crate) queue: watch::Sender<u64>,
    /// A run was asked to end, or is gone.
    pub(crate) cancel: watch::Sender<u64>,
    /// Something happened in a run.
    pub(crate) progress: watch::Sender<u64>,
    /// A schedule was switched here.
    pub(crate) schedules: watch::Sender<u64>,
    /// Another machine has put events of content into the outbox, or other jobs are served.
    pub(crate) outbox: watch::Sender<u64>,
}

/// Which steps of a run that has ended are executed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// All that it executed.
    All,
    /// Those that did not succeed.
    FromFailure,
    /// These.
    Chosen(Vec<String>),
}

impl Engine {
    /// The engine on a database whose tables are those of a model with jobs. Makes its own narrow tables where they are not there.
    ///
    /// # Errors
    /// What the database said.
    pub async fn open(store: Arc<Store>, clock: Clock, ids: Arc<Ids>) -> Result<Engine, Error> {
        store
            .tell(|tx| {
                Box::pin(async move {
                    // One opens at a time: PostgreSQL lets two of them meet while both make what is not there.
                    for fixed in [&of::OPEN_LOCK, &of::LEASE_TABLE, &of::COUNTER_TABLE, &of::COUNTER_START] {
                        tx.one(fixed, Vec::new()).await?;
                    }
                    Ok::<(), store::Error>(())
                })
            })
            .await?;
        store.outbox_ready().await?;
        let hint = || watch::Sender::new(0);
        let hints = Hints { queue: hint(), cancel: hint(), progress: hint(), schedules: hint(), outbox: hint() };
        Ok(Engine { store, clock, ids, hints, served: RwLock::default(), mutations: RwLock::default() })
    }

    /// From now on the jobs of this model are the project's: their definitions are kept, others are no longer current.
    ///
    /// # Errors
    /// What the database said.
    pub async fn serve(&self, model: Arc<Model>) -> Result<(), Error> {
        self.register(model, Standing::Served).await
    }

    /// Launches and executes the jobs of this model beside whoever serves: what the database does not have is added, and which jobs, versions and
    /// schedules are current stays as it is.
    ///
    /// # Errors
    /// What the database said.
    pub async fn join(&self, model: Arc<Model>) -> Result<(), Error> {
        self.register(model, Standing::Added).await
    }

    async fn register(&self, model: Arc<Model>, standing: Standing) -> Result<(), Error> {
        let rows = Arc::new(Register::of(&model, &self.ids, self.now_here())?);
        let clock = self.clock.clone();
        self.store
            .tell(move |tx| {
                let (rows, clock) = (Arc::clone(&rows), clock.given());
                Box::pin(async move { register::tell(tx, clock, (&rows, standing)).await })
            })
            .await?;
        let definition = |job: &Job| {
            let definition = Definition::of(&model, job);
            let hash = definition.hash(job);
            (Arc::new(definition), hash)
        };
        let served = ServedJobs { definitions: model.jobs.iter().map(definition).collect(), model };
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
        self.hint_outbox();
        Ok(())
    }

    /// Checks a launch against the job as it is now, and that the run which it repeats is one of this job. Nothing is written.
    ///
    /// # Errors
    /// Everything that is wrong with it, by kind.
    pub async fn prepare(&self, launch: Launch) -> Result<NewRun, Error> {
        let served = self.served();
        let at = served.model.jobs.iter().position(|job| {
            job.name == launch.job && job.repository == launch.repository && job.location == launch.location
        });
        let missing = || Error::NoJob {
            location: launch.location.clone(),
            repository: launch.repository.clone(),
            job: launch.job.clone(),
        };
        let at = at.ok_or_else(missing)?;
        let job = &served.model.jobs[at];
        let (definition, hash) = served.definitions[at].clone();
        // Of ops that are not among those asked for nothing need be given.
        let is_part = launch.op_selection.as_ref().and_then(Json::as_array).is_some_and(|list| !list.is_empty());
        let of = match &launch.steps {
            Some(steps) if is_part => job.config_type_of(steps),
            Some(_) | None => job.config_type(),
        };
        if !job.hooks.is_empty() {
            return Err(Error::Hooked { job: job.name.clone() });
        }
        let config = if launch.config.is_null() { json!({}) } else { launch.config.clone() };
        let faults = check(&of, &config);
        if !faults.is_empty() {
            return Err(Error::Config { job: job.name.clone(), faults });
        }
        if let Some(op) = definition.dynamic_op() {
            return Err(Error::Dynamic { job: job.name.clone(), op: op.name.clone() });
        }
        let steps = self.new_steps((job, &definition), &launch).await?;
        let mut tags = job.tags.clone();
        tags.extend(job.run_tags.clone());
        tags.extend(launch.tags.clone());
        let key = match launch.key {
            Some(key) => key,
            None => RunKey(self.ids.uuid(self.now_here())?),
        };
        let filled = fill(&of, &config);
        let launch = Launch { tags, ..launch };
        Ok(NewRun { launch, key, hash, filled, steps, ids: Arc::clone(&self.ids) })
    }

    async fn new_steps(&self, (job, definition): (&Job, &Definition), launch: &Launch) -> Result<Vec<NewStep>, Error> {
        let names: Vec<&str> = launch.steps.iter().flatten().map(String::as_str).collect();
        let selection = if launch.steps.is_some() { Selection::Chosen(&names) } else { Selection::All };
        let chosen = Steps::of(definition, selection, 1).map_err(Error::Selection)?;
        let before = match launch.parent {
            Some(parent) => {
                let run = self.run(parent).await?.filter(|run| launch.is_of_job_of(run));
                run.ok_or(Error::NoRun(parent))?;
                self.steps(parent).await?
            }
            None => Vec::new(),
        };
        let lacking = if launch.parent.is_some() { lacking((job, definition), &chosen, &before) } else { Vec::new() };
        if !lacking.is_empty() {
            return Err(Error::Selection(lacking));
        }
        let step = |(at, op): (usize, &crate::definition::OpDefinition)| {
            if chosen.list().iter().any(|step| step.op == at) {
                return Some(NewStep { key: op.name.clone(), reused: None });
            }
            let made = before.iter().find(|step| step.key == op.name && step.status == StepStatus::Succeeded)?;
            Some(NewStep { key: op.name.clone(), reused: Some(made.output.clone().unwrap_or_default()) })
        };
        Ok(definition.ops.iter().enumerate().filter_map(step).collect())
    }

    /// A launch that repeats a run that has ended, with its config: of the job as it is now.
    ///
    /// # Errors
    /// [`Error::NoRun`], [`Error::NotFailed`], and that no step is left.
    pub async fn again(&self, parent: RunKey, again: Again) -> Result<Launch, Error> {
        let run = self.run(parent).await?.ok_or(Error::NoRun(parent))?;
        let steps = match again {
            Again::All => run.step_keys.clone(),
            Again::Chosen(steps) => Some(steps),
            Again::FromFailure => {
                if !matches!(run.status, RunStatus::Failed | RunStatus::Canceled) {
                    return Err(Error::NotFailed(run.status));
                }
                let open = self.steps(parent).await?;
                let open = open.into_iter().filter(|step| step.status != StepStatus::Succeeded);
                let open: Vec<String> = open.map(|step| step.key).collect();
                if open.is_empty() {
                    return Err(Error::Selection(vec![SelectionFault::Empty { job: run.job }]));
                }
                Some(open)
            }
        };
        Ok(Launch {
            location: run.location,
            repository: run.repository,
            job: run.job,
            config: run.config,
            tags: run.tags,
            steps,
            op_selection: run.op_selection,
            parent: Some(parent),
            root: Some(run.root.unwrap_or(parent)),
            ..Launch::default()
        })
    }

    /// Writes a checked run in a transaction of its own.
    ///
    /// # Errors
    /// What the database said; [`Error::Taken`] for a key that is in use.
    pub async fn launch(&self, new: &NewRun) -> Result<Launched, Error> {
        let (new, clock) = (Arc::new(new.clone()), self.clock.clone());
        let launched = self
            .store
            .tell(move |tx| {
                let (new, clock) = (Arc::clone(&new), clock.given());
                Box::pin(async move { launch::tell(tx, clock, &new).await })
            })
            .await?;
        self.hint_queue();
        Ok(launched)
    }

    /// The same as the effect of a command, in the transaction of its request; the run is the row to answer with.
    pub fn launch_effect(self: &Arc<Self>, new: NewRun, refuse: Refusing) -> SharedEffect {
        let (engine, new) = (Arc::clone(self), Arc::new(new));
        let hint = |engine: &Engine| engine.hint_queue();
        Arc::new(EngineEffect { engine, refuse, hint, act: Act::Launch(new) })
    }

    /// Several launches as one effect: they are written together or not at all.
    pub fn launches_effect(self: &Arc<Self>, new: Vec<NewRun>, refuse: Refusing) -> SharedEffect {
        let engine = Arc::clone(self);
        let hint = |engine: &Engine| engine.hint_queue();
        Arc::new(EngineEffect { engine, refuse, hint, act: Act::LaunchAll(new.into_iter().map(Arc::new).collect()) })
    }

    /// Ends a run, or asks for it; gives the run as it was before.
    ///
    /// # Errors
    /// [`Error::NoRun`], and [`Error::Refused`] where it stands.
    pub async fn cancel(&self, run: RunKey, ending: Ending) -> Result<RunRecord, Error> {
        let ask = Arc::new(Cancel { run, ending, clock: self.clock.clone(), ids: Arc::clone(&self.ids) });
        let before = self
            .store
            .tell(move |tx| {
                let ask = Arc::clone(&ask);
                Box::pin(async move { cancel::cancel(tx, &ask).await })
            })
            .await?;
        self.hint_cancel();
        Ok(before)
    }

    /// The same as the effect of a command.
    pub fn cancel_effect(self: &Arc<Self>, run: RunKey, ending: Ending, refuse: Refusing) -> SharedEffect {
        let engine = Arc::clone(self);
        let ask = Cancel { run, ending, clock: self.clock.clone(), ids: Arc::clone(&self.ids) };
        let hint = |engine: &Engine| engine.hint_cancel();
        Arc::new(EngineEffect { engine, refuse, hint, act: Act::Cancel(ask) })
    }

    /// Several runs that are to end, each that may where it stands, as one effect; with it what became of each, in their order, once it was made.
    pub fn cancel_each_effect(
        self: &Arc<Self>,
        runs: Vec<RunKey>,
        (ending, may_end): (Ending, fn(RunStatus, Ending) -> bool),
        refuse: Refusing,
    ) -> (SharedEffect, Arc<Mutex<Vec<CancelOutcome>>>) {
        let cancel = |run| Cancel { run, ending, clock: self.clock.clone(), ids: Arc::clone(&self.ids) };
        let outcomes = Arc::<Mutex<Vec<CancelOutcome>>>::default();
        let list = runs.into_iter().map(cancel).collect();
        let act = Act::CancelEach(CancelEach { list, may_end, outcomes: Arc::clone(&outcomes) });
        let hint = |engine: &Engine| engine.hint_cancel();
        (Arc::new(EngineEffect { engine: Arc::clone(self), refuse, hint, act }), outcomes)
    }

    /// Switches a schedule on or off, or lets what the project says hold again.
    ///
    /// # Errors
    /// What the database said.
    pub async fn schedule_switch(&self, schedule: u128, is_running: Option<bool>) -> Result<(), Error> {
        let clock = self.clock.given();
        self.store
            .tell(move |tx| {
                let clock = clock.clone();
                Box::pin(async move { scheduler::switch(tx, clock, (schedule, is_running)).await })
            })
            .await?;
        self.hint_schedules();
        Ok(())
    }

    /// The same as the effect of a command.
    pub fn switch_effect(self: &Arc<Self>, schedule: u128, is_running: Option<bool>, refuse: Refusing) -> SharedEffect {
        let engine = Arc::clone(self);
        let hint = |engine: &Engine| engine.hint_schedules();
        Arc::new(EngineEffect { engine, refuse, hint, act: Act::Switch(schedule, is_running) })
    }

    /// Removes a run and all that is known of it.
    ///
    /// # Errors
    /// [`Error::NoRun`].
    pub async fn delete(&self, run: RunKey) -> Result<(), Error> {
        self.store.tell(move |tx| Box::pin(async move { cancel::delete(tx, run).await })).await?;
        self.hint_cancel();
        Ok(())
    }

    /// The same as the effect of a command.
    pub fn delete_effect(self: &Arc<Self>, run: RunKey, refuse: Refusing) -> SharedEffect {
        let engine = Arc::clone(self);
        let hint = |engine: &Engine| engine.hint_cancel();
        Arc::new(EngineEffect { engine, refuse, hint, act: Act::Delete(run) })
    }

    /// A worker takes runs, at most this many: those whose worker was not heard of for `lease`, and those that wait.
    ///
    /// # Errors
    /// What the database said.
    pub async fn claim(&self, worker: &str, lease: Duration, most: usize) -> Result<Vec<Claimed>, Error> {
        let worker = worker.to_owned();
        let ask = Arc::new(Claim { worker, lease, most, clock: self.clock.clone(), ids: Arc::clone(&self.ids) });
        let claimed = self
            .store
            .tell(move |tx| {
                let ask = Arc::clone(&ask);
                Box::pin(async move { lease::claim(tx, &ask).await })
            })
            .await?;
        if !claimed.is_empty() {
            self.hint_progress();
        }
        Ok(claimed)
    }

    /// A worker says that it lives; gives those of its runs that it still has, with where they stand.
    ///
    /// # Errors
    /// What the database said.
    pub async fn renew(
        &self,
        worker: &str,
        lease: Duration,
        leases: Vec<Lease>,
    ) -> Result<Vec<(RunKey, RunStatus)>, Error> {
        let (worker, leases, clock) = (worker.to_owned(), Arc::new(leases), self.clock.clone());
        self.store
            .tell(move |tx| {
                let (worker, leases, clock) = (worker.clone(), Arc::clone(&leases), clock.clone());
                Box::pin(async move { lease::renew(tx, &clock, (&worker, lease), &leases).await })
            })
            .await
    }

    /// A worker that ends leaves its runs to others at once.
    ///
    /// # Errors
    /// What the database said.
    pub async fn release(&self, worker: &str, leases: Vec<Lease>) -> Result<(), Error> {
        let (worker, leases) = (worker.to_owned(), Arc::new(leases));
        self.store
            .tell(move |tx| {
                let (worker, leases) = (worker.clone(), Arc::clone(&leases));
                Box::pin(async move { lease::release(tx, &worker, &leases).await })
            })
            .await?;
        self.hint_queue();
        Ok(())
    }

    /// Says that no worker lives that has a run now: for the one process that may work on a SQLite database. Nothing on PostgreSQL.
    ///
    /// # Errors
    /// What the database said.
    pub async fn workers_are_gone(&self) -> Result<(), Error> {
        self.store.put(&of::LEASES_ABANDON, Vec::new()).await?;
        Ok(())
    }

    /// Writes what a worker tells of its run, all of it or nothing; gives where the run stands then.
    ///
    /// # Errors
    /// [`Error::Lost`] when the worker no longer has the run, [`Error::Refused`] for what cannot happen where it stands.
    pub async fn report(&self, lease: &Lease, list: Vec<Progress>) -> Result<RunRecord, Error> {
        let report = Arc::new(self.new_report(lease, list)?);
        self.send_report(report).await
    }

    /// A report that may be sent more than once.
    pub(crate) fn new_report(&self, lease: &Lease, list: Vec<Progress>) -> Result<Report, Error> {
        let (clock, ids) = (self.clock.clone(), Arc::clone(&self.ids));
        let mark = ids.uuid(self.now_here())?;
        Ok(Report { lease: lease.clone(), list, mark, is_repeated: false, clock, ids })
    }

    /// Writes it.
    pub(crate) async fn send_report(&self, report: Arc<Report>) -> Result<RunRecord, Error> {
        let record = self
            .store
            .tell(move |tx| {
                let report = Arc::clone(&report);
                Box::pin(async move { progress::report(tx, &report).await })
            })
            .await?;
        self.hint_progress();
        Ok(record)
    }

    /// A run.
    ///
    /// # Errors
    /// What the database said.
    pub async fn run(&self, run: RunKey) -> Result<Option<RunRecord>, Error> {
        let rows = self.store.ask(&of::RUN_READ, vec![run.value()]).await?;
        rows.first().map(|row| RunRecord::of(row)).transpose()
    }

    /// The newest runs, of a job, at a status, or all.
    ///
    /// # Errors
    /// What the database said.
    pub async fn runs(
        &self,
        job: Option<&str>,
        status: Option<RunStatus>,
        limit: i64,
    ) -> Result<Vec<RunRecord>, Error> {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let limit = Value::Int(limit.clamp(0, PAGE_MAX));
        let rows = self.store.ask(&of::RUNS_LIST, vec![text(job), text(status.map(RunStatus::word)), limit]).await?;
        rows.iter().map(|row| RunRecord::of(row)).collect()
    }

    /// How often a run was taken over from a worker that was not heard of.
    pub(crate) async fn resurrections(&self, run: RunKey) -> Result<i64, Error> {
        let rows = self.store.ask(&of::RUN_RESURRECTIONS, vec![run.value()]).await?;
        only(&rows).and_then(|count| int(Some(count))).ok_or(Error::NoRun(run))
    }

    /// The run of this number.
    ///
    /// # Errors
    /// What the database said.
    pub async fn run_numbered(&self, number: i64) -> Result<Option<RunKey>, Error> {
        let rows = self.store.ask(&of::RUN_NUMBERED, vec![Value::Int(number)]).await?;
        Ok(only(&rows).and_then(|key| uuid(Some(key))).map(RunKey))
    }

    /// Runs whose keys begin with these hexadecimal digits, two at most; none where that is no beginning of a key.
    ///
    /// # Errors
    /// What the database said.
    pub async fn runs_beginning(&self, digits: &str) -> Result<Vec<RunKey>, Error> {
        let Some((first, last)) = RunKey::range(digits) else { return Ok(Vec::new()) };
        let rows = self.store.ask(&of::RUNS_BETWEEN, vec![first.value(), last.value()]).await?;
        Ok(rows.iter().filter_map(|row| uuid(row.first())).map(RunKey).collect())
    }

    /// The steps of a run, in its order, without what they gave.
    ///
    /// # Errors
    /// What the database said.
    pub async fn steps_standing(&self, run: RunKey) -> Result<Vec<StepRecord>, Error> {
        let rows = self.store.ask(&of::STEPS_STAND, vec![run.value()]).await?;
        rows.iter().map(|row| StepRecord::of(run, row)).collect()
    }

    /// The steps of a run, in its order.
    ///
    /// # Errors
    /// What the database said.
    pub async fn steps(&self, run: RunKey) -> Result<Vec<StepRecord>, Error> {
        let rows = self.store.ask(&of::STEPS_READ, vec![run.value()]).await?;
        rows.iter().map(|row| StepRecord::of(run, row)).collect()
    }

    /// Lines of a run behind a number, [`PAGE_MAX`] at most.
    ///
    /// # Errors
    /// What the database said.
    pub async fn logs(&self, run: RunKey, after: i64) -> Result<Vec<LogRecord>, Error> {
        let values = vec![run.value(), Value::Int(after), Value::Int(PAGE_MAX)];
        let rows = self.store.ask(&of::LOGS_READ, values).await?;
        rows.iter().map(|row| LogRecord::of(run, row)).collect()
    }

    /// What happened in a run behind a number, [`PAGE_MAX`] at most.
    ///
    /// # Errors
    /// What the database said.
    pub async fn events(&self, run: RunKey, after: i64) -> Result<Vec<EventRecord>, Error> {
        let values = vec![run.value(), Value::Int(after), Value::Int(PAGE_MAX)];
        let rows = self.store.ask(&of::EVENTS_READ, values).await?;
        rows.iter().map(|row| EventRecord::of(run, row)).collect()
    }

    /// Rises when something happens in a run.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<u64> {
        self.hints.progress.subscribe()
    }

    /// Hears what happens on other machines until it is told to stop; on SQLite there are none.
    pub async fn listen(&self, mut stop: watch::Receiver<bool>) {
        let Driver::Postgres(postgres) = self.store.driver() else { return };
        while !*stop.borrow() {
            match postgres.listen(LISTEN).await {
                Ok(mut listening) => {
                    // What was told before somebody listened is looked for once.
                    self.heard("queue");
                    self.heard("cancel");
                    self.heard("outbox");
                    loop {
                        let heard = tokio::select! {
                            heard = listening.next() => heard,
                            _stopped = stop.changed() => return,
                        };
                        let Some(word) = heard else { break };
                        self.heard(&word);
                    }
                }
                Err(error) => tracing::warn!(error = crate::chain(&error), "nothing is heard of other machines"),
            }
            tokio::select! {
                () = tokio::time::sleep(LISTEN_PAUSE) => {}
                _stopped = stop.changed() => return,
            }
        }
    }

    fn heard(&self, word: &str) {
        match word {
            "queue" => self.hint_queue(),
            "cancel" => self.hint_cancel(),
            "outbox" => self.hint_outbox(),
            _ => self.hint_progress(),
        }
    }

    /// The model whose jobs are served.
    #[must_use]
    pub fn model(&self) -> Arc<Model> {
        Arc::clone(&self.served().model)
    }

    pub(crate) fn served(&self) -> Arc<ServedJobs> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a run executes.
    pub(crate) async fn definition(&self, run: &RunRecord) -> Result<Definition, Error> {
        let rows = self.store.ask(&of::DEFINITION_READ, vec![Value::Uuid(run.version)]).await?;
        let unreadable = |what: String| Error::Unreadable { run: run.key, what };
        let json: Json =
            crate::record::json(only(&rows)).ok_or_else(|| unreadable("its definition is not there".to_owned()))?;
        serde_json::from_value(json).map_err(|met| unreadable(format!("its definition: {met}")))
    }

    pub(crate) fn hint_queue(&self) {
        self.hints.queue.send_modify(|count| *count = count.wrapping_add(1));
        self.hint_progress();
    }

    pub(crate) fn hint_cancel(&self) {
        self.hints.cancel.send_modify(|count| *count = count.wrapping_add(1));
        self.hint_progress();
    }

    pub(crate) fn hint_outbox(&self) {
        self.hints.outbox.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn hint_progress(&self) {
        self.hints.progress.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The time of new ids: what is stored goes by the database's.
    fn now_here(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}

/// Steps that need what did not succeed in the run that is repeated, or that take a value which it does not have, and that are launched without it.
fn lacking((job, definition): (&Job, &Definition), chosen: &Steps, before: &[StepRecord]) -> Vec<SelectionFault> {
    let is_chosen = |op: usize| chosen.list().iter().any(|step| step.op == op);
    let status = |op: usize| {
        before.iter().find(|step| step.key == definition.ops[op].name).map(|step| step.status == StepStatus::Succeeded)
    };
    let is_given = |op: usize| is_chosen(op) || status(op) == Some(true);
    let starves = |input: &NodeInput| {
        let must_be_given = input.of.required && input.of.kind != OpTypeKind::Nothing && input.default.is_none();
        must_be_given && input.feeds.iter().all(|feed| !is_given(usize::from(feed.op.0)))
    };
    let mut faults = Vec::new();
    for step in chosen.list() {
        let op = &definition.ops[step.op];
        let starving: Vec<_> = job.ops[step.op].inputs.iter().filter(|input| starves(input)).collect();
        for need in op.needs.iter().copied().filter(|need| !is_chosen(*need)) {
            let feeds = |input: &&NodeInput| input.feeds.iter().any(|feed| usize::from(feed.op.0) == need);
            if status(need) == Some(false) || starving.iter().any(feeds) {
                let need = definition.ops[need].name.clone();
                faults.push(SelectionFault::NotMade { step: op.name.clone(), need });
            }
        }
    }
    faults
}

/// Says in a dialect's causes why something is not done.
pub type Refusing = fn(&Error) -> Cause;

/// What an effect does.
enum Act {
    Launch(Arc<NewRun>),
    LaunchAll(Vec<Arc<NewRun>>),
    Cancel(Cancel),
    CancelEach(CancelEach),
    Delete(RunKey),
    Switch(u128, Option<bool>),
}

/// A change of the engine in the transaction of a request.
struct EngineEffect {
    engine: Arc<Engine>,
    refuse: Refusing,
    hint: fn(&Engine),
    act: Act,
}

async fn launch_all(tx: &Tx, clock: Value, list: &[Arc<NewRun>]) -> Result<(), Error> {
    for new in list {
        launch::tell(tx, clock.clone(), new).await?;
    }
    Ok(())
}

impl Effect for EngineEffect {
    fn tell<'a>(&'a self, tx: &'a Tx) -> Telling<'a, Option<Value>, EffectFailure> {
        Box::pin(async move {
            let told = match &self.act {
                Act::Launch(new) => launch::tell(tx, self.engine.clock.given(), new).await.map(|of| Some(of.run)),
                Act::LaunchAll(list) => launch_all(tx, self.engine.clock.given(), list).await.map(|()| None),
                Act::Cancel(ask) => cancel::cancel(tx, ask).await.map(|of| Some(of.key)),
                Act::CancelEach(each) => cancel::cancel_each(tx, each).await.map(|()| None),
                Act::Delete(run) => cancel::delete(tx, *run).await.map(|()| None),
                Act::Switch(schedule, is_running) => {
                    scheduler::switch(tx, self.engine.clock.given(), (*schedule, *is_running)).await.map(|()| None)
                }
            };
            match told {
                Ok(run) => Ok(run.map(RunKey::value)),
                Err(Error::Store(error)) => Err(EffectFailure::Store(error)),
                Err(error) => Err(EffectFailure::Refused((self.refuse)(&error))),
            }
        })
    }

    fn ended(&self, ended: Ended) {
        match ended {
            Ended::Written | Ended::Unknown => (self.hint)(&self.engine),
            Ended::Undone => {}
        }
    }
}
