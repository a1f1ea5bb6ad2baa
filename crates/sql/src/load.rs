//! Statements that load many rows at once, and those that look at what is there before and put the sequences right behind.

use model::TypeId;

use crate::ddl::{Schema, add_references, create_index, drop_index};
use crate::ddl_print::{Text, type_words};
use crate::layout::{COMPONENT_SEQUENCE, ColumnDefault, KEY_SEQUENCE, Layout, Table, TypeLayout};
use crate::{ColumnKind, Database};

/// `insert into "x" ("a", "b") values (?1, ?2)`, stepped for each row; on PostgreSQL one statement for any number of rows, an array of texts for each
/// column: `insert into "x" ("a", "b") select given."a"::bigint, .. from unnest($1::text[], $2::text[]) as given ("a", "b")`.
#[must_use]
pub fn insert(layout: &Layout, table: &Table, database: Database) -> String {
    let mut text = Text::new(database);
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    text.push("insert into ").name(&table.name).push(" (").names(&names).push(") ");
    match database {
        Database::Sqlite => {
            text.push("values (");
            for index in 0..names.len() {
                text.separate(index).push("?").push(&(index + 1).to_string());
            }
            text.push(")");
        }
        Database::Postgres => {
            text.push("select ");
            for (index, column) in table.columns.iter().enumerate() {
                let words = type_words(column.of, database);
                let kind = words.split_whitespace().next().unwrap_or(words);
                let kind = if column.of.kind() == ColumnKind::Float { "double precision" } else { kind };
                text.separate(index).push("given.").name(&column.name).push("::").push(kind);
            }
            text.push(" from unnest(");
            for index in 0..names.len() {
                text.separate(index).push("$").push(&(index + 1).to_string()).push("::text[]");
            }
            text.push(") as given (").names(&names).push(")");
        }
    }
    if is_document_table(layout, table) {
        text.push(" on conflict (").name("_key").push(") do nothing");
    }
    text.text
}

/// A document has a row here for all its versions: it may be loaded more than once.
fn is_document_table(layout: &Layout, table: &Table) -> bool {
    let is_its =
        |stored: &TypeLayout| stored.document.is_some_and(|document| layout.table(document).name == table.name);
    layout.types.iter().any(is_its)
}

/// Key and document id of every row of a content type as texts, with its locale and status (`''` and 1 where the type has none).
#[must_use]
pub fn documents(layout: &Layout, of: TypeId, database: Database) -> String {
    let has_versions = layout.content_type(of).document.is_some();
    let mut text = Text::new(database);
    text.push("select cast(").name("_key").push(" as text), ").name("_document_id");
    if has_versions {
        text.push(", ").name("_locale").push(", cast(").name("_status").push(" as text)");
    } else {
        text.push(", '', '1'");
    }
    text.push(" from ").name(&layout.row_table(of).name);
    text.text
}

/// The greatest `_row` of a content type whose documents have several rows: `select coalesce(max("_row"), 0) from "x"`.
#[must_use]
pub fn row_max(layout: &Layout, of: TypeId, database: Database) -> Option<String> {
    layout.content_type(of).document?;
    let mut text = Text::new(database);
    text.push("select coalesce(max(").name("_row").push("), 0) from ").name(&layout.row_table(of).name);
    Some(text.text)
}

/// The greatest entry number of a content type with locales: `select coalesce(max("_entry"), 0) from "x"`.
#[must_use]
pub fn entry_max(layout: &Layout, of: TypeId, database: Database) -> Option<String> {
    if !layout.content_type(of).has_locale {
        return None;
    }
    let mut text = Text::new(database);
    text.push("select coalesce(max(").name("_entry").push("), 0) from ").name(&layout.row_table(of).name);
    Some(text.text)
}

/// The next number of each sequence of a table of sequences: name, number.
#[must_use]
pub fn sequences(table: SequenceTable, database: Database) -> String {
    let (table, column) = table.names();
    let mut text = Text::new(database);
    text.push("select ").name(column).push(", ").name("next").push(" from ").name(table);
    text.text
}

/// A table of sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceTable {
    /// Ids of component elements, by `category.name`.
    Components,
    /// Keys of types that share them, by their word.
    Keys,
}

impl SequenceTable {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            SequenceTable::Components => (COMPONENT_SEQUENCE, "component"),
            SequenceTable::Keys => (KEY_SEQUENCE, "name"),
        }
    }
}

/// Makes sure that a sequence gives no number below the first parameter; the second is its name.
#[must_use]
pub fn raise_sequence(table: SequenceTable, database: Database) -> String {
    let (table, column) = table.names();
    let (greater, first, second) = match database {
        Database::Sqlite => ("max(", "?1", "?2"),
        Database::Postgres => ("greatest(", "$1::bigint", "$2::text"),
    };
    let mut text = Text::new(database);
    text.push("update ")
        .name(table)
        .push(" set ")
        .name("next")
        .push(" = ")
        .push(greater)
        .name("next")
        .push(", ")
        .push(first);
    text.push(") where ").name(column).push(" = ").push(second);
    text.text
}

/// Puts every identity behind the greatest number in its column. SQLite does that by itself.
#[must_use]
pub fn raise_identities(layout: &Layout, database: Database) -> Vec<String> {
    if database == Database::Sqlite {
        return Vec::new();
    }
    let mut statements = Vec::new();
    for table in &layout.tables {
        for column in table.columns.iter().filter(|column| column.default == ColumnDefault::Identity) {
            statements.push(raise_identity(&table.name, &column.name));
        }
    }
    statements
}

/// `select setval(pg_get_serial_sequence('"x"', '_key'), greatest((select max("_key") from "x"), ..))`, where the table has a row. The present value
/// of the sequence counts, too, so that no number is given twice.
pub(crate) fn raise_identity(table: &str, column: &str) -> String {
    let mut quoted = Text::new(Database::Postgres);
    quoted.name(table);
    let mut sequence = Text::new(Database::Postgres);
    sequence.push("pg_get_serial_sequence(").literal(&quoted.text).push(", ").literal(column).push(")");
    let mut text = Text::new(Database::Postgres);
    text.push("select setval(").push(&sequence.text).push(", greatest(max(").name(column);
    text.push("), pg_sequence_last_value(")
        .push(&sequence.text)
        .push("::regclass))) from ")
        .name(table)
        .push(" having max(")
        .name(column)
        .push(") > 0");
    text.text
}

/// Takes away what makes a large load into empty tables slow: indexes and (on PostgreSQL) references. [`restore`] puts them back.
#[must_use]
pub fn strip(schema: &Schema, database: Database) -> Vec<String> {
    let mut statements = Vec::new();
    for table in &schema.tables {
        statements.extend(table.indexes.iter().flat_map(|index| drop_index(index, database)));
        if database == Database::Postgres {
            statements.extend(table.references.iter().map(|reference| {
                let mut text = Text::new(database);
                text.push("alter table ").name(&table.name).push(" drop constraint ").name(&reference.name);
                text.text
            }));
        }
    }
    statements
}

/// Puts back what [`strip`] has taken away. A reference that leads nowhere and a value that is not unique are found here.
#[must_use]
pub fn restore(schema: &Schema, database: Database) -> Vec<String> {
    let mut statements = Vec::new();
    for table in &schema.tables {
        statements.extend(table.indexes.iter().flat_map(|index| create_index(index, &table.name, database)));
    }
    statements.extend(schema.tables.iter().flat_map(|table| add_references(table, database)));
    statements
}

/// Refreshes what the database knows about its rows.
#[must_use]
pub fn analyze() -> &'static str {
    "analyze"
}
