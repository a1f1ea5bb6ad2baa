//! Bringing a database of a test from model to model.

use std::path::Path;
use std::sync::Arc;

use model::Source;
use sql::Layout;
use store::{Error, MigrateOptions, SeedFile, SeedJob, SeedOptions, Store};

/// The text of a schema as the file of a project.
pub fn sources(text: &str) -> Vec<Source> {
    vec![Source { name: "schema/model.graphql".to_owned(), text: text.to_owned() }]
}

/// The model that a text says.
pub fn read(text: &str) -> model::Model {
    model::read(sources(text)).unwrap_or_else(|faults| panic!("{:#?}", faults.list))
}

/// Brings a database to a model.
pub async fn bring(store: &Store, text: &str, allow_data_loss: bool) -> Result<(), Error> {
    let plan = store.migrate_plan(&read(text), &sources(text)).await?;
    store.migrate_apply(&plan, MigrateOptions { allow_data_loss }, |_| ()).await
}

/// Loads entries, if there are any.
pub async fn load(store: &Store, schema: &str, folder: &Path, seed: &str) {
    if seed.is_empty() {
        return;
    }
    let path = folder.join("seed.json");
    std::fs::write(&path, seed).unwrap();
    let model = read(schema);
    let layout = Layout::of(&model).unwrap();
    let job = SeedJob {
        model: Arc::new(model),
        layout: Arc::new(layout),
        files: vec![SeedFile { name: "seed.json".to_owned(), path }],
        options: SeedOptions { now: 1_700_000_000_000_000, default_locale: "en".to_owned() },
        hash_password: Arc::new(|text| Ok(text.to_owned())),
        progress: Arc::new(|_| ()),
    };
    store.seed(job).await.unwrap();
}
