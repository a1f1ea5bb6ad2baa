//! What stands in a database: tables with their columns, keys, checks and indexes, as data. Two of them can be compared.

use crate::layout::{ColumnDefault, ColumnType, OnDelete, RowCondition};

/// Everything that a database holds for a model, in an order in which it can be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The tables.
    pub tables: Vec<Table>,
    /// Rows of the tables of sequences: table, column of its name, name. Each begins at 1.
    pub sequences: Vec<Sequence>,
}

/// One named sequence of numbers: a row of a table of sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The table of sequences.
    pub table: &'static str,
    /// Its column of names.
    pub column: &'static str,
    /// The name.
    pub name: String,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Columns of the primary key; none for a table that has no need of one.
    pub primary_key: Vec<String>,
    /// What each row must meet.
    pub checks: Vec<Check>,
    /// Keys of other tables that its columns hold.
    pub references: Vec<Reference>,
    /// Indexes, the unique ones too.
    pub indexes: Vec<Index>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub of: ColumnType,
    /// May be null.
    pub nullable: bool,
    /// Value where a statement gives none.
    pub default: ColumnDefault,
}

/// A rule that each row must meet. A null column always meets it, except where null is what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name, by which a broken rule is led back to its field.
    pub name: String,
    /// What must hold.
    pub rule: CheckRule,
}

/// What a check asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckRule {
    /// The column is not null.
    Present(String),
    /// The text has at least so many characters.
    LengthLeast(String, u32),
    /// The text has at most so many characters.
    LengthMost(String, u32),
    /// The number is not below these digits. The type says how they are compared.
    NumberLeast(String, ColumnType, String),
    /// The number is not above these digits.
    NumberMost(String, ColumnType, String),
    /// The JSON list has at most so many items.
    ItemsMost(String, u32),
    /// The column is one of these texts.
    OneOf(String, Vec<String>),
    /// The rule holds for published rows.
    Published(Box<CheckRule>),
}

/// A column that holds the key of another table's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// The column.
    pub column: String,
    /// The other table.
    pub table: String,
    /// Its column.
    pub key: String,
    /// What becomes of the row when the other one goes.
    pub on_delete: OnDelete,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Columns in order, each descending or not.
    pub columns: Vec<(String, bool)>,
    /// No two rows alike.
    pub unique: bool,
    /// Two nulls are alike.
    pub nulls_equal: bool,
    /// The rows that are in it: all conditions hold.
    pub only: Vec<RowCondition>,
}

impl Schema {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
