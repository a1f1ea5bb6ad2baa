//! The printer of writing statements: [`Text`] for words and names, and here what a write binds.

use crate::ddl_print::Text;
use crate::layout::{ColumnType, Layout, RowCondition, TypeLayout};
use crate::{ColumnKind, Database};

/// A value that the writer has at hand when it runs a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// The key of the document.
    Key,
    /// Its public id.
    DocumentId,
    /// The row that is written: the value of [`TypeLayout::row_column`].
    Row,
    /// The row that it becomes a copy of.
    Source,
    /// The status of the row that is written.
    Status,
    /// The locale of the row that is written; `''` for none.
    Locale,
    /// The present time.
    Now,
    /// The key of the user who writes; null without one.
    User,
    /// The value of a column of the row that is written, by its place in the table.
    Cell(usize),
    /// A value of this one statement, by its place among them.
    Own(usize),
    /// Lists of this one statement side by side: on PostgreSQL one array each, on SQLite one JSON array of arrays.
    Rows(Vec<usize>),
}

/// A value bound to a writing statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteParam {
    /// Which.
    pub arg: Arg,
    /// As what.
    pub kind: ColumnKind,
    /// An array on PostgreSQL, a JSON array text on SQLite.
    pub is_list: bool,
}

/// One writing statement.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteStatement {
    /// Its text; `?1 ..` on SQLite, `$1 ..` on PostgreSQL, in the order of `params`.
    pub sql: String,
    /// What is bound.
    pub params: Vec<WriteParam>,
    /// Kinds of the result's columns.
    pub columns: Vec<ColumnKind>,
}

/// A writing statement while it is written.
pub(crate) struct Print<'a> {
    pub(crate) layout: &'a Layout,
    text: Text,
    params: Vec<WriteParam>,
}

/// Whether and where rows of a list stand.
pub(crate) struct ListColumn {
    pub(crate) name: &'static str,
    pub(crate) of: ColumnType,
    pub(crate) own: usize,
}

impl<'a> Print<'a> {
    pub(crate) fn new(layout: &'a Layout, database: Database) -> Print<'a> {
        Print { layout, text: Text::new(database), params: Vec::new() }
    }

    pub(crate) fn database(&self) -> Database {
        self.text.database
    }

    pub(crate) fn done(self, columns: Vec<ColumnKind>) -> WriteStatement {
        WriteStatement { sql: self.text.text, params: self.params, columns }
    }

    /// Words of the language.
    pub(crate) fn push(&mut self, words: &str) -> &mut Self {
        self.text.push(words);
        self
    }

    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text.name(name);
        self
    }

    pub(crate) fn names<Name: AsRef<str>>(&mut self, names: &[Name]) -> &mut Self {
        self.text.names(names);
        self
    }

    pub(crate) fn literal(&mut self, value: &str) -> &mut Self {
        self.text.literal(value);
        self
    }

    pub(crate) fn number(&mut self, value: impl Into<i64>) -> &mut Self {
        self.text.number(value);
        self
    }

    pub(crate) fn separate(&mut self, index: usize) -> &mut Self {
        self.text.separate(index);
        self
    }

    /// ` and `, before all but the first.
    pub(crate) fn and(&mut self, index: usize) -> &mut Self {
        self.push(if index == 0 { " where " } else { " and " })
    }

    /// `"_status" = 1` and the like.
    pub(crate) fn condition(&mut self, condition: &RowCondition) -> &mut Self {
        self.text.condition(condition);
        self
    }

    /// One value: `?1`, or `$1::bigint`.
    pub(crate) fn value(&mut self, arg: Arg, of: ColumnType) -> &mut Self {
        self.bound(arg, of, false)
    }

    /// A list: a JSON array on SQLite, `$1::bigint[]` on PostgreSQL.
    fn list(&mut self, arg: Arg, of: ColumnType) -> &mut Self {
        self.bound(arg, of, true)
    }

    fn bound(&mut self, arg: Arg, of: ColumnType, is_list: bool) -> &mut Self {
        let param = WriteParam { arg, kind: of.kind(), is_list };
        let known = self.params.iter().position(|known| *known == param);
        let index = known.unwrap_or(self.params.len());
        if known.is_none() {
            self.params.push(param);
        }
        let number = i64::try_from(index + 1).expect("a statement has few parameters");
        match self.database() {
            Database::Sqlite => self.push("?").number(number),
            Database::Postgres => {
                self.push("$").number(number).push("::").push(bound_type(of)).push(if is_list { "[]" } else { "" })
            }
        }
    }

    /// `= any($1::bigint[])`, or `in (select value from json_each(?1))`.
    pub(crate) fn among(&mut self, own: usize, of: ColumnType) -> &mut Self {
        match self.database() {
            Database::Postgres => self.push(" = any(").list(Arg::Own(own), of).push(")"),
            Database::Sqlite => self.push(" in (select value from json_each(").list(Arg::Own(own), of).push("))"),
        }
    }

    /// A table made of lists, called `list`, with the columns named and `place` (from 1).
    pub(crate) fn rows(&mut self, columns: &[ListColumn]) -> &mut Self {
        match self.database() {
            Database::Postgres => {
                self.push("unnest(");
                for (index, column) in columns.iter().enumerate() {
                    self.separate(index).list(Arg::Own(column.own), column.of);
                }
                let names: Vec<&str> = columns.iter().map(|column| column.name).chain(["place"]).collect();
                self.push(") with ordinality as list(").names(&names).push(")")
            }
            Database::Sqlite => self.sqlite_rows(columns),
        }
    }

    fn sqlite_rows(&mut self, columns: &[ListColumn]) -> &mut Self {
        self.push("(select ");
        if let [only] = columns {
            self.push("value as ").name(only.name).push(", key + 1 as place from json_each(");
            self.list(Arg::Own(only.own), only.of);
        } else {
            for (index, column) in columns.iter().enumerate() {
                let place = i64::try_from(index).expect("few columns");
                self.push("json_extract(value, '$[").number(place).push("]') as ").name(column.name).push(", ");
            }
            self.push("key + 1 as place from json_each(");
            let rows = Arg::Rows(columns.iter().map(|column| column.own).collect());
            self.list(rows, ColumnType::Json);
        }
        self.push(")) as list")
    }

    /// `is distinct from`, whatever of the two is null.
    pub(crate) fn differs(&mut self) -> &mut Self {
        match self.database() {
            Database::Postgres => self.push(" is distinct from "),
            Database::Sqlite => self.push(" is not "),
        }
    }

    /// Equal, or both null.
    pub(crate) fn is(&mut self) -> &mut Self {
        match self.database() {
            Database::Postgres => self.push(" is not distinct from "),
            Database::Sqlite => self.push(" is "),
        }
    }

    /// The name of the table of rows of a type.
    pub(crate) fn row_table(&mut self, stored: &TypeLayout) -> &mut Self {
        let name = self.layout.table(stored.rows).name.clone();
        self.name(&name)
    }
}

/// PostgreSQL's word for a bound value of a column.
fn bound_type(of: ColumnType) -> &'static str {
    match of {
        ColumnType::Text => "text",
        ColumnType::SmallInt => "smallint",
        ColumnType::Integer => "integer",
        ColumnType::BigInt => "bigint",
        ColumnType::Float => "double precision",
        ColumnType::Decimal => "numeric",
        ColumnType::Boolean => "boolean",
        ColumnType::Date => "date",
        ColumnType::Time => "time",
        ColumnType::Instant => "timestamptz",
        ColumnType::Interval => "interval",
        ColumnType::Json => "jsonb",
        ColumnType::Uuid => "uuid",
    }
}
