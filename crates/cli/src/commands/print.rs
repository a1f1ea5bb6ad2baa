//! Commands that print something and are done.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::CommandFactory as _;
use server::Lasts;

use crate::arguments::{Arguments, Project as ProjectArguments};
use crate::config::{KEYS, variable};
use crate::error::Error;
use crate::project::Project;
use crate::serving;

/// Whom a token is for.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) role: String,
    pub(crate) user: String,
    pub(crate) hours: u64,
}

/// `dragoman schema`: the SDL of an endpoint.
pub(crate) fn schema(arguments: &ProjectArguments, endpoint: &str) -> Result<(), Error> {
    let project = Project::open(arguments, &[])?;
    let model = Arc::new(project.model()?);
    let schemas = server::Schemas::build(&model, &serving::schema_settings(&project.config), server::Clock::System)?;
    let Some(text) = schemas.sdl(endpoint) else {
        let known = schemas.paths().collect::<Vec<_>>().join(", ");
        return Err(Error::NoEndpoint { path: endpoint.to_owned(), known });
    };
    print(text);
    Ok(())
}

/// `dragoman token`: a signed token.
pub(crate) fn token(arguments: &ProjectArguments, holder: &Holder) -> Result<(), Error> {
    let project = Project::open(arguments, &[])?;
    let model = project.model()?;
    let of_types = model.types.iter().flat_map(|of| &of.rules);
    let ruled = of_types.chain(model.jobs.iter().flat_map(|job| &job.rules)).map(|rule| rule.role.as_str());
    let known: BTreeSet<&str> = ruled.chain([plan::ADMINISTRATOR, plan::OPERATOR, plan::PUBLIC]).collect();
    if !known.contains(holder.role.as_str()) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Error::NoRole { role: holder.role.clone(), known });
    }
    let key = project.token_key_or_new()?;
    let from = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let token = key.sign(&holder.role, &holder.user, Lasts { from, until: from + holder.hours * 60 * 60 });
    print(&format!("{}\n", token.map_err(Error::Token)?));
    Ok(())
}

/// `dragoman config`: every key.
pub(crate) fn config() {
    print(&keys());
}

/// Every key with what it takes, its default and its variable. `docs/configuration.md` holds the same text; a test compares.
pub(crate) fn keys() -> String {
    let mut text = String::new();
    for key in KEYS {
        let default = if key.default.is_empty() { "none" } else { key.default };
        let (takes, variable) = (key.kind.words(), variable(key));
        text.extend([
            key.name,
            "\n    ",
            key.about,
            "\n    takes ",
            &takes,
            "; default ",
            default,
            "; ",
            &variable,
            "\n",
        ]);
    }
    text.push_str("[[endpoint]]\n    path, dialects = [..], primary: what is served where.\n");
    text.push_str("[[listen]]\n    address, endpoint: a further address that shows one endpoint at /graphql.\n");
    text
}

/// `dragoman completions`.
pub(crate) fn completions(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "dragoman", &mut script);
    print(&String::from_utf8_lossy(&script));
}

/// Writes data to standard output. A reader that went away (`| head`) is no fault.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _reader_went_away = out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err();
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: u64, (one, many): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
