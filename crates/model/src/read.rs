//! SDL texts in, one checked [`Model`] out, or every fault at once.
//!
//! In order: [`texts`] parses ([`certain`] says what can be told beside a text that does not), [`definitions`] keeps what a project may define, GraphQL's own validation runs over the rest together with
//! the prelude (`system/prelude.graphql`, the language itself), [`catalog`] says what each name is, [`declarations`] and [`fields`] read what
//! stands inside, [`relations`], [`components`], [`keys`] and [`rules`] check what needs the whole model, [`own`] reads the
//! project's own API over it, [`jobs`] what runs, [`later`] refuses what this version does not serve.

mod arguments;
mod catalog;
mod certain;
mod components;
mod conditions;
mod declarations;
mod definitions;
mod fields;
mod jobs;
mod keys;
mod later;
mod literals;
mod own;
mod relations;
mod restrictions;
mod rules;
mod texts;
mod wording;

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::Schema;

use self::catalog::Catalog;
pub use self::catalog::DEFINITIONS_MAX;
pub use self::conditions::CONDITION_DEPTH_MAX;
pub use self::declarations::HISTORY_MAX;
pub use self::fields::FIELDS_MAX;
pub(crate) use self::jobs::as_config;
pub use self::jobs::{ASSET_JOB, GRAPH_DEPTH_MAX, OPS_MAX, TAGS_MAX};
pub use self::keys::KEY_FIELDS_MAX;
pub(crate) use self::literals::fits_text;
pub use self::restrictions::PATTERN_BYTES_MAX;
use self::texts::Texts;
pub use self::texts::{LANGUAGE, SOURCE_TOKENS_MAX, SOURCES_BYTES_MAX, language, language_of, workflow};
use crate::{Diagnostic, Diagnostics, Model, Source};

/// Reads the texts of one project. The system types `User`, `Role`, `Media`, `I18nLocale` and `ApiToken` are always there; no text at all gives a model
/// of them alone (a text of [`language`] may ask for fewer). The types of the workflow engine are there when a text declares a job, or when [`workflow`] is one of the texts.
///
/// # Errors
/// Every fault of all texts, in their order. A text that does not parse hides the faults of meaning that it may be the reason of.
pub fn read(sources: Vec<Source>) -> Result<Model, Diagnostics> {
    let mut faults = Faults::default();
    let mut texts = Texts::new(sources);
    let documents = texts.parse(&mut faults);
    if documents.is_empty() {
        return Err(faults.in_order(&texts));
    }
    let syntax = std::mem::take(&mut faults.list);
    let kept = definitions::keep(&documents, &texts, &mut faults);
    let schema = texts.schema(&kept, &mut faults);
    let catalog = Catalog::of(&schema, &texts, &mut faults);
    let env = Env { schema: &schema, texts: &texts, catalog: &catalog };
    let mut model = model(&env, &mut faults);
    jobs::read(&env, &documents, &mut model, &mut faults);
    later::refuse(&env, &documents, &mut faults);
    if !syntax.is_empty() {
        let unparsed: Vec<Arc<Source>> = syntax.iter().map(|fault| Arc::clone(&fault.place.source)).collect();
        certain::keep(&mut faults.list, &unparsed);
        faults.list.extend(syntax);
    }
    if faults.list.is_empty() { Ok(model) } else { Err(faults.in_order(&texts)) }
}

/// The model of a schema. Where something is faulty the model lacks it; it is used only when there is no fault.
fn model(env: &Env, faults: &mut Faults) -> Model {
    let mut model = declarations::model(env, faults);
    relations::pair(env, &mut model, faults);
    components::check(&model, faults);
    keys::read(env, &mut model, faults);
    rules::read(env, &mut model, faults);
    own::read(env, &mut model, faults);
    model
}

/// What every step of reading looks at and none changes.
struct Env<'a> {
    schema: &'a Schema,
    texts: &'a Texts,
    catalog: &'a Catalog<'a>,
}

/// The faults met so far.
#[derive(Default)]
struct Faults {
    list: Vec<Diagnostic>,
}

impl Faults {
    fn push(&mut self, fault: Diagnostic) {
        self.list.push(fault);
    }

    /// All of them in the order of the texts, none twice.
    fn in_order(mut self, texts: &Texts) -> Diagnostics {
        let mut seen = HashSet::new();
        self.list.retain(|fault| seen.insert((texts.order(&fault.place), fault.message.clone())));
        self.list.sort_by_key(|fault| texts.order(&fault.place));
        Diagnostics { list: self.list }
    }
}
