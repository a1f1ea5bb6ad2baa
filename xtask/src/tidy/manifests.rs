//! Rules on manifests: who may know whom, and what comes from outside.

use std::collections::BTreeSet;

use toml::Table;

use super::Fault;
use super::tree::Tree;

/// Each crate and the crates of the house that it may know.
const INNER_EDGES: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("plan", &["model"]),
    ("graphql", &["model", "plan"]),
    ("sql", &["model", "plan"]),
    ("store", &["model", "plan", "sql"]),
    ("files", &[]),
    ("runs", &["model", "plan", "sql", "store"]),
    ("server", &["model", "plan", "graphql", "store", "files", "runs"]),
    ("cli", &["model", "plan", "graphql", "sql", "store", "files", "runs", "server"]),
];
/// Not even for a test: either side would begin to expect things of the other.
const STRANGERS: [(&str, &str); 2] = [("graphql", "sql"), ("sql", "graphql")];

/// What the pure crates may take from outside: nothing that reads, writes, waits or guesses.
const OUTER_ALLOWED: [(&str, &[&str]); 4] = [
    (
        "model",
        &[
            "apollo-compiler",
            "ariadne",
            "croner",
            "indexmap",
            "jiff",
            "regex",
            "rust_decimal",
            "rustc-hash",
            "serde",
            "serde_json",
            "smallvec",
            "thiserror",
        ],
    ),
    (
        "plan",
        &["indexmap", "jiff", "regex", "rust_decimal", "rustc-hash", "serde", "serde_json", "smallvec", "thiserror"],
    ),
    (
        "graphql",
        &[
            "apollo-compiler",
            "indexmap",
            "jiff",
            "regex",
            "rust_decimal",
            "rustc-hash",
            "saphyr-parser",
            "serde",
            "serde_json",
            "sha2",
            "smallvec",
            "thiserror",
        ],
    ),
    ("sql", &["indexmap", "jiff", "rustc-hash", "rust_decimal", "serde_json", "smallvec", "thiserror"]),
];

/// Where each dependency from outside has its reason.
const DECISIONS: &str = "docs/adr/0002-dependencies.md";

/// One line of a manifest's dependency tables.
struct Dependency {
    krate: String,
    name: String,
    path: String,
    line: usize,
    is_for_tests: bool,
}

pub(super) fn inner_edges(tree: &Tree, faults: &mut Vec<Fault>) {
    for (krate, path) in crates(tree).filter(|(krate, _)| !INNER_EDGES.iter().any(|(known, _)| known == krate)) {
        let met = format!("the crate {krate} has no place in the house");
        let fix = "say in xtask/src/tidy/manifests.rs which crates it may know, and in docs/adr/ why it is there";
        faults.push(Fault { path: path.to_owned(), line: 1, rule: "crate-edge", met, fix });
    }
    for dependency in dependencies(tree) {
        let Some((_, allowed)) = INNER_EDGES.iter().find(|(krate, _)| *krate == dependency.krate) else { continue };
        let is_inner = INNER_EDGES.iter().any(|(krate, _)| *krate == dependency.name);
        let pair = (dependency.krate.as_str(), dependency.name.as_str());
        let is_forbidden = !allowed.contains(&pair.1) && !dependency.is_for_tests || STRANGERS.contains(&pair);
        if is_inner && is_forbidden {
            let met = format!("{} may not know {}", pair.0, pair.1);
            faults.push(dependency.fault("crate-edge", met, "put what both must know into plan or model"));
        }
    }
}

pub(super) fn outer_allow_list(tree: &Tree, faults: &mut Vec<Fault>) {
    for dependency in dependencies(tree).filter(|dependency| !dependency.is_for_tests) {
        let Some((_, allowed)) = OUTER_ALLOWED.iter().find(|(krate, _)| *krate == dependency.krate) else { continue };
        let is_inner = INNER_EDGES.iter().any(|(krate, _)| *krate == dependency.name);
        if !is_inner && !allowed.contains(&dependency.name.as_str()) {
            let met = format!("the pure crate {} takes {} from outside", dependency.krate, dependency.name);
            faults.push(dependency.fault("outer-crate", met, "use it in a crate with effects and hand its result in"));
        }
    }
}

/// Each dependency from outside has its line in the record, and the record names none that is not there.
pub(super) fn decided_dependencies(tree: &Tree, faults: &mut Vec<Fault>) {
    let record = tree.text_of(DECISIONS).unwrap_or_default();
    let decided: Vec<(usize, &str)> = record.lines().enumerate().flat_map(decided_in).collect();
    let mut used = shared_dependencies(tree);
    for dependency in dependencies(tree) {
        let is_inner = INNER_EDGES.iter().any(|(krate, _)| *krate == dependency.name);
        if !is_inner && !decided.iter().any(|(_, name)| *name == dependency.name) {
            let met = format!("{} has no line in {DECISIONS}", dependency.name);
            faults.push(dependency.fault("decided-dependency", met, "add the line with its reason, or do without it"));
        }
        used.insert(dependency.name);
    }
    for (line, name) in decided.into_iter().filter(|(_, name)| !used.contains(*name)) {
        let met = format!("{name} is no dependency of any crate");
        let fix = "delete its line";
        faults.push(Fault { path: DECISIONS.to_owned(), line, rule: "decided-dependency", met, fix });
    }
}

/// What the workspace offers to its members: pinned once, used where it is needed.
fn shared_dependencies(tree: &Tree) -> BTreeSet<String> {
    let manifest: Table = tree.text_of("Cargo.toml").and_then(|text| text.parse().ok()).unwrap_or_default();
    let workspace = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let names = workspace.and_then(|table| table.as_table()).into_iter().flatten();
    names.map(|(name, _)| name.clone()).collect()
}

/// A row of the record's table names its dependencies in its first cell, in back quotes.
fn decided_in((index, line): (usize, &str)) -> Vec<(usize, &str)> {
    let cell = line.strip_prefix('|').and_then(|rest| rest.split('|').next()).unwrap_or_default();
    cell.split('`').skip(1).step_by(2).map(|name| (index + 1, name)).collect()
}

fn crates(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files.iter().filter_map(|file| {
        let inside = file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        Some((inside, file.path.as_str()))
    })
}

/// Every dependency of every member; a manifest that cannot be read is cargo's to report.
fn dependencies(tree: &Tree) -> impl Iterator<Item = Dependency> {
    let members = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    members.flat_map(|file| {
        let manifest: Table = file.text.parse().unwrap_or_default();
        let folder = file.path.trim_end_matches("/Cargo.toml");
        let krate = folder.rsplit('/').next().unwrap_or_default();
        let tables = [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)];
        let named = tables.into_iter().flat_map(|(table, is_for_tests)| {
            let table = manifest.get(table).and_then(|table| table.as_table()).into_iter().flatten();
            table.map(move |(name, _)| (name.clone(), is_for_tests)).collect::<Vec<_>>()
        });
        let dependency = |(name, is_for_tests): (String, bool)| {
            let line = file.text.lines().position(|line| is_line_of(line, &name)).map_or(1, |index| index + 1);
            Dependency { krate: krate.to_owned(), name, path: file.path.clone(), line, is_for_tests }
        };
        named.map(dependency).collect::<Vec<_>>()
    })
}

fn is_line_of(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
}

impl Dependency {
    fn fault(&self, rule: &'static str, met: String, fix: &'static str) -> Fault {
        Fault { path: self.path.clone(), line: self.line, rule, met, fix }
    }
}
