//! Changing a document: find and lock its rows, merge, check, write, link, publish, and keep its locales together.

use model::ContentEvent;
use plan::{Cause, Content, ElementContent, Find, Held, NewLocaleFault, Problem, Value, WriteVersion, rules};
use rust_decimal::Decimal;
use sql::CellSource;
use sql::layout::STATUS_PUBLISHED;

use super::change::{Change, Written, taken};
use super::course::{Course, course};
use super::create::{Asked, at, push};
use super::door::{Door, Rows};
use super::element::{self, Counts, Renumbered};
use super::failure::Failure;
use super::frame::{Call, Frame, text_of};
use super::link::{self, Resolved};
use super::password;
use super::row::{StoredRow, System, fill_system};

/// The document as it was found.
struct Found {
    /// Every row of it.
    rows: Vec<StoredRow>,
    /// The row that is changed; none where its locale is new.
    current: Option<StoredRow>,
    /// The row that a new locale begins from.
    origin: Option<StoredRow>,
    /// What happens to it.
    course: Course,
    /// The status of the row that is changed.
    written: i64,
}

/// What is written to the row.
pub(super) struct Merged {
    /// The fields given, elements merged with those of the row.
    pub(super) given: Content,
    /// The whole row afterwards.
    full: Content,
    /// Elements that the row had in the fields given.
    before: Vec<(model::FieldId, Vec<ElementContent>)>,
    /// The row was not there.
    is_new: bool,
}

impl<'a, D: Door> Change<'a, D> {
    /// Changes a document. None: there is none.
    pub(crate) async fn update(&mut self, find: &Find, asked: Asked<'_>) -> Result<Option<Written>, Failure> {
        let Some(mut frame) = self.begin(find, asked.locale).await? else { return Ok(None) };
        let locale = frame.locale.clone();
        let is_beside = matches!(find, Find::BesideEntry(_));
        let is_ours = self.check_locale(&locale);
        if is_beside && is_ours.is_err() {
            return Err(new_locale(NewLocaleFault::Unknown));
        }
        is_ours?;
        let fields = &self.content_type().fields;
        let given = Content::given(self.env.model, fields, asked.data, self.env.values);
        let links = link::links_of(&given);
        let mut calls: Vec<Call<'a>> = Vec::new();
        let resolve_at = push(&mut calls, self.resolving(&frame, &links));
        calls.push(frame.call(&self.env.program.find, &self.find_values(find)));
        let mut found = self.now(calls).await?;
        let rows = found.pop().unwrap_or_default();
        if rows.is_empty() {
            return Ok(None);
        }
        let program = self.env.program;
        let resolved = self.resolved(at(&found, resolve_at));
        let found = self.found(rows, &locale, asked.version);
        let Some(first) = found.rows.first() else { return Ok(None) };
        frame.published_at = self.published_at(asked.version);
        frame.key = first.system(program, CellSource::Key);
        frame.document_id = text_of(&first.system(program, CellSource::DocumentId));
        frame.status = found.written;
        let touched = self.touched(&found, &given, &locale);
        if !self.may_change(find, &touched, &found.rows).await? {
            return Ok(None);
        }
        if is_beside && found.rows.iter().any(|row| row.locale(program) == locale) {
            return Err(new_locale(NewLocaleFault::Taken));
        }
        self.check_links(&links, &resolved, &locale).await?;
        self.check_losing(&frame, (&given, &resolved), found.course.beside()).await?;
        let mut merged = self.merged(&found, given, &locale)?;
        self.put_uids_of_new(&frame, &mut merged).await?;
        self.write_row(frame, found, merged, resolved).await.map(Some)
    }

    fn found(&self, rows: Rows, locale: &str, version: WriteVersion) -> Found {
        let program = self.env.program;
        let rows: Vec<StoredRow> = rows.into_iter().map(|cells| StoredRow { cells }).collect();
        let is_published =
            rows.iter().any(|row| row.status(program) == STATUS_PUBLISHED && row.locale(program) == locale);
        let course = course(program, version, is_published);
        let written = course.written();
        let of = |status: i64, locale: &str| {
            let is_it = |row: &&StoredRow| row.status(program) == status && row.locale(program) == locale;
            rows.iter().find(is_it).cloned()
        };
        let current = of(written, locale);
        let default = self.env.default_locale;
        let origin = of(STATUS_PUBLISHED, locale)
            .or_else(|| of(written, default))
            .or_else(|| rows.iter().find(|row| row.status(program) == written).cloned())
            .or_else(|| rows.first().cloned());
        Found { rows, current, origin, course, written }
    }

    /// Rows that the caller must be allowed to change: the one at hand (that of another locale, where this one is new), and those of other locales that
    /// get what locales share.
    fn touched(&self, found: &Found, given: &Content, locale: &str) -> Vec<Value> {
        let (program, content_type) = (self.env.program, self.content_type());
        let mut touched: Vec<Value> =
            found.current.as_ref().or(found.origin.as_ref()).map(|row| row.row(program)).into_iter().collect();
        let beside = found.course.beside().and_then(|status| self.sibling(found, status, locale));
        touched.extend(beside.map(|row| row.row(program)));
        if !program.has_locale {
            return touched;
        }
        let gives_shared = given.fields.iter().any(|(id, _)| !content_type.field(*id).localized);
        let begins = found.current.as_ref().or(found.origin.as_ref());
        // Publishing takes along what was changed in drafts before. Which links differ is not known here: shared links are given to every row.
        let has_shared_links = program.links.iter().any(|link| !content_type.field(link.field).localized);
        let follows = |row: &StoredRow| {
            let is_published = found.course == Course::Publish && row.status(program) == STATUS_PUBLISHED;
            is_published && (has_shared_links || begins.is_some_and(|begins| self.differ(begins, row)))
        };
        let is_written = |row: &&StoredRow| {
            let status = row.status(program);
            let is_of_course = status == found.written || Some(status) == found.course.beside();
            row.locale(program) != locale && is_of_course && (gives_shared || follows(row))
        };
        touched.extend(found.rows.iter().filter(is_written).map(|row| row.row(program)));
        touched
    }

    fn merged(&self, found: &Found, mut given: Content, locale: &str) -> Result<Merged, Failure> {
        let content_type = self.content_type();
        let stored = match (&found.current, &found.origin) {
            (Some(row), _) => row.content(self.env.model, self.env.program),
            (None, Some(origin)) => self.begin_of(origin, locale),
            (None, None) => Content::default(),
        };
        let mut before = Vec::new();
        for (id, held) in &mut given.fields {
            let name = &content_type.field(*id).name;
            match held {
                Held::Elements(elements) => {
                    let had = stored.get(*id).map_or(&[][..], element::elements_in).to_vec();
                    let merged = element::merge(self.env.model, name, std::mem::take(elements), &had);
                    *elements = merged.map_err(Failure::Refused)?;
                    before.push((*id, had));
                }
                Held::Increment(by) => *held = increased(stored.get(*id), by, name)?,
                Held::Append(items) => *held = appended(stored.get(*id), std::mem::take(items)),
                Held::Null | Held::Value(_) | Held::Links(_) | Held::AddedLinks(_) | Held::Hash(_) | Held::Kept => {}
            }
        }
        given.fill_defaults_of_new_elements(self.env.model);
        let mut full = stored;
        for (id, held) in &given.fields {
            full.put(*id, held.clone());
        }
        let is_new = found.current.is_none();
        if is_new {
            full.fill_defaults(self.env.model, &content_type.fields);
        }
        Ok(Merged { given, full, before, is_new })
    }

    /// A locale that is new gets the UIDs that nobody gave, as a new document does.
    async fn put_uids_of_new(&mut self, frame: &Frame, merged: &mut Merged) -> Result<(), Failure> {
        let wanted = if merged.is_new { self.uids_wanted(&merged.full) } else { Vec::new() };
        if wanted.is_empty() {
            return Ok(());
        }
        let mut frame = frame.clone();
        frame.cells = self.cell_env(&Resolved::default()).cells(&merged.full, None);
        self.look_at_locale(&mut frame);
        let found = self.now(self.finding_uids(&frame, &wanted)).await?;
        self.put_uids(&mut merged.given, &wanted, &found);
        self.put_uids(&mut merged.full, &wanted, &found);
        Ok(())
    }

    /// What a new row begins with: all that another row of its locale has, of one of another locale what locales share.
    fn begin_of(&self, origin: &StoredRow, locale: &str) -> Content {
        let content_type = self.content_type();
        let mut content = origin.content(self.env.model, self.env.program);
        if origin.locale(self.env.program) == locale {
            return content;
        }
        content.fields.retain(|(id, _)| !content_type.field(*id).localized);
        content
    }

    async fn write_row(
        &mut self,
        mut frame: Frame,
        found: Found,
        mut merged: Merged,
        resolved: Resolved,
    ) -> Result<Written, Failure> {
        let base =
            found.current.clone().or_else(|| found.origin.clone().map(|origin| self.base_of(origin, &frame.locale)));
        frame.cells = self.cell_env(&resolved).cells(&merged.full, base.as_ref());
        let mut next = self.check(&frame, &merged, found.course).await?;
        let fields = &self.content_type().fields;
        password::put_hashes(self.env.model, fields, &mut merged.given, self.env.hashes);
        element::number(&mut merged.given, &mut next);
        for (id, held) in &merged.given.fields {
            merged.full.put(*id, held.clone());
        }
        frame.cells = self.cell_env(&resolved).cells(&merged.full, base.as_ref());
        let system = self.system_of(&found, frame.published_at);
        self.put_row(&mut frame, &found, &merged, &system).await?;
        let Merged { given, full, before, .. } = &merged;
        self.link(&frame, given, before, &resolved);
        self.share(&frame, &found.rows, given, &resolved);
        self.check_added(&frame, given).await?;
        let beside = found.course.beside().and_then(|status| self.sibling(&found, status, &frame.locale));
        let events = happened(found.course, beside.is_some());
        match (found.course, beside) {
            (Course::Publish, there) => {
                self.check_publishing(&frame, &found.rows).await?;
                let draft = StoredRow { cells: frame.cells.clone() };
                let (copy, elements) = self.publish(&frame, full.clone(), there.as_ref(), (Value::Null, next)).await?;
                self.share_published(&copy, &found.rows, &draft, &elements);
            }
            (Course::Both { .. }, Some(draft)) => {
                let (mirrored, content) = self.mirror(&frame, &draft, &merged, (&resolved, next));
                self.share(&mirrored, &found.rows, &content, &resolved);
                self.check_added(&mirrored, given).await?;
            }
            (Course::Unpublish, Some(published)) => self.unpublish(&frame, &published),
            (Course::Only | Course::Draft { .. } | Course::Both { .. } | Course::Unpublish, _) => {}
        }
        let Frame { row, key, document_id, locale, .. } = frame;
        self.check_rule(std::slice::from_ref(&row)).await?;
        let written = Written { key, document_id, locale };
        self.happened(events, &written);
        Ok(written)
    }

    fn sibling(&self, found: &Found, status: i64, locale: &str) -> Option<StoredRow> {
        let program = self.env.program;
        found.rows.iter().find(|row| row.status(program) == status && row.locale(program) == locale).cloned()
    }

    /// The cells that a new row begins with: of a row of another locale what differs between locales is empty.
    fn base_of(&self, mut origin: StoredRow, locale: &str) -> StoredRow {
        let content_type = self.content_type();
        if origin.locale(self.env.program) == locale {
            return origin;
        }
        for (cell, column) in origin.cells.iter_mut().zip(&self.env.program.columns) {
            let field = sql::field_of(column.source).map(|id| content_type.field(id));
            if field.is_some_and(|field| field.localized) {
                *cell = if sql::element::is_list(field.expect("it is one")) {
                    Value::Json("[]".to_owned())
                } else {
                    Value::Null
                };
            }
        }
        origin
    }

    /// Rules and unique values, all faults at once; then ids for new elements and for those of the published copy.
    async fn check(&mut self, frame: &Frame, merged: &Merged, course: Course) -> Result<Counts, Failure> {
        let stage = course.stage(merged.is_new);
        let (content, asks_unique) = match stage {
            rules::Stage::Publish | rules::Stage::Create => (&merged.full, true),
            rules::Stage::Update => (&merged.given, self.gives_unique(&merged.given)),
            rules::Stage::Draft => (&merged.given, false),
        };
        let mut faults = rules::check(self.env.model, self.env.patterns, self.content_type(), content, stage);
        let mut looked = frame.clone();
        looked.status = STATUS_PUBLISHED;
        fill_system(&mut looked, self.env.program, &self.new_system(STATUS_PUBLISHED));
        let mut calls = Vec::new();
        let unique = self.env.program.unique.as_ref().filter(|_| asks_unique);
        let unique_at = push(&mut calls, unique.map(|unique| looked.call(&unique.statement, &[])));
        let mut counts = Counts::new();
        element::count(&merged.given, true, &mut counts);
        match course {
            Course::Publish => element::count(&merged.full, false, &mut counts),
            Course::Both { .. } => element::count(&merged.given, false, &mut counts),
            Course::Only | Course::Draft { .. } | Course::Unpublish => {}
        }
        let elements_at = calls.len();
        if faults.is_empty() {
            calls.extend(self.taking(frame, &counts));
        }
        let rows = self.now(calls).await?;
        faults.extend(at(&rows, unique_at).map(|rows| self.unique_faults(&merged.full, rows)).unwrap_or_default());
        self.refuse(faults)?;
        taken(&counts, &rows[elements_at..])
    }

    fn gives_unique(&self, given: &Content) -> bool {
        let keys = self.env.program.unique.iter().flat_map(|unique| unique.keys.iter().flatten());
        keys.into_iter().any(|field| given.get(*field).is_some())
    }

    fn system_of(&self, found: &Found, published_at: i64) -> System {
        let Some(current) = &found.current else { return self.new_system(found.written) };
        let system = self.system_of_row(current);
        match found.course {
            Course::Both { is_dated: true } => System { published_at: Value::Instant(published_at), ..system },
            Course::Both { is_dated: false }
            | Course::Only
            | Course::Draft { .. }
            | Course::Publish
            | Course::Unpublish => system,
        }
    }

    /// Updates the row, or inserts the one of a new locale with the links that it shares.
    async fn put_row(
        &mut self,
        frame: &mut Frame,
        found: &Found,
        merged: &Merged,
        system: &System,
    ) -> Result<(), Failure> {
        let program = self.env.program;
        let Some(current) = &found.current else {
            self.insert_row(frame, system).await?;
            if let Some(origin) = &found.origin {
                frame.source = origin.row(program);
                self.copy_shared_links(frame, merged);
            }
            return Ok(());
        };
        frame.row = current.row(program);
        fill_system(frame, program, system);
        for link in program.links.iter().filter(|link| merged.given.get(link.field).is_some()) {
            for statement in &link.before {
                self.later(frame, statement, &[]);
            }
        }
        self.later(frame, &program.update, &[]);
        Ok(())
    }

    fn copy_shared_links(&mut self, frame: &Frame, merged: &Merged) {
        let (program, content_type) = (self.env.program, self.content_type());
        for link in program.links.iter().filter(|link| !content_type.field(link.field).localized) {
            for statement in &link.copy {
                self.later(frame, statement, &[]);
            }
        }
        let shared = Content {
            fields: merged.full.fields.iter().filter(|(id, _)| !content_type.field(*id).localized).cloned().collect(),
        };
        let same = Renumbered::none(self.env.model, &shared);
        if let Some(elements) = program.element_links.as_ref().filter(|_| !same.is_empty()) {
            self.later(frame, &elements.copy, &same.lists());
        }
    }
}

/// What a course is to who listens. What is published has been published anew whenever its row was written.
fn happened(course: Course, has_beside: bool) -> &'static [ContentEvent] {
    match course {
        Course::Publish | Course::Both { .. } => &[ContentEvent::Update, ContentEvent::Publish],
        Course::Unpublish if has_beside => &[ContentEvent::Update, ContentEvent::Unpublish],
        Course::Only | Course::Draft { .. } | Course::Unpublish => &[ContentEvent::Update],
    }
}

fn new_locale(fault: NewLocaleFault) -> Failure {
    Failure::Refused(Cause::Invalid { problem: Problem::NewLocale(fault) })
}

/// The items behind those that the list has.
fn appended(stored: Option<&Held>, items: Vec<Value>) -> Held {
    let mut list = match stored {
        Some(Held::Value(Value::List(list))) => list.clone(),
        Some(_) | None => Vec::new(),
    };
    list.extend(items);
    Held::Value(Value::List(list))
}

/// A number added to what a field holds; null stays null.
fn increased(stored: Option<&Held>, by: &Value, name: &str) -> Result<Held, Failure> {
    let Some(Held::Value(value)) = stored else { return Ok(Held::Null) };
    let sum = match (value, by) {
        (_, Value::Null) => return Ok(Held::Kept),
        (Value::Int(number), Value::Int(by)) => number.checked_add(*by).map(Value::Int),
        (Value::Float(number), Value::Float(by)) => Some(number + by).filter(|sum| sum.is_finite()).map(Value::Float),
        (Value::Decimal(number), Value::Decimal(by)) => number.checked_add(*by).map(Value::Decimal),
        (Value::Decimal(number), Value::Int(by)) => number.checked_add(Decimal::from(*by)).map(Value::Decimal),
        _ => None,
    };
    let beyond = || Failure::invalid(&["The number added to ", name, " leads beyond what it can hold"].concat());
    sum.map(Held::Value).ok_or_else(beyond)
}
