//! `dragoman check`: everything that can be known without a database.

use std::sync::Arc;

use crate::arguments::Project as Arguments;
use crate::error::Error;
use crate::project::Project;
use crate::serving;

/// Reads settings and types, and makes the schema of every endpoint.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let project = Project::open(arguments, &[])?;
    project.database()?;
    let model = Arc::new(project.model()?);
    let schemas = server::Schemas::build(&model, &serving::schema_settings(&project.config))?;
    let types = model.types.iter().filter(|content_type| !content_type.is_system).count();
    eprintln!(
        "{types} content types, {} components, {} endpoints: no fault",
        model.components.len(),
        schemas.paths().count()
    );
    Ok(())
}
