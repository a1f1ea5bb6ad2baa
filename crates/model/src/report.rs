//! Diagnostics as people read them in a terminal: file, line, column, the line itself with the place underlined, notes, help.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind};

use crate::{Diagnostic, Diagnostics, Place, Source};

/// Faults shown at once; the rest is counted.
pub const FAULTS_SHOWN_MAX: usize = 100;

impl Diagnostics {
    /// Every fault as a report with a snippet, at most [`FAULTS_SHOWN_MAX`] of them, and a last line that counts.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let mut snippets = Snippets::default();
        let mut out: String =
            self.list.iter().take(FAULTS_SHOWN_MAX).map(|fault| render_one(fault, color, &mut snippets)).collect();
        let hidden = self.list.len().saturating_sub(FAULTS_SHOWN_MAX);
        if hidden > 0 {
            out = format!("{out}... and {hidden} more\n");
        }
        match self.list.len() {
            1 => out + "1 fault\n",
            count => format!("{out}{count} faults\n"),
        }
    }
}

fn render_one(fault: &Diagnostic, color: bool, snippets: &mut Snippets) -> String {
    let config = Config::new().with_color(color).with_index_type(IndexType::Char);
    let mut report =
        Report::build(ReportKind::Error, span(&fault.place)).with_config(config).with_message(&fault.message);
    let here = (&fault.place, "here", Color::Red);
    let related = fault.related.iter().map(|(place, note)| (place, note.as_str(), Color::Blue));
    let mut labels: Vec<_> = related.chain([here]).collect();
    // Out of order, ariadne would show one text as two.
    labels.sort_by_key(|(place, _, _)| place.start);
    for (place, note, color) in labels {
        report = report.with_label(Label::new(span(place)).with_message(note).with_color(color));
    }
    if let Some(help) = &fault.help {
        report = report.with_help(help);
    }
    let mut bytes = Vec::new();
    if report.finish().write(snippets, &mut bytes).is_err() {
        // Writing to memory does not fail; should it ever, the message is worth more than the picture.
        return format!("Error: {}\n", fault.message);
    }
    let text = String::from_utf8_lossy(&bytes);
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// What ariadne knows a place by: the source, and characters in it.
type Span = (SourceKey, Range<usize>);

/// A source is itself by its allocation: two texts may bear one name.
#[derive(Debug, Clone)]
struct SourceKey(Arc<Source>);

impl PartialEq for SourceKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SourceKey {}

impl Hash for SourceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Counted in characters: from bytes ariadne makes wrong line numbers where a text is not ASCII.
fn span(place: &Place) -> Span {
    let count = |end: usize| place.source.text.get(..end).map_or(0, |before| before.chars().count());
    (SourceKey(Arc::clone(&place.source)), count(place.start)..count(place.end))
}

/// Texts cut into lines, each once.
#[derive(Default)]
struct Snippets {
    cut: HashMap<SourceKey, ariadne::Source>,
}

impl Cache<SourceKey> for &mut Snippets {
    type Storage = String;

    fn fetch(&mut self, key: &SourceKey) -> Result<&ariadne::Source, impl std::fmt::Debug> {
        let cut = self.cut.entry(key.clone()).or_insert_with(|| ariadne::Source::from(key.0.text.clone()));
        Ok::<_, std::convert::Infallible>(cut)
    }

    fn display<'a>(&self, key: &'a SourceKey) -> Option<impl std::fmt::Display + 'a> {
        Some(&key.0.name)
    }
}
