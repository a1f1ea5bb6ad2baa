//! Files inside components and dynamic zones, on both databases: written, read, filtered by, published, and gone with the file.

use std::path::Path;

use acceptance::client::graphql;
use acceptance::project::{Database, Running, Template, token};
use serde_json::{Value, json};

#[test]
fn sqlite_keeps_files_inside_components() {
    all(Database::Sqlite);
}

#[test]
fn postgres_keeps_files_inside_components() {
    all(Database::Postgres);
}

fn all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/inside");
    let template = Template::new(&folder, database);
    let server = template.serve();
    let page = written(&server);
    drafts_and_published_pages_have_their_own(&server, &page);
    locales_share_what_is_shared(&server, &page);
    files_of_other_kinds_are_missing(&server, &page);
    pages_are_filtered_by_files(&server);
    files_go_from_every_element(&server, &page);
}

const SHOWN: &str = "title hero { text photo { name } files { name } inner { image { name } } } cards { photo { name } } \
     blocks { __typename ... on ComponentSharedCard { photo { name } files_connection { nodes { name } } } ... on ComponentSharedClip { video { name } } }";

/// By number and by document id, one and many, in a component, in one inside it, in a list, and in a zone.
fn written(server: &Running) -> String {
    let data = json!({
        "title": "one",
        "hero": { "text": "h", "photo": "1", "files": ["4", "file00000000000000000001"], "inner": { "image": "2" } },
        "cards": [{ "photo": "2" }, { "photo": null }],
        "blocks": [
            { "__typename": "ComponentSharedClip", "video": "3" },
            { "__typename": "ComponentSharedCard", "photo": "1", "files": ["3", "4"] },
        ],
    });
    let query = ["mutation ($data: PageInput!) { createPage(data: $data) { documentId ", SHOWN, " } }"].concat();
    let made = ask(server, "editor", (&query, &json!({ "data": data })))["data"]["createPage"].clone();
    let page = made["documentId"].as_str().expect("the page is made").to_owned();
    let file = |name: &str| json!({ "name": name });
    let hero = json!({
        "text": "h", "photo": file("a.png"), "files": [file("d.txt"), file("a.png")], "inner": { "image": file("b.png") }
    });
    let blocks = json!([
        { "__typename": "ComponentSharedClip", "video": file("c.mp4") },
        { "__typename": "ComponentSharedCard", "photo": file("a.png"), "files_connection": { "nodes": [file("c.mp4"), file("d.txt")] } },
    ]);
    let cards = json!([{ "photo": file("b.png") }, { "photo": null }]);
    let expected = json!({ "documentId": page, "title": "one", "hero": hero, "cards": cards, "blocks": blocks });
    assert_eq!(made, expected);
    let both = ["{ page(documentId: \"", &page, "\") { documentId ", SHOWN, " } }"].concat();
    assert_eq!(
        ask(server, "public", (&both, &Value::Null))["data"]["page"],
        expected,
        "the published copy has links of its own"
    );
    let four = "{ pages { data { attributes { hero { photo { data { id } } inner { image { data { id } } } } cards { photo { data { attributes { name } } } } } } } }";
    let four = server.ask(&graphql("/v4/graphql", &json!({ "query": four }), None)).body.unwrap_or_default();
    let entry = |id: &str| json!({ "data": { "id": id } });
    let cards = json!([{ "photo": { "data": { "attributes": file("b.png") } } }, { "photo": { "data": null } }]);
    let attributes = json!({ "hero": { "photo": entry("1"), "inner": { "image": entry("2") } }, "cards": cards });
    assert_eq!(four["data"]["pages"]["data"], json!([{ "attributes": attributes }]));
    page
}

fn drafts_and_published_pages_have_their_own(server: &Running, page: &str) {
    let shown = "hero { photo { name } inner { image { name } } }";
    let drafted = json!({ "hero": { "photo": "2", "inner": { "image": null } } });
    change(server, (page, "status: DRAFT"), &drafted);
    let hero =
        |photo: &str, image: Value| json!({ "hero": { "photo": { "name": photo }, "inner": { "image": image } } });
    assert_eq!(of_page(server, (page, "status: PUBLISHED"), shown), hero("a.png", json!({ "name": "b.png" })));
    assert_eq!(of_page(server, (page, "status: DRAFT"), shown), hero("b.png", Value::Null));
    change(server, (page, "status: PUBLISHED"), &json!({}));
    assert_eq!(of_page(server, (page, "status: PUBLISHED"), shown), hero("b.png", Value::Null));
}

fn locales_share_what_is_shared(server: &Running, page: &str) {
    let french = json!({ "title": "un", "cards": [{ "photo": "1" }] });
    change(server, (page, "locale: \"fr\", status: PUBLISHED"), &french);
    let shown = "hero { photo { name } files { name } } cards { photo { name } }";
    let cards = |name: &str| json!([{ "photo": { "name": name } }]);
    let hero = |photo: &str| json!({ "photo": { "name": photo }, "files": [] });
    assert_eq!(
        of_page(server, (page, "locale: \"fr\""), shown),
        json!({ "hero": hero("b.png"), "cards": cards("a.png") })
    );
    change(server, (page, "status: PUBLISHED"), &json!({ "hero": { "photo": "1" }, "cards": [{ "photo": "2" }] }));
    assert_eq!(
        of_page(server, (page, "locale: \"fr\""), shown),
        json!({ "hero": hero("a.png"), "cards": cards("a.png") })
    );
    assert_eq!(of_page(server, (page, ""), shown), json!({ "hero": hero("a.png"), "cards": cards("b.png") }));
}

fn files_of_other_kinds_are_missing(server: &Running, page: &str) {
    let refused = [
        json!({ "hero": { "photo": "4" } }),
        json!({ "hero": { "inner": { "image": "3" } } }),
        json!({ "blocks": [{ "__typename": "ComponentSharedClip", "video": "1" }] }),
        json!({ "cards": [{ "files": ["99"] }] }),
    ];
    for data in refused {
        let query =
            format!("mutation ($data: PageInput!) {{ updatePage(documentId: \"{page}\", data: $data) {{ title }} }}");
        let body = ask(server, "editor", (&query, &json!({ "data": data })));
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{data}: {body}");
    }
    assert_eq!(
        of_page(server, (page, ""), "hero { photo { name } }"),
        json!({ "hero": { "photo": { "name": "a.png" } } })
    );
}

/// Pages are found by the texts of components beside their files; files of a component are filtered like any relation.
fn pages_are_filtered_by_files(server: &Running) {
    let other = json!({
        "title": "two",
        "blocks": [{ "__typename": "ComponentSharedCard", "text": "deep", "files": ["1", "2", "4"] }],
    });
    let made = ask(
        server,
        "editor",
        (
            "mutation ($data: PageInput!) { createPage(data: $data) { blocks { ... on ComponentSharedCard { files(filters: { mime: { startsWith: \"image\" } }, sort: \"name:desc\") { name } } } } }",
            &json!({ "data": other }),
        ),
    );
    let files = json!([{ "files": [{ "name": "b.png" }, { "name": "a.png" }] }]);
    assert_eq!(made["data"]["createPage"]["blocks"], files, "{made}");
    let found =
        ask(server, "public", ("{ pages(filters: { hero: { text: { null: true } } }) { title } }", &Value::Null));
    assert_eq!(found["data"]["pages"].as_array().map(Vec::len), Some(2), "{found}");
    let by = "{ page(where: { hero: { photo: { name: { _eq: \"a.png\" } } } }, order_by: { id: asc }) { title } }";
    let hasura = server.ask(&graphql("/v1/graphql", &json!({ "query": by }), None)).body.unwrap_or_default();
    assert_eq!(hasura["data"]["page"], json!([{ "title": "one" }]), "{hasura}");
}

fn files_go_from_every_element(server: &Running, page: &str) {
    let removed = ask(server, "editor", ("mutation { deleteUploadFile(id: \"1\") { name } }", &Value::Null));
    assert_eq!(removed["data"]["deleteUploadFile"], json!({ "name": "a.png" }), "{removed}");
    let shown = "hero { photo { name } } cards { photo { name } }";
    let bare = json!({ "hero": { "photo": null }, "cards": [{ "photo": null }] });
    assert_eq!(of_page(server, (page, "locale: \"fr\""), shown), bare);
    assert_eq!(of_page(server, (page, "locale: \"fr\", status: DRAFT"), shown), bare);
    let query =
        "{ pages(filters: { title: { eq: \"two\" } }) { blocks { ... on ComponentSharedCard { files { name } } } } }";
    let left = json!([{ "blocks": [{ "files": [{ "name": "b.png" }, { "name": "d.txt" }] }] }]);
    assert_eq!(ask(server, "public", (query, &Value::Null))["data"]["pages"], left);
    let gone = format!("mutation {{ deletePage(documentId: \"{page}\", locale: \"*\") {{ documentId }} }}");
    assert_eq!(ask(server, "editor", (&gone, &Value::Null))["errors"], Value::Null);
    let files = ask(server, "public", ("{ uploadFiles_connection { pageInfo { total } } }", &Value::Null));
    assert_eq!(files["data"]["uploadFiles_connection"]["pageInfo"]["total"], 3, "files stay when pages go: {files}");
}

fn change(server: &Running, (page, how): (&str, &str), data: &Value) {
    let query = format!(
        "mutation ($data: PageInput!) {{ updatePage(documentId: \"{page}\", {how}, data: $data) {{ title }} }}"
    );
    let body = ask(server, "editor", (&query, &json!({ "data": data })));
    assert_eq!(body["errors"], Value::Null, "{data}: {body}");
}

fn of_page(server: &Running, (page, how): (&str, &str), shown: &str) -> Value {
    let query = format!("{{ page(documentId: \"{page}\", {how}) {{ {shown} }} }}");
    ask(server, "editor", (&query, &Value::Null))["data"]["page"].clone()
}

fn ask(server: &Running, role: &str, (query, variables): (&str, &Value)) -> Value {
    let token = (role != "public").then(|| token(role, "1"));
    let body = json!({ "query": query, "variables": variables });
    server.ask(&graphql("/graphql", &body, token.as_deref())).body.unwrap_or_default()
}
