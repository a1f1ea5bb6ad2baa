//! Where the rows of a level come from: the one thing in which the two databases differ.

use std::ops::ControlFlow;

use plan::Window;
use rusqlite::types::ValueRef;
use sql::{ColumnKind, CountProgram, Node, Statement};

use super::number::write_int;
use super::text::write_text;
use super::{Datum, Element, Wrote};
use crate::Error;
use crate::read::{postgres_bytes, postgres_cell, postgres_integer, sqlite_cell};

/// A row, borrowed while it is at hand.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r> {
    /// Of a statement that is being stepped.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of a level in memory.
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    /// The value of a column, none for null.
    #[inline]
    pub(crate) fn cell(self, index: u16, kind: ColumnKind) -> Result<Option<Datum<'r>>, Error> {
        match self {
            Row::Sqlite(row) => sqlite_cell(row, index, kind),
            Row::Postgres(row) => postgres_cell(row, index, kind),
        }
    }
}

impl Row<'_> {
    /// Appends an integer or a text as it is, which most values are; none for a column of another kind. A [`Datum`] in between would be put together in
    /// memory and read back in other pieces, for which the processor waits.
    #[inline]
    pub(crate) fn write_directly(
        self,
        index: u16,
        kind: ColumnKind,
        out: &mut Vec<u8>,
    ) -> Result<Option<Wrote>, Error> {
        let is_int = match kind {
            ColumnKind::Int => true,
            ColumnKind::Text => false,
            ColumnKind::Float
            | ColumnKind::Decimal
            | ColumnKind::Boolean
            | ColumnKind::Date
            | ColumnKind::Time
            | ColumnKind::Instant
            | ColumnKind::Interval
            | ColumnKind::Json
            | ColumnKind::Uuid => return Ok(None),
        };
        match self {
            Row::Sqlite(row) => match row.get_ref(usize::from(index))? {
                ValueRef::Null => return Ok(Some(Wrote::Null)),
                ValueRef::Integer(number) if is_int => write_int(out, number),
                ValueRef::Text(text) if !is_int => write_text(out, text)?,
                ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => return Ok(None),
            },
            Row::Postgres(row) => match (postgres_bytes(row, index)?, is_int) {
                (None, _) => return Ok(Some(Wrote::Null)),
                (Some(text), false) => write_text(out, text)?,
                (Some(bytes), true) => match postgres_integer(bytes) {
                    Some(number) => write_int(out, number),
                    None => return Ok(None),
                },
            },
        }
        Ok(Some(Wrote::Value))
    }
}

/// What is done with each row; it may break off.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Row<'_>) -> Result<ControlFlow<()>, Error>;

/// The rows of every level of one program.
pub(crate) trait Source {
    /// Shows each row that belongs to the row above, in order, until the visitor breaks off.
    fn each(&self, ask: Ask<'_>, visit: Visit<'_>) -> Result<(), Error>;

    /// The total of a page, where it is known without its statement.
    fn known_total(
        &self,
        node: &Node,
        counts: &CountProgram,
        above: Option<At<'_>>,
        window: Window,
    ) -> Result<Option<u64>, Error>;
}

/// Which rows are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'x> {
    /// Of which statement.
    pub(crate) statement: &'x Statement,
    /// Column of its rows that says to which row above they belong; none: all are wanted.
    pub(crate) here: Option<u16>,
    /// Column of its rows that says to which locale of the row above they belong.
    pub(crate) locale_here: Option<u16>,
    /// The row above.
    pub(crate) above: Option<Above<'x>>,
}

/// The row above, and where its key is.
#[derive(Clone, Copy)]
pub(crate) struct Above<'x> {
    /// It.
    pub(crate) row: Row<'x>,
    /// Column of its key.
    pub(crate) key: u16,
    /// Column of its locale.
    pub(crate) locale: Option<u16>,
}

/// Where an object's values come from.
#[derive(Clone, Copy)]
pub(crate) struct At<'x> {
    /// The row at hand.
    pub(crate) row: Row<'x>,
    /// Its number among those of its level, from 1; for cursors.
    pub(crate) number: u64,
    /// The component element at hand, inside that row.
    pub(crate) element: Option<&'x Element<'x>>,
}
