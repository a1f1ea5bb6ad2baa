//! Servers that are killed while runs go on: no run is lost, none ends twice, each result is written once, and no process is left behind. What the
//! processes did is counted from outside, by the lines that they write into files.
//!
//! `DRAGOMAN_KILLS` and `DRAGOMAN_KILL_RUNS` say how many; the ordinary suite plays a few.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runs::transition::{RunStatus, StepStatus};
use runs::{Clock, Engine};
use store::{Address, Ids, Store, StoreConfig};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

const JOBS: &str = r#"
type Count @job {
  one: JSON! @run(command: ["/bin/sh", "ops/op.sh", "one"])
  two(before: JSON! @input @from(op: "one")): JSON! @run(command: ["/bin/sh", "ops/op.sh", "two"])
  three(before: JSON! @input @from(op: "two")): JSON! @run(command: ["/bin/sh", "ops/op.sh", "three"])
}
"#;

/// Notes that it began, leaves a child that would stay for ever, works a moment, notes what it gives, and gives it.
const OP: &str = r#"
document=$(cat)
token="$$.$(date +%s%N)"
echo "$token" >> "began.$1"
( sleep 86400 & )
sleep 0.05
echo "$token" >> "gave.$1"
echo "\"$token\"" > "$DRAGOMAN_OUTPUT"
"#;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0).is_ok();
    }
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dragoman"));
    command.args(arguments).current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("DRAGOMAN_LOG_LEVEL", "error").env("DRAGOMAN_RUNS_GRACE", "100ms");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn serve(folder: &Path) -> Child {
    command(folder, &["dev", "--listen", "127.0.0.1:0"]).spawn().unwrap()
}

/// Waits for something to be so.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    let (_open, silence) = std::sync::mpsc::channel::<()>();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        // Files and processes tell nobody of their changes.
        let _nobody_sends = silence.recv_timeout(Duration::from_millis(5)).is_err();
    }
}

fn lines(folder: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Processes that run in this folder.
fn processes(folder: &Path) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder)).count()
}

#[test]
fn killed_servers_lose_no_run_and_leave_no_process() {
    let (runs, kills) = (number("DRAGOMAN_KILL_RUNS", 6), number("DRAGOMAN_KILLS", 4));
    let path = std::env::temp_dir().join(format!("dragoman-kill-{}", std::process::id()));
    fs::create_dir_all(path.join("schema")).unwrap();
    let folder = Folder(path.canonicalize().unwrap());
    let folder = &folder.0;
    fs::create_dir_all(folder.join("ops")).unwrap();
    fs::write(folder.join("schema/jobs.graphql"), JOBS).unwrap();
    fs::write(folder.join("ops/op.sh"), OP).unwrap();
    let mut server = serve(folder);
    for _ in 0..runs {
        wait_for("a launch", || {
            command(folder, &["run", "count", "--detach"]).status().unwrap().success() || {
                assert!(server.try_wait().unwrap().is_none(), "the server ended by itself");
                false
            }
        });
    }
    let of = |word: &str| -> usize {
        ["one", "two", "three"].map(|step| lines(folder, &format!("{word}.{step}")).len()).iter().sum()
    };
    for kill in 0..kills {
        // When an op has just begun, or has just given its result, which is not written then.
        let count = || if kill % 2 == 0 { of("began") } else { of("gave") };
        let next = count() + 1 + kill % 3;
        wait_for("an op", || count() >= next.min(runs * 3));
        server.kill().unwrap();
        server.wait().unwrap();
        wait_for("the end of all processes", || processes(folder) == 0);
        server = serve(folder);
    }
    let ended = || {
        let listed = command(folder, &["runs", "--limit", "1000"]).stdout(Stdio::piped()).output().unwrap();
        String::from_utf8(listed.stdout).unwrap().lines().filter(|line| line.contains("succeeded")).count()
    };
    wait_for("the end of all runs", || ended() == runs);
    server.kill().unwrap();
    server.wait().unwrap();
    wait_for("the end of all processes", || processes(folder) == 0);
    check(folder, runs);
}

/// Every run succeeded once, and what is kept of each step is what one of its processes gave, each for one run alone.
fn check(folder: &Path, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&StoreConfig::new(Address::in_folder(&folder.join("data")))).unwrap();
        let engine = Engine::open(Arc::new(store), Clock::Database, Arc::new(Ids::Random)).await.unwrap();
        let all = engine.runs(None, None, 1_000).await.unwrap();
        assert_eq!(all.len(), count, "no run is lost");
        let mut kept: Vec<String> = Vec::new();
        for run in &all {
            assert_eq!(run.status, RunStatus::Succeeded);
            let events = engine.events(run.key, 0).await.unwrap();
            let times = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
            assert_eq!((times("RUN_SUCCESS"), times("STEP_SUCCESS")), (1, 3), "{}: each result once", run.key);
            for step in engine.steps(run.key).await.unwrap() {
                assert_eq!(step.status, StepStatus::Succeeded);
                let token = step.output.unwrap().as_str().unwrap().to_owned();
                assert!(lines(folder, &format!("gave.{}", step.key)).contains(&token), "a process gave it");
                kept.push(token);
            }
        }
        let kept_count = kept.len();
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(kept.len(), kept_count, "what a process gave is kept once");
    });
}
