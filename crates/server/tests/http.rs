//! The HTTP face: each file of `http/` holds requests, its snapshot what they are answered with.
//!
//! A block is `=== name`, the request line, headers, an empty line, the body. `{token}` stands for a good token of the role
//! editor, `{times:N:text}` for a text N times. Of the answer's headers those are shown that belong to the protocol.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use server::{App, Clock, Lasts, Limits, PageSizes, SchemaSettings, Settings, Shared, TokenKey};
use store::{Address, Ids, Store, StoreConfig};

const SCHEMA: &str = r#"
type Dish @model
  @allow(role: "public", to: [FIND])
  @allow(role: "editor", to: [FIND, CREATE]) {
  name: String! @unique
  price: Int
}
"#;
const KEY: &[u8] = b"a key of thirty-two bytes, no less";
const SHOWN: [&str; 10] = [
    "content-type",
    "allow",
    "www-authenticate",
    "retry-after",
    "content-encoding",
    "vary",
    "cache-control",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
];

#[tokio::test]
async fn strapi5() {
    check("strapi5", &server("strapi5", Settings { graphiql: true, ..settings() }).await).await;
}

#[tokio::test]
async fn hasura() {
    check("hasura", &server("hasura", settings()).await).await;
}

#[tokio::test]
async fn limits_and_switches() {
    let limits = Limits { body_bytes_max: 2000, nesting_max: 8, ..Limits::default() };
    let settings =
        Settings { introspection: false, limits, cors_origins: vec!["https://shop.example".to_owned()], ..settings() };
    check("limits", &server("limits", settings).await).await;
}

async fn check(name: &str, served: &Served) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http").join(name).with_extension("txt");
    let text = std::fs::read_to_string(file).unwrap();
    let mut transcript = String::new();
    for block in text.split("=== ").skip(1) {
        let (title, request) = block.split_once('\n').unwrap();
        let response = served.server.respond(read(request.trim_end_matches('\n'))).await;
        transcript.extend(["=== ", title, "\n", &shown(response).await, "\n"]);
    }
    insta::assert_snapshot!(name, transcript);
}

fn settings() -> Settings {
    Settings {
        schemas: SchemaSettings {
            endpoints: Vec::new(),
            page_sizes: PageSizes { default: 10, most: None },
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
        token_key: Some(TokenKey::new(KEY).unwrap()),
        graphiql: false,
        introspection: true,
        compression: true,
        cors_origins: Vec::new(),
        uploads: None,
        clock: Clock::Stopped(1_700_000_000_000_000),
        ids: Arc::new(Ids::seeded(1)),
        limits: Limits::default(),
    }
}

/// A server over a database in a folder that goes with it.
struct Served {
    server: Shared,
    folder: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder).is_ok();
    }
}

async fn server(name: &str, settings: Settings) -> Served {
    let sources = vec![model::Source { name: "dish.graphql".to_owned(), text: SCHEMA.to_owned() }];
    let model = Arc::new(model::read(sources.clone()).unwrap());
    let folder = std::env::temp_dir().join(format!("dragoman-http-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Store::open(&StoreConfig::new(Address::in_folder(&folder))).unwrap();
    let plan = store.migrate_plan(&model, &sources).await.unwrap();
    store.migrate_apply(&plan, store::MigrateOptions::default(), |_| {}).await.unwrap();
    let server = Shared::new(&Arc::new(App::new(settings, &model, Arc::new(store)).unwrap()), 0);
    Served { server, folder }
}

fn read(block: &str) -> Request<Body> {
    let block = expanded(block);
    let (head, body) = block.split_once("\n\n").unwrap_or((&block, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

fn expanded(block: &str) -> String {
    let token = TokenKey::new(KEY).unwrap().sign("editor", "7", Lasts { from: 0, until: 4_102_444_800 }).unwrap();
    let mut text = block.replace("{token}", &token);
    while let Some(start) = text.find("{times:") {
        let end = start + text[start..].find('}').unwrap();
        let (count, repeated) = text[start + 7..end].split_once(':').unwrap();
        let repeated = repeated.repeat(count.parse().unwrap());
        text.replace_range(start..=end, &repeated);
    }
    text
}

async fn shown(response: Response<Body>) -> String {
    let mut text = format!("{}\n", response.status().as_u16());
    for name in SHOWN {
        for value in response.headers().get_all(name) {
            text.extend([name, ": ", value.to_str().unwrap(), "\n"]);
        }
    }
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap_or_else(|_| "(compressed)".to_owned());
    let lines: Vec<&str> = body.lines().take(LINES_SHOWN).collect();
    text + &lines.join("\n")
}

const LINES_SHOWN: usize = 4;
