//! The types of a job's config, and what is wrong with a document of it.
//!
//! In flow a type and a JSON value, out comes every fault at once, in an order that clients may rely on, each as a kind with its place. How a
//! dialect words them is the dialect's business; `Display` says them in this product's own words.
//!
//! Source: Dagster's config system, whose kinds of types and faults these are.

mod check;
mod fill;
mod root;
mod text;

use std::sync::Arc;

use serde_json::Value;

use crate::Scalar;

pub use check::{CONFIG_FAULTS_MAX, ConfigFault, ConfigFaultKind, ConfigStep, check};
pub use fill::fill;
pub(crate) use root::of_job;
pub use root::{loaded_as, loaded_types};

/// Types that one config type holds, counted each time it is met: what printing or showing it may cost.
pub const CONFIG_TYPES_MAX: usize = 10_000;

/// What a value of config may be.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigType {
    /// Everything, null too.
    Any,
    /// One scalar; texts of a form (instants, UUIDs) are texts of that form.
    Scalar(Scalar),
    /// A scalar, or `{ env: NAME }` that is read when the run starts.
    Source(SourceScalar),
    /// A word of an enum.
    Enum(Arc<ConfigEnum>),
    /// Null, or a value of the type.
    Nullable(Box<ConfigType>),
    /// A list.
    List(Box<ConfigType>),
    /// An object with any keys.
    Map(Box<ConfigMap>),
    /// An object with known members.
    Shape(Arc<ConfigShape>),
    /// An object or list of the one type, or else the scalar.
    Either(Box<ConfigEither>),
}

/// Scalars that may come from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceScalar {
    /// `StringSource`.
    String,
    /// `IntSource`.
    Int,
    /// `BoolSource`.
    Boolean,
}

/// The words of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEnum {
    /// Name in SDL.
    pub name: String,
    /// Words in order, each with its description.
    pub values: Vec<(String, Option<String>)>,
}

/// An object with any keys of one scalar type.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigMap {
    /// Type of the keys, which are texts in JSON.
    pub key: Scalar,
    /// What a key is, for people.
    pub label: Option<String>,
    /// Type of the values.
    pub value: ConfigType,
}

/// Either of two.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigEither {
    /// What a value that is neither object nor list must be.
    pub scalar: Scalar,
    /// What objects and lists must be.
    pub other: ConfigType,
}

/// An object with known members.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigShape {
    /// Name of the input type; the parts that the engine adds have none.
    pub name: Option<String>,
    /// Shown to people.
    pub description: Option<String>,
    /// How its members are taken.
    pub kind: ShapeKind,
    /// Members sorted by name.
    pub fields: Vec<ConfigField>,
}

/// How the members of an object are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    /// No others.
    Strict,
    /// Others are free.
    Open,
    /// Exactly one of them.
    OneOf,
}

/// A member of config.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigField {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// What it may be.
    pub of: ConfigType,
    /// It must be given.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<Value>,
}

impl ConfigShape {
    /// The member of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&ConfigField> {
        self.fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok().map(|at| &self.fields[at])
    }
}

impl SourceScalar {
    /// The scalar itself.
    #[must_use]
    pub fn scalar(self) -> Scalar {
        match self {
            SourceScalar::String => Scalar::String,
            SourceScalar::Int => Scalar::Int,
            SourceScalar::Boolean => Scalar::Boolean,
        }
    }

    /// What an object in its place must be: `{ env: NAME }`.
    #[must_use]
    pub fn environment(self) -> ConfigShape {
        let of = ConfigType::Scalar(Scalar::String);
        let env = ConfigField { name: "env".to_owned(), description: None, of, required: true, default: None };
        ConfigShape { name: None, description: None, kind: ShapeKind::OneOf, fields: vec![env] }
    }
}

impl ConfigType {
    /// How many types it holds, itself counted; stops at [`CONFIG_TYPES_MAX`].
    #[must_use]
    pub fn size(&self) -> usize {
        let mut left = CONFIG_TYPES_MAX;
        self.count(&mut left);
        CONFIG_TYPES_MAX - left
    }

    fn count(&self, left: &mut usize) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match self {
            ConfigType::Any | ConfigType::Scalar(_) | ConfigType::Source(_) | ConfigType::Enum(_) => {}
            ConfigType::Nullable(of) | ConfigType::List(of) => of.count(left),
            ConfigType::Map(of) => of.value.count(left),
            ConfigType::Either(of) => of.other.count(left),
            ConfigType::Shape(of) => of.fields.iter().for_each(|field| field.of.count(left)),
        }
    }
}
