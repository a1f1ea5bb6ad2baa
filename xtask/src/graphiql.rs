//! `cargo xtask graphiql`: builds the page that the server embeds, or checks that what is committed is what would be built.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::process;

const FOLDER: &str = "crates/server/graphiql";
const MANIFEST: &str = "manifest.json";

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let folder = process::workspace().join(FOLDER);
    match arguments {
        [] => {
            build(&folder, &folder.join("dist"))?;
            println!("graphiql: {FOLDER}/dist is built");
            Ok(ExitCode::SUCCESS)
        }
        [flag] if flag == "--check" => check(&folder),
        other => bail!("`cargo xtask graphiql` takes nothing or --check, it was given {other:?}"),
    }
}

/// Builds into a folder of its own and compares the manifests: they hold the hash of every file before compression.
fn check(folder: &Path) -> Result<ExitCode> {
    let into = std::env::temp_dir().join(format!("dragoman-graphiql-{}", std::process::id()));
    build(folder, &into)?;
    let built = fs::read_to_string(into.join(MANIFEST)).context("the build made no manifest")?;
    let committed = fs::read_to_string(folder.join("dist").join(MANIFEST))
        .with_context(|| format!("{FOLDER}/dist has no manifest"))?;
    fs::remove_dir_all(&into).with_context(|| format!("cannot remove {}", into.display()))?;
    if built == committed {
        println!("graphiql: {FOLDER}/dist is what its sources build");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "graphiql: {FOLDER}/dist is not what its sources build; run `cargo xtask graphiql` and commit\nbuilt: {built}\ncommitted: {committed}"
    );
    Ok(ExitCode::FAILURE)
}

fn build(folder: &Path, into: &Path) -> Result<()> {
    let needs = "building the page takes Node 20 or later, with npm";
    process::succeed(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder)).context(needs)?;
    process::succeed(Command::new("node").args(["build.mjs", "--into"]).arg(into).current_dir(folder)).context(needs)
}
