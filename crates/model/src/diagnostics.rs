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

impl Place {
    /// The text that stands there.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Line and column of its first character, both from 1; columns count characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.start).unwrap_or(&self.source.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl Diagnostic {
    /// A fault without help yet.
    pub fn new(message: impl Into<String>, place: Place) -> Diagnostic {
        Diagnostic { message: message.into(), place, related: Vec::new(), help: None }
    }

    /// The same fault with its fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same fault with one more place that belongs to it.
    #[must_use]
    pub fn related(mut self, place: Place, note: impl Into<String>) -> Diagnostic {
        self.related.push((place, note.into()));
        self
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
