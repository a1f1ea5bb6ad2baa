//! Why a request is refused before anything runs.

use plan::{Place, Segment};

/// One reason, at its places.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestError {
    /// What kind of reason: each dialect has a code for it.
    pub kind: RequestErrorKind,
    /// A sentence that is safe to show, in GraphQL's own words.
    pub message: String,
    /// Where in the document.
    pub places: Vec<Place>,
    /// Where: below the variable, or from the operation through `selectionSet`, fields, `args` and members.
    pub path: Vec<Segment>,
    /// What a document names or lacks, for dialects with words of their own.
    pub complaint: Option<Box<Complaint>>,
}

/// Kinds of reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestErrorKind {
    /// The text is no GraphQL document.
    Syntax,
    /// The document does not hold against the schema.
    Validation,
    /// The value of a variable does not fit its type; the variable's name.
    Variable(String),
    /// No operation of the wanted name, or several and none is named.
    OperationName,
    /// A limit: its name and figure.
    Limit(&'static str, u64),
}

/// What a document names that is not there, or lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// A field of an object, or a member of an input.
    Field {
        /// As it was written.
        name: String,
        /// The type that lacks it.
        of: String,
    },
    /// An argument.
    Argument {
        /// As it was written.
        name: String,
        /// The field that does not take it.
        field: String,
    },
    /// A word of an enum.
    Word {
        /// As it was written.
        word: String,
        /// The enum.
        of: String,
        /// Its words.
        known: Vec<String>,
    },
    /// A required argument that is not given.
    Missing {
        /// Its name.
        name: String,
    },
}

impl RequestError {
    /// A reason without a place.
    #[must_use]
    pub fn new(kind: RequestErrorKind, message: impl Into<String>) -> RequestError {
        RequestError { kind, message: message.into(), places: Vec::new(), path: Vec::new(), complaint: None }
    }

    /// A limit that was passed.
    #[must_use]
    pub fn limit(name: &'static str, figure: u64, what: &str) -> RequestError {
        let message = format!("The request has {what} than the limit {name} ({figure}) allows");
        RequestError::new(RequestErrorKind::Limit(name, figure), message)
    }

    /// The same at a place of the document.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> RequestError {
        self.places.extend(place);
        self
    }
}
