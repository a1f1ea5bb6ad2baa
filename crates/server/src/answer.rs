//! One query is one sentence, and it stands here: there is no second way to read or to write.
//!
//! ```text
//! text -> Document -> Valid<Operation> -> Plan -> Authorized<Plan> -> Statements -> rows -> bytes
//! ```
//!
//! Everything up to the statements is kept; a known operation costs one look-up, the binding of its values, and its rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use graphql::transport::RequestFault;
use graphql::{OperationKind, RequestError, RequestErrorKind, Schema};
use plan::{Cause, Fault, Segment, Variables};
use serde_json::{Map, Value as Json};
use store::{Commands, FileWatch, Room, Sequel, WriteContext};

use crate::accounts::{ForRequest, Sender, user_key};
use crate::app::Endpoint;
use crate::media::Noted;
use crate::plans::{Asked, Compiled, Kept, Known};
use crate::request::Request;
use crate::reread;
use crate::schemas::View;

/// What a request is answered with.
#[derive(Debug)]
pub struct Answer {
    /// The whole body.
    pub body: Bytes,
    /// How it came about, which decides the status.
    pub outcome: Outcome,
    /// There is something in `errors`.
    pub has_errors: bool,
    /// There were too many attempts; another one may come after so many seconds.
    pub retry_after: Option<u32>,
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was executed, with or without errors.
    Executed,
    /// The document or the values were refused: nothing was executed.
    Refused,
    /// The database is away or overloaded: the same request may do better later.
    Unavailable,
}

/// What a request may ask, by its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// Everything.
    All,
    /// Nothing that writes: it came by GET.
    QueriesOnly,
}

/// Answers one operation.
///
/// # Errors
/// The method does not fit the operation, or the hash of its document is unknown; faults of the operation itself are in the answer.
pub async fn answer(
    endpoint: Endpoint<'_>,
    sender: &Sender,
    request: Request<'_>,
    methods: Methods,
) -> Result<Answer, RequestFault> {
    let request = endpoint.app.documents.with_text(request)?;
    let view = endpoint.schemas.view(&sender.caller);
    let asked = Asked { view: view.id, text: &request.query, name: request.operation_name.as_deref() };
    let kept = match operation(endpoint, &view, asked) {
        Ok(kept) => kept,
        Err(errors) => return Ok(refused(&view.schema, &errors)),
    };
    allowed(&kept, methods)?;
    if let Some(hash) = request.hash {
        endpoint.app.documents.keep(hash, &request.query);
    }
    tracing::Span::current().record("operation", kept.operation.name());
    let again = may_reread(endpoint, sender, &kept).then(|| request.clone());
    let variables = match kept.operation.coerce(&view.schema, request.variables) {
        Ok(variables) => variables,
        Err(errors) => return Ok(refused(&view.schema, &errors)),
    };
    let compiled = match compiled(endpoint, &view, asked, &kept, &variables) {
        Ok(compiled) => compiled,
        Err(Stopped::Request(errors)) => return Ok(refused(&view.schema, &errors)),
        Err(Stopped::Fault(fault)) => return Ok(executed(endpoint, &view.schema, NOTHING.to_vec(), &[fault])),
    };
    if let Some(again) = again.filter(|_| compiled.program.rereads()) {
        return Box::pin(reread::then_answer(endpoint, sender, again, methods)).await;
    }
    Ok(run(endpoint, &view, &compiled, Given { sender, variables: &variables }).await)
}

/// Whether the project could be read again for this request, and was not yet.
fn may_reread(endpoint: Endpoint<'_>, sender: &Sender, kept: &Kept) -> bool {
    let is_mutation = kept.operation.kind() == OperationKind::Mutation;
    is_mutation && sender.reread.is_none() && endpoint.app.settings.reread.is_some()
}

/// What fills the holes of a plan.
#[derive(Clone, Copy)]
struct Given<'a> {
    sender: &'a Sender,
    variables: &'a Variables,
}

/// What a mutation of a job's op brings along.
pub(crate) struct Followed {
    /// What causes the change.
    pub(crate) cause: Arc<str>,
    /// What follows it in its transaction.
    pub(crate) sequel: Sequel,
}

/// Runs a mutation of a job's op at the endpoint, as a request is answered, with what follows it in its transaction.
///
/// # Errors
/// Every reason why nothing is written.
pub(crate) async fn follow(
    endpoint: Endpoint<'_>,
    sender: &Sender,
    (text, given): (&str, Map<String, Json>),
    followed: Followed,
) -> Result<(), NotFollowed> {
    let view = endpoint.schemas.view(&sender.caller);
    let refused = |errors: &[RequestError]| NotFollowed { errors: view.schema.refused(errors), may_pass: false };
    let asked = Asked { view: view.id, text, name: None };
    let kept = operation(endpoint, &view, asked).map_err(|errors| refused(&errors))?;
    let variables = kept.operation.coerce(&view.schema, given).map_err(|errors| refused(&errors))?;
    let failed = |faults: &[Fault]| {
        // What took too long takes as long again: it is not among them.
        let may_pass = |fault: &Fault| matches!(fault.cause, Cause::Unavailable | Cause::OutcomeUnknown);
        NotFollowed { errors: view.schema.faults(faults), may_pass: faults.iter().any(may_pass) }
    };
    let compiled = compiled(endpoint, &view, asked, &kept, &variables).map_err(|stopped| match stopped {
        Stopped::Request(errors) => refused(&errors),
        Stopped::Fault(fault) => failed(&[fault]),
    })?;
    let given = Given { sender, variables: &variables };
    let answered = stored(endpoint, &view, &compiled, given, (Vec::new(), Some(followed))).await;
    let faults = match answered {
        Ok(answer) => answer.faults,
        Err(faults) => faults,
    };
    if faults.is_empty() { Ok(()) } else { Err(failed(&faults)) }
}

/// Why a mutation of a job's op has written nothing.
pub(crate) struct NotFollowed {
    /// As the endpoint tells it.
    pub(crate) errors: Vec<Json>,
    /// The same may succeed later, or has.
    pub(crate) may_pass: bool,
}

/// Binds the values of a request and lets the store run its program.
async fn run(endpoint: Endpoint<'_>, view: &View, compiled: &Compiled, given: Given<'_>) -> Answer {
    let mut buffer = compiled.buffer();
    buffer.extend_from_slice(OPENING);
    let answered = match stored(endpoint, view, compiled, given, (buffer, None)).await {
        Ok(answered) => answered,
        Err(faults) => return unbound(endpoint, &view.schema, (compiled, faults)),
    };
    compiled.answer_bytes.store(answered.bytes.len() + 1, Ordering::Relaxed);
    executed(endpoint, &view.schema, answered.bytes, &answered.faults)
}

/// What the store makes of a plan; the faults of values that do not fit it.
async fn stored(
    endpoint: Endpoint<'_>,
    view: &View,
    compiled: &Compiled,
    Given { sender, variables }: Given<'_>,
    (buffer, followed): (Vec<u8>, Option<Followed>),
) -> Result<store::Answer, Vec<Fault>> {
    let now = endpoint.app.settings.clock.now();
    let values =
        plan::bind(view.schema.model(), &compiled.holes, plan::Request { variables, caller: &sender.caller, now });
    let values = values?;
    let media = endpoint.app.media.as_ref().filter(|_| compiled.program.removes_files());
    let noted = media.map(Noted::new);
    let context = WriteContext {
        now,
        user: user_key(&sender.caller),
        ids: Arc::clone(&endpoint.app.settings.ids),
        files: noted.as_ref().map_or_else(FileWatch::default, Noted::watch),
        cause: followed.as_ref().map(|followed| Arc::clone(&followed.cause)),
    };
    let commands = ForRequest { app: endpoint.app, sender };
    let room = Room { bytes: buffer, bytes_max: endpoint.answer_bytes_max };
    let (store, outside) = (&endpoint.app.store, (context, &commands as &dyn Commands));
    let answered = match followed {
        None => store.run_with(&compiled.program, values, outside, room).await,
        Some(followed) => {
            let answered = store.run_then(&compiled.program, values, outside, (room, followed.sequel)).await;
            answered.map_err(|error| vec![Fault { path: Vec::new(), place: None, cause: error.logged() }])?
        }
    };
    if let Some(noted) = noted {
        Box::pin(noted.settle(answered.faults.iter().map(|fault| &fault.cause))).await;
    }
    Ok(answered)
}

/// The answer to an operation whose values do not read as their kinds. Where it is one change alone, that change is what is refused.
fn unbound(endpoint: Endpoint<'_>, schema: &Schema, (compiled, faults): (&Compiled, Vec<Fault>)) -> Answer {
    let Some((key, non_null)) = &compiled.only_change else {
        return executed(endpoint, schema, NOTHING.to_vec(), &faults);
    };
    let path = vec![Segment::Key(key.clone())];
    let faults: Vec<Fault> = faults.into_iter().map(|fault| Fault { path: path.clone(), ..fault }).collect();
    // A key of an answer is a name of GraphQL: it needs no escapes.
    let data = if *non_null { NOTHING.to_vec() } else { [OPENING, b"{\"", key.as_bytes(), b"\":null}"].concat() };
    executed(endpoint, schema, data, &faults)
}

/// The answer to an operation of a list that has no room left for it; it is not executed.
pub(crate) fn no_room(endpoint: Endpoint<'_>) -> Answer {
    refused_unread(endpoint, Cause::AnswerTooLarge(endpoint.app.store.limits().answer_bytes_max as u64))
}

/// The answer to an operation that is refused without being looked at.
pub(crate) fn refused_unread(endpoint: Endpoint<'_>, cause: Cause) -> Answer {
    let fault = Fault { path: Vec::new(), place: None, cause };
    executed(endpoint, &endpoint.schemas.whole, NOTHING.to_vec(), &[fault])
}

/// How every answer begins.
const OPENING: &[u8] = b"{\"data\":";
/// An answer without data, up to its end.
const NOTHING: &[u8] = b"{\"data\":null";

/// The operation of a text: known, or read now and kept.
fn operation(endpoint: Endpoint<'_>, view: &View, asked: Asked<'_>) -> Result<Arc<Kept>, Arc<Vec<RequestError>>> {
    let plans = &endpoint.app.plans;
    match plans.known(asked) {
        Some(Known::Operation(kept)) => return Ok(kept),
        Some(Known::Refused(errors)) => return Err(errors),
        None => {}
    }
    let operation =
        graphql::parse(&view.schema, asked.text, asked.name).map_err(|errors| plans.keep_refusal(asked, errors))?;
    if operation.asks_for_schema() && !endpoint.app.settings.introspection {
        let message = endpoint.rules().introspection_off;
        return Err(plans.keep_refusal(asked, vec![RequestError::new(RequestErrorKind::Validation, message)]));
    }
    Ok(plans.keep(asked, operation))
}

fn allowed(kept: &Kept, methods: Methods) -> Result<(), RequestFault> {
    match (kept.operation.kind(), methods) {
        (OperationKind::Mutation, Methods::QueriesOnly) => Err(RequestFault::OperationByGet("mutation")),
        (OperationKind::Query, _) | (OperationKind::Mutation, Methods::All) => Ok(()),
    }
}

/// Why there is no plan to run.
enum Stopped {
    Request(Vec<RequestError>),
    Fault(Fault),
}

/// The plan for values of this shape: known, or made now and kept.
fn compiled(
    endpoint: Endpoint<'_>,
    view: &View,
    asked: Asked<'_>,
    kept: &Arc<Kept>,
    variables: &Variables,
) -> Result<Arc<Compiled>, Stopped> {
    let shape = kept.operation.shape_key(&view.schema, variables);
    if let Some(compiled) = kept.plan(&shape) {
        return Ok(compiled);
    }
    let plan = graphql::to_plan(&view.schema, &kept.operation, variables).map_err(Stopped::Request)?;
    let authorized = plan::authorize(plan, &view.policy, view.schema.model());
    let app = endpoint.app;
    let program = app
        .store
        .prepare(&app.served, &authorized)
        .map_err(|error| Stopped::Fault(Fault { path: Vec::new(), place: None, cause: error.logged() }))?;
    let compiled = Arc::new(Compiled::new(program, authorized.get()));
    endpoint.app.plans.keep_plan(asked, kept, shape, &compiled);
    Ok(compiled)
}

/// Ends an answer that was executed. Without faults the store's buffer goes out as it is.
fn executed(endpoint: Endpoint<'_>, schema: &Schema, mut data: Vec<u8>, faults: &[Fault]) -> Answer {
    if faults.is_empty() {
        data.push(b'}');
        return Answer { body: Bytes::from(data), outcome: Outcome::Executed, has_errors: false, retry_after: None };
    }
    let mut body = errors_first(&schema.faults(faults));
    let is_unavailable = faults.iter().all(|fault| fault.path.is_empty() && fault.cause == Cause::Unavailable);
    let outcome = if is_unavailable { Outcome::Unavailable } else { Outcome::Executed };
    if endpoint.rules().has_data_beside_errors {
        body.push(b',');
        body.extend_from_slice(&data[1..]);
    }
    body.push(b'}');
    let retry_after = faults.iter().find_map(|fault| fault.cause.retry_after());
    Answer { body: Bytes::from(body), outcome, has_errors: true, retry_after }
}

fn refused(schema: &Schema, errors: &[RequestError]) -> Answer {
    let mut body = errors_first(&schema.refused(errors));
    body.push(b'}');
    Answer { body: Bytes::from(body), outcome: Outcome::Refused, has_errors: true, retry_after: None }
}

/// `{"errors":[..]`, not yet closed.
fn errors_first(errors: &[serde_json::Value]) -> Vec<u8> {
    let mut body = Vec::from(b"{\"errors\":");
    serde_json::to_writer(&mut body, errors).expect("JSON values are written to memory without fail");
    body
}
