//! `dragoman check`: everything that can be known without a database.

use std::sync::Arc;

use model::{Diagnostic, Diagnostics, Place, Source};

use crate::arguments::Project as Arguments;
use crate::config::FILE_NAME;
use crate::error::Error;
use crate::project::Project;
use crate::serving;

/// Reads settings and types, and makes the schema of every endpoint.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let project = Project::open(arguments, &[])?;
    project.database()?;
    let mut faults: Vec<Diagnostic> = project.token_key().err().iter().map(of_settings).collect();
    let known: Vec<String> = project.config.endpoints.iter().map(|endpoint| endpoint.path.clone()).collect();
    let model = match project.model() {
        Ok(model) => Arc::new(model),
        Err(Error::Faults(more)) => {
            faults.extend(unknown_endpoints(&project, &known));
            faults.extend(more.list);
            return Err(Error::Faults(Diagnostics { list: faults }));
        }
        Err(other) => return Err(other),
    };
    let schemas = match server::Schemas::build(&model, &serving::schema_settings(&project.config)) {
        Ok(schemas) => schemas,
        Err(server::Error::Schema(more)) => {
            faults.extend(unknown_endpoints(&project, &known));
            faults.extend(more.list);
            return Err(Error::Faults(Diagnostics { list: faults }));
        }
        Err(other) => return Err(other.into()),
    };
    let known: Vec<String> = schemas.paths().map(str::to_owned).collect();
    faults.extend(unknown_endpoints(&project, &known));
    if !faults.is_empty() {
        return Err(Error::Faults(Diagnostics { list: faults }));
    }
    let types = model.types.iter().filter(|content_type| !content_type.is_system).count();
    eprintln!(
        "{types} content types, {} components, {} endpoints: no fault",
        model.components.len(),
        schemas.paths().count()
    );
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
