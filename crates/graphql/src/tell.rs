//! Answers that a dialect tells: trees whose parts are pure functions of the model, of arguments and of rows.
//!
//! A dialect gives a [`Teller`]: from the name of a root field to what it tells. What is told is lazy; one walker goes through it along the
//! selection, twice: when the plan is made it finds out which rows are asked for (each an ordinary select of the plan, and each job that is told of
//! is named, so that `authorize` sees them all); when the rows are there it makes the answer. The tree must not depend on rows for which rows it
//! asks next to each other: the second walk meets the same ones in the same order.

mod row;
mod selection;
mod walk;

use std::sync::Arc;

use model::{JobId, Model, TypeId};
use plan::{Cause, Effect, HoleId, HoleSource, JobGrants, Select, Transform, ValueKind};
use serde_json::{Map, Value as Json};

use crate::definition::{Definitions, TypeRef};
pub(crate) use row::{Found, Row};
pub(crate) use selection::with_defaults;
use walk::make;
pub(crate) use walk::plan;

/// What a dialect tells under its root fields.
#[derive(Clone, Copy)]
pub struct Teller {
    /// Whose it is.
    pub(crate) dialect: &'static str,
    /// What stands under a root field.
    pub(crate) root: for<'a> fn(Telling<'a>, &'a Asked) -> Told<'a>,
    /// The definitions that the walk reads.
    pub(crate) definitions: fn() -> &'static Definitions,
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Teller").field(&self.dialect).finish()
    }
}

impl PartialEq for Teller {
    fn eq(&self, other: &Self) -> bool {
        self.dialect == other.dialect
    }
}

/// What is told of, and to whom.
#[derive(Clone, Copy)]
pub(crate) struct Telling<'a> {
    /// The model.
    pub(crate) model: &'a Model,
    /// What the caller may do with jobs; everything while rows are looked for.
    pub(crate) granted: &'a JobGrants,
    /// When the project was read: microseconds since 1970.
    pub(crate) loaded_at: i64,
    /// When it is asked for; while rows are looked for it is not known yet.
    pub(crate) now: i64,
}

/// Arguments by name, coerced.
pub(crate) type Arguments = Map<String, Json>;

/// A field of the request with its arguments and what is asked inside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) arguments: Arguments,
    pub(crate) inside: Vec<AskedPart>,
}

/// A part of a selection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AskedPart {
    Field(Asked),
    On(String, Vec<AskedPart>),
}

/// What is told.
pub(crate) enum Told<'a> {
    /// Null.
    Null,
    /// A value; of an object its members are fields, and `__typename` says which type of several it is.
    Json(Json),
    /// A scalar as it stands in a column of a row.
    Column(Row, &'static str),
    /// A text that stands in the code.
    Word(&'static str),
    /// An object.
    Object(Object<'a>),
    /// A list.
    List(Vec<Told<'a>>),
    /// Something of a job, and what is told to those who may not see it: nothing, in a list.
    OfJob(JobId, Box<Told<'a>>, Box<Told<'a>>),
    /// Something made of rows.
    Rows(Rows<'a>),
    /// A change; under a root field alone.
    Command(Box<Commanded<'a>>),
    /// A part of the schema that is not served.
    Unserved,
    /// It cannot be told.
    Failed(Cause),
}

/// An object of the answer.
pub(crate) struct Object<'a> {
    /// Name of its type.
    pub(crate) of: &'static str,
    /// Its fields.
    pub(crate) fields: Box<dyn Fn(&Asked) -> Told<'a> + 'a>,
}

/// Rows that are asked for by one or more selects, and what is made of what each of them finds.
pub(crate) struct Rows<'a> {
    pub(crate) count: usize,
    pub(crate) selects: Box<Selecting<'a>>,
    pub(crate) then: Box<dyn FnOnce(Vec<Found>) -> Told<'a> + 'a>,
}

/// Makes selects, each of which finds something else.
pub(crate) type Selecting<'a> = dyn FnOnce(&mut Holes) -> Vec<Select> + 'a;

impl<'a> Rows<'a> {
    /// Those of one select.
    pub(crate) fn of(
        select: impl FnOnce(&mut Holes) -> Select + 'a,
        then: impl FnOnce(Found) -> Told<'a> + 'a,
    ) -> Rows<'a> {
        Rows {
            count: 1,
            selects: Box::new(|holes| vec![select(holes)]),
            then: Box::new(|found| found.into_iter().next().map_or(Told::Null, then)),
        }
    }
}

/// A change that is asked for, and what is told of how it went.
pub(crate) struct Commanded<'a> {
    pub(crate) effect: Effect,
    pub(crate) of: TypeId,
    pub(crate) given: Vec<(&'static str, ValueKind, Json)>,
    /// It answers with several rows.
    pub(crate) is_list: bool,
    /// What the answer is made of.
    pub(crate) answer: plan::Answer,
    pub(crate) then: Box<Then<'a>>,
}

/// What is told of how a change went.
pub(crate) type Then<'a> = dyn FnOnce(Result<Json, &Cause>) -> Told<'a> + 'a;

/// Holes of the plan under construction, for values of selects.
pub(crate) struct Holes<'h> {
    pub(crate) list: &'h mut dyn FnMut(HoleSource, ValueKind, bool, Transform) -> HoleId,
}

impl Holes<'_> {
    /// A hole for a value that is known.
    pub(crate) fn value(&mut self, kind: ValueKind, value: Json) -> HoleId {
        let is_list = value.is_array() && kind != ValueKind::Json;
        (self.list)(HoleSource::Literal(value), kind, is_list, Transform::Keep)
    }

    /// The same, where a text that is none of its kind finds nothing.
    pub(crate) fn loose(&mut self, kind: ValueKind, value: Json) -> HoleId {
        let is_list = value.is_array();
        (self.list)(HoleSource::Literal(value), kind, is_list, Transform::NullIfOther)
    }
}

impl Asked {
    /// An argument; null is absent.
    pub(crate) fn argument(&self, name: &str) -> Option<&Json> {
        self.arguments.get(name).filter(|value| !value.is_null())
    }

    /// A text argument.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.argument(name).and_then(Json::as_str)
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.argument(name).and_then(Json::as_i64)
    }

    /// Every field of this name anywhere inside, through fragments and other fields.
    pub(crate) fn below<'s>(&'s self, name: &'s str) -> Vec<&'s Asked> {
        let mut found = Vec::new();
        find(&self.inside, name, &mut found);
        found
    }

    /// Whether a field whose name meets this stands anywhere inside.
    pub(crate) fn wants_some(&self, is_wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        stands(&self.inside, is_wanted)
    }

    /// Whether a field of one of these names stands anywhere inside.
    pub(crate) fn wants(&self, names: &[&str]) -> bool {
        self.wants_some(&mut |name| names.contains(&name))
    }
}

fn find<'s>(parts: &'s [AskedPart], name: &str, found: &mut Vec<&'s Asked>) {
    for part in parts {
        match part {
            AskedPart::Field(asked) => {
                if asked.name == name {
                    found.push(asked);
                }
                find(&asked.inside, name, found);
            }
            AskedPart::On(_, inside) => find(inside, name, found),
        }
    }
}

fn stands(parts: &[AskedPart], is_wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    parts.iter().any(|part| match part {
        AskedPart::Field(asked) => is_wanted(&asked.name) || stands(&asked.inside, is_wanted),
        AskedPart::On(_, inside) => stands(inside, is_wanted),
    })
}

impl<'a> Told<'a> {
    /// An object whose fields a function tells.
    pub(crate) fn object(of: &'static str, fields: impl Fn(&Asked) -> Told<'a> + 'a) -> Told<'a> {
        Told::Object(Object { of, fields: Box::new(fields) })
    }

    /// A text, or null.
    pub(crate) fn text(text: Option<impl Into<String>>) -> Told<'a> {
        text.map_or(Told::Null, |text| Told::Json(Json::String(text.into())))
    }
}

/// What makes the answer of a root field when its rows are there.
pub(crate) fn shaper(teller: Teller, (model, loaded_at): (Arc<Model>, i64), asked: Asked, of: TypeRef) -> plan::Shaper {
    let name = [teller.dialect, " ", &asked.name].concat();
    let make = move |met: plan::Met<'_>, bytes: &mut Vec<u8>| {
        let telling = Telling { model: &model, granted: met.granted, loaded_at, now: met.now };
        let told = (teller.root)(telling, &asked);
        match (told, met.rows) {
            (Told::Command(command), Err(cause)) => {
                make(teller, (command.then)(Err(cause)), (&asked, &of), (&[], met.granted), bytes)
            }
            (Told::Command(command), Ok(rows)) => {
                let row = rows.first().map(|text| Found::new(text).into_json()).unwrap_or_default();
                make(teller, (command.then)(Ok(row)), (&asked, &of), (&[], met.granted), bytes)
            }
            (told, rows) => make(teller, told, (&asked, &of), (rows.unwrap_or_default(), met.granted), bytes),
        }
    };
    plan::Shaper { name, make: Arc::new(make) }
}
