//! Launches runs by events of content. Each row of the outbox becomes one run, in the transaction that removes the row, so that several servers
//! launch it once and a crash between the change and the launch loses nothing.
//!
//! A change that a run has made launches no job whose runs led to it: so a job whose mutation makes its own event does not launch itself without
//! end, and neither do two jobs that listen to each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plan::Value;
use serde_json::{Value as Json, json};
use store::{Ids, Store, Tx, outbox};
use tokio::sync::watch;

use crate::happening::Waiting;
use crate::launch::{Launch, NewRun};
use crate::record::{RunKey, clock_of, instant};
use crate::{Clock, Engine, Error, launch, statements as of};

/// Events that one transaction turns into runs.
const BATCH: usize = 50;
/// Between two looks for events that nobody told of.
const LOOK: Duration = Duration::from_secs(10);
/// How long an event waits for somebody who has its job; then nobody will come.
pub const OUTBOX_AGE_MAX: Duration = Duration::from_hours(7 * 24);
/// Between two looks for events that have waited so long.
const AGE_LOOK: Duration = Duration::from_hours(1);
/// After a failure of the database, before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Launches runs by events of content until it is told to stop.
pub async fn launch_by_events(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let (mut here, mut elsewhere) = (engine.store.outbox(), engine.hints.outbox.subscribe());
    let mut retired: Option<Instant> = None;
    while !*stop.borrow() {
        here.mark_unchanged();
        elsewhere.mark_unchanged();
        let pause = match engine.launch_waiting().await {
            Ok(taken) if taken >= BATCH => continue,
            Ok(_) => {
                // What is this project's is launched by now, however long it has waited.
                if retired.is_none_or(|at| at.elapsed() >= AGE_LOOK) {
                    retired = Some(Instant::now());
                    engine.retire_told().await;
                }
                LOOK
            }
            Err(error) => {
                tracing::warn!(error = crate::chain(&error), "events of content launch nothing now; tried again soon");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _put = here.changed() => {}
            _told = elsewhere.changed() => {}
            _stopped = stop.changed() => {}
        }
    }
}

/// Removes events that have waited for [`OUTBOX_AGE_MAX`] until it is told to stop: for a project that has no jobs any more, and so no engine, but may
/// have had some.
pub async fn retire_events(store: Arc<Store>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = retire_waiting(&store, &Clock::Database).await {
            // A project that never had jobs is none the worse for it.
            tracing::debug!(error = crate::chain(&error), "old events of content cannot be removed now");
        }
        tokio::select! {
            () = tokio::time::sleep(AGE_LOOK) => {}
            _stopped = stop.changed() => {}
        }
    }
}

/// Removes events of content that have waited for [`OUTBOX_AGE_MAX`]; gives how many. There are none where there never was an engine.
///
/// # Errors
/// What the database said.
pub async fn retire_waiting(store: &Store, clock: &Clock) -> Result<usize, Error> {
    let clock = clock.clone();
    let retired = store
        .tell(move |tx| {
            let clock = clock.given();
            Box::pin(async move {
                if tx.one(&outbox::THERE, Vec::new()).await?.is_empty() {
                    return Ok(0);
                }
                let now = clock_of(&tx.one(&of::CLOCK, vec![clock]).await?)?;
                let age = i64::try_from(OUTBOX_AGE_MAX.as_micros()).unwrap_or(i64::MAX);
                let oldest = Value::Instant(now.saturating_sub(age));
                Ok::<_, Error>(tx.one(&outbox::RETIRE, vec![oldest]).await?.len())
            })
        })
        .await?;
    if retired > 0 {
        let days = OUTBOX_AGE_MAX.as_secs() / 86_400;
        tracing::warn!(events = retired, "events of content waited {days} days for their jobs; they launch nothing");
    }
    Ok(retired)
}

/// The jobs that listen, each with the run that an event of it becomes.
struct Listening {
    jobs: Vec<([String; 3], NewRun)>,
    ids: Arc<Ids>,
}

impl Engine {
    /// Turns events that wait into runs, some of them; gives how many were taken.
    ///
    /// # Errors
    /// What the database said.
    pub async fn launch_waiting(&self) -> Result<usize, Error> {
        let listening = Arc::new(self.listening().await?);
        if listening.jobs.is_empty() {
            return Ok(0);
        }
        let clock = self.clock.clone();
        let taken = self
            .store
            .tell(move |tx| {
                let (listening, clock) = (Arc::clone(&listening), clock.given());
                Box::pin(async move { tell(tx, clock, &listening).await })
            })
            .await?;
        if taken > 0 {
            self.hint_queue();
        }
        Ok(taken)
    }

    /// Removes events that have waited for [`OUTBOX_AGE_MAX`]; gives how many. Events of jobs that are not this project's wait until then, for
    /// another server may have them.
    ///
    /// # Errors
    /// What the database said.
    pub async fn retire_waiting(&self) -> Result<usize, Error> {
        retire_waiting(&self.store, &self.clock).await
    }

    async fn retire_told(&self) {
        if let Err(error) = self.retire_waiting().await {
            tracing::warn!(
                error = crate::chain(&error),
                "old events of content cannot be removed now; tried again later"
            );
        }
    }

    async fn listening(&self) -> Result<Listening, Error> {
        let served = self.served();
        let mut jobs = Vec::new();
        for job in served.model.jobs.iter().filter(|job| !job.triggers.is_empty()) {
            let named = [job.location.clone(), job.repository.clone(), job.name.clone()];
            let [location, repository, name] = named.clone();
            match self.prepare(Launch { location, repository, job: name, ..Launch::default() }).await {
                Ok(new) => jobs.push((named, new)),
                Err(error @ Error::Store(_)) => return Err(error),
                // What is not launched at all is said where it is asked for.
                Err(error @ (Error::Hooked { .. } | Error::Dynamic { .. })) => {
                    tracing::debug!(job = job.name, error = crate::chain(&error), "events launch no job");
                }
                // What hinders one job keeps no other from its events; they wait.
                Err(error) => {
                    tracing::error!(job = job.name, error = crate::chain(&error), "an event could not launch a job");
                }
            }
        }
        Ok(Listening { jobs, ids: Arc::clone(&self.ids) })
    }
}

/// Takes events and launches what listens to them.
async fn tell(tx: &Tx, clock: Value, listening: &Listening) -> Result<usize, Error> {
    let word = |([location, repository, job], _): &([String; 3], NewRun)| json!({ "location": location, "repository": repository, "job": job });
    let jobs: Json = listening.jobs.iter().map(word).collect();
    let most = Value::Int(i64::try_from(BATCH).unwrap_or(i64::MAX));
    let asked = tx
        .run(vec![(&of::CLOCK, vec![clock.clone()]), (&outbox::TAKE, vec![Value::Json(jobs.to_string()), most])])
        .await?;
    let [now, rows] = asked.as_slice() else { return Ok(0) };
    if rows.is_empty() {
        return Ok(0);
    }
    let now = instant(now.first().and_then(|row| row.first())).unwrap_or_default();
    let mut numbers = Vec::with_capacity(rows.len());
    for row in rows {
        let waiting = Waiting::of(row).ok_or(store::Error::Malformed { expected: "an event of content" })?;
        numbers.push(waiting.number);
        if waiting.happening.cause.jobs.contains(&waiting.job) {
            let job = &waiting.job[2];
            let run = waiting.happening.cause.run.as_deref();
            tracing::warn!(job, run, "a run has made the event that launches its own job: it launches nothing");
            continue;
        }
        let Some((_, new)) = listening.jobs.iter().find(|(job, _)| *job == waiting.job) else { continue };
        let mut new = new.clone();
        new.key = RunKey(listening.ids.uuid(now)?);
        new.launch.tags.extend(waiting.happening.to_tags());
        launch::tell(tx, clock.clone(), &new).await?;
    }
    tx.one(&outbox::DONE, vec![Value::Json(json!(numbers).to_string())]).await?;
    Ok(rows.len())
}
