//! Faults of what a user wrote, gathered and shown all at once.

use std::sync::Arc;

/// One text that was read: a file of `schema/`, or text given directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How messages call it, as a rule the path below the project folder.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Where in a source something stands. Bytes, half open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text it stands in.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// One fault: what is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What was met, without a final full stop.
    pub message: String,
    /// The place that is underlined.
    pub place: Place,
    /// Further places that belong to it ("first defined here"), each with its note.
    pub related: Vec<(Place, String)>,
    /// The fix, when there is one to name.
    pub help: Option<String>,
}

/// Every fault of one reading, in the order of the text. Never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// The faults.
    pub list: Vec<Diagnostic>,
}
