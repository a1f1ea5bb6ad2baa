//! The plain tables on SQLite, filled from the CSV files.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params_from_iter};

use crate::csv;

const CHINOOK: [&str; 11] = [
    "artist",
    "album",
    "employee",
    "customer",
    "genre",
    "media_type",
    "track",
    "playlist",
    "playlist_track",
    "invoice",
    "invoice_line",
];
const BLOG: [&str; 5] = ["author", "tag", "article", "article_tag", "comment"];

/// Where the rows and the table definitions are.
pub(crate) struct Folders {
    chinook: PathBuf,
    blog: PathBuf,
    sql: PathBuf,
}

impl Folders {
    pub(crate) fn new(chinook: &str, blog: &str, sql: &str) -> Self {
        Self { chinook: chinook.into(), blog: blog.into(), sql: sql.into() }
    }
}

pub(crate) fn run(file: &Path, folders: &Folders) -> Result<()> {
    let database = Connection::open(file).with_context(|| format!("could not make {}", file.display()))?;
    database.execute_batch("pragma journal_mode = wal; pragma synchronous = off; pragma foreign_keys = off")?;
    database.set_prepared_statement_cache_capacity(64);
    for script in ["chinook.sqlite.sql", "blog.sqlite.sql"] {
        database.execute_batch(&read(&folders.sql.join(script))?)?;
    }
    database.execute_batch("begin")?;
    for table in CHINOOK {
        fill(&database, table, &folders.chinook)?;
    }
    for table in BLOG {
        fill(&database, table, &folders.blog)?;
    }
    database.execute_batch("commit")?;
    database.execute_batch(&read(&folders.sql.join("blog.indexes.sql"))?)?;
    database.execute_batch("analyze; pragma wal_checkpoint(truncate)")?;
    Ok(())
}

pub(crate) fn execute(file: &Path, statements: &str) -> Result<()> {
    let database = Connection::open(file).with_context(|| format!("could not open {}", file.display()))?;
    database.execute_batch(statements).with_context(|| format!("could not execute {statements}"))
}

/// Texts become numbers by the affinity of their column; only true and false are translated.
fn fill(database: &Connection, table: &str, folder: &Path) -> Result<()> {
    let text = read(&folder.join(table).with_extension("csv"))?;
    let mut rows = csv::rows(&text);
    let head: Vec<String> = rows.next().context("the file has no head")?.into_iter().flatten().collect();
    let marks = vec!["?"; head.len()].join(", ");
    let mut insert = database.prepare(&format!("insert into {table} ({}) values ({marks})", head.join(", ")))?;
    for row in rows {
        let values = row.iter().zip(&head).map(|(value, column)| {
            let is_flag = matches!(column.as_str(), "active" | "approved");
            value.as_deref().map(|value| if is_flag { if value == "true" { "1" } else { "0" } } else { value })
        });
        insert.execute(params_from_iter(values)).with_context(|| format!("a row of {table} was refused: {row:?}"))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}
