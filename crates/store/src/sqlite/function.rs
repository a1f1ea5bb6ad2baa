//! The functions that the statements for SQLite call, all in one table: PostgreSQL's meaning where SQLite has none of its own.

mod jsonb;
mod pattern;
mod statistics;
#[cfg(test)]
mod tests;

use regex::Regex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};
use sql::function::{
    AVERAGE, FOLD, JSON_CONTAINED, JSON_CONTAINS, JSON_EQUAL, JSON_HAS_ALL, JSON_HAS_ANY, JSON_HAS_KEY, LIKE, REGEX,
    REGEX_FOLD, SIMILAR, STDDEV_POPULATION, STDDEV_SAMPLE, SUM, VARIANCE_POPULATION, VARIANCE_SAMPLE,
};

use crate::error::INVALID_PATTERN;
use pattern::Like;
use statistics::Statistic;

/// Two texts in, a truth out.
type Test = fn(&Context<'_>) -> rusqlite::Result<Option<bool>>;

const TESTS: [(&str, Test); 10] = [
    (LIKE, |context| with_pattern(context, |pattern| Ok(Like::new(pattern)), Like::matches)),
    (SIMILAR, |context| with_pattern(context, pattern::similar, Regex::is_match)),
    (REGEX, |context| with_pattern(context, |text| pattern::regex(text, false), Regex::is_match)),
    (REGEX_FOLD, |context| with_pattern(context, |text| pattern::regex(text, true), Regex::is_match)),
    (JSON_EQUAL, |context| of_json(context, jsonb::equal)),
    (JSON_CONTAINS, |context| of_json(context, jsonb::contains)),
    (JSON_CONTAINED, |context| of_json(context, |left, right| jsonb::contains(right, left))),
    (JSON_HAS_KEY, |context| {
        let (Some(json), Some(key)) = (json(context, 0)?, text(context, 1)?) else { return Ok(None) };
        Ok(Some(jsonb::has_key(&json, key)))
    }),
    (JSON_HAS_ANY, |context| of_json(context, |json, keys| jsonb::keys(keys).any(|key| jsonb::has_key(json, key)))),
    (JSON_HAS_ALL, |context| of_json(context, |json, keys| jsonb::keys(keys).all(|key| jsonb::has_key(json, key)))),
];

const AGGREGATES: [(&str, Statistic); 6] = [
    (SUM, Statistic::Sum),
    (AVERAGE, Statistic::Average),
    (STDDEV_SAMPLE, Statistic::StddevSample),
    (STDDEV_POPULATION, Statistic::StddevPopulation),
    (VARIANCE_SAMPLE, Statistic::VarianceSample),
    (VARIANCE_POPULATION, Statistic::VariancePopulation),
];

/// Makes all functions known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(FOLD, 1, flags, |context| Ok(text(context, 0)?.map(pattern::fold)))?;
    for (name, test) in TESTS {
        connection.create_scalar_function(name, 2, flags, test)?;
    }
    for (name, statistic) in AGGREGATES {
        connection.create_aggregate_function(name, 1, flags, statistic)?;
    }
    Ok(())
}

/// Reads the first argument as a pattern (once for each statement, where it is a constant) and matches the second.
fn with_pattern<P: Send + Sync + 'static>(
    context: &Context<'_>,
    read: impl Fn(&str) -> Result<P, String>,
    matches: impl Fn(&P, &str) -> bool,
) -> rusqlite::Result<Option<bool>> {
    if context.get_raw(0) == ValueRef::Null {
        return Ok(None);
    }
    let Some(value) = text(context, 1)? else { return Ok(None) };
    let pattern = context.get_or_create_aux(0, |pattern| {
        let pattern = pattern.as_str().map_err(|error| error.to_string())?;
        read(pattern).map_err(InvalidPattern)
    });
    Ok(Some(matches(&*pattern?, value)))
}

/// A pattern of a request that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{INVALID_PATTERN}: {0}")]
struct InvalidPattern(String);

impl From<String> for InvalidPattern {
    fn from(problem: String) -> InvalidPattern {
        InvalidPattern(problem)
    }
}

fn of_json(
    context: &Context<'_>,
    test: impl Fn(&serde_json::Value, &serde_json::Value) -> bool,
) -> rusqlite::Result<Option<bool>> {
    let (Some(left), Some(right)) = (json(context, 0)?, json(context, 1)?) else { return Ok(None) };
    Ok(Some(test(&left, &right)))
}

/// An argument as text; none for null.
fn text<'c>(context: &'c Context<'_>, index: usize) -> rusqlite::Result<Option<&'c str>> {
    match context.get_raw(index) {
        ValueRef::Null => Ok(None),
        value => value.as_str().map(Some).map_err(Error::from),
    }
}

/// An argument as JSON; numbers may come as numbers; none for null.
fn json(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<serde_json::Value>> {
    match context.get_raw(index) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number.into())),
        ValueRef::Real(number) => Ok(Some(number.into())),
        value => {
            let text = value.as_str()?;
            serde_json::from_str(text).map(Some).map_err(|error| Error::UserFunctionError(error.into()))
        }
    }
}
