//! Accounts from the outside, on both databases: signing in, what ends a token, routes beside the graph, the first administrator.
//!
//! A story is a list of requests on one server; each is answered as said, and may remember a part of its answer for those that follow.

use std::path::Path;

use acceptance::client::{Outgoing, graphql};
use acceptance::judge::Answer;
use acceptance::project::{Database, Running, Template, settings};
use serde_json::{Value, json};
use server::{AccountSettings, CodePurpose, SetupCode};

#[test]
fn sqlite_keeps_accounts() {
    stories(Database::Sqlite);
}

#[test]
fn postgres_keeps_accounts() {
    stories(Database::Postgres);
}

fn stories(database: Database) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/strapi5/project");
    let template = Template::new(&project, database);
    routes(&template);
    tokens_end(&template);
    codes_are_for_once(&template);
    registration(&template);
    attempts(&template);
    the_first_administrator(&template);
}

/// One server, and what a test knows of its answers.
struct Story {
    server: Running,
}

impl Story {
    fn send(&self, method: &str, path: &str, body: &Value, token: Option<&str>) -> Answer {
        let mut asked = Outgoing { method, ..graphql(path, body, token) };
        if method == "GET" {
            asked.body.clear();
        }
        self.server.ask(&asked)
    }

    /// A route: its status, and what of its body is compared.
    fn route(&self, (method, path): (&str, &str), body: &Value, token: Option<&str>) -> (u16, Value) {
        let answer = self.send(method, path, body, token);
        (answer.status, answer.body.unwrap_or_default())
    }

    fn ask(&self, query: &str, token: Option<&str>) -> Value {
        let answer = self.send("POST", "/graphql", &json!({ "query": query }), token);
        answer.body.unwrap_or_else(|| json!(answer.status))
    }

    fn signed_in(&self, identifier: &str, password: &str) -> Option<String> {
        let given = json!({ "identifier": identifier, "password": password });
        let (_, body) = self.route(("POST", "/api/auth/local"), &given, None);
        body["jwt"].as_str().map(str::to_owned)
    }

    /// Who the token is taken for.
    fn is(&self, token: &str) -> Value {
        let (status, body) = self.route(("GET", "/api/users/me"), &Value::Null, Some(token));
        if status == 200 { body["username"].clone() } else { json!(status) }
    }
}

fn message(body: &Value) -> &str {
    body.pointer("/error/message").or_else(|| body.pointer("/errors/0/message")).and_then(Value::as_str).unwrap_or("")
}

fn routes(template: &Template) {
    let story = Story { server: template.serve() };
    let local = ("POST", "/api/auth/local");
    let (status, body) =
        story.route(local, &json!({ "identifier": "ALICE@example.com", "password": "Password-alice-1" }), None);
    assert_eq!((status, &body["user"]["username"], &body["user"]["id"]), (200, &json!("alice"), &json!(1)), "{body}");
    assert!(body["user"].get("password").is_none() && body["jwt"].is_string(), "{body}");
    for (given, status, told) in [
        (json!({ "identifier": "alice", "password": "nope" }), 400, "Invalid identifier or password"),
        (json!({ "identifier": "nobody", "password": "nope" }), 400, "Invalid identifier or password"),
        (
            json!({ "identifier": "carol", "password": "Password-carol-1" }),
            400,
            "Your account has been blocked by an administrator",
        ),
        (json!({ "identifier": { "$ne": null }, "password": "x" }), 400, "identifier must be a string"),
        (json!([1]), 400, "The body must be a JSON object, sent as application/json"),
    ] {
        let (met, body) = story.route(local, &given, None);
        assert_eq!((met, message(&body)), (status, told), "{given}");
    }
    assert_eq!(story.route(("GET", "/api/auth/local"), &Value::Null, None).0, 405);
    assert_eq!(story.route(("GET", "/api/users/me"), &Value::Null, None).0, 403);
    assert_eq!(story.route(("GET", "/api/users/me"), &Value::Null, Some("nope")).0, 401);
    assert_eq!(story.is(body["jwt"].as_str().unwrap_or_default()), json!("alice"));
    assert_eq!(
        story.route(("POST", "/api/auth/forgot-password"), &json!({ "email": "who@example.com" }), None),
        (200, json!({ "ok": true }))
    );
    assert_eq!(story.route(("GET", "/setup"), &Value::Null, None).0, 404);
}

fn tokens_end(template: &Template) {
    let story = Story { server: template.serve() };
    let alice = story.signed_in("alice", "Password-alice-1").expect("alice signs in");
    let other = story.signed_in("alice", "Password-alice-1").expect("alice signs in again");
    let change = json!({ "currentPassword": "Password-alice-1", "password": "Another-alice-2", "passwordConfirmation": "Another-alice-2" });
    let (status, body) = story.route(("POST", "/api/auth/change-password"), &change, Some(&alice));
    assert_eq!(status, 200, "{body}");
    assert_eq!((story.is(&alice), story.is(&other)), (json!(401), json!(401)), "a changed password ends every token");
    let renewed = body["jwt"].as_str().expect("a new token").to_owned();
    assert_eq!(story.is(&renewed), json!("alice"));
    assert!(story.signed_in("alice", "Password-alice-1").is_none());
    // Whoever may write accounts ends tokens, too: by blocking, by another password, by removing the account.
    let blocked =
        story.ask("mutation { updateUsersPermissionsUser(id: 1, data: { blocked: true }) { data { blocked } } }", None);
    assert_eq!(blocked.pointer("/data/updateUsersPermissionsUser/data/blocked"), Some(&json!(true)), "{blocked}");
    assert_eq!(story.is(&renewed), json!(401), "a blocked account opens nothing");
    let bob = story.signed_in("bob", "Password-bob-1").expect("bob signs in");
    story.ask(
        "mutation { updateUsersPermissionsUser(id: 2, data: { password: \"Other-bob-2\" }) { data { username } } }",
        None,
    );
    assert_eq!(story.is(&bob), json!(401));
    let bob = story.signed_in("bob", "Other-bob-2").expect("bob signs in with the password that was set");
    story.ask("mutation { deleteUsersPermissionsUser(id: 2) { data { username } } }", None);
    assert_eq!(story.is(&bob), json!(401));
}

fn codes_are_for_once(template: &Template) {
    let story = Story { server: template.serve() };
    let code = story.server.user_code("alice", CodePurpose::Password);
    let reset = |code: &str| json!({ "code": code, "password": "Forgotten-3", "passwordConfirmation": "Forgotten-3" });
    let way = ("POST", "/api/auth/reset-password");
    let (status, body) = story.route(way, &reset("1-nope"), None);
    assert_eq!((status, message(&body)), (400, "Incorrect code provided"));
    let (status, body) = story.route(way, &reset(&code), None);
    assert_eq!((status, &body["user"]["username"]), (200, &json!("alice")), "{body}");
    assert!(story.signed_in("alice", "Forgotten-3").is_some());
    assert_eq!(story.route(way, &reset(&code), None).0, 400, "a code is good once");
}

fn registration(template: &Template) {
    let story = Story { server: template.serve() };
    let way = ("POST", "/api/auth/local/register");
    let new = json!({ "username": "dora", "email": "Dora@Example.com", "password": "Password-dora-1" });
    let (status, body) = story.route(way, &new, None);
    assert_eq!((status, &body["user"]["email"]), (200, &json!("dora@example.com")), "{body}");
    let dora = body["jwt"].as_str().expect("a token").to_owned();
    let me = story.ask("{ me { username confirmed blocked role { type } } }", Some(&dora));
    assert_eq!(
        me["data"]["me"],
        json!({ "username": "dora", "confirmed": true, "blocked": false, "role": { "type": "authenticated" } })
    );
    let (status, body) = story.route(way, &new, None);
    assert_eq!((status, message(&body)), (400, "Email or Username are already taken"));
    // What is not asked for is refused, not ignored: nobody chooses a role.
    let more = json!({ "username": "eve", "email": "eve@example.com", "password": "Password-eve-1", "role": 1 });
    let (status, body) = story.route(way, &more, None);
    assert_eq!((status, message(&body)), (400, "Invalid parameters: role"));
    let (status, body) = story.route(way, &json!({ "username": "eve", "email": 1, "password": "x" }), None);
    assert_eq!((status, message(&body)), (400, "email must be a string"));
    let long = ["x"; 100].concat();
    let (status, body) =
        story.route(way, &json!({ "username": "fay", "email": "fay@example.com", "password": long }), None);
    assert_eq!(status, 400, "{body}");
    let found =
        story.ask("{ usersPermissionsUsers(filters: { username: { in: [\"eve\", \"fay\"] } }) { username } }", None);
    assert_eq!(found["data"]["usersPermissionsUsers"], json!([]), "nothing of what was refused is there");

    let closed = AccountSettings { register: false, ..AccountSettings::default() };
    let story = Story { server: template.serve_with(server::Settings { accounts: closed, ..settings() }) };
    let (status, body) = story.route(way, &new, None);
    assert_eq!((status, message(&body)), (400, "Register action is currently disabled"));
    let careful = AccountSettings { confirm_email: true, ..AccountSettings::default() };
    let story = Story { server: template.serve_with(server::Settings { accounts: careful, ..settings() }) };
    let (status, body) = story.route(way, &new, None);
    assert_eq!((status, &body["jwt"]), (200, &Value::Null), "{body}");
    let (_, body) =
        story.route(("POST", "/api/auth/local"), &json!({ "identifier": "dora", "password": "Password-dora-1" }), None);
    assert_eq!(message(&body), "Your account email is not confirmed");
    addresses_are_confirmed(&story);
}

/// The code that the keeper hands out opens the account, once; a code for another purpose does not.
fn addresses_are_confirmed(story: &Story) {
    let confirmed = |code: &str| {
        story.ask(
            &format!("mutation {{ emailConfirmation(confirmation: \"{code}\") {{ jwt user {{ confirmed }} }} }}"),
            None,
        )
    };
    let other = story.server.user_code("dora", CodePurpose::Password);
    for code in [other.as_str(), "", "1-nope"] {
        assert_eq!(confirmed(code).pointer("/data/emailConfirmation"), Some(&Value::Null), "{code}");
    }
    let code = story.server.user_code("dora", CodePurpose::Address);
    let body = confirmed(&code);
    let shown = body.pointer("/data/emailConfirmation").expect("an answer comes");
    assert_eq!(shown["user"], json!({ "confirmed": true }), "{body}");
    assert_eq!(story.is(shown["jwt"].as_str().unwrap_or_default()), json!("dora"));
    assert!(story.signed_in("dora", "Password-dora-1").is_some(), "the account is open");
    assert_eq!(confirmed(&code).pointer("/data/emailConfirmation"), Some(&Value::Null), "a code is good once");
}

fn attempts(template: &Template) {
    let strict = AccountSettings { attempts_max: 3, ..AccountSettings::default() };
    let story = Story { server: template.serve_with(server::Settings { accounts: strict, ..settings() }) };
    let guess = json!({ "identifier": "alice", "password": "guess" });
    let statuses: Vec<u16> = (0..5).map(|_| story.route(("POST", "/api/auth/local"), &guess, None).0).collect();
    assert_eq!(statuses, [400, 400, 400, 429, 429]);
    assert!(story.signed_in("alice", "Password-alice-1").is_none(), "the right password does not help any more");
    let other = json!({ "identifier": "Alice@Example.com", "password": "Password-alice-1" });
    let (status, body) = story.route(("POST", "/api/auth/local"), &other, None);
    let told = (status, message(&body).to_owned());
    assert_eq!(
        told,
        (400, "Invalid identifier or password".to_owned()),
        "nor by another name, which is not told to be the same account's"
    );
    let code = json!({ "email": "alice@example.com" });
    assert_eq!(
        story.route(("POST", "/api/auth/forgot-password"), &code, None).0,
        200,
        "what is no guess of it is counted by itself"
    );
    assert!(story.signed_in("bob", "Password-bob-1").is_some(), "another account is open");
    let graph = story.ask("mutation { login(input: { identifier: \"alice\", password: \"x\" }) { jwt } }", None);
    assert_eq!(graph.pointer("/errors/0/extensions/code"), Some(&json!("STRAPI_RATE_LIMIT_ERROR")), "{graph}");
}

fn the_first_administrator(template: &Template) {
    let setup = Some(SetupCode::new("0123456789abcdef".to_owned()));
    let story = Story { server: template.serve_with(server::Settings { setup, ..settings() }) };
    assert_eq!(story.route(("GET", "/setup?code=wrong"), &Value::Null, None).0, 404);
    assert_eq!(story.route(("GET", "/setup?code=0123456789abcdef"), &Value::Null, None).0, 200);
    let form = |code: &str, password: &str| {
        let body = ["code=", code, "&username=keeper&email=keeper%40example.com&password=", password].concat();
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        story.server.ask(&Outgoing { method: "POST", path: "/setup", headers, body: body.into_bytes() }).status
    };
    assert_eq!(form("wrong", "Password-keeper-1"), 404);
    assert_eq!(form("0123456789abcdef", "short"), 400);
    assert_eq!(form("0123456789abcdef", "Password-keeper-1"), 201);
    assert_eq!(form("0123456789abcdef", "Password-keeper-1"), 404, "the link works once");
    let keeper = story.signed_in("keeper", "Password-keeper-1").expect("the administrator signs in");
    // No rule of the project names the role: it may do everything all the same.
    let made =
        story.ask("mutation { createUsersPermissionsRole(data: { name: \"N\", type: \"n\" }) { ok } }", Some(&keeper));
    assert_eq!(made, json!({ "data": { "createUsersPermissionsRole": { "ok": true } } }));
    assert_eq!(message(&story.ask("mutation { deleteUsersPermissionsRole(id: 1) { ok } }", None)), "Forbidden access");
    power_is_not_given(&story, &keeper);
}

/// The project lets everybody write accounts, whole; an administrator's account and role are out of reach all the same.
fn power_is_not_given(story: &Story, keeper: &str) {
    let me = story.ask("{ me { id role { id } } }", Some(keeper));
    let id = |path: &str| me.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (account, role) = (id("/data/me/id"), id("/data/me/role/id"));
    for write in [
        format!(
            "updateUsersPermissionsUser(id: {account}, data: {{ password: \"Taken-over-1\" }}) {{ data {{ username }} }}"
        ),
        format!("updateUsersPermissionsUser(id: {account}, data: {{ blocked: true }}) {{ data {{ username }} }}"),
        format!("updateUsersPermissionsUser(id: {account}, data: {{ role: null }}) {{ data {{ username }} }}"),
        format!("deleteUsersPermissionsUser(id: {account}) {{ data {{ username }} }}"),
        format!("updateUsersPermissionsUser(id: 1, data: {{ role: \"{role}\" }}) {{ data {{ username }} }}"),
        format!(
            "createUsersPermissionsUser(data: {{ username: \"eve\", email: \"eve@example.com\", password: \"Password-eve-1\", role: \"{role}\" }}) {{ data {{ username }} }}"
        ),
    ] {
        for caller in [None, story.signed_in("alice", "Password-alice-1")] {
            let answer = story.ask(&format!("mutation {{ {write} }}"), caller.as_deref());
            assert_eq!(message(&answer), "Forbidden access", "{write}: {answer}");
        }
    }
    assert!(story.signed_in("eve", "Password-eve-1").is_none(), "nothing was made");
    assert_eq!(story.is(keeper), json!("keeper"));
    let own = story.ask(
        &format!(
            "mutation {{ updateUsersPermissionsUser(id: 1, data: {{ role: \"{role}\" }}) {{ data {{ username }} }} }}"
        ),
        Some(keeper),
    );
    assert_eq!(own.pointer("/data/updateUsersPermissionsUser/data/username"), Some(&json!("alice")), "{own}");
}
