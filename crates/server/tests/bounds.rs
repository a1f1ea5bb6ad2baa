//! What bounds a server together, and what it says when it breaks, in the words of the endpoint that was asked.
#![cfg(test)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Request, header};
use model::{Model, Source};
use server::{App, Clock, Limits, PageSizes, SchemaSettings, Settings, Shared};
use store::{Address, Ids, MigrateOptions, Store, StoreConfig};

const SCHEMA: &str = "type Dish @model @allow(role: \"public\", to: [FIND]) { name: String }";
/// Room for two of the answers below and no more.
const ANSWER_BYTES_MAX: usize = 90;

#[tokio::test]
async fn the_answers_of_a_list_are_bounded_together() {
    let (server, folder) = server("list").await;
    let one = r#"{"query":"{ __typename }"}"#;
    let list = format!("[{}]", [one; 4].join(","));
    let answer = r#"{"data":{"__typename":"query_root"}}"#;
    assert_eq!(ask(&server, "/v1/graphql", Body::from(one)).await, answer);
    let answered = ask(&server, "/v1/graphql", Body::from(list)).await;
    assert!(answered.starts_with(&format!("[{answer},{answer},{{\"errors\"")), "{answered}");
    assert_eq!(answered.matches(&format!("answer_bytes_max ({ANSWER_BYTES_MAX})")).count(), 2, "{answered}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_panic_is_told_in_the_words_of_the_endpoint() {
    let (server, folder) = server("panic").await;
    let hasura = ask(&server, "/v1/graphql", Body::new(Breaks)).await;
    assert!(hasura.contains(r#""code":"unexpected""#) && hasura.contains(r#""path":"$""#), "{hasura}");
    let strapi = ask(&server, "/graphql", Body::new(Breaks)).await;
    assert!(strapi.contains("INTERNAL_SERVER_ERROR"), "{strapi}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A body whose reading panics.
struct Breaks;

impl axum::body::HttpBody for Breaks {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        panic!("a body that breaks")
    }
}

async fn ask(server: &Shared, path: &str, body: Body) -> String {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(body);
    let response = server.respond(request.unwrap()).await;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn server(name: &str) -> (Shared, std::path::PathBuf) {
    let folder = std::env::temp_dir().join(format!("dragoman-bounds-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut config = StoreConfig::new(Address::in_folder(&folder));
    config.limits.answer_bytes_max = ANSWER_BYTES_MAX;
    let store = Arc::new(Store::open(&config).unwrap());
    let sources = vec![Source { name: "dish.graphql".to_owned(), text: SCHEMA.to_owned() }];
    let model: Arc<Model> = Arc::new(model::read(sources.clone()).unwrap());
    let plan = store.migrate_plan(&model, &sources).await.unwrap();
    store.migrate_apply(&plan, MigrateOptions::default(), |_| {}).await.unwrap();
    (Shared::new(&Arc::new(App::new(settings(), &model, store).unwrap()), 0), folder)
}

fn settings() -> Settings {
    let page_sizes = PageSizes { default: 10, most: None };
    Settings {
        schemas: SchemaSettings {
            endpoints: Vec::new(),
            page_sizes,
            nullable_drafts: false,
            v4_compatibility: false,
            limits: graphql::Limits::default(),
        },
        listeners: Vec::new(),
        engine: None,
        accounts: server::AccountSettings::default(),
        setup: None,
        reread: None,
        anonymous_operates: false,
        token_key: None,
        graphiql: false,
        introspection: true,
        compression: false,
        cors_origins: Vec::new(),
        uploads: None,
        clock: Clock::System,
        ids: Arc::new(Ids::Random),
        limits: Limits::default(),
    }
}
