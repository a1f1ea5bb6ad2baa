//! Tables and indexes as statements. Names go through one quoting function, texts of the model through another.

use crate::Database;
use crate::ddl_table::{Check, CheckRule, Column, Index, Reference, Schema, Sequence, Table};
use crate::layout::{ColumnDefault, ColumnType, OnDelete, RowCondition, STATUS_PUBLISHED};

/// The whole database from nothing: tables, then what joins them, indexes, and the rows of the sequences.
#[must_use]
pub fn create_schema(schema: &Schema, database: Database) -> Vec<String> {
    let mut statements: Vec<String> =
        schema.tables.iter().map(|table| create_table(table, &table.name, database)).collect();
    for table in &schema.tables {
        statements.extend(add_references(table, database));
        statements.extend(table.indexes.iter().flat_map(|index| create_index(index, &table.name, database)));
    }
    statements.extend(schema.sequences.iter().map(|sequence| create_sequence(sequence, database)));
    statements
}

/// `create table "x" ("a" bigint not null, .., primary key ("a"), constraint "c" check (..))`. On SQLite with the foreign keys inside and
/// `strict` behind. `name` differs from the table's own while it is being rebuilt.
#[must_use]
pub fn create_table(table: &Table, name: &str, database: Database) -> String {
    let mut text = Text::new(database);
    text.push("create table ").name(name).push(" (");
    let row_number = if database == Database::Sqlite { row_number(table) } else { None };
    for (index, column) in table.columns.iter().enumerate() {
        text.separate(index).column(column);
        if row_number == Some(column.name.as_str()) {
            text.push(" primary key");
            text.push(if column.default == ColumnDefault::Identity { " autoincrement" } else { "" });
        }
    }
    if row_number.is_none() && !table.primary_key.is_empty() {
        text.push(", primary key (").names(&table.primary_key).push(")");
    }
    for check in &table.checks {
        text.push(", ").check(check);
    }
    if database == Database::Sqlite {
        for reference in &table.references {
            text.push(", ").reference(reference);
        }
    }
    text.push(if database == Database::Sqlite { ") strict" } else { ")" });
    text.text
}

/// The key that is the row's own number on SQLite, which must be said at the column: one integer.
fn row_number(table: &Table) -> Option<&str> {
    let [name] = table.primary_key.as_slice() else { return None };
    table.column(name).filter(|column| is_integer(column.of)).map(|column| column.name.as_str())
}

/// `alter table "x" add constraint "c" foreign key ("a") references "y" ("_key") on delete cascade deferrable initially deferred`; nothing on
/// SQLite, where they stand in the table.
#[must_use]
pub fn add_references(table: &Table, database: Database) -> Vec<String> {
    match database {
        Database::Sqlite => Vec::new(),
        Database::Postgres => table.references.iter().map(|reference| add_reference(reference, &table.name)).collect(),
    }
}

fn add_reference(reference: &Reference, table: &str) -> String {
    let mut text = Text::new(Database::Postgres);
    text.push("alter table ").name(table).push(" add ").reference(reference);
    text.text
}

/// `create unique index "i" on "x" ("a", "b" desc) nulls not distinct where "_status" = 1`. Where nulls are alike, SQLite gets an index over
/// `ifnull("a", x'')`, which no lookup can use, and a plain one beside it.
#[must_use]
pub fn create_index(index: &Index, table: &str, database: Database) -> Vec<String> {
    let own = index_statement(index, table, database);
    if !(index.nulls_equal && database == Database::Sqlite) {
        return vec![own];
    }
    let lookup = Index { name: lookup_name(index), unique: false, nulls_equal: false, ..index.clone() };
    vec![own, index_statement(&lookup, table, database)]
}

fn index_statement(index: &Index, table: &str, database: Database) -> String {
    let mut text = Text::new(database);
    text.push(if index.unique { "create unique index " } else { "create index " });
    text.name(&index.name).push(" on ").name(table).push(" (");
    for (position, (column, descending)) in index.columns.iter().enumerate() {
        text.separate(position);
        if index.nulls_equal && database == Database::Sqlite {
            text.push("ifnull(").name(column).push(", x'')");
        } else {
            text.name(column);
        }
        text.push(if *descending { " desc" } else { "" });
    }
    text.push(")");
    if index.nulls_equal && database == Database::Postgres {
        text.push(" nulls not distinct");
    }
    for (position, condition) in index.only.iter().enumerate() {
        text.push(if position == 0 { " where " } else { " and " }).condition(condition);
    }
    text.text
}

/// `drop index "i"`
#[must_use]
pub fn drop_index(index: &Index, database: Database) -> Vec<String> {
    let drop = |name: &str| {
        let mut text = Text::new(database);
        text.push("drop index ").name(name);
        text.text
    };
    let mut statements = vec![drop(&index.name)];
    if index.nulls_equal && database == Database::Sqlite {
        statements.push(drop(&lookup_name(index)));
    }
    statements
}

fn lookup_name(index: &Index) -> String {
    crate::name::shortened(&index.name, &["lookup", index.name.as_str()].concat())
}

/// `insert into "component_sequence" ("component", "next") values ('shared.seo', 1)`
#[must_use]
pub fn create_sequence(sequence: &Sequence, database: Database) -> String {
    let mut text = Text::new(database);
    text.push("insert into ")
        .name(sequence.table)
        .push(" (")
        .name(sequence.column)
        .push(", ")
        .name("next")
        .push(") values (");
    text.literal(&sequence.name).push(", 1)");
    text.text
}

/// A statement while it is written.
pub(crate) struct Text {
    /// What is written so far.
    pub(crate) text: String,
    /// For which database.
    pub(crate) database: Database,
}

impl Text {
    pub(crate) fn new(database: Database) -> Text {
        Text { text: String::new(), database }
    }

    /// Words of the language: never a name or a value.
    pub(crate) fn push(&mut self, words: &str) -> &mut Text {
        self.text.push_str(words);
        self
    }

    /// A name in quotes.
    pub(crate) fn name(&mut self, name: &str) -> &mut Text {
        self.text.push('"');
        self.text.push_str(&name.replace('"', "\"\""));
        self.text.push('"');
        self
    }

    /// Names in quotes, with commas between.
    pub(crate) fn names<Name: AsRef<str>>(&mut self, names: &[Name]) -> &mut Text {
        for (index, name) in names.iter().enumerate() {
            self.separate(index).name(name.as_ref());
        }
        self
    }

    /// A text of the model itself (an enum's word): DDL takes no parameters.
    pub(crate) fn literal(&mut self, value: &str) -> &mut Text {
        self.text.push('\'');
        self.text.push_str(&value.replace('\'', "''"));
        self.text.push('\'');
        self
    }

    /// A number of the model.
    pub(crate) fn number(&mut self, value: impl Into<i64>) -> &mut Text {
        self.text.push_str(&value.into().to_string());
        self
    }

    /// A comma, except before the first.
    pub(crate) fn separate(&mut self, index: usize) -> &mut Text {
        if index > 0 {
            self.text.push_str(", ");
        }
        self
    }

    /// `"a" text collate "C" not null default ''`
    pub(crate) fn column(&mut self, column: &Column) -> &mut Text {
        let database = self.database;
        self.name(&column.name).push(" ").push(type_words(column.of, database));
        if !column.nullable {
            self.push(" not null");
        }
        match (column.default, database) {
            (ColumnDefault::None, _) | (ColumnDefault::Identity, Database::Sqlite) => self,
            (ColumnDefault::Number(value), _) => self.push(" default ").number(value),
            (ColumnDefault::EmptyText, _) => self.push(" default ''"),
            (ColumnDefault::Identity, Database::Postgres) => self.push(" generated by default as identity"),
        }
    }

    /// `constraint "c" check ("a" is not null)`
    pub(crate) fn check(&mut self, check: &Check) -> &mut Text {
        self.push("constraint ").name(&check.name).push(" check (").rule(&check.rule).push(")")
    }

    pub(crate) fn rule(&mut self, rule: &CheckRule) -> &mut Text {
        let (items, length) = match self.database {
            Database::Sqlite => ("json_array_length(", "length("),
            Database::Postgres => ("jsonb_array_length(", "char_length("),
        };
        match rule {
            CheckRule::Present(column) => self.name(column).push(" is not null"),
            CheckRule::LengthLeast(column, least) => self.push(length).name(column).push(") >= ").number(*least),
            CheckRule::LengthMost(column, most) => self.push(length).name(column).push(") <= ").number(*most),
            CheckRule::ItemsMost(column, most) => self.push(items).name(column).push(") <= ").number(*most),
            CheckRule::NumberLeast(column, of, digits) => self.name(column).push(" >= ").digits(*of, digits),
            CheckRule::NumberMost(column, of, digits) => self.name(column).push(" <= ").digits(*of, digits),
            CheckRule::OneOf(column, texts) => {
                self.name(column).push(" in (");
                for (index, text) in texts.iter().enumerate() {
                    self.separate(index).literal(text);
                }
                self.push(")")
            }
            CheckRule::Published(rule) => {
                self.name("_status").push(" <> ").number(STATUS_PUBLISHED).push(" or ").rule(rule)
            }
        }
    }

    /// Decimals are texts on SQLite, compared by the collation of their column.
    fn digits(&mut self, of: ColumnType, digits: &str) -> &mut Text {
        if of == ColumnType::Decimal && self.database == Database::Sqlite {
            self.literal(digits)
        } else {
            self.push(digits)
        }
    }

    /// `"_status" = 1`
    pub(crate) fn condition(&mut self, condition: &RowCondition) -> &mut Text {
        match condition {
            RowCondition::Published => self.name("_status").push(" = ").number(STATUS_PUBLISHED),
            RowCondition::NotDeleted => self.name("_deleted_at").push(" is null"),
            RowCondition::NotNull(column) => self.name(column).push(" is not null"),
        }
    }

    /// `constraint "f" foreign key ("a") references "y" ("_key") on delete cascade deferrable initially deferred`
    fn reference(&mut self, reference: &Reference) -> &mut Text {
        self.push("constraint ")
            .name(&reference.name)
            .push(" foreign key (")
            .name(&reference.column)
            .push(") references ");
        self.name(&reference.table).push(" (").name(&reference.key).push(")");
        match reference.on_delete {
            OnDelete::Cascade => self.push(" on delete cascade"),
            OnDelete::SetNull => self.push(" on delete set null"),
        };
        self.push(" deferrable initially deferred")
    }
}

/// Whether SQLite keeps it as an integer that is a number (an instant and a boolean are integers there, too, but never keys).
fn is_integer(of: ColumnType) -> bool {
    matches!(of, ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt)
}

/// The words for a column's type and collation.
pub(crate) fn type_words(of: ColumnType, database: Database) -> &'static str {
    let (postgres, sqlite) = match of {
        ColumnType::Text => ("text collate \"C\"", "text"),
        ColumnType::SmallInt => ("smallint", "integer"),
        ColumnType::Integer => ("integer", "integer"),
        ColumnType::BigInt => ("bigint", "integer"),
        ColumnType::Float => ("double precision", "real"),
        ColumnType::Decimal => ("numeric", "text collate decimal"),
        ColumnType::Boolean => ("boolean", "integer"),
        ColumnType::Date => ("date", "text"),
        ColumnType::Time => ("time(3)", "text"),
        ColumnType::Instant => ("timestamptz", "integer"),
        ColumnType::Interval => ("interval", "text collate interval"),
        ColumnType::Json => ("jsonb", "text"),
        ColumnType::Uuid => ("uuid", "text"),
    };
    match database {
        Database::Postgres => postgres,
        Database::Sqlite => sqlite,
    }
}
