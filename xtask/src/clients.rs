//! Clients of the dialects as their users have them, each in an environment of its own below the target folder: tests drive them where they can be
//! had, and say that they were not run where they cannot.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process;

/// One client.
struct Client {
    /// Name of its folder.
    name: &'static str,
    /// What is installed.
    packages: &'static [&'static str],
    /// The variable that tells the tests which Python has it.
    variable: &'static str,
}

const CLIENTS: [Client; 1] =
    [Client { name: "dagster", packages: &["dagster-graphql==1.13.27"], variable: "DRAGOMAN_TEST_DAGSTER_CLIENT" }];

/// The variables for the tests. A client that is there already costs nothing; one that cannot be had is said so.
pub(crate) fn variables() -> Vec<(&'static str, PathBuf)> {
    let missing = CLIENTS.iter().filter(|client| std::env::var_os(client.variable).is_none());
    let installed = missing.filter_map(|client| match install(client) {
        Ok(python) => Some((client.variable, python)),
        Err(error) => {
            eprintln!("the client {} is not there, its test will not be run: {error:#}", client.name);
            None
        }
    });
    installed.collect()
}

fn install(client: &Client) -> Result<PathBuf> {
    let folder = process::target_folder().join("clients").join(client.name);
    let (python, ready) = (folder.join("bin/python"), folder.join("installed"));
    // What was installed is noted last, so that a broken attempt is made again.
    if std::fs::read_to_string(&ready).is_ok_and(|noted| noted == client.packages.join(" ")) {
        return Ok(python);
    }
    eprintln!("installing the client {}", client.name);
    process::succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).stdout(Stdio::null()))?;
    let mut pip = Command::new(&python);
    process::succeed(pip.args(["-m", "pip", "install", "--quiet"]).args(client.packages))?;
    std::fs::write(&ready, client.packages.join(" "))?;
    Ok(python)
}
