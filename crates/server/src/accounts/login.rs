//! Signing in as clients of Prefect do before they have a token: Basic credentials or a small JSON body, and a token in the answer.
//!
//! It is the command that signs people in everywhere else, with its limits on attempts; refused, it tells nothing about why.

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use plan::{Caller, Variables};
use serde_json::{Value as Json, json};
use store::FileWatch;

use super::routes::{WAYS, command, read_body};
use super::{ForRequest, Sender};
use crate::agents::of_base64;
use crate::app::App;
use crate::exchange::address;
use crate::plan_runner::Given;
use crate::refusal::answer as rest_answer;

/// Answers with a token, or with 401.
pub(crate) async fn login(app: &App, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let mut response = answer(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "Method Not Allowed" }));
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let token = match credentials(app, &parts, body).await {
        Some(credentials) => token(app, &parts, credentials).await,
        None => None,
    };
    token.map_or_else(
        || answer(StatusCode::UNAUTHORIZED, &json!({ "error": "Unauthenticated" })),
        |token| answer(StatusCode::OK, &json!({ "token": token })),
    )
}

fn answer(status: StatusCode, json: &Json) -> Response<Body> {
    rest_answer(status, json.to_string())
}

/// The name and the password: of the header, else of the body.
async fn credentials(app: &App, parts: &Parts, body: Body) -> Option<(String, String)> {
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(basic) =
        given.and_then(|given| given.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("basic")))
    {
        let text = String::from_utf8(of_base64(basic.1)?).ok()?;
        return text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()));
    }
    let body = read_body(app, parts, body).await.ok()?;
    let json: Json = serde_json::from_slice(&body).ok()?;
    Some((json["email"].as_str()?.to_owned(), json["password"].as_str()?.to_owned()))
}

async fn token(app: &App, parts: &Parts, (identifier, password): (String, String)) -> Option<String> {
    let sender = Sender { address: address(app, parts), ..Sender::local(Caller::public()) };
    let variables = Variables::from_iter([
        ("identifier".to_owned(), Json::from(identifier)),
        ("password".to_owned(), Json::from(password)),
    ]);
    let commands = ForRequest { app, sender: &sender };
    let given =
        Given { caller: &sender.caller, variables: &variables, files: FileWatch::default(), commands: &commands };
    let bytes = app.runner.run(command(app, &WAYS[0]), given).await.ok()?;
    let told: Json = serde_json::from_slice(&bytes).ok()?;
    told["data"]["jwt"].as_str().map(str::to_owned)
}
