//! Mutations of jobs' ops: documents of the project's own endpoint, checked when its schema is made, run as any request of their role.

use std::sync::{Arc, Weak};

use ::runs::{Mutating, MutationAsked, Mutations, NotMade};
use graphql::{OperationKind, RequestError};
use model::{Diagnostic, Model, Op, Work};
use plan::Caller;
use serde_json::{Map, Value as Json};

use crate::accounts::Sender;
use crate::answer::{Followed, NotFollowed, follow};
use crate::app::App;
use crate::schemas::Schemas;

/// The project's own endpoint, in whose language the documents are.
const ENDPOINT: &str = "/graphql";

/// Runs the mutations of ops on an app, as long as that is there.
#[derive(Clone)]
pub struct JobMutations {
    app: Weak<App>,
}

impl JobMutations {
    /// On this app.
    #[must_use]
    pub fn of(app: &Arc<App>) -> JobMutations {
        JobMutations { app: Arc::downgrade(app) }
    }
}

impl Mutations for JobMutations {
    fn run(&self, asked: MutationAsked) -> Mutating<'_> {
        Box::pin(async move {
            let MutationAsked { document, role, variables, cause, sequel } = asked;
            // Another app takes its place, or the process ends.
            let Some(app) = self.app.upgrade() else { return Err(NotMade::Away) };
            let refused = |message: String| NotMade::Refused { message, errors: Json::Null };
            let Some(endpoint) = app.endpoint(ENDPOINT) else {
                return Err(refused(format!("there is no endpoint {ENDPOINT}")));
            };
            let sender = Sender::local(Caller::Roles { roles: vec![role], user: Map::new() });
            let followed = Followed { cause, sequel };
            follow(endpoint, &sender, (&document, variables), followed).await.map_err(not_made)
        })
    }
}

fn not_made(met: NotFollowed) -> NotMade {
    if met.may_pass {
        return NotMade::Away;
    }
    let first = met.errors.first().and_then(|error| error.get("message")?.as_str());
    let message = first.unwrap_or("it was refused").to_owned();
    NotMade::Refused { message, errors: Json::Array(met.errors) }
}

/// What keeps documents of ops from being run at the project's own endpoint.
pub(crate) fn faults(model: &Model, schemas: &Schemas) -> Vec<Diagnostic> {
    let ops = model.jobs.iter().flat_map(|job| job.ops.iter().map(move |op| (job.type_name.as_str(), op)));
    let faults = ops.flat_map(|(job, op)| match &op.work {
        Work::Process { .. } => Vec::new(),
        Work::Mutation { document, .. } => faults_of((job, op), document, schemas),
    });
    faults.collect()
}

fn faults_of((job, op): (&str, &Op), document: &str, schemas: &Schemas) -> Vec<Diagnostic> {
    let fault = |reason: String| {
        Diagnostic::new(format!("the mutation of `{job}.{}` does not hold: {reason}", op.name), op.place.clone())
    };
    let Some(schema) = schemas.schema(ENDPOINT) else {
        let help = format!("serve the project's own types at {ENDPOINT}");
        return vec![fault(format!("there is no endpoint {ENDPOINT}")).help(help)];
    };
    match graphql::parse(schema, document, None) {
        Ok(operation) => match operation.kind() {
            OperationKind::Mutation => Vec::new(),
            OperationKind::Query => vec![fault("it changes nothing".to_owned())],
        },
        Err(errors) => errors.iter().map(|error| fault(words(error))).collect(),
    }
}

/// A reason with its place in the document.
fn words(error: &RequestError) -> String {
    match error.places.first() {
        Some(place) => format!("{} (line {}, column {} of the document)", error.message, place.line, place.column),
        None => error.message.clone(),
    }
}
