//! What was measured, as lines of JSON for programs and as a table for people.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::bistro::{self, Ran};
use super::measure::{Measured, megabytes};
use super::operations::Operation;
use super::options::{Database, Options, Way};
use crate::process;

const DOCUMENT: &str = "docs/performance.md";
const TABLE_BEGINS: &str = "<!-- made by `cargo xtask bench --write` -->";
const TABLE_ENDS: &str = "<!-- end -->";

pub(super) fn write(folder: &Path, options: &Options, (measured, ran): (&[Measured], &[Ran])) -> Result<()> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs();
    let lines: Vec<String> = measured.iter().map(line).chain(ran.iter().map(ran_line)).collect();
    let file = folder.join(format!("results-{seconds}.jsonl"));
    fs::write(&file, lines.join("\n") + "\n").with_context(|| format!("could not write {}", file.display()))?;
    let table = table(options, (measured, ran))?;
    println!("\n{table}\nevery run: {}", file.display());
    if options.writes_document {
        replace_in_document(&table)?;
    }
    Ok(())
}

fn line(measured: &Measured) -> String {
    let Measured { database, operation, way, connections, round, first_answer_ms, report } = measured;
    json!({
        "database": database.to_string(), "operation": operation.name(), "program": way.name(),
        "connections": connections, "round": round, "first_answer_ms": first_answer_ms, "report": report,
    })
    .to_string()
}

fn ran_line(ran: &Ran) -> String {
    let Ran { database, question, dialect, connections, report } = ran;
    json!({
        "database": database.to_string(), "operation": question.name(), "program": dialect.name(),
        "connections": connections, "report": report,
    })
    .to_string()
}

fn replace_in_document(table: &str) -> Result<()> {
    let path = process::workspace().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("could not read {DOCUMENT}"))?;
    let (before, rest) = text.split_once(TABLE_BEGINS).with_context(|| format!("{DOCUMENT} has no {TABLE_BEGINS}"))?;
    let (_, after) = rest.split_once(TABLE_ENDS).with_context(|| format!("{DOCUMENT} has no {TABLE_ENDS}"))?;
    fs::write(&path, format!("{before}{TABLE_BEGINS}\n\n{table}\n{TABLE_ENDS}{after}"))
        .with_context(|| format!("could not write {DOCUMENT}"))
}

fn table(options: &Options, (measured, ran): (&[Measured], &[Ran])) -> Result<String> {
    let mut out = machine(options)?;
    for database in &options.databases {
        let of_database: Vec<&Measured> = measured.iter().filter(|run| run.database == *database).collect();
        if options.operations.is_empty() {
            continue;
        }
        let cells = Cells { runs: &of_database, database: *database };
        writeln!(out, "\n### {database}\n")?;
        out.push_str(HEAD);
        for operation in &options.operations {
            writeln!(out, "{}", cells.row(*operation))?;
        }
        writeln!(out, "\n{}", cells.memory(options))?;
        let peers: Vec<String> = options.operations.iter().filter_map(|operation| cells.peer(*operation)).collect();
        if !peers.is_empty() {
            writeln!(
                out,
                "\nTimes as fast as a server by hand with async-graphql and data loaders: {}.",
                peers.join(", ")
            )?;
        }
    }
    for database in &options.databases {
        if let Some(table) = bistro::table(ran, *database) {
            writeln!(out, "\n### Restaurants in three dialects, {database}\n\n{table}")?;
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

const HEAD: &str = "\
| | question | json /s | rows /s | hasura /s | share | strapi /s | share | goal | cpu json | cpu rows | cpu hasura | cpu strapi | p50 at 1: limit | hasura | strapi |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

struct Cells<'a> {
    runs: &'a [&'a Measured],
    database: Database,
}

impl Cells<'_> {
    fn row(&self, operation: Operation) -> String {
        let many = |way| self.best(operation, way, 16);
        let rate =
            |way| many(way).map_or_else(|| "–".to_owned(), |run| format!("{:.0}", run.report.requests_per_second));
        let limits = [Way::Json, Way::Rows];
        let better = limits.iter().filter_map(|way| Some(many(*way)?.report.requests_per_second)).fold(0.0, f64::max);
        let (on_postgres, on_sqlite) = operation.goals();
        let goal = f64::from(if self.database == Database::Postgres { on_postgres } else { on_sqlite }) / 100.0;
        let share = |way| match many(way) {
            Some(run) if better > 0.0 => share_of_goal(run.report.requests_per_second / better, goal),
            Some(_) | None => "–".to_owned(),
        };
        let cpu = |way| match many(way) {
            Some(run) if self.database == Database::Postgres => {
                format!("{:.0} + {:.0}", run.report.server_cpu_us, run.report.postgres_cpu_us)
            }
            Some(run) => format!("{:.0}", run.report.server_cpu_us),
            None => "–".to_owned(),
        };
        let p50 = |way| Some(self.best(operation, way, 1)?.report.p50_us);
        let shown = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let words = [
            operation.name().to_owned(),
            operation.question().to_owned(),
            rate(Way::Json),
            rate(Way::Rows),
            rate(Way::Hasura),
            share(Way::Hasura),
            rate(Way::Strapi),
            share(Way::Strapi),
            format!("{goal:.2}"),
            cpu(Way::Json),
            cpu(Way::Rows),
            cpu(Way::Hasura),
            cpu(Way::Strapi),
            shown(limits.iter().filter_map(|way| p50(*way)).min()),
            shown(p50(Way::Hasura)),
            shown(p50(Way::Strapi)),
        ];
        format!("| {} |", words.join(" | "))
    }

    /// The round with the most requests.
    fn best(&self, operation: Operation, way: Way, connections: usize) -> Option<&Measured> {
        let runs = self
            .runs
            .iter()
            .filter(|run| run.operation == operation && run.way == way && run.connections == connections);
        runs.max_by(|left, right| left.report.requests_per_second.total_cmp(&right.report.requests_per_second)).copied()
    }

    /// The product beside the server by hand, where that was asked for.
    fn peer(&self, operation: Operation) -> Option<String> {
        let peer = self.best(operation, Way::Peer, 16)?.report.requests_per_second;
        let product = self.best(operation, Way::Hasura, 16)?.report.requests_per_second;
        Some(format!("{} {:.1} ({peer:.0} against {product:.0})", operation.name(), product / peer))
    }

    fn memory(&self, options: &Options) -> String {
        let words = options.ways.iter().filter_map(|way| {
            let own = self.runs.iter().filter(|run| run.way == *way);
            let most = own.clone().map(|run| run.report.memory.anonymous_bytes).max()?;
            let files = own.clone().map(|run| run.report.memory.file_bytes).max()?;
            let start = own.map(|run| run.first_answer_ms).fold(f64::INFINITY, f64::min);
            let name = way.name();
            Some(format!(
                "{name} {:.0} MB (and {:.0} MB of mapped files), {start:.0} ms",
                megabytes(most),
                megabytes(files)
            ))
        });
        format!("Most private memory in any run, and start to first answer: {}.", words.collect::<Vec<_>>().join("; "))
    }
}

/// A share, and behind it what it lacks of the goal.
fn share_of_goal(share: f64, goal: f64) -> String {
    let missing = ((goal - share) * 100.0).round() / 100.0;
    if missing > 0.0 { format!("**{share:.2}** (−{missing:.2})") } else { format!("**{share:.2}**") }
}

/// What it was measured on.
fn machine(options: &Options) -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok());
    let gigabytes = kib.map_or(0, |kib: u64| kib >> 20);
    let mut out = String::new();
    writeln!(
        out,
        "{cores} processors ({}), {gigabytes} GB. Requests per second at 16 connections, best of {} rounds of {} s; share: of the better limit of the \
         same run, behind it what it lacks of the goal; cpu: microseconds for each request, server (+ PostgreSQL); p50: microseconds at one connection, one round.",
        model.unwrap_or("unknown"),
        options.rounds,
        options.seconds
    )?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::share_of_goal;

    #[test]
    fn what_a_share_lacks_stands_behind_it() {
        assert_eq!(share_of_goal(0.742, 0.78), "**0.74** (−0.04)");
        assert_eq!(share_of_goal(0.78, 0.78), "**0.78**");
        assert_eq!(share_of_goal(1.2, 0.78), "**1.20**");
    }
}
