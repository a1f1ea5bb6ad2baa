//! The walk through what is told, along the selection: the first finds out which rows are asked for, the second writes the answer.

use std::rc::Rc;

use model::{Action, JobId};
use plan::{Cause, JobGrants, Made, Problem, Segment, Select};
use serde_json::Value as Json;

use super::selection::{Selected, Selection};
use super::{Asked, Found, Holes, Rows, Teller, Told};
use crate::definition::{Definitions, Kind, TypeRef};

/// The first walk: which rows, and which jobs.
pub(crate) struct Planned {
    pub(crate) selects: Vec<Select>,
    pub(crate) jobs: Vec<JobId>,
}

/// Goes through what is told to find what it asks for.
pub(crate) fn plan(teller: Teller, told: Told<'_>, asked: &Asked, of: &TypeRef, holes: &mut Holes<'_>) -> Planned {
    let mut planned = Planned { selects: Vec::new(), jobs: Vec::new() };
    let mut nowhere = Vec::new();
    let mut walk = Walk::new(teller, Mode::Plan { planned: &mut planned, holes }, &mut nowhere);
    // Nothing is shown of this walk: rows are not there, so that what needs them is null.
    let _ = walk.complete(told, of, &[asked]);
    planned
}

/// Goes through what is told to write the answer.
pub(super) fn make(
    teller: Teller,
    told: Told<'_>,
    (asked, of): (&Asked, &TypeRef),
    (rows, granted): (&[String], &JobGrants),
    bytes: &mut Vec<u8>,
) -> Made {
    let start = bytes.len();
    let mut walk = Walk::new(teller, Mode::Make { rows: rows.iter(), granted }, bytes);
    let is_null = !matches!(walk.complete(told, of, &[asked]), Ok(Wrote::Value));
    let faults = walk.faults;
    if is_null {
        bytes.truncate(start);
    }
    Made { is_null, faults }
}

enum Mode<'w, 'h> {
    Plan { planned: &'w mut Planned, holes: &'w mut Holes<'h> },
    Make { rows: std::slice::Iter<'w, String>, granted: &'w JobGrants },
}

/// Nothing can stand here: the null climbs on. Why has been noted.
struct Nothing;

/// What became of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrote {
    Value,
    /// It is null, and nothing was written.
    Null,
}

/// A step of the path.
#[derive(Clone, Copy)]
enum Step<'s> {
    Key(&'s str),
    Index(usize),
}

impl From<Step<'_>> for Segment {
    fn from(step: Step<'_>) -> Segment {
        match step {
            Step::Key(key) => Segment::Key(key.to_owned()),
            Step::Index(index) => Segment::Index(index),
        }
    }
}

struct Walk<'w, 'h, 's> {
    definitions: &'static Definitions,
    mode: Mode<'w, 'h>,
    bytes: &'w mut Vec<u8>,
    /// At something that is made of rows.
    is_below_rows: bool,
    path: Vec<Step<'s>>,
    faults: Vec<(Vec<Segment>, Cause)>,
    /// What was asked so far: of which type, and by which list of places.
    selections: Vec<(String, *const &'s Asked, Rc<Selection<'s>>)>,
}

impl<'w, 'h, 's> Walk<'w, 'h, 's> {
    fn new(teller: Teller, mode: Mode<'w, 'h>, bytes: &'w mut Vec<u8>) -> Self {
        Walk {
            definitions: (teller.definitions)(),
            mode,
            bytes,
            is_below_rows: false,
            path: Vec::new(),
            faults: Vec::new(),
            selections: Vec::new(),
        }
    }

    fn fault(&mut self, cause: Cause) -> Nothing {
        self.faults.push((self.path.iter().copied().map(Segment::from).collect(), cause));
        Nothing
    }

    /// The value of a place of this type.
    fn complete(&mut self, told: Told<'_>, of: &TypeRef, asked: &[&'s Asked]) -> Result<Wrote, Nothing> {
        let start = self.bytes.len();
        let TypeRef::NonNull(inner) = of else {
            return Ok(self.nullable(told, of, asked).unwrap_or_else(|Nothing| {
                self.bytes.truncate(start);
                Wrote::Null
            }));
        };
        let wrote = self.nullable(told, inner, asked)?;
        if wrote == Wrote::Null && matches!(self.mode, Mode::Make { .. }) {
            let name = asked.first().map(|asked| asked.name.clone()).unwrap_or_default();
            return Err(self.fault(Cause::NullInNonNull(name)));
        }
        Ok(wrote)
    }

    /// The same inside an object or a list, where null is written.
    fn place(&mut self, told: Told<'_>, of: &TypeRef, asked: &[&'s Asked]) -> Result<(), Nothing> {
        if self.complete(told, of, asked)? == Wrote::Null {
            self.bytes.extend_from_slice(b"null");
        }
        Ok(())
    }

    fn nullable(&mut self, told: Told<'_>, of: &TypeRef, asked: &[&'s Asked]) -> Result<Wrote, Nothing> {
        match told {
            Told::Null => Ok(Wrote::Null),
            Told::Json(json) => self.json(json, of, asked),
            Told::Column(row, name) => Ok(self.column(row.column(name))),
            Told::Word(word) => Ok(self.word(word)),
            Told::Object(object) => {
                let fields = object.fields;
                self.object(object.of, &mut |asked| fields(asked), asked)
            }
            Told::List(items) => self.list(items, of, asked),
            Told::OfJob(job, told, otherwise) => {
                let start = self.bytes.len();
                let wrote = self.complete(*told, of, asked);
                if !self.is_hidden(job) {
                    return wrote;
                }
                self.bytes.truncate(start);
                self.complete(*otherwise, of, asked)
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

    fn column(&mut self, json: &str) -> Wrote {
        if json == "null" {
            return Wrote::Null;
        }
        self.bytes.extend_from_slice(json.as_bytes());
        Wrote::Value
    }

    /// A word of ours needs no escapes.
    fn word(&mut self, word: &str) -> Wrote {
        for part in ["\"", word, "\""] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        Wrote::Value
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

    fn rows(&mut self, asked_rows: Rows<'_>, of: &TypeRef, asked: &[&'s Asked]) -> Result<Wrote, Nothing> {
        let found = match &mut self.mode {
            Mode::Plan { planned, holes } => {
                planned.selects.extend((asked_rows.selects)(holes));
                return Ok(Wrote::Null);
            }
            // Rows below rows were not asked for: which they are is known only now.
            Mode::Make { .. } if self.is_below_rows => return self.nullable(Told::Unserved, of, asked),
            Mode::Make { rows, .. } => {
                let found: Vec<Found> = rows.take(asked_rows.count).map(|text| Found::new(text)).collect();
                if found.len() < asked_rows.count {
                    return self.nullable(Told::Unserved, of, asked);
                }
                found
            }
        };
        self.is_below_rows = true;
        let wrote = self.nullable((asked_rows.then)(found), of, asked);
        self.is_below_rows = false;
        wrote
    }

    fn list<'t>(
        &mut self,
        items: impl IntoIterator<Item = Told<'t>>,
        of: &TypeRef,
        asked: &[&'s Asked],
    ) -> Result<Wrote, Nothing> {
        let Some(item_type) = of.item() else { return Err(self.fault(Cause::Internal)) };
        let mut count = 0;
        self.bytes.push(b'[');
        for item in items {
            let (start, faults) = (self.bytes.len(), self.faults.len());
            if count > 0 {
                self.bytes.push(b',');
            }
            self.path.push(Step::Index(count));
            let (told, job) = match item {
                Told::OfJob(job, told, _) => (*told, Some(job)),
                other => (other, None),
            };
            let wrote = self.place(told, item_type, asked);
            self.path.pop();
            if job.is_some_and(|job| self.is_hidden(job)) {
                self.faults.truncate(faults);
                self.bytes.truncate(start);
                continue;
            }
            wrote?;
            count += 1;
        }
        self.bytes.push(b']');
        Ok(Wrote::Value)
    }

    /// A value that is known: of an object type its members are fields.
    fn json(&mut self, json: Json, of: &TypeRef, asked: &[&'s Asked]) -> Result<Wrote, Nothing> {
        match json {
            Json::Null => Ok(Wrote::Null),
            Json::Array(items) if of.item().is_some() => self.list(items.into_iter().map(Told::Json), of, asked),
            Json::Object(members) if self.is_composite(of) => {
                let name = members.get("__typename").and_then(Json::as_str).unwrap_or(of.name());
                let field = |asked: &Asked| members.get(&asked.name).cloned().map_or(Told::Unserved, Told::Json);
                self.object(name, &mut { field }, asked)
            }
            json => {
                serde_json::to_writer(&mut *self.bytes, &json).map_err(|_| self.fault(Cause::Internal))?;
                Ok(Wrote::Value)
            }
        }
    }

    fn is_composite(&self, of: &TypeRef) -> bool {
        let kind = self.definitions.get(of.name()).map(|definition| &definition.kind);
        matches!(kind, Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)))
    }

    /// The fields that are asked of an object of this type.
    fn object<'t>(
        &mut self,
        of: &str,
        tell: &mut dyn FnMut(&Asked) -> Told<'t>,
        asked: &[&'s Asked],
    ) -> Result<Wrote, Nothing> {
        let selection = self.selection(of, asked);
        if selection.fields.is_empty() {
            self.bytes.push(b'{');
        }
        for Selected { key, lead, definition, told, same } in &selection.fields {
            self.bytes.extend_from_slice(lead);
            match definition {
                None => drop(self.word(of)),
                Some(definition) => {
                    self.path.push(Step::Key(key));
                    let placed = self.place(tell(told), &definition.of, same);
                    self.path.pop();
                    placed?;
                }
            }
        }
        self.bytes.push(b'}');
        Ok(Wrote::Value)
    }

    /// What these places ask of a type. Each list of places stands in a selection that is kept, so that where it stands tells it from others.
    fn selection(&mut self, of: &str, asked: &[&'s Asked]) -> Rc<Selection<'s>> {
        let place = asked.as_ptr();
        let known = self.selections.iter().find(|(known, at, _)| *at == place && known == of);
        if let Some((_, _, selection)) = known {
            return Rc::clone(selection);
        }
        let selection = Rc::new(Selection::new(self.definitions, of, asked));
        self.selections.push((of.to_owned(), place, Rc::clone(&selection)));
        selection
    }
}
