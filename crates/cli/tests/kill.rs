//! What is killed while runs go on: the server, one worker of two, PostgreSQL itself, and a worker that is held until another has its runs. No run
//! that was promised is lost, none ends twice, each result is written once, who has lost a run writes nothing of it, and no process is left behind.
//! What the processes did is counted from outside, by the lines that they write into files.
//!
//! `DRAGOMAN_KILLS` and `DRAGOMAN_KILL_RUNS` say how many; the ordinary suite plays a few.
#![cfg(test)]

mod cluster;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cluster::Cluster;
use runs::transition::{RunStatus, StepStatus};
use runs::{Clock, Engine, RunKey};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value as Json, json};
use store::{Address, Ids, Store, StoreConfig};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);
/// Runs that may still go on when the next are launched: those that a killed worker had, and some beside.
const OPEN_MAX: usize = 6;
/// How long PostgreSQL stays away now and then: longer than a worker holds runs that it cannot speak for.
const AWAY: Duration = Duration::from_secs(7);

const JOBS: &str = r#"
type Count @job {
  one: JSON! @run(command: ["/bin/sh", "ops/op.sh", "one"])
  two(before: JSON! @input @from(op: "one")): JSON! @run(command: ["/bin/sh", "ops/op.sh", "two"])
  three(before: JSON! @input @from(op: "two")): JSON! @run(command: ["/bin/sh", "ops/op.sh", "three"])
}
"#;
const STEPS: [&str; 3] = ["one", "two", "three"];

/// Says and notes that it began, leaves a child that would stay for ever, works a moment, notes what it gives, gives it, and says so. The place of
/// its output tells its run, its attempt, and the fence of its worker.
const OP: &str = r#"
document=$(cat)
token="$$.$(date +%s%N)"
echo "began $token $DRAGOMAN_OUTPUT"
echo "$token $DRAGOMAN_OUTPUT" >> "began.$1"
( sleep 86400 & )
sleep 0.05
echo "$token $DRAGOMAN_OUTPUT" >> "gave.$1"
echo "\"$token\"" > "$DRAGOMAN_OUTPUT"
echo "gave $token $DRAGOMAN_OUTPUT"
"#;

/// What happens to somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// The server is killed and started again.
    Server,
    /// The worker beside it is killed and started again.
    Worker,
    /// The worker is held until another has its run; then it goes on, with all that its processes told meanwhile.
    Pause,
    /// PostgreSQL is killed and started again.
    Database,
}

#[test]
fn killed_servers_lose_no_run_and_leave_no_process() {
    play("sqlite", None, &[Blow::Server; 4], 6);
}

#[test]
fn a_killed_server_worker_or_postgresql_loses_no_run_and_leaves_no_process() {
    play("postgres", Some(Cluster::new()), &[Blow::Worker, Blow::Database, Blow::Server, Blow::Pause], 20);
}

/// Plays the blows, one after another and again, while so many runs go on.
fn play(name: &str, cluster: Option<Cluster>, blows: &[Blow], runs: usize) {
    let (runs, kills) = (number("DRAGOMAN_KILL_RUNS", runs), number("DRAGOMAN_KILLS", blows.len()));
    let began = Instant::now();
    let mut stage = Stage::new(name, cluster);
    let allowed = AtomicUsize::new(0);
    let control = stage.server.home.join("data/control");
    let promised = std::thread::scope(|scope| {
        let launching = scope.spawn(|| launch(&control, &allowed, runs));
        for (kill, blow) in (0..kills).zip(blows.iter().cycle()) {
            // What was launched for the blows before is nearly done: they hit the whole of the runs, not the first of them.
            let before = (runs * kill / (kills + 1)).saturating_sub(OPEN_MAX);
            wait_for("the runs of the blows before", || stage.finished() >= before);
            allowed.store((runs * (kill + 1) / (kills + 1)).max(1), Ordering::Relaxed);
            stage.strike(*blow, kill);
        }
        allowed.store(runs, Ordering::Relaxed);
        launching.join().expect("every run is launched")
    });
    wait_for("the end of all runs", || stage.is_settled());
    stage.end();
    stage.check(&promised);
    let took = began.elapsed().as_secs_f64();
    println!("{name}: {} runs of three ops, {kills} blows, {took:.0} s", promised.keys.len());
}

/// Runs that the server has promised, and launches whose answer was lost.
struct Promised {
    keys: Vec<RunKey>,
    unknown: usize,
}

/// Launches as many as are allowed by then, until all are there.
fn launch(control: &Path, allowed: &AtomicUsize, runs: usize) -> Promised {
    let mut promised = Promised { keys: Vec::new(), unknown: 0 };
    let question = json!({ "runs": { "launch": { "job": "count", "config": {}, "tags": {} } } });
    while promised.keys.len() < runs {
        wait_for("room for a launch", || promised.keys.len() < allowed.load(Ordering::Relaxed));
        wait_for("a launch", || match ask(control, &question) {
            Some(answer) => {
                let key = answer["done"]["key"].as_str().and_then(RunKey::of_text);
                promised.keys.extend(key);
                promised.unknown += usize::from(key.is_none());
                key.is_some()
            }
            None => false,
        });
    }
    promised
}

/// What a server answers through its control socket: null when it was asked and did not answer, nothing when it could not be asked.
fn ask(control: &Path, question: &Json) -> Option<Json> {
    let mut stream = UnixStream::connect(control).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    let asked = stream.write_all(format!("{question}\n").as_bytes());
    let read = asked.and_then(|()| BufReader::new(stream).read_line(&mut answer));
    Some(read.ok().and_then(|_| serde_json::from_str(&answer).ok()).unwrap_or_default())
}

/// A process of the product in a folder of its own, by which its processes are known.
struct Actor {
    home: PathBuf,
    words: &'static [&'static str],
    child: Child,
}

impl Actor {
    fn new(stage: (&Path, Option<&str>), name: &str, words: &'static [&'static str]) -> Actor {
        let home = stage.0.join(name);
        fs::create_dir_all(&home).unwrap();
        let child = spawn(stage, &home, words);
        Actor { home, words, child }
    }

    /// Ends it without a word; what it started ends by itself.
    fn kill(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself: {}", self.log());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        wait_for("the end of all its processes", || processes(&self.home).is_empty());
    }

    fn start(&mut self, stage: (&Path, Option<&str>)) {
        self.child = spawn(stage, &self.home, self.words);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _gone = self.child.kill().is_err() || self.child.wait().is_err();
    }
}

fn spawn((folder, url): (&Path, Option<&str>), home: &Path, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dragoman"));
    command.args(&words[..1]).arg(folder).arg("--data").arg(home.join("data")).args(&words[1..]);
    command.args(url.map(|url| ["--database", url]).into_iter().flatten());
    command.current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").env("DRAGOMAN_LOG_LEVEL", "warn");
    // Few at once, so that both workers have some.
    command.env("DRAGOMAN_RUNS_GRACE", "100ms").env("DRAGOMAN_RUNS_MAX_CONCURRENT", "2");
    let log = File::options().append(true).create(true).open(home.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// All that plays.
struct Stage {
    folder: PathBuf,
    url: Option<String>,
    server: Actor,
    /// On PostgreSQL.
    worker: Option<Actor>,
    cluster: Option<Cluster>,
    databases_killed: usize,
}

impl Stage {
    fn new(name: &str, cluster: Option<Cluster>) -> Stage {
        let folder = std::env::temp_dir().join(format!("dragoman-kill-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("schema")).unwrap();
        fs::create_dir_all(folder.join("ops")).unwrap();
        let folder = folder.canonicalize().unwrap();
        fs::write(folder.join("schema/jobs.graphql"), JOBS).unwrap();
        fs::write(folder.join("ops/op.sh"), OP).unwrap();
        let url = cluster.as_ref().map(Cluster::url);
        let of = (folder.as_path(), url.as_deref());
        // The tables first: a server in production makes none, and waits for a database that is away.
        let made = Actor::new(of, "server", &["migrate"]).child.wait().unwrap();
        assert!(made.success(), "the tables are made");
        let server = Actor::new(of, "server", &["serve", "--listen", "127.0.0.1:0"]);
        let control = server.home.join("data/control");
        wait_for("the server", || UnixStream::connect(&control).is_ok());
        let worker = cluster.is_some().then(|| Actor::new(of, "worker", &["worker"]));
        Stage { folder, url, server, worker, cluster, databases_killed: 0 }
    }

    /// Waits for a moment at which an op has just begun, or has just given what is not written yet, and strikes.
    fn strike(&mut self, blow: Blow, kill: usize) {
        let folder = self.folder.clone();
        let home = match (blow, &self.worker) {
            (Blow::Worker | Blow::Pause, Some(worker)) => worker.home.clone(),
            (Blow::Server | Blow::Database, _) | (_, None) => self.server.home.clone(),
        };
        let count = |word: &str| all_lines(&folder, word).iter().filter(|line| is_of(line, &home)).count();
        let word = if kill.is_multiple_of(2) || blow == Blow::Pause { "began" } else { "gave" };
        let next = count(word) + 1 + kill % 3;
        wait_now_and_then("an op", || count(word) >= next, || self.is_settled());
        let of = (folder.as_path(), self.url.as_deref());
        match (blow, &mut self.worker, &mut self.cluster) {
            (Blow::Worker, Some(worker), _) => {
                worker.kill();
                worker.start(of);
            }
            (Blow::Database, _, Some(cluster)) => {
                cluster.kill();
                self.databases_killed += 1;
                if self.databases_killed.is_multiple_of(3) {
                    let began = Instant::now();
                    wait_for("the end of its absence", || began.elapsed() > AWAY);
                }
                cluster.start();
            }
            (Blow::Pause, Some(_), _) => self.pause(),
            (Blow::Server | Blow::Worker | Blow::Database | Blow::Pause, _, _) => {
                self.server.kill();
                self.server.start(of);
            }
        }
    }

    /// Holds the worker until the server has the run of which it has just begun a step.
    fn pause(&self) {
        let Some(worker) = &self.worker else { return };
        let began = all_lines(&self.folder, "began");
        let newest = began.iter().filter(|line| is_of(line, &worker.home)).max_by_key(|line| moment(line));
        let Some(run) = newest.map(|line| place(line).0.to_owned()) else { return };
        worker.signal(Signal::STOP);
        let has_it = || {
            let began = all_lines(&self.folder, "began");
            began.iter().any(|line| place(line).0 == run && is_of(line, &self.server.home))
        };
        wait_now_and_then("another worker", has_it, || self.is_settled());
        worker.signal(Signal::CONT);
    }

    /// Runs whose last op has given its result, whether it is written or not.
    fn finished(&self) -> usize {
        let gave = lines(&self.folder, "gave.three");
        gave.iter().map(|line| place(line).0).collect::<BTreeSet<&str>>().len()
    }

    /// Every run that is there has ended.
    fn is_settled(&self) -> bool {
        let question = json!({ "runs": { "runs": { "job": null, "limit": 1_000 } } });
        let answer = ask(&self.server.home.join("data/control"), &question);
        let runs = answer.and_then(|answer| answer["done"].as_array().cloned()).unwrap_or_default();
        !runs.is_empty() && runs.iter().all(|run| run["is_finished"] == true)
    }

    fn end(&mut self) {
        for actor in self.worker.iter_mut().chain([&mut self.server]) {
            actor.kill();
        }
        assert_eq!(processes(&self.folder), [0_i32; 0], "nothing is left behind");
    }

    /// Every run succeeded once, and what is kept of each step is what one of its processes gave, each for one run alone.
    fn check(&self, promised: &Promised) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let address = match &self.url {
                Some(url) => Address::parse(url).unwrap(),
                None => Address::in_folder(&self.server.home.join("data")),
            };
            let store = Store::open(&StoreConfig::new(address)).unwrap();
            let engine = Engine::open(Arc::new(store), Clock::Database, Arc::new(Ids::Random)).await.unwrap();
            let newest = engine.runs(None, None, runs::PAGE_MAX).await.unwrap();
            let mut keys: BTreeSet<RunKey> = promised.keys.iter().copied().collect();
            assert_eq!(keys.len(), promised.keys.len(), "every launch is a run of its own");
            keys.extend(newest.iter().map(|run| run.key));
            assert!(keys.len() <= promised.keys.len() + promised.unknown, "no run is launched twice");
            let mut kept: BTreeSet<String> = BTreeSet::new();
            for key in &keys {
                self.check_run(&engine, *key, &mut kept).await;
            }
            assert_eq!(kept.len(), keys.len() * STEPS.len(), "what a process gave is kept once");
        });
    }

    async fn check_run(&self, engine: &Engine, key: RunKey, kept: &mut BTreeSet<String>) {
        let run = engine.run(key).await.unwrap().expect("no run is lost");
        assert_eq!(run.status, RunStatus::Succeeded, "{key}: {}", self.server.log());
        let events = engine.events(key, 0).await.unwrap();
        let times = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        assert_eq!((times("RUN_SUCCESS"), times("STEP_SUCCESS")), (1, 3), "{key}: each result once");
        for step in engine.steps(key).await.unwrap() {
            assert_eq!(step.status, StepStatus::Succeeded);
            let token = step.output.unwrap().as_str().unwrap().to_owned();
            let gave = lines(&self.folder, &format!("gave.{}", step.key));
            let is_it = |line: &String| line.starts_with(&format!("{token} ")) && place(line).0 == key.to_string();
            assert!(gave.iter().any(is_it), "{key}: a process gave it");
            kept.insert(token);
        }
        let logs = engine.logs(key, 0).await.unwrap();
        let fences: Vec<u64> = logs.iter().map(|line| place(&line.message).1).collect();
        assert!(fences.is_sorted(), "{key}: who has lost the run writes no line behind who has it: {logs:?}");
        let told: BTreeSet<&String> = logs.iter().map(|line| &line.message).collect();
        assert_eq!(told.len(), logs.len(), "{key}: each line is written once");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for actor in self.worker.iter_mut().chain([&mut self.server]) {
            let _gone = actor.child.kill().is_err() || actor.child.wait().is_err();
        }
        self.cluster = None;
        let _gone = fs::remove_dir_all(&self.folder).is_ok();
    }
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Waits for something to be so.
fn wait_for(what: &str, is_so: impl FnMut() -> bool) {
    wait_now_and_then(what, is_so, || false);
}

/// Waits for something to be so; asks now and then what is dear to ask, and says why it need not wait.
fn wait_now_and_then(what: &str, mut is_so: impl FnMut() -> bool, mut is_over: impl FnMut() -> bool) {
    let began = Instant::now();
    let (_open, silence) = std::sync::mpsc::channel::<()>();
    let mut looks: u32 = 0;
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        looks += 1;
        if looks.is_multiple_of(100) && is_over() {
            return;
        }
        // Files and processes tell nobody of their changes.
        let _nobody_sends = silence.recv_timeout(Duration::from_millis(5)).is_err();
    }
}

fn lines(folder: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Lines of all steps.
fn all_lines(folder: &Path, word: &str) -> Vec<String> {
    STEPS.iter().flat_map(|step| lines(folder, &format!("{word}.{step}"))).collect()
}

/// Whether a process of this worker wrote the line.
fn is_of(line: &str, home: &Path) -> bool {
    line.rsplit(' ').next().is_some_and(|path| Path::new(path).starts_with(home))
}

/// When a line was written: `PID.NANOSECONDS PLACE`.
fn moment(line: &str) -> u128 {
    let token = line.split(' ').next().unwrap_or_default();
    token.rsplit('.').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or_default()
}

/// The run of a line, and the fence of its worker: `…/RUN.STEP.ATTEMPT.FENCE/output.json`.
fn place(line: &str) -> (&str, u64) {
    let folder = line.rsplit('/').nth(1).unwrap_or_default();
    let fence = folder.rsplit('.').next().and_then(|fence| fence.parse().ok());
    (folder.split('.').next().unwrap_or_default(), fence.unwrap_or_default())
}

/// Processes that run in this folder, or that a worker of this folder started.
fn processes(folder: &Path) -> Vec<i32> {
    let output = [b"DRAGOMAN_OUTPUT=", folder.as_os_str().as_bytes()].concat();
    let is_it = |process: &Path| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
            || environment.split(|byte| *byte == 0).any(|word| word.starts_with(&output))
    };
    let all = fs::read_dir("/proc").unwrap().flatten().filter(|process| is_it(&process.path()));
    all.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}
