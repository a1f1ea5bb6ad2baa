//! `@length @range @items @pattern` and `@uid`'s place: whether they fit the field, and what they say.

use std::str::FromStr;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};
use regex::RegexBuilder;
use rust_decimal::Decimal;

use super::fields::Site;
use super::{Faults, arguments};
use crate::{Diagnostic, FieldKind, Rules, Scalar};

/// Bytes that a compiled pattern may take.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

pub(super) fn read(site: &Site, kind: &FieldKind, faults: &mut Faults) -> Rules {
    Rules {
        length: length(site, kind, faults),
        range: range(site, kind, faults),
        items: items(site, kind, faults),
        pattern: pattern(site, kind, faults),
    }
}

/// The directive, if it stands on the field and fits what the field holds.
fn fitting<'a>(site: &'a Site, name: &str, fits: bool, faults: &mut Faults) -> Option<&'a Node<Directive>> {
    let directive = site.directive(name)?;
    if fits {
        return Some(directive);
    }
    let on = match name {
        "range" => "one number",
        "items" => "a list",
        _ => "one text",
    };
    let fault = Diagnostic::new(
        format!("`{}` is not {on}, so it cannot have @{name}", site.path()),
        site.directive_place(directive),
    );
    faults.push(fault.help("remove the directive"));
    None
}

fn is_text(kind: &FieldKind) -> bool {
    let FieldKind::Scalar { scalar, list: false } = kind else {
        return false;
    };
    match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id => true,
        Scalar::Blocks
        | Scalar::Int
        | Scalar::BigInt
        | Scalar::Float
        | Scalar::Decimal
        | Scalar::Boolean
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Uuid => false,
    }
}

fn length(site: &Site, kind: &FieldKind, faults: &mut Faults) -> (Option<u32>, Option<u32>) {
    fitting(site, "length", is_text(kind), faults).map_or((None, None), |directive| counts(site, directive, faults))
}

fn items(site: &Site, kind: &FieldKind, faults: &mut Faults) -> (Option<u32>, Option<u32>) {
    let is_list = match kind {
        FieldKind::Scalar { list, .. } | FieldKind::Enum { list, .. } => *list,
        FieldKind::Relation(relation) => relation.many,
        FieldKind::Component { repeatable, .. } => *repeatable,
        FieldKind::Zone { .. } => true,
    };
    fitting(site, "items", is_list, faults).map_or((None, None), |directive| counts(site, directive, faults))
}

/// `min` and `max` as counts, none below 0, the first not above the second.
fn counts(site: &Site, directive: &Node<Directive>, faults: &mut Faults) -> (Option<u32>, Option<u32>) {
    let mut read = |argument: &str| {
        let number = arguments::number(site.env, directive, argument)?;
        let count = u32::try_from(number).ok();
        if count.is_none() {
            let message = format!("`{}`: `{argument}` is a count and cannot be {number}", site.path());
            faults.push(Diagnostic::new(message, arguments::place(site.env, directive, argument)));
        }
        count
    };
    let (min, max) = (read("min"), read("max"));
    check_bounds(site, directive, min.zip(max).is_some_and(|(min, max)| min > max), faults);
    check_not_empty(site, directive, faults);
    (min, max)
}

fn check_bounds(site: &Site, directive: &Node<Directive>, is_empty: bool, faults: &mut Faults) {
    if is_empty {
        let message = format!("`{}`: `min` is above `max`, so nothing would be allowed", site.path());
        faults.push(Diagnostic::new(message, site.directive_place(directive)).help("exchange the two"));
    }
}

fn check_not_empty(site: &Site, directive: &Node<Directive>, faults: &mut Faults) {
    if directive.arguments.is_empty() {
        let message = format!("`{}`: @{} without `min` and `max` says nothing", site.path(), directive.name);
        faults.push(
            Diagnostic::new(message, site.directive_place(directive)).help("give one of them, or remove the directive"),
        );
    }
}

fn range(site: &Site, kind: &FieldKind, faults: &mut Faults) -> (Option<String>, Option<String>) {
    let is_number = matches!(
        kind,
        FieldKind::Scalar { scalar: Scalar::Int | Scalar::BigInt | Scalar::Float | Scalar::Decimal, list: false }
    );
    let Some(directive) = fitting(site, "range", is_number, faults) else {
        return (None, None);
    };
    let mut read = |argument: &str| {
        let value = arguments::value(site.env, directive, argument)?;
        let number = exact(value);
        if number.is_none() {
            let fault = Diagnostic::new(
                format!("`{}`: `{argument}` is no number", site.path()),
                arguments::place(site.env, directive, argument),
            );
            faults.push(fault.help("write a number, or its digits as text: \"0.5\""));
        }
        number
    };
    let (min, max) = (read("min"), read("max"));
    check_bounds(site, directive, min.zip(max).is_some_and(|(min, max)| min > max), faults);
    check_not_empty(site, directive, faults);
    let digits = |number: Decimal| number.normalize().to_string();
    (min.map(digits), max.map(digits))
}

/// A number, or the text of one, without loss.
pub(super) fn exact(value: &Value) -> Option<Decimal> {
    let digits = match value {
        Value::Int(number) => number.as_str(),
        Value::Float(number) => number.as_str(),
        Value::String(text) => text,
        Value::Null | Value::Enum(_) | Value::Variable(_) | Value::Boolean(_) | Value::List(_) | Value::Object(_) => {
            return None;
        }
    };
    Decimal::from_str(digits).or_else(|_| Decimal::from_scientific(digits)).ok()
}

fn pattern(site: &Site, kind: &FieldKind, faults: &mut Faults) -> Option<String> {
    let directive = fitting(site, "pattern", is_text(kind), faults)?;
    let regex = arguments::text(site.env, directive, "regex")?;
    let rules = Rules { pattern: Some(regex.to_owned()), ..Rules::default() };
    let whole = rules.pattern_of_whole()?;
    if let Err(error) = RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build() {
        let fault = Diagnostic::new(
            format!("`{}`: the pattern does not compile: {}", site.path(), cause(&error)),
            arguments::place(site.env, directive, "regex"),
        );
        faults.push(fault.help("patterns run in linear time: no look-around, no back references"));
    }
    Some(regex.to_owned())
}

/// The last line of the engine's report, which names the cause; the lines before it draw a picture of the pattern.
fn cause(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
