//! Dagster's own library and command, unmodified, against `dragoman dev` on a copy of `examples/kitchen`.
//!
//! `DRAGOMAN_TEST_DAGSTER_CLIENT` names the Python that has the package `dagster-graphql`; `cargo xtask test` installs it and sets the variable.
//! Without it the test says that it was not run.
#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const CLIENT: &str = "DRAGOMAN_TEST_DAGSTER_CLIENT";

/// A copy of the example, with its server.
struct Kitchen {
    folder: PathBuf,
    server: Child,
    port: String,
}

impl Kitchen {
    fn serve() -> Kitchen {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").canonicalize().unwrap();
        let folder = std::env::temp_dir().join(format!("dragoman-dagster-client-{}", std::process::id()));
        let project = folder.join("kitchen");
        for part in ["", "schema", "ops", "seed"] {
            copy(&examples.join("kitchen").join(part), &project.join(part));
        }
        // Its ops read the sales of the example beside it.
        std::os::unix::fs::symlink(examples.join("chinook"), folder.join("chinook")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dragoman"));
        command.args(["dev", ".", "--listen", "127.0.0.1:0"]).current_dir(&project).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("DRAGOMAN_LOG_LEVEL", "error");
        let mut server = command.env("DRAGOMAN_RUNS_GRACE", "100ms").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("http://")).unwrap();
        let address = line.split('/').nth(2).unwrap();
        let port = address.rsplit(':').next().unwrap().to_owned();
        // What it says later must be read, or it would wait for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Kitchen { folder, server, port }
    }
}

/// The files that stand directly in a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl Drop for Kitchen {
    fn drop(&mut self) {
        let _has_ended = self.server.kill().is_err();
        let _status = self.server.wait();
        let _gone = fs::remove_dir_all(&self.folder).is_ok();
    }
}

#[test]
fn the_client_of_dagster_submits_watches_reloads_and_terminates() {
    let Some(python) = std::env::var_os(CLIENT).filter(|python| !python.is_empty()) else {
        eprintln!("not run: {CLIENT} names no Python with the package dagster-graphql");
        return;
    };
    let kitchen = Kitchen::serve();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dagster_client.py");
    let mut client = Command::new(python);
    let done = client
        .arg(script)
        .arg(&kitchen.port)
        .arg(kitchen.folder.join("kitchen"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&said));
}
