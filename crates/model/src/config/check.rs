//! A value against a type: every fault, in the order of the walk.

use serde_json::{Map, Value};

use super::{ConfigField, ConfigShape, ConfigType, ShapeKind};
use crate::Scalar;
use crate::read::fits_text;

/// Faults that one document is told at most.
pub const CONFIG_FAULTS_MAX: usize = 1_000;

/// One fault of a document of config.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFault {
    /// Where, from the root of the document.
    pub path: Vec<ConfigStep>,
    /// What.
    pub kind: ConfigFaultKind,
}

/// One step into a document of config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigStep {
    /// Into a member of an object with known members.
    Field(String),
    /// Into an item of a list.
    Item(usize),
    /// To the key of an entry of a map.
    MapKey(String),
    /// To the value of an entry of a map.
    MapValue(String),
}

/// What can be wrong with a value of config.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigFaultKind {
    /// Null where the type has no null.
    Null {
        /// What should have stood there.
        expected: ConfigType,
    },
    /// Another scalar, or no scalar at all.
    NotScalar {
        /// What should have stood there.
        expected: Scalar,
        /// What stands there.
        met: Value,
    },
    /// No object where exactly one member of an object should be chosen.
    NotSelector {
        /// What stands there.
        met: Value,
    },
    /// No object where one with known members should be.
    NotObject {
        /// What should have stood there.
        expected: ConfigType,
        /// What stands there.
        met: Value,
    },
    /// No object where one with any keys should be.
    NotMap {
        /// What should have stood there.
        expected: ConfigType,
        /// What stands there.
        met: Value,
    },
    /// No list.
    NotList {
        /// What should have stood there.
        expected: ConfigType,
        /// What stands there.
        met: Value,
    },
    /// No text where a word of an enum should be.
    NotWord {
        /// Name of the enum.
        name: String,
        /// What stands there.
        met: Value,
    },
    /// A text that is no word of the enum.
    UnknownWord {
        /// Name of the enum.
        name: String,
        /// The text.
        met: String,
    },
    /// One member that the type does not have.
    UnknownField {
        /// Its name.
        name: String,
        /// The type.
        expected: ConfigType,
    },
    /// Several members that the type does not have.
    UnknownFields {
        /// Their names, sorted.
        names: Vec<String>,
        /// The type.
        expected: ConfigType,
    },
    /// One required member is missing.
    MissingField {
        /// The member.
        field: ConfigField,
    },
    /// Several required members are missing.
    MissingFields {
        /// The members, sorted by name.
        fields: Vec<ConfigField>,
    },
    /// No member where one of several must be chosen.
    NoneChosen {
        /// What could be chosen, sorted.
        defined: Vec<String>,
    },
    /// No member where the only one is required.
    OnlyOneMissing {
        /// That one.
        defined: Vec<String>,
    },
    /// More than one member where exactly one may be chosen.
    SeveralChosen {
        /// What was chosen, sorted.
        given: Vec<String>,
        /// What could be chosen, sorted.
        defined: Vec<String>,
    },
}

/// Every fault of a value against a type, at most [`CONFIG_FAULTS_MAX`], in the order of the walk: of an object first unknown members, then
/// missing ones, then the faults of those present, by name.
///
/// Source: Dagster's validation of run config, whose order this is.
#[must_use]
pub fn check(of: &ConfigType, value: &Value) -> Vec<ConfigFault> {
    let mut walk = Walk { path: Vec::new(), faults: Vec::new() };
    walk.value(of, value);
    walk.faults
}

struct Walk {
    path: Vec<ConfigStep>,
    faults: Vec<ConfigFault>,
}

impl Walk {
    fn fault(&mut self, kind: ConfigFaultKind) {
        if self.faults.len() < CONFIG_FAULTS_MAX {
            self.faults.push(ConfigFault { path: self.path.clone(), kind });
        }
    }

    fn below(&mut self, step: ConfigStep, of: &ConfigType, value: &Value) {
        self.path.push(step);
        self.value(of, value);
        self.path.pop();
    }

    fn value(&mut self, of: &ConfigType, value: &Value) {
        match of {
            ConfigType::Any => {}
            ConfigType::Nullable(_) if value.is_null() => {}
            ConfigType::Nullable(inner) => self.value(inner, value),
            of if value.is_null() => self.fault(ConfigFaultKind::Null { expected: of.clone() }),
            ConfigType::Scalar(scalar) => self.scalar(*scalar, value),
            ConfigType::Source(source) if value.is_object() || value.is_array() => {
                let shape = source.environment();
                self.one_of(&shape, of, value);
            }
            ConfigType::Source(source) => self.scalar(source.scalar(), value),
            ConfigType::Enum(words) => match value.as_str() {
                None => self.fault(ConfigFaultKind::NotWord { name: words.name.clone(), met: value.clone() }),
                Some(met) if !words.values.iter().any(|(word, _)| word == met) => {
                    self.fault(ConfigFaultKind::UnknownWord { name: words.name.clone(), met: met.to_owned() });
                }
                Some(_) => {}
            },
            ConfigType::List(item) => match value.as_array() {
                None => self.fault(ConfigFaultKind::NotList { expected: of.clone(), met: value.clone() }),
                Some(items) => {
                    for (at, value) in items.iter().enumerate() {
                        self.below(ConfigStep::Item(at), item, value);
                    }
                }
            },
            ConfigType::Map(map) => match value.as_object() {
                None => self.fault(ConfigFaultKind::NotMap { expected: of.clone(), met: value.clone() }),
                Some(entries) => {
                    for key in entries.keys() {
                        let as_value = key_value(map.key, key);
                        self.below(ConfigStep::MapKey(key.clone()), &ConfigType::Scalar(map.key), &as_value);
                    }
                    for (key, value) in entries {
                        self.below(ConfigStep::MapValue(key.clone()), &map.value, value);
                    }
                }
            },
            ConfigType::Either(either) if value.is_object() || value.is_array() => self.value(&either.other, value),
            ConfigType::Either(either) => self.scalar(either.scalar, value),
            ConfigType::Shape(shape) => match shape.kind {
                ShapeKind::OneOf => self.one_of(shape, of, value),
                ShapeKind::Strict | ShapeKind::Open => self.object(shape, of, value),
            },
        }
    }

    fn scalar(&mut self, expected: Scalar, value: &Value) {
        if !is_scalar(expected, value) {
            self.fault(ConfigFaultKind::NotScalar { expected, met: value.clone() });
        }
    }

    fn one_of(&mut self, shape: &ConfigShape, of: &ConfigType, value: &Value) {
        let defined = || shape.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        let Some(members) = value.as_object() else {
            return self.fault(ConfigFaultKind::NotSelector { met: value.clone() });
        };
        let mut given = members.iter();
        match (given.next(), given.next()) {
            (None, _) if shape.fields.len() != 1 => self.fault(ConfigFaultKind::NoneChosen { defined: defined() }),
            (None, _) if shape.fields.iter().any(|field| field.required) => {
                self.fault(ConfigFaultKind::OnlyOneMissing { defined: defined() });
            }
            (None, _) => {}
            (Some(_), Some(_)) => {
                let mut given: Vec<String> = members.keys().cloned().collect();
                given.sort();
                self.fault(ConfigFaultKind::SeveralChosen { given, defined: defined() });
            }
            (Some((name, chosen)), None) => match shape.field(name) {
                None => self.fault(ConfigFaultKind::UnknownField { name: name.clone(), expected: of.clone() }),
                Some(field) => {
                    // A choice without a value is the choice of what has nothing to say.
                    let is_bare = chosen.is_null() && matches!(field.of, ConfigType::Shape(_));
                    let empty = Value::Object(Map::new());
                    self.below(ConfigStep::Field(name.clone()), &field.of, if is_bare { &empty } else { chosen });
                }
            },
        }
    }

    fn object(&mut self, shape: &ConfigShape, of: &ConfigType, value: &Value) {
        let Some(members) = value.as_object() else {
            return self.fault(ConfigFaultKind::NotObject { expected: of.clone(), met: value.clone() });
        };
        let mut unknown: Vec<String> = members.keys().filter(|name| shape.field(name).is_none()).cloned().collect();
        unknown.sort();
        match (shape.kind, unknown.len()) {
            (ShapeKind::Open, _) | (_, 0) => {}
            (_, 1) => {
                self.fault(ConfigFaultKind::UnknownField { name: unknown.remove(0), expected: of.clone() });
            }
            (_, _) => self.fault(ConfigFaultKind::UnknownFields { names: unknown, expected: of.clone() }),
        }
        let is_missing = |field: &&ConfigField| field.required && !members.contains_key(&field.name);
        let mut missing: Vec<ConfigField> = shape.fields.iter().filter(is_missing).cloned().collect();
        match missing.len() {
            0 => {}
            1 => self.fault(ConfigFaultKind::MissingField { field: missing.remove(0) }),
            _ => self.fault(ConfigFaultKind::MissingFields { fields: missing }),
        }
        for field in &shape.fields {
            if let Some(value) = members.get(&field.name) {
                self.below(ConfigStep::Field(field.name.clone()), &field.of, value);
            }
        }
    }
}

/// The key of a map as the value that its type is asked about: JSON writes all keys as texts.
fn key_value(key: Scalar, text: &str) -> Value {
    match key {
        Scalar::Int | Scalar::BigInt => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Scalar::Float => text.parse::<f64>().map_or_else(|_| text.into(), Value::from),
        Scalar::Boolean => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Blocks
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id
        | Scalar::Decimal
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Uuid => text.into(),
    }
}

/// Whole numbers are not floats written with a point, and truth values are no numbers.
fn is_scalar(expected: Scalar, value: &Value) -> bool {
    match expected {
        Scalar::Int | Scalar::BigInt => value.is_i64() || value.is_u64(),
        Scalar::Float => value.is_number(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Json | Scalar::Blocks => true,
        Scalar::Decimal => value.is_number() || value.as_str().is_some_and(|text| fits_text(expected, text)),
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Uuid => value.as_str().is_some_and(|text| fits_text(expected, text)),
    }
}
