//! Programs of ops that do what programs do at their worst: each is a failed step with the reason, or a step with a warning; nothing of them is left,
//! and the worker lives to execute the next.
#![cfg(test)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
#[path = "../../runs/tests/kitchen/mod.rs"]
mod kitchen;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kitchen::Kitchen;
use runs::transition::StepStatus;
use runs::{Engine, Launch, RunKey, Scratch, WorkerSettings, work};
use tokio::sync::watch;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A job, what its program does, and what is told of its step in the end: its error, or the warnings.
const CASES: [(&str, &str, StepStatus, &str); 8] = [
    ("Exits", r#"["sh", "-c", "exit 3"]"#, StepStatus::Failed, "ProgramFailed: the program ended with status 3"),
    ("Killed", r#"["sh", "-c", "kill -9 $$"]"#, StepStatus::Failed, "ChildProcessCrashException: ended by signal 9"),
    (
        "Prints",
        r#"["sh", "-c", "yes $(head -c 60000 /dev/zero | tr '\\0' x) | head -c 100000000; echo 1 > $DRAGOMAN_OUTPUT"]"#,
        StepStatus::Succeeded,
        "lines of output are beyond what is kept and are lost",
    ),
    ("Silent", r#"["true"]"#, StepStatus::Failed, "OutputMissing: the program gave no output `result`"),
    (
        "Daemon",
        r#"["sh", "-c", "(setsid sleep 86400 &) ; ( (sleep 86400 &) & ); echo 1 > $DRAGOMAN_OUTPUT"]"#,
        StepStatus::Succeeded,
        "processes were left behind and were ended",
    ),
    (
        "Endless",
        r#"["sleep", "86400"]"#,
        StepStatus::Failed,
        "StepTimeout: the step took longer than its 0.2 s and was ended",
    ),
    ("Nowhere", r#"["no-such-program"]"#, StepStatus::Failed, "ProgramNotStarted: cannot start no-such-program"),
    ("Good", r#"["sh", "-c", "echo 1 > $DRAGOMAN_OUTPUT"]"#, StepStatus::Succeeded, ""),
];

#[tokio::test]
async fn whatever_a_program_does_is_told_of_its_step_and_the_worker_lives() {
    let job = |(name, command, _, _): &(&str, &str, StepStatus, &str)| {
        let timeout = if *name == "Endless" { " @timeout(after: \"200ms\")" } else { "" };
        format!("type {name} @job(repository: \"kitchen\") {{ one: Int! @run(command: {command}){timeout} }}\n")
    };
    let jobs: String = CASES.iter().map(job).collect();
    for kitchen in Kitchen::of("bad_ops", &jobs).await {
        let folder = std::env::temp_dir().join(format!("dragoman-bad-ops-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap();
        let (end, told) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(&kitchen.engine), settings(&folder), told));
        for (name, _, status, words) in CASES {
            // Time goes on, so that the worker has to say that it lives.
            kitchen.now.forward(Duration::from_secs(4));
            let engine = &kitchen.engine;
            let launch = Launch { job: name.to_lowercase(), ..Kitchen::launch() };
            let run = engine.launch(&engine.prepare(launch).await.unwrap()).await.unwrap().run;
            ended(engine, run).await;
            let step = engine.steps(run).await.unwrap().remove(0);
            let events = engine.events(run, 0).await.unwrap();
            let warnings: Vec<&str> =
                events.iter().filter(|event| event.level == "WARNING").map(|event| event.message.as_str()).collect();
            let told = format!("{:?} {warnings:?}", step.error);
            assert!(step.status == status && told.contains(words), "{name}: {} {told}", step.status.word());
            assert_eq!(left(&folder), 0, "{name}");
        }
        end.send_replace(true);
        worker.await.unwrap();
        fs::remove_dir_all(&folder).unwrap();
        kitchen.remove().await;
    }
}

fn settings(folder: &Path) -> WorkerSettings {
    let path = std::env::var("PATH").unwrap_or_default();
    WorkerSettings {
        name: "one".to_owned(),
        guard: env!("CARGO_BIN_EXE_dragoman").into(),
        directory: folder.to_path_buf(),
        scratch: Arc::new(Scratch::take(&folder.join("work"), "one").unwrap()),
        environment: BTreeMap::from([("PATH".to_owned(), path)]),
        runs_max: 2,
        steps_max: 2,
        grace: Duration::from_millis(100),
    }
}

async fn ended(engine: &Engine, run: RunKey) {
    let mut progress = engine.progress();
    let ended = async {
        while !engine.run(run).await.unwrap().unwrap().status.is_finished() {
            progress.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the run ends");
}

/// Processes that run in this folder.
fn left(folder: &Path) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder)).count()
}
