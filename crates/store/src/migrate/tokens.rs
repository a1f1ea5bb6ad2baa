//! Tokens of programs that an earlier version kept in a table of its own: the migration that makes the content type takes their rows over.

use sql::Database;
use sql::change::{Step, Work};

use super::Stage;
use crate::{Error, Store};

const THERE_SQLITE: &str = include_str!("old_tokens.sqlite.sql");
const THERE_POSTGRES: &str = include_str!("old_tokens.postgres.sql");
const TAKE_SQLITE: &str = include_str!("take_tokens.sqlite.sql");
const TAKE_POSTGRES: &str = include_str!("take_tokens.postgres.sql");
const DROP: &str = include_str!("drop_tokens.sql");

/// Lets the first stage that brings the content type end with taking over the rows of the old table, where that is there. It happens in the last
/// step, whose transaction puts the new tables in place: a migration that is given up before leaves the old table as it was.
pub(super) async fn take_over(store: &Store, stages: &mut [Stage]) -> Result<(), Error> {
    let Some(stage) = stages.iter_mut().find(|stage| brings_tokens(stage)) else { return Ok(()) };
    let (there, take) = match store.database() {
        Database::Sqlite => (THERE_SQLITE, TAKE_SQLITE),
        Database::Postgres => (THERE_POSTGRES, TAKE_POSTGRES),
    };
    if store.texts(there).await?.is_empty() {
        return Ok(());
    }
    let statements = [take.to_owned(), DROP.to_owned()];
    match stage.migration.steps.last_mut() {
        Some(Step { work: Work::Statements(last), .. }) => last.extend(statements),
        Some(Step { work: Work::Rows { .. } | Work::Convert(_), .. }) | None => {
            let text = "take over the tokens of programs".to_owned();
            stage.migration.steps.push(Step { text, work: Work::Statements(statements.to_vec()) });
        }
    }
    Ok(())
}

/// The base lacks the content type, and the target has it.
fn brings_tokens(stage: &Stage) -> bool {
    let has = |sources: &Option<Vec<model::Source>>| {
        sources.as_deref().is_some_and(|of| model::language_of(of).unwrap_or(1) >= TOKENS_SINCE)
    };
    !has(&stage.base) && has(&Some(stage.target.clone()))
}

/// The version of the language that brought the content type.
const TOKENS_SINCE: u32 = 2;
