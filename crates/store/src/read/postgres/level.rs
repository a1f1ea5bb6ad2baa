//! The rows of each level in memory, grouped by the row above.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Range;

use plan::Window;
use sql::{ColumnKind, CountProgram, Node};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::keys::Keys;
use super::known;
use crate::Error;
use crate::answer::{self, Above, Ask, At, Datum, Source, Visit, ask};

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Days from 1970 to 2000.
const EPOCH_DAYS: i64 = 10_957;

/// The rows of every level of one program.
pub(crate) struct Levels {
    by_slot: Vec<Option<Level>>,
    rows_max: u32,
}

/// The rows of one statement.
pub(super) struct Level {
    rows: Vec<Row>,
    groups: Groups,
    /// The group that was found last: the next one asked for is often the one behind it.
    last: Cell<usize>,
}

/// Which rows belong to which row above, sorted by key.
enum Groups {
    /// All rows belong together.
    One,
    /// By integer.
    Int(Vec<(i64, Range<usize>)>),
    /// By the bytes that the column has in the first row of the range.
    Bytes(u16, Vec<Range<usize>>),
}

impl Levels {
    pub(super) fn new(statements: u16, rows_max: u32) -> Levels {
        Levels { by_slot: (0..statements).map(|_| None).collect(), rows_max }
    }

    /// The rows of a program of one statement.
    pub(crate) fn of_root(node: &Node, rows: Vec<Row>, rows_max: u32) -> Result<Levels, Error> {
        let mut levels = Levels::new(1, rows_max);
        if let Some(statement) = &node.rows {
            levels.keep(statement.slot, Level::new(rows, None, None)?);
        }
        Ok(levels)
    }

    pub(super) fn keep(&mut self, slot: u16, level: Level) {
        self.by_slot[usize::from(slot)] = Some(level);
    }

    fn level(&self, slot: u16) -> Option<&Level> {
        self.by_slot.get(usize::from(slot))?.as_ref()
    }
}

impl Level {
    pub(super) fn new(rows: Vec<Row>, here: Option<u16>, keys: Option<&Keys>) -> Result<Level, Error> {
        let groups = match (here, keys) {
            (Some(here), Some(keys)) => group(&rows, here, matches!(keys.keys, super::keys::KeyList::Int(_)))?,
            (_, None) | (None, _) => Groups::One,
        };
        Ok(Level { rows, groups, last: Cell::new(usize::MAX) })
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether the rows prove the total of every row above.
    pub(super) fn proves_totals(&self, node: &Node, window: Window, rows_max: u32, keys: Option<&Keys>) -> bool {
        if keys.is_some_and(|keys| keys.locales.is_some()) {
            return false;
        }
        let proves = |rows: usize| known(node, window, rows as u64, rows_max).is_some();
        match &self.groups {
            Groups::One => proves(self.rows.len()),
            Groups::Int(groups) => {
                all_met(groups.len(), keys, proves(0)) && groups.iter().all(|(_, range)| proves(range.len()))
            }
            Groups::Bytes(_, groups) => {
                all_met(groups.len(), keys, proves(0)) && groups.iter().all(|range| proves(range.len()))
            }
        }
    }

    /// The rows that belong to the row above.
    fn rows_of(&self, above: Option<&Above<'_>>) -> Result<&[Row], Error> {
        let Some(above) = above else { return Ok(&self.rows) };
        let answer::Row::Postgres(row) = above.row else {
            return Err(Error::Malformed { expected: "a row of this database" });
        };
        let Some(key) = raw(row, above.key)? else { return Ok(&[]) };
        let range = match &self.groups {
            Groups::One => return Ok(&self.rows),
            Groups::Int(groups) => {
                let key = integer(key).ok_or(Error::Column { column: above.key, expected: "an integer" })?;
                self.find(groups.len(), |index| groups[index].0.cmp(&key)).map(|index| groups[index].1.clone())
            }
            Groups::Bytes(column, groups) => {
                let order = |index: usize| raw(&self.rows[groups[index].start], *column).ok().flatten().cmp(&Some(key));
                self.find(groups.len(), order).map(|index| groups[index].clone())
            }
        };
        Ok(range.map_or(&[], |range| &self.rows[range]))
    }

    fn find(&self, groups: usize, order: impl Fn(usize) -> Ordering) -> Option<usize> {
        let next = self.last.get().wrapping_add(1);
        if next < groups && order(next).is_eq() {
            self.last.set(next);
            return Some(next);
        }
        let (mut low, mut high) = (0, groups);
        while low < high {
            let middle = usize::midpoint(low, high);
            match order(middle) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    self.last.set(middle);
                    return Some(middle);
                }
            }
        }
        None
    }
}

/// Whether each row above has rows here, or having none proves its total.
fn all_met(groups: usize, keys: Option<&Keys>, none_proves: bool) -> bool {
    none_proves || keys.is_none_or(|keys| keys.len() == groups)
}

/// Runs of rows with the same key, sorted by it. The statement orders rows by key; its collation need not be the order of bytes.
fn group(rows: &[Row], here: u16, is_int: bool) -> Result<Groups, Error> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut last = None;
    for (index, row) in rows.iter().enumerate() {
        let key = raw(row, here)?;
        match ranges.last_mut() {
            Some(range) if last == key => range.end = index + 1,
            _ => ranges.push(index..index + 1),
        }
        last = key;
    }
    let key_of = |range: &Range<usize>| raw(&rows[range.start], here).ok().flatten();
    if is_int {
        let mut groups = Vec::with_capacity(ranges.len());
        for range in ranges {
            let key = key_of(&range).and_then(integer).ok_or(Error::Column { column: here, expected: "an integer" })?;
            groups.push((key, range));
        }
        groups.sort_unstable_by_key(|(key, _)| *key);
        return Ok(Groups::Int(groups));
    }
    ranges.sort_unstable_by(|left, right| key_of(left).cmp(&key_of(right)));
    Ok(Groups::Bytes(here, ranges))
}

impl Source for Levels {
    fn each(&self, asked: Ask<'_>, visit: Visit<'_>) -> Result<(), Error> {
        let Some(level) = self.level(asked.statement.slot) else { return Ok(()) };
        let above = asked.here.and(asked.above.as_ref());
        let locale = asked.locale_here.zip(locale_of(above)?);
        for row in level.rows_of(above)? {
            if let Some((column, locale)) = locale
                && raw(row, column)? != Some(locale)
            {
                continue;
            }
            if visit(answer::Row::Postgres(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn known_total(
        &self,
        node: &Node,
        counts: &CountProgram,
        above: Option<At<'_>>,
        window: Window,
    ) -> Result<Option<u64>, Error> {
        if self.level(counts.statement.slot).is_some() {
            return Ok(None);
        }
        let Some(statement) = &node.rows else { return Ok(None) };
        let Some(level) = self.level(statement.slot) else { return Ok(Some(0)) };
        let asked = ask(statement, node.parent, above);
        let rows = level.rows_of(asked.above.as_ref())?.len();
        Ok(known(node, window, rows as u64, self.rows_max))
    }
}

/// The locale of the row above, where its rows are found by it, too.
fn locale_of<'r>(above: Option<&Above<'r>>) -> Result<Option<&'r [u8]>, Error> {
    match above {
        Some(Above { row: answer::Row::Postgres(row), locale: Some(column), .. }) => raw(row, *column),
        Some(_) | None => Ok(None),
    }
}

/// The bytes of a column, none for null.
pub(crate) fn raw(row: &Row, column: u16) -> Result<Option<&[u8]>, Error> {
    Ok(row.try_get::<usize, Option<Raw<'_>>>(usize::from(column))?.map(|raw| raw.0))
}

/// Bytes as they came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Raw<'a>, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// An integer of 16, 32 or 64 bits.
pub(crate) fn integer(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        8 => bytes.try_into().ok().map(i64::from_be_bytes),
        4 => bytes.try_into().ok().map(i32::from_be_bytes).map(i64::from),
        2 => bytes.try_into().ok().map(i16::from_be_bytes).map(i64::from),
        _ => None,
    }
}

fn double(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        8 => bytes.try_into().ok().map(f64::from_be_bytes),
        4 => bytes.try_into().ok().map(f32::from_be_bytes).map(f64::from),
        _ => None,
    }
}

fn interval(bytes: &[u8]) -> Option<Datum<'static>> {
    let micros = i64::from_be_bytes(bytes.get(0..8)?.try_into().ok()?);
    let days = i32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
    let months = i32::from_be_bytes(bytes.get(12..16)?.try_into().ok()?);
    Some(Datum::Interval(months, days, micros))
}

/// The value of a column, none for null.
pub(crate) fn cell(row: &Row, index: u16, kind: ColumnKind) -> Result<Option<Datum<'_>>, Error> {
    let Some(bytes) = raw(row, index)? else { return Ok(None) };
    let (datum, expected) = match kind {
        ColumnKind::Text => (Some(Datum::Text(bytes)), "a text"),
        ColumnKind::Int => (integer(bytes).map(Datum::Int), "an integer"),
        ColumnKind::Float => (double(bytes).map(Datum::Float), "a double"),
        ColumnKind::Decimal => (Some(Datum::Numeric(bytes)), "a numeric"),
        ColumnKind::Boolean => (bytes.first().map(|byte| Datum::Boolean(*byte != 0)), "a boolean"),
        ColumnKind::Date => (integer(bytes).map(|days| Datum::Day(days + EPOCH_DAYS)), "a date"),
        ColumnKind::Time => (integer(bytes).map(Datum::Time), "a time"),
        ColumnKind::Instant => {
            (integer(bytes).map(|micros| Datum::Instant(micros.saturating_add(EPOCH_MICROS))), "an instant")
        }
        ColumnKind::Interval => (interval(bytes), "an interval"),
        // `jsonb` begins with the number of its version, `json` with its text.
        ColumnKind::Json => (Some(Datum::Json(bytes.strip_prefix(&[1]).unwrap_or(bytes))), "JSON"),
        ColumnKind::Uuid => (bytes.try_into().ok().map(|bytes| Datum::Uuid(u128::from_be_bytes(bytes))), "a uuid"),
    };
    datum.map(Some).ok_or(Error::Column { column: index, expected })
}
