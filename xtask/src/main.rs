//! The tasks of the house: run the tests, hold the invariants, measure.
//!
//! `cargo xtask` prints what there is. Each task lives in a file of its own; none of them is part of the product.

mod bench;
mod browser;
mod clients;
mod graphiql;
mod postgres;
mod process;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
The tasks of the house.

Usage: cargo xtask <TASK> [ARGUMENTS]

Tasks:
  test [-- ARGUMENTS]   run every test on both databases; arguments go to `cargo nextest run` (-p sql: one crate)
  bench [OPTIONS]       measure the product beside the limit programs; --help lists the options
  tidy                  hold the invariants of the house; prints every fault with its place and the fix (also a test)
  graphiql [--check]    build the page that the server embeds; --check compares what is committed with what its sources build
  browser               use the pages in a real browser (needs Node and chromium)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match task {
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "tidy" => tidy::run(rest),
        "graphiql" => graphiql::run(rest),
        "browser" => browser::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => {
            eprint!("there is no task {unknown:?}\n\n{HELP}");
            Ok(ExitCode::from(2))
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
