//! Keys of the rows above, as one array.

use plan::Value;
use sql::{ColumnKind, Parent};
use tokio_postgres::Row;

use super::level::{integer, raw};
use crate::Error;

/// Keys of the rows above: sorted, none twice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keys {
    pub(super) keys: KeyList,
    /// Their locales, beside them.
    pub(super) locales: Option<Vec<String>>,
}

/// Keys of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum KeyList {
    /// Integers.
    Int(Vec<i64>),
    /// UUIDs.
    Uuid(Vec<[u8; 16]>),
    /// Texts.
    Text(Vec<String>),
}

impl Keys {
    /// The keys that rows have for the level below them.
    pub(super) fn of(parent: Parent, rows: &[&Row]) -> Result<Keys, Error> {
        let (column, kind, locale) = match parent {
            Parent::None => return Ok(Keys { keys: KeyList::Int(Vec::new()), locales: None }),
            Parent::Key { above, kind, locale_above, .. } => (above, kind, locale_above),
            Parent::Element { above, .. } => (above, ColumnKind::Int, None),
        };
        match kind {
            ColumnKind::Uuid => {
                let read = |bytes: &[u8]| bytes.try_into().map_err(|_| Error::Column { column, expected: "a uuid" });
                let (keys, locales) = distinct(rows, column, locale, read)?;
                Ok(Keys { keys: KeyList::Uuid(keys), locales })
            }
            ColumnKind::Int => {
                let read = |bytes: &[u8]| integer(bytes).ok_or(Error::Column { column, expected: "an integer" });
                let (keys, locales) = distinct(rows, column, locale, read)?;
                Ok(Keys { keys: KeyList::Int(keys), locales })
            }
            ColumnKind::Text
            | ColumnKind::Float
            | ColumnKind::Decimal
            | ColumnKind::Boolean
            | ColumnKind::Date
            | ColumnKind::Time
            | ColumnKind::Instant
            | ColumnKind::Interval
            | ColumnKind::Json => {
                let (keys, locales) = distinct(rows, column, locale, |bytes| text(bytes, column))?;
                Ok(Keys { keys: KeyList::Text(keys), locales })
            }
        }
    }

    /// Keys that a write holds, all of one kind.
    pub(super) fn of_values(values: &[Value]) -> Keys {
        let mut numbers = Vec::new();
        let mut uuids = Vec::new();
        let mut texts = Vec::new();
        for value in values {
            match value {
                Value::Int(number) => numbers.push(*number),
                Value::Uuid(bits) => uuids.push(bits.to_be_bytes()),
                Value::Text(text) => texts.push(text.clone()),
                Value::Null
                | Value::Boolean(_)
                | Value::Float(_)
                | Value::Decimal(_)
                | Value::Date(_)
                | Value::Time(_)
                | Value::Instant(_)
                | Value::Interval(..)
                | Value::Json(_)
                | Value::List(_) => {}
            }
        }
        let keys = match (uuids.is_empty(), texts.is_empty()) {
            (false, _) => KeyList::Uuid(uuids),
            (true, false) => KeyList::Text(texts),
            (true, true) => KeyList::Int(numbers),
        };
        Keys { keys, locales: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        match &self.keys {
            KeyList::Int(keys) => keys.len(),
            KeyList::Uuid(keys) => keys.len(),
            KeyList::Text(keys) => keys.len(),
        }
    }
}

fn text(bytes: &[u8], column: u16) -> Result<String, Error> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Error::Column { column, expected: "a text" })
}

/// The distinct keys (pairs of key and locale, where rows have one), sorted.
fn distinct<K: Ord>(
    rows: &[&Row],
    column: u16,
    locale: Option<u16>,
    read: impl Fn(&[u8]) -> Result<K, Error>,
) -> Result<(Vec<K>, Option<Vec<String>>), Error> {
    let Some(locale) = locale else {
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(bytes) = raw(row, column)? {
                keys.push(read(bytes)?);
            }
        }
        keys.sort_unstable();
        keys.dedup();
        return Ok((keys, None));
    };
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        if let (Some(bytes), Some(of)) = (raw(row, column)?, raw(row, locale)?) {
            pairs.push((read(bytes)?, text(of, locale)?));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let (keys, locales) = pairs.into_iter().unzip();
    Ok((keys, Some(locales)))
}
