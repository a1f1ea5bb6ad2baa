//! Answers that a dialect tells: trees whose parts are pure functions of the model, of arguments and of rows.
//!
//! A dialect gives a [`Teller`]: from the name of a root field to what it tells. What is told is lazy; one walker goes through it along the
//! selection, twice: when the plan is made it finds out which rows are asked for (each an ordinary select of the plan, and each job that is told of
//! is named, so that `authorize` sees them all); when the rows are there it makes the answer. The tree must not depend on rows for which rows it
//! asks next to each other: the second walk meets the same ones in the same order.

use std::sync::Arc;

use model::{Action, JobId, Model, TypeId};
use plan::{Cause, Effect, HoleId, HoleSource, JobGrants, Made, Problem, Segment, Select, Transform, ValueKind};
use serde_json::{Map, Value as Json};

use crate::definition::{Definitions, Kind, TypeRef};

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
    /// An object.
    Object(Object<'a>),
    /// A list.
    List(Vec<Told<'a>>),
    /// Something of a job, and what is told to those who may not see it: nothing, in a list.
    OfJob(JobId, Box<Told<'a>>, Box<Told<'a>>),
    /// Something made of rows.
    Rows(Rows<'a>),
    /// A change; under a root field alone.
    Command(Commanded<'a>),
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

/// Rows that are asked for, and what is made of them.
pub(crate) struct Rows<'a> {
    pub(crate) select: Box<dyn FnOnce(&mut Holes) -> Select + 'a>,
    pub(crate) then: Box<dyn FnOnce(Json) -> Told<'a> + 'a>,
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

    /// Whether a field of one of these names stands anywhere inside.
    pub(crate) fn wants(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !self.below(name).is_empty())
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

/// The first walk: which rows, and which jobs.
pub(crate) struct Planned {
    pub(crate) selects: Vec<Select>,
    pub(crate) jobs: Vec<JobId>,
}

/// Goes through what is told to find what it asks for.
pub(crate) fn plan(teller: Teller, told: Told<'_>, asked: &Asked, of: &TypeRef, holes: &mut Holes<'_>) -> Planned {
    let mut planned = Planned { selects: Vec::new(), jobs: Vec::new() };
    let mut walk = Walk::new(teller, Mode::Plan { planned: &mut planned, holes });
    // Nothing is shown of this walk: rows are not there, so that what needs them is null.
    let _ = walk.complete(told, of, &[asked]);
    planned
}

/// Goes through what is told to make the answer.
pub(crate) fn make(
    teller: Teller,
    told: Told<'_>,
    (asked, of): (&Asked, &TypeRef),
    (rows, granted): (&[Json], &JobGrants),
) -> Made {
    let mut walk = Walk::new(teller, Mode::Make { rows: rows.iter(), granted });
    let value = walk.complete(told, of, &[asked]).unwrap_or(Json::Null);
    Made { value, faults: walk.faults }
}

enum Mode<'w, 'h> {
    Plan { planned: &'w mut Planned, holes: &'w mut Holes<'h> },
    Make { rows: std::slice::Iter<'w, Json>, granted: &'w JobGrants },
}

/// Nothing can stand here: the null climbs on. Why has been noted.
struct Nothing;

struct Walk<'w, 'h> {
    definitions: &'static Definitions,
    mode: Mode<'w, 'h>,
    /// At something that is made of rows.
    is_below_rows: bool,
    path: Vec<Segment>,
    faults: Vec<(Vec<Segment>, Cause)>,
}

impl<'w, 'h> Walk<'w, 'h> {
    fn new(teller: Teller, mode: Mode<'w, 'h>) -> Self {
        Walk { definitions: (teller.definitions)(), mode, is_below_rows: false, path: Vec::new(), faults: Vec::new() }
    }

    fn fault(&mut self, cause: Cause) -> Nothing {
        self.faults.push((self.path.clone(), cause));
        Nothing
    }

    /// The value of a place of this type.
    fn complete(&mut self, told: Told<'_>, of: &TypeRef, asked: &[&Asked]) -> Result<Json, Nothing> {
        let TypeRef::NonNull(inner) = of else {
            return Ok(self.nullable(told, of, asked).unwrap_or(Json::Null));
        };
        let value = self.nullable(told, inner, asked)?;
        if value.is_null() && matches!(self.mode, Mode::Make { .. }) {
            let name = asked.first().map(|asked| asked.name.clone()).unwrap_or_default();
            return Err(self.fault(Cause::NullInNonNull(name)));
        }
        Ok(value)
    }

    fn nullable(&mut self, told: Told<'_>, of: &TypeRef, asked: &[&Asked]) -> Result<Json, Nothing> {
        match told {
            Told::Null => Ok(Json::Null),
            Told::Json(json) => self.json(json, of, asked),
            Told::Object(object) => {
                let fields = object.fields;
                self.object(object.of, &mut |asked| fields(asked), asked)
            }
            Told::List(items) => self.list(items, of, asked),
            Told::OfJob(job, told, otherwise) => {
                let value = self.complete(*told, of, asked);
                if self.is_hidden(job) { self.complete(*otherwise, of, asked) } else { value }
            }
            Told::Rows(rows) => self.rows(rows, of, asked),
            Told::Command(_) => Err(self.fault(Cause::Internal)),
            Told::Unserved => {
                let name = asked.first().map(|asked| asked.name.as_str()).unwrap_or_default();
                let text = format!("`{name}` is part of this schema, but this version does not serve it here yet");
                Err(self.fault(Cause::Invalid { problem: Problem::Text(text) }))
            }
            Told::Failed(cause) => Err(self.fault(cause)),
        }
    }

    /// Notes that a job is told of; whether it must not be.
    fn is_hidden(&mut self, job: JobId) -> bool {
        match &mut self.mode {
            Mode::Plan { planned, .. } => {
                if !planned.jobs.contains(&job) {
                    planned.jobs.push(job);
                }
                false
            }
            Mode::Make { granted, .. } => !granted.allows(job, Action::Find),
        }
    }

    fn rows(&mut self, asked_rows: Rows<'_>, of: &TypeRef, asked: &[&Asked]) -> Result<Json, Nothing> {
        let row = match &mut self.mode {
            Mode::Plan { planned, holes } => {
                planned.selects.push((asked_rows.select)(holes));
                return Ok(Json::Null);
            }
            // Rows below rows were not asked for: which they are is known only now.
            Mode::Make { .. } if self.is_below_rows => return self.nullable(Told::Unserved, of, asked),
            Mode::Make { rows, .. } => match rows.next() {
                Some(row) => row.clone(),
                None => return self.nullable(Told::Unserved, of, asked),
            },
        };
        self.is_below_rows = true;
        let told = self.nullable((asked_rows.then)(row), of, asked);
        self.is_below_rows = false;
        told
    }

    fn list(&mut self, items: Vec<Told<'_>>, of: &TypeRef, asked: &[&Asked]) -> Result<Json, Nothing> {
        let Some(item_type) = of.item() else { return Err(self.fault(Cause::Internal)) };
        let item_type = item_type.clone();
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            self.path.push(Segment::Index(list.len()));
            let told = match item {
                Told::OfJob(job, told, _) => {
                    let before = self.faults.len();
                    let value = self.complete(*told, &item_type, asked);
                    if self.is_hidden(job) {
                        self.faults.truncate(before);
                        self.path.pop();
                        continue;
                    }
                    value
                }
                other => self.complete(other, &item_type, asked),
            };
            self.path.pop();
            list.push(told?);
        }
        Ok(Json::Array(list))
    }

    /// A value that is known: of an object type its members are fields.
    fn json(&mut self, json: Json, of: &TypeRef, asked: &[&Asked]) -> Result<Json, Nothing> {
        let kind = self.definitions.get(of.name()).map(|definition| &definition.kind);
        let is_composite = matches!(kind, Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)));
        match json {
            Json::Array(items) if of.item().is_some() => {
                self.list(items.into_iter().map(Told::Json).collect(), of, asked)
            }
            Json::Object(members) if is_composite => {
                let name = members.get("__typename").and_then(Json::as_str).unwrap_or(of.name()).to_owned();
                let field = |asked: &Asked| members.get(&asked.name).cloned().map_or(Told::Unserved, Told::Json);
                self.object(&name, &mut { field }, asked)
            }
            json => Ok(json),
        }
    }

    /// The fields that are asked of an object of this type.
    fn object<'t>(
        &mut self,
        of: &str,
        tell: &mut dyn FnMut(&Asked) -> Told<'t>,
        asked: &[&Asked],
    ) -> Result<Json, Nothing> {
        let mut fields: Vec<(&str, Vec<&Asked>)> = Vec::new();
        for asked in asked {
            self.collect(of, &asked.inside, &mut fields);
        }
        let mut object = Map::new();
        for (key, same) in fields {
            let Some(first) = same.first() else { continue };
            if first.name == "__typename" {
                object.insert(key.to_owned(), Json::String(of.to_owned()));
                continue;
            }
            let field = self.definitions.fields(of).and_then(|fields| fields.get(&first.name));
            let Some(field) = field else { continue };
            self.path.push(Segment::Key(key.to_owned()));
            let told = if first.arguments.len() < field.arguments.len() {
                tell(&with_defaults(first, field))
            } else {
                tell(first)
            };
            let value = self.complete(told, &field.of, &same);
            self.path.pop();
            object.insert(key.to_owned(), value?);
        }
        Ok(Json::Object(object))
    }

    fn collect<'s>(&self, of: &str, parts: &'s [AskedPart], fields: &mut Vec<(&'s str, Vec<&'s Asked>)>) {
        for part in parts {
            match part {
                AskedPart::Field(asked) => match fields.iter_mut().find(|(key, _)| *key == asked.key) {
                    Some((_, same)) => same.push(asked),
                    None => fields.push((&asked.key, vec![asked])),
                },
                AskedPart::On(wanted, inside) => {
                    if wanted == of || self.definitions.members(wanted).contains(&of) {
                        self.collect(of, inside, fields);
                    }
                }
            }
        }
    }
}

/// The same with the defaults of arguments that are not given.
pub(crate) fn with_defaults(asked: &Asked, field: &crate::definition::Field) -> Asked {
    let mut asked = asked.clone();
    for (name, input) in &field.arguments {
        if let (Some(default), false) = (&input.default, asked.arguments.contains_key(name)) {
            asked.arguments.insert(name.clone(), default.clone());
        }
    }
    asked
}

/// What makes the answer of a root field when its rows are there.
pub(crate) fn shaper(teller: Teller, (model, loaded_at): (Arc<Model>, i64), asked: Asked, of: TypeRef) -> plan::Shaper {
    let name = [teller.dialect, " ", &asked.name].concat();
    let make = move |met: plan::Met<'_>| {
        let telling = Telling { model: &model, granted: met.granted, loaded_at, now: met.now };
        let told = (teller.root)(telling, &asked);
        match (told, met.rows) {
            (Told::Command(command), Err(cause)) => {
                make(teller, (command.then)(Err(cause)), (&asked, &of), (&[], met.granted))
            }
            (Told::Command(command), Ok(rows)) => {
                let row = rows.first().cloned().unwrap_or(Json::Null);
                make(teller, (command.then)(Ok(row)), (&asked, &of), (&[], met.granted))
            }
            (told, rows) => make(teller, told, (&asked, &of), (rows.unwrap_or_default(), met.granted)),
        }
    };
    plan::Shaper { name, make: Arc::new(make) }
}
