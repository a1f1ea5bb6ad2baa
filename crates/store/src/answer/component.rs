//! Component elements: objects inside a JSON column, written by the selection in one pass over their text.

use plan::Window;
use sql::element::{ELEMENT_COMPONENT, ELEMENT_ID};
use sql::{ArmProgram, ColumnKind, ComponentProgram, ComponentSource};

use super::json;
use super::window::{Cut, window_of};
use super::{At, Datum, Walk, Wrote};
use crate::Error;

/// One element: its members by name, as text.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    members: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Element<'a> {
    fn of(text: &'a [u8]) -> Element<'a> {
        Element { members: json::members(text).collect() }
    }

    /// The text of a member; none where it is absent or null.
    pub(crate) fn member(&self, name: &str) -> Option<&'a [u8]> {
        let (_, value) = self.members.iter().find(|(stored, _)| json::is_name(stored, name))?;
        (*value != b"null").then_some(*value)
    }

    /// Its id.
    pub(crate) fn id(&self) -> Option<&'a [u8]> {
        self.member(ELEMENT_ID)
    }

    /// A member as a value. Elements keep values as SQLite's columns do.
    pub(crate) fn datum(&self, name: &str, kind: ColumnKind) -> Result<Option<Datum<'a>>, Error> {
        let Some(text) = self.member(name) else { return Ok(None) };
        let inner = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        let datum = match (kind, inner) {
            (ColumnKind::Json, _) => Datum::Json(text),
            (ColumnKind::Time, Some(inner)) => {
                Datum::Time(super::micros_of_time(inner).ok_or(Error::Malformed { expected: "time" })?)
            }
            (ColumnKind::Decimal | ColumnKind::Int | ColumnKind::Float, Some(inner)) => Datum::Digits(inner),
            (_, Some(inner)) => Datum::Quoted(inner),
            (ColumnKind::Boolean, None) => Datum::Boolean(text == b"true"),
            (ColumnKind::Instant, None) => Datum::Instant(integer(text)?),
            (ColumnKind::Int, None) => Datum::Int(integer(text)?),
            (_, None) => Datum::Digits(text),
        };
        Ok(Some(datum))
    }
}

fn integer(text: &[u8]) -> Result<i64, Error> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(Error::Malformed { expected: "integer" })
}

impl<'a> Walk<'a, '_> {
    /// Writes a component field.
    pub(super) fn component(&mut self, program: &'a ComponentProgram, at: At<'_>) -> Result<Wrote, Error> {
        let text = match (&program.source, at.element) {
            (ComponentSource::Column(index), _) => match at.row.cell(*index, ColumnKind::Json)? {
                Some(Datum::Json(text)) => Some(text),
                Some(_) | None => None,
            },
            (ComponentSource::Member(name), Some(element)) => element.member(name),
            (ComponentSource::Member(_), None) => {
                return Err(Error::Malformed { expected: "a component element above a nested one" });
            }
        };
        let text = text.map(json::trim).filter(|text| *text != b"null");
        if program.many {
            let window = window_of(&program.page, self.values);
            return self.elements(program, text.unwrap_or(b"[]"), window, at);
        }
        let Some(text) = text else { return Ok(Wrote::Null) };
        let element = Element::of(text);
        match arm_of(program, &element) {
            Some(arm) => self.object(&arm.row.object, At { element: Some(&element), ..at }),
            None => Ok(Wrote::Null),
        }
    }

    fn elements(
        &mut self,
        program: &'a ComponentProgram,
        list: &[u8],
        window: Window,
        at: At<'_>,
    ) -> Result<Wrote, Error> {
        let mut cut = Cut::of_list(window);
        let mut shown = 0;
        self.out.bytes.push(b'[');
        self.out.enter_list();
        for text in json::items(list) {
            if cut.is_over() {
                break;
            }
            if !cut.shows() {
                continue;
            }
            let element = Element::of(text);
            let Some(arm) = arm_of(program, &element) else { continue };
            self.out.at_item(shown);
            if shown > 0 {
                self.out.bytes.push(b',');
            }
            let at = At { element: Some(&element), ..at };
            if self.item(&arm.row, at)? == Wrote::Failed {
                self.out.leave();
                return Ok(Wrote::Failed);
            }
            shown += 1;
            self.out.check_size()?;
        }
        self.out.leave();
        self.out.bytes.push(b']');
        Ok(Wrote::Value)
    }
}

fn arm_of<'a>(program: &'a ComponentProgram, element: &Element<'_>) -> Option<&'a ArmProgram> {
    let word = element.member(ELEMENT_COMPONENT)?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    program.arms.iter().find(|arm| json::is_name(word, &arm.word))
}
