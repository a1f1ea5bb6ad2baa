//! Ending runs from outside, and removing them.

use std::sync::{Arc, Mutex, PoisonError};

use plan::Value;
use store::{Ids, Tx};

use crate::progress::{Call, Moved, run_calls};
use crate::record::{RunKey, RunRecord, StepRecord, clock_of};
use crate::statements as of;
use crate::transition::{Event, Executor, Refused, RunEvent, RunState, RunStatus, Word, transition};
use crate::{Clock, Error};

/// How a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its processes are asked to end; it is cancelled when they are gone. One that waits is cancelled at once.
    InOrder,
    /// It is cancelled at once, whatever its processes do; its worker ends them when it learns of it.
    AtOnce,
}

/// What ends a run.
#[derive(Debug, Clone)]
pub(crate) struct Cancel {
    pub(crate) run: RunKey,
    pub(crate) ending: Ending,
    pub(crate) clock: Clock,
    pub(crate) ids: Arc<Ids>,
}

/// Ends a run, or asks for it. Gives the run as it was before.
pub(crate) async fn cancel(tx: &Tx, cancel: &Cancel) -> Result<RunRecord, Error> {
    let run = cancel.run.value();
    let asked = tx
        .run(vec![
            (&of::LEASE_LOCK, vec![run.clone()]),
            (&of::RUN_LOCK, vec![run.clone()]),
            (&of::CLOCK, vec![cancel.clock.given()]),
            (&of::STEPS_STAND, vec![run.clone()]),
        ])
        .await?;
    let record = RunRecord::of(asked[1].first().ok_or(Error::NoRun(cancel.run))?)?;
    if record.executor == Executor::External {
        return Err(Error::Refused(Refused::Executor(Executor::External)));
    }
    let now = clock_of(&asked[2])?;
    let steps = asked[3].iter().map(|row| StepRecord::of(cancel.run, row)).collect::<Result<Vec<_>, _>>()?;
    let mut calls: Vec<Call> = Vec::new();
    let mut state = RunState {
        status: record.status,
        word: Word::named(&record.state_name).unwrap_or(record.status.state_word()),
        version: record.state_version,
    };
    let mut step = |event: RunEvent, (kind, level, message): (&str, &str, &str)| -> Result<(), Error> {
        state = transition(Executor::Own, state, Event::Own(event))?;
        let mut moved = Moved::new(cancel.run, state, now);
        message.clone_into(&mut moved.message);
        moved.cancel_reason = Some(if event == RunEvent::ForceCancel { "forced" } else { "asked" });
        moved.event(kind, level, message);
        calls.extend(run_calls(&moved, &cancel.ids, now)?);
        Ok(())
    };
    match (cancel.ending, record.status) {
        (Ending::AtOnce, _) => step(RunEvent::ForceCancel, ("RUN_CANCELED", "ERROR", FORCED))?,
        (Ending::InOrder, RunStatus::Queued) => {
            step(RunEvent::AskCancel, ("RUN_CANCELING", "INFO", "Canceling run from the queue."))?;
            step(RunEvent::EndCancel, ("RUN_CANCELED", "ERROR", OUTSIDE))?;
        }
        (
            Ending::InOrder,
            RunStatus::Starting
            | RunStatus::Started
            | RunStatus::Canceling
            | RunStatus::Succeeded
            | RunStatus::Failed
            | RunStatus::Canceled,
        ) => step(RunEvent::AskCancel, ("RUN_CANCELING", "INFO", "Sending run termination request."))?,
    }
    if state.status.is_finished() {
        calls.extend(crate::progress::cancel_steps(&steps, cancel.run, &cancel.ids, now)?);
        calls.push((&of::LEASE_DROP, vec![run]));
    }
    calls.push((&of::NOTIFY, vec![Value::Text("cancel".to_owned())]));
    tx.run(calls).await?;
    Ok(record)
}

const OUTSIDE: &str = "This run has been marked as canceled from outside the execution context.";
const FORCED: &str = "This run was canceled at once; processes that it started may still be ending.";

/// Several runs that are to end, each by itself: what cannot be ended keeps no other from it.
pub(crate) struct CancelEach {
    pub(crate) list: Vec<Cancel>,
    /// Whether a run that stands so may end so.
    pub(crate) may_end: fn(RunStatus, Ending) -> bool,
    /// What became of each, in their order.
    pub(crate) outcomes: Arc<Mutex<Vec<CancelOutcome>>>,
}

/// What became of one of several runs that were to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It ends, or has been asked to; how it stood, or stands where it ended at once.
    Done(RunStatus),
    /// It stands so that it cannot be ended.
    Refused(RunStatus),
    /// It is not there any more.
    Missing,
}

/// Ends each that can be ended, the least key first, so that nobody who ends the same runs waits in a circle.
pub(crate) async fn cancel_each(tx: &Tx, each: &CancelEach) -> Result<(), Error> {
    let mut order: Vec<usize> = (0..each.list.len()).collect();
    order.sort_by_key(|at| each.list[*at].run);
    let mut outcomes = vec![CancelOutcome::Missing; each.list.len()];
    for at in order {
        outcomes[at] = cancel_one(tx, &each.list[at], each.may_end).await?;
    }
    *each.outcomes.lock().unwrap_or_else(PoisonError::into_inner) = outcomes;
    Ok(())
}

async fn cancel_one(tx: &Tx, ask: &Cancel, may_end: fn(RunStatus, Ending) -> bool) -> Result<CancelOutcome, Error> {
    let run = ask.run.value();
    let found = tx.run(vec![(&of::LEASE_LOCK, vec![run.clone()]), (&of::RUN_LOCK, vec![run])]).await?;
    let Some(row) = found[1].first() else { return Ok(CancelOutcome::Missing) };
    let status = RunRecord::of(row)?.status;
    if !may_end(status, ask.ending) {
        return Ok(CancelOutcome::Refused(status));
    }
    match (cancel(tx, ask).await, ask.ending) {
        (Ok(_), Ending::AtOnce) => Ok(CancelOutcome::Done(RunStatus::Canceled)),
        (Ok(before), Ending::InOrder) => Ok(CancelOutcome::Done(before.status)),
        // Nothing of it was written.
        (Err(Error::Refused(_)), _) => Ok(CancelOutcome::Refused(status)),
        (Err(error), _) => Err(error),
    }
}

/// Removes a run and all that is known of it. Its worker learns of it as of a lost lease.
pub(crate) async fn delete(tx: &Tx, run: RunKey) -> Result<(), Error> {
    let asked = tx.run(vec![(&of::LEASE_LOCK, vec![run.value()]), (&of::RUN_LOCK, vec![run.value()])]).await?;
    if asked[1].is_empty() {
        return Err(Error::NoRun(run));
    }
    let with = |fixed| (fixed, vec![run.value()]);
    tx.run(vec![
        with(&of::LEASE_DROP),
        with(&of::DELETE_STEP_STATES),
        with(&of::DELETE_ARTIFACTS),
        with(&of::DELETE_LOGS),
        with(&of::DELETE_STEPS),
        with(&of::DELETE_RUN_STATES),
        with(&of::DELETE_EVENTS),
        with(&of::DELETE_TAGS),
        with(&of::DELETE_RUN),
        (&of::NOTIFY, vec![Value::Text("cancel".to_owned())]),
    ])
    .await?;
    Ok(())
}
