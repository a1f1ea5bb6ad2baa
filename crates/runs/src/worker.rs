//! The worker: takes runs while it has room, executes each in a task of its own, and says that it lives.
//!
//! One loop owns all of it. It wakes when a run is launched or cancelled, when a run of its own ends, when it must renew its leases, and now and
//! then for what nobody told it of. A worker that could not renew in time lets go of its processes before anybody else may take their runs.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::execute::{Execution, Order};
use crate::step::Shared;
use crate::transition::RunStatus;
use crate::{Claimed, Engine, Lease, RunKey};

/// How long a worker has its runs without saying that it lives.
pub const LEASE: Duration = Duration::from_secs(9);
/// Between two signs of life.
pub const HEARTBEAT: Duration = Duration::from_secs(3);
/// Between two looks for what nobody told of: leases of workers that died, runs launched elsewhere.
pub const LOOK: Duration = Duration::from_secs(4);
/// After a failure of the database, before the next try.
const PAUSE: Duration = Duration::from_secs(1);

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
    pub scratch: PathBuf,
    /// What they find in their environment.
    pub environment: BTreeMap<String, String>,
    /// Runs at once at most.
    pub runs_max: usize,
    /// Steps of one run at once at most, where its job does not say.
    pub steps_max: usize,
    /// Between asking a process to end and ending it.
    pub grace: Duration,
}

/// Works until it is told to stop; then it ends its processes and leaves its runs to others.
pub async fn work(engine: Arc<Engine>, settings: WorkerSettings, mut stop: watch::Receiver<bool>) {
    let mut worker = Worker::new(engine, settings);
    let mut queue = worker.engine.hints.queue.subscribe();
    let mut cancel = worker.engine.hints.cancel.subscribe();
    let mut look_at = Instant::now();
    let mut is_asked = true;
    while !*stop.borrow() {
        if is_asked || Instant::now() >= look_at {
            is_asked = false;
            look_at = Instant::now() + if worker.claim().await { LOOK } else { PAUSE };
        }
        let wake_at = worker.renew_at().map_or(look_at, |at| at.min(look_at));
        tokio::select! {
            _stopped = stop.changed() => {}
            _launched = queue.changed() => is_asked = true,
            _canceled = cancel.changed() => worker.renew().await,
            Some(lease) = worker.tasks.next() => {
                worker.ended(&lease);
                is_asked = true;
            }
            () = sleep_until(wake_at) => {}
        }
        if worker.renew_at().is_some_and(|at| Instant::now() >= at) {
            worker.renew().await;
        }
    }
    worker.end().await;
}

struct Worker {
    engine: Arc<Engine>,
    settings: Arc<WorkerSettings>,
    shared: Arc<Shared>,
    held: HashMap<RunKey, Held>,
    tasks: Tasks,
    renewed: Instant,
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
            engine,
            settings: Arc::new(settings),
            shared: Arc::new(shared),
            held: HashMap::new(),
            tasks: Tasks::default(),
            renewed: Instant::now(),
        }
    }

    /// Takes what there is room for. False when the database did not answer.
    async fn claim(&mut self) -> bool {
        let room = self.settings.runs_max.saturating_sub(self.held.len());
        if room == 0 {
            return true;
        }
        let asked = Instant::now();
        match self.engine.claim(&self.settings.name, LEASE, room).await {
            Ok(claimed) => {
                if self.held.is_empty() {
                    self.renewed = asked;
                }
                for claimed in claimed {
                    self.take(claimed);
                }
                true
            }
            Err(error) => {
                tracing::warn!(error = crate::chain(&error), "no runs could be taken; tried again soon");
                false
            }
        }
    }

    fn take(&mut self, claimed: Claimed) {
        let (orders, receiver) = watch::channel(Order::GoOn);
        let lease = claimed.lease.clone();
        // What it had of this run before, it has lost.
        if let Some(before) = self.held.insert(lease.run, Held { lease: lease.clone(), orders }) {
            before.orders.send_replace(Order::LetGo);
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

    fn ended(&mut self, lease: &Lease) {
        if self.held.get(&lease.run).is_some_and(|held| &held.lease == lease) {
            self.held.remove(&lease.run);
        }
    }

    /// When it must say that it lives.
    fn renew_at(&self) -> Option<Instant> {
        (!self.held.is_empty()).then(|| self.renewed + HEARTBEAT)
    }

    async fn renew(&mut self) {
        let asked = Instant::now();
        let leases: Vec<Lease> = self.held.values().map(|held| held.lease.clone()).collect();
        if leases.is_empty() {
            return;
        }
        match tokio::time::timeout(HEARTBEAT, self.engine.renew(&self.settings.name, LEASE, leases)).await {
            Ok(Ok(kept)) => {
                self.renewed = asked;
                for (run, held) in &self.held {
                    let order = match kept.iter().find(|(kept, _)| kept == run) {
                        None => Order::LetGo,
                        Some((_, RunStatus::Canceling)) => Order::Cancel,
                        Some(_) => Order::GoOn,
                    };
                    held.orders.send_if_modified(|before| std::mem::replace(before, order) != order);
                }
            }
            failed => {
                let error = failed.map_or_else(
                    |_| "it took too long".to_owned(),
                    |failed| match failed {
                        Ok(_) => String::new(),
                        Err(error) => crate::chain(&error),
                    },
                );
                tracing::warn!(error, "this worker could not say that it lives");
                if asked.duration_since(self.renewed) + HEARTBEAT >= LEASE {
                    for held in self.held.values() {
                        held.orders.send_replace(Order::LetGo);
                    }
                } else {
                    tokio::time::sleep(PAUSE / 4).await;
                }
            }
        }
    }

    /// Ends its processes, then leaves its runs to others.
    async fn end(mut self) {
        let leases: Vec<Lease> = self.held.values().map(|held| held.lease.clone()).collect();
        for held in self.held.values() {
            held.orders.send_replace(Order::LetGo);
        }
        while self.tasks.next().await.is_some() {}
        if !leases.is_empty()
            && let Err(error) = self.engine.release(&self.settings.name, leases).await
        {
            tracing::warn!(error = crate::chain(&error), "the runs of this worker go on when its leases end");
        }
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
