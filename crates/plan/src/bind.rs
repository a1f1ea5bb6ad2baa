//! Filling the holes of a plan with the values of one request.

use jiff::{Timestamp, civil, tz};
use model::{EnumId, Model};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::{
    Caller, Cause, Fault, Hole, HoleSource, Problem, Segment, Transform, Value, ValueKind, Values, uuid_of_text,
};

/// The variables of a request, coerced by the dialect (defaults applied, input objects checked).
pub type Variables = Map<String, Json>;

/// Characters of a value that a message shows at most.
const SHOWN_MAX: usize = 100;

/// What a request brings to the holes of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its variables.
    pub variables: &'a Variables,
    /// Who asks.
    pub caller: &'a Caller,
    /// The clock: microseconds since 1970.
    pub now: i64,
}

/// Fills every hole of a plan that was made over `model`.
///
/// # Errors
/// One fault for each value that does not read as its kind or is outside its bounds.
pub fn bind(model: &Model, holes: &[Hole], request: Request<'_>) -> Result<Values, Vec<Fault>> {
    let mut values = Vec::with_capacity(holes.len());
    let mut faults = Vec::new();
    for hole in holes {
        match value_of(model, hole, request) {
            Ok(value) => values.push(value),
            Err(cause) => faults.push(Fault { path: hole.path.clone(), place: None, cause }),
        }
    }
    if faults.is_empty() { Ok(Values(values)) } else { Err(faults) }
}

fn value_of(model: &Model, hole: &Hole, request: Request<'_>) -> Result<Value, Cause> {
    let json = match &hole.source {
        HoleSource::Literal(json) => Some(json),
        HoleSource::Variable(path) => at(request.variables, path),
        HoleSource::Now => return Ok(Value::Instant(request.now)),
        HoleSource::Caller(path) => match request.caller {
            Caller::Owner => None,
            Caller::Roles { user, .. } => {
                let path: Vec<Segment> = path.iter().cloned().map(Segment::Key).collect();
                at(user, &path)
            }
        },
    };
    let read = |json: &Json| match read(model, hole.kind, json) {
        Err(_) if hole.transform == Transform::NullIfOther => Ok(Value::Null),
        read => read,
    };
    let value = match json {
        None | Some(Json::Null) => Value::Null,
        Some(Json::Array(items)) if hole.list => Value::List(items.iter().map(read).collect::<Result<_, _>>()?),
        Some(single) if hole.list => Value::List(vec![read(single)?]),
        Some(single) => read(single)?,
    };
    transformed(value, hole.transform)
}

/// Walks into the variables. A single value where the path names the first element stands for the list of it, as GraphQL coerces lists.
fn at<'a>(variables: &'a Map<String, Json>, path: &[Segment]) -> Option<&'a Json> {
    let (first, rest) = path.split_first()?;
    let Segment::Key(name) = first else { return None };
    rest.iter().try_fold(variables.get(name)?, |json, segment| match (segment, json) {
        (Segment::Key(key), Json::Object(members)) => members.get(key),
        (Segment::Index(index), Json::Array(items)) => items.get(*index),
        (Segment::Index(0), single) => Some(single),
        (Segment::Key(_) | Segment::Index(_), _) => None,
    })
}

fn transformed(value: Value, transform: Transform) -> Result<Value, Cause> {
    match (transform, value) {
        (Transform::Clamp(least, greatest), Value::Int(number)) => Ok(Value::Int(number.clamp(least, greatest))),
        (Transform::Within(least, greatest), Value::Int(number)) if !(least..=greatest).contains(&number) => {
            Err(Cause::OutOfBounds { value: number, least, greatest })
        }
        (Transform::Pattern, Value::Text(text)) if ends_in_escape(&text) => Err(Cause::Invalid {
            problem: Problem::Text("a LIKE pattern must not end with its escape character".to_owned()),
        }),
        (Transform::Cursor, Value::Text(text)) => match crate::cursor_number(&text).map(i64::try_from) {
            Some(Ok(number)) => Ok(Value::Int(number)),
            Some(Err(_)) | None => Err(Cause::Invalid { problem: Problem::Cursor(shown(&Json::String(text))) }),
        },
        (Transform::EmptyIsNull, Value::Text(text)) if text.is_empty() => Ok(Value::Null),
        (
            Transform::Keep
            | Transform::NullIfOther
            | Transform::Clamp(..)
            | Transform::Within(..)
            | Transform::Pattern
            | Transform::Cursor
            | Transform::EmptyIsNull,
            value,
        ) => Ok(value),
    }
}

/// An odd number of backslashes at the end: the last of them escapes nothing.
fn ends_in_escape(pattern: &str) -> bool {
    pattern.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Reads one JSON value as a kind.
fn read(model: &Model, kind: ValueKind, json: &Json) -> Result<Value, Cause> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let read = match kind {
        ValueKind::Text => text_of(json).map(Value::Text),
        ValueKind::Int => integer(json).map(Value::Int),
        ValueKind::Float => float(json).map(Value::Float),
        ValueKind::Decimal => decimal(json).map(Value::Decimal),
        ValueKind::Boolean => boolean(json).map(Value::Boolean),
        ValueKind::Json => json_text(json).map(Value::Json),
        ValueKind::Date => json.as_str().and_then(|text| text.trim().parse().ok()).map(Value::Date),
        ValueKind::Time => json.as_str().and_then(time).map(Value::Time),
        ValueKind::DateTime => json.as_str().and_then(instant).map(Value::Instant),
        ValueKind::Interval => json.as_str().and_then(crate::interval::interval_of_text),
        ValueKind::Uuid => json.as_str().and_then(uuid_of_text).map(Value::Uuid),
        ValueKind::Word(of) => json.as_str().and_then(|word| stored_word(model, of, word)).map(Value::Text),
    };
    read.ok_or_else(|| Cause::NotOfKind { kind: kind.word(), text: shown(json) })
}

fn shown(json: &Json) -> String {
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    text.chars().take(SHOWN_MAX).collect()
}

/// Text without NUL, which PostgreSQL cannot keep. Numbers and booleans give their digits and words (an id may be sent as a number).
fn text_of(json: &Json) -> Option<String> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(truth) => truth.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

fn integer(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64().or_else(|| whole_number(number.as_f64()?)),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A double that is a whole number below 2^53 in size, where doubles are exact.
#[must_use]
pub fn whole_number(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let fits = number.fract() == 0.0 && number.abs() < EXACT;
    fits.then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn float(json: &Json) -> Option<f64> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

fn decimal(json: &Json) -> Option<Decimal> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return None,
    };
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

fn boolean(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(truth) => Some(*truth),
        Json::String(text) if text == "true" => Some(true),
        Json::String(text) if text == "false" => Some(false),
        Json::String(_) | Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// JSON text without the escape of NUL, which `jsonb` refuses.
fn json_text(json: &Json) -> Option<String> {
    let text = json.to_string();
    (!text.contains("\\u0000")).then_some(text)
}

/// `15:04`, `15:04:05`, `15:04:05.123`.
fn time(text: &str) -> Option<civil::Time> {
    text.trim().parse().ok()
}

/// An instant as PostgreSQL reads one: `T` or a space, a zone or UTC, a day alone is midnight UTC.
fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some((day, zone)) = text.split_at_checked(10).filter(|(_, rest)| rest.is_empty()) {
        let at: civil::Date = day.parse().ok()?;
        debug_assert!(zone.is_empty());
        return Some(at.to_zoned(tz::TimeZone::UTC).ok()?.timestamp().as_microsecond());
    }
    let normal = zone_with_minutes(&text.replacen(' ', "T", 1));
    if let Ok(timestamp) = normal.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    let local: civil::DateTime = normal.parse().ok()?;
    Some(local.to_zoned(tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// `+02` and `+0200` become `+02:00`, which RFC 3339 asks for.
fn zone_with_minutes(text: &str) -> String {
    let Some(sign) = text.rfind(['+', '-']).filter(|sign| *sign > 10) else { return text.to_owned() };
    let (local, zone) = text.split_at(sign);
    match zone.len() {
        _ if !zone.is_ascii() => text.to_owned(),
        3 => [local, zone, ":00"].concat(),
        5 => [local, &zone[..3], ":", &zone[3..]].concat(),
        _ => text.to_owned(),
    }
}

fn stored_word(model: &Model, of: EnumId, word: &str) -> Option<String> {
    model.enumeration(of).values.iter().find(|value| value.name == word).map(|value| value.raw.clone())
}

impl ValueKind {
    /// PostgreSQL's word for the kind, for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ValueKind::Text => "text",
            ValueKind::Int => "integer",
            ValueKind::Float => "double precision",
            ValueKind::Decimal => "numeric",
            ValueKind::Boolean => "boolean",
            ValueKind::Date => "date",
            ValueKind::Time => "time",
            ValueKind::DateTime => "timestamp with time zone",
            ValueKind::Interval => "interval",
            ValueKind::Json => "json",
            ValueKind::Uuid => "uuid",
            ValueKind::Word(_) => "enum",
        }
    }
}
