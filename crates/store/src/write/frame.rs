//! The values at hand while a row is written, and what a statement takes of them.

use plan::{Value, value_json};
use serde_json::Value as Json;
use sql::element::value_to_stored;
use sql::{Arg, WriteParam, WriteStatement};

/// What is known of the row that is written.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The document's key; null while the database has not said it.
    pub(crate) key: Value,
    /// Its public id.
    pub(crate) document_id: String,
    /// The row; null while the database has not said it.
    pub(crate) row: Value,
    /// The row that it becomes a copy of.
    pub(crate) source: Value,
    /// Draft or published.
    pub(crate) status: i64,
    /// `''` for none.
    pub(crate) locale: String,
    /// The present time.
    pub(crate) now: i64,
    /// When its document is published, where it is.
    pub(crate) published_at: i64,
    /// Who writes.
    pub(crate) user: Option<i64>,
    /// Values of the columns of the row.
    pub(crate) cells: Vec<Value>,
}

/// A statement with its values, in the order of its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Call<'p> {
    /// The statement.
    pub(crate) statement: &'p WriteStatement,
    /// What it binds.
    pub(crate) values: Vec<Value>,
}

impl Frame {
    /// The statement with what it takes of this frame and of its own values.
    pub(crate) fn call<'p>(&self, statement: &'p WriteStatement, own: &[Value]) -> Call<'p> {
        Call { statement, values: statement.params.iter().map(|param| self.value(param, own)).collect() }
    }

    fn value(&self, param: &WriteParam, own: &[Value]) -> Value {
        match &param.arg {
            Arg::Key => self.key.clone(),
            Arg::DocumentId => Value::Text(self.document_id.clone()),
            Arg::Row => self.row.clone(),
            Arg::Source => self.source.clone(),
            Arg::Status => Value::Int(self.status),
            Arg::Locale => Value::Text(self.locale.clone()),
            Arg::Now => Value::Instant(self.now),
            Arg::User => self.user.map_or(Value::Null, Value::Int),
            Arg::Cell(index) => self.cells.get(*index).cloned().unwrap_or(Value::Null),
            Arg::Own(index) => own.get(*index).cloned().unwrap_or(Value::Null),
            Arg::Rows(lists) => rows_of(lists, own),
        }
    }
}

/// Lists side by side as a JSON array of arrays.
fn rows_of(lists: &[usize], own: &[Value]) -> Value {
    let columns: Vec<&[Value]> = lists.iter().map(|index| items(own.get(*index))).collect();
    let count = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let row = |at: usize| columns.iter().map(|column| column.get(at).map_or(Json::Null, value_to_stored)).collect();
    Value::Json(Json::Array((0..count).map(row).collect()).to_string())
}

/// The items of a list value.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

/// A list of texts.
pub(crate) fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    Value::List(items.into_iter().map(|text| Value::Text(text.to_owned())).collect())
}

/// A value as text, for messages and for comparing keys.
pub(crate) fn text_of(value: &Value) -> String {
    match value_json(value) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}
