//! A checked operation as a tree of our own: fragments written out, literals coerced, everything looked up.

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use plan::Place;
use serde_json::Value as Json;

use crate::definition::TypeRef;
use crate::shape::Use;

/// One operation of a document, known to hold against the schema that it was parsed for.
pub struct Operation {
    pub(crate) kind: OperationKind,
    /// Name of the root type.
    pub(crate) root: String,
    pub(crate) selections: Vec<Selection>,
    pub(crate) variables: Vec<Variable>,
    /// Lists and objects of the text that hold variables and are one value for a plan: they are put together as further variables.
    pub(crate) composed: Vec<(String, Given)>,
    pub(crate) costs: Vec<Cost>,
    /// Present when introspection is asked: it is answered by the library that checked the document.
    pub(crate) introspected: Option<Arc<Valid<ExecutableDocument>>>,
    pub(crate) name: Option<String>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
}

/// A variable that an operation declares.
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) of: TypeRef,
    /// Coerced already.
    pub(crate) default: Option<Json>,
    /// What its value decides, for each place where it is used.
    pub(crate) uses: Vec<Use>,
    pub(crate) place: Option<Place>,
}

/// One selection.
pub(crate) enum Selection {
    Field(Field),
    Fragment { on: String, conditions: Vec<Condition>, selections: Vec<Selection> },
}

/// One field.
pub(crate) struct Field {
    /// Key in the answer.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) arguments: Vec<(String, Given)>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) selections: Vec<Selection>,
}

/// `@include(if:)` or `@skip(if:)`.
pub(crate) struct Condition {
    pub(crate) is_skip: bool,
    pub(crate) given: Given,
}

/// What is written for an argument. Literals are coerced: lists are lists, ids are texts, enum words are texts.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    /// Without variables in it.
    Json(Json),
    /// A variable, or a composed one.
    Variable(String),
    /// With variables in it.
    List(Vec<Given>),
    /// With variables in it.
    Object(Vec<(String, Given)>),
}

/// A list that an operation asks for, and the lists inside it.
pub(crate) struct Cost {
    pub(crate) rows: CostRows,
    pub(crate) inner: Vec<Cost>,
}

/// How many rows a list has at most.
pub(crate) enum CostRows {
    Known(u64),
    /// A page number of a variable.
    Variable(Given),
}

impl Operation {
    /// What it does.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// Whether it asks for `__schema` or `__type`.
    #[must_use]
    pub fn asks_for_schema(&self) -> bool {
        self.introspected.is_some()
    }

    /// Its name in the document.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}
