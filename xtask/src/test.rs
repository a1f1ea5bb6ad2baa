//! `cargo xtask test`: every test of the workspace on both databases, with nothing to prepare by hand.
//!
//! `DRAGOMAN_TEST_POSTGRES` names a PostgreSQL that may create databases; without it one throw-away cluster serves the whole run. A missing PostgreSQL
//! is installed where that is possible and an error elsewhere: no test is ever skipped for the want of it. Clients of others that tests drive are
//! installed, too; where they cannot be had, their tests say so.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::postgres::{Cluster, Settings};
use crate::{clients, process};

/// The variable that tells the tests where PostgreSQL answers.
pub(crate) const POSTGRES_VARIABLE: &str = "DRAGOMAN_TEST_POSTGRES";

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments = match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => arguments,
    };
    install_nextest()?;
    let given = std::env::var(POSTGRES_VARIABLE).ok().filter(|url| !url.is_empty());
    let (url, cluster) = if let Some(url) = given {
        (url, None)
    } else {
        let cluster = Cluster::start(&Settings::for_tests())?;
        (cluster.url("postgres"), Some(cluster))
    };
    let names_packages = arguments.iter().any(|argument| argument == "-p" || argument.starts_with("--package"));
    let status = Command::new(env!("CARGO"))
        .args(["nextest", "run"])
        .args((!names_packages).then_some("--workspace"))
        .args(arguments)
        .current_dir(process::workspace())
        .env(POSTGRES_VARIABLE, url)
        .envs(clients::variables())
        .status()
        .context("could not start `cargo nextest run`")?;
    if let Some(cluster) = cluster {
        cluster.stop()?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Each test runs in a process of its own with a time limit: that is what nextest gives, and `cargo test` does not.
fn install_nextest() -> Result<()> {
    let probe = Command::new(env!("CARGO")).args(["nextest", "--version"]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    eprintln!("cargo-nextest is missing: installing it");
    process::succeed(Command::new(env!("CARGO")).args(["install", "--locked", "cargo-nextest"]))
        .context("could not install cargo-nextest; `cargo install --locked cargo-nextest` does it by hand")
}
