//! Everything that a change may run, printed once for each plan.
//!
//! In flow a [`Write`], out comes a [`WriteProgram`]: statements whose number does not depend on how much is written, and which the store runs
//! in the order of its own story (look, check, write, link, publish, read again). Which columns a row has and where their values come from
//! stands beside them, so that the store fills [`Arg`](crate::Arg)s and never a text.

use model::{ContentType, FieldId, Model, TypeId};
use plan::{Answer, AnswerEntry, AnswerValue, Data, Filter, Find, HoleId, MadeEntry, Write, WriteAction, WriteVersion};

use crate::compile::program;
use crate::layout::{ColumnType, KeySource, Layout};
use crate::scope::Env;
use crate::write_at_once::{AtOnceProgram, at_once};
use crate::write_check::{self, ResolveProgram, UidProgram, UniqueProgram};
use crate::write_element::{self, ElementLinkProgram};
use crate::write_kept::{By, kept};
use crate::write_link::{LinkEnv, LinkProgram};
use crate::write_lose::LosingProgram;
use crate::write_print::WriteStatement;
use crate::write_row::{self, CellSource, RowColumn};
use crate::{Database, Node, Statement};

/// Everything that a change may run.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteProgram {
    /// The content type.
    pub of: TypeId,
    /// What its keys are.
    pub key: ColumnType,
    /// Where a new key comes from.
    pub key_source: KeySource,
    /// Documents have several rows.
    pub has_document: bool,
    /// Rows have a draft and a published version.
    pub has_status: bool,
    /// Rows have locales.
    pub has_locale: bool,
    /// Columns of the row table.
    pub columns: Vec<RowColumn>,
    /// Place of the column that names a row.
    pub row_column: usize,
    /// Keeps others from writing to a type of one document while it is made.
    pub lock: Option<WriteStatement>,
    /// Finds the document and the locale that an entry number stands for.
    pub find_entry: Option<WriteStatement>,
    /// Finds and locks the rows of the document.
    pub find: WriteStatement,
    /// Looks for the documents that are linked.
    pub resolve: Option<ResolveProgram>,
    /// Looks for other rows with the same unique values.
    pub unique: Option<UniqueProgram>,
    /// UIDs that are made where none is given.
    pub uids: Vec<UidProgram>,
    /// Takes the key of a new document, where the database does not give it with the insert.
    pub take_key: Option<WriteStatement>,
    /// Takes the numbers of a new document's two rows, likewise.
    pub take_rows: Option<WriteStatement>,
    /// Inserts the document, where it has several rows.
    pub insert_document: Option<WriteStatement>,
    /// Inserts a row.
    pub insert_row: WriteStatement,
    /// Before a row of a type with locales is inserted: takes a number for a new locale of a document.
    pub take_entry: Option<WriteStatement>,
    /// Sets the columns of the fields given.
    pub update: WriteStatement,
    /// Sets those of them that locales share in the document's other locales.
    pub update_shared: Option<WriteStatement>,
    /// Sets all that locales share in the frame's row: what another locale has published.
    pub publish_shared: Option<WriteStatement>,
    /// Removes the frame's row alone: what was published is taken back.
    pub unpublish: Option<WriteStatement>,
    /// Sets every column of a field: the published row becomes a copy of the draft.
    pub overwrite: WriteStatement,
    /// Relations of the type.
    pub links: Vec<LinkProgram>,
    /// Takes ids for new elements of a component.
    pub take_element_ids: WriteStatement,
    /// Links inside components.
    pub element_links: Option<ElementLinkProgram>,
    /// Removes the document.
    pub delete: WriteStatement,
    /// Removes one locale of it.
    pub delete_locale: Option<WriteStatement>,
    /// Removes links to it that no foreign key watches.
    pub forget: Vec<WriteStatement>,
    /// Those of the rows bound as parents that the rule of the caller's role keeps; none: all.
    pub rule: Option<Statement>,
    /// Which versions of a document that the rule refuses the caller may see.
    pub seen: Option<Seen>,
    /// Rows that lose a link, where the caller's rules ask something of them.
    pub losing: Vec<LosingProgram>,
    /// Published rows of others that get or lose a link as the document is published, where the caller's rules ask something of them.
    pub publishing: Vec<LosingProgram>,
    /// For a set of links (by its place in [`Data::links`]) those of the documents bound as parents that the caller may see.
    pub visible: Vec<(usize, Statement)>,
    /// What the answer shows.
    pub answer: AnswerProgram,
    /// Makes the document in one statement, where nothing has to be looked at first.
    pub at_once: Option<AtOnceProgram>,
}

/// Those of the rows bound as parents that the caller may see; none: all.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of published rows.
    pub published: Option<Statement>,
    /// Of drafts.
    pub draft: Option<Statement>,
}

impl Seen {
    /// Nothing where no rule can refuse the document.
    fn of(env: Env<'_>, write: &Write) -> Option<Seen> {
        let kept = |filter| kept(env, write.of, By::Row, filter);
        (write.rules.row != Filter::All)
            .then(|| Seen { published: kept(&write.rules.seen_published), draft: kept(&write.rules.seen_draft) })
    }
}

/// What the answer to a change shows.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerProgram {
    /// The row.
    Row(Box<Node>),
    /// An object.
    Wrap(Vec<AnswerProgramEntry>),
}

/// One entry of an object that answers a change.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerProgramEntry {
    /// `"key":`, escaped.
    pub key_json: String,
    /// The bare key, for paths of faults.
    pub key: String,
    /// What it is.
    pub value: AnswerProgramValue,
}

/// What stands under a key of an object that answers a change.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerProgramValue {
    /// JSON text.
    Constant(String),
    /// A value of the request, given back.
    Echo(HoleId),
    /// The public id of the document.
    DocumentId,
    /// Number of documents written.
    Affected,
    /// What a command has made under this name.
    Made(&'static str),
    /// Members of each object of a list that a command has made under this name.
    MadeList(&'static str, Vec<MadeEntry>),
    /// An object.
    Wrap(Vec<AnswerProgramEntry>),
    /// The row.
    Row(Box<Node>),
}

impl WriteProgram {
    /// The statements of a change.
    #[must_use]
    pub fn of(model: &Model, layout: &Layout, database: Database, write: &Write) -> WriteProgram {
        let nothing = Data::default();
        let (data, find) = match &write.action {
            WriteAction::Create { data, .. } => (data, &Find::Single),
            WriteAction::Update { data, find, .. } => (data, find),
            WriteAction::Delete { find, .. } => (&nothing, find),
        };
        let of = write.of;
        let env = Env { model, layout, database };
        let creates = matches!(write.action, WriteAction::Create { .. });
        let content_type = model.content_type(of);
        let stored = layout.content_type(of);
        let columns = write_row::row_columns(layout, of);
        let links = LinkEnv { model, layout, database, of };
        let given = given_columns(&columns, data, version_of(&write.action));
        let is_shared =
            |index: &usize| field_of(columns[*index].source).is_some_and(|field| !content_type.field(field).localized);
        let shared: Vec<usize> = given.iter().copied().filter(is_shared).collect();
        let all = settable(&columns);
        let all_shared: Vec<usize> = all.iter().copied().filter(is_shared).collect();
        let program = WriteProgram {
            of,
            key: stored.key,
            key_source: stored.key_source.clone(),
            has_document: stored.document.is_some(),
            has_status: stored.has_status,
            has_locale: stored.has_locale,
            row_column: columns.iter().position(|column| column.name == stored.row_column).unwrap_or_default(),
            lock: if content_type.single { write_row::lock(layout, database, of) } else { None },
            find_entry: stored.has_locale.then(|| write_row::find_entry(layout, database, of)),
            find: write_row::find_rows(layout, database, of, &columns, find),
            resolve: write_check::resolve(model, layout, database, of, (data, creates)),
            unique: write_check::unique(layout, database, of, &columns),
            uids: write_check::uids(layout, database, of, content_type),
            take_key: write_row::take_keys(layout, database, of),
            take_rows: write_row::take_rows(layout, database, of),
            insert_document: write_row::insert_document(layout, database, of),
            take_entry: stored.has_locale.then(|| write_row::take_entry(layout, database, of)),
            insert_row: write_row::insert_row(layout, database, of, &columns),
            update: write_row::update_row(layout, database, of, &columns, &given),
            update_shared: (stored.has_locale && !shared.is_empty())
                .then(|| write_row::update_other_locales(layout, database, of, &columns, &shared)),
            publish_shared: (stored.has_locale && stored.has_status && !all_shared.is_empty())
                .then(|| write_row::update_row(layout, database, of, &columns, &all_shared)),
            unpublish: stored.has_status.then(|| write_row::delete_row(layout, database, of)),
            overwrite: write_row::update_row(layout, database, of, &columns, &all),
            links: content_type.fields_by_id().filter_map(|(field, _)| links.program(field)).collect(),
            take_element_ids: write_element::take_element_ids(layout, database),
            element_links: write_element::element_links(layout, database, of),
            delete: write_row::delete_document(layout, database, of),
            delete_locale: stored.has_locale.then(|| write_row::delete_locale(layout, database, of)),
            forget: write_element::forget(layout, database, of),
            rule: kept(env, of, By::Row, &write.rules.row),
            seen: Seen::of(env, write),
            losing: write.rules.losing.iter().filter_map(|losing| links.losing(env, losing)).collect(),
            publishing: write.rules.publishing.iter().filter_map(|losing| links.publishing(env, losing)).collect(),
            visible: visible(env, content_type, data),
            answer: answer(env, &write.answer),
            at_once: None,
            columns,
        };
        WriteProgram { at_once: at_once((model, layout, database), write, &program), ..program }
    }

    /// Numbers the statements of the answer from `next`; gives the number after the last.
    pub fn number(&mut self, next: u16) -> u16 {
        self.answer.number(next)
    }
}

impl AnswerProgram {
    /// What an answer shows.
    #[must_use]
    pub fn of(model: &Model, layout: &Layout, database: Database, shown: &Answer) -> AnswerProgram {
        answer(Env { model, layout, database }, shown)
    }

    /// Numbers its statements from `next`; gives the number after the last.
    pub fn number(&mut self, next: u16) -> u16 {
        match self {
            AnswerProgram::Row(node) => node.number(next),
            AnswerProgram::Wrap(entries) => number_entries(entries, next),
        }
    }
}

fn number_entries(entries: &mut [AnswerProgramEntry], next: u16) -> u16 {
    entries.iter_mut().fold(next, |next, entry| match &mut entry.value {
        AnswerProgramValue::Row(node) => node.number(next),
        AnswerProgramValue::Wrap(inner) => number_entries(inner, next),
        AnswerProgramValue::Constant(_)
        | AnswerProgramValue::Echo(_)
        | AnswerProgramValue::DocumentId
        | AnswerProgramValue::Affected
        | AnswerProgramValue::Made(_)
        | AnswerProgramValue::MadeList(..) => next,
    })
}

fn visible(env: Env<'_>, content_type: &ContentType, data: &Data) -> Vec<(usize, Statement)> {
    let links = data.links(env.model, &content_type.fields).into_iter().enumerate();
    links.filter_map(|(slot, (of, links))| Some((slot, kept(env, of, By::Key, &links.visible)?))).collect()
}

fn answer(env: Env<'_>, answer: &Answer) -> AnswerProgram {
    match answer {
        Answer::Row(select) => AnswerProgram::Row(Box::new(program(env.model, env.layout, env.database, select))),
        Answer::Wrap(entries) => AnswerProgram::Wrap(answer_entries(env, entries)),
    }
}

fn answer_entries(env: Env<'_>, entries: &[AnswerEntry]) -> Vec<AnswerProgramEntry> {
    let value = |value: &AnswerValue| match value {
        AnswerValue::Constant(json) => AnswerProgramValue::Constant(json.clone()),
        AnswerValue::Echo(hole) => AnswerProgramValue::Echo(*hole),
        AnswerValue::DocumentId => AnswerProgramValue::DocumentId,
        AnswerValue::Affected => AnswerProgramValue::Affected,
        AnswerValue::Made(name) => AnswerProgramValue::Made(name),
        AnswerValue::MadeList(name, entries) => AnswerProgramValue::MadeList(name, entries.clone()),
        AnswerValue::Wrap(inner) => AnswerProgramValue::Wrap(answer_entries(env, inner)),
        AnswerValue::Row(select) => {
            AnswerProgramValue::Row(Box::new(program(env.model, env.layout, env.database, select)))
        }
    };
    let entry = |entry: &AnswerEntry| AnswerProgramEntry {
        key_json: [serde_json::Value::from(entry.key.as_str()).to_string(), ":".to_owned()].concat(),
        key: entry.key.clone(),
        value: value(&entry.value),
    };
    entries.iter().map(entry).collect()
}

fn version_of(action: &WriteAction) -> Option<WriteVersion> {
    match action {
        WriteAction::Create { version, .. } | WriteAction::Update { version, .. } => Some(*version),
        WriteAction::Delete { .. } => None,
    }
}

/// The columns of the fields given, and of the instant of publishing where it is. A number that is added is worked out by the writer, who
/// holds the row.
fn given_columns(columns: &[RowColumn], data: &Data, version: Option<WriteVersion>) -> Vec<usize> {
    let mut given = Vec::new();
    if matches!(version, Some(WriteVersion::PublishedAt(_))) {
        given.extend(columns.iter().position(|column| column.source == CellSource::PublishedAt));
    }
    for assignment in &data.assignments {
        for (index, column) in columns.iter().enumerate() {
            if field_of(column.source) == Some(assignment.field) {
                given.push(index);
            }
        }
    }
    given
}

fn settable(columns: &[RowColumn]) -> Vec<usize> {
    let of_fields = columns.iter().enumerate();
    of_fields.filter(|(_, column)| write_row::is_settable(column)).map(|(index, _)| index).collect()
}

/// The field that a column belongs to.
#[must_use]
pub fn field_of(source: CellSource) -> Option<FieldId> {
    match source {
        CellSource::Field(field)
        | CellSource::ToOneKey(field)
        | CellSource::ToOneType(field)
        | CellSource::ToOnePosition(field) => Some(field),
        CellSource::Row
        | CellSource::Key
        | CellSource::DocumentId
        | CellSource::Locale
        | CellSource::Status
        | CellSource::CreatedAt
        | CellSource::UpdatedAt
        | CellSource::PublishedAt
        | CellSource::CreatedBy
        | CellSource::UpdatedBy
        | CellSource::Revision
        | CellSource::Entry
        | CellSource::DeletedAt => None,
    }
}
