//! Statements over the rows of one content type: keys, inserts, updates, deletes, look-ups.

use model::{FieldId, TypeId};
use plan::{Find, HoleId};

use crate::layout::{ColumnType, FieldLayout, KEY_SEQUENCE, KeySource, Layout, TableColumn, TypeLayout};
use crate::write_print::{Arg, Print, WriteStatement};
use crate::{ColumnKind, Database, field_of};

/// Where the value of a column of the row table comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellSource {
    /// `_row`.
    Row,
    /// `_key`.
    Key,
    /// `_document_id`.
    DocumentId,
    /// `_locale`.
    Locale,
    /// `_status`.
    Status,
    /// A field's own value.
    Field(FieldId),
    /// The target's key of a to-one relation.
    ToOneKey(FieldId),
    /// The target's type of a to-one relation.
    ToOneType(FieldId),
    /// The place in the other side's list.
    ToOnePosition(FieldId),
    /// Instant of the first write.
    CreatedAt,
    /// Instant of this write.
    UpdatedAt,
    /// Instant of publishing.
    PublishedAt,
    /// Who wrote first.
    CreatedBy,
    /// Who writes.
    UpdatedBy,
    /// Number of writes.
    Revision,
    /// Strapi 4's entry number.
    Entry,
    /// When it was put into the trash.
    DeletedAt,
}

/// A column of the row table, as the writer sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RowColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub of: ColumnType,
    /// Where its value comes from.
    pub source: CellSource,
}

/// The columns of the row table, in order.
pub(crate) fn row_columns(layout: &Layout, of: TypeId) -> Vec<RowColumn> {
    let stored = layout.content_type(of);
    let columns = layout.row_table(of).columns.iter();
    columns
        .map(|column| RowColumn { name: column.name.clone(), of: column.of, source: cell_source(stored, column) })
        .collect()
}

fn cell_source(stored: &TypeLayout, column: &TableColumn) -> CellSource {
    if let Some(field) = column.field {
        return match stored.field(field) {
            FieldLayout::ToOne(to_one) if to_one.key == column.name => CellSource::ToOneKey(field),
            FieldLayout::ToOne(to_one) if to_one.target_type.as_ref() == Some(&column.name) => {
                CellSource::ToOneType(field)
            }
            FieldLayout::ToOne(_) => CellSource::ToOnePosition(field),
            FieldLayout::Column { .. } | FieldLayout::Link(_) | FieldLayout::Inverse { .. } => CellSource::Field(field),
        };
    }
    match column.name.as_str() {
        "_row" => CellSource::Row,
        "_key" => CellSource::Key,
        "_document_id" => CellSource::DocumentId,
        "_locale" => CellSource::Locale,
        "_status" => CellSource::Status,
        "_created_at" => CellSource::CreatedAt,
        "_updated_at" => CellSource::UpdatedAt,
        "_published_at" => CellSource::PublishedAt,
        "_created_by" => CellSource::CreatedBy,
        "_updated_by" => CellSource::UpdatedBy,
        "_entry" => CellSource::Entry,
        "_deleted_at" => CellSource::DeletedAt,
        _ => CellSource::Revision,
    }
}

/// Columns that an update of a row may set: those of fields, and the instant of publishing.
pub(crate) fn is_settable(column: &RowColumn) -> bool {
    match column.source {
        CellSource::Field(_)
        | CellSource::ToOneKey(_)
        | CellSource::ToOneType(_)
        | CellSource::ToOnePosition(_)
        | CellSource::PublishedAt => true,
        CellSource::Row
        | CellSource::Key
        | CellSource::DocumentId
        | CellSource::Locale
        | CellSource::Status
        | CellSource::CreatedAt
        | CellSource::UpdatedAt
        | CellSource::CreatedBy
        | CellSource::UpdatedBy
        | CellSource::Revision
        | CellSource::Entry
        | CellSource::DeletedAt => false,
    }
}

/// Keys of a new document and of its rows, on PostgreSQL where they come from sequences:
///
/// `select nextval(pg_get_serial_sequence('"x"', '_key')), nextval(..'_row'), nextval(..'_row')`: key, row, published row. SQLite numbers rows
/// while they are inserted; keys that several types share are
///
/// `update "key_sequence" set "next" = "next" + 1 where "name" = 'x' returning "next" - 1`
pub(crate) fn take_keys(layout: &Layout, database: Database, of: TypeId) -> Option<WriteStatement> {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    match (&stored.key_source, database) {
        (KeySource::Identity, Database::Postgres) => {
            let table = layout.key_table(of).name.clone();
            print.push("select ");
            next_number(&mut print, &table, "_key");
            Some(print.done(vec![ColumnKind::Int]))
        }
        (KeySource::Shared(name), _) => {
            print
                .push("update ")
                .name(KEY_SEQUENCE)
                .push(" set \"next\" = \"next\" + 1 where \"name\" = ")
                .literal(name);
            print.push(" returning \"next\" - 1");
            Some(print.done(vec![ColumnKind::Int]))
        }
        (KeySource::Identity, Database::Sqlite) | (KeySource::Uuid | KeySource::Given, _) => None,
    }
}

/// Two numbers for the rows of a document that has several, on PostgreSQL.
pub(crate) fn take_rows(layout: &Layout, database: Database, of: TypeId) -> Option<WriteStatement> {
    let stored = layout.content_type(of);
    if stored.document.is_none() || database == Database::Sqlite {
        return None;
    }
    let table = layout.row_table(of).name.clone();
    let mut print = Print::new(layout, database);
    print.push("select ");
    next_number(&mut print, &table, "_row");
    print.push(", ");
    next_number(&mut print, &table, "_row");
    Some(print.done(vec![ColumnKind::Int, ColumnKind::Int]))
}

/// The sequence's name is looked up by the server, which knows how it cut it.
pub(crate) fn next_number(print: &mut Print<'_>, table: &str, column: &str) {
    let quoted = ["\"", &table.replace('"', "\"\""), "\""].concat();
    print.push("nextval(pg_get_serial_sequence(").literal(&quoted).push(", ").literal(column).push("))");
}

/// `insert into "x_document" ("_key", "_document_id") values ($1, $2) returning "_key"`
pub(crate) fn insert_document(layout: &Layout, database: Database, of: TypeId) -> Option<WriteStatement> {
    let stored = layout.content_type(of);
    let document = layout.table(stored.document?).name.clone();
    let mut print = Print::new(layout, database);
    print.push("insert into ").name(&document).push(" (\"_key\", \"_document_id\") values (");
    print.value(Arg::Key, stored.key).push(", ").value(Arg::DocumentId, ColumnType::Text);
    print.push(") returning \"_key\"");
    Some(print.done(vec![stored.key.kind()]))
}

/// Takes the entry number of a new locale of a document. A number that was given once never comes back, whatever was removed since:
///
/// `insert into "key_sequence" ("name", "next") select 'x._entry', (select coalesce(max("_entry"), 0) + 2 from "x") where not exists (select 1 from
/// "x" where "_key" = $1 and "_locale" = $2) on conflict ("name") do update set "next" = greatest("key_sequence"."next" + 1, excluded."next")`
pub(crate) fn take_entry(layout: &Layout, database: Database, of: TypeId) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("insert into ").name(KEY_SEQUENCE).push(" (\"name\", \"next\") select ").literal(&entries(layout, of));
    print
        .push(", (select coalesce(max(\"_entry\"), 0) + 2 from ")
        .row_table(stored)
        .push(") where not exists (select 1 from ");
    print.row_table(stored).push(" where \"_key\" = ").value(Arg::Key, stored.key);
    print
        .push(" and \"_locale\" = ")
        .value(Arg::Locale, ColumnType::Text)
        .push(") on conflict (\"name\") do update set \"next\" = ");
    print.push(if database == Database::Sqlite { "max(" } else { "greatest(" }).name(KEY_SEQUENCE);
    print.push(".\"next\" + 1, excluded.\"next\")");
    print.done(Vec::new())
}

/// The name under which the entry numbers of a content type are counted. Names of keys have no point in them.
fn entries(layout: &Layout, of: TypeId) -> String {
    [&layout.row_table(of).name, "._entry"].concat()
}

/// `insert into "x" (every column) values (..) returning "_row"`. A row with a locale gets the entry number of the document's other row of that
/// locale, else the one that [`take_entry`] took:
///
/// `coalesce((select max("_entry") from "x" where "_key" = $1 and "_locale" = $2), (select "next" - 1 from "key_sequence" where "name" = 'x._entry'))`
pub(crate) fn insert_row(layout: &Layout, database: Database, of: TypeId, columns: &[RowColumn]) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    print.push("insert into ").row_table(stored).push(" (").names(&names).push(") values (");
    for (index, column) in columns.iter().enumerate() {
        print.separate(index);
        if column.source == CellSource::Entry {
            entry_number(&mut print, (layout, of));
        } else {
            print.value(Arg::Cell(index), column.of);
        }
    }
    print.push(") returning ").name(stored.row_column);
    print.done(vec![stored.row.kind()])
}

fn entry_number(print: &mut Print<'_>, (layout, of): (&Layout, TypeId)) {
    let stored = layout.content_type(of);
    print.push("coalesce((select max(\"_entry\") from ").row_table(stored).push(" where \"_key\" = ");
    print.value(Arg::Key, stored.key).push(" and \"_locale\" = ").value(Arg::Locale, ColumnType::Text);
    print.push("), (select \"next\" - 1 from ").name(KEY_SEQUENCE).push(" where \"name\" = ");
    print.literal(&entries(layout, of)).push("))");
}

/// `update "x" set "a" = $1, .., "_updated_at" = .., "_updated_by" = .., "_revision" = "_revision" + 1 where "_row" = $2`.
pub(crate) fn update_row(
    layout: &Layout,
    database: Database,
    of: TypeId,
    columns: &[RowColumn],
    set: &[usize],
) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("update ").row_table(stored).push(" set ");
    set_columns(&mut print, columns, set);
    print.push(" where ").name(stored.row_column).push(" = ").value(Arg::Row, stored.row);
    print.done(Vec::new())
}

/// Fields that are shared by the locales of a document, in its other rows of the same status:
///
/// `update "x" set .. where "_key" = $1 and "_status" = $2 and "_locale" <> $3`
pub(crate) fn update_other_locales(
    layout: &Layout,
    database: Database,
    of: TypeId,
    columns: &[RowColumn],
    set: &[usize],
) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("update ").row_table(stored).push(" set ");
    set_columns(&mut print, columns, set);
    print.push(" where \"_key\" = ").value(Arg::Key, stored.key);
    print.push(" and \"_status\" = ").value(Arg::Status, ColumnType::SmallInt);
    print.push(" and \"_locale\" <> ").value(Arg::Locale, ColumnType::Text);
    print.done(Vec::new())
}

fn set_columns(print: &mut Print<'_>, columns: &[RowColumn], set: &[usize]) {
    for index in set {
        let column = &columns[*index];
        print.name(&column.name).push(" = ").value(Arg::Cell(*index), column.of).push(", ");
    }
    print.push("\"_updated_at\" = ").value(Arg::Now, ColumnType::Instant);
    print.push(", \"_updated_by\" = coalesce(").value(Arg::User, ColumnType::BigInt);
    print.push(", \"_updated_by\"), \"_revision\" = \"_revision\" + 1");
}

/// Every row of a document, held until the transaction ends:
///
/// `select (every column) from "x" where "_document_id" = $1 and "_deleted_at" is null order by "_key" for update`
pub(crate) fn find_rows(
    layout: &Layout,
    database: Database,
    of: TypeId,
    columns: &[RowColumn],
    find: &Find,
) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    print.push("select ").names(&names).push(" from ").row_table(stored);
    let mut count = 0;
    match find {
        Find::DocumentId(_) => {
            print.and(count).push("\"_document_id\" = ").value(Arg::DocumentId, ColumnType::Text);
            count += 1;
        }
        Find::Key(_) | Find::Entry(_) | Find::BesideEntry(_) => {
            print.and(count).push("\"_key\" = ").value(Arg::Key, stored.key);
            count += 1;
        }
        Find::Unique(fields) => {
            print.and(count).push("\"_key\" in (select \"_key\" from ").row_table(stored);
            unique(&mut print, stored, columns, fields);
            print.push(")");
            count += 1;
        }
        Find::Single => {}
    }
    if stored.has_trash {
        print.and(count).push("\"_deleted_at\" is null");
    }
    print.push(" order by \"_key\"");
    if stored.document.is_some() {
        print.push(", \"_locale\", \"_status\"");
    }
    if database == Database::Postgres {
        print.push(" for update");
    }
    print.done(columns.iter().map(|column| column.of.kind()).collect())
}

/// Which document has an entry number, and in which locale: `select "_key", "_locale" from "x" where "_entry" = $1 limit 1`
pub(crate) fn find_entry(layout: &Layout, database: Database, of: TypeId) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("select \"_key\", \"_locale\" from ").row_table(stored).push(" where \"_entry\" = ");
    print.value(Arg::Own(0), ColumnType::BigInt);
    if stored.has_trash {
        print.push(" and \"_deleted_at\" is null");
    }
    print.push(" limit 1");
    print.done(vec![stored.key.kind(), ColumnKind::Text])
}

/// ` where "slug" = $1 and "_status" = 1 and "_locale" = $2`: where versions differ, the published row says what is unique.
fn unique(print: &mut Print<'_>, stored: &TypeLayout, columns: &[RowColumn], fields: &[(FieldId, Option<HoleId>)]) {
    let mut count = 0;
    for (index, (field, hole)) in fields.iter().enumerate() {
        let Some(column) = columns.iter().find(|column| field_of(column.source) == Some(*field)) else { continue };
        print.and(count).name(&column.name);
        match hole {
            Some(_) => print.push(" = ").value(Arg::Own(index), column.of),
            None => print.push(" is null"),
        };
        count += 1;
    }
    if stored.has_status {
        print.and(count).push("\"_status\" = 1");
        count += 1;
    }
    if stored.has_locale {
        print.and(count).push("\"_locale\" = ").value(Arg::Locale, ColumnType::Text);
    }
}

/// `lock table "x" in exclusive mode`: the only document of a type is not made twice. SQLite has one writer.
pub(crate) fn lock(layout: &Layout, database: Database, of: TypeId) -> Option<WriteStatement> {
    if database == Database::Sqlite {
        return None;
    }
    let mut print = Print::new(layout, database);
    print.push("lock table ").row_table(layout.content_type(of)).push(" in exclusive mode");
    Some(print.done(Vec::new()))
}

/// `delete from "x_document" where "_key" = $1`; with a trash `update "x" set "_deleted_at" = $1 where "_key" = $2`
pub(crate) fn delete_document(layout: &Layout, database: Database, of: TypeId) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    if stored.has_trash {
        print.push("update ").row_table(stored).push(" set \"_deleted_at\" = ").value(Arg::Now, ColumnType::Instant);
    } else {
        let table = layout.key_table(of).name.clone();
        print.push("delete from ").name(&table);
    }
    print.push(" where \"_key\" = ").value(Arg::Key, stored.key);
    print.done(Vec::new())
}

/// `delete from "x" where "_row" = $1`
pub(crate) fn delete_row(layout: &Layout, database: Database, of: TypeId) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("delete from ").row_table(stored).push(" where ").name(stored.row_column);
    print.push(" = ").value(Arg::Row, stored.row);
    print.done(Vec::new())
}

/// `delete from "x" where "_key" = $1 and "_locale" = $2`
pub(crate) fn delete_locale(layout: &Layout, database: Database, of: TypeId) -> WriteStatement {
    let stored = layout.content_type(of);
    let mut print = Print::new(layout, database);
    print.push("delete from ").row_table(stored).push(" where \"_key\" = ").value(Arg::Key, stored.key);
    print.push(" and \"_locale\" = ").value(Arg::Locale, ColumnType::Text);
    print.done(Vec::new())
}
