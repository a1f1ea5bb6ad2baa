//! The worker: takes runs while it has room, executes each in a task of its own, and says that it lives.
//!
//! One loop owns all of it. It wakes when a run is launched or cancelled, when a run of its own ends, when it must renew its leases, and now and
//! then for what nobody told it of. A worker that could not renew in time lets go of its processes before anybody else may take their runs.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::execute::{Execution, Order};
use crate::step::Shared;
use crate::transition::RunStatus;
use crate::{Claimed, Engine, Lease, RunKey, Scratch};

/// How long a worker has its runs without saying that it lives.
pub const LEASE: Duration = Duration::from_secs(9);
/// Between two signs of life.
pub const HEARTBEAT: Duration = Duration::from_secs(3);
/// Between two looks for what nobody told of: leases of workers that died, runs launched elsewhere.
pub const LOOK: Duration = Duration::from_secs(4);
/// After a failure of the database, before the next try.
const PAUSE: Duration = Duration::from_secs(1);
/// What a sign of life may take.
const RENEWAL: Duration = Duration::from_secs(2);
/// How long a worker that cannot say that it lives keeps its processes. What is left of [`LEASE`] is for ending them, and a second for clocks.
const HOLD: Duration = Duration::from_secs(6);
const _: () = assert!(
    HOLD.as_millis() + crate::process::ABANDONED_GRACE_MAX.as_millis() + 1_000 <= LEASE.as_millis(),
    "processes are gone before another worker may start them again"
);

/// What a worker is told at its start.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Its name, unlike that of any other.
    pub name: String,
    /// The product's own binary, which guards processes.
    pub guard: PathBuf,
    /// Where processes run: the project's folder.
    pub directory: PathBuf,
    /// Where their files stand.
    pub scratch: Arc<Scratch>,
    /// What they find in their environment.
    pub environment: BTreeMap<String, String>,
    /// Runs at once at most.
    pub runs_max: usize,
    /// Steps of one run at once at most, where its job does not say.
    pub steps_max: usize,
    /// Between asking a process to end and ending it.
    pub grace: Duration,
}

/// Works until it is told to stop; then it ends its processes, writes what they gave, and leaves its runs to others.
pub async fn work(engine: Arc<Engine>, settings: WorkerSettings, mut stop: watch::Receiver<bool>) {
    let mut worker = Worker::new(engine, settings);
    let mut queue = worker.engine.hints.queue.subscribe();
    let mut cancel = worker.engine.hints.cancel.subscribe();
    let clock = worker.engine.clock.clone();
    loop {
        if *stop.borrow() && !worker.is_stopping {
            worker.stop();
        }
        worker.begin_what_is_due(clock.moment());
        if worker.is_stopping && worker.tasks.is_empty() && worker.claiming.is_none() {
            return worker.end().await;
        }
        let wake_at = worker.wake_at();
        tokio::select! {
            stopped = stop.changed(), if !worker.is_stopping => if stopped.is_err() { worker.stop() },
            _launched = queue.changed() => worker.look_at = clock.moment(),
            _canceled = cancel.changed() => worker.renew_from = None,
            Some(lease) = worker.tasks.next() => worker.ended(lease),
            (asked, answer) = answer(&mut worker.claiming) => worker.claimed(asked, answer),
            (asked, answer) = answer(&mut worker.renewing) => worker.renewed(asked, answer),
            () = clock.until(wake_at) => {}
        }
    }
}

struct Worker {
    engine: Arc<Engine>,
    settings: Arc<WorkerSettings>,
    shared: Arc<Shared>,
    held: HashMap<RunKey, Held>,
    tasks: Tasks,
    /// Questions to the database are tasks, so that one that is not answered holds up nothing.
    claiming: Option<Asking<Vec<Claimed>>>,
    renewing: Option<Asking<Renewed>>,
    /// When it looks for runs next.
    look_at: Instant,
    /// Not before this it says that it lives; none: at once.
    renew_from: Option<Instant>,
    is_stopping: bool,
    /// Leases to give back.
    left: Vec<Lease>,
}

/// What was asked, and what the database said.
type Renewed = (Vec<Lease>, Vec<(RunKey, RunStatus)>);

/// A question to the database.
struct Asking<T> {
    asked: Instant,
    task: JoinHandle<Result<T, String>>,
}

/// The answer to a question, when it comes.
async fn answer<T>(asking: &mut Option<Asking<T>>) -> (Instant, Result<T, String>) {
    let Some(of) = asking else { return std::future::pending().await };
    let told = (&mut of.task).await;
    let asked = of.asked;
    *asking = None;
    (asked, told.unwrap_or_else(|error| Err(error.to_string())))
}

/// The tasks of the runs, each with its lease, so that one that panics is known by it.
#[derive(Default)]
struct Tasks {
    set: JoinSet<()>,
    leases: HashMap<Id, Lease>,
}

impl Tasks {
    fn spawn(&mut self, lease: Lease, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(task).id();
        self.leases.insert(id, lease);
    }

    fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The lease of the next task that ends; none when there is no task.
    async fn next(&mut self) -> Option<Lease> {
        let id = match self.set.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "the task of a run was broken off; the run goes on when its lease ends");
                error.id()
            }
        };
        self.leases.remove(&id)
    }
}

/// A run that this worker has.
struct Held {
    lease: Lease,
    orders: watch::Sender<Order>,
    /// When it was asked for what it has: the lease stands for [`LEASE`] from then on at least.
    renewed: Instant,
    is_let_go: bool,
}

impl Held {
    fn order(&self, order: Order) {
        self.orders.send_if_modified(|before| std::mem::replace(before, order) != order);
    }

    /// When its processes must be let go, so that they have ended before another may take the run.
    fn let_go_at(&self) -> Instant {
        self.renewed + HOLD
    }
}

impl Worker {
    fn new(engine: Arc<Engine>, settings: WorkerSettings) -> Worker {
        let shared = Shared {
            guard: settings.guard.clone(),
            directory: settings.directory.clone(),
            environment: settings.environment.clone(),
            grace_ms: u64::try_from(settings.grace.as_millis()).unwrap_or(u64::MAX),
        };
        Worker {
            settings: Arc::new(settings),
            shared: Arc::new(shared),
            held: HashMap::new(),
            tasks: Tasks::default(),
            claiming: None,
            renewing: None,
            look_at: engine.clock.moment(),
            engine,
            renew_from: None,
            is_stopping: false,
            left: Vec::new(),
        }
    }

    /// Runs that it may still write of.
    fn living(&self) -> impl Iterator<Item = &Held> {
        self.held.values().filter(|held| !held.is_let_go)
    }

    fn wake_at(&self) -> Instant {
        let look_at = (self.claiming.is_none() && !self.is_stopping).then_some(self.look_at);
        let renew_at = if self.renewing.is_none() { self.renew_at() } else { None };
        let let_go_at = self.living().map(Held::let_go_at).min();
        let wake_at = [look_at, renew_at, let_go_at].into_iter().flatten().min();
        wake_at.unwrap_or_else(|| self.engine.clock.moment() + LOOK)
    }

    /// When it must say that it lives.
    fn renew_at(&self) -> Option<Instant> {
        let first = self.living().map(|held| held.renewed).min()?;
        Some(self.renew_from.map_or(first, |from| from.max(first + HEARTBEAT)))
    }

    fn begin_what_is_due(&mut self, now: Instant) {
        for held in self.held.values_mut().filter(|held| !held.is_let_go && now >= held.let_go_at()) {
            tracing::warn!(run = %held.lease.run, "this worker could not say in time that it lives: it lets go of the run");
            held.is_let_go = true;
            held.order(Order::LetGo);
        }
        if self.renewing.is_none() && self.renew_at().is_some_and(|at| now >= at) {
            self.renew(now);
        }
        if self.claiming.is_none() && !self.is_stopping && now >= self.look_at {
            self.claim(now);
        }
    }

    /// Asks for what there is room for.
    fn claim(&mut self, now: Instant) {
        self.look_at = now + LOOK;
        let room = self.settings.runs_max.saturating_sub(self.held.len());
        if room == 0 {
            return;
        }
        let (engine, settings) = (Arc::clone(&self.engine), Arc::clone(&self.settings));
        let asking = async move {
            let claimed = engine.claim(&settings.name, LEASE, room).await;
            claimed.map_err(|error| crate::chain(&error))
        };
        self.claiming = Some(Asking { asked: now, task: tokio::spawn(asking) });
    }

    fn claimed(&mut self, asked: Instant, answer: Result<Vec<Claimed>, String>) {
        match answer {
            Ok(claimed) if self.is_stopping => self.left.extend(claimed.into_iter().map(|claimed| claimed.lease)),
            Ok(claimed) => claimed.into_iter().for_each(|claimed| self.take(claimed, asked)),
            Err(error) => {
                tracing::warn!(error, "no runs could be taken; tried again soon");
                self.look_at = self.engine.clock.moment() + PAUSE;
            }
        }
    }

    fn take(&mut self, claimed: Claimed, asked: Instant) {
        let (orders, receiver) = watch::channel(Order::GoOn);
        let lease = claimed.lease.clone();
        let held = Held { lease: lease.clone(), orders, renewed: asked, is_let_go: false };
        // What it had of this run before, it has lost.
        if let Some(before) = self.held.insert(lease.run, held) {
            before.order(Order::LetGo);
        }
        let execution = Execution {
            engine: Arc::clone(&self.engine),
            settings: Arc::clone(&self.settings),
            shared: Arc::clone(&self.shared),
            claimed,
            orders: receiver,
        };
        self.tasks.spawn(lease, execution.run());
    }

    fn ended(&mut self, lease: Lease) {
        if self.held.get(&lease.run).is_some_and(|held| held.lease == lease) {
            self.held.remove(&lease.run);
        }
        if self.is_stopping {
            self.left.push(lease);
        }
        self.look_at = self.engine.clock.moment();
    }

    /// Says that it lives.
    fn renew(&mut self, now: Instant) {
        self.renew_from = Some(now + PAUSE / 4);
        let leases: Vec<Lease> = self.living().map(|held| held.lease.clone()).collect();
        let (engine, settings) = (Arc::clone(&self.engine), Arc::clone(&self.settings));
        let asking = async move {
            let renewed = tokio::time::timeout(RENEWAL, engine.renew(&settings.name, LEASE, leases.clone())).await;
            let renewed = renewed.map_err(|_| "it took too long".to_owned())?;
            renewed.map(|kept| (leases, kept)).map_err(|error| crate::chain(&error))
        };
        self.renewing = Some(Asking { asked: now, task: tokio::spawn(asking) });
    }

    fn renewed(&mut self, asked: Instant, answer: Result<Renewed, String>) {
        let (leases, kept) = match answer {
            Ok(renewed) => renewed,
            Err(error) => {
                tracing::warn!(error, "this worker could not say that it lives");
                return;
            }
        };
        for held in self.held.values_mut().filter(|held| !held.is_let_go && leases.contains(&held.lease)) {
            let status = kept.iter().find(|(run, _)| *run == held.lease.run).map(|(_, status)| *status);
            held.is_let_go = status.is_none();
            held.renewed = asked;
            held.order(match status {
                None => Order::LetGo,
                Some(_) if self.is_stopping => Order::Stop,
                Some(RunStatus::Canceling) => Order::Cancel,
                Some(_) => Order::GoOn,
            });
        }
    }

    /// Begins to end its processes; its leases stand until they are gone.
    fn stop(&mut self) {
        self.is_stopping = true;
        self.living().for_each(|held| held.order(Order::Stop));
    }

    /// Leaves its runs to others.
    async fn end(self) {
        if self.left.is_empty() {
            return;
        }
        let released = tokio::time::timeout(LEASE, self.engine.release(&self.settings.name, self.left)).await;
        let error = match released {
            Ok(Ok(())) => return,
            Ok(Err(error)) => crate::chain(&error),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(error, "the runs of this worker go on when its leases end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_gives_its_lease_back() {
        let lease = |run| Lease { run: RunKey(run), worker: "one".to_owned(), fence: 1 };
        let mut tasks = Tasks::default();
        tasks.spawn(lease(1), async { panic!("as a fault of ours would") });
        assert_eq!(tasks.next().await, Some(lease(1)));
        tasks.spawn(lease(2), async {});
        assert_eq!(tasks.next().await, Some(lease(2)));
        assert_eq!(tasks.next().await, None);
    }
}
