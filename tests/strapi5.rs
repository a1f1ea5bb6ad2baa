//! The recorded exchanges of Strapi 5, replayed at `/graphql` on both databases.
//!
//! Every case must be answered as recorded, or stand in `docs/dialects/strapi5.md` with the reason why not; a case that is listed there and answered as
//! recorded fails, too. Where a case also has what Strapi answers over PostgreSQL, either answer holds.

use std::path::{Path, PathBuf};

use acceptance::case::{Case, Recorded, Step, read_all};
use acceptance::client::{Outgoing, graphql};
use acceptance::differences::{self, Tally};
use acceptance::judge::{self, Answer};
use acceptance::project::{Database, Running, Template, settings};
use acceptance::shape::filled;
use serde_json::{Map, Value, json};
use server::Settings;

#[test]
fn sqlite_answers_as_strapi_does() {
    replay(Database::Sqlite);
}

#[test]
fn postgres_answers_as_strapi_does() {
    replay(Database::Postgres);
}

fn replay(database: Database) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = differences::read(&home.join("../docs/dialects/strapi5.md"));
    let template = Template::new(&folder().join("project"), database);
    let shared = template.serve();
    let mut all = Tally::default();
    for (group, cases) in read_all(&folder()) {
        let mut of_group = 0;
        for case in &cases {
            let outcome = match &case.server_config {
                Some(config) => answer(&template.serve_with(settings_of(config)), case),
                None if case.mutates => answer(&template.serve(), case),
                None => answer(&shared, case),
            };
            of_group += usize::from(outcome.is_ok());
            all.take(&case.name, listed.contains_key(&case.name), outcome);
        }
        println!("{group}: {of_group} of {}", cases.len());
    }
    all.settle("strapi5");
}

/// What the settings of a Strapi server are called here.
fn settings_of(config: &Map<String, Value>) -> Settings {
    let mut told = settings();
    if config.get("NODE_ENV") == Some(&json!("production")) {
        (told.introspection, told.graphiql) = (false, false);
    }
    let number = |name: &str| config.get("graphql.config")?.get(name)?.as_u64();
    let rows = |name: &str| Some(u32::try_from(number(name)?).expect("a small number"));
    if let Some(default) = rows("defaultLimit") {
        told.schemas.page_sizes.default = default;
    }
    told.schemas.page_sizes.most = rows("maxLimit").or(told.schemas.page_sizes.most);
    if let Some(depth) = number("depthLimit") {
        // Strapi counts root fields as 0.
        told.schemas.limits.depth_max = usize::try_from(depth).expect("a small number") + 1;
    }
    told
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/strapi5")
}

fn answer(server: &Running, case: &Case) -> Result<(), String> {
    let first = match &case.request {
        Some(request) => server.ask(&raw(request)),
        None => ask(server, &case.step, &[]),
    };
    judged(&case.step.recorded, case.postgres.as_ref(), &first)?;
    let mut answers = vec![first.body.unwrap_or_default()];
    for (index, step) in case.then.iter().enumerate() {
        let next = ask(server, step, &answers);
        judged(&step.recorded, None, &next).map_err(|difference| format!("step {}: {difference}", index + 1))?;
        answers.push(next.body.unwrap_or_default());
    }
    Ok(())
}

fn judged(recorded: &Recorded, postgres: Option<&Recorded>, answer: &Answer) -> Result<(), String> {
    let outcome = judge::strapi(recorded, answer);
    let other = postgres.map(|postgres| Recorded {
        status: postgres.status.or(recorded.status),
        placeholders: recorded.placeholders.clone(),
        compare: recorded.compare.clone(),
        response: postgres.response.clone(),
    });
    match other {
        Some(other) if outcome.is_err() && judge::strapi(&other, answer).is_ok() => Ok(()),
        Some(_) | None => outcome,
    }
}

fn ask(server: &Running, step: &Step, earlier: &[Value]) -> Answer {
    let mut body = json!({ "query": step.query });
    if let Some(variables) = &step.variables {
        body["variables"] = Value::Object(variables.clone());
    }
    if let Some(name) = &step.operation_name {
        body["operationName"] = json!(name);
    }
    server.ask(&graphql("/graphql", &filled(&body, earlier), None))
}

fn raw(request: &acceptance::case::RawRequest) -> Outgoing<'_> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Outgoing {
        method: &request.method,
        path: &request.path,
        headers: request.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        body: request.body.clone().unwrap_or_default().into_bytes(),
    }
}
