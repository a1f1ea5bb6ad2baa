//! Parameters in PostgreSQL's binary form, by the type that the server expects.

use std::borrow::Cow;
use std::error::Error as StdError;

use plan::Value;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

use super::keys::{KeyList, Keys};
use crate::answer::numeric_of_digits;
use crate::read::bind::Bound;

/// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

type Outcome = Result<IsNull, Box<dyn StdError + Sync + Send>>;

/// One parameter.
#[derive(Debug)]
pub(crate) enum Parameter<'a> {
    /// A value.
    One(Cow<'a, Value>),
    /// An array of values.
    Many(Vec<Item<'a>>),
    /// The keys of the rows above.
    Keys(&'a KeyList),
    /// Their locales.
    Locales(&'a [String]),
}

/// One element of an array.
#[derive(Debug)]
pub(crate) struct Item<'a>(Cow<'a, Value>);

impl<'a> Parameter<'a> {
    pub(super) fn new(bound: Bound<'a>, keys: Option<&'a Keys>, default_locale: &'a str) -> Parameter<'a> {
        match (bound, keys) {
            (Bound::Value(value), _) => Parameter::One(value),
            (Bound::List(items), _) => Parameter::Many(items.into_iter().map(Item).collect()),
            (Bound::ParentKey, Some(keys)) => Parameter::Keys(&keys.keys),
            (Bound::ParentLocale, Some(Keys { locales: Some(locales), .. })) => Parameter::Locales(locales),
            (Bound::ParentLocale, Some(Keys { locales: None, .. }) | None) => {
                Parameter::One(Cow::Owned(Value::Text(default_locale.to_owned())))
            }
            (Bound::ParentKey, None) => Parameter::One(Cow::Owned(Value::Null)),
        }
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        match self {
            Parameter::One(value) => write(value, ty, out),
            Parameter::Many(items) => items.to_sql(ty, out),
            Parameter::Keys(KeyList::Int(keys)) if *ty == Type::INT8_ARRAY => keys.to_sql(ty, out),
            Parameter::Keys(KeyList::Int(keys)) => {
                keys.iter().map(|key| Item(Cow::Owned(Value::Int(*key)))).collect::<Vec<_>>().to_sql(ty, out)
            }
            Parameter::Keys(KeyList::Uuid(keys)) => {
                let values = keys.iter().map(|key| Item(Cow::Owned(Value::Uuid(u128::from_be_bytes(*key)))));
                values.collect::<Vec<_>>().to_sql(ty, out)
            }
            Parameter::Keys(KeyList::Text(keys)) => keys.to_sql(ty, out),
            Parameter::Locales(locales) => locales.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        self.to_sql(ty, out)
    }
}

impl ToSql for Item<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        write(&self.0, ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Outcome {
        self.to_sql(ty, out)
    }
}

/// Writes a value as this type.
fn write(value: &Value, ty: &Type, out: &mut BytesMut) -> Outcome {
    if *value == Value::Null {
        return Ok(IsNull::Yes);
    }
    if is_text(ty) {
        out.extend_from_slice(text_of(value).as_bytes());
        return Ok(IsNull::No);
    }
    match value {
        Value::Null => return Ok(IsNull::Yes),
        Value::Boolean(truth) => truth.to_sql_checked(ty, out)?,
        Value::Int(number) => write_int(*number, ty, out)?,
        Value::Float(number) if *ty == Type::NUMERIC => {
            bytes(out, &numeric_of_digits(&rust_decimal::Decimal::try_from(*number)?.to_string()))
        }
        Value::Float(number) if *ty == Type::FLOAT4 => number.to_string().parse::<f32>()?.to_sql_checked(ty, out)?,
        Value::Float(number) => number.to_sql_checked(ty, out)?,
        Value::Decimal(number) if *ty == Type::FLOAT8 => f64::try_from(*number)?.to_sql_checked(ty, out)?,
        Value::Decimal(number) if *ty == Type::NUMERIC => bytes(out, &numeric_of_digits(&number.to_string())),
        Value::Decimal(number) => write_int(i64::try_from(*number)?, ty, out)?,
        Value::Date(date) => {
            let days = date.since((jiff::Unit::Day, jiff::civil::date(2000, 1, 1)))?.get_days();
            bytes(out, &days.to_be_bytes())
        }
        Value::Time(time) => {
            let micros = time.since((jiff::Unit::Microsecond, jiff::civil::Time::midnight()))?.get_microseconds();
            bytes(out, &micros.to_be_bytes())
        }
        Value::Instant(micros) => bytes(out, &micros.saturating_sub(EPOCH_MICROS).to_be_bytes()),
        Value::Interval(months, days, micros) => {
            out.extend_from_slice(&micros.to_be_bytes());
            out.extend_from_slice(&days.to_be_bytes());
            bytes(out, &months.to_be_bytes())
        }
        Value::Json(text) => write_json(text, ty, out),
        Value::List(_) => match ty.kind() {
            Kind::Array(_) => return list(value, ty, out),
            _ => write_json(&sql::element::value_to_stored(value).to_string(), ty, out),
        },
        Value::Uuid(bits) => bytes(out, &bits.to_be_bytes()),
        Value::Text(text) => {
            return Err(format!("a text of {} bytes was bound where {ty} is expected", text.len()).into());
        }
    };
    Ok(IsNull::No)
}

fn list(value: &Value, ty: &Type, out: &mut BytesMut) -> Outcome {
    let Value::List(items) = value else { return Err("a list was expected".into()) };
    items.iter().map(|item| Item(Cow::Borrowed(item))).collect::<Vec<_>>().to_sql(ty, out)
}

fn bytes(out: &mut BytesMut, bytes: &[u8]) -> IsNull {
    out.extend_from_slice(bytes);
    IsNull::No
}

fn write_json(text: &str, ty: &Type, out: &mut BytesMut) -> IsNull {
    if *ty == Type::JSONB {
        out.extend_from_slice(&[1]);
    }
    bytes(out, text.as_bytes())
}

fn write_int(number: i64, ty: &Type, out: &mut BytesMut) -> Outcome {
    match *ty {
        Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
        Type::INT2 => i16::try_from(number)?.to_sql(ty, out),
        Type::NUMERIC => Ok(bytes(out, &numeric_of_digits(&number.to_string()))),
        Type::FLOAT8 => number.to_string().parse::<f64>()?.to_sql(ty, out),
        _ => number.to_sql_checked(ty, out),
    }
}

fn is_text(ty: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN].contains(ty)
}

/// A value where the server expects text: as SQLite's columns keep it.
fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
        other => match sql::element::value_to_stored(other) {
            serde_json::Value::String(text) => Cow::Owned(text),
            json => Cow::Owned(json.to_string()),
        },
    }
}
