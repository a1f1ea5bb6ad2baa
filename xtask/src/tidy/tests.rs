//! Each rule on a small wrong tree, and all rules on the house itself.

use super::tree::Tree;
use super::{faults_in, faults_of};
use crate::process;

#[test]
fn the_house_is_tidy() {
    let faults = faults_in(&process::workspace()).expect("the workspace can be read");
    let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), shown.join("\n"));
}

/// The places and rules of the faults in one file.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    check_tree(&[(path, text)], expected);
}

#[track_caller]
fn check_tree(files: &[(&str, &str)], expected: &[&str]) {
    let tree = Tree::from_texts(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let faults = faults_of(&tree);
    let found: Vec<String> =
        faults.iter().map(|fault| format!("{}:{} {}", fault.path, fault.line, fault.rule)).collect();
    assert_eq!(found, expected, "{faults:#?}");
}

#[test]
fn a_crate_knows_only_those_below_it() {
    let record = "| `serde` | reads |";
    let manifest = "[dependencies]\nserde.workspace = true\nstore = { path = \"../store\" }\n";
    let files = [("crates/plan/Cargo.toml", manifest), ("docs/adr/0002-dependencies.md", record)];
    check_tree(&files, &["crates/plan/Cargo.toml:3 crate-edge"]);
}

#[test]
fn graphql_and_sql_are_strangers_even_in_tests() {
    check(
        "crates/sql/Cargo.toml",
        "[dev-dependencies]\ngraphql.workspace = true\n",
        &["crates/sql/Cargo.toml:2 crate-edge"],
    );
    check("crates/store/Cargo.toml", "[dev-dependencies]\ngraphql.workspace = true\n", &[]);
}

#[test]
fn a_new_crate_needs_a_place() {
    check("crates/extra/Cargo.toml", "[package]\nname = \"extra\"\n", &["crates/extra/Cargo.toml:1 crate-edge"]);
}

#[test]
fn a_pure_crate_takes_nothing_with_effects() {
    let files = [
        ("crates/sql/Cargo.toml", "[dependencies]\ntokio = \"1\"\n"),
        ("docs/adr/0002-dependencies.md", "| `tokio` | runs |"),
    ];
    check_tree(&files, &["crates/sql/Cargo.toml:2 outer-crate"]);
}

#[test]
fn a_dependency_has_its_reason_and_a_reason_its_dependency() {
    let files = [
        ("crates/cli/Cargo.toml", "[dependencies]\nclap = \"4\"\n"),
        ("docs/adr/0002-dependencies.md", "\n| `toml` | reads |"),
    ];
    check_tree(
        &files,
        &["crates/cli/Cargo.toml:2 decided-dependency", "docs/adr/0002-dependencies.md:2 decided-dependency"],
    );
}

#[test]
fn a_crate_says_what_it_is_for() {
    check("crates/plan/src/lib.rs", "mod filter;\n", &["crates/plan/src/lib.rs:1 crate-header"]);
}

#[test]
fn a_pure_crate_has_no_effects() {
    let text = "fn read() {\n    std::fs::read(\"x\");\n}\nasync fn wait() {\n    later().await;\n}\n";
    let places =
        ["crates/plan/src/a.rs:2 pure-crate", "crates/plan/src/a.rs:4 pure-crate", "crates/plan/src/a.rs:5 pure-crate"];
    check("crates/plan/src/a.rs", text, &places);
    check("crates/store/src/a.rs", text, &[]);
}

#[test]
fn comments_literals_and_tests_are_not_code() {
    let text = "// std::fs\n/* std::fs /* nested */ std::net */\nconst A: &str = r#\"std::env\"#;\nconst B: char = '\"';\n\
        #[cfg(test)]\nmod tests {\n    use std::fs;\n    fn f() { a.unwrap(); }\n}\n";
    check("crates/plan/src/a.rs", text, &[]);
}

#[test]
fn code_behind_odd_literals_is_still_code() {
    let text = "fn f<'a>(x: &'a str) {\n    let q = ['\"', '\\'', '\\\\'];\n    let e = \"\\\\\";\n    let u = '\\u{1F600}';\n    x.unwrap();\n}\n";
    check("crates/plan/src/a.rs", text, &["crates/plan/src/a.rs:5 unwrap"]);
}

#[test]
fn only_the_dialects_ask_which_dialect_it_is() {
    let text =
        "fn f(d: Dialect) -> bool {\n    matches!(d, Dialect::Strapi5)\n}\nconst ALL: [Dialect; 2] = Dialect::ALL;\n";
    check("crates/server/src/a.rs", text, &["crates/server/src/a.rs:2 dialect-match"]);
    check("crates/graphql/src/dialect/a.rs", text, &[]);
    check("crates/graphql/src/dialect.rs", text, &[]);
}

#[test]
fn sql_is_born_in_the_printer() {
    let text = "fn f(t: &str) -> String {\n    let mut s = format!(\"select a from {t}\");\n    s.push_str(\"INSERT INTO x\");\n    \
        let fixed = \"select a from b\";\n    log(\"create a table first\");\n    s\n}\n";
    check("crates/store/src/a.rs", text, &["crates/store/src/a.rs:2 sql-text", "crates/store/src/a.rs:3 sql-text"]);
    check("crates/sql/src/a.rs", text, &[]);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    check("xtask/src/a.rs", "fn f() {\n    g().unwrap();\n}\n", &["xtask/src/a.rs:2 unwrap"]);
    check("crates/store/tests/a.rs", "fn f() {\n    g().unwrap();\n}\n", &[]);
}

#[test]
fn nothing_is_left_unfinished() {
    let text = "fn f() {\n    todo!();\n}\nfn g() {\n    dbg!(1);\n    unimplemented!()\n}\n";
    let places =
        ["crates/cli/src/a.rs:2 unfinished", "crates/cli/src/a.rs:5 unfinished", "crates/cli/src/a.rs:6 unfinished"];
    check("crates/cli/src/a.rs", text, &places);
    check("README.md", &["Later: TO", "DO\n"].concat(), &["README.md:1 unfinished"]);
}

#[test]
fn no_test_is_ignored_or_sleeps() {
    check("crates/cli/src/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n", &["crates/cli/src/a.rs:2 ignored-test"]);
    let text = "#[test]\nfn f() {\n    std::thread::sleep(d);\n}\nfn g() {\n    sleep(d);\n}\n";
    check("crates/cli/src/a.rs", text, &["crates/cli/src/a.rs:3 sleeping-test"]);
}

#[test]
fn a_lint_is_not_silenced() {
    check("crates/cli/src/a.rs", "\n#[allow(dead_code)]\nfn f() {}\n", &["crates/cli/src/a.rs:2 allowance"]);
    check("crates/cli/tests/a.rs", "#![allow(clippy::unwrap_used)]\nfn f() {}\n", &[]);
}

#[test]
fn a_function_fits_on_a_screen() {
    let long =
        format!("trait T {{\n    fn short(&self) -> [u8; 2];\n}}\nfn long() {{\n{}}}\n", "    a();\n".repeat(70));
    check("crates/cli/src/a.rs", &long, &["crates/cli/src/a.rs:4 function-length"]);
    check("crates/cli/src/a.rs", &format!("fn fits() {{\n{}}}\n", "    a();\n".repeat(68)), &[]);
}

#[test]
fn a_file_is_split_in_time() {
    check("crates/cli/src/a.rs", &"const A: u8 = 1;\n".repeat(801), &["crates/cli/src/a.rs:801 file-length"]);
}

#[test]
fn a_file_is_named_after_what_it_holds() {
    check("crates/cli/src/utils.rs", "", &["crates/cli/src/utils.rs:1 file-name"]);
    check("crates/cli/src/common/list.rs", "", &["crates/cli/src/common/list.rs:1 file-name"]);
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    let text = ["See /ro", "ot/notes, not src/ro", "ot/notes.\n"].concat();
    check("docs/a.md", &text, &["docs/a.md:1 machine-path"]);
}

#[test]
fn links_lead_to_files() {
    let text = "[a](b.md) [c](../README.md#top) [d](https://example.org/x) [e](#here)\n[f](missing.md)\n";
    check_tree(&[("README.md", ""), ("docs/a.md", text), ("docs/b.md", "")], &["docs/a.md:2 link"]);
}

#[test]
fn no_snapshot_waits_for_review() {
    check("crates/sql/tests/a.snap.new", "x", &["crates/sql/tests/a.snap.new:1 snapshot"]);
}
