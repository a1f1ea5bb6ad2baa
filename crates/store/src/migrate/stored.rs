//! Values of columns in the form that conversions take: as they stand in a component's element.

use rusqlite::types::{Value as Cell, ValueRef};
use serde_json::Value as Json;
use sql::ColumnKind;

/// A cell of SQLite.
pub(super) fn of_cell(cell: ValueRef<'_>, kind: ColumnKind) -> Json {
    match (cell, kind) {
        (ValueRef::Null, _) => Json::Null,
        (ValueRef::Integer(number), ColumnKind::Boolean) => Json::Bool(number != 0),
        (ValueRef::Integer(number), _) => Json::from(number),
        (ValueRef::Real(number), _) => Json::from(number),
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), ColumnKind::Json) => {
            serde_json::from_slice(bytes).unwrap_or(Json::Null)
        }
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), _) => Json::String(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// What SQLite keeps of a value.
pub(super) fn to_cell(json: &Json, kind: ColumnKind) -> Cell {
    match (json, kind) {
        (json, ColumnKind::Json) => Cell::Text(json.to_string()),
        (Json::Null, _) => Cell::Null,
        (Json::Bool(truth), _) => Cell::Integer(i64::from(*truth)),
        (Json::Number(number), ColumnKind::Float) => number.as_f64().map_or(Cell::Null, Cell::Real),
        (Json::Number(number), _) => number.as_i64().map_or_else(|| Cell::Text(number.to_string()), Cell::Integer),
        (Json::String(text), _) => Cell::Text(text.clone()),
        (Json::Array(_) | Json::Object(_), _) => Cell::Text(json.to_string()),
    }
}

/// A value that PostgreSQL gave as text; an instant in microseconds.
pub(super) fn of_text(text: &str, kind: ColumnKind) -> Json {
    match kind {
        ColumnKind::Boolean => Json::Bool(text == "true" || text == "t"),
        ColumnKind::Int | ColumnKind::Instant => text.parse::<i64>().map_or(Json::Null, Json::from),
        ColumnKind::Float => text.parse::<f64>().map_or(Json::Null, Json::from),
        ColumnKind::Json => serde_json::from_str(text).unwrap_or(Json::Null),
        ColumnKind::Text
        | ColumnKind::Decimal
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Interval
        | ColumnKind::Uuid => Json::String(text.to_owned()),
    }
}

/// The text that PostgreSQL reads a value from.
pub(super) fn to_text(json: &Json, kind: ColumnKind) -> Option<String> {
    match json {
        json if kind == ColumnKind::Json => Some(json.to_string()),
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
