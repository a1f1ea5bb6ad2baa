//! Rules on words of Rust code.

use super::Fault;
use super::source::Source;
use super::tree::Tree;

/// Crates that decide and never act.
pub(super) const PURE_CRATES: [&str; 4] = ["model", "plan", "graphql", "sql"];

/// What the world outside looks like in code.
const EFFECTS: [&str; 24] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "tokio::",
    "getrandom",
    "rand::",
    "Uuid::new",
    "async fn",
    "async move",
    ".await",
    "println!",
    "eprintln!",
    "print!(",
    "RandomState",
];

/// The one folder that may ask which dialect it serves.
const DIALECT_FOLDER: &str = "crates/graphql/src/dialect";

/// How SQL begins: the words that no sentence of ours begins with.
const SQL_OPENINGS: [&[&str]; 16] = [
    &["select ", " from "],
    &["select 1"],
    &["insert into "],
    &["insert or "],
    &["update ", " set "],
    &["delete from "],
    &["create table "],
    &["create index "],
    &["create unique index "],
    &["create database "],
    &["create view "],
    &["create sequence "],
    &["create trigger "],
    &["alter table "],
    &["drop table "],
    &["drop index "],
];
/// Where a text is put together rather than fixed.
const BUILDERS: [&str; 5] = ["format!(", "write!(", "writeln!(", "push_str(", "concat!("];

/// Lints that are silenced somewhere: the file, the lint, why it must be. Lines may leave this list, none may come.
const ALLOWANCES: [(&str, &str, &str); 0] = [];

pub(super) fn crate_headers(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        let is_root = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
        if is_root && !source.first_line.starts_with("//!") {
            let met = "the crate does not begin with `//!`".to_owned();
            let fix = "say what the crate is for, what flows in and out, and what it must never know";
            faults.push(Fault { path: path.to_owned(), line: 1, rule: "crate-header", met, fix });
        }
    }
}

pub(super) fn pure_crates(tree: &Tree, faults: &mut Vec<Fault>) {
    let is_pure = |path: &str| PURE_CRATES.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
    for (path, source) in tree.product().filter(|(path, _)| is_pure(path)) {
        for word in EFFECTS {
            let fix = "take the value as an argument; effects belong to store, runs, server and cli";
            outside_tests(path, source, word, faults, &Words { rule: "pure-crate", fix });
        }
    }
}

/// Asking is a `match` or a comparison; handing a dialect on is not, and neither is naming one in a test.
pub(super) fn dialect_matches(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.product().filter(|(path, _)| !path.starts_with(DIALECT_FOLDER)) {
        for offset in source.find("Dialect::").filter(|offset| !source.is_test(*offset)) {
            let mut name = source.code[offset + "Dialect::".len()..].chars();
            let is_variant = name.next().is_some_and(char::is_uppercase) && name.next().is_some_and(char::is_lowercase);
            if is_variant {
                faults.push(Fault {
                    path: path.to_owned(),
                    line: source.line(offset),
                    rule: "dialect-match",
                    met: "a dialect is named outside the folder of the dialects".to_owned(),
                    fix: "make what differs a value or a binding that the dialect's file gives",
                });
            }
        }
    }
}

pub(super) fn sql_texts(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.product().filter(|(path, _)| !path.starts_with("crates/sql/")) {
        for literal in source.literals.iter().filter(|literal| !source.is_test(literal.offset)) {
            if begins_sql(&literal.text) && is_in_builder(source, literal.offset) {
                faults.push(Fault {
                    path: path.to_owned(),
                    line: source.line(literal.offset),
                    rule: "sql-text",
                    met: "SQL is put together from text".to_owned(),
                    fix: "let the printer of the sql crate make it, or keep it whole in a `.sql` file, values as parameters",
                });
            }
        }
    }
}

fn begins_sql(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    let matches = |words: &&[&str]| {
        let (first, rest) = words.split_first().expect("each opening has a first word");
        text.starts_with(first) && rest.iter().all(|word| text.contains(word))
    };
    SQL_OPENINGS.iter().any(matches)
}

/// Whether the literal stands in the arguments of a call that builds text: an open bracket of a builder is before it in the statement.
fn is_in_builder(source: &Source, offset: usize) -> bool {
    let before = source.before(offset);
    let start = before.rfind([';', '{', '}']).map_or(0, |end| end + 1);
    let statement = &before[start..];
    BUILDERS.iter().any(|builder| {
        let open = statement.rfind(builder).map(|at| &statement[at..]);
        open.is_some_and(|call| call.matches('(').count() > call.matches(')').count())
    })
}

pub(super) fn unwraps(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        let fix = "return an error, or `expect(\"why this holds\")` for what the line above has just proved";
        outside_tests(path, source, ".unwrap()", faults, &Words { rule: "unwrap", fix });
        outside_tests(path, source, ".unwrap_err()", faults, &Words { rule: "unwrap", fix });
    }
}

pub(super) fn unfinished_macros(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        for word in ["todo!", "unimplemented!", "dbg!"] {
            let fix = "finish it, or refuse with a clear error";
            everywhere(path, source, word, faults, &Words { rule: "unfinished", fix });
        }
    }
}

pub(super) fn ignored_tests(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        let fix = "mend the test or delete it";
        everywhere(path, source, "#[ignore", faults, &Words { rule: "ignored-test", fix });
    }
}

pub(super) fn sleeping_tests(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        for offset in source.find("sleep(").filter(|offset| source.is_test(*offset)) {
            let met = "a test sleeps".to_owned();
            let fix = "move the clock that the code was given, or wait for the event itself";
            faults.push(Fault { path: path.to_owned(), line: source.line(offset), rule: "sleeping-test", met, fix });
        }
    }
}

/// Silenced lints stand in [`ALLOWANCES`]; what no longer stands in the code must leave the list. Tests may unwrap.
pub(super) fn lint_allowances(tree: &Tree, faults: &mut Vec<Fault>) {
    let mut used = [false; ALLOWANCES.len()];
    for (path, source) in tree.rust() {
        let attributes = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
        for (attribute, offset) in attributes.iter().flat_map(|word| source.find(word).map(move |at| (word, at))) {
            let lints = source.code[offset + attribute.len()..].split(')').next().unwrap_or_default();
            if source.is_test(offset) && lints.trim() == "clippy::unwrap_used" {
                continue;
            }
            let listed = ALLOWANCES.iter().position(|(file, lint, _)| *file == path && lints.contains(lint));
            if let Some(index) = listed {
                used[index] = true;
                continue;
            }
            let met = format!("the lint `{}` is silenced", lints.trim());
            let fix = "mend what the lint says; the list of allowances in xtask/src/tidy/rust.rs only shrinks";
            faults.push(Fault { path: path.to_owned(), line: source.line(offset), rule: "allowance", met, fix });
        }
    }
    let unused = ALLOWANCES.iter().zip(used).filter(|((path, ..), is_used)| !is_used && tree.has(path));
    for ((path, lint, _), _) in unused {
        let met = format!("the allowance of `{lint}` is not needed any more");
        let fix = "delete its line in xtask/src/tidy/rust.rs";
        faults.push(Fault { path: (*path).to_owned(), line: 1, rule: "allowance", met, fix });
    }
}

struct Words {
    rule: &'static str,
    fix: &'static str,
}

fn outside_tests(path: &str, source: &Source, word: &str, faults: &mut Vec<Fault>, words: &Words) {
    for offset in source.find(word).filter(|offset| !source.is_test(*offset)) {
        faults.push(words.fault(path, source.line(offset), word));
    }
}

fn everywhere(path: &str, source: &Source, word: &str, faults: &mut Vec<Fault>, words: &Words) {
    for offset in source.find(word) {
        faults.push(words.fault(path, source.line(offset), word));
    }
}

impl Words {
    fn fault(&self, path: &str, line: usize, word: &str) -> Fault {
        Fault { path: path.to_owned(), line, rule: self.rule, met: format!("`{word}`"), fix: self.fix }
    }
}
