//! What workers do to one run in random order, with a clock that is moved by hand: claim, heartbeat, takeover, cancel, commit. An oracle of a page
//! says each time who has the run; what the engine lets be written must be what the oracle allows, and nothing is ever written twice.
//!
//! `DRAGOMAN_INTERLEAVINGS` says how many; the ordinary suite plays forty on each database.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::time::{Duration, Instant};

use kitchen::Kitchen;
use runs::transition::{RunEvent, RunStatus, StepEvent, StepStatus};
use runs::{Ending, Error, Lease, NewEvent, Progress, RunKey, StepProgress};

const JOBS: &str = include_str!("kitchen/nightly.graphql");
const LEASE: Duration = Duration::from_secs(10);
const WORKERS: [&str; 3] = ["one", "two", "three"];
const INTERLEAVINGS: u64 = 40;
const ACTIONS_MAX: usize = 60;

/// `splitmix64`.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Who has the run, as it must be.
struct Oracle {
    holder: Option<(Lease, Duration)>,
    now: Duration,
    is_over: bool,
}

impl Oracle {
    fn allows(&self, lease: &Lease) -> bool {
        !self.is_over && self.holder.as_ref().is_some_and(|(held, until)| held == lease && self.now < *until)
    }
}

#[tokio::test]
async fn only_who_has_a_run_writes_of_it_and_nothing_is_written_twice() {
    let asked = std::env::var("DRAGOMAN_INTERLEAVINGS").ok().and_then(|text| text.parse().ok());
    for kitchen in Kitchen::of("interleavings", JOBS).await {
        let began = Instant::now();
        let count = asked.unwrap_or(INTERLEAVINGS);
        for seed in 0..count {
            play(&kitchen, seed).await;
        }
        println!("{count} interleavings in {:.0} s", began.elapsed().as_secs_f64());
        kitchen.remove().await;
    }
}

async fn play(kitchen: &Kitchen, seed: u64) {
    let engine = &kitchen.engine;
    let mut chance = Chance(seed);
    let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
    let mut oracle = Oracle { holder: None, now: Duration::ZERO, is_over: false };
    let mut leases: [Option<Lease>; 3] = [None, None, None];
    for _ in 0..ACTIONS_MAX {
        if oracle.is_over {
            break;
        }
        let who = usize::try_from(chance.below(3)).unwrap();
        match chance.below(12) {
            0..=2 => claim(kitchen, run, who, (&mut oracle, &mut leases)).await,
            3..=4 => heartbeat(kitchen, who, (&mut oracle, &leases)).await,
            5..=6 => forward(kitchen, Duration::from_secs(chance.below(7)), &mut oracle),
            7 if chance.below(12) == 0 => cancel(kitchen, run, chance.below(2) == 0, &mut oracle).await,
            _ => {
                if let Some(lease) = leases[who].clone() {
                    commit(kitchen, run, &lease, &mut oracle).await;
                }
            }
        }
    }
    // Whoever is left brings it to its end.
    forward(kitchen, LEASE * 2, &mut oracle);
    claim(kitchen, run, 0, (&mut oracle, &mut leases)).await;
    while !oracle.is_over {
        let lease = leases[0].clone().unwrap();
        commit(kitchen, run, &lease, &mut oracle).await;
    }
    check(kitchen, run, seed, &leases).await;
}

fn forward(kitchen: &Kitchen, by: Duration, oracle: &mut Oracle) {
    kitchen.now.forward(by);
    oracle.now += by;
}

async fn claim(kitchen: &Kitchen, run: RunKey, who: usize, (oracle, leases): (&mut Oracle, &mut [Option<Lease>; 3])) {
    let claimed = kitchen.engine.claim(WORKERS[who], LEASE, 1).await.unwrap();
    let is_free = !oracle.is_over && oracle.holder.as_ref().is_none_or(|(_, until)| oracle.now >= *until);
    assert_eq!(claimed.len(), usize::from(is_free), "a run is taken exactly when nobody has it");
    for claimed in claimed {
        assert_eq!(claimed.lease.run, run);
        let before = oracle.holder.as_ref().map_or(0, |(lease, _)| lease.fence);
        assert!(claimed.lease.fence > before, "fences rise");
        assert_eq!(claimed.is_taken_over, before > 0);
        oracle.holder = Some((claimed.lease.clone(), oracle.now + LEASE));
        leases[who] = Some(claimed.lease);
    }
}

async fn heartbeat(kitchen: &Kitchen, who: usize, (oracle, leases): (&mut Oracle, &[Option<Lease>; 3])) {
    let Some(lease) = leases[who].clone() else { return };
    let kept = kitchen.engine.renew(WORKERS[who], LEASE, vec![lease.clone()]).await.unwrap();
    let is_allowed = oracle.allows(&lease);
    assert_eq!(kept.len(), usize::from(is_allowed), "a lease is renewed by who has it");
    if is_allowed {
        oracle.holder = Some((lease, oracle.now + LEASE));
    }
}

async fn cancel(kitchen: &Kitchen, run: RunKey, at_once: bool, oracle: &mut Oracle) {
    let ending = if at_once { Ending::AtOnce } else { Ending::InOrder };
    match kitchen.engine.cancel(run, ending).await {
        Ok(before) => oracle.is_over = at_once || before.status == RunStatus::Queued,
        Err(Error::Refused(_)) => assert!(!at_once, "a run that has not ended can be ended at once"),
        Err(other) => panic!("{other}"),
    }
}

/// A worker writes the next thing that a run at this place can have, whether it still has the run or not.
async fn commit(kitchen: &Kitchen, run: RunKey, lease: &Lease, oracle: &mut Oracle) {
    let engine = &kitchen.engine;
    let (list, ends) = next(kitchen, run).await;
    match engine.report(lease, list).await {
        Ok(_) => {
            assert!(oracle.allows(lease), "who has lost the run writes nothing");
            oracle.is_over = ends;
        }
        Err(Error::Lost(_)) => {
            // That nothing of it was written shows in the end: its events are numbered without a gap and none is there twice.
            assert!(!oracle.allows(lease), "who has the run may write");
        }
        Err(other) => panic!("{other}"),
    }
}

/// What follows, and whether the run ends with it.
async fn next(kitchen: &Kitchen, run: RunKey) -> (Vec<Progress>, bool) {
    let record = kitchen.engine.run(run).await.unwrap().unwrap();
    let steps = kitchen.engine.steps(run).await.unwrap();
    let of_run = |event| Progress::Run { event, message: String::new() };
    let noted = |kind: &str| Progress::Event(NewEvent::new(kind, "INFO", ""));
    if record.status == RunStatus::Starting {
        return (vec![of_run(RunEvent::Begin), noted("RUN_START")], false);
    }
    if record.status == RunStatus::Canceling {
        let open = steps.iter().filter(|step| !step.status.is_finished());
        let mut list: Vec<Progress> = open.map(|step| of_step(&step.key, StepEvent::Cancel)).collect();
        list.push(of_run(RunEvent::EndCancel));
        return (list, true);
    }
    for step in &steps {
        match step.status {
            StepStatus::Waiting => return (vec![of_step(&step.key, StepEvent::Start)], false),
            StepStatus::Running => {
                return (vec![of_step(&step.key, StepEvent::Succeed), noted("STEP_SUCCESS")], false);
            }
            _ => {}
        }
    }
    (vec![of_run(RunEvent::Succeed), noted("RUN_SUCCESS")], true)
}

fn of_step(key: &str, event: StepEvent) -> Progress {
    let (retry_at, output, error) = (None, None, None);
    Progress::Step(StepProgress { key: key.to_owned(), event, retry_at, output, error, message: String::new() })
}

/// The run has ended once, every step at most once, its events are numbered without a gap, and no lease is good any more.
async fn check(kitchen: &Kitchen, run: RunKey, seed: u64, leases: &[Option<Lease>; 3]) {
    let engine = &kitchen.engine;
    let record = engine.run(run).await.unwrap().unwrap();
    assert!(record.status.is_finished(), "seed {seed}");
    let events = engine.events(run, 0).await.unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>(), "seed {seed}");
    let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
    assert!(count("RUN_SUCCESS") + count("RUN_CANCELED") <= 1, "seed {seed}");
    let steps = engine.steps(run).await.unwrap();
    let succeeded = steps.iter().filter(|step| step.status == StepStatus::Succeeded).count();
    assert_eq!(count("STEP_SUCCESS"), succeeded, "seed {seed}: a result is written once");
    for lease in leases.iter().flatten() {
        let late = engine.report(lease, vec![Progress::Event(NewEvent::new("LOG", "INFO", "late"))]).await;
        assert!(matches!(late, Err(Error::Lost(_))), "seed {seed}");
    }
}
