//! Leases: which worker has which run, until when. Who has lost one can write nothing of its run ([`crate::progress`]).

use std::sync::Arc;
use std::time::Duration;

use plan::{Value, uuid_text};
use serde_json::{Value as Json, json};
use store::{Ids, Tx};

use crate::progress::{Moved, run_calls};
use crate::record::{Row, RunKey, clock_of, int, only};
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
    /// Another worker had it before and was not heard of; false also where it gave the run back.
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
    let now = clock_of(&asked[0])?;
    let lost = asked[1].iter().map(|row| (row, Found::Leased));
    let waiting = asked[2].iter().map(|row| (row, Found::Waiting));
    let until = now.saturating_add(micros(claim.lease));
    let mut calls = Vec::new();
    let mut taken = Vec::new();
    for (row, found) in lost.chain(waiting).take(claim.most) {
        let row = Row::of_run(row)?;
        let (run, before) = (row.run, before(&row, found)?);
        let moved = taken_run(claim, &row, before.as_ref(), now)?;
        let is_taken_over = matches!(before, Some(Before::Lost(_)));
        if is_taken_over {
            calls.push((&of::RUN_RESURRECTED, vec![run.value()]));
        }
        taken.push((run, is_taken_over, calls.len()));
        calls.push((&of::LEASE_PUT, vec![run.value(), Value::Text(claim.worker.clone()), Value::Instant(until)]));
        calls.extend(run_calls(&moved, &claim.ids, now)?);
    }
    let rows = tx.run(calls).await?;
    let claimed = |(run, is_taken_over, at): (RunKey, bool, usize)| {
        let missing = || Error::Unreadable { run, what: "the fence of its lease".to_owned() };
        let fence = int(rows.get(at).and_then(|rows| only(rows))).ok_or_else(missing)?;
        Ok(Claimed { lease: Lease { run, worker: claim.worker.clone(), fence }, is_taken_over })
    };
    taken.into_iter().map(claimed).collect()
}

/// Where a run that is taken comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It waited.
    Waiting,
    /// A worker has had it.
    Leased,
}

/// What became of the worker that had a run.
enum Before {
    /// It was not heard of.
    Lost(String),
    /// It gave the run back.
    Released,
}

/// A lease that was given back has no worker.
fn before(row: &Row<'_>, found: Found) -> Result<Option<Before>, Error> {
    match found {
        Found::Waiting => Ok(None),
        Found::Leased => {
            let worker = row.text(4, "its worker")?;
            Ok(Some(if worker.is_empty() { Before::Released } else { Before::Lost(worker) }))
        }
    }
}

fn taken_run(claim: &Claim, row: &Row<'_>, before: Option<&Before>, now: i64) -> Result<Moved, Error> {
    let status = row.word(1, "its status", RunStatus::named)?;
    let version = row.count(2, "the version of its state")?;
    let from = RunState { status, word: status.state_word(), version };
    let event = if before.is_some() { RunEvent::Resume } else { RunEvent::Take };
    let to = transition(Executor::Own, from, Event::Own(event))?;
    let mut moved = Moved::new(row.run, to, now);
    moved.worker = Some(claim.worker.clone());
    let message = match before {
        Some(Before::Lost(worker)) => format!("The worker {worker} was not heard of; {} goes on.", claim.worker),
        Some(Before::Released) => format!("Its worker ended and gave it back; {} goes on.", claim.worker),
        None => {
            moved.launched_at = Some(now);
            "Taken by a worker.".clone_into(&mut moved.message);
            moved.event("RUN_STARTING", "INFO", "");
            return Ok(moved);
        }
    };
    moved.event("ENGINE_EVENT", "INFO", &message);
    moved.message = message;
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
    let kept = |row: &Vec<Value>| {
        let row = Row::of_run(row)?;
        Ok((row.run, row.word(1, "its status", RunStatus::named)?))
    };
    rows.iter().map(kept).collect()
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
