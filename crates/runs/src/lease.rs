//! Leases: which worker has which run, until when. Who has lost one can write nothing of its run ([`crate::progress`]).

use std::sync::Arc;
use std::time::Duration;

use plan::{Value, uuid_text};
use serde_json::{Value as Json, json};
use store::{Ids, Tx};

use crate::progress::{Moved, run_calls};
use crate::record::{RunKey, instant, int, text, uuid};
use crate::statements as of;
use crate::transition::{Event, Executor, RunEvent, RunState, RunStatus, transition};
use crate::{Clock, Error};

/// A worker has a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunKey,
    /// The worker.
    pub worker: String,
    /// Rises each time that somebody takes the run: an older one is void.
    pub fence: i64,
}

/// A run that a worker took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// Another worker had it before and was not heard of.
    pub is_taken_over: bool,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) worker: String,
    /// How long it has a run without saying that it lives.
    pub(crate) lease: Duration,
    /// Runs at most.
    pub(crate) most: usize,
    pub(crate) clock: Clock,
    pub(crate) ids: Arc<Ids>,
}

/// Takes runs: first those whose worker was not heard of, then those that wait.
pub(crate) async fn claim(tx: &Tx, claim: &Claim) -> Result<Vec<Claimed>, Error> {
    let most = i64::try_from(claim.most).unwrap_or(i64::MAX);
    let with = |first: Value| vec![first, Value::Int(most)];
    let asked = tx
        .run(vec![
            (&of::CLOCK, vec![claim.clock.given()]),
            (&of::LEASES_LOST, with(claim.clock.given())),
            (&of::QUEUE_TAKE, with(claim.clock.given())),
        ])
        .await?;
    let now = instant(asked[0].first().and_then(|row| row.first())).unwrap_or_default();
    let lost = asked[1].iter().map(|row| (row, true));
    let waiting = asked[2].iter().map(|row| (row, false));
    let until = now.saturating_add(micros(claim.lease));
    let mut calls = Vec::new();
    let mut taken = Vec::new();
    for (row, is_taken_over) in lost.chain(waiting).take(claim.most) {
        let run = RunKey(uuid(row.first()).unwrap_or_default());
        let moved = taken_run(claim, run, row, is_taken_over, now)?;
        taken.push((run, is_taken_over, calls.len()));
        calls.push((&of::LEASE_PUT, vec![run.value(), Value::Text(claim.worker.clone()), Value::Instant(until)]));
        calls.extend(run_calls(&moved, &claim.ids, now)?);
    }
    let rows = tx.run(calls).await?;
    let claimed = |(run, is_taken_over, at): (RunKey, bool, usize)| {
        let missing = || Error::Unreadable { run, what: "the fence of its lease".to_owned() };
        let fence = int(rows.get(at).and_then(|rows| rows.first()?.first())).ok_or_else(missing)?;
        Ok(Claimed { lease: Lease { run, worker: claim.worker.clone(), fence }, is_taken_over })
    };
    taken.into_iter().map(claimed).collect()
}

fn taken_run(claim: &Claim, run: RunKey, row: &[Value], is_taken_over: bool, now: i64) -> Result<Moved, Error> {
    let wrong = || Error::Unreadable { run, what: "its status".to_owned() };
    let status = text(row.get(1)).and_then(|word| RunStatus::named(&word)).ok_or_else(wrong)?;
    let version = int(row.get(2)).and_then(|version| u64::try_from(version).ok()).unwrap_or_default();
    let from = RunState { status, word: status.state_word(), version };
    let event = if is_taken_over { RunEvent::Resume } else { RunEvent::Take };
    let to = transition(Executor::Own, from, Event::Own(event))?;
    let mut moved = Moved::new(run, to, now);
    moved.worker = Some(claim.worker.clone());
    if is_taken_over {
        let before = text(row.get(4)).unwrap_or_default();
        let message = format!("The worker {before} was not heard of; {} goes on.", claim.worker);
        moved.message.clone_from(&message);
        moved.event("ENGINE_EVENT", "INFO", &message);
    } else {
        moved.launched_at = Some(now);
        "Taken by a worker.".clone_into(&mut moved.message);
        moved.event("RUN_STARTING", "INFO", "");
    }
    Ok(moved)
}

/// A worker says that it lives; gives the runs that it still has, with their status.
pub(crate) async fn renew(
    tx: &Tx,
    clock: &Clock,
    (worker, lease): (&str, Duration),
    leases: &[Lease],
) -> Result<Vec<(RunKey, RunStatus)>, Error> {
    let values = vec![clock.given(), Value::Text(worker.to_owned()), held(leases), Value::Int(micros(lease))];
    let rows = tx.one(&of::LEASES_RENEW, values).await?;
    let row = |row: &Vec<Value>| Some((RunKey(uuid(row.first())?), RunStatus::named(&text(row.get(1))?)?));
    Ok(rows.iter().filter_map(row).collect())
}

/// A worker that ends leaves its runs to others at once.
pub(crate) async fn release(tx: &Tx, worker: &str, leases: &[Lease]) -> Result<(), Error> {
    tx.run(vec![
        (&of::LEASES_RELEASE, vec![Value::Text(worker.to_owned()), held(leases)]),
        (&of::NOTIFY, vec![Value::Text("queue".to_owned())]),
    ])
    .await?;
    Ok(())
}

fn held(leases: &[Lease]) -> Value {
    let item = |lease: &Lease| json!({ "run": uuid_text(lease.run.0), "fence": lease.fence });
    Value::Json(leases.iter().map(item).collect::<Json>().to_string())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
