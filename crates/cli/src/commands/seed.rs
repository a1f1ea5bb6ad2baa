//! `dragoman seed`: first data out of `seed/*.json`; each file is loaded once.

use std::sync::Arc;

use model::Model;
use sql::layout::Layout;
use store::{SeedFile, SeedJob, SeedOptions, SeedReport, Store};
use tracing::Level;

use crate::arguments::Project as Arguments;
use crate::commands::migrate::require_none;
use crate::commands::print::counted;
use crate::config::DEFAULT_LOCALE;
use crate::error::Error;
use crate::lock::DataLock;
use crate::project::Project;
use crate::serving::{block_on, open_made_store};
use crate::{logging, progress};

/// Loads the files that were not loaded before.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let project = Project::open(arguments, &[])?;
    let _logging = logging::start(&project.config)?;
    let sources = project.schema_texts()?;
    let model = Arc::new(project.model()?);
    let _lock = DataLock::take(&project)?;
    let store = open_made_store(&project)?;
    block_on(async {
        require_none(&store, &model, &sources).await?;
        let report = load(&project, &store, &model).await?;
        if report.loaded.is_empty() {
            eprintln!("No file of seed/ is new.");
        }
        Ok(())
    })?
}

/// Loads the new files, and says on standard error what was done.
pub(crate) async fn load(project: &Project, store: &Store, model: &Arc<Model>) -> Result<SeedReport, Error> {
    let job = job(project, model)?;
    if job.files.is_empty() {
        return Ok(SeedReport::default());
    }
    let spinner = progress::counter("seed");
    let shown = spinner.clone();
    let report = store.seed(SeedJob { progress: Arc::new(move |entries| shown.set_position(entries)), ..job }).await;
    spinner.finish_and_clear();
    let report = report?;
    if !report.loaded.is_empty() {
        let files = report.loaded.len();
        let entries = counted(report.entries, ("entry", "entries"));
        let files = counted(files as u64, ("file", "files"));
        logging::say(Level::INFO, &format!("  loaded {entries} from {files}"));
    }
    for name in &report.changed {
        let words = "has changed since it was loaded; a file is loaded once, its new content is left alone";
        logging::say(Level::WARN, &format!("  {name} {words}"));
    }
    Ok(report)
}

/// All files of the seed, to load or to check.
pub(crate) fn job(project: &Project, model: &Arc<Model>) -> Result<SeedJob, Error> {
    Ok(SeedJob {
        model: Arc::clone(model),
        layout: Arc::new(Layout::of(model).map_err(store::Error::Layout)?),
        files: files(project)?,
        options: SeedOptions {
            now: server::Clock::System.now(),
            default_locale: project.config.word(DEFAULT_LOCALE).to_owned(),
        },
        hash_password: Arc::new(|password| store::password_hash_now(password).map_err(|error| error.to_string())),
        progress: Arc::new(|_| {}),
    })
}

fn files(project: &Project) -> Result<Vec<SeedFile>, Error> {
    let paths = project.seed_files()?;
    let file = |path: std::path::PathBuf| {
        let name = path.strip_prefix(&project.folder).unwrap_or(&path).display().to_string();
        SeedFile { name, path }
    };
    Ok(paths.into_iter().map(file).collect())
}
