//! The binary `dragoman`: arguments, settings, subcommands, signals.
//!
//! In flow the command line, `dragoman.toml` and the environment; out comes a running server or a finished command. Standard output
//! is for data alone, everything else goes to standard error. This crate must never know what a request says.

mod arguments;
mod commands;
mod config;
mod control;
mod error;
mod keeping;
mod lock;
mod logging;
mod progress;
mod project;
mod serving;
mod signals;
mod working;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::error::Error;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = if is_guard() { Command::Guard } else { Arguments::parse().command };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            logging::say_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Every op waits for its guard: it is known before all that is told of the other commands is put together.
fn is_guard() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|word| word == "guard") && arguments.next().is_none()
}

fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Init { folder } => commands::init::run(&folder)?,
        Command::Dev(serving) => return commands::dev::run(&serving),
        Command::Serve(serving) => return commands::serve::run(&serving),
        Command::Migrate { project, dry_run, allow_data_loss } => {
            return commands::migrate::run(&project, commands::migrate::Wish { dry_run, allow_data_loss });
        }
        Command::Seed { project } => commands::seed::run(&project)?,
        Command::Schema { project, endpoint } => commands::print::schema(&project, &endpoint)?,
        Command::Check { project } => commands::check::run(&project)?,
        Command::Query(query) => return commands::query::run(&query),
        Command::Token(token) => commands::token::run(token)?,
        Command::User(user) => commands::user::run(user)?,
        Command::Run(run) => return commands::run::run(&run),
        Command::Runs(runs) => return commands::run::runs(&runs),
        Command::Logs(logs) => return commands::run::logs(&logs),
        Command::Cancel(cancel) => return commands::run::cancel(&cancel),
        Command::Worker { project } => return commands::run::worker(&project),
        Command::Guard => runs::guard::run(std::io::stdin(), std::io::stdout())?,
        Command::Config => commands::print::config(),
        Command::Completions { shell } => commands::print::completions(shell),
    }
    Ok(ExitCode::SUCCESS)
}
