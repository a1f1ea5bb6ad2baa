//! From a model to its tables: first every type's own tables, then what joins them.

use model::{ColumnName, ContentType, Field, FieldId, Key, Model, Scalar, TypeId, Unique};

use super::columns::{self, column, nullable};
use super::relations::{self, Place};
use super::{
    COMPONENT_SEQUENCE, ColumnDefault, ColumnType, FieldLayout, ForeignKey, IndexLayout, KEY_SEQUENCE, KeySource,
    Layout, LayoutError, OnDelete, RowCondition, Table, TableColumn, TableId, TypeLayout, UniqueLayout,
};
use crate::name::{Names, snake_case};

/// What grows while a layout is made.
pub(super) struct Draft<'a> {
    pub(super) model: &'a Model,
    pub(super) tables: Vec<Table>,
    pub(super) types: Vec<TypeLayout>,
    /// Names of tables, indexes and constraints: PostgreSQL keeps them in one place for each schema.
    pub(super) names: Names,
    /// Names of columns, by type.
    pub(super) columns: Vec<Names>,
}

/// Tables of the model, or the first thing that cannot be stored.
pub(super) fn layout(model: &Model) -> Result<Layout, LayoutError> {
    for content_type in &model.types {
        check_storable(content_type)?;
    }
    let mut draft =
        Draft { model, tables: Vec::new(), types: Vec::new(), names: Names::default(), columns: Vec::new() };
    sequences(&mut draft);
    for (of, content_type) in model.content_types() {
        own_tables(&mut draft, of, content_type);
    }
    for (of, content_type) in model.content_types() {
        for (field, declared) in content_type.fields_by_id() {
            let stored = field_layout(&mut draft, Place { of, field }, declared)?;
            draft.types[usize::from(of.0)].fields.push(stored);
        }
        let trailing = columns::trailing_columns(content_type);
        draft.row_table(of).columns.extend(trailing);
    }
    for (of, content_type) in model.content_types() {
        relations::component_links(&mut draft, of);
        keys_and_indexes(&mut draft, of, content_type);
    }
    Ok(Layout { tables: draft.tables, types: draft.types })
}

/// Refuses what this version cannot store.
fn check_storable(content_type: &ContentType) -> Result<(), LayoutError> {
    if let Some(table) = &content_type.table {
        return Err(LayoutError::Imported { name: content_type.name.clone(), table: table.clone() });
    }
    match content_type.key {
        Key::BigInt | Key::Uuid | Key::Text => Ok(()),
        Key::Columns(_) => Err(LayoutError::KeyColumns { name: content_type.name.clone() }),
    }
}

/// `component_sequence(component, next)` and `key_sequence(name, next)`.
fn sequences(draft: &mut Draft) {
    for (name, word) in [(COMPONENT_SEQUENCE, "component"), (KEY_SEQUENCE, "name")] {
        let table = Table {
            columns: vec![column(word, ColumnType::Text), column("next", ColumnType::BigInt)],
            primary_key: vec![word.to_owned()],
            ..empty_table(draft.names.take(&[name], name), None)
        };
        draft.tables.push(table);
    }
}

/// The document table (where there is one) and the row table with its leading columns; fields and keys follow.
fn own_tables(draft: &mut Draft, of: TypeId, content_type: &ContentType) {
    let name = table_word(content_type);
    let key = ColumnType::of_key(&content_type.key);
    let key_source = key_source(content_type);
    let row_table_name = draft.names.take(&[&name], &content_type.name);
    let document = content_type.has_versions().then(|| document_table(draft, of, content_type));
    let mut rows = empty_table(row_table_name, Some(of));
    if let Some(document) = document {
        rows.columns.extend([
            TableColumn { default: ColumnDefault::Identity, ..column("_row", ColumnType::BigInt) },
            column("_key", key),
            column("_document_id", ColumnType::Text),
            TableColumn { default: ColumnDefault::EmptyText, ..column("_locale", ColumnType::Text) },
            column("_status", ColumnType::SmallInt),
        ]);
        rows.primary_key = vec!["_row".to_owned()];
        rows.foreign_keys.push(ForeignKey {
            name: draft.names.take(&[&rows.name, "document", "fk"], &rows.name),
            column: "_key".to_owned(),
            table: document,
            references: "_key",
            on_delete: OnDelete::Cascade,
        });
    } else {
        rows.columns.extend([key_column(key, &key_source), column("_document_id", ColumnType::Text)]);
        rows.primary_key = vec!["_key".to_owned()];
    }
    let (row_column, row) = if document.is_some() { ("_row", ColumnType::BigInt) } else { ("_key", key) };
    let rows = draft.push(rows);
    let mut names = Names::default();
    for taken in &draft.tables[usize::from(rows.0)].columns {
        names.take(&[&taken.name], &taken.name);
    }
    draft.columns.push(names);
    draft.types.push(TypeLayout {
        document,
        rows,
        component_links: None,
        key,
        key_source,
        row_column,
        row,
        has_status: content_type.draft_and_publish,
        has_locale: content_type.localized,
        has_trash: content_type.trash.is_some(),
        fields: Vec::new(),
    });
}

/// `<type>_document(_key, _document_id)`.
fn document_table(draft: &mut Draft, of: TypeId, content_type: &ContentType) -> TableId {
    let name = draft.names.take(&[&table_word(content_type), "document"], &content_type.name);
    let unique = document_id_key(draft, &name);
    let table = Table {
        columns: vec![
            key_column(ColumnType::of_key(&content_type.key), &key_source(content_type)),
            column("_document_id", ColumnType::Text),
        ],
        primary_key: vec!["_key".to_owned()],
        unique: vec![unique],
        ..empty_table(name, Some(of))
    };
    draft.push(table)
}

/// The name of a type's tables. `Media` is the table `file`: what it holds are files, whatever they are used for.
fn table_word(content_type: &ContentType) -> String {
    if content_type.is_media() { "file".to_owned() } else { snake_case(&content_type.name) }
}

fn key_column(key: ColumnType, source: &KeySource) -> TableColumn {
    let default = if *source == KeySource::Identity { ColumnDefault::Identity } else { ColumnDefault::None };
    TableColumn { default, ..column("_key", key) }
}

fn key_source(content_type: &ContentType) -> KeySource {
    match (&content_type.key, &content_type.keys) {
        (Key::Uuid, _) => KeySource::Uuid,
        (Key::Text, _) => KeySource::Given,
        (Key::BigInt | Key::Columns(_), Some(shared)) => KeySource::Shared(shared.clone()),
        (Key::BigInt | Key::Columns(_), None) => KeySource::Identity,
    }
}

/// Adds the columns of a field to its type's row table, and a link table where it needs one.
fn field_layout(draft: &mut Draft, place: Place, field: &Field) -> Result<FieldLayout, LayoutError> {
    let Some(of) = columns::column_of_field(field) else { return relations::relation_layout(draft, place) };
    let name = draft.column_name(place.of, &[&snake_case(&field.name)], &field.name);
    let null_allowed = !columns::refuses_null(draft.model.content_type(place.of), field);
    let added = if null_allowed { nullable(&name, of) } else { column(&name, of) };
    draft.row_table(place.of).columns.push(TableColumn { field: Some(place.field), ..added });
    Ok(FieldLayout::Column { name, of })
}

/// Unique keys and indexes of the row table.
fn keys_and_indexes(draft: &mut Draft, of: TypeId, content_type: &ContentType) {
    let table_name = draft.row_table(of).name.clone();
    if content_type.has_versions() {
        let name = draft.names.take(&[&table_name, "version", "unique"], &table_name);
        let columns = ["_key", "_locale", "_status"].map(str::to_owned).to_vec();
        draft.row_table(of).unique.push(UniqueLayout {
            name,
            columns,
            nulls_equal: false,
            only: Vec::new(),
            fields: Vec::new(),
        });
        let by_document = IndexLayout {
            name: draft.names.take(&[&table_name, "document", "index"], &table_name),
            columns: vec![("_document_id".to_owned(), false)],
        };
        draft.row_table(of).indexes.push(by_document);
        if content_type.localized {
            entry_key(draft, of, &table_name);
        }
    } else {
        let unique = document_id_key(draft, &table_name);
        draft.row_table(of).unique.push(unique);
    }
    for (field, declared) in content_type.fields_by_id() {
        if let Some(unique) = unique_of(declared) {
            unique_key(draft, of, &[field], unique.nulls_equal);
        }
    }
    for key in &content_type.unique {
        unique_key(draft, of, &key.fields, key.nulls_equal);
    }
    for index in &content_type.indexes {
        declared_index(draft, of, &index.fields);
    }
}

/// No two locales of documents have one entry number; draft and published row of a locale share theirs.
fn entry_key(draft: &mut Draft, of: TypeId, table_name: &str) {
    let name = draft.names.take(&[table_name, "entry", "unique"], table_name);
    let columns = ["_entry", "_status"].map(str::to_owned).to_vec();
    let unique = UniqueLayout { name, columns, nulls_equal: false, only: Vec::new(), fields: Vec::new() };
    draft.row_table(of).unique.push(unique);
}

/// A UID is unique whether its declaration says so or not.
fn unique_of(field: &Field) -> Option<Unique> {
    let is_uid = matches!(field.kind, model::FieldKind::Scalar { scalar: Scalar::Uid, list: false });
    field.unique.or(is_uid.then_some(Unique { nulls_equal: false }))
}

fn document_id_key(draft: &mut Draft, table_name: &str) -> UniqueLayout {
    let name = draft.names.take(&[table_name, "document_id", "unique"], table_name);
    UniqueLayout {
        name,
        columns: vec!["_document_id".to_owned()],
        nulls_equal: false,
        only: Vec::new(),
        fields: Vec::new(),
    }
}

/// No two rows alike in these fields: among published rows, for each locale; rows in the trash do not count.
fn unique_key(draft: &mut Draft, of: TypeId, fields: &[FieldId], nulls_equal: bool) {
    let Some(mut columns) = fields.iter().map(|field| draft.value_column(of, *field)).collect::<Option<Vec<String>>>()
    else {
        return;
    };
    let stored = &draft.types[usize::from(of.0)];
    if stored.has_locale {
        columns.push("_locale".to_owned());
    }
    let mut only = Vec::new();
    if stored.has_status {
        only.push(RowCondition::Published);
    }
    if stored.has_trash {
        only.push(RowCondition::NotDeleted);
    }
    let name = draft.index_name(of, &fields.iter().copied().map(ColumnName::Field).collect::<Vec<_>>(), "unique");
    draft.row_table(of).unique.push(UniqueLayout { name, columns, nulls_equal, only, fields: fields.to_vec() });
}

/// A declared index, led by what every read of the type fixes and ended by the key, which ends every order.
fn declared_index(draft: &mut Draft, of: TypeId, fields: &[(ColumnName, bool)]) {
    let named: Option<Vec<(String, bool)>> = fields
        .iter()
        .map(|(column, descending)| draft.indexed_column(of, *column).map(|name| (name, *descending)))
        .collect();
    let Some(named) = named else { return };
    let stored = &draft.types[usize::from(of.0)];
    let mut columns = Vec::new();
    if stored.has_status {
        columns.push(("_status".to_owned(), false));
    }
    if stored.has_locale {
        columns.push(("_locale".to_owned(), false));
    }
    columns.extend(named);
    columns.push(("_key".to_owned(), false));
    let named: Vec<ColumnName> = fields.iter().map(|(column, _)| *column).collect();
    let name = draft.index_name(of, &named, "index");
    draft.row_table(of).indexes.push(IndexLayout { name, columns });
}

/// A table with nothing in it yet.
pub(super) fn empty_table(name: String, of: Option<TypeId>) -> Table {
    Table {
        name,
        of,
        columns: Vec::new(),
        primary_key: Vec::new(),
        unique: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
    }
}

impl Draft<'_> {
    pub(super) fn push(&mut self, table: Table) -> TableId {
        let id = TableId(
            u16::try_from(self.tables.len())
                .expect("a model has fewer than 65536 types and fields, so that tables fit"),
        );
        self.tables.push(table);
        id
    }

    pub(super) fn row_table(&mut self, of: TypeId) -> &mut Table {
        &mut self.tables[usize::from(self.types[usize::from(of.0)].rows.0)]
    }

    pub(super) fn column_name(&mut self, of: TypeId, words: &[&str], identity: &str) -> String {
        self.columns[usize::from(of.0)].take(words, identity)
    }

    /// The column of a field that has one of its own: a value, or a to-one relation's key.
    fn value_column(&self, of: TypeId, field: FieldId) -> Option<String> {
        match self.types[usize::from(of.0)].field(field) {
            FieldLayout::Column { name, .. } => Some(name.clone()),
            FieldLayout::ToOne(to_one) => Some(to_one.key.clone()),
            FieldLayout::Link(_) | FieldLayout::Inverse { .. } => None,
        }
    }

    fn indexed_column(&self, of: TypeId, column: ColumnName) -> Option<String> {
        match column {
            ColumnName::Field(field) => self.value_column(of, field),
            ColumnName::System(system) => {
                columns::system_column(&self.types[usize::from(of.0)], system).map(|(name, _)| name.to_owned())
            }
        }
    }

    /// `<table>_<fields>_<word>`.
    fn index_name(&mut self, of: TypeId, columns: &[ColumnName], word: &str) -> String {
        let content_type = self.model.content_type(of);
        let mut words = vec![self.row_table(of).name.clone()];
        words.extend(columns.iter().map(|column| snake_case(content_type.column_word(*column))));
        words.push(word.to_owned());
        let identity = [content_type.name.as_str(), &words.join(".")].join(".");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.names.take(&words, &identity)
    }
}
