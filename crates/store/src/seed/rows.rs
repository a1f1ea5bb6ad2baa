//! From an entry to the rows of its tables: the row itself (or draft and published), its links, the links of its components.

use std::collections::HashMap;

use model::{ComponentId, ContentType, FieldId, FieldKind, Model, TypeId};
use plan::rules::{Patterns, Stage, check};
use plan::{Content, ElementContent, Held, LinkId, LinkScope, Value, link_scope};
use sql::Layout;
use sql::element::{elements_to_json, is_list, value_to_stored};
use sql::layout::{
    ColumnType, FieldLayout, LinkLayout, POSITION_LAST, STATUS_DRAFT, STATUS_PUBLISHED, TableId, ToOneLayout,
};

use super::content::{Reader, fault_words, link_target, links_inside};
use super::identity::document_id_of;
use super::index::{DRAFT, Found, Index, PUBLISHED};
use super::read::Entry;
use super::unique::Uniques;
use super::{HashPassword, SeedOptions};

/// Rows by table, each with a value for every column of the table.
pub(super) type Batch = HashMap<TableId, Vec<Vec<Value>>>;

/// Makes rows.
pub(super) struct Maker<'a> {
    pub(super) model: &'a Model,
    pub(super) layout: &'a Layout,
    pub(super) options: &'a SeedOptions,
    pub(super) hash_password: &'a HashPassword,
    pub(super) patterns: Patterns,
    pub(super) index: &'a Index,
    pub(super) counters: Counters,
    pub(super) uniques: Uniques,
    /// The entry number of each locale of a document.
    pub(super) numbered: HashMap<(TypeId, String, String), i64>,
}

/// Next numbers.
#[derive(Debug, Default, Clone)]
pub(super) struct Counters {
    /// Next `_row` of each type with versions.
    pub(super) rows: HashMap<TypeId, i64>,
    /// Next key of each type, for entries that name neither key nor document id.
    pub(super) keys: HashMap<TypeId, i64>,
    /// Next entry number of each type with locales.
    pub(super) entries: HashMap<TypeId, i64>,
    /// Next element id of each component.
    pub(super) elements: HashMap<ComponentId, i64>,
}

/// One row that an entry makes.
struct RowOf<'a> {
    of: TypeId,
    key: &'a Value,
    document_id: &'a str,
    locale: &'a str,
    /// [`STATUS_DRAFT`] or [`STATUS_PUBLISHED`].
    status: i64,
    /// Where the type has locales.
    number: Option<i64>,
    entry: &'a Entry,
    content: &'a Content,
}

impl Maker<'_> {
    /// Adds the rows of an entry, or says everything that is wrong with it.
    pub(super) fn add(&mut self, of: TypeId, entry: &Entry, batch: &mut Batch) -> Result<(), Vec<String>> {
        let content_type = self.model.content_type(of);
        let mut reader = Reader::new(self.model);
        let mut content = reader.content(&content_type.fields, &entry.data);
        let unfit = reader.faults;
        let mut faults = unfit.clone();
        content.fill_defaults(self.model, &content_type.fields);
        faults.extend(self.other_side_faults(of, &content));
        faults.extend(self.missing_links(&content));
        let statuses = statuses_of(content_type, entry);
        for status in &statuses {
            let stage = stage_of(content_type, *status);
            let broken = check(self.model, &self.patterns, content_type, &content, stage);
            // A value that does not fit is not told to be missing, too.
            let is_told = |words: &String| {
                words.strip_suffix(": it is required").is_some_and(|path| {
                    unfit
                        .iter()
                        .any(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with(": the value ")))
                })
            };
            faults.extend(broken.iter().map(fault_words).filter(|words| !is_told(words)));
        }
        faults.extend(time_faults(entry));
        if let Err(fault) = self.hash_passwords(content_type, &mut content) {
            faults.push(fault);
        }
        if !faults.is_empty() {
            faults.sort();
            faults.dedup();
            return Err(faults);
        }
        let (key, document_id) = self.identity(of, entry);
        let locale = locale_of(content_type, entry, self.options);
        let number = content_type.localized.then(|| self.entry_number(of, (&document_id, locale), entry.number));
        for (index, status) in statuses.iter().enumerate() {
            self.number_elements(&mut content, index > 0);
            let (document_id, status, content) = (document_id.as_str(), *status, &content);
            let row = RowOf { of, key: &key, document_id, locale, status, number, entry, content };
            faults.extend(self.row(&row, batch));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The number that is given for a locale of a document, or that its other row has, or the next one.
    fn entry_number(&mut self, of: TypeId, (document_id, locale): (&str, &str), given: Option<i64>) -> i64 {
        let next = self.counters.entries.entry(of).or_insert(1);
        let number = self.numbered.entry((of, document_id.to_owned(), locale.to_owned())).or_insert_with(|| {
            given.unwrap_or_else(|| {
                *next += 1;
                *next - 1
            })
        });
        *number
    }

    /// A relation that the other side holds is given there.
    fn other_side_faults(&self, of: TypeId, content: &Content) -> Vec<String> {
        let stored = self.layout.content_type(of);
        let own = self.model.content_type(of);
        let fault = |(field, held): &(FieldId, Held)| match (stored.field(*field), held) {
            (FieldLayout::Inverse { of, field: other }, Held::Links(links)) if !links.is_empty() => {
                let holder = self.model.content_type(*of);
                let place = [holder.name.as_str(), ".", &holder.field(*other).name].concat();
                Some(
                    [own.field(*field).name.as_str(), ": this relation is kept by its other side: give it in ", &place]
                        .concat(),
                )
            }
            _ => None,
        };
        content.fields.iter().filter_map(fault).collect()
    }

    fn missing_links(&self, content: &Content) -> Vec<String> {
        let missing =
            links_inside(content).into_iter().map(link_target).filter(|(of, id)| self.index.find(*of, id).is_none());
        missing
            .map(|(of, id)| ["there is no ", &self.model.content_type(of).name, " with the document id ", id].concat())
            .collect()
    }

    fn hash_passwords(&self, content_type: &ContentType, content: &mut Content) -> Result<(), String> {
        for (id, field) in content_type.fields_by_id() {
            let is_password = matches!(field.kind, FieldKind::Scalar { scalar: model::Scalar::Password, .. });
            let Some(Held::Value(Value::Text(text))) = content.get(id).filter(|_| is_password) else { continue };
            let hash = (self.hash_password)(text).map_err(|problem| [field.name.as_str(), ": ", &problem].concat())?;
            content.put(id, Held::Value(Value::Text(hash)));
        }
        Ok(())
    }

    /// The key and the public id of the entry's document. The first pass has noted every document that is named.
    fn identity(&mut self, of: TypeId, entry: &Entry) -> (Value, String) {
        let given = super::given_key(self.model, of, entry).ok().flatten();
        let document_id = entry.document_id.clone().or_else(|| document_id_of(given.as_ref()?));
        if let Some(document_id) = document_id {
            let key = self.index.find(of, &document_id).map(|found| found.key).or(given).unwrap_or(Value::Null);
            return (key, document_id);
        }
        let next = self.counters.keys.entry(of).or_insert(1);
        let key = super::made_key(self.model, of, *next);
        *next += 1;
        let document_id = document_id_of(&key).unwrap_or_default();
        (key, document_id)
    }

    /// Gives ids to elements that have none; to all of them where the content is written a second time.
    fn number_elements(&mut self, content: &mut Content, anew: bool) {
        for (_, held) in &mut content.fields {
            let Held::Elements(elements) = held else { continue };
            for element in elements {
                if anew || element.id.is_none() {
                    let next = self.counters.elements.entry(element.component).or_insert(1);
                    element.id = Some(*next);
                    *next += 1;
                }
                self.number_elements(&mut element.content, anew);
            }
        }
    }

    /// Adds a row and what belongs to it. What comes back are faults: unique values that a row before it has.
    fn row(&mut self, row: &RowOf<'_>, batch: &mut Batch) -> Vec<String> {
        let stored = self.layout.content_type(row.of);
        let owner = if let Some(document) = stored.document {
            let documents = batch.entry(document).or_default();
            // Several rows of one document make one row here: the statement that loads it passes over what is there.
            documents.push(vec![row.key.clone(), Value::Text(row.document_id.to_owned())]);
            let next = self.counters.rows.entry(row.of).or_insert(1);
            *next += 1;
            Value::Int(*next - 1)
        } else {
            row.key.clone()
        };
        let table = self.layout.row_table(row.of);
        let mut values: HashMap<&str, Value> = HashMap::with_capacity(table.columns.len());
        for (field, held) in &row.content.fields {
            match stored.field(*field) {
                FieldLayout::Column { name, .. } => {
                    let declared = self.model.content_type(row.of).field(*field);
                    values.insert(name, self.column_value(held, is_list(declared)));
                }
                FieldLayout::ToOne(to_one) => self.to_one_values(to_one, held, &mut values),
                FieldLayout::Link(link) => self.link_rows(row.of, link, &owner, held, batch),
                FieldLayout::Inverse { .. } => {}
            }
        }
        self.component_links(row, &owner, batch);
        let cells = table.columns.iter().map(|column| match column.field {
            Some(_) => values.remove(column.name.as_str()).unwrap_or_else(|| absent_value(column.default)),
            None => self.system_value(&column.name, row, &owner),
        });
        let cells: Vec<Value> = cells.collect();
        let broken = self.uniques.broken(row.of, table, &cells);
        batch.entry(stored.rows).or_default().push(cells);
        broken.into_iter().map(|key| unique_words(self.model.content_type(row.of), &key.fields)).collect()
    }

    /// The value of a field's own column. Lists and elements are JSON text.
    fn column_value(&self, held: &Held, list: bool) -> Value {
        match held {
            Held::Value(list @ Value::List(_)) => Value::Json(value_to_stored(list).to_string()),
            Held::Value(value) => value.clone(),
            Held::Elements(elements) if elements.is_empty() && !list => Value::Null,
            Held::Elements(elements) => Value::Json(elements_to_json(self.model, elements, list).to_string()),
            Held::Hash(hash) => Value::Text(hash.clone()),
            Held::Null | Held::Increment(_) | Held::Append(_) | Held::Links(_) | Held::AddedLinks(_) | Held::Kept => {
                Value::Null
            }
        }
    }

    fn to_one_values<'b>(&self, to_one: &'b ToOneLayout, held: &Held, values: &mut HashMap<&'b str, Value>) {
        let Some((link, found)) = self.found(held).into_iter().next() else { return };
        values.insert(&to_one.key, found.key);
        if let Some(target_type) = &to_one.target_type {
            values.insert(target_type, Value::Text(self.layout.type_word(link).to_owned()));
        }
    }

    /// Linked documents, each once.
    fn found(&self, held: &Held) -> Vec<(TypeId, Found)> {
        let Held::Links(links) = held else { return Vec::new() };
        let mut met: Vec<(TypeId, &LinkId)> = Vec::with_capacity(links.len());
        let mut list = Vec::with_capacity(links.len());
        for link in links {
            if met.contains(&(link.of, &link.id)) {
                continue;
            }
            met.push((link.of, &link.id));
            let (of, id) = link_target(link);
            list.extend(self.index.find(of, id).map(|found| (of, found)));
        }
        list
    }

    fn link_rows(&self, of: TypeId, link: &LinkLayout, owner: &Value, held: &Held, batch: &mut Batch) {
        let rows = batch.entry(link.table).or_default();
        for (position, (target, found)) in (1i64..).zip(self.found(held)) {
            for status in self.linked_statuses(of, target, found.statuses) {
                let mut cells = vec![owner.clone()];
                if link.has_target_type {
                    cells.push(Value::Text(self.layout.type_word(target).to_owned()));
                }
                cells.push(found.key.clone());
                if link.has_target_status {
                    cells.push(Value::Int(status.unwrap_or(STATUS_PUBLISHED)));
                }
                cells.extend([Value::Int(position), Value::Int(POSITION_LAST)]);
                rows.push(cells);
            }
        }
    }

    /// The statuses that a link names: those that the target has, where its holder has no drafts of its own; else none is named, once.
    fn linked_statuses(&self, of: TypeId, target: TypeId, statuses: u8) -> Vec<Option<i64>> {
        match link_scope(self.model.content_type(of), self.model.content_type(target)) {
            LinkScope::Document => vec![None],
            LinkScope::Status => {
                let each = [(DRAFT, STATUS_DRAFT), (PUBLISHED, STATUS_PUBLISHED)];
                each.into_iter().filter(|(bit, _)| statuses & bit != 0).map(|(_, status)| Some(status)).collect()
            }
        }
    }

    fn component_links(&self, row: &RowOf<'_>, owner: &Value, batch: &mut Batch) {
        for (_, held) in &row.content.fields {
            if let Held::Elements(elements) = held {
                self.links_of_elements(row, owner, elements, batch);
            }
        }
    }

    fn links_of_elements(&self, row: &RowOf<'_>, owner: &Value, elements: &[ElementContent], batch: &mut Batch) {
        let Some(links) = &self.layout.content_type(row.of).component_links else { return };
        for element in elements {
            let component = self.model.component(element.component);
            for (member, held) in &element.content.fields {
                if let Held::Elements(inner) = held {
                    self.links_of_elements(row, owner, inner, batch);
                }
                for (position, (target, found)) in (1i64..).zip(self.found(held)) {
                    for status in self.linked_statuses(row.of, target, found.statuses) {
                        let key_type = self.layout.content_type(target).key;
                        let mut cells = vec![
                            owner.clone(),
                            Value::Text(component.uid()),
                            element.id.map_or(Value::Null, Value::Int),
                            Value::Text(component.field(*member).name.clone()),
                            Value::Text(self.layout.type_word(target).to_owned()),
                        ];
                        let own = |of: ColumnType| if of == key_type { found.key.clone() } else { Value::Null };
                        cells.extend(links.targets.iter().map(|(of, _)| own(*of)));
                        cells.extend([status.map_or(Value::Null, Value::Int), Value::Int(position)]);
                        batch.entry(links.table).or_default().push(cells);
                    }
                }
            }
        }
    }

    fn system_value(&self, name: &str, row: &RowOf<'_>, owner: &Value) -> Value {
        let now = self.options.now;
        let created = time_of(row.entry.created_at.as_deref()).unwrap_or(now);
        let updated = time_of(row.entry.updated_at.as_deref()).unwrap_or(created);
        match name {
            "_row" => owner.clone(),
            "_key" => row.key.clone(),
            "_document_id" => Value::Text(row.document_id.to_owned()),
            "_locale" => Value::Text(row.locale.to_owned()),
            "_status" => Value::Int(row.status),
            "_created_at" => Value::Instant(created),
            "_updated_at" => Value::Instant(updated),
            "_published_at" if row.status == STATUS_DRAFT => Value::Null,
            "_published_at" => Value::Instant(time_of(row.entry.published_at.as_deref()).unwrap_or(updated)),
            "_revision" => Value::Int(1),
            "_entry" => row.number.map_or(Value::Null, Value::Int),
            _ => Value::Null,
        }
    }
}

fn unique_words(of: &ContentType, fields: &[FieldId]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| of.field(*field).name.as_str()).collect();
    [&names.join(", "), ": an entry before it has the same value, which must be unique"].concat()
}

/// The rows that an entry makes: of a type with drafts the one that it names, or both.
pub(super) fn statuses_of(content_type: &ContentType, entry: &Entry) -> Vec<i64> {
    match entry.status.as_deref() {
        _ if !content_type.draft_and_publish => vec![STATUS_PUBLISHED],
        Some("draft") => vec![STATUS_DRAFT],
        Some("published") => vec![STATUS_PUBLISHED],
        Some(_) | None => vec![STATUS_DRAFT, STATUS_PUBLISHED],
    }
}

/// The locale that an entry is in: empty for a type without locales.
pub(super) fn locale_of<'a>(content_type: &ContentType, entry: &'a Entry, options: &'a SeedOptions) -> &'a str {
    if content_type.localized { entry.locale.as_deref().unwrap_or(&options.default_locale) } else { "" }
}

fn stage_of(content_type: &ContentType, status: i64) -> Stage {
    match (content_type.draft_and_publish, status) {
        (false, _) => Stage::Create,
        (true, STATUS_DRAFT) => Stage::Draft,
        (true, _) => Stage::Publish,
    }
}

fn absent_value(default: sql::layout::ColumnDefault) -> Value {
    match default {
        sql::layout::ColumnDefault::Number(number) => Value::Int(number),
        sql::layout::ColumnDefault::EmptyText => Value::Text(String::new()),
        sql::layout::ColumnDefault::None | sql::layout::ColumnDefault::Identity => Value::Null,
    }
}

fn time_faults(entry: &Entry) -> Vec<String> {
    let times =
        [("createdAt", &entry.created_at), ("updatedAt", &entry.updated_at), ("publishedAt", &entry.published_at)];
    let is_wrong = |text: &Option<String>| text.as_deref().is_some_and(|text| time_of(Some(text)).is_none());
    times
        .iter()
        .filter(|(_, text)| is_wrong(text))
        .map(|(name, _)| [*name, ": it is no instant in RFC 3339"].concat())
        .collect()
}

fn time_of(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}
