//! The worker on both databases, with a guard that says what a script says: what becomes of a run whatever its processes, its guard and others do.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kitchen::Kitchen;
use runs::transition::RunStatus;
use runs::{Clock, Ending, Engine, LEASE, RunKey, TAKEOVERS_MAX, WorkerSettings, work};
use store::Ids;
use tokio::sync::watch;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

const ONE: &str = r#"type Nightly @job(repository: "kitchen") { extract: JSON @run(command: ["true"]) }"#;

/// What a guard says at first and at last; `$task` is the line that it got.
const STARTED: &str = r#"echo '{"started":{"pid":7}}'"#;
const ENDED: &str =
    r#"echo '{"ended":{"reason":"exit","status":0,"signal":null,"left_behind":0,"is_killed":false,"lines_lost":0}}'"#;
/// Waits until it is asked to end, as a guard does.
const UNTIL_CANCELED: &str = r#"read word
echo '{"ended":{"reason":"cancel","status":null,"signal":15,"left_behind":0,"is_killed":false,"lines_lost":0}}'"#;
/// Finds the files of the attempt.
const FILES: &str = r#"output=${task#*'"DRAGOMAN_OUTPUT":"'}; output=${output%%'"'*}
events=${task#*'"DRAGOMAN_EVENTS":"'}; events=${events%%'"'*}"#;

/// A folder with a guard of its own.
struct Guard(PathBuf);

impl Guard {
    fn new(test: &str, script: &[&str]) -> Guard {
        let folder = std::env::temp_dir().join(format!("dragoman-guard-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("guard");
        fs::write(&program, format!("#!/bin/sh\nread -r task\n{}\n", script.join("\n"))).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Guard(folder)
    }

    fn settings(&self) -> WorkerSettings {
        WorkerSettings {
            name: "one".to_owned(),
            guard: self.0.join("guard"),
            directory: self.0.clone(),
            scratch: self.0.join("work"),
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

/// The run when it has ended.
async fn ended(engine: &Engine, run: RunKey) -> RunStatus {
    let mut progress = engine.progress();
    let ended = async {
        loop {
            let status = engine.run(run).await.unwrap().unwrap().status;
            if status.is_finished() {
                return status;
            }
            progress.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the run ends")
}

/// Plays one run of these jobs under this guard on both databases: what was told of it in the end.
async fn check(test: &str, jobs: &str, script: &[&str], expected: &[&str]) {
    for kitchen in Kitchen::of(&format!("worker_{test}"), jobs).await {
        let guard = Guard::new(test, script);
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), guard.settings(), stopped));
        let status = ended(engine, run).await;
        stop.send_replace(true);
        worker.await.unwrap();
        let mut told = vec![format!("run {}", status.word())];
        for step in engine.steps(run).await.unwrap() {
            let output = step.output.filter(|output| !output.is_null());
            let output = output.map(|output| format!(" {output}")).unwrap_or_default();
            told.push(format!("{} {}{output}", step.key, step.status.word()));
        }
        told.extend(engine.logs(run, 0).await.unwrap().into_iter().map(|line| format!("line {}", line.message)));
        assert_eq!(told, expected, "{test}");
        kitchen.remove().await;
    }
}

/// An engine on the same database, of which the first hears nothing.
async fn beside(kitchen: &Kitchen) -> Engine {
    let clock = Clock::Manual(Arc::clone(&kitchen.now));
    Engine::open(Arc::new(kitchen.place.open()), clock, Arc::new(Ids::Random)).await.unwrap()
}

#[tokio::test]
async fn a_program_that_writes_nul_ends_its_run() {
    let line = r#"echo '{"line":{"stream":"out","text":"a\u0000b","is_cut":false}}'"#;
    let event = r#"echo '{"event":"log","level":"INFO","message":"e\u0000f"}' > "$events""#;
    let output = r#"echo '{"c\u0000":["d\u0000"]}' > "$output""#;
    let expected =
        ["run succeeded", "extract succeeded {\"c\u{fffd}\":[\"d\u{fffd}\"]}", "line a\u{fffd}b", "line e\u{fffd}f"];
    check("nul", ONE, &[FILES, STARTED, line, event, output, ENDED], &expected).await;
}

#[tokio::test]
async fn a_run_whose_time_is_over_before_its_guard_is_there_ends() {
    let jobs = ONE.replace("@job(", r#"@job(maxRuntime: "1ms", "#);
    check("hasty", &jobs, &[STARTED, UNTIL_CANCELED], &["run failed", "extract canceled"]).await;
}

#[tokio::test]
async fn an_output_that_is_a_pipe_fails_its_step() {
    check("pipe", ONE, &[FILES, "mkfifo \"$output\"", STARTED, ENDED], &["run failed", "extract failed"]).await;
}

const BEGUN: &str = r#"echo '{"line":{"stream":"out","text":"begun","is_cut":false}}'"#;

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
    let last = r#"mark="${0%/*}/mark"
if [ ! -e "$mark" ]; then : > "$mark"; read -r word; echo '{"line":{"stream":"out","text":"last","is_cut":false}}'
echo '{"ended":{"reason":"cancel","status":null,"signal":15,"left_behind":0,"is_killed":false,"lines_lost":0}}'; exit; fi"#;
    for kitchen in Kitchen::of("worker_stop", ONE).await {
        let guard = Guard::new("stop", &[STARTED, BEGUN, last, ENDED]);
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), guard.settings(), stopped));
        begun(engine, run).await;
        stop.send_replace(true);
        worker.await.unwrap();
        let lines: Vec<String> = engine.logs(run, 0).await.unwrap().into_iter().map(|line| line.message).collect();
        assert_eq!(lines, ["begun", "last"]);
        // The clock stands still: it goes on because it was given back.
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), guard.settings(), stopped));
        assert_eq!(ended(engine, run).await, RunStatus::Succeeded);
        stop.send_replace(true);
        worker.await.unwrap();
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_as_its_last_step_ends_is_canceled() {
    for kitchen in Kitchen::of("worker_overtaken", ONE).await {
        let guard = Guard::new("overtaken", &[STARTED, BEGUN, r#"read -r word < "${0%/*}/go""#, ENDED]);
        let go = guard.0.join("go");
        assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), guard.settings(), stopped));
        begun(engine, run).await;
        beside(&kitchen).await.cancel(run, Ending::InOrder).await.unwrap();
        fs::write(&go, "go\n").unwrap();
        assert_eq!(ended(engine, run).await, RunStatus::Canceled);
        stop.send_replace(true);
        worker.await.unwrap();
        let events = engine.events(run, 0).await.unwrap();
        let ends = ["RUN_SUCCESS", "RUN_FAILURE", "RUN_CANCELED"];
        let told: Vec<&str> =
            events.iter().map(|event| event.kind.as_str()).filter(|kind| ends.contains(kind)).collect();
        assert_eq!(told, ["RUN_CANCELED"]);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_that_no_worker_ends_fails() {
    for kitchen in Kitchen::of("worker_takeovers", ONE).await {
        let guard = Guard::new("takeovers", &[STARTED, ENDED]);
        let engine = &kitchen.engine;
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        for _ in 0..=TAKEOVERS_MAX {
            assert_eq!(engine.claim("gone", LEASE, 1).await.unwrap().len(), 1);
            kitchen.forward(LEASE);
        }
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), guard.settings(), stopped));
        assert_eq!(ended(engine, run).await, RunStatus::Failed);
        stop.send_replace(true);
        worker.await.unwrap();
        kitchen.remove().await;
    }
}
