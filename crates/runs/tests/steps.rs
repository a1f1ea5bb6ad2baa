//! Steps of random jobs under random fortunes: what must hold whatever happens, and a few jobs by hand.

use jiff::{SignedDuration, Timestamp};
use model::{Backoff, Jitter, Retry, Source};
use proptest::prelude::*;
use runs::definition::Definition;
use runs::steps::{AfterFailure, Moment, Selection, StepState, Steps, after_failure};
use runs::transition::{RunEvent, StepEvent, StepStatus, step_transition};
use std::time::Duration;

/// A job whose ops are `a`, `b`, ...: `needs` of each, by index below its own.
fn job(needs: &[Vec<usize>], header: &str) -> Definition {
    let name = |at: usize| format!("op{at}");
    let ops = needs.iter().enumerate().map(|(at, needs)| {
        let names: Vec<String> = needs.iter().map(|need| format!("\"{}\"", name(*need))).collect();
        let needs = if names.is_empty() { String::new() } else { format!("@needs(ops: [{}])", names.join(", ")) };
        format!("  {}: Any @run(command: [\"x\"]) {needs} @retry(max: 2, delay: \"10s\")\n", name(at))
    });
    let text = format!("type Work @job{header} {{\n{}}}\n", ops.collect::<String>());
    let model = model::read(vec![Source { name: "work".to_owned(), text }]);
    let model = model.unwrap_or_else(|faults| panic!("{faults}"));
    Definition::of(&model, &model.jobs[0])
}

/// A run that is played: states, the clock, and who said what.
struct Play {
    steps: Steps,
    states: Vec<StepState>,
    now: Timestamp,
    is_canceling: bool,
    end: Option<RunEvent>,
    log: Vec<String>,
}

impl Play {
    fn new(steps: Steps) -> Play {
        let waiting = StepState { status: StepStatus::Waiting, attempts: 0, retry_at: None };
        let states = vec![waiting; steps.list().len()];
        Play { steps, states, now: Timestamp::UNIX_EPOCH, is_canceling: false, end: None, log: Vec::new() }
    }

    fn tell(&mut self, at: usize, event: StepEvent) {
        let state = &mut self.states[at];
        state.status = step_transition(state.status, event).expect("the engine says only what may happen");
        state.attempts += u32::from(event == StepEvent::Start);
        self.log.push(format!("{} {}", at, event.word()));
    }

    /// Decides and does; gives the time to wake at.
    fn tick(&mut self) -> Option<Timestamp> {
        let decision = self.steps.decide(&self.states, Moment { now: self.now, is_canceling: self.is_canceling });
        for (at, event) in decision.events {
            if event == StepEvent::Start {
                for need in &self.steps.list()[at].needs {
                    assert_eq!(
                        self.states[*need].status,
                        StepStatus::Succeeded,
                        "{at} started before {need} had its result"
                    );
                }
            }
            self.tell(at, event);
        }
        if decision.end.is_some() {
            assert_eq!(self.end, None, "a run ends once");
            assert!(self.running().is_empty(), "a run does not end over a process");
            self.end = decision.end;
        }
        decision.wake_at
    }

    fn running(&self) -> Vec<usize> {
        (0..self.states.len()).filter(|at| self.states[*at].status == StepStatus::Running).collect()
    }

    /// The attempt of a running step fails.
    fn fail(&mut self, at: usize) {
        let state = self.states[at];
        match after_failure(self.steps.list()[at].retry, state.attempts, 0.5, self.now) {
            AfterFailure::Retry { at: due } => {
                self.tell(at, StepEvent::Retry);
                self.states[at].retry_at = Some(due);
            }
            AfterFailure::Fail => self.tell(at, StepEvent::Fail),
        }
    }
}

/// What fortune does next: how far a running step comes, or that the run is cancelled.
#[derive(Debug, Clone, Copy)]
enum Fortune {
    Succeed(usize),
    Fail(usize),
    Lose(usize),
    Cancel,
    Wait,
}

fn fortune() -> impl Strategy<Value = Fortune> {
    prop_oneof![
        6 => any::<usize>().prop_map(Fortune::Succeed),
        3 => any::<usize>().prop_map(Fortune::Fail),
        1 => any::<usize>().prop_map(Fortune::Lose),
        1 => Just(Fortune::Cancel),
        2 => Just(Fortune::Wait),
    ]
}

fn needs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::btree_set(any::<usize>(), 0..3), 1..9).prop_map(|drawn| {
        let below = |at: usize, needs: std::collections::BTreeSet<usize>| {
            let unique: std::collections::BTreeSet<usize> =
                needs.into_iter().filter(|_| at > 0).map(|need| need % at.max(1)).collect();
            unique.into_iter().collect()
        };
        drawn.into_iter().enumerate().map(|(at, needs)| below(at, needs)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_once_and_no_step_starts_too_early(needs in needs(), fortunes in prop::collection::vec(fortune(), 0..60), most in 1_usize..4) {
        let job = job(&needs, "");
        let steps = Steps::of(&job, Selection::All, most).expect("the job has steps");
        let mut play = Play::new(steps);
        let mut fortunes = fortunes.into_iter();
        // What fortune leaves open succeeds, so that every play has an end.
        for _ in 0..1_000 {
            let wake = play.tick();
            prop_assert!(play.running().len() <= most);
            if play.end.is_some() {
                break;
            }
            let running = play.running();
            if running.is_empty() {
                prop_assert!(wake.is_some_and(|at| at > play.now), "nothing runs, nothing is due, and the run has not ended: {:?}", play.log);
                play.now = wake.expect("just seen");
                continue;
            }
            match fortunes.next().unwrap_or(Fortune::Succeed(0)) {
                Fortune::Succeed(at) => play.tell(running[at % running.len()], StepEvent::Succeed),
                Fortune::Fail(at) => play.fail(running[at % running.len()]),
                Fortune::Lose(at) => play.tell(running[at % running.len()], StepEvent::Lose),
                Fortune::Cancel => play.is_canceling = true,
                Fortune::Wait => play.now += SignedDuration::from_secs(3),
            }
        }
        prop_assert!(play.states.iter().all(|state| state.status.is_finished()));
        let has = |status| play.states.iter().any(|state| state.status == status);
        let expected = match (play.is_canceling, has(StepStatus::Failed)) {
            (true, _) => RunEvent::EndCancel,
            (false, true) => RunEvent::Fail,
            (false, false) => RunEvent::Succeed,
        };
        prop_assert_eq!(play.end, Some(expected));
        for (at, state) in play.states.iter().enumerate().filter(|(_, state)| state.status == StepStatus::Blocked) {
            let broken = play.steps.list()[at].needs.iter().any(|need| matches!(play.states[*need].status, StepStatus::Failed | StepStatus::Blocked));
            prop_assert!(broken && state.attempts == 0);
        }
    }
}

#[test]
fn what_needs_a_failed_step_is_blocked_to_the_end_of_the_chain_and_the_rest_goes_on() {
    let job = job(&[vec![], vec![0], vec![1], vec![]], "");
    let mut play = Play::new(Steps::of(&job, Selection::All, 8).unwrap());
    play.tick();
    assert_eq!(play.running(), [0, 3]);
    for _ in 0..3 {
        play.fail(0);
        play.now += SignedDuration::from_secs(10);
        play.tick();
    }
    assert_eq!(
        play.states.iter().map(|state| state.status.word()).collect::<Vec<_>>(),
        ["failed", "blocked", "blocked", "running"]
    );
    assert_eq!(play.end, None);
    play.tell(3, StepEvent::Succeed);
    play.tick();
    assert_eq!(play.end, Some(RunEvent::Fail));
}

#[test]
fn a_retry_waits_for_its_time() {
    let job = job(&[vec![]], "");
    let mut play = Play::new(Steps::of(&job, Selection::All, 8).unwrap());
    assert_eq!(play.tick(), None);
    play.fail(0);
    let due = Timestamp::from_second(10).unwrap();
    assert_eq!(play.tick(), Some(due));
    assert!(play.running().is_empty());
    play.now = due;
    assert_eq!(play.tick(), None);
    assert_eq!(play.running(), [0]);
}

#[test]
fn what_needs_a_skipped_step_is_skipped_and_the_run_succeeds() {
    let job = job(&[vec![], vec![0], vec![1]], "");
    let mut play = Play::new(Steps::of(&job, Selection::All, 8).unwrap());
    play.tell(0, StepEvent::Skip);
    play.tick();
    assert_eq!(play.log, ["0 skip", "1 skip", "2 skip"]);
    assert_eq!(play.end, Some(RunEvent::Succeed));
}

#[test]
fn limits_of_the_job_win_over_the_worker() {
    let check = |header: &str, expected: usize| {
        let mut play = Play::new(Steps::of(&job(&[vec![], vec![], vec![]], header), Selection::All, 8).unwrap());
        play.tick();
        assert_eq!(play.running().len(), expected, "{header}");
    };
    check("", 3);
    check("(maxConcurrent: 2)", 2);
    check("(executor: IN_PROCESS)", 1);
}

#[test]
fn a_run_may_execute_a_part_of_its_job() {
    use StepStatus::{Blocked, Failed, Succeeded};
    let job = job(&[vec![], vec![0], vec![1], vec![0]], "");
    let ops = |selection| {
        let steps = Steps::of(&job, selection, 8);
        steps.map(|steps| steps.list().iter().map(|step| (step.op, step.needs.clone())).collect::<Vec<_>>())
    };
    assert_eq!(ops(Selection::Chosen(&["op2", "op1"])).unwrap(), [(1, vec![]), (2, vec![0])]);
    assert_eq!(
        ops(Selection::FromFailure(&[Succeeded, Failed, Blocked, Succeeded])).unwrap(),
        [(1, vec![]), (2, vec![0])]
    );
    let told = |selection| ops(selection).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told(Selection::Chosen(&["x", "op1", "y"])),
        ["the job `work` has no step `x`", "the job `work` has no step `y`"]
    );
    assert_eq!(told(Selection::Chosen(&[])), ["no step of the job `work` is left to run"]);
    assert_eq!(told(Selection::FromFailure(&[Succeeded; 4])), ["no step of the job `work` is left to run"]);
}

#[test]
fn delays_grow_as_the_policy_says() {
    let check = |backoff: Option<Backoff>, jitter: Option<Jitter>, chance: f64, expected: [i64; 4]| {
        let retry = Retry { max: 3, delay: Duration::from_secs(10), backoff, jitter };
        let waits =
            [1, 2, 3, 4].map(|attempts| match after_failure(Some(retry), attempts, chance, Timestamp::UNIX_EPOCH) {
                AfterFailure::Retry { at } => at.as_second(),
                AfterFailure::Fail => -1,
            });
        assert_eq!(waits, expected, "{backoff:?} {jitter:?} {chance}");
    };
    check(None, None, 0.9, [10, 10, 10, -1]);
    check(Some(Backoff::Linear), None, 0.9, [10, 20, 30, -1]);
    check(Some(Backoff::Exponential), None, 0.9, [10, 30, 70, -1]);
    check(Some(Backoff::Linear), Some(Jitter::Full), 0.5, [5, 10, 15, -1]);
    check(Some(Backoff::Linear), Some(Jitter::PlusMinus), 0.0, [0, 10, 20, -1]);
    check(Some(Backoff::Linear), Some(Jitter::PlusMinus), 1.0, [20, 30, 40, -1]);
    let long = Retry { max: 900, delay: Duration::from_mins(1), backoff: Some(Backoff::Exponential), jitter: None };
    let day = Timestamp::from_second(24 * 60 * 60).unwrap();
    assert_eq!(after_failure(Some(long), 800, 0.0, Timestamp::UNIX_EPOCH), AfterFailure::Retry { at: day });
    assert_eq!(after_failure(None, 1, 0.0, Timestamp::UNIX_EPOCH), AfterFailure::Fail);
}
