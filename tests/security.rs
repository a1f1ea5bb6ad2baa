//! Attacks that need no sign-in route: what must not leak, be assigned or be allowed, on both databases.

use std::path::Path;

use acceptance::attack::{self, Attack, Request};
use acceptance::client::Outgoing;
use acceptance::judge::Answer;
use acceptance::project::{Database, Running, Template, token};
use serde_json::Value;

#[test]
fn sqlite_withstands() {
    attack_all(Database::Sqlite);
}

#[test]
fn postgres_withstands() {
    attack_all(Database::Postgres);
}

fn attack_all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/security");
    let template = Template::new(&folder.join("project"), database);
    let server = template.serve();
    let attacks = attack::read(&folder.join("cases.jsonl"));
    assert!(attacks.len() > 30, "the attacks are there");
    let broken: Vec<String> = attacks
        .iter()
        .filter_map(|attack| outcome(&server, attack).err().map(|why| [&attack.name, ": ", &why].concat()))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn outcome(server: &Running, attack: &Attack) -> Result<(), String> {
    let answer = fire(server, &attack.request);
    let contrast = attack.contrast.as_ref().map(|contrast| fire(server, contrast));
    attack::judge(attack, &answer, contrast.as_ref())
}

fn fire(server: &Running, request: &Request) -> Answer {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers
        .extend(request.headers.iter().map(|(name, value)| (name.clone(), filled(value.as_str().unwrap_or_default()))));
    let body = match &request.body {
        Value::String(text) => filled(text),
        other => filled(&other.to_string()),
    };
    let path = request.path.replace("${GRAPHQL}", "/graphql");
    server.ask(&Outgoing { method: "POST", path: &path, headers, body: body.into_bytes() })
}

/// The placeholders of the attacks.
fn filled(text: &str) -> String {
    text.replace("${USER_TOKEN}", &token("plain", "1"))
        .replace("${ADMIN_TOKEN}", &token("admin", "2"))
        .replace("${RAND}", "4711")
        .replace("${OTHER_ID}", "3")
        .replace("${OTHER_DOC}", "usera0000000000000000003")
}
