//! Rounds of requests, and what they cost.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::compare;
use super::data;
use super::operations::Operation;
use super::options::{Database, Options, Way};
use super::program::{Asked, Program};
use crate::process;

/// Requests of each operation whose answers are compared before anything is measured.
const COMPARED: usize = 3;
/// A run with more foreign work than this beside it is run once more.
const OTHER_SHARE_MAX: f64 = 0.10;
/// The word of the log line that proposes an index.
const ADVICE: &str = "@index";

/// What the load generator reports of one run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Report {
    pub(super) requests: u64,
    pub(super) requests_per_second: f64,
    pub(super) p50_us: u64,
    pub(super) p90_us: u64,
    pub(super) p99_us: u64,
    pub(super) answer_bytes: u64,
    pub(super) server_cpu_us: f64,
    pub(super) postgres_cpu_us: f64,
    pub(super) other_share: f64,
    pub(super) memory: Memory,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Memory {
    pub(super) anonymous_bytes: u64,
    pub(super) file_bytes: u64,
}

/// One run with everything that tells it from the others.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) database: Database,
    pub(super) operation: Operation,
    pub(super) way: Way,
    pub(super) connections: usize,
    pub(super) round: usize,
    pub(super) first_answer_ms: f64,
    pub(super) report: Report,
}

/// The programs on one database, ready to be asked.
pub(super) struct Runs<'a> {
    pub(super) bench: &'a Options,
    pub(super) database: Database,
    pub(super) programs: &'a [Program],
}

impl Runs<'_> {
    /// Holds the answers of all programs against those of the first.
    pub(super) fn compare(&self, operation: Operation, faults: &mut Vec<String>) {
        let place = format!("{} {}", self.database, operation.name());
        for index in 0..COMPARED {
            let mut answers = Vec::new();
            for way in self.ways(operation) {
                let asked = self.program(way).and_then(|program| program.ask(&Asked::of(way, operation, index)?));
                match asked {
                    Ok(answer) => answers.push((way, answer)),
                    Err(error) => {
                        println!("{place}: {} did not answer: {error:#}", way.name());
                        faults.push(format!("{place}: {} did not answer: {error:#}", way.name()));
                    }
                }
            }
            let Some(((first, expected), others)) = answers.split_first() else { return };
            for (way, answer) in others {
                if let Some(difference) = compare::difference(operation, (*first, expected), (*way, answer)) {
                    println!("{place}: {} and {} differ: {difference}", first.name(), way.name());
                    faults.push(format!("{place}: {} and {} differ: {difference}", first.name(), way.name()));
                }
            }
        }
    }

    /// Every round asks every program in turn.
    pub(super) fn measure(&self, operation: Operation, measured: &mut Vec<Measured>, faults: &mut Vec<String>) {
        for connections in &self.bench.connections {
            for round in 1..=self.bench.rounds_at(*connections) {
                for way in self.ways(operation) {
                    match self.run(way, operation, *connections) {
                        Ok(report) => {
                            show(self.database, (operation.name(), way.name()), *connections, &report);
                            let first_answer_ms = self.program(way).map_or(0.0, |program| program.first_answer_ms);
                            let (database, connections) = (self.database, *connections);
                            measured.push(Measured {
                                database,
                                operation,
                                way,
                                connections,
                                round,
                                first_answer_ms,
                                report,
                            });
                        }
                        Err(error) => faults.push(format!("{} {}: {error:#}", self.database, operation.name())),
                    }
                }
            }
        }
        let asks_product = self.bench.ways.iter().any(|way| way.is_product());
        if operation == Operation::H
            && asks_product
            && !self.programs.iter().any(|program| program.log().contains(ADVICE))
        {
            faults.push(format!("{}: the log does not propose the index that h needs", self.database));
        }
    }

    /// Runs one operation under perf and prints where the time goes.
    pub(super) fn profile(&self, way: Way, operation: Operation) -> Result<()> {
        if !process::is_in_path("perf") {
            bail!("perf is missing: install linux-perf (apt-get install linux-perf)");
        }
        let program = self.program(way)?;
        let file = program.folder.join("perf.data");
        let mut record = Command::new("perf");
        record
            .args(["record", "-q", "-F", "997", "-g", "-o"])
            .arg(&file)
            .arg("-p")
            .arg(program.process_id().to_string());
        let mut recording = record.stdin(Stdio::null()).spawn().context("could not start perf")?;
        let connections = self.bench.connections.last().copied().unwrap_or(1);
        let report = self.run(way, operation, connections);
        process::succeed(Command::new("kill").args(["-INT", &recording.id().to_string()]))?;
        recording.wait().context("perf did not end")?;
        show(self.database, (operation.name(), way.name()), connections, &report?);
        let mut show = Command::new("perf");
        show.args(["report", "--stdio", "--no-children", "-g", "none", "--percent-limit", "0.5", "-i"]).arg(&file);
        process::succeed(&mut show)
    }

    fn ways(&self, operation: Operation) -> impl Iterator<Item = Way> + '_ {
        self.bench.ways.iter().copied().filter(move |way| way.serves(operation, self.database))
    }

    fn program(&self, way: Way) -> Result<&Program> {
        self.programs.iter().find(|program| program.answers(way)).context("no program answers in this way")
    }

    fn run(&self, way: Way, operation: Operation, connections: usize) -> Result<Report> {
        let load = Load {
            name: format!("{}-{}", operation.name(), way.name()),
            path: way.path(),
            bodies: operation.bodies(way),
            connections,
            varies: operation == Operation::F,
        };
        run(self.bench, self.program(way)?, &load)
    }
}

/// What is sent to a program.
pub(super) struct Load {
    pub(super) name: String,
    pub(super) path: &'static str,
    /// Requests, sent in turn.
    pub(super) bodies: Vec<String>,
    pub(super) connections: usize,
    /// Answers differ in length from one time to the next.
    pub(super) varies: bool,
}

/// Sends it for the time that is asked for; once more, where the machine was disturbed.
pub(super) fn run(options: &Options, program: &Program, load: &Load) -> Result<Report> {
    let mut report = drive(options, program, load)?;
    if report.other_share > OTHER_SHARE_MAX && options.repeats {
        let again = drive(options, program, load)?;
        if again.other_share < report.other_share {
            report = again;
        }
    }
    Ok(report)
}

fn drive(options: &Options, program: &Program, load: &Load) -> Result<Report> {
    let bodies = program.folder.join(&load.name).with_extension("jsonl");
    fs::write(&bodies, load.bodies.join("\n")).context("could not write the requests")?;
    let (warm_up_seconds, seconds) = options.seconds_at(load.connections);
    let settings = json!({
        "address": program.address,
        "path": load.path,
        "bodies": bodies,
        "connections": load.connections,
        "warm_up_seconds": warm_up_seconds,
        "seconds": seconds,
        "varies": load.varies,
        "server": program.process_id(),
        "postgres": program.postgres,
    });
    let mut drive = options.command(&data::program("limit"));
    let output = process::output(drive.arg("drive").arg(settings.to_string()))
        .with_context(|| format!("{} at {} connections", load.name, load.connections))?;
    serde_json::from_str(&output).context("the load generator's report is not understood")
}

/// A line for a run.
pub(super) fn show(database: Database, (question, who): (&str, &str), connections: usize, report: &Report) {
    println!(
        "{:10} {question:6} {who:7} x{connections:<2} {:>8.0}/s  cpu {:>7.0} + {:>7.0} us  p50 {:>6} us  p99 {:>6} us  {:>6} bytes  other {:>2.0} %  {:.0} MB",
        database.to_string(),
        report.requests_per_second,
        report.server_cpu_us,
        report.postgres_cpu_us,
        report.p50_us,
        report.p99_us,
        report.answer_bytes,
        report.other_share * 100.0,
        megabytes(report.memory.anonymous_bytes),
    );
}

pub(super) fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}
