//! The object around rows: totals, aggregates, page numbers, and the rows themselves.

use std::ops::ControlFlow;

use plan::{Cause, Window};
use sql::{ColumnKind, CountProgram, Node, Parent, PartProgram, PartProgramEntry};

use super::datum::Refusal;
use super::number::write_int;
use super::walk::ask;
use super::window::{proves_total, window_of};
use super::{Ask, At, Datum, Row, Walk, Wrote};
use crate::Error;

/// What is done while a row of counts is at hand.
type GoOn<'g, W> = &'g mut dyn FnMut(&mut W, Option<Row<'_>>) -> Result<(), Error>;

/// What the entries of one object draw from.
struct Around<'a, 'x> {
    node: &'a Node,
    window: Window,
    above: Option<At<'x>>,
    total: Option<u64>,
    counts: Option<Row<'x>>,
    page_counts: Option<Row<'x>>,
}

impl<'a> Walk<'a, '_> {
    /// Writes the object around a node's rows.
    pub(super) fn parts(
        &mut self,
        node: &'a Node,
        entries: &'a [PartProgramEntry],
        above: Option<At<'_>>,
    ) -> Result<Wrote, Error> {
        let counts = node.counts.as_ref().filter(|counts| has_aggregates(counts));
        let window = window_of(&node.page, self.values);
        let mut outcome = Wrote::Null;
        self.with_counts(node, counts, above, &mut |walk, counts_row| {
            walk.with_counts(node, node.page_counts.as_ref(), above, &mut |walk, page_row| {
                let total = total_in(node.counts.as_ref(), counts_row)?;
                outcome = walk.part_entries(
                    entries,
                    &mut Around { node, window, above, total, counts: counts_row, page_counts: page_row },
                )?;
                Ok(())
            })
        })?;
        Ok(outcome)
    }

    /// Runs a statement of counts and goes on with its one row; without the statement, or where no row belongs to the row above, with none.
    fn with_counts(
        &mut self,
        node: &'a Node,
        counts: Option<&'a CountProgram>,
        above: Option<At<'_>>,
        go_on: GoOn<'_, Self>,
    ) -> Result<(), Error> {
        let Some(counts) = counts else { return go_on(self, None) };
        let mut met = false;
        let source = self.source;
        source.each(counts_ask(node, counts, above), &mut |row| {
            met = true;
            go_on(self, Some(row))?;
            Ok(ControlFlow::Break(()))
        })?;
        if met { Ok(()) } else { go_on(self, None) }
    }

    fn part_entries(&mut self, entries: &'a [PartProgramEntry], around: &mut Around<'a, '_>) -> Result<Wrote, Error> {
        self.out.bytes.push(b'{');
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.out.bytes.push(b',');
            }
            self.out.bytes.extend_from_slice(entry.key_json.as_bytes());
            let mark = self.out.mark();
            self.out.enter(&entry.key);
            let wrote = self.part(entry, around);
            self.out.leave();
            match wrote? {
                Wrote::Value => {}
                Wrote::Null if entry.non_null => {
                    return Ok(self.out.fault_at(&entry.key, Cause::NullInNonNull(entry.name.clone())));
                }
                Wrote::Failed if entry.non_null => return Ok(Wrote::Failed),
                Wrote::Null | Wrote::Failed => self.out.null_instead(mark),
            }
        }
        self.out.bytes.push(b'}');
        Ok(Wrote::Value)
    }

    fn part(&mut self, entry: &'a PartProgramEntry, around: &mut Around<'a, '_>) -> Result<Wrote, Error> {
        match &entry.value {
            PartProgram::Constant(json) => Ok(self.constant(json)),
            PartProgram::Wrap(inner) => self.part_entries(inner, around),
            PartProgram::Rows(row) => {
                let wrote = self.list(around.node, row, around.above)?;
                if around.total.is_none() {
                    around.total = proves_total(around.window, self.rows_written, self.rows_max);
                }
                Ok(wrote)
            }
            PartProgram::First(row) => self.one(around.node, row, around.above),
            PartProgram::Total => self.total(around).map(|total| self.number(total)),
            PartProgram::PageNumber => Ok(self.number(around.window.page_number())),
            PartProgram::PageSize => {
                let total = if around.window.limit.is_none() { self.total(around)? } else { 0 };
                Ok(self.number(around.window.page_size(total)))
            }
            PartProgram::PageCount => {
                let total = if around.window.limit.is_none() { 0 } else { self.total(around)? };
                Ok(self.number(around.window.page_count(total)))
            }
            PartProgram::Aggregate { of_page, index, kind, form } => {
                let Some(row) = (if *of_page { around.page_counts } else { around.counts }) else {
                    return Ok(Wrote::Null);
                };
                let Some(datum) = row.cell(*index, *kind)? else { return Ok(Wrote::Null) };
                match datum.write(&mut self.out.bytes, form, &[]) {
                    Ok(wrote) => Ok(wrote),
                    Err(Refusal::Unwritable) => Ok(self.out.fault(Cause::Unwritable(entry.name.clone()))),
                    Err(Refusal::Failed(error)) => Err(error),
                }
            }
            PartProgram::Refused(refusal) => Ok(self.out.fault(refusal.cause.clone())),
        }
    }

    fn number(&mut self, number: u64) -> Wrote {
        write_int(&mut self.out.bytes, i64::try_from(number).unwrap_or(i64::MAX));
        Wrote::Value
    }

    /// The total: proven by the rows, or counted now.
    fn total(&mut self, around: &mut Around<'a, '_>) -> Result<u64, Error> {
        if let Some(total) = around.total {
            return Ok(total);
        }
        let Some(counts) = &around.node.counts else {
            return Err(Error::Malformed { expected: "a statement for a total" });
        };
        let known = self.source.known_total(around.node, counts, around.above, around.window)?;
        let mut total = known.unwrap_or(0);
        if known.is_none() {
            self.source.each(counts_ask(around.node, counts, around.above), &mut |row| {
                total = total_in(Some(counts), Some(row))?.unwrap_or(0);
                Ok(ControlFlow::Break(()))
            })?;
        }
        around.total = Some(total);
        Ok(total)
    }
}

/// Whether a statement of counts gives more than the total.
pub(crate) fn has_aggregates(counts: &CountProgram) -> bool {
    let plain = usize::from(counts.total.is_some()) + usize::from(counts.parent_column.is_some());
    counts.statement.columns.len() > plain
}

fn total_in(counts: Option<&CountProgram>, row: Option<Row<'_>>) -> Result<Option<u64>, Error> {
    let (Some(column), Some(row)) = (counts.and_then(|counts| counts.total), row) else { return Ok(None) };
    match row.cell(column, ColumnKind::Int)? {
        Some(Datum::Int(number)) => Ok(u64::try_from(number).ok()),
        Some(_) | None => Ok(None),
    }
}

fn counts_ask<'x>(node: &Node, counts: &'x CountProgram, above: Option<At<'x>>) -> Ask<'x> {
    let mut asked = ask(&counts.statement, node.parent, above);
    if node.parent != Parent::None {
        asked.here = counts.parent_column;
        asked.locale_here = counts.parent_locale_column;
    }
    asked
}
