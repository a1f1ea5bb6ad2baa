//! The engine on both databases: what is launched is claimed once, what a worker tells is written once, and who has lost a run writes nothing.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::sync::Arc;
use std::time::Duration;

use kitchen::Kitchen;
use model::Source;
use runs::transition::{RunEvent, RunStatus, StepEvent, StepStatus};
use runs::{Again, Ending, Error, Launch, NewEvent, NewLog, Progress, RunKey, StepProgress};
use serde_json::json;

const JOBS: &str = include_str!("kitchen/nightly.graphql");
const LEASE: Duration = Duration::from_secs(10);

fn step(key: &str, event: StepEvent) -> Progress {
    Progress::Step(StepProgress {
        key: key.to_owned(),
        event,
        retry_at: None,
        output: (event == StepEvent::Succeed).then(|| json!({ "of": key })),
        error: None,
        message: String::new(),
    })
}

fn run(event: RunEvent) -> Progress {
    Progress::Run { event, message: String::new() }
}

#[tokio::test]
async fn a_run_is_launched_claimed_executed_and_ended_once() {
    for kitchen in Kitchen::of("engine_once", JOBS).await {
        let engine = &kitchen.engine;
        let launch =
            Launch { config: json!({ "ops": { "extract": { "config": { "limit": 5 } } } }), ..Kitchen::launch() };
        let new = engine.prepare(launch).await.unwrap();
        let launched = engine.launch(&new).await.unwrap();
        assert!(matches!(engine.launch(&new).await, Err(Error::Store(_))), "a key is used once");
        let record = engine.run(launched.run).await.unwrap().unwrap();
        assert_eq!((record.status, record.number, record.state_name.as_str()), (RunStatus::Queued, 1, "Scheduled"));
        assert_eq!(record.filled_config["ops"]["extract"]["config"], json!({ "limit": 5, "word": "x" }));

        let claimed = engine.claim("one", LEASE, 8).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert!(engine.claim("two", LEASE, 8).await.unwrap().is_empty(), "a run is claimed once");
        let lease = &claimed[0].lease;
        let line = NewLog {
            step: "extract".into(),
            attempt: 1,
            stream: Some("out"),
            level: None,
            message: "hello".into(),
            at: 7,
        };
        let told = vec![
            run(RunEvent::Begin),
            step("extract", StepEvent::Start),
            Progress::Log(line.clone()),
            Progress::Log(line),
            step("extract", StepEvent::Succeed),
            Progress::Event(NewEvent::new("STEP_SUCCESS", "DEBUG", "done").of_step("extract", 1).with(json!({"a": 1}))),
        ];
        engine.report(lease, told).await.unwrap();
        let steps = engine.steps(launched.run).await.unwrap();
        let words: Vec<(&str, StepStatus)> = steps.iter().map(|step| (step.key.as_str(), step.status)).collect();
        assert_eq!(words, [("extract", StepStatus::Succeeded), ("load", StepStatus::Waiting)]);
        assert_eq!(steps[0].output, Some(json!({ "of": "extract" })));

        let told = vec![step("load", StepEvent::Start), step("load", StepEvent::Succeed), run(RunEvent::Succeed)];
        assert_eq!(engine.report(lease, told).await.unwrap().status, RunStatus::Succeeded);
        assert!(matches!(engine.report(lease, vec![run(RunEvent::Fail)]).await, Err(Error::Lost(_))));
        assert_eq!(engine.logs(launched.run, 0).await.unwrap().len(), 2);
        let events = engine.events(launched.run, 0).await.unwrap();
        let words: Vec<(i64, &str)> = events.iter().map(|event| (event.number, event.kind.as_str())).collect();
        assert_eq!(words, [(1, "RUN_ENQUEUED"), (2, "RUN_STARTING"), (3, "STEP_SUCCESS")]);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_whose_worker_is_silent_goes_to_another_and_the_first_one_writes_nothing() {
    for kitchen in Kitchen::of("engine_takeover", JOBS).await {
        let engine = &kitchen.engine;
        let run_key = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let first = engine.claim("one", LEASE, 8).await.unwrap().remove(0);
        engine.report(&first.lease, vec![run(RunEvent::Begin), step("extract", StepEvent::Start)]).await.unwrap();
        kitchen.now.forward(LEASE / 2);
        assert_eq!(engine.renew("one", LEASE, vec![first.lease.clone()]).await.unwrap().len(), 1);
        kitchen.now.forward(LEASE / 2);
        assert!(engine.claim("two", LEASE, 8).await.unwrap().is_empty());
        kitchen.now.forward(LEASE);
        let log =
            NewLog { step: "extract".into(), attempt: 1, stream: None, level: None, message: "late".into(), at: 7 };
        let late = engine.report(&first.lease, vec![Progress::Log(log.clone())]).await;
        assert!(matches!(late, Err(Error::Lost(_))), "its time is over, though nobody has taken the run");
        let second = engine.claim("two", LEASE, 8).await.unwrap().remove(0);
        assert!(second.is_taken_over && second.lease.fence > first.lease.fence);
        assert!(engine.renew("one", LEASE, vec![first.lease.clone()]).await.unwrap().is_empty());
        let late = engine.report(&first.lease, vec![Progress::Log(log)]).await;
        assert!(matches!(late, Err(Error::Lost(_))));
        assert!(engine.logs(run_key, 0).await.unwrap().is_empty());
        let told = vec![step("extract", StepEvent::Lose), step("extract", StepEvent::Start)];
        engine.report(&second.lease, told).await.unwrap();
        assert_eq!(engine.steps(run_key).await.unwrap()[0].attempt, 2);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn runs_are_ended_repeated_and_removed() {
    for kitchen in Kitchen::of("engine_ends", JOBS).await {
        let engine = &kitchen.engine;
        let launch = async || engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let waiting = launch().await;
        assert_eq!(engine.cancel(waiting, Ending::InOrder).await.unwrap().status, RunStatus::Queued);
        assert_eq!(engine.run(waiting).await.unwrap().unwrap().status, RunStatus::Canceled);
        assert!(engine.steps(waiting).await.unwrap().iter().all(|step| step.status == StepStatus::Canceled));
        assert!(engine.claim("one", LEASE, 8).await.unwrap().is_empty());
        assert!(matches!(engine.cancel(waiting, Ending::InOrder).await, Err(Error::Refused(_))));

        let failed = launch().await;
        let lease = engine.claim("one", LEASE, 8).await.unwrap().remove(0).lease;
        let told = vec![
            run(RunEvent::Begin),
            step("extract", StepEvent::Start),
            step("extract", StepEvent::Succeed),
            step("load", StepEvent::Start),
            step("load", StepEvent::Fail),
            run(RunEvent::Fail),
        ];
        engine.report(&lease, told).await.unwrap();
        let again = engine.again(failed, Again::FromFailure).await.unwrap();
        let new = engine.prepare(again).await.unwrap();
        let second = engine.launch(&new).await.unwrap().run;
        let steps = engine.steps(second).await.unwrap();
        let words: Vec<(&str, StepStatus, bool)> =
            steps.iter().map(|step| (step.key.as_str(), step.status, step.is_reused)).collect();
        assert_eq!(words, [("extract", StepStatus::Succeeded, true), ("load", StepStatus::Waiting, false)]);
        assert_eq!(engine.run(second).await.unwrap().unwrap().parent, Some(failed));

        let lease = engine.claim("one", LEASE, 8).await.unwrap().remove(0).lease;
        engine.report(&lease, vec![run(RunEvent::Begin)]).await.unwrap();
        engine.cancel(second, Ending::InOrder).await.unwrap();
        let held = engine.renew("one", LEASE, vec![lease.clone()]).await.unwrap();
        assert_eq!(held, [(second, RunStatus::Canceling)]);
        engine.cancel(second, Ending::AtOnce).await.unwrap();
        assert!(matches!(engine.report(&lease, vec![run(RunEvent::EndCancel)]).await, Err(Error::Lost(_))));

        engine.delete(failed).await.unwrap();
        assert!(engine.run(failed).await.unwrap().is_none() && engine.events(failed, 0).await.unwrap().is_empty());
        assert!(matches!(engine.delete(failed).await, Err(Error::NoRun(_))));
        assert_eq!(engine.runs(None, None, 10).await.unwrap().len(), 2);
        kitchen.remove().await;
    }
}

/// A job whose op has the name of one of another job, one whose second op takes a value of the first, and one that is to call something.
const OTHERS: &str = r#"
type Weekly @job(repository: "kitchen") {
  extract: JSON @run(command: ["true"])
}
type Fed @job(repository: "kitchen") {
  knead: JSON! @run(command: ["true"])
  bake(dough: JSON! @input @from(op: "knead")): JSON @run(command: ["true"])
}
extend schema @hook(name: "ring", location: "main", on: FAILURE, command: ["true"])
type Hooked @job(repository: "kitchen", hooks: ["ring"]) {
  extract: JSON @run(command: ["true"])
}
"#;

#[tokio::test]
async fn what_cannot_be_launched_is_told_and_nothing_is_written() {
    let jobs = [JOBS, OTHERS].concat();
    for kitchen in Kitchen::of("engine_refused", &jobs).await {
        let engine = &kitchen.engine;
        let asked = [
            Launch { job: "nope".into(), ..Kitchen::launch() },
            Launch {
                config: json!({ "ops": { "extract": { "config": { "limit": "x", "other": 1 } } } }),
                ..Kitchen::launch()
            },
            Launch { steps: Some(vec!["nope".into()]), ..Kitchen::launch() },
            Launch { job: "hooked".into(), ..Kitchen::launch() },
        ];
        let mut told = Vec::new();
        for launch in asked {
            told.push(engine.prepare(launch).await.unwrap_err().to_string());
        }
        assert_eq!(told[0], "there is no job `nope` in the repository `kitchen` of `main`");
        assert!(told[1].starts_with("the config of `nightly` has 2 faults"), "{}", told[1]);
        assert_eq!(told[2], "the job `nightly` has no step `nope`");
        assert_eq!(told[3], "the job `hooked` has hooks, which this version reads, but does not call yet");
        let nobody = RunKey::of_text("00000000-0000-4000-8000-000000000000");
        let missing = engine.prepare(Launch { parent: nobody, ..Kitchen::launch() }).await.unwrap_err();
        assert_eq!(missing.to_string(), "there is no run 00000000-0000-4000-8000-000000000000");
        let rootless = engine.prepare(Launch { root: nobody, ..Kitchen::launch() }).await.unwrap();
        assert_eq!(engine.launch(&rootless).await.unwrap_err().to_string(), missing.to_string());
        let word = Launch { idempotency_key: Some("today".into()), ..Kitchen::launch() };
        let first = engine.launch(&engine.prepare(word.clone()).await.unwrap()).await.unwrap();
        let second = engine.launch(&engine.prepare(word).await.unwrap()).await.unwrap();
        assert_eq!((second.run, second.is_known), (first.run, true));
        assert_eq!(engine.runs(None, None, 10).await.unwrap().len(), 1);
        // A run of no step but the one that gives nothing to it.
        let part = |parent| Launch { job: "fed".into(), steps: Some(vec!["bake".into()]), parent, ..Kitchen::launch() };
        let parent = engine.launch(&engine.prepare(part(None)).await.unwrap()).await.unwrap().run;
        let starving = engine.prepare(part(Some(parent))).await.unwrap_err();
        assert_eq!(
            starving.to_string(),
            "the step `bake` needs `knead`, which did not succeed in the run that is repeated: repeat both"
        );
        let of_another = Launch { job: "weekly".into(), parent: Some(first.run), ..Kitchen::launch() };
        let refused = engine.prepare(of_another).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("there is no run {}", first.run));
        engine.serve(engine.model()).await.unwrap();
        kitchen.remove().await;
    }
}

const SCHEDULED: &str = r#"
type Nightly @job(repository: "kitchen")
  @schedule(cron: "0 * * * *", name: "hourly", config: "{ ops: { extract: { config: { limit: 7 } } } }", defaultStatus: RUNNING)
  @schedule(cron: "30 * * * *", name: "half") {
  extract(limit: Int! = 100): JSON @run(command: ["true"])
}
"#;

#[tokio::test]
async fn each_time_of_a_schedule_launches_one_run() {
    for kitchen in Kitchen::of("engine_schedule", SCHEDULED).await {
        let engine = &kitchen.engine;
        let start = jiff::Timestamp::from_microsecond(kitchen.now.now()).unwrap();
        let at = |minutes: i64| start + Duration::from_secs(u64::try_from(minutes * 60).unwrap());
        let count = async || engine.runs(None, None, 100).await.unwrap().len();
        // The clock stands at 22:13:20; the schedule that nobody has switched on does nothing.
        assert_eq!(engine.tick(at(20)).await.unwrap(), Some(at(46) + Duration::from_secs(40)));
        assert_eq!(count().await, 0);
        for _ in 0..2 {
            engine.tick(at(50)).await.unwrap();
            assert_eq!(count().await, 1, "a time is dealt with once");
        }
        let run = engine.runs(None, None, 1).await.unwrap().remove(0);
        assert_eq!(run.tags.get("dagster/schedule_name").map(String::as_str), Some("hourly"));
        assert_eq!(run.filled_config["ops"]["extract"]["config"]["limit"], 7);
        engine.tick(at(50 + 60 * 24)).await.unwrap();
        assert_eq!(count().await, 1 + runs::MISSED_MAX, "the last times of a long absence are made up for");
        let named = async |name: &str| engine.schedule(("main", "kitchen"), name).await.unwrap();
        assert_eq!(named("none").await, None);
        for (name, is_running) in [("half", true), ("hourly", false)] {
            let schedule = named(name).await.expect("the schedule is declared");
            engine.schedule_switch(schedule, Some(is_running)).await.unwrap();
        }
        engine.tick(at(60)).await.unwrap();
        assert_eq!(count().await, 2 + runs::MISSED_MAX);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_schedule_that_comes_back_or_has_other_times_makes_up_for_nothing() {
    for kitchen in Kitchen::of("engine_schedule_again", SCHEDULED).await {
        let engine = &kitchen.engine;
        let count = async || engine.runs(None, None, 100).await.unwrap().len();
        let later = |minutes: u64| {
            let now = jiff::Timestamp::from_microsecond(kitchen.now.now()).unwrap();
            now + Duration::from_secs(minutes * 60)
        };
        let serve = async |jobs: String| {
            let sources = vec![Source { name: "schema/jobs.graphql".to_owned(), text: jobs }];
            engine.serve(Arc::new(model::read(sources).unwrap())).await.unwrap();
        };
        kitchen.now.forward(Duration::from_hours(24));
        serve(SCHEDULED.replace("\"0 * * * *", "\"15 * * * *")).await;
        engine.tick(later(0)).await.unwrap();
        assert_eq!(count().await, 0, "times that passed before the schedule was so");
        serve(SCHEDULED.replace("name: \"half\"", "name: \"half\", defaultStatus: RUNNING")).await;
        kitchen.now.forward(Duration::from_hours(24));
        serve(SCHEDULED.replace("\"0 * * * *", "\"15 * * * *")).await;
        engine.tick(later(0)).await.unwrap();
        assert_eq!(count().await, 0);
        engine.tick(later(60)).await.unwrap();
        assert_eq!(count().await, 1, "what passed since then");
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_word_finds_its_own_run_alone_and_what_is_not_given_is_not_kept() {
    for kitchen in Kitchen::of("engine_known", JOBS).await {
        let engine = &kitchen.engine;
        let launch =
            |word: Option<&str>, key| Launch { idempotency_key: word.map(str::to_owned), key, ..Kitchen::launch() };
        let launched = async |launch| engine.launch(&engine.prepare(launch).await.unwrap()).await;
        let first = launched(launch(Some("monday"), None)).await.unwrap();
        let again = launched(launch(Some("monday"), None)).await.unwrap();
        assert_eq!((again.run, again.is_known), (first.run, true));
        let taken = launched(launch(Some("tuesday"), Some(first.run))).await;
        assert!(matches!(taken, Err(runs::Error::Taken(run)) if run == first.run), "{taken:?}");
        let run = engine.run(first.run).await.unwrap().unwrap();
        assert_eq!((run.op_selection, run.step_keys), (None, None));
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_worker_of_another_version_of_the_project_changes_nothing_of_what_is_served() {
    let menu =
        r#" type Menu @job(repository: "kitchen") @schedule(cron: "0 3 * * *") { a: Int @run(command: ["true"]) }"#;
    let served = [JOBS, menu].concat();
    let old = r#" type Old @job(repository: "kitchen") { a: Int @run(command: ["true"]) }"#;
    let older = [JOBS, old].concat().replace("limit: Int! = 100", "limit: Int! = 5");
    for kitchen in Kitchen::of("engine_join", &served).await {
        let store = kitchen.place.open();
        let standing = async || {
            let lists = [
                "select name || ' ' || is_current from _job order by name",
                "select name || ' ' || cron from _schedule where is_current and started_at is not null order by name",
                "select job.name || ' ' || version.number from _job_version as version join _job as job on job._key = version.job_key where not version.archived order by 1",
            ];
            let mut lines = Vec::new();
            for text in lists {
                let fixed =
                    store::Fixed { sqlite: text, postgres: text, params: &[], columns: &[sql::ColumnKind::Text] };
                lines.push(store.ask(&fixed, Vec::new()).await.unwrap());
            }
            lines
        };
        let before = standing().await;
        assert_eq!(before[1].len(), 1);
        let ids = store::Ids::seeded(8);
        let clock = runs::Clock::Manual(Arc::clone(&kitchen.now));
        let worker = runs::Engine::open(Arc::new(kitchen.place.open()), clock, Arc::new(ids)).await.unwrap();
        let sources = vec![Source { name: "schema/jobs.graphql".to_owned(), text: older.clone() }];
        worker.join(Arc::new(model::read(sources).unwrap())).await.unwrap();
        for job in ["nightly", "old"] {
            let new = worker.prepare(Launch { job: job.to_owned(), ..Kitchen::launch() }).await.unwrap();
            let run = worker.launch(&new).await.unwrap().run;
            assert_eq!(worker.run(run).await.unwrap().unwrap().job, job);
        }
        let mut after = standing().await;
        after[0].retain(|row| !format!("{row:?}").contains("old"));
        assert_eq!(after, before);
        worker.serve(worker.model()).await.unwrap();
        assert!(standing().await[1].is_empty(), "a server says what is current");
        drop((store, worker));
        kitchen.remove().await;
    }
}
