//! `cargo xtask bench`: the product beside the limit programs, on the same data, in one run.
//!
//! Only ratios taken in one run mean something on a machine that others use, too: so every round asks every program in turn, and the table shows
//! shares of the better limit beside processor time for each request.

mod bistro;
mod compare;
mod data;
mod measure;
mod operations;
mod options;
mod program;
mod random;
mod report;
mod runs;

use std::fs::{self, File};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use data::{Data, Stores};
use measure::Measured;
use operations::Operation;
use options::{Database, Options, Way};
use program::{Program, Target};
use rustix::fs::{FlockOperation, flock};

use crate::postgres::{Cluster, Settings};
use crate::process;

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::read(arguments)?;
    let folder = process::target_folder().join("bench-data");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("could not make the lock file")?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("another benchmark runs: two at once would measure each other");
    }
    if options.builds {
        build(&options)?;
    }
    let data = Data::of(&folder)?;
    if !options.operations.is_empty() {
        data.prepare()?;
    }
    let mut faults = Vec::new();
    let (mut measured, mut ran, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    for database in &options.databases {
        let bench = Bench { options: &options, data: &data, database: *database };
        bench.run((&mut measured, &mut faults), &mut ran, &mut figures)?;
    }
    if options.asks_runs {
        runs::report(&figures, &options)?;
    }
    if !options.operations.is_empty() || options.asks_bistro {
        report::write(&folder, &options, (&measured, &ran))?;
    }
    eprintln!("{} faults", faults.len());
    for fault in &faults {
        eprintln!("fault: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same profile for the product and the limits.
fn build(options: &Options) -> Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--profile", "bench", "--package", "limit"]).current_dir(process::workspace());
    if options.ways.iter().any(|way| way.is_product()) {
        command.args(["--package", "cli"]);
    }
    process::succeed(&mut command)?;
    if options.ways.contains(&Way::Peer) {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--release", "--manifest-path", "benches/peer/Cargo.toml", "--target-dir"]);
        process::succeed(command.arg(process::target_folder()).current_dir(process::workspace()))?;
    }
    Ok(())
}

/// What a run gathers: measurements and faults.
type Found<'a> = (&'a mut Vec<Measured>, &'a mut Vec<String>);

/// One database, all programs and operations.
struct Bench<'a> {
    options: &'a Options,
    data: &'a Data,
    database: Database,
}

impl Bench<'_> {
    fn run(
        &self,
        (measured, faults): Found<'_>,
        ran: &mut Vec<bistro::Ran>,
        figures: &mut Vec<runs::Figure>,
    ) -> Result<()> {
        let cluster = match self.database {
            Database::Postgres => Some(Cluster::start(&Settings::for_benchmark(&self.data.cluster_folder()))?),
            Database::Sqlite => None,
        };
        let asks_product = self.options.ways.iter().any(|way| way.is_product());
        if !self.options.operations.is_empty() {
            self.operations(cluster.as_ref(), (measured, faults))?;
        }
        if self.options.asks_bistro && asks_product {
            let place = (self.database, cluster.as_ref());
            bistro::run(self.options, place, &self.data.run_folder(), (ran, faults))?;
        }
        if self.options.asks_runs {
            runs::run(self.options, (self.database, cluster.as_ref()), &self.data.run_folder(), figures)?;
        }
        cluster.map_or(Ok(()), Cluster::stop)
    }

    fn operations(&self, cluster: Option<&Cluster>, (measured, faults): Found<'_>) -> Result<()> {
        let stores = self.data.stores(cluster, self.options.ways.iter().any(|way| way.is_product()))?;
        let (plain, indexed): (Vec<Operation>, Vec<Operation>) =
            self.options.operations.iter().partition(|operation| **operation != Operation::HIndexed);
        self.ask(&plain, &stores, cluster, (measured, faults))?;
        if !indexed.is_empty() {
            stores.make_index(cluster)?;
            self.ask(&indexed, &stores, cluster, (measured, faults))?;
        }
        Ok(())
    }

    fn ask(
        &self,
        operations: &[Operation],
        stores: &Stores,
        cluster: Option<&Cluster>,
        found: Found<'_>,
    ) -> Result<()> {
        if operations.is_empty() {
            return Ok(());
        }
        let (measured, faults) = found;
        if let Some(cluster) = cluster.filter(|_| self.options.is_realtime) {
            let id = cluster.process_id().to_string();
            process::succeed(Command::new("chrt").args(["--rr", "--pid", "1", &id]))?;
        }
        let mut programs = Vec::new();
        for target in Target::of(&self.options.ways, self.database) {
            let start = program::Start { options: self.options, stores, cluster, first: target.first()? };
            let program = Program::start(target, &start)?;
            println!("{} on {}: first answer after {:.1} ms", target.name(), self.database, program.first_answer_ms);
            programs.push(program);
        }
        let runs = measure::Runs { bench: self.options, database: self.database, programs: &programs };
        for operation in operations {
            if let Some(way) = self.options.profile {
                runs.profile(way, *operation)?;
                continue;
            }
            runs.compare(*operation, faults);
            runs.measure(*operation, measured, faults);
        }
        programs.into_iter().try_for_each(Program::stop)
    }
}
