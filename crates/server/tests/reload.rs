//! A project that is loaded again while it is served: whoever began with one model ends with it.
#![cfg(test)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use model::{Model, Source};
use server::{App, Clock, Limits, PageSizes, SchemaSettings, Settings, Shared};
use store::{Address, Ids, MigrateOptions, Store, StoreConfig};

const BEFORE: &str = "type Dish @model @allow(role: \"public\", to: [FIND]) { name: String }";
/// A type that comes before the other one takes its place in the model and among the tables.
const AFTER: &str = "type Chef @model @allow(role: \"public\", to: [FIND]) { phone: String }
    type Dish @model @allow(role: \"public\", to: [FIND]) { name: String price: Int }";

#[tokio::test]
async fn an_operation_that_is_new_to_the_app_of_before_reads_the_tables_of_before() {
    let folder = std::env::temp_dir().join(format!("dragoman-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Arc::new(Store::open(&StoreConfig::new(Address::in_folder(&folder))).unwrap());
    let before = served(&store, BEFORE).await;
    let after = served(&store, AFTER).await;
    assert_eq!(ask(&before, "{ dishes { name } }").await, r#"{"data":{"dishes":[]}}"#);
    assert_eq!(ask(&after, "{ dishes { name price } chefs { phone } }").await, r#"{"data":{"dishes":[],"chefs":[]}}"#);
    assert_eq!(
        ask(&before, "{ dishes_connection { nodes { name } } }").await,
        r#"{"data":{"dishes_connection":{"nodes":[]}}}"#
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Brings the database to the model of a text and puts an app before it.
async fn served(store: &Arc<Store>, text: &str) -> Shared {
    let sources = vec![Source { name: "shop.graphql".to_owned(), text: text.to_owned() }];
    let model: Arc<Model> = Arc::new(model::read(sources.clone()).unwrap());
    let plan = store.migrate_plan(&model, &sources).await.unwrap();
    store.migrate_apply(&plan, MigrateOptions::default(), |_| {}).await.unwrap();
    Shared::new(&Arc::new(App::new(settings(), &model, Arc::clone(store)).unwrap()), 0)
}

async fn ask(server: &Shared, query: &str) -> String {
    let body = serde_json::json!({ "query": query }).to_string();
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
    let response = server.respond(request.unwrap()).await;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
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
