//! The limit programs of the benchmark: what the same questions cost without GraphQL.
//!
//! `serve` answers the eleven operations by hand-written statements on the product's own HTTP stack, either as JSON that the database makes in one
//! statement (`json`) or from flat rows, one prepared statement for each level (`rows`). `generate` and `load` make the data, `drive` sends
//! the requests and measures. No part of the product depends on this package.

mod answer;
mod bistro;
mod csv;
mod drive;
mod generate;
mod load;
mod postgres;
mod processes;
mod request;
mod runs;
mod seed;
mod serve;
mod shape;
mod sqlite;

use std::process::ExitCode;

use anyhow::{Result, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Usage:
  limit generate FOLDER [ROWS]                         the magazine's CSV files, 1,000,000 rows unless told otherwise
  limit load FILE CHINOOK_FOLDER BLOG_FOLDER SQL_FOLDER   a SQLite database with the plain tables
  limit execute FILE STATEMENTS                        changes a SQLite database
  limit seed FOLDER CHINOOK_FOLDER BLOG_FOLDER         the same rows as seed files of a project
  limit bistro FOLDER                                  10,000 restaurants as seed files of a project
  limit serve json|rows DATABASE ADDRESS:PORT          DATABASE is a file or a postgres:// URL
  limit launches DATABASE RUN COUNT                    writes the rows of a run again, so often, by hand
  limit runs DATABASE ADDRESS:PORT                     answers pages of runs and events by hand
  limit drive SETTINGS                                 SETTINGS is one JSON object; see src/drive.rs
";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["generate", folder] => generate::write(folder.as_ref(), generate::ROWS),
        ["generate", folder, rows] => generate::write(folder.as_ref(), rows.parse()?),
        ["load", file, chinook, blog, sql] => load::run(file.as_ref(), &load::Folders::new(chinook, blog, sql)),
        ["execute", file, statements] => load::execute(file.as_ref(), statements),
        ["seed", folder, chinook, blog] => seed::run(folder.as_ref(), chinook.as_ref(), blog.as_ref()),
        ["bistro", folder] => bistro::run(folder.as_ref()),
        ["serve", way, database, address] => serve::run(way.parse()?, database, address),
        ["launches", database, run, count] => runs::launches(database, run, count.parse()?),
        ["runs", database, address] => runs::serve(database, address),
        ["drive", settings] => drive::run(serde_json::from_str(settings)?),
        _ => bail!("the arguments are not understood\n\n{HELP}"),
    }
}
