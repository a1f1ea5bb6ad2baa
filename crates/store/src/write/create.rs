//! Making a document: look, check, insert, link, publish.

use std::collections::HashSet;

use model::{ContentEvent, FieldId, naming};
use plan::{Content, Data, Held, Locale, Value, WriteVersion, rules};
use sql::layout::{KeySource, STATUS_DRAFT, STATUS_PUBLISHED};

use super::change::{Change, Written, first_value, taken};
use super::door::{Door, Rows};
use super::element::{self, Counts};
use super::failure::Failure;
use super::frame::{Call, Frame};
use super::link::{self, Resolved};
use super::password;
use super::row::{System, fill_system};

/// What is asked to be made.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) data: &'a Data,
    pub(crate) version: WriteVersion,
    pub(crate) locale: &'a Locale,
}

/// What the database knew before the first insert.
struct Known {
    resolved: Resolved,
    next: Counts,
    key: Value,
    rows: (Value, Value),
}

impl<'a, D: Door> Change<'a, D> {
    /// Makes a document.
    pub(crate) async fn create(&mut self, asked: Asked<'_>) -> Result<Written, Failure> {
        let (mut content, mut frame) = self.begun(asked)?;
        if let Some(written) = self.create_at_once(&content, &frame).await? {
            return Ok(written);
        }
        frame.document_id = self.env.context.ids.document_id(self.env.context.now)?;
        let known = self.look(&mut content, asked.version, &frame).await?;
        self.insert(content, asked.version, frame, known).await
    }

    /// What is asked, with the defaults of the model, and a frame about no row yet, whose public id is still to be drawn.
    pub(super) fn begun(&self, asked: Asked<'_>) -> Result<(Content, Frame), Failure> {
        let content_type = self.content_type();
        let locale = self.locale(asked.locale)?;
        let mut content = Content::given(self.env.model, &content_type.fields, asked.data, self.env.values);
        element::forget_ids(&mut content);
        link::begin_lists(&mut content);
        content.fill_defaults(self.env.model, &content_type.fields);
        let mut frame = self.frame(&locale);
        frame.published_at = self.published_at(asked.version);
        Ok((content, frame))
    }

    /// Everything that can be refused is refused here, before anything is written.
    async fn look(&mut self, content: &mut Content, version: WriteVersion, frame: &Frame) -> Result<Known, Failure> {
        let program = self.env.program;
        let publishes = version.publishes();
        let mut counts = Counts::new();
        element::count(content, false, &mut counts);
        for count in counts.values_mut() {
            *count *= if publishes { 2 } else { 1 };
        }
        let uids = self.uids_wanted(content);
        let snapshot = content.clone();
        let links = link::links_of(&snapshot);
        let mut frame = frame.clone();
        frame.cells = self.cell_env(&Resolved::default()).cells(content, None);
        self.look_at_locale(&mut frame);

        let mut calls: Vec<Call<'a>> = Vec::new();
        let resolve_at = push(&mut calls, self.resolving(&frame, &links));
        let stage = rules::stage_of(version, true);
        let asks_unique = stage != rules::Stage::Draft;
        let unique_call = program.unique.as_ref().filter(|_| asks_unique);
        let unique_at = push(&mut calls, unique_call.map(|unique| frame.call(&unique.statement, &[])));
        let is_taken = resolve_at.is_some() && program.resolve.as_ref().is_some_and(|resolve| resolve.takes_key);
        let take_key = program.take_key.as_ref().filter(|_| !is_taken);
        let key_at = push(&mut calls, take_key.map(|statement| frame.call(statement, &[])));
        let rows_at = push(&mut calls, program.take_rows.as_ref().map(|statement| frame.call(statement, &[])));
        let uids_at = calls.len();
        calls.extend(self.finding_uids(&frame, &uids));
        let elements_at = calls.len();
        calls.extend(self.taking(&frame, &counts));
        let found = self.now(calls).await?;

        self.put_uids(content, &uids, &found[uids_at..elements_at]);
        let mut resolved = self.resolved(at(&found, resolve_at));
        let key = resolved.new_key.take().unwrap_or_else(|| first_value(at(&found, key_at)));
        self.check_links(&links, &resolved, &frame.locale).await?;
        frame.status = if program.has_status { STATUS_DRAFT } else { STATUS_PUBLISHED };
        let beside = (publishes && program.has_status).then_some(STATUS_PUBLISHED);
        self.check_losing(&frame, (content, &resolved), beside).await?;
        let mut faults = rules::check(self.env.model, self.env.patterns, self.content_type(), content, stage);
        faults.extend(at(&found, unique_at).map(|rows| self.unique_faults(content, rows)).unwrap_or_default());
        self.refuse(faults)?;
        Ok(Known {
            resolved,
            next: taken(&counts, &found[elements_at..])?,
            key: self.new_key(key)?,
            rows: pair(at(&found, rows_at)),
        })
    }

    /// Unique keys of localized types hold for each locale, which is a cell.
    pub(super) fn look_at_locale(&self, frame: &mut Frame) {
        let system = System { created_at: Value::Null, created_by: Value::Null, published_at: Value::Null };
        fill_system(frame, self.env.program, &system);
    }

    pub(super) fn new_key(&self, taken: Value) -> Result<Value, Failure> {
        match &self.env.program.key_source {
            KeySource::Identity | KeySource::Shared(_) => Ok(taken),
            KeySource::Uuid => Ok(Value::Uuid(self.env.context.ids.uuid(self.env.context.now)?)),
            KeySource::Given => {
                Err(Failure::invalid("Documents whose key is a text of their own cannot be made through this API yet"))
            }
        }
    }

    /// UIDs that are made here: none is given, and there is text to make them from. With the place of their program.
    pub(super) fn uids_wanted(&self, content: &Content) -> Vec<(usize, String)> {
        let programs = self.env.program.uids.iter().enumerate();
        let wanted = programs.filter(|(_, uid)| content.get(uid.field).is_none());
        wanted.filter_map(|(index, uid)| Some((index, slug_of(content, uid.from)?))).collect()
    }

    /// Which UIDs that begin so are taken, for each that is made.
    pub(super) fn finding_uids(&self, frame: &Frame, wanted: &[(usize, String)]) -> Vec<Call<'a>> {
        let program = self.env.program;
        let statement = |index: usize| &program.uids[index].statement;
        wanted.iter().map(|(index, slug)| frame.call(statement(*index), &[Value::Text(slug.clone())])).collect()
    }

    pub(super) fn put_uids(&self, content: &mut Content, wanted: &[(usize, String)], found: &[Rows]) {
        for ((index, slug), rows) in wanted.iter().zip(found) {
            let taken: HashSet<&str> = rows.iter().filter_map(|row| text(row.first()?)).collect();
            let free = free_of(slug, &taken);
            content.put(self.env.program.uids[*index].field, Held::Value(Value::Text(free)));
        }
    }

    async fn insert(
        &mut self,
        mut content: Content,
        version: WriteVersion,
        mut frame: Frame,
        known: Known,
    ) -> Result<Written, Failure> {
        let program = self.env.program;
        let Known { resolved, mut next, key, rows } = known;
        password::put_hashes(self.env.model, &self.content_type().fields, &mut content, self.env.hashes);
        element::number(&mut content, &mut next);
        frame.key = key;
        frame.status = if program.has_status { STATUS_DRAFT } else { STATUS_PUBLISHED };
        frame.row = if program.has_document { rows.0 } else { frame.key.clone() };
        frame.cells = self.cell_env(&resolved).cells(&content, None);
        let system = self.new_system(frame.status);
        if let Some(statement) = &program.insert_document {
            let call = frame.call(statement, &[]);
            if frame.key == Value::Null {
                frame.key = self.value(call).await?;
            } else {
                self.later(&frame, statement, &[]);
            }
        }
        self.insert_row(&mut frame, &system).await?;
        self.link(&frame, &content, &[], &resolved);
        let draft = frame.clone();
        if version.publishes() && program.has_status {
            self.check_publishing(&draft, &[]).await?;
            self.publish(&draft, content, None, (rows.1, next)).await?;
        }
        self.check_rule(std::slice::from_ref(&draft.row)).await?;
        let written = Written { key: draft.key, document_id: draft.document_id, locale: draft.locale };
        self.happened(&[ContentEvent::Create], &written);
        if version.publishes() && program.has_status {
            self.happened(&[ContentEvent::Publish], &written);
        }
        Ok(written)
    }

    /// Columns of the house of a new row.
    pub(crate) fn new_system(&self, status: i64) -> System {
        let now = Value::Instant(self.env.context.now);
        System {
            created_at: now.clone(),
            created_by: self.env.context.user.map_or(Value::Null, Value::Int),
            published_at: if status == STATUS_PUBLISHED { now } else { Value::Null },
        }
    }

    /// Inserts the frame's row. Its number (and for a document of one row its key) comes back where it was not known.
    pub(crate) async fn insert_row(&mut self, frame: &mut Frame, system: &System) -> Result<(), Failure> {
        let program = self.env.program;
        fill_system(frame, program, system);
        for link in &program.links {
            for statement in &link.before {
                self.later(frame, statement, &[]);
            }
        }
        if let Some(statement) = &program.take_entry {
            self.later(frame, statement, &[]);
        }
        if frame.row != Value::Null {
            self.later(frame, &program.insert_row, &[]);
            return Ok(());
        }
        if let Some(statement) = &program.take_rows {
            frame.row = self.value(frame.call(statement, &[])).await?;
            fill_system(frame, program, system);
            self.later(frame, &program.insert_row, &[]);
            return Ok(());
        }
        frame.row = self.value(frame.call(&program.insert_row, &[])).await?;
        if !program.has_document {
            frame.key = frame.row.clone();
        }
        Ok(())
    }
}

/// A slug of the field that a UID is made from.
fn slug_of(content: &Content, from: FieldId) -> Option<String> {
    let Some(Held::Value(Value::Text(text))) = content.get(from) else { return None };
    Some(naming::slug(text)).filter(|slug| !slug.is_empty())
}

/// The slug, or the first of `slug-1`, `slug-2`, .. that nobody has.
///
/// Source: Strapi's content-manager, which counts from 1.
fn free_of(slug: &str, taken: &HashSet<&str>) -> String {
    if !taken.contains(slug) {
        return slug.to_owned();
    }
    let numbered = (1u64..).map(|number| [slug, &number.to_string()].join("-"));
    numbered.into_iter().find(|candidate| !taken.contains(candidate.as_str())).unwrap_or_else(|| slug.to_owned())
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Adds a call, if there is one, and tells where.
pub(crate) fn push<'a>(calls: &mut Vec<Call<'a>>, call: Option<Call<'a>>) -> Option<usize> {
    let call = call?;
    calls.push(call);
    Some(calls.len() - 1)
}

/// The rows of the call that stands there.
pub(crate) fn at(found: &[Rows], place: Option<usize>) -> Option<&Rows> {
    found.get(place?)
}

fn pair(rows: Option<&Rows>) -> (Value, Value) {
    match rows.and_then(|rows| rows.first()).map(Vec::as_slice) {
        Some([first, second]) => (first.clone(), second.clone()),
        _ => (Value::Null, Value::Null),
    }
}
