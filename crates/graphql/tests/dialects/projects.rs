//! Schemas over the projects that conformance cases run on, and files that hold what tests expect.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use graphql::dialect::{self, Options};
use graphql::{Endpoint, Limits, Schema};
use model::{Model, Source};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The model of a project folder, below the workspace.
pub fn model_of(folder: &str) -> Arc<Model> {
    let folder = here().join("../..").join(folder).join("schema");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let sources = paths
        .into_iter()
        .map(|path| Source { name: path.display().to_string(), text: std::fs::read_to_string(path).unwrap() })
        .collect();
    Arc::new(model::read(sources).unwrap_or_else(|faults| panic!("{faults:?}")))
}

/// The schema of one dialect over a model.
pub fn schema_of(model: &Arc<Model>, name: &str) -> Schema {
    schema_with(model, name, Options::default())
}

/// The same with options.
pub fn schema_with(model: &Arc<Model>, name: &str, options: Options) -> Schema {
    let dialects = [dialect::named(name).unwrap()];
    let endpoint = Endpoint { dialects: &dialects, options, limits: Limits::default() };
    Schema::build(Arc::clone(model), &endpoint).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The content types of the recorded Strapi 5 exchanges.
pub fn strapi5() -> Schema {
    schema_of(&model_of("tests/conformance/strapi5/project"), "strapi5")
}

/// Compares with a file beside the tests; `UPDATE=1` writes it instead.
pub fn check_file(name: &str, met: &str) {
    let path = here().join("tests").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, met).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == met, "{name} differs; run with UPDATE=1 and review the change\n{met}");
}
