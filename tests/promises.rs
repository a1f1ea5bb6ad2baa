//! What the pages of the documentation promise and no recorded exchange shows, on both databases.

use std::path::Path;

use acceptance::client::graphql;
use acceptance::project::{Database, Running, Template, settings, token};
use serde_json::{Value, json};
use server::SchemaSettings;

#[test]
fn sqlite_keeps_promises() {
    promises(Database::Sqlite);
}

#[test]
fn postgres_keeps_promises() {
    promises(Database::Postgres);
}

fn promises(database: Database) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("promises/project");
    let template = Template::new(&project, database);
    a_draft_that_lacks_something_is_no_failure(&template);
    drafts_are_read_where_the_project_says_so(&template);
    a_writer_sends_letters_of_its_own(&template);
}

fn ask(server: &Running, (path, query): (&str, &str), role: &str, user: &str) -> Value {
    let answer = server.ask(&graphql(path, &json!({ "query": query }), Some(&token(role, user))));
    answer.body.unwrap_or_else(|| json!(answer.status))
}

/// `docs/dialects/strapi5.md`, "Drafts that lack something"; hasura shows nullable columns.
fn a_draft_that_lacks_something_is_no_failure(template: &Template) {
    let server = template.serve();
    let made = "mutation { createArticle(status: DRAFT, data: { body: \"Third\" }) { documentId title } }";
    let answer = ask(&server, ("/graphql", made), "editor", "1");
    assert_eq!(answer["errors"][0]["message"], "Cannot return null for non-nullable field Article.title.");
    let hint = answer["errors"][0]["extensions"]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("Nothing has failed") && hint.contains("nullable_drafts"), "{answer}");
    let listed = ask(&server, ("/graphql", "{ articles(status: DRAFT, sort: \"id\") { body } }"), "editor", "1");
    let bodies = json!([{ "body": null }, { "body": "No title yet" }, { "body": "Third" }]);
    assert_eq!(listed["data"]["articles"], bodies, "{listed}");
    let rows = ask(
        &server,
        ("/v1/graphql", "{ article(status: draft, order_by: { id: asc }) { title seo { title } } }"),
        "editor",
        "1",
    );
    let expected = json!({ "data": { "article": [
        { "title": "Whole", "seo": { "title": "W" } }, { "title": null, "seo": { "title": null } }, { "title": null, "seo": null }
    ] } });
    assert_eq!(rows, expected);
}

fn drafts_are_read_where_the_project_says_so(template: &Template) {
    let usual = settings();
    let schemas = SchemaSettings { nullable_drafts: true, ..usual.schemas.clone() };
    let server = template.serve_with(server::Settings { schemas, ..usual });
    let five = "{ articles_connection(status: DRAFT, sort: \"id\") { nodes { title seo { title } } } }";
    let nodes = json!([{ "title": "Whole", "seo": { "title": "W" } }, { "title": null, "seo": { "title": null } }]);
    let answer = ask(&server, ("/graphql", five), "editor", "1");
    assert_eq!(answer, json!({ "data": { "articles_connection": { "nodes": nodes } } }));
    let four = "{ articles(publicationState: PREVIEW, sort: \"id\") { data { attributes { title } } } }";
    let answer = ask(&server, ("/v4/graphql", four), "editor", "1");
    assert_eq!(answer["data"]["articles"]["data"][1]["attributes"], json!({ "title": null }), "{answer}");
}

/// `docs/schema.md`, "Permission": no rule lets a writer find accounts, but one's own may be linked.
fn a_writer_sends_letters_of_its_own(template: &Template) {
    let server = template.serve();
    let send = |sender: &str, (role, user): (&str, &str)| {
        let query =
            format!("mutation {{ createLetter(data: {{ subject: \"S\", sender: \"{sender}\" }}) {{ subject }} }}");
        let answer = ask(&server, ("/graphql", &query), role, user);
        answer.pointer("/data/createLetter/subject").is_some_and(|subject| subject == "S")
    };
    assert!(send("1", ("writer", "1")), "one's own account is linked");
    assert!(send("000000000000000000000001", ("writer", "1")), "and by its document id");
    assert!(!send("2", ("writer", "1")), "nobody writes in another's name");
    assert!(!send("1", ("writer", "robot")), "who is no account has none");
    assert!(!send("1", ("warden", "1")), "it is no right to write");
    let letters = |user: &str| {
        let found = ask(&server, ("/graphql", "{ letters { subject } }"), "writer", user);
        found["data"]["letters"].as_array().map(Vec::len)
    };
    assert_eq!((letters("1"), letters("2")), (Some(2), Some(0)));
    let shown = ask(&server, ("/graphql", "{ letters { sender { username } } }"), "writer", "1");
    assert_eq!(shown["errors"][0]["message"], "Forbidden access", "linking shows nothing: {shown}");
}
