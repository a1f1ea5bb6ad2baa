//! Values of a request on their way into parameters: brought to the kind of their column, pages worked out, patterns escaped.

use std::borrow::Cow;

use plan::{Page, Value, Values};
use rust_decimal::Decimal;
use sql::{ColumnKind, Param};

use crate::Error;
use crate::answer::{limit_of, window_of};

/// What parameters draw from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) values: &'a Values,
    pub(crate) rows_max: u32,
    pub(crate) default_locale: &'a str,
}

/// What a parameter is bound to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound<'a> {
    /// A value, brought to the kind of its column.
    Value(Cow<'a, Value>),
    /// A list of such values.
    List(Vec<Cow<'a, Value>>),
    /// The key of the row above, or the keys of all.
    ParentKey,
    /// Its locale, or the locales of all.
    ParentLocale,
}

impl<'a> Env<'a> {
    /// What a parameter is bound to.
    pub(super) fn bound(&self, param: &'a Param) -> Result<Bound<'a>, Error> {
        let bound = match param {
            Param::Hole(hole, kind) => value(self.values.get(*hole), *kind),
            Param::List(hole, kind) => {
                let items = match self.values.get(*hole) {
                    Value::List(items) => items.as_slice(),
                    Value::Null => &[],
                    single => std::slice::from_ref(single),
                };
                return Ok(Bound::List(items.iter().map(|item| coerced(item, *kind)).collect()));
            }
            Param::Like { hole, before, behind } => match self.values.get(*hole) {
                Value::Null => Bound::Value(Cow::Borrowed(&Value::Null)),
                Value::Text(text) => text_of(like_pattern(text, *before, *behind)),
                other => match &*coerced(other, ColumnKind::Text) {
                    Value::Text(text) => text_of(like_pattern(text, *before, *behind)),
                    _ => return Err(Error::Bind { expected: "text of a pattern" }),
                },
            },
            Param::LikePiece(hole) => match self.values.get(*hole) {
                Value::Null => Bound::Value(Cow::Borrowed(&Value::Null)),
                value => match &*coerced(value, ColumnKind::Text) {
                    Value::Text(pattern) => text_of(longest_piece(pattern)),
                    _ => return Err(Error::Bind { expected: "text of a pattern" }),
                },
            },
            Param::Member(hole, index, kind) => match self.values.get(*hole) {
                Value::List(items) => value(items.get(*index).unwrap_or(&Value::Null), *kind),
                _ => return Err(Error::Bind { expected: "a list of two" }),
            },
            Param::Text(text) => text_of(text.clone()),
            Param::Limit(page) => int(limit_of(window_of(page, self.values), self.rows_max)),
            Param::Start(page) => int(self.start(page)),
            Param::DefaultLocale => text_of(self.default_locale.to_owned()),
            Param::ParentKey(_) => Bound::ParentKey,
            Param::ParentLocale => Bound::ParentLocale,
        };
        Ok(bound)
    }

    fn start(&self, page: &Page) -> u64 {
        window_of(page, self.values).start
    }
}

fn value(value: &Value, kind: ColumnKind) -> Bound<'_> {
    Bound::Value(coerced(value, kind))
}

fn text_of(text: String) -> Bound<'static> {
    Bound::Value(Cow::Owned(Value::Text(text)))
}

fn int(number: u64) -> Bound<'static> {
    Bound::Value(Cow::Owned(Value::Int(i64::try_from(number).unwrap_or(i64::MAX))))
}

/// A value as its column's kind has it: integers for decimals and doubles, digits for texts. What has no such form stays what it is.
pub(super) fn coerced(value: &Value, kind: ColumnKind) -> Cow<'_, Value> {
    let changed = match (value, kind) {
        (Value::Int(number), ColumnKind::Decimal) => Some(Value::Decimal(Decimal::from(*number))),
        (Value::Int(number), ColumnKind::Float) => double(Decimal::from(*number)),
        (Value::Int(number), ColumnKind::Text) => Some(Value::Text(number.to_string())),
        (Value::Float(number), ColumnKind::Decimal) => Decimal::try_from(*number).ok().map(Value::Decimal),
        (Value::Decimal(number), ColumnKind::Float) => double(*number),
        (Value::Decimal(number), ColumnKind::Int) if number.fract().is_zero() => {
            i64::try_from(*number).ok().map(Value::Int)
        }
        (Value::Uuid(bits), ColumnKind::Text) => Some(Value::Text(plan::uuid_text(*bits))),
        (Value::Text(text), ColumnKind::Uuid) => plan::uuid_of_text(text).map(Value::Uuid),
        (Value::Text(text), ColumnKind::Int) => text.parse().ok().map(Value::Int),
        _ => None,
    };
    changed.map_or(Cow::Borrowed(value), Cow::Owned)
}

fn double(number: Decimal) -> Option<Value> {
    f64::try_from(number).ok().map(Value::Float)
}

/// The text with the signs that `like` reads as wildcards escaped by a backslash, inside the wildcards asked for.
fn like_pattern(text: &str, before: bool, behind: bool) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    if before {
        pattern.push('%');
    }
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    if behind {
        pattern.push('%');
    }
    pattern
}

/// The longest text of a pattern that has no wildcard in it.
fn longest_piece(pattern: &str) -> String {
    let (mut longest, mut piece) = (String::new(), String::new());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' | '_' => piece.clear(),
            '\\' => piece.push(letters.next().unwrap_or('\\')),
            plain => piece.push(plain),
        }
        if piece.len() > longest.len() {
            longest.clone_from(&piece);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::longest_piece;

    #[test]
    fn the_longest_piece_stands_in_whatever_matches() {
        let cases = [
            ("%Rock%", "Rock"),
            ("a%bcd_e", "bcd"),
            ("ab_cd", "ab"),
            ("100\\%!%", "100%!"),
            ("%_%", ""),
            ("", ""),
            ("a\\", "a\\"),
        ];
        for (pattern, wanted) in cases {
            assert_eq!(longest_piece(pattern), wanted);
        }
    }
}
