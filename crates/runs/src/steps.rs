//! What to do next with the steps of a run: pure. The states of all steps and the clock's time come in; what starts, what never will, when
//! to look again and how the run ends come out. Called after each event, it need remember nothing.

use std::time::Duration;

use jiff::Timestamp;
use model::{Backoff, Jitter, Retry};

use crate::definition::Definition;
use crate::transition::{RunEvent, StepEvent, StepStatus};

/// Longest wait before an attempt, whatever its delay has grown to.
pub const RETRY_DELAY_MAX: Duration = Duration::from_hours(24);

/// The steps of a run: those ops of its job that it executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    list: Vec<Step>,
    side_by_side_max: usize,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its op, by index in the definition.
    pub op: usize,
    /// Indexes of the steps of the same run that must have succeeded. What the job needs besides was made by the parent run.
    pub needs: Vec<usize>,
    /// How it is tried again.
    pub retry: Option<Retry>,
}

/// Which steps of a job a run executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection<'a> {
    /// All of them.
    All,
    /// Those named.
    Chosen(&'a [&'a str]),
    /// Those that did not succeed in the parent run: its statuses, by op.
    FromFailure(&'a [StepStatus]),
}

/// Why a selection gives no run.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum SelectionFault {
    /// A step that the job does not have.
    #[error("the job `{job}` has no step `{step}`")]
    Unknown {
        /// The job.
        job: String,
        /// What was asked for.
        step: String,
    },
    /// A step that needs what was not made, and what it needs is not among those asked for.
    #[error("the step `{step}` needs `{need}`, which did not succeed in the run that is repeated: repeat both")]
    NotMade {
        /// What was asked for.
        step: String,
        /// What it needs.
        need: String,
    },
    /// Nothing is left to do.
    #[error("no step of the job `{job}` is left to run")]
    Empty {
        /// The job.
        job: String,
    },
}

/// Where one step of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepState {
    /// Its status.
    pub status: StepStatus,
    /// Attempts that have begun.
    pub attempts: u32,
    /// When the next attempt may begin, while it is retrying.
    pub retry_at: Option<Timestamp>,
}

/// What to do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// What to tell which steps, in order.
    pub events: Vec<(usize, StepEvent)>,
    /// When to look again although nothing happens.
    pub wake_at: Option<Timestamp>,
    /// How the run ends now.
    pub end: Option<RunEvent>,
}

/// How the run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The clock.
    pub now: Timestamp,
    /// Somebody asked the run to end.
    pub is_canceling: bool,
}

impl Steps {
    /// The steps of a run.
    ///
    /// `worker_max` is how many steps the worker runs side by side when the job does not say.
    ///
    /// # Errors
    /// Every step that the job does not have, or that none is left.
    pub fn of(job: &Definition, selection: Selection, worker_max: usize) -> Result<Steps, Vec<SelectionFault>> {
        let chosen = chosen(job, selection)?;
        let position = |op: usize| chosen.iter().position(|chosen| *chosen == op);
        let step = |op: &usize| {
            let of = &job.ops[*op];
            let retry = of.retry.map(crate::definition::RetryDefinition::retry);
            Step { op: *op, needs: of.needs.iter().filter_map(|need| position(*need)).collect(), retry }
        };
        let asked = job.max_concurrent.map_or(worker_max, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let side_by_side_max = if job.in_process { 1 } else { asked.max(1) };
        Ok(Steps { list: chosen.iter().map(step).collect(), side_by_side_max })
    }

    /// The steps in the order of the job's ops.
    #[must_use]
    pub fn list(&self) -> &[Step] {
        &self.list
    }

    /// What to do next. A decision that has no event, no time and no end means: a process that runs will say.
    #[must_use]
    pub fn decide(&self, states: &[StepState], moment: Moment) -> Decision {
        if moment.is_canceling {
            return cancel(states);
        }
        let mut decision = Decision::default();
        let mut after: Vec<StepStatus> = states.iter().map(|state| state.status).collect();
        self.give_up(&mut after, &mut decision);
        let mut running = after.iter().filter(|status| **status == StepStatus::Running).count();
        for (at, state) in states.iter().enumerate() {
            if !self.may_start(at, &after) || running >= self.side_by_side_max {
                continue;
            }
            let is_early = |due: &Timestamp| after[at] == StepStatus::Retrying && *due > moment.now;
            if let Some(due) = state.retry_at.filter(is_early) {
                decision.wake_at = Some(decision.wake_at.map_or(due, |other| other.min(due)));
            } else {
                decision.events.push((at, StepEvent::Start));
                after[at] = StepStatus::Running;
                running += 1;
            }
        }
        decision.end = end(&after);
        decision
    }

    /// Steps that will never start, whatever stands downstream of them first: to the end of the chain in one go.
    fn give_up(&self, after: &mut [StepStatus], decision: &mut Decision) {
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for (at, step) in self.list.iter().enumerate() {
                let needs = || step.needs.iter().map(|need| after[*need]);
                if after[at] != StepStatus::Waiting {
                    continue;
                }
                let event = if needs().any(|status| status.is_finished() && is_broken(status)) {
                    StepEvent::Block
                } else if needs().any(|status| status == StepStatus::Skipped) {
                    StepEvent::Skip
                } else {
                    continue;
                };
                decision.events.push((at, event));
                after[at] = if event == StepEvent::Skip { StepStatus::Skipped } else { StepStatus::Blocked };
                has_changed = true;
            }
        }
    }

    fn may_start(&self, at: usize, after: &[StepStatus]) -> bool {
        let is_open = matches!(after[at], StepStatus::Waiting | StepStatus::Retrying);
        is_open && self.list[at].needs.iter().all(|need| after[*need] == StepStatus::Succeeded)
    }
}

/// The ops of a selection, in the order of the job.
fn chosen(job: &Definition, selection: Selection) -> Result<Vec<usize>, Vec<SelectionFault>> {
    let all = || 0..job.ops.len();
    let chosen: Vec<usize> = match selection {
        Selection::All => all().collect(),
        Selection::Chosen(names) => {
            let unknown = names.iter().filter(|name| job.op_named(name).is_none());
            let faults: Vec<SelectionFault> = unknown
                .map(|name| SelectionFault::Unknown { job: job.name.clone(), step: (*name).to_owned() })
                .collect();
            if !faults.is_empty() {
                return Err(faults);
            }
            all().filter(|id| names.contains(&job.ops[*id].name.as_str())).collect()
        }
        Selection::FromFailure(statuses) => {
            all().filter(|id| statuses.get(*id).is_none_or(|status| *status != StepStatus::Succeeded)).collect()
        }
    };
    if chosen.is_empty() { Err(vec![SelectionFault::Empty { job: job.name.clone() }]) } else { Ok(chosen) }
}

fn is_broken(status: StepStatus) -> bool {
    match status {
        StepStatus::Failed | StepStatus::Blocked | StepStatus::Canceled => true,
        StepStatus::Waiting
        | StepStatus::Running
        | StepStatus::Retrying
        | StepStatus::Succeeded
        | StepStatus::Skipped => false,
    }
}

/// Nothing starts; the run ends when the last process is gone.
fn cancel(states: &[StepState]) -> Decision {
    let open = |state: &StepState| matches!(state.status, StepStatus::Waiting | StepStatus::Retrying);
    let events: Vec<(usize, StepEvent)> =
        states.iter().enumerate().filter(|(_, state)| open(state)).map(|(at, _)| (at, StepEvent::Cancel)).collect();
    let is_over = states.iter().all(|state| state.status != StepStatus::Running);
    Decision { events, wake_at: None, end: is_over.then_some(RunEvent::EndCancel) }
}

fn end(after: &[StepStatus]) -> Option<RunEvent> {
    if !after.iter().all(|status| status.is_finished()) {
        return None;
    }
    Some(if after.iter().any(|status| is_broken(*status)) { RunEvent::Fail } else { RunEvent::Succeed })
}

/// What an attempt that failed comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another attempt, not before then.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// It was the last.
    Fail,
}

/// Whether an attempt that failed is followed by another. `attempts` counts those that have begun, `chance` is a random number from 0 to 1.
#[must_use]
pub fn after_failure(retry: Option<Retry>, attempts: u32, chance: f64, now: Timestamp) -> AfterFailure {
    match retry.filter(|retry| attempts <= retry.max) {
        None => AfterFailure::Fail,
        Some(retry) => {
            let at = now.checked_add(delay(retry, attempts, chance)).unwrap_or(now);
            AfterFailure::Retry { at }
        }
    }
}

/// The wait after this many attempts.
fn delay(retry: Retry, attempts: u32, chance: f64) -> Duration {
    let base = retry.delay.as_secs_f64();
    let grown = match retry.backoff {
        None => base,
        Some(Backoff::Linear) => base * f64::from(attempts),
        Some(Backoff::Exponential) => base * (f64::from(attempts.min(1_000)).exp2() - 1.0),
    };
    let changed = match retry.jitter {
        None => grown,
        Some(Jitter::Full) => grown * chance,
        Some(Jitter::PlusMinus) => grown + (chance * 2.0 - 1.0) * base,
    };
    Duration::from_secs_f64(changed.clamp(0.0, RETRY_DELAY_MAX.as_secs_f64()))
}
