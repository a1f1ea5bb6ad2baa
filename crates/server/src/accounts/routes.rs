//! Routes beside the graph: signing in as Strapi's clients do it, and the page of the first administrator.
//!
//! A route is a command like that of the graph, with an answer of its own; the same plan, the same store, the same errors.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use bytes::Bytes;
use graphql::transport::RequestFault;
use plan::{
    Answer, AnswerEntry, AnswerValue, Boundary, Cause, Column, Command, Comparison, Effect, Entry, Fault, Filter, Form,
    From, HoleId, Holes, Operand, Operator, Plan, RootValue, RowValue, Select, SystemColumn, ValueKind, Variables,
};
use serde_json::Value as Json;
use store::FileWatch;

use super::own::USER;
use super::{ForRequest, Sender, setup};
use crate::app::App;
use crate::cors;
use crate::exchange::{body_of, sender};
use crate::plan_runner::Given;
use crate::refusal::{Refusal, answer as rest_answer};

/// A way to a command: method and path, the effect, and under which names its texts stand in the body.
pub(super) struct Way {
    path: &'static str,
    effect: Effect,
    given: &'static [(&'static str, &'static str)],
    shows: Shows,
}

/// What the answer to a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// A token and the account.
    Account,
    /// That it is done.
    Ok,
}

/// Source: dialect manual section 7.9; names of members as Strapi's routes take them.
pub(super) const WAYS: [Way; 5] = [
    Way {
        path: "/api/auth/local",
        effect: Effect::SignIn,
        given: &[("identifier", "identifier"), ("password", "password")],
        shows: Shows::Account,
    },
    Way {
        path: "/api/auth/local/register",
        effect: Effect::Register,
        given: &[("username", "username"), ("email", "email"), ("password", "password")],
        shows: Shows::Account,
    },
    Way {
        path: "/api/auth/change-password",
        effect: Effect::ChangePassword,
        given: &[("current", "currentPassword"), ("password", "password"), ("confirmation", "passwordConfirmation")],
        shows: Shows::Account,
    },
    Way {
        path: "/api/auth/forgot-password",
        effect: Effect::ForgotPassword,
        given: &[("email", "email")],
        shows: Shows::Ok,
    },
    Way {
        path: "/api/auth/reset-password",
        effect: Effect::ResetPassword,
        given: &[("code", "code"), ("password", "password"), ("confirmation", "passwordConfirmation")],
        shows: Shows::Account,
    },
];

/// Where the caller's own account is read.
const ME: &str = "/api/users/me";
/// Longest body of these routes: a handful of short texts.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The routes of accounts.
pub(crate) fn routes(router: Router, app: &Arc<App>) -> Router {
    let is_free = |place: &str| !app.schemas.paths().any(|path| path == place);
    let mut router = router;
    for way in WAYS.iter().filter(|way| is_free(way.path)) {
        let app = Arc::clone(app);
        let handler = move |request: Request| async move { answered(&app, Asked::Command(way), request).await };
        router = router.route(way.path, axum::routing::any(handler));
    }
    let (me, page) = (Arc::clone(app), Arc::clone(app));
    if is_free(ME) {
        let handler = move |request: Request| async move { answered(&me, Asked::Me, request).await };
        router = router.route(ME, axum::routing::any(handler));
    }
    if is_free(setup::PATH) {
        let handler = move |request: Request| async move { set_up(&page, request).await };
        router = router.route(setup::PATH, axum::routing::any(handler));
    }
    router
}

/// What a route is asked.
#[derive(Clone, Copy)]
enum Asked {
    Command(&'static Way),
    Me,
}

async fn answered(app: &App, asked: Asked, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(leave) = cors::leave(&app.settings.cors_origins, &parts) {
        return leave;
    }
    let outcome = match (asked, &parts.method) {
        (Asked::Command(way), &Method::POST) => commanded(app, way, &parts, body).await,
        (Asked::Me, &Method::GET) => me(app, &parts).await,
        (Asked::Command(_), _) => Err(Refusal::method("POST")),
        (Asked::Me, _) => Err(Refusal::method("GET")),
    };
    let mut response = outcome.unwrap_or_else(|refusal| refusal.response());
    cors::allow(&app.settings.cors_origins, &parts, response.headers_mut());
    response
}

async fn commanded(app: &App, way: &Way, parts: &Parts, body: Body) -> Result<Response<Body>, Refusal> {
    let sender = sender(app, parts).await.map_err(|fault| Refusal::of_request(&fault))?;
    let body = read_body(app, parts, body).await.map_err(|fault| Refusal::of_request(&fault))?;
    let variables = variables(&body, way)?;
    answer(app, &sender, &variables, command(app, way)).await
}

async fn me(app: &App, parts: &Parts) -> Result<Response<Body>, Refusal> {
    let sender = sender(app, parts).await.map_err(|fault| Refusal::of_request(&fault))?;
    answer(app, &sender, &Variables::new(), own(app)).await
}

/// Runs a plan of one root and gives what stands under it.
async fn answer(app: &App, sender: &Sender, variables: &Variables, plan: Plan) -> Result<Response<Body>, Refusal> {
    let commands = ForRequest { app, sender };
    let given = Given { caller: &sender.caller, variables, files: FileWatch::default(), commands: &commands };
    let bytes = app.runner.run(plan, given).await.map_err(|fault| Refusal::of_fault(app.model(), &fault))?;
    // `{"data":…}`: what stands under the root is the body.
    let body = bytes.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix(b"}")).unwrap_or(b"null");
    if body == b"null" {
        return Err(Refusal::of_fault(app.model(), &Fault { path: Vec::new(), place: None, cause: Cause::Forbidden }));
    }
    Ok(rest_answer(StatusCode::OK, Bytes::copy_from_slice(body)))
}

const ROOT: &str = "data";
const OPENING: &[u8] = b"{\"data\":";

/// The texts of a body under their names. What is no text is refused, and so is a member that is not asked for.
fn variables(body: &[u8], way: &Way) -> Result<Variables, Refusal> {
    let no_object = || Refusal::of_request(&RequestFault::BodyNotObject);
    let json: Json = serde_json::from_slice(body).map_err(|_| no_object())?;
    let Json::Object(members) = json else { return Err(no_object()) };
    let is_asked = |name: &str| way.given.iter().any(|(_, member)| *member == name);
    let unknown: Vec<String> = members.keys().filter(|name| !is_asked(name)).map(|name| short(name)).collect();
    if !unknown.is_empty() {
        return Err(Refusal::invalid(["Invalid parameters: ", &unknown.join(", ")].concat()));
    }
    match members.iter().find(|(_, value)| !value.is_string() && !value.is_null()) {
        Some((name, _)) => Err(Refusal::invalid([name.as_str(), " must be a string"].concat())),
        None => Ok(members),
    }
}

/// A name that a caller gave, cut as messages show it.
fn short(name: &str) -> String {
    name.chars().take(NAME_CHARACTERS_MAX).collect()
}

const NAME_CHARACTERS_MAX: usize = 60;

pub(super) fn command(app: &App, way: &Way) -> Plan {
    let model = app.model();
    let of = model.type_named(USER).expect("the system types are always there");
    let mut holes = Holes::default();
    let mut given: Vec<(String, HoleId)> = Vec::new();
    for (name, member) in way.given {
        given.push(((*name).to_owned(), holes.variable(&[member], ValueKind::Text, false)));
    }
    if way.effect == Effect::SignIn {
        given.push(("provider".to_owned(), holes.literal("local")));
    }
    let entry = |key: &str, value| AnswerEntry { key: key.to_owned(), value };
    let entries = match way.shows {
        Shows::Account => vec![
            entry("jwt", AnswerValue::Made("jwt")),
            entry("user", AnswerValue::Row(Box::new(account(app, From::Written, Filter::All)))),
        ],
        Shows::Ok => vec![entry("ok", AnswerValue::Made("ok"))],
    };
    let command = Command { effect: way.effect, of, given, is_list: false, answer: Answer::Wrap(entries) };
    holes.plan(vec![(ROOT.to_owned(), RootValue::Command(Box::new(command)))], Boundary::EachRoot, 1)
}

fn own(app: &App) -> Plan {
    let mut holes = Holes::default();
    let value = Operand::Hole(holes.caller("id", ValueKind::Int));
    let is_own = Comparison { column: Column::System(SystemColumn::Key), operator: Operator::Eq, value };
    let select = account(app, From::Type, Filter::Compare(is_own));
    holes.plan(vec![(ROOT.to_owned(), RootValue::Own(Box::new(select)))], Boundary::Read, 1)
}

/// What Strapi's routes tell of an account.
fn account(app: &App, from: From, filter: Filter) -> Select {
    let model = app.model();
    let of = model.type_named(USER).expect("the system types are always there");
    let content_type = model.content_type(of);
    let system = |key: &str, column| (key.to_owned(), Column::System(column));
    let field = |name: &str| {
        let id = content_type.field_named(name).expect("the fields of system types are always there");
        (name.to_owned(), Column::Field(id))
    };
    let mut columns = vec![system("id", SystemColumn::Key), system("documentId", SystemColumn::DocumentId)];
    columns.extend(["username", "email", "provider", "confirmed", "blocked"].map(field));
    columns.push(system("createdAt", SystemColumn::CreatedAt));
    columns.push(system("updatedAt", SystemColumn::UpdatedAt));
    columns.push(system("publishedAt", SystemColumn::PublishedAt));
    let entry = |(key, column): (String, Column)| Entry {
        name: ["User.", &key].concat(),
        key,
        non_null: false,
        value: RowValue::Column(column, Form::Plain),
    };
    Select::one((of, from), filter, columns.into_iter().map(entry).collect())
}

/// Reads a body of these routes.
pub(super) async fn read_body(app: &App, parts: &Parts, body: Body) -> Result<Bytes, RequestFault> {
    let most = BODY_BYTES_MAX.min(app.settings.limits.body_bytes_max);
    body_of(most, parts, body).await
}

async fn set_up(app: &App, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match &parts.method {
        &Method::GET => setup::page(app, parts.uri.query()),
        &Method::POST => match sender(app, &parts).await {
            Ok(sender) => setup::submit(app, &parts, body, &sender).await,
            Err(fault) => Refusal::of_request(&fault).response(),
        },
        _other => Refusal::method("GET, POST").response(),
    }
}
