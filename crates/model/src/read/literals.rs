//! Literals of the text as values of a kind: defaults, and what conditions compare with.

use std::str::FromStr;

use apollo_compiler::ast::Value;
use apollo_compiler::{Name, Node};
use jiff::civil::{Date, Time};
use regex::Regex;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Number, Value as Json};

use super::catalog::Named;
use super::fields::Site;
use super::{Env, Faults, arguments, restrictions};
use crate::{Diagnostic, EnumId, Field, FieldKind, Rules, Scalar};

/// The value of `@default`, if the field has one that fits.
pub(super) fn default(site: &Site, field: &Field, faults: &mut Faults) -> Option<Json> {
    let directive = site.directive("default")?;
    let value = directive.specified_argument_by_name("value")?;
    let place = arguments::place(site.env, directive, "value");
    if value.is_null() {
        // GraphQL's validation has said that there must be a value.
        return None;
    }
    let shown = shown(value);
    match of_kind(site.env, &field.kind, value) {
        Err(expected) => {
            let fault =
                Diagnostic::new(format!("`{}`: the default `{shown}` is not {}", site.path(), expected.what), place);
            faults.push(Diagnostic { help: expected.help, ..fault });
            None
        }
        Ok(json) => {
            if let Err(broken) = check_rules(&field.rules, &json) {
                faults.push(
                    Diagnostic::new(
                        format!("`{}`: the default `{shown}` breaks the field's own {broken}", site.path()),
                        place,
                    )
                    .help("change one of the two"),
                );
            }
            Some(json)
        }
    }
}

/// A literal on one line.
pub(super) fn shown(value: &Value) -> String {
    value.serialize().no_indent().to_string()
}

/// What should have stood where a literal does not fit.
pub(super) struct Expected {
    pub(super) what: String,
    pub(super) help: Option<String>,
}

impl Expected {
    fn new(what: &str) -> Expected {
        Expected { what: what.to_owned(), help: None }
    }
}

/// The literal as the input of a field of this kind.
fn of_kind(env: &Env, kind: &FieldKind, value: &Node<Value>) -> Result<Json, Expected> {
    let is_list = match kind {
        FieldKind::Scalar { list, .. } | FieldKind::Enum { list, .. } => *list,
        FieldKind::Relation(_) => {
            return Err(Expected {
                what: "possible: a relation has no default".to_owned(),
                help: Some("remove @default".to_owned()),
            });
        }
        FieldKind::Component { .. } | FieldKind::Zone { .. } => {
            return Err(Expected {
                what: "possible: a component has no default".to_owned(),
                help: Some("give defaults to its members".to_owned()),
            });
        }
    };
    if !is_list {
        return of_one(env, kind, value);
    }
    let items = value.as_list().ok_or_else(|| Expected::new("a list"))?;
    items.iter().map(|item| of_one(env, kind, item)).collect::<Result<Vec<Json>, Expected>>().map(Json::Array)
}

/// The literal as one value of a scalar or enum kind, whether or not the field is a list.
pub(super) fn of_one(env: &Env, kind: &FieldKind, value: &Node<Value>) -> Result<Json, Expected> {
    match kind {
        FieldKind::Scalar { scalar, .. } => of_scalar(*scalar, value),
        FieldKind::Enum { of, .. } => enum_word(env, *of, value),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => {
            Err(Expected::new("a value of a scalar field"))
        }
    }
}

/// A word of the enum, also where it is written as text.
fn enum_word(env: &Env, of: EnumId, value: &Value) -> Result<Json, Expected> {
    let name = env.catalog.enums[usize::from(of.0)];
    debug_assert_eq!(env.catalog.get(name), Some(Named::Enum(of)), "ids and names of enums belong together");
    let known = env.schema.get_enum(name).map(|of| &of.values);
    let word = arguments::word(value);
    match (word, known) {
        (Some(word), Some(known)) if known.contains_key(word) => Ok(Json::String(word.to_owned())),
        (_, known) => {
            let words: Vec<&str> = known.into_iter().flat_map(|values| values.keys().map(Name::as_str)).collect();
            let near = word.and_then(|word| crate::naming::nearest(word, words.iter().copied()));
            let help = near
                .map_or_else(|| format!("`{name}` has {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
            Err(Expected { what: format!("a word of the enum `{name}`"), help: Some(help) })
        }
    }
}

/// The literal as a value of a scalar, in the form of the API's input.
pub(super) fn of_scalar(scalar: Scalar, value: &Value) -> Result<Json, Expected> {
    let text = value.as_str();
    let checked = |fits: fn(&str) -> bool, what: &str| match text.filter(|text| fits(text)) {
        Some(text) => Ok(Json::String(text.to_owned())),
        None => Err(Expected::new(what)),
    };
    match scalar {
        Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Password => checked(|_| true, "a text"),
        Scalar::Email => checked(is_email, "an e-mail address"),
        Scalar::Uid => checked(is_uid, "a text of letters, digits and `-_.~`"),
        Scalar::Id => match value {
            Value::Int(digits) => Ok(Json::String(digits.as_str().to_owned())),
            _ => checked(|_| true, "a text or a whole number"),
        },
        Scalar::Int => value.to_i32().map(Json::from).ok_or_else(|| Expected::new("a whole number of 32 bits")),
        Scalar::BigInt => big_int(value).map(Json::from).ok_or_else(|| Expected::new("a whole number of 64 bits")),
        Scalar::Float => float(value).map(Json::Number).ok_or_else(|| Expected::new("a number")),
        Scalar::Decimal => decimal(value).ok_or_else(|| Expected::new("a number, or its digits as text")),
        Scalar::Boolean => value.to_bool().map(Json::Bool).ok_or_else(|| Expected::new("true or false")),
        Scalar::Date => checked(is_date, "a day such as \"2026-11-21\""),
        Scalar::Time => checked(is_time, "a time of day such as \"15:04:05.000\""),
        Scalar::DateTime => checked(is_instant, "an instant such as \"2026-11-21T15:04:05Z\""),
        Scalar::Interval => checked(|text| !text.trim().is_empty(), "a length of time as text"),
        Scalar::Uuid => checked(is_uuid, "a UUID in lower case with hyphens"),
        Scalar::Json => Ok(to_json(value)),
        Scalar::Blocks => Some(to_json(value)).filter(is_blocks).ok_or_else(|| Expected::new("a list of block nodes")),
    }
}

fn big_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(digits) => digits.as_str().parse().ok(),
        Value::String(digits) => digits.parse().ok(),
        Value::Null
        | Value::Enum(_)
        | Value::Variable(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::List(_)
        | Value::Object(_) => None,
    }
}

fn float(value: &Value) -> Option<Number> {
    let number = match value {
        Value::Int(digits) => digits.try_to_f64().ok(),
        Value::Float(digits) => digits.try_to_f64().ok(),
        Value::Null
        | Value::Enum(_)
        | Value::Variable(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::List(_)
        | Value::Object(_) => None,
    };
    Number::from_f64(number?)
}

/// A number where JSON's numbers keep all its digits, else its digits as text.
fn decimal(value: &Value) -> Option<Json> {
    let exact = restrictions::exact(value)?;
    let number = exact.to_f64().filter(|number| Decimal::from_str(&number.to_string()).is_ok_and(|back| back == exact));
    Some(number.and_then(Number::from_f64).map_or_else(|| Json::String(exact.to_string()), Json::Number))
}

/// A text is a value of the scalar: of the form that the scalar has, where it has one.
pub(crate) fn fits_text(scalar: Scalar, text: &str) -> bool {
    match scalar {
        Scalar::Email => is_email(text),
        Scalar::Uid => is_uid(text),
        Scalar::Decimal => Decimal::from_str(text).is_ok(),
        Scalar::Date => is_date(text),
        Scalar::Time => is_time(text),
        Scalar::DateTime => is_instant(text),
        Scalar::Interval => !text.trim().is_empty(),
        Scalar::Uuid => is_uuid(text),
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Password
        | Scalar::Id
        | Scalar::Json
        | Scalar::Blocks => true,
        Scalar::Int | Scalar::BigInt | Scalar::Float | Scalar::Boolean => false,
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_clean =
        |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@');
    is_clean(local) && is_clean(domain)
}

fn is_uid(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.~".contains(letter))
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && Date::from_str(text).is_ok()
}

fn is_time(text: &str) -> bool {
    (5..=15).contains(&text.len()) && Time::from_str(text).is_ok()
}

fn is_instant(text: &str) -> bool {
    jiff::Timestamp::from_str(text).is_ok()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_hex = |group: &&str| group.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f'));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex)
}

fn is_blocks(value: &Json) -> bool {
    value.as_array().is_some_and(|blocks| blocks.iter().all(Json::is_object))
}

/// Any literal as JSON; an enum word stands for its name.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(flag) => Json::Bool(*flag),
        Value::String(text) => Json::String(text.clone()),
        Value::Enum(word) | Value::Variable(word) => Json::String(word.to_string()),
        Value::Int(digits) => digits
            .as_str()
            .parse::<i64>()
            .map(Json::from)
            .ok()
            .or_else(|| float(value).map(Json::Number))
            .unwrap_or(Json::Null),
        Value::Float(_) => float(value).map_or(Json::Null, Json::Number),
        Value::List(items) => Json::Array(items.iter().map(|item| to_json(item)).collect()),
        Value::Object(members) => Json::Object(
            members.iter().map(|(name, member)| (name.to_string(), to_json(member))).collect::<Map<_, _>>(),
        ),
    }
}

/// The first rule of the field that the value breaks.
fn check_rules(rules: &Rules, value: &Json) -> Result<(), &'static str> {
    let within = |count: usize, (min, max): (Option<u32>, Option<u32>)| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        min.is_none_or(|min| count >= min) && max.is_none_or(|max| count <= max)
    };
    if value.as_str().is_some_and(|text| !within(text.chars().count(), rules.length)) {
        return Err("@length");
    }
    if value.as_array().is_some_and(|items| !within(items.len(), rules.items)) {
        return Err("@items");
    }
    let bound = |bound: &Option<String>| bound.as_deref().and_then(|digits| Decimal::from_str(digits).ok());
    let number = match value {
        Json::Number(number) => Decimal::from_str(&number.to_string()).ok(),
        Json::String(digits) => Decimal::from_str(digits).ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    let (min, max) = (bound(&rules.range.0), bound(&rules.range.1));
    if number.is_some_and(|number| min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max)) {
        return Err("@range");
    }
    let regex = rules.pattern_of_whole().and_then(|pattern| Regex::new(&pattern).ok());
    if regex.zip(value.as_str()).is_some_and(|(regex, text)| !regex.is_match(text)) {
        return Err("@pattern");
    }
    Ok(())
}
