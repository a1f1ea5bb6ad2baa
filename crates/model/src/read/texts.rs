//! Texts become definitions: parsing with places, and what GraphQL itself says against them.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::ast::Document;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{FileId, Parser, SourceSpan};
use apollo_compiler::validation::DiagnosticList;

use super::Faults;
use super::wording::{self, Met};
use crate::{Diagnostic, Place, Source};

/// All texts of one project together, in bytes.
pub const SOURCES_BYTES_MAX: usize = 16 << 20;
/// Tokens of one text.
pub const SOURCE_TOKENS_MAX: usize = 1_000_000;

/// The language's own definitions, read before every project.
const PRELUDE: &str = include_str!("../system/prelude.graphql");
/// What messages call the prelude.
const PRELUDE_NAME: &str = "the language";
/// The types of the workflow engine.
const WORKFLOW: &str = include_str!("../system/workflow.graphql");
/// What messages call them; no file of a project has such a name.
const WORKFLOW_NAME: &str = "the workflow engine";
/// The version of the language: it counts the system types that came after the first release, for the databases that were made without them.
pub const LANGUAGE: u32 = 2;
/// Name of the text that says a version of the language; no file of a project has such a name.
const LANGUAGE_NAME: &str = "the version of the language";
/// System types that were not there from the beginning, and the version that brought them.
const SINCE: [(&str, u32); 1] = [("ApiToken", 2)];

/// The text that makes the types of the workflow engine a part of a model that has no jobs: for those who serve agents of others.
#[must_use]
pub fn workflow() -> Source {
    Source { name: WORKFLOW_NAME.to_owned(), text: WORKFLOW.to_owned() }
}

/// The text that has a project read as this version of the language did, without the system types that came later: for the model that a database was
/// made for. Without it a project is read as [`LANGUAGE`].
#[must_use]
pub fn language(version: u32) -> Source {
    Source { name: LANGUAGE_NAME.to_owned(), text: version.to_string() }
}

/// The version that a text of [`language`] among these says.
#[must_use]
pub fn language_of(sources: &[Source]) -> Option<u32> {
    sources.iter().find(|of| of.name == LANGUAGE_NAME)?.text.parse().ok()
}

/// The texts, and which of them a parsed place belongs to. The prelude stands first, then the types of the workflow engine; a text of
/// [`workflow`] among the others says that these are wanted.
pub(super) struct Texts {
    sources: Vec<Arc<Source>>,
    by_file: HashMap<FileId, usize>,
    asks_for_workflow: bool,
    language: u32,
}

impl Texts {
    pub(super) fn new(sources: Vec<Source>) -> Texts {
        let prelude = Source { name: PRELUDE_NAME.to_owned(), text: PRELUDE.to_owned() };
        let language = language_of(&sources).unwrap_or(LANGUAGE);
        let asks_for_workflow = sources.iter().any(|of| of.name == WORKFLOW_NAME);
        let own = sources.into_iter().filter(|of| of.name != WORKFLOW_NAME && of.name != LANGUAGE_NAME);
        let sources = [prelude, workflow()].into_iter().chain(own).map(Arc::new).collect();
        Texts { sources, by_file: HashMap::new(), asks_for_workflow, language }
    }

    /// The project's documents begin here; those before are the product's own.
    pub(super) const OWN_FROM: usize = 2;

    /// The types of the workflow engine are there for projects with jobs, and for those that ask for them.
    fn without_workflow(&self, documents: &mut [Document]) {
        let own = documents.iter().skip(Texts::OWN_FROM).flat_map(|document| &document.definitions);
        let has_jobs = own.into_iter().any(|of| of.directives().has("job"));
        if !has_jobs && !self.asks_for_workflow {
            documents[Texts::OWN_FROM - 1] = Document::new();
        }
    }

    /// An earlier version of the language lacks the system types that came later.
    fn without_later(&self, documents: &mut [Document]) {
        let is_later = |name: &str| SINCE.iter().any(|(later, since)| *later == name && *since > self.language);
        documents[0].definitions.retain(|of| of.name().is_none_or(|name| !is_later(name)));
    }

    /// The place of something parsed. What the parser made up itself has none: it is put at the start of the prelude.
    pub(super) fn place(&self, span: Option<SourceSpan>) -> Place {
        let found = span
            .and_then(|span| self.by_file.get(&span.file_id()).map(|index| (*index, span.offset(), span.end_offset())));
        let (index, start, end) = found.unwrap_or((0, 0, 0));
        Place { source: Arc::clone(&self.sources[index]), start, end }
    }

    /// It stands in the product's own texts, or is built into GraphQL.
    pub(super) fn is_prelude(&self, span: Option<SourceSpan>) -> bool {
        span.is_none_or(|span| self.by_file.get(&span.file_id()).is_none_or(|index| *index < Texts::OWN_FROM))
    }

    /// Where a place stands in the order of all texts.
    pub(super) fn order(&self, place: &Place) -> (usize, usize) {
        let index =
            self.sources.iter().position(|source| Arc::ptr_eq(source, &place.source)).unwrap_or(self.sources.len());
        (index, place.start)
    }

    /// Parses every text; a fault for each that is too large or no SDL.
    pub(super) fn parse(&mut self, faults: &mut Faults) -> Vec<Document> {
        let bytes: usize = self.sources.iter().map(|source| source.text.len()).sum();
        if bytes > SOURCES_BYTES_MAX {
            let place = Place { source: Arc::clone(self.sources.last().unwrap_or(&self.sources[0])), start: 0, end: 0 };
            faults.push(Diagnostic::new(
                format!("the texts have {bytes} bytes together, more than the {SOURCES_BYTES_MAX} that are read"),
                place,
            ));
            return Vec::new();
        }
        let mut documents: Vec<Document> = (0..self.sources.len()).map(|index| self.parse_one(index, faults)).collect();
        self.without_workflow(&mut documents);
        self.without_later(&mut documents);
        documents
    }

    fn parse_one(&mut self, index: usize, faults: &mut Faults) -> Document {
        let source = Arc::clone(&self.sources[index]);
        if is_blank(&source.text) {
            return Document::new();
        }
        let parsed = Parser::new().token_limit(SOURCE_TOKENS_MAX).parse_ast(source.text.as_str(), &source.name);
        let (document, errors) = match parsed {
            Ok(document) => (document, None),
            Err(failed) => (failed.partial, Some(failed.errors)),
        };
        let mut is_at_end = false;
        // One text was parsed, so the map has one file.
        self.by_file.extend(document.sources.keys().map(|file| (*file, index)));
        for error in errors.iter().flat_map(DiagnosticList::iter) {
            let place = self.place(ToCliReport::location(error.error));
            let (message, help) = wording::syntax(&error.error.to_string());
            // What reaches the end leaves the parser with nothing: whatever else it misses there is no fault of its own.
            if !is_at_end {
                is_at_end = place.end.max(place.start) >= source.text.trim_end().len();
                faults.push(Diagnostic::new(message, place).help(help));
            }
        }
        document
    }

    /// The definitions of all texts together, and a fault for everything that GraphQL itself says against them.
    pub(super) fn schema(&self, documents: &[Document], faults: &mut Faults) -> Schema {
        let builder = documents.iter().fold(Schema::builder(), apollo_compiler::schema::SchemaBuilder::add_ast);
        let schema = match builder.build() {
            Ok(schema) => schema,
            Err(failed) => {
                self.translate(&failed.errors, &failed.partial, faults);
                failed.partial
            }
        };
        if let Err(failed) = schema.clone().validate() {
            self.translate(&failed.errors, &schema, faults);
        }
        schema
    }

    /// GraphQL's own faults in our words.
    fn translate(&self, errors: &DiagnosticList, schema: &Schema, faults: &mut Faults) {
        for error in errors.iter() {
            let place = self.place(ToCliReport::location(error.error));
            let met = Met { name: error.error.unstable_error_name(), message: error.error.to_string(), place: &place };
            if let Some((message, help)) = wording::of(&met, schema) {
                faults.push(Diagnostic { message, place, related: Vec::new(), help });
            }
        }
    }
}

/// Nothing but comments and what GraphQL ignores: a file that says nothing yet, which GraphQL's grammar would refuse.
fn is_blank(text: &str) -> bool {
    let rest = |line: &str| line.trim_start_matches([' ', '\t', ',', '\u{feff}']).chars().next();
    text.lines().all(|line| rest(line).is_none_or(|first| first == '#'))
}
