//! What the engine of workflows costs, beside what the same costs by hand: a launch and a plain insert of the same rows, a job of three empty
//! programs and the programs alone, the wait of a run, an idle server, and pages of runs and events.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::data::{self, ProductStore, Stores};
use super::measure::{self, Load};
use super::options::{Database, Options};
use super::program::{Asked, Program, Start, Target};
use crate::postgres::Cluster;
use crate::process;

/// Launches, jobs and writes of which the middle one counts.
const TIMES: usize = 60;
/// Runs that are stored before pages of them are asked for, with so many events each.
const STORED: usize = 1_000;
const EVENTS: usize = 100;
const IDLE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_mins(10);
const CONNECTIONS: usize = 16;
const DOCUMENT: &str = "docs/performance.md";
const TABLE_BEGINS: &str = "<!-- made by `cargo xtask bench --ops runs --write` -->";
const TABLE_ENDS: &str = "<!-- end of runs -->";

const JOBS: &str = r#"
type Hold @job { one: JSON @run(command: ["sleep", "86400"]) }
type Empty @job {
  one: JSON @run(command: ["true"])
  two: JSON @run(command: ["true"]) @needs(ops: ["one"])
  three: JSON @run(command: ["true"]) @needs(ops: ["two"])
}
type Many @job {
  one: JSON @run(command: ["sh", "-c", "yes '{\"event\":\"log\",\"message\":\"one of many\"}' | head -n {events} > $DRAGOMAN_EVENTS"])
}
"#;
const SETTINGS: &str = "[workflows]\nanonymous = \"operator\"\n[runs]\nmax_concurrent = 1\n";

const PAGE: &str =
    "query runs { runsOrError(limit: 20) { ... on Runs { results { runId status jobName startTime endTime } } } }";
const EVENTS_OF: &str = "query events($id: ID!) { logsForRun(runId: $id, limit: 100) { ... on EventConnection { events { ... on MessageEvent { message timestamp level stepKey eventType } } } } }";

/// One line of the table.
pub(super) struct Figure {
    database: Database,
    what: &'static str,
    measured: String,
    beside: String,
    goal: &'static str,
}

/// Measures all of it on one database.
pub(super) fn run(
    options: &Options,
    (database, cluster): (Database, Option<&Cluster>),
    run: &Path,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let stores = load(cluster, run)?;
    let control = stores.product.as_ref().map(|store| store.data.join("control")).context("there is a product")?;
    let first = Asked { path: "/graphql", body: json!({ "query": "{ version }" }).to_string() };
    let start = Start { options, stores: &stores, cluster, first };
    let program = Program::start(Target::Product, &start)?;
    let mut add = |what, measured: String, beside: String, goal| {
        println!("{database} {what}: {measured} beside {beside}");
        figures.push(Figure { database, what, measured, beside, goal });
    };
    let sync = sync_ms(&stores.folder)?;
    add("fdatasync of 4 KiB", ms(sync), "–".to_owned(), "–");
    let mut engine = Engine::reach(&control)?;
    let held = engine.launch("hold")?;
    let launch = engine.launches()?;
    let insert = inserts_ms(&stores, &held)?;
    add("a launch, and a plain insert of the same rows", ms(launch), ms(insert), "3 times");
    engine.cancel_all()?;
    let bare = bare_ms()?;
    let (job, waited) = engine.jobs()?;
    let goal = bare.mul_add(1.2, 20.0) + 8.0 * sync;
    add("a job of three empty programs, and the programs alone", ms(job), ms(bare), "1.2 times + 20 ms + 8 fdatasync");
    add("that goal", ms(goal), "–".to_owned(), "–");
    let wait = match database {
        Database::Sqlite => "10 ms",
        Database::Postgres => "30 ms",
    };
    add("from a launch to the start of the first step", ms(waited), "–".to_owned(), wait);
    add("processor of an idle server", format!("{:.2} %", idle_percent(&program)?), "–".to_owned(), "1 %");
    let run = engine.store()?;
    reads(options, (database, cluster), (&program, &stores), &run, &mut add)?;
    program.stop()
}

/// Pages of runs and of events, per second, through the API and by one statement by hand.
fn reads(
    options: &Options,
    (database, cluster): (Database, Option<&Cluster>),
    (program, stores): (&Program, &Stores),
    run: &str,
    add: &mut impl FnMut(&'static str, String, String, &'static str),
) -> Result<()> {
    let by_hand = Program::start(
        Target::Runs,
        &Start { options, stores, cluster, first: Asked { path: "/runs", body: "{}".to_owned() } },
    )?;
    let events = json!({ "query": EVENTS_OF, "variables": { "id": run } }).to_string();
    let questions = [
        ("20 of 1,000 runs, a second", "runs", json!({ "query": PAGE }).to_string(), "/runs"),
        ("100 events of a run, a second", "events", events, "/events"),
    ];
    for (what, name, body, path) in questions {
        let load =
            |name: String, path, body| Load { name, path, bodies: vec![body], connections: CONNECTIONS, varies: false };
        let ours = measure::run(options, program, &load(format!("{name}-product"), "/graphql", body))?;
        let theirs =
            measure::run(options, &by_hand, &load(format!("{name}-hand"), path, json!({ "id": run }).to_string()))?;
        measure::show(database, (name, "product"), CONNECTIONS, &ours);
        measure::show(database, (name, "by hand"), CONNECTIONS, &theirs);
        let rate = |report: &measure::Report| {
            let cpu = report.server_cpu_us + report.postgres_cpu_us;
            format!("{:.0} ({cpu:.0} µs)", report.requests_per_second)
        };
        add(what, rate(&ours), rate(&theirs), "–");
    }
    by_hand.stop()
}

fn load(cluster: Option<&Cluster>, run: &Path) -> Result<Stores> {
    let folder = run.join("runs");
    let _none = fs::remove_dir_all(&folder).is_ok();
    let (project, data) = (folder.join("project"), folder.join("data"));
    fs::create_dir_all(project.join("schema")).context("could not make the project of jobs")?;
    fs::write(project.join("schema/jobs.graphql"), JOBS.replace("{events}", &EVENTS.to_string()))?;
    fs::write(project.join("dragoman.toml"), SETTINGS)?;
    let url = match cluster {
        Some(cluster) => {
            cluster.script("postgres", "drop database if exists run_runs;\ncreate database run_runs;\n")?;
            Some(cluster.url("run_runs"))
        }
        None => None,
    };
    data::import(&project, &data, url.as_deref())?;
    let plain = url.clone().unwrap_or_else(|| data.join("dragoman.db").display().to_string());
    Ok(Stores { plain, product: Some(ProductStore { project, data, url }), folder })
}

/// The engine through the control socket of its server.
struct Engine(BufReader<UnixStream>);

impl Engine {
    fn reach(control: &Path) -> Result<Engine> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match UnixStream::connect(control) {
                Ok(stream) => return Ok(Engine(BufReader::new(stream))),
                Err(error) if Instant::now() > deadline => {
                    return Err(error).context("the control socket is not there");
                }
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn ask(&mut self, question: &Value) -> Result<Value> {
        writeln!(self.0.get_mut(), "{}", json!({ "runs": question }))?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line).context("the control socket gave no JSON")?;
        match answer.get_mut("done") {
            Some(done) => Ok(done.take()),
            None => bail!("the server refused {question}: {answer}"),
        }
    }

    fn launch(&mut self, job: &str) -> Result<String> {
        let run = self.ask(&json!({ "launch": { "job": job, "config": {}, "tags": {} } }))?;
        run["key"].as_str().map(str::to_owned).context("a launch gives the key of a run")
    }

    /// Waits for the end of a run; its last news.
    fn ended(&mut self, run: &str) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let news = self.ask(&json!({ "news": { "run": run, "events": 0, "logs": 0 } }))?;
            if news["run"]["is_finished"] == true {
                // Events are read before the run is: the last of them come with the next answer.
                return self.ask(&json!({ "news": { "run": run, "events": 0, "logs": 0 } }));
            }
            if Instant::now() > deadline {
                bail!("the run {run} does not end");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Behind a run that holds the only place, so that nothing else goes on.
    fn launches(&mut self) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            self.launch("empty")?;
            times.push(millis(began));
        }
        Ok(middle(times))
    }

    fn cancel_all(&mut self) -> Result<()> {
        let runs = self.ask(&json!({ "runs": { "job": null, "limit": 1_000 } }))?;
        for run in runs.as_array().into_iter().flatten().filter(|run| run["is_finished"] == false) {
            self.ask(&json!({ "cancel": { "run": run["key"], "at_once": true } }))?;
        }
        Ok(())
    }

    /// From launch to end, and from launch to the start of the first step, by the times that the database keeps.
    fn jobs(&mut self) -> Result<(f64, f64)> {
        let (mut whole, mut waited) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let run = self.launch("empty")?;
            let news = self.ended(&run)?;
            let at = |kind: &str| {
                let mut events = news["events"].as_array().into_iter().flatten();
                events.find(|event| event["kind"] == kind).and_then(|event| event["timestamp"].as_f64())
            };
            let (Some(launched), Some(started), Some(ended)) =
                (at("RUN_ENQUEUED"), at("STEP_START"), at("RUN_SUCCESS"))
            else {
                bail!("the run {run} did not succeed: {news}");
            };
            whole.push((ended - launched) / 1_000.0);
            waited.push((started - launched) / 1_000.0);
        }
        Ok((middle(whole), middle(waited)))
    }

    /// Executes as many runs as are to be stored; the last of them.
    fn store(&mut self) -> Result<String> {
        let mut last = String::new();
        for _ in 0..STORED {
            last = self.launch("many")?;
        }
        self.ended(&last)?;
        Ok(last)
    }
}

/// What the disk takes to keep a page.
fn sync_ms(folder: &Path) -> Result<f64> {
    let path = folder.join("sync");
    let mut file = File::create(&path).context("could not make a file")?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        file.write_all(&[0; 4_096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(millis(began));
    }
    fs::remove_file(&path)?;
    Ok(middle(times))
}

/// The rows of a launch, written by hand.
fn inserts_ms(stores: &Stores, run: &str) -> Result<f64> {
    let mut command = Command::new(data::program("limit"));
    let text = process::output(command.args(["launches", &stores.plain, run, &TIMES.to_string()]))?;
    let times: Vec<f64> = serde_json::from_str(&text).context("`limit launches` gives a list of milliseconds")?;
    Ok(middle(times))
}

/// Three programs, one after another.
fn bare_ms() -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        for _ in 0..3 {
            let mut command = Command::new("true");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().context("could not start `true`")?;
        }
        times.push(millis(began));
    }
    Ok(middle(times))
}

/// Of one core.
fn idle_percent(program: &Program) -> Result<f64> {
    let stat = Path::new("/proc").join(program.process_id().to_string()).join("schedstat");
    let used = || -> Result<f64> {
        let text = fs::read_to_string(&stat).context("the server is gone")?;
        let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
        Ok(nanoseconds)
    };
    let tasks = stat.with_file_name("task");
    let all = || -> Result<f64> {
        let mut sum = 0.0;
        for task in fs::read_dir(&tasks)?.flatten() {
            let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            sum += text.split(' ').next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(sum)
    };
    used()?;
    let before = all()?;
    thread::sleep(IDLE);
    Ok((all()? - before) / 1e9 / IDLE.as_secs_f64() * 100.0)
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn ms(time: f64) -> String {
    format!("{time:.2} ms")
}

/// The one in the middle.
fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints the table, and puts it into the document where that is asked for.
pub(super) fn report(figures: &[Figure], options: &Options) -> Result<()> {
    if figures.is_empty() {
        return Ok(());
    }
    let mut table = "| database | what | measured | beside | goal |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for Figure { database, what, measured, beside, goal } in figures {
        writeln!(table, "| {database} | {what} | {measured} | {beside} | {goal} |")?;
    }
    println!("\n{table}");
    if options.writes_document {
        let path = process::workspace().join(DOCUMENT);
        let text = fs::read_to_string(&path)?;
        let parts =
            text.split_once(TABLE_BEGINS).and_then(|(before, rest)| Some((before, rest.split_once(TABLE_ENDS)?.1)));
        let (before, after) = parts.with_context(|| format!("{DOCUMENT} has no {TABLE_BEGINS}"))?;
        fs::write(&path, format!("{before}{TABLE_BEGINS}\n\n{table}\n{TABLE_ENDS}{after}"))?;
    }
    Ok(())
}
