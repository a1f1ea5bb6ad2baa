//! Why a change was not made.

use plan::{BrokenRule, Cause, FieldFault, Problem, Segment};
use sql::layout::{Layout, RowCondition, UniqueLayout};

use crate::Error;

/// Why a change was not made. Nothing of it is written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request asked for what may not be.
    Refused(Cause),
    /// The database failed.
    Store(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Store(error)
    }
}

impl Failure {
    /// Something that a change may not say.
    pub(crate) fn invalid(text: &str) -> Failure {
        Failure::Refused(Cause::Invalid { problem: Problem::Text(text.to_owned()) })
    }

    /// A unique key that the database found broken, after our own look, becomes the fault of its field.
    pub(crate) fn of_constraint(error: Error, model: &model::Model, layout: &Layout) -> Failure {
        let found = match &error {
            Error::Postgres(failed) => postgres_key(failed, layout),
            Error::Sqlite(failed) => sqlite_key(failed, layout),
            _ => None,
        };
        let Some((of, key)) = found else { return Failure::Store(error) };
        let content_type = model.content_type(of);
        let names = key.fields.iter().map(|field| content_type.field(*field).name.clone());
        let faults =
            names.map(|name| FieldFault { path: vec![Segment::Key(name)], rule: BrokenRule::NotUnique, value: None });
        Failure::Refused(Cause::Rules(faults.collect()))
    }
}

type Found<'l> = Option<(model::TypeId, &'l UniqueLayout)>;

fn postgres_key<'l>(error: &tokio_postgres::Error, layout: &'l Layout) -> Found<'l> {
    let failed = error.as_db_error()?;
    let name = failed.constraint().filter(|_| *failed.code() == tokio_postgres::error::SqlState::UNIQUE_VIOLATION)?;
    keys(layout).find(|(_, key)| key.name == name)
}

/// SQLite names the columns (`UNIQUE constraint failed: review.code, review._locale`), or the index where it is over an expression.
fn sqlite_key<'l>(error: &rusqlite::Error, layout: &'l Layout) -> Found<'l> {
    let rusqlite::Error::SqliteFailure(code, Some(text)) = error else { return None };
    if code.code != rusqlite::ErrorCode::ConstraintViolation {
        return None;
    }
    let said = text.strip_prefix("UNIQUE constraint failed: ")?;
    if let Some(index) = said.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        return keys(layout).find(|(_, key)| key.name == index);
    }
    let named: Vec<(&str, &str)> = said.split(", ").filter_map(|column| column.split_once('.')).collect();
    let table = layout.tables.iter().find(|table| named.first().is_some_and(|(name, _)| *name == table.name))?;
    let is_it =
        |key: &&UniqueLayout| key.columns.iter().map(String::as_str).eq(named.iter().map(|(_, column)| *column));
    Some((table.of?, table.unique.iter().filter(|key| !key.fields.is_empty()).find(is_it)?))
}

/// Unique keys of fields, with the type that they are of. Those of one-to-one relations are freed before they are taken.
fn keys(layout: &Layout) -> impl Iterator<Item = (model::TypeId, &UniqueLayout)> {
    let tables = layout.tables.iter().filter_map(|table| Some((table.of?, &table.unique)));
    tables
        .flat_map(|(of, unique)| unique.iter().filter(|key| !key.fields.is_empty()).map(move |key| (of, key)))
        .filter(|(_, key)| !key.only.iter().any(|condition| matches!(condition, RowCondition::NotNull(_))))
}
