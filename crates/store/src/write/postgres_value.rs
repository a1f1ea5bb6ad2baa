//! Values as PostgreSQL gives them, in its binary form.

use std::error::Error as StdError;

use plan::Value;
use rust_decimal::Decimal;
use sql::ColumnKind;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::Error;

/// 2000-01-01 in microseconds since 1970, from where PostgreSQL counts.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// And in days.
const EPOCH_DAYS: i32 = 10_957;

/// The bytes of a column, whatever its type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A column of a row, as a value of its kind.
pub(super) fn read(row: &Row, index: usize, kind: ColumnKind) -> Result<Value, Error> {
    let Some(Raw(raw)) = row.try_get::<_, Option<Raw<'_>>>(index)? else { return Ok(Value::Null) };
    let column = u16::try_from(index).unwrap_or(u16::MAX);
    value(raw, kind).ok_or(Error::Column { column, expected: "a value of the column's kind" })
}

fn value(raw: &[u8], kind: ColumnKind) -> Option<Value> {
    Some(match kind {
        ColumnKind::Text => Value::Text(std::str::from_utf8(raw).ok()?.to_owned()),
        ColumnKind::Int => Value::Int(integer(raw)?),
        ColumnKind::Float => Value::Float(f64::from_be_bytes(raw.try_into().ok()?)),
        ColumnKind::Decimal => Value::Decimal(decimal(raw)?),
        ColumnKind::Boolean => Value::Boolean(raw.first()? != &0),
        ColumnKind::Date => Value::Date(date(i32::from_be_bytes(raw.try_into().ok()?))?),
        ColumnKind::Time => Value::Time(time(i64::from_be_bytes(raw.try_into().ok()?))?),
        ColumnKind::Instant => Value::Instant(i64::from_be_bytes(raw.try_into().ok()?).checked_add(EPOCH_MICROS)?),
        ColumnKind::Interval => {
            let micros = i64::from_be_bytes(raw.get(..8)?.try_into().ok()?);
            let days = i32::from_be_bytes(raw.get(8..12)?.try_into().ok()?);
            Value::Interval(i32::from_be_bytes(raw.get(12..16)?.try_into().ok()?), days, micros)
        }
        ColumnKind::Json => Value::Json(std::str::from_utf8(raw.strip_prefix(&[1]).unwrap_or(raw)).ok()?.to_owned()),
        ColumnKind::Uuid => Value::Uuid(u128::from_be_bytes(raw.try_into().ok()?)),
    })
}

fn integer(raw: &[u8]) -> Option<i64> {
    match raw.len() {
        2 => Some(i64::from(i16::from_be_bytes(raw.try_into().ok()?))),
        4 => Some(i64::from(i32::from_be_bytes(raw.try_into().ok()?))),
        _ => Some(i64::from_be_bytes(raw.try_into().ok()?)),
    }
}

fn date(days: i32) -> Option<jiff::civil::Date> {
    let since_1970 = i64::from(days.checked_add(EPOCH_DAYS)?);
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(since_1970).ok()?).ok()
}

fn time(micros: i64) -> Option<jiff::civil::Time> {
    jiff::civil::Time::midnight().checked_add(jiff::Span::new().try_microseconds(micros).ok()?).ok()
}

/// Groups of four digits: their number, the weight of the first, sign, digits behind the point, then the groups.
fn decimal(raw: &[u8]) -> Option<Decimal> {
    let word = |at: usize| Some(i16::from_be_bytes(raw.get(2 * at..2 * at + 2)?.try_into().ok()?));
    let (count, weight, sign, scale) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let mut text = String::from(if sign == 0x4000 { "-" } else { "" });
    let group = |place: i16| if (0..count).contains(&place) { word(4 + usize::try_from(place).ok()?) } else { Some(0) };
    for place in 0..=weight.max(0) {
        let digits = if weight < 0 { 0 } else { group(place)? };
        text.push_str(&padded(digits));
    }
    if scale > 0 {
        text.push('.');
        let mut fraction = String::new();
        for place in 0..(scale + 3) / 4 {
            let at = weight + 1 + place;
            fraction.push_str(&padded(if at < 0 { 0 } else { group(at)? }));
        }
        text.push_str(fraction.get(..usize::try_from(scale).ok()?)?);
    }
    text.parse().ok()
}

fn padded(digits: i16) -> String {
    let text = digits.to_string();
    ["0000".get(text.len()..).unwrap_or_default(), &text].concat()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    /// Words of PostgreSQL's binary form, and the number.
    #[test]
    fn decimals_are_read_from_groups_of_four_digits() {
        let cases: [(&[i16], &str); 7] = [
            (&[0, 0, 0, 0], "0"),
            (&[1, 0, 0, 0, 7], "7"),
            (&[2, 0, 0, 1, 10, 5000], "10.5"),
            (&[2, 1, 0, 0, 1, 2345], "12345"),
            (&[1, 1, 0, 0, 1], "10000"),
            (&[1, -1, 0x4000, 2, 2500], "-0.25"),
            (&[1, -2, 0, 6, 100], "0.000001"),
        ];
        for (words, wanted) in cases {
            let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(decimal(&raw).map(|number| number.normalize().to_string()).as_deref(), Some(wanted));
        }
    }
}
