//! The programs that are measured, as running processes.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::data::{self, Stores};
use super::operations::Operation;
use super::options::{Database, Options, Way};
use crate::postgres::Cluster;

const START_TIMEOUT: Duration = Duration::from_mins(1);
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// A process to start; the product answers in both dialects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Limit(Way),
    /// The engine's tables by hand.
    Runs,
    Product,
}

impl Target {
    pub(super) fn of(ways: &[Way], database: Database) -> Vec<Self> {
        let limits = ways.iter().filter(|way| !way.is_product() && way.serves(Operation::A, database));
        let mut targets: Vec<Self> = limits.map(|way| Self::Limit(*way)).collect();
        if ways.iter().any(|way| way.is_product()) {
            targets.push(Self::Product);
        }
        targets
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Limit(way) => way.name(),
            Self::Runs => "runs",
            Self::Product => "product",
        }
    }

    /// The first request to it.
    pub(super) fn first(self) -> Result<Asked> {
        let way = match self {
            Self::Limit(way) => way,
            Self::Runs | Self::Product => Way::Hasura,
        };
        Asked::of(way, Operation::A, 0)
    }

    fn answers(self, way: Way) -> bool {
        match self {
            Self::Limit(own) => own == way,
            Self::Runs => false,
            Self::Product => way.is_product(),
        }
    }
}

/// One request.
pub(super) struct Asked {
    pub(super) path: &'static str,
    pub(super) body: String,
}

impl Asked {
    /// A request of an operation.
    pub(super) fn of(way: Way, operation: Operation, index: usize) -> Result<Self> {
        let body = operation.bodies(way).into_iter().nth(index).context("there is no such request")?;
        Ok(Self { path: way.path(), body })
    }
}

/// What a program is started with.
pub(super) struct Start<'a> {
    pub(super) options: &'a Options,
    pub(super) stores: &'a Stores,
    pub(super) cluster: Option<&'a Cluster>,
    /// It is ready when it answers this.
    pub(super) first: Asked,
}

pub(super) struct Program {
    target: Target,
    child: Child,
    log: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) address: String,
    /// The postmaster of the cluster that it asks.
    pub(super) postgres: Option<u32>,
    pub(super) first_answer_ms: f64,
}

impl Program {
    /// Starts the process and waits for its first answer.
    pub(super) fn start(target: Target, env: &Start<'_>) -> Result<Self> {
        let (stores, cluster) = (env.stores, env.cluster);
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).context("no port is free")?;
        let address = port.to_string();
        let log = stores.folder.join(target.name()).with_extension("log");
        let output = File::create(&log).context("could not make the program's log")?;
        let mut command = command(target, env, &address)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("could not start {}", target.name()))?;
        let folder = stores.folder.clone();
        let postgres = cluster.map(Cluster::process_id);
        let mut program = Self { target, child, log, folder, address, postgres, first_answer_ms: 0.0 };
        program.wait_until_ready(&env.first)?;
        program.first_answer_ms = started.elapsed().as_secs_f64() * 1000.0;
        Ok(program)
    }

    pub(super) fn answers(&self, way: Way) -> bool {
        self.target.answers(way)
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks once and gives the answer as data.
    pub(super) fn ask(&self, asked: &Asked) -> Result<Value> {
        let Asked { path, body } = asked;
        let mut socket = TcpStream::connect(&self.address).context("could not connect")?;
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let (address, length) = (&self.address, body.len());
        write!(
            socket,
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).context("the answer did not come")?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{}: {body}", head.lines().next().unwrap_or_default());
        }
        let value: Value = serde_json::from_str(body).context("the answer is not JSON")?;
        if value.get("errors").is_some() {
            bail!("the answer has errors: {body}");
        }
        Ok(value)
    }

    pub(super) fn stop(mut self) -> Result<()> {
        self.child.kill().context("could not stop the program")?;
        self.child.wait().context("could not wait for the program")?;
        Ok(())
    }

    fn wait_until_ready(&mut self, first: &Asked) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status} while starting:\n{}", self.target.name(), self.log());
            }
            match self.ask(first) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    return Err(error)
                        .with_context(|| format!("{} did not answer; its log:\n{}", self.target.name(), self.log()));
                }
                Err(_) => thread::sleep(POLL_INTERVAL),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(target: Target, env: &Start<'_>, address: &str) -> Result<Command> {
    let stores = env.stores;
    let way = match target {
        Target::Limit(way) => way,
        Target::Runs => {
            let mut command = env.options.command(&data::program("limit"));
            command.args(["runs", &stores.plain, address]);
            return Ok(command);
        }
        Target::Product => {
            let store = stores.product.as_ref().context("the product has no database here")?;
            let mut command = env.options.command(&data::program("dragoman"));
            command.arg("serve").arg(&store.project).arg("--data").arg(&store.data).args(["--listen", address]);
            if let Some(url) = &store.url {
                command.arg("--database").arg(url);
            }
            return Ok(command);
        }
    };
    if way == Way::Peer {
        let mut command = env.options.command(&data::program("peer"));
        command.args([&stores.plain, address]);
        return Ok(command);
    }
    let mut command = env.options.command(&data::program("limit"));
    command.args(["serve", way.name(), &stores.plain, address]);
    Ok(command)
}
