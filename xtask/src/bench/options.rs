//! What a caller may choose.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::operations::Operation;

/// Beside the operations: restaurants in three dialects.
const BISTRO: &str = "bistro";
const RUNS: &str = "runs";
/// At one connection.
const ALONE_SECONDS: f64 = 1.0;
const ALONE_WARM_UP_SECONDS: f64 = 0.3;

pub(super) const HELP: &str = "\
Measures the product beside the limit programs and prints a table.

Usage: cargo xtask bench [OPTIONS]

Options:
  --quick               a, d, f and g at 16 connections for 2 s each: the check before a change to the read path
  --ops a,d,w           only these operations (a b c d e f g h h+ l s w; bistro: 10,000 restaurants in three dialects;
                        runs, only when it is named: what the engine of workflows costs)
  --db sqlite           only this database (sqlite, postgres)
  --programs json,rows  only these programs (json, rows: the limits; hasura, strapi: the product;
                        peer: async-graphql by hand, on PostgreSQL, for a, b, d, g and w)
  --connections 1,16    numbers of connections
  --rounds N            rounds over all programs, 3 unless told otherwise; at one connection, for latency alone, one
  --seconds S           seconds measured for each, 8 unless told otherwise; at one connection one second at most
  --no-build            takes the programs as they were built last
  --realtime            before all other work of the machine, in the round-robin class (needs root)
  --no-repeats          takes a run as it is, even if other work of the machine disturbed it
  --profile OP          runs one operation of the product under perf and prints where the time goes
  --write               puts the table into docs/performance.md
";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl fmt::Display for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Who answers, and in which words it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Json,
    Rows,
    Hasura,
    Strapi,
    /// async-graphql by hand: a package of its own, built only when it is asked for.
    Peer,
}

impl Way {
    const ALL: [Self; 5] = [Self::Json, Self::Rows, Self::Hasura, Self::Strapi, Self::Peer];
    const USUAL: [Self; 4] = [Self::Json, Self::Rows, Self::Hasura, Self::Strapi];

    pub(super) fn is_product(self) -> bool {
        match self {
            Self::Json | Self::Rows | Self::Peer => false,
            Self::Hasura | Self::Strapi => true,
        }
    }

    /// The hasura dialect reads only.
    pub(super) fn serves(self, operation: Operation, database: Database) -> bool {
        match self {
            Self::Peer => {
                let known = [Operation::A, Operation::B, Operation::D, Operation::G, Operation::W];
                database == Database::Postgres && known.contains(&operation)
            }
            Self::Json | Self::Rows | Self::Strapi => true,
            Self::Hasura => operation != Operation::F,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Rows => "rows",
            Self::Hasura => "hasura",
            Self::Strapi => "strapi",
            Self::Peer => "peer",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Json | Self::Rows | Self::Strapi => "/graphql",
            Self::Hasura | Self::Peer => "/v1/graphql",
        }
    }
}

pub(super) struct Options {
    pub(super) operations: Vec<Operation>,
    /// Whether restaurants are asked for in three dialects.
    pub(super) asks_bistro: bool,
    /// Whether the engine of workflows is measured.
    pub(super) asks_runs: bool,
    pub(super) databases: Vec<Database>,
    pub(super) ways: Vec<Way>,
    pub(super) connections: Vec<usize>,
    pub(super) rounds: usize,
    pub(super) warm_up_seconds: f64,
    pub(super) seconds: f64,
    /// The way that is run under perf instead of being measured.
    pub(super) profile: Option<Way>,
    pub(super) writes_document: bool,
    /// Whether the programs are built first.
    pub(super) builds: bool,
    /// Whether everything measured runs in the round-robin class, before all other work of the machine.
    pub(super) is_realtime: bool,
    /// Whether a run that was disturbed is run once more.
    pub(super) repeats: bool,
}

impl Options {
    pub(super) fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            operations: Operation::ALL.to_vec(),
            asks_bistro: true,
            asks_runs: false,
            databases: vec![Database::Sqlite, Database::Postgres],
            ways: Way::USUAL.to_vec(),
            connections: vec![1, 16],
            rounds: 3,
            warm_up_seconds: 2.0,
            seconds: 8.0,
            profile: None,
            writes_document: false,
            builds: true,
            is_realtime: false,
            repeats: true,
        };
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            match argument {
                "--quick" => options.make_quick(),
                "--write" => options.writes_document = true,
                "--no-build" => options.builds = false,
                "--realtime" => options.is_realtime = true,
                "--no-repeats" => options.repeats = false,
                named => {
                    let value = arguments.next().with_context(|| format!("{named} needs a value\n\n{HELP}"))?;
                    options.set(named, value)?;
                }
            }
        }
        Ok(options)
    }

    /// Rounds at so many connections. One connection shows how long an answer takes, which changes little from round to round.
    pub(super) fn rounds_at(&self, connections: usize) -> usize {
        if connections == 1 { 1 } else { self.rounds }
    }

    /// Seconds of warming up and of measuring. How long one answer takes is known soon.
    pub(super) fn seconds_at(&self, connections: usize) -> (f64, f64) {
        if connections == 1 {
            (self.warm_up_seconds.min(ALONE_WARM_UP_SECONDS), self.seconds.min(ALONE_SECONDS))
        } else {
            (self.warm_up_seconds, self.seconds)
        }
    }

    /// A program that is part of what is measured.
    pub(super) fn command(&self, program: &Path) -> Command {
        if !self.is_realtime {
            return Command::new(program);
        }
        let mut command = Command::new("chrt");
        command.args(["--rr", "1"]).arg(program);
        command
    }

    fn make_quick(&mut self) {
        self.operations = vec![Operation::A, Operation::D, Operation::F, Operation::G];
        self.asks_bistro = false;
        self.connections = vec![16];
        self.rounds = 1;
        self.warm_up_seconds = 0.5;
        self.seconds = 2.0;
        self.repeats = false;
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "--ops" => {
                let known = |word: &str| Operation::ALL.into_iter().find(|op| op.name() == word);
                self.asks_bistro = value.split(',').any(|word| word == BISTRO);
                self.asks_runs = value.split(',').any(|word| word == RUNS);
                let words =
                    list(
                        value,
                        |word| if [BISTRO, RUNS].contains(&word) { Some(None) } else { known(word).map(Some) },
                    )?;
                self.operations = words.into_iter().flatten().collect();
            }
            "--db" => {
                self.databases = list(value, |word| match word {
                    "sqlite" => Some(Database::Sqlite),
                    "postgres" => Some(Database::Postgres),
                    _ => None,
                })?;
            }
            "--programs" => self.ways = list(value, |word| Way::ALL.into_iter().find(|way| way.name() == word))?,
            "--connections" => self.connections = list(value, |word| word.parse().ok())?,
            "--rounds" => self.rounds = value.parse().context("--rounds takes a number")?,
            "--seconds" => {
                self.seconds = value.parse().context("--seconds takes a number")?;
                self.warm_up_seconds = self.warm_up_seconds.min(self.seconds / 2.0);
            }
            "--profile" => {
                self.operations = list(value, |word| Operation::ALL.into_iter().find(|op| op.name() == word))?;
                self.asks_bistro = false;
                self.ways.retain(|way| way.is_product());
                self.profile = self.ways.first().copied();
            }
            unknown => bail!("there is no option {unknown}\n\n{HELP}"),
        }
        Ok(())
    }
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    value.split(',').map(|word| read(word).with_context(|| format!("{word:?} is not known\n\n{HELP}"))).collect()
}
