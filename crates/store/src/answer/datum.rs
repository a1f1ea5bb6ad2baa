//! One value of a row or of a component element, and the forms in which it is written.

use plan::{Form, Scale};
use rust_decimal::Decimal;
use sql::layout::{STATUS_DRAFT, STATUS_PUBLISHED};

use super::json;
use super::number::{write_float, write_int, write_numeric, write_safe_integer};
use super::out::Wrote;
use super::text::write_text;
use super::time::{Fraction, write_day, write_instant, write_time};
use crate::Error;

/// A value as a database gives it, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Datum<'a> {
    /// Text.
    Text(&'a [u8]),
    /// What stands between the quotes of a JSON text, escapes and all.
    Quoted(&'a [u8]),
    /// Decimal digits that are a JSON number.
    Digits(&'a [u8]),
    /// `numeric` in PostgreSQL's binary form.
    Numeric(&'a [u8]),
    /// Integer.
    Int(i64),
    /// Double.
    Float(f64),
    /// Boolean.
    Boolean(bool),
    /// Days since 1970-01-01.
    Day(i64),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970.
    Instant(i64),
    /// Months, days, microseconds.
    Interval(i32, i32, i64),
    /// JSON text.
    Json(&'a [u8]),
    /// 128 bits.
    Uuid(u128),
}

/// A value that has no form in JSON: a double that is not finite, a stored word that the enum does not have.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot be written; the entry becomes null with a fault.
    Unwritable,
    /// The row is not what it should be.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Failed(error)
    }
}

/// Stored texts and the words that stand for them.
pub(crate) type Words = [(String, String)];

impl Datum<'_> {
    /// Appends the value in this form.
    pub(crate) fn write(self, out: &mut Vec<u8>, form: &Form, words: &Words) -> Result<Wrote, Refusal> {
        match form {
            Form::Plain => self.write_plain(out, Fraction::Millis),
            Form::Postgres => self.write_plain(out, Fraction::Trimmed),
            Form::Micros => match self {
                Datum::Instant(micros) if !matches!(micros, i64::MAX | i64::MIN) => {
                    write_int(out, micros);
                    Ok(Wrote::Value)
                }
                other => other.write_plain(out, Fraction::Trimmed),
            },
            Form::Text => self.write_as_text(out),
            Form::SafeInteger => match self {
                Datum::Int(number) => {
                    write_safe_integer(out, number);
                    Ok(Wrote::Value)
                }
                other => other.write_plain(out, Fraction::Millis),
            },
            Form::Word(_) => self.write_word(out, words),
            Form::StatusWord => self.write_status(out),
            Form::JsonPath(path) => match self {
                Datum::Json(text) => match json::at(text, path) {
                    Some(found) => Ok(write_json(out, found)),
                    None => Ok(Wrote::Null),
                },
                other => other.write_plain(out, Fraction::Millis),
            },
        }
    }

    /// Appends a number as a JSON float.
    pub(crate) fn write_as_float(self, out: &mut Vec<u8>) -> Result<Wrote, Refusal> {
        let start = out.len();
        let wrote = self.write_plain(out, Fraction::Millis)?;
        let is_whole = out[start..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
        if is_whole && out.len() > start {
            out.extend_from_slice(b".0");
        }
        Ok(wrote)
    }

    /// Appends a number in another unit. One too large for exact numbers is not writable.
    pub(crate) fn write_scaled(self, out: &mut Vec<u8>, scale: &Scale) -> Result<Wrote, Refusal> {
        let start = out.len();
        let wrote = self.write_plain(out, Fraction::Millis)?;
        let digits = String::from_utf8_lossy(&out[start..]);
        let number = digits.parse().or_else(|_| Decimal::from_scientific(&digits));
        let scaled = number.ok().and_then(|number| scale.apply(number)).ok_or(Refusal::Unwritable)?;
        out.truncate(start);
        out.extend_from_slice(scaled.to_string().as_bytes());
        Ok(wrote)
    }

    fn write_plain(self, out: &mut Vec<u8>, fraction: Fraction) -> Result<Wrote, Refusal> {
        match self {
            Datum::Text(text) => write_text(out, text)?,
            Datum::Quoted(inner) => quoted(out, |out| out.extend_from_slice(inner)),
            Datum::Digits(digits) => out.extend_from_slice(digits),
            Datum::Numeric(binary) => {
                if !write_numeric(out, binary)? {
                    return Err(Refusal::Unwritable);
                }
            }
            Datum::Int(number) => write_int(out, number),
            Datum::Float(number) => {
                if !write_float(out, number) {
                    return Err(Refusal::Unwritable);
                }
            }
            Datum::Boolean(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
            Datum::Day(days) => quoted(out, |out| write_day(out, days)),
            Datum::Time(micros) => quoted(out, |out| write_time(out, micros, fraction)),
            // PostgreSQL's infinities, which no JSON reader takes for an instant.
            Datum::Instant(i64::MAX | i64::MIN) => return Err(Refusal::Unwritable),
            Datum::Instant(micros) => quoted(out, |out| write_instant(out, micros, fraction)),
            Datum::Interval(months, days, micros) => {
                quoted(out, |out| out.extend_from_slice(plan::interval_text(months, days, micros).as_bytes()));
            }
            Datum::Json(text) => return Ok(write_json(out, text)),
            Datum::Uuid(bits) => quoted(out, |out| write_uuid(out, bits)),
        }
        Ok(Wrote::Value)
    }

    fn write_as_text(self, out: &mut Vec<u8>) -> Result<Wrote, Refusal> {
        match self {
            Datum::Digits(_) | Datum::Numeric(_) | Datum::Int(_) | Datum::Float(_) | Datum::Boolean(_) => {
                let start = out.len();
                out.push(b'"');
                let wrote = self.write_plain(out, Fraction::Millis).inspect_err(|_| out.truncate(start))?;
                out.push(b'"');
                Ok(wrote)
            }
            Datum::Json(text) => {
                write_text(out, text)?;
                Ok(Wrote::Value)
            }
            Datum::Text(_)
            | Datum::Quoted(_)
            | Datum::Day(_)
            | Datum::Time(_)
            | Datum::Instant(_)
            | Datum::Interval(..)
            | Datum::Uuid(_) => self.write_plain(out, Fraction::Millis),
        }
    }

    fn write_word(self, out: &mut Vec<u8>, words: &Words) -> Result<Wrote, Refusal> {
        let (Datum::Text(stored) | Datum::Quoted(stored)) = self else {
            // A list of words, kept as JSON.
            let Datum::Json(list) = self else { return Err(Refusal::Unwritable) };
            return write_word_list(out, list, words);
        };
        let (_, word) = words.iter().find(|(text, _)| json::is_name(stored, text)).ok_or(Refusal::Unwritable)?;
        write_text(out, word.as_bytes())?;
        Ok(Wrote::Value)
    }

    fn write_status(self, out: &mut Vec<u8>) -> Result<Wrote, Refusal> {
        match self {
            Datum::Int(STATUS_DRAFT) => out.extend_from_slice(b"\"draft\""),
            Datum::Int(STATUS_PUBLISHED) => out.extend_from_slice(b"\"published\""),
            _ => return Err(Refusal::Unwritable),
        }
        Ok(Wrote::Value)
    }
}

fn write_word_list(out: &mut Vec<u8>, list: &[u8], words: &Words) -> Result<Wrote, Refusal> {
    let list = json::trim(list);
    if !list.starts_with(b"[") {
        return Ok(write_json(out, list));
    }
    let start = out.len();
    out.push(b'[');
    for (index, item) in json::items(list).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let written = match item.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
            Some(inner) => Datum::Quoted(inner).write_word(out, words),
            None => Ok(write_json(out, item)),
        };
        match written.inspect_err(|_| out.truncate(start))? {
            Wrote::Null => out.extend_from_slice(b"null"),
            Wrote::Value | Wrote::Failed => {}
        }
    }
    out.push(b']');
    Ok(Wrote::Value)
}

fn write_json(out: &mut Vec<u8>, text: &[u8]) -> Wrote {
    if text == b"null" {
        return Wrote::Null;
    }
    out.extend_from_slice(text);
    Wrote::Value
}

fn write_uuid(out: &mut Vec<u8>, bits: u128) {
    let uuid = uuid::Uuid::from_u128(bits);
    out.extend_from_slice(uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes());
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use model::EnumId;
    use plan::Form;

    use super::{Datum, Refusal};
    use crate::answer::Wrote;

    fn check(datum: Datum<'_>, form: &Form, wanted: &str) {
        let words = [("raw \"a\"".to_owned(), "A".to_owned()), ("b".to_owned(), "B".to_owned())];
        let mut out = Vec::new();
        let written = match datum.write(&mut out, form, &words) {
            Ok(Wrote::Value) => String::from_utf8(out).expect("JSON is text"),
            Ok(Wrote::Null | Wrote::Failed) => "null".to_owned(),
            Err(Refusal::Unwritable) => "unwritable".to_owned(),
            Err(Refusal::Failed(error)) => error.to_string(),
        };
        assert_eq!(written, wanted, "{datum:?} as {form:?}");
    }

    #[test]
    fn every_form() {
        check(Datum::Int(7), &Form::Plain, "7");
        check(Datum::Int(7), &Form::Text, "\"7\"");
        check(Datum::Digits(b"1.50"), &Form::Plain, "1.50");
        check(Datum::Digits(b"1.50"), &Form::Text, "\"1.50\"");
        check(Datum::Float(1.0), &Form::Plain, "1");
        check(Datum::Float(f64::NAN), &Form::Plain, "unwritable");
        check(Datum::Float(f64::INFINITY), &Form::Text, "unwritable");
        check(Datum::Boolean(true), &Form::Postgres, "true");
        check(Datum::Day(0), &Form::Plain, "\"1970-01-01\"");
        check(Datum::Time(54_245_500_000), &Form::Plain, "\"15:04:05.500\"");
        check(Datum::Time(54_245_500_000), &Form::Postgres, "\"15:04:05.5\"");
        check(Datum::Instant(i64::MAX), &Form::Plain, "unwritable");
        check(Datum::Instant(-5), &Form::Micros, "-5");
        check(Datum::Instant(i64::MIN), &Form::Micros, "unwritable");
        check(Datum::Time(54_245_500_000), &Form::Micros, "\"15:04:05.5\"");
        check(Datum::Interval(1, 3, 7_200_000_000), &Form::Postgres, "\"1 mon 3 days 02:00:00\"");
        check(Datum::Uuid(1), &Form::Plain, "\"00000000-0000-0000-0000-000000000001\"");
        check(Datum::Json(b"{\"a\": [1]}"), &Form::Plain, "{\"a\": [1]}");
        check(Datum::Json(b"null"), &Form::Plain, "null");
        check(Datum::Json(b"{\"a\": [1]}"), &Form::Text, "\"{\\\"a\\\": [1]}\"");
        check(Datum::Json(b"{\"a\": [1]}"), &Form::JsonPath(vec!["a".to_owned(), "0".to_owned()]), "1");
        check(Datum::Json(b"{\"a\": [1]}"), &Form::JsonPath(vec!["b".to_owned()]), "null");
        check(Datum::Text(b"raw \"a\""), &Form::Word(EnumId(0)), "\"A\"");
        check(Datum::Quoted(b"raw \\\"a\\\""), &Form::Word(EnumId(0)), "\"A\"");
        check(Datum::Text(b"c"), &Form::Word(EnumId(0)), "unwritable");
        check(Datum::Json(b"[\"b\", null]"), &Form::Word(EnumId(0)), "[\"B\",null]");
        check(Datum::Int(0), &Form::StatusWord, "\"draft\"");
        check(Datum::Int(1), &Form::StatusWord, "\"published\"");
    }

    #[test]
    fn floats_of_integers() {
        for (datum, wanted) in [(Datum::Int(12), "12.0"), (Datum::Digits(b"12.5"), "12.5"), (Datum::Float(0.5), "0.5")]
        {
            let mut out = Vec::new();
            datum.write_as_float(&mut out).expect("it is a number");
            assert_eq!(out, wanted.as_bytes());
        }
    }
}
