//! A value as the kind of the column that takes it.

use plan::Value;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use sql::ColumnKind;

use crate::Error;

/// The value as this kind; lists item by item.
///
/// # Errors
/// [`Error::Bind`] for a value that does not fit.
pub(super) fn fitted(value: Value, kind: ColumnKind) -> Result<Value, Error> {
    let fits = match (kind, value) {
        (_, Value::Null) => Some(Value::Null),
        (kind, Value::List(list)) => {
            Some(Value::List(list.into_iter().map(|item| fitted(item, kind)).collect::<Result<_, _>>()?))
        }
        (ColumnKind::Text, Value::Text(text)) => Some(Value::Text(text)),
        (ColumnKind::Int, Value::Int(number)) => Some(Value::Int(number)),
        (ColumnKind::Float, Value::Float(number)) => Some(Value::Float(number)),
        (ColumnKind::Float, Value::Int(number)) => Decimal::from(number).to_f64().map(Value::Float),
        (ColumnKind::Float, Value::Decimal(number)) => number.to_f64().map(Value::Float),
        (ColumnKind::Decimal, Value::Decimal(number)) => Some(Value::Decimal(number.normalize())),
        (ColumnKind::Decimal, Value::Int(number)) => Some(Value::Decimal(Decimal::from(number))),
        (ColumnKind::Decimal, Value::Float(number)) => {
            Decimal::from_f64(number).map(|number| Value::Decimal(number.normalize()))
        }
        (ColumnKind::Boolean, Value::Boolean(truth)) => Some(Value::Boolean(truth)),
        (ColumnKind::Date, Value::Date(date)) => Some(Value::Date(date)),
        (ColumnKind::Time, Value::Time(time)) => Some(Value::Time(time)),
        (ColumnKind::Instant, Value::Instant(at)) => Some(Value::Instant(at)),
        (ColumnKind::Interval, Value::Interval(months, days, micros)) => Some(Value::Interval(months, days, micros)),
        (ColumnKind::Json, Value::Json(text)) => Some(Value::Json(text)),
        (ColumnKind::Uuid, Value::Uuid(bits)) => Some(Value::Uuid(bits)),
        (ColumnKind::Uuid, Value::Text(text)) => plan::uuid_of_text(&text).map(Value::Uuid),
        (_, _) => None,
    };
    fits.ok_or(Error::Bind { expected: word(kind) })
}

fn word(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Int => "an integer",
        ColumnKind::Float => "a number",
        ColumnKind::Decimal => "a decimal number",
        ColumnKind::Boolean => "a boolean",
        ColumnKind::Date => "a day",
        ColumnKind::Time => "a time of day",
        ColumnKind::Instant => "an instant",
        ColumnKind::Interval => "a length of time",
        ColumnKind::Json => "JSON",
        ColumnKind::Uuid => "a UUID",
    }
}
