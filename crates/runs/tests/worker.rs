//! The worker on both databases, with a guard that says what a script says: what becomes of a run whatever its processes, its guard and others do.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kitchen::Kitchen;
use plan::Value;
use runs::agents::Ask;
use runs::transition::{RunStatus, StepStatus};
use runs::{
    Clock, Ending, Engine, LEASE, Launch, Mutating, MutationAsked, Mutations, NotMade, RunKey, Scratch, TAKEOVERS_MAX,
    WorkerSettings, work,
};
use sql::ColumnKind;
use store::{Ended, Fixed, Ids};
use tokio::sync::watch;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the guard does is the first word of the op's command, with what comes behind it; of the attempt it knows its files.
const GUARD: &str = r#"#!/bin/sh
while read -r task; do (
command=${task#*'"command":["'}; word=${command%%'"'*}; argument=${command#*'","'}; argument=${argument%%'"]'*}
input=${task#*'"input":"'}; input=${input%%'"'*}
output=${task#*'"DRAGOMAN_OUTPUT":"'}; output=${output%%'"'*}
events=${task#*'"DRAGOMAN_EVENTS":"'}; events=${events%%'"'*}
here=${0%/*}
line() { echo '{"line":{"stream":"'"$1"'","text":"'"$2"'","is_cut":false}}'; }
ended() { echo '{"ended":{"reason":"'"$1"'","status":'"$2"',"signal":'"$3"',"left_behind":0,"is_killed":false,"lines_lost":'"${4:-0}"'}}'; exit 0; }
until_canceled() { read -r asked; ended cancel null 15; }
[ "$word" = missing ] && { echo '{"not_started":{"reason":"there is no such program"}}'; exit 1; }
echo '{"started":{"pid":7}}'
case $word in
  give) echo "$argument" > "$output"; ended exit 0 null;;
  inputs) sed 's/.*"inputs":\({[^}]*}\).*/\1/' "$input" > "$output"; ended exit 0 null;;
  small) echo '{"$outputs":[{"output":"small","value":1}]}' > "$output"; ended exit 0 null;;
  nul) line out 'a\u0000b'; echo '{"event":"log","level":"INFO","message":"e\u0000f"}' > "$events"
    echo '{"c\u0000":["d\u0000"]}' > "$output"; ended exit 0 null;;
  pipe) mkfifo "$output"; ended exit 0 null;;
  quiet) ended exit 0 null;;
  noisy) line out first; ended exit 0 null 7;;
  exit) line error 'why it ended'; ended exit "$argument" null;;
  exit_first) grep -q '"attempt":1' "$input" && ended exit 1 null; echo "$argument" > "$output"; ended exit 0 null;;
  raise) echo '{"event":"failure","description":"not today","allowRetries":false}' > "$events"; ended exit 1 null;;
  signal) ended exit null 9;;
  late) ended timeout null 15;;
  die) exit 1;;
  hang) until_canceled;;
  stop) mark="$here/mark"; line out begun
    if [ ! -e "$mark" ]; then : > "$mark"; read -r asked; line out last; ended cancel null 15; fi; ended exit 0 null;;
  wait) line out begun; read -r go < "$here/go"; ended exit 0 null;;
esac
) || exit; done
"#;

const ONE: &str = r#"type Nightly @job(repository: "kitchen") { extract: JSON @run(command: ["quiet"]) }"#;

/// A folder with a guard of its own.
struct Guard(PathBuf);

impl Guard {
    fn new(test: &str) -> Guard {
        let folder = std::env::temp_dir().join(format!("dragoman-guard-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("guard");
        fs::write(&program, GUARD).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Guard(folder)
    }

    fn settings(&self) -> WorkerSettings {
        WorkerSettings {
            name: "one".to_owned(),
            guard: self.0.join("guard"),
            directory: self.0.clone(),
            scratch: Arc::new(Scratch::take(&self.0.join("work"), "one").unwrap()),
            environment: std::collections::BTreeMap::new(),
            runs_max: 4,
            steps_max: 4,
            grace: Duration::from_millis(100),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0).is_ok();
    }
}

/// The run when it has ended. Whenever something happens the clock goes on by a tick.
async fn ended(kitchen: &Kitchen, run: RunKey, tick: Duration) -> RunStatus {
    let engine = &kitchen.engine;
    let mut progress = engine.progress();
    let ended = async {
        loop {
            let status = engine.run(run).await.unwrap().unwrap().status;
            if status.is_finished() {
                return status;
            }
            kitchen.now.forward(tick);
            progress.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the run ends")
}

/// A worker that works until it is told to stop.
struct Working {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Working {
    fn start(kitchen: &Kitchen, guard: &Guard) -> Working {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(work(Arc::clone(&kitchen.engine), guard.settings(), stopped));
        Working { stop, task }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Plays one run of this job on both databases: where it and its steps stand in the end, its lines and warnings.
async fn check(test: &str, job: &str, expected: &[&str]) {
    check_ticking(test, job, Duration::ZERO, expected).await;
}

async fn check_ticking(test: &str, job: &str, tick: Duration, expected: &[&str]) {
    let jobs = if job.contains("@job") {
        job.to_owned()
    } else {
        ["type Nightly @job(repository: \"kitchen\") {", job, "}"].concat()
    };
    for kitchen in Kitchen::of(&format!("worker_{test}"), &jobs).await {
        let guard = Guard::new(test);
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        let status = ended(&kitchen, run, tick).await;
        worker.end().await;
        let mut told = vec![format!("run {}", status.word())];
        for step in engine.steps(run).await.unwrap() {
            // The databases keep members in orders of their own.
            let output = step.output.filter(|output| !output.is_null() && output.get("$outputs").is_none());
            let output = output.map(|output| format!(" {output}")).unwrap_or_default();
            let attempt = if step.attempt > 1 { format!(" at attempt {}", step.attempt) } else { String::new() };
            let error = step.error.as_ref().map(|error| format!(": {}", innermost(error))).unwrap_or_default();
            told.push(format!("{} {}{attempt}{output}{error}", step.key, step.status.word()));
        }
        told.extend(engine.logs(run, 0).await.unwrap().into_iter().map(|line| format!("line {}", line.message)));
        let events = engine.events(run, 0).await.unwrap().into_iter().filter(|event| event.level == "WARNING");
        told.extend(events.map(|event| format!("warning {}", event.message)));
        assert_eq!(told, expected, "{test}");
        kitchen.remove().await;
    }
}

/// The message of the first cause.
fn innermost(error: &serde_json::Value) -> &str {
    match error.get("cause") {
        Some(cause) if cause.is_object() => innermost(cause),
        Some(_) | None => error["message"].as_str().unwrap_or_default().trim_end(),
    }
}

/// An engine on the same database, of which the first hears nothing.
async fn beside(kitchen: &Kitchen) -> Engine {
    let clock = Clock::Manual(Arc::clone(&kitchen.now));
    Engine::open(Arc::new(kitchen.place.open()), clock, Arc::new(Ids::Random)).await.unwrap()
}

#[tokio::test]
async fn what_programs_give_is_kept_and_fed() {
    let ops = r#"one: Int! @run(command: ["give", "5"])
      two: [Int!]! @run(command: ["give", "[1,2]"])
      three(a: Int! @input @from(op: "one"), b: [Int!]! @input @from(op: "two"), word: String! = "x"): JSON @run(command: ["inputs"])"#;
    let expected = ["run succeeded", "one succeeded 5", "two succeeded [1,2]", r#"three succeeded {"a":5,"b":[1,2]}"#];
    check("fed", ops, &expected).await;
    let both = r#"one: Int! @run(command: ["give", "5"])
      two: Int! @run(command: ["give", "6"])
      three(all: [Int!]! @input @from(ops: ["one", "two"])): JSON @run(command: ["inputs"])"#;
    check("listed", both, &["run succeeded", "one succeeded 5", "two succeeded 6", r#"three succeeded {"all":[5,6]}"#])
        .await;
}

#[tokio::test]
async fn what_needs_what_was_not_made_is_skipped() {
    let jobs = r#"type Sizes @outputs { large: Int @maybe  small: Int @maybe }
      type Ops @ops(location: "main") {
        split: Sizes @run(command: ["small"])
        load(rows: Int @input): JSON @run(command: ["inputs"])
      }
      type Nightly @job(repository: "kitchen") {
        split: Sizes @use(op: "split")
        few(rows: Int @from(op: "split", output: "small")): JSON @use(op: "load")
        many(rows: Int @from(op: "split", output: "large")): JSON @use(op: "load")
      }"#;
    check("skipped", jobs, &["run succeeded", "split succeeded", r#"few succeeded {"rows":1}"#, "many skipped"]).await;
}

#[tokio::test]
async fn a_step_whose_program_does_not_do_its_part_fails_with_the_reason() {
    let cases = [
        ("exit", r#"["exit", "3"]"#, "ProgramFailed: the program ended with status 3"),
        ("signal", r#"["signal"]"#, "ChildProcessCrashException: ended by signal 9"),
        ("raise", r#"["raise"]"#, "dagster._core.definitions.events.Failure: not today"),
        ("late", r#"["late"]"#, "StepTimeout: the step took longer than its 0 s and was ended"),
        ("die", r#"["die"]"#, "ProgramNotStarted: the guard of a process ended before its process did"),
        ("missing", r#"["missing"]"#, "ProgramNotStarted: there is no such program"),
        ("quiet", r#"["quiet"]"#, "OutputMissing: the program gave no output `result`"),
        ("null", r#"["give", "null"]"#, "OutputMissing: the program gave no output `result`"),
        (
            "text",
            r#"["give", "no json"]"#,
            "OutputUnreadable: its output is no JSON: expected ident at line 1 column 2",
        ),
        ("pipe", r#"["pipe"]"#, "OutputUnreadable: output.json is no file"),
        (
            "type",
            r#"["give", "true"]"#,
            "DagsterTypeCheckDidNotPass: Type check failed for step output \"result\" - expected type \"Int\". Description: should be Int, not true.",
        ),
    ];
    for (test, command, reason) in cases {
        let ops = format!(
            "one: Int! @run(command: {command}) two: JSON @run(command: [\"quiet\"]) @needs(ops: [\"one\"]) other: Int @run(command: [\"give\", \"1\"])"
        );
        let failed = format!("one failed: {reason}");
        let line = if test == "exit" { vec!["line why it ended"] } else { Vec::new() };
        let expected = [vec!["run failed", &failed, "two blocked", "other succeeded 1"], line].concat();
        check(&format!("fails_{test}"), &ops, &expected).await;
    }
}

#[tokio::test]
async fn a_step_is_tried_again_when_its_time_has_come() {
    let tick = Duration::from_millis(600);
    let again = r#"one: Int! @run(command: ["exit_first", "5"]) @retry(max: 2, delay: "500ms")"#;
    check_ticking("again", again, tick, &["run succeeded", "one succeeded at attempt 2 5"]).await;
    let never = r#"one: Int! @run(command: ["signal"]) @retry(max: 1)"#;
    let failed = "one failed at attempt 2: ChildProcessCrashException: ended by signal 9";
    check("never", never, &["run failed", failed]).await;
    let raised = r#"one: Int! @run(command: ["raise"]) @retry(max: 1)"#;
    check("raised", raised, &["run failed", "one failed: dagster._core.definitions.events.Failure: not today"]).await;
}

#[tokio::test]
async fn a_program_that_writes_nul_ends_its_run() {
    let expected =
        ["run succeeded", "extract succeeded {\"c\u{fffd}\":[\"d\u{fffd}\"]}", "line a\u{fffd}b", "line e\u{fffd}f"];
    check("nul", r#"extract: JSON @run(command: ["nul"])"#, &expected).await;
}

#[tokio::test]
async fn lines_beyond_what_is_kept_are_told() {
    let warning = "warning 7 lines of output are beyond what is kept and are lost";
    check("noisy", r#"one: JSON @run(command: ["noisy"])"#, &["run succeeded", "one succeeded", "line first", warning])
        .await;
}

#[tokio::test]
async fn a_run_whose_time_is_over_ends() {
    let jobs = r#"type Nightly @job(repository: "kitchen", maxRuntime: "100ms") { one: JSON @run(command: ["hang"]) }"#;
    check_ticking("hasty", jobs, Duration::from_millis(200), &["run failed", "one canceled"]).await;
}

#[tokio::test]
async fn a_time_that_no_calendar_reaches_is_no_limit() {
    let job = r#"type Nightly @job(repository: "kitchen") { one: Int! @run(command: ["give", "5"]) }"#;
    for kitchen in Kitchen::of("worker_endless", job).await {
        let guard = Guard::new("endless");
        let tags = [("dagster/max_runtime".to_owned(), (u64::MAX / 1_000).to_string())].into();
        let launch = kitchen.engine.prepare(Launch { tags, ..Kitchen::launch() }).await.unwrap();
        let run = kitchen.engine.launch(&launch).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        assert_eq!(ended(&kitchen, run, Duration::ZERO).await, RunStatus::Succeeded);
        worker.end().await;
        kitchen.remove().await;
    }
}

/// Waits until the process of the run has begun.
async fn begun(engine: &Engine, run: RunKey) {
    let mut progress = engine.progress();
    let begun = async {
        while engine.logs(run, 0).await.unwrap().is_empty() {
            progress.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("the process begins");
}

#[tokio::test]
async fn a_worker_that_stops_writes_the_last_words_and_gives_its_run_back() {
    let jobs = ONE.replace("quiet", "stop");
    for kitchen in Kitchen::of("worker_stop", &jobs).await {
        let guard = Guard::new("stop");
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        begun(engine, run).await;
        worker.end().await;
        let lines: Vec<String> = engine.logs(run, 0).await.unwrap().into_iter().map(|line| line.message).collect();
        assert_eq!(lines, ["begun", "last"]);
        // The clock stands still: it goes on because it was given back.
        let worker = Working::start(&kitchen, &guard);
        assert_eq!(ended(&kitchen, run, Duration::ZERO).await, RunStatus::Succeeded);
        worker.end().await;
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_as_its_last_step_ends_is_canceled() {
    for kitchen in Kitchen::of("worker_overtaken", &ONE.replace("quiet", "wait")).await {
        let guard = Guard::new("overtaken");
        let go = guard.0.join("go");
        assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        begun(engine, run).await;
        beside(&kitchen).await.cancel(run, Ending::InOrder).await.unwrap();
        fs::write(&go, "go\n").unwrap();
        assert_eq!(ended(&kitchen, run, Duration::ZERO).await, RunStatus::Canceled);
        worker.end().await;
        let events = engine.events(run, 0).await.unwrap();
        let ends = ["RUN_SUCCESS", "RUN_FAILURE", "RUN_CANCELED"];
        let told: Vec<&str> =
            events.iter().map(|event| event.kind.as_str()).filter(|kind| ends.contains(kind)).collect();
        assert_eq!(told, ["RUN_CANCELED"]);
        kitchen.remove().await;
    }
}

/// An endpoint that counts what it is asked.
struct Counted(Arc<AtomicUsize>);

impl Mutations for Counted {
    fn run(&self, _asked: MutationAsked) -> Mutating<'_> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(NotMade::Away) })
    }
}

#[tokio::test]
async fn what_has_not_begun_when_its_run_is_cancelled_does_not_begin() {
    let jobs = r#"type Nightly @job(repository: "kitchen") {
      one: JSON @run(command: ["wait"])
      process: Int! @run(command: ["give", "5"]) @needs(ops: ["one"])
      mutation: JSON @mutation(document: "mutation { note }") @needs(ops: ["one"])
    }"#;
    for kitchen in Kitchen::of("worker_not_begun", jobs).await {
        let guard = Guard::new("not_begun");
        let go = guard.0.join("go");
        assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
        let engine = &kitchen.engine;
        let made = Arc::new(AtomicUsize::new(0));
        engine.mutate_by(Arc::new(Counted(Arc::clone(&made))));
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        begun(engine, run).await;
        // The worker learns of it when it writes that the two others begin.
        beside(&kitchen).await.cancel(run, Ending::InOrder).await.unwrap();
        fs::write(&go, "go\n").unwrap();
        assert_eq!(ended(&kitchen, run, Duration::ZERO).await, RunStatus::Canceled);
        worker.end().await;
        let steps = engine.steps(run).await.unwrap();
        let statuses: Vec<StepStatus> = steps.iter().map(|step| step.status).collect();
        assert_eq!(statuses, [StepStatus::Succeeded, StepStatus::Canceled, StepStatus::Canceled]);
        assert_eq!(made.load(Ordering::SeqCst), 0);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_as_its_time_ends_is_not_left_behind() {
    let jobs = r#"type Nightly @job(repository: "kitchen", maxRuntime: "100ms") { one: JSON @run(command: ["stop"]) }"#;
    for kitchen in Kitchen::of("worker_both_end", jobs).await {
        let guard = Guard::new("both_end");
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        begun(engine, run).await;
        // The worker hears nothing of it, and notes the end that it asks for by itself.
        beside(&kitchen).await.cancel(run, Ending::InOrder).await.unwrap();
        assert_eq!(ended(&kitchen, run, Duration::from_millis(200)).await, RunStatus::Failed);
        worker.end().await;
        let steps = engine.steps(run).await.unwrap();
        assert_eq!(steps.iter().map(|step| step.status).collect::<Vec<_>>(), [StepStatus::Canceled]);
        kitchen.remove().await;
    }
}

/// The first end of a lease.
const UNTIL: Fixed = Fixed {
    sqlite: "select min(until) from _lease",
    postgres: "select min(until) from _lease",
    params: &[],
    columns: &[ColumnKind::Instant],
};

#[tokio::test]
async fn a_worker_renews_its_leases_for_what_may_end_a_run_alone() {
    for kitchen in Kitchen::of("worker_renews", &ONE.replace("quiet", "stop")).await {
        let guard = Guard::new("renews");
        let (engine, store) = (&kitchen.engine, kitchen.place.open());
        let until = async || store.ask(&UNTIL, Vec::new()).await.unwrap()[0][0].clone();
        let asked = |ask: Ask| engine.agent_work(ask).effect.unwrap().ended(Ended::Written);
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let worker = Working::start(&kitchen, &guard);
        begun(engine, run).await;
        kitchen.now.forward(Duration::from_secs(1));
        asked(Ask::Delete(0));
        let lease = i64::try_from(LEASE.as_micros()).unwrap();
        let renewed = Value::Instant(kitchen.now.now() + lease);
        let renewing = async {
            while until().await != renewed {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, renewing).await.expect("the lease is renewed");
        kitchen.now.forward(Duration::from_secs(1));
        asked(Ask::RunBeat(0));
        // It looks for runs meanwhile, which it would do behind a renewal.
        let other = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        assert_eq!(ended(&kitchen, other, Duration::ZERO).await, RunStatus::Succeeded);
        assert_eq!(until().await, renewed);
        worker.end().await;
        drop(store);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_that_ends_its_workers_fails_and_one_that_is_given_back_does_not() {
    for kitchen in Kitchen::of("worker_takeovers", ONE).await {
        let guard = Guard::new("takeovers");
        let engine = &kitchen.engine;
        for (is_released, expected) in [(true, RunStatus::Succeeded), (false, RunStatus::Failed)] {
            let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
            for _ in 0..=TAKEOVERS_MAX {
                let claimed = engine.claim("gone", LEASE, 1).await.unwrap().remove(0);
                if is_released {
                    engine.release("gone", vec![claimed.lease]).await.unwrap();
                } else {
                    kitchen.now.forward(LEASE);
                }
            }
            let worker = Working::start(&kitchen, &guard);
            assert_eq!(ended(&kitchen, run, Duration::ZERO).await, expected);
            worker.end().await;
        }
        kitchen.remove().await;
    }
}
