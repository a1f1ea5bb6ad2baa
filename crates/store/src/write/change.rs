//! What every change needs on its way: the plan, the values, the connection, and the statements that wait to be sent.

use model::{ContentEvent, ContentType, Model};
use plan::rules::Patterns;
use plan::{
    BrokenRule, Cause, Content, FieldFault, Find, Held, Link, Locale, Problem, Segment, Value, Values, Write,
    WriteVersion,
};
use sql::layout::{ColumnType, Layout, STATUS_DRAFT, STATUS_PUBLISHED};
use sql::{Statement, WriteProgram, WriteStatement};

use super::context::WriteContext;
use super::door::{Door, Rows};
use super::element::Counts;
use super::failure::Failure;
use super::frame::{Call, Frame, text_of};
use super::link::{self, Resolved};
use super::password::Hashes;
use super::row::{CellEnv, StoredRow};
use crate::outbox::{Happened, Listeners};

/// What stays the same while a change is made.
#[derive(Clone, Copy)]
pub(crate) struct ChangeEnv<'a> {
    pub(crate) model: &'a Model,
    pub(crate) layout: &'a Layout,
    pub(crate) patterns: &'a Patterns,
    pub(crate) program: &'a WriteProgram,
    pub(crate) write: &'a Write,
    pub(crate) values: &'a Values,
    pub(crate) context: &'a WriteContext,
    pub(crate) default_locale: &'a str,
    /// The project's locales; empty: any.
    pub(crate) locales: &'a [String],
    pub(crate) hashes: &'a Hashes,
    /// Who listens to what it changes.
    pub(crate) listeners: Option<&'a Listeners>,
}

/// One change under way.
pub(crate) struct Change<'a, D: Door> {
    pub(crate) env: ChangeEnv<'a>,
    pub(crate) door: &'a D,
    /// Statements that wait for company.
    waiting: Vec<Call<'a>>,
}

/// The document that was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    pub(crate) key: Value,
    pub(crate) document_id: String,
    pub(crate) locale: String,
}

impl Written {
    /// A document of which nothing but the key is known.
    pub(crate) fn named(key: Value) -> Written {
        Written { key, document_id: String::new(), locale: String::new() }
    }
}

impl<'a, D: Door> Change<'a, D> {
    pub(crate) fn new(env: ChangeEnv<'a>, door: &'a D) -> Change<'a, D> {
        Change { env, door, waiting: Vec::new() }
    }

    pub(crate) fn content_type(&self) -> &'a ContentType {
        self.env.model.content_type(self.env.program.of)
    }

    /// A frame about no row yet.
    pub(crate) fn frame(&self, locale: &str) -> Frame {
        Frame {
            key: Value::Null,
            document_id: String::new(),
            row: Value::Null,
            source: Value::Null,
            status: STATUS_PUBLISHED,
            locale: locale.to_owned(),
            now: self.env.context.now,
            published_at: self.env.context.now,
            user: self.env.context.user,
            cells: Vec::new(),
        }
    }

    /// The instant at which a write of this version publishes.
    pub(crate) fn published_at(&self, version: WriteVersion) -> i64 {
        match version {
            WriteVersion::PublishedAt(hole) => instant_of(self.env.values.get(hole), self.env.context.now),
            WriteVersion::Only
            | WriteVersion::Draft
            | WriteVersion::Published
            | WriteVersion::AsPresent
            | WriteVersion::Unpublished => self.env.context.now,
        }
    }

    pub(crate) fn cell_env<'s>(&'s self, resolved: &'s Resolved) -> CellEnv<'s> {
        let ChangeEnv { model, layout, program, .. } = self.env;
        CellEnv { model, layout, program, resolved }
    }

    /// Lets a statement wait: it is sent with the next one whose rows are needed, in this order.
    pub(crate) fn later(&mut self, frame: &Frame, statement: &'a WriteStatement, own: &[Value]) {
        self.waiting.push(frame.call(statement, own));
    }

    /// Lets what happened to a document wait for the outbox, where somebody listens to it.
    pub(crate) fn happened(&mut self, events: &[ContentEvent], document: &Written) {
        let Some(listeners) = self.env.listeners else { return };
        let happened = Happened {
            document_id: &document.document_id,
            key: text_of(&document.key),
            locale: &document.locale,
            at: self.env.context.now,
            cause: self.env.context.cause.as_deref(),
        };
        for event in events {
            let (statement, calls) = listeners.calls(*event, &happened);
            self.waiting.extend(calls.into_iter().map(|values| Call { statement, values }));
        }
    }

    /// Sends what waits and then these, and gives the rows of these.
    pub(crate) async fn now(&mut self, calls: Vec<Call<'a>>) -> Result<Vec<Rows>, Failure> {
        let skipped = self.waiting.len();
        let mut batch = std::mem::take(&mut self.waiting);
        batch.extend(calls);
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let ran = self.door.run(batch).await;
        let mut rows = ran.map_err(|error| Failure::of_constraint(error, self.env.model, self.env.layout))?;
        Ok(rows.split_off(skipped))
    }

    /// Keeps others from making the only document of the type; tells whether it has to be looked for again.
    pub(crate) async fn lock(&mut self) -> Result<bool, Failure> {
        let Some(statement) = &self.env.program.lock else { return Ok(false) };
        let call = self.frame("").call(statement, &[]);
        self.now(vec![call]).await?;
        Ok(true)
    }

    /// Whether no statement waits to be sent.
    pub(crate) fn waits_for_nothing(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What waits, for whom sends it.
    pub(crate) fn take_waiting(&mut self) -> Vec<Call<'a>> {
        std::mem::take(&mut self.waiting)
    }

    /// The first value of the first row of one statement.
    pub(crate) async fn value(&mut self, call: Call<'a>) -> Result<Value, Failure> {
        let rows = self.now(vec![call]).await?;
        Ok(first_value(rows.first()))
    }

    /// The locale that is written, one of the project's; `''` where the type has none.
    pub(crate) fn locale(&self, locale: &Locale) -> Result<String, Failure> {
        let code = self.locale_meant(locale)?;
        self.check_locale(&code)?;
        Ok(code)
    }

    /// Refuses to write in a locale that the project does not have.
    pub(crate) fn check_locale(&self, code: &str) -> Result<(), Failure> {
        let locales = self.env.locales;
        if !self.content_type().localized || locales.is_empty() || locales.iter().any(|known| known == code) {
            return Ok(());
        }
        Err(Failure::Refused(Cause::Invalid { problem: Problem::LocaleUnknown(code.to_owned()) }))
    }

    /// The one locale that is meant, whether it is the project's or not; `''` where the type has none.
    pub(crate) fn locale_meant(&self, locale: &Locale) -> Result<String, Failure> {
        if !self.content_type().localized {
            return Ok(String::new());
        }
        match locale {
            Locale::Named(name) => Ok(name.clone()),
            Locale::Only | Locale::Default | Locale::Inherited => Ok(self.env.default_locale.to_owned()),
            Locale::All => Err(Failure::Refused(Cause::Invalid { problem: Problem::Locale("*".to_owned()) })),
        }
    }

    /// The frame's document as it is looked for; none for a value that names no document.
    pub(crate) fn look_for(&self, find: &Find, frame: &mut Frame) -> Option<()> {
        match find {
            Find::DocumentId(hole) => match self.env.values.get(*hole) {
                Value::Null => return None,
                value => frame.document_id = text_of(value),
            },
            Find::Key(hole) if *self.env.values.get(*hole) == Value::Null => return None,
            Find::Key(hole) => {
                frame.key = link::key_of_text(self.env.program.key, &text_of(self.env.values.get(*hole)))?;
            }
            Find::Unique(_) if self.find_values(find).contains(&Value::Null) => return None,
            // [`Change::begin`] has looked up the entry.
            Find::Unique(_) | Find::Entry(_) | Find::BesideEntry(_) | Find::Single => {}
        }
        Some(())
    }

    /// What the statement that finds the document takes beside its frame.
    pub(crate) fn find_values(&self, find: &Find) -> Vec<Value> {
        match find {
            Find::Unique(fields) => {
                // A value that is asked to be null is no parameter: its place is never read.
                let value = |hole: &Option<plan::HoleId>| hole.map(|hole| self.env.values.get(hole).clone());
                fields.iter().map(|(_, hole)| value(hole).unwrap_or(Value::Boolean(false))).collect()
            }
            Find::DocumentId(_) | Find::Key(_) | Find::Entry(_) | Find::BesideEntry(_) | Find::Single => Vec::new(),
        }
    }

    /// A frame about the document that is looked for, in the locale that is meant; none for a value that names no document.
    pub(crate) async fn begin(&mut self, find: &Find, meant: &Locale) -> Result<Option<Frame>, Failure> {
        let (Find::Entry(hole) | Find::BesideEntry(hole), Some(statement)) = (find, &self.env.program.find_entry)
        else {
            let mut frame = self.frame(&self.locale_meant(meant)?);
            return Ok(self.look_for(find, &mut frame).map(|()| frame));
        };
        let Some(number) = link::key_of_text(ColumnType::BigInt, &text_of(self.env.values.get(*hole))) else {
            return Ok(None);
        };
        let call = self.frame("").call(statement, &[number]);
        let rows = self.now(vec![call]).await?;
        let Some([key, Value::Text(locale)]) = rows.first().and_then(|rows| rows.first()).map(Vec::as_slice) else {
            return Ok(None);
        };
        let key = key.clone();
        match find {
            Find::BesideEntry(_) => Ok(Some(Frame { key, ..self.frame(&self.locale_meant(meant)?) })),
            Find::Entry(_) | Find::DocumentId(_) | Find::Key(_) | Find::Unique(_) | Find::Single => {
                Ok(Some(Frame { key, ..self.frame(locale) }))
            }
        }
    }

    /// Looks for the linked documents; sent with what follows.
    pub(crate) fn resolving(&self, frame: &Frame, links: &[&Link]) -> Option<Call<'a>> {
        let program = self.env.program.resolve.as_ref().filter(|_| !links.is_empty())?;
        Some(frame.call(&program.statement, &link::wanted(program, links)))
    }

    /// What [`Change::resolving`] found.
    pub(crate) fn resolved(&self, rows: Option<&Rows>) -> Resolved {
        match (&self.env.program.resolve, rows) {
            (Some(program), Some(rows)) => Resolved::of(program, rows),
            _ => Resolved::default(),
        }
    }

    /// Refuses links to documents that do not exist, or that the caller may not see.
    pub(crate) async fn check_links(&self, links: &[&Link], resolved: &Resolved, locale: &str) -> Result<(), Failure> {
        if let Some(cause) = resolved.missing(self.env.model, links, locale) {
            return Err(Failure::Refused(cause));
        }
        for (slot, statement) in &self.env.program.visible {
            let asked: Vec<&Link> = links.iter().copied().filter(|link| link.slot == *slot).collect();
            let keys: Vec<Value> = asked.iter().filter_map(|link| resolved.key(link)).collect();
            if keys.is_empty() {
                continue;
            }
            let seen: Vec<String> = self.door.keep(statement, keys).await?.iter().map(text_of).collect();
            let hidden = asked.iter().find(|link| resolved.key(link).is_some_and(|key| !seen.contains(&text_of(&key))));
            if let Some(link) = hidden {
                return Err(Failure::Refused(link::missing_cause(self.env.model, link, locale)));
            }
        }
        Ok(())
    }

    /// The rule of the role must keep each of these rows.
    pub(crate) async fn check_rule(&mut self, rows: &[Value]) -> Result<(), Failure> {
        let Some(statement) = &self.env.program.rule else { return Ok(()) };
        self.now(Vec::new()).await?;
        if self.keeps_all(statement, rows).await? { Ok(()) } else { Err(Failure::Refused(Cause::RuleOfRole)) }
    }

    /// Whether the rule of the role keeps each of these rows of a document. A document that the caller may not even see is told from a missing
    /// one by nothing: there is nothing to change, then. That a single type has its document is no secret.
    pub(crate) async fn may_change(
        &mut self,
        find: &Find,
        rows: &[Value],
        document: &[StoredRow],
    ) -> Result<bool, Failure> {
        match self.check_rule(rows).await {
            Err(refused @ Failure::Refused(_)) => {
                let is_known = *find == Find::Single || self.sees(document).await?;
                if is_known { Err(refused) } else { Ok(false) }
            }
            checked => checked.map(|()| true),
        }
    }

    /// Whether the caller may see one of a document's rows.
    async fn sees(&self, document: &[StoredRow]) -> Result<bool, Failure> {
        let program = self.env.program;
        let Some(seen) = &program.seen else { return Ok(true) };
        for (statement, is_draft) in [(&seen.published, false), (&seen.draft, true)] {
            let of_status = document.iter().filter(|row| (row.status(program) == STATUS_DRAFT) == is_draft);
            let rows: Vec<Value> = of_status.map(|row| row.row(program)).collect();
            let is_shown = match statement {
                _ if rows.is_empty() => false,
                None => true,
                Some(statement) => !self.door.keep(statement, rows).await?.is_empty(),
            };
            if is_shown {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn keeps_all(&self, statement: &Statement, rows: &[Value]) -> Result<bool, Failure> {
        let kept: Vec<String> = self.door.keep(statement, rows.to_vec()).await?.iter().map(text_of).collect();
        Ok(rows.iter().all(|row| kept.contains(&text_of(row))))
    }

    /// Refuses what would take a link from a row that the caller may not change. `beside` is the status of the row that follows the frame's.
    pub(crate) async fn check_losing(
        &mut self,
        frame: &Frame,
        (given, resolved): (&Content, &Resolved),
        beside: Option<i64>,
    ) -> Result<(), Failure> {
        let program = self.env.program;
        for losing in &program.losing {
            let Some(links) = given_links(given, losing.field) else { continue };
            let has_statuses = program.links.iter().any(|link| link.field == losing.field && link.has_statuses);
            let keys = resolved.keys(links);
            let own = link::own_lists(self.env.model, self.env.layout, program.of, has_statuses, &keys);
            let mut calls = vec![frame.call(&losing.rows, &own)];
            if let Some(status) = beside {
                calls.push(Frame { status, ..frame.clone() }.call(&losing.rows, &own));
            }
            let rows: Vec<Value> = self.now(calls).await?.into_iter().flatten().flatten().collect();
            if !rows.is_empty() && !self.keeps_all(&losing.kept, &rows).await? {
                return Err(Failure::Refused(Cause::Forbidden));
            }
        }
        Ok(())
    }

    /// Refuses to publish what would take a link from, or give one to, a published row that the caller may not change. The draft is written.
    /// Links that locales share follow in every locale in which one of these rows of the document is published.
    pub(crate) async fn check_publishing(&mut self, draft: &Frame, document: &[StoredRow]) -> Result<(), Failure> {
        let program = self.env.program;
        for following in &program.publishing {
            let is_shared = program.has_locale && !self.content_type().field(following.field).localized;
            let is_sibling = |row: &&StoredRow| {
                is_shared && row.status(program) == STATUS_PUBLISHED && row.locale(program) != draft.locale
            };
            let siblings = document.iter().filter(is_sibling);
            let beside = siblings.map(|row| Frame { locale: row.locale(program), ..draft.clone() });
            let frames: Vec<Frame> = std::iter::once(draft.clone()).chain(beside).collect();
            let calls = frames.iter().map(|frame| frame.call(&following.rows, &[])).collect();
            let rows = self.now(calls).await?;
            let rows: Vec<Value> = rows.into_iter().flatten().flatten().collect();
            if !rows.is_empty() && !self.keeps_all(&following.kept, &rows).await? {
                return Err(Failure::Refused(Cause::Forbidden));
            }
        }
        Ok(())
    }

    /// Values that another row has already.
    pub(crate) fn unique_faults(&self, content: &Content, rows: &Rows) -> Vec<FieldFault> {
        let Some(program) = &self.env.program.unique else { return Vec::new() };
        let content_type = self.content_type();
        let mut hit: Vec<usize> = rows.iter().filter_map(|row| usize::try_from(int_of(row.first())?).ok()).collect();
        hit.sort_unstable();
        hit.dedup();
        let keys = hit.into_iter().filter_map(|index| program.keys.get(index)?.first().copied());
        keys.map(|id| {
            let field = content_type.field(id);
            let value = content.get(id).filter(|_| !field.is_hidden()).and_then(|held| held.to_json(self.env.model));
            FieldFault { path: vec![Segment::Key(field.name.clone())], rule: BrokenRule::NotUnique, value }
        })
        .collect()
    }

    /// All faults of the fields, in their order.
    pub(crate) fn refuse(&self, mut faults: Vec<FieldFault>) -> Result<(), Failure> {
        if faults.is_empty() {
            return Ok(());
        }
        plan::rules::sort_by_field(&mut faults, self.content_type());
        Err(Failure::Refused(Cause::Rules(faults)))
    }

    /// Asks for ids of new elements; sent with what follows.
    pub(crate) fn taking(&self, frame: &Frame, counts: &Counts) -> Vec<Call<'a>> {
        let statement = &self.env.program.take_element_ids;
        let word = |component| Value::Text(self.env.model.component(component).uid());
        counts.iter().map(|(component, count)| frame.call(statement, &[Value::Int(*count), word(*component)])).collect()
    }
}

/// The first id of each component, as [`Change::taking`] got them.
pub(crate) fn taken(counts: &Counts, rows: &[Rows]) -> Result<Counts, Failure> {
    let mut next = Counts::new();
    for (component, rows) in counts.keys().zip(rows) {
        let Some(first) = int_of(rows.first().and_then(|row| row.first())) else {
            return Err(Failure::Store(crate::Error::Malformed { expected: "a sequence for each component" }));
        };
        next.insert(*component, first);
    }
    Ok(next)
}

pub(crate) fn first_value(rows: Option<&Rows>) -> Value {
    rows.and_then(|rows| rows.first()).and_then(|row| row.first()).cloned().unwrap_or(Value::Null)
}

fn instant_of(value: &Value, absent: i64) -> i64 {
    match value {
        Value::Instant(instant) => *instant,
        _ => absent,
    }
}

pub(crate) fn int_of(value: Option<&Value>) -> Option<i64> {
    match value {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// The links that a content gives to a field.
pub(crate) fn given_links(content: &Content, field: model::FieldId) -> Option<&[Link]> {
    match content.get(field) {
        Some(Held::Links(links) | Held::AddedLinks(links)) => Some(links),
        Some(
            Held::Null
            | Held::Value(_)
            | Held::Increment(_)
            | Held::Append(_)
            | Held::Elements(_)
            | Held::Hash(_)
            | Held::Kept,
        )
        | None => None,
    }
}
