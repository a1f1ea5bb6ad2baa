//! `dragoman check`: everything that can be known without a database: settings, types, schemas, and the form of the seed.

use std::sync::Arc;

use model::{Diagnostic, Diagnostics, Place, Source};

use crate::arguments::Project as Arguments;
use crate::commands::print::counted;
use crate::commands::seed;
use crate::config::FILE_NAME;
use crate::error::Error;
use crate::project::{Project, texts_below};
use crate::serving;

/// Reads settings and types, makes the schema of every endpoint, and reads the seed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    match Project::open(arguments, &[]) {
        Err(Error::Faults(settings)) => Err(with_types(arguments, settings)),
        project => checked(&project?),
    }
}

/// Faults of the settings, and those of the types, which can be read without them.
fn with_types(arguments: &Arguments, settings: Diagnostics) -> Error {
    let texts = match texts_below(&arguments.folder) {
        Ok(texts) => texts,
        Err(error) => return Error::Several(vec![Error::Faults(settings), error]),
    };
    let mut list = settings.list;
    if !texts.is_empty()
        && let Err(types) = model::read(texts)
    {
        list.extend(types.list);
    }
    Error::Faults(Diagnostics { list })
}

fn checked(project: &Project) -> Result<(), Error> {
    project.database()?;
    let mut faults: Vec<Diagnostic> = project.token_key().err().iter().map(of_settings).collect();
    let known: Vec<String> = project.config.endpoints.iter().map(|endpoint| endpoint.path.clone()).collect();
    let model = match project.model() {
        Ok(model) => Arc::new(model),
        Err(Error::Faults(more)) => {
            faults.extend(unknown_endpoints(project, &known));
            faults.extend(more.list);
            return Err(Error::Faults(Diagnostics { list: faults }));
        }
        Err(other) => return Err(other),
    };
    let settings = serving::schema_settings(&project.config);
    let schemas = match server::Schemas::build(&model, &settings, server::Clock::System) {
        Ok(schemas) => schemas,
        Err(server::Error::Schema(more)) => {
            faults.extend(unknown_endpoints(project, &known));
            faults.extend(more.list);
            return Err(Error::Faults(Diagnostics { list: faults }));
        }
        Err(other) => return Err(other.into()),
    };
    let known: Vec<String> = schemas.paths().map(str::to_owned).collect();
    faults.extend(unknown_endpoints(project, &known));
    let seed = seed::job(project, &model)?.check().map_err(Error::from);
    if !faults.is_empty() {
        let faults = Error::Faults(Diagnostics { list: faults });
        return Err(Error::Several([faults].into_iter().chain(seed.err()).collect()));
    }
    seed?;
    let types = model.types.iter().filter(|content_type| !content_type.is_system).count();
    let counts = [
        counted(types as u64, ("content type", "content types")),
        counted(model.components.len() as u64, ("component", "components")),
        counted(model.jobs.len() as u64, ("job", "jobs")),
        counted(schemas.paths().count() as u64, ("endpoint", "endpoints")),
    ];
    eprintln!("{}: no fault", counts.join(", "));
    Ok(())
}

/// Further addresses that name no endpoint. Where nothing is known of endpoints, nothing is told.
fn unknown_endpoints(project: &Project, known: &[String]) -> Vec<Diagnostic> {
    let is_unknown = |endpoint: &&String| !known.is_empty() && !known.contains(endpoint);
    let fault = |endpoint: &String| {
        let message = format!("[[listen]] names the endpoint {endpoint}, which is not there");
        Diagnostic::new(message, place(endpoint)).help(format!("there are {}", known.join(", ")))
    };
    project.config.listeners.iter().map(|listener| &listener.endpoint).filter(is_unknown).map(fault).collect()
}

/// What keeps a setting from being used, with its causes.
fn of_settings(error: &Error) -> Diagnostic {
    Diagnostic::new(error.told().trim_start_matches("error: ").replace("\n  because", ""), place("auth.token_key_file"))
}

/// A place for what the settings say, wherever that stands.
fn place(text: &str) -> Place {
    let source = Source { name: FILE_NAME.to_owned(), text: text.to_owned() };
    Place { start: 0, end: text.len(), source: Arc::new(source) }
}
