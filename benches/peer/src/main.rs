//! What a developer writes by hand: async-graphql with data loaders over the same pool, for the operations a, b, d, g and w on PostgreSQL.
//!
//! `peer DATABASE_URL ADDRESS:PORT`. The arguments that the fixed statements below do not need are accepted and not looked at.

mod loaders;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_graphql::dataloader::DataLoader;
use async_graphql::{EmptyMutation, EmptySubscription, Schema};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, header};
use axum::routing::post;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use loaders::Database;
use schema::Query;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Answering = Arc<Schema<Query, EmptyMutation, EmptySubscription>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, address] = &arguments[..] else { anyhow::bail!("usage: peer DATABASE_URL ADDRESS:PORT") };
    tokio::runtime::Runtime::new()?.block_on(listen(url, address))
}

async fn listen(url: &str, address: &str) -> Result<()> {
    let database = Database(pool(url)?);
    // Loads are gathered until the runtime has nothing else to do, not for a fixed time.
    let loader = DataLoader::new(database.clone(), tokio::spawn).delay(Duration::ZERO);
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(database).data(loader).finish();
    let routes = Router::new().route("/v1/graphql", post(answer)).with_state(Arc::new(schema));
    let listener = TcpListener::bind(address).await.with_context(|| format!("could not listen at {address}"))?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let service = TowerToHyperService::new(routes.clone());
        tokio::spawn(async move {
            // A client that goes away is no fault of ours.
            drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await);
        });
    }
}

fn pool(url: &str) -> Result<Pool> {
    let mut config: tokio_postgres::Config = url.parse()?;
    config.options("-c jit=off -c timezone=UTC");
    let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config, tokio_postgres::NoTls, settings);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let wait = Some(Duration::from_secs(2));
    let timeouts = Timeouts { wait, create: wait, recycle: None };
    Ok(Pool::builder(manager).max_size((4 * cores).min(32)).timeouts(timeouts).runtime(Runtime::Tokio1).build()?)
}

async fn answer(State(schema): State<Answering>, body: Bytes) -> Response<Body> {
    let text = match serde_json::from_slice::<async_graphql::Request>(&body) {
        Ok(request) => serde_json::to_vec(&schema.execute(request).await).unwrap_or_default(),
        Err(error) => serde_json::json!({ "errors": [{ "message": error.to_string() }] }).to_string().into_bytes(),
    };
    let mut response = Response::new(Body::from(text));
    let kind = header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
