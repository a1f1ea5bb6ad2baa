//! Checking values of scalar types.

use serde_json::{Number, Value as Json};

use super::{inspect, locale};
use crate::binding::{EVERY_LOCALE, ElementInput, ScalarRule};

/// Why a value is none of a scalar's.
#[derive(Debug)]
pub(crate) struct ScalarFault {
    /// What is wrong.
    pub(crate) text: String,
    /// Whether messages name the type before it.
    pub(crate) named: bool,
}

fn plain<T>(text: String) -> Result<T, ScalarFault> {
    Err(ScalarFault { text, named: false })
}

fn named<T>(text: String) -> Result<T, ScalarFault> {
    Err(ScalarFault { text, named: true })
}

/// The value in the form that plans take.
pub(crate) fn scalar(rule: &ScalarRule, json: &Json) -> Result<Json, ScalarFault> {
    match (rule, json) {
        (_, Json::Null) | (ScalarRule::Json | ScalarRule::Loose(_), _) | (ScalarRule::String, Json::String(_)) => {
            Ok(json.clone())
        }
        (ScalarRule::String, _) => plain(format!("String cannot represent a non string value: {}", inspect(json))),
        (ScalarRule::Int, _) => int(json),
        (ScalarRule::Float, Json::Number(_)) | (ScalarRule::Boolean, Json::Bool(_)) => Ok(json.clone()),
        (ScalarRule::Float, _) => plain(format!("Float cannot represent non numeric value: {}", inspect(json))),
        (ScalarRule::Boolean, _) => plain(format!("Boolean cannot represent a non boolean value: {}", inspect(json))),
        (ScalarRule::Id, _) => id(json),
        (ScalarRule::Long, _) => long(json),
        (ScalarRule::Date, _) => date(json),
        (ScalarRule::Time, _) => time(json),
        (ScalarRule::DateTime, _) => date_time(json),
        (ScalarRule::Locale { every }, Json::String(code)) if code == every => Ok(Json::from(EVERY_LOCALE)),
        (ScalarRule::Locale { .. }, Json::String(code)) if locale::is_known(code) => Ok(json.clone()),
        (ScalarRule::Locale { .. }, Json::String(_)) => named("Unknown locale supplied".to_owned()),
        (ScalarRule::Locale { .. }, _) => named("Locale cannot represent non string type".to_owned()),
        (ScalarRule::Element(members), _) => element(members, json),
    }
}

fn int(json: &Json) -> Result<Json, ScalarFault> {
    let Json::Number(number) = json else {
        return plain(format!("Int cannot represent non-integer value: {}", inspect(json)));
    };
    match whole(number).map(i32::try_from) {
        Some(Ok(integer)) => Ok(Json::from(integer)),
        None if number.is_f64() && number.as_f64().is_none_or(|number| number.fract() != 0.0) => {
            plain(format!("Int cannot represent non-integer value: {}", inspect(json)))
        }
        None | Some(Err(_)) => {
            plain(format!("Int cannot represent non 32-bit signed integer value: {}", inspect(json)))
        }
    }
}

/// The integer of 64 bits that a number is, if it is one.
fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| plan::whole_number(number.as_f64()?))
}

fn id(json: &Json) -> Result<Json, ScalarFault> {
    match json {
        Json::String(_) => Ok(json.clone()),
        Json::Number(number) if number.is_i64() || number.is_u64() => Ok(Json::String(number.to_string())),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            plain(format!("ID cannot represent value: {}", inspect(json)))
        }
    }
}

fn long(json: &Json) -> Result<Json, ScalarFault> {
    let text = match json {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => match whole(number) {
            Some(integer) => return Ok(Json::from(integer)),
            None => number.to_string(),
        },
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => inspect(json),
    };
    match text.parse::<i64>() {
        Ok(integer) => Ok(Json::from(integer)),
        Err(_) => named(format!("Cannot convert {} to a BigInt", text.chars().take(100).collect::<String>())),
    }
}

fn date(json: &Json) -> Result<Json, ScalarFault> {
    match json {
        Json::String(text) if is_date(text) => Ok(json.clone()),
        Json::String(text) => plain(format!("Date cannot represent an invalid date-string {}.", short(text))),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            plain(format!("Date cannot represent non string type {}", inspect(json)))
        }
    }
}

fn time(json: &Json) -> Result<Json, ScalarFault> {
    match json {
        Json::String(text) if is_time(text, 3) => Ok(json.clone()),
        Json::String(_) => named("Invalid time format, expected HH:mm:ss.SSS".to_owned()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            plain("Time cannot represent non string type".to_owned())
        }
    }
}

fn date_time(json: &Json) -> Result<Json, ScalarFault> {
    match json {
        Json::String(text) if is_instant(text) => Ok(json.clone()),
        Json::String(text) => plain(format!("DateTime cannot represent an invalid date-time-string {}.", short(text))),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            plain(format!("DateTime cannot represent non string or Date type {}", inspect(json)))
        }
    }
}

fn element(members: &[ElementInput], json: &Json) -> Result<Json, ScalarFault> {
    let Json::Object(object) = json else {
        return named(String::new());
    };
    let name = object.get("__typename").and_then(Json::as_str).unwrap_or_default();
    if members.iter().any(|member| member.name == name) {
        return Ok(json.clone());
    }
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    named(format!("Component not found. expected one of: {}, named by __typename", names.join(", ")))
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Digits of a fixed width as a number.
fn digits(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// `2026-11-21`, a day of the calendar.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `15:04:05`, with a fraction of at most that many digits.
fn is_time(text: &str, fraction_max: usize) -> bool {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, fraction)| (clock, Some(fraction)));
    let fraction_holds = fraction.is_none_or(|fraction| {
        (1..=fraction_max).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit())
    });
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), Some(second), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let within = |text: &str, most: u32| digits(text, 2).is_some_and(|number| number <= most);
    fraction_holds && within(hour, 23) && within(minute, 59) && within(second, 59)
}

/// RFC 3339 with a zone.
fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_once(['T', 't']) else { return false };
    let Some(clock) = rest.strip_suffix(['Z', 'z']).or_else(|| without_zone(rest)) else { return false };
    is_date(day) && is_time(clock, 9)
}

fn without_zone(rest: &str) -> Option<&str> {
    let (clock, zone) = rest.split_at_checked(rest.len().checked_sub(6)?)?;
    let (hour, minute) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let holds = digits(hour, 2).is_some_and(|hour| hour < 24) && digits(minute, 2).is_some_and(|minute| minute < 60);
    holds.then_some(clock)
}
