//! Whether values may be written: every rule of the model over a [`Content`], all faults at once, in the order of the fields.
//!
//! Unique values, links and the rules of roles need the database and are not seen here.
//!
//! Source: strapi.md 7.4.

mod blocks;

use std::collections::HashMap;

use model::{Component, ContentType, Field, FieldId, FieldKind, Model, Rules, Scalar};
use regex::Regex;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::content::value_json;
use crate::{BrokenRule, Content, ElementContent, FieldFault, Held, Segment, Value, WriteVersion};

/// Longest password in bytes: what every hash of passwords in use can take in whole.
pub const PASSWORD_BYTES_MAX: usize = 72;

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A new document of a type without drafts: what is absent is missing.
    Create,
    /// The whole document as it will be published: what is absent is null.
    Publish,
    /// Some fields of a document that is there: what is absent is not asked.
    Update,
    /// Fields of a draft: upper bounds alone.
    Draft,
}

/// The patterns of a model, compiled once.
#[derive(Debug, Default)]
pub struct Patterns(HashMap<String, Regex>);

impl Patterns {
    /// Compiles every pattern of the model. One that does not compile (the model's reader refuses those) matches nothing.
    #[must_use]
    pub fn of(model: &Model) -> Patterns {
        let fields =
            model.types.iter().flat_map(|one| &one.fields).chain(model.components.iter().flat_map(|one| &one.fields));
        let patterns = fields.filter_map(|field| field.rules.pattern.clone().zip(field.rules.pattern_of_whole()));
        Patterns(patterns.filter_map(|(text, whole)| Some((text, Regex::new(&whole).ok()?))).collect())
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        self.0.get(pattern).is_some_and(|regex| regex.is_match(text))
    }
}

/// Everything that `content`, which belongs to a document of `of`, breaks.
#[must_use]
pub fn check(model: &Model, patterns: &Patterns, of: &ContentType, content: &Content, stage: Stage) -> Vec<FieldFault> {
    let mut checker = Checker { model, patterns, path: Vec::new(), faults: Vec::new() };
    checker.content(&of.fields, content, stage);
    checker.faults
}

/// Which rules hold for the fields that a write of this version gives.
#[must_use]
pub fn stage_of(version: WriteVersion, creates: bool) -> Stage {
    match (version, creates) {
        (WriteVersion::Draft | WriteVersion::Unpublished, _) => Stage::Draft,
        (WriteVersion::Only | WriteVersion::AsPresent | WriteVersion::PublishedAt(_), true) => Stage::Create,
        (WriteVersion::Only | WriteVersion::AsPresent, false) => Stage::Update,
        (WriteVersion::Published, _) | (WriteVersion::PublishedAt(_), false) => Stage::Publish,
    }
}

/// Holds the fields of a request's faults in the order of the model's fields.
pub fn sort_by_field(faults: &mut [FieldFault], of: &ContentType) {
    faults.sort_by_key(|fault| match fault.path.first() {
        Some(Segment::Key(name)) => of.fields.iter().position(|field| field.name == *name).unwrap_or(usize::MAX),
        Some(Segment::Index(_)) | None => usize::MAX,
    });
}

struct Checker<'a> {
    model: &'a Model,
    patterns: &'a Patterns,
    path: Vec<Segment>,
    faults: Vec<FieldFault>,
}

impl Checker<'_> {
    fn content(&mut self, fields: &[Field], content: &Content, stage: Stage) {
        for (id, field) in (0u16..).map(FieldId).zip(fields) {
            self.path.push(Segment::Key(field.name.clone()));
            match content.get(id) {
                Some(held) => self.held(field, held, stage),
                None => self.absent(field, stage),
            }
            self.path.pop();
        }
    }

    fn absent(&mut self, field: &Field, stage: Stage) {
        if !field.required || is_list(&field.kind) {
            return;
        }
        match stage {
            Stage::Create => self.fault(field, BrokenRule::Missing, None),
            Stage::Publish => self.fault(field, BrokenRule::Null, Some(Json::Null)),
            Stage::Update | Stage::Draft => {}
        }
    }

    fn held(&mut self, field: &Field, held: &Held, stage: Stage) {
        let is_draft = stage == Stage::Draft;
        match held {
            Held::Null => self.null(field, is_draft),
            Held::Value(Value::List(list)) => self.list(field, list, is_draft),
            Held::Value(value) => self.value(field, value, is_draft),
            // How many there are then is known to the store alone.
            Held::Increment(_) | Held::Append(_) | Held::AddedLinks(_) | Held::Hash(_) | Held::Kept => {}
            Held::Links(links) => {
                if field.required && links.is_empty() && !is_draft && !is_list(&field.kind) {
                    self.fault(field, BrokenRule::Null, Some(Json::Null));
                }
                self.items(field, links.len(), is_draft, || None);
            }
            Held::Elements(elements) => self.elements(field, elements, stage),
        }
    }

    fn null(&mut self, field: &Field, is_draft: bool) {
        if matches!(field.kind, FieldKind::Component { repeatable: true, .. } | FieldKind::Zone { .. }) {
            self.fault(field, BrokenRule::ListNull, Some(Json::Null));
        } else if field.required && !is_draft {
            self.fault(field, BrokenRule::Null, Some(Json::Null));
        }
    }

    fn list(&mut self, field: &Field, list: &[Value], is_draft: bool) {
        self.items(field, list.len(), is_draft, || Some(Json::Array(list.iter().map(value_json).collect())));
        for (index, value) in list.iter().enumerate() {
            self.path.push(Segment::Index(index));
            self.value(field, value, is_draft);
            self.path.pop();
        }
    }

    fn elements(&mut self, field: &Field, elements: &[ElementContent], stage: Stage) {
        let json = || Held::Elements(elements.to_vec()).to_json(self.model);
        if is_list(&field.kind) {
            let value = json();
            self.items(field, elements.len(), stage == Stage::Draft, || value);
        } else if field.required && elements.is_empty() && stage != Stage::Draft {
            self.fault(field, BrokenRule::Null, Some(Json::Null));
        }
        for (index, element) in elements.iter().enumerate() {
            let component: &Component = self.model.component(element.component);
            if is_list(&field.kind) {
                self.path.push(Segment::Index(index));
            }
            self.content(&component.fields, &element.content, stage_of_element(stage, element));
            if is_list(&field.kind) {
                self.path.pop();
            }
        }
    }

    /// The number of items. An optional list may stay empty whatever its lower bound.
    fn items(&mut self, field: &Field, count: usize, is_draft: bool, value: impl FnOnce() -> Option<Json>) {
        let (least, most) = field.rules.items;
        let is_asked = field.required || count > 0;
        if let Some(least) = least.filter(|least| is_asked && !is_draft && count < *least as usize) {
            self.fault(field, BrokenRule::TooFewItems(least), value());
        } else if let Some(most) = most.filter(|most| count > *most as usize) {
            self.fault(field, BrokenRule::TooManyItems(most), value());
        }
    }

    fn value(&mut self, field: &Field, value: &Value, is_draft: bool) {
        let faults_before = self.faults.len();
        match value {
            Value::Null => self.null(field, is_draft),
            Value::Text(text) => self.text(field, text, is_draft),
            Value::Int(number) => {
                self.integer(field, *number);
                self.range(field, value, is_draft);
            }
            Value::Float(number) => {
                if number.is_finite() {
                    self.range(field, value, is_draft);
                } else {
                    self.fault(field, BrokenRule::Kind("number"), None);
                }
            }
            Value::Decimal(_) => self.range(field, value, is_draft),
            Value::Json(text) => {
                if matches!(field.kind, FieldKind::Scalar { scalar: Scalar::Blocks, .. }) {
                    self.blocks(field, text);
                }
            }
            Value::Boolean(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::Instant(_)
            | Value::Interval(..)
            | Value::Uuid(_)
            | Value::List(_) => {}
        }
        debug_assert!(self.faults.len() >= faults_before);
    }

    fn integer(&mut self, field: &Field, number: i64) {
        if matches!(field.kind, FieldKind::Scalar { scalar: Scalar::Int, .. }) && i32::try_from(number).is_err() {
            self.fault(field, BrokenRule::NotInteger, Some(Json::from(number)));
        }
    }

    fn range(&mut self, field: &Field, value: &Value, is_draft: bool) {
        let (least, most) = &field.rules.range;
        if let Some(least) =
            least.as_ref().filter(|least| !is_draft && compare(value, least).is_some_and(std::cmp::Ordering::is_lt))
        {
            self.fault(field, BrokenRule::TooSmall(least.clone()), Some(value_json(value)));
        }
        if let Some(most) = most.as_ref().filter(|most| compare(value, most).is_some_and(std::cmp::Ordering::is_gt)) {
            self.fault(field, BrokenRule::TooGreat(most.clone()), Some(value_json(value)));
        }
    }

    fn text(&mut self, field: &Field, text: &str, is_draft: bool) {
        let value = || Some(Json::String(text.to_owned()));
        match field.kind {
            FieldKind::Enum { of, .. } => {
                if !self.model.enumeration(of).values.iter().any(|one| one.raw == text) {
                    self.fault(field, BrokenRule::Word(text.to_owned()), value());
                }
                return;
            }
            FieldKind::Scalar { scalar: Scalar::Password, .. } if text.len() > PASSWORD_BYTES_MAX => {
                self.fault(field, BrokenRule::Password, None);
                return;
            }
            FieldKind::Scalar { scalar: Scalar::Email, .. } if !is_draft && !is_email(text) => {
                // How long it is says nothing about what is no address at all.
                self.fault(field, BrokenRule::Email, value());
                return;
            }
            FieldKind::Scalar { scalar: Scalar::Uid, .. } if !is_draft && !text.bytes().all(is_uid_letter) => {
                self.fault(field, BrokenRule::Uid, value());
            }
            FieldKind::Scalar { .. }
            | FieldKind::Relation(_)
            | FieldKind::Component { .. }
            | FieldKind::Zone { .. } => {}
        }
        if let Some(broken) = length(&field.rules, text, is_draft) {
            self.fault(field, broken, value());
        }
        if let Some(pattern) =
            field.rules.pattern.as_ref().filter(|pattern| !is_draft && !self.patterns.matches(pattern, text))
        {
            self.fault(field, BrokenRule::Pattern(pattern.clone()), value());
        }
    }

    fn blocks(&mut self, field: &Field, text: &str) {
        for (path, problem, value) in blocks::faults(text) {
            let depth = self.path.len();
            self.path.extend(path);
            self.fault(field, BrokenRule::Blocks(problem), Some(value));
            self.path.truncate(depth);
        }
    }

    fn fault(&mut self, field: &Field, rule: BrokenRule, value: Option<Json>) {
        let value = if field.is_hidden() { None } else { value };
        self.faults.push(FieldFault { path: self.path.clone(), rule, value });
    }
}

/// A new element has to be whole where its document already is.
fn stage_of_element(stage: Stage, element: &ElementContent) -> Stage {
    match (stage, element.id) {
        (Stage::Update, None) => Stage::Create,
        (Stage::Create, Some(_)) => Stage::Update,
        (Stage::Create | Stage::Publish | Stage::Draft, _) | (Stage::Update, Some(_)) => stage,
    }
}

fn is_list(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } => false,
        FieldKind::Relation(relation) => relation.many,
        FieldKind::Component { repeatable, .. } => *repeatable,
        FieldKind::Zone { .. } => true,
    }
}

/// Characters are code points.
fn length(rules: &Rules, text: &str, is_draft: bool) -> Option<BrokenRule> {
    let (least, most) = rules.length;
    if least.is_none() && most.is_none() {
        return None;
    }
    let count = text.chars().count();
    if let Some(least) = least.filter(|least| !is_draft && count < *least as usize) {
        return Some(BrokenRule::TooShort(least));
    }
    most.filter(|most| count > *most as usize).map(BrokenRule::TooLong)
}

/// How a number compares with the digits of a bound; none where it does not.
fn compare(value: &Value, bound: &str) -> Option<std::cmp::Ordering> {
    let exact: Option<Decimal> = bound.parse().ok();
    match (value, exact) {
        (Value::Int(number), Some(exact)) => Some(Decimal::from(*number).cmp(&exact)),
        (Value::Decimal(number), Some(exact)) => Some(number.cmp(&exact)),
        (Value::Float(number), _) => number.partial_cmp(&bound.parse::<f64>().ok()?),
        _ => None,
    }
}

fn is_uid_letter(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.' | b'~')
}

/// One `@` between a local part without empty labels and a domain of at least two labels of letters, digits and inner hyphens.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local_letter =
        |letter: char| letter.is_alphanumeric() || letter > '\u{9f}' || "!#$%&'*+-/=?^_`{|}~".contains(letter);
    let is_label = |label: &str| {
        let is_letter = |letter: char| letter.is_alphanumeric() || letter > '\u{9f}';
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| is_letter(letter) || letter == '-')
    };
    text.len() <= 320
        && local.split('.').all(|part| !part.is_empty() && part.chars().all(is_local_letter))
        && domain.contains('.')
        && domain.split('.').all(is_label)
}
