//! `dragoman query`: one operation against a project's database, by the same way as over HTTP.

use std::fs;
use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;

use graphql::transport::RequestFault;
use plan::Caller;
use serde_json::{Map, Value};
use server::{Answer, Endpoint, Methods, Request, Sender};
use store::Address;

use crate::arguments::Query;
use crate::commands::migrate::require_none;
use crate::commands::print::print;
use crate::error::Error;
use crate::lock::DataLock;
use crate::project::Project;
use crate::serving::{Mode, app, block_on, open_made_store};

/// Prints the answer; the exit status is 1 where it holds errors.
pub(crate) fn run(query: &Query) -> Result<ExitCode, Error> {
    let project = Project::open(&query.project, &[])?;
    let _logging = crate::logging::start(&project.config)?;
    let text = document(query)?;
    let variables = variables(query.variables.as_deref())?;
    let model = Arc::new(project.model()?);
    let sources = project.schema_texts()?;
    let store = Arc::new(open_made_store(&project)?);
    let answer = block_on(async {
        require_none(&store, &model, &sources).await?;
        let app = app(&project, Mode::Development, (&model, &store), None)?;
        let Some(endpoint) = app.endpoint(&query.endpoint) else {
            let known = app.endpoints().map(|(path, _)| path.to_owned()).collect::<Vec<_>>().join(", ");
            return Err(Error::NoEndpoint { path: query.endpoint.clone(), known });
        };
        let asked = Asked { endpoint, query, text: &text, variables: &variables };
        let answer = match asked.answer(Methods::QueriesOnly).await {
            Err(RequestFault::OperationByGet(_)) => {
                let _lock = only_writer(&project).map_err(|error| match error {
                    Error::Held { holder } => Error::Served { holder },
                    other => other,
                })?;
                asked.answer(Methods::All).await
            }
            answer => answer,
        };
        answer.map_err(|fault| Error::Request { fault: endpoint.words(&fault) })
    })??;
    print(&String::from_utf8_lossy(&answer.body));
    print("\n");
    Ok(if answer.has_errors { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One operation, as it was asked for.
struct Asked<'a> {
    endpoint: Endpoint<'a>,
    query: &'a Query,
    text: &'a str,
    variables: &'a Map<String, Value>,
}

impl Asked<'_> {
    async fn answer(&self, methods: Methods) -> Result<Answer, RequestFault> {
        let request = Request {
            query: self.text.into(),
            hash: None,
            operation_name: self.query.operation.as_deref().map(Into::into),
            variables: self.variables.clone(),
        };
        server::answer(self.endpoint, &Sender::local(caller(self.query)), request, methods).await
    }
}

/// Holds the data folder while something is written, where its database has one writer: behind a server's back its readers and hints would miss it.
pub(crate) fn only_writer(project: &Project) -> Result<Option<DataLock>, Error> {
    match project.database()? {
        Address::Postgres(_) => Ok(None),
        Address::Sqlite(_) => match DataLock::take(project) {
            Err(Error::Locked { holder, .. }) => Err(Error::Held { holder }),
            taken => taken.map(Some),
        },
    }
}

fn document(query: &Query) -> Result<String, Error> {
    if let Some(text) = &query.execute {
        return Ok(text.clone());
    }
    if let Some(path) = query.file.as_deref().filter(|path| path.as_os_str() != "-") {
        return fs::read_to_string(path).map_err(|source| Error::read(path, source));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|source| Error::read("standard input".as_ref(), source))?;
    Ok(text)
}

fn variables(text: Option<&str>) -> Result<Map<String, Value>, Error> {
    let Some(text) = text else { return Ok(Map::new()) };
    serde_json::from_str(text).map_err(|source| Error::Variables { source })
}

/// The machine's owner, or whom the flags name.
fn caller(query: &Query) -> Caller {
    let Some(role) = &query.role else { return Caller::Owner };
    let id = query.user.iter().map(|id| ("id".to_owned(), server::user_id(id)));
    Caller::Roles { roles: vec![role.clone()], user: id.collect() }
}
