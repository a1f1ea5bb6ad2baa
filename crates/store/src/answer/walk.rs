//! The walk through a program: objects, lists, links; and nulls that climb to the nearest place that may be null.

use std::ops::ControlFlow;

use plan::{Cause, Form, Values};
use sql::{
    ColumnKind, EntryProgram, LinkedProgram, Node, NodeShape, ObjectProgram, Parent, RowProgram, Statement,
    SwitchArmProgram, SwitchProgram, SwitchShapeProgram, ValueProgram,
};

use super::datum::Refusal;
use super::source::Above;
use super::window::{Cut, window_of};
use super::{Ask, At, Datum, Out, Row, Source, Wrote};
use crate::Error;

/// One walk over the rows of a source.
pub(crate) struct Walk<'a, 'o> {
    pub(super) source: &'a dyn Source,
    pub(super) values: &'a Values,
    pub(super) rows_max: u32,
    pub(super) out: &'o mut Out<'a>,
    /// Rows of the list that was written last.
    pub(super) rows_written: u64,
}

impl<'a, 'o> Walk<'a, 'o> {
    pub(crate) fn new(source: &'a dyn Source, values: &'a Values, rows_max: u32, out: &'o mut Out<'a>) -> Walk<'a, 'o> {
        Walk { source, values, rows_max, out, rows_written: 0 }
    }

    /// Notes a fault where the walk stands.
    pub(crate) fn fault(&mut self, cause: Cause) -> Wrote {
        self.out.fault(cause)
    }

    /// Writes what a node makes of its rows; `above` is the row that it hangs below.
    pub(crate) fn node(&mut self, node: &'a Node, above: Option<At<'_>>) -> Result<Wrote, Error> {
        match &node.shape {
            NodeShape::List(row) => {
                let Some(statement) = &node.rows else { return Err(no_statement()) };
                let window = window_of(&node.page, self.values);
                let cut = Cut::of(statement, window);
                self.list((statement, node.parent), row, (cut, window.start), above)
            }
            NodeShape::One(row) => self.one(node, row, above),
            NodeShape::Parts(entries) => self.parts(node, entries, above),
        }
    }

    /// Writes the list of a node's rows.
    pub(super) fn list(
        &mut self,
        (statement, parent): (&'a Statement, Parent),
        program: &'a RowProgram,
        (mut cut, before): (Cut, u64),
        above: Option<At<'_>>,
    ) -> Result<Wrote, Error> {
        let mut written = 0u64;
        let mut outcome = Wrote::Value;
        self.out.bytes.push(b'[');
        self.out.enter_list();
        let source = self.source;
        source.each(ask(statement, parent, above), &mut |row| {
            if !is_of_element(parent, row, above)? || !cut.shows() {
                return Ok(if cut.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
            }
            if written == u64::from(self.rows_max) {
                self.out.leave();
                outcome = self.out.fault(Cause::TooManyRows(self.rows_max));
                self.out.enter_list();
                return Ok(ControlFlow::Break(()));
            }
            self.out.at_item(usize::try_from(written).unwrap_or(usize::MAX));
            if written > 0 {
                self.out.bytes.push(b',');
            }
            outcome = self.item(program, At { row, number: before + written + 1, element: None })?;
            written += 1;
            self.out.check_size()?;
            Ok(if outcome == Wrote::Failed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        self.out.leave();
        self.out.bytes.push(b']');
        self.rows_written = written;
        Ok(outcome)
    }

    /// Writes one object of a list: null in its place where it fails and may be null.
    pub(super) fn item(&mut self, program: &'a RowProgram, at: At<'_>) -> Result<Wrote, Error> {
        let mark = self.out.mark();
        match self.object(&program.object, at)? {
            Wrote::Failed if program.non_null => Ok(Wrote::Failed),
            Wrote::Failed | Wrote::Null => {
                self.out.null_instead(mark);
                Ok(Wrote::Value)
            }
            Wrote::Value => Ok(Wrote::Value),
        }
    }

    /// Writes the first of a node's rows.
    pub(super) fn one(
        &mut self,
        node: &'a Node,
        program: &'a RowProgram,
        above: Option<At<'_>>,
    ) -> Result<Wrote, Error> {
        let Some(statement) = &node.rows else { return Err(no_statement()) };
        let key = match one_key(node.parent, above)? {
            OneKey::Null => return Ok(Wrote::Null),
            OneKey::Int(key) if self.out.again(statement.slot, key) => return Ok(Wrote::Value),
            OneKey::Int(key) => Some(key),
            OneKey::Other => None,
        };
        let mark = self.out.mark();
        let mut outcome = Wrote::Null;
        let source = self.source;
        source.each(ask(statement, node.parent, above), &mut |row| {
            if !is_of_element(node.parent, row, above)? {
                return Ok(ControlFlow::Continue(()));
            }
            outcome = self.object(&program.object, At { row, number: 1, element: None })?;
            Ok(ControlFlow::Break(()))
        })?;
        if let (Some(key), Wrote::Value) = (key, outcome) {
            self.out.remember(statement.slot, key, mark);
        }
        Ok(outcome)
    }

    /// Writes an object. When it fails, what was written of it is still there: the caller takes it back.
    pub(super) fn object(&mut self, program: &'a ObjectProgram, at: At<'_>) -> Result<Wrote, Error> {
        if program.entries.is_empty() {
            self.out.bytes.push(b'{');
        }
        for (index, entry) in program.entries.iter().enumerate() {
            entry.lead.append_to(&mut self.out.bytes);
            let mark = self.out.mark();
            match self.value(entry, at)? {
                Wrote::Value => self.out.check_size()?,
                Wrote::Null if entry.non_null => {
                    self.out.fault_at(&entry.key, Cause::NullInNonNull(entry.name.clone()));
                    return Ok(self.refused_beside(&program.entries[index + 1..]));
                }
                Wrote::Failed if entry.non_null => return Ok(self.refused_beside(&program.entries[index + 1..])),
                Wrote::Null | Wrote::Failed => self.out.null_instead(mark),
            }
        }
        self.out.bytes.push(b'}');
        Ok(Wrote::Value)
    }

    /// What is refused behind an entry that takes the object's place is told, too: each would have been null by itself.
    fn refused_beside(&mut self, entries: &'a [EntryProgram]) -> Wrote {
        for entry in entries.iter().filter(|entry| !entry.non_null) {
            if let ValueProgram::Refused(refusal) = &entry.value {
                self.out.fault_at(&entry.key, refusal.cause.clone());
            }
        }
        Wrote::Failed
    }

    fn value(&mut self, entry: &'a EntryProgram, at: At<'_>) -> Result<Wrote, Error> {
        match &entry.value {
            ValueProgram::Constant(json) => Ok(self.constant(json)),
            ValueProgram::Column { index, kind, form, words } => {
                if matches!(form, Form::Plain | Form::Postgres | Form::Micros)
                    && let Some(wrote) = at.row.write_directly(*index, *kind, &mut self.out.bytes)?
                {
                    return Ok(wrote);
                }
                let Some(datum) = at.row.cell(*index, *kind)? else { return Ok(Wrote::Null) };
                let written = datum.write(&mut self.out.bytes, form, words);
                self.written(entry, written)
            }
            ValueProgram::Member { name, kind, form, words } => {
                let Some(datum) = element(at)?.datum(name, *kind)? else { return Ok(Wrote::Null) };
                let written = datum.write(&mut self.out.bytes, form, words);
                self.written(entry, written)
            }
            ValueProgram::ElementId => match element(at)?.id() {
                Some(id) => {
                    self.out.bytes.push(b'"');
                    self.out.bytes.extend_from_slice(id);
                    self.out.bytes.push(b'"');
                    Ok(Wrote::Value)
                }
                None => Ok(Wrote::Null),
            },
            ValueProgram::FloatOf(index, kind) => {
                let Some(datum) = at.row.cell(*index, *kind)? else { return Ok(Wrote::Null) };
                let written = datum.write_as_float(&mut self.out.bytes);
                self.written(entry, written)
            }
            ValueProgram::Scaled(index, kind, scale) => {
                let Some(datum) = at.row.cell(*index, *kind)? else { return Ok(Wrote::Null) };
                let written = datum.write_scaled(&mut self.out.bytes, scale);
                self.written(entry, written)
            }
            ValueProgram::Cursor => Ok(self.cursor(at.number)),
            ValueProgram::Refused(refusal) => Ok(self.out.fault_at(&entry.key, refusal.cause.clone())),
            ValueProgram::Wrap(_)
            | ValueProgram::Joined(_)
            | ValueProgram::Node(_)
            | ValueProgram::Switch(_)
            | ValueProgram::Linked(_)
            | ValueProgram::Component(_) => {
                self.out.enter(&entry.key);
                let wrote = self.below(&entry.value, at);
                self.out.leave();
                wrote
            }
        }
    }

    fn below(&mut self, value: &'a ValueProgram, at: At<'_>) -> Result<Wrote, Error> {
        match value {
            ValueProgram::Wrap(object) => self.object(object, at),
            ValueProgram::Joined(joined) => match at.row.cell(joined.key, joined.kind)? {
                Some(_) => self.object(&joined.object, at),
                None => Ok(Wrote::Null),
            },
            ValueProgram::Node(node) => self.node(node, Some(at)),
            ValueProgram::Switch(switch) => self.switch(switch, Some(at)),
            ValueProgram::Linked(linked) => self.linked(linked, at),
            ValueProgram::Component(component) => self.component(component, at),
            ValueProgram::Constant(_)
            | ValueProgram::Column { .. }
            | ValueProgram::Member { .. }
            | ValueProgram::ElementId
            | ValueProgram::FloatOf(..)
            | ValueProgram::Scaled(..)
            | ValueProgram::Cursor
            | ValueProgram::Refused(_) => Ok(Wrote::Null),
        }
    }

    /// Writes what stands in the only entry of the first row's object, in place of the object.
    pub(crate) fn through(&mut self, node: &'a Node) -> Result<Wrote, Error> {
        let (NodeShape::One(program), Some(statement)) = (&node.shape, &node.rows) else { return Err(no_statement()) };
        let Some(entry) = program.object.entries.first() else { return Ok(Wrote::Null) };
        let mut outcome = Wrote::Null;
        let source = self.source;
        source.each(ask(statement, node.parent, None), &mut |row| {
            outcome = match &entry.value {
                ValueProgram::Refused(refusal) => self.out.fault(refusal.cause.clone()),
                value => self.below(value, At { row, number: 1, element: None })?,
            };
            Ok(ControlFlow::Break(()))
        })?;
        Ok(outcome)
    }

    pub(super) fn cursor(&mut self, number: u64) -> Wrote {
        self.out.bytes.push(b'"');
        self.out.bytes.extend_from_slice(plan::cursor_text(number).as_bytes());
        self.out.bytes.push(b'"');
        Wrote::Value
    }

    pub(crate) fn constant(&mut self, json: &str) -> Wrote {
        if json == "null" {
            return Wrote::Null;
        }
        self.out.bytes.extend_from_slice(json.as_bytes());
        Wrote::Value
    }

    fn written(&mut self, entry: &'a EntryProgram, written: Result<Wrote, Refusal>) -> Result<Wrote, Error> {
        match written {
            Ok(wrote) => Ok(wrote),
            Err(Refusal::Unwritable) => Ok(self.out.fault_at(&entry.key, Cause::Unwritable(entry.name.clone()))),
            Err(Refusal::Failed(error)) => Err(error),
        }
    }

    /// Writes what a switch makes of its links; `above` is the row that it hangs below.
    pub(crate) fn switch(&mut self, program: &'a SwitchProgram, above: Option<At<'_>>) -> Result<Wrote, Error> {
        match &program.shape {
            SwitchShapeProgram::One(linked) => {
                let mut outcome = Wrote::Null;
                let source = self.source;
                source.each(ask(&program.links, program.parent, above), &mut |row| {
                    outcome = self.linked(linked, At { row, number: 1, element: None })?;
                    Ok(if outcome == Wrote::Null { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
                })?;
                Ok(outcome)
            }
            SwitchShapeProgram::List(linked) => {
                let window = window_of(&program.page, self.values);
                self.links(program, linked, (Cut::of(&program.links, window), window.start), above)
            }
            SwitchShapeProgram::Parts(entries) => self.switch_parts(program, entries, above),
        }
    }

    /// Writes the list of rows that links lead to. Rows of other types, and rows that the arm's filter does not show, are left out.
    pub(super) fn links(
        &mut self,
        program: &'a SwitchProgram,
        linked: &'a LinkedProgram,
        (mut cut, before): (Cut, u64),
        above: Option<At<'_>>,
    ) -> Result<Wrote, Error> {
        let mut shown = 0u64;
        let mut outcome = Wrote::Value;
        self.out.bytes.push(b'[');
        self.out.enter_list();
        let source = self.source;
        source.each(ask(&program.links, program.parent, above), &mut |row| {
            if !cut.shows() {
                return Ok(if cut.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
            }
            if shown == u64::from(self.rows_max) {
                self.out.leave();
                outcome = self.out.fault(Cause::TooManyRows(self.rows_max));
                self.out.enter_list();
                return Ok(ControlFlow::Break(()));
            }
            match self.link_item(linked, At { row, number: before + shown + 1, element: None }, shown)? {
                Wrote::Null => {}
                Wrote::Value => shown += 1,
                Wrote::Failed => {
                    outcome = Wrote::Failed;
                    return Ok(ControlFlow::Break(()));
                }
            }
            self.out.check_size()?;
            Ok(ControlFlow::Continue(()))
        })?;
        self.out.leave();
        self.out.bytes.push(b']');
        self.rows_written = shown;
        Ok(outcome)
    }

    /// One item of such a list: null in its place where it fails and may be null; nothing where no arm shows it.
    fn link_item(&mut self, linked: &'a LinkedProgram, at: At<'_>, shown: u64) -> Result<Wrote, Error> {
        let Some(arm) = arm_of(linked, at.row)? else { return Ok(Wrote::Null) };
        let start = self.out.mark();
        self.out.at_item(usize::try_from(shown).unwrap_or(usize::MAX));
        if shown > 0 {
            self.out.bytes.push(b',');
        }
        let mark = self.out.mark();
        let non_null = match &arm.node.shape {
            NodeShape::One(row) | NodeShape::List(row) => row.non_null,
            NodeShape::Parts(_) => false,
        };
        match self.node(&arm.node, Some(at))? {
            Wrote::Failed if !non_null => {
                self.out.null_instead(mark);
                Ok(Wrote::Value)
            }
            Wrote::Null => {
                self.out.take_back(start);
                Ok(Wrote::Null)
            }
            wrote @ (Wrote::Value | Wrote::Failed) => Ok(wrote),
        }
    }

    /// Writes the row that the link at hand leads to.
    fn linked(&mut self, linked: &'a LinkedProgram, at: At<'_>) -> Result<Wrote, Error> {
        match arm_of(linked, at.row)? {
            Some(arm) => self.node(&arm.node, Some(at)),
            None => Ok(Wrote::Null),
        }
    }
}

/// The arm that shows the row which a link leads to.
fn arm_of<'a>(linked: &'a LinkedProgram, link: Row<'_>) -> Result<Option<&'a SwitchArmProgram>, Error> {
    let Some(Datum::Text(word)) = link.cell(SWITCH_WORD, ColumnKind::Text)? else { return Ok(None) };
    Ok(linked.arms.iter().find(|arm| arm.word.as_bytes() == word))
}

fn no_statement() -> Error {
    Error::Malformed { expected: "a statement for rows" }
}

/// Column of a switch's links that holds the content type's word; the key stands behind it.
const SWITCH_WORD: u16 = 1;

fn element(at: At<'_>) -> Result<&super::Element<'_>, Error> {
    at.element.ok_or(Error::Malformed { expected: "a component element for a member" })
}

/// The question for the rows of a statement that hang below a row.
pub(crate) fn ask<'x>(statement: &'x sql::Statement, parent: Parent, above: Option<At<'x>>) -> Ask<'x> {
    let (here, locale_here, key) = match parent {
        Parent::None => (None, None, None),
        Parent::Key { above, here, locale_above, locale_here, kind: _ } => {
            (Some(here), locale_here, Some((above, locale_above)))
        }
        Parent::Element { above, here, .. } => (Some(here), None, Some((above, None))),
    };
    let above = above.zip(key).map(|(at, (key, locale))| Above { row: at.row, key, locale });
    Ask { statement, here, locale_here, above }
}

/// By which key of the row above a single row is found.
enum OneKey {
    /// By none: there is no such row.
    Null,
    /// By this one alone.
    Int(i64),
    /// By another kind of key, or by more than that.
    Other,
}

fn one_key(parent: Parent, above: Option<At<'_>>) -> Result<OneKey, Error> {
    let (Parent::Key { above: column, locale_above: None, kind: ColumnKind::Int, .. }, Some(at)) = (parent, above)
    else {
        return Ok(OneKey::Other);
    };
    match at.row.cell(column, ColumnKind::Int)? {
        None => Ok(OneKey::Null),
        Some(Datum::Int(key)) => Ok(OneKey::Int(key)),
        Some(_) => Ok(OneKey::Other),
    }
}

/// Whether a row hangs below the element at hand; always, where rows hang below rows.
fn is_of_element(parent: Parent, row: Row<'_>, above: Option<At<'_>>) -> Result<bool, Error> {
    let Parent::Element { element: column, .. } = parent else { return Ok(true) };
    let Some(element) = above.and_then(|at| at.element) else { return Ok(false) };
    let Some(Datum::Int(id)) = row.cell(column, ColumnKind::Int)? else { return Ok(false) };
    Ok(element.id() == Some(itoa::Buffer::new().format(id).as_bytes()))
}
