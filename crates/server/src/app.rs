//! What a running server holds, and the way of a request to its endpoint.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{any, get};
use graphql::transport::{RequestFault, TransportRules};
use model::Model;
use store::{Served, Store};
use tower::ServiceExt as _;
use tower_http::CompressionLevel;
use tower_http::compression::{CompressionLayer, Predicate, predicate};
use tracing::Instrument as _;

use crate::accounts::{self, Accounts, Members, OwnChanges, Throttle};
use crate::cors;
use crate::documents::Documents;
use crate::error::Error;
use crate::exchange;
use crate::media::{self, Media};
use crate::negotiate::MediaType;
use crate::page;
use crate::plan_runner::PlanRunner;
use crate::plans::Plans;
use crate::schemas::{EndpointSchemas, Schemas};
use crate::settings::Settings;

/// Answers shorter than this are not worth compressing.
const COMPRESSED_BYTES_MIN: u64 = 1024;
/// The cheapest level of both encodings: higher ones cost more time than the network takes.
const COMPRESSION_LEVEL: i32 = 1;
/// Longest request id that is taken over from a client.
const REQUEST_ID_BYTES_MAX: usize = 64;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that is fixed between two loads of a project.
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) schemas: Schemas,
    pub(crate) plans: Plans,
    /// Texts that clients name by their hashes.
    pub(crate) documents: Documents,
    pub(crate) store: Arc<Store>,
    /// The model's tables. They go with the schemas: a plan of one model is never printed with the tables of another.
    pub(crate) served: Arc<Served>,
    /// Uploaded files, where the settings name their folder.
    pub(crate) media: Option<Arc<Media>>,
    pub(crate) accounts: Accounts,
    /// Runs plans that are not of operations.
    pub(crate) runner: PlanRunner,
}

impl App {
    /// Puts a model and a store behind the endpoints of the settings.
    ///
    /// # Errors
    /// Dialects that cannot show the model; a listener whose endpoint is not there.
    pub fn new(settings: Settings, model: &Arc<Model>, store: Arc<Store>) -> Result<Self, Error> {
        let schemas = Schemas::build(model, &settings.schemas, settings.clock)?;
        let is_known = |path: &str| schemas.paths().any(|known| known == path);
        if let Some(listener) = settings.listeners.iter().find(|listener| !is_known(&listener.endpoint)) {
            return Err(Error::ListenerEndpoint { address: listener.address, endpoint: listener.endpoint.clone() });
        }
        let served = Served::new(Arc::clone(model))?;
        let (plans, documents) = (Plans::new(&settings.limits), Documents::new(&settings.limits));
        let runner = PlanRunner::new(&settings, &store, &served);
        let folder = settings.uploads.clone();
        let media = folder.and_then(|folder| Media::new(folder, &runner, &settings.limits)).map(Arc::new);
        let (own, members) = (OwnChanges::new(&store, &served, model)?, Members::new(&store, &served, model)?);
        let accounts = Accounts { throttle: Throttle::default(), own, members };
        Ok(Self { settings, schemas, plans, documents, store, served, media, accounts, runner })
    }

    /// The model that is served.
    pub(crate) fn model(&self) -> &Arc<Model> {
        self.served.model()
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The workflow engine, where the project has jobs.
    #[must_use]
    pub fn engine(&self) -> Option<&Arc<::runs::Engine>> {
        self.settings.engine.as_ref()
    }

    /// Ends what earlier uploads and removals of files left to be asked: files whose rows are there stay, the others go.
    pub async fn settle_files(&self, waiting: Vec<files::Note>) {
        let Some(media) = &self.media else { return };
        media.settle(waiting).await;
    }

    /// The endpoint at a path.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> Option<Endpoint<'_>> {
        let schemas = self.schemas.list.iter().find(|endpoint| endpoint.path == path)?;
        Some(Endpoint { app: self, schemas, answer_bytes_max: self.store.limits().answer_bytes_max })
    }

    /// The paths with the names of their dialects.
    pub fn endpoints(&self) -> impl Iterator<Item = (&str, String)> {
        self.schemas.list.iter().map(|endpoint| {
            let names: Vec<&str> = endpoint.dialects.iter().map(|dialect| dialect.name).collect();
            (endpoint.path.as_str(), names.join(", "))
        })
    }
}

/// One path of an app, and what it serves.
#[derive(Clone, Copy)]
pub struct Endpoint<'a> {
    pub(crate) app: &'a App,
    pub(crate) schemas: &'a EndpointSchemas,
    /// Longest answer: less than the project's where others have taken from it.
    pub(crate) answer_bytes_max: usize,
}

impl Endpoint<'_> {
    /// How it speaks over HTTP: as its primary dialect.
    pub(crate) fn rules(&self) -> &'static TransportRules {
        self.schemas.whole.primary().transport
    }

    /// A fault of a request as the body that its clients would get.
    #[must_use]
    pub fn words(&self, fault: &RequestFault) -> String {
        (self.rules().describe)(fault).body.to_string()
    }
}

/// The running server: its present [`App`], which a new one may replace, and what outlives it.
#[derive(Clone)]
pub struct Shared {
    inner: Arc<Inner>,
}

struct Inner {
    routes: RwLock<Arc<Routes>>,
    is_stopping: Arc<AtomicBool>,
    requests: AtomicU64,
    /// Makes request ids of this process unlike those of others.
    id_prefix: u64,
}

/// The ways into one [`App`]: by path, and for a listener that shows one endpoint alone.
struct Routes {
    app: Arc<App>,
    main: Router,
    alone: Vec<(String, Router)>,
}

/// By which door a request came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
    /// The main address.
    Main,
    /// An address that shows this endpoint alone.
    Alone(Arc<str>),
}

impl Shared {
    /// A server over this app. The prefix makes request ids of this process unlike those of others.
    #[must_use]
    pub fn new(app: &Arc<App>, id_prefix: u64) -> Self {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let routes = RwLock::new(Arc::new(Routes::of(app, &is_stopping)));
        Self { inner: Arc::new(Inner { routes, is_stopping, requests: AtomicU64::new(0), id_prefix }) }
    }

    /// Requests that come from now on are answered by this app; those that run end with the one they began with.
    pub fn replace(&self, app: &Arc<App>) {
        let routes = Routes::of(app, &self.inner.is_stopping);
        *self.inner.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
    }

    /// The paths with the names of their dialects.
    #[must_use]
    pub fn endpoints(&self) -> Vec<(String, String)> {
        self.routes().app.endpoints().map(|(path, dialects)| (path.to_owned(), dialects)).collect()
    }

    /// What it serves now.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.routes().app)
    }

    fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.inner.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on `/health/ready` says no, so that a balancer sends nothing more.
    pub fn stop(&self) {
        self.inner.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Answers one request as the main address would, without a socket.
    pub async fn respond(&self, request: axum::http::Request<Body>) -> Response<Body> {
        Box::pin(self.handle(Door::Main, request)).await
    }

    /// Answers one request. It cannot fail: what breaks below is a 500 here.
    pub(crate) async fn handle(&self, door: Door, mut request: axum::http::Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let id = self.request_id(request.headers());
        let span = tracing::info_span!("request", id = %id.0, operation = tracing::field::Empty);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        request.extensions_mut().insert(id.clone());
        let routes = self.routes();
        let mut response = match unless_panicked(routes.answer(&door, request).instrument(span.clone())).await {
            Ok(response) => response,
            Err(panic) => {
                span.in_scope(|| tracing::error!(panic = %panic, "a request panicked"));
                let rules = routes.rules(&door, &path);
                exchange::refused(rules, MediaType::Json, &RequestFault::Internal(id.0.to_string()))
            }
        };
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID.clone(), value);
        }
        let (status, took) = (response.status().as_u16(), started.elapsed());
        span.in_scope(|| tracing::info!(method = %method, path, status, took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "request"));
        response
    }

    /// The client's own id, where it has a safe one, else one of ours.
    fn request_id(&self, headers: &HeaderMap) -> RequestId {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let is_safe = |id: &&str| {
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(is_word)
        };
        RequestId(given.filter(is_safe).map_or_else(
            || format!("{:016x}-{}", self.inner.id_prefix, self.inner.requests.fetch_add(1, Ordering::Relaxed)).into(),
            Into::into,
        ))
    }
}

/// Where a listener of its own shows its endpoint.
const ALONE_PATH: &str = "/graphql";

/// The id of a request, in the log and in the answer's head.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

impl Routes {
    fn of(app: &Arc<App>, is_stopping: &Arc<AtomicBool>) -> Self {
        let places = app.schemas.paths().map(|path| (path, path)).collect();
        let main = media::routes(accounts::routes(router(app, is_stopping, places), app), app);
        let listeners = app.settings.listeners.iter().map(|listener| listener.endpoint.as_str());
        let alone =
            listeners.map(|path| (path.to_owned(), router(app, is_stopping, vec![(path, ALONE_PATH)]))).collect();
        Self { app: Arc::clone(app), main, alone }
    }

    /// How the endpoint behind a path speaks; the plain form where there is none.
    fn rules(&self, door: &Door, path: &str) -> &'static TransportRules {
        let path = match door {
            Door::Main => path,
            Door::Alone(endpoint) => endpoint,
        };
        self.app.endpoint(path).map_or(&graphql::transport::DECLARED, |endpoint| endpoint.rules())
    }

    /// Answers a request. One to an endpoint that wants nothing compressed is answered at once: the router and its layers would cost as much as
    /// reading a row.
    async fn answer(&self, door: &Door, request: axum::http::Request<Body>) -> Response<Body> {
        if let Some(endpoint) = self.endpoint_at(door, &request) {
            return endpoint_answer(endpoint, request).await;
        }
        let Some(way) = self.behind(door) else { return nothing_here().into_response() };
        Box::pin(way.clone().oneshot(request)).await.unwrap_or_else(|never| match never {})
    }

    fn endpoint_at(&self, door: &Door, request: &axum::http::Request<Body>) -> Option<Endpoint<'_>> {
        if self.app.settings.compression && request.headers().contains_key(header::ACCEPT_ENCODING) {
            return None;
        }
        match door {
            Door::Main => self.app.endpoint(request.uri().path()),
            Door::Alone(path) if request.uri().path() == ALONE_PATH => self.app.endpoint(path),
            Door::Alone(_) => None,
        }
    }

    fn behind(&self, door: &Door) -> Option<&Router> {
        match door {
            Door::Main => Some(&self.main),
            Door::Alone(path) => self.alone.iter().find(|(of, _)| **of == **path).map(|(_, router)| router),
        }
    }
}

/// The ways to these endpoints at their places, and to the probes.
fn router(app: &Arc<App>, is_stopping: &Arc<AtomicBool>, endpoints: Vec<(&str, &str)>) -> Router {
    let probes = Router::new()
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", ready(app, is_stopping));
    let probes = with_documents(probes, app, &endpoints);
    let router = endpoints.into_iter().fold(probes, |router, (path, place)| with_endpoint(router, app, path, place));
    finished(router, app)
}

/// Adds what clients of the endpoints ask for beside them; of two endpoints in one folder the first one's.
fn with_documents(router: Router, app: &Arc<App>, endpoints: &[(&str, &str)]) -> Router {
    let mut places = BTreeMap::new();
    for (path, place) in endpoints {
        let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (name, document) in app.endpoint(path).iter().flat_map(|endpoint| endpoint.rules().beside) {
            places.entry([folder, name].concat()).or_insert(*document);
        }
    }
    let is_free = |place: &String| !endpoints.iter().any(|(_, taken)| taken == place);
    places.into_iter().filter(|(place, _)| is_free(place)).fold(router, |router, (place, document)| {
        let json = [(header::CONTENT_TYPE, "application/json")];
        router.route(&place, get(move || async move { (json, document().to_string()) }))
    })
}

/// Whether more requests may be sent here: the database answers, and the server is not about to stop.
fn ready(app: &Arc<App>, is_stopping: &Arc<AtomicBool>) -> axum::routing::MethodRouter {
    let (app, is_stopping) = (Arc::clone(app), Arc::clone(is_stopping));
    get(move || async move {
        if is_stopping.load(Ordering::Relaxed) || !app.store.is_ready().await {
            return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
        }
        (StatusCode::OK, "ready\n")
    })
}

/// Adds an endpoint at a place, which is its own path on the main address.
fn with_endpoint(router: Router, app: &Arc<App>, path: &str, place: &str) -> Router {
    let rules = app.endpoint(path).map_or(&graphql::transport::DECLARED, |endpoint| endpoint.rules());
    let app_of_login = Arc::clone(app);
    let (app, path) = (Arc::clone(app), path.to_owned());
    let handler = move |request: Request| async move {
        match app.endpoint(&path) {
            Some(endpoint) => endpoint_answer(endpoint, request).await,
            None => nothing_here().into_response(),
        }
    };
    let router = with_further(router, &app_of_login, (place, rules), &handler);
    router.route(place, any(handler)).route(&format!("{}/{{file}}", page::folder(place)), get(page_file))
}

/// Adds the further places of an endpoint, and where its clients sign in.
fn with_further<H, T>(router: Router, app: &Arc<App>, (place, rules): (&str, &TransportRules), handler: &H) -> Router
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let further: Vec<String> = rules.also.iter().filter_map(|below| below_place(place, below)).collect();
    let router = further.iter().fold(router, |router, place| router.route(place, any(handler.clone())));
    let bases = std::iter::once(place).chain(further.iter().map(String::as_str).filter(|place| !place.ends_with('/')));
    let logins = bases.flat_map(|base| rules.login.iter().map(move |login| [base, login].concat()));
    logins.fold(router, |router, place| {
        let app = Arc::clone(app);
        router.route(&place, any(move |request: Request| async move { accounts::login(&app, request).await }))
    })
}

/// `/prefect/graphql` and `/alpha` are `/prefect/graphql/alpha`; `/..` is the folder of a place, where it has one.
fn below_place(place: &str, below: &str) -> Option<String> {
    let Some(rest) = below.strip_prefix("/..") else { return Some([place, below].concat()) };
    let (folder, _) = place.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())?;
    Some([folder, rest].concat())
}

async fn endpoint_answer(endpoint: Endpoint<'_>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let origins = &endpoint.app.settings.cors_origins;
    if let Some(leave) = cors::leave(origins, &parts) {
        return leave;
    }
    let mut response = exchange::exchange(endpoint, &parts, body).await;
    cors::allow(origins, &parts, response.headers_mut());
    response
}

async fn page_file(Path(path): Path<HashMap<String, String>>, headers: HeaderMap) -> Response<Body> {
    let accept = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    page::file(path.get("file").map_or("", String::as_str), accept)
}

/// What stands around every route.
fn finished(router: Router, app: &Arc<App>) -> Router {
    let router = router.fallback(|| async { nothing_here() });
    if !app.settings.compression {
        return router;
    }
    let worth_it = predicate::SizeAbove::new(COMPRESSED_BYTES_MIN)
        .and(predicate::NotForContentType::new("text/event-stream"))
        .and(predicate::NotForContentType::new("font/"));
    let compression = CompressionLayer::new().gzip(true).br(true).quality(CompressionLevel::Precise(COMPRESSION_LEVEL));
    router.layer(compression.compress_when(worth_it))
}

fn nothing_here() -> impl axum::response::IntoResponse {
    (StatusCode::NOT_FOUND, "Nothing is served at this path\n")
}

/// Runs a future to its end, or to its panic, whose words it gives.
async fn unless_panicked<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    std::future::poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(words_of(panic.as_ref()))),
    })
    .await
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_words() {
        assert_eq!(unless_panicked(async { 7 }).await, Ok(7));
        let panics = async {
            tokio::task::yield_now().await;
            panic!("row {} is gone", 3);
        };
        assert_eq!(unless_panicked(panics).await, Err::<(), _>("row 3 is gone".to_owned()));
    }
}
