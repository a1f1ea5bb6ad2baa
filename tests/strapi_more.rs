//! What the Strapi dialects answer beside the recorded exchanges, on both databases: requests in their order, each with its answer.

use std::path::Path;

use acceptance::client::graphql;
use acceptance::project::{Database, Running, Template};
use serde_json::{Value, json};

#[test]
fn sqlite_answers_more() {
    all(Database::Sqlite);
}

#[test]
fn postgres_answers_more() {
    all(Database::Postgres);
}

fn all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/strapi4/project");
    let template = Template::new(&folder, database).in_locales(&["en", "fr"]);
    numbers_never_come_back(&template.serve());
    new_locales_are_named_and_new(&template.serve());
}

fn numbers_never_come_back(server: &Running) {
    let create = "mutation { createArticle(data: { title: \"x\" }) { data { id } } }";
    let made = |id: &str| json!({ "createArticle": { "data": { "id": id } } });
    check(server, create, &made("7"));
    check(
        server,
        "mutation { deleteArticle(id: 7) { data { id } } }",
        &json!({ "deleteArticle": { "data": { "id": "7" } } }),
    );
    check(server, create, &made("8"));
    let french = "mutation { createArticleLocalization(id: 8, locale: \"fr\") { data { id attributes { locale } } } }";
    let entry = json!({ "id": "9", "attributes": { "locale": "fr" } });
    refused(server, french, "title must be defined.");
    let french = french.replace("\"fr\")", "\"fr\", data: { title: \"y\" })");
    check(server, &french, &json!({ "createArticleLocalization": { "data": entry } }));
    // Publishing makes a row, but no number.
    let publish = "mutation { updateArticle(id: 9, data: { publishedAt: \"2026-01-01T00:00:00Z\" }) { data { id } } }";
    check(server, publish, &json!({ "updateArticle": { "data": { "id": "9" } } }));
    check(server, create, &made("10"));
}

fn new_locales_are_named_and_new(server: &Running) {
    let asked = |arguments: &str| {
        ["mutation { createArticleLocalization(", arguments, "data: { title: \"x\" }) { data { id } } }"].concat()
    };
    refused(server, &asked("id: 3, "), "locale is missing");
    refused(server, &asked("id: 3, locale: \"all\", "), "locale is missing");
    refused(server, &asked("locale: \"fr\", "), "Entity not found");
    refused(server, &asked("id: 3, locale: \"en\", "), "locale is already used");
    let nothing = json!({ "createArticleLocalization": { "data": null } });
    check(server, &asked("id: 99, locale: \"fr\", "), &nothing);
    check(server, &asked("id: null, locale: \"fr\", "), &nothing);
    check(server, &asked("id: \"x\", locale: \"fr\", "), &nothing);
}

fn ask(server: &Running, query: &str) -> Value {
    server.ask(&graphql("/v4/graphql", &json!({ "query": query }), None)).body.unwrap_or_default()
}

fn check(server: &Running, query: &str, data: &Value) {
    assert_eq!(ask(server, query), json!({ "data": data }), "{query}");
}

fn refused(server: &Running, query: &str, message: &str) {
    let body = ask(server, query);
    assert_eq!(body["errors"][0]["message"], message, "{query}: {body}");
}
