//! Types of config and their faults as people read them.

use std::fmt::{self, Display, Formatter};

use super::{ConfigFault, ConfigFaultKind, ConfigField, ConfigStep, ConfigType, ShapeKind, SourceScalar};
use crate::Scalar;

/// Characters of a value that a message shows.
const SHOWN_CHARACTERS_MAX: usize = 60;

impl Display for ConfigType {
    /// On one line: `{ limit: Int since?: DateTime }`, `[String]`, `Int?`, `(Int | { low: Int })`.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ConfigType::Any => out.write_str("Any"),
            ConfigType::Scalar(scalar) => out.write_str(scalar_word(*scalar)),
            ConfigType::Source(source) => write!(out, "({} | {{ env: String }})", scalar_word(source.scalar())),
            ConfigType::Enum(of) => out.write_str(&of.name),
            ConfigType::Nullable(of) => write!(out, "{of}?"),
            ConfigType::List(of) => write!(out, "[{of}]"),
            ConfigType::Map(of) => {
                out.write_str("{ [")?;
                of.label.iter().try_for_each(|label| write!(out, "{label}: "))?;
                write!(out, "{}]: {} }}", scalar_word(of.key), of.value)
            }
            ConfigType::Either(of) => write!(out, "({} | {})", scalar_word(of.scalar), of.other),
            ConfigType::Shape(of) => {
                out.write_str("{ ")?;
                of.fields.iter().try_for_each(|field| write!(out, "{}: {} ", label(field), field.of))?;
                out.write_str("}")
            }
        }
    }
}

/// The name, and `?` where the member need not be given.
fn label(field: &ConfigField) -> String {
    [field.name.as_str(), if field.required { "" } else { "?" }].concat()
}

/// What config calls a scalar: all sizes of whole numbers are one, and all plain texts.
fn scalar_word(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Int | Scalar::BigInt => "Int",
        Scalar::Boolean => "Bool",
        Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Id => "String",
        Scalar::Json => "Any",
        Scalar::Float
        | Scalar::Decimal
        | Scalar::Blocks
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Uuid => scalar.name(),
    }
}

impl SourceScalar {
    /// The name in SDL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SourceScalar::String => "StringSource",
            SourceScalar::Int => "IntSource",
            SourceScalar::Boolean => "BoolSource",
        }
    }
}

impl ShapeKind {
    /// A word for pictures.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ShapeKind::Strict => "strict",
            ShapeKind::Open => "open",
            ShapeKind::OneOf => "one of",
        }
    }
}

impl Display for ConfigFault {
    /// `ops.extract.config.limit: should be Int, not "three"`.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            out.write_str("the config")?;
        }
        for (at, step) in self.path.iter().enumerate() {
            match step {
                ConfigStep::Field(name) => write!(out, "{}{name}", if at == 0 { "" } else { "." })?,
                ConfigStep::Item(index) => write!(out, "[{index}]")?,
                ConfigStep::MapKey(key) => write!(out, "[the key {key:?}]")?,
                ConfigStep::MapValue(key) => write!(out, "[{key:?}]")?,
            }
        }
        write!(out, ": {}", self.kind)
    }
}

impl Display for ConfigFaultKind {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let listed = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match self {
            ConfigFaultKind::Null { expected } => write!(out, "should be {}, not null", brief(&expected.to_string())),
            ConfigFaultKind::NotScalar { expected, met } => {
                write!(out, "should be {}, not {}", scalar_word(*expected), brief(&met.to_string()))
            }
            ConfigFaultKind::NotSelector { met } => {
                write!(out, "should be an object with one member, not {}", brief(&met.to_string()))
            }
            ConfigFaultKind::NotObject { met, .. } | ConfigFaultKind::NotMap { met, .. } => {
                write!(out, "should be an object, not {}", brief(&met.to_string()))
            }
            ConfigFaultKind::NotList { met, .. } => write!(out, "should be a list, not {}", brief(&met.to_string())),
            ConfigFaultKind::NotWord { name, met } => {
                write!(out, "should be a word of {name}, not {}", brief(&met.to_string()))
            }
            ConfigFaultKind::UnknownWord { name, met } => write!(out, "{name} has no word {:?}", brief(met)),
            ConfigFaultKind::UnknownField { name, .. } => write!(out, "there is no member `{name}`"),
            ConfigFaultKind::UnknownFields { names, .. } => write!(out, "there are no members {}", listed(names)),
            ConfigFaultKind::MissingField { field } => write!(out, "the member `{}` is missing", field.name),
            ConfigFaultKind::MissingFields { fields } => {
                let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
                write!(out, "the members {} are missing", listed(&names))
            }
            ConfigFaultKind::NoneChosen { defined } => write!(out, "one of {} must be given", listed(defined)),
            ConfigFaultKind::OnlyOneMissing { defined } => write!(out, "{} must be given", listed(defined)),
            ConfigFaultKind::SeveralChosen { given, defined } => {
                write!(out, "only one of {} may be given, not {}", listed(defined), listed(given))
            }
        }
    }
}

/// The beginning of a long text.
fn brief(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => [&text[..end], "…"].concat(),
        None => text.to_owned(),
    }
}
