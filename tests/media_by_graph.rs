//! Files by GraphQL on both databases: uploads as multipart requests of Strapi 4, and files inside components and dynamic zones.

use std::fs;
use std::path::Path;

use acceptance::client::{Outgoing, graphql};
use acceptance::form::{field, file, form, media_type};
use acceptance::project::{Database, Running, Template, token};
use serde_json::{Value, json};

#[test]
fn sqlite_takes_files_by_graphql() {
    all(Database::Sqlite);
}

#[test]
fn postgres_takes_files_by_graphql() {
    all(Database::Postgres);
}

fn all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/project");
    let template = Template::new(&folder, database);
    one_file_and_several(&template.serve());
    files_of_a_request_are_linked(&template.serve());
    what_is_refused_leaves_nothing(&template.serve());
}

const ONE: &str = "mutation ($file: Upload!, $info: FileInfoInput, $id: ID, $ref: String, $field: String) {\
     upload(file: $file, info: $info, refId: $id, ref: $ref, field: $field) { data { id attributes { name caption mime size } } } }";
const SEVERAL: &str =
    "mutation ($files: [Upload]!) { multipleUpload(files: $files) { data { id attributes { name caption } } } }";

fn one_file_and_several(server: &Running) {
    let variables =
        json!({ "file": null, "info": { "caption": "Hello", "name": "said.txt", "alternativeText": null } });
    let (status, body) = sent(server, "editor", (ONE, &variables), &[("variables.file", "a.txt")]);
    let shown = json!({ "name": "said.txt", "caption": "Hello", "mime": "text/plain", "size": 0.01 });
    assert_eq!((status, body), (200, json!({ "data": { "upload": { "data": { "id": "2", "attributes": shown } } } })));
    let files = [("variables.files.1", "b.txt"), ("variables.files.0", "c.txt")];
    let (_, body) = sent(server, "editor", (SEVERAL, &json!({ "files": [null, null] })), &files);
    let entry = |id: &str, name: &str| json!({ "data": { "id": id, "attributes": { "name": name, "caption": null } } });
    assert_eq!(body, json!({ "data": { "multipleUpload": [entry("3", "c.txt"), entry("4", "b.txt")] } }));
    // Whoever may send need not be one who may see: they see what they sent.
    let (_, body) = sent(server, "sender", (ONE, &json!({ "file": null })), &[("variables.file", "d.txt")]);
    assert_eq!(body["data"]["upload"]["data"]["attributes"]["name"], "d.txt");
    assert_eq!(on_disk(server).len(), 4);
}

fn files_of_a_request_are_linked(server: &Running) {
    let target = json!({ "file": null, "id": "1", "ref": "api::dish.dish", "field": "gallery" });
    let (_, body) = sent(server, "editor", (ONE, &target), &[("variables.file", "a.txt")]);
    assert_eq!(body["errors"], Value::Null, "{body}");
    let query = "{ dish(id: 1) { data { attributes { gallery { data { attributes { name } } } } } } }";
    let gallery = ask(server, "public", query)["data"]["dish"]["data"]["attributes"]["gallery"]["data"].clone();
    assert_eq!(gallery, json!([{ "attributes": { "name": "a.txt" } }]));
    let target = json!({ "file": null, "id": "1", "ref": "api::dish.dish", "field": "cover" });
    let (_, body) = sent(server, "editor", (ONE, &target), &[("variables.file", "b.txt")]);
    assert_eq!(code_of(&body), "BAD_USER_INPUT", "a text is no image: {body}");
    assert_eq!(on_disk(server).len(), 1);
}

fn what_is_refused_leaves_nothing(server: &Running) {
    for (name, role, parts, status, message) in false_forms().into_iter().chain(false_values()) {
        let answer = server.ask(&posted(role, form(&parts)));
        let body = answer.body.unwrap_or_default();
        assert_eq!(answer.status, status, "{name}: {body}");
        assert!(body.to_string().contains(message), "{name}: {body}");
    }
    // What is no file of the request names none.
    let written = ask(server, "editor", "mutation { upload(file: \"0\") { data { id } } }");
    assert_eq!(code_of(&written), "BAD_USER_INPUT", "{written}");
    let mut unasked = posted("editor", form(&[one_file(), map(FILE), good()]));
    unasked.headers.retain(|(name, _)| name != "apollo-require-preflight");
    assert_eq!(server.ask(&unasked).status, 400);
    // Strapi 5 takes no files by GraphQL.
    let other = Outgoing { path: "/graphql", ..posted("editor", form(&[one_file(), map("{}"), good()])) };
    assert_eq!(server.ask(&other).status, 400);
    assert_eq!(on_disk(server), [""; 0]);
}

/// A name, the role that asks, the parts of the form, and the status and a part of the answer that it is refused with.
type Refused = (&'static str, &'static str, Vec<Vec<u8>>, u16, &'static str);

/// The file where [`ONE`] takes it.
const FILE: &str = "{\"0\":[\"variables.file\"]}";

fn false_forms() -> Vec<Refused> {
    let lie = file("0", "x.png", "image/png", b"<html><body onload=alert(1)>");
    let other = "{\"0\":[\"variables.other\"]}";
    let document = "{\"0\":[\"query\"]}";
    let twice = "{\"0\":[\"variables.file\",\"variables.file\"]}";
    let beyond = "{\"0\":[\"variables.file\"],\"1\":[\"variables.file\"]}";
    let sent = |places: &str| vec![one_file(), map(places), good()];
    let doubled = format!("{{\"query\":{0},\"query\":{0},\"variables\":{{\"file\":null}}}}", json!(ONE));
    vec![
        ("a lie", "editor", vec![one_file(), map(FILE), lie], 400, "its content is text/html"),
        ("no map", "editor", vec![one_file(), good()], 400, "operations and map"),
        ("no place", "editor", sent(other), 400, "leads to no null"),
        ("the document", "editor", sent(document), 400, "leads to no null"),
        ("two places", "editor", sent(twice), 400, "each part with one path"),
        ("no such part", "editor", sent(beyond), 400, "no files of the request"),
        ("no JSON", "editor", vec![field("operations", "{"), map(FILE), good()], 400, "JSON"),
        ("a member twice", "editor", vec![field("operations", &doubled), map(FILE), good()], 400, "query"),
        ("a list", "editor", vec![field("operations", "[]"), map("{}")], 400, "batching"),
    ]
}

fn false_values() -> Vec<Refused> {
    let several = |files: Value| operations(SEVERAL, &json!({ "files": files }));
    let first = "{\"0\":[\"variables.files.0\"]}";
    let a_null = vec![several(json!([null, null])), map(first), good()];
    vec![
        ("nobody", "public", vec![one_file(), map(FILE), good()], 200, "Forbidden access"),
        ("no file", "editor", vec![several(json!([])), map("{}")], 200, "Files are empty"),
        ("a null", "editor", a_null, 200, "Upload value invalid"),
        ("no document", "editor", vec![operations("mutation { ", &json!({})), map("{}")], 400, "Syntax Error"),
    ]
}

fn operations(query: &str, variables: &Value) -> Vec<u8> {
    field("operations", &json!({ "query": query, "variables": variables }).to_string())
}

/// The request for one file.
fn one_file() -> Vec<u8> {
    operations(ONE, &json!({ "file": null }))
}

fn map(places: &str) -> Vec<u8> {
    field("map", places)
}

fn good() -> Vec<u8> {
    part("0", "a.txt")
}

fn code_of(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// A text file as a part of this name.
fn part(name: &str, of: &str) -> Vec<u8> {
    file(name, of, "text/plain", b"hello")
}

/// Sends a document with text files, each at its place of the variables.
fn sent(server: &Running, role: &str, (query, variables): (&str, &Value), files: &[(&str, &str)]) -> (u16, Value) {
    let map: serde_json::Map<String, Value> =
        files.iter().enumerate().map(|(index, (place, _))| (index.to_string(), json!([place]))).collect();
    let operations = json!({ "query": query, "variables": variables }).to_string();
    let mut parts = vec![field("operations", &operations), field("map", &Value::Object(map).to_string())];
    parts.extend(files.iter().enumerate().map(|(index, (_, name))| part(&index.to_string(), name)));
    let answer = server.ask(&posted(role, form(&parts)));
    (answer.status, answer.body.unwrap_or_default())
}

fn posted(role: &str, body: Vec<u8>) -> Outgoing<'static> {
    let mut headers =
        vec![("content-type".to_owned(), media_type()), ("apollo-require-preflight".to_owned(), "true".to_owned())];
    headers.extend((role != "public").then(|| ("authorization".to_owned(), ["Bearer ", &token(role, "1")].concat())));
    Outgoing { method: "POST", path: "/v4/graphql", headers, body }
}

fn ask(server: &Running, role: &str, query: &str) -> Value {
    let token = (role != "public").then(|| token(role, "1"));
    server.ask(&graphql("/v4/graphql", &json!({ "query": query }), token.as_deref())).body.unwrap_or_default()
}

fn on_disk(server: &Running) -> Vec<String> {
    let folders = [server.uploads().to_owned(), server.uploads().join(".incoming")];
    let names = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the folder is there"))
        .map(|entry| entry.expect("it can be listed").file_name().into_string().expect("names are letters"));
    names.filter(|name| name != ".incoming").collect()
}
