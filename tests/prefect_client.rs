//! Prefect's own client, unmodified, registers a flow with the kitchen, launches it and executes it to its end.
//!
//! `DRAGOMAN_TEST_PREFECT` names a Python that has the client; `cargo xtask test` makes one where it can. Without it this test says that it was
//! not run.

use std::path::Path;
use std::process::Command;

use acceptance::project::{Database, Template, settings, token};
use server::Settings;

/// The variable that names the Python.
const PYTHON: &str = "DRAGOMAN_TEST_PREFECT";

#[test]
fn sqlite_serves_the_client_of_1_4() {
    drive(Database::Sqlite);
}

#[test]
fn postgres_serves_the_client_of_1_4() {
    drive(Database::Postgres);
}

fn drive(database: Database) {
    let Some(python) = std::env::var_os(PYTHON).filter(|python| !python.is_empty()) else {
        eprintln!("NOT RUN: {PYTHON} names no Python with Prefect's client");
        return;
    };
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = Template::new(&home.join("../examples/kitchen"), database);
    let server = template.serve_with(Settings { anonymous_operates: true, ..settings() });
    let address = format!("http://{}/prefect", server.address());
    let mut command = Command::new(python);
    command.arg(home.join("clients/prefect/drive.py")).arg(&address);
    // A client before 0.10 wants a token whoever it asks.
    command.args(std::env::var_os("DRAGOMAN_TEST_PREFECT_TOKEN").map(|_| token("operator", "7")));
    let output = command.output().expect("the Python can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("has executed a flow"), "{told}\n{said}");
}
