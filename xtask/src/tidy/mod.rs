//! `cargo xtask tidy`: the invariants of the house, as far as its texts and manifests show them.
//!
//! It reads every text file of the workspace once into a [`Tree`], asks each rule for its faults and prints all of them together, each with its place
//! and the way out. The rules know nothing of the file system, so that their tests feed them small wrong trees.

mod documents;
mod functions;
mod manifests;
mod rust;
mod source;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tree::Tree;

use crate::process;

/// One broken invariant.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    path: String,
    /// Counted from 1.
    line: usize,
    rule: &'static str,
    met: String,
    fix: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, met, fix } = self;
        write!(out, "{path}:{line}: [{rule}] {met}\n    fix: {fix}")
    }
}

type Rule = fn(&Tree, &mut Vec<Fault>);

const RULES: [Rule; 19] = [
    manifests::inner_edges,
    manifests::outer_allow_list,
    manifests::decided_dependencies,
    rust::crate_headers,
    rust::pure_crates,
    rust::dialect_matches,
    rust::sql_texts,
    rust::unwraps,
    rust::unfinished_macros,
    rust::ignored_tests,
    rust::sleeping_tests,
    rust::lint_allowances,
    functions::function_lengths,
    functions::file_lengths,
    functions::file_names,
    documents::unfinished_words,
    documents::machine_paths,
    documents::links,
    documents::pending_snapshots,
];

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(unknown) = arguments.first() {
        bail!("`cargo xtask tidy` takes no arguments, it was given {unknown:?}");
    }
    let faults = faults_in(&process::workspace())?;
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        println!("tidy: {} rules hold", RULES.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tidy: {} faults", faults.len());
    Ok(ExitCode::FAILURE)
}

fn faults_in(workspace: &Path) -> Result<Vec<Fault>> {
    Ok(faults_of(&Tree::read(workspace)?))
}

/// Every fault of every rule, ordered by place.
fn faults_of(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for rule in RULES {
        rule(tree, &mut faults);
    }
    faults.sort();
    faults.dedup();
    faults
}
