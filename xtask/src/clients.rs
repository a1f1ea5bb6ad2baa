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
    /// The Python that it runs on.
    python: &'static str,
    /// What is installed: arguments of pip, at the folder of the workspace.
    packages: &'static [&'static str],
    /// The variable that tells the tests which Python has it.
    variable: &'static str,
}

const CLIENTS: [Client; 2] = [
    Client {
        name: "dagster",
        python: "python3",
        packages: &["dagster-graphql==1.13.27"],
        variable: "DRAGOMAN_TEST_DAGSTER_CLIENT",
    },
    // Its packages are frozen: their own bounds contradict each other by now.
    Client {
        name: "prefect-1.4.1",
        python: "python3.11",
        packages: &["--no-deps", "--requirement", "tests/clients/prefect/requirements-1.4.1.txt"],
        variable: "DRAGOMAN_TEST_PREFECT",
    },
];

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
    process::succeed(Command::new(client.python).args(["-m", "venv", "--clear"]).arg(&folder).stdout(Stdio::null()))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"]).args(client.packages).current_dir(process::workspace());
    process::succeed(&mut pip)?;
    std::fs::write(&ready, client.packages.join(" "))?;
    Ok(python)
}
