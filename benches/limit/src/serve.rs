//! The HTTP side: the product's stack, and no GraphQL.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode, header};
use axum::routing::post;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::answer::Answer;
use crate::postgres::Postgres;
use crate::request::Request;
use crate::sqlite::Sqlite;

const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How the database is asked.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// One statement makes the whole answer.
    Json,
    /// One statement for each level gives rows.
    Rows,
}

impl FromStr for Way {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "json" => Ok(Self::Json),
            "rows" => Ok(Self::Rows),
            _ => bail!("the way is json or rows, it was {word:?}"),
        }
    }
}

enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Database {
    fn open(name: &str, way: Way) -> Result<Self> {
        if name.starts_with("postgres://") {
            Ok(Self::Postgres(Postgres::open(name, way)?))
        } else {
            Ok(Self::Sqlite(Sqlite::open(name.as_ref(), way)?))
        }
    }

    async fn answer(&self, request: Request) -> Result<Answer> {
        match self {
            Self::Postgres(database) => database.answer(request).await,
            Self::Sqlite(database) => database.answer(request).await,
        }
    }
}

pub(crate) fn run(way: Way, database: &str, address: &str) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be made")?;
    runtime.block_on(async {
        let database = Arc::new(Database::open(database, way)?);
        listen(address, Router::new().route("/graphql", post(answer)).with_state(database)).await
    })
}

/// Answers on the product's HTTP stack until it is killed.
pub(crate) async fn listen(address: &str, routes: Router) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("could not listen at {address}"))?;
    loop {
        let (socket, _) = listener.accept().await.context("could not accept a connection")?;
        socket.set_nodelay(true).context("could not set TCP_NODELAY")?;
        let service = TowerToHyperService::new(routes.clone());
        tokio::spawn(async move {
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            // A client that goes away is no fault of ours.
            drop(builder.serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

async fn answer(State(database): State<Arc<Database>>, body: Bytes) -> Response<Body> {
    let outcome = match serde_json::from_slice(&body) {
        Ok(request) => database.answer(request).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(bytes) => respond(StatusCode::OK, Body::from(bytes)),
        Err(error) => respond(StatusCode::INTERNAL_SERVER_ERROR, Body::from(format!("{error:#}"))),
    }
}

pub(crate) fn respond(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
