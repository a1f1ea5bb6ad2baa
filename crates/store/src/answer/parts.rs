//! The object around rows: totals, aggregates, page numbers, and the rows themselves.

use std::ops::ControlFlow;

use plan::{Cause, Page, Window};
use sql::{ColumnKind, CountProgram, Node, Param, Parent, PartProgram, PartProgramEntry, Statement, SwitchProgram};

use super::datum::Refusal;
use super::number::write_int;
use super::walk::ask;
use super::window::{Cut, last_of, proves_total, shown_of, window_of};
use super::{Ask, At, Datum, Row, Walk, Wrote};
use crate::Error;

/// What is done while a row of counts is at hand.
type GoOn<'g, W> = &'g mut dyn FnMut(&mut W, Option<Row<'_>>) -> Result<(), Error>;

/// Whose rows an object is around.
#[derive(Clone, Copy)]
enum Rows<'a> {
    /// Of one content type.
    Node(&'a Node),
    /// Links to several.
    Switch(&'a SwitchProgram),
}

/// What the entries of one object draw from.
struct Around<'a, 'x> {
    rows: Rows<'a>,
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
                    &mut Around {
                        rows: Rows::Node(node),
                        window,
                        above,
                        total,
                        counts: counts_row,
                        page_counts: page_row,
                    },
                )?;
                Ok(())
            })
        })?;
        Ok(outcome)
    }

    /// Writes the object around a switch's links.
    pub(super) fn switch_parts(
        &mut self,
        program: &'a SwitchProgram,
        entries: &'a [PartProgramEntry],
        above: Option<At<'_>>,
    ) -> Result<Wrote, Error> {
        let window = window_of(&program.page, self.values);
        let rows = Rows::Switch(program);
        let mut around = Around { rows, window, above, total: None, counts: None, page_counts: None };
        self.part_entries(entries, &mut around)
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
        source.each(counts_ask(node.parent, counts, above), &mut |row| {
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
                let (statement, parent) = around.rows.statement()?;
                let Some(cut) = self.cut(statement, around)? else {
                    return Ok(self.out.fault(Cause::TooManyRows(self.rows_max)));
                };
                let wrote = self.list((statement, parent), row, cut, around.above)?;
                self.note_total(around);
                Ok(wrote)
            }
            PartProgram::First(row) => {
                let Rows::Node(node) = around.rows else {
                    return Err(Error::Malformed { expected: "rows of one content type" });
                };
                self.one(node, row, around.above)
            }
            PartProgram::Linked(linked) => {
                let Rows::Switch(program) = around.rows else {
                    return Err(Error::Malformed { expected: "links of a switch" });
                };
                let Some(cut) = self.cut(&program.links, around)? else {
                    return Ok(self.out.fault(Cause::TooManyRows(self.rows_max)));
                };
                let wrote = self.links(program, linked, cut, around.above)?;
                self.note_total(around);
                Ok(wrote)
            }
            PartProgram::HasNextPage => {
                let total = self.total(around)?;
                let (_, end) = shown_of(around.rows.page(), self.values, total);
                Ok(self.truth(end < total))
            }
            PartProgram::HasPreviousPage => {
                let total = self.total(around)?;
                let (start, _) = shown_of(around.rows.page(), self.values, total);
                Ok(self.truth(start > 0))
            }
            PartProgram::StartCursor | PartProgram::EndCursor => {
                let total = self.total(around)?;
                let (start, end) = shown_of(around.rows.page(), self.values, total);
                let is_first = entry.value == PartProgram::StartCursor;
                Ok(if start < end { self.cursor(if is_first { start + 1 } else { end }) } else { Wrote::Null })
            }
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

    /// What is left to cut of the rows of a statement, and the number of the row before the first that is shown; none where rows that are
    /// counted from the end lie beyond those that a list may have.
    fn cut(&mut self, statement: &Statement, around: &mut Around<'a, '_>) -> Result<Option<(Cut, u64)>, Error> {
        let window = around.window;
        if last_of(around.rows.page()).is_none() {
            return Ok(Some((Cut::of(statement, window), window.start)));
        }
        let total = self.total(around)?;
        let (start, end) = shown_of(around.rows.page(), self.values, total);
        let has_start = statement.params.iter().any(|param| matches!(param, Param::Start(_)));
        let from = if has_start { window.start } else { 0 };
        let is_reached = end.saturating_sub(from) <= u64::from(self.rows_max);
        Ok(is_reached.then(|| (Cut::between(from, (start, end)), start)))
    }

    /// Rows that did not fill their page prove the total.
    fn note_total(&self, around: &mut Around<'a, '_>) {
        if around.total.is_none() {
            around.total = proves_total(around.window, self.rows_written, self.rows_max);
        }
    }

    fn truth(&mut self, truth: bool) -> Wrote {
        self.out.bytes.extend_from_slice(if truth { b"true" } else { b"false" });
        Wrote::Value
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
        let Some(counts) = around.rows.counts() else {
            return Err(Error::Malformed { expected: "a statement for a total" });
        };
        let known = match around.rows {
            Rows::Node(node) => self.source.known_total(node, counts, around.above, around.window)?,
            Rows::Switch(_) => None,
        };
        let mut total = known.unwrap_or(0);
        if known.is_none() {
            self.source.each(counts_ask(around.rows.parent(), counts, around.above), &mut |row| {
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

impl<'a> Rows<'a> {
    fn statement(self) -> Result<(&'a Statement, Parent), Error> {
        let statement = match self {
            Rows::Node(node) => node.rows.as_ref(),
            Rows::Switch(switch) => Some(&switch.links),
        };
        let statement = statement.ok_or(Error::Malformed { expected: "a statement for rows" })?;
        Ok((statement, self.parent()))
    }

    fn parent(self) -> Parent {
        match self {
            Rows::Node(node) => node.parent,
            Rows::Switch(switch) => switch.parent,
        }
    }

    fn page(self) -> &'a Page {
        match self {
            Rows::Node(node) => &node.page,
            Rows::Switch(switch) => &switch.page,
        }
    }

    fn counts(self) -> Option<&'a CountProgram> {
        match self {
            Rows::Node(node) => node.counts.as_ref(),
            Rows::Switch(switch) => switch.counts.as_ref(),
        }
    }
}

fn counts_ask<'x>(parent: Parent, counts: &'x CountProgram, above: Option<At<'x>>) -> Ask<'x> {
    let mut asked = ask(&counts.statement, parent, above);
    if parent != Parent::None {
        asked.here = counts.parent_column;
        asked.locale_here = counts.parent_locale_column;
    }
    asked
}
